//! Pictures and files that a message shows.
//!
//! A case names them: a path below the prompt's folder, or a `data:` URI that holds the file itself. Nothing is read
//! here; where a template shows one, its message gets a piece that says which, and whoever sends the message puts the
//! bytes there. Addresses are refused, because no server is asked to fetch anything.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::template::{self, Scope, print_value};
use crate::{Kind, Prompt, Property, Row, Template, Variant, render};

/// The keys under which an object names a file.
const KEYS: [&str; 4] = ["path", "file", "url", "source"];

/// A picture or file at its place in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// [`Kind::Image`] or [`Kind::File`].
    pub kind: Kind,
    /// A path below the prompt's folder, or a `data:` URI.
    pub source: String,
}

impl Shown {
    /// The picture or file that a value names.
    ///
    /// # Errors
    /// When it names none, in words that go on after "the input".
    pub(crate) fn read(kind: Kind, value: &Value) -> Result<Shown, String> {
        let named = || KEYS.iter().find_map(|key| value.get(key)?.as_str());
        let Some(text) = value.as_str().or_else(named) else {
            return Err("must be a path below the prompt's folder, or a data: URI".to_owned());
        };
        let source = if is_data(text) { text.to_owned() } else { plain_path(text)? };
        Ok(Shown { kind, source })
    }

    /// Its path below the prompt's folder, unless it stands in the case itself.
    pub fn path(&self) -> Option<&str> {
        (!is_data(&self.source)).then_some(self.source.as_str())
    }

    /// What stands for it where only text can be shown: `[image: cat.png]`.
    pub fn placeholder(&self) -> String {
        let kind = self.kind.as_str();
        match self.path() {
            Some(path) => format!("[{kind}: {path}]"),
            None => {
                let head = self.source.split([',', ';']).next().unwrap_or_default();
                format!("[{kind}: {}, {} bytes]", shortened(head), self.source.len())
            }
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn is_data(text: &str) -> bool {
    text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"))
}

/// The path, if it stays below the folder on every system.
fn plain_path(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return Err(
            "is an address; put the file below the prompt's folder and name its path".to_owned()
        );
    }
    let parts: Vec<&str> = text.split('/').filter(|part| *part != ".").collect();
    let is_name = |part: &&str| {
        let odd = |c: char| c == '\\' || c == ':' || c.is_control();
        !part.is_empty() && *part != ".." && !part.contains(odd)
    };
    if parts.is_empty() || !parts.iter().all(is_name) {
        return Err(format!("`{}` is no path below the prompt's folder", shortened(text)));
    }
    Ok(parts.join("/"))
}

/// The pictures and files of one row that a template shows, by the inputs that name them.
#[derive(Default)]
pub(crate) struct MediaInputs(Vec<MediaInput>);

/// What an input names: one picture or file, or a list of them.
struct MediaInput {
    name: String,
    /// What stands for the input while the template is evaluated: a text, or a list of texts.
    stands: Value,
    /// In the order of those texts.
    shown: Vec<Shown>,
}

/// An input that should name a picture or file, and does not.
pub(crate) struct BadMedia {
    pub input: String,
    pub message: String,
}

impl MediaInputs {
    pub fn of(variant: &Variant, template: &Template, row: &Row) -> Result<MediaInputs, BadMedia> {
        let used = template::uses(template);
        let mut found = MediaInputs::default();
        for input in &variant.inputs {
            let Some(kind) = media_kind(input) else { continue };
            let value = row.input.get(&input.name).or(input.default.as_ref());
            let is_used = used.iter().any(|used| used.name == input.name);
            let Some(value) = value.filter(|value| is_used && !value.is_null()) else {
                continue;
            };
            let shown = read(input, kind, value).map_err(|problem| BadMedia {
                input: input.name.clone(),
                message: format!("`{}` of kind {} {problem}", input.name, kind.as_str()),
            })?;
            let stands = match input.kind {
                Kind::Array => shown.iter().map(stands_for).collect(),
                _ => shown.first().map_or(Value::Null, |one| stands_for(one).into()),
            };
            found.0.push(MediaInput { name: input.name.clone(), stands, shown });
        }
        Ok(found)
    }

    pub fn cover<'a>(&'a self, scope: &mut Scope<'a>) {
        for MediaInput { name, stands, .. } in &self.0 {
            scope.values.insert(name, Cow::Borrowed(stands));
        }
    }

    /// The pictures and files that a printed value stands for: one, or all of a list. What a filter made of them is text
    /// like any other.
    pub fn shown(&self, text: &str, from: Option<&str>) -> Option<&[Shown]> {
        let input = self.0.iter().find(|input| from == Some(input.name.as_str()))?;
        if print_value(&input.stands) == text {
            return Some(&input.shown);
        }
        let one = input.shown.iter().find(|shown| stands_for(shown) == text)?;
        Some(std::slice::from_ref(one))
    }
}

/// What the values of an input name, if they name pictures or files: it itself, or the items of its list.
fn media_kind(input: &Property) -> Option<Kind> {
    let named = match (input.kind, &input.items) {
        (Kind::Array, Some(items)) => items.kind,
        (kind, _) => kind,
    };
    named.is_media().then_some(named)
}

/// The pictures and files that a value of this input names.
fn read(input: &Property, kind: Kind, value: &Value) -> Result<Vec<Shown>, String> {
    match (input.kind, value) {
        (Kind::Array, Value::Array(items)) => {
            items.iter().map(|item| Shown::read(kind, item)).collect()
        }
        (Kind::Array, _) => Err("must be a list of paths or data: URIs".to_owned()),
        _ => Ok(vec![Shown::read(kind, value)?]),
    }
}

/// The text that stands for one. A file that stands in the case is never printed: it may be long.
fn stands_for(shown: &Shown) -> Cow<'_, str> {
    match shown.path() {
        Some(path) => Cow::Borrowed(path),
        None => Cow::Owned(shown.placeholder()),
    }
}

