//! Gates: whether a run holds what its `evals.yaml` asks for.
//!
//! A gate must be able to say no. What could not be judged is therefore never dropped from it
//! silently: above [`MOST_UNJUDGED`] of the cells, the gate fails as incomplete.

use assay_prompt::GateSpec;
use serde::{Deserialize, Serialize};

use crate::{ColumnScore, Score, mean_score, percentile};

/// The share of cells that may go without a score before a gate calls itself incomplete and fails.
pub const MOST_UNJUDGED: f64 = 0.02;

/// The metrics a gate may name.
const METRICS: &str = "latencyP50Ms, latencyP95Ms, cost, errorRate";

/// What a gate needs to know about one cell of a run.
#[derive(Debug, Clone, Copy)]
pub struct GateCell<'a> {
    /// The tags of its case.
    pub tags: &'a [String],
    /// Its scores; none when it failed.
    pub scores: &'a [Score],
    /// How long the answer took, in milliseconds.
    pub latency_ms: Option<u64>,
    /// What it cost, in US dollars, when known.
    pub cost: Option<f64>,
    /// Whether the call failed, so that there is no answer.
    pub failed: bool,
    /// Whether the run stopped before the cell had an answer or failed: nobody knows what it would be.
    pub unanswered: bool,
}

/// Numbers about a whole column, over the cells whose case has one of the tags, or over all.
#[derive(Debug, Clone, Default)]
pub struct GateColumn {
    /// As the gate has them.
    pub tags: Vec<String>,
    /// What scorers say of these cells together.
    pub scores: Vec<ColumnScore>,
}

/// One gate's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// The scorer's id or the metric's name.
    pub subject: String,
    /// Whether the gate holds, or is not about these cells (see [`judge_gates`]).
    pub ok: bool,
    /// What was measured.
    pub value: Option<f64>,
    /// What was asked for: "at least 0.75".
    pub limit: String,
    /// The verdict in words.
    pub reason: String,
}

/// Judges each gate over the cells whose case has one of its tags, or over all.
///
/// A gate on a `scorer` takes the mean of its values; one on a `metric` takes `latencyP50Ms`,
/// `latencyP95Ms` (percentiles interpolated as numpy does), `cost` (the sum, in US dollars) or
/// `errorRate` (the share of failed calls). Of time and money too, a gate is incomplete and fails when more than
/// [`MOST_UNJUDGED`] of the calls failed. Any gate is when the run stopped before more than that many were answered.
///
/// A scorer that sums up a column, such as `bleu` or `label`, is judged by that number and not by the
/// mean of its values, and `scorer: id.name` asks for another of its numbers: `category.macro-f1`.
/// `columns` has these numbers for each list of tags that a gate names.
///
/// Two kinds of gate hold with no `value`, because they are not about these cells: one whose tags no
/// cell has (a run may be a selection), and a `nonInferior` one, which needs a base revision and is
/// decided by a comparison. Their reason says so.
#[must_use]
pub fn judge_gates(
    gates: &[GateSpec],
    cells: &[GateCell],
    columns: &[GateColumn],
) -> Vec<GateResult> {
    gates.iter().map(|gate| judge(gate, cells, columns)).collect()
}

fn judge(gate: &GateSpec, cells: &[GateCell], columns: &[GateColumn]) -> GateResult {
    let limit = limit(gate);
    let (ok, value, reason) = match measure(gate, cells, columns) {
        Ok(value) if holds(gate, value) => {
            (true, Some(value), format!("{} is {limit}", short(value)))
        }
        Ok(value) => (false, Some(value), format!("{} is not {limit}", short(value))),
        Err(Open { ok, reason }) => (ok, None, reason),
    };
    let subject = gate.scorer.as_ref().or(gate.metric.as_ref()).cloned().unwrap_or_default();
    GateResult { subject, ok, value, limit, reason }
}

