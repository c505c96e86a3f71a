//! The statistics of this crate on numbers that come as JSON, for the command line.
//!
//! A row's keys are those of the reference files that the statistics are tested with: `{"a": […],
//! "b": […]}` for paired numbers, `{"k", "n", "alpha"}` for a share. The answer has everything that
//! can be said of them under its name, and `null` for what is not defined. A row that lacks a number
//! is a [`Problem`], never a zero.

mod labels;
mod one;
mod planning;
mod raters;
mod two;

use serde_json::{Map, Value, json};

use crate::stats::{Interval, Test};

/// Longer lists are refused; some of what is computed takes time with the square of their length.
const LONGEST: usize = 100_000;
/// So many classes, raters, items or columns: tables of them grow with the square.
const MOST_CLASSES: usize = 500;
/// Exact tests of longer lists are left out.
const EXACT: usize = 400;

/// The names of the statistics, with the keys of their rows.
pub const ABOUT: &[(&str, &str)] = &[
    ("ci", "x (numbers), or k, n, alpha (a share)"),
    ("bootstrap", "x, stat (mean, median, std1), B or idx (the samples), seed"),
    ("cluster", "a, b, cluster, or scores (a list of answers for each question)"),
    ("paired", "a, b: the same cases twice"),
    ("unpaired", "a, b: two separate samples"),
    ("multiple", "p (p-values), or columns (one list of numbers for each variant)"),
    ("correlation", "x, y"),
    ("agreement", "y1, y2, labels, or raters_x_units (null where nobody rated), levels"),
    ("pairwise", "counts, items, games, or verdicts ([with A first, with B first]: A, B or T)"),
    ("planning", "effect_dz, n, alpha, power, …, or y, x, or human, judge, judge_unlabelled"),
    ("classification", "y_true, y_pred, with proba, proba_labels, pos_label where there are any"),
    ("rag", "verdicts_by_rank, qag_verdicts, question_cosines, noncommittal, …"),
];

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A key is not there.
    #[error("needs `{0}`")]
    Missing(&'static str),
    /// A key has a value of another kind.
    #[error("`{0}` is {1}")]
    Wrong(&'static str, &'static str),
    /// Lists that belong together are not of one length.
    #[error("`{0}` and `{1}` are not of one length")]
    Uneven(&'static str, &'static str),
    /// Too much to compute.
    #[error("`{0}` is too long: at most {1}")]
    TooLong(&'static str, usize),
}

/// Some statistics by their name.
#[derive(Debug, Clone, Copy)]
pub struct Statistic(fn(&Given) -> Answer);

type Answer = Result<Map<String, Value>, Problem>;

impl Statistic {
    /// The statistics of this name, with or without `stats_` before it.
    #[must_use]
    pub fn named(name: &str) -> Option<Statistic> {
        let answer: fn(&Given) -> Answer = match name.strip_prefix("stats_").unwrap_or(name) {
            "ci" => one::ci,
            "bootstrap" => one::bootstrap,
            "cluster" => one::cluster,
            "paired" => two::paired,
            "unpaired" => two::unpaired,
            "multiple" => two::multiple,
            "correlation" => two::correlation,
            "agreement" => raters::agreement,
            "pairwise" => raters::pairwise,
            "planning" => planning::planning,
            "classification" => labels::classification,
            "rag" | "rag_judge_arithmetic" => labels::rag,
            _ => return None,
        };
        Some(Statistic(answer))
    }

    /// All that these statistics say of a row.
    ///
    /// ```
    /// use assay_score::given::Statistic;
    /// use serde_json::json;
    ///
    /// let out = Statistic::named("ci").unwrap().answer(&json!({"k": 42, "n": 60, "alpha": 0.05}))?;
    /// assert!(out["wilson"][0].as_f64().is_some_and(|low| (low - 0.575).abs() < 1e-3));
    /// # Ok::<(), assay_score::given::Problem>(())
    /// ```
    ///
    /// # Errors
    /// When the row lacks a number that they need, or has too many.
    pub fn answer(self, row: &Value) -> Result<Value, Problem> {
        (self.0)(&Given(row)).map(Value::Object)
    }
}

/// A number as JSON: what JSON has no number for is a text, as in the reference files.
#[must_use]
pub fn number(value: f64) -> Value {
    match value {
        value if value.is_nan() => "nan".into(),
        f64::INFINITY => "inf".into(),
        f64::NEG_INFINITY => "-inf".into(),
        value => value.into(),
    }
}

/// The numbers of a row, read strictly.
struct Given<'a>(&'a Value);

