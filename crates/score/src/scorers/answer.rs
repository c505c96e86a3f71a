//! The model's answer as text and, when a scorer asks for it, as JSON.

use std::cell::OnceCell;

use serde_json::Value;
use serde_json_path::JsonPath;

use super::Stop;

/// An answer, parsed at most once however many scorers look into it.
pub(super) struct Answer<'a> {
    text: &'a str,
    json: OnceCell<Result<Value, String>>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Answer { text, json: OnceCell::new() }
    }

    /// The answer as received.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The answer as JSON: all of it but for blanks around it, or all of a single code fence.
    ///
    /// Nothing is repaired and nothing is searched for in prose. The fence is let through because
    /// many models add one whatever they are told; a scorer of type `regex` can forbid it.
    pub(super) fn json(&self) -> Result<&Value, Stop> {
        let parsed = self.json.get_or_init(|| {
            let text = self.text.trim();
            serde_json::from_str(fenced(text, "json")).map_err(|error| error.to_string())
        });
        parsed.as_ref().map_err(|error| {
            Stop::Unreadable(if self.text.trim().is_empty() {
                "the output is empty".to_owned()
            } else {
                format!("the output is not JSON: {error}")
            })
        })
    }

    /// Whether a code fence stands around the answer.
    pub(super) fn is_fenced(&self) -> bool {
        inside_fence(self.text.trim(), "json").is_some()
    }

    /// What `place` leads to as text: the text itself, or compact JSON of anything else. Without a
    /// place, the answer as received.
    pub(super) fn text_at(&self, place: Option<&Place>) -> Result<String, Stop> {
        let Some(place) = place else {
            return Ok(self.text.to_owned());
        };
        match self.value_at(place)? {
            Some(value) => Ok(plain(&value)),
            None => Err(Stop::Unreadable(format!("the output has nothing at `{}`", place.source))),
        }
    }

    /// What `place` leads to in the answer, or nothing.
    pub(super) fn value_at(&self, place: &Place) -> Result<Option<Value>, Stop> {
        self.json().map(|json| place.select(json))
    }
}

/// The inside of a code fence that is all there is and has this mark, or none; else the text.
pub(super) fn fenced<'t>(text: &'t str, mark: &str) -> &'t str {
    inside_fence(text, mark).unwrap_or(text)
}

fn inside_fence<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let (first, rest) = text.strip_prefix("```")?.split_once('\n')?;
    let language = first.trim();
    let is_meant = language.is_empty() || language.eq_ignore_ascii_case(mark);
    if is_meant { rest.strip_suffix("```") } else { None }
}

/// A JSONPath (RFC 9535) with its source, for messages.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) source: String,
    path: JsonPath,
}

impl Place {
    pub(super) fn parse(source: &str) -> Result<Place, String> {
        let path = JsonPath::parse(source).map_err(|error| {
            format!("`{source}` is not a JSONPath: {} (at {})", error.message(), error.position())
        })?;
        Ok(Place { source: source.to_owned(), path })
    }

    /// The optional path of a scorer.
    pub(super) fn of(path: Option<&str>) -> Result<Option<Place>, String> {
        path.map(Place::parse).transpose()
    }

    /// One match stands for itself, several are a list in document order.
    pub(super) fn select(&self, value: &Value) -> Option<Value> {
        match self.path.query(value).all().as_slice() {
            [] => None,
            [one] => Some((*one).clone()),
            several => Some(several.iter().map(|value| (*value).clone()).collect()),
        }
    }
}

/// A value as text: strings as they are, everything else as compact JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text between backticks for a reason, on one line and not too long.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.trim().replace('\n', "⏎");
    if let Some((end, _)) = shown.char_indices().nth(LONGEST) {
        shown.truncate(end);
        shown.push('…');
    }
    format!("`{shown}`")
}
