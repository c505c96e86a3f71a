//! The lines of a file, side by side or below each other, with the conversations about them. A line of the proposed file
//! is one that can be commented on: its number is a button.

use std::sync::Arc;

use assay_wire::{DiffHunk, DiffLine, DiffSide, FileDifference, ProposalDetailView};
use leptos::prelude::*;

use super::{
    focus,
    lines::{self, Row},
    reviews::Reviews,
    threads::ThreadBox,
};
use crate::{
    components::Button,
    panes::git::{Span, emphasises, sign, skipped, skipped_words, start_of},
    state::context,
};

/// Lines of a file drawn at once; more only when asked for, because each costs the window time.
const FIRST_LINES: usize = 1_000;

/// A file and the proposal it belongs to.
type Of = (StoredValue<FileDifference>, StoredValue<Arc<ProposalDetailView>>);

/// The lines of a file.
#[component]
pub(super) fn Lines(
    /// The file.
    file: StoredValue<FileDifference>,
    /// Its proposal.
    detail: StoredValue<Arc<ProposalDetailView>>,
    /// Whether they stand side by side.
    beside: bool,
) -> impl IntoView {
    let (path, hunks) = file.with_value(|file| (file.file.path.clone(), file.hunks.clone()));
    if hunks.is_empty() {
        return view! { <p class="quiet change__none">"No line differs: only its name, its mode or its emptiness is new, or it is no text."</p> }
            .into_any();
    }
    let count = file.with_value(lines::line_count);
    let whole = RwSignal::new(count <= FIRST_LINES);
    let bodies = move || match whole.get() {
        true => hunk_bodies(&hunks, (file, detail), beside),
        false => hunk_bodies(&start_of(&hunks, FIRST_LINES), (file, detail), beside),
    };
    view! {
        <table class="diff__table" class=("diff__table--beside", beside)>
            <caption class="unseen">"Changed lines of "{path}</caption>
            {beside.then(columns)}
            <thead class="unseen">{heads(beside)}</thead>
            {bodies}
        </table>
        <Show when=move || !whole.get()>
            <p class="diff__rest"><Button small=true testid="diff-all" on_press=move |_| whole.set(true)>{format!("Show all {count} lines")}</Button></p>
        </Show>
    }
    .into_any()
}

fn hunk_bodies(hunks: &[DiffHunk], of: Of, beside: bool) -> AnyView {
    let columns = if beside { 6 } else { 4 };
    let body = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| hunks.get(at));
        let gap = skipped_words(skipped(before, &hunks[at]));
        view! {
            <tbody>
                {gap.map(|words| view! { <tr class="diff__gap"><td colspan=columns>{words}</td></tr> })}
                {hunk_view(&hunks[at], of, beside)}
            </tbody>
        }
    };
    (0..hunks.len()).map(body).collect_view().into_any()
}

/// How wide the columns of lines side by side are: whatever comes first, both texts have the same room.
fn columns() -> AnyView {
    let side = || view! { <col class="diff__col-number" /><col class="diff__col-sign" /><col /> };
    view! { <colgroup>{side()}{side()}</colgroup> }.into_any()
}

fn heads(beside: bool) -> AnyView {
    let names: &[&'static str] = match beside {
        true => &["Old line", "Old sign", "Old text", "New line", "New sign", "New text"],
        false => &["Old line", "New line", "Sign", "Text"],
    };
    let head = |name: &&'static str| view! { <th scope="col">{*name}</th> };
    view! { <tr>{names.iter().map(head).collect_view()}</tr> }.into_any()
}

fn hunk_view(hunk: &DiffHunk, of: Of, beside: bool) -> AnyView {
    if beside {
        let rows = lines::side_by_side(&hunk.lines);
        rows.into_iter().map(|row| view! { <BothSides row of /> }).collect_view().into_any()
    } else {
        let lines = hunk.lines.iter().cloned();
        lines.map(|line| view! { <OneLine line of /> }).collect_view().into_any()
    }
}

