//! Three-way merges by lines and by words: what two people made of one text, put together.
//!
//! Changes in different places are both taken, equal changes once. Where both changed the same
//! lines, or lines that touch, nothing is guessed: that is a [`Conflict`], and a person chooses. No
//! markers are ever put into a text.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::tokens::tokens;

/// A passage of more words than this is not taken apart: comparing it takes a time that grows with the square.
const MOST_WORDS: usize = 4_000;

/// A merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// In order; together they are the whole text.
    pub parts: Vec<Part>,
}

/// A run of whole lines, or words, of a [`Merge`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text on which there is no dispute.
    Agreed(String),
    /// Text that both changed.
    Conflict(Conflict),
}

/// What both made of the same text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// As it was.
    pub base: String,
    /// As one made it.
    pub ours: String,
    /// As the other made it.
    pub theirs: String,
}

impl Merge {
    /// The merged text, when nothing is disputed.
    pub fn text(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Agreed(text) => Some(text.as_str()),
                Part::Conflict(_) => None,
            })
            .collect()
    }

    /// What is disputed.
    pub fn conflicts(&self) -> impl Iterator<Item = &Conflict> {
        self.parts.iter().filter_map(|part| match part {
            Part::Agreed(_) => None,
            Part::Conflict(conflict) => Some(conflict),
        })
    }
}

/// Puts `ours` and `theirs`, both made from `base`, together.
///
/// ```
/// use assay_text::merge;
///
/// let merged = merge("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n");
/// assert_eq!(merged.text().as_deref(), Some("A\nb\nC\n"));
/// assert_eq!(merge("a\n", "b\n", "c\n").conflicts().count(), 1);
/// ```
pub fn merge(base: &str, ours: &str, theirs: &str) -> Merge {
    merge_sequences(&lines(base), &lines(ours), &lines(theirs))
}

/// As [`merge`], and what lines cannot settle is tried word by word: two people may change different
/// words of one sentence.
///
/// Words that stand next to each other belong together, as do all words of one `{{ tag }}` of a
/// template, so changes to both are still a conflict. A passage that somebody has rewritten, keeping
/// fewer than half of its words, is not taken apart: the halves of two rewritings mean nothing.
///
/// ```
/// use assay_text::merge_words;
///
/// let base = "Answer in one word, please.\n";
/// let ours = "Answer in one sentence, please.\n";
/// let merged = merge_words(base, ours, "Reply in one word, please.\n");
/// assert_eq!(merged.text().as_deref(), Some("Reply in one sentence, please.\n"));
/// assert_eq!(merge_words(base, ours, "Answer in one line, please.\n").conflicts().count(), 1);
/// ```
pub fn merge_words(base: &str, ours: &str, theirs: &str) -> Merge {
    let mut merging = Merging { merge: Merge { parts: Vec::new() } };
    for part in merge(base, ours, theirs).parts {
        match part {
            Part::Agreed(text) => merging.agreed(&text),
            Part::Conflict(conflict) => match by_words(&conflict) {
                Some(text) => merging.agreed(&text),
                None => merging.merge.parts.push(Part::Conflict(conflict)),
            },
        }
    }
    merging.merge
}

/// What words settle of a conflict between lines: all of it, or nothing.
fn by_words(conflict: &Conflict) -> Option<String> {
    let Conflict { base, ours, theirs } = conflict;
    let [base, ours, theirs] = [tokens(base), tokens(ours), tokens(theirs)];
    if [&base, &ours, &theirs].iter().any(|side| side.len() > MOST_WORDS) {
        return None;
    }
    let is_edited = |side: &[&str]| {
        let gone: usize = edits(&base, side).iter().map(|edit| edit.base.len()).sum();
        2 * gone <= base.len()
    };
    if !is_edited(&ours) || !is_edited(&theirs) {
        return None;
    }
    merge_sequences(&base, &ours, &theirs).text()
}

