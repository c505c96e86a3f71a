//! The frame: what stands where, and which pane fills it.

use assay_wire::Theme;
use leptos::prelude::*;

use crate::{
    actions::{self, Stage},
    components::{
        Button, Edge, ErrorNote, Loading, Mark, Note, Splitter, TabItem, Tabs, ToastList, Tone,
    },
    ipc,
    panes::{
        charts::ChartsPane,
        compare::{ComparePane, Versus},
        edit::{Bench, EditPane, VariantInspector},
        evals::EvalsPane,
        exchange::{ExchangeSheets, Exporting, Importing},
        git::{self, BranchDialog, GitPane, Work},
        judges::JudgesPane,
        keys::KeyDialog,
        matrix::{Board, CellInspector, MatrixPane},
        palette::{HelpSheet, Palette},
        problems::{Drawer, Problems},
        prompts::{Activity, NameDialog, PromptList},
        ratings::{RatingPane, Ratings},
        review::{ReviewPane, ReviewSheets, Reviews},
        rows::Pending,
        runs::RunsPane,
        settings::SettingsPane,
        spending::PlanSheet,
        status::StatusBar,
        toolbar::Toolbar,
        welcome::Welcome,
    },
    state::{
        Desk, Documents, Edits, Keyring, Load, Notices, Place, Runs, Session, Spending, Tab,
        Toasts, context,
    },
};

/// The whole window.
#[component]
pub fn App() -> impl IntoView {
    provide_contexts();
    let session = context::<Session>();
    let stage = Stage::here();
    actions::listen_to_keys(stage);
    follow_notices();
    show_theme(session);
    save_when_leaving();
    session.load();

    let inside =
        Memo::new(move |_| session.workspace().with(|w| w.as_ref().map(|w| w.path.clone())));
    view! {
        {move || match inside.get() {
            Some(path) => view! { <Workspace path /> }.into_any(),
            None => view! { <Entrance /> }.into_any(),
        }}
        <Palette />
        <HelpSheet />
        <NameDialog />
        <BranchDialog />
        <ExchangeSheets />
        <PlanSheet />
        <KeyDialog />
        <ReviewSheets />
        <ToastList />
    }
}

fn provide_contexts() {
    provide_context(Session::new());
    provide_context(Desk::new());
    provide_context(Notices::new());
    provide_context(Toasts::new());
    provide_context(Documents::new());
    provide_context(Keyring::new());
    provide_context(Runs::new());
    provide_context(Spending::new());
    provide_context(Edits::new());
    provide_context(Bench::new());
    provide_context(Board::new());
    provide_context(Versus::new());
    provide_context(Ratings::new());
    git::provide();
    provide_context(Problems::new());
    provide_context(Pending::new());
    provide_context(Importing::new());
    provide_context(Exporting::new());
    provide_context(Reviews::new());
}

/// Passes on what the application says unasked.
fn follow_notices() {
    let (notices, session) = (context::<Notices>(), context::<Session>());
    context::<Reviews>().follow(notices);
    context::<Runs>().follow(notices);
    context::<Board>().follow(notices);
    context::<Versus>().follow(notices);
    context::<Ratings>().follow(notices);
    context::<Problems>().follow(notices);
    context::<Importing>().follow(notices);
    context::<Work>().follow(notices);
    context::<Documents>().follow(notices, context());
    notices.listen(move |notice| {
        if matches!(notice, assay_wire::Notice::WorkspaceChanged) {
            session.refresh();
        }
    });
    leptos::task::spawn_local(async move {
        if let Err(error) = ipc::listen(move |notice| notices.tell(&notice)).await {
            leptos::logging::error!("no notices: {error}");
        }
    });
}

/// Brings what was just typed to disk when the window closes within the moment before a save.
fn save_when_leaving() {
    let documents = context::<Documents>();
    let handle = window_event_listener(leptos::ev::pagehide, move |_| {
        leptos::task::spawn_local(async move { documents.flush().await });
    });
    on_cleanup(move || handle.remove());
}

