//! Driving a run: lanes of workers, one cell after the other, nothing lost.
//!
//! Every call is recorded before it leaves and stored before the next cell begins; what the store
//! has acknowledged survives the end of the process at any moment. A run that stops, for whatever
//! reason, keeps its finished cells and goes on where it stopped.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use assay_model::FailureKind;
use assay_score::{Outcome, Score, Subject};
use assay_store::{
    AttemptId, AttemptOutcome, BeginAttempt, FinishAttempt, NewCell, NewColumn, NewRow, NewRun,
    Original, Pending, RunId, RunState, Store, StoreError, StoredScore, Usage,
};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::call::{Answer, CallContext, Next, Refusal, send};
use crate::environment::Environment;
use crate::error::EngineError;
use crate::models::Models;
use crate::plan::{Call, Plan, Unsendable};
use crate::progress::{Counts, Ending, Progress, State};
use crate::spec::RunSpec;

/// Starts and resumes runs.
#[derive(Clone)]
pub struct Engine {
    store: Store,
    environment: Arc<dyn Environment>,
    runtime: Handle,
}

/// A run that is going on.
#[derive(Clone)]
pub struct RunHandle {
    /// Its id.
    pub id: RunId,
    /// Cells it has to answer.
    pub cells: u32,
    /// How far it is.
    pub progress: Arc<Progress>,
    cancel: CancellationToken,
    finished: watch::Receiver<bool>,
}

impl RunHandle {
    /// Stops the run. What is done stays.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Waits until nothing of the run is going on any more.
    pub async fn finished(&self) {
        // An error means that the driver is gone, which is the same to whoever waits.
        let _ = self.finished.clone().wait_for(|finished| *finished).await;
    }

    /// Whether nothing of the run is going on any more.
    pub fn is_finished(&self) -> bool {
        *self.finished.borrow()
    }
}

impl Engine {
    /// An engine that keeps its runs in `store` and works on `runtime`.
    pub fn new(store: Store, environment: Arc<dyn Environment>, runtime: Handle) -> Self {
        Self { store, environment, runtime }
    }

    /// Where runs go on.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Records the whole matrix, then begins to answer it.
    ///
    /// # Errors
    /// When the run cannot be recorded. Nothing was sent then.
    pub fn start(&self, plan: Plan) -> Result<RunHandle, EngineError> {
        let id = RunId::new(self.environment.new_run_id());
        let now = self.environment.now_ms();
        self.store.create_run(new_run(&id, &plan, now)?)?;
        self.store.set_run_state(&id, RunState::Running, now)?;
        let cells = (0..plan.cells.len() as u32).collect();
        let counts = Counts { total: plan.cells.len() as u32, ..Counts::default() };
        Ok(self.drive(id, plan, cells, counts))
    }

    /// Sends what is missing of a run, with the prompts as they were when it began.
    ///
    /// # Errors
    /// When there is no such run, it goes on in another process, it cannot be read back, or its
    /// models can no longer be used. Whether it goes on in this one is the caller's to know.
    pub fn resume(
        &self,
        id: &RunId,
        models: &Models,
        retry_failed: bool,
    ) -> Result<RunHandle, EngineError> {
        let detail =
            self.store.run(id)?.ok_or_else(|| EngineError::UnknownRun { run: id.to_string() })?;
        let unreadable =
            |reason: String| EngineError::UnreadableRun { run: id.to_string(), reason };
        let spec: RunSpec =
            serde_json::from_str(&detail.spec).map_err(|e| unreadable(e.to_string()))?;
        let plan = Plan::new(spec, models)?;
        if plan.cells.len() != detail.record.total as usize {
            return Err(unreadable("its matrix has another size than when it began".to_owned()));
        }
        self.store.set_run_state(id, RunState::Running, self.environment.now_ms())?;
        if retry_failed {
            self.store.requeue_failed(id)?;
        }
        let cells = self.store.pending_cells(id)?.into();
        let record = self
            .store
            .run_record(id)?
            .ok_or_else(|| EngineError::UnknownRun { run: id.to_string() })?;
        let counts = Counts {
            total: record.total,
            done: record.done,
            failed: record.failed,
            cached: record.cached,
            running: 0,
        };
        Ok(self.drive(id.clone(), plan, cells, counts))
    }

    fn drive(&self, id: RunId, plan: Plan, cells: VecDeque<u32>, counts: Counts) -> RunHandle {
        let (finished_sender, finished) = watch::channel(false);
        let progress = Arc::new(Progress::new(counts));
        let cancel = CancellationToken::new();
        let handle = RunHandle {
            id: id.clone(),
            cells: cells.len() as u32,
            progress: Arc::clone(&progress),
            cancel: cancel.clone(),
            finished,
        };
        let driver = Driver {
            id,
            plan,
            store: self.store.clone(),
            environment: Arc::clone(&self.environment),
            progress,
            cancel,
            stopped: Mutex::default(),
        };
        self.runtime.spawn(async move {
            Arc::new(driver).run(cells).await;
            // Nobody may be waiting.
            let _ = finished_sender.send(true);
        });
        handle
    }
}

