//! One output at a time, blind: whose it is and what the judge said stay hidden until it is labelled.

use assay_wire::{ApiError, LabelItem, LabelTask, NextToLabel, SetLabel};
use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};

use super::{Work, model};
use crate::{
    components::{Button, ErrorNote, Keys, Kind, Loading, Mark, Note, Tone, catch_focus},
    ipc,
    state::{Latest, Load},
};

/// The element that has the keyboard.
const CARD: &str = "label-card";

/// Where the browser keeps who labels.
const RATER: &str = "assay:rater";

/// Labelling one judge's outputs.
#[derive(Clone, Copy)]
struct Labelling {
    work: Work,
    scorer: StoredValue<String>,
    rater: RwSignal<String>,
    seed: u64,
    task: RwSignal<Load<LabelTask>>,
    skip: StoredValue<Vec<String>>,
    /// What was labelled last, to take it back.
    last: RwSignal<Option<String>>,
    trouble: RwSignal<Option<ApiError>>,
    /// Whether a label is being kept or the next output is on its way: a key pressed now is not for what is not seen yet.
    busy: StoredValue<bool>,
    asked: Latest,
}

impl Labelling {
    fn new(work: Work, scorer: String) -> Self {
        Self {
            work,
            scorer: StoredValue::new(scorer),
            rater: RwSignal::new(kept_rater()),
            seed: (js_sys::Math::random() * 1e9) as u64,
            task: RwSignal::new(Load::Loading),
            skip: StoredValue::new(Vec::new()),
            last: RwSignal::new(None),
            trouble: RwSignal::new(None),
            busy: StoredValue::new(false),
            asked: Latest::new(),
        }
    }

    fn next(self) {
        let rater = self.rater.get_untracked();
        if rater.trim().is_empty() {
            return self.busy.set_value(false);
        }
        let next = NextToLabel {
            prompt: self.work.prompt.get_value(),
            scorer: self.scorer.get_value(),
            rater,
            seed: self.seed,
            skip: self.skip.get_value(),
        };
        let question = self.asked.ask();
        spawn_local(async move {
            let task = ipc::call(next).await;
            // The card may be gone by the time the answer comes, or another rater asked.
            if self.asked.is_last(question) {
                self.task.set(task.into());
                self.busy.set_value(false);
                catch_focus(CARD.to_owned());
            }
        });
    }

    /// Asks again for an output that could not be had.
    fn try_again(self) {
        self.task.set(Load::Loading);
        self.next();
    }

    fn item(self) -> Option<LabelItem> {
        self.task.with_untracked(|task| task.ready()?.item.clone())
    }

    fn say(self, pass: Option<bool>) {
        let Some(item) = self.item().filter(|_| !self.busy.get_value()) else { return };
        match pass {
            Some(_) => self.label(item.subject, pass),
            None => {
                self.skip.update_value(|skip| skip.push(item.subject));
                self.next();
            }
        }
    }

    fn take_back(self) {
        let last = self.last.get_untracked().filter(|_| !self.busy.get_value());
        if let Some(subject) = last {
            self.skip.update_value(|skip| skip.retain(|one| *one != subject));
            self.label(subject, None);
        }
    }

    fn label(self, subject: String, pass: Option<bool>) {
        self.busy.set_value(true);
        let label = SetLabel {
            prompt: self.work.prompt.get_value(),
            scorer: self.scorer.get_value(),
            rater: self.rater.get_untracked(),
            subject: subject.clone(),
            pass,
        };
        spawn_local(async move {
            match ipc::call(label).await {
                Ok(()) => {
                    // The card may be gone by the time the answer comes.
                    if self.trouble.try_set(None).is_some() {
                        return;
                    }
                    self.last.try_set(pass.map(|_| subject));
                    self.work.moved();
                    self.next();
                }
                Err(error) => {
                    self.busy.try_set_value(false);
                    self.trouble.try_set(Some(error));
                }
            }
        });
    }
}

fn kept_rater() -> String {
    let storage = window().local_storage().ok().flatten();
    storage.and_then(|storage| storage.get_item(RATER).ok().flatten()).unwrap_or_default()
}

fn keep_rater(name: &str) {
    if let Some(storage) = window().local_storage().ok().flatten() {
        // A full or forbidden storage only means that the name is typed again.
        let _ = storage.set_item(RATER, name);
    }
}

