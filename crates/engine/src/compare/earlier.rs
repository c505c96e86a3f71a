//! Finding a run that has answered a plan before, so that comparing twice makes no new runs.

use assay_store::{RunDetail, RunId, RunRecord, RunState};

use crate::error::EngineError;
use crate::plan::Plan;
use crate::run::Engine;
use crate::spec::{RunRequest, RunSpec, stored_endpoints};

/// Runs that are looked through, newest first.
const LOOKED_AT: usize = 50;

impl Engine {
    /// The newest run that has answered every cell of exactly this plan, at the same servers.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn answered_before(&self, plan: &Plan) -> Result<Option<RunId>, EngineError> {
        if plan.spec.request.no_cache {
            return Ok(None);
        }
        let is_like = |run: &RunRecord| {
            run.state == RunState::Done
                && run.done == run.total
                && run.total as usize == plan.cells.len()
        };
        for run in self.store().runs(&plan.spec.workspace, LOOKED_AT)?.into_iter().filter(is_like) {
            let detail = self.store().run(&run.id)?;
            if detail.is_some_and(|detail| asks_the_same(&detail, plan)) {
                return Ok(Some(run.id));
            }
        }
        Ok(None)
    }
}

/// A run that cannot be read back is simply not the one.
fn asks_the_same(detail: &RunDetail, plan: &Plan) -> bool {
    let stored = serde_json::from_str::<RunSpec>(&detail.spec).ok();
    let endpoints = stored_endpoints(&detail.spec).ok();
    stored.is_some_and(|stored| essence(&stored) == essence(&plan.spec))
        && endpoints.is_some_and(|endpoints| endpoints == plan.endpoints())
}

/// A specification without what changes no answer.
fn essence(spec: &RunSpec) -> RunSpec {
    let request = RunRequest { concurrency: None, ..spec.request.clone() };
    RunSpec { request, commit: None, ..spec.clone() }
}
