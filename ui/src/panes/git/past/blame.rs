//! Who last changed each row or line of a file, as it is in the last commit.

use assay_wire::{BlameView, CommitView};
use leptos::{ev::KeyboardEvent, prelude::*};

use super::{
    model::{self, Blamed},
    state::Past,
    versions::Versions,
};
use crate::{
    components::{Blank, Button, ErrorNote, Loading, Mark},
    panes::git::{history::When, strip::FarBar, words::drawn, work::Work},
    state::{Load, context},
};

/// Groups drawn at once; more only when asked for.
const FIRST: usize = 400;

/// The file's choice and its writers, or the versions of one row.
#[component]
pub(super) fn BlamePane() -> impl IntoView {
    let past = context::<Past>();
    view! {
        <FileChoice />
        <div class="pane__body" tabindex="0" role="region" aria-label="Who wrote it" data-testid="past-writers">
            {move || match (past.row().get(), past.blame().get()) {
                (Some(id), _) => view! { <Versions id /> }.into_any(),
                (None, None) => view! {
                    <Blank mark=Mark::Person title="No file chosen" text="Choose a file to see who last changed each of its lines, or each example or case." />
                }.into_any(),
                (None, Some(Load::Loading)) => view! { <Waiting /> }.into_any(),
                (None, Some(Load::Failed(error))) => view! { <div class="git__refused"><ErrorNote error /></div> }.into_any(),
                (None, Some(Load::Ready(blame))) => view! { <Writers blame /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Waiting() -> impl IntoView {
    let work = context::<Work>();
    view! { <div class="past__reading"><Loading what="Looking through the commits" /><FarBar far=work.reading() /></div> }
}

/// A file of what is looked at; any other can be typed.
#[component]
fn FileChoice() -> impl IntoView {
    let past = context::<Past>();
    let files = Memo::new(move |_| {
        past.history().with(|history| history.ready().map(model::files).unwrap_or_default())
    });
    let options = move || {
        files.get().into_iter().map(|file| view! { <option value=file></option> }).collect_view()
    };
    let choose = move |path: String| {
        let path = path.trim().to_owned();
        let is_shown = past.file().with_untracked(|shown| shown.as_ref() == Some(&path));
        if !path.is_empty() && !is_shown {
            past.show_blame(path);
        }
    };
    // A list of proposals may keep the change for itself until the field is left.
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            choose(event_target_value(&event));
        }
    };
    view! {
        <label class="past__file">
            <span class="field__label">"File"</span>
            <input
                class="input mono" type="text" autocomplete="off" spellcheck="false" list="past-files" placeholder="path of a file" data-testid="past-file"
                prop:value=move || past.file().get().unwrap_or_default()
                on:change:target=move |event| choose(event.target().value())
                on:keydown=on_key
            />
            <datalist id="past-files">{options}</datalist>
        </label>
    }
}

#[component]
fn Writers(blame: BlameView) -> impl IntoView {
    let BlameView { path, rows, parts, .. } = blame;
    let groups = model::blamed(&parts, rows);
    if groups.is_empty() {
        return view! { <Blank mark=Mark::Info title="Nothing in it" text="The file is empty in the last commit." /> }.into_any();
    }
    let count = groups.len();
    let whole = RwSignal::new(count <= FIRST);
    let groups = StoredValue::new(groups);
    let shown = move || {
        let most = if whole.get() { usize::MAX } else { FIRST };
        let groups =
            groups.with_value(|groups| groups.iter().take(most).cloned().collect::<Vec<_>>());
        groups.into_iter().map(|group| view! { <GroupLine group rows /> }).collect_view()
    };
    let heading = if rows { "Row" } else { "Lines" };
    view! {
        <table class="blame">
            <caption class="unseen">"Who last changed "{path}</caption>
            <thead><tr><th scope="col">"By"</th><th scope="col">"When"</th><th scope="col">"Commit"</th><th scope="col">{heading}</th></tr></thead>
            <tbody>{shown}</tbody>
        </table>
        <Show when=move || !whole.get()>
            <p class="diff__rest"><Button small=true on_press=move |_| whole.set(true)>"Show all of it"</Button></p>
        </Show>
    }
    .into_any()
}

#[component]
fn GroupLine(group: Blamed, rows: bool) -> impl IntoView {
    let Blamed { commit, first, parts } = group;
    let text = if rows {
        view! { <RowButton id=parts.concat() /> }.into_any()
    } else {
        let lines = parts.iter().enumerate().map(|(at, line)| view! {
            <span class="blame__line"><span class="blame__number number">{first + at}</span><span class="blame__text">{drawn(line)}</span></span>
        });
        view! { <div class="mono">{lines.collect_view()}</div> }.into_any()
    };
    view! {
        <tr>
            <Writer commit />
            <td>{text}</td>
        </tr>
    }
}

/// Author, time and commit; for what is older than the history that was read, that it is.
#[component]
fn Writer(commit: Option<CommitView>) -> impl IntoView {
    match commit {
        None => view! { <td colspan="3" class="quiet">"before what was looked at"</td> }.into_any(),
        Some(CommitView { id, summary, author, time_s }) => {
            let past = context::<Past>();
            let show = move |_| past.show_commit(id.clone(), Vec::new());
            view! {
                <td class="blame__author">{author}</td>
                <td><When time_s /></td>
                <td><button type="button" class="blame__commit clip" title=summary.clone() on:click=show>{summary.clone()}</button></td>
            }
            .into_any()
        }
    }
}

#[component]
fn RowButton(id: String) -> impl IntoView {
    let past = context::<Past>();
    let own = id.clone();
    view! {
        <button type="button" class="blame__row mono" data-testid=format!("past-row-{id}") on:click=move |_| past.show_row(own.clone())>
            {id.clone()}
        </button>
    }
}