/// A line below the one before.
#[component]
fn OneLine(line: DiffLine, of: Of) -> impl IntoView {
    let number = line.new;
    view! {
        <tr class=line_class(line.side)>
            <td class="diff__number">{line.old}</td>
            <td class="diff__number"><NewNumber line=line.clone() of /></td>
            <td class="diff__sign">{sign_of(&line, of)}</td>
            <td class="diff__text" data-new=number.map(|number| number.to_string())>{words(&line)}</td>
        </tr>
        <Below number of columns=4 />
    }
}

/// Two lines that face each other.
#[component]
fn BothSides(row: Row, of: Of) -> impl IntoView {
    let number = row.new.as_ref().and_then(|line| line.new);
    let old = row.old.map(|line| {
        view! { <td class="diff__number">{line.old}</td> <Half line of number=None /> }.into_any()
    });
    let new = row.new.map(|line| {
        view! { <td class="diff__number"><NewNumber line=line.clone() of /></td> <Half line of number /> }
            .into_any()
    });
    let nothing = || view! { <td class="diff__nothing" colspan="3"></td> }.into_any();
    view! {
        <tr>{old.unwrap_or_else(nothing)}{new.unwrap_or_else(nothing)}</tr>
        <Below number of columns=6 />
    }
}

/// Sign and text of one side.
#[component]
fn Half(
    line: DiffLine,
    of: Of,
    /// Of the proposed file.
    number: Option<u32>,
) -> impl IntoView {
    let class = line_class(line.side);
    view! {
        <td class=format!("diff__sign {class}")>{sign_of(&line, of)}</td>
        <td class=format!("diff__text {class}") data-new=number.map(|number| number.to_string())>{words(&line)}</td>
    }
}

/// Whether a line was added, removed, or stood elsewhere before.
fn sign_of(line: &DiffLine, of: Of) -> AnyView {
    let (glyph, meaning) = sign(line.side);
    let moved = of.0.with_value(|file| lines::is_moved(file, line));
    let (glyph, hint) = if moved { ("↕", Some("moved, word for word")) } else { (glyph, None) };
    view! {
        <span aria-hidden="true" title=hint>{glyph}</span><span class="unseen">{meaning}" "{hint}</span>
    }
    .into_any()
}

fn line_class(side: DiffSide) -> &'static str {
    match side {
        DiffSide::Both => "diff__line",
        DiffSide::Old => "diff__line diff__line--old",
        DiffSide::New => "diff__line diff__line--new",
    }
}

fn words(line: &DiffLine) -> AnyView {
    let emphasised = emphasises(line);
    let spans = line.spans.iter().cloned();
    spans.map(|span| view! { <Span span emphasised /> }).collect_view().into_any()
}

/// The number of a line of the proposed file; pressing it comments on the line.
#[component]
fn NewNumber(line: DiffLine, of: Of) -> impl IntoView {
    let reviews = context::<Reviews>();
    let Some(number) = line.new else { return ().into_any() };
    if !lines::can_anchor(&line) {
        return number.into_any();
    }
    let path = of.0.with_value(|file| file.file.path.clone());
    let testid = format!("say-{path}-{number}");
    view! {
        <button
            type="button" class="diff__say" id=focus::say_id(&path, number) tabindex="-1" data-line=number.to_string() data-testid=testid
            aria-label=format!("Comment on line {number}") title="Comment on this line (C)"
            on:click=move |_| reviews.comment_on(&path, number)
        >{number}</button>
    }
    .into_any()
}

/// The conversations about words of a line.
#[component]
fn Below(number: Option<u32>, of: Of, columns: u32) -> impl IntoView {
    let threads = of.1.with_value(|detail| {
        of.0.with_value(|file| lines::threads_on(&detail.threads, &file.file.path, number))
    });
    (!threads.is_empty()).then(|| {
        let boxes = threads.into_iter().map(|thread| {
            let placed = of.0.with_value(|file| lines::is_about_line(&thread, file));
            view! { <ThreadBox thread placed /> }
        });
        view! { <tr class="diff__said"><td colspan=columns>{boxes.collect_view()}</td></tr> }
    })
}
