//! The first view: try the sample, open a folder, clone a repository, go back to a recent one.

use assay_wire::{AppView, ChooseFolder, RecentWorkspace, TemplateView};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{Button, ErrorNote, Icon, Kind, Loading, Mark},
    ipc,
    panes::git::{FarBar, StopButton, Work},
    state::{Session, context},
};

/// The template that *Try the sample* takes.
const SAMPLE: &str = "support-triage";

/// What to do first, with errors where they happened.
#[component]
pub fn Welcome(
    /// What the application said at start.
    app: AppView,
) -> impl IntoView {
    let session = context::<Session>();
    let AppView { version, recent, templates, default_folder, .. } = app;
    let others: Vec<_> = templates.into_iter().filter(|template| template.name != SAMPLE).collect();
    view! {
        <main class="welcome">
            <div class="welcome__column">
                <header class="welcome__head">
                    <span class="welcome__mark"><Icon mark=Mark::Assay large=true /></span>
                    <h1 class="welcome__name">"Assay"</h1>
                    <p class="welcome__line">"A workbench for prompts kept in git."</p>
                </header>
                {move || session.trouble().get().map(|error| view! { <ErrorNote error /> })}
                {move || match session.opening().get() {
                    Some(what) => view! { <Opening what /> }.into_any(),
                    None => view! {
                        <Sample folder=default_folder.clone() />
                        <OpenFolder />
                        <CloneRepository />
                        <Recent recent=recent.clone() />
                        <Templates templates=others.clone() />
                    }.into_any(),
                }}
                <footer class="welcome__foot quiet">{format!("Version {version} · everything stays on this machine until you add a provider")}</footer>
            </div>
        </main>
    }
}

/// The shortest way to see everything work.
#[component]
fn Sample(folder: String) -> impl IntoView {
    let session = context::<Session>();
    view! {
        <section class="welcome__sample">
            <div class="grow">
                <h2 class="welcome__title">"See it work"</h2>
                <p>"Two variants of a prompt that routes support tickets, run on the model inside Assay. No account, no key, no network."</p>
                <p class="quiet">{format!("Makes a git repository in {folder}.")}</p>
            </div>
            <Button
                kind=Kind::Primary icon=Mark::Spark testid="welcome-sample"
                on_press=move |_| session.create(SAMPLE.to_owned())
            >"Try the sample"</Button>
        </section>
    }
}

/// A folder by its path, or through the system's chooser.
#[component]
fn OpenFolder() -> impl IntoView {
    let session = context::<Session>();
    let path = RwSignal::new(String::new());
    let refused = RwSignal::new(None);
    let open = move || {
        let typed = path.with_untracked(|path| path.trim().to_owned());
        if !typed.is_empty() {
            session.open(typed);
        }
    };
    let browse = move |_| {
        spawn_local(async move {
            match ipc::call(ChooseFolder {}).await {
                Ok(Some(chosen)) => session.open(chosen),
                Ok(None) => {}
                Err(error) => refused.set(Some(error)),
            }
        });
    };
    view! {
        <section class="welcome__section">
            <h2 class="welcome__title">"Open a folder"</h2>
            <form class="welcome__open" on:submit=move |event| { event.prevent_default(); open(); }>
                <input
                    class="input mono" type="text" placeholder="Path of a git repository" aria-label="Path of a git repository"
                    data-testid="welcome-open-path" spellcheck="false" autocomplete="off"
                    prop:value=path on:input:target=move |event| path.set(event.target().value())
                />
                <Button testid="welcome-open" disabled=Signal::derive(move || path.with(|p| p.trim().is_empty())) on_press=move |_| open()>"Open"</Button>
                <Button icon=Mark::Folder on_press=browse>"Browse"</Button>
            </form>
            {move || refused.get().map(|error| view! { <ErrorNote error /> })}
        </section>
    }
}

/// What is being opened; once a clone tells how far it is, that and a way to stop it.
#[component]
fn Opening(what: String) -> impl IntoView {
    let work = context::<Work>();
    let is_told = Memo::new(move |_| work.far().with(Option::is_some));
    on_cleanup(move || work.clear());
    view! {
        <Loading what />
        <Show when=move || is_told.get()>
            <div class="welcome__progress"><FarBar far=work.far() /><StopButton /></div>
        </Show>
    }
}

/// A repository elsewhere, by its address.
#[component]
fn CloneRepository() -> impl IntoView {
    let (session, work) = (context::<Session>(), context::<Work>());
    let address = RwSignal::new(String::new());
    let is_empty = Signal::derive(move || address.with(|address| address.trim().is_empty()));
    let clone = move || {
        let typed = address.with_untracked(|address| address.trim().to_owned());
        if !typed.is_empty() {
            work.clear();
            session.clone_repository(typed);
        }
    };
    view! {
        <section class="welcome__section">
            <h2 class="welcome__title">"Clone a repository"</h2>
            <form class="welcome__open" on:submit=move |event| { event.prevent_default(); clone(); }>
                <input
                    class="input mono" type="text" placeholder="https://…, git@host:path or a folder" aria-label="Address of a repository"
                    data-testid="welcome-clone-address" spellcheck="false" autocomplete="off"
                    prop:value=address on:input:target=move |event| address.set(event.target().value())
                />
                <Button testid="welcome-clone" icon=Mark::Import disabled=is_empty on_press=move |_| clone()>"Clone"</Button>
            </form>
        </section>
    }
}

/// Workspaces opened before. One whose folder is gone says so.
#[component]
fn Recent(recent: Vec<RecentWorkspace>) -> impl IntoView {
    let session = context::<Session>();
    let lines = recent.into_iter().enumerate().map(move |(place, RecentWorkspace { path, name, exists })| {
        let target = path.clone();
        view! {
            <li>
                <button
                    type="button" class="welcome__recent" disabled=!exists data-testid=format!("recent-{place}")
                    on:click=move |_| session.open(target.clone())
                >
                    <Icon mark=Mark::Folder />
                    <span class="welcome__recent-name">{name}</span>
                    <span class="quiet clip grow">{path}</span>
                    {(!exists).then_some("gone")}
                </button>
            </li>
        }
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| {
        view! {
            <section class="welcome__section">
                <h2 class="welcome__title">"Recent"</h2>
                <ul>{lines}</ul>
            </section>
        }
    })
}

/// Starters to build on.
#[component]
fn Templates(templates: Vec<TemplateView>) -> impl IntoView {
    let session = context::<Session>();
    let lines: Vec<_> = templates
        .into_iter()
        .map(|TemplateView { name, about }| {
            let template = name.clone();
            view! {
                <li>
                    <button type="button" class="welcome__template" on:click=move |_| session.create(template.clone())>
                        <span class="welcome__template-name">{name}</span>
                        <span>{about}</span>
                    </button>
                </li>
            }
        })
        .collect();
    (!lines.is_empty()).then(|| {
        view! {
            <section class="welcome__section">
                <h2 class="welcome__title">"Start from a template"</h2>
                <ul class="welcome__templates">{lines}</ul>
            </section>
        }
    })
}
