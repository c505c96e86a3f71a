//! The versions of one example or case, newest first, each with the fields it changed.

use assay_wire::{FieldDifference, RowVersionView};
use leptos::prelude::*;

use super::{model, state::Past};
use crate::{
    components::{Blank, Button, Chip, ErrorNote, Loading, Mark},
    panes::git::{history::When, model::short_id, words::Words},
    state::{Load, context},
};

/// The versions of the row that was opened.
#[component]
pub(super) fn Versions(id: String) -> impl IntoView {
    let past = context::<Past>();
    view! {
        <header class="past__row-head">
            <Button small=true icon=Mark::Up testid="past-row-back" on_press=move |_| past.close_row()>"All rows"</Button>
            <h3>"Row "<span class="mono">{id}</span></h3>
        </header>
        <div data-testid="past-versions">
            {move || match past.versions().get() {
                None | Some(Load::Loading) => view! { <Loading what="Reading its versions" /> }.into_any(),
                Some(Load::Failed(error)) => view! { <div class="git__refused"><ErrorNote error /></div> }.into_any(),
                Some(Load::Ready(versions)) if versions.is_empty() => view! {
                    <Blank mark=Mark::Info title="Not committed yet" text="No commit has this row. It shows up here with the first one that does." />
                }.into_any(),
                Some(Load::Ready(versions)) => view! { <List versions /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn List(versions: Vec<RowVersionView>) -> impl IntoView {
    let fields: Vec<_> =
        (0..versions.len()).map(|at| model::changed_fields(&versions, at)).collect();
    let lines = versions.into_iter().zip(fields);
    view! {
        <ol class="versions">
            {lines.map(|(version, fields)| view! { <VersionView version fields /> }).collect_view()}
        </ol>
    }
}

#[component]
fn VersionView(version: RowVersionView, fields: Vec<FieldDifference>) -> impl IntoView {
    let RowVersionView { commit, change, .. } = version;
    let (mark, word, tone) = model::change_words(&change);
    let fields = fields.into_iter().map(|FieldDifference { field, pieces, .. }| {
        view! { <div class="between-field"><dt class="mono">{field}</dt><dd><Words pieces /></dd></div> }
    });
    view! {
        <li class="versions__one">
            <p class="versions__head">
                <Chip tone icon=mark>{word}</Chip>
                <span class="clip grow">{commit.summary}</span>
                <span class="quiet">{commit.author}</span>
                <When time_s=commit.time_s />
                <code class="quiet">{short_id(&commit.id).to_owned()}</code>
            </p>
            <dl>{fields.collect_view()}</dl>
        </li>
    }
}
