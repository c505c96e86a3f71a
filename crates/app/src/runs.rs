//! Runs: planned, started, watched, stopped, and looked at cell by cell.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use assay_engine::{Plan, Progress, PromptSource, RunHandle, RunSpec, State};
use assay_prompt::{Prompt, Row};
use assay_score::{GateCell, GateResult, Outcome, Score, judge_gates, mean, pass_rate};
use assay_store::{CellRecord, NewColumn, RunDetail, RunId, RunRecord, StoredScore};
use assay_wire::*;

use crate::app::{App, Open};
use crate::error::Explain;
use crate::prompts::{lone_file, message_view, refuse_broken};
use crate::router::Answer;

/// Notices of one run at most twenty times a second.
const NOTICE_PACE: Duration = Duration::from_millis(50);

/// Cells a single page may hold: what fits the largest window several times over.
const MAX_PAGE: u32 = 20_000;

/// Characters of a row's preview.
const PREVIEW: usize = 120;

impl Answer<PlanRun> for App {
    fn answer(&self, command: PlanRun) -> Result<PlanView, ApiError> {
        let open = self.workspace()?;
        let plan = self.plan(&open, &command.request)?;
        let summary = plan.summary(&self.inner.store).map_err(|e| e.explain())?;
        let key = |place: usize| plan.spec.prompts[place].key.clone();
        Ok(PlanView {
            cells: plan.cells.len() as u32,
            cached: summary.cached,
            input_tokens: summary.input_tokens,
            output_tokens_max: summary.output_tokens_max,
            cost: None,
            hosts: summary.hosts.into_iter().collect(),
            columns: plan
                .columns
                .iter()
                .map(|c| ColumnView {
                    prompt: key(c.prompt),
                    variant: c.variant.clone(),
                    model: c.target.id.clone(),
                    content_id: c.content_id.clone(),
                })
                .collect(),
            rows: plan.rows.len() as u32,
            needs_consent: !self.is_trusted(&open)?,
        })
    }
}

impl Answer<StartRun> for App {
    fn answer(&self, command: StartRun) -> Result<RunStarted, ApiError> {
        let open = self.workspace()?;
        self.require_consent(&open, command.consent)?;
        let plan = self.plan(&open, &command.request)?;
        let _one_at_a_time = self.starting();
        let handle = self.inner.engine.start(plan).map_err(|e| e.explain())?;
        Ok(self.follow(handle))
    }
}

impl Answer<ResumeRun> for App {
    fn answer(&self, command: ResumeRun) -> Result<RunStarted, ApiError> {
        let open = self.workspace()?;
        self.require_consent(&open, command.consent)?;
        let record = self.record(&command.run)?;
        if record.workspace != open.id {
            // Consent was asked for the repository that is open, not for the run's own.
            return Err(
                no_run(&command.run).hint("It belongs to another repository; open that one.")
            );
        }
        let models = self.models()?;
        let _one_at_a_time = self.starting();
        if self.live(&command.run).is_some() {
            return Err(ApiError::new(
                Code::BadInput,
                format!("run `{}` is still going", command.run),
            ));
        }
        let handle = self
            .inner
            .engine
            .resume(&record.id, &models, command.retry_failed)
            .map_err(|e| e.explain())?;
        Ok(self.follow(handle))
    }
}

impl Answer<CancelRun> for App {
    fn answer(&self, command: CancelRun) -> Result<(), ApiError> {
        if let Some(handle) = self.live(&command.run) {
            handle.cancel();
            return Ok(());
        }
        // A run that ended meanwhile is stopped already; one that never was is a mistake.
        if !is_going(&self.record(&command.run)?) {
            return Ok(());
        }
        Err(ApiError::new(Code::BadInput, format!("run `{}` cannot be stopped here", command.run))
            .hint("It goes on in another window or terminal; stop it there."))
    }
}

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
        let gates = if is_going(&record) { Vec::new() } else { self.gates(&planned)? };
        let rows = 0..planned.detail.rows.len() as u32;
        Ok(RunView {
            columns: self.column_stats(&planned.detail)?,
            rows: rows.filter_map(|row| planned.row(row)).collect(),
            gates,
            scorers: planned.detail.scorers.clone(),
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
        let going = is_going(&record);
        let cells = cells.into_iter().map(|c| cell_line(c, going)).collect();
        Ok(CellPage { run, from, cells })
    }
}

