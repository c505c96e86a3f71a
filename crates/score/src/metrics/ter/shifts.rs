//! Tercom's greedy search for runs of words that moved.
//!
//! Each round tries every run that stands somewhere else in the reference, where both places are
//! wrong, takes the move that lowers the edit distance most, and starts again from the moved text.
//! Which moves are tried and which of equals is taken are Tercom's heuristics, copied as they are.

use std::cmp::Reverse;
use std::ops::Range;

use super::edits::{Alignment, Distances};

/// The longest run that moves.
const LONGEST: usize = 10;

/// How far a run may stand from its place in the reference.
const FARTHEST: usize = 50;

/// How many moves are tried in all rounds together.
const MOST_TRIED: usize = 1000;

/// The edits between an output and a reference: moves, and the edit distance after them.
pub fn edits(output: &[u32], reference: &[u32]) -> usize {
    if reference.is_empty() {
        return output.len();
    }
    let mut words = output.to_vec();
    let (mut moves, mut tried) = (0, 0);
    loop {
        let mut round = Round::new(&words, reference, tried);
        let best = round.best();
        tried = round.tried;
        match best {
            // The round that meets the limit is thrown away.
            Some(best) if best.saved > 0 && tried < MOST_TRIED => {
                words = shifted(&words, best.run(), best.target.0);
                moves += 1;
            }
            _ => return moves + round.distances.distance() as usize,
        }
    }
}

/// A move that was tried. The largest is the best: the most edits saved, then the longest run, then
/// the earliest run, then the earliest target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Move {
    saved: i64,
    length: usize,
    start: Reverse<usize>,
    target: Reverse<usize>,
}

impl Move {
    fn run(&self) -> Range<usize> {
        self.start.0..self.start.0 + self.length
    }
}

/// Words of the output that stand in the reference as well.
#[derive(Debug, Clone, Copy)]
struct Pair {
    output: usize,
    reference: usize,
    length: usize,
}

/// One round of the search.
struct Round<'a> {
    words: &'a [u32],
    reference: &'a [u32],
    distances: Distances<'a>,
    alignment: Alignment,
    /// For each place, how many places on the next error is.
    output_errors: Vec<usize>,
    reference_errors: Vec<usize>,
    tried: usize,
    best: Option<Move>,
}

impl<'a> Round<'a> {
    fn new(words: &'a [u32], reference: &'a [u32], tried: usize) -> Round<'a> {
        let distances = Distances::new(words, reference);
        let alignment = distances.alignment();
        Round {
            words,
            reference,
            output_errors: next_error(&alignment.output_errors),
            reference_errors: next_error(&alignment.reference_errors),
            distances,
            alignment,
            tried,
            best: None,
        }
    }

    /// The best move, None where no run can move.
    fn best(&mut self) -> Option<Move> {
        for output in 0..self.words.len() {
            // Nothing is wrong in any run that starts here.
            if self.output_errors[output] >= LONGEST {
                continue;
            }
            let first = output.saturating_sub(FARTHEST);
            let end = self.reference.len().min(output + FARTHEST + 1);
            for reference in first..end {
                self.try_runs(output, reference);
                if self.tried >= MOST_TRIED {
                    return self.best;
                }
            }
        }
        self.best
    }

    /// Tries all runs that start at these two places.
    fn try_runs(&mut self, output: usize, reference: usize) {
        if self.words[output] != self.reference[reference] {
            return;
        }
        let wrong_in_both = self.output_errors[output].max(self.reference_errors[reference]) + 1;
        let pairs = self.words[output..].iter().zip(&self.reference[reference..]);
        let longest = pairs.take(LONGEST).take_while(|(a, b)| a == b).count();
        for length in wrong_in_both..=longest {
            // A run is not moved within itself.
            let aligned_to = self.alignment.ends[reference];
            if !(output + 1..=output + length).contains(&aligned_to) {
                self.try_targets(Pair { output, reference, length });
            }
            if self.tried >= MOST_TRIED {
                return;
            }
        }
    }

    /// Tries to move a run to wherever its words, and the word before them, stand in the alignment.
    fn try_targets(&mut self, pair: Pair) {
        let before = pair.reference.checked_sub(1).map_or(0, |at| self.alignment.ends[at]);
        self.try_target(pair, before);
        let mut previous = before;
        for at in pair.reference..pair.reference + pair.length {
            let target = self.alignment.ends[at];
            if target != previous {
                self.try_target(pair, target);
            }
            previous = target;
        }
    }

    fn try_target(&mut self, pair: Pair, target: usize) {
        let run = pair.output..pair.output + pair.length;
        let words = shifted(self.words, run.clone(), target);
        let distance = self.distances.distance_of(&words, changed(&run, target, words.len()));
        self.tried += 1;
        let tried = Move {
            saved: i64::from(self.distances.distance()) - i64::from(distance),
            length: pair.length,
            start: Reverse(pair.output),
            target: Reverse(target),
        };
        self.best = self.best.max(Some(tried));
    }
}

/// For each place, how many places on the next error is; many where there is none.
fn next_error(errors: &[bool]) -> Vec<usize> {
    let mut distance = usize::MAX / 2;
    let mut distances = vec![0; errors.len()];
    for (at, &error) in errors.iter().enumerate().rev() {
        distance = if error { 0 } else { distance + 1 };
        distances[at] = distance;
    }
    distances
}

/// The words with a run moved to a place. A place within the run moves it on by so many words.
fn shifted(words: &[u32], run: Range<usize>, target: usize) -> Vec<u32> {
    let mut words = words.to_vec();
    let changed = changed(&run, target, words.len());
    if target < run.start {
        words[changed].rotate_right(run.len());
    } else {
        words[changed].rotate_left(run.len());
    }
    words
}

/// Which places a move changes.
fn changed(run: &Range<usize>, target: usize, words: usize) -> Range<usize> {
    if target < run.start {
        target..run.end
    } else if target > run.end {
        run.start..target
    } else {
        run.start..words.min(run.len() + target)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<u32> {
        text.bytes().map(u32::from).collect()
    }

    #[test]
    fn a_run_that_moved_is_one_edit() {
        assert_eq!(edits(&words("defabc"), &words("abcdef")), 1);
        assert_eq!(edits(&words("xdefabc"), &words("abcdef")), 2);
        assert_eq!(edits(&words("abc"), &words("")), 3);
        assert_eq!(edits(&words(""), &words("abc")), 3);
    }

    #[test]
    fn a_run_moves_to_any_place() {
        let moved = |run, target| {
            let moved = shifted(&words("abcdef"), run, target);
            moved.into_iter().filter_map(char::from_u32).collect::<String>()
        };
        assert_eq!(moved(3..5, 1), "adebcf");
        assert_eq!(moved(1..3, 5), "adebcf");
        assert_eq!(moved(1..3, 2), "adbcef", "a place within the run moves it on");
        assert_eq!(moved(4..6, 6), "abcdef", "there is no place after the end");
    }

    proptest! {
        #[test]
        fn moves_never_cost_more_than_edits_alone(
            output in prop::collection::vec(0u32..6, 0..40),
            reference in prop::collection::vec(0u32..6, 1..40),
        ) {
            let plain = Distances::new(&output, &reference).distance() as usize;
            prop_assert!(edits(&output, &reference) <= plain);
        }
    }

    #[test]
    fn the_search_ends_on_long_texts_of_one_word() {
        let long = vec![1; 20_000];
        let mut other = long.clone();
        other[10_000] = 2;
        assert_eq!(edits(&long, &other), 1);
    }
}
