//! Scorers on outputs that somebody has: no model, no run, nothing kept.
//!
//! Rows stream through: one line in, one line out, whatever the file's size. A row that cannot be
//! read ends it with the line's number, and the output file only gets its name when all is in it.

mod files;
mod row;
mod stats;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use assay_prompt::{ScorerSpec, Severity, read_evals, read_outputs};
use assay_score::judge::is_judge;
use assay_score::{Column, ColumnScore, Outcome, Resources, Score, ScorerProblem, Scorers};
use assay_wire::{ApiError, Code};
use serde_json::{Map, Value, json};

use self::files::{Lines, Sink, read_text};
use self::row::OutputRow;
use crate::app::App;

/// Lines that are scored before they are written.
const BATCH: usize = 512;

/// The types of scorers, for a help text.
pub fn scorer_names() -> String {
    format!("Types of scorers: {}.", assay_score::KINDS.join(", "))
}

/// The names of statistics with the numbers that each wants, for a help text.
pub fn statistics_names() -> String {
    let line = |(name, about): &(&str, &str)| format!("  {name:<16}{about}");
    let lines: Vec<String> = assay_score::given::ABOUT.iter().map(line).collect();
    format!("Statistics, and the keys of their rows:\n{}", lines.join("\n"))
}

/// Which scorers.
#[derive(Debug, Clone)]
pub enum ScorersFrom {
    /// Those of an `evals.yaml`; `outputs.yaml` beside it is the schema `outputs`.
    File(PathBuf),
    /// One, by its type, with its options.
    Metric {
        /// The type.
        name: String,
        /// `key=value`, where the value is JSON or else a text.
        options: Vec<String>,
    },
}