impl Answer<ReadCell> for App {
    fn answer(&self, command: ReadCell) -> Result<CellView, ApiError> {
        let record = self.record(&command.run)?;
        let planned = self.planned(&record.id)?;
        self.cell_view(&planned, command.cell, is_going(&record))
    }
}

impl Answer<WatchCell> for App {
    fn answer(&self, command: WatchCell) -> Result<(), ApiError> {
        // A run that has ended has no text to stream; its cells have their output.
        if let Some(handle) = self.live(&command.run) {
            handle.progress.watch(command.cell);
        }
        Ok(())
    }
}

impl App {
    /// Stops every run and waits until nothing is sent any more.
    pub fn shut_down(&self) {
        let handles: Vec<_> = self.live_runs().values().cloned().collect();
        for handle in &handles {
            handle.cancel();
        }
        for handle in handles {
            self.runtime().block_on(handle.finished());
        }
    }

    /// The handle of a run that is going on in this process.
    pub fn live(&self, run: &str) -> Option<RunHandle> {
        self.live_runs().get(run).filter(|handle| !handle.is_finished()).cloned()
    }

    /// Waits until a run of this process has ended; at once when it is none.
    pub fn wait(&self, run: &str, mut every: impl FnMut(&Progress)) {
        let Some(handle) = self.live(run) else { return };
        while !handle.is_finished() {
            every(&handle.progress);
            self.runtime().block_on(async {
                // Either the run ends or the pace is over; both are reasons to look again.
                let _ = tokio::time::timeout(NOTICE_PACE * 2, handle.finished()).await;
            });
        }
        every(&handle.progress);
    }

    /// Several cells of a run, whole: what a script wants, where the window asks for one.
    ///
    /// # Errors
    /// When there is no such run or cell.
    pub fn cells(&self, run: &str, cells: Range<u32>) -> Result<Vec<CellView>, ApiError> {
        let record = self.record(run)?;
        let planned = self.planned(&record.id)?;
        let going = is_going(&record);
        cells.map(|cell| self.cell_view(&planned, cell, going)).collect()
    }

