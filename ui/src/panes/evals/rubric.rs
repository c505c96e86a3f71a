//! A rubric as people write it: a text, or criteria one a line with what they weigh.
//!
//! Pure. `- [must] It promises nothing` and `- [0.5] It is one sentence` are the criteria that the file has as
//! `{text, must}` and `{text, weight}`; without brackets a criterion is a text. Only an `llm-rubric` reads a list.

use serde_json::{Map, Value};

use super::values;

/// A criterion: its text, its weight, and whether it must be met.
#[derive(Debug, Clone, PartialEq)]
struct Criterion {
    text: String,
    weight: f64,
    must: bool,
}

/// A rubric as its field shows it.
pub fn text(rubric: &Value) -> String {
    match rubric {
        Value::Array(items) => {
            let criteria: Option<Vec<Criterion>> = items.iter().map(Criterion::read).collect();
            match criteria {
                Some(criteria) => {
                    criteria.iter().map(Criterion::line).collect::<Vec<_>>().join("\n")
                }
                None => rubric.to_string(),
            }
        }
        other => values::plain_text(other),
    }
}

/// What was typed as a rubric. It is a list where it was one, or where a criterion has a mark; else it stays the text
/// that was typed.
pub fn value(typed: &str, before: Option<&Value>) -> Value {
    if let Ok(list @ Value::Array(_)) = serde_json::from_str(typed) {
        return list;
    }
    let lines: Vec<&str> = typed.lines().filter(|line| !line.trim().is_empty()).collect();
    let criteria: Option<Vec<Criterion>> =
        lines.iter().map(|line| Criterion::typed(line)).collect();
    let is_marked = |criteria: &[Criterion]| criteria.iter().any(|c| c.must || c.weight != 1.0);
    match criteria {
        Some(all) if before.is_some_and(Value::is_array) || is_marked(&all) => {
            all.iter().map(Criterion::value).collect()
        }
        _ => Value::from(typed),
    }
}

impl Criterion {
    /// From the file; nothing for what is no criterion, or says what this would lose.
    fn read(value: &Value) -> Option<Criterion> {
        let plain = |text: &str| Criterion { text: text.to_owned(), weight: 1.0, must: false };
        let map = match value {
            Value::String(text) => return Some(plain(text)),
            Value::Object(map) => map,
            _ => return None,
        };
        let known = map.keys().all(|key| ["text", "weight", "must"].contains(&key.as_str()));
        let weight = map.get("weight").map_or(Some(1.0), Value::as_f64)?;
        let must = map.get("must").map_or(Some(false), Value::as_bool)?;
        let text = map.get("text")?.as_str().filter(|_| known)?.to_owned();
        Some(Criterion { text, weight, must })
    }

    /// From a line that was typed; nothing for a line that is no item of a list.
    fn typed(line: &str) -> Option<Criterion> {
        let rest = line.trim().strip_prefix("- ")?.trim();
        let (marks, text) = marks(rest).unwrap_or_else(|| (Vec::new(), rest));
        let text = values::lines_of(text).into_iter().next()?;
        let weight = marks.iter().find_map(|mark| mark.parse().ok()).unwrap_or(1.0);
        Some(Criterion { text, weight, must: marks.contains(&"must") })
    }

    fn line(&self) -> String {
        let text = values::lines_text(std::slice::from_ref(&self.text));
        let mut marks = Vec::new();
        if self.must {
            marks.push("must".to_owned());
        }
        // A text that begins like a mark gets one, so that it stays a text.
        if self.weight != 1.0 || (!self.must && self::marks(&text).is_some()) {
            marks.push(self.weight.to_string());
        }
        match marks.is_empty() {
            true => format!("- {text}"),
            false => format!("- [{}] {text}", marks.join(", ")),
        }
    }

    fn value(&self) -> Value {
        let mut map = Map::from_iter([("text".to_owned(), Value::from(self.text.as_str()))]);
        if self.must {
            map.insert("must".to_owned(), Value::Bool(true));
        }
        if self.weight != 1.0 {
            map.insert("weight".to_owned(), Value::from(self.weight));
        }
        if map.len() == 1 { Value::from(self.text.as_str()) } else { Value::Object(map) }
    }
}

/// `[must, 0.5]` at the beginning of a text, and what follows; nothing where there is no such mark.
fn marks(text: &str) -> Option<(Vec<&str>, &str)> {
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    let marks: Vec<&str> = inside.split(',').map(str::trim).collect();
    let is_weight = |mark: &str| mark.parse::<f64>().is_ok_and(|w| w.is_finite() && w >= 0.0);
    let known = marks.iter().all(|mark| *mark == "must" || is_weight(mark));
    known.then(|| (marks, rest.trim()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn criteria_are_lines_and_come_back_as_they_were() {
        let rubric = json!([
            "It names the order.",
            {"text": "It promises nothing.", "must": true},
            {"text": "It is short.", "weight": 0.5},
            {"text": "It is kind.", "must": true, "weight": 2.0},
            "[must] is a word here",
            "two\nlines",
        ]);
        let shown = text(&rubric);
        assert_eq!(shown.lines().next(), Some("- It names the order."));
        assert!(shown.contains("- [must] It promises nothing."), "{shown}");
        assert!(shown.contains("- [must, 2] It is kind."), "{shown}");
        assert_eq!(value(&shown, Some(&rubric)), rubric);
    }

    #[test]
    fn a_text_stays_a_text_until_a_criterion_has_a_mark() {
        assert_eq!(value("Be kind.", None), json!("Be kind."));
        assert_eq!(value("- a\n- b", None), json!("- a\n- b"), "a list in a text is one already");
        assert_eq!(value("- a\n- b", Some(&json!(["a"]))), json!(["a", "b"]));
        assert_eq!(value("- [must] a", None), json!([{"text": "a", "must": true}]));
        assert_eq!(value("Kind, and\n- short", Some(&json!(["a"]))), json!("Kind, and\n- short"));
    }

    #[test]
    fn what_is_no_list_of_criteria_is_shown_and_kept_as_json() {
        let odd = json!([{"text": "a", "why": "b"}, 3]);
        assert_eq!(value(&text(&odd), Some(&odd)), odd);
    }
}
