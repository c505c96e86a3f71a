//! What two people made of one file, put together by what it means.
//!
//! Rows merge by their ids and then field by field; YAML, front matter included, by its keys, with
//! lists of named things by name; template bodies by lines and then by words. Where both changed the
//! same thing nothing is guessed: that is a [`Conflict`] which names the row and field, the key or
//! the passage, and no marker is ever put into a file. A person's [`Decision`]s go into the next call
//! of [`merge`], which then gives the final bytes.
//!
//! ```
//! use assay_prompt::merge::{Choice, Decision, Sides, merge};
//!
//! let sides = Sides {
//!     base: "{\"id\":\"a\",\"input\":{\"x\":1},\"tags\":[\"t\"]}\n",
//!     ours: "{\"id\":\"a\",\"input\":{\"x\":2},\"tags\":[\"t\"]}\n",
//!     theirs: "{\"id\":\"a\",\"input\":{\"x\":3}}\n{\"id\":\"b\"}\n",
//! };
//! let merged = merge("cases.jsonl", sides, &[])?;
//! assert_eq!(merged.text(), None);
//! let place = merged.conflicts()[0].place.clone();
//! assert_eq!(place.to_string(), "a: input.x");
//!
//! let merged = merge("cases.jsonl", sides, &[Decision { place, choice: Choice::Theirs }])?;
//! assert_eq!(merged.text(), Some("{\"id\":\"a\",\"input\":{\"x\":3}}\n{\"id\":\"b\"}\n"));
//! # Ok::<(), assay_prompt::merge::MergeError>(())
//! ```
//!
//! *Invariants.* What comes out reads as what was meant: no row is lost, no id stands twice, and
//! YAML keeps the comments and bytes of `ours` wherever theirs changed nothing. A file that cannot be read
//! without loss is not merged at all; that is a [`MergeError`].

mod order;
mod take;
mod values;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::Report;
use crate::edit::{self, EditError, YamlPart};
use crate::rows::{RowsText, assembled, problem};
use crate::{RowsFormat, Template, front_matter};
use values::Merging;

pub use take::take_rows;

/// What the names of variants end with.
const VARIANT: &str = ".prompty";

/// Three versions of one file.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'t> {
    /// What both began with; empty when both made the file.
    pub base: &'t str,
    /// What one made of it. Its layout is kept.
    pub ours: &'t str,
    /// What the other made of it.
    pub theirs: &'t str,
}

/// One of three versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What both began with.
    Base,
    /// What one made of it.
    Ours,
    /// What the other made of it.
    Theirs,
}

/// A merged file.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    text: String,
    conflicts: Vec<Conflict>,
}

/// What both changed, each in another way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// Where.
    pub place: Place,
    /// As it was; nothing when it was not there.
    pub base: Option<Value>,
    /// As ours has it; nothing when it was taken away.
    pub ours: Option<Value>,
    /// As theirs has it; nothing when it was taken away.
    pub theirs: Option<Value>,
}

/// A place in a file, by what stands there. It is the same in every merge of the same three texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// A value: a row, a field of a row, or what stands under a key.
    Value(Vec<Step>),
    /// A passage of a text, by its number among those in dispute, from 0.
    Passage(usize),
}

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Into a map, by its key.
    Key(String),
    /// Into a list, by the item's `id` or `name`.
    Item(String),
}

/// What a person makes of a [`Conflict`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Where.
    pub place: Place,
    /// What is to stand there.
    pub choice: Choice,
}

/// What is to stand in a place that was in dispute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Choice {
    /// What was there before.
    Base,
    /// What ours has.
    Ours,
    /// What theirs has.
    Theirs,
    /// Of two new rows with one id both, theirs under an id of its own; of two passages both, ours
    /// first. Nothing else can have both, and stays in dispute.
    Both,
    /// Something else: for a passage, a text.
    Value(Value),
}

/// Why a file is not merged. Every version is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A version cannot be read without losing something.
    #[error("{file} cannot be merged: in {side}, {message}")]
    Unreadable {
        /// The file.
        file: String,
        /// The version.
        side: Side,
        /// What is wrong with it.
        message: String,
    },
    /// The merged value cannot be written into our version.
    #[error("{file} cannot be merged: {source}")]
    Unwritable {
        /// The file.
        file: String,
        /// Why.
        source: EditError,
    },
    /// The merged rows would not read back as what was meant.
    #[error("{file} cannot be merged: it cannot hold these rows")]
    NotExact {
        /// The file.
        file: String,
    },
}

