//! One variant: its name and state, its editor, and what it makes of the chosen case.

use std::sync::Arc;

use assay_prompt::{Prompt, Variant};
use leptos::{prelude::*, task::spawn_local};

use super::{
    bench::Bench, compare::ComparePane, editor::CodeEditor, head::ColumnHead, model,
    nearest::with_nearest, preview::PreviewPane,
};
use crate::{
    components::{Button, Edge, ErrorNote, Icon, Kind, Mark, Note, Splitter, Tone},
    state::{Asker, Document, Documents, Edits, SaveState, context},
};

/// One variant of the open prompt.
#[component]
pub fn Column(
    /// Its id.
    variant: String,
    /// Height of the preview, shared by all columns.
    preview_height: RwSignal<f64>,
) -> impl IntoView {
    let (bench, documents) = (context::<Bench>(), context::<Documents>());
    let parsed = documents.parsed();
    let id = StoredValue::new(variant.clone());
    let file = Memo::new(move |_| in_variant(parsed, &id.get_value(), |_, v| v.file.clone()));
    let document =
        Memo::new(move |_| file.get().and_then(|file| documents.document(&file).map(Same)));
    let row = Memo::new(move |_| {
        let case = bench.case()?;
        let tried = bench.values().get();
        parsed.with(|p| model::fed(p.as_ref()?, &case, &tried))
    });
    let local = Memo::new(move |_| {
        let row = row.get()?;
        in_variant(parsed, &id.get_value(), |prompt, variant| model::preview(prompt, variant, &row))
    });
    let preview = with_nearest(variant.clone(), local, row);
    let compared = Memo::new(move |_| id.with_value(|id| bench.comparison(id)).is_some());
    let focused = move || bench.focused().is_some_and(|now| id.with_value(|id| *id == now));
    view! {
        <article class="variant" class:variant--focused=focused aria-label=format!("Variant {variant}")>
            <ColumnHead variant=variant.clone() document=document preview=preview />
            <Refusal variant=variant.clone() />
            {move || document.get().map(|Same(document)| view! {
                <Trouble document=document.clone() />
                <VariantEditor variant=id.get_value() document />
            })}
            <Splitter label="Height of the previews" edge=Edge::Bottom size=preview_height range=(72.0, 640.0) />
            <div class="variant__preview" style:height=move || format!("{}px", preview_height.get())>
                {move || if compared.get() {
                    view! { <ComparePane variant=id.get_value() document /> }.into_any()
                } else {
                    view! { <PreviewPane preview variant=id.get_value() file /> }.into_any()
                }}
            </div>
        </article>
    }
}

/// Why the last thing asked of this variant did not happen.
#[component]
fn Refusal(variant: String) -> impl IntoView {
    let edits = context::<Edits>();
    let asker = Asker::Variant(variant);
    move || {
        edits.refusal(&asker).map(|error| {
            view! {
                <ErrorNote error actions=move || view! {
                    <Button small=true kind=Kind::Quiet on_press=move |_| edits.forgive()>"Dismiss"</Button>
                } />
            }
        })
    }
}

/// A document as a memo compares it: by which file it is, not by what is in it.
#[derive(Clone)]
pub struct Same(pub Document);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.path, &other.0.path)
    }
}

/// Something of the variant of that id, if it is there.
pub fn in_variant<T>(
    parsed: Signal<Option<Arc<Prompt>>>,
    id: &str,
    f: impl FnOnce(&Prompt, &Variant) -> T,
) -> Option<T> {
    parsed.with(|prompt| {
        let prompt = prompt.as_ref()?;
        Some(f(prompt, prompt.variant(id)?))
    })
}

