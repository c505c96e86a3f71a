//! A scorer that is a program: its text as it is on disk, and whether it may run on this computer.
//!
//! What is allowed is the text that stands here, by its hash, so nobody allows what they could not read:
//! characters that would show nothing or turn the text around are drawn by name.

use assay_prompt::ScorerSpec;
use assay_wire::{
    ApiError, ConsentsView, GiveConsent, ListConsents, Notice, ProgramView, TakeConsent,
};
use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;

use super::{forms::List, kinds};
use crate::{
    components::{Button, ErrorNote, Loading, Mark, Note, Tone},
    ipc,
    panes::git::{Glyphs, glyphs},
    state::{Documents, Latest, Load, Notices, context},
};

const NOT_ALLOWED: &str = "This is a program. It does not run, and its outputs are not judged, until you allow exactly \
    this text. Then it can do on this computer whatever you can: read your files and reach the network. Read it first.";
const ALLOWED: &str = "You allowed this program to run on this computer. Should its text change, by whomever, it does \
    not run until you allow it again.";
const UNTRUSTED: &str = "This repository is not trusted, so none of its programs runs, allowed or not: trust it with \
    the button at the top of the window.";
const UNSAVED: &str = "What is typed is not saved yet; this is the text on disk.";
const NOWHERE: &str = "Its script is not on disk yet, so there is nothing to allow.";

/// The program of one scorer, as far as it is known.
#[derive(Clone, Copy)]
struct Program {
    list: List<ScorerSpec>,
    at: usize,
    documents: Documents,
    consents: RwSignal<Load<ConsentsView>>,
    trouble: RwSignal<Option<ApiError>>,
    busy: RwSignal<bool>,
    asked: Latest,
}

impl Program {
    fn new(list: List<ScorerSpec>, at: usize) -> Self {
        Self {
            list,
            at,
            documents: context(),
            consents: RwSignal::new(Load::Loading),
            trouble: RwSignal::new(None),
            busy: RwSignal::new(false),
            asked: Latest::new(),
        }
    }

    fn read(self) {
        let question = self.asked.ask();
        spawn_local(async move {
            let read = ipc::call(ListConsents {}).await;
            // The row may be gone by the time the answer comes.
            if self.asked.is_last(question) {
                self.consents.set(read.into());
            }
        });
    }

    /// As it is on disk.
    fn on_disk(self) -> Option<ProgramView> {
        let prompt = self.documents.key().get()?;
        let scorer = self.list.name(self.at);
        self.consents.with(|consents| {
            let mut all = consents.ready()?.programs.iter();
            all.find(|program| program.prompt == prompt && program.scorer == scorer).cloned()
        })
    }

    /// Whether the repository is known not to be trusted.
    fn is_untrusted(self) -> bool {
        self.consents.with(|consents| consents.ready().is_some_and(|consents| !consents.trusted))
    }

    /// Whether the form shows another text than the disk has. A script in a file of its own is not in the form.
    fn is_unsaved(self, source: &str) -> bool {
        self.list.of(
            self.at,
            |scorer| matches!(&scorer.value, Some(Value::String(typed)) if typed != source),
        )
    }

    fn set_allowed(self, allowed: bool, hash: String) {
        self.busy.set(true);
        spawn_local(async move {
            let changed = match allowed {
                true => ipc::call(GiveConsent { hash }).await,
                false => ipc::call(TakeConsent { hash }).await,
            };
            let trouble = match changed {
                Ok(consents) => {
                    // A list that is on its way is from before this.
                    self.asked.ask();
                    self.consents.try_set(Load::Ready(consents));
                    None
                }
                Err(error) => Some(error),
            };
            self.trouble.try_set(trouble);
            self.busy.try_set(false);
        });
    }
}

/// What a scorer that is a program needs beside its keys; nothing for any other.
#[component]
pub fn ProgramConsent(
    /// The list.
    list: List<ScorerSpec>,
    /// Which row.
    at: usize,
) -> impl IntoView {
    let is_program = Memo::new(move |_| list.of(at, |scorer| kinds::is_program(&scorer.kind)));
    move || is_program.get().then(|| view! { <Consent list at /> })
}

#[component]
fn Consent(list: List<ScorerSpec>, at: usize) -> impl IntoView {
    let program = Program::new(list, at);
    program.read();
    context::<Notices>().listen(move |notice| {
        if matches!(notice, Notice::WorkspaceChanged) {
            program.read();
        }
    });
    let refused = move || match program.consents.get() {
        Load::Failed(error) => Some(error),
        _ => program.trouble.get(),
    };
    let waits = move || program.consents.with(|consents| consents.ready().is_none());
    let shown = Memo::new(move |_| program.on_disk());
    view! {
        <div class="field--wide program" data-testid=format!("scorer-{at}-program")>
            {move || refused().map(|error| view! {
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| program.read()>"Try again"</Button>
                } />
            })}
            {move || program.is_untrusted().then(|| view! {
                <Note tone=Tone::Warn mark=Mark::Warning><p>{UNTRUSTED}</p></Note>
            })}
            {move || match shown.get() {
                Some(found) => view! { <ProgramText program found /> }.into_any(),
                None if refused().is_some() => ().into_any(),
                None if waits() => view! { <Loading what="Reading the script" /> }.into_any(),
                None => view! { <Note tone=Tone::Info mark=Mark::Info><p>{NOWHERE}</p></Note> }.into_any(),
            }}
        </div>
    }
}

/// The text, what it means to allow it, and the button.
#[component]
fn ProgramText(program: Program, found: ProgramView) -> impl IntoView {
    let ProgramView { source, hash, allowed, kind, .. } = found;
    let (tone, mark, meaning) = match allowed {
        true => (Tone::Ok, Mark::Shield, ALLOWED),
        false => (Tone::Warn, Mark::Warning, NOT_ALLOWED),
    };
    let at = program.at;
    let drawn = glyphs(&source).into_iter().map(glyph).collect_view();
    let unsaved = Memo::new(move |_| program.is_unsaved(&source));
    let disabled = Signal::derive(move || program.busy.get() || (unsaved.get() && !allowed));
    let named = format!("SHA-256 {hash}");
    let actions = move || {
        let hash = hash.clone();
        view! {
            <Button
                small=true disabled testid=format!("scorer-{at}-allow")
                on_press=move |_| program.set_allowed(!allowed, hash.clone())
            >{if allowed { "Take it back" } else { "Allow this script" }}</Button>
        }
    };
    view! {
        <Note tone mark actions=actions><p>{meaning}</p></Note>
        {move || unsaved.get().then(|| view! {
            <Note tone=Tone::Info mark=Mark::Info><p>{UNSAVED}</p></Note>
        })}
        // Reached by Tab, so that a long text scrolls without a mouse.
        <pre
            class="program__text mono" tabindex="0" role="region" aria-label=format!("The {kind} program on disk")
            data-testid=format!("scorer-{at}-source")
        >{drawn}</pre>
        <p class="quiet mono clip">{named}</p>
    }
}

fn glyph(part: Glyphs) -> AnyView {
    match part {
        Glyphs::Text(text) => text.into_any(),
        Glyphs::Hidden { glyph, name } => {
            view! { <span class="diff__hidden" role="img" aria-label=name.clone() title=name>{glyph}</span> }
                .into_any()
        }
    }
}
