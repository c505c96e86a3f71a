//! Rounds of questions: what the judges of a run want to know next, asked as a child run of it.
//!
//! Cells are judged by the page: of outputs, questions and replies no more than a page is in memory. For each page the
//! judges are stepped with the replies that there are; what they still need is one child run; then they are stepped
//! again. What is found is stored at once. Replies live in the children ([`Heard`] knows where), so whatever ends a round
//! in the middle loses no call that was paid for, and the next time the machines walk through what they have heard
//! already.
//!
//! Reading, stepping and planning a child take their time and happen on threads of their own: those of the runtime drive
//! the lanes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use assay_prompt::Row;
use assay_score::judge::{Material, Question, QuestionId, Replies, Step};
use assay_store::{CellRecord, Stop, StopKind, StoreError, StoredScore};

use super::heard::Heard;
use super::{JudgedScorer, PURPOSE};
use crate::driver::Driver;
use crate::error::EngineError;
use crate::plan::Plan;
use crate::progress::State;
use crate::record::stored_outcome;
use crate::run::RunHandle;
use crate::spec::{PromptSource, Questions, RunRequest, RunSpec};

/// Cells that are judged together.
const PAGE: u32 = 1_000;

/// How often whoever watches a run is told how far its judges are.
const PACE: Duration = Duration::from_millis(100);

/// How far the judging of a run is.
struct Rounds {
    heard: Heard,
    /// Calls that have ended.
    done: u32,
    /// Calls that are expected in all.
    expected: u32,
}

/// Outputs that are judged together, and the replies about them that have been read.
#[derive(Default)]
struct Page {
    open: Vec<Open>,
    replies: Replies,
}

/// An output that a judge has not come to the end with.
struct Open {
    cell: u32,
    /// The judge: place of the prompt, place among its judges.
    judge: (usize, usize),
    output: Arc<str>,
    baseline: Option<Arc<str>>,
}

/// What a step found, and what it still needs to know; equal questions once.
#[derive(Default)]
struct Stepped {
    found: Vec<(u32, StoredScore)>,
    questions: BTreeMap<QuestionId, Question>,
}

/// Outputs of a page by their cell.
type Outputs = HashMap<u32, Arc<str>>;

/// Why judging ended before everything was judged.
enum Halt {
    Store(StoreError),
    Engine(EngineError),
    /// The child run stopped for this reason.
    Stopped(Stop),
    Cancelled,
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Halt {
        Halt::Store(error)
    }
}

impl From<EngineError> for Halt {
    fn from(error: EngineError) -> Halt {
        match error {
            EngineError::Store(error) => Halt::Store(error),
            error => Halt::Engine(error),
        }
    }
}

impl Driver {
    /// Judges what there is to judge, and notes why if something is left.
    pub async fn judge_all(self: &Arc<Self>) {
        if self.plan.judging.is_empty() {
            return;
        }
        let Err(halt) = self.judge_pages().await else { return };
        self.unjudged.store(true, Ordering::Relaxed);
        match halt {
            Halt::Store(error) => self.give_up_all(&error),
            Halt::Engine(error) => self.stop(format!("the judges cannot be asked: {error}")),
            Halt::Stopped(Stop { kind, reason }) => {
                let reason = self.own_words(kind, reason);
                self.stop(Stop::new(kind, format!("the judges were not all answered: {reason}")));
            }
            Halt::Cancelled => {}
        }
    }

    /// Why a child stopped, as its parent says it: a child has what is left of the budget for its own, which is a sum that
    /// nobody set.
    fn own_words(&self, kind: StopKind, reason: String) -> String {
        match self.budget.as_ref().filter(|_| kind == StopKind::Budget) {
            Some(budget) => budget.reason(),
            None => reason,
        }
    }

