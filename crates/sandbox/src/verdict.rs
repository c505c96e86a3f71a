//! What a script may say of an answer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Characters of a reason that are kept.
const LONGEST_REASON: usize = 1_000;

/// What a script says of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// From 0 to 1, higher is better.
    pub value: f64,
    /// Whether the answer passes, where the script says so; else the scorer's threshold does.
    pub pass: Option<bool>,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Verdict {
    /// Reads what a script gave: `true` or `false`, a number from 0 to 1, or an object with `pass`,
    /// `score` or both, and perhaps a `reason`.
    ///
    /// # Errors
    /// When it is anything else, in words for the script's author.
    pub fn read(given: &Value) -> Result<Verdict, String> {
        match given {
            Value::Bool(pass) => Ok(Verdict::passed(*pass)),
            Value::Number(_) => Ok(Verdict { value: share(given)?, pass: None, reason: None }),
            Value::Object(fields) => Verdict::from_fields(fields),
            other => Err(format!(
                "the script gave {}; a verdict is true, false, a number from 0 to 1, or an object \
                 with `pass` or `score`",
                kind_of(other)
            )),
        }
    }

    fn passed(pass: bool) -> Verdict {
        Verdict { value: f64::from(u8::from(pass)), pass: Some(pass), reason: None }
    }

    fn from_fields(fields: &Map<String, Value>) -> Result<Verdict, String> {
        let score = fields.get("score").filter(|score| !score.is_null()).map(share).transpose()?;
        let pass = match fields.get("pass") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(pass)) => Some(*pass),
            Some(other) => return Err(format!("`pass` is {}, not true or false", kind_of(other))),
        };
        let reason = fields.get("reason").and_then(Value::as_str).map(shortened);
        match (score, pass) {
            (Some(value), pass) => Ok(Verdict { value, pass, reason }),
            (None, Some(pass)) => Ok(Verdict { reason, ..Verdict::passed(pass) }),
            (None, None) => Err("the object has neither `pass` nor `score`".to_owned()),
        }
    }
}

fn share(number: &Value) -> Result<f64, String> {
    match number.as_f64() {
        Some(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err(format!("the score is {number}, not a number from 0 to 1")),
    }
}

fn shortened(reason: &str) -> String {
    reason.chars().take(LONGEST_REASON).collect()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_verdict_is_a_yes_a_number_or_an_object() {
        let read = |given: Value| Verdict::read(&given).unwrap();
        assert_eq!((read(json!(true)).value, read(json!(false)).pass), (1.0, Some(false)));
        assert_eq!((read(json!(0.25)).value, read(json!(0.25)).pass), (0.25, None));
        let whole = read(json!({"pass": false, "score": 0.5, "reason": "half"}));
        assert_eq!((whole.value, whole.pass), (0.5, Some(false)));
        assert_eq!(whole.reason.as_deref(), Some("half"));
        assert_eq!(read(json!({"pass": true, "score": null})).value, 1.0);
    }

    #[test]
    fn what_is_no_verdict_is_refused_in_words() {
        let refused = |given: Value| Verdict::read(&given).unwrap_err();
        assert!(refused(json!("yes")).starts_with("the script gave a text;"));
        assert_eq!(refused(json!(7)), "the score is 7, not a number from 0 to 1");
        assert_eq!(refused(json!({})), "the object has neither `pass` nor `score`");
        assert_eq!(refused(json!({"pass": "yes"})), "`pass` is a text, not true or false");
    }

    #[test]
    fn a_reason_is_not_a_book() {
        let given = json!({"pass": true, "reason": "é".repeat(5_000)});
        assert_eq!(Verdict::read(&given).unwrap().reason.unwrap().chars().count(), 1_000);
    }
}