fn merge_sequences(base: &[&str], ours: &[&str], theirs: &[&str]) -> Merge {
    let mut merging = Merging { merge: Merge { parts: Vec::new() } };
    let (our_edits, their_edits) = (edits(base, ours), edits(base, theirs));
    let (mut at, mut i, mut j) = (0, 0, 0);
    while i < our_edits.len() || j < their_edits.len() {
        let cluster = Cluster::from(&our_edits, &mut i, &their_edits, &mut j);
        merging.agree(&base[at..cluster.base.start]);
        let [old, mine, other] = [
            base[cluster.base.clone()].concat(),
            ours[cluster.ours].concat(),
            theirs[cluster.theirs].concat(),
        ];
        merging.decide(old, mine, other);
        at = cluster.base.end;
    }
    merging.agree(&base[at..]);
    merging.merge
}

/// Lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Lines or words of the base, and what they became.
struct Edit {
    base: Range<usize>,
    side: Range<usize>,
}

fn edits(base: &[&str], side: &[&str]) -> Vec<Edit> {
    capture_diff_slices(Algorithm::Myers, base, side)
        .into_iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| Edit { base: op.old_range(), side: op.new_range() })
        .collect()
}

/// The smallest stretch of the base, with both sides of it, that holds every edit touching it.
struct Cluster {
    base: Range<usize>,
    ours: Range<usize>,
    theirs: Range<usize>,
}

impl Cluster {
    /// Takes the next edits that belong together.
    fn from(ours: &[Edit], i: &mut usize, theirs: &[Edit], j: &mut usize) -> Self {
        let first = |edits: &[Edit], at: usize| edits.get(at).map(|edit| edit.base.start);
        let start = [first(ours, *i), first(theirs, *j)].into_iter().flatten().min().unwrap_or(0);
        let (first_i, first_j) = (*i, *j);
        let mut base = start..start;
        loop {
            let before = (*i, *j);
            for (edits, at) in [(ours, &mut *i), (theirs, &mut *j)] {
                while let Some(edit) = edits.get(*at).filter(|edit| edit.base.start <= base.end) {
                    base.end = base.end.max(edit.base.end);
                    *at += 1;
                }
            }
            if before == (*i, *j) {
                break;
            }
        }
        let ours = side(&base, &ours[..first_i], &ours[first_i..*i]);
        let theirs = side(&base, &theirs[..first_j], &theirs[first_j..*j]);
        Self { base, ours, theirs }
    }
}

/// The lines of a side that stand for `base`, given the edits before it and those inside.
fn side(base: &Range<usize>, before: &[Edit], inside: &[Edit]) -> Range<usize> {
    let start = match inside.first() {
        Some(edit) => edit.side.start - (edit.base.start - base.start),
        None => shifted(before, base.start),
    };
    let end = match inside.last() {
        Some(edit) => edit.side.end + (base.end - edit.base.end),
        None => start + base.len(),
    };
    start..end
}

/// Where an untouched line of the base stands on a side.
fn shifted(before: &[Edit], line: usize) -> usize {
    before.last().map_or(line, |edit| edit.side.end + (line - edit.base.end))
}

struct Merging {
    merge: Merge,
}

impl Merging {
    fn agree(&mut self, lines: &[&str]) {
        self.agreed(&lines.concat());
    }

    fn agreed(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.merge.parts.last_mut() {
            Some(Part::Agreed(last)) => last.push_str(text),
            _ => self.merge.parts.push(Part::Agreed(text.to_owned())),
        }
    }

