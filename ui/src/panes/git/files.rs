//! The changed files: grouped by prompt, each with a box and with what changed in words.

use assay_wire::{ApiError, ChangedFile, ChangedItem};
use leptos::{ev::KeyboardEvent, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    changes::Changes,
    model::{self, Group},
    staging,
};
use crate::{
    components::{Blank, Button, Chip, ErrorNote, Icon, Loading, Mark},
    state::{Load, context},
};

/// Rows of one file drawn at once; more only when asked for.
const FIRST_ROWS: usize = 40;

/// Files drawn at once; more only when asked for. A repository that is begun with thousands of prompts has them all.
const FIRST_FILES: usize = 300;

/// What changed in a file, told before the rest is counted.
const FIRST_ITEMS: usize = 12;

/// The branch and the changed files on it.
#[component]
pub fn FileList() -> impl IntoView {
    let changes = context::<Changes>();
    let state = Memo::new(move |_| {
        changes.view().with(|view| match view {
            Load::Loading => State::Waiting,
            Load::Failed(error) => State::Refused(error.clone()),
            Load::Ready(view) if view.files.is_empty() => State::Clean,
            Load::Ready(_) => State::Changed,
        })
    });
    view! {
        <FilesHead />
        <div class="pane__body git__files" data-testid="git-files">
            {move || match state.get() {
                State::Waiting => view! { <Loading what="Reading changes" /> }.into_any(),
                State::Refused(error) => view! { <Refused error /> }.into_any(),
                State::Clean => view! { <Clean /> }.into_any(),
                State::Changed => view! { <Files /> }.into_any(),
            }}
        </div>
    }
}

#[derive(Clone, PartialEq)]
enum State {
    Waiting,
    Refused(ApiError),
    Clean,
    Changed,
}

#[component]
fn FilesHead() -> impl IntoView {
    let changes = context::<Changes>();
    let any = Memo::new(move |_| changes.count() > 0);
    let branch = move || {
        changes.view().with(|view| match view.ready() {
            Some(view) => view.branch.clone().unwrap_or_else(|| "No branch".to_owned()),
            None => "Git".to_owned(),
        })
    };
    view! {
        <div class="pane__head">
            <Show when=move || any.get() fallback=|| view! { <Icon mark=Mark::Branch /> }>
                <AllBox />
            </Show>
            <h2 class="pane__title clip grow" data-testid="git-branch">{branch}</h2>
            <Show when=move || any.get()><span class="quiet number">{move || changes.count()}" changed"</span></Show>
        </div>
    }
}

/// Takes all files into the commit, or out of it.
#[component]
fn AllBox() -> impl IntoView {
    let changes = context::<Changes>();
    let chosen = move || changes.chosen().len();
    let all = move || chosen() == changes.count();
    let some = move || chosen() > 0 && !all();
    view! {
        <input
            type="checkbox" class="git__box" aria-label="Commit all files" title="Commit all files" data-testid="git-stage-all"
            prop:checked=all prop:indeterminate=some
            on:change:target=move |event| changes.choose_all(event.target().checked())
        />
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

#[component]
fn Clean() -> impl IntoView {
    view! {
        <Blank
            mark=Mark::Check title="Nothing changed"
            text="Every file is as in the last commit. What you edit shows up here in words of prompts, ready to commit."
        />
    }
}

/// The files, one keyboard stop: arrows move, Space ticks, Enter shows.
#[component]
fn Files() -> impl IntoView {
    let changes = context::<Changes>();
    let whole = RwSignal::new(false);
    let files = Memo::new(move |_| {
        let most = if whole.get() { usize::MAX } else { FIRST_FILES };
        let first = |files: &[ChangedFile]| files.iter().take(most).cloned().collect::<Vec<_>>();
        changes.view().with(|view| view.ready().map(|v| first(&v.files)).unwrap_or_default())
    });
    let is_cut = move || changes.count() > files.with(Vec::len);
    let at = RwSignal::new(None::<String>);
    let stop = Memo::new(move |_| {
        let paths = files.with(|files| model::paths(files));
        let kept = at.get().or_else(|| changes.shown().get()).filter(|path| paths.contains(path));
        kept.or_else(|| paths.first().cloned())
    });
    let walk = move |event: KeyboardEvent| walk(&event, changes, files, stop, at);
    let groups = move || files.with(|files| model::groups(files));
    view! {
        <div on:keydown=walk>
            <For each=groups key=|group| group.clone() let:group>
                <FileGroup group files stop at />
            </For>
        </div>
        <Show when=is_cut>
            <p class="diff__rest">
                <Button small=true testid="git-files-all" on_press=move |_| whole.set(true)>{move || format!("Show all {} files", changes.count())}</Button>
            </p>
        </Show>
    }
}

fn walk(
    event: &KeyboardEvent,
    changes: Changes,
    files: Memo<Vec<ChangedFile>>,
    stop: Memo<Option<String>>,
    at: RwSignal<Option<String>>,
) {
    let Some(now) = stop.get_untracked() else { return };
    let rows = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        "Home" => isize::MIN,
        "End" => isize::MAX,
        " " if on_row(event) => {
            event.prevent_default();
            return changes.toggle(&now);
        }
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = files.with_untracked(|files| model::step(&model::paths(files), &now, rows))
    {
        at.set(Some(next.clone()));
        focus_row(&next);
    }
}

/// Whether a file has the keyboard. Boxes and buttons of its rows take the space bar themselves.
fn on_row(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| target.id().starts_with(ROW))
}

/// What the ids of files on the page begin with.
const ROW: &str = "changed:";

fn row_id(path: &str) -> String {
    format!("{ROW}{path}")
}

fn focus_row(path: &str) {
    let row = document().get_element_by_id(&row_id(path));
    if let Some(row) = row.and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A row that just left the list cannot take the focus, and need not.
        let _ = row.focus();
    }
}

