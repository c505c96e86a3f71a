//! Text that stands elsewhere now: what a difference shows as removed in one place and added in
//! another.
//!
//! A passage counts as moved when enough of its words stand in the same order in what was removed and
//! in what was added; where lines end does not matter. Whoever draws a difference can then say
//! "moved", and a reviewer need not read the passage twice.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::tokens::tokens;

/// Fewer words than this come back by chance.
const LEAST_WORDS: usize = 5;

/// Of lines that were replaced by others no more words than this are compared one by one.
const MOST_WORDS: usize = 8_000;

/// Places at which a passage is looked for; a text that repeats itself a thousand times moves nowhere
/// in particular.
const MOST_PLACES: usize = 16;

/// A passage that stands elsewhere now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its bytes in the old text.
    pub old: Range<usize>,
    /// Its bytes in the new text.
    pub new: Range<usize>,
}

/// The passages that moved, in the order of the old text; no byte of either text is in two of them.
///
/// ```
/// use assay_text::moves;
///
/// let old = "Never promise a refund to anybody.\nBe brief.\nName the queue.\n";
/// let new = "Be brief.\nName the queue.\nNever promise a refund to anybody.\n";
/// let moved = moves(old, new);
/// assert_eq!(moved.len(), 1);
/// assert!(old[moved[0].old.clone()].starts_with("Never promise a refund to anybody"));
/// assert!(new[moved[0].new.clone()].starts_with("Never promise a refund to anybody"));
/// ```
#[must_use]
pub fn moves(old: &str, new: &str) -> Vec<Move> {
    let (old, new) = (Words::of(old), Words::of(new));
    let (removed, added) = changed(&old, &new);
    let mut search = Search { places: places(&new, &added), old: &old, new: &new, removed, added };
    search.run()
}

/// The words of a text with their bytes.
struct Words<'t> {
    text: &'t str,
    /// Without the blanks behind them.
    words: Vec<&'t str>,
    spans: Vec<Range<usize>>,
}

impl<'t> Words<'t> {
    fn of(text: &'t str) -> Self {
        let mut words = Self { text, words: Vec::new(), spans: Vec::new() };
        let mut at = 0;
        for token in tokens(text) {
            words.words.push(token.trim_end());
            words.spans.push(at..at + token.len());
            at += token.len();
        }
        words
    }

    /// The first word that begins at this byte or behind it.
    fn word_at(&self, byte: usize) -> usize {
        self.spans.partition_point(|span| span.start < byte)
    }

    fn bytes(&self, words: Range<usize>) -> Range<usize> {
        self.spans[words.start].start..self.spans[words.end - 1].end
    }
}

/// Which words only one of the texts has: those of lines that came or went, and of lines that were replaced the
/// words that differ.
fn changed(old: &Words, new: &Words) -> (Vec<bool>, Vec<bool>) {
    let (mut removed, mut added) = (vec![false; old.words.len()], vec![false; new.words.len()]);
    for (gone, come) in changed_lines(old, new) {
        if gone.is_empty() || come.is_empty() {
            removed[gone].fill(true);
            added[come].fill(true);
        } else if gone.len() + come.len() <= MOST_WORDS {
            let diff = capture_diff_slices(
                Algorithm::Myers,
                &old.words[gone.clone()],
                &new.words[come.clone()],
            );
            for op in diff.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
                removed[gone.clone()][op.old_range()].fill(true);
                added[come.clone()][op.new_range()].fill(true);
            }
        }
    }
    (removed, added)
}

/// The words of each stretch of lines that differs, in both texts.
fn changed_lines(old: &Words, new: &Words) -> Vec<(Range<usize>, Range<usize>)> {
    let (old_lines, new_lines) = (lines(old.text), lines(new.text));
    let (old_starts, new_starts) = (starts(&old_lines), starts(&new_lines));
    let words = |of: &Words, starts: &[usize], lines: Range<usize>| {
        of.word_at(starts[lines.start])..of.word_at(starts[lines.end])
    };
    capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines)
        .into_iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| {
            let gone = words(old, &old_starts, op.old_range());
            (gone, words(new, &new_starts, op.new_range()))
        })
        .collect()
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The byte that each line begins at, and the one behind the last.
fn starts(lines: &[&str]) -> Vec<usize> {
    let mut at = 0;
    let ends = lines.iter().map(|line| {
        at += line.len();
        at
    });
    std::iter::once(0).chain(ends).collect()
}

