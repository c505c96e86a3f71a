//! What differs, file by file: what it means in words of prompts, the fields of rows, the lines. A file that was read
//! folds. Arrows go through the lines, C comments on the one that has the keyboard.

use std::sync::Arc;

use assay_wire::{FieldDifference, FileDifference, ProposalDetailView};
use leptos::{ev::KeyboardEvent, prelude::*};

use super::{diff::Lines, focus, lines, model, reviews::Reviews, threads::ThreadBox};
use crate::{
    components::{Blank, Button, Chip, Keys, Mark},
    panes::git::{Between, Words, beside_fields, item_lines, line_counts, status},
    state::{Desk, GitTab, context},
};

/// Lines of all files together beyond which the rest begin folded: each costs the window time.
const MOST_LINES: usize = 2_000;

/// What changed in a file, told before the rest is counted.
const FIRST_ITEMS: usize = 20;

/// Fields of rows drawn at once; more only when asked for.
const FIRST_FIELDS: usize = 200;

/// The changed files.
#[component]
pub(super) fn Changes(detail: Arc<ProposalDetailView>) -> impl IntoView {
    if detail.files.is_empty() {
        return view! { <NoFiles detail /> }.into_any();
    }
    let mut before = 0;
    let files = detail.files.iter().map(|file| {
        let begins_open = before < MOST_LINES;
        before += lines::line_count(file);
        view! { <FileBox file=file.clone() detail=detail.clone() begins_open /> }
    });
    let files = files.collect_view();
    let on_key = |event: KeyboardEvent| {
        if focus::walk(&event, ".diff__say") {
            event.prevent_default();
        }
    };
    view! {
        <div class="changes" data-testid="review-changes" tabindex="0" role="region" aria-label="Changed files; arrows go through the lines" on:keydown=on_key>
            <ChangesHead />
            {files}
        </div>
    }
    .into_any()
}

/// Why no file is shown. Of branches that conflict nobody knows yet what the target would have.
#[component]
fn NoFiles(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let (between, desk) = (context::<Between>(), context::<Desk>());
    let (title, text) = model::no_files_words(&detail);
    let conflicts = !detail.conflicts.is_empty();
    let mark = if conflicts { Mark::Warning } else { Mark::Check };
    let show = move |_| {
        between.show(detail.base.clone(), Some(detail.head.clone()));
        desk.show_git(GitTab::Differences);
    };
    view! {
        <Blank mark title text>
            {conflicts.then(|| view! {
                <Button icon=Mark::Compare testid="review-both-branches" on_press=show>"Hold the two branches against each other"</Button>
            })}
        </Blank>
    }
}

/// How much was read, and how lines are shown.
#[component]
fn ChangesHead() -> impl IntoView {
    let reviews = context::<Reviews>();
    let beside = reviews.beside;
    let read = move || {
        let all = reviews.detail_now().map_or(0, |detail| detail.files.len());
        format!("{} of {all} files read", reviews.viewed_count())
    };
    let mode = move |value: bool, words: &'static str| {
        view! {
            <button
                type="button" class="versus__mode" aria-pressed=move || (beside.get() == value).to_string()
                on:click=move |_| beside.set(value)
            >{words}</button>
        }
    };
    view! {
        <div class="changes__head">
            <span class="number grow" role="status" data-testid="review-read">{read}</span>
            <span class="quiet changes__keys">"Comment on a line, or on words you select" <Keys chord="C" /></span>
            <span class="quiet changes__keys">"Read" <Keys chord="V" /></span>
            <div class="versus__modes" role="group" aria-label="How lines are shown">
                {mode(true, "Side by side")}{mode(false, "Below each other")}
            </div>
        </div>
    }
}

