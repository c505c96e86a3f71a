//! What runs brought: lists, columns with their means, gates, and cells by the page or one by one.

use std::ops::Range;
use std::sync::{Arc, PoisonError};

use assay_engine::{State, untrusted};
use assay_prompt::Row;
use assay_score::{
    ColumnScore, GateCell, GateResult, Outcome, Score, judge_gates, mean_score, percentile,
};
use assay_store::{
    CellRecord, LanePause, NewColumn, RunDetail, RunId, RunRecord, ScorerSignature, Stop,
    StoredScore,
};
use assay_wire::*;

use crate::app::App;
use crate::column_numbers::{Numbers, numbers, of_all};
use crate::error::Explain;
use crate::judges::JudgedGates;
use crate::planned::PlannedRun;
use crate::router::Answer;

/// Cells a single page may hold: what fits the largest window several times over.
const MAX_PAGE: u32 = 20_000;

/// Characters of a row's preview.
const PREVIEW: usize = 120;

impl Answer<ListRuns> for App {
    fn answer(&self, command: ListRuns) -> Result<Vec<RunSummary>, ApiError> {
        let open = self.workspace()?;
        let runs =
            self.inner.store.runs(&open.id, command.limit as usize).map_err(|e| e.explain())?;
        Ok(runs.into_iter().map(|r| self.summary(r)).collect())
    }
}

impl Answer<ReadRun> for App {
    fn answer(&self, command: ReadRun) -> Result<RunView, ApiError> {
        let record = self.record(&command.run)?;
        let planned = self.planned(&record.id)?;
        // While cells still come in, a verdict over them would be about another run.
        let (gates, numbers) = match self.is_going(&record) {
            true => (Vec::new(), Numbers::default()),
            false => {
                let numbers = self.numbers(&planned)?;
                (self.gates(&planned, &numbers)?, numbers)
            }
        };
        let rows = match command.rows {
            true => 0..planned.detail.rows.len() as u32,
            false => 0..0,
        };
        Ok(RunView {
            columns: self.column_stats(&planned.detail, &numbers)?,
            signatures: self.signatures(&planned)?.to_vec(),
            rows: rows.filter_map(|row| planned.row(row)).collect(),
            gates,
            scorers: planned.detail.scorers.clone(),
            paused: self.paused(&record.id)?,
            summary: self.summary(record),
        })
    }
}

impl Answer<ReadCells> for App {
    fn answer(&self, command: ReadCells) -> Result<CellPage, ApiError> {
        let ReadCells { run, from, to } = command;
        if to.saturating_sub(from) > MAX_PAGE {
            return Err(ApiError::new(
                Code::BadInput,
                format!("a page holds at most {MAX_PAGE} cells, not {}", to - from),
            ));
        }
        let record = self.record(&run)?;
        let cells = self.inner.store.cells(&record.id, from, to).map_err(|e| e.explain())?;
        let going = self.is_going(&record);
        let cells = cells.into_iter().map(|c| cell_line(c, going)).collect();
        Ok(CellPage { run, from, cells })
    }
}

impl Answer<ReadCell> for App {
    fn answer(&self, command: ReadCell) -> Result<CellView, ApiError> {
        let record = self.record(&command.run)?;
        let planned = self.planned(&record.id)?;
        self.cell_view(&planned, command.cell, self.is_going(&record))
    }
}

impl App {
    /// Several cells of a run, whole: what a script wants, where the window asks for one.
    ///
    /// # Errors
    /// When there is no such run or cell.
    pub fn cells(&self, run: &str, cells: Range<u32>) -> Result<Vec<CellView>, ApiError> {
        let record = self.record(run)?;
        let planned = self.planned(&record.id)?;
        let going = self.is_going(&record);
        cells.map(|cell| self.cell_view(&planned, cell, going)).collect()
    }

    /// What gates of a run must know about its judges.
    pub(crate) fn judged_gates_of(&self, id: &RunId) -> Result<JudgedGates, ApiError> {
        let planned = self.planned(id)?;
        let signatures = self.signatures(&planned)?;
        self.judged_gates(&planned, signatures)
    }

