//! Files that differ: what that means in words of prompts, rows by their fields, everything else line by line.

use assay_wire::{DifferenceView, FieldDifference, FileDifference};
use leptos::prelude::*;

use super::model;
use crate::{
    components::{Blank, Button, Chip, Icon, Mark},
    panes::git::{
        diff::LineTable,
        model::{Moved, beside_fields, item_lines, status},
        words::Words,
    },
};

/// Files drawn at once; more only when asked for.
const FIRST: usize = 50;

/// What changed in a file, told before the rest is counted.
const FIRST_ITEMS: usize = 20;

/// Rows of a file drawn at once; more only when asked for.
const FIRST_ROWS: usize = 100;

/// What differs between two revisions, file by file.
#[component]
pub fn Difference(diff: DifferenceView) -> impl IntoView {
    if diff.files.is_empty() {
        return view! { <Blank mark=Mark::Check title="No difference" text="Every file is the same on both sides." /> }.into_any();
    }
    let (heading, open) = (model::heading(&diff), model::opens(&diff));
    let count = diff.files.len();
    let whole = RwSignal::new(count <= FIRST);
    let files = StoredValue::new(diff.files);
    let shown = move || {
        let most = if whole.get() { usize::MAX } else { FIRST };
        let files = files.with_value(|files| files.iter().take(most).cloned().collect::<Vec<_>>());
        files.into_iter().map(|file| view! { <FileView file open /> }).collect_view()
    };
    view! {
        <p class="between__heading" role="status">{heading}</p>
        <div>{shown}</div>
        <Show when=move || !whole.get()>
            <p class="diff__rest">
                <Button small=true on_press=move |_| whole.set(true)>{format!("Show all {count} files")}</Button>
            </p>
        </Show>
    }
    .into_any()
}

/// One file. What is inside is drawn once it is opened.
#[component]
fn FileView(file: FileDifference, open: bool) -> impl IntoView {
    let is_open = RwSignal::new(open);
    let path = file.file.path.clone();
    let (mark, word, tone) = status(file.file.status);
    let items = file.file.items.clone();
    let rest = beside_fields(items.clone(), &file.fields);
    let [items, rest] = [items, rest].map(|items| item_lines(&items, FIRST_ITEMS));
    let told = move || {
        let items = if is_open.get() { rest.clone() } else { items.clone() };
        items.into_iter().map(|item| view! { <li>{item}</li> }).collect_view()
    };
    let file = StoredValue::new(file);
    view! {
        <section class="between-file" aria-label=path.clone() data-testid=format!("difference-{path}")>
            <h3>
                <button
                    type="button" class="between-file__head" aria-expanded=move || is_open.get().to_string()
                    on:click=move |_| is_open.update(|open| *open = !*open)
                >
                    {move || view! { <Icon mark=if is_open.get() { Mark::ChevronDown } else { Mark::ChevronRight } /> }}
                    <span class="mono clip">{path.clone()}</span>
                    <Chip tone icon=mark>{word}</Chip>
                </button>
            </h3>
            <ul class="between-file__items">{told}</ul>
            {move || is_open.get().then(|| view! { <FileBody file=file.get_value() /> })}
        </section>
    }
}

/// Rows by their fields; the lines under them, closed, for who wants to see the bytes. Anything else by lines.
#[component]
fn FileBody(file: FileDifference) -> impl IntoView {
    let FileDifference { file, fields, hunks, moved_from, moved_to } = file;
    if hunks.is_empty() {
        return view! { <p class="quiet between-file__none">"No line of text differs."</p> }
            .into_any();
    }
    let moved = Moved { from: moved_from, to: moved_to };
    let has_moved = !moved.from.is_empty() || !moved.to.is_empty();
    let lines = view! { <div class="diff between-file__lines"><LineTable path=file.path hunks moved /></div> };
    if fields.is_empty() {
        return view! {
            {has_moved.then(|| view! { <p class="quiet between-file__none">"Lines that only moved have < where they stood and > where they stand."</p> })}
            {lines}
        }
        .into_any();
    }
    view! {
        <Fields fields />
        <details class="between-file__bytes"><summary>"Line by line"</summary>{lines}</details>
    }
    .into_any()
}

#[component]
fn Fields(fields: Vec<FieldDifference>) -> impl IntoView {
    let rows = model::by_row(&fields);
    let count = rows.len();
    let whole = RwSignal::new(count <= FIRST_ROWS);
    let rows = StoredValue::new(rows);
    let shown = move || {
        let most = if whole.get() { usize::MAX } else { FIRST_ROWS };
        let rows = rows.with_value(|rows| rows.iter().take(most).cloned().collect::<Vec<_>>());
        rows.into_iter().map(|(row, fields)| view! { <RowFields row fields /> }).collect_view()
    };
    view! {
        <div class="between-rows">
            {shown}
            <Show when=move || !whole.get()>
                <p class="diff__rest"><Button small=true on_press=move |_| whole.set(true)>{format!("Show all {count} rows")}</Button></p>
            </Show>
        </div>
    }
}

/// The fields of a row that differ.
#[component]
fn RowFields(row: String, fields: Vec<FieldDifference>) -> impl IntoView {
    let fields = fields.into_iter().map(|FieldDifference { field, pieces, .. }| {
        view! { <div class="between-field"><dt class="mono">{field}</dt><dd><Words pieces /></dd></div> }
    });
    view! {
        <section class="between-row">
            <h4 class="between-row__name">"row "<span class="mono">{row}</span></h4>
            <dl>{fields.collect_view()}</dl>
        </section>
    }
}