/// Keeps `data-theme` on the page at what the person, or else the system, wants.
fn show_theme(session: Session) {
    let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    let system_dark = RwSignal::new(query.as_ref().is_some_and(web_sys::MediaQueryList::matches));
    if let Some(query) = query {
        let changed = wasm_bindgen::closure::Closure::<dyn FnMut(web_sys::Event)>::new({
            let query = query.clone();
            move |_| system_dark.set(query.matches())
        });
        query.set_onchange(Some(wasm_bindgen::JsCast::unchecked_ref(changed.as_ref())));
        changed.forget();
    }
    Effect::new(move || {
        let theme = match session.theme() {
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::System if system_dark.get() => "dark",
            Theme::System => "light",
        };
        if let Some(root) = document().document_element() {
            // `data-theme` is a valid name on an element that is there, which is all that can go wrong.
            let _ = root.set_attribute("data-theme", theme);
        }
    });
}

/// Before a workspace is open: the welcome view, or why there is not even that.
#[component]
fn Entrance() -> impl IntoView {
    let session = context::<Session>();
    move || match session.app().get() {
        Load::Loading => view! { <Loading what="Starting" /> }.into_any(),
        Load::Failed(error) => view! {
            <div class="entrance-failed"><ErrorNote error /></div>
        }
        .into_any(),
        Load::Ready(app) => view! { <Welcome app /> }.into_any(),
    }
}

/// An open workspace.
#[component]
fn Workspace(
    /// The repository's root, under which sizes are kept.
    path: String,
) -> impl IntoView {
    let (desk, documents, runs) = (context::<Desk>(), context::<Documents>(), context::<Runs>());
    open_first_prompt(documents, runs);
    git::forget();
    let side = Desk::size(&path, "side", 248.0);
    let drawer = Desk::size(&path, "drawer", 220.0);
    let inspector = Desk::size(&path, "inspector", 340.0);
    let at_prompts = move || desk.place.get() == Place::Prompts;
    view! {
        <div class="app">
            <Toolbar />
            <Banners />
            <div class="desk">
                <Activity />
                <Show when=at_prompts>
                    <nav class="side" aria-label="Prompts" style:width=move || format!("{}px", side.get())>
                        <PromptList />
                    </nav>
                    <Splitter label="Width of the list" edge=Edge::Left size=side range=(180.0, 480.0) />
                </Show>
                <main class="centre">
                    <Centre />
                    <Show when=move || desk.drawer.get()>
                        <Splitter label="Height of the drawer" edge=Edge::Bottom size=drawer range=(96.0, 520.0) />
                        <section class="drawer" aria-label="Drawer" style:height=move || format!("{}px", drawer.get())>
                            <Drawer />
                        </section>
                    </Show>
                </main>
                <Show when=move || at_prompts() && has_inspector(desk.tab.get()) && desk.inspector.get()>
                    <Splitter
                        label="Width of the inspector" edge=Edge::Right size=inspector range=(240.0, 640.0)
                        class="inspector-splitter"
                    />
                    <aside class="inspector" aria-label="Inspector" style:width=move || format!("{}px", inspector.get())>
                        <Inspector />
                    </aside>
                </Show>
            </div>
            <StatusBar />
        </div>
    }
}

/// A workspace opens with its first prompt, and without what belonged to the one before.
fn open_first_prompt(documents: Documents, runs: Runs) {
    runs.reset();
    documents.close();
    let first = context::<Session>().workspace().with_untracked(|w| {
        w.as_ref().and_then(|w| w.prompts.first()).map(|prompt| prompt.key.clone())
    });
    if let Some(key) = first {
        documents.open(key);
    }
}

