//! Differences by lines, with the changed words of a replaced line emphasised.

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, DiffOp, InlineChange, InlineChangeMode, InlineChangeOptions, TextDiff};

use crate::Change;

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// On which side the line stands.
    pub change: Change,
    /// Its number in the old text, from 1; none for an added line.
    pub old: Option<usize>,
    /// Its number in the new text, from 1; none for a removed line.
    pub new: Option<usize>,
    /// The line without its line feed, and whether each part is what changed within the line. A carriage return stays: a
    /// change of line endings is a change.
    pub pieces: Vec<(String, bool)>,
    /// Whether a line feed ends the line; false only for a last line without one.
    pub newline: bool,
}

impl DiffLine {
    /// The whole line without its line feed.
    #[must_use]
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(text, _)| text.as_str()).collect()
    }
}

/// The difference of two texts, line by line, in hunks.
///
/// With `context`, a hunk is a group of changes with that many equal lines around it, and equal texts have no hunk. Without, there
/// is one hunk with every line of both texts. In a replaced region removed lines stand before added ones, and the words that differ
/// are emphasised as long as the lines have at least half their words in common; lines with less in common were rewritten, and
/// emphasis would be noise.
#[must_use]
pub fn lines(old: &str, new: &str, context: Option<usize>) -> Vec<Vec<DiffLine>> {
    let diff = TextDiff::from_lines(old, new);
    let hunks = match context {
        Some(context) => diff.grouped_ops(context),
        None => vec![diff.ops().to_vec()],
    };
    hunks.iter().map(|ops| hunk(&diff, ops)).filter(|hunk| !hunk.is_empty()).collect()
}

fn hunk(diff: &TextDiff<'_, '_, str>, ops: &[DiffOp]) -> Vec<DiffLine> {
    let mut options = InlineChangeOptions::new();
    options.mode(InlineChangeMode::UnicodeWords);
    ops.iter()
        // The variant with a deadline, given none: the plain one stops after 500 ms by the clock.
        .flat_map(|op| diff.iter_inline_changes_with_options_deadline(op, options, None))
        .map(|change| line(&change))
        .collect()
}

fn line(change: &InlineChange<'_, str>) -> DiffLine {
    let mut pieces: Vec<(String, bool)> = Vec::new();
    for &(emphasised, text) in change.values() {
        match pieces.last_mut() {
            Some((last, same)) if *same == emphasised => last.push_str(text),
            _ => pieces.push((text.to_owned(), emphasised)),
        }
    }
    let newline = strip_line_feed(&mut pieces);
    pieces.retain(|(text, _)| !text.is_empty());
    DiffLine {
        change: match change.tag() {
            ChangeTag::Equal => Change::Equal,
            ChangeTag::Delete => Change::Removed,
            ChangeTag::Insert => Change::Added,
        },
        old: change.old_index().map(|index| index + 1),
        new: change.new_index().map(|index| index + 1),
        pieces,
        newline,
    }
}

fn strip_line_feed(pieces: &mut [(String, bool)]) -> bool {
    let Some((last, _)) = pieces.last_mut() else {
        return false;
    };
    let ends = last.ends_with('\n');
    if ends {
        last.pop();
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line of text a line: sign, numbers, and `*` around what is emphasised.
    fn show(hunks: &[Vec<DiffLine>]) -> String {
        let mut out = String::new();
        for hunk in hunks {
            out.push_str("@@\n");
            for line in hunk {
                let sign = match line.change {
                    Change::Equal => ' ',
                    Change::Removed => '-',
                    Change::Added => '+',
                };
                let number = |n: Option<usize>| n.map_or("_".to_owned(), |n| n.to_string());
                out.push_str(&format!("{sign}{} {} ", number(line.old), number(line.new)));
                for (text, emphasised) in &line.pieces {
                    out.push_str(&if *emphasised { format!("*{text}*") } else { text.clone() });
                }
                out.push_str(if line.newline { "\n" } else { " (no line feed)\n" });
            }
        }
        out
    }

    const OLD: &str = "system:\nYou route tickets.\nBe brief.\n\nuser:\n{{ ticket }}\n";
    const NEW: &str =
        "system:\nYou route support tickets.\nBe brief.\n\nuser:\n{{ ticket }}\nThank you.\n";

    #[test]
    fn changed_words_of_a_line_are_emphasised() {
        insta::assert_snapshot!(show(&lines(OLD, NEW, None)), @r"
        @@
         1 1 system:
        -2 _ You route tickets.
        +_ 2 You route *support *tickets.
         3 3 Be brief.
         4 4 
         5 5 user:
         6 6 {{ ticket }}
        +_ 7 Thank you.
        ");
    }

    #[test]
    fn context_splits_into_hunks() {
        insta::assert_snapshot!(show(&lines(OLD, NEW, Some(1))), @r"
        @@
         1 1 system:
        -2 _ You route tickets.
        +_ 2 You route *support *tickets.
         3 3 Be brief.
        @@
         6 6 {{ ticket }}
        +_ 7 Thank you.
        ");
    }

    #[test]
    fn rewritten_lines_carry_no_emphasis() {
        let hunks = lines("You route tickets.\n", "Summarise what follows, in French!\n", None);
        assert!(hunks[0].iter().all(|line| line.pieces.iter().all(|(_, emphasised)| !emphasised)));
    }

    #[test]
    fn a_missing_last_line_feed_shows() {
        insta::assert_snapshot!(show(&lines("a\nb\n", "a\nb", Some(0))), @r"
        @@
        -2 _ b
        +_ 2 b (no line feed)
        ");
    }

    #[test]
    fn a_change_of_line_endings_shows() {
        let hunks = lines("a\r\n", "a\n", Some(3));
        assert_eq!(hunks[0].iter().map(DiffLine::text).collect::<Vec<_>>(), ["a\r", "a"]);
    }

    #[test]
    fn equal_texts_have_no_hunk_within_context_and_one_without() {
        assert!(lines(OLD, OLD, Some(3)).is_empty());
        assert_eq!(lines(OLD, OLD, None)[0].len(), 6);
        assert!(lines("", "", None).is_empty());
    }
}