/// The card on which outputs are labelled.
#[component]
pub(super) fn LabelCard(work: Work, scorer: String) -> impl IntoView {
    let labelling = Labelling::new(work, scorer);
    labelling.next();
    let on_key = move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || is_typing(&event) {
            return;
        }
        match event.key().to_lowercase().as_str() {
            "p" => labelling.say(Some(true)),
            "f" => labelling.say(Some(false)),
            "s" => labelling.say(None),
            "u" => labelling.take_back(),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <section id=CARD class="label" aria-label="Label outputs" tabindex="0" data-testid="label-card" on:keydown=on_key>
            <div class="label__head">
                <h2 class="label__title">"Label blind"</h2>
                <span class="quiet number" data-testid="label-progress">{move || labelling.task.with(|task| {
                    task.ready().map(model::task_words)
                })}</span>
                <span class="grow"></span>
                <RaterField labelling />
            </div>
            {move || labelling.trouble.get().map(|error| view! { <ErrorNote error /> })}
            <Task labelling />
        </section>
    }
}

/// Whether the key goes into a field.
fn is_typing(event: &KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| element.tag_name() == "INPUT")
}

#[component]
fn RaterField(labelling: Labelling) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let changed = move |_| {
        let Some(field) = field.get_untracked() else { return };
        keep_rater(&field.value());
        labelling.rater.set(field.value());
        labelling.next();
    };
    view! {
        <label class="label__rater">
            <span class="quiet">"You are"</span>
            <input
                class="input" type="text" autocomplete="off" placeholder="your name" data-testid="label-rater" node_ref=field
                prop:value=labelling.rater on:change=changed
            />
        </label>
    }
}

/// The output to label, or why there is none.
#[component]
fn Task(labelling: Labelling) -> impl IntoView {
    move || {
        if labelling.rater.with(|rater| rater.trim().is_empty()) {
            return view! {
                <Note tone=Tone::Info mark=Mark::Info>"Say who you are: agreement between people comes first."</Note>
            }
            .into_any();
        }
        match labelling.task.get() {
            Load::Loading => view! { <Loading what="Choosing an output" /> }.into_any(),
            Load::Failed(error) => view! {
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| labelling.try_again()>"Try again"</Button>
                } />
            }
            .into_any(),
            Load::Ready(LabelTask { item: Some(item), .. }) => {
                view! { <Item item /><Answers labelling /> }.into_any()
            }
            Load::Ready(LabelTask { outputs: 0, .. }) => view! {
                <Note tone=Tone::Info mark=Mark::Info>"There is no output yet. Run the prompt, then label what came out."</Note>
            }
            .into_any(),
            Load::Ready(_) => view! {
                <Note tone=Tone::Ok mark=Mark::Check>"You have labelled or passed over every output there is."</Note>
                <Answers labelling />
            }
            .into_any(),
        }
    }
}

#[component]
fn Item(item: LabelItem) -> impl IntoView {
    let LabelItem { question, input, expected, contexts, baseline, output, .. } = item;
    let contexts = contexts.into_iter().zip(1..).map(|(text, n)| (format!("Context {n}"), text));
    let parts = [("The question".to_owned(), question), ("Asked".to_owned(), input)]
        .into_iter()
        .chain(expected.map(|text| ("Expected".to_owned(), text)))
        .chain(contexts)
        .chain(baseline.map(|text| ("The baseline's answer".to_owned(), text)));
    view! {
        <div class="label__item">
            {parts.map(|(name, text)| view! { <Part name text /> }).collect_view()}
            <div class="label__part label__part--output" data-testid="label-output">
                <h3 class="label__name">"The answer"</h3>
                <p class="label__text mono">{output}</p>
            </div>
        </div>
    }
}

#[component]
fn Part(name: String, text: String) -> impl IntoView {
    view! {
        <div class="label__part">
            <h3 class="label__name">{name}</h3>
            <p class="label__text">{text}</p>
        </div>
    }
}

#[component]
fn Answers(labelling: Labelling) -> impl IntoView {
    let none = Signal::derive(move || {
        labelling.task.with(|task| task.ready().is_none_or(|task| task.item.is_none()))
    });
    let nothing = Signal::derive(move || labelling.last.with(Option::is_none));
    view! {
        <div class="label__answers">
            <Button kind=Kind::Primary icon=Mark::Check testid="label-pass" disabled=none on_press=move |_| labelling.say(Some(true))>
                "Pass" <Keys chord="P" />
            </Button>
            <Button icon=Mark::Cross testid="label-fail" disabled=none on_press=move |_| labelling.say(Some(false))>
                "Fail" <Keys chord="F" />
            </Button>
            <Button kind=Kind::Quiet testid="label-skip" disabled=none on_press=move |_| labelling.say(None)>
                "Not now" <Keys chord="S" />
            </Button>
            <span class="grow"></span>
            <Button kind=Kind::Quiet testid="label-undo" disabled=nothing on_press=move |_| labelling.take_back()>
                "Take back" <Keys chord="U" />
            </Button>
        </div>
    }
}
