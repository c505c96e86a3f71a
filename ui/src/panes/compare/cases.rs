//! The cases of a comparison: broken first, then fixed, then the rest. Arrows move, the outputs follow.

use std::sync::Arc;

use assay_wire::ComparedCasePage;
use leptos::{ev::KeyboardEvent, prelude::*};

use super::{board::Versus, model};
use crate::{
    components::{Button, Chip, ErrorNote, Loading, Slots, Spot, moved},
    state::{Load, context},
};

/// Height of a line; the same in `compare.css`.
const LINE: f64 = 44.0;

/// The list.
#[component]
pub(super) fn CaseList() -> impl IntoView {
    let versus = context::<Versus>();
    view! {
        <div class="versus__cases">
            {move || match versus.cases().get() {
                Load::Loading => view! { <Loading what="Reading the cases" /> }.into_any(),
                Load::Failed(error) => view! {
                    <ErrorNote error actions=move || view! {
                        <Button small=true on_press=move |_| versus.read_cases()>"Try again"</Button>
                    } />
                }
                .into_any(),
                Load::Ready(page) if page.cases.is_empty() => {
                    view! { <p class="quiet versus__none">"Both sides have no case in common."</p> }.into_any()
                }
                Load::Ready(page) => view! { <Lines page /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Lines(page: Arc<ComparedCasePage>) -> impl IntoView {
    let versus = context::<Versus>();
    let rows = page.cases.len();
    let slots = Slots::new(LINE, Signal::stored(rows));
    let chosen = versus.chosen();
    Effect::new(move || slots.scroll_to_row(chosen.get()));
    let steer = move |event: KeyboardEvent| {
        let at = Spot { row: chosen.get_untracked(), column: 0 };
        if let Some(spot) = moved(at, &event.key(), true, slots.page(), rows, 1) {
            event.prevent_default();
            versus.choose_case(spot.row);
        }
    };
    let more = page.total as usize - rows.min(page.total as usize);
    let counts = move || {
        let verdict = versus.verdict()?;
        Some(format!(
            "{} broken · {} fixed · {} unchanged",
            verdict.broken, verdict.fixed, verdict.unchanged
        ))
    };
    view! {
        <div
            class="versus__list" role="listbox" aria-label="Cases, broken ones first" tabindex="0" node_ref=slots.scroller
            aria-activedescendant=move || format!("versus-case-{}", chosen.get())
            data-testid="compare-cases" on:keydown=steer on:scroll=move |_| slots.follow_scroll()
        >
            <p class="versus__counts number" role="presentation">
                {counts}{(more > 0).then(|| format!(" · the first {rows} of {}", page.total))}
            </p>
            <div class="versus__lines" role="presentation" style:height=format!("{}px", rows as f64 * LINE)>
                <For each=move || 0..slots.pool() key=|slot| *slot let:slot>
                    <Line page=page.clone() slots at=slot />
                </For>
            </div>
        </div>
    }
}

#[component]
fn Line(page: Arc<ComparedCasePage>, slots: Slots, at: usize) -> impl IntoView {
    let versus = context::<Versus>();
    let row = Memo::new(move |_| slots.row(at));
    let is_chosen = move || versus.chosen().get() == row.get();
    let count = page.cases.len();
    let inside = move || {
        let case = page.cases.get(row.get())?.clone();
        let values = versus.verdict().and_then(|verdict| model::case_values(&verdict, &case));
        Some(view! {
            <span class="versus__case-head">
                <span class="clip">{case.case.clone()}</span>
                <Chip tone=model::turn_tone(case.turn)>{model::turn_word(case.turn)}</Chip>
            </span>
            <span class="versus__case-text quiet clip">{values.map(|values| format!("{values} · "))}{case.preview.clone()}</span>
        })
    };
    view! {
        <div
            class="versus__case" role="option" id=move || format!("versus-case-{}", row.get())
            aria-selected=move || is_chosen().to_string() aria-posinset=move || row.get() + 1 aria-setsize=count
            style:transform=move || format!("translateY({}px)", row.get() as f64 * LINE)
            on:click=move |_| versus.choose_case(row.get_untracked())
        >
            {inside}
        </div>
    }
}
