//! Reading other people's YAML and JSON with line numbers, and writing our own.
//!
//! `assay-prompt` has a reader of its own, and on purpose: it is strict, has one reading of YAML,
//! and knows every value's bytes, because it tells people what to mend in their own files. Here it
//! has to be read what another tool takes, as that tool takes it: keys that stand there twice, keys
//! that are numbers, PyYAML's `yes`, larger files; and a line is all that a report needs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

use crate::Refusal;

/// Which reading of YAML a format's own tools have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// YAML 1.2, as the tools in JavaScript, Go and Rust read it: `yes` is a string.
    Core,
    /// YAML 1.1, as PyYAML reads it: `yes` is true, and the last of two equal keys wins.
    Python,
}

/// A document as plain data, and the line on which each value begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    pub value: Value,
    lines: Lines,
    file: String,
}

/// On which line, from 1, a value and what it holds begin; 0 where that is not known. A tree like
/// the value's own: pointers as keys would hold a long key once for everything beneath it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Lines {
    line: usize,
    items: Vec<Lines>,
    entries: BTreeMap<String, Lines>,
}

impl Lines {
    /// What one token of a JSON Pointer leads to.
    fn step(&self, token: &str) -> Option<&Lines> {
        let item = || self.items.get(token.parse::<usize>().ok()?);
        self.entries.get(&token.replace("~1", "/").replace("~0", "~")).or_else(item)
    }
}

impl Document {
    /// Data that was read by other means, of which only the file is known.
    pub fn plain(file: &str, value: Value) -> Self {
        Self { value, lines: Lines::default(), file: file.to_owned() }
    }

    /// `file:line` of the value at a JSON Pointer, or of the nearest one around it.
    pub fn place(&self, pointer: &str) -> String {
        let (mut at, mut line) = (&self.lines, self.lines.line);
        for token in pointer.split('/').skip(1) {
            let Some(next) = at.step(token) else { break };
            (at, line) = (next, if next.line > 0 { next.line } else { line });
        }
        match line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        }
    }

    /// The part at a JSON Pointer as a document of its own.
    pub fn part(&self, pointer: &str) -> Document {
        let lines = pointer.split('/').skip(1).try_fold(&self.lines, |at, token| at.step(token));
        let lines = lines.cloned().unwrap_or_default();
        Document { value: self.get(pointer).clone(), lines, file: self.file.clone() }
    }

    /// The value at a JSON Pointer; null when there is none.
    pub fn get(&self, pointer: &str) -> &Value {
        self.value.pointer(pointer).unwrap_or(&Value::Null)
    }
}

/// Reads `text`, the whole of `file` or a part of it that begins on `first_line` (from 1).
pub(crate) fn read(
    file: &str,
    text: &str,
    first_line: usize,
    dialect: Dialect,
) -> Result<Document, Refusal> {
    let raw: Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options(dialect)).map_err(|error| {
            let line = error.location().map_or(0, |at| at.line() as usize).max(1) + first_line - 1;
            Refusal::new(&format!("{file}:{line}"), "YAML", describe(&error))
        })?;
    let (value, lines) = place(raw, text, first_line);
    Ok(Document { value, lines, file: file.to_owned() })
}

/// Reads a file that may be JSON or YAML. JSON is read by its own rules: `\ud83d\ude00` is one
/// character there and none in YAML. Its lines are known when YAML can read it as well.
pub(crate) fn read_json_or_yaml(file: &str, text: &str) -> Result<Document, Refusal> {
    if !text.trim_start().starts_with(['{', '[']) {
        return read(file, text, 1, Dialect::Python);
    }
    match serde_json::from_str(text) {
        Ok(value) => {
            let lines = read(file, text, 1, Dialect::Core).map(|read| read.lines);
            Ok(Document { value, lines: lines.unwrap_or_default(), file: file.to_owned() })
        }
        Err(_) => read(file, text, 1, Dialect::Python),
    }
}

fn describe(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or_default();
    let end = first.find(" at line ").unwrap_or(first.len());
    format!("it cannot be read: {}", &first[..end])
}

