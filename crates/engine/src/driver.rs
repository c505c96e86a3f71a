//! Driving a run: its lanes staffed, its pauses and retries kept, its end recorded.
//!
//! What the store has acknowledged survives the end of the process at any moment. A run that stops, for whatever
//! reason, keeps its finished cells and goes on where it stopped.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assay_score::Subject;
use assay_store::{
    AttemptId, AttemptOutcome, BeginAttempt, FailedCalls, FinishAttempt, LanePause, Original,
    Pending, RunId, Stop, StopKind, Store, StoreError,
};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::budget::Budget;
use crate::call::{Answer, Kind, MOST_LOST, Refusal};
use crate::cell::{Scores, Work, Worker};
use crate::environment::Environment;
use crate::error::EngineError;
use crate::lanes::{Aside, Bounds, Lane, Pace, ShutOut, Standing};
use crate::models::Target;
use crate::plan::{Call, Plan, Unsendable};
use crate::progress::{Ending, Progress, State};
use crate::record::{stored_score, stored_state};
use crate::run::Engine;
use crate::tool_calls;
use crate::twins::{Turn, Twins};

/// One run that is going on.
pub(crate) struct Driver {
    /// What drives it; its judges' questions go through the same.
    pub engine: Engine,
    pub id: RunId,
    pub plan: Plan,
    pub store: Store,
    pub environment: Arc<dyn Environment>,
    pub progress: Arc<Progress>,
    pub cancel: CancellationToken,
    pub budget: Option<Arc<Budget>>,
    pub lanes: BTreeMap<String, Arc<Lane>>,
    /// Calls of each cell that were sent and lost, those before this run was taken up included.
    pub lost: Mutex<HashMap<u32, u32>>,
    /// Bounds the replies read back at once: each takes a thread meanwhile, and may be as large as a reply can be.
    pub reading: Semaphore,
    pub retries: Arc<Retries>,
    pub twins: Arc<Twins>,
    /// Why the run stopped by itself; the first reason counts.
    pub stopped: Mutex<Option<Stop>>,
    /// Whether what failed before is to be tried again.
    pub again: bool,
    /// Whether there is output that its judges have not come to.
    pub unjudged: AtomicBool,
}

/// Lanes that somebody wants to go on.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    state: Mutex<Wanted>,
    asked: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    models: Vec<String>,
    closed: bool,
}

impl Retries {
    /// Asks for a lane. Says whether the run still listens.
    pub fn ask(&self, model: &str) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.closed {
            state.models.push(model.to_owned());
            self.asked.notify_one();
        }
        !state.closed
    }

    async fn next(&self) -> String {
        loop {
            if let Some(model) =
                self.state.lock().unwrap_or_else(PoisonError::into_inner).models.pop()
            {
                return model;
            }
            self.asked.notified().await;
        }
    }

    /// Listens no longer, unless somebody has asked meanwhile.
    fn close(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = state.models.is_empty();
        state.closed
    }
}

/// What was found out about cells that are left, before a run was taken up.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// Refused as if their key were not good for them.
    pub refused: HashMap<u32, FailedCalls>,
    /// Failed in the way that paused their lane.
    pub failed: HashMap<u32, FailedCalls>,
}

impl Before {
    /// Whether a cell may be at fault itself.
    pub fn knows(&self, cell: u32) -> bool {
        self.refused.contains_key(&cell) || self.failed.contains_key(&cell)
    }
}

/// A model, and its cells with their columns.
type OfModel<'a> = (&'a Target, Vec<(u32, u32)>);

/// The lanes of `cells`, by model, within what their providers' settings allow.
pub(crate) fn lanes(
    plan: &Plan,
    cells: &[u32],
    before: &Before,
    bounds: &Bounds,
    cancel: &CancellationToken,
) -> BTreeMap<String, Arc<Lane>> {
    let mut by_model: BTreeMap<&str, OfModel<'_>> = BTreeMap::new();
    for cell in cells {
        let (column, _) = plan.cells[*cell as usize];
        let target = &plan.columns[column as usize].target;
        by_model.entry(&target.id).or_insert_with(|| (target, Vec::new())).1.push((column, *cell));
    }
    let wanted = plan.spec.request.concurrency.map(|n| n as usize);
    let lanes = by_model.into_iter().map(|(id, (target, cells))| {
        let limits = &target.limits;
        let ceiling = bounds.ceiling(target.provider(), limits);
        let pace = Pace::new(wanted.or(target.calls_at_once()), limits, bounds.quota(id, limits));
        let known = recalled(&cells, before);
        let lane = Lane::new(id, pace, ceiling, cells, cancel).recalling(known);
        (id.to_owned(), Arc::new(lane))
    });
    lanes.collect()
}

