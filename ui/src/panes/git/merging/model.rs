//! Files that two people changed: what is in dispute in them, by row, field, key or passage, and what comes of what was
//! decided.
//!
//! The merge itself is `assay_prompt`'s, run here on every decision, so that what is shown and what is merged is one
//! thing. Nothing here knows about markers.

use assay_prompt::merge::{Choice, Conflict, Decision, Place, Sides, Step, merge};
use assay_text::{Change, Piece};
use assay_wire::{ConflictView, ResolutionChoice, SideView};
use serde_json::Value;

/// Texts of more bytes than this together are shown without comparing their words.
const LONG: usize = 20_000;

/// A version of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// On the branch that is checked out.
    Ours,
    /// On the other.
    Theirs,
}

/// A file that both changed, with what was decided of it so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Disputed {
    /// The file.
    pub file: ConflictView,
    /// One version is taken whole.
    pub whole: Option<Whose>,
    /// Decisions on places.
    pub decisions: Vec<Decision>,
}

/// How a file stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Both versions go together; nobody needs to decide anything.
    Together,
    /// These places are in dispute, decided or not.
    Places(Vec<Conflict>),
    /// One version has to be taken whole, and why.
    Whole(String),
}

impl Disputed {
    /// Undecided.
    pub fn new(file: ConflictView) -> Self {
        Self { file, whole: None, decisions: Vec::new() }
    }

    /// The three texts, where all that is there is text.
    fn sides(&self) -> Option<Sides<'_>> {
        let base = match &self.file.base {
            SideView::Absent => "",
            SideView::Text(text) => text.as_str(),
            SideView::Opaque(_) => return None,
        };
        Some(Sides { base, ours: text_of(&self.file.ours)?, theirs: text_of(&self.file.theirs)? })
    }

    /// What is in dispute, whatever was decided.
    pub fn standing(&self) -> Standing {
        let Some(sides) = self.sides() else {
            return Standing::Whole(why_whole(&self.file).to_owned());
        };
        match merge(&self.file.path, sides, &[]) {
            Ok(merged) if merged.conflicts().is_empty() => Standing::Together,
            Ok(merged) => Standing::Places(merged.conflicts().to_vec()),
            Err(error) => Standing::Whole(error.to_string()),
        }
    }

    /// What was decided of a place.
    pub fn choice(&self, place: &Place) -> Option<&Choice> {
        self.decisions.iter().find(|known| known.place == *place).map(|known| &known.choice)
    }

    /// Decides a place.
    pub fn decide(&mut self, place: Place, choice: Choice) {
        self.whole = None;
        self.decisions.retain(|known| known.place != place);
        self.decisions.push(Decision { place, choice });
    }

    /// Takes back what was decided of a place.
    pub fn undecide(&mut self, place: &Place) {
        self.decisions.retain(|known| known.place != *place);
    }

    /// How many places wait for a decision; a file taken whole is one.
    pub fn open(&self) -> usize {
        if self.whole.is_some() {
            return 0;
        }
        let merged = self.sides().map(|sides| merge(&self.file.path, sides, &self.decisions));
        match merged {
            Some(Ok(merged)) => merged.conflicts().len(),
            Some(Err(_)) | None => 1,
        }
    }

    /// What is to be merged, once everything is decided.
    pub fn resolution(&self) -> Option<ResolutionChoice> {
        match self.whole {
            Some(Whose::Ours) => return Some(ResolutionChoice::Ours),
            Some(Whose::Theirs) => return Some(ResolutionChoice::Theirs),
            None => {}
        }
        let merged = merge(&self.file.path, self.sides()?, &self.decisions).ok()?;
        merged.text().map(|text| ResolutionChoice::Text(text.to_owned()))
    }

    /// The same file asked for again: what was decided holds while all three versions are the same.
    pub fn again(&self, file: &ConflictView) -> Option<Self> {
        (self.file == *file).then(|| self.clone())
    }
}