/// How far a file is from the disk, in a mark and a word.
#[component]
pub fn SaveMark(
    /// The file.
    document: Document,
    /// Found by tests.
    #[prop(into)]
    testid: String,
) -> impl IntoView {
    let state = Memo::new(move |_| save_words(&document.state()));
    view! {
        <span
            class=move || format!("save save{}", state.get().1.modifier())
            data-testid=testid title=move || state.get().2
        >
            {move || view! { <Icon mark=state.get().0 /> }}
            <span>{move || state.get().2}</span>
        </span>
    }
}

/// The mark, tone and word of a save state.
pub fn save_words(state: &SaveState) -> (Mark, Tone, &'static str) {
    match state {
        SaveState::Saved => (Mark::Check, Tone::Ok, "Saved"),
        SaveState::Unsaved => (Mark::Dot, Tone::Plain, "Unsaved"),
        SaveState::Saving => (Mark::Clock, Tone::Plain, "Saving"),
        SaveState::Conflict { .. } => (Mark::Warning, Tone::Warn, "Conflict"),
        SaveState::Failed(_) => (Mark::Error, Tone::Danger, "Not saved"),
    }
}

/// What stands between a file and the disk, with the choices there are.
#[component]
pub fn Trouble(
    /// The file.
    document: Document,
) -> impl IntoView {
    let draft = document.clone();
    let state = document.clone();
    view! {
        {move || draft.draft().map(|_| view! { <DraftNote document=draft.clone() /> })}
        {move || match state.state() {
            SaveState::Conflict { .. } => view! { <ConflictNote document=state.clone() /> }.into_any(),
            SaveState::Failed(error) => view! { <FailedNote document=state.clone() error /> }.into_any(),
            _ => ().into_any(),
        }}
    }
}

#[component]
fn DraftNote(document: Document) -> impl IntoView {
    let document = StoredValue::new(document);
    view! {
        <Note
            tone=Tone::Info mark=Mark::Info
            actions=move || view! {
                <Button small=true testid="restore-draft" on_press=move |_| document.get_value().restore_draft()>"Restore"</Button>
                <Button small=true kind=Kind::Quiet on_press=move |_| spawn_local(async move { document.get_value().discard_draft().await })>"Discard"</Button>
            }
        >
            "Text from last time never reached the disk."
        </Note>
    }
}

#[component]
fn ConflictNote(document: Document) -> impl IntoView {
    let document = StoredValue::new(document);
    view! {
        <Note
            tone=Tone::Warn mark=Mark::Warning
            actions=move || view! {
                <Button small=true testid="keep-mine" on_press=move |_| spawn_local(async move { document.get_value().keep_mine().await })>"Keep mine"</Button>
                <Button small=true testid="take-theirs" on_press=move |_| spawn_local(async move { document.get_value().take_theirs().await })>"Take theirs"</Button>
            }
        >
            "This file was changed on disk by something else. Nothing is written until you choose."
        </Note>
    }
}

#[component]
fn FailedNote(document: Document, error: assay_wire::ApiError) -> impl IntoView {
    let document = StoredValue::new(document);
    view! {
        <ErrorNote
            error
            actions=move || view! {
                <Button small=true on_press=move |_| spawn_local(async move { document.get_value().save().await })>"Try again"</Button>
            }
        />
    }
}

#[component]
fn VariantEditor(variant: String, document: Document) -> impl IntoView {
    let (bench, parsed) = (context::<Bench>(), context::<Documents>().parsed());
    let id = StoredValue::new(variant.clone());
    let source = document.clone();
    let squiggles = Memo::new(move |_| {
        let text = source.text();
        parsed.with(|p| {
            p.as_ref()
                .map(|p| model::squiggles(&p.diagnostics, &source.name, &text))
                .unwrap_or_default()
        })
    });
    let completions = Memo::new(move |_| {
        in_variant(parsed, &id.get_value(), |_, v| model::completions(v)).unwrap_or_default()
    });
    view! {
        <CodeEditor
            document squiggles completions
            label=format!("Text of variant {variant}")
            testid=format!("variant-editor-{variant}")
            on_focus=move || bench.focus(id.get_value())
        />
    }
}