impl Merged {
    /// The merged text, when nothing is in dispute.
    pub fn text(&self) -> Option<&str> {
        self.conflicts.is_empty().then_some(self.text.as_str())
    }

    /// What is in dispute and not decided.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// The text with everything that merges, and with what ours has where something is in dispute.
    /// What one took away and the other changed is still there. It is a file that can be read, for
    /// whoever decides in an editor; it is not yet a merge.
    pub fn with_ours(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Side::Base => "the base",
            Side::Ours => "ours",
            Side::Theirs => "theirs",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let steps = match self {
            Place::Passage(number) => return write!(f, "passage {}", number + 1),
            Place::Value(steps) if steps.is_empty() => return f.write_str("all of it"),
            Place::Value(steps) => steps,
        };
        let mut gap = "";
        for step in steps {
            let (name, behind) = match step {
                Step::Key(key) => (key, "."),
                Step::Item(name) => (name, ": "),
            };
            write!(f, "{gap}{name}")?;
            gap = behind;
        }
        Ok(())
    }
}

/// Whether a file of this name is merged by what it means; of any other only lines are known.
pub fn knows(file: &str) -> bool {
    RowsFormat::of(file).is_some() || file.ends_with(VARIANT)
}

/// Merges three versions of the file of this name, with what was decided of its conflicts so far.
///
/// # Errors
/// When a version cannot be read without loss, and when what came out could not be written into the
/// layout of the file; then there is no merge to offer, and one version is taken whole.
pub fn merge(file: &str, sides: Sides<'_>, decided: &[Decision]) -> Result<Merged, MergeError> {
    if let Some(text) = sides.undisputed() {
        return Ok(Merged { text: text.to_owned(), conflicts: Vec::new() });
    }
    let merge = Merge { file, sides };
    match RowsFormat::of(file) {
        Some(RowsFormat::Yaml) => merge.yaml(decided),
        Some(format) => merge.rows(format, decided),
        None if file.ends_with(VARIANT) => merge.prompty(decided),
        None => Ok(merge.text(decided)),
    }
}

impl<'t> Sides<'t> {
    /// The text, when at most one of both changed anything.
    fn undisputed(&self) -> Option<&'t str> {
        let Sides { base, ours, theirs } = *self;
        if ours == theirs || theirs == base { Some(ours) } else { (ours == base).then_some(theirs) }
    }
}

/// A file being merged.
struct Merge<'t> {
    file: &'t str,
    sides: Sides<'t>,
}

