//! The alignment with the fewest edits, and of those the one that rapidfuzz takes.
//!
//! Several alignments can have equally few edits, and how many of these are substitutions differs
//! between them. From the end backwards a deletion is preferred, then an insertion, then a
//! substitution, as `Levenshtein.editops` of rapidfuzz 3.14.6 does.
//!
//! Differences between neighbouring cells of the distance matrix are kept as bits (Hyyrö,
//! *Explaining and extending the bit-parallel approximate string matching algorithm of Myers*,
//! 2001). Beyond [`MOST_CELLS`] the texts are halved first (Hirschberg 1975), so memory stays small;
//! there the reference halves as well, at the same places unless the texts are nearly equal.

use std::hash::Hash;

use super::pattern::{Pattern, WORD};

/// Cells of a matrix that is kept whole: two bits each, 1 MiB.
const MOST_CELLS: usize = 1 << 22;

/// How many edits of each kind turn one sequence into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Edits {
    /// Symbols replaced by another.
    pub substitutions: usize,
    /// Symbols that only the second sequence has.
    pub insertions: usize,
    /// Symbols that only the first sequence has.
    pub deletions: usize,
}

/// The edits from one sequence to another.
///
/// ```
/// use assay_score::metrics::edit::alignment::{Edits, edits};
///
/// let (substitutions, insertions, deletions) = (0, 1, 1);
/// assert_eq!(edits(b"abc", b"bcd"), Edits { substitutions, insertions, deletions });
/// ```
pub fn edits<T: Eq + Hash + Copy>(from: &[T], to: &[T]) -> Edits {
    let mut edits = Edits::default();
    // Halves still to be aligned. A list and not recursion, whose depth a text could choose.
    let mut waiting = vec![(from, to)];
    while let Some((from, to)) = waiting.pop() {
        let (from, to) = without_common_ends(from, to);
        let small = from.len().saturating_mul(to.len()) < MOST_CELLS;
        if small || from.len() <= WORD || to.len() < 10 {
            align(from, to, &mut edits);
        } else {
            let (left, right) = to.split_at(to.len() / 2);
            let (start, end) = from.split_at(middle(from, left, right));
            waiting.extend([(start, left), (end, right)]);
        }
    }
    edits
}

fn without_common_ends<'a, T: PartialEq>(from: &'a [T], to: &'a [T]) -> (&'a [T], &'a [T]) {
    let start = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let (from, to) = (&from[start..], &to[start..]);
    let end = from.iter().rev().zip(to.iter().rev()).take_while(|(a, b)| a == b).count();
    (&from[..from.len() - end], &to[..to.len() - end])
}

/// Walks back through the matrix of the two sequences and counts the edits on the way.
fn align<T: Eq + Hash + Copy>(from: &[T], to: &[T], edits: &mut Edits) {
    let matrix = Matrix::new(from, to);
    let (mut column, mut row) = (from.len(), to.len());
    while column > 0 && row > 0 {
        if matrix.grows(row, column) {
            column -= 1;
            edits.deletions += 1;
        } else if matrix.shrinks(row - 1, column) {
            row -= 1;
            edits.insertions += 1;
        } else {
            (column, row) = (column - 1, row - 1);
            edits.substitutions += usize::from(from[column] != to[row]);
        }
    }
    edits.deletions += column;
    edits.insertions += row;
}

/// For each row of the distance matrix, in which columns it is one more or less than in the column
/// before.
struct Matrix {
    rows: Vec<Row>,
}

impl Matrix {
    fn new<T: Eq + Hash + Copy>(from: &[T], to: &[T]) -> Matrix {
        let pattern = Pattern::new(from.iter().copied());
        let mut row = Row::first(pattern.words);
        let next = |symbol: &T| {
            row.step(pattern.places(*symbol));
            row.clone()
        };
        Matrix { rows: to.iter().map(next).collect() }
    }

    fn grows(&self, row: usize, column: usize) -> bool {
        bit(&self.rows[row - 1].more, column - 1)
    }

