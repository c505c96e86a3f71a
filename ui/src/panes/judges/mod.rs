//! Judges of the open prompt: outputs labelled blind, and how each judge does against the labels.

use assay_wire::{ApiError, Code, JudgeLine, ListJudges, Notice, RunState};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{Blank, Button, Chip, ErrorNote, Loading, Mark, Tone},
    ipc,
    state::{Documents, Latest, Load, Notices, context},
};

mod label;
mod model;
mod report;

use label::LabelCard;
use report::Report;

/// The judges of the open prompt.
#[component]
pub fn JudgesPane() -> impl IntoView {
    let documents = context::<Documents>();
    move || {
        match documents.key().get() {
        None => view! {
            <Blank mark=Mark::Check title="No prompt open" text="Choose a prompt from the list to see the judges of its outputs." />
        }
        .into_any(),
        Some(prompt) => view! { <OfPrompt prompt /> }.into_any(),
    }
    }
}

/// What the pane works on. Everything that is asked is asked anew when `turn` moves.
#[derive(Clone, Copy)]
struct Work {
    prompt: StoredValue<String>,
    judges: RwSignal<Load<Vec<JudgeLine>>>,
    chosen: RwSignal<Option<String>>,
    /// Moves when a label was given or taken.
    turn: RwSignal<u32>,
    asked: Latest,
}

impl Work {
    fn new(prompt: String) -> Self {
        Self {
            prompt: StoredValue::new(prompt),
            judges: RwSignal::new(Load::Loading),
            chosen: RwSignal::new(None),
            turn: RwSignal::new(0),
            asked: Latest::new(),
        }
    }

    fn read(self) {
        let prompt = self.prompt.get_value();
        let question = self.asked.ask();
        spawn_local(async move {
            let read = ipc::call(ListJudges { prompt }).await;
            // The pane may be gone by the time the answer comes, or a label given since.
            if !self.asked.is_last(question) {
                return;
            }
            if let Ok(judges) = &read {
                self.keep_choice(judges);
            }
            self.judges.set(read.into());
        });
    }

    /// Reads again what an edit made outside or the end of a run may have brought.
    fn follow(self, notices: Notices) {
        notices.listen(move |notice| match notice {
            Notice::WorkspaceChanged => self.read(),
            Notice::RunChanged { state, .. } if *state != RunState::Running => self.moved(),
            _ => {}
        });
    }

    /// Set only when it is another: whoever labels would lose their place.
    fn keep_choice(self, judges: &[JudgeLine]) {
        let kept = self.chosen.get_untracked();
        let choice = model::choose(judges, kept.as_deref());
        if choice != kept {
            self.chosen.set(choice);
        }
    }

    /// What is known of one judge by now.
    fn keep_line(self, line: &JudgeLine) {
        // The pane may be gone by now.
        self.judges.try_update(|judges| {
            let Load::Ready(judges) = judges else { return };
            if let Some(known) = judges.iter_mut().find(|known| known.scorer == line.scorer) {
                known.clone_from(line);
            }
        });
    }

    /// Something was labelled: the counts and the report are others now.
    fn moved(self) {
        self.turn.update(|turn| *turn += 1);
        self.read();
    }
}

#[derive(Clone, PartialEq)]
enum Shown {
    Waiting,
    Refused(ApiError),
    Nothing,
    Judges,
}

#[component]
fn OfPrompt(prompt: String) -> impl IntoView {
    let work = Work::new(prompt);
    work.read();
    work.follow(context());
    let state = Memo::new(move |_| {
        work.judges.with(|judges| match judges {
            Load::Loading => Shown::Waiting,
            Load::Failed(error) => Shown::Refused(error.clone()),
            Load::Ready(judges) if judges.is_empty() => Shown::Nothing,
            Load::Ready(_) => Shown::Judges,
        })
    });
    move || {
        match state.get() {
        Shown::Waiting => view! { <Loading what="Reading the judges" /> }.into_any(),
        Shown::Refused(error) => view! {
            <div class="judges__refused" data-testid="judges-refused">
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| work.read()>"Read again"</Button>
                } />
            </div>
        }
        .into_any(),
        Shown::Nothing => view! {
            <Blank
                mark=Mark::Check title="No judge"
                text="A scorer of type llm-rubric, g-eval, factuality, closed-qa, pairwise or a RAG type asks a model about each output. Add one under Evals, then label its outputs here to learn how far it can be trusted."
            />
        }
        .into_any(),
        Shown::Judges => view! { <Desk work /> }.into_any(),
    }
    }
}

#[component]
fn Desk(work: Work) -> impl IntoView {
    view! {
        <div class="judges">
            <JudgeList work />
            <div class="judges__chosen">
                {move || work.chosen.get().map(|scorer| view! { <Chosen work scorer /> })}
            </div>
        </div>
    }
}

/// Every judge, with how many labels it has.
#[component]
fn JudgeList(work: Work) -> impl IntoView {
    let judges = move || work.judges.with(|judges| judges.ready().cloned().unwrap_or_default());
    view! {
        <section class="pane judges__list" aria-label="Judges">
            <div class="pane__head"><h2 class="pane__title">"Judges"</h2></div>
            <ul class="pane__body" data-testid="judges-list">
                <For each=judges key=|judge| (judge.scorer.clone(), judge.labels, judge.is_calibrated(), judge.problem.clone(), judge.models.clone()) let:judge>
                    <JudgeItem work judge />
                </For>
            </ul>
        </section>
    }
}

#[component]
fn JudgeItem(work: Work, judge: JudgeLine) -> impl IntoView {
    let name = StoredValue::new(judge.scorer.clone());
    let is_chosen =
        move || work.chosen.with(|chosen| name.with_value(|name| chosen.as_ref() == Some(name)));
    let (tone, words) = model::standing(&judge);
    view! {
        <li>
            <button
                type="button" class="judge" class=("judge--chosen", is_chosen)
                aria-current=move || is_chosen().then_some("true")
                data-testid=format!("judge-{}", judge.scorer)
                on:click=move |_| work.chosen.set(Some(name.get_value()))
            >
                <span class="judge__name clip">{judge.scorer.clone()}</span>
                <span class="quiet clip">{model::asks_words(&judge)}</span>
                <Chip tone icon=if tone == Tone::Ok { Mark::Check } else { Mark::Warning }>{words}</Chip>
            </button>
        </li>
    }
}

/// One judge: what is wrong with it, or the work on it.
#[component]
fn Chosen(work: Work, scorer: String) -> impl IntoView {
    let problem = work.judges.with_untracked(|judges| {
        let judge = judges.ready()?.iter().find(|judge| judge.scorer == scorer)?;
        judge.problem.clone()
    });
    match problem {
        Some(problem) => {
            let error = ApiError::new(Code::BadInput, format!("{scorer}: {problem}"))
                .hint("Put it right under Evals; until then it judges nothing.");
            view! { <ErrorNote error /> }.into_any()
        }
        None => view! {
            <LabelCard work scorer=scorer.clone() />
            <Report work scorer />
        }
        .into_any(),
    }
}
