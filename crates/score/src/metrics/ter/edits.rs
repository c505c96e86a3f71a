//! Edit distance between words within a beam around the diagonal, and the alignment it implies.
//!
//! Rows are the output's words, columns the reference's. Only cells near the diagonal are computed,
//! exactly those that the reference implementation computes, so long texts cost time and memory in
//! proportion to their length. The distance of an output in which some words moved is computed from
//! the rows before the first moved word, and only until the rows run parallel to the known ones
//! again.

use std::ops::Range;

/// Half the beam's width.
const BEAM: f64 = 25.0;

/// A cell outside the beam. Adding edits to it keeps it larger than any distance.
const UNREACHED: u32 = u32::MAX / 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Replace,
    /// A word of the reference that the output lacks.
    Insert,
    /// A word of the output that the reference lacks.
    Delete,
}

/// Which cells of a row are computed, for all outputs of one length.
#[derive(Debug, Clone, Copy)]
struct Beam {
    output: usize,
    reference: usize,
    /// Columns for each row.
    slope: f64,
    width: usize,
}

impl Beam {
    fn new(output: usize, reference: usize) -> Beam {
        let slope = if output == 0 { 1.0 } else { reference as f64 / output as f64 };
        // Texts of very different length would leave neighbouring rows without a common column.
        let width = if BEAM < slope / 2.0 { (slope / 2.0 + BEAM).ceil() } else { BEAM };
        Beam { output, reference, slope, width: width as usize }
    }

    fn columns(&self, row: usize) -> Range<usize> {
        let diagonal = (row as f64 * self.slope).floor() as usize;
        let end = self.reference + 1;
        let last = if row == self.output { end } else { end.min(diagonal + self.width) };
        diagonal.saturating_sub(self.width).min(last)..last
    }
}

/// The costs of a row's cells, from the column `first` on.
#[derive(Debug, Clone, Default)]
struct Row {
    first: usize,
    costs: Vec<u32>,
}

impl Row {
    fn cost(&self, column: usize) -> u32 {
        column.checked_sub(self.first).and_then(|at| self.costs.get(at)).map_or(UNREACHED, |c| *c)
    }

    /// Computes the row after `above` for a word of the output.
    fn fill(&mut self, above: &Row, word: u32, reference: &[u32], columns: Range<usize>) {
        self.first = columns.start;
        self.costs.clear();
        let (mut diagonal, mut left) = (UNREACHED, UNREACHED);
        if let Some(before) = columns.start.checked_sub(1) {
            diagonal = above.cost(before);
        }
        for column in columns {
            let up = above.cost(column);
            let kept = column > 0 && reference[column - 1] == word;
            let replace = diagonal.saturating_add(u32::from(!kept));
            left = replace.min(up + 1).min(left + 1).min(UNREACHED);
            self.costs.push(left);
            diagonal = up;
        }
    }

    /// By how much every cell differs from the other row's, if by the same.
    fn distance_to(&self, other: &Row) -> Option<i64> {
        let difference = |(ours, theirs): (&u32, &u32)| i64::from(*ours) - i64::from(*theirs);
        let mut differences = self.costs.iter().zip(&other.costs).map(difference);
        let first = differences.next()?;
        differences.all(|difference| difference == first).then_some(first)
    }
}

/// The distances between an output and a reference, row by row.
#[derive(Debug)]
pub struct Distances<'a> {
    reference: &'a [u32],
    output: &'a [u32],
    beam: Beam,
    rows: Vec<Row>,
    /// Scratch for outputs in which words moved.
    spare: [Row; 2],
}

