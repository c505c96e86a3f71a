//! The list: branches of this repository, fetched ones, tags. It narrows as one types.

use assay_wire::{BranchView, TagView};
use leptos::{ev::KeyboardEvent, prelude::*};

use super::{
    model::{self, Listed, line_id},
    state::{Asking, Branches},
};
use crate::{
    components::{Blank, Button, Chip, Icon, IconButton, Mark, Tone, focus_on},
    panes::git::{
        history::When,
        model::{short_id, step},
    },
    state::context,
};

/// Lines drawn of one part at once; more only when asked for.
const FIRST: usize = 100;

/// From so many names on a field to search them is worth its place.
const MANY: usize = 9;

/// Branches and tags.
#[component]
pub(super) fn BranchList() -> impl IntoView {
    let branches = context::<Branches>();
    let typed = RwSignal::new(String::new());
    let listed = Memo::new(move |_| {
        branches.view().with(|view| {
            view.ready()
                .map(|view| typed.with(|typed| model::listed(view, typed)))
                .unwrap_or_default()
        })
    });
    let is_many = Memo::new(move |_| {
        branches
            .view()
            .with(|view| view.ready().is_some_and(|v| v.branches.len() + v.tags.len() >= MANY))
    });
    let is_empty =
        move || listed.with(|l| l.here.is_empty() && l.there.is_empty() && l.tags.is_empty());
    view! {
        <section class="pane branches__list" aria-label="Branches and tags">
            <div class="pane__head">
                <h2 class="pane__title grow">"Branches"</h2>
                <Button small=true icon=Mark::Plus testid="branch-new" on_press=move |_| branches.ask(Asking::NewBranch(None))>
                    "New branch"
                </Button>
            </div>
            <Show when=move || is_many.get()>
                <input
                    class="input branches__find" type="search" placeholder="Find a branch or tag" aria-label="Find a branch or tag"
                    data-testid="branch-find" autocomplete="off" spellcheck="false"
                    prop:value=typed on:input:target=move |event| typed.set(event.target().value())
                />
            </Show>
            <div class="pane__body" data-testid="branch-list">
                <Show when=move || !is_empty() fallback=move || view! { <Nothing typed /> }>
                    <Parts listed />
                </Show>
            </div>
        </section>
    }
}

#[component]
fn Nothing(typed: RwSignal<String>) -> impl IntoView {
    if typed.with_untracked(|typed| typed.trim().is_empty()) {
        view! {
            <Blank mark=Mark::Branch title="No branch yet" text="The first commit makes one. Everything you try apart from it can have a branch of its own." />
        }
        .into_any()
    } else {
        view! { <Blank mark=Mark::Search title="No such name" text="No branch or tag has what you typed in its name." /> }.into_any()
    }
}

/// The three parts, of which the branches are one stop of the keyboard.
#[component]
fn Parts(listed: Memo<Listed>) -> impl IntoView {
    let branches = context::<Branches>();
    let (whole_here, whole_there) = (RwSignal::new(false), RwSignal::new(false));
    // Arrows go to what is drawn.
    let names = Memo::new(move |_| {
        let most = |whole: RwSignal<bool>| if whole.get() { usize::MAX } else { FIRST };
        let (here, there) = (most(whole_here), most(whole_there));
        listed.with(|l| {
            let drawn = l.here.iter().take(here).chain(l.there.iter().take(there));
            drawn.map(|branch| branch.name.clone()).collect::<Vec<_>>()
        })
    });
    let stop = Memo::new(move |_| {
        let names = names.get();
        let chosen = branches.chosen().get().filter(|name| names.contains(name));
        chosen.or_else(|| names.first().cloned())
    });
    let walk = move |event: KeyboardEvent| walk(&event, branches, names, stop);
    let here = Signal::derive(move || listed.with(|listed| listed.here.clone()));
    let there = Signal::derive(move || listed.with(|listed| listed.there.clone()));
    let tags = Signal::derive(move || listed.with(|listed| listed.tags.clone()));
    view! {
        <div on:keydown=walk>
            <BranchPart title="Here" lines=here stop whole=whole_here />
            <BranchPart title="Fetched" lines=there stop whole=whole_there />
        </div>
        <Tags lines=tags />
    }
}

fn walk(
    event: &KeyboardEvent,
    branches: Branches,
    names: Memo<Vec<String>>,
    stop: Memo<Option<String>>,
) {
    let by = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        "Home" => isize::MIN,
        "End" => isize::MAX,
        _ => return,
    };
    let Some(now) = stop.get_untracked() else { return };
    event.prevent_default();
    if let Some(next) = names.with_untracked(|names| step(names, &now, by)) {
        focus_on(&line_id(&next));
        branches.chosen().set(Some(next));
    }
}

