//! Which merge a file of a branch gets: rows, YAML and variants by what they mean, everything else by git's lines.

use assay_prompt::merge::{MergeError, Sides, knows, merge};
use assay_repo::git::{TextMerge, TextMerger};

/// What merges texts before git's line merge does.
pub(crate) const MERGER: &dyn TextMerger = &ByMeaning;

/// Merges what the project knows by what it means.
struct ByMeaning;

impl TextMerger for ByMeaning {
    fn merge(&self, path: &str, base: Option<&str>, ours: &str, theirs: &str) -> TextMerge {
        if !knows(path) {
            return TextMerge::NotMine;
        }
        let sides = Sides { base: base.unwrap_or_default(), ours, theirs };
        match merge(path, sides, &[]) {
            Ok(merged) => match merged.text() {
                Some(text) => TextMerge::Merged(text.to_owned()),
                None => TextMerge::Conflict,
            },
            // Somebody's half typed row, or YAML that belongs to another program: to us these are but lines.
            Err(MergeError::Unreadable { .. }) => TextMerge::NotMine,
            Err(_) => TextMerge::Conflict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\",\"n\":2}\n";

    #[test]
    fn rows_next_to_each_other_are_merged_where_lines_would_be_in_conflict() {
        let (ours, theirs) = (BASE.replace("1}", "3}"), BASE.replace("2}", "4}"));
        let merged = MERGER.merge("prompts/p/cases.jsonl", Some(BASE), &ours, &theirs);
        assert_eq!(merged, TextMerge::Merged(ours.replace("2}", "4}")));
    }

    #[test]
    fn two_new_rows_of_one_id_are_a_conflict_however_far_apart_their_lines_are() {
        let ours = format!("{{\"id\":\"c\",\"n\":5}}\n{BASE}");
        let theirs = format!("{BASE}{{\"id\":\"c\",\"n\":6}}\n");
        let merged = MERGER.merge("cases.jsonl", Some(BASE), &ours, &theirs);
        assert_eq!(merged, TextMerge::Conflict);
    }

    #[test]
    fn a_file_that_both_made_is_merged_from_nothing() {
        let (ours, theirs) = ("{\"id\":\"a\"}\n", "{\"id\":\"b\"}\n");
        let merged = MERGER.merge("cases.jsonl", None, ours, theirs);
        assert_eq!(merged, TextMerge::Merged(format!("{ours}{theirs}")));
    }

    #[test]
    fn what_cannot_be_read_and_what_nobody_knows_is_left_to_lines() {
        let (ours, theirs) = (BASE.replace("1}", "3}"), BASE.replace("2}", "half typed"));
        assert_eq!(MERGER.merge("cases.jsonl", Some(BASE), &ours, &theirs), TextMerge::NotMine);
        assert_eq!(MERGER.merge("README.md", Some("a"), "b", "c"), TextMerge::NotMine);
    }
}