impl<'a> Distances<'a> {
    /// Computes them.
    pub fn new(output: &'a [u32], reference: &'a [u32]) -> Distances<'a> {
        let beam = Beam::new(output.len(), reference.len());
        let mut rows = Vec::with_capacity(output.len() + 1);
        rows.push(Row { first: 0, costs: (0..=reference.len() as u32).collect() });
        for (at, &word) in output.iter().enumerate() {
            let mut row = Row::default();
            row.fill(&rows[at], word, reference, beam.columns(at + 1));
            rows.push(row);
        }
        Distances { reference, output, beam, rows, spare: Default::default() }
    }

    /// The distance between the two.
    pub fn distance(&self) -> u32 {
        self.rows[self.output.len()].cost(self.reference.len())
    }

    /// The distance after some words moved: `moved` has the same length and differs from the output
    /// in `changed` only.
    pub fn distance_of(&mut self, moved: &[u32], changed: Range<usize>) -> u32 {
        let [mut above, mut row] = std::mem::take(&mut self.spare);
        above.clone_from(&self.rows[changed.start]);
        let mut distance = None;
        for (at, &word) in moved.iter().enumerate().skip(changed.start) {
            row.fill(&above, word, self.reference, self.beam.columns(at + 1));
            std::mem::swap(&mut above, &mut row);
            // From here on the words are the same, so parallel rows stay parallel.
            if at + 1 >= changed.end
                && let Some(difference) = above.distance_to(&self.rows[at + 1])
            {
                distance = u32::try_from(i64::from(self.distance()) + difference).ok();
                break;
            }
        }
        let distance = distance.unwrap_or_else(|| above.cost(self.reference.len()));
        self.spare = [above, row];
        distance
    }

    /// Which word of the output stands where, by the edits on the way back through the rows.
    pub fn alignment(&self) -> Alignment {
        let (mut row, mut column) = (self.output.len(), self.reference.len());
        let mut alignment = Alignment {
            ends: vec![0; column],
            reference_errors: vec![false; column],
            output_errors: vec![false; row],
        };
        while row > 0 || column > 0 {
            let Some(edit) = self.edit(row, column) else { break };
            if edit != Edit::Delete {
                column -= 1;
                alignment.ends[column] = row;
                alignment.reference_errors[column] = edit != Edit::Keep;
            }
            if edit != Edit::Insert {
                row -= 1;
                alignment.output_errors[row] = edit != Edit::Keep;
            }
        }
        alignment
    }

    /// The last edit on the way to a cell: the first of keep or replace, delete and insert that has
    /// the cell's cost. None for a cell outside the beam, where no way leads.
    fn edit(&self, row: usize, column: usize) -> Option<Edit> {
        let Some(above) = row.checked_sub(1) else { return Some(Edit::Insert) };
        let cost = self.rows[row].cost(column);
        let reached = |from: u32, edits: u32| from < UNREACHED && from + edits == cost;
        if let Some(left) = column.checked_sub(1) {
            let kept = self.reference[left] == self.output[above];
            if reached(self.rows[above].cost(left), u32::from(!kept)) {
                return Some(if kept { Edit::Keep } else { Edit::Replace });
            }
        }
        if reached(self.rows[above].cost(column), 1) {
            return Some(Edit::Delete);
        }
        let left = column.checked_sub(1)?;
        reached(self.rows[row].cost(left), 1).then_some(Edit::Insert)
    }
}

/// Where the reference's words stand in the output, and which words of either are wrong.
#[derive(Debug)]
pub struct Alignment {
    /// For each word of the reference, how many words of the output end with it: the place after
    /// the one it is aligned to, 0 before the first.
    pub ends: Vec<usize>,
    /// Words of the reference that the output does not have there.
    pub reference_errors: Vec<bool>,
    /// Words of the output that the reference does not have there.
    pub output_errors: Vec<bool>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The textbook's distance, without a beam.
    fn levenshtein(output: &[u32], reference: &[u32]) -> u32 {
        let mut row: Vec<u32> = (0..=reference.len() as u32).collect();
        for word in output {
            let mut diagonal = row[0];
            row[0] += 1;
            for column in 1..row.len() {
                let replaced = diagonal + u32::from(reference[column - 1] != *word);
                diagonal = row[column];
                row[column] = replaced.min(diagonal + 1).min(row[column - 1] + 1);
            }
        }
        row[reference.len()]
    }

    fn words(most: usize) -> impl Strategy<Value = Vec<u32>> {
        prop::collection::vec(0u32..6, 0..most)
    }

    proptest! {
        #[test]
        fn within_the_beam_the_distance_is_the_textbooks(a in words(24), b in words(24)) {
            prop_assert_eq!(Distances::new(&a, &b).distance(), levenshtein(&a, &b));
        }

        #[test]
        fn the_alignment_holds_as_many_errors_as_the_distance_says(a in words(24), b in words(24)) {
            let distances = Distances::new(&a, &b);
            let alignment = distances.alignment();
            let wrong = |errors: &[bool]| errors.iter().filter(|error| **error).count() as u32;
            let (output, reference) =
                (wrong(&alignment.output_errors), wrong(&alignment.reference_errors));
            let distance = distances.distance();
            prop_assert!(output.max(reference) <= distance && distance <= output + reference);
            prop_assert!(alignment.ends.is_sorted());
        }

        #[test]
        fn a_changed_output_costs_what_it_costs_from_scratch(
            mut words in words(90),
            reference in words(90),
            place in any::<prop::sample::Index>(),
            width in 1usize..9,
            turn in 0usize..9,
        ) {
            prop_assume!(!words.is_empty());
            let before = words.clone();
            let start = place.index(words.len());
            let end = words.len().min(start + width);
            words[start..end].rotate_left(turn % (end - start));
            let mut distances = Distances::new(&before, &reference);
            let found = distances.distance_of(&words, start..end);
            prop_assert_eq!(found, Distances::new(&words, &reference).distance());
        }
    }

    #[test]
    fn texts_of_very_different_length_still_meet() {
        let long: Vec<u32> = (0..3000).collect();
        assert_eq!(Distances::new(&long, &[7]).distance(), 2999);
        assert_eq!(Distances::new(&[2990], &long).distance(), 2999);
        assert_eq!(Distances::new(&[7], &long).distance(), 3000, "7 stands outside the beam");
        assert_eq!(Distances::new(&[], &long).distance(), 3000);
    }
}
