//! The palette, which finds commands and prompts by a few letters, and the sheet of shortcuts.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use crate::{
    actions::{ACTIONS, Stage},
    components::{Dialog, Icon, IconButton, Keys, Mark},
    state::{Desk, Documents, Session, context},
};

mod model;

use model::{Found, Target};

/// Commands and prompts by a few letters; Enter does the first.
#[component]
pub fn Palette() -> impl IntoView {
    let desk = context::<Desk>();
    view! { <Dialog open=desk.palette label="Find a command or a prompt" top=true><Finder /></Dialog> }
}

#[component]
fn Finder() -> impl IntoView {
    let (desk, stage, documents) = (context::<Desk>(), Stage::here(), context::<Documents>());
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0usize);
    let found = Memo::new(move |_| typed.with(|typed| search(typed, stage)));
    let choose = move |target: Target| {
        desk.palette.set(false);
        match target {
            Target::Action(action) => stage.perform(action),
            Target::Prompt(key) => {
                documents.open(key);
                desk.show_edit();
            }
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let count = found.with(Vec::len);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1).min(count.saturating_sub(1))),
            "ArrowUp" => at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                if let Some(hit) = found.with(|found| found.get(at.get_untracked()).cloned()) {
                    choose(hit.target);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let field = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            // The field is on the page by then, and a lost focus is only a click more.
            let _ = field.focus();
        }
    });
    view! {
        <div class="palette__field">
            <Icon mark=Mark::Search />
            <input
                node_ref=field class="palette__input" type="text" placeholder="Find a command or a prompt"
                role="combobox" aria-label="Find a command or a prompt" aria-expanded="true" aria-controls="palette-list"
                aria-activedescendant=move || format!("palette-{}", at.get())
                on:input:target=move |event| { typed.set(event.target().value()); at.set(0); }
                on:keydown=on_key
            />
        </div>
        <ul id="palette-list" class="palette__list" role="listbox" aria-label="Found">
            {move || found.get().into_iter().enumerate().map(|(i, hit)| {
                let target = hit.target.clone();
                view! { <Hit hit index=i at on_choose=move || choose(target.clone()) /> }
            }).collect_view()}
        </ul>
        <Show when=move || found.with(Vec::is_empty)><p class="palette__none quiet">"Nothing of that name."</p></Show>
    }
}

fn search(typed: &str, stage: Stage) -> Vec<Found> {
    let actions = ACTIONS.iter().filter(|entry| stage.offers(entry));
    let prompts = context::<Session>()
        .workspace()
        .with(|w| w.as_ref().map(|w| w.prompts.clone()).unwrap_or_default());
    model::search(typed, actions, &prompts)
}

/// One thing found.
#[component]
fn Hit(
    hit: Found,
    index: usize,
    at: RwSignal<usize>,
    on_choose: impl Fn() + 'static,
) -> impl IntoView {
    let Found { title, note, keys, target, .. } = hit;
    let mark = if matches!(target, Target::Prompt(_)) { Mark::Prompts } else { Mark::ChevronRight };
    view! {
        <li
            id=format!("palette-{index}") class="palette__hit" role="option"
            aria-selected=move || (at.get() == index).to_string()
            on:mousemove=move |_| at.set(index)
            on:click=move |_| on_choose()
        >
            <Icon mark />
            <span class="clip grow">{title}</span>
            <span class="quiet clip">{note}</span>
            {keys.map(|chord| view! { <Keys chord /> })}
        </li>
    }
}

/// All shortcuts, by group.
#[component]
pub fn HelpSheet() -> impl IntoView {
    let desk = context::<Desk>();
    view! {
        <Dialog open=desk.help label="Shortcuts">
            <div class="dialog__head">
                <h2 class="grow">"Shortcuts"</h2>
                <IconButton small=true mark=Mark::Close label="Close" on_press=move |_| desk.help.set(false) />
            </div>
            <div class="dialog__body help"><ShortcutList /></div>
        </Dialog>
    }
}

/// Every shortcut there is, by group.
#[component]
pub fn ShortcutList() -> impl IntoView {
    model::groups()
        .into_iter()
        .map(|(group, entries)| {
            view! {
                <section class="help__group">
                    <h3 class="help__title">{group}</h3>
                    <dl>
                        {entries.into_iter().map(|entry| view! {
                            <div class="help__line">
                                <dt class="grow">{entry.title}</dt>
                                <dd>
                                    <span class="unseen">{entry.keys[0]}</span>
                                    <Keys chord=entry.keys[0] />
                                </dd>
                            </div>
                        }).collect_view()}
                    </dl>
                </section>
            }
        })
        .collect_view()
}
