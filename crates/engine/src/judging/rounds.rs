//! Rounds of questions: what the judges of a run want to know next, asked as a child run of it.
//!
//! Cells are judged by the page, so that of outputs and questions no more than a page is in memory; replies, which later
//! pages may need, are kept all. For each page the judges are stepped with every reply there is; what they still need is
//! one child run; then they are stepped again. What is found is stored at once. Replies live in the children, so whatever
//! ends a round in the middle loses no call that was paid for, and the next time the machines walk through what they have
//! heard already.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use assay_prompt::Row;
use assay_score::judge::{Material, Question, QuestionId, Replies, Reply, Step};
use assay_store::{ChildAnswer, Stop, StoreError, StoredScore};

use super::JudgedScorer;
use crate::driver::Driver;
use crate::error::EngineError;
use crate::plan::Plan;
use crate::progress::State;
use crate::record::stored_outcome;
use crate::run::RunHandle;
use crate::spec::{PromptSource, Questions, RunRequest, RunSpec};

/// What child runs are for, in the store.
pub(crate) const PURPOSE: &str = "judge";

/// Cells that are judged together.
const PAGE: u32 = 1_000;

/// How often whoever watches a run is told how far its judges are.
const PACE: Duration = Duration::from_millis(100);

/// How far the judging of a run is.
struct Rounds {
    replies: Replies,
    /// Calls that have ended.
    done: u32,
    /// Calls that are expected in all.
    expected: u32,
}