    /// The run as it was planned; kept until another is looked at.
    fn planned(&self, id: &RunId) -> Result<Arc<PlannedRun>, ApiError> {
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

    fn starting(&self) -> MutexGuard<'_, ()> {
        self.inner.starting.lock().unwrap_or_else(PoisonError::into_inner)
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
            messages: planned.messages(column, &case),
            column: column_view(column),
            row: planned.row(cell.record.row).ok_or_else(no_cell)?,
            output: cell.output,
            error: cell.record.error.clone(),
            finish: last.and_then(|a| a.finish.clone()),
            input_tokens: last.and_then(|a| a.input_tokens),
            output_tokens: last.and_then(|a| a.output_tokens),
            first_token_ms: last.and_then(|a| a.first_token_ms),
            cost: last.and_then(|a| a.cost),
            attempts: cell.attempts.len() as u32,
            scores: cell.scores.into_iter().map(score_view).collect(),
            expected: case.expected.as_ref().map(ToString::to_string),
            line: cell_line(cell.record, going),
        })
    }

    fn plan(&self, open: &Open, request: &RunRequest) -> Result<Plan, ApiError> {
        let (config, problems) = open.workspace.config();
        if let Some(first) = problems.iter().find(|d| d.severity == assay_prompt::Severity::Error) {
            return Err(crate::prompts::invalid(&open.workspace, "", first));
        }
        let mut prompts = Vec::new();
        for key in self.selected(open, &request.prompts)? {
            let files = open.workspace.files(&key).map_err(|e| e.explain())?;
            let source = PromptSource {
                lone: lone_file(&key),
                key: key.key.clone(),
                name: key.name.clone(),
                files,
            };
            refuse_broken(open, &key, &source.parse())?;
            prompts.push(source);
        }
        if prompts.is_empty() {
            return Err(ApiError::new(Code::NotFound, "this repository holds no prompts")
                .hint("Add a `.prompty` file, or a folder with a prompt.yaml."));
        }
        let spec = RunSpec {
            workspace: open.id.clone(),
            prompts,
            aliases: config.models,
            options: config.options,
            request: assay_engine::RunRequest {
                variants: request.variants.clone(),
                models: request.models.clone(),
                cases: request.cases.clone(),
                tags: request.tags.clone(),
                repeat: request.repeat,
                concurrency: request.concurrency,
                no_cache: request.no_cache,
            },
        };
        Plan::new(spec, &self.models()?).map_err(|e| e.explain())
    }

    fn require_consent(&self, open: &Open, consent: bool) -> Result<(), ApiError> {
        if consent || self.is_trusted(open)? {
            return Ok(());
        }
        Err(ApiError::new(Code::NotTrusted, format!("{} is not trusted to run", open.root()))
            .hint("Look at the plan and press Run, or trust the repository."))
    }

    /// Keeps the handle and tells of the run until it ends.
    fn follow(&self, handle: RunHandle) -> RunStarted {
        let run = handle.id.to_string();
        let started = RunStarted { run: run.clone(), cells: handle.cells };
        self.live_runs().insert(run.clone(), handle.clone());
        let app = self.clone();
        self.runtime().spawn(async move {
            let mut seq = 0;
            while !handle.is_finished() {
                app.tell(&run, &handle.progress, &mut seq);
                // Either the run ends or the pace is over.
                let _ = tokio::time::timeout(NOTICE_PACE, handle.finished()).await;
            }
            app.forget(&run, &handle);
            app.tell(&run, &handle.progress, &mut seq);
        });
        started
    }

    /// Takes a run off the list of those going on, unless it was taken up again meanwhile.
    fn forget(&self, run: &str, ended: &RunHandle) {
        let mut runs = self.live_runs();
        if runs.get(run).is_some_and(|handle| Arc::ptr_eq(&handle.progress, &ended.progress)) {
            runs.remove(run);
        }
    }

    fn tell(&self, run: &str, progress: &Progress, seq: &mut u64) {
        if let Some(text) = progress.drain_text() {
            self.inner.notices.send(Notice::CellText {
                run: run.to_owned(),
                cell: text.cell,
                from: text.from as u32,
                text: text.text,
            });
        }
        if let Some(changes) = progress.drain() {
            *seq += 1;
            self.inner.notices.send(Notice::RunChanged {
                run: run.to_owned(),
                seq: *seq,
                state: wire_state(&changes.state),
                counts: counts(changes.counts),
                stale: changes.stale,
            });
        }
    }

    fn record(&self, run: &str) -> Result<RunRecord, ApiError> {
        let record = self.inner.store.run_record(&RunId::new(run)).map_err(|e| e.explain())?;
        record.ok_or_else(|| no_run(run))
    }

    fn summary(&self, record: RunRecord) -> RunSummary {
        let run = record.id.to_string();
        let live = self.live(&run).map(|handle| handle.progress.now());
        let (state, reason) = match &record.state {
            assay_store::RunState::Queued | assay_store::RunState::Running => {
                (RunState::Running, None)
            }
            assay_store::RunState::Done => (RunState::Done, None),
            assay_store::RunState::Cancelled => (RunState::Cancelled, None),
            assay_store::RunState::Interrupted => (RunState::Interrupted, None),
            assay_store::RunState::Failed(reason) => (RunState::Failed, Some(reason.clone())),
        };
        let stored = CellCounts {
            total: record.total,
            done: record.done,
            failed: record.failed,
            cached: record.cached,
            running: 0,
        };
        let end = record.ended_ms.or(live.is_some().then(|| self.inner.environment.now_ms()));
        RunSummary {
            run,
            title: record.title,
            created_ms: record.created_ms,
            wall_ms: end.map(|end| end - record.created_ms),
            state,
            reason,
            counts: live.map_or(stored, |(_, now)| counts(now)),
        }
    }

    fn column_stats(&self, detail: &RunDetail) -> Result<Vec<ColumnStats>, ApiError> {
        let stats = self.inner.store.column_stats(&detail.record.id).map_err(|e| e.explain())?;
        Ok(stats
            .into_iter()
            .filter_map(|stats| {
                Some(ColumnStats {
                    column: column_view(detail.columns.get(stats.column as usize)?),
                    done: stats.done,
                    failed: stats.failed,
                    means: stats.scores.iter().map(|s| mean_view(&s.values)).collect(),
                    cost: stats.cost,
                    p50_ms: percentile(&stats.latencies, 50),
                    p95_ms: percentile(&stats.latencies, 95),
                })
            })
            .collect())
    }

    fn gates(&self, planned: &PlannedRun) -> Result<Vec<GateView>, ApiError> {
        let detail = &planned.detail;
        if planned.prompts.values().all(|prompt| prompt.evals.gates.is_empty()) {
            return Ok(Vec::new());
        }
        let cells = self
            .inner
            .store
            .cells(&detail.record.id, 0, detail.record.total)
            .map_err(|e| e.explain())?;
        let tags: Vec<Vec<String>> =
            detail.rows.iter().map(|row| row_of(&row.case_json).tags).collect();
        let of_column = |place: usize| {
            let prompt = planned.prompts.get(&detail.columns[place].prompt);
            let specs = prompt.map_or(&[][..], |prompt| &prompt.evals.gates);
            let judged: Vec<_> = cells
                .iter()
                .filter(|c| c.column as usize == place && has_outcome(c))
                .map(|c| (c, scores_of(c, &detail.scorers)))
                .collect();
            let cells: Vec<_> =
                judged.iter().map(|(c, scores)| gate_cell(c, scores, &tags)).collect();
            let gates = judge_gates(specs, &cells);
            gates.into_iter().map(move |gate| gate_view(place as u32, gate)).collect::<Vec<_>>()
        };
        Ok((0..detail.columns.len()).flat_map(of_column).collect())
    }
}