/// One file, with a box that says that it was read.
#[component]
fn FileBox(
    file: FileDifference,
    detail: Arc<ProposalDetailView>,
    begins_open: bool,
) -> impl IntoView {
    let reviews = context::<Reviews>();
    let beside = reviews.beside;
    let file = StoredValue::new(file);
    let path = file.with_value(|file| file.file.path.clone());
    let is_read = Memo::new(move |_| file.with_value(|file| reviews.is_viewed(file)));
    let open = RwSignal::new(begins_open);
    // A file that was read folds; one that is to be read again unfolds.
    Effect::new(move |before: Option<bool>| {
        let read = is_read.get();
        if before.is_some_and(|before| before != read) || read {
            open.set(!read);
        }
        read
    });
    let detail = StoredValue::new(detail);
    view! {
        <section class="change" data-file=path.clone() aria-label=path.clone() data-testid=format!("change-{path}")>
            <FileHead file open />
            <Show when=move || open.get()>
                <Meaning file />
                <Elsewhere file detail />
                {move || view! { <Lines file detail beside=beside.get() /> }}
            </Show>
        </section>
    }
}

/// The file's name, what happened to it, how many lines, and the box.
#[component]
fn FileHead(file: StoredValue<FileDifference>, open: RwSignal<bool>) -> impl IntoView {
    let reviews = context::<Reviews>();
    let (path, look, counts) = file.with_value(|file| {
        (file.file.path.clone(), status(file.file.status), line_counts(&file.hunks))
    });
    let (mark, word, tone) = look;
    let read = move || file.with_value(|file| reviews.is_viewed(file));
    let set_read = move |read: bool| file.with_value(|file| reviews.set_viewed(file, read));
    view! {
        <header class="change__head">
            <button
                type="button" class="change__fold mono clip" aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >{path.clone()}</button>
            <Chip tone icon=mark>{word}</Chip>
            <span class="number diff__added-count">{format!("+{}", counts.0)}<span class="unseen">" lines added"</span></span>
            <span class="number diff__removed-count">{format!("−{}", counts.1)}<span class="unseen">" lines removed"</span></span>
            <span class="grow"></span>
            <label class="change__read">
                <input
                    type="checkbox" class="git__box" data-testid=format!("viewed-{path}") aria-label=format!("{path} was read")
                    prop:checked=read on:change:target=move |event| set_read(event.target().checked())
                />
                "Read"
            </label>
        </header>
    }
}

/// What changed, in words of prompts; of rows that both sides have, field by field.
#[component]
fn Meaning(file: StoredValue<FileDifference>) -> impl IntoView {
    let (items, fields) = file.with_value(|file| (file.file.items.clone(), file.fields.clone()));
    let items = beside_fields(items, &fields);
    let items = item_lines(&items, FIRST_ITEMS).into_iter().map(|item| view! { <li>{item}</li> });
    let items = items.collect_view();
    let count = fields.len();
    let whole = RwSignal::new(count <= FIRST_FIELDS);
    let fields = StoredValue::new(fields);
    let shown = move || {
        let most = if whole.get() { usize::MAX } else { FIRST_FIELDS };
        let fields = fields.with_value(|all| all.iter().take(most).cloned().collect::<Vec<_>>());
        fields.into_iter().map(|field| view! { <Field field /> }).collect_view()
    };
    view! {
        <ul class="change__items">{items}</ul>
        <div class="change__fields">
            {shown}
            <Show when=move || !whole.get()>
                <p class="diff__rest"><Button small=true on_press=move |_| whole.set(true)>{format!("Show all {count} fields")}</Button></p>
            </Show>
        </div>
    }
}

#[component]
fn Field(field: FieldDifference) -> impl IntoView {
    let FieldDifference { row, field, pieces } = field;
    view! {
        <p class="change__field"><code>{row}" · "{field}</code>" "<Words pieces /></p>
    }
}

/// Conversations about the file whose words stand on no line that is shown.
#[component]
fn Elsewhere(
    file: StoredValue<FileDifference>,
    detail: StoredValue<Arc<ProposalDetailView>>,
) -> impl IntoView {
    let threads = detail.with_value(|detail| {
        file.with_value(|file| lines::threads_elsewhere(&detail.threads, file))
    });
    threads.into_iter().map(|thread| view! { <ThreadBox thread placed=false /> }).collect_view()
}