    async fn judge_pages(self: &Arc<Self>) -> Result<(), Halt> {
        let mut rounds = self.apart(Driver::rounds).await?;
        let cells = self.plan.cells.len() as u32;
        for from in (0..cells).step_by(PAGE as usize) {
            let to = cells.min(from + PAGE);
            let open = self.apart(move |driver| driver.open(from, to)).await?;
            self.judge(Page { open, replies: Replies::default() }, &mut rounds).await?;
        }
        if rounds.expected > 0 {
            // Equal questions were asked once.
            self.progress.judging(rounds.done, rounds.done);
        }
        Ok(())
    }

    /// Has a thread that may wait do what takes its time.
    async fn apart<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Driver) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let driver = Arc::clone(self);
        self.stored(move |_| work(&driver)).await
    }

    /// What was answered before, and how much there is to ask.
    fn rounds(&self) -> Result<Rounds, StoreError> {
        let heard = Heard::of_run(&self.store, &self.id, self.again)?;
        let judging = &self.plan.judging;
        let (mut judges, mut expected) = (BTreeSet::new(), 0u32);
        for cell in (0..self.plan.cells.len() as u32).filter(|cell| self.plan.holds(*cell)) {
            let (column, row) = self.plan.at(cell);
            judges.extend(judging.about(column, &row.case));
            let calls = judging.expected(column, &row.case).map(|calls| calls.calls);
            expected = calls.fold(expected, u32::saturating_add);
        }
        expected = expected.saturating_add(judging.shared(judges).count() as u32);
        Ok(Rounds { done: heard.len() as u32, heard, expected })
    }

    /// The outputs of a page that judges have said nothing of, and with `again` those that they failed at.
    fn open(&self, from: u32, to: u32) -> Result<Vec<Open>, StoreError> {
        let outputs = self.store.outputs(&self.id, from, to)?;
        let outputs: Outputs =
            outputs.into_iter().map(|found| (found.cell, Arc::from(found.output))).collect();
        let mut open = Vec::new();
        for cell in &self.store.cells(&self.id, from, to)? {
            let Some(output) = outputs.get(&cell.ordinal) else { continue };
            let (column, _) = self.plan.at(cell.ordinal);
            for (place, scorer) in self.plan.judging.of_prompt(column.prompt).iter().enumerate() {
                if self.is_open(cell, scorer) {
                    open.push(Open {
                        cell: cell.ordinal,
                        judge: (column.prompt, place),
                        output: Arc::clone(output),
                        baseline: self.baseline(cell.ordinal, scorer, &outputs)?,
                    });
                }
            }
        }
        Ok(open)
    }

    /// Whether a judge has something to say of an answered cell that it has not said.
    fn is_open(&self, cell: &CellRecord, scorer: &JudgedScorer) -> bool {
        let (column, row) = self.plan.at(cell.ordinal);
        let place = self.plan.scorers.iter().position(|id| *id == scorer.id);
        let said = cell.scores.iter().find(|score| Some(usize::from(score.scorer)) == place);
        said.is_none_or(|said| self.again && said.value.is_none())
            && scorer.looks_at(&row.case, &column.variant)
            && !self.waits_for_shard(cell.ordinal, scorer)
    }

    /// Whether the other of a pair is answered on another machine: then it is judged once the shards are merged.
    fn waits_for_shard(&self, cell: u32, scorer: &JudgedScorer) -> bool {
        let baseline = scorer.judge.as_ref().ok().and_then(|judge| judge.baseline());
        let beside = baseline.and_then(|variant| self.beside(cell, variant));
        beside.is_some_and(|other| !self.plan.holds(other))
    }

    /// What the baseline of a judge of pairs answered to the same case on the same model.
    fn baseline(
        &self,
        cell: u32,
        scorer: &JudgedScorer,
        outputs: &Outputs,
    ) -> Result<Option<Arc<str>>, StoreError> {
        let wanted = scorer.judge.as_ref().ok().and_then(|judge| judge.baseline());
        let Some(at) = wanted.and_then(|variant| self.beside(cell, variant)) else {
            return Ok(None);
        };
        if let Some(output) = outputs.get(&at) {
            return Ok(Some(Arc::clone(output)));
        }
        let found = self.store.outputs(&self.id, at, at + 1)?;
        Ok(found.into_iter().next().map(|found| Arc::from(found.output)))
    }

    /// The cell of the same row and model whose variant is this one.
    fn beside(&self, cell: u32, variant: &str) -> Option<u32> {
        let (column, row) = self.plan.at(cell);
        let (_, at) = self.plan.cells[cell as usize];
        let rest = self.plan.cells.get(row.first_cell as usize..)?.iter();
        let of_row = rest.take_while(|(_, row)| *row == at).enumerate();
        let place = of_row.into_iter().find(|(_, (other, _))| {
            let other = &self.plan.columns[*other as usize];
            other.variant == variant && other.target.id == column.target.id
        });
        place.map(|(place, _)| row.first_cell + place as u32)
    }

    /// Asks until the judges have come to the end with these outputs.
    async fn judge(self: &Arc<Self>, mut page: Page, rounds: &mut Rounds) -> Result<(), Halt> {
        while !page.open.is_empty() {
            let questions = self.step_and_keep(&mut page, rounds).await?;
            if questions.is_empty() {
                return Ok(());
            }
            if self.cancel.is_cancelled() {
                return Err(Halt::Cancelled);
            }
            let known = rounds.heard.len();
            let ended = self.ask(questions, rounds).await;
            if ended.is_ok() && rounds.heard.len() == known {
                // Asking the same again would go on for ever.
                return Err(Halt::Stopped("a round of questions brought no reply".into()));
            }
            if ended.is_err() {
                // What was answered before it stopped was paid for.
                self.step_and_keep(&mut page, rounds).await?;
            }
            ended?;
        }
        Ok(())
    }

    /// Steps every judge as far as the replies reach, keeps what is found, and returns what has to be asked.
    async fn step_and_keep(
        self: &Arc<Self>,
        page: &mut Page,
        rounds: &mut Rounds,
    ) -> Result<BTreeMap<QuestionId, Question>, Halt> {
        let (mut taken, heard) = (std::mem::take(page), std::mem::take(&mut rounds.heard));
        let stepped = self.apart(move |driver| {
            driver.step(&mut taken, &heard).map(|stepped| (taken, heard, stepped))
        });
        let (taken, heard, Stepped { found, questions }) = stepped.await?;
        (*page, rounds.heard) = (taken, heard);
        self.keep(found).await?;
        Ok(questions)
    }

    /// Steps every judge as far as the replies reach. Those that are done leave the page.
    fn step(&self, page: &mut Page, heard: &Heard) -> Result<Stepped, StoreError> {
        let mut stepped = Stepped::default();
        let Page { open, replies } = page;
        heard.follow(&self.store, replies, |replies| {
            stepped.questions.clear();
            open.retain(|one| match self.next(one, replies) {
                Step::Ask(needed) => {
                    let asked = needed.into_iter().map(|question| (question.id(), question));
                    stepped.questions.extend(asked);
                    true
                }
                Step::Done(outcome) => {
                    let scorer = self.judge_of(one).id.clone();
                    stepped.found.push((one.cell, stored_outcome(scorer, outcome)));
                    false
                }
            });
            stepped.questions.keys().cloned().collect()
        })?;
        Ok(stepped)
    }

    fn next(&self, one: &Open, replies: &Replies) -> Step {
        let material = Material {
            case: &self.plan.at(one.cell).1.case,
            output: &one.output,
            baseline: one.baseline.as_deref(),
        };
        self.judge_of(one).next(&material, replies)
    }

    fn judge_of(&self, one: &Open) -> &JudgedScorer {
        let (prompt, place) = one.judge;
        &self.plan.judging.of_prompt(prompt)[place]
    }

    async fn keep(&self, found: Vec<(u32, StoredScore)>) -> Result<(), Halt> {
        if found.is_empty() {
            return Ok(());
        }
        let (id, cells) =
            (self.id.clone(), found.iter().map(|(cell, _)| *cell).collect::<Vec<_>>());
        self.stored(move |store| store.put_scores(&id, found)).await?;
        self.progress.judged(cells.into_iter());
        Ok(())
    }

    /// Has a child run answer questions, and notes where its answers are.
    async fn ask(
        self: &Arc<Self>,
        questions: BTreeMap<QuestionId, Question>,
        rounds: &mut Rounds,
    ) -> Result<(), Halt> {
        rounds.expected = rounds.expected.max(rounds.done + questions.len() as u32);
        let child = self.start(questions).await?;
        self.follow(&child, rounds).await;
        let (id, mut heard) = (child.id.clone(), std::mem::take(&mut rounds.heard));
        let added = self.stored(move |store| heard.add(store, &id).map(|ended| (heard, ended)));
        let (heard, ended) = added.await?;
        rounds.heard = heard;
        rounds.done += ended;
        self.progress.judging(rounds.done, rounds.expected);
        for pause in child.progress.paused() {
            self.record_pause(pause).await;
        }
        match child.progress.now().0 {
            State::Done => Ok(()),
            State::Failed(stop) => Err(Halt::Stopped(stop)),
            State::Cancelled | State::Running => Err(Halt::Cancelled),
        }
    }

    /// Starts the child run that asks these. Planning it reads every question, so it has a thread of its own as well.
    async fn start(
        self: &Arc<Self>,
        questions: BTreeMap<QuestionId, Question>,
    ) -> Result<RunHandle, Halt> {
        let driver = Arc::clone(self);
        let start = move || {
            let spec = driver.child_spec(questions)?;
            let plan = Plan::with(spec, &driver.plan.judging.models)?;
            driver.engine.start_child(plan, &driver.id, PURPOSE)
        };
        match tokio::task::spawn_blocking(start).await {
            Ok(started) => Ok(started?),
            Err(_) => Err(Halt::Cancelled),
        }
    }

    /// Tells how far a child is until it has ended, and stops it with its parent.
    async fn follow(&self, child: &RunHandle, rounds: &Rounds) {
        loop {
            let (_, now) = child.progress.now();
            self.progress.judging(rounds.done + now.done + now.failed, rounds.expected);
            tokio::select! {
                () = child.finished() => return,
                () = self.cancel.cancelled(), if !child.is_cancelled() => child.cancel(),
                () = tokio::time::sleep(PACE) => {}
            }
        }
    }

    /// Each judge prompt with each model is a prompt of the child, its questions are the cases.
    fn child_spec(&self, questions: BTreeMap<QuestionId, Question>) -> Result<RunSpec, StoreError> {
        let spent = self.store.run_record(&self.id)?.map_or(0.0, |record| record.spent);
        let request = &self.plan.spec.request;
        Ok(RunSpec {
            workspace: self.plan.spec.workspace.clone(),
            prompts: self.sources(questions),
            aliases: BTreeMap::new(),
            judge_aliases: None,
            options: assay_prompt::Options::default(),
            request: RunRequest {
                concurrency: request.concurrency,
                no_cache: request.no_cache,
                budget: request.budget.map(|limit| (limit - spent).max(0.0)),
                ..RunRequest::default()
            },
            judges: BTreeMap::new(),
            commit: None,
        })
    }

    fn sources(&self, questions: BTreeMap<QuestionId, Question>) -> Vec<PromptSource> {
        let mut groups: BTreeMap<(String, String), Vec<Row>> = BTreeMap::new();
        for (id, question) in questions {
            let case = Row { id: id.as_str().to_owned(), input: question.input, ..Row::default() };
            groups.entry((question.prompt, question.model)).or_default().push(case);
        }
        let source = |((prompt, model), cases): ((String, String), Vec<Row>)| {
            let mut source = self.plan.spec.judges.get(&prompt)?.clone();
            let model = self.plan.judging.models.named(&model)?.id.clone();
            source.key = format!("{} @ {model}", source.key);
            source.questions = Some(Questions { model, cases });
            Some(source)
        };
        groups.into_iter().filter_map(source).collect()
    }
}
