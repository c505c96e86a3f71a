//! Runs: planned, started, followed, resumed and stopped.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use assay_engine::{
    Column, HostShare, MediaFiles, Plan, PlanSummary, Progress, PromptSource, RunHandle, RunSpec,
    Shard, State,
};
use assay_store::RunRecord;
use assay_wire::*;

use crate::app::{App, Open};
use crate::at::At;
use crate::compare::power_view;
use crate::error::Explain;
use crate::media;
use crate::prices::CURRENCY;
use crate::prompts::{lone_file, refuse_broken};
use crate::results::{counts, no_run, stopped_state};
use crate::router::Answer;
use crate::watched::Watched;

/// Notices of one run at most twenty times a second.
const NOTICE_PACE: Duration = Duration::from_millis(50);

impl Answer<PlanRun> for App {
    fn answer(&self, command: PlanRun) -> Result<PlanView, ApiError> {
        let open = self.workspace()?;
        let plan = self.plan_without_keys(self.spec(&open, &command.request)?)?;
        self.plan_shown(&open, &plan)
    }
}

impl Answer<StartRun> for App {
    fn answer(&self, command: StartRun) -> Result<RunStarted, ApiError> {
        let open = self.workspace()?;
        self.require_consent(&open, command.consent)?;
        let spec = self.spec(&open, &command.request)?;
        let plan = self.with_models(|models| Plan::new(spec.clone(), models))?;
        self.begin(plan)
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
        let _one_at_a_time = self.starting();
        if self.live(&command.run).is_some() {
            return Err(ApiError::new(
                Code::BadInput,
                format!("run `{}` is still going", command.run),
            ));
        }
        if let Some(budget) = command.budget {
            self.raise_budget(&record, budget)?;
        }
        let handle = self.with_models(|models| {
            self.inner.engine.resume(&record.id, models, command.retry_failed)
        })?;
        Ok(self.follow(handle))
    }
}

impl Answer<RetryLane> for App {
    fn answer(&self, command: RetryLane) -> Result<RunStarted, ApiError> {
        let RetryLane { run, model, consent } = command;
        let Some(handle) = self.live(&run) else {
            // A run ends when nothing but paused lanes is left of it.
            return self.answer(ResumeRun { run, consent, retry_failed: false, budget: None });
        };
        if !handle.retry_lane(&model) {
            return Err(ApiError::new(
                Code::NotFound,
                format!("`{model}` is not paused in run `{run}`"),
            ));
        }
        Ok(RunStarted { run, cells: handle.cells })
    }
}