/// Why nothing was measured, and whether the gate holds all the same.
struct Open {
    ok: bool,
    reason: String,
}

impl Open {
    fn holds(reason: &str) -> Open {
        Open { ok: true, reason: reason.to_owned() }
    }

    fn fails(reason: impl Into<String>) -> Open {
        Open { ok: false, reason: reason.into() }
    }
}

fn measure(gate: &GateSpec, cells: &[GateCell], columns: &[GateColumn]) -> Result<f64, Open> {
    if gate.min.is_none() && gate.max.is_none() {
        return Err(match gate.non_inferior {
            Some(_) => Open::holds("needs a base revision"),
            None => Open::fails("the gate has neither `min` nor `max` nor `nonInferior`"),
        });
    }
    let cells: Vec<&GateCell> = cells.iter().filter(|cell| is_about(gate, cell)).collect();
    if cells.is_empty() {
        return Err(Open::holds("not judged: no cell of this run has such a case"));
    }
    let cells = answered(cells)?;
    match (&gate.scorer, &gate.metric) {
        (Some(scorer), None) => match column_score(scorer, &gate.tags, columns) {
            Some(number) => column_value(number),
            None => scorer_mean(scorer, &cells),
        },
        (None, Some(metric)) => metric_value(metric, &cells),
        _ => Err(Open::fails("the gate must name one `scorer` or one `metric`")),
    }
}

/// The cells that the run came to, when few enough are missing to speak for all.
fn answered<'c, 'a>(mut cells: Vec<&'c GateCell<'a>>) -> Result<Vec<&'c GateCell<'a>>, Open> {
    let all = cells.len();
    cells.retain(|cell| !cell.unanswered);
    let missing = all - cells.len();
    match missing as f64 > MOST_UNJUDGED * all as f64 {
        true => Err(Open::fails(format!("incomplete: {missing} of {all} cells have no answer"))),
        false => Ok(cells),
    }
}

fn is_about(gate: &GateSpec, cell: &GateCell) -> bool {
    gate.tags.is_empty() || gate.tags.iter().any(|tag| cell.tags.contains(tag))
}

/// The number of a column that a gate names: `id` for the first of a scorer, `id.name` for another.
fn column_score<'c>(
    named: &str,
    tags: &[String],
    columns: &'c [GateColumn],
) -> Option<&'c ColumnScore> {
    let scores = &columns.iter().find(|column| column.tags == tags)?.scores;
    let whole = scores.iter().find(|score| score.scorer == named);
    whole.or_else(|| {
        let (scorer, name) = named.rsplit_once('.')?;
        scores.iter().find(|score| score.scorer == scorer && score.name == name)
    })
}

fn column_value(number: &ColumnScore) -> Result<f64, Open> {
    let ColumnScore { n, unjudged, .. } = number;
    let all = n + unjudged;
    if *unjudged as f64 > MOST_UNJUDGED * all as f64 {
        return Err(Open::fails(format!("incomplete: {unjudged} of {all} cells are not judged")));
    }
    let undefined = || Open::fails(format!("{} is not defined for these cells", number.name));
    number.value.ok_or_else(undefined)
}

/// The mean over judged cells, unless too many are not judged. A cell without this scorer's score is
/// not meant by the scorer, unless it failed: then nobody knows.
fn scorer_mean(scorer: &str, cells: &[&GateCell]) -> Result<f64, Open> {
    let mut values = Vec::new();
    let mut unjudged = 0;
    for cell in cells {
        match cell.scores.iter().find(|score| score.scorer == scorer) {
            Some(score) => match score.outcome.value() {
                Some(value) => values.push(value),
                None => unjudged += 1,
            },
            None if cell.failed => unjudged += 1,
            None => {}
        }
    }
    let all = values.len() + unjudged;
    if all == 0 {
        return Err(Open::fails(format!("no cell has a score of `{scorer}`")));
    }
    if unjudged as f64 / all as f64 > MOST_UNJUDGED {
        return Err(Open::fails(format!("incomplete: {unjudged} of {all} cells are not judged")));
    }
    let mean = mean_score(&values).ok_or_else(|| Open::fails("a score is not a number"))?;
    Ok(mean.mean)
}

