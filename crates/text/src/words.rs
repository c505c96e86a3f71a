//! Differences by words, in reading order.
//!
//! Words are those of Unicode (UAX 29): punctuation is a token of its own, so a changed full stop does not repaint the word
//! before it, and texts without spaces still compare in small steps.

use std::mem::take;

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, TextDiff};

use crate::Change;

/// A run of text that is wholly kept, removed or added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The text as it stands in its file; never empty.
    pub text: String,
    /// On which side it stands.
    pub change: Change,
}

/// How many words came and went, for a one-line summary such as `+3 −1`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordCount {
    /// Words that only the new text has.
    pub added: usize,
    /// Words that only the old text has.
    pub removed: usize,
}

/// The difference of two texts, word by word.
///
/// Equal and removed pieces joined give `old`; equal and added pieces joined give `new`. Where words were replaced, the removed
/// piece stands before the added one, and neighbouring replacements that only a blank separates are shown as one.
#[must_use]
pub fn words(old: &str, new: &str) -> Vec<Piece> {
    let diff = TextDiff::from_unicode_words(old, new);
    let mut pieces = Pieces::default();
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => pieces.keep(change.value()),
            ChangeTag::Delete => pieces.change().removed.push_str(change.value()),
            ChangeTag::Insert => pieces.change().added.push_str(change.value()),
        }
    }
    pieces.finish()
}

/// Counts the words that changed, a word being what stands between blanks (as `wc -w` counts, so `added - removed` is the
/// difference of the two texts' word counts).
///
/// A text in a script without blanks counts as one word a line: the numbers are a hint of size there, no more.
#[must_use]
pub fn word_count(old: &str, new: &str) -> WordCount {
    let old: Vec<&str> = old.split_whitespace().collect();
    let new: Vec<&str> = new.split_whitespace().collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut count = WordCount::default();
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {}
            ChangeTag::Delete => count.removed += 1,
            ChangeTag::Insert => count.added += 1,
        }
    }
    count
}

/// Gathers tokens into pieces, bridging the blank between two replacements.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    removed: String,
    added: String,
    /// A kept blank after a replacement; it joins the replacement when another change follows.
    gap: String,
}

impl Pieces {
    fn keep(&mut self, token: &str) {
        let replacing = !self.removed.is_empty() && !self.added.is_empty();
        if replacing && self.gap.is_empty() && is_blank(token) {
            self.gap.push_str(token);
            return;
        }
        self.close();
        self.push(Change::Equal, token);
    }

    /// The open change, to which the caller adds.
    fn change(&mut self) -> &mut Self {
        let gap = take(&mut self.gap);
        self.removed.push_str(&gap);
        self.added.push_str(&gap);
        self
    }

    fn close(&mut self) {
        for (change, text) in [
            (Change::Removed, take(&mut self.removed)),
            (Change::Added, take(&mut self.added)),
            (Change::Equal, take(&mut self.gap)),
        ] {
            self.push(change, &text);
        }
    }

    fn push(&mut self, change: Change, text: &str) {
        match self.done.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.change == change => last.text.push_str(text),
            _ => self.done.push(Piece { text: text.to_owned(), change }),
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.close();
        self.done
    }
}

/// Blank within a line: bridging a line break would tear lines apart on screen.
fn is_blank(token: &str) -> bool {
    token.chars().all(|c| c == ' ' || c == '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &str) {
        let shown: String = words(old, new)
            .iter()
            .map(|p| match p.change {
                Change::Equal => p.text.clone(),
                Change::Removed => format!("[-{}-]", p.text),
                Change::Added => format!("{{+{}+}}", p.text),
            })
            .collect();
        assert_eq!(shown, expected, "from {old:?} to {new:?}");
    }

    #[test]
    fn a_changed_word_leaves_the_sentence_alone() {
        check("Be brief, please.", "Be kind, please.", "Be [-brief-]{+kind+}, please.");
        check("Stop.", "Stop!", "Stop[-.-]{+!+}");
    }

    #[test]
    fn neighbouring_replacements_read_as_one() {
        check("use red ink now", "use blue pen now", "use [-red ink-]{+blue pen+} now");
        check("a red\nink b", "a blue\npen b", "a [-red-]{+blue+}\n[-ink-]{+pen+} b");
    }

    #[test]
    fn empty_sides_are_one_piece() {
        check("", "", "");
        check("", "all new", "{+all new+}");
        check("all gone", "", "[-all gone-]");
    }

    #[test]
    fn invisible_characters_are_kept_as_data() {
        check("a\u{200b}b", "ab", "[-a\u{200b}b-]{+ab+}");
        // UAX 29 joins a mark to what stands before it, here the blank.
        check("x \u{202e}y", "x y", "x[- \u{202e}-]{+ +}y");
    }

    #[test]
    fn texts_without_blanks_compare_in_small_steps() {
        check("今日は雨です", "今日は晴です", "今日は[-雨-]{+晴+}です");
    }

    #[test]
    fn words_are_counted_between_blanks() {
        assert_eq!(
            word_count("one two three", "one 2 three four"),
            WordCount { added: 2, removed: 1 }
        );
        assert_eq!(word_count("same  text", "same text\n"), WordCount::default());
    }
}
