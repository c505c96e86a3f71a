//! The filters, each a pure function from a value and its arguments to a value.
//!
//! Everything that can make text longer says beforehand how long it will be, so that a chain of
//! `replace` cannot fill the memory before a cap is looked at.

use serde::Serialize;
use serde_json::{Value, json};

use super::Expr;
use super::eval::{Budget, Problem, is_true, print_value, type_name};

/// Widest indent; beyond it lies only a way to make text longer.
const MAX_INDENT: u64 = 64;

macro_rules! filters {
    ($($variant:ident = $name:literal $parameters:tt needs $needed:literal, $doc:literal;)*) => {
        /// What a value can be piped through.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Filter {
            $(#[doc = $doc] $variant,)*
        }

        impl Filter {
            /// The names templates use, in order.
            pub fn names() -> impl Iterator<Item = &'static str> {
                [$($name),*].into_iter()
            }

            pub(super) fn named(name: &str) -> Option<Filter> {
                match name {
                    "d" => Some(Filter::Default),
                    "count" => Some(Filter::Length),
                    $($name => Some(Filter::$variant),)*
                    _ => None,
                }
            }

            /// The names of the parameters, and how many must be given.
            fn parameters(self) -> (&'static [&'static str], usize) {
                match self {
                    $(Filter::$variant => (&$parameters, $needed),)*
                }
            }
        }
    };
}

filters! {
    Default = "default" ["default_value", "boolean"] needs 0, "Another value where there is none; with `true`, also for an empty one.";
    Upper = "upper" [] needs 0, "Upper case.";
    Lower = "lower" [] needs 0, "Lower case.";
    Capitalize = "capitalize" [] needs 0, "First letter upper case, the rest lower case.";
    Title = "title" [] needs 0, "Each word capitalized.";
    Trim = "trim" [] needs 0, "Without white space at both ends.";
    Join = "join" ["d"] needs 0, "The items of a list as one text, with a text between them.";
    Length = "length" [] needs 0, "How many items, keys or characters; also `count`.";
    Replace = "replace" ["old", "new"] needs 2, "One text in place of another.";
    First = "first" [] needs 0, "The first item or character.";
    Last = "last" [] needs 0, "The last item or character.";
    Reverse = "reverse" [] needs 0, "Back to front.";
    Indent = "indent" ["width", "first", "blank"] needs 0, "Lines after the first moved to the right.";
    String = "string" [] needs 0, "As text.";
    Int = "int" [] needs 0, "As a whole number.";
    Float = "float" [] needs 0, "As a number.";
    Abs = "abs" [] needs 0, "Without its sign.";
    Round = "round" ["precision"] needs 0, "Rounded to so many places.";
    Tojson = "tojson" ["indent"] needs 0, "As JSON, compact or indented.";
}

impl Filter {
    /// Whether arguments can be bound; the error continues "the filter `x` …".
    pub(super) fn check(self, arguments: &[(Option<String>, Expr)]) -> Result<(), String> {
        let (parameters, needed) = self.parameters();
        let unknown = arguments
            .iter()
            .filter_map(|(name, _)| name.as_deref())
            .find(|name| !parameters.contains(name));
        if let Some(name) = unknown {
            return Err(format!("has no argument `{name}`"));
        }
        if arguments.len() < needed || arguments.len() > parameters.len() {
            return Err(match (needed, parameters.len()) {
                (_, 0) => "takes no arguments".to_owned(),
                (needed, most) if needed == most => format!("takes {most} arguments"),
                (_, 1) => "takes one argument".to_owned(),
                (_, most) => format!("takes at most {most} arguments"),
            });
        }
        Ok(())
    }

    /// Where the argument of this name or position belongs.
    pub(super) fn position(self, name: Option<&str>, at: usize) -> usize {
        let (parameters, _) = self.parameters();
        name.and_then(|name| parameters.iter().position(|known| *known == name)).unwrap_or(at)
    }