fn options(dialect: Dialect) -> serde_saphyr::Options {
    let python = dialect == Dialect::Python;
    serde_saphyr::options! {
        duplicate_keys: if python { DuplicateKeyPolicy::LastWins } else { DuplicateKeyPolicy::Error },
        strict_booleans: !python,
        legacy_octal_numbers: python,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            // Unoptimized, a level takes some 40 kB of the 2 MB that a thread's stack has.
            max_depth: 32,
            max_nodes: 500_000,
            max_events: 2_000_000,
            max_documents: 1,
            max_total_scalar_bytes: 16 << 20,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
    }
}

/// A plain tree whose nodes know their places.
enum Raw {
    Plain(Value),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Key, Spanned<Raw>)>),
}

/// A key of any scalar type, as text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Key)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Plain(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Plain(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

/// PyYAML reads `yes` as true, but `y` and `n` as text.
fn letter<'t>(location: &serde_saphyr::Location, text: &'t str) -> Option<&'t str> {
    let span = location.span();
    let start = span.byte_offset()? as usize;
    let end = start + span.byte_len()? as usize;
    let written = text.get(start..end)?.trim();
    matches!(written, "y" | "Y" | "n" | "N").then_some(written)
}

fn place(raw: Spanned<Raw>, text: &str, first_line: usize) -> (Value, Lines) {
    let line = (raw.referenced.line() as usize).max(1) + first_line - 1;
    let mut lines = Lines { line, ..Lines::default() };
    let value = match raw.value {
        Raw::Plain(Value::Bool(_)) if letter(&raw.referenced, text).is_some() => {
            letter(&raw.referenced, text).into()
        }
        Raw::Plain(value) => value,
        Raw::List(items) => {
            let (items, inner) =
                items.into_iter().map(|item| place(item, text, first_line)).unzip();
            lines.items = inner;
            Value::Array(items)
        }
        Raw::Map(entries) => {
            let mut map = Map::new();
            for (Key(key), node) in entries {
                let (value, inner) = place(node, text, first_line);
                lines.entries.insert(key.clone(), inner);
                map.insert(key, value);
            }
            Value::Object(map)
        }
    };
    (value, lines)
}

/// `value` as block YAML that our own strict reader reads back equal.
pub(crate) fn write(value: &Value) -> String {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: false,
        folded_wrap_chars: 100_000,
    };
    // A JSON value always serializes: its keys are strings.
    serde_saphyr::to_string_with_options(value, options).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    #[test]
    fn each_dialect_reads_as_its_own_tools_do() {
        let text = "a: yes\nb: 1\n";
        assert_eq!(read("x", text, 1, Dialect::Core).unwrap().value, json!({"a": "yes", "b": 1}));
        assert_eq!(read("x", text, 1, Dialect::Python).unwrap().value, json!({"a": true, "b": 1}));
        let text = "n: y\ny: 'n'\non: No\n";
        let python = read("x", text, 1, Dialect::Python).unwrap().value;
        assert_eq!(python, json!({"n": "y", "y": "n", "on": false}));
    }

    #[test]
    fn places_are_file_and_line() {
        let document = read("c.yaml", "a:\n  - x\n  - y: 1\n", 4, Dialect::Core).unwrap();
        assert_eq!(document.place("/a/1/y"), "c.yaml:6");
        assert_eq!(document.place("/a/0/none"), "c.yaml:5");
        assert_eq!(document.part("/a/1").place("/y"), "c.yaml:6");
        assert_eq!(document.part("/b").place(""), "c.yaml");
        let refusal = read("c.yaml", "a: [", 1, Dialect::Core).unwrap_err();
        assert!(refusal.place.starts_with("c.yaml:"), "{refusal}");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back_equal(texts in proptest::collection::vec("\\PC*|[ \\n:#'\"{}-]*", 0..6)) {
            let value = json!({"list": texts, "map": {"k": texts.first()}, "n": 1.5, "t": "yes"});
            let text = write(&value);
            let back = read("x", &text, 1, Dialect::Core).unwrap().value;
            proptest::prop_assert_eq!(back, value, "{}", text);
        }
    }
}
