//! Two revisions to compare: named here, planned and confirmed in the plan sheet, and then held against each other like
//! any two runs.

use assay_wire::{PlanRevisions, RunRequest};
use leptos::{ev::KeyboardEvent, prelude::*};

use crate::{
    components::{Button, ErrorNote, Mark},
    state::{Documents, Spending, context},
};

/// Names two revisions and asks what comparing them would cost.
#[component]
pub(super) fn RevisionChoice() -> impl IntoView {
    let (spending, documents) = (context::<Spending>(), context::<Documents>());
    let (base, head) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let wanted = move || {
        let prompt = documents.key().get();
        base.with(|base| head.with(|head| question(base, head, prompt.as_deref())))
    };
    let ask = move || {
        if let Some(of) = untrack(wanted) {
            spending.compare(of);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            ask();
        }
    };
    let disabled = Signal::derive(move || spending.is_comparing() || wanted().is_none());
    view! {
        <details class="versus__revisions" data-testid="compare-revisions">
            <summary>"Compare two revisions"</summary>
            <div class="versus__revision-names" on:keydown=on_key>
                <RevisionField label="Base" text=base placeholder="main" testid="compare-revision-base" />
                <RevisionField label="Head" text=head placeholder="files on disk" testid="compare-revision-head" />
                <Button icon=Mark::Compare disabled testid="compare-revisions-plan" on_press=move |_| ask()>
                    {move || if spending.is_comparing() { "Planning" } else { "Show what it costs…" }}
                </Button>
            </div>
            {move || spending.uncompared().get().map(|error| view! { <ErrorNote error /> })}
        </details>
    }
}

#[component]
fn RevisionField(
    label: &'static str,
    text: RwSignal<String>,
    placeholder: &'static str,
    testid: &'static str,
) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field__label">{label}</span>
            <input
                class="input mono" type="text" autocomplete="off" spellcheck="false" placeholder=placeholder data-testid=testid
                prop:value=text on:input:target=move |event| text.set(event.target().value())
            />
        </label>
    }
}

/// What is asked for two names as they were typed: of the open prompt, or where none is open, of every prompt that
/// differs. Nothing while the base has no name, or both have the same.
fn question(base: &str, head: &str, prompt: Option<&str>) -> Option<PlanRevisions> {
    let (base, head) = (base.trim(), head.trim());
    if base.is_empty() || base == head {
        return None;
    }
    let prompts = prompt.map(str::to_owned).into_iter().collect();
    Some(PlanRevisions {
        base: base.to_owned(),
        head: (!head.is_empty()).then(|| head.to_owned()),
        request: RunRequest { prompts, ..RunRequest::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_held_against_another_revision_or_the_files_on_disk() {
        let disk = question(" main ", "", Some("prompts/a")).expect("a question");
        assert_eq!((disk.base.as_str(), disk.head), ("main", None));
        assert_eq!(disk.request.prompts, ["prompts/a"]);
        let both = question("main", "HEAD", None).expect("a question");
        assert_eq!(both.head.as_deref(), Some("HEAD"));
        assert!(both.request.prompts.is_empty(), "every prompt that differs");
    }

    #[test]
    fn one_revision_alone_is_nothing_to_compare() {
        assert_eq!(question("", "HEAD", None), None);
        assert_eq!(question("main", " main", None), None);
    }
}
