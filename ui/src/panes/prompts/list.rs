//! The list of prompts: one keyboard stop, in which arrows move, Enter opens, F2 renames, Delete deletes, and the
//! menu key opens what else there is.

use assay_wire::PromptSummary;
use leptos::{ev::KeyboardEvent, prelude::*};

use super::model;
use crate::{
    actions::{Action, about},
    components::{
        Button, ErrorNote, IconButton, Kind, Mark, Menu, MenuButton, MenuItem, catch_focus,
        focus_on,
    },
    panes::exchange::{Exporting, Importing},
    state::{Asker, Desk, Documents, Edits, Place, Question, Session, context},
};

/// What the lines of the list share.
#[derive(Clone, Copy)]
struct List {
    prompts: Memo<Vec<PromptSummary>>,
    /// Keys of the prompts in sight.
    found: Memo<Vec<String>>,
    /// The line that the Tab key stops at.
    stop: Memo<Option<String>>,
    at: RwSignal<Option<String>>,
}

/// The prompts of the repository, narrowed by what is typed above them.
#[component]
pub fn PromptList() -> impl IntoView {
    let filter = RwSignal::new(String::new());
    let list = list(filter);
    let none = move || list.found.with(Vec::is_empty);
    view! {
        <ListHead list />
        <div class="prompts__filter">
            <input
                class="input" type="search" placeholder="Filter" aria-label="Filter prompts"
                prop:value=filter on:input:target=move |event| filter.set(event.target().value())
            />
        </div>
        <Refusal />
        <Show when=none>
            <NoneFound filtered=filter.with(|filter| !filter.is_empty()) />
        </Show>
        <ul class="prompts pane__body" on:keydown=move |event| walk(&event, list)>
            <For each=move || list.found.get() key=Clone::clone let:key>
                <PromptLine key list />
            </For>
        </ul>
    }
}

fn list(filter: RwSignal<String>) -> List {
    let (session, documents) = (context::<Session>(), context::<Documents>());
    let prompts = Memo::new(move |_| {
        session.workspace().with(|w| w.as_ref().map(|w| w.prompts.clone()).unwrap_or_default())
    });
    let found = Memo::new(move |_| {
        let found = filter.with(|filter| prompts.with(|all| model::matching(all, filter)));
        found.into_iter().map(|prompt| prompt.key).collect::<Vec<_>>()
    });
    let at = RwSignal::new(None::<String>);
    let stop = Memo::new(move |_| {
        let wanted = [at.get(), documents.key().get()];
        found.with(|found| {
            let kept = wanted.into_iter().flatten().find(|key| found.contains(key));
            kept.or_else(|| found.first().cloned())
        })
    });
    keep_focus(found, at);
    follow_renamed(found);
    List { prompts, found, stop, at }
}

/// Where the line with the focus goes away, the one that takes its place gets it.
fn keep_focus(found: Memo<Vec<String>>, at: RwSignal<Option<String>>) {
    Effect::new(move |before: Option<Vec<String>>| {
        let now = found.get();
        let left = before.zip(at.get_untracked()).and_then(|(before, at)| {
            let place = before.iter().position(|key| *key == at)?;
            (!now.contains(&at)).then_some(place)
        });
        if let Some(next) = left.and_then(|place| now.get(place.min(now.len().checked_sub(1)?))) {
            catch_focus(line_id(next));
        }
        now
    });
}

/// The line of a prompt that was renamed gets the keyboard, which the dialog gave back to the line as it was called.
fn follow_renamed(found: Memo<Vec<String>>) {
    let edits = context::<Edits>();
    let awaited = RwSignal::new(None);
    Effect::new(move |before: Option<()>| {
        let moved = edits.moved().get();
        // What was renamed before this list was there is nothing to it.
        if before.is_some() {
            awaited.set(moved.map(|(_, now)| now));
        }
    });
    Effect::new(move || {
        let here = awaited.get().filter(|key| found.with(|found| found.contains(key)));
        if let Some(key) = here.filter(|_| edits.question().with(Option::is_none)) {
            awaited.set(None);
            catch_focus(line_id(&key));
        }
    });
}

#[component]
fn ListHead(list: List) -> impl IntoView {
    let (edits, importing) = (context::<Edits>(), context::<Importing>());
    let label = format!("New prompt ({})", about(Action::NewPrompt).keys[0]);
    view! {
        <div class="pane__head prompts__head">
            <h2 class="pane__title grow">"Prompts"</h2>
            <span class="quiet number">{move || list.prompts.with(Vec::len)}</span>
            <IconButton
                small=true mark=Mark::Plus label=label testid="new-prompt"
                on_press=move |_| edits.ask(Question::NewPrompt)
            />
            <IconButton
                small=true mark=Mark::Import label="Import prompts" testid="import-prompts"
                on_press=move |_| importing.show()
            />
        </div>
    }
}

/// Why the last thing asked of the list did not happen.
#[component]
fn Refusal() -> impl IntoView {
    let edits = context::<Edits>();
    move || {
        edits.refusal(&Asker::List).map(|error| {
            view! {
                <div class="prompts__refusal">
                    <ErrorNote error actions=move || view! {
                        <Button small=true kind=Kind::Quiet on_press=move |_| edits.forgive()>"Dismiss"</Button>
                    } />
                </div>
            }
        })
    }
}

