//! The commits of what is looked at. One stop of the Tab key: arrows move, Enter shows what a commit changed.

use assay_wire::{ApiError, HistoryLine, HistoryView, WorkspaceView};
use leptos::{ev::KeyboardEvent, prelude::*};

use super::{
    model::{self, line_id},
    state::Past,
};
use crate::{
    components::{Blank, Button, ErrorNote, Loading, Mark, focus_on},
    panes::git::{
        history::When,
        model::{short_id, step},
        strip::FarBar,
        work::Work,
    },
    state::{Load, Session, context},
};

/// What is looked at, and its commits.
#[component]
pub(super) fn Commits() -> impl IntoView {
    let past = context::<Past>();
    view! {
        <section class="pane" aria-label="Commits">
            <Target />
            <div class="pane__body" data-testid="past-commits">
                {move || match past.history().get() {
                    Load::Loading => view! { <Loading what="Reading the history" /> }.into_any(),
                    Load::Failed(error) => view! { <Refused error /> }.into_any(),
                    Load::Ready(history) if history.reading => view! { <StillReading /> }.into_any(),
                    Load::Ready(history) => view! { <Lines history /> }.into_any(),
                }}
            </div>
        </section>
    }
}

#[component]
fn Refused(error: ApiError) -> impl IntoView {
    let past = context::<Past>();
    view! {
        <div class="git__refused">
            <ErrorNote error actions=move || view! {
                <Button small=true on_press=move |_| past.refresh()>"Try again"</Button>
            } />
        </div>
    }
}

/// All commits are read once; until then there is progress instead of a list.
#[component]
fn StillReading() -> impl IntoView {
    let work = context::<Work>();
    view! {
        <div class="past__reading">
            <Loading what="Reading all commits, once" />
            <FarBar far=work.reading() />
        </div>
    }
}

/// A prompt, or the whole repository.
#[component]
fn Target() -> impl IntoView {
    let (past, session) = (context::<Past>(), context::<Session>());
    let keys = Memo::new(move |_| {
        session.workspace().with(|w| {
            let keys =
                |w: &WorkspaceView| w.prompts.iter().map(|p| p.key.clone()).collect::<Vec<_>>();
            w.as_ref().map(keys).unwrap_or_default()
        })
    });
    let options = move || {
        let now = past.of().get();
        // A prompt that is gone by now still has a past.
        let gone = now.clone().filter(|now| keys.with(|keys| !keys.contains(now)));
        keys.get().into_iter().chain(gone).map(|key| {
            let selected = now.as_ref() == Some(&key);
            view! { <option value=key.clone() selected=selected prop:selected=selected>{key.clone()}</option> }
        }).collect_view()
    };
    let choose = move |key: String| {
        past.look_at(Some(key).filter(|key| !key.is_empty()));
        past.refresh();
    };
    view! {
        <div class="pane__head">
            <select
                class="input" aria-label="History of" data-testid="past-of"
                on:change:target=move |event| choose(event.target().value())
            >
                <option value="" selected=move || past.of().with(Option::is_none)>"The whole repository"</option>
                {options}
            </select>
        </div>
    }
}

#[component]
fn Lines(history: HistoryView) -> impl IntoView {
    let past = context::<Past>();
    if history.entries.is_empty() {
        return view! {
            <Blank mark=Mark::Commit title="No commit yet" text="No commit has touched this. What you commit from now on shows up here." />
        }
        .into_any();
    }
    let ids = StoredValue::new(
        history.entries.iter().map(|line| line.commit.id.clone()).collect::<Vec<_>>(),
    );
    let stop = Memo::new(move |_| {
        let chosen = past.commit().get();
        ids.with_value(|ids| chosen.filter(|id| ids.contains(id)).or_else(|| ids.first().cloned()))
    });
    let at = RwSignal::new(None::<String>);
    let walk = move |event: KeyboardEvent| walk(&event, ids, stop, at);
    let (heading, earlier, more) =
        (model::heading(&history), model::earlier(&history.earlier_names), history.more);
    let lines = history.entries.into_iter().map(|line| view! { <Line line stop at /> });
    view! {
        <p class="past__heading" role="status">{heading}</p>
        {earlier.map(|words| view! { <p class="past__earlier">{words}</p> })}
        <ol class="past__commits" on:keydown=walk>{lines.collect_view()}</ol>
        {(more > 0).then(|| view! {
            <p class="diff__rest"><Button small=true testid="past-more" on_press=move |_| past.read_more()>"Show older commits"</Button></p>
        })}
    }
    .into_any()
}

fn walk(
    event: &KeyboardEvent,
    ids: StoredValue<Vec<String>>,
    stop: Memo<Option<String>>,
    at: RwSignal<Option<String>>,
) {
    let by = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        "Home" => isize::MIN,
        "End" => isize::MAX,
        _ => return,
    };
    event.prevent_default();
    let Some(now) = at.get_untracked().or_else(|| stop.get_untracked()) else { return };
    if let Some(next) = ids.with_value(|ids| step(ids, &now, by)) {
        focus_on(&line_id(&next));
        at.set(Some(next));
    }
}

#[component]
fn Line(
    line: HistoryLine,
    stop: Memo<Option<String>>,
    at: RwSignal<Option<String>>,
) -> impl IntoView {
    let past = context::<Past>();
    let HistoryLine { commit, paths } = line;
    let own = StoredValue::new(commit.id.clone());
    let is = move |id: Option<String>| own.with_value(|own| id.as_ref() == Some(own));
    let current = move || is(past.commit().get()).then_some("true");
    let stops = move || if is(at.get().or_else(|| stop.get())) { "0" } else { "-1" };
    let touched =
        if paths.len() == 1 { paths[0].clone() } else { format!("{} files", paths.len()) };
    let show = move |_| past.show_commit(own.get_value(), paths.clone());
    view! {
        <li>
            <button
                type="button" class="past-line" id=line_id(&commit.id) title=commit.summary.clone()
                tabindex=stops aria-current=current on:focus=move |_| at.set(Some(own.get_value())) on:click=show
            >
                <span class="past-line__summary clip">{commit.summary.clone()}</span>
                <span class="past-line__facts quiet clip">
                    {commit.author}" · "<When time_s=commit.time_s />" · "<code>{short_id(&commit.id).to_owned()}</code>" · "{touched}
                </span>
            </button>
        </li>
    }
}
