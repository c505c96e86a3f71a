//! One place in dispute: both values against what was there, and the choice between them.

use assay_prompt::merge::{Choice, Conflict, Place};
use leptos::prelude::*;
use serde_json::Value;

use super::{
    model::{self, Disputed},
    state::Merging,
};
use crate::{
    panes::git::words::{Words, of_text},
    state::context,
};

/// What the choices of one place work on.
#[derive(Clone, Copy)]
struct Deciding {
    merging: Merging,
    path: StoredValue<String>,
    place: StoredValue<Place>,
    file: Memo<Option<Disputed>>,
}

impl Deciding {
    fn choose(self, choice: Choice) {
        let place = self.place.get_value();
        self.path.with_value(|path| self.merging.decide(path, place, choice));
    }

    fn undecide(self) {
        self.path
            .with_value(|path| self.place.with_value(|place| self.merging.undecide(path, place)));
    }

    fn chosen(self) -> Option<Choice> {
        self.file.with(|file| {
            let file = file.as_ref().filter(|file| file.whole.is_none())?;
            self.place.with_value(|place| file.choice(place).cloned())
        })
    }

    fn is_open(self) -> bool {
        let whole = self.file.with(|file| file.as_ref().is_some_and(|file| file.whole.is_some()));
        !whole && self.chosen().is_none()
    }
}

/// One place and its choices: radio buttons, so that arrows move between them.
#[component]
pub(super) fn PlaceView(
    path: StoredValue<String>,
    file: Memo<Option<Disputed>>,
    conflict: Conflict,
    /// Its number in the file.
    at: usize,
) -> impl IntoView {
    let merging = context::<Merging>();
    let place = StoredValue::new(conflict.place.clone());
    let deciding = Deciding { merging, path, place, file };
    let group = format!("place:{}:{at}", path.get_value());
    let Conflict { base, ours, theirs, .. } = conflict.clone();
    let side = |choice: Choice, name: String, value: Option<Value>| {
        let id = format!("{group}:{}", key_of(&choice));
        let base = base.clone();
        view! { <SideChoice deciding choice name value base id group=group.clone() /> }
    };
    let both = model::can_keep_both(&conflict);
    let was = base.clone();
    view! {
        <fieldset class="merge-place" data-open=move || deciding.is_open().to_string() data-testid=format!("merge-place-{at}")>
            <legend class="merge-place__name">{model::place_words(&conflict.place)}</legend>
            <div class="merge-place__sides">
                {side(Choice::Ours, untrack(|| merging.ours()), ours)}
                {side(Choice::Theirs, untrack(|| merging.theirs()), theirs)}
            </div>
            <div class="merge-place__more">
                <ShortChoice deciding choice=Choice::Base words=was_words(was.as_ref()) group=group.clone() />
                {both.then(|| view! {
                    <ShortChoice deciding choice=Choice::Both words="Keep both".to_owned() group=group.clone() />
                })}
                <OtherChoice deciding conflict group=group.clone() />
            </div>
        </fieldset>
    }
}

/// What it means to go back to what was there.
fn was_words(base: Option<&Value>) -> String {
    match base {
        None => "Neither".to_owned(),
        Some(Value::String(text)) if text.chars().count() <= 60 => format!("As it was: {text}"),
        Some(_) => "As it was".to_owned(),
    }
}

/// A name of a choice for ids on the page.
fn key_of(choice: &Choice) -> &'static str {
    match choice {
        Choice::Base => "base",
        Choice::Ours => "ours",
        Choice::Theirs => "theirs",
        Choice::Both => "both",
        Choice::Value(_) => "other",
    }
}

/// One side's value, its words held against what was there.
#[component]
fn SideChoice(
    deciding: Deciding,
    choice: Choice,
    name: String,
    value: Option<Value>,
    base: Option<Value>,
    id: String,
    group: String,
) -> impl IntoView {
    let wanted = StoredValue::new(choice.clone());
    let is_chosen = move || wanted.with_value(|wanted| deciding.chosen().as_ref() == Some(wanted));
    let text = match &value {
        Some(value) => {
            let pieces = model::against(base.as_ref(), value);
            view! { <p class="merge-side__text"><Words pieces=of_text(pieces) /></p> }.into_any()
        }
        None => view! { <p class="merge-side__text quiet">"taken out"</p> }.into_any(),
    };
    view! {
        <div class="merge-side" class=("merge-side--chosen", is_chosen)>
            <label class="merge-side__name" for=id.clone()>
                <input
                    type="radio" id=id.clone() name=group data-testid=format!("merge-take-{}", key_of(&choice))
                    prop:checked=is_chosen on:change=move |_| deciding.choose(wanted.get_value())
                />
                <span class="clip">{name}</span>
            </label>
            {text}
        </div>
    }
}

/// A choice that words alone describe.
#[component]
fn ShortChoice(deciding: Deciding, choice: Choice, words: String, group: String) -> impl IntoView {
    let id = format!("{group}:{}", key_of(&choice));
    let testid = format!("merge-take-{}", key_of(&choice));
    let wanted = StoredValue::new(choice);
    let is_chosen = move || wanted.with_value(|wanted| deciding.chosen().as_ref() == Some(wanted));
    view! {
        <label class="merge-place__short" for=id.clone()>
            <input
                type="radio" id=id.clone() name=group data-testid=testid
                prop:checked=is_chosen on:change=move |_| deciding.choose(wanted.get_value())
            />
            <span class="clip">{words}</span>
        </label>
    }
}

/// Something else, typed.
#[component]
fn OtherChoice(deciding: Deciding, conflict: Conflict, group: String) -> impl IntoView {
    let typed = RwSignal::new(first_words(&conflict));
    let refused = RwSignal::new(None::<String>);
    let is_chosen = Memo::new(move |_| matches!(deciding.chosen(), Some(Choice::Value(_))));
    let is_here = move || is_chosen.get() || refused.with(Option::is_some);
    // What could not be taken is of no concern once something else is chosen.
    Effect::new(move || {
        if deciding.chosen().is_some() {
            refused.set(None);
        }
    });
    let conflict = StoredValue::new(conflict);
    let take = move || {
        let text = typed.get_untracked();
        match conflict.with_value(|conflict| model::typed_value(conflict, &text)) {
            Ok(value) => {
                refused.set(None);
                deciding.choose(Choice::Value(value));
            }
            Err(why) => {
                refused.set(Some(why));
                deciding.undecide();
            }
        }
    };
    let id = format!("{group}:other");
    view! {
        <label class="merge-place__short" for=id.clone()>
            <input
                type="radio" id=id.clone() name=group data-testid="merge-take-other"
                prop:checked=is_here on:change=move |_| take()
            />
            "Something else"
        </label>
        <Show when=is_here>
            <textarea
                class="input mono merge-place__other" rows="4" spellcheck="false" aria-label="What is to stand here" data-testid="merge-other-text"
                aria-invalid=move || refused.with(Option::is_some).then_some("true")
                prop:value=typed
                on:input:target=move |event| { typed.set(event.target().value()); take(); }
            ></textarea>
            <p class="merge-place__wrong" role="status">{move || refused.get()}</p>
        </Show>
    }
}

/// What somebody begins with who writes something else.
fn first_words(conflict: &Conflict) -> String {
    let value = conflict.ours.as_ref().or(conflict.theirs.as_ref());
    value.map(model::said).unwrap_or_default()
}