fn text_of(side: &SideView) -> Option<&str> {
    match side {
        SideView::Text(text) => Some(text),
        SideView::Absent | SideView::Opaque(_) => None,
    }
}

fn why_whole(file: &ConflictView) -> &'static str {
    match (&file.ours, &file.theirs) {
        (SideView::Absent, _) => "You deleted it; they changed it.",
        (_, SideView::Absent) => "They deleted it; you changed it.",
        _ => "It is no text, or too large to be shown, so one version is taken as it is.",
    }
}

/// What a version taken whole means.
pub fn whole_words(side: &SideView) -> &'static str {
    match side {
        SideView::Absent => "delete the file",
        SideView::Text(_) => "take this version",
        SideView::Opaque(_) => "take this version, which cannot be shown",
    }
}

/// Where a dispute is, in words: `row c-7 · expected.category`.
pub fn place_words(place: &Place) -> String {
    let steps = match place {
        Place::Passage(number) => return format!("passage {}", number + 1),
        Place::Value(steps) if steps.is_empty() => return "all of it".to_owned(),
        Place::Value(steps) => steps,
    };
    let mut words = String::new();
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Item(name) if at == 0 => words.push_str(&format!("row {name}")),
            Step::Item(name) => words.push_str(&format!(" · {name}")),
            Step::Key(key) => {
                let is_inner = matches!(at.checked_sub(1).map(|at| &steps[at]), Some(Step::Key(_)));
                words.push_str(if is_inner {
                    "."
                } else if at == 0 {
                    ""
                } else {
                    " · "
                });
                words.push_str(key);
            }
        }
    }
    words
}

/// Whether both can be kept: two new rows of one id, or two passages.
pub fn can_keep_both(conflict: &Conflict) -> bool {
    let Conflict { place, base, ours, theirs } = conflict;
    match place {
        Place::Passage(_) => true,
        Place::Value(steps) => {
            let is_row = matches!(steps.last(), Some(Step::Item(_)));
            is_row && base.is_none() && ours.is_some() && theirs.is_some()
        }
    }
}

/// A value as people read it: a text as it is, anything else as JSON over several lines.
pub fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_else(|_| other.to_string()),
    }
}

/// A value against what it was; every word is new where it was not there.
pub fn against(base: Option<&Value>, side: &Value) -> Vec<Piece> {
    let (old, new) = (base.map(said), said(side));
    match old {
        Some(old) if old.len() + new.len() <= LONG => assay_text::words(&old, &new),
        _ => vec![Piece { text: new, change: Change::Equal }],
    }
}

/// What somebody typed in the place of both values: a text where either was one, else JSON.
///
/// # Errors
/// Why it cannot stand there.
pub fn typed_value(conflict: &Conflict, text: &str) -> Result<Value, String> {
    let is_text = |value: &Option<Value>| value.as_ref().is_some_and(Value::is_string);
    if matches!(conflict.place, Place::Passage(_))
        || is_text(&conflict.ours)
        || is_text(&conflict.theirs)
    {
        return Ok(Value::String(text.to_owned()));
    }
    serde_json::from_str(text).map_err(|error| format!("This is no JSON: {error}"))
}