/// What concerns the whole workspace: trust, and what went wrong with it.
#[component]
fn Banners() -> impl IntoView {
    let (session, runs) = (context::<Session>(), context::<Runs>());
    let untrusted = move || session.workspace().with(|w| w.as_ref().is_some_and(|w| !w.trusted));
    view! {
        <div class="banner">
            <Show when=untrusted>
                <Note
                    tone=Tone::Warn mark=Mark::Shield
                    actions=move || view! {
                        <Button small=true testid="trust" on_press=move |_| session.trust(true)>"Trust it"</Button>
                    }
                >
                    "You have not said that you trust this repository. Nothing of it runs until you press Run or trust it."
                </Note>
            </Show>
            {move || session.trouble().get().map(|error| view! {
                <ErrorNote error actions=move || view! {
                    <Button small=true kind=crate::components::Kind::Quiet on_press=move |_| session.forgive()>"Dismiss"</Button>
                } />
            })}
            {move || runs.trouble().get().map(|error| view! {
                <ErrorNote error actions=move || view! {
                    <Button small=true kind=crate::components::Kind::Quiet on_press=move |_| runs.forgive()>"Dismiss"</Button>
                } />
            })}
        </div>
    }
}

/// The middle: the tabs over prompts, or the place that was chosen.
#[component]
fn Centre() -> impl IntoView {
    let desk = context::<Desk>();
    move || match desk.place.get() {
        Place::Prompts => view! { <PromptTabs /> }.into_any(),
        Place::Runs => view! { <div class="centre__body"><RunsPane /></div> }.into_any(),
        Place::Ratings => view! { <div class="centre__body"><RatingPane /></div> }.into_any(),
        Place::Git => view! { <div class="centre__body"><GitPane /></div> }.into_any(),
        Place::Reviews => view! { <div class="centre__body"><ReviewPane /></div> }.into_any(),
        Place::Settings => view! { <div class="centre__body"><SettingsPane /></div> }.into_any(),
    }
}

#[component]
fn PromptTabs() -> impl IntoView {
    let desk = context::<Desk>();
    let items = vec![
        TabItem { value: Tab::Edit, label: "Edit", mark: Mark::Columns, testid: "tab-edit" },
        TabItem { value: Tab::Evals, label: "Evals", mark: Mark::Gauge, testid: "tab-evals" },
        TabItem { value: Tab::Matrix, label: "Matrix", mark: Mark::Matrix, testid: "tab-matrix" },
        TabItem {
            value: Tab::Compare,
            label: "Compare",
            mark: Mark::Compare,
            testid: "tab-compare",
        },
        TabItem { value: Tab::Charts, label: "Charts", mark: Mark::Chart, testid: "tab-charts" },
        TabItem { value: Tab::Judges, label: "Judges", mark: Mark::Check, testid: "tab-judges" },
    ];
    view! {
        <Tabs label="Views of the prompt" items chosen=desk.tab on_choose=move |tab| desk.tab.set(tab) />
        <div class="centre__body" role="tabpanel" aria-label=move || tab_name(desk.tab.get())>
            {move || match desk.tab.get() {
                Tab::Edit => view! { <EditPane /> }.into_any(),
                Tab::Evals => view! { <EvalsPane /> }.into_any(),
                Tab::Matrix => view! { <MatrixPane /> }.into_any(),
                Tab::Compare => view! { <ComparePane /> }.into_any(),
                Tab::Charts => view! { <ChartsPane /> }.into_any(),
                Tab::Judges => view! { <JudgesPane /> }.into_any(),
            }}
        </div>
    }
}

/// Forms and outputs side by side need the whole width, and show in full what they show.
fn has_inspector(tab: Tab) -> bool {
    matches!(tab, Tab::Edit | Tab::Matrix)
}

fn tab_name(tab: Tab) -> &'static str {
    match tab {
        Tab::Edit => "Edit",
        Tab::Evals => "Evals",
        Tab::Matrix => "Matrix",
        Tab::Compare => "Compare",
        Tab::Charts => "Charts",
        Tab::Judges => "Judges",
    }
}

/// The right side: what is chosen in the middle, in full.
#[component]
fn Inspector() -> impl IntoView {
    let desk = context::<Desk>();
    move || match desk.tab.get() {
        Tab::Edit | Tab::Evals | Tab::Judges => view! { <VariantInspector /> }.into_any(),
        Tab::Matrix | Tab::Compare | Tab::Charts => view! { <CellInspector /> }.into_any(),
    }
}