impl Answer<CancelRun> for App {
    fn answer(&self, command: CancelRun) -> Result<(), ApiError> {
        if let Some(handle) = self.live(&command.run) {
            handle.cancel();
            return Ok(());
        }
        // A run that ended meanwhile is stopped already; one that never was is a mistake.
        if !self.is_going(&self.record(&command.run)?) {
            return Ok(());
        }
        Err(ApiError::new(Code::BadInput, format!("run `{}` cannot be stopped here", command.run))
            .hint("It goes on in another window or terminal; stop it there."))
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
    /// Stops every run and question, and waits until nothing is sent any more.
    pub fn shut_down(&self) {
        self.stop_asking();
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
        self.handle(run).filter(|handle| !handle.is_finished())
    }

    /// The handle of a run of this process that goes on, or whose end could not be recorded.
    pub(crate) fn handle(&self, run: &str) -> Option<RunHandle> {
        self.live_runs().get(run).cloned()
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

    /// Starts a run and tells of it.
    pub(crate) fn begin(&self, plan: Plan) -> Result<RunStarted, ApiError> {
        let _one_at_a_time = self.starting();
        let handle = self.inner.engine.start(plan).map_err(|e| e.explain())?;
        Ok(self.follow(handle))
    }

    fn starting(&self) -> MutexGuard<'_, ()> {
        self.inner.starting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A plan to look at: what it would come to can be said without a key.
    pub(crate) fn plan_without_keys(&self, spec: RunSpec) -> Result<Plan, ApiError> {
        Plan::new(spec, &self.models_without_keys()?).map_err(|e| e.explain())
    }

    /// What a plan would do.
    pub(crate) fn plan_shown(&self, open: &Open, plan: &Plan) -> Result<PlanView, ApiError> {
        // Choosing the nearest examples may take minutes; who asks again does not wait for these.
        let go_on = self.inner.planning.ask();
        let summary = plan.summary(&self.inner.store, &go_on).map_err(|e| e.explain())?;
        let missing_keys = self.missing_keys(plan)?;
        let power = self.inner.engine.powers(plan).into_iter().map(power_view).collect();
        let view = plan_view(plan, summary, missing_keys, !self.is_trusted(open)?);
        Ok(PlanView { power, ..view })
    }

    /// What a run is asked to do, with the prompts as they are now.
    fn spec(&self, open: &Open, request: &RunRequest) -> Result<RunSpec, ApiError> {
        let (config, problems) = open.workspace.config();
        if let Some(first) = problems.iter().find(|d| d.severity == assay_prompt::Severity::Error) {
            return Err(crate::prompts::invalid(&open.workspace, "", first));
        }
        let (mut prompts, mut judges, mut media_read) = (Vec::new(), BTreeMap::new(), 0);
        for key in self.selected(open, &request.prompts)? {
            let files = open.workspace.files(&key).map_err(|e| e.explain())?;
            let mut source = PromptSource {
                lone: lone_file(&key),
                key: key.key.clone(),
                name: key.name.clone(),
                files,
                media: MediaFiles::new(),
                questions: None,
                judged_by: None,
            };
            let prompt = source.parse();
            refuse_broken(open, &key, &prompt)?;
            crate::judges::add_kept(open, &prompt, &mut judges)?;
            source.media = media::of_cases(
                &At::Disk(&open.workspace),
                &key,
                &prompt,
                request,
                &mut media_read,
            )?;
            prompts.push(source);
        }
        if request.prompts.is_empty() {
            prompts.retain(|prompt| !crate::judges::is_judge_prompt(&prompt.key, &judges));
        }
        if prompts.is_empty() {
            return Err(ApiError::new(Code::NotFound, "this repository holds no prompts")
                .hint("Add a `.prompty` file, or a folder with a prompt.yaml."));
        }
        Ok(RunSpec {
            workspace: open.id.clone(),
            prompts,
            aliases: config.models,
            judge_aliases: None,
            options: config.options,
            request: engine_request(request),
            judges,
            commit: None,
        })
    }

    /// Sets what a run may cost from now on.
    fn raise_budget(&self, record: &RunRecord, budget: f64) -> Result<(), ApiError> {
        if !budget.is_finite() || budget < record.spent {
            let message =
                format!("a budget of {budget} is less than the {:.4} spent", record.spent);
            return Err(ApiError::new(Code::BadInput, message)
                .hint("It is for the whole run, what was spent before included."));
        }
        self.inner.store.set_budget(&record.id, Some(budget)).map_err(|e| e.explain())
    }

    pub(crate) fn require_consent(&self, open: &Open, consent: bool) -> Result<(), ApiError> {
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
            let mut watched = Watched::new(app.inner.keys.secrets());
            while !handle.is_finished() {
                app.tell_text(&run, &handle.progress, &mut watched);
                app.tell(&run, &handle.progress, &mut seq);
                // Either the run ends or the pace is over.
                let _ = tokio::time::timeout(NOTICE_PACE, handle.finished()).await;
            }
            app.forget(&run, &handle);
            app.tell_end(&run, &handle, &mut seq);
        });
        started
    }

