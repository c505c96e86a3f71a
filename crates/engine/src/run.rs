//! Starting runs, and taking them up again.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use assay_model::FailureKind;
use assay_store::{LanePause, RunDetail, RunId, RunRecord, RunState, Store};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::budget::Budget;
use crate::compare::Spreads;
use crate::driver::{Before, Driver, Retries, lanes};
use crate::environment::Environment;
use crate::error::EngineError;
use crate::lanes::Bounds;
use crate::models::Models;
use crate::plan::Plan;
use crate::progress::{Counts, Progress};
use crate::record::{self, new_run};
use crate::spec::{Endpoints, RunSpec, stored_endpoints};

/// Replies that a run reads back from the cache at once.
const READ_AT_ONCE: usize = 4;

/// Starts and resumes runs.
#[derive(Clone)]
pub struct Engine {
    store: Store,
    environment: Arc<dyn Environment>,
    runtime: Handle,
    bounds: Arc<Bounds>,
    /// What runs told of how much answers differ.
    pub(crate) spreads: Arc<Mutex<Spreads>>,
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
    retries: Arc<Retries>,
    finished: watch::Receiver<bool>,
}

/// What of a run is to be answered.
#[derive(Default)]
struct Rest {
    cells: Vec<u32>,
    counts: Counts,
    /// What it has spent before, in US dollars.
    spent: f64,
    /// Calls of each cell that were sent and lost before.
    lost: HashMap<u32, u32>,
    before: Before,
    /// Whether what failed before is to be tried again.
    again: bool,
}

impl Rest {
    /// All that a run that begins has to answer.
    fn of(plan: &Plan) -> Rest {
        let all = 0..plan.cells.len() as u32;
        let cells: Vec<u32> = all.filter(|cell| plan.holds(*cell)).collect();
        let counts = Counts {
            total: plan.cells.len() as u32,
            skipped: (plan.cells.len() - cells.len()) as u32,
            ..Counts::default()
        };
        Rest { cells, counts, ..Rest::default() }
    }
}

impl RunHandle {
    /// Stops the run. What is done stays.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether somebody has stopped it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Has a paused lane go on, at once. Says whether there is one to go on: the run may have ended, which it does when
    /// nothing but paused lanes is left; resuming it has all of them go on.
    pub fn retry_lane(&self, model: &str) -> bool {
        let is_paused = self.progress.paused().iter().any(|pause| pause.model == model);
        is_paused && self.retries.ask(model)
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
        let (bounds, spreads) = Default::default();
        Self { store, environment, runtime, bounds, spreads }
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
        let run = new_run(&id, &plan, now)?;
        let rest = Rest::of(&plan);
        let skipped = (0..plan.cells.len() as u32).filter(|cell| !plan.holds(*cell)).collect();
        self.store.create_shard(run, skipped)?;
        self.store.put_signatures(&id, record::signatures(&plan))?;
        self.store.set_run_state(&id, RunState::Running, now)?;
        Ok(self.drive(id, plan, rest))
    }

    /// Records and answers what a run of this process asks for: the questions of its judges.
    ///
    /// # Errors
    /// When it cannot be recorded. Nothing was sent then.
    pub(crate) fn start_child(
        &self,
        plan: Plan,
        parent: &RunId,
        purpose: &'static str,
    ) -> Result<RunHandle, EngineError> {
        let id = RunId::new(self.environment.new_run_id());
        let now = self.environment.now_ms();
        self.store.create_child(new_run(&id, &plan, now)?, Vec::new(), parent, purpose)?;
        self.store.set_run_state(&id, RunState::Running, now)?;
        let rest = Rest::of(&plan);
        Ok(self.drive(id, plan, rest))
    }

    /// Sends what is missing of a run, with the prompts as they were when it began and the budget it has now. Its paused
    /// lanes go on. A cell whose calls were lost twice fails with that reason, unless failed cells are asked for again.
    ///
    /// # Errors
    /// When there is no such run, it goes on in another process, it cannot be read back, its models can no longer be
    /// used, or one that has answered some of it is elsewhere now. Whether it goes on in this one is the caller's to
    /// know.
    pub fn resume(
        &self,
        id: &RunId,
        models: &Models,
        retry_failed: bool,
    ) -> Result<RunHandle, EngineError> {
        let detail = self.store.run(id)?;
        let detail = detail.ok_or_else(|| EngineError::UnknownRun { run: id.to_string() })?;
        let plan = plan_of(&detail, models)?;
        let noted = endpoints_of(&detail)?;
        self.refuse_moved(&detail, &noted, &plan)?;
        self.store.set_run_state(id, RunState::Running, self.environment.now_ms())?;
        if noted != plan.endpoints() {
            self.store.set_run_spec(id, record::stored_spec(id, &plan)?)?;
        }
        if retry_failed {
            self.store.requeue_failed(id)?;
        }
        let pauses = self.store.lane_pauses(id)?;
        for pause in &pauses {
            self.store.resume_lane(id, &pause.model)?;
        }
        let record = self.record(id)?;
        let mut rest = Rest {
            cells: self.store.pending_cells(id)?,
            counts: counts(&record, &plan),
            spent: record.spent,
            again: retry_failed,
            ..Rest::default()
        };
        if !retry_failed {
            rest.lost = self.store.lost_calls(id)?;
            rest.before = self.before(id, &pauses)?;
            // Behind the others, which show whether it was their own fault.
            rest.cells.sort_by_key(|cell| rest.before.knows(*cell));
        }
        Ok(self.drive(id.clone(), plan, rest))
    }