impl<'a> Given<'a> {
    fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| !value.is_null())
    }

    fn value(&self, key: &'static str) -> Result<&'a Value, Problem> {
        self.0.get(key).filter(|value| !value.is_null()).ok_or(Problem::Missing(key))
    }

    fn number(&self, key: &'static str) -> Result<f64, Problem> {
        read_number(self.value(key)?).ok_or(Problem::Wrong(key, "no number"))
    }

    /// A chance, such as that of an error or of finding a change: between 0 and 1.
    fn chance_or(&self, key: &'static str, default: f64) -> Result<f64, Problem> {
        let chance = if self.has(key) { self.number(key)? } else { default };
        match 0.0 < chance && chance < 1.0 {
            true => Ok(chance),
            false => Err(Problem::Wrong(key, "not between 0 and 1")),
        }
    }

    fn count(&self, key: &'static str) -> Result<usize, Problem> {
        let whole = self.value(key)?.as_u64().and_then(|count| usize::try_from(count).ok());
        whole.ok_or(Problem::Wrong(key, "no whole number"))
    }

    fn text(&self, key: &'static str) -> Result<&'a str, Problem> {
        self.value(key)?.as_str().ok_or(Problem::Wrong(key, "no text"))
    }

    fn list(&self, key: &'static str) -> Result<&'a [Value], Problem> {
        let list = self.value(key)?.as_array().ok_or(Problem::Wrong(key, "no list"))?;
        if list.len() > LONGEST { Err(Problem::TooLong(key, LONGEST)) } else { Ok(list) }
    }

    fn numbers(&self, key: &'static str) -> Result<Vec<f64>, Problem> {
        read_numbers(self.list(key)?).ok_or(Problem::Wrong(key, "no list of numbers"))
    }

    /// Two lists that belong together.
    fn pair(&self, a: &'static str, b: &'static str) -> Result<(Vec<f64>, Vec<f64>), Problem> {
        let pair = (self.numbers(a)?, self.numbers(b)?);
        if pair.0.len() == pair.1.len() { Ok(pair) } else { Err(Problem::Uneven(a, b)) }
    }

    /// A few lists of numbers.
    fn table(&self, key: &'static str) -> Result<Vec<Vec<f64>>, Problem> {
        let rows = self.list(key)?;
        let wrong = Problem::Wrong(key, "no list of lists of numbers");
        let read = |row: &Value| row.as_array().and_then(|row| read_numbers(row));
        let table: Vec<Vec<f64>> = rows.iter().map(read).collect::<Option<_>>().ok_or(wrong)?;
        let numbers: usize = table.iter().map(Vec::len).sum();
        if numbers > LONGEST { Err(Problem::TooLong(key, LONGEST)) } else { Ok(table) }
    }

    /// Labels as texts, numbers and switches included.
    fn labels(&self, key: &'static str) -> Result<Vec<String>, Problem> {
        let label = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        };
        let labels: Option<Vec<String>> = self.list(key)?.iter().map(label).collect();
        labels.ok_or(Problem::Wrong(key, "no list of labels"))
    }
}

fn read_numbers(list: &[Value]) -> Option<Vec<f64>> {
    list.iter().map(read_number).collect()
}

fn read_number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::String(text) => match text.as_str() {
            "nan" => Some(f64::NAN),
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        other => other.as_f64(),
    }
}

/// An answer in the making.
#[derive(Default)]
struct Out(Map<String, Value>);

impl Out {
    fn put(&mut self, name: &str, value: Value) -> &mut Out {
        self.0.insert(name.to_owned(), value);
        self
    }

    fn number(&mut self, name: &str, value: Option<f64>) -> &mut Out {
        self.put(name, maybe(value))
    }

    /// `[low, high]`.
    fn interval(&mut self, name: &str, interval: Option<Interval>) -> &mut Out {
        self.put(name, ends(interval))
    }

    /// `[statistic, p]`.
    fn test(&mut self, name: &str, test: Option<Test>) -> &mut Out {
        self.put(name, test.map_or(Value::Null, |t| json!([number(t.statistic), number(t.p)])))
    }

    fn list(&mut self, name: &str, values: impl IntoIterator<Item = Option<f64>>) -> &mut Out {
        self.put(name, values.into_iter().map(maybe).collect())
    }

    fn done(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.0)
    }
}

fn maybe(value: Option<f64>) -> Value {
    value.map_or(Value::Null, number)
}

fn ends(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |i| json!([number(i.low), number(i.high)]))
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