    /// Applies the filter. `default` never gets here: only the evaluator knows what is undefined.
    pub(super) fn apply(
        self,
        value: &Value,
        arguments: &Arguments,
        budget: &mut Budget,
    ) -> Result<Value, Problem> {
        match self {
            Filter::Default => Ok(value.clone()),
            Filter::Upper => Ok(json!(self.text(value, budget)?.to_uppercase())),
            Filter::Lower => Ok(json!(self.text(value, budget)?.to_lowercase())),
            Filter::Capitalize => Ok(json!(capitalized(&self.text(value, budget)?))),
            Filter::Title => Ok(json!(titled(&self.text(value, budget)?))),
            Filter::Trim => Ok(json!(self.text(value, budget)?.trim())),
            Filter::String => Ok(json!(self.text(value, budget)?)),
            Filter::Join => self.join(value, &arguments.text(0, ""), budget),
            Filter::Length => self.length(value, budget),
            Filter::Replace => self.replace(value, arguments, budget),
            Filter::First => self.end(value, |items| items.first(), |text| text.chars().next()),
            Filter::Last => self.end(value, |items| items.last(), |text| text.chars().next_back()),
            Filter::Reverse => self.reverse(value, budget),
            Filter::Indent => self.indent(value, arguments, budget),
            Filter::Int | Filter::Float | Filter::Abs => self.number(value),
            Filter::Round => self.round(value, arguments.count(0, 0).min(15)),
            Filter::Tojson => Ok(json!(to_json(value, arguments, budget)?)),
        }
    }

    fn name(self) -> &'static str {
        let found = Self::names().find(|name| Self::named(name) == Some(self));
        found.unwrap_or_default()
    }

    fn cannot(self, value: &Value) -> Problem {
        Problem::operand(format!(
            "the filter `{}` cannot work on {}",
            self.name(),
            type_name(value)
        ))
    }

    /// The text of a scalar, or of anything as it would be printed.
    fn text(self, value: &Value, budget: &mut Budget) -> Result<String, Problem> {
        let text = print_value(value);
        budget.text(text.len())?;
        Ok(text)
    }

    fn join(self, value: &Value, between: &str, budget: &mut Budget) -> Result<Value, Problem> {
        let Value::Array(items) = value else {
            return Err(self.cannot(value));
        };
        budget.text(items.len().saturating_mul(between.len()))?;
        let mut joined = String::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                joined.push_str(between);
            }
            let text = print_value(item);
            budget.text(text.len())?;
            joined.push_str(&text);
        }
        budget.fits(joined.len())?;
        Ok(json!(joined))
    }

    fn length(self, value: &Value, budget: &mut Budget) -> Result<Value, Problem> {
        match value {
            Value::String(text) => {
                budget.text(text.len())?;
                Ok(json!(text.chars().count()))
            }
            Value::Array(items) => Ok(json!(items.len())),
            Value::Object(entries) => Ok(json!(entries.len())),
            _ => Err(self.cannot(value)),
        }
    }

    fn replace(
        self,
        value: &Value,
        arguments: &Arguments,
        budget: &mut Budget,
    ) -> Result<Value, Problem> {
        let text = self.text(value, budget)?;
        let (old, new) = (arguments.text(0, ""), arguments.text(1, ""));
        let times = text.matches(old.as_str()).count();
        budget.text(text.len().saturating_add(times.saturating_mul(new.len())))?;
        Ok(json!(text.replace(old.as_str(), &new)))
    }

    fn end(
        self,
        value: &Value,
        item: fn(&[Value]) -> Option<&Value>,
        character: fn(&str) -> Option<char>,
    ) -> Result<Value, Problem> {
        let found = match value {
            Value::Array(items) => item(items).cloned(),
            Value::String(text) => character(text).map(|c| json!(c)),
            _ => return Err(self.cannot(value)),
        };
        found.ok_or_else(|| {
            let what = type_name(value);
            Problem::operand(format!("the filter `{}` got {what} that is empty", self.name()))
        })
    }

    fn reverse(self, value: &Value, budget: &mut Budget) -> Result<Value, Problem> {
        budget.walk(value)?;
        match value {
            Value::Array(items) => Ok(items.iter().rev().cloned().collect()),
            Value::String(text) => Ok(json!(text.chars().rev().collect::<String>())),
            _ => Err(self.cannot(value)),
        }
    }

    fn indent(
        self,
        value: &Value,
        arguments: &Arguments,
        budget: &mut Budget,
    ) -> Result<Value, Problem> {
        let text = self.text(value, budget)?;
        let width = arguments.count(0, 4).min(MAX_INDENT) as usize;
        budget.text(text.len() + width.saturating_mul(text.matches('\n').count() + 1))?;
        let (first, blank) = (arguments.flag(1), arguments.flag(2));
        let margin = " ".repeat(width);
        let lines: Vec<String> = text
            .split('\n')
            .enumerate()
            .map(|(index, line)| {
                let moved = (index > 0 || first) && (blank || !line.is_empty());
                format!("{}{line}", if moved { margin.as_str() } else { "" })
            })
            .collect();
        Ok(json!(lines.join("\n")))
    }

    fn number(self, value: &Value) -> Result<Value, Problem> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) if self != Filter::Abs => text.trim().parse().ok(),
            Value::Bool(value) if self != Filter::Abs => Some(f64::from(u8::from(*value))),
            _ => None,
        };
        let number = number.ok_or_else(|| self.cannot(value))?;
        Ok(match (self, value.as_i64()) {
            (Filter::Int, Some(_)) => value.clone(),
            (Filter::Int, None) => json!(number as i64),
            (Filter::Abs, Some(whole)) => json!(whole.unsigned_abs()),
            (Filter::Abs, None) => json!(number.abs()),
            _ => json!(number),
        })
    }

    fn round(self, value: &Value, places: u64) -> Result<Value, Problem> {
        let number = value.as_f64().ok_or_else(|| self.cannot(value))?;
        let scale = 10f64.powi(places as i32);
        Ok(match value.as_i64() {
            Some(_) => value.clone(),
            None => json!((number * scale).round_ties_even() / scale),
        })
    }
}