/// The files below the prompt's folder that its examples and the chosen cases show: what must be read before they can
/// be sent.
pub fn files_shown(prompt: &Prompt, is_chosen: impl Fn(&Row) -> bool) -> BTreeSet<String> {
    let mut rows = prompt.run_cases();
    rows.retain(|case| is_chosen(case));
    let rows: Vec<&Row> = rows.iter().chain(&prompt.examples.rows).collect();
    let inputs = prompt.variants.iter().flat_map(|variant| &variant.inputs);
    inputs.flat_map(|input| files_of(input, &rows)).collect()
}

/// The files below the prompt's folder that every case of a variant shows: those of its examples, and of its inputs'
/// defaults.
pub(crate) fn files_always_shown(prompt: &Prompt, variant: &Variant) -> BTreeSet<String> {
    let rows = match &prompt.few_shot {
        Some(_) => render::selected(prompt, variant),
        None => Vec::new(),
    };
    variant.inputs.iter().flat_map(|input| files_of(input, &rows)).collect()
}

/// The files that the values of an input name, in these rows and where they have none.
fn files_of(input: &Property, rows: &[&Row]) -> Vec<String> {
    let Some(kind) = media_kind(input) else { return Vec::new() };
    let given = rows.iter().filter_map(|row| row.input.get(&input.name));
    let shown = given.chain(&input.default).filter_map(|value| read(input, kind, value).ok());
    let paths = shown.flatten().filter_map(|shown| shown.path().map(str::to_owned));
    paths.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_named_by_a_path_that_stays_below_the_folder() {
        let path = |value: Value| Shown::read(Kind::Image, &value).map(|shown| shown.source);
        assert_eq!(path(json!("./photos/cat.png")).unwrap(), "photos/cat.png");
        assert_eq!(path(json!({"url": "cat.png"})).unwrap(), "cat.png");
        for bad in ["", ".", "../cat.png", "a/../../b", "/etc/passwd", "a\\b", "C:/x", "a//b"] {
            assert!(path(json!(bad)).is_err(), "{bad}");
        }
        for bad in [json!("https://example.com/cat.png"), json!("file:///etc/passwd"), json!(7)] {
            assert!(path(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_files_of_a_list_are_read_with_the_others() {
        let text = "---\ninputs:\n  - {name: photos, kind: array, items: {kind: image}, default: [c.png]}\n---\nuser:\n{{ photos }}\n";
        let files = [("p.prompty".to_owned(), text.to_owned())].into();
        let prompt = crate::parse_lone("p", "p.prompty", &files);
        assert_eq!(files_shown(&prompt, |_| true), ["c.png".to_owned()].into());
    }

    #[test]
    fn a_placeholder_names_the_file_and_never_holds_one() {
        let shown = |source: &str| Shown { kind: Kind::File, source: source.to_owned() };
        assert_eq!(shown("a/b.pdf").placeholder(), "[file: a/b.pdf]");
        let inside = shown(&format!("data:text/plain;base64,{}", "QUJD".repeat(1000)));
        assert_eq!(inside.placeholder(), "[file: data:text/plain, 4023 bytes]");
        assert_eq!(inside.path(), None);
    }
}