/// One run that is going on.
struct Driver {
    id: RunId,
    plan: Plan,
    store: Store,
    environment: Arc<dyn Environment>,
    progress: Arc<Progress>,
    cancel: CancellationToken,
    /// Why a lane or the whole run stopped by itself; the first reason counts.
    stopped: Mutex<Option<String>>,
}

/// The cells of one model, shared by its workers.
struct Lane {
    cells: Mutex<VecDeque<u32>>,
    /// Set when a failure says that no other call of this model can succeed.
    closed: CancellationToken,
}

impl Lane {
    fn next(&self) -> Option<u32> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Driver {
    async fn run(self: Arc<Self>, cells: VecDeque<u32>) {
        if self.choose_shots().await {
            Arc::clone(&self).answer_all(cells).await;
        }
        self.conclude();
    }

    /// Has the nearest examples chosen, where a variant shows them; says whether the run can go on.
    async fn choose_shots(self: &Arc<Self>) -> bool {
        if !self.plan.has_shots_to_choose() {
            return true;
        }
        let driver = Arc::clone(self);
        // Embedding is pure computation, perhaps minutes of it.
        let choose = move || driver.plan.choose_shots(&|| !driver.cancel.is_cancelled());
        match tokio::task::spawn_blocking(choose).await {
            Ok(Ok(())) => return true,
            Ok(Err(EngineError::Stopped)) => {}
            Ok(Err(error)) => self.stop(error.to_string()),
            Err(panic) => self.stop(format!("the embedding model stopped: {panic}")),
        }
        false
    }

    async fn answer_all(self: Arc<Self>, cells: VecDeque<u32>) {
        let mut workers = tokio::task::JoinSet::new();
        for (concurrency, cells) in self.lanes(cells) {
            let lane =
                Arc::new(Lane { closed: self.cancel.child_token(), cells: Mutex::new(cells) });
            for _ in 0..concurrency {
                workers.spawn(Arc::clone(&self).work(Arc::clone(&lane)));
            }
        }
        while let Some(worker) = workers.join_next().await {
            if let Err(panic) = worker {
                self.stop(format!("a worker stopped: {panic}"));
            }
        }
    }

    /// Cells by model, each with how many workers answer them.
    fn lanes(&self, cells: VecDeque<u32>) -> Vec<(usize, VecDeque<u32>)> {
        let mut lanes: BTreeMap<&str, (usize, VecDeque<u32>)> = BTreeMap::new();
        for cell in cells {
            let (column, _) = self.plan.at(cell);
            let target = &column.target;
            let wanted = self.plan.spec.request.concurrency.map(|n| n.max(1) as usize);
            let lane = lanes.entry(&target.id).or_insert_with(|| {
                (wanted.unwrap_or_else(|| target.default_concurrency()), VecDeque::new())
            });
            lane.1.push_back(cell);
        }
        lanes.into_values().map(|(workers, cells)| (workers.min(cells.len()), cells)).collect()
    }

    /// Answers cells until none is left. The end of a cell and the beginning of the next are
    /// handed to the store together, so that both cost one commit.
    async fn work(self: Arc<Self>, lane: Arc<Lane>) {
        let mut last = None;
        while !lane.closed.is_cancelled() {
            let Some(cell) = lane.next() else { break };
            self.progress.began(cell);
            let begun = self.begin(cell);
            self.settle(last.take()).await;
            match self.answer(cell, begun, &lane.closed).await {
                Ok(recorded) => last = Some(recorded),
                Err(error) => self.give_up(cell, &error),
            }
        }
        self.settle(last).await;
    }

    /// Waits until a cell's end is on the disk; only then it counts.
    async fn settle(&self, recorded: Option<Recorded>) {
        let Some(Recorded { cell, ending, stored }) = recorded else { return };
        match stored.await {
            Ok(()) => self.progress.ended(cell, ending),
            Err(error) => self.give_up(cell, &error),
        }
    }

    /// What cannot be stored must not be paid for: nothing more is sent.
    fn give_up(&self, cell: u32, error: &StoreError) {
        self.progress.ended(cell, Ending::Requeued);
        self.stop(error.to_string());
        self.cancel.cancel();
    }

    /// Works out what a cell needs, and has the beginning of its first attempt recorded.
    fn begin(&self, cell: u32) -> Result<Begun, StoreError> {
        let (work, request) = match self.plan.call(cell) {
            Ok(call) => {
                let request = call.body.clone();
                match self.cached(&call)? {
                    Some((answer, original)) => (Work::Cached(answer, original), request),
                    None => (Work::Send(Box::new(call)), request),
                }
            }
            Err(reason) => (Work::Refused(unsendable(&reason)), Vec::new()),
        };
        let (column, _) = self.plan.at(cell);
        let origin = match work {
            Work::Send(_) => column.target.origin.as_str(),
            Work::Cached(..) => "cache",
            Work::Refused(_) => "none",
        };
        let attempt = self.begin_attempt(cell, request, origin);
        Ok(Begun { work, attempt })
    }

    async fn answer(
        &self,
        cell: u32,
        begun: Result<Begun, StoreError>,
        lane: &CancellationToken,
    ) -> Result<Recorded, StoreError> {
        let Begun { work, attempt } = begun?;
        let attempt = attempt.await?;
        Ok(match work {
            Work::Send(call) => return self.send(cell, &call, attempt, lane).await,
            Work::Cached(answer, original) => {
                let scores = self.score(cell, &answer.output, answer.latency_ms);
                let stored = self.finish(cell, attempt, done(answer, Some(original)), scores, None);
                Recorded { cell, ending: Ending::Done { cached: true }, stored }
            }
            Work::Refused(refusal) => {
                let stored = self.finish(cell, attempt, failed(refusal), Vec::new(), None);
                Recorded { cell, ending: Ending::Failed, stored }
            }
        })
    }

    /// Calls until the cell has an ending. Ends, because a refusal asks for another try only
    /// below `MAX_ATTEMPTS`.
    async fn send(
        &self,
        cell: u32,
        call: &Call,
        mut id: AttemptId,
        lane: &CancellationToken,
    ) -> Result<Recorded, StoreError> {
        let (column, _) = self.plan.at(cell);
        let mut context = CallContext {
            environment: Arc::clone(&self.environment),
            progress: Arc::clone(&self.progress),
            cancel: lane.clone(),
            cell,
            attempt: 1,
        };
        loop {
            let refusal = match send(&column.target, call, &context).await {
                Ok(answer) => return Ok(self.answered(cell, id, call, answer)),
                Err(refusal) => refusal,
            };
            let Next::Retry(pause) = refusal.next else {
                return Ok(self.refused(cell, id, refusal, lane));
            };
            let stored = self.finish(cell, id, failed(refusal), Vec::new(), None);
            if tokio::time::timeout(pause, lane.cancelled()).await.is_ok() {
                return Ok(Recorded { cell, ending: Ending::Requeued, stored });
            }
            stored.await?;
            context.attempt += 1;
            self.progress.restarted(cell);
            id = self.begin_attempt(cell, call.body.clone(), &column.target.origin).await?;
        }
    }

    fn answered(&self, cell: u32, id: AttemptId, call: &Call, answer: Answer) -> Recorded {
        let scores = self.score(cell, &answer.output, answer.latency_ms);
        let key = (!self.plan.spec.request.no_cache).then_some(call.cache_key);
        let stored = self.finish(cell, id, done(answer, None), scores, key);
        Recorded { cell, ending: Ending::Done { cached: false }, stored }
    }

    fn refused(
        &self,
        cell: u32,
        id: AttemptId,
        refusal: Refusal,
        lane: &CancellationToken,
    ) -> Recorded {
        let ending = match refusal.next {
            Next::Cancelled => Ending::Requeued,
            _ => Ending::Failed,
        };
        if refusal.next == Next::StopLane {
            self.stop(refusal.message.clone());
            lane.cancel();
        }
        let stored = self.finish(cell, id, failed(refusal), Vec::new(), None);
        Recorded { cell, ending, stored }
    }

    fn cached(&self, call: &Call) -> Result<Option<(Answer, Original)>, StoreError> {
        if self.plan.spec.request.no_cache {
            return Ok(None);
        }
        let reply = self.store.cache_get(&call.cache_key)?;
        Ok(reply.map(|reply| {
            let answer = Answer {
                output: reply.output,
                raw: reply.response,
                finish: reply.finish,
                input_tokens: reply.usage.input,
                output_tokens: reply.usage.output,
                latency_ms: reply.latency_ms,
                first_token_ms: reply.first_token_ms,
            };
            (answer, reply.original)
        }))
    }

    fn score(&self, cell: u32, output: &str, latency_ms: u64) -> Vec<StoredScore> {
        let (column, row) = self.plan.at(cell);
        let subject = Subject { output, latency_ms, cost: None, case: &row.case };
        column.scorers.score(&subject).into_iter().map(stored_score).collect()
    }

    fn begin_attempt(&self, cell: u32, request: Vec<u8>, origin: &str) -> Pending<AttemptId> {
        let begin = BeginAttempt {
            cell,
            request,
            started_ms: self.environment.now_ms(),
            origin: origin.to_owned(),
            reserved: None,
        };
        self.store.begin_attempt(&self.id, begin)
    }

    fn finish(
        &self,
        cell: u32,
        attempt: AttemptId,
        outcome: AttemptOutcome,
        scores: Vec<StoredScore>,
        cache_key: Option<[u8; 32]>,
    ) -> Pending<()> {
        let finish = FinishAttempt {
            run: self.id.clone(),
            cell,
            attempt,
            ended_ms: self.environment.now_ms(),
            request_id: None,
            outcome,
            scores,
            cache_key,
        };
        self.store.finish_attempt(finish)
    }

    fn stop(&self, reason: String) {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }

    fn conclude(&self) {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (_, counts) = self.progress.now();
        let state = match stopped {
            Some(reason) => State::Failed(reason),
            None if counts.done + counts.failed == counts.total => State::Done,
            None => State::Cancelled,
        };
        let recorded =
            self.store.set_run_state(&self.id, stored_state(&state), self.environment.now_ms());
        self.progress.finish(match recorded {
            Ok(()) => state,
            // The run is on disk as running and is found as interrupted at the next start.
            Err(error) => State::Failed(error.to_string()),
        });
    }
}

/// A cell whose first attempt is on its way to the disk.
struct Begun {
    work: Work,
    attempt: Pending<AttemptId>,
}

/// What a cell needs.
enum Work {
    Send(Box<Call>),
    Cached(Answer, Original),
    Refused(Refusal),
}

/// A cell whose end is on its way to the disk.
struct Recorded {
    cell: u32,
    ending: Ending,
    stored: Pending<()>,
}

/// A case that does not fit the template fails its cell without a call.
fn unsendable(reason: &Unsendable) -> Refusal {
    let (kind, message) = match reason {
        Unsendable::Unrenderable(found) => {
            ("template", format!("{} ({} in {})", found.message, found.code, found.file))
        }
        Unsendable::Unsupported(lack) => (FailureKind::Rejected.as_str(), lack.to_string()),
    };
    Refusal { kind, message, raw: Vec::new(), maybe_billed: false, next: Next::Fail }
}

fn new_run(id: &RunId, plan: &Plan, created_ms: i64) -> Result<NewRun, EngineError> {
    let spec = serde_json::to_string(&plan.spec)
        .map_err(|e| EngineError::UnreadableRun { run: id.to_string(), reason: e.to_string() })?;
    let key = |place: usize| plan.spec.prompts[place].key.clone();
    Ok(NewRun {
        id: id.clone(),
        workspace: plan.spec.workspace.clone(),
        created_ms,
        title: plan.spec.title(),
        spec,
        columns: plan
            .columns
            .iter()
            .map(|c| NewColumn {
                prompt: key(c.prompt),
                variant: c.variant.clone(),
                content_id: c.content_id.clone(),
                model: c.target.id.clone(),
            })
            .collect(),
        rows: plan
            .rows
            .iter()
            .map(|r| NewRow {
                prompt: key(r.prompt),
                case_id: r.case.id.clone(),
                sample: r.sample,
                case_json: case_json(&r.case),
            })
            .collect(),
        cells: plan.cells.iter().map(|&(column, row)| NewCell { column, row }).collect(),
        scorers: plan.scorers.clone(),
        budget: None,
        shard: None,
    })
}

/// A row has only text keys, so it can always be written.
fn case_json(case: &assay_prompt::Row) -> String {
    serde_json::to_string(case).unwrap_or_default()
}

fn done(answer: Answer, original: Option<Original>) -> AttemptOutcome {
    AttemptOutcome::Done {
        output: answer.output,
        response: answer.raw,
        latency_ms: answer.latency_ms,
        first_token_ms: answer.first_token_ms,
        usage: Usage {
            input: answer.input_tokens,
            output: answer.output_tokens,
            ..Usage::default()
        },
        finish: answer.finish,
        cost: None,
        original,
    }
}

fn failed(refusal: Refusal) -> AttemptOutcome {
    AttemptOutcome::Failed {
        kind: refusal.kind.to_owned(),
        message: refusal.message,
        response: refusal.raw,
        maybe_billed: refusal.maybe_billed,
        cost: None,
        retry: matches!(refusal.next, Next::Retry(_) | Next::Cancelled),
    }
}

fn stored_score(score: Score) -> StoredScore {
    let scorer = score.scorer;
    match score.outcome {
        Outcome::Scored { value, pass, reason } => {
            StoredScore { scorer, value: Some(value), pass: Some(pass), reason }
        }
        Outcome::NotJudged { reason } => StoredScore { scorer, value: None, pass: None, reason },
    }
}

fn stored_state(state: &State) -> RunState {
    match state {
        State::Running => RunState::Running,
        State::Done => RunState::Done,
        State::Cancelled => RunState::Cancelled,
        State::Failed(reason) => RunState::Failed(reason.clone()),
    }
}