    /// The run as it was planned; kept until another is looked at.
    pub(crate) fn planned(&self, id: &RunId) -> Result<Arc<PlannedRun>, ApiError> {
        let mut read = self.inner.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(planned) = read.as_ref().filter(|p| p.detail.record.id == *id) {
            return Ok(Arc::clone(planned));
        }
        let detail = self.inner.store.run(id).map_err(|e| e.explain())?;
        let detail = detail.ok_or_else(|| no_run(id.as_str()))?;
        let planned = Arc::new(PlannedRun::new(detail));
        *read = Some(Arc::clone(&planned));
        Ok(planned)
    }

    fn cell_view(
        &self,
        planned: &PlannedRun,
        ordinal: u32,
        going: bool,
    ) -> Result<CellView, ApiError> {
        let id = &planned.detail.record.id;
        let no_cell = || ApiError::new(Code::NotFound, format!("run `{id}` has no cell {ordinal}"));
        let cell =
            self.inner.store.cell(id, ordinal).map_err(|e| e.explain())?.ok_or_else(no_cell)?;
        let column = planned.detail.columns.get(cell.record.column as usize).ok_or_else(no_cell)?;
        let case = planned.case(cell.record.row).ok_or_else(no_cell)?;
        let last = cell.attempts.last();
        Ok(CellView {
            messages: planned.messages(column, &case, self.inner.models.neighbours()),
            column: column_view(column),
            row: planned.row(cell.record.row).ok_or_else(no_cell)?,
            output: cell.output,
            error: cell.record.error.clone(),
            finish: last.and_then(|a| a.finish.clone()),
            input_tokens: last.and_then(|a| a.usage.input),
            output_tokens: last.and_then(|a| a.usage.output),
            first_token_ms: last.and_then(|a| a.first_token_ms),
            cached_tokens: last.and_then(|a| a.usage.cached),
            reasoning_tokens: last.and_then(|a| a.usage.reasoning),
            received_ms: last.and_then(|a| a.original).map(|original| original.received_ms),
            request_id: last.and_then(|a| a.request_id.clone()),
            cost: cell.record.cost.or(last.and_then(|a| a.cost)),
            attempts: cell.attempts.len() as u32,
            scores: scores_view(cell.scores, &column.prompt, self.signatures(planned)?),
            expected: case.expected.as_ref().map(ToString::to_string),
            line: cell_line(cell.record, going),
        })
    }

    /// Cells of a run that are another shard's. Only a number to show: one that cannot be read is none.
    fn skipped(&self, record: &RunRecord) -> u32 {
        match record.shard {
            Some(_) => self.inner.store.skipped_cells(&record.id).unwrap_or_default(),
            None => 0,
        }
    }

    /// Models of a run that are asked nothing more for now.
    fn paused(&self, run: &RunId) -> Result<Vec<PausedLaneView>, ApiError> {
        let pauses = self.inner.store.lane_pauses(run).map_err(|e| e.explain())?;
        let view = |pause: LanePause| PausedLaneView {
            model: pause.model,
            reason: pause.reason,
            kind: pause.kind,
            since_ms: pause.since_ms,
        };
        Ok(pauses.into_iter().map(view).collect())
    }

    pub(crate) fn record(&self, run: &str) -> Result<RunRecord, ApiError> {
        let record = self.inner.store.run_record(&RunId::new(run)).map_err(|e| e.explain())?;
        record.ok_or_else(|| no_run(run))
    }

    /// Whether the run goes on, in this process or another.
    pub(crate) fn is_going(&self, record: &RunRecord) -> bool {
        let ended_here = self.handle(record.id.as_str()).is_some_and(|h| h.is_finished());
        record.state.is_live() && !ended_here
    }

