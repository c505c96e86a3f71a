//! The head of the grid: what each column is, and how it did. Scorers and their numbers are named once, at the left.

use assay_prompt::Scale;
use assay_wire::{ColumnStats, ColumnView, MeanView};
use leptos::prelude::*;

use super::{
    board::Board,
    grid::Ground,
    judging, model,
    scales::{self, HeadLine},
};
use crate::{
    components::{Icon, Mark},
    money,
    panes::ratings::PeopleFact,
    state::context,
};

/// The first row.
#[component]
pub(super) fn Head(ground: Ground) -> impl IntoView {
    let (signatures, prompt) = (&ground.layout.signatures, &ground.sheet.prompt);
    let lines = scales::head_lines(&ground.layout.scorers, |scorer| {
        judging::kind(signatures, prompt, scorer)
    });
    let columns = ground.sheet.columns.iter().enumerate().map(|(at, place)| {
        let column = ground.layout.columns[*place].clone();
        let follows = at
            .checked_sub(1)
            .map(|left| &ground.layout.columns[ground.sheet.columns[left]].variant);
        let new_group = follows != Some(&column.variant);
        view! { <ColumnHead at place=*place column new_group lines=lines.clone() /> }
    });
    let columns = columns.collect_view();
    view! {
        <div class="matrix__head" role="rowgroup">
            <div class="matrix__head-row" role="row" aria-rowindex="1">
                <Corner lines />
                {columns}
            </div>
        </div>
    }
}

/// Names what stands in the lines of the other heads.
#[component]
fn Corner(lines: Vec<HeadLine>) -> impl IntoView {
    view! {
        <div class="matrix__corner" role="columnheader" aria-colindex="1">
            <div class="matrix__variant">"Case"</div>
            <div class="matrix__model quiet">"mean, 95 % interval"</div>
            <ul>
                {lines.into_iter().map(|line| {
                    let lower = line.scale.lower_is_better;
                    view! {
                        <li class="mean clip" title=line.hint()>
                            {line.name()}
                            {lower.then(|| view! { <span class="unseen">", lower is better"</span> })}
                        </li>
                    }
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
    lines: Vec<HeadLine>,
) -> impl IntoView {
    let board = context::<Board>();
    let stats =
        Memo::new(move |_| board.standing().with(|s| s.as_ref()?.stats.get(place).cloned()));
    let lines = lines.into_iter().map(|line| match line.number {
        None => view! { <Mean stats place line /> }.into_any(),
        Some(_) => view! { <Number stats place line /> }.into_any(),
    });
    let lines = lines.collect_view();
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
            <ul>{lines}</ul>
            <div class="matrix__facts number">{move || stats.get().map(|stats| view! { <Facts stats /> })}<PeopleFact place /></div>
        </div>
    }
}

/// A scorer's mean in a column, on its own scale.
#[component]
fn Mean(stats: Memo<Option<ColumnStats>>, place: usize, line: HeadLine) -> impl IntoView {
    let board = context::<Board>();
    let (of, scale) = (line.place, line.scale);
    let mean_of = move |stats: &ColumnStats| stats.means.get(of).copied().flatten();
    let mean = Memo::new(move |_| stats.with(|stats| mean_of(stats.as_ref()?)));
    let end = Memo::new(move |_| {
        board.standing().with(|standing| {
            let all = standing.iter().flat_map(|standing| &standing.stats);
            scales::end(scale, all.filter_map(mean_of))
        })
    });
    let open = Memo::new(move |_| {
        stats.with(|stats| stats.as_ref()?.unjudged.get(of).copied()).unwrap_or_default()
    });
    let named = line.scorer.clone();
    view! {
        <li class="mean" data-testid=format!("column-mean-{place}-{}", line.scorer)>
            {move || match mean.get() {
                Some(mean) => view! { <MeanBar mean scale end=end.get() scorer=named.clone() /> }.into_any(),
                None => view! { <span class="quiet" title=format!("{named}: nothing judged")>"–"</span> }.into_any(),
            }}
            {move || (open.get() > 0).then(|| view! {
                <span class="mean__open number" title="Outputs that could not be judged">{open}" unjudged"</span>
            })}
        </li>
    }
}

#[component]
fn MeanBar(mean: MeanView, scale: Scale, end: f64, scorer: String) -> impl IntoView {
    let (number, interval) = scales::mean_words(scale, &mean);
    let (left, width, at) = scales::bar(scale, end, &mean);
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

/// A number about the whole column, once its cells are there.
#[component]
fn Number(stats: Memo<Option<ColumnStats>>, place: usize, line: HeadLine) -> impl IntoView {
    let testid =
        format!("column-number-{place}-{}-{}", line.scorer, line.number.unwrap_or_default());
    let words = Memo::new(move |_| {
        stats.with(|stats| scales::number_words(&line, &stats.as_ref()?.numbers))
    });
    view! {
        <li class="mean" data-testid=testid>
            {move || match words.get() {
                Some((number, hint)) => view! { <span class="mean__number number" title=hint>{number}</span> }.into_any(),
                None => view! { <span class="quiet" title="Told once the run has ended with answers">"–"</span> }.into_any(),
            }}
        </li>
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
