//! The left side: the activity bar and the list of prompts, with what can be done to them.

use leptos::prelude::*;

use crate::{
    actions::{Action, about},
    components::{Icon, Mark},
    state::{Desk, Place, Session, context},
};

mod list;
mod model;
mod naming;

pub use list::PromptList;
pub use naming::NameDialog;

/// The places of the window.
#[component]
pub fn Activity() -> impl IntoView {
    let session = context::<Session>();
    let changed = move || session.workspace().with(|w| w.as_ref().map_or(0, |w| w.changed_files));
    view! {
        <nav class="activity" aria-label="Places">
            <PlaceButton place=Place::Prompts action=Action::Edit label="Prompts" mark=Mark::Prompts testid="nav-prompts" />
            <PlaceButton place=Place::Runs action=Action::Runs label="Runs" mark=Mark::Runs testid="nav-runs" />
            <PlaceButton place=Place::Ratings action=Action::Ratings label="Ratings" mark=Mark::Person testid="nav-ratings" />
            <PlaceButton
                place=Place::Git action=Action::Git label="Git" mark=Mark::Branch testid="nav-git"
                count=Signal::derive(changed)
            />
            <PlaceButton place=Place::Reviews action=Action::Reviews label="Reviews" mark=Mark::Review testid="nav-reviews" />
            <span class="apart"></span>
            <PlaceButton place=Place::Settings action=Action::Settings label="Settings" mark=Mark::Settings testid="nav-settings" />
        </nav>
    }
}

#[component]
fn PlaceButton(
    place: Place,
    action: Action,
    label: &'static str,
    mark: Mark,
    testid: &'static str,
    #[prop(optional, into)] count: Signal<u32>,
) -> impl IntoView {
    let desk = context::<Desk>();
    let hint = format!("{label} ({})", about(action).keys[0]);
    view! {
        <button
            type="button" class="activity__item" title=hint data-testid=testid
            aria-label=move || model::place_label(label, count.get())
            aria-current=move || (desk.place.get() == place).then_some("page")
            on:click=move |_| desk.place.set(place)
        >
            <Icon mark large=true />
            {move || (count.get() > 0).then(|| view! { <span class="activity__count number">{count.get()}</span> })}
        </button>
    }
}