/// An output that a judge has not come to the end with.
struct Open<'a> {
    cell: u32,
    scorer: &'a JudgedScorer,
    output: Arc<str>,
    baseline: Option<Arc<str>>,
}

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
                self.stop(Stop::new(kind, format!("the judges were not all answered: {reason}")));
            }
            Halt::Cancelled => {}
        }
    }

    async fn judge_pages(self: &Arc<Self>) -> Result<(), Halt> {
        let mut rounds = self.rounds().await?;
        let cells = self.plan.cells.len() as u32;
        for from in (0..cells).step_by(PAGE as usize) {
            let open = self.open(from, cells.min(from + PAGE)).await?;
            self.judge(open, &mut rounds).await?;
        }
        if rounds.expected > 0 {
            // Equal questions were asked once.
            self.progress.judging(rounds.done, rounds.done);
        }
        Ok(())
    }

    /// What was answered before, and how much there is to ask.
    async fn rounds(&self) -> Result<Rounds, Halt> {
        let id = self.id.clone();
        let before = self.stored(move |store| store.child_answers(&id, PURPOSE)).await?;
        let mut replies = Replies::default();
        for answer in before.into_iter().filter(|answer| !self.again || answer.output.is_some()) {
            take(&mut replies, answer);
        }
        let cells = (0..self.plan.cells.len() as u32).filter(|cell| self.plan.holds(*cell));
        let of_cell = |cell| {
            let (column, row) = self.plan.at(cell);
            let calls = self.plan.judging.expected(column, &row.case).map(|e| e.calls);
            calls.fold(0, u32::saturating_add)
        };
        let expected = cells.map(of_cell).fold(0, u32::saturating_add);
        Ok(Rounds { done: replies.len() as u32, replies, expected })
    }

    /// The outputs of a page that judges have said nothing of, and with `again` those that they failed at.
    async fn open(&self, from: u32, to: u32) -> Result<Vec<Open<'_>>, Halt> {
        let id = self.id.clone();
        let (outputs, cells) = self
            .stored(move |store| Ok((store.outputs(&id, from, to)?, store.cells(&id, from, to)?)))
            .await?;
        let outputs: HashMap<u32, Arc<str>> =
            outputs.into_iter().map(|found| (found.cell, Arc::from(found.output))).collect();
        let mut open = Vec::new();
        for cell in &cells {
            let Some(output) = outputs.get(&cell.ordinal) else { continue };
            let (column, row) = self.plan.at(cell.ordinal);
            for scorer in self.plan.judging.of_prompt(column.prompt) {
                let place = self.plan.scorers.iter().position(|id| *id == scorer.id);
                let said =
                    cell.scores.iter().find(|score| Some(usize::from(score.scorer)) == place);
                let is_open = said.is_none_or(|said| self.again && said.value.is_none());
                let looks = scorer.looks_at(&row.case, &column.variant);
                if is_open && looks && !self.waits_for_shard(cell.ordinal, scorer) {
                    let baseline = self.baseline(cell.ordinal, scorer, &outputs).await?;
                    open.push(Open {
                        cell: cell.ordinal,
                        scorer,
                        output: Arc::clone(output),
                        baseline,
                    });
                }
            }
        }
        Ok(open)
    }

    /// Whether the other of a pair is answered on another machine: then it is judged once the shards are merged.
    fn waits_for_shard(&self, cell: u32, scorer: &JudgedScorer) -> bool {
        let baseline = scorer.judge.as_ref().ok().and_then(|judge| judge.baseline());
        let beside = baseline.and_then(|variant| self.beside(cell, variant));
        beside.is_some_and(|other| !self.plan.holds(other))
    }

    /// What the baseline of a judge of pairs answered to the same case on the same model.
    async fn baseline(
        &self,
        cell: u32,
        scorer: &JudgedScorer,
        outputs: &HashMap<u32, Arc<str>>,
    ) -> Result<Option<Arc<str>>, Halt> {
        let wanted = scorer.judge.as_ref().ok().and_then(|judge| judge.baseline());
        let Some(at) = wanted.and_then(|variant| self.beside(cell, variant)) else {
            return Ok(None);
        };
        if let Some(output) = outputs.get(&at) {
            return Ok(Some(Arc::clone(output)));
        }
        let id = self.id.clone();
        let found = self.stored(move |store| store.outputs(&id, at, at + 1)).await?;
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
    async fn judge(
        self: &Arc<Self>,
        mut open: Vec<Open<'_>>,
        rounds: &mut Rounds,
    ) -> Result<(), Halt> {
        while !open.is_empty() {
            let (found, questions) = self.step(&mut open, &rounds.replies);
            self.keep(found).await?;
            if questions.is_empty() {
                return Ok(());
            }
            if self.cancel.is_cancelled() {
                return Err(Halt::Cancelled);
            }
            let known = rounds.replies.len();
            let ended = self.ask(questions, rounds).await;
            if ended.is_ok() && rounds.replies.len() == known {
                // Asking the same again would go on for ever.
                return Err(Halt::Stopped("a round of questions brought no reply".into()));
            }
            if ended.is_err() {
                // What was answered before it stopped was paid for.
                let (found, _) = self.step(&mut open, &rounds.replies);
                self.keep(found).await?;
            }
            ended?;
        }
        Ok(())
    }

    /// Steps every judge once. Those that are done leave the list; the others' questions come once each.
    fn step(
        &self,
        open: &mut Vec<Open<'_>>,
        replies: &Replies,
    ) -> (Vec<(u32, StoredScore)>, BTreeMap<QuestionId, Question>) {
        let (mut found, mut questions) = (Vec::new(), BTreeMap::new());
        open.retain(|one| {
            let material = Material {
                case: &self.plan.at(one.cell).1.case,
                output: &one.output,
                baseline: one.baseline.as_deref(),
            };
            match one.scorer.next(&material, replies) {
                Step::Ask(needed) => {
                    questions.extend(needed.into_iter().map(|question| (question.id(), question)));
                    true
                }
                Step::Done(outcome) => {
                    found.push((one.cell, stored_outcome(one.scorer.id.clone(), outcome)));
                    false
                }
            }
        });
        (found, questions)
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

    /// Has a child run answer questions, and takes what it was answered.
    async fn ask(
        self: &Arc<Self>,
        questions: BTreeMap<QuestionId, Question>,
        rounds: &mut Rounds,
    ) -> Result<(), Halt> {
        rounds.expected = rounds.expected.max(rounds.done + questions.len() as u32);
        let spec = self.child_spec(questions).await?;
        let plan = Plan::with(spec, &self.plan.judging.models)?;
        let child = self.start(plan).await?;
        self.follow(&child, rounds).await;
        let id = child.id.clone();
        let answers = self.stored(move |store| store.run_answers(&id)).await?;
        rounds.done += answers.len() as u32;
        for answer in answers {
            take(&mut rounds.replies, answer);
        }
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

    async fn start(self: &Arc<Self>, plan: Plan) -> Result<RunHandle, Halt> {
        let driver = Arc::clone(self);
        let start = move || driver.engine.start_child(plan, &driver.id, PURPOSE);
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
    async fn child_spec(&self, questions: BTreeMap<QuestionId, Question>) -> Result<RunSpec, Halt> {
        let id = self.id.clone();
        let record = self.stored(move |store| store.run_record(&id)).await?;
        let spent = record.map_or(0.0, |record| record.spent);
        let request = &self.plan.spec.request;
        Ok(RunSpec {
            workspace: self.plan.spec.workspace.clone(),
            prompts: self.sources(questions),
            aliases: BTreeMap::new(),
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

/// Keeps what a question was answered.
pub(super) fn take(replies: &mut Replies, answer: ChildAnswer) {
    let reply = match (answer.output, answer.finish.as_deref()) {
        (None, _) => Reply::Failed(answer.error.unwrap_or_else(|| "there is no reply".to_owned())),
        (Some(_), Some("length")) => Reply::CutOff,
        (Some(_), Some("refusal" | "content_filter")) => {
            Reply::Failed("the judge refused".to_owned())
        }
        (Some(output), _) => Reply::Said(output),
    };
    replies.put(QuestionId::read(&answer.case_id), reply);
}
