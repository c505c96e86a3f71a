//! Where an errand is written: below the proposal and never over it, because what is signed is what is on the screen.
//! Ctrl+Enter signs, Escape leaves and keeps the words.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{errand::Errand, focus, model, proposing::Unsigned, reviews::Reviews};
use crate::{
    components::{Button, ErrorNote, Keys, Kind, Mark, Note, Tone},
    state::context,
};

/// The errand that is being written, where there is one.
#[component]
pub(super) fn Composer() -> impl IntoView {
    let reviews = context::<Reviews>();
    let errand =
        Memo::new(move |_| reviews.writing().with(|w| w.as_ref().map(|w| w.errand.clone())));
    move || errand.get().map(|errand| view! { <Sheet errand /> })
}

#[component]
fn Sheet(errand: Errand) -> impl IntoView {
    let reviews = context::<Reviews>();
    let (title, label) = (errand.title(), errand.words_label());
    let is_signed = errand != Errand::Merge;
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            reviews.submit();
        }
        "Escape" if !event.is_composing() => {
            event.prevent_default();
            event.stop_propagation();
            reviews.leave();
        }
        _ => {}
    };
    view! {
        <section class="composer" aria-label=title data-testid="review-composer" on:keydown=on_key>
            <h3 class="composer__title">{title}</h3>
            <Facts errand=errand.clone() />
            {is_signed.then(|| view! { <Unsigned /><Uncounted /> })}
            {matches!(errand, Errand::Comment(Some(_))).then(|| view! { <Only /> })}
            <Words label />
            <div data-testid="composer-error">{move || reviews.trouble().get().map(|error| view! { <ErrorNote error /> })}</div>
            <Foot errand />
        </section>
    }
}

/// What will be signed or done.
#[component]
fn Facts(errand: Errand) -> impl IntoView {
    let reviews = context::<Reviews>();
    let facts = move || {
        let detail = reviews.detail_now()?;
        Some(model::errand_facts(&errand, &detail, reviews.viewed_count()))
    };
    view! {
        <ul class="composer__facts" data-testid="composer-facts">
            {move || facts().unwrap_or_default().into_iter().map(|fact| view! { <li>{fact}</li> }).collect_view()}
        </ul>
    }
}

/// Which of the words on the line are meant; for who selects none with a mouse.
#[component]
fn Only() -> impl IntoView {
    let only = context::<Reviews>().only;
    view! {
        <label class="composer__only">
            <span class="field__label">"Only about these words of it"</span>
            <input
                class="input mono" type="text" autocomplete="off" spellcheck="false" placeholder="all of them" data-testid="composer-only"
                prop:value=only on:input:target=move |event| only.set(event.target().value())
            />
        </label>
    }
}

/// Why what is signed here would not count.
#[component]
fn Uncounted() -> impl IntoView {
    let reviews = context::<Reviews>();
    move || {
        reviews.signer().and_then(|signer| signer.problem).map(|problem| view! {
            <Note tone=Tone::Warn mark=Mark::Warning actions=move || view! {
                <Button small=true on_press=move |_| reviews.ask_for_signer()>"Change the key…"</Button>
            }>{format!("What you sign would not count: {problem}")}</Note>
        })
    }
}

/// The field for words; it has the keyboard as soon as it is there.
#[component]
fn Words(label: &'static str) -> impl IntoView {
    let words = context::<Reviews>().words;
    let field = NodeRef::<html::Textarea>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            // The field is on the page by then, and a lost focus is only a click more.
            request_animation_frame(move || drop(field.focus()));
        }
    });
    view! {
        <textarea
            id=focus::WORDS node_ref=field class="input composer__words" rows="3" aria-label=label placeholder=label data-testid="composer-words"
            prop:value=words on:input:target=move |event| words.set(event.target().value())
        ></textarea>
    }
}

#[component]
fn Foot(errand: Errand) -> impl IntoView {
    let reviews = context::<Reviews>();
    let kind = match errand {
        Errand::RequestChanges | Errand::Revoke { .. } => Kind::Danger,
        _ => Kind::Primary,
    };
    let verb = errand.verb();
    let busy = match errand {
        Errand::Merge => "Merging",
        _ => "Signing",
    };
    let disabled = Signal::derive(move || reviews.obstacle().is_some() || reviews.is_busy());
    view! {
        <div class="composer__foot">
            <span class="quiet grow" role="status" data-testid="composer-missing">{move || reviews.obstacle()}</span>
            <Button kind=Kind::Quiet testid="composer-leave" on_press=move |_| reviews.leave()>"Leave" <Keys chord="Esc" /></Button>
            <Button kind testid="composer-do" disabled on_press=move |_| reviews.submit()>
                {move || if reviews.is_busy() { busy } else { verb }}
                <Keys chord="Ctrl+Enter" />
            </Button>
        </div>
    }
}
