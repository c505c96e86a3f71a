//! The remote of the current branch: where it is, whether it was confirmed, and bringing both sides together.

use assay_wire::RemoteView;
use leptos::prelude::*;

use super::{model, state::Branches};
use crate::{
    components::{Button, Chip, Kind, Mark, Note, Tone},
    panes::git::work::Work,
    state::context,
};

/// Where this branch is synced with.
#[component]
pub(super) fn RemoteCard() -> impl IntoView {
    let branches = context::<Branches>();
    let remotes = Memo::new(move |_| {
        branches.view().with(|view| view.ready().map(|v| v.remotes.clone()).unwrap_or_default())
    });
    let used = Memo::new(move |_| {
        branches.view().with(|view| model::remote_of(view.ready()?).map(|r| r.name.clone()))
    });
    view! {
        <section class="branch-card" aria-label="Remotes" data-testid="remotes">
            <h3 class="branch-card__title">"Remotes"</h3>
            <Show when=move || remotes.with(|all| !all.is_empty()) fallback=|| view! { <NoRemote /> }>
                <ul>
                    <For each=move || remotes.get() key=|remote| format!("{remote:?}") let:remote>
                        <RemoteLine remote used />
                    </For>
                </ul>
                <SyncButtons />
            </Show>
        </section>
    }
}

#[component]
fn NoRemote() -> impl IntoView {
    view! {
        <p class="quiet">"There is none: what you commit stays on this machine. To share it, make an empty repository elsewhere and run:"</p>
        <code class="branch-card__line">"git remote add origin ADDRESS"</code>
    }
}

#[component]
fn RemoteLine(remote: RemoteView, used: Memo<Option<String>>) -> impl IntoView {
    let RemoteView { name, address, confirmed, problem } = remote;
    let own = StoredValue::new(name.clone());
    let is_used = move || used.with(|used| own.with_value(|own| used.as_ref() == Some(own)));
    let chip = match (&problem, confirmed) {
        (Some(_), _) => {
            view! { <Chip tone=Tone::Danger icon=Mark::Warning>"not used"</Chip> }.into_any()
        }
        (None, true) => {
            view! { <Chip tone=Tone::Ok icon=Mark::Check>"confirmed"</Chip> }.into_any()
        }
        (None, false) => {
            view! { <Chip tone=Tone::Warn icon=Mark::Shield>"asked before use"</Chip> }.into_any()
        }
    };
    view! {
        <li class="remote" data-testid=format!("remote-{name}")>
            <span class="remote__name mono">{name.clone()}</span>
            {move || is_used().then(|| view! { <Chip tone=Tone::Accent>"syncs here"</Chip> })}
            {chip}
            {address.map(|address| view! { <span class="remote__address mono quiet">{address}</span> })}
            {problem.map(|problem| view! { <Note tone=Tone::Danger mark=Mark::Error>{problem}</Note> })}
        </li>
    }
}

#[component]
fn SyncButtons() -> impl IntoView {
    let (branches, work) = (context::<Branches>(), context::<Work>());
    let busy = Signal::derive(move || work.is_busy());
    view! {
        <div class="branch-card__actions">
            <Button kind=Kind::Primary icon=Mark::Swap disabled=busy testid="sync" on_press=move |_| branches.sync(true)>
                {move || format!("Sync {}", branches.current())}
            </Button>
            <Button disabled=busy testid="sync-fetch" on_press=move |_| branches.sync(false)>"Only take what is new there"</Button>
        </div>
    }
}