/// What is known of the model of these cells.
fn recalled(cells: &[(u32, u32)], before: &Before) -> Standing {
    let of = |known: &HashMap<u32, FailedCalls>| -> Vec<(u32, FailedCalls)> {
        cells.iter().filter_map(|(_, cell)| Some((*cell, *known.get(cell)?))).collect()
    };
    let refused = of(&before.refused);
    // One answer stands for all that came before a cell was refused first, or since.
    let answered = |calls: &FailedCalls| u64::from(calls.answered.is_some());
    let answers = refused.iter().map(|(_, calls)| answered(calls)).max().unwrap_or(0);
    let shut_out = refused.iter().map(|(cell, calls)| {
        let since = calls.answered > Some(calls.first);
        let answers = if since { 0 } else { answered(calls) };
        (*cell, ShutOut { times: calls.calls, answers })
    });
    let failed = of(&before.failed).into_iter().map(|(cell, calls)| (cell, calls.calls));
    Standing::recalled(answers, failed.collect(), shut_out.collect())
}

/// The run as a whole.
impl Driver {
    /// Answers what is to be answered, and records how it ended.
    pub async fn run(self: Arc<Self>) {
        if self.choose_shots().await {
            self.answer_all().await;
            self.judge_all().await;
        }
        self.retries.close();
        self.conclude().await;
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

    /// Ends when every lane is empty or stands still, and nobody wants one to go on.
    async fn answer_all(self: &Arc<Self>) {
        let mut workers = JoinSet::new();
        for lane in self.lanes.values() {
            self.staff(lane, &mut workers);
        }
        loop {
            if workers.is_empty() && self.retries.close() {
                return;
            }
            tokio::select! {
                Some(ended) = workers.join_next() => {
                    if let Err(panic) = ended {
                        self.stop(format!("a worker stopped: {panic}"));
                    }
                }
                model = self.retries.next() => self.take_up(&model, &mut workers).await,
            }
        }
    }

    fn staff(self: &Arc<Self>, lane: &Arc<Lane>, workers: &mut JoinSet<()>) {
        for _ in 0..lane.workers() {
            workers.spawn(Worker::new(Arc::clone(self), Arc::clone(lane)).run());
        }
    }

    async fn take_up(self: &Arc<Self>, model: &str, workers: &mut JoinSet<()>) {
        let Some(lane) = self.lanes.get(model).filter(|lane| lane.resume()) else { return };
        let (id, paused) = (self.id.clone(), model.to_owned());
        match self.stored(move |store| store.resume_lane(&id, &paused)).await {
            Ok(()) => self.progress.lane_resumed(model),
            Err(error) => return self.give_up_all(&error),
        }
        self.staff(lane, workers);
    }

    /// Why a lane stops.
    pub fn pause_of(&self, lane: &Lane, refusal: &Refusal) -> LanePause {
        LanePause {
            model: lane.model().to_owned(),
            kind: refusal.kind.as_str().to_owned(),
            reason: refusal.message.clone(),
            since_ms: self.environment.now_ms(),
        }
    }

    /// Keeps why a lane stopped, and tells whoever watches.
    pub async fn record_pause(&self, pause: LanePause) {
        let (id, kept) = (self.id.clone(), pause.clone());
        if let Err(error) = self.stored(move |store| store.pause_lane(&id, kept)).await {
            self.give_up_all(&error);
        }
        self.progress.lane_paused(pause);
    }

    /// What cannot be stored must not be paid for: nothing more is sent.
    pub fn give_up(&self, cell: u32, error: &StoreError) {
        self.progress.ended(cell, Ending::Requeued);
        self.give_up_all(error);
    }

    pub fn give_up_all(&self, error: &StoreError) {
        self.stop(error.to_string());
        self.cancel.cancel();
    }

    /// Notes why the run stops by itself.
    pub fn stop(&self, reason: impl Into<Stop>) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert_with(|| reason.into());
    }

    async fn conclude(&self) {
        let state = self.ending();
        let (id, kept, now) = (self.id.clone(), stored_state(&state), self.environment.now_ms());
        let recorded = self.stored(move |store| store.set_run_state(&id, kept, now)).await;
        self.progress.finish(match recorded {
            Ok(()) => state,
            // The run is on disk as running and is found as interrupted at the next start.
            Err(error) => State::Failed(error.to_string().into()),
        });
    }

    /// Has the store do what waits for the disk, on a thread that may wait: those of the runtime drive every lane.
    pub async fn stored<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.store.clone();
        match tokio::task::spawn_blocking(move || work(&store)).await {
            Ok(done) => done,
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            // The runtime goes down, and this task with it.
            Err(_) => std::future::pending().await,
        }
    }

    fn ending(&self) -> State {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (_, counts) = self.progress.now();
        let paused = self.progress.paused();
        match stopped {
            Some(stop) => State::Failed(stop),
            None if counts.is_complete() && !self.unjudged.load(Ordering::Relaxed) => State::Done,
            None if self.cancel.is_cancelled() || paused.is_empty() => State::Cancelled,
            None => State::Failed(Stop::new(StopKind::Paused, reasons(&paused))),
        }
    }
}

