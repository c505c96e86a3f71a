//! YAML with places: a tree in which every key and value knows its bytes.
//!
//! One strict reading for every YAML file: duplicate keys are errors, `yes` and `no` stay strings,
//! and a budget stops alias bombs. Which keys mean what is left to the readers.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

use crate::closest::closest;
use crate::diagnostic::Report;
use crate::fix::{Edit, Fix};
use crate::span::lines;
use crate::{Span, codes};

/// So many unknown keys of one map are reported.
const MAX_UNKNOWN: usize = 100;

/// A YAML value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub span: Span,
    pub value: Yaml,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a map with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub key: String,
    pub key_span: Span,
    pub node: Node,
}

/// Reads `text`, which begins `base` bytes into its file. A syntax error is reported and gives `None`.
pub(crate) fn parse(text: &str, base: usize, report: &mut Report) -> Option<Node> {
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options()) {
        Ok(raw) => Some(place(raw, text, base)),
        Err(error) => {
            let span = error.location().map_or(Span::at(0), |location| place_of(&location, text));
            let message = format!("{} cannot be read: {}", report.file, describe(&error));
            report.error(codes::BAD_YAML, span.shifted(base), message);
            None
        }
    }
}

/// Where an error is. The scanner gives its line and column only; columns count characters from 1.
fn place_of(location: &serde_saphyr::Location, text: &str) -> Span {
    let span = span_of(location, text);
    if span != Span::default() {
        return span;
    }
    let line = (location.line() as usize).saturating_sub(1);
    let column = (location.column() as usize).saturating_sub(1);
    let Some((start, line)) = lines(text).nth(line) else {
        return Span::at(text.len());
    };
    let mut rest = line.char_indices().skip(column);
    let at = rest.next().map_or(line.len(), |(at, _)| at);
    let end = rest.next().map_or(line.len(), |(at, _)| at);
    Span::new(start + at, start + end)
}

/// What the parser says, and what that means to somebody who writes a prompt.
const IN_PLAIN_WORDS: &[(&str, &str)] = &[
    ("unclosed bracket '['", "a list that begins with `[` is never closed"),
    ("unclosed bracket '{'", "a map that begins with `{` is never closed"),
    (
        "did not find expected ',' or '}'",
        "in a map that begins with `{`, a comma or the closing `}` is missing",
    ),
    (
        "did not find expected ',' or ']'",
        "in a list that begins with `[`, a comma or the closing `]` is missing",
    ),
    ("misplaced bracket", "this bracket closes nothing"),
    (
        "multiline quoted scalar",
        "a text in quotes is never closed, or its next line is not indented",
    ),
    ("unexpected end of stream", "a text in quotes is never closed"),
    ("trailing content after", "something stands after the closing quote"),
    (
        "mapping values are not allowed",
        "a colon is not allowed here: put the text in quotes, or check the indentation",
    ),
    ("tabs disallowed", "indent with spaces, not with tabs"),
    (
        "did not find expected '-'",
        "the indentation does not fit the list above: each item begins with `-` in the same column",
    ),
    ("did not find expected key", "the indentation does not fit the lines above"),
    (
        "simple key expected ':'",
        "a key needs a colon after it, or this text belongs to the value above and needs indentation",
    ),
    ("block sequence entries are not allowed", "a list begins on a line of its own"),
    (
        "expected string scalar",
        "a key must be plain text; a value that begins with `{{` needs quotes around it",
    ),
    ("unknown anchor", "a value that begins with `*` needs quotes around it"),
    ("scanning an anchor or alias", "a value that begins with `&` or `*` needs quotes around it"),
    (
        "unknown escape",
        "a text in double quotes has an unknown escape: write `\\\\` for a backslash, or use single quotes",
    ),
    ("budget breached: Documents", "a file holds one document: remove the line `---`"),
    ("budget breached", "it is larger or more deeply nested than the limits allow"),
];

/// Plain words for what is common, else the parser's own without the place it adds to them: a
/// diagnostic has its own.
fn describe(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or_default();
    if let Some((_, plain)) = IN_PLAIN_WORDS.iter().find(|(technical, _)| first.contains(technical))
    {
        return (*plain).to_owned();
    }
    // Its advice about options is for programmers.
    let ends = [" at line ", ", set DuplicateKeyPolicy"];
    let cut = ends.iter().filter_map(|end| first.find(end)).min();
    let words = first[..cut.unwrap_or(first.len())].trim_end_matches([',', ':', ' ']);
    if let Some(key) = words.strip_prefix("duplicate mapping key: ") {
        return format!("the key `{key}` stands there twice");
    }
    if let Some(mark) = words.strip_prefix("unexpected character: `") {
        let mark = mark.trim_end_matches('\'');
        return format!("a value that begins with `{mark}` needs quotes around it");
    }
    words.to_owned()
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: 48,
            max_nodes: 100_000,
            max_events: 400_000,
            max_documents: 1,
            max_total_scalar_bytes: 8 << 20,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
    }
}