fn gate_cell<'a>(cell: &CellRecord, scores: &'a [Score], tags: &'a [Vec<String>]) -> GateCell<'a> {
    GateCell {
        tags: tags.get(cell.row as usize).map_or(&[], Vec::as_slice),
        scores,
        latency_ms: cell.latency_ms,
        cost: None,
        failed: cell.error.is_some(),
    }
}

fn gate_view(column: u32, gate: GateResult) -> GateView {
    GateView {
        column,
        subject: gate.subject,
        ok: gate.ok,
        value: gate.value,
        limit: gate.limit,
        reason: gate.reason,
    }
}

fn column_view(column: &NewColumn) -> ColumnView {
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

fn scores_of(cell: &CellRecord, scorers: &[String]) -> Vec<Score> {
    cell.scores
        .iter()
        .filter_map(|score| {
            let scorer = scorers.get(usize::from(score.scorer))?.clone();
            let outcome = match (score.value, score.pass) {
                (Some(value), Some(pass)) => Outcome::Scored { value, pass, reason: String::new() },
                _ => Outcome::NotJudged { reason: String::new() },
            };
            Some(Score { scorer, outcome })
        })
        .collect()
}

/// A run as it was planned, with its prompts parsed once for however many cells are read.
pub(crate) struct PlannedRun {
    detail: RunDetail,
    /// By key. A run whose spec cannot be read back shows its cells without their messages.
    prompts: HashMap<String, Prompt>,
    /// Ordinal of each row's first cell.
    first_cells: Vec<u32>,
}

impl PlannedRun {
    fn new(detail: RunDetail) -> Self {
        let spec: Option<RunSpec> = serde_json::from_str(&detail.spec).ok();
        let prompts = spec
            .iter()
            .flat_map(|spec| &spec.prompts)
            .map(|s| (s.key.clone(), s.parse()))
            .collect();
        let first_cells = first_cells(&detail);
        Self { detail, prompts, first_cells }
    }

    fn case(&self, row: u32) -> Option<Row> {
        self.detail.rows.get(row as usize).map(|row| row_of(&row.case_json))
    }

    fn row(&self, place: u32) -> Option<RowView> {
        let row = self.detail.rows.get(place as usize)?;
        let case = row_of(&row.case_json);
        Some(RowView {
            prompt: row.prompt.clone(),
            case: row.case_id.clone(),
            sample: row.sample,
            first_cell: *self.first_cells.get(place as usize)?,
            preview: preview(&case),
            tags: case.tags,
        })
    }

    /// The messages as they were sent, from the prompt's files as they were.
    fn messages(&self, column: &NewColumn, case: &Row) -> Vec<MessageView> {
        let rendered = self.prompts.get(&column.prompt).and_then(|prompt| {
            let variant = prompt.variant(&column.variant)?;
            // A cell that could not be rendered failed with the reason; it has no messages.
            assay_prompt::render(prompt, variant, case).ok()
        });
        rendered.map_or_else(Vec::new, |r| r.messages.iter().map(message_view).collect())
    }
}

/// Rows come prompt by prompt, each with a cell per column of its prompt.
fn first_cells(detail: &RunDetail) -> Vec<u32> {
    let mut columns: HashMap<&str, u32> = HashMap::new();
    for column in &detail.columns {
        *columns.entry(column.prompt.as_str()).or_default() += 1;
    }
    let mut next = 0;
    let mut firsts = Vec::with_capacity(detail.rows.len());
    for row in &detail.rows {
        firsts.push(next);
        next += columns.get(row.prompt.as_str()).copied().unwrap_or_default();
    }
    firsts
}

fn score_view(score: StoredScore) -> ScoreView {
    ScoreView { scorer: score.scorer, value: score.value, pass: score.pass, reason: score.reason }
}

/// Whether the run goes on, in this process or another.
fn is_going(record: &RunRecord) -> bool {
    record.state.is_live()
}

fn no_run(run: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("there is no run `{run}`"))
}

