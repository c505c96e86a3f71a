//! The run that is watched, the one that would start next, and how far the watched one is.

use std::collections::BTreeSet;

use assay_wire::{
    ApiError, CancelRun, CellCounts, Command, Notice, PlanRun, PlanView, ResumeRun, RetryLane,
    RunRequest, RunStarted, RunState, StartRun,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Desk, Documents, Notices, SaveState, Session, context};
use crate::ipc;

/// Which cases of the open prompt the next run takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those with this tag.
    Tag(String),
    /// All.
    All,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The run.
    pub run: String,
    /// Its state.
    pub state: RunState,
    /// Its cells by outcome.
    pub counts: CellCounts,
}

/// The run in the matrix and the next one.
#[derive(Clone, Copy)]
pub struct Runs {
    shown: RwSignal<Option<String>>,
    progress: RwSignal<Option<Progress>>,
    chosen: RwSignal<Option<Scope>>,
    model: RwSignal<Option<String>>,
    starting: RwSignal<bool>,
    trouble: RwSignal<Option<ApiError>>,
    plan: LocalResource<Option<Result<PlanView, ApiError>>>,
    outdated: RwSignal<u32>,
    documents: Documents,
    session: Session,
    desk: Desk,
}

impl Runs {
    /// Watching nothing; asks for the plan of the next run whenever what it depends on is on disk.
    pub fn new() -> Self {
        let (documents, session, desk) =
            (context::<Documents>(), context::<Session>(), context::<Desk>());
        let chosen = RwSignal::new(None);
        let model = RwSignal::new(None);
        let starting = RwSignal::new(false);
        let outdated = RwSignal::new(0);
        let models = Memo::new(move |_| session.models());
        let plan = LocalResource::new(move || {
            outdated.track();
            models.track();
            // Of two plans asked for at once the first is given up; a run about to start asks for its own.
            let free = settled(documents) && !starting.get();
            let asked = free.then(|| request(documents, chosen, model)).flatten();
            async move {
                let request = asked?;
                Some(ipc::call(PlanRun { request }).await)
            }
        });
        Self {
            shown: RwSignal::new(None),
            progress: RwSignal::new(None),
            chosen,
            model,
            starting,
            trouble: RwSignal::new(None),
            plan,
            outdated,
            documents,
            session,
            desk,
        }
    }

    /// Follows the application's notices.
    pub fn follow(self, notices: Notices) {
        notices.listen(move |notice| {
            if let Notice::RunChanged { run, state, counts, .. } = notice {
                if *state != RunState::Running {
                    // What was answered is in the cache now.
                    self.plan_again();
                }
                self.progress.set(Some(Progress {
                    run: run.clone(),
                    state: *state,
                    counts: *counts,
                }));
            }
        });
        // A refusal stands for as long as what it says: not once the same run could start.
        Effect::new(move |could: Option<bool>| {
            let can = self.plan().map_or(could.unwrap_or(true), |plan| plan.is_ok());
            if can && could == Some(false) {
                self.forgive();
            }
            can
        });
    }

    /// The run in the matrix.
    pub fn shown(self) -> Signal<Option<String>> {
        self.shown.into()
    }

    /// The run that last changed, and how far it is.
    pub fn progress(self) -> Signal<Option<Progress>> {
        self.progress.into()
    }

    /// Whether a run is going.
    pub fn is_running(self) -> bool {
        self.progress.with(|p| p.as_ref().is_some_and(|p| p.state == RunState::Running))
    }

    /// Whether a run is about to start.
    pub fn is_starting(self) -> bool {
        self.starting.get()
    }

    /// Why the last run asked for did not start.
    pub fn trouble(self) -> Signal<Option<ApiError>> {
        self.trouble.into()
    }

    /// Takes the last trouble off the screen.
    pub fn forgive(self) {
        self.trouble.set(None);
    }

    /// What the next run would do; `None` while it is being worked out or nothing is open.
    pub fn plan(self) -> Option<Result<PlanView, ApiError>> {
        self.plan.get().flatten()
    }

    /// The cases the next run takes.
    pub fn scope(self) -> Scope {
        scope(self.documents, self.chosen)
    }

    /// Tags of the open prompt's cases.
    pub fn tags(self) -> Vec<String> {
        tags(self.documents)
    }

    /// Chooses the cases the next run takes.
    pub fn choose(self, scope: Scope) {
        self.forgive();
        self.chosen.set(Some(scope));
    }

    /// The model the next run takes instead of the ones its prompt names.
    pub fn model(self) -> Option<String> {
        self.model.get()
    }

    /// Chooses the model of the next run; `None` leaves it to the prompt.
    pub fn choose_model(self, model: Option<String>) {
        self.forgive();
        self.model.set(model);
    }

    /// Shows a run in the matrix.
    pub fn show(self, run: String) {
        self.shown.set(Some(run));
        self.desk.show_matrix();
    }

    /// Works out anew what the next run would do: something it depends on has changed.
    pub fn plan_again(self) {
        self.outdated.update(|n| *n += 1);
    }

    /// Takes the turn to start a run; `false` when one is about to start, or there is nothing to run.
    pub fn prepare(self) -> bool {
        let free = !self.starting.get_untracked() && untrack(|| self.request()).is_some();
        if free {
            self.starting.set(true);
            self.trouble.set(None);
        }
        free
    }