/// What is scored.
#[derive(Debug, Clone)]
pub struct ScoreFiles {
    /// Which scorers.
    pub scorers: ScorersFrom,
    /// The rows, one JSON object a line; `-` is standard input.
    pub input: PathBuf,
    /// Where the scores go; `-` is standard output.
    pub output: PathBuf,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct ScoreReport {
    /// Rows that were read.
    pub rows: usize,
    /// By scorer, in the order of the file.
    pub scorers: Vec<ScorerReport>,
    /// Numbers about all rows together.
    pub columns: Vec<ColumnScore>,
    /// Scorers that ask a model, which none is asked here.
    pub left_out: Vec<String>,
}

/// What one scorer said of all rows.
#[derive(Debug, Clone, Default)]
pub struct ScorerReport {
    /// Its id.
    pub scorer: String,
    /// What its values are comparable with.
    pub signature: String,
    /// The values.
    pub values: Vec<f64>,
    /// Rows that passed.
    pub passed: usize,
    /// Rows that failed.
    pub failed: usize,
    /// Rows that it could not judge.
    pub unjudged: usize,
}

impl App {
    /// Scores every row.
    ///
    /// # Errors
    /// When a file cannot be read or written, a scorer cannot judge as it is written, or a row cannot
    /// be read; the message names the line.
    pub fn score_rows(&self, files: &ScoreFiles) -> Result<ScoreReport, ApiError> {
        let (scorers, left_out) = compiled(&files.scorers)?;
        let mut lines = Lines::open(&files.input)?;
        let mut sink = Sink::create(&files.output)?;
        let mut report = ScoreReport::of(&scorers);
        let mut column = scorers.column();
        let resources = self.inner.models.resources(self.trust_of_open());
        loop {
            let batch = lines.next_batch(BATCH)?;
            if batch.is_empty() {
                break;
            }
            let scored = in_parallel(&batch, |(_, line)| score(&scorers, line, &resources));
            for (scored, (number, _)) in scored.into_iter().zip(&batch) {
                let scored = scored.map_err(|problem| lines.problem(*number, &problem))?;
                let Some((row, scores)) = scored else { continue };
                sink.write(&document(&row, &scores, &scorers))?;
                report.add(&scores);
                add_to(&mut column, &row, &resources);
            }
        }
        sink.finish()?;
        report.columns = column.scores();
        report.left_out = left_out;
        Ok(report)
    }
}

/// The scorers, and the ids of those that ask a model.
fn compiled(from: &ScorersFrom) -> Result<(Scorers, Vec<String>), ApiError> {
    let (specs, outputs) = match from {
        ScorersFrom::Metric { name, options } => (vec![one(name, options)?], Vec::new()),
        ScorersFrom::File(file) => {
            let outputs = match file.with_file_name("outputs.yaml") {
                file if file.is_file() => {
                    read_outputs(&file.display().to_string(), &read_text(&file)?).0
                }
                _ => Vec::new(),
            };
            (of_file(file)?, outputs)
        }
    };
    let (scorers, problems) = Scorers::compile(&specs, &outputs);
    let judges: Vec<String> =
        specs.iter().filter(|spec| is_judge(&spec.kind)).map(|spec| spec.id.clone()).collect();
    match problems.first() {
        Some(problem) => Err(unusable(problem)),
        None if judges.len() == specs.len() => Err(only_judges(&judges)),
        None => Ok((scorers, judges)),
    }
}

/// A file of scores without a score would look like work that was done.
fn only_judges(judges: &[String]) -> ApiError {
    let message = format!("`{}` asks a model, and no model is asked here", judges.join("`, `"));
    ApiError::new(Code::BadInput, message).hint("`assay run` judges the outputs of a run.")
}

fn unusable(problem: &ScorerProblem) -> ApiError {
    ApiError::new(Code::BadInput, problem.to_string())
}

fn of_file(file: &Path) -> Result<Vec<ScorerSpec>, ApiError> {
    let name = file.display().to_string();
    let (evals, found) = read_evals(&name, &read_text(file)?);
    if let Some(error) = found.iter().find(|found| found.severity == Severity::Error) {
        return Err(ApiError::new(Code::BadInput, format!("{name}: {}", error.message)));
    }
    if evals.scorers.is_empty() {
        return Err(ApiError::new(Code::BadInput, format!("{name} has no scorers")));
    }
    let mut scorers = evals.scorers;
    let beside = |script: &str| {
        let below = assay_prompt::resolve("", script)?;
        read_text(&file.with_file_name(below)).ok()
    };
    scorers.iter_mut().for_each(|scorer| assay_engine::fill_in_one(scorer, beside));
    Ok(scorers)
}

/// Options of `evals.yaml` itself, which may also be set beside those of the metric.
fn one(name: &str, options: &[String]) -> Result<ScorerSpec, ApiError> {
    let mut spec = ScorerSpec::new(name, name);
    for option in options {
        let Some((key, value)) = option.split_once('=') else {
            let message = format!("`{option}` is no option; write key=value");
            return Err(ApiError::new(Code::BadInput, message));
        };
        let text = || Value::from(value);
        let value = serde_json::from_str(value).unwrap_or_else(|_| text());
        let refuse = || {
            let message = format!("`{key}` is a number, not {value}");
            ApiError::new(Code::BadInput, message)
        };
        match key {
            "threshold" => spec.threshold = Some(value.as_f64().ok_or_else(refuse)?),
            "min" => spec.min = Some(value.as_f64().ok_or_else(refuse)?),
            "max" => spec.max = Some(value.as_f64().ok_or_else(refuse)?),
            "path" => spec.path = value.as_str().map(str::to_owned),
            "expected" => spec.expected = value.as_str().map(str::to_owned),
            "value" => spec.value = Some(value),
            "negate" => spec.negate = value == Value::Bool(true),
            _ => drop(spec.options.insert(key.to_owned(), value)),
        }
    }
    Ok(spec)
}

/// A row with its scores; nothing for a line about the file.
type Scored = Result<Option<(OutputRow, Vec<Score>)>, String>;

fn score(scorers: &Scorers, line: &str, resources: &Resources) -> Scored {
    let Some(row) = OutputRow::parse(line)? else { return Ok(None) };
    let scores = match row.subject(resources) {
        Some(subject) => scorers.score(&subject),
        None => Vec::new(),
    };
    Ok(Some((row, scores)))
}

fn add_to(column: &mut Column, row: &OutputRow, resources: &Resources) {
    if column.is_empty() {
        return;
    }
    match row.subject(resources) {
        Some(subject) => column.add(&subject),
        None => column.add_failed(&row.case),
    }
}

/// The same work on every item, on all cores, in the items' order.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(cores).max(1);
    thread::scope(|scope| {
        let work = &work;
        let started: Vec<_> = items
            .chunks(share)
            .map(|items| scope.spawn(move || items.iter().map(work).collect::<Vec<R>>()))
            .collect();
        started
            .into_iter()
            .flat_map(|part| match part.join() {
                Ok(part) => part,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// One line of the output. A row without an output has a reason and no scores.
fn document(row: &OutputRow, scores: &[Score], scorers: &Scorers) -> Value {
    let signatures: Map<String, Value> = scorers
        .signatures()
        .into_iter()
        .map(|(id, signature)| (id.to_owned(), signature.into()))
        .collect();
    let scores: Map<String, Value> = scores
        .iter()
        .map(|score| (score.scorer.clone(), score_document(score, &signatures)))
        .collect();
    match row.output {
        Some(_) => json!({"id": row.case.id, "scores": scores}),
        None => json!({"id": row.case.id, "scores": scores, "error": "there is no output"}),
    }
}

fn score_document(score: &Score, signatures: &Map<String, Value>) -> Value {
    let value = score.outcome.value().map(assay_score::given::number);
    json!({
        "value": value,
        "pass": score.outcome.pass(),
        "reason": score.outcome.reason(),
        "signature": signatures.get(&score.scorer),
    })
}

impl ScoreReport {
    fn of(scorers: &Scorers) -> ScoreReport {
        let report = |(id, signature): (&str, &str)| ScorerReport {
            scorer: id.to_owned(),
            signature: signature.to_owned(),
            ..ScorerReport::default()
        };
        let scorers = scorers.signatures().into_iter().map(report).collect();
        ScoreReport { scorers, ..ScoreReport::default() }
    }

    /// A row without scores is counted, and by no scorer.
    fn add(&mut self, scores: &[Score]) {
        self.rows += 1;
        for score in scores {
            if let Some(report) = self.scorers.iter_mut().find(|all| all.scorer == score.scorer) {
                report.add(&score.outcome);
            }
        }
    }
}

impl ScorerReport {
    fn add(&mut self, outcome: &Outcome) {
        match outcome.value() {
            Some(value) => self.values.push(value),
            None => self.unjudged += 1,
        }
        match outcome.pass() {
            Some(true) => self.passed += 1,
            Some(false) => self.failed += 1,
            None => {}
        }
    }
}
