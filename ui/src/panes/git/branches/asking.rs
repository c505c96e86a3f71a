//! The dialogs of branches: names, what becomes of changes, whether an address is the right one, and what an undo
//! leaves.

use std::sync::Arc;

use assay_wire::{DraftsChoice, UndoView};
use leptos::prelude::*;

use super::{
    model,
    state::{Asking, Branches},
};
use crate::{
    components::{AskName, Button, Dialog, Kind, Mark, NameWords, Note, Tone},
    panes::git::work::Work,
    state::{Load, context},
};

/// Asks whatever the branches want to know.
#[component]
pub fn BranchDialog() -> impl IntoView {
    let branches = context::<Branches>();
    let open = RwSignal::new(false);
    Effect::new(move || open.set(branches.asking().with(Option::is_some)));
    // Escape, or a click beside it, closed the dialog.
    Effect::new(move || {
        if !open.get() {
            branches.dismiss();
        }
    });
    view! { <Dialog open label="Branches" top=true><Asked /></Dialog> }
}

#[component]
fn Asked() -> impl IntoView {
    let branches = context::<Branches>();
    // The dialog is drawn anew for each question, and a question that was answered leaves with it.
    branches.asking().get_untracked().map(|asking| match asking {
        Asking::NewBranch(_) | Asking::RenameBranch(_) | Asking::NewTag(_) => {
            view! { <NameAsked asking /> }.into_any()
        }
        Asking::Switch { name, files } => view! { <DraftsAsked name files /> }.into_any(),
        Asking::Confirm { remote, address, push } => {
            view! { <AddressAsked remote address push /> }.into_any()
        }
        Asking::Undo(step) => view! { <UndoAsked step /> }.into_any(),
    })
}

#[component]
fn NameAsked(asking: Asking) -> impl IntoView {
    let (branches, work) = (context::<Branches>(), context::<Work>());
    let what = if matches!(asking, Asking::NewTag(_)) { "tag" } else { "branch" };
    let taken = branches.view().with_untracked(|view| {
        let Some(view) = view.ready() else { return Vec::new() };
        match what {
            "tag" => view.tags.iter().map(|tag| tag.name.clone()).collect(),
            _ => view.branches.iter().filter(|b| !b.remote).map(|b| b.name.clone()).collect(),
        }
    });
    let objection = move |name: &str| model::objection(what, name, &taken);
    view! {
        <AskName
            words=name_words(&asking) objection=Arc::new(objection)
            busy=Signal::derive(move || work.is_busy()) refusal=branches.refusal()
            on_name=move |name| branches.answer(name)
            on_cancel=move || branches.dismiss()
        >
            {(what == "tag").then(|| view! { <TagMessage /> })}
        </AskName>
    }
}

/// What a tag says. With words it is one that git keeps with its maker and time.
#[component]
fn TagMessage() -> impl IntoView {
    let message = context::<Branches>().tag_message();
    view! {
        <label class="field">
            <span class="field__label">"What it says (optional)"</span>
            <textarea
                class="input" rows="3" data-testid="tag-message"
                prop:value=message on:input:target=move |event| message.set(event.target().value())
            ></textarea>
        </label>
    }
}

/// What is asked, in words.
fn name_words(asking: &Asking) -> NameWords {
    let words = |title: &str, label: &str, note: Option<String>, verb: &str| NameWords {
        title: title.to_owned(),
        label: label.to_owned(),
        note,
        verb: verb.to_owned(),
        proposal: String::new(),
    };
    match asking {
        Asking::NewBranch(None) => words(
            "New branch",
            "Name of the branch",
            Some("It begins at the last commit, and your changes come along.".to_owned()),
            "Make and go to it",
        ),
        Asking::NewBranch(Some(at)) => words(
            "New branch",
            "Name of the branch",
            Some(format!("It begins at {at}. You stay where you are.")),
            "Make",
        ),
        Asking::NewTag(at) => {
            let at = at.as_deref().unwrap_or("the last commit");
            words("New tag", "Name of the tag", Some(format!("It marks {at}.")), "Make")
        }
        Asking::RenameBranch(name) => NameWords {
            proposal: name.clone(),
            ..words("Rename the branch", "New name", None, "Rename")
        },
        Asking::Switch { .. } | Asking::Confirm { .. } | Asking::Undo(_) => NameWords::default(),
    }
}

