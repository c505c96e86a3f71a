//! The head of a proposal, and what can be done to it with the keys that do it.

use std::sync::Arc;

use assay_wire::{ProposalDetailView, ProposalState};
use leptos::prelude::*;

use super::{errand::Errand, model, reviews::Reviews};
use crate::{
    actions::{Action, Stage, about},
    components::{
        Button, Chip, ErrorNote, Keys, Kind, Mark, Menu, MenuButton, MenuItem, Note, Tone,
    },
    panes::git::When,
    state::context,
};

/// What it is called, where it goes, who proposes it, and what has become of it.
#[component]
pub(super) fn ProposalHead(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let proposal = detail.proposal.clone();
    let (tone, mark) = model::state_look(proposal.state);
    view! {
        <header class="review__head">
            <div class="review__title-line">
                <h2 class="review__title clip" title=proposal.title.clone() data-testid="review-title">{proposal.title.clone()}</h2>
                <span data-testid="review-state"><Chip tone icon=mark>{proposal.state.as_str()}</Chip></span>
                <span class="grow"></span>
                <MoreMenu detail />
            </div>
            <p class="review__route quiet">
                <code>{proposal.branch.clone()}</code>" → "<code>{proposal.target.clone()}</code>
                " · "<span title=proposal.author_key.clone()>{proposal.author.clone()}</span>" · "<When time_s=proposal.time_s />
            </p>
        </header>
    }
}

/// What is seldom done.
#[component]
fn MoreMenu(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let (reviews, menu) = (context::<Reviews>(), Menu::new());
    let items = move || {
        let proposal = &detail.proposal;
        let signer = untrack(|| reviews.signer());
        let is_unsigned = signer.is_none();
        let is_own = signer.is_some_and(|signer| signer.fingerprint == proposal.author_key);
        let is_over = !model::is_live(proposal.state);
        let is_merged = proposal.state == ProposalState::Merged;
        let withdraw =
            Errand::Revoke { statement: proposal.id.clone(), what: "the proposal".to_owned() };
        let why_kept =
            if is_own { "it is merged or taken back" } else { "somebody else proposes it" };
        let why_not_again = if is_merged { "it is merged" } else { "no key signs here yet" };
        vec![
            MenuItem::new(
                "review-again",
                Mark::Reload,
                "Propose what the branch has now",
                move || {
                    reviews.propose_again();
                },
            )
            .refused_if(is_merged || is_unsigned, why_not_again),
            MenuItem::new("review-withdraw", Mark::Bin, "Take the proposal back…", move || {
                reviews.begin(withdraw.clone());
            })
            .danger()
            .refused_if(is_over || !is_own, why_kept),
        ]
    };
    view! { <MenuButton menu label="More of the proposal" items testid="review-more" /> }
}

/// What stands above the parts: that it has become another, and conflicts.
#[component]
pub(super) fn HeadNotes(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let reviews = context::<Reviews>();
    let conflicts = detail.conflicts.clone();
    view! {
        {move || reviews.newer().with(Option::is_some).then(|| view! {
            <Note tone=Tone::Warn mark=Mark::Reload actions=move || view! {
                <Button small=true testid="review-show-newer" on_press=move |_| reviews.show_newer()>"Show what it is now"</Button>
            }>"The proposal is another since you opened it. What you see is as it was; nothing is signed for what you have not seen."</Note>
        })}
        {(!conflicts.is_empty()).then(|| view! {
            <Note tone=Tone::Danger mark=Mark::Warning>
                <p>{format!("The two branches conflict in {}.", conflicts.join(", "))}</p>
                <p class="note__hints">"Merge the target into the branch and decide there; then propose it again."</p>
            </Note>
        })}
    }
}

/// Why the last thing asked for did not happen. While something is written it stands there.
#[component]
pub(super) fn Trouble() -> impl IntoView {
    let reviews = context::<Reviews>();
    let trouble =
        move || reviews.trouble().get().filter(|_| reviews.writing().with(Option::is_none));
    view! {
        <div class="review__trouble" data-testid="review-error">
            {move || trouble().map(|error| view! {
                <ErrorNote error actions=move || view! {
                    <Button small=true kind=Kind::Quiet on_press=move |_| reviews.forgive()>"Dismiss"</Button>
                } />
            })}
        </div>
    }
}

/// What can be done, each with its key.
#[component]
pub(super) fn Verbs() -> impl IntoView {
    view! {
        <div class="review__verbs" role="group" aria-label="What can be done">
            <Verb action=Action::Approve words="Approve" mark=Mark::Check testid="review-approve" />
            <Verb action=Action::RequestChanges words="Ask for changes" mark=Mark::Cross testid="review-object" />
            <Verb action=Action::CommentReview words="Comment" mark=Mark::Said testid="review-comment" />
            <Verb action=Action::NextThread words="Next conversation" mark=Mark::Down testid="review-next" />
            <span class="grow"></span>
            <Verb action=Action::EvaluateProposal words="Evaluate" mark=Mark::Play testid="review-evaluate" />
            <Verb action=Action::MergeProposal words="Merge…" mark=Mark::Branch testid="review-merge" kind=Kind::Primary />
        </div>
    }
}

#[component]
fn Verb(
    action: Action,
    words: &'static str,
    mark: Mark,
    testid: &'static str,
    #[prop(optional)] kind: Kind,
) -> impl IntoView {
    let (stage, entry) = (Stage::here(), about(action));
    let disabled = Signal::derive(move || !stage.offers(entry));
    view! {
        <Button small=true kind icon=mark disabled testid hint=entry.title on_press=move |_| stage.perform(action)>
            {words} <Keys chord=entry.keys[0] />
        </Button>
    }
}
