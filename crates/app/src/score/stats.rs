//! Statistics on numbers that somebody has.

use std::path::Path;

use assay_score::given;
use assay_wire::{ApiError, Code};
use serde_json::{Value, json};

use super::files::{Lines, Sink};
use super::in_parallel;
use crate::app::App;

/// Lines that are computed before they are written; a bootstrap is much work already.
const BATCH: usize = 64;

impl App {
    /// Answers every row with the statistics of that name. Returns how many rows there were.
    ///
    /// # Errors
    /// When the name is not known, a file cannot be read or written, or a row cannot be answered; the
    /// message names the line.
    pub fn stats_rows(&self, name: &str, input: &Path, output: &Path) -> Result<usize, ApiError> {
        let Some(statistic) = given::Statistic::named(name) else {
            let message = format!("there are no statistics called `{name}`");
            let hint = format!(
                "Known are {}.",
                given::ABOUT.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
            );
            return Err(ApiError::new(Code::BadInput, message).hint(hint));
        };
        let mut lines = Lines::open(input)?;
        let mut sink = Sink::create(output)?;
        let mut rows = 0;
        loop {
            let batch = lines.next_batch(BATCH)?;
            if batch.is_empty() {
                break;
            }
            let answers = in_parallel(&batch, |(_, line)| answer(statistic, line));
            for (answer, (number, _)) in answers.into_iter().zip(&batch) {
                let answer = answer.map_err(|problem| lines.problem(*number, &problem))?;
                // The first line of a file of reference values is about the file.
                if let Some(answer) = answer {
                    sink.write(&answer)?;
                    rows += 1;
                }
            }
        }
        sink.finish()?;
        Ok(rows)
    }
}

/// `{"id", "out"}` of a row that is `{"id", "in"}` or the numbers themselves.
fn answer(statistic: given::Statistic, line: &str) -> Result<Option<Value>, String> {
    let row: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if !row.is_object() {
        return Err("a row is an object".to_owned());
    }
    if row.get("_meta").is_some() {
        return Ok(None);
    }
    let out = statistic.answer(row.get("in").unwrap_or(&row)).map_err(|error| error.to_string())?;
    Ok(Some(json!({"id": row.get("id"), "out": out})))
}