/// Branches under a heading.
#[component]
fn BranchPart(
    title: &'static str,
    lines: Signal<Vec<BranchView>>,
    stop: Memo<Option<String>>,
    /// Whether all of them are drawn.
    whole: RwSignal<bool>,
) -> impl IntoView {
    let count = Memo::new(move |_| lines.with(Vec::len));
    let shown = move || {
        let most = if whole.get() { usize::MAX } else { FIRST };
        lines.get().into_iter().take(most).collect::<Vec<_>>()
    };
    view! {
        <Show when=move || { count.get() > 0 }>
            <section class="branches__part">
                <h3 class="branches__title">{title}" "<span class="quiet number">{count}</span></h3>
                <ul>
                    // A line is drawn anew when anything of it is another.
                    <For each=shown key=|branch| format!("{branch:?}") let:branch>
                        <BranchLine branch stop />
                    </For>
                </ul>
                <Rest whole count />
            </section>
        </Show>
    }
}

/// The button that draws what is left.
#[component]
fn Rest(whole: RwSignal<bool>, count: Memo<usize>) -> impl IntoView {
    view! {
        <Show when=move || { !whole.get() && count.get() > FIRST }>
            <p class="branches__rest">
                <Button small=true on_press=move |_| whole.set(true)>{move || format!("Show all {}", count.get())}</Button>
            </p>
        </Show>
    }
}

#[component]
fn BranchLine(branch: BranchView, stop: Memo<Option<String>>) -> impl IntoView {
    let branches = context::<Branches>();
    let own = StoredValue::new(branch.name.clone());
    let is = move |name: Option<String>| own.with_value(|own| name.as_ref() == Some(own));
    let chosen = move || is(branches.chosen().get());
    let stops = move || if is(stop.get()) { "0" } else { "-1" };
    let goes = !branch.current;
    let go = move |_| {
        if goes {
            branches.go_to(own.get_value());
        }
    };
    let distance = model::distance(&branch);
    let BranchView { name, current, tip, drafts, .. } = branch;
    view! {
        <li>
            <button
                type="button" class="branch" id=line_id(&name) data-testid=format!("branch-{name}") title=name.clone()
                tabindex=stops aria-current=move || chosen().then_some("true")
                on:click=move |_| branches.chosen().set(Some(own.get_value())) on:dblclick=go
            >
                <Icon mark=if current { Mark::Check } else { Mark::Branch } />
                <span class="branch__name mono clip">{name.clone()}</span>
                <span class="branch__chips">
                    {current.then(|| view! { <Chip tone=Tone::Accent>"you are here"</Chip> })}
                    {drafts.then(|| view! { <Chip tone=Tone::Warn icon=Mark::Clock>"changes wait"</Chip> })}
                    {distance.map(|words| view! { <span class="quiet number">{words}</span> })}
                </span>
                <span class="branch__tip quiet clip">{tip.summary}</span>
                <When time_s=tip.time_s />
            </button>
        </li>
    }
}

#[component]
fn Tags(lines: Signal<Vec<TagView>>) -> impl IntoView {
    let branches = context::<Branches>();
    let whole = RwSignal::new(false);
    let count = Memo::new(move |_| lines.with(Vec::len));
    let shown = move || {
        let most = if whole.get() { usize::MAX } else { FIRST };
        lines.get().into_iter().take(most).collect::<Vec<_>>()
    };
    view! {
        <section class="branches__part">
            <div class="branches__tag-head">
                <h3 class="branches__title grow">"Tags "<span class="quiet number">{count}</span></h3>
                <IconButton small=true label="New tag" mark=Mark::Plus testid="tag-new" on_press=move |_| branches.ask(Asking::NewTag(None)) />
            </div>
            <ul>
                <For each=shown key=|tag| format!("{tag:?}") let:tag>
                    <TagLine tag />
                </For>
            </ul>
            <Rest whole count />
        </section>
    }
}

#[component]
fn TagLine(tag: TagView) -> impl IntoView {
    let branches = context::<Branches>();
    let TagView { name, message, commit } = tag;
    let own = StoredValue::new(name.clone());
    view! {
        <li class="branch branch--tag" data-testid=format!("tag-{name}")>
            <Icon mark=Mark::Dot />
            <span class="branch__name mono clip" title=name.clone()>{name.clone()}</span>
            <code class="quiet">{short_id(&commit.id).to_owned()}</code>
            <span class="branch__tip quiet clip">{message.unwrap_or(commit.summary)}</span>
            <When time_s=commit.time_s />
            <IconButton
                small=true label=format!("New branch at {name}") mark=Mark::Branch
                on_press=move |_| branches.ask(Asking::NewBranch(Some(own.get_value())))
            />
            <IconButton
                small=true label=format!("Delete the tag {name}") mark=Mark::Bin testid=format!("tag-delete-{name}")
                on_press=move |_| branches.delete_tag(own.get_value())
            />
        </li>
    }
}
