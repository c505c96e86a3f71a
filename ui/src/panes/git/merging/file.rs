//! One file in dispute: its places, or the choice between its versions.

use assay_wire::SideView;
use leptos::prelude::*;

use super::{
    model::{self, Disputed, Standing, Whose},
    place::PlaceView,
    state::Merging,
};
use crate::{
    components::{Button, Chip, Mark, Note, Tone},
    state::context,
};

/// One file, its places drawn once: decisions change what is chosen, not what is shown.
#[component]
pub(super) fn FileView(path: String) -> impl IntoView {
    let merging = context::<Merging>();
    let standing = untrack(|| merging.file(&path)).map(|file| file.standing());
    let own = StoredValue::new(path.clone());
    let file = Memo::new(move |_| own.with_value(|path| merging.file(path)));
    let body = standing.map(|standing| match standing {
        Standing::Together => view! {
            <p class="merge__together">"Both sides go together by what they mean. There is nothing to decide."</p>
        }
        .into_any(),
        Standing::Whole(why) => view! {
            <Note tone=Tone::Warn mark=Mark::Warning>{why}</Note>
            <WholeChoice path=own file />
        }
        .into_any(),
        Standing::Places(conflicts) => view! {
            <Shortcuts path=own file />
            <ol class="merge__places">
                {conflicts.into_iter().enumerate().map(|(at, conflict)| view! {
                    <li><PlaceView path=own file conflict at /></li>
                }).collect_view()}
            </ol>
        }
        .into_any(),
    });
    view! {
        <section class="merge-file" aria-label=path.clone() data-testid=format!("merge-file-{path}")>
            <FileHead path=path.clone() file />
            {body}
        </section>
    }
}

#[component]
fn FileHead(path: String, file: Memo<Option<Disputed>>) -> impl IntoView {
    let open = Memo::new(move |_| file.with(|file| file.as_ref().map_or(0, Disputed::open)));
    let chip = move || match open.get() {
        0 => view! { <Chip tone=Tone::Ok icon=Mark::Check>"decided"</Chip> }.into_any(),
        open => view! { <Chip tone=Tone::Warn icon=Mark::Dot>{format!("{open} to decide")}</Chip> }
            .into_any(),
    };
    view! {
        <header class="merge-file__head">
            <h3 class="mono clip grow" title=path.clone()>{path.clone()}</h3>
            {chip}
        </header>
    }
}

/// Takes one version for all places at once, or goes back to them.
#[component]
fn Shortcuts(path: StoredValue<String>, file: Memo<Option<Disputed>>) -> impl IntoView {
    let merging = context::<Merging>();
    let whole = move || file.with(|file| file.as_ref().and_then(|file| file.whole));
    let words = move |whose| match whose {
        Whose::Ours => format!("Whole file as on {}", merging.ours()),
        Whose::Theirs => format!("Whole file as on {}", merging.theirs()),
    };
    let button = move |whose: Whose, testid: &str| {
        let take = move |_| {
            let next = (untrack(whole) != Some(whose)).then_some(whose);
            path.with_value(|path| merging.take_whole(path, next));
        };
        view! {
            <button
                type="button" class="button button--small" data-testid=testid.to_owned()
                aria-pressed=move || (whole() == Some(whose)).to_string() on:click=take
            >{move || words(whose)}</button>
        }
    };
    view! {
        <div class="merge-file__whole">
            {button(Whose::Ours, "merge-whole-ours")}
            {button(Whose::Theirs, "merge-whole-theirs")}
            <Show when=move || whole().is_some()>
                <Button small=true on_press=move |_| path.with_value(|path| merging.take_whole(path, None))>
                    "Decide each place"
                </Button>
            </Show>
        </div>
    }
}

/// The choice between two versions of which at least one is no text.
#[component]
fn WholeChoice(path: StoredValue<String>, file: Memo<Option<Disputed>>) -> impl IntoView {
    let merging = context::<Merging>();
    let group = format!("whole:{}", path.get_value());
    let open = move || file.with(|file| file.as_ref().is_some_and(|file| file.whole.is_none()));
    let (ours, theirs) = untrack(|| file.get())
        .map_or((SideView::Absent, SideView::Absent), |file| (file.file.ours, file.file.theirs));
    let choice = move |whose: Whose, side: SideView, name: String| {
        let is_chosen =
            move || file.with(|file| file.as_ref().is_some_and(|file| file.whole == Some(whose)));
        let (text, words) = match &side {
            SideView::Text(text) => (Some(text.clone()), model::whole_words(&side)),
            _ => (None, model::whole_words(&side)),
        };
        let id = format!("{group}:{whose:?}");
        view! {
            <div class="merge-side" class=("merge-side--chosen", is_chosen)>
                <label class="merge-side__name">
                    <input
                        type="radio" id=id name=group.clone() prop:checked=is_chosen
                        on:change=move |_| path.with_value(|path| merging.take_whole(path, Some(whose)))
                    />
                    {format!("{name}: {words}")}
                </label>
                {text.map(|text| view! { <pre class="merge-side__text">{text}</pre> })}
            </div>
        }
    };
    view! {
        <fieldset class="merge-place" data-open=move || open().to_string()>
            <legend class="merge-place__name">"The whole file"</legend>
            <div class="merge-place__sides">
                {choice(Whose::Ours, ours, untrack(|| merging.ours()))}
                {choice(Whose::Theirs, theirs, untrack(|| merging.theirs()))}
            </div>
        </fieldset>
    }
}