/// The tree as serde delivers it, before offsets are made absolute.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
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
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Number::from_f64(value).map_or(Raw::Null, Raw::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::String(value))
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

fn place(raw: Spanned<Raw>, text: &str, base: usize) -> Node {
    let start = span_of(&raw.referenced, text).shifted(base);
    let value = match raw.value {
        Raw::Null => Yaml::Null,
        Raw::Bool(value) => Yaml::Bool(value),
        Raw::Number(value) => Yaml::Number(value),
        Raw::String(value) => Yaml::String(value),
        Raw::List(items) => {
            Yaml::List(items.into_iter().map(|item| place(item, text, base)).collect())
        }
        Raw::Map(entries) => Yaml::Map(
            entries
                .into_iter()
                .map(|(key, node)| Entry {
                    key_span: span_of(&key.referenced, text).shifted(base),
                    key: key.value,
                    node: place(node, text, base),
                })
                .collect(),
        ),
    };
    let opening = text.as_bytes().get(start.start - base);
    let span = match opening {
        // What an alias stands for has its places elsewhere.
        Some(b'*') => start,
        Some(b'{') => closed(start, &value, b'}', text, base),
        Some(b'[') => closed(start, &value, b']', text, base),
        _ => start.to(inner_span(&value).unwrap_or(start)),
    };
    Node { span, value }
}

/// The parser places a list or map at its beginning only. In brackets it ends with the closing one.
fn closed(start: Span, value: &Yaml, bracket: u8, text: &str, base: usize) -> Span {
    if !matches!(value, Yaml::List(_) | Yaml::Map(_)) {
        return start;
    }
    let inner = Span::at(start.start + 1).to(inner_span(value).unwrap_or(start));
    let mut rest = text.get(inner.end - base..).unwrap_or_default();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        // Only a comment looks for the end of its line, which may hold a thousand more brackets.
        match rest.strip_prefix('#').and_then(|comment| comment.split_once('\n')) {
            Some((_, next)) => rest = next,
            None => break,
        }
    }
    if rest.as_bytes().first() == Some(&bracket) {
        let end = text.len() - rest.len() + 1;
        return Span::new(start.start, end + base);
    }
    start.to(inner)
}

/// Outside brackets a list or map reaches as far as what it holds.
fn inner_span(value: &Yaml) -> Option<Span> {
    match value {
        Yaml::List(items) => Some(items.first()?.span.to(items.last()?.span)),
        Yaml::Map(entries) => Some(entries.first()?.key_span.to(entries.last()?.node.span)),
        _ => None,
    }
}

/// The bytes of a location, within `text` and on character boundaries whatever the parser said.
fn span_of(location: &serde_saphyr::Location, text: &str) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0) as usize;
    let length = span.byte_len().unwrap_or(0) as usize;
    let start = text.floor_char_boundary(start);
    let end = text.floor_char_boundary(start.saturating_add(length));
    let trimmed = text[start..end].trim_end().len();
    Span::new(start, start + trimmed)
}

impl Node {
    /// The entries when this is a map, else nothing.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value under `key` when this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The entry of `key` when this is a map that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The text when this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Yaml::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing was written here.
    pub fn is_null(&self) -> bool {
        self.value == Yaml::Null
    }

    /// The same value without places.
    pub fn to_json(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => Value::Bool(*value),
            Yaml::Number(value) => Value::Number(value.clone()),
            Yaml::String(value) => Value::String(value.clone()),
            Yaml::List(items) => items.iter().map(Node::to_json).collect(),
            Yaml::Map(_) => Value::Object(self.to_json_map()),
        }
    }

    /// The same map without places; empty when this is not a map.
    pub fn to_json_map(&self) -> Map<String, Value> {
        self.entries().iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
    }

    /// Whether [`Node::to_json`] would be `value`, found out without making it.
    pub fn means(&self, value: &Value) -> bool {
        match (&self.value, value) {
            (Yaml::Null, value) => value.is_null(),
            (Yaml::Bool(mine), Value::Bool(other)) => mine == other,
            (Yaml::Number(mine), Value::Number(other)) => mine == other,
            (Yaml::String(mine), Value::String(other)) => mine == other,
            (Yaml::List(mine), Value::Array(other)) => {
                mine.len() == other.len() && mine.iter().zip(other).all(|(a, b)| a.means(b))
            }
            (Yaml::Map(mine), Value::Object(other)) => {
                let same = |a: &Entry| other.get(&a.key).is_some_and(|b| a.node.means(b));
                mine.len() == other.len() && mine.iter().all(same)
            }
            _ => false,
        }
    }

    fn type_name(&self) -> &'static str {
        match &self.value {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "a boolean",
            Yaml::Number(_) => "a number",
            Yaml::String(_) => "a string",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a map",
        }
    }
}