fn metric_value(metric: &str, cells: &[&GateCell]) -> Result<f64, Open> {
    match metric {
        "latencyP50Ms" => latency(cells, 0.5),
        "latencyP95Ms" => latency(cells, 0.95),
        "cost" => cost(cells),
        "errorRate" => {
            let failed = cells.iter().filter(|cell| cell.failed).count();
            Ok(failed as f64 / cells.len() as f64)
        }
        unknown => Err(Open::fails(format!("unknown metric `{unknown}`; known are {METRICS}"))),
    }
}

fn latency(cells: &[&GateCell], share: f64) -> Result<f64, Open> {
    refuse_many_failed(cells)?;
    let taken: Vec<f64> =
        cells.iter().filter_map(|cell| cell.latency_ms).map(|ms| ms as f64).collect();
    percentile(&taken, share).ok_or_else(|| Open::fails("no cell has a latency"))
}

/// Time and money are those of answers. The calls that took longest may be those that failed, so a gate that many of
/// them are missing from says nothing.
fn refuse_many_failed(cells: &[&GateCell]) -> Result<(), Open> {
    let failed = cells.iter().filter(|cell| cell.failed).count();
    match failed as f64 > MOST_UNJUDGED * cells.len() as f64 {
        true => Err(Open::fails(format!("incomplete: {failed} of {} calls failed", cells.len()))),
        false => Ok(()),
    }
}

/// A sum with a part unknown is unknown, not small.
fn cost(cells: &[&GateCell]) -> Result<f64, Open> {
    refuse_many_failed(cells)?;
    let priced: Option<Vec<f64>> =
        cells.iter().filter(|cell| !cell.failed).map(|cell| cell.cost).collect();
    match priced {
        Some(costs) => Ok(costs.iter().sum()),
        None => Err(Open::fails("not every cell has a known cost")),
    }
}

/// With room for the last bits of a float: 0.7 + 0.1 + 0.1 is 0.9.
fn holds(gate: &GateSpec, value: f64) -> bool {
    let room = 1e-9 * value.abs().max(1.0);
    gate.min.is_none_or(|min| value >= min - room) && gate.max.is_none_or(|max| value <= max + room)
}

fn limit(gate: &GateSpec) -> String {
    match (gate.min, gate.max, gate.non_inferior) {
        (Some(min), Some(max), _) => format!("from {min} to {max}"),
        (Some(min), None, _) => format!("at least {min}"),
        (None, Some(max), _) => format!("at most {max}"),
        (None, None, Some(margin)) => format!("worse by at most {margin}"),
        (None, None, None) => "nothing".to_owned(),
    }
}