    fn summary(&self, record: RunRecord) -> RunSummary {
        let run = record.id.to_string();
        let live = self.handle(&run).map(|handle| handle.progress.now());
        let (state, stop) = match &record.state {
            // On a disk that is full the end of a run is known to its own process only.
            state if state.is_live() && !self.is_going(&record) => match &live {
                Some((State::Failed(stop), _)) => (stopped_state(stop), Some(stop.clone())),
                _ => (RunState::Interrupted, None),
            },
            assay_store::RunState::Queued | assay_store::RunState::Running => {
                (RunState::Running, None)
            }
            assay_store::RunState::Done => (RunState::Done, None),
            assay_store::RunState::Cancelled => (RunState::Cancelled, None),
            assay_store::RunState::Interrupted => (RunState::Interrupted, None),
            assay_store::RunState::Failed(stop) => (stopped_state(stop), Some(stop.clone())),
        };
        let stored = CellCounts {
            total: record.total,
            done: record.done,
            failed: record.failed,
            cached: record.cached,
            running: 0,
            skipped: self.skipped(&record),
            ..CellCounts::default()
        };
        let end = record.ended_ms.or(live.is_some().then(|| self.inner.environment.now_ms()));
        RunSummary {
            run,
            title: record.title,
            created_ms: record.created_ms,
            wall_ms: end.map(|end| end - record.created_ms),
            state,
            stop: stop.as_ref().map(|stop| stop_kind(stop.kind)),
            reason: stop.map(|stop| stop.reason),
            counts: live.map_or(stored, |(_, now)| counts(now)),
            budget: record.budget,
            spent: record.spent,
            shard: record.shard.map(|shard| (shard.index, shard.of)),
        }
    }

    /// What the values of each scorer are comparable with: as it was noted, or for a run of an earlier
    /// version by the scorers that it began with.
    fn signatures<'p>(&self, planned: &'p PlannedRun) -> Result<&'p [SignatureView], ApiError> {
        if let Some(known) = planned.signatures.get() {
            return Ok(known);
        }
        let noted =
            self.inner.store.signatures(&planned.detail.record.id).map_err(|e| e.explain())?;
        let view =
            |one: ScorerSignature| planned.signature_view(&one.prompt, &one.scorer, one.signature);
        let noted: Vec<_> = noted.into_iter().map(view).collect();
        let found = || if noted.is_empty() { planned.worked_out_signatures() } else { noted };
        Ok(planned.signatures.get_or_init(found))
    }

    /// What all outputs of each column come to together.
    fn numbers(&self, planned: &PlannedRun) -> Result<Numbers, ApiError> {
        // What was judged one by one is not judged again: no program runs here.
        let resources = self.inner.models.resources(untrusted());
        let (store, detail) = (&self.inner.store, &planned.detail);
        numbers(store, detail, &planned.prompts, &resources).map_err(|e| e.explain())
    }

    fn column_stats(
        &self,
        detail: &RunDetail,
        numbers: &Numbers,
    ) -> Result<Vec<ColumnStats>, ApiError> {
        let stats = self.inner.store.column_stats(&detail.record.id).map_err(|e| e.explain())?;
        Ok(stats
            .into_iter()
            .filter_map(|stats| {
                Some(ColumnStats {
                    column: column_view(detail.columns.get(stats.column as usize)?),
                    done: stats.done,
                    failed: stats.failed,
                    cached: stats.cached,
                    means: stats.scores.iter().map(|s| mean_view(&s.values)).collect(),
                    unjudged: stats.scores.iter().map(|s| s.unjudged).collect(),
                    numbers: of_all(numbers, stats.column).iter().map(number_view).collect(),
                    cost: stats.cost,
                    p50_ms: latency(&stats.latencies, 0.50),
                    p95_ms: latency(&stats.latencies, 0.95),
                })
            })
            .collect())
    }

    fn gates(&self, planned: &PlannedRun, numbers: &Numbers) -> Result<Vec<GateView>, ApiError> {
        let detail = &planned.detail;
        if planned.prompts.values().all(|prompt| prompt.evals.gates.is_empty()) {
            return Ok(Vec::new());
        }
        let cells = self
            .inner
            .store
            .cells(&detail.record.id, 0, detail.record.total)
            .map_err(|e| e.explain())?;
        let rows: Vec<Row> = detail.rows.iter().map(|row| row_of(&row.case_json)).collect();
        let judged = self.judged_gates(planned, self.signatures(planned)?)?;
        let of_column = |place: usize| {
            let column = &detail.columns[place];
            let prompt = planned.prompts.get(&column.prompt);
            let specs = prompt.map_or(&[][..], |prompt| &prompt.evals.gates);
            let scores = |cell: &CellRecord| {
                let mut scores = scores_of(cell, &detail.scorers);
                let case = rows.get(cell.row as usize).filter(|_| cell.error.is_none());
                if let Some(case) = case {
                    judged.mark_unjudged(&column.prompt, &column.variant, case, &mut scores);
                }
                scores
            };
            let scored: Vec<_> = cells
                .iter()
                .filter(|c| c.column as usize == place && !is_left_out(c))
                .map(|c| (c, scores(c)))
                .collect();
            let cells: Vec<_> =
                scored.iter().map(|(c, scores)| gate_cell(c, scores, &rows)).collect();
            let whole = numbers.get(&(place as u32)).map_or(&[][..], Vec::as_slice);
            let gates = judge_gates(specs, &cells, whole).into_iter().zip(specs);
            let views = gates.map(|(mut gate, spec)| {
                judged.speak_of(&mut gate, column);
                gate_view(place as u32, gate, &spec.tags)
            });
            views.collect::<Vec<_>>()
        };
        Ok((0..detail.columns.len()).flat_map(of_column).collect())
    }
}

