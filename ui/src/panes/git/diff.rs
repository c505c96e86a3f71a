//! One file against the last commit: lines with signs and numbers, changed words emphasised, hidden characters drawn.

use assay_wire::{ApiError, DiffHunk, DiffLine, DiffSide, DiffSpan, DiffView};
use leptos::prelude::*;

use super::{
    changes::Changes,
    model::{self, Moved},
    words::drawn,
};
use crate::{
    components::{Blank, Button, ErrorNote, Loading, Mark},
    state::{Load, context},
};

/// Lines drawn at once; more only when asked for, because each costs the window time.
const FIRST_LINES: usize = 1_000;

/// The diff of the chosen file.
#[component]
pub fn FileDiff() -> impl IntoView {
    let changes = context::<Changes>();
    view! {
        <section class="pane git__diff" aria-label="Diff" data-testid="git-diff">
            <DiffHead />
            {move || match changes.diff().get() {
                None => view! { <Blank mark=Mark::Eye title="No file chosen" text="Choose a file to see what changed in it." /> }.into_any(),
                Some(Load::Loading) => view! { <Loading what="Comparing" /> }.into_any(),
                Some(Load::Failed(error)) => view! { <Refused error /> }.into_any(),
                Some(Load::Ready(diff)) => view! { <Lines diff /> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn Refused(error: ApiError) -> impl IntoView {
    let changes = context::<Changes>();
    view! {
        <div class="git__refused">
            <ErrorNote error actions=move || view! {
                <Button small=true on_press=move |_| changes.refresh()>"Try again"</Button>
            } />
        </div>
    }
}

/// The file's path and how many lines are different.
#[component]
fn DiffHead() -> impl IntoView {
    let changes = context::<Changes>();
    let counts = move || {
        changes.diff().with(|diff| {
            let diff = diff.as_ref().and_then(Load::ready)?;
            let (added, removed) = model::line_counts(&diff.hunks);
            Some(view! {
                <span class="number diff__added-count">{format!("+{added}")}<span class="unseen">" lines added"</span></span>
                <span class="number diff__removed-count">{format!("−{removed}")}<span class="unseen">" lines removed"</span></span>
            })
        })
    };
    view! {
        <div class="pane__head">
            <h2 class="pane__title mono clip grow" title=move || changes.shown().get()>{move || changes.shown().get()}</h2>
            {counts}
        </div>
    }
}

#[component]
fn Lines(diff: DiffView) -> impl IntoView {
    let DiffView { path, hunks } = diff;
    if hunks.is_empty() {
        return view! {
            <Blank mark=Mark::Info title="The same text" text="Only its name, its mode or its emptiness is new; no line differs." />
        }
        .into_any();
    }
    view! {
        <div class="pane__body diff" tabindex="0" role="region" aria-label="Changed lines">
            <LineTable path hunks />
        </div>
    }
    .into_any()
}

/// The changed lines of a file, as many as a person reads at once; the rest when asked for.
#[component]
pub(super) fn LineTable(
    path: String,
    hunks: Vec<DiffHunk>,
    /// Lines that only moved.
    #[prop(optional)]
    moved: Moved,
) -> impl IntoView {
    let count: usize = hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let whole = RwSignal::new(count <= FIRST_LINES);
    let shown =
        move || if whole.get() { hunks.clone() } else { model::start_of(&hunks, FIRST_LINES) };
    view! {
        <table class="diff__table">
            <caption class="unseen">"Changed lines of "{path}</caption>
            <thead class="unseen">
                <tr><th scope="col">"Old line"</th><th scope="col">"New line"</th><th scope="col">"Sign"</th><th scope="col">"Text"</th></tr>
            </thead>
            {move || view! { <Hunks hunks=shown() moved=moved.clone() /> }}
        </table>
        <Show when=move || !whole.get()>
            <p class="diff__rest">
                <Button small=true on_press=move |_| whole.set(true)>{format!("Show all {count} lines")}</Button>
            </p>
        </Show>
    }
}

#[component]
fn Hunks(hunks: Vec<DiffHunk>, moved: Moved) -> impl IntoView {
    (0..hunks.len())
        .map(|at| {
            let before = at.checked_sub(1).and_then(|at| hunks.get(at));
            let gap = model::skipped_words(model::skipped(before, &hunks[at]));
            let lines = hunks[at].lines.iter().map(|line| view! { <Line line=line.clone() moved=moved.has(line) /> });
            view! {
                <tbody>
                    {gap.map(|words| view! { <tr class="diff__gap"><td colspan="4">{words}</td></tr> })}
                    {lines.collect_view()}
                </tbody>
            }
        })
        .collect_view()
}

/// One line. The sign says in which version it is; the colour only repeats it.
#[component]
fn Line(line: DiffLine, moved: bool) -> impl IntoView {
    let class = match line.side {
        DiffSide::Both => "diff__line",
        DiffSide::Old => "diff__line diff__line--old",
        DiffSide::New => "diff__line diff__line--new",
    };
    let (sign, meaning) = if moved { model::moved_sign(line.side) } else { model::sign(line.side) };
    let emphasised = model::emphasises(&line);
    let spans =
        line.spans.into_iter().map(|span| view! { <Span span emphasised /> }).collect_view();
    view! {
        <tr class=class class=("diff__line--moved", moved)>
            <td class="diff__number">{line.old}</td>
            <td class="diff__number">{line.new}</td>
            <td class="diff__sign"><span aria-hidden="true">{sign}</span><span class="unseen">{meaning}</span></td>
            <td class="diff__text">{spans}</td>
        </tr>
    }
}

/// A piece of a line, with hidden characters drawn.
#[component]
pub fn Span(
    /// The piece.
    span: DiffSpan,
    /// Whether its line shows which words changed.
    emphasised: bool,
) -> impl IntoView {
    let word = if span.changed && emphasised { " diff__word" } else { "" };
    let class = format!("{}{word}", model::role_class(&span.role));
    view! { <span class=class>{drawn(&span.text)}</span> }
}