/// A case as it was stored. What was written by us reads back; a damaged line shows as an empty case.
fn row_of(line: &str) -> Row {
    serde_json::from_str(line).unwrap_or_default()
}

/// The case's longest text input, on one line.
fn preview(case: &Row) -> String {
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
            _ => CellState::Cancelled,
        },
        preview: cell.error.unwrap_or(cell.preview),
        latency_ms: cell.latency_ms.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX)),
        cached: cell.cached,
        scores,
    }
}

/// Pass rates get Wilson's interval, other scores that of Student's t.
fn mean_view(values: &[f64]) -> Option<MeanView> {
    let binary = values.iter().all(|v| *v == 0.0 || *v == 1.0);
    let mean = if binary {
        pass_rate(values.iter().filter(|v| **v == 1.0).count(), values.len())
    } else {
        mean(values)
    }?;
    Some(MeanView { mean: mean.mean, low: mean.low, high: mean.high, n: mean.n as u32 })
}

/// The nearest-rank percentile of sorted values.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn counts(counts: assay_engine::Counts) -> CellCounts {
    CellCounts {
        total: counts.total,
        done: counts.done,
        failed: counts.failed,
        cached: counts.cached,
        running: counts.running,
    }
}

fn wire_state(state: &State) -> RunState {
    match state {
        State::Running => RunState::Running,
        State::Done => RunState::Done,
        State::Cancelled => RunState::Cancelled,
        State::Failed(_) => RunState::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let sorted: Vec<u64> = (1..=20).collect();
        assert_eq!(percentile(&sorted, 50), Some(10));
        assert_eq!(percentile(&sorted, 95), Some(19));
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 95), Some(7));
    }

    #[test]
    fn scores_that_are_only_zero_and_one_are_a_pass_rate() {
        let rate = mean_view(&[1.0, 1.0, 0.0, 1.0]).expect("has values");
        assert!((rate.mean - 0.75).abs() < 1e-12);
        assert!(rate.high < 1.0, "Wilson's interval never reaches 1 unless all passed");
    }

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