#[component]
fn NoneFound(filtered: bool) -> impl IntoView {
    let (edits, importing) = (context::<Edits>(), context::<Importing>());
    if filtered {
        return view! { <p class="prompts__none quiet">"No prompt matches."</p> }.into_any();
    }
    view! {
        <div class="prompts__none">
            <p class="quiet">"This repository has no prompts yet."</p>
            <Button icon=Mark::Plus testid="new-first-prompt" on_press=move |_| edits.ask(Question::NewPrompt)>
                "New prompt"
            </Button>
            <Button icon=Mark::Import testid="import-first" on_press=move |_| importing.show()>"Import prompts"</Button>
        </div>
    }
    .into_any()
}

/// One prompt: its name, what it is for, how much is in it, and what can be done to it.
#[component]
fn PromptLine(key: String, list: List) -> impl IntoView {
    let (documents, edits) = (context::<Documents>(), context::<Edits>());
    let exporting = context::<Exporting>();
    let own = StoredValue::new(key.clone());
    let is = move |other: Option<String>| own.with_value(|own| other.as_ref() == Some(own));
    let prompt = Memo::new(move |_| {
        list.prompts.with(|all| own.with_value(|own| all.iter().find(|p| p.key == *own).cloned()))
    });
    let with = move |f: fn(&PromptSummary) -> String| prompt.with(|p| p.as_ref().map(f));
    let stops = Signal::derive(move || is(list.stop.get()));
    let menu = Menu::new();
    let choose = opener(key.clone());
    let label = Signal::derive(move || {
        format!("More for {}", with(|p| p.name.clone()).unwrap_or_default())
    });
    view! {
        <li
            class="prompts__item" on:contextmenu=move |event| menu.on_context(&event)
            on:keydown=move |event| own.with_value(|key| on_key(&event, key, menu, edits))
        >
            <button
                type="button" class="prompts__line" id=line_id(&key) title=key.clone() data-testid=format!("prompt-{key}")
                aria-current=move || is(documents.key().get()).then_some("true")
                tabindex=move || if stops.get() { "0" } else { "-1" }
                on:focus=move |_| list.at.set(Some(own.get_value()))
                on:click=move |_| choose()
            >
                <span class="prompts__name clip">{move || with(|p| p.name.clone())}</span>
                <span class="prompts__trouble">{move || with(model::trouble)}</span>
                <span class="prompts__about clip">{move || with(model::about)}</span>
            </button>
            <MenuButton
                menu label stops testid=format!("prompt-menu-{key}")
                items=move || own.with_value(|key| items(key, edits, exporting))
            />
        </li>
    }
}

/// Opens the prompt of that key, unless it is open.
fn opener(key: String) -> impl Fn() {
    let (documents, desk) = (context::<Documents>(), context::<Desk>());
    move || {
        if documents.key().get_untracked().as_ref() != Some(&key) {
            documents.open(key.clone());
        }
        desk.place.set(Place::Prompts);
    }
}

/// What can be done to the prompt of that key.
fn items(key: &str, edits: Edits, exporting: Exporting) -> Vec<MenuItem> {
    let own = |f: fn(Edits, String)| {
        let key = key.to_owned();
        move || f(edits, key.clone())
    };
    let rename = own(|edits, key| edits.ask(Question::RenamePrompt(key)));
    let duplicate = own(|edits, key| edits.ask(Question::DuplicatePrompt(key)));
    let convert = own(|edits, key| edits.convert(key));
    let delete = own(|edits, key| edits.delete_prompt(key));
    let exported = key.to_owned();
    let export = move || exporting.show(exported.clone());
    let convert = model::is_lone(key)
        .then(|| MenuItem::new("prompt-convert", Mark::Folder, "Make a folder of it", convert));
    [
        Some(MenuItem::new("prompt-rename", Mark::Pencil, "Rename…", rename).keys("F2")),
        Some(MenuItem::new("prompt-duplicate", Mark::Copy, "Duplicate…", duplicate)),
        convert,
        Some(MenuItem::new("prompt-export", Mark::Export, "Export…", export)),
        Some(MenuItem::new("prompt-delete", Mark::Bin, "Delete", delete).keys("Delete").danger()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What keys do on a line.
fn on_key(event: &KeyboardEvent, key: &str, menu: Menu, edits: Edits) {
    if menu.on_key(event) {
        return;
    }
    match event.key().as_str() {
        "F2" => edits.ask(Question::RenamePrompt(key.to_owned())),
        "Delete" => edits.delete_prompt(key.to_owned()),
        _ => return,
    }
    event.prevent_default();
}

/// Moves the focus up and down the list.
fn walk(event: &KeyboardEvent, list: List) {
    let Some(now) = list.stop.get_untracked() else { return };
    let next = list.found.with_untracked(|found| {
        let at = found.iter().position(|key| *key == now)?;
        let last = found.len() - 1;
        let next = match event.key().as_str() {
            "ArrowDown" => (at + 1).min(last),
            "ArrowUp" => at.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            _ => return None,
        };
        found.get(next).cloned()
    });
    if let Some(next) = next {
        event.prevent_default();
        focus_on(&line_id(&next));
    }
}

fn line_id(key: &str) -> String {
    format!("prompt:{key}")
}