impl<'t> Merge<'t> {
    /// The same of each version, with whose version it is for a message.
    fn each<T>(&self, read: impl Fn(&'t str) -> Result<T, String>) -> Result<[T; 3], MergeError> {
        let Sides { base, ours, theirs } = self.sides;
        let of = |side, text| {
            let unreadable =
                |message| MergeError::Unreadable { file: self.file.to_owned(), side, message };
            read(text).map_err(unreadable)
        };
        Ok([of(Side::Base, base)?, of(Side::Ours, ours)?, of(Side::Theirs, theirs)?])
    }

    fn rows(&self, format: RowsFormat, decided: &[Decision]) -> Result<Merged, MergeError> {
        let [base, ours, theirs] = self.each(|text| RowsText::read(format, text))?;
        let mut merging = Merging::new(decided, true);
        let list = |of: &RowsText| Value::Array(of.rows.clone());
        let wanted = merging.value(Some(&list(&base)), Some(&list(&ours)), Some(&list(&theirs)));
        let wanted = wanted.as_ref().and_then(Value::as_array).map(Vec::as_slice);
        let text = assembled(&base, &ours, &theirs, wanted.unwrap_or_default());
        let text = text.ok_or_else(|| self.not_exact())?;
        Ok(Merged { text, conflicts: merging.conflicts })
    }

    fn yaml(&self, decided: &[Decision]) -> Result<Merged, MergeError> {
        let [base, ours, theirs] = self.each(|text| read_yaml(text, YamlPart::File))?;
        let rows = [&base, &ours, &theirs].into_iter().any(holds_rows);
        if rows {
            self.each(|text| problem(RowsFormat::Yaml, text).map_or(Ok(()), Err))?;
        }
        let mut merging = Merging::new(decided, rows);
        let wanted = merging.value(Some(&base), Some(&ours), Some(&theirs)).unwrap_or_default();
        let text = self.written(YamlPart::File, &wanted)?;
        if rows && problem(RowsFormat::Yaml, &text).is_some() {
            return Err(self.not_exact());
        }
        Ok(Merged { text, conflicts: merging.conflicts })
    }

    fn prompty(&self, decided: &[Decision]) -> Result<Merged, MergeError> {
        let [base, ours, theirs] = self.each(|text| read_yaml(text, YamlPart::FrontMatter))?;
        let bodies = [self.sides.base, self.sides.ours, self.sides.theirs].map(body);
        let mut merging = Merging::new(decided, false);
        let wanted = merging.value(Some(&base), Some(&ours), Some(&theirs)).unwrap_or_default();
        let mut text = self.written(YamlPart::FrontMatter, &wanted)?;
        let body_length = body(&text).len();
        text.truncate(text.len() - body_length);
        let body = merging.text(merged_bodies(bodies));
        if !text.ends_with('\n') && !body.is_empty() {
            text.push('\n');
        }
        Ok(Merged { text: text + &body, conflicts: merging.conflicts })
    }

    /// A file of another kind, line by line.
    fn text(&self, decided: &[Decision]) -> Merged {
        let Sides { base, ours, theirs } = self.sides;
        let mut merging = Merging::new(decided, false);
        let text = merging.text(assay_text::merge(base, ours, theirs));
        Merged { text, conflicts: merging.conflicts }
    }

    /// A text with this YAML: by lines where that comes to the same, which keeps what theirs did to comments,
    /// else ours with what differs written over it.
    fn written(&self, part: YamlPart, wanted: &Value) -> Result<String, MergeError> {
        if let Some(text) = self.by_lines(part, wanted) {
            return Ok(text);
        }
        edit::write(self.sides.ours, part, wanted)
            .map_err(|source| MergeError::Unwritable { file: self.file.to_owned(), source })
    }

    fn by_lines(&self, part: YamlPart, wanted: &Value) -> Option<String> {
        let Sides { base, ours, theirs } = self.sides;
        // Only what is YAML has to merge: bodies are another matter.
        let text = match part {
            YamlPart::File => assay_text::merge(base, ours, theirs).text()?,
            YamlPart::FrontMatter => {
                let [base, ours, theirs] = [base, ours, theirs].map(head);
                assay_text::merge(base, ours, theirs).text()?
            }
        };
        (read_yaml(&text, part).ok()? == *wanted).then_some(text)
    }

    fn not_exact(&self) -> MergeError {
        MergeError::NotExact { file: self.file.to_owned() }
    }
}

/// The value of the YAML of one version; null for a version that is not there.
fn read_yaml(text: &str, part: YamlPart) -> Result<Value, String> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    edit::value(text, part).map_err(|error| error.to_string())
}

/// Whether a YAML file is a list of rows, and not a schema or a manifest.
fn holds_rows(value: &Value) -> bool {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    !items.is_empty() && items.iter().all(|item| item.get("id").is_some())
}

/// The front matter with the lines around it.
fn head(text: &str) -> &str {
    &text[..text.len() - body(text).len()]
}

/// What stands below the front matter.
fn body(text: &str) -> &str {
    front_matter::split(text, &mut Report::new("")).map_or("", |(_, body)| &text[body.start..])
}