/// Why lanes stand still; one reason as it is, several with their models.
fn reasons(paused: &[LanePause]) -> String {
    match paused {
        [only] => only.reason.clone(),
        several => {
            let each = several.iter().map(|pause| format!("{}: {}", pause.model, pause.reason));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

/// One cell of it.
impl Driver {
    /// Where a cell goes.
    pub fn target(&self, cell: u32) -> &Target {
        &self.plan.at(cell).0.target
    }

    /// Calls of a cell that were sent and lost.
    pub fn lost(&self, cell: u32) -> u32 {
        self.lost_calls().get(&cell).copied().unwrap_or(0)
    }

    /// Keeps how many that are, for whoever takes up the cell after its lane was paused.
    pub fn set_lost(&self, cell: u32, calls: u32) {
        if calls > 0 {
            self.lost_calls().insert(cell, calls);
        }
    }

    fn lost_calls(&self) -> MutexGuard<'_, HashMap<u32, u32>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works out what a cell needs. One whose question another cell is asking is set aside.
    pub async fn work_for(
        &self,
        cell: u32,
        set_aside: impl FnOnce() -> Aside,
    ) -> Result<Work, StoreError> {
        let call = match self.plan.call(cell) {
            Ok(call) => Box::new(call),
            Err(reason) => return Ok(Work::Refused(None, unsendable(&reason))),
        };
        // Claimed before the cache is looked into: a reply that comes in between is found there.
        let claim = match self.turn(&call, set_aside) {
            Turn::Own(claim) => Some(claim),
            Turn::Free => None,
            Turn::Other => return Ok(Work::Aside),
        };
        if let Some((answer, cost, original)) = self.cached(&call).await? {
            return Ok(Work::Cached(call, answer, cost, original));
        }
        if self.lost(cell) >= MOST_LOST {
            return Ok(Work::Refused(Some(call), lost_before()));
        }
        Ok(Work::Send(call, claim))
    }

    /// Whose turn it is to ask what a cell asks. Without the cache, everybody's.
    fn turn(&self, call: &Call, set_aside: impl FnOnce() -> Aside) -> Turn {
        match self.plan.spec.request.no_cache {
            true => Turn::Free,
            false => self.twins.claim(&call.cache_key, set_aside),
        }
    }

    async fn cached(
        &self,
        call: &Call,
    ) -> Result<Option<(Answer, Option<f64>, Original)>, StoreError> {
        let key = call.cache_key;
        if self.plan.spec.request.no_cache || !self.store.is_cached(&key)? {
            return Ok(None);
        }
        // It is never closed; without a permit there would only be more threads.
        let _permit = self.reading.acquire().await;
        let reply = self.stored(move |store| store.cache_get(&key)).await?;
        Ok(reply.map(|reply| {
            let answer = Answer {
                output: reply.output,
                raw: reply.response,
                finish: reply.finish,
                usage: reply.usage,
                latency_ms: reply.latency_ms,
                first_token_ms: reply.first_token_ms,
                request_id: None,
                rates: Box::default(),
            };
            (answer, reply.cost, reply.original)
        }))
    }

    /// What the scorers say of an answer.
    pub fn score(&self, cell: u32, answer: &Answer, cost: Option<f64>) -> Scores {
        let (column, row) = self.plan.at(cell);
        let calls = tool_calls::of(&answer.output, &answer.finish);
        let subject = Subject {
            latency_ms: Some(answer.latency_ms),
            cost,
            finish: Some(&answer.finish),
            tool_calls: calls.as_deref(),
            resources: &self.plan.resources,
            ..Subject::new(&answer.output, &row.case)
        };
        column.scorers.score(&subject).into_iter().map(stored_score).collect()
    }

    /// Has the beginning of a call recorded.
    pub fn begin_attempt(
        &self,
        cell: u32,
        request: Vec<u8>,
        origin: &str,
        reserved: Option<f64>,
    ) -> Pending<AttemptId> {
        let begin = BeginAttempt {
            cell,
            request,
            started_ms: self.environment.now_ms(),
            origin: origin.to_owned(),
            reserved,
        };
        self.store.begin_attempt(&self.id, begin)
    }

    /// Has the end of a call recorded.
    pub fn finish(
        &self,
        cell: u32,
        attempt: AttemptId,
        request_id: Option<String>,
        outcome: AttemptOutcome,
        scores: Scores,
        cache_key: Option<[u8; 32]>,
    ) -> Pending<()> {
        self.store.finish_attempt(FinishAttempt {
            run: self.id.clone(),
            cell,
            attempt,
            ended_ms: self.environment.now_ms(),
            request_id,
            outcome,
            scores,
            cache_key,
        })
    }
}

fn lost_before() -> Refusal {
    let message = "sent twice, and both replies were lost; both calls may have been billed";
    Refusal::without_call(Kind::Lost, message.to_owned())
}

/// A cell that has no call fails without one.
fn unsendable(reason: &Unsendable) -> Refusal {
    match reason {
        Unsendable::Unrenderable(found) => Refusal::without_call(
            Kind::Template,
            format!("{} ({} in {})", found.message, found.code, found.file),
        ),
        Unsendable::Unsupported(why) => {
            Refusal::without_call(Kind::Call(assay_model::FailureKind::Rejected), why.clone())
        }
    }
}