    /// Takes a run off the list of those going on, unless it was taken up again meanwhile. One
    /// whose end could not be recorded stays: its handle is all that knows why it ended.
    fn forget(&self, run: &str, ended: &RunHandle) {
        if !self.record(run).is_ok_and(|record| !record.state.is_live()) {
            return;
        }
        let mut runs = self.live_runs();
        if runs.get(run).is_some_and(|handle| Arc::ptr_eq(&handle.progress, &ended.progress)) {
            runs.remove(run);
        }
    }

    /// Tells of the end of a run, unless it was taken up again meanwhile: who follows it now tells how it is, and an end
    /// told after that would stand until its next cell.
    fn tell_end(&self, run: &str, ended: &RunHandle, seq: &mut u64) {
        let runs = self.live_runs();
        let goes_on = runs.get(run).is_some_and(|now| !Arc::ptr_eq(&now.progress, &ended.progress));
        if !goes_on {
            self.tell(run, &ended.progress, seq);
        }
    }

    fn tell_text(&self, run: &str, progress: &Progress, watched: &mut Watched) {
        let Some(change) = progress.drain_text() else { return };
        if let Some((from, text)) = watched.next(&change) {
            let (run, cell) = (run.to_owned(), change.cell);
            self.inner.notices.send(Notice::CellText { run, cell, from, text });
        }
    }

    fn tell(&self, run: &str, progress: &Progress, seq: &mut u64) {
        if let Some(changes) = progress.drain() {
            *seq += 1;
            self.inner.notices.send(Notice::RunChanged {
                run: run.to_owned(),
                seq: *seq,
                state: wire_state(&changes.state),
                counts: counts(changes.counts),
                stale: changes.stale,
                paused: changes.paused.into_iter().map(|pause| pause.model).collect(),
            });
        }
    }
}

/// The request in the engine's words.
pub(crate) fn engine_request(request: &RunRequest) -> assay_engine::RunRequest {
    assay_engine::RunRequest {
        variants: request.variants.clone(),
        models: request.models.clone(),
        cases: request.cases.clone(),
        tags: request.tags.clone(),
        repeat: request.repeat,
        concurrency: request.concurrency,
        no_cache: request.no_cache,
        budget: request.budget,
        shard: request.shard.map(|(index, of)| Shard { index, of }),
    }
}

fn plan_view(
    plan: &Plan,
    summary: PlanSummary,
    missing_keys: Vec<String>,
    needs_consent: bool,
) -> PlanView {
    let column = |column: &Column| ColumnView {
        prompt: plan.spec.prompts[column.prompt].key.clone(),
        variant: column.variant.clone(),
        model: column.target.id.clone(),
        content_id: column.content_id.clone(),
    };
    let share = |(host, share): (String, HostShare)| HostShareView {
        host,
        cells: share.cells,
        judge_calls: share.judge_calls,
        input_tokens: share.input_tokens,
        cost: share.cost.map(cost),
    };
    PlanView {
        cells: summary.cells,
        cached: summary.cached,
        input_tokens: summary.input_tokens,
        output_tokens_max: summary.output_tokens_max,
        judge_calls: summary.judge_calls,
        cost: summary.cost.map(cost),
        unknown_prices: summary.unpriced.into_iter().collect(),
        unsendable: summary.unsendable,
        left_out: summary.left_out.into_iter().collect(),
        hosts: summary.hosts.into_iter().collect(),
        per_host: summary.per_host.into_iter().map(share).collect(),
        missing_keys,
        columns: plan.columns.iter().map(column).collect(),
        rows: plan.rows.len() as u32,
        needs_consent,
        power: Vec::new(),
    }
}

fn cost(range: assay_engine::CostRange) -> CostRange {
    CostRange { low: range.low, high: range.high, currency: CURRENCY.to_owned() }
}

fn wire_state(state: &State) -> RunState {
    match state {
        State::Running => RunState::Running,
        State::Done => RunState::Done,
        State::Cancelled => RunState::Cancelled,
        State::Failed(stop) => stopped_state(stop),
    }
}