/// Where in the new text each run of [`LEAST_WORDS`] added words begins.
fn places<'t>(new: &Words<'t>, added: &[bool]) -> HashMap<Vec<&'t str>, Vec<usize>> {
    let mut places: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
    for (at, run) in new.words.windows(LEAST_WORDS).enumerate() {
        if added[at..at + LEAST_WORDS].iter().all(|added| *added) {
            let known = places.entry(run.to_vec()).or_default();
            if known.len() < MOST_PLACES {
                known.push(at);
            }
        }
    }
    places
}

struct Search<'w, 't> {
    places: HashMap<Vec<&'t str>, Vec<usize>>,
    old: &'w Words<'t>,
    new: &'w Words<'t>,
    /// Removed words that are in no move yet.
    removed: Vec<bool>,
    /// Added words that are in no move yet.
    added: Vec<bool>,
}

impl Search<'_, '_> {
    fn run(&mut self) -> Vec<Move> {
        let mut moves = Vec::new();
        let mut at = 0;
        while at + LEAST_WORDS <= self.old.words.len() {
            let Some((to, length)) = self.longest(at) else {
                at += 1;
                continue;
            };
            self.removed[at..at + length].fill(false);
            self.added[to..to + length].fill(false);
            let (old, new) = (self.old.bytes(at..at + length), self.new.bytes(to..to + length));
            moves.push(Move { old, new });
            at += length;
        }
        moves
    }

    /// Where the words from `at` on stand in the new text, and how many of them; the longest such run.
    fn longest(&self, at: usize) -> Option<(usize, usize)> {
        let places = self.places.get(&self.old.words[at..at + LEAST_WORDS])?;
        let runs = places.iter().map(|to| (*to, self.common(at, *to)));
        runs.filter(|(_, length)| *length >= LEAST_WORDS).max_by_key(|(to, length)| {
            // Of equals the first.
            (*length, usize::MAX - *to)
        })
    }

    fn common(&self, at: usize, to: usize) -> usize {
        let old = self.old.words[at..].iter().zip(&self.removed[at..]);
        let new = self.new.words[to..].iter().zip(&self.added[to..]);
        old.zip(new).take_while(|((a, gone), (b, come))| **gone && **come && a == b).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Which of two equal full stops has moved is nobody's business.
    fn check(old: &str, new: &str, expected: &[&str]) {
        let words = |found: Move| old[found.old].trim_end_matches(['.', ' ', '\n']);
        let found: Vec<&str> = moves(old, new).into_iter().map(words).collect();
        assert_eq!(found, expected, "from {old:?} to {new:?}");
    }

    #[test]
    fn a_sentence_that_moved_within_its_paragraph_is_found() {
        check(
            "Always name the queue you chose. Be brief, be kind, and never guess at all.\n",
            "Be brief, be kind, and never guess at all. Always name the queue you chose.\n",
            &["Always name the queue you chose"],
        );
    }

    #[test]
    fn a_few_words_that_come_back_are_chance() {
        check("one two three\nx y\n", "x y\none two three\n", &[]);
        check("nothing here has changed at all\n", "nothing here has changed at all\n", &[]);
    }

    proptest! {
        #[test]
        fn moved_passages_are_the_same_words_and_never_overlap(
            old in "([a-c] ){0,40}", new in "([a-c] ){0,40}"
        ) {
            let found = moves(&old, &new);
            for one in &found {
                prop_assert_eq!(old[one.old.clone()].trim_end(), new[one.new.clone()].trim_end());
            }
            for (at, one) in found.iter().enumerate() {
                for other in &found[at + 1..] {
                    prop_assert!(one.old.end <= other.old.start);
                    prop_assert!(one.new.end <= other.new.start || other.new.end <= one.new.start);
                }
            }
        }
    }
}