    fn shrinks(&self, row: usize, column: usize) -> bool {
        // Row 0 counts up.
        row > 0 && bit(&self.rows[row - 1].less, column - 1)
    }
}

fn bit(bits: &[u64], at: usize) -> bool {
    bits[at / WORD] >> (at % WORD) & 1 == 1
}

/// A row of the distance matrix as differences between neighbours.
#[derive(Clone)]
struct Row {
    more: Vec<u64>,
    less: Vec<u64>,
}

impl Row {
    /// 0, 1, 2, 3, …
    fn first(words: usize) -> Row {
        Row { more: vec![u64::MAX; words], less: vec![0; words] }
    }

    /// The row below, for a symbol that stands at these places.
    fn step(&mut self, places: &[(usize, u64)]) {
        let mut places = places.iter().peekable();
        let (mut above, mut below) = (1, 0);
        for (word, (more, less)) in self.more.iter_mut().zip(&mut self.less).enumerate() {
            let equal = places.next_if(|(at, _)| *at == word).map_or(0, |(_, bits)| *bits);
            let equal = equal | below;
            let diagonal = ((equal & *more).wrapping_add(*more) ^ *more) | equal | *less;
            let up = *less | !(diagonal | *more);
            let down = diagonal & *more;
            let up_here = up << 1 | above;
            let down_here = down << 1 | below;
            (above, below) = (up >> (WORD - 1), down >> (WORD - 1));
            *more = down_here | !(diagonal | up_here);
            *less = up_here & diagonal;
        }
    }
}

/// Where the first sequence is best cut when the second is cut between left and right.
fn middle<T: Eq + Hash + Copy>(from: &[T], left: &[T], right: &[T]) -> usize {
    let before = distances(from.iter().copied(), left.iter().copied());
    let after = distances(from.iter().rev().copied(), right.iter().rev().copied());
    let sums = before.iter().zip(after.iter().rev()).map(|(before, after)| before + after);
    // The first of the best.
    sums.enumerate().min_by_key(|(_, sum)| *sum).map_or(0, |(at, _)| at)
}

/// The distances of all starts of `from`, the empty one first, to the whole of `to`.
fn distances<T: Eq + Hash + Copy>(
    from: impl ExactSizeIterator<Item = T>,
    to: impl ExactSizeIterator<Item = T>,
) -> Vec<usize> {
    let (columns, rows) = (from.len(), to.len());
    let pattern = Pattern::new(from);
    let mut row = Row::first(pattern.words);
    to.for_each(|symbol| row.step(pattern.places(symbol)));
    let mut distances = vec![rows; columns + 1];
    for at in 0..columns {
        let more = usize::from(bit(&row.more, at));
        distances[at + 1] = distances[at] + more - usize::from(bit(&row.less, at));
    }
    distances
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(from: &str, to: &str, expected: [usize; 3]) {
        let points = |text: &str| text.chars().collect::<Vec<_>>();
        let edits = edits(&points(from), &points(to));
        assert_eq!([edits.substitutions, edits.insertions, edits.deletions], expected);
    }

    #[test]
    fn of_equally_short_alignments_the_one_of_the_reference_is_taken() {
        check("", "", [0, 0, 0]);
        check("abc", "", [0, 0, 3]);
        check("ab", "ba", [0, 1, 1]);
        check("kitten", "sitting", [2, 1, 0]);
        check("qabxcd", "abycdf", [1, 1, 1]);
    }

    proptest! {
        #[test]
        fn halving_finds_as_few_edits(from in "[ab]{70,200}", to in "[abc]{20,200}") {
            let (from, to) = (from.into_bytes(), to.into_bytes());
            let mut whole = Edits::default();
            align(&from, &to, &mut whole);
            let (left, right) = to.split_at(to.len() / 2);
            let (start, end) = from.split_at(middle(&from, left, right));
            let mut halves = Edits::default();
            align(start, left, &mut halves);
            align(end, right, &mut halves);
            let all = |edits: Edits| edits.substitutions + edits.insertions + edits.deletions;
            prop_assert_eq!(all(whole), all(halves));
        }
    }
}