    fn decide(&mut self, base: String, ours: String, theirs: String) {
        if ours == theirs || theirs == base {
            self.agreed(&ours);
        } else if ours == base {
            self.agreed(&theirs);
        } else {
            self.merge.parts.push(Part::Conflict(Conflict { base, ours, theirs }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(merge: &Merge) -> String {
        merge.text().expect("no conflict")
    }

    #[test]
    fn edits_in_different_places_are_both_taken() {
        let merged = merge("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n", "z\na\nb\nc\n");
        assert_eq!(merged.conflicts().count(), 1, "{merged:?}");
        let merged = merge("a\nb\nc\nd\n", "a\nB\nc\nd\n", "z\na\nb\nc\n");
        assert_eq!(text(&merged), "z\na\nB\nc\n");
    }

    #[test]
    fn lines_that_touch_are_a_conflict_that_holds_all_three() {
        let merged = merge("a\nb\n", "A\nb\n", "a\nB\n");
        let conflict =
            Conflict { base: "a\nb\n".into(), ours: "A\nb\n".into(), theirs: "a\nB\n".into() };
        assert_eq!(merged.parts, [Part::Conflict(conflict)]);
    }

    #[test]
    fn words_apart_from_each_other_are_both_taken() {
        let base = "You route tickets for {{ product }}. Be brief.\n";
        let merged = merge_words(
            base,
            "You route support tickets for {{ product }}. Be brief.\n",
            "You route tickets for {{ product }}. Be kind.\n",
        );
        assert_eq!(text(&merged), "You route support tickets for {{ product }}. Be kind.\n");
    }

    #[test]
    fn words_next_to_each_other_and_halves_of_one_tag_are_a_conflict() {
        for (base, ours, theirs) in [
            ("a b c d e\n", "a B c d e\n", "a b C d e\n"),
            ("say {{ x | upper }} now\n", "say {{ y | upper }} now\n", "say {{ x }} now\n"),
            ("say {% if a %} x\n", "say {% if b %} x\n", "say {% if a and c %} x\n"),
        ] {
            assert_eq!(merge_words(base, ours, theirs).conflicts().count(), 1, "{base:?}");
        }
    }

    #[test]
    fn a_rewritten_passage_is_not_taken_apart() {
        let base = "Answer in one word and say why.\n";
        let ours = "Summarise the text and say nothing.\n";
        let theirs = "Answer in one word and say why not.\n";
        let merged = merge_words(base, ours, theirs);
        let conflict = Conflict { base: base.into(), ours: ours.into(), theirs: theirs.into() };
        assert_eq!(merged.parts, [Part::Conflict(conflict)]);
    }

    #[test]
    fn a_missing_line_end_is_kept_as_it_is() {
        assert_eq!(text(&merge("a\nb\nc", "A\nb\nc", "a\nb\nc")), "A\nb\nc");
        assert_eq!(text(&merge("", "a", "")), "a");
    }

    fn some_lines() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a\n", "b\n", "c\n", "d\n"]), 0..8)
            .prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn one_side_alone_always_wins(base in some_lines(), side in some_lines()) {
            prop_assert_eq!(text(&merge(&base, &side, &base)), side.clone());
            prop_assert_eq!(text(&merge(&base, &base, &side)), side.clone());
            prop_assert_eq!(text(&merge(&base, &side, &side)), side.clone());
            prop_assert_eq!(text(&merge_words(&base, &side, &base)), side.clone());
            prop_assert_eq!(text(&merge_words(&base, &base, &side)), side);
        }

        #[test]
        fn words_settle_what_lines_settle_and_more(
            base in some_lines(), ours in some_lines(), theirs in some_lines()
        ) {
            let (lines, words) = (merge(&base, &ours, &theirs), merge_words(&base, &ours, &theirs));
            prop_assert!(words.conflicts().count() <= lines.conflicts().count());
            if lines.text().is_some() {
                prop_assert_eq!(lines.text(), words.text());
            }
        }

        #[test]
        fn choosing_one_side_everywhere_keeps_the_other_sides_clean_edits(
            base in some_lines(), ours in some_lines(), theirs in some_lines()
        ) {
            let merged = merge(&base, &ours, &theirs);
            let mirrored = merge(&base, &theirs, &ours);
            prop_assert_eq!(merged.text(), mirrored.text());
            let bases: String = merged.parts.iter().map(|part| match part {
                Part::Agreed(_) => "",
                Part::Conflict(conflict) => conflict.base.as_str(),
            }).collect();
            prop_assert!(bases.len() <= base.len());
        }
    }
}