/// Bodies merge by lines and words, but never into a template that cannot be read.
fn merged_bodies([base, ours, theirs]: [&str; 3]) -> assay_text::Merge {
    let merged = assay_text::merge_words(base, ours, theirs);
    let reads = |text: &str| Template::parse(text, 0).errors.is_empty();
    let breaks = merged.text().is_some_and(|text| !reads(&text));
    if !(breaks && reads(ours) && reads(theirs)) {
        return merged;
    }
    let [base, ours, theirs] = [base, ours, theirs].map(str::to_owned);
    let whole = assay_text::Conflict { base, ours, theirs };
    assay_text::Merge { parts: vec![assay_text::Part::Conflict(whole)] }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn run(file: &str, [base, ours, theirs]: [&str; 3], decided: &[Decision]) -> Merged {
        merge(file, Sides { base, ours, theirs }, decided).unwrap()
    }

    fn check(file: &str, sides: [&str; 3], expected: &str) {
        let merged = run(file, sides, &[]);
        assert_eq!(merged.text(), Some(expected), "{:?}", merged.conflicts());
    }

    /// The places in dispute, and the text once each was decided as `choice`.
    fn decided(file: &str, sides: [&str; 3], choice: &Choice) -> (Vec<String>, Option<String>) {
        let open = run(file, sides, &[]);
        let places = open.conflicts().iter().map(|conflict| conflict.place.to_string()).collect();
        let decide = |conflict: &Conflict| Decision {
            place: conflict.place.clone(),
            choice: choice.clone(),
        };
        let decisions: Vec<Decision> = open.conflicts().iter().map(decide).collect();
        (places, run(file, sides, &decisions).text().map(str::to_owned))
    }

    const EVALS: &str = "\
# what counts
models:
  - {id: a/x}  # cheap
scorers:
  - {id: exact, type: equals}
  # slow
  - {id: tone, type: llm-rubric, threshold: 0.5}
gates:
  - {scorer: exact, min: 0.5}
";

    #[test]
    fn yaml_merges_by_key_and_by_name_and_keeps_comments() {
        let ours = EVALS.replace("{id: a/x}", "{id: a/x, options: {seed: 1}}");
        let theirs = EVALS.replace("threshold: 0.5", "threshold: 0.7")
            + "  - {scorer: tone, min: 0.1}\nrepeat: 3\n";
        let expected = ours.replace("threshold: 0.5", "threshold: 0.7")
            + "  - {scorer: tone, min: 0.1}\nrepeat: 3\n";
        check("evals.yaml", [EVALS, &ours, &theirs], &expected);
    }

    #[test]
    fn comments_that_theirs_wrote_come_along() {
        let ours = EVALS.replace("{id: a/x}", "{id: a/y}");
        let theirs = EVALS.replace("  # slow", "  # slow, but kind");
        check("evals.yaml", [EVALS, &ours, &theirs], &ours.replace("# slow", "# slow, but kind"));
    }

    #[test]
    fn neighbouring_keys_that_lines_cannot_merge_merge_by_what_they_say() {
        let base = "name: a\nkind: b\nrest: c\n";
        check(
            "x.yaml",
            [base, "name: 1\nkind: b\nrest: c\n", "name: a\nkind: 2\nrest: c\n"],
            "name: 1\nkind: 2\nrest: c\n",
        );
    }

    #[test]
    fn the_same_key_changed_twice_is_in_dispute_and_can_be_decided() {
        let sides =
            [EVALS.to_owned(), EVALS.replace("0.5}", "0.6}"), EVALS.replace("0.5}", "0.7}")];
        let sides = [&*sides[0], &*sides[1], &*sides[2]];
        let (places, text) = decided("evals.yaml", sides, &Choice::Theirs);
        assert_eq!(places, ["scorers.tone: threshold", "gates"]);
        assert_eq!(text.as_deref(), Some(sides[2]));
        let (_, text) = decided("evals.yaml", sides, &Choice::Base);
        assert_eq!(text.as_deref(), Some(sides[0]));
    }

    const BASE: &str =
        "{\"id\":\"a\",\"input\":{\"q\":\"1\"}}\n{\"id\":\"b\",\"input\":{\"q\":\"2\"}}\n";

    #[test]
    fn edits_of_different_rows_and_of_different_fields_are_both_taken() {
        let ours = BASE.replace("\"1\"}}", "\"1\"},\"tags\":[\"t\"]}");
        let theirs = BASE.replace("\"1\"", "\"3\"").replace("\"2\"", "\"4\"") + "{\"id\":\"c\"}\n";
        check(
            "cases.jsonl",
            [BASE, &ours, &theirs],
            "{\"id\":\"a\",\"input\":{\"q\":\"3\"},\"tags\":[\"t\"]}\n{\"id\":\"b\",\"input\":{\"q\":\"4\"}}\n{\"id\":\"c\"}\n",
        );
        check(
            "cases.csv",
            ["id,q,r\na,1,2\nb,3,4\n", "id,q,r\na,5,2\n", "id,q,r\na,1,6\nb,3,4\nc,7,\n"],
            "id,q,r\na,5,6\nc,7,\n",
        );
        check(
            "cases.yaml",
            [
                "- id: a  # first\n  input: {q: 1, r: 2}\n",
                "- id: a  # first\n  input: {q: 3, r: 2}\n",
                "- id: a  # first\n  input: {q: 1, r: 4}\n",
            ],
            "- id: a  # first\n  input: {q: 3, r: 4}\n",
        );
    }

    #[test]
    fn a_row_taken_out_by_one_and_changed_by_the_other_is_in_dispute_and_not_lost() {
        let gone = "{\"id\":\"a\",\"input\":{\"q\":\"1\"}}\n";
        let changed = BASE.replace("\"2\"", "\"5\"");
        let merged = run("cases.jsonl", [BASE, gone, &changed], &[]);
        assert_eq!(merged.conflicts()[0].place, Place::Value(vec![Step::Item("b".into())]));
        assert_eq!((merged.text(), merged.with_ours()), (None, changed.as_str()));
        let (_, text) = decided("cases.jsonl", [BASE, gone, &changed], &Choice::Ours);
        assert_eq!(text.as_deref(), Some(gone));
    }

    #[test]
    fn two_new_rows_of_one_id_can_both_be_kept() {
        let sides = ["", "{\"id\":\"n\",\"output\":1}\n", "{\"id\":\"n\",\"output\":2}\n"];
        let (places, text) = decided("cases.jsonl", sides, &Choice::Both);
        assert_eq!(places, ["n"]);
        let expected = "{\"id\":\"n\",\"output\":1}\n{\"id\":\"n-2\",\"input\":{},\"output\":2}\n";
        assert_eq!(text.as_deref(), Some(expected));
    }

    #[test]
    fn another_value_can_be_decided() {
        let [ours, theirs] = ["\"8\"", "\"9\""].map(|q| BASE.replace("\"1\"", q));
        let (_, text) = decided("c.jsonl", [BASE, &ours, &theirs], &Choice::Value(json!("both")));
        assert_eq!(text, Some(BASE.replace("\"1\"", "\"both\"")));
    }

    const PROMPTY: &str = "---\nname: a  # short\nmodel: {id: m}\n---\nsystem:\nBe brief, please.\n\nuser:\n{{ q }}\n";

    #[test]
    fn front_matter_merges_by_key_and_the_body_by_words() {
        let ours = PROMPTY.replace("{id: m}", "{id: n}").replace("brief", "kind");
        let theirs = PROMPTY.replace("name: a", "name: b").replace("please", "always");
        let expected = ours.replace("name: a", "name: b").replace("please", "always");
        check("a.prompty", [PROMPTY, &ours, &theirs], &expected);
    }

    #[test]
    fn a_passage_that_both_changed_is_in_dispute() {
        let [ours, theirs] = ["kind", "terse"].map(|word| PROMPTY.replace("brief", word));
        let (places, text) = decided("a.prompty", [PROMPTY, &ours, &theirs], &Choice::Theirs);
        assert_eq!(places, ["passage 1"]);
        assert_eq!(text, Some(theirs));
    }

    #[test]
    fn a_merge_never_breaks_a_template_that_both_sides_could_read() {
        let body = |lines: &str| format!("---\nname: a\n---\nuser:\n{lines}end\n");
        let base = body("{% if a %}\np\nx\nq\n{% endif %}\n");
        let ours = body("p\nx\nq\n");
        let theirs = body("{% if a %}\np\nx\n{% else %}\ny\nq\n{% endif %}\n");
        let (places, text) = decided("a.prompty", [&base, &ours, &theirs], &Choice::Ours);
        assert_eq!(places, ["passage 1"]);
        assert_eq!(text, Some(ours));
    }

    #[test]
    fn a_version_that_cannot_be_read_is_not_merged() {
        let sides = Sides { base: BASE, ours: "{\"id\":\"a\"}\n", theirs: "<<<<<<< ours\n" };
        let error = merge("cases.jsonl", sides, &[]).unwrap_err().to_string();
        assert!(error.starts_with("cases.jsonl cannot be merged: in theirs, line 1"), "{error}");
        let sides = Sides { base: PROMPTY, ours: "none", theirs: "---\nname: [\n---\n" };
        assert!(matches!(merge("a.prompty", sides, &[]), Err(MergeError::Unreadable { .. })));
    }

    #[test]
    fn one_side_alone_is_taken_byte_for_byte_whatever_it_is() {
        for file in ["a.jsonl", "a.csv", "a.yaml", "a.prompty", "a.md"] {
            check(file, ["{", "{", "\u{0}broken"], "\u{0}broken");
            check(file, ["{", "\u{0}broken", "{"], "\u{0}broken");
            check(file, ["{", "same", "same"], "same");
        }
    }
}