/// What becomes of changes that were not committed.
#[component]
fn DraftsAsked(name: String, files: usize) -> impl IntoView {
    let branches = context::<Branches>();
    let choice = RwSignal::new(DraftsChoice::KeepIfInTheWay);
    let from = untrack(|| branches.current());
    let them = if files == 1 { "it" } else { "them" };
    let files = model::count(files, "changed file");
    let target = StoredValue::new(name.clone());
    view! {
        <div class="dialog__head"><h2>{format!("Switch to {name}")}</h2></div>
        <div class="dialog__body">
            <fieldset class="branch-choice">
                <legend>{format!("You have {files} on {from}. What becomes of {them}?")}</legend>
                <DraftsOption
                    choice value=DraftsChoice::KeepIfInTheWay testid="drafts-usual" title="Take along what fits"
                    about=format!("Where {name} has other versions of these files, all changes stay with {from} until you return.")
                />
                <DraftsOption
                    choice value=DraftsChoice::Keep testid="drafts-keep" title=format!("Leave with {from}")
                    about="They are kept, out of sight, and come back when you return.".to_owned()
                />
                <DraftsOption
                    choice value=DraftsChoice::Carry testid="drafts-carry" title="Take along, or stay"
                    about="Where a change would be overwritten, nothing is done.".to_owned()
                />
            </fieldset>
        </div>
        <div class="dialog__foot">
            <Button kind=Kind::Quiet on_press=move |_| branches.dismiss()>"Cancel"</Button>
            <Button
                kind=Kind::Primary testid="switch-do"
                on_press=move |_| branches.switch(target.get_value(), choice.get_untracked())
            >"Switch"</Button>
        </div>
    }
}

#[component]
fn DraftsOption(
    choice: RwSignal<DraftsChoice>,
    value: DraftsChoice,
    testid: &'static str,
    #[prop(into)] title: String,
    about: String,
) -> impl IntoView {
    let about_id = format!("{testid}-about");
    view! {
        <div class="branch-choice__one">
            <label>
                <input
                    type="radio" name="drafts" data-testid=testid aria-describedby=about_id.clone()
                    prop:checked=move || choice.get() == value on:change=move |_| choice.set(value)
                />
                {title}
            </label>
            <p class="quiet" id=about_id>{about}</p>
        </div>
    }
}

/// The address of a remote, before anything goes there the first time.
#[component]
fn AddressAsked(remote: String, address: String, push: bool) -> impl IntoView {
    let branches = context::<Branches>();
    let own = StoredValue::new(address.clone());
    view! {
        <div class="dialog__head"><h2>"Is this the right address?"</h2></div>
        <div class="dialog__body branch-asked">
            <p>{format!("This repository calls it “{remote}”. Nothing has been sent there yet from here.")}</p>
            <p class="branch-asked__address mono" data-testid="confirm-address">{address}</p>
            <Note tone=Tone::Info mark=Mark::Shield>
                "A repository that came from somebody else can name any server, and your login would go there. You are asked once for each address."
            </Note>
        </div>
        <div class="dialog__foot">
            <Button kind=Kind::Quiet on_press=move |_| branches.dismiss()>"Cancel"</Button>
            <Button kind=Kind::Primary testid="confirm-do" on_press=move |_| branches.confirm(own.get_value(), push)>
                "Yes, sync with it"
            </Button>
        </div>
    }
}

/// What an undo takes back, and what it cannot.
#[component]
fn UndoAsked(step: UndoView) -> impl IntoView {
    let branches = context::<Branches>();
    let stays = model::stays(&step);
    let cut_off = model::cut_off(&step);
    let more = branches.undos().with_untracked(|undos| match undos {
        Load::Ready(steps) => steps.len().saturating_sub(1),
        _ => 0,
    });
    view! {
        <div class="dialog__head"><h2>"Take the last git command back?"</h2></div>
        <div class="dialog__body branch-asked">
            <p class="branch-asked__address mono" data-testid="undo-command">{step.command}</p>
            <p>"Files, staged changes, branches and tags become as they were before it. What you edited since in other files stays."</p>
            {stays.map(|words| view! { <Note tone=Tone::Warn mark=Mark::Warning>{words}</Note> })}
            {cut_off.map(|words| view! { <Note tone=Tone::Warn mark=Mark::Warning>{words}</Note> })}
            {(more > 0).then(|| view! { <p class="quiet">{format!("After that, {} before it can be taken back too.", model::count(more, "command"))}</p> })}
        </div>
        <div class="dialog__foot">
            <Button kind=Kind::Quiet on_press=move |_| branches.dismiss()>"Cancel"</Button>
            <Button kind=Kind::Primary testid="undo-do" on_press=move |_| branches.undo()>"Take it back"</Button>
        </div>
    }
}