    /// Ends that turn, with what came of it.
    pub fn prepared(self, outcome: Result<(), ApiError>) {
        self.starting.set(false);
        if let Err(error) = outcome {
            self.trouble.set(Some(error));
        }
    }

    /// What the next run would do, with everything typed on disk.
    pub async fn plan_now(self) -> Option<Result<PlanView, ApiError>> {
        self.documents.flush().await;
        let request = untrack(|| self.request())?;
        Some(ipc::call(PlanRun { request }).await)
    }

    /// Puts everything typed on disk, where the application reads it.
    pub async fn flush(self) {
        self.documents.flush().await;
    }

    /// Starts the next run and shows it. Pressing Run is the consent that a repository which is not trusted needs.
    ///
    /// # Errors
    /// Why it did not start.
    pub async fn begin(self, budget: Option<f64>) -> Result<(), ApiError> {
        self.documents.flush().await;
        let Some(request) = untrack(|| self.request()) else { return Ok(()) };
        let request = RunRequest { budget, ..request };
        let started = ipc::call(StartRun { request, consent: true }).await?;
        self.enter(started);
        Ok(())
    }

    /// Sends what is missing of a run, and what failed too if asked.
    pub fn resume(self, run: String, retry_failed: bool) {
        self.go_on(ResumeRun { run, consent: true, retry_failed, budget: None });
    }

    /// Sends what is missing of a run that stopped at its budget; the new one is for all of it.
    pub fn raise(self, run: String, budget: f64) {
        self.go_on(ResumeRun { run, consent: true, retry_failed: false, budget: Some(budget) });
    }

    /// Lets a paused model of a run go on.
    pub fn retry_lane(self, run: String, model: String) {
        self.go_on(RetryLane { run, model, consent: true });
    }

    fn go_on(self, command: impl Command<Reply = RunStarted>) {
        self.trouble.set(None);
        spawn_local(async move {
            match ipc::call(command).await {
                Ok(started) => self.enter(started),
                Err(error) => self.trouble.set(Some(error)),
            }
        });
    }

    fn request(self) -> Option<RunRequest> {
        request(self.documents, self.chosen, self.model)
    }

    /// Stops a run; what is done stays.
    pub fn cancel(self, run: String) {
        spawn_local(async move {
            if let Err(error) = ipc::call(CancelRun { run }).await {
                self.trouble.set(Some(error));
            }
        });
    }

    /// Forgets all: another workspace was opened.
    pub fn reset(self) {
        self.shown.set(None);
        self.progress.set(None);
        self.chosen.set(None);
        self.model.set(None);
        self.trouble.set(None);
    }

    fn enter(self, started: RunStarted) {
        let RunStarted { run, cells } = started;
        self.forgive();
        let counts = CellCounts { total: cells, ..CellCounts::default() };
        let known = self.progress.with_untracked(|p| p.as_ref().is_some_and(|p| p.run == run));
        if !known {
            let progress = Progress { run: run.clone(), state: RunState::Running, counts };
            self.progress.set(Some(progress));
        }
        self.show(run);
        self.session.refresh();
    }
}

impl Default for Runs {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether everything typed is on disk, where the application plans from.
fn settled(documents: Documents) -> bool {
    documents.all().iter().all(|document| document.state() == SaveState::Saved)
}

fn request(
    documents: Documents,
    chosen: RwSignal<Option<Scope>>,
    model: RwSignal<Option<String>>,
) -> Option<RunRequest> {
    let prompt = documents.key().get()?;
    let tags = match scope(documents, chosen) {
        Scope::Tag(tag) => vec![tag],
        Scope::All => Vec::new(),
    };
    let models = model.get().into_iter().collect();
    Some(RunRequest { prompts: vec![prompt], tags, models, ..RunRequest::default() })
}

fn scope(documents: Documents, chosen: RwSignal<Option<Scope>>) -> Scope {
    usual_scope(&tags(documents), chosen.get())
}

/// The chosen scope if the prompt has it; else the small set that `smoke` marks; else everything.
fn usual_scope(tags: &[String], chosen: Option<Scope>) -> Scope {
    let has = |tag: &str| tags.iter().any(|t| t == tag);
    match chosen {
        Some(Scope::Tag(tag)) if has(&tag) => Scope::Tag(tag),
        Some(Scope::All) => Scope::All,
        _ if has("smoke") => Scope::Tag("smoke".to_owned()),
        _ => Scope::All,
    }
}

fn tags(documents: Documents) -> Vec<String> {
    let tags: BTreeSet<String> = documents
        .parsed()
        .with(|prompt| {
            prompt.as_ref().map(|p| p.cases.rows.iter().flat_map(|row| row.tags.clone()).collect())
        })
        .unwrap_or_default();
    tags.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tags: &[&str]) -> Vec<String> {
        tags.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_first_run_takes_the_smoke_cases() {
        assert_eq!(usual_scope(&tagged(&["hard", "smoke"]), None), Scope::Tag("smoke".into()));
    }

    #[test]
    fn a_prompt_without_smoke_cases_runs_all() {
        assert_eq!(usual_scope(&tagged(&["hard"]), None), Scope::All);
    }

    #[test]
    fn a_tag_chosen_for_another_prompt_is_not_carried_over() {
        assert_eq!(usual_scope(&tagged(&["a"]), Some(Scope::Tag("b".into()))), Scope::All);
        assert_eq!(usual_scope(&tagged(&["a", "smoke"]), Some(Scope::All)), Scope::All);
    }
}