fn gate_cell<'a>(cell: &CellRecord, scores: &'a [Score], rows: &'a [Row]) -> GateCell<'a> {
    GateCell {
        tags: rows.get(cell.row as usize).map_or(&[], |row| row.tags.as_slice()),
        scores,
        latency_ms: cell.latency_ms,
        cost: cell.cost,
        failed: cell.error.is_some(),
        unanswered: !has_outcome(cell),
    }
}

fn number_view(number: &ColumnScore) -> ColumnNumberView {
    ColumnNumberView {
        scorer: number.scorer.clone(),
        name: number.name.clone(),
        value: number.value,
        n: number.n as u32,
        unjudged: number.unjudged as u32,
        signature: number.signature.clone(),
        confusion: number.confusion.as_ref().map(|confusion| ConfusionView {
            classes: confusion.classes.clone(),
            counts: confusion
                .counts
                .iter()
                .map(|row| row.iter().map(|n| *n as u64).collect())
                .collect(),
        }),
    }
}

fn gate_view(column: u32, gate: GateResult, tags: &[String]) -> GateView {
    GateView {
        column,
        subject: gate.subject,
        tags: tags.to_owned(),
        ok: gate.ok,
        value: gate.value,
        limit: gate.limit,
        reason: gate.reason,
    }
}

pub(crate) fn column_view(column: &NewColumn) -> ColumnView {
    ColumnView {
        prompt: column.prompt.clone(),
        variant: column.variant.clone(),
        model: column.model.clone(),
        content_id: column.content_id.clone(),
    }
}

fn has_outcome(cell: &CellRecord) -> bool {
    matches!(cell.state, assay_store::CellState::Done | assay_store::CellState::Failed)
}

/// Whether another shard answers it.
fn is_left_out(cell: &CellRecord) -> bool {
    cell.state == assay_store::CellState::Skipped
}

fn scores_of(cell: &CellRecord, scorers: &[String]) -> Vec<Score> {
    cell.scores
        .iter()
        .filter_map(|score| {
            let scorer = scorers.get(usize::from(score.scorer))?.clone();
            let (pass, reason) = (score.pass, String::new());
            let outcome = match score.value {
                Some(value) => Outcome::Scored { value, pass, reason },
                None => Outcome::NotJudged { reason },
            };
            Some(Score { scorer, outcome })
        })
        .collect()
}

