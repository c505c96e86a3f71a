//! Where something is in a reply.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::CustomSpecError;
use crate::wire::says_something;

/// A place in JSON.
#[derive(Debug, Clone)]
pub(super) enum Path {
    /// RFC 6901.
    Pointer(String),
    /// RFC 9535.
    Query(Box<JsonPath>),
}

impl Path {
    pub fn parse(field: &'static str, path: &str) -> Result<Path, CustomSpecError> {
        let wrong = |reason: String| CustomSpecError::Path { field, path: path.to_owned(), reason };
        match path.as_bytes().first() {
            None | Some(b'/') => Ok(Path::Pointer(path.to_owned())),
            Some(b'$') => match JsonPath::parse(path) {
                Ok(query) => Ok(Path::Query(Box::new(query))),
                Err(error) => Err(wrong(error.to_string())),
            },
            Some(_) => Err(wrong("it begins with neither `/` nor `$`".to_owned())),
        }
    }

    /// What is there, `null` being nothing. Of several finds of a query, the first.
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        let found = match self {
            Path::Pointer(pointer) => value.pointer(pointer),
            Path::Query(query) => query.query(value).first(),
        };
        found.filter(|found| !found.is_null())
    }

    /// The text that is there. Of a query's finds all, joined; what is no text as the JSON it is.
    pub fn text(&self, value: &Value) -> Option<String> {
        let texts = self.all(value).into_iter().filter(|found| !found.is_null()).map(as_text);
        texts.reduce(|text, more| text + &more)
    }

    /// The word that is there, if it says anything at all: `"done": false` says that something is not so.
    pub fn affirmed(&self, value: &Value) -> Option<String> {
        self.all(value).into_iter().find(|found| says_something(found)).map(as_text)
    }

    fn all<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match self {
            Path::Pointer(pointer) => value.pointer(pointer).into_iter().collect(),
            Path::Query(query) => query.query(value).all(),
        }
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers_and_queries_find_the_same() {
        let reply = json!({"a": [{"b": "x"}, {"b": "y"}], "n": null, "o": {"p": 1}});
        let text = |path: &str| Path::parse("output", path).expect(path).text(&reply);
        assert_eq!(text("/a/0/b").as_deref(), Some("x"));
        assert_eq!(text("$.a[0].b").as_deref(), Some("x"));
        assert_eq!(text("$.a[*].b").as_deref(), Some("xy"));
        assert_eq!(text("/o").as_deref(), Some(r#"{"p":1}"#));
        assert_eq!((text("/n"), text("$.n"), text("/missing")), (None, None, None));
    }

    #[test]
    fn what_denies_affirms_nothing() {
        let done = |done: Value| {
            Path::parse("finish", "/done").expect("a path").affirmed(&json!({ "done": done }))
        };
        for denied in [json!(null), json!(false), json!(0), json!(""), json!(" "), json!("null")] {
            assert_eq!(done(denied.clone()), None, "{denied}");
        }
        for (affirmed, word) in [(json!(true), "true"), (json!(1), "1"), (json!("stop"), "stop")] {
            assert_eq!(done(affirmed).as_deref(), Some(word));
        }
        let any = Path::parse("finish", "$[*].done").expect("a path");
        let replies = json!([{"done": false}, {"done": "stop"}]);
        assert_eq!(any.affirmed(&replies).as_deref(), Some("stop"));
    }

    #[test]
    fn what_is_no_path_is_refused_with_a_reason() {
        for path in ["a.b", "$[", "answer"] {
            let refused = Path::parse("output", path).expect_err(path);
            assert!(refused.to_string().contains(path), "{refused}");
        }
    }
}
