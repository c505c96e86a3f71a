//! Edits of a prompt's files that change what was asked for and no other byte.
//!
//! A file is edited by saying what its value should be. Comments, order, quoting and indentation
//! stay, because only the difference between the old value and the new one is written. Nothing here
//! touches a disk: a change of a folder is given back as [`Changes`], for the caller to write.
//!
//! ```
//! use assay_prompt::edit::{self, YamlPart};
//! use serde_json::json;
//!
//! let text = "\
//! format: assay/1
//! variants:   # in column order
//!   - {id: baseline, file: baseline.prompty}  # since May
//! ";
//! let path = ["variants".into(), 1.into()];
//! let entry = json!({"id": "terse", "file": "terse.prompty"});
//! let edited = edit::set(text, YamlPart::File, &path, &entry)?;
//! assert_eq!(edited, format!("{text}  - {{id: terse, file: terse.prompty}}\n"));
//!
//! let path = ["variants".into(), 0.into(), "file".into()];
//! let edited = edit::set(text, YamlPart::File, &path, &json!("no: 1.prompty"))?;
//! assert!(edited.ends_with("  - {id: baseline, file: \"no: 1.prompty\"}  # since May\n"));
//! # Ok::<(), edit::EditError>(())
//! ```
//!
//! Forms and structure work on the files of one prompt:
//!
//! ```
//! use assay_prompt::{EvalModel, Options, edit};
//!
//! let files = edit::new_prompt("summarize", "01J8ZQ4V7N");
//! let changes = edit::duplicate_variant(&files, "baseline", "terse")?;
//! assert_eq!(changes["terse.prompty"].as_ref(), files.get("baseline.prompty"));
//!
//! let models = [EvalModel { id: "openai/gpt-4.1-mini".into(), options: Options::default() }];
//! let changes = edit::set_models(&files, &models)?;
//! assert_eq!(changes.keys().collect::<Vec<_>>(), ["evals.yaml"]);
//! # Ok::<(), edit::EditError>(())
//! ```
//!
//! *Invariant.* Every edited text is read again, and its value compared with the one that was meant.
//! Where they differ there is an [`EditError`] and no text, so an edit can be refused but can't
//! damage a file. Text that cannot be read is not edited, nor is what an anchor or alias shares with
//! other places, because they would change too.
//!
//! Rows of examples and cases are edited elsewhere, see [`crate::RowsFormat`].

mod error;
mod flow;
mod folder;
mod forms;
mod fresh;
mod layout;
mod matching;
mod merge;
mod name;
mod places;
mod scalar;
mod schema;
mod variants;
mod write;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::diagnostic::Report;
use crate::yaml::{self, Node};
use crate::{Span, front_matter};

pub use error::EditError;
pub use forms::{
    clear_select, set_cases_file, set_few_shot, set_gates, set_model, set_models, set_options,
    set_repeat, set_scorers, set_select,
};
pub use name::check_name;
pub use places::path_at;
pub use schema::{set_inputs, set_outputs};
pub use variants::{
    add_variant, duplicate_prompt, duplicate_variant, manifest_for_lone, new_prompt,
    remove_variant, rename_variant,
};

/// What becomes of files, by their name in the prompt's folder; `None` for one that goes away.
///
/// Whoever writes them removes first: a file may come back under the same name in other capitals.
pub type Changes = BTreeMap<String, Option<String>>;

/// Which part of a file is YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YamlPart {
    /// All of it: a `.yaml` file.
    File,
    /// What stands between the first two lines of `---`: a `.prompty` file.
    FrontMatter,
}

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a map, by its key.
    Key(String),
    /// Into a list, counted from 0.
    Item(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(at: usize) -> Self {
        Self::Item(at)
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Item(at) => write!(f, "{at}"),
        }
    }
}

/// The value of the YAML in `text`; null when there is none.
pub fn value(text: &str, part: YamlPart) -> Result<Value, EditError> {
    let span = yaml_span(text, part)?;
    Ok(read(&text[span.start..span.end])?.to_json())
}

/// Makes `wanted` the value of the YAML in `text` and writes only what differs.
///
/// Keys keep their order. List items are recognised by their value, their `id` or `name`, or their
/// place, and take their comments along when they move; a comment line directly above an item goes
/// with it when it is removed.
pub fn write(text: &str, part: YamlPart, wanted: &Value) -> Result<String, EditError> {
    change(text, part, |value| {
        *value = wanted.clone();
        Ok(())
    })
}