/// Up to four decimals, without zeros at the end.
fn short(value: f64) -> String {
    let rounded = (value * 1e4).round() / 1e4;
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;

    fn gate(scorer: &str) -> GateSpec {
        GateSpec {
            scorer: Some(scorer.to_owned()),
            metric: None,
            min: None,
            max: None,
            non_inferior: None,
            tags: Vec::new(),
        }
    }

    fn metric(name: &str) -> GateSpec {
        GateSpec { metric: Some(name.to_owned()), scorer: None, ..gate("") }
    }

    fn scored(value: f64) -> Vec<Score> {
        let outcome = Outcome::Scored { value, pass: Some(value == 1.0), reason: String::new() };
        vec![Score { scorer: "category".to_owned(), outcome }]
    }

    fn unjudged() -> Vec<Score> {
        let outcome = Outcome::NotJudged { reason: "no expected".to_owned() };
        vec![Score { scorer: "category".to_owned(), outcome }]
    }

    fn cell(scores: &[Score]) -> GateCell<'_> {
        GateCell {
            tags: &[],
            scores,
            latency_ms: Some(100),
            cost: Some(0.5),
            failed: false,
            unanswered: false,
        }
    }

    const FAILED: GateCell = GateCell {
        tags: &[],
        scores: &[],
        latency_ms: None,
        cost: None,
        failed: true,
        unanswered: false,
    };

    const UNANSWERED: GateCell = GateCell { failed: false, unanswered: true, ..FAILED };

    /// Judges one gate and compares "ok value reason".
    fn check(gate: &GateSpec, cells: &[GateCell], expected: &str) {
        let result = judge_gates(std::slice::from_ref(gate), cells, &[]).remove(0);
        let value = result.value.map_or("-".to_owned(), |value| value.to_string());
        assert_eq!(format!("{} {value} {}", result.ok, result.reason), expected, "{gate:?}");
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        let (good, bad) = (scored(1.0), scored(0.0));
        let cells = [cell(&good), cell(&good), cell(&good), cell(&bad)];
        check(
            &GateSpec { min: Some(0.75), ..gate("category") },
            &cells,
            "true 0.75 0.75 is at least 0.75",
        );
        check(
            &GateSpec { min: Some(0.76), ..gate("category") },
            &cells,
            "false 0.75 0.75 is not at least 0.76",
        );
        check(
            &GateSpec { max: Some(0.75), ..gate("category") },
            &cells,
            "true 0.75 0.75 is at most 0.75",
        );
    }

    #[test]
    fn tags_narrow_the_cells() {
        let (good, bad, urgent) = (scored(1.0), scored(0.0), ["urgent".to_owned()]);
        let cells = [GateCell { tags: &urgent, ..cell(&good) }, cell(&bad)];
        let narrowed =
            |tag: &str| GateSpec { min: Some(1.0), tags: vec![tag.to_owned()], ..gate("category") };
        check(&narrowed("urgent"), &cells, "true 1 1 is at least 1");
        check(
            &narrowed("billing"),
            &cells,
            "true - not judged: no cell of this run has such a case",
        );
    }

    #[test]
    fn what_is_not_judged_fails_the_gate_beyond_a_fiftieth() {
        let (good, open) = (scored(1.0), unjudged());
        let gate = GateSpec { min: Some(0.9), ..gate("category") };
        let mut cells = vec![cell(&good); 49];
        cells.push(FAILED);
        check(&gate, &cells, "true 1 1 is at least 0.9");
        cells.push(cell(&open));
        check(&gate, &cells, "false - incomplete: 2 of 51 cells are not judged");
        check(&gate, &[FAILED], "false - incomplete: 1 of 1 cells are not judged");
    }

    #[test]
    fn a_scorer_nobody_has_fails_the_gate() {
        let good = scored(1.0);
        let gate = GateSpec { min: Some(0.1), ..gate("categroy") };
        check(&gate, &[cell(&good)], "false - no cell has a score of `categroy`");
    }

    #[test]
    fn a_run_that_stopped_half_way_holds_no_gate() {
        let good = scored(1.0);
        let at_least = GateSpec { min: Some(0.5), ..gate("category") };
        check(&at_least, &[UNANSWERED; 2], "false - incomplete: 2 of 2 cells have no answer");
        let half = [cell(&good), UNANSWERED];
        check(&at_least, &half, "false - incomplete: 1 of 2 cells have no answer");
        let cheap = GateSpec { max: Some(9.0), ..metric("cost") };
        check(&cheap, &half, "false - incomplete: 1 of 2 cells have no answer");
        let mut nearly = vec![cell(&good); 99];
        nearly.push(UNANSWERED);
        check(&at_least, &nearly, "true 1 1 is at least 0.5");
    }

    #[test]
    fn metrics_are_measured_over_the_cells() {
        let cells: Vec<GateCell> =
            (1..=5).map(|n| GateCell { latency_ms: Some(n * 100), ..cell(&[]) }).collect();
        check(
            &GateSpec { max: Some(480.0), ..metric("latencyP95Ms") },
            &cells,
            "true 480 480 is at most 480",
        );
        check(
            &GateSpec { max: Some(299.0), ..metric("latencyP50Ms") },
            &cells,
            "false 300 300 is not at most 299",
        );
        check(&GateSpec { max: Some(3.0), ..metric("cost") }, &cells, "true 2.5 2.5 is at most 3");
        let half = [cell(&[]), FAILED];
        check(
            &GateSpec { max: Some(0.0), ..metric("errorRate") },
            &half,
            "false 0.5 0.5 is not at most 0",
        );
        check(
            &GateSpec { max: Some(1.0), ..metric("latencyP95Ms") },
            &[FAILED],
            "false - incomplete: 1 of 1 calls failed",
        );
        let (slow, cheap) = (
            GateSpec { max: Some(480.0), ..metric("latencyP95Ms") },
            GateSpec { max: Some(9.0), ..metric("cost") },
        );
        check(&slow, &half, "false - incomplete: 1 of 2 calls failed");
        check(&cheap, &half, "false - incomplete: 1 of 2 calls failed");
        check(&cheap, &[FAILED], "false - incomplete: 1 of 1 calls failed");
        let unpriced = [GateCell { cost: None, ..cell(&[]) }, cell(&[])];
        check(
            &GateSpec { max: Some(1.0), ..metric("cost") },
            &unpriced,
            "false - not every cell has a known cost",
        );
    }

    #[test]
    fn a_comparison_gate_is_left_to_the_comparison() {
        let gate = GateSpec { non_inferior: Some(0.02), ..gate("category") };
        check(&gate, &[FAILED], "true - needs a base revision");
        assert_eq!(judge_gates(&[gate], &[], &[])[0].limit, "worse by at most 0.02");
    }

    #[test]
    fn a_gate_that_asks_nothing_fails() {
        check(
            &gate("category"),
            &[FAILED],
            "false - the gate has neither `min` nor `max` nor `nonInferior`",
        );
        let both = GateSpec { scorer: Some("x".to_owned()), max: Some(1.0), ..metric("cost") };
        check(&both, &[FAILED], "false - the gate must name one `scorer` or one `metric`");
        let unknown = GateSpec { max: Some(1.0), ..metric("speed") };
        check(
            &unknown,
            &[FAILED],
            "false - unknown metric `speed`; known are latencyP50Ms, latencyP95Ms, cost, errorRate",
        );
    }

    #[test]
    fn a_number_of_the_column_stands_for_its_scorer() {
        let good = scored(0.5);
        let number = |name: &str, value, unjudged| ColumnScore {
            scorer: "category".to_owned(),
            name: name.to_owned(),
            value,
            n: 60,
            unjudged,
            signature: String::new(),
            confusion: None,
        };
        let scores = vec![number("corpus", Some(0.9), 0), number("kappa", None, 0)];
        let columns = [GateColumn { tags: Vec::new(), scores }];
        let judged = |scorer: &str, columns: &[GateColumn]| {
            let gate = GateSpec { min: Some(0.8), ..gate(scorer) };
            let result = judge_gates(&[gate], &[cell(&good)], columns).remove(0);
            (result.ok, result.reason)
        };
        assert_eq!(judged("category", &columns), (true, "0.9 is at least 0.8".to_owned()));
        let undefined = "kappa is not defined for these cells".to_owned();
        assert_eq!(judged("category.kappa", &columns), (false, undefined));
        let scores = vec![number("corpus", Some(0.9), 2)];
        let columns = [GateColumn { tags: Vec::new(), scores }];
        let incomplete = "incomplete: 2 of 62 cells are not judged".to_owned();
        assert_eq!(judged("category", &columns), (false, incomplete));
    }
}