/// How much is left to decide, in words.
pub fn left_words(open: usize, files: usize) -> String {
    match (open, files) {
        (0, 1) => "1 file, all decided".to_owned(),
        (0, files) => format!("{files} files, all decided"),
        (1, _) => "1 place to decide".to_owned(),
        (open, _) => format!("{open} places to decide"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    const BASE: &str =
        "{\"id\":\"a\",\"input\":{\"q\":\"1\"}}\n{\"id\":\"b\",\"input\":{\"q\":\"2\"}}\n";

    fn text(text: &str) -> SideView {
        SideView::Text(text.to_owned())
    }

    fn file(path: &str, base: SideView, ours: SideView, theirs: SideView) -> Disputed {
        Disputed::new(ConflictView { path: path.to_owned(), base, ours, theirs })
    }

    fn disputed() -> Disputed {
        let [ours, theirs] = ["\"8\"", "\"9\""].map(|q| BASE.replace("\"1\"", q));
        file("cases.jsonl", text(BASE), text(&ours), text(&theirs))
    }

    fn places(disputed: &Disputed) -> Vec<Conflict> {
        match disputed.standing() {
            Standing::Places(places) => places,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_row_that_both_changed_is_a_row_and_a_field_to_decide() {
        let mut file = disputed();
        let open = places(&file);
        assert_eq!(place_words(&open[0].place), "row a · input.q");
        assert_eq!((file.open(), file.resolution()), (1, None));
        file.decide(open[0].place.clone(), Choice::Theirs);
        assert_eq!(file.open(), 0);
        let wanted = BASE.replace("\"1\"", "\"9\"");
        assert_eq!(file.resolution(), Some(ResolutionChoice::Text(wanted)));
        assert_eq!(places(&file).len(), 1, "what was decided stays on screen");
    }

    #[test]
    fn the_last_decision_on_a_place_holds() {
        let mut file = disputed();
        let place = places(&file)[0].place.clone();
        file.decide(place.clone(), Choice::Ours);
        file.decide(place, Choice::Value(json!("10")));
        let wanted = BASE.replace("\"1\"", "\"10\"");
        assert_eq!(file.resolution(), Some(ResolutionChoice::Text(wanted)));
    }

    #[test]
    fn different_rows_go_together_without_a_question() {
        let file = file(
            "cases.jsonl",
            text(BASE),
            text(&BASE.replace("\"1\"", "\"8\"")),
            text(&BASE.replace("\"2\"", "\"9\"")),
        );
        assert_eq!(file.standing(), Standing::Together);
        assert!(matches!(file.resolution(), Some(ResolutionChoice::Text(_))));
    }

    #[test]
    fn a_file_that_one_deleted_is_taken_whole() {
        let mut file = file("a.jsonl", text(BASE), SideView::Absent, text("{}\n"));
        assert_eq!(file.standing(), Standing::Whole("You deleted it; they changed it.".to_owned()));
        assert_eq!(file.open(), 1);
        file.whole = Some(Whose::Ours);
        assert_eq!((file.open(), file.resolution()), (0, Some(ResolutionChoice::Ours)));
    }

    #[test]
    fn a_version_that_cannot_be_read_is_named_and_taken_whole() {
        let file = file("a.jsonl", text(BASE), text("<<<<<<< ours\n"), text("{\"id\":\"a\"}\n"));
        let Standing::Whole(why) = file.standing() else { panic!("it was merged") };
        assert!(why.contains("in ours"), "{why}");
    }

    #[test]
    fn both_can_be_kept_of_two_new_rows_and_of_two_passages_only() {
        let new = ["{\"id\":\"n\",\"output\":1}\n", "{\"id\":\"n\",\"output\":2}\n"];
        let rows = file("c.jsonl", SideView::Absent, text(new[0]), text(new[1]));
        assert!(can_keep_both(&places(&rows)[0]));
        assert!(!can_keep_both(&places(&disputed())[0]));
        let lines = file("notes.md", text("a\n"), text("b\n"), text("c\n"));
        assert!(can_keep_both(&places(&lines)[0]));
    }

    #[test]
    fn what_is_typed_is_a_text_where_a_text_stood_and_else_json() {
        let text = &places(&disputed())[0];
        assert_eq!(typed_value(text, "7"), Ok(json!("7")));
        let number = Conflict { ours: Some(json!(1)), theirs: Some(json!(2)), ..text.clone() };
        assert_eq!(typed_value(&number, "7"), Ok(json!(7)));
        assert!(typed_value(&number, "{").is_err());
    }

    #[test]
    fn decisions_hold_while_the_three_versions_are_the_same() {
        let mut before = disputed();
        before.whole = Some(Whose::Theirs);
        assert_eq!(before.again(&before.file.clone()), Some(before.clone()));
        let other = ConflictView { theirs: text("{}\n"), ..before.file.clone() };
        assert_eq!(before.again(&other), None);
    }
}