/// The arguments of one filter by position; those that were not given are absent.
pub(super) struct Arguments(pub Vec<Option<Value>>);

impl Arguments {
    pub fn get(&self, at: usize) -> Option<&Value> {
        self.0.get(at).and_then(Option::as_ref)
    }

    pub fn flag(&self, at: usize) -> bool {
        self.get(at).is_some_and(is_true)
    }

    fn text(&self, at: usize, absent: &str) -> String {
        self.get(at).map_or(absent.to_owned(), print_value)
    }

    fn count(&self, at: usize, absent: u64) -> u64 {
        self.get(at).and_then(Value::as_u64).unwrap_or(absent)
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase(),
        None => String::new(),
    }
}

fn titled(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            titled.extend(c.to_lowercase());
        } else {
            titled.extend(c.to_uppercase());
        }
        inside = !(c.is_whitespace() || "-({[<".contains(c));
    }
    titled
}

fn to_json(value: &Value, arguments: &Arguments, budget: &mut Budget) -> Result<String, Problem> {
    budget.walk(value)?;
    let width = arguments.count(0, 0).min(MAX_INDENT) as usize;
    if width == 0 {
        let text = value.to_string();
        budget.text(text.len())?;
        return Ok(text);
    }
    let mut text = String::new();
    write_indented(value, width, 0, &mut text, budget)?;
    budget.text(text.len())?;
    Ok(text)
}

/// serde_json's own pretty printer cannot be stopped midway, so this is written out here.
fn write_indented(
    value: &Value,
    width: usize,
    depth: usize,
    text: &mut String,
    budget: &mut Budget,
) -> Result<(), Problem> {
    let line = |depth: usize| format!("\n{}", " ".repeat(width * depth));
    budget.fits(text.len())?;
    match value {
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&line(depth + 1));
                write_indented(item, width, depth + 1, text, budget)?;
            }
            text.push_str(&line(depth));
            text.push(']');
        }
        Value::Object(entries) if !entries.is_empty() => {
            text.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&line(depth + 1));
                text.push_str(&json!(key).to_string());
                text.push_str(": ");
                write_indented(item, width, depth + 1, text, budget)?;
            }
            text.push_str(&line(depth));
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
    Ok(())
}
