//! The proposals: those that wait first. Arrows move, Enter shows one and gives it the keyboard.

use assay_wire::{ApiError, PolicyView, ProposalView, SignerView};
use leptos::prelude::*;

use super::{focus, model, reviews::Reviews};
use crate::{
    actions::{Action, Stage, about},
    components::{
        Button, Chip, ErrorNote, Icon, IconButton, Kind, Loading, Mark, Note, Tone, focus_on,
    },
    panes::git::{When, Work},
    state::{Load, context},
};

/// The proposals, and who signs here.
#[component]
pub(super) fn ProposalList() -> impl IntoView {
    let reviews = context::<Reviews>();
    let state = Memo::new(move |_| {
        reviews.list().with(|list| match list {
            Load::Loading => State::Waiting,
            Load::Failed(error) => State::Refused(error.clone()),
            Load::Ready(list) if list.proposals.is_empty() => State::Empty,
            Load::Ready(_) => State::Full,
        })
    });
    view! {
        <ListHead />
        <PolicyLine />
        <div class="pane__body review__lines" data-testid="review-list">
            {move || match state.get() {
                State::Waiting => view! { <Loading what="Reading the proposals" /> }.into_any(),
                State::Refused(error) => view! { <Refused error /> }.into_any(),
                State::Empty => view! { <Empty /> }.into_any(),
                State::Full => view! { <Lines /> }.into_any(),
            }}
        </div>
        <SignerLine />
    }
}

#[derive(Clone, PartialEq)]
enum State {
    Waiting,
    Refused(ApiError),
    Empty,
    Full,
}

#[component]
fn ListHead() -> impl IntoView {
    let (reviews, work, stage) = (context::<Reviews>(), context::<Work>(), Stage::here());
    let busy = Signal::derive(move || reviews.is_busy() || work.is_busy());
    view! {
        <div class="pane__head">
            <h2 class="pane__title clip grow">"Reviews"</h2>
            <span class="quiet clip" role="status">{move || reviews.is_busy().then_some("Working…")}</span>
            <IconButton
                small=true mark=Mark::Swap label="Sync: send what was said here, fetch what others said"
                testid="review-sync" disabled=busy on_press=move |_| reviews.sync()
            />
            <Button small=true icon=Mark::Plus testid="review-propose" on_press=move |_| stage.perform(Action::Propose)>"Propose…"</Button>
        </div>
    }
}

/// What the branch that is checked out asks for.
#[component]
fn PolicyLine() -> impl IntoView {
    let reviews = context::<Reviews>();
    let policy = move || reviews.list().with(|list| list.ready().map(|list| list.policy.clone()));
    move || policy().map(|policy| view! { <Policy policy /> })
}

#[component]
fn Policy(policy: PolicyView) -> impl IntoView {
    let PolicyView { branch, governed, needed, evidence_required, problem, .. } = policy;
    let words = match (governed, evidence_required) {
        (false, _) => format!("{branch} has no policy: nothing needs approval."),
        (true, true) => {
            format!("{branch} asks for {} and a run.", model::several(needed as usize, "approval"))
        }
        (true, false) => {
            format!("{branch} asks for {}.", model::several(needed as usize, "approval"))
        }
    };
    match problem {
        Some(problem) => view! {
            <Note tone=Tone::Danger mark=Mark::Error>
                <p>{format!("The policy of {branch} cannot be read, and so lets nothing in:")}</p>
                <p class="review__problem mono">{problem}</p>
            </Note>
        }
        .into_any(),
        None => view! { <p class="review__policy quiet" data-testid="review-policy">{words}</p> }
            .into_any(),
    }
}

#[component]
fn Refused(error: ApiError) -> impl IntoView {
    let reviews = context::<Reviews>();
    view! {
        <div class="review__refused">
            <ErrorNote error actions=move || view! {
                <Button small=true on_press=move |_| reviews.refresh()>"Try again"</Button>
            } />
        </div>
    }
}