/// The changed files of one prompt, or of the repository itself.
#[component]
fn FileGroup(
    group: Group,
    files: Memo<Vec<ChangedFile>>,
    stop: Memo<Option<String>>,
    at: RwSignal<Option<String>>,
) -> impl IntoView {
    let Group { prompt, paths } = group;
    let title = prompt.clone().unwrap_or_else(|| "Repository".to_owned());
    let mark = if prompt.is_some() { Mark::Prompts } else { Mark::Folder };
    let rows = paths
        .into_iter()
        .map(|path| view! { <FileRow path prompt=prompt.clone() files stop at /> })
        .collect_view();
    view! {
        <section class="git__group">
            <h3 class="git__group-title"><Icon mark /><span class="clip">{title}</span></h3>
            <ul>{rows}</ul>
        </section>
    }
}

/// One file: a box, its name, what happened to it, and what that means.
#[component]
fn FileRow(
    path: String,
    prompt: Option<String>,
    files: Memo<Vec<ChangedFile>>,
    stop: Memo<Option<String>>,
    at: RwSignal<Option<String>>,
) -> impl IntoView {
    let changes = context::<Changes>();
    let own = StoredValue::new(path.clone());
    let file = Memo::new(move |_| {
        own.with_value(|own| files.with(|all| all.iter().find(|f| f.path == *own).cloned()))
    });
    let is = move |path: Option<String>| own.with_value(|own| path.as_ref() == Some(own));
    let name = model::short_path(&path, prompt.as_deref()).to_owned();
    let current = move || is(changes.shown().get()).then_some("true");
    let stops = move || if is(stop.get()) { "0" } else { "-1" };
    view! {
        <li class="git-file" data-testid=format!("git-file-{path}")>
            <input
                type="checkbox" class="git__box" tabindex="-1" aria-label=format!("Commit {path}") data-testid=format!("git-stage-{path}")
                prop:checked=move || own.with_value(|own| changes.is_chosen(own))
                prop:indeterminate=move || own.with_value(|own| changes.is_in_part(own))
                on:change=move |_| own.with_value(|own| changes.toggle(own))
            />
            <button
                type="button" class="git-file__show" id=row_id(&path) title=path.clone() tabindex=stops aria-current=current
                on:focus=move |_| at.set(Some(own.get_value()))
                on:click=move |_| changes.show(own.get_value())
            >
                <span class="git-file__name mono clip">{name}</span>
                {move || file.get().map(|file| view! { <FileNews file /> })}
            </button>
            {move || file.get().map(|file| view! { <RowBoxes file stops=Signal::derive(move || is(stop.get())) /> })}
        </li>
    }
}

/// What happened to a file, and what changed in it.
#[component]
fn FileNews(file: ChangedFile) -> impl IntoView {
    let (mark, word, tone) = model::status(file.status);
    // Rows that can be taken one by one stand below, with their boxes.
    let items = if staging::rows_of(&file).is_empty() { file.items } else { Vec::new() };
    let items = model::item_lines(&items, FIRST_ITEMS).into_iter();
    view! {
        <span class="git-file__status"><Chip tone icon=mark>{word}</Chip></span>
        {items.map(|words| view! { <span class="git-file__item">{words}</span> }).collect_view()}
    }
}

/// The rows of a table, each with a box of its own. The Tab key stops at them where the file has it.
#[component]
fn RowBoxes(file: ChangedFile, stops: Signal<bool>) -> impl IntoView {
    if staging::rows_of(&file).is_empty() {
        return ().into_any();
    }
    let count = file.items.len();
    let whole = RwSignal::new(count <= FIRST_ROWS);
    let file = StoredValue::new(file);
    let shown = move || {
        let most = if whole.get() { usize::MAX } else { FIRST_ROWS };
        let (path, items) = file.with_value(|file| {
            (file.path.clone(), file.items.iter().take(most).cloned().collect::<Vec<_>>())
        });
        items
            .into_iter()
            .map(|item| view! { <RowBox path=path.clone() item stops /> })
            .collect_view()
    };
    view! {
        <ul class="git-file__rows">
            {shown}
            <Show when=move || !whole.get()>
                <li><Button small=true on_press=move |_| whole.set(true)>{format!("Show all {count} rows")}</Button></li>
            </Show>
        </ul>
    }
    .into_any()
}

#[component]
fn RowBox(path: String, item: ChangedItem, stops: Signal<bool>) -> impl IntoView {
    let changes = context::<Changes>();
    let words = model::item_words(&item);
    let own = StoredValue::new((path, item.id.clone()));
    view! {
        <li>
            <label class="git-file__row">
                <input
                    type="checkbox" class="git__box" data-testid=format!("git-stage-row-{}", item.id)
                    tabindex=move || if stops.get() { "0" } else { "-1" }
                    prop:checked=move || own.with_value(|(path, row)| changes.is_row_chosen(path, row))
                    on:change=move |_| own.with_value(|(path, row)| changes.toggle_row(path, row))
                />
                <span>{words}</span>
            </label>
        </li>
    }
}