/// Reads the keys of one map: each at most once, wrong types reported, unread keys left over.
///
/// A key without a value (`id:` while somebody types) counts as absent.
pub(crate) struct Fields<'n> {
    what: &'static str,
    node: &'n Node,
    read: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Opens `node`, which holds a `what`; anything but a map is reported and reads as empty.
    pub fn open(what: &'static str, node: &'n Node, report: &mut Report) -> Self {
        if !matches!(node.value, Yaml::Map(_)) {
            report.error(
                codes::NOT_A_MAP,
                node.span,
                format!("{what} must be a map of keys, not {}", node.type_name()),
            );
        }
        Self { what, node, read: Vec::new() }
    }

    /// The place of the whole map.
    pub fn span(&self) -> Span {
        self.node.span
    }

    /// The empty place at its beginning, for what the whole lacks.
    pub fn top(&self) -> Span {
        Span::at(self.node.span.start)
    }

    /// The value of `key`, whatever its type.
    pub fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.read.push(key);
        self.node.get(key).filter(|node| !node.is_null())
    }

    /// A string. A number or boolean is what somebody forgot to quote, and is reported.
    pub fn string(&mut self, key: &'static str, report: &mut Report) -> Option<String> {
        let node = self.node(key)?;
        self.expect(key, "a string", node, node.as_str(), report).map(str::to_owned)
    }

    /// A boolean.
    pub fn boolean(&mut self, key: &'static str, report: &mut Report) -> Option<bool> {
        let node = self.node(key)?;
        let value = match node.value {
            Yaml::Bool(value) => Some(value),
            _ => None,
        };
        self.expect(key, "true or false", node, value, report)
    }

    /// A number.
    pub fn number(&mut self, key: &'static str, report: &mut Report) -> Option<f64> {
        let node = self.node(key)?;
        let value = match &node.value {
            Yaml::Number(value) => value.as_f64(),
            _ => None,
        };
        self.expect(key, "a number", node, value, report)
    }

    /// A whole number of at least `least`.
    pub fn count(&mut self, key: &'static str, least: u64, report: &mut Report) -> Option<u64> {
        let node = self.node(key)?;
        let value = match &node.value {
            Yaml::Number(value) => value.as_u64().filter(|value| *value >= least),
            _ => None,
        };
        let wanted = format!("a whole number of at least {least}");
        self.expect(key, &wanted, node, value, report)
    }

    /// A list; its items are the caller's to judge.
    pub fn list(&mut self, key: &'static str, report: &mut Report) -> Option<&'n [Node]> {
        let node = self.node(key)?;
        let value = match &node.value {
            Yaml::List(items) => Some(items.as_slice()),
            _ => None,
        };
        self.expect(key, "a list", node, value, report)
    }

    /// A list of strings; items of other types are reported and left out.
    pub fn strings(&mut self, key: &'static str, report: &mut Report) -> Option<Vec<String>> {
        let items = self.list(key, report)?;
        let strings = items
            .iter()
            .filter_map(|item| self.expect(key, "strings", item, item.as_str(), report))
            .map(str::to_owned)
            .collect();
        Some(strings)
    }

    /// A map as plain data.
    pub fn map(&mut self, key: &'static str, report: &mut Report) -> Option<Map<String, Value>> {
        let node = self.node(key)?;
        let value = matches!(node.value, Yaml::Map(_)).then(|| node.to_json_map());
        self.expect(key, "a map", node, value, report)
    }

    /// Warns about keys that nobody asked for; the first hundred are enough to see what is wrong.
    pub fn warn_unknown(self, report: &mut Report) {
        let file = report.file;
        let absent: Vec<&str> =
            self.read.iter().copied().filter(|key| self.node.get(key).is_none()).collect();
        for entry in self.unread().take(MAX_UNKNOWN) {
            let message = format!("unknown key `{}` in {}", entry.key, self.what);
            let finding = report.warning(codes::UNKNOWN_KEY, entry.key_span, message);
            if let Some(meant) = closest(&entry.key, absent.iter().copied()) {
                let edits = vec![Edit::replace(file, entry.key_span, meant)];
                finding
                    .hint(format!("did you mean `{meant}`?"))
                    .fix(Fix::offered(format!("Change to `{meant}`"), edits));
            }
        }
    }

    /// The keys that nobody asked for, as plain data.
    pub fn rest(self) -> Map<String, Value> {
        self.unread().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
    }

    fn unread(&self) -> impl Iterator<Item = &'n Entry> {
        self.node.entries().iter().filter(|entry| !self.read.contains(&entry.key.as_str()))
    }

    fn expect<T>(
        &self,
        key: &str,
        wanted: &str,
        node: &Node,
        value: Option<T>,
        report: &mut Report,
    ) -> Option<T> {
        if value.is_none() {
            report.error(
                codes::WRONG_TYPE,
                node.span,
                format!("`{key}` of {} must be {wanted}, not {}", self.what, node.type_name()),
            );
        }
        value
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(text: &str) -> Result<Node, Vec<crate::Diagnostic>> {
        let mut report = Report::new("x.yaml");
        parse(text, 0, &mut report).ok_or(report.found)
    }

    #[test]
    fn every_key_and_value_knows_its_bytes() {
        let text = "é: 1\nlist:\n  - {id: two words, n: 3}\n";
        let root = read(text).unwrap();
        let Yaml::List(items) = &root.get("list").unwrap().value else { panic!("a list") };
        let id = items[0].entry("id").unwrap();
        assert_eq!(&text[id.key_span.start..id.key_span.end], "id");
        assert_eq!(&text[id.node.span.start..id.node.span.end], "two words");
    }

    #[test]
    fn a_list_or_map_in_brackets_reaches_to_the_closing_one() {
        let text = "a: { b: [1, [], {}] , # x }\n  c: {d: \"}\" }\n }\ne: &x {f: 1}\ng: *x\n";
        let root = read(text).unwrap();
        let shown = |node: &Node| &text[node.span.start..node.span.end];
        let a = root.get("a").unwrap();
        assert_eq!(shown(a), "{ b: [1, [], {}] , # x }\n  c: {d: \"}\" }\n }");
        assert_eq!(shown(a.get("b").unwrap()), "[1, [], {}]");
        assert_eq!(shown(a.get("c").unwrap()), "{d: \"}\" }");
        assert_eq!(shown(root.get("e").unwrap()), "{f: 1}");
        assert_eq!(shown(root.get("g").unwrap()), "*x");
    }

    #[test]
    fn yes_stays_a_string_and_true_is_a_boolean() {
        let root = read("a: yes\nb: true\nc: 1.0\nd: \"1\"\ne:\n").unwrap();
        assert_eq!(
            root.to_json(),
            serde_json::json!({"a": "yes", "b": true, "c": 1.0, "d": "1", "e": null})
        );
    }

    #[test]
    fn duplicate_keys_are_an_error_at_the_second() {
        let found = read("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(found[0].code, codes::BAD_YAML);
        assert_eq!(found[0].span.start, 10, "{found:?}");
    }

    #[test]
    fn an_alias_bomb_is_an_error() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let alias = format!("*a{}", level - 1);
            let row = vec![alias; 9].join(", ");
            text += &format!("a{level}: &a{level} [{row}]\n");
        }
        assert_eq!(read(&text).unwrap_err()[0].code, codes::BAD_YAML);
    }

    #[test]
    fn what_cannot_be_read_is_said_in_plain_words_and_at_its_place() {
        for (text, at, words) in [
            ("a: [1, 2\n", 3, "never closed"),
            ("é: 1\na: {b: 1\nc: 2\n", 16, "a comma or the closing `}`"),
            ("a: \"x\n", 6, "a text in quotes is never closed"),
            ("name: Fo: bar\n", 8, "put the text in quotes"),
            ("a:\n  b: 1\n c: 2\n", 11, "the indentation does not fit"),
            ("a:\n\tb: 1\n", 4, "spaces, not with tabs"),
            ("a: {{ x }}\n", 4, "begins with `{{` needs quotes"),
            ("a: @x\n", 3, "begins with `@` needs quotes"),
            ("a: 1\na: 2\n", 5, "the key `a` stands there twice"),
            ("a: 1\n---\nb: 2\n", 5, "one document"),
        ] {
            let found = &read(text).unwrap_err()[0];
            assert!(found.message.contains(words), "{text:?} {}", found.message);
            assert_eq!(found.span.start, at, "{text:?}");
        }
    }

    #[test]
    fn half_typed_text_is_an_error_with_a_place() {
        for text in ["a: [1,", "a: \"x", "- a\nb: 1", "a: b: c", "{"] {
            let found = read(text).unwrap_err();
            assert!(found[0].span.end <= text.len(), "{text:?} {found:?}");
        }
    }
}