#[component]
fn Empty() -> impl IntoView {
    view! { <p class="review__none quiet">"No proposals yet."</p> }
}

/// One keyboard stop: arrows move, Enter shows.
#[component]
fn Lines() -> impl IntoView {
    let reviews = context::<Reviews>();
    let proposals = Memo::new(move |_| reviews.proposals());
    let stop = Memo::new(move |_| {
        let ids = proposals.with(|all| all.iter().map(|one| one.id.clone()).collect::<Vec<_>>());
        reviews.chosen().get().filter(|id| ids.contains(id)).or_else(|| ids.into_iter().next())
    });
    let walk = move |event: leptos::ev::KeyboardEvent| {
        if focus::walk(&event, ".review-line") {
            event.prevent_default();
        }
    };
    view! {
        <ul id=focus::LIST aria-label="Proposals" on:keydown=walk>
            <For each=move || proposals.get() key=|one| (one.id.clone(), one.state.as_str(), one.open_threads, one.title.clone(), one.time_s, one.target.clone()) let:proposal>
                <Line proposal stop />
            </For>
        </ul>
    }
}

#[component]
fn Line(proposal: ProposalView, stop: Memo<Option<String>>) -> impl IntoView {
    let reviews = context::<Reviews>();
    let id = StoredValue::new(proposal.id.clone());
    let is = move |other: Option<String>| id.with_value(|id| other.as_ref() == Some(id));
    let (tone, mark) = model::state_look(proposal.state);
    let words = model::line_words(&proposal);
    let show = move |_| {
        reviews.choose(id.get_value());
        request_animation_frame(|| focus_on(focus::DETAIL));
    };
    view! {
        <li>
            <button
                type="button" class="review-line" title=proposal.title.clone() data-testid=format!("proposal-{}", proposal.branch)
                tabindex=move || if is(stop.get()) { "0" } else { "-1" }
                aria-current=move || is(reviews.chosen().get()).then_some("true")
                on:click=show
            >
                <span class="review-line__title clip">{proposal.title.clone()}</span>
                <Chip tone icon=mark>{proposal.state.as_str()}</Chip>
                <span class="review-line__words clip quiet">{words}</span>
                <When time_s=proposal.time_s />
            </button>
        </li>
    }
}

/// Who signs here; leads to the choice.
#[component]
fn SignerLine() -> impl IntoView {
    let (reviews, stage) = (context::<Reviews>(), Stage::here());
    let choose = move || {
        view! {
            <Button small=true kind=Kind::Quiet testid="signer-change" hint=about(Action::ChooseSigner).title on_press=move |_| stage.perform(Action::ChooseSigner)>
                {move || if reviews.signer().is_some() { "Change…" } else { "Choose a key…" }}
            </Button>
        }
    };
    // Before the list is read nobody knows.
    let is_known = move || reviews.list().with(|list| list.ready().is_some());
    let nobody = move || is_known().then_some("No key signs here yet");
    view! {
        <div class="review__signer" data-testid="review-signer">
            {move || match reviews.signer() {
                None => view! { <Icon mark=Mark::Person /><span class="quiet grow">{nobody()}</span> }.into_any(),
                Some(signer) => view! { <SignerWords signer /> }.into_any(),
            }}
            {choose()}
        </div>
    }
}

#[component]
fn SignerWords(signer: SignerView) -> impl IntoView {
    let name = signer.person.clone().unwrap_or_else(|| signer.name.clone());
    let mark = if signer.problem.is_some() { Mark::Warning } else { Mark::Person };
    let problem = signer.problem.map(|problem| {
        view! { <span class="review__uncounted" title=problem>"would not count yet"</span> }
    });
    view! {
        <Icon mark />
        <span class="grow review__signer-name" title=signer.fingerprint>
            <span class="clip">"Signing as "<b>{name}</b></span>
            {problem}
        </span>
    }
}