/// Reads once, lets the value be changed, and writes the difference.
fn change(
    text: &str,
    part: YamlPart,
    change: impl FnOnce(&mut Value) -> Result<(), EditError>,
) -> Result<String, EditError> {
    let span = yaml_span(text, part)?;
    let yaml = &text[span.start..span.end];
    let node = read(yaml)?;
    let mut wanted = node.to_json();
    change(&mut wanted)?;
    let edited = write_yaml(yaml, &node, &wanted, text.contains("\r\n"))?;
    let whole = [&text[..span.start], &edited, &text[span.end..]].concat();
    let again = yaml_span(&whole, part)?;
    if whole[again.start..again.end] != edited {
        return Err(EditError::NotExact);
    }
    Ok(whole)
}

/// Sets the value at `path`. A key that is missing is added at the end of its map, missing maps on
/// the way included, and so is the item just behind the last of a list.
pub fn set(text: &str, part: YamlPart, path: &[Step], value: &Value) -> Result<String, EditError> {
    change(text, part, |root| {
        *place(root, path)? = value.clone();
        Ok(())
    })
}

/// Puts `value` into the list at `path`, before the item at `at` or at the end.
pub fn insert(
    text: &str,
    part: YamlPart,
    path: &[Step],
    at: usize,
    value: &Value,
) -> Result<String, EditError> {
    change(text, part, |root| {
        let list = place(root, path)?;
        if list.is_null() {
            *list = Value::Array(Vec::new());
        }
        match list {
            Value::Array(items) if at <= items.len() => items.insert(at, value.clone()),
            _ => return Err(EditError::NoSuchPlace { place: at.to_string() }),
        }
        Ok(())
    })
}

/// Removes the key or item at `path`, with its comments.
pub fn remove(text: &str, part: YamlPart, path: &[Step]) -> Result<String, EditError> {
    let Some((last, way)) = path.split_last() else {
        return Err(EditError::NoSuchPlace { place: String::new() });
    };
    change(text, part, |root| {
        let removed = match (place(root, way)?, last) {
            (Value::Object(map), Step::Key(key)) => map.shift_remove(key).is_some(),
            (Value::Array(items), Step::Item(at)) if *at < items.len() => {
                items.remove(*at);
                true
            }
            _ => false,
        };
        let missing = || EditError::NoSuchPlace { place: last.to_string() };
        removed.then_some(()).ok_or_else(missing)
    })
}

/// The value at `path`, made where it is missing.
fn place<'v>(root: &'v mut Value, path: &[Step]) -> Result<&'v mut Value, EditError> {
    let mut at = root;
    for step in path {
        if at.is_null() {
            *at = match step {
                Step::Key(_) => Value::Object(Map::new()),
                Step::Item(_) => Value::Array(Vec::new()),
            };
        }
        at = match (at, step) {
            (Value::Object(map), Step::Key(key)) => map.entry(key.clone()).or_insert(Value::Null),
            (Value::Array(items), Step::Item(index)) if *index <= items.len() => {
                if *index == items.len() {
                    items.push(Value::Null);
                }
                &mut items[*index]
            }
            _ => return Err(EditError::NoSuchPlace { place: step.to_string() }),
        };
    }
    Ok(at)
}

/// A new YAML file.
fn new_yaml(value: &Value) -> String {
    let style = fresh::Style { habits: layout::Habits { map: 2, list: 2 }, eol: "\n" };
    style.root(value) + "\n"
}

fn yaml_span(text: &str, part: YamlPart) -> Result<Span, EditError> {
    match part {
        YamlPart::File => Ok(Span::new(0, text.len())),
        YamlPart::FrontMatter => front_matter::split(text, &mut Report::new(""))
            .map(|(yaml, _)| yaml)
            .ok_or(EditError::NoFrontMatter),
    }
}

fn read(text: &str) -> Result<Node, EditError> {
    let mut report = Report::new("it");
    yaml::parse(text, 0, &mut report).ok_or_else(|| {
        let message = report.found.first().map_or("", |found| found.message.as_str());
        EditError::bad_yaml(message.strip_prefix("it cannot be read: ").unwrap_or(message))
    })
}

fn write_yaml(text: &str, node: &Node, wanted: &Value, returns: bool) -> Result<String, EditError> {
    if node.means(wanted) {
        return Ok(text.to_owned());
    }
    let (laid, habits) = layout::lay_out(text, node)?;
    let writer = write::Writer::new(text, habits, if returns { "\r\n" } else { "\n" });
    let edited = writer.document(laid.as_ref(), wanted)?;
    match read(&edited) {
        Ok(node) if node.means(wanted) => Ok(edited),
        _ => Err(EditError::NotExact),
    }
}
