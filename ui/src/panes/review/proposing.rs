//! Proposing a branch: where it should go, what it is for.

use assay_wire::{ApiError, BranchesView, Propose, ReadBranches};
use leptos::{prelude::*, task::spawn_local};

use super::{
    model::{self, Draft},
    reviews::Reviews,
};
use crate::{
    components::{Button, Dialog, ErrorNote, Kind, Loading, Mark, Note, Tone, focus_on},
    ipc,
    state::{Load, context},
};

/// Id of the title's field on the page.
const TITLE: &str = "propose-title";

/// The sheet that proposes a branch, and what is filled in there.
#[derive(Clone, Copy)]
pub struct Proposing {
    open: RwSignal<bool>,
    branches: RwSignal<Load<BranchesView>>,
    draft: RwSignal<Draft>,
    body: RwSignal<String>,
    busy: RwSignal<bool>,
    refused: RwSignal<Option<ApiError>>,
}

impl Proposing {
    /// Closed.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            branches: RwSignal::new(Load::Loading),
            draft: RwSignal::new(Draft::default()),
            body: RwSignal::new(String::new()),
            busy: RwSignal::new(false),
            refused: RwSignal::new(None),
        }
    }

    /// Opens the sheet.
    pub fn ask(self) {
        self.branches.set(Load::Loading);
        self.refused.set(None);
        self.open.set(true);
        spawn_local(async move {
            let read = ipc::call(ReadBranches {}).await;
            if let Ok(branches) = &read {
                self.draft.set(model::usual_draft(branches));
            }
            self.branches.set(read.into());
            request_animation_frame(|| focus_on(TITLE));
        });
    }

    /// Chooses the branch, with the title that it suggests unless the person has written one.
    fn choose_branch(self, branch: String) {
        let draft = self.draft.get_untracked();
        let next = self.branches.with_untracked(|branches| {
            branches.ready().map(|all| model::with_branch(all, draft, branch))
        });
        if let Some(next) = next {
            self.draft.set(next);
        }
    }

    fn submit(self, reviews: Reviews) {
        let draft = self.draft.get_untracked();
        let unsigned = untrack(|| reviews.signer().is_none());
        if model::draft_trouble(&draft).is_some() || unsigned || self.busy.get_untracked() {
            return;
        }
        let Draft { branch, target, title } = draft;
        let propose = Propose {
            target,
            branch: Some(branch),
            title: title.trim().to_owned(),
            body: self.body.with_untracked(|body| body.trim().to_owned()),
            prompts: Vec::new(),
        };
        self.busy.set(true);
        self.refused.set(None);
        spawn_local(async move {
            let made = ipc::call(propose).await;
            self.busy.set(false);
            match made {
                Ok(proposal) => {
                    self.open.set(false);
                    self.body.set(String::new());
                    reviews.toasts.say("Proposed and signed. Others see it after the next sync.");
                    reviews.choose(proposal.id);
                    reviews.refresh();
                    reviews.give_keyboard_back();
                }
                Err(error) => self.refused.set(Some(error)),
            }
        });
    }
}

/// The sheet.
#[component]
pub fn ProposeSheet() -> impl IntoView {
    let reviews = context::<Reviews>();
    let proposing = reviews.proposing;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        proposing.submit(reviews);
    };
    view! {
        <Dialog open=proposing.open label="Propose a branch">
            <form class="propose" data-testid="propose-sheet" on:submit=submit>
                <div class="dialog__head"><h2>"Propose a branch"</h2></div>
                <div class="dialog__body propose__body">
                    {move || match proposing.branches.get() {
                        Load::Loading => view! { <Loading what="Reading the branches" /> }.into_any(),
                        Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
                        Load::Ready(branches) => view! { <Fields branches /> }.into_any(),
                    }}
                    <Unsigned />
                    <div data-testid="propose-error">{move || proposing.refused.get().map(|error| view! { <ErrorNote error /> })}</div>
                </div>
                <Foot />
            </form>
        </Dialog>
    }
}

#[component]
fn Fields(branches: BranchesView) -> impl IntoView {
    let proposing = context::<Reviews>().proposing;
    let (draft, body) = (proposing.draft, proposing.body);
    let names = model::local_names(&branches);
    let branch = Signal::derive(move || draft.with(|draft| draft.branch.clone()));
    let target = Signal::derive(move || draft.with(|draft| draft.target.clone()));
    let set_target = move |target: String| draft.update(|draft| draft.target = target);
    view! {
        <div class="propose__branches">
            <BranchField
                label="Branch" names=names.clone() chosen=branch testid="propose-branch"
                on_choose=move |name| proposing.choose_branch(name)
            />
            <BranchField label="Should reach" names chosen=target testid="propose-target" on_choose=set_target />
        </div>
        <label class="field">
            <span class="field__label">"Title"</span>
            <input
                id=TITLE class="input" type="text" autocomplete="off" data-testid="propose-title"
                prop:value=move || draft.with(|draft| draft.title.clone())
                on:input:target=move |event| draft.update(|draft| draft.title = event.target().value())
            />
        </label>
        <label class="field">
            <span class="field__label">"Why (optional, Markdown)"</span>
            <textarea
                class="input" rows="5" data-testid="propose-body"
                prop:value=body on:input:target=move |event| body.set(event.target().value())
            ></textarea>
        </label>
        <p class="quiet">"What is committed on the branch is proposed, by its content. Changes that are not committed are not part of it."</p>
    }
}

#[component]
fn BranchField(
    label: &'static str,
    names: Vec<String>,
    chosen: Signal<String>,
    testid: &'static str,
    on_choose: impl Fn(String) + 'static,
) -> impl IntoView {
    let options = names.into_iter().map(|name| {
        let own = name.clone();
        view! { <option value=name.clone() selected=move || chosen.with(|chosen| *chosen == own)>{name.clone()}</option> }
    });
    view! {
        <label class="field">
            <span class="field__label">{label}</span>
            <select
                class="input" data-testid=testid
                on:change:target=move |event| on_choose(event.target().value())
            >{options.collect_view()}</select>
        </label>
    }
}

/// A proposal is signed, so a key comes first.
#[component]
pub(super) fn Unsigned() -> impl IntoView {
    let reviews = context::<Reviews>();
    move || {
        reviews.signer().is_none().then(|| view! {
            <Note tone=Tone::Warn mark=Mark::Shield actions=move || view! {
                <Button small=true testid="choose-signer" on_press=move |_| reviews.ask_for_signer()>"Choose a key…"</Button>
            }>"It is signed, and no key signs here yet."</Note>
        })
    }
}

#[component]
fn Foot() -> impl IntoView {
    let reviews = context::<Reviews>();
    let proposing = reviews.proposing;
    let trouble = move || proposing.draft.with(model::draft_trouble);
    let shown = move || proposing.branches.with(|b| b.ready().is_some()).then(trouble).flatten();
    let disabled = Signal::derive(move || {
        trouble().is_some() || reviews.signer().is_none() || proposing.busy.get()
    });
    view! {
        <div class="dialog__foot">
            <span class="quiet grow" role="status">{shown}</span>
            <Button kind=Kind::Quiet on_press=move |_| proposing.open.set(false)>"Cancel"</Button>
            <button type="submit" class="button button--primary" data-testid="propose-do" disabled=disabled>
                {move || if proposing.busy.get() { "Signing" } else { "Sign and propose" }}
            </button>
        </div>
    }
}
