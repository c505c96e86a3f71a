//! What an edit made outside means for a file that is open.
//!
//! Pure. Three texts meet: what was on disk when it was last read, what is typed since, and what is on disk now. Nothing
//! typed is ever taken away by it: where the two cannot both be kept, the person chooses.

/// What becomes of a file that somebody else wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    /// What is typed is what they wrote.
    Same,
    /// Nothing was typed: their text is the new one.
    Taken,
    /// Both, in one text.
    Merged(String),
    /// Both changed the same lines, or the file is gone.
    Disputed,
}

/// Holds what is typed against what is on disk now, which is nothing where the file is gone.
pub fn meet(base: &str, mine: &str, theirs: Option<&str>) -> Meeting {
    match theirs {
        Some(theirs) if theirs == mine => Meeting::Same,
        Some(_) if mine == base => Meeting::Taken,
        Some(theirs) => {
            assay_text::merge(base, mine, theirs).text().map_or(Meeting::Disputed, Meeting::Merged)
        }
        None => Meeting::Disputed,
    }
}

/// What an edit made outside meant for an open file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// It was not changed.
    Same,
    /// Its text is the new one.
    Taken,
    /// What was typed and what was written are both in it.
    Merged,
    /// Both changed the same lines.
    Disputed,
    /// It was being saved meanwhile, so what was read may be old.
    Unclear,
}

impl Outside {
    /// What a person is told of it.
    pub fn words(self, file: &str) -> Option<String> {
        match self {
            Outside::Same | Outside::Unclear => None,
            Outside::Taken => Some(format!("{file} changed on disk and was read again")),
            Outside::Merged => Some(format!("{file} changed on disk; your edit is merged with it")),
            Outside::Disputed => {
                Some(format!("{file} changed on disk in the same lines: choose which to keep"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "one\ntwo\nthree\n";

    #[test]
    fn a_file_nobody_types_in_follows_the_disk() {
        assert_eq!(meet(BASE, BASE, Some("new\n")), Meeting::Taken);
        assert_eq!(meet(BASE, "same\n", Some("same\n")), Meeting::Same);
    }

    #[test]
    fn edits_of_different_lines_are_both_kept() {
        let (mine, theirs) = ("ONE\ntwo\nthree\n", "one\ntwo\nTHREE\n");
        assert_eq!(meet(BASE, mine, Some(theirs)), Meeting::Merged("ONE\ntwo\nTHREE\n".to_owned()));
    }

    #[test]
    fn an_answer_that_is_a_part_of_what_is_typed_by_now_takes_nothing_away() {
        let (typed_then, typed_now) = ("ONE\ntwo\nthree\n", "ONE\ntwo\nthree\nfour\n");
        assert_eq!(
            meet(BASE, typed_now, Some(typed_then)),
            Meeting::Merged(typed_now.to_owned()),
            "what was saved from here comes back as an edit from outside"
        );
    }

    #[test]
    fn where_both_changed_a_line_or_the_file_is_gone_the_person_chooses() {
        assert_eq!(meet(BASE, "1\ntwo\nthree\n", Some("uno\ntwo\nthree\n")), Meeting::Disputed);
        assert_eq!(meet(BASE, "1\n", None), Meeting::Disputed);
        assert_eq!(meet(BASE, BASE, None), Meeting::Disputed);
    }

    #[test]
    fn only_what_changes_something_on_screen_is_said() {
        assert_eq!(Outside::Same.words("a.yaml"), None);
        assert_eq!(Outside::Unclear.words("a.yaml"), None);
        for told in [Outside::Taken, Outside::Merged, Outside::Disputed] {
            assert!(told.words("a.yaml").is_some_and(|words| words.starts_with("a.yaml")));
        }
    }
}