/// What a run that stopped by itself is: one that waits for a person to put something right, or to give it more, has not
/// failed.
pub(crate) fn stopped_state(stop: &Stop) -> RunState {
    match stop.kind {
        assay_store::StopKind::Paused => RunState::Paused,
        assay_store::StopKind::Budget => RunState::Spent,
        assay_store::StopKind::Other => RunState::Failed,
    }
}

fn stop_kind(kind: assay_store::StopKind) -> StopKind {
    match kind {
        assay_store::StopKind::Budget => StopKind::Budget,
        assay_store::StopKind::Paused => StopKind::Paused,
        assay_store::StopKind::Other => StopKind::Other,
    }
}

/// Scores with what they are comparable with.
fn scores_view(
    scores: Vec<StoredScore>,
    prompt: &str,
    signatures: &[SignatureView],
) -> Vec<ScoreView> {
    let signature = |scorer: &str| {
        let found = signatures.iter().find(|one| one.prompt == prompt && one.scorer == scorer);
        found.map(|one| one.signature.clone()).unwrap_or_default()
    };
    let view = |score: StoredScore| ScoreView {
        signature: signature(&score.scorer),
        scorer: score.scorer,
        value: score.value,
        pass: score.pass,
        reason: score.reason,
    };
    scores.into_iter().map(view).collect()
}

pub(crate) fn no_run(run: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("there is no run `{run}`"))
}

/// A case as it was stored. What was written by us reads back; a damaged line shows as an empty case.
pub(crate) fn row_of(line: &str) -> Row {
    serde_json::from_str(line).unwrap_or_default()
}

/// The case's longest text input, on one line.
pub(crate) fn preview(case: &Row) -> String {
    let longest = case.input.values().filter_map(|v| v.as_str()).max_by_key(|text| text.len());
    let text = match longest {
        Some(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        None => serde_json::Value::Object(case.input.clone()).to_string(),
    };
    text.chars().take(PREVIEW).collect()
}

fn cell_line(cell: CellRecord, going: bool) -> CellLine {
    let mut scores = Vec::new();
    for score in &cell.scores {
        let place = usize::from(score.scorer);
        scores.resize(scores.len().max(place + 1), None);
        scores[place] = Some(ScoreLine { value: score.value.map(|v| v as f32), pass: score.pass });
    }
    CellLine {
        ordinal: cell.ordinal,
        column: cell.column,
        row: cell.row,
        state: match cell.state {
            assay_store::CellState::Done => CellState::Done,
            assay_store::CellState::Failed => CellState::Failed,
            assay_store::CellState::Leased if going => CellState::Running,
            assay_store::CellState::Queued if going => CellState::Queued,
            assay_store::CellState::Skipped => CellState::Skipped,
            _ => CellState::Cancelled,
        },
        preview: cell.error.unwrap_or(cell.preview),
        latency_ms: cell.latency_ms.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX)),
        cached: cell.cached,
        cost: cell.cost.map(|cost| cost as f32),
        scores,
    }
}

fn mean_view(values: &[f64]) -> Option<MeanView> {
    let mean = mean_score(values)?;
    Some(MeanView { mean: mean.mean, low: mean.low, high: mean.high, n: mean.n as u32 })
}

/// In whole milliseconds, by the same rule as the gates.
fn latency(millis: &[u64], share: f64) -> Option<u64> {
    let millis: Vec<f64> = millis.iter().map(|ms| *ms as f64).collect();
    percentile(&millis, share).map(|ms| ms.round() as u64)
}

pub(crate) fn counts(counts: assay_engine::Counts) -> CellCounts {
    CellCounts {
        total: counts.total,
        done: counts.done,
        failed: counts.failed,
        cached: counts.cached,
        running: counts.running,
        skipped: counts.skipped,
        judge_calls: counts.judge_calls,
        judge_calls_done: counts.judge_calls_done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preview_of_a_case_is_its_longest_text_on_one_line() {
        let case = Row {
            input: serde_json::from_str(r#"{"product":"Notes","ticket":"It\ncrashed  twice."}"#)
                .expect("an object"),
            ..Row::default()
        };
        assert_eq!(preview(&case), "It crashed twice.");
    }
}
