//! The head of the grid: what each column is, and how it did. Scorers are named once, at the left.

use assay_wire::{ColumnStats, ColumnView, MeanView};
use leptos::prelude::*;

use super::{board::Board, grid::Ground, model};
use crate::{
    components::{Icon, Mark},
    money,
    panes::ratings::PeopleFact,
    state::context,
};

/// The first row.
#[component]
pub(super) fn Head(ground: Ground) -> impl IntoView {
    let columns = ground.sheet.columns.iter().enumerate().map(|(at, place)| {
        let column = ground.layout.columns[*place].clone();
        let follows = at.checked_sub(1).map(|left| &ground.layout.columns[ground.sheet.columns[left]].variant);
        let new_group = follows != Some(&column.variant);
        view! { <ColumnHead at place=*place column new_group scorers=ground.layout.scorers.clone() /> }
    });
    let columns = columns.collect_view();
    view! {
        <div class="matrix__head" role="rowgroup">
            <div class="matrix__head-row" role="row" aria-rowindex="1">
                <Corner scorers=ground.layout.scorers.clone() />
                {columns}
            </div>
        </div>
    }
}

/// Names what stands in the lines of the other heads.
#[component]
fn Corner(scorers: Vec<String>) -> impl IntoView {
    view! {
        <div class="matrix__corner" role="columnheader" aria-colindex="1">
            <div class="matrix__variant">"Case"</div>
            <div class="matrix__model quiet">"mean, 95 % interval"</div>
            <ul>
                {scorers.into_iter().map(|scorer| view! {
                    <li class="mean clip" title=scorer.clone()>{scorer.clone()}</li>
                }).collect_view()}
            </ul>
        </div>
    }
}

/// A variant on a model.
#[component]
fn ColumnHead(
    at: usize,
    place: usize,
    column: ColumnView,
    new_group: bool,
    scorers: Vec<String>,
) -> impl IntoView {
    let board = context::<Board>();
    let stats =
        Memo::new(move |_| board.standing().with(|s| s.as_ref()?.stats.get(place).cloned()));
    let means = scorers
        .into_iter()
        .enumerate()
        .map(|(of, scorer)| view! { <Mean stats of place scorer /> });
    let means = means.collect_view();
    let ColumnView { variant, model, content_id, .. } = column;
    let named = at == 0 && variant != "baseline";
    view! {
        <div
            class="matrix__column" class=("matrix__column--baseline", at == 0) class=("matrix__column--group", new_group)
            role="columnheader" aria-colindex=at + 2 title=format!("Content id {content_id}")
        >
            <div class="matrix__variant">
                <span class="clip">{variant}</span>
                {named.then(|| view! { <span class="matrix__baseline">"baseline"</span> })}
            </div>
            <div class="matrix__model mono clip">"› "{model}</div>
            <ul>{means}</ul>
            <div class="matrix__facts number">{move || stats.get().map(|stats| view! { <Facts stats /> })}<PeopleFact place /></div>
        </div>
    }
}

/// A scorer's mean in a column.
#[component]
fn Mean(
    stats: Memo<Option<ColumnStats>>,
    of: usize,
    place: usize,
    scorer: String,
) -> impl IntoView {
    let mean =
        Memo::new(move |_| stats.with(|stats| stats.as_ref()?.means.get(of).copied().flatten()));
    let named = scorer.clone();
    view! {
        <li class="mean" data-testid=format!("column-mean-{place}-{scorer}")>
            {move || match mean.get() {
                Some(mean) => view! { <MeanBar mean scorer=named.clone() /> }.into_any(),
                None => view! { <span class="quiet" title=format!("{named}: nothing judged yet")>"–"</span> }.into_any(),
            }}
        </li>
    }
}

#[component]
fn MeanBar(mean: MeanView, scorer: String) -> impl IntoView {
    let (number, interval) = model::mean_words(&mean);
    let (left, width, at) = model::mean_bar(&mean);
    let hint = format!("{scorer}: {number}, 95 % interval {interval}, {} cells", mean.n);
    view! {
        <span class="mean__number number" title=hint>{number}</span>
        <span class="mean__bar" aria-hidden="true">
            <span class="mean__interval" style:left=format!("{left}%") style:width=format!("{width}%")></span>
            <span class="mean__at" style:left=format!("{at}%")></span>
        </span>
        <span class="mean__range number">{interval}</span>
    }
}

/// Failures and latencies of a column.
#[component]
fn Facts(stats: ColumnStats) -> impl IntoView {
    let ColumnStats { failed, cached, p50_ms, p95_ms, cost, .. } = stats;
    view! {
        {(failed > 0).then(|| view! { <span class="matrix__failed"><Icon mark=Mark::Error />{failed}" failed"</span> })}
        {(cached > 0).then(|| view! { <span title="Answered from cache, without a call">{cached}" cached"</span> })}
        <span>{model::latencies(p50_ms, p95_ms)}</span>
        {cost.map(|cost| view! { <span title="What these outputs cost, cached ones at what they cost then">{money::dollars(cost)}</span> })}
    }
}