    /// The calls of a run that failed as those did which paused its lanes.
    fn before(&self, id: &RunId, pauses: &[LanePause]) -> Result<Before, EngineError> {
        let mut before = Before::default();
        let kinds: BTreeSet<&str> = pauses.iter().map(|pause| pause.kind.as_str()).collect();
        for kind in kinds {
            let calls = self.store.failed_calls(id, kind)?;
            match kind == FailureKind::Unauthorized.as_str() {
                true => before.refused.extend(calls),
                false => before.failed.extend(calls),
            }
        }
        Ok(before)
    }

    /// Refuses to have one column answered by two servers. A model that has answered nothing yet may have been put right.
    fn refuse_moved(
        &self,
        detail: &RunDetail,
        noted: &Endpoints,
        plan: &Plan,
    ) -> Result<(), EngineError> {
        let now = plan.endpoints();
        let moved = |(model, is): &(&String, _)| noted.get(*model).is_some_and(|was| was != *is);
        if !now.iter().any(|at| moved(&at)) {
            return Ok(());
        }
        let stats = self.store.column_stats(&detail.record.id)?;
        let answered = |model: &str| {
            let mut columns = detail.columns.iter().zip(&stats);
            columns.any(|(column, stats)| column.model == model && stats.done > 0)
        };
        match now.iter().filter(moved).find(|(model, _)| answered(model)) {
            Some((model, is)) => Err(EngineError::ModelMoved {
                run: detail.record.id.to_string(),
                model: model.clone(),
                before: noted[model].origin.clone(),
                now: is.origin.clone(),
            }),
            None => Ok(()),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.environment.now_ms()
    }

    pub(crate) fn new_run_id(&self) -> String {
        self.environment.new_run_id()
    }

    pub(crate) fn record(&self, id: &RunId) -> Result<RunRecord, EngineError> {
        let record = self.store.run_record(id)?;
        record.ok_or_else(|| EngineError::UnknownRun { run: id.to_string() })
    }

    fn drive(&self, id: RunId, plan: Plan, rest: Rest) -> RunHandle {
        let (finished_sender, finished) = watch::channel(false);
        let progress = Arc::new(Progress::new(rest.counts));
        let cancel = CancellationToken::new();
        let retries = Arc::new(Retries::default());
        let handle = RunHandle {
            id: id.clone(),
            cells: rest.cells.len() as u32,
            progress: Arc::clone(&progress),
            cancel: cancel.clone(),
            retries: Arc::clone(&retries),
            finished,
        };
        let budget = plan.spec.request.budget;
        let driver = Driver {
            engine: self.clone(),
            again: rest.again,
            unjudged: AtomicBool::new(false),
            id,
            store: self.store.clone(),
            environment: Arc::clone(&self.environment),
            progress,
            budget: budget.map(|limit| Arc::new(Budget::new(limit, rest.spent))),
            lanes: lanes(&plan, &rest.cells, &rest.before, &self.bounds, &cancel),
            plan,
            cancel,
            lost: Mutex::new(rest.lost),
            reading: Semaphore::new(READ_AT_ONCE),
            retries,
            twins: Arc::default(),
            stopped: Mutex::default(),
        };
        self.runtime.spawn(async move {
            Arc::new(driver).run().await;
            // Nobody may be waiting.
            let _ = finished_sender.send(true);
        });
        handle
    }
}

/// The plan of a run that was started before.
fn plan_of(detail: &RunDetail, models: &Models) -> Result<Plan, EngineError> {
    let spec = serde_json::from_str(&detail.spec);
    let mut spec: RunSpec = spec.map_err(|error| unreadable(detail, error.to_string()))?;
    // It may have been raised since.
    spec.request.budget = detail.record.budget;
    let plan = Plan::new(spec, models)?;
    let same = plan.cells.len() == detail.record.total as usize
        && plan.scorers == detail.scorers
        && record::columns(&plan).eq(detail.columns.iter().cloned())
        && record::rows(&plan).eq(detail.rows.iter().cloned());
    match same {
        true => Ok(plan),
        false => Err(unreadable(detail, "its matrix is not the one that it began with".to_owned())),
    }
}

/// Where the models of a run were when it began.
fn endpoints_of(detail: &RunDetail) -> Result<Endpoints, EngineError> {
    stored_endpoints(&detail.spec).map_err(|error| unreadable(detail, error.to_string()))
}

fn unreadable(detail: &RunDetail, reason: String) -> EngineError {
    EngineError::UnreadableRun { run: detail.record.id.to_string(), reason }
}

fn counts(record: &RunRecord, plan: &Plan) -> Counts {
    let skipped = (0..record.total).filter(|cell| !plan.holds(*cell)).count();
    Counts {
        total: record.total,
        done: record.done,
        failed: record.failed,
        cached: record.cached,
        running: 0,
        skipped: skipped as u32,
        ..Counts::default()
    }
}
