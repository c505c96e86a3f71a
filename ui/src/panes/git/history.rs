//! The latest commits.

use assay_wire::CommitView;
use leptos::prelude::*;

use super::{changes::Changes, model};
use crate::{
    components::{Blank, ErrorNote, Icon, Loading, Mark},
    state::{Load, context},
};

/// The latest commits, newest first.
#[component]
pub fn History() -> impl IntoView {
    let changes = context::<Changes>();
    view! {
        <div class="pane__head"><h2 class="pane__title">"History"</h2></div>
        <div class="pane__body" data-testid="git-log" tabindex="0" role="region" aria-label="Latest commits">
            {move || match changes.log().get() {
                Load::Loading => view! { <Loading what="Reading the history" /> }.into_any(),
                Load::Failed(error) => view! { <div class="git__refused"><ErrorNote error /></div> }.into_any(),
                Load::Ready(log) if log.is_empty() => view! {
                    <Blank mark=Mark::Commit title="No commits yet" text="The first commit you make here begins the history." />
                }.into_any(),
                Load::Ready(log) => view! { <Commits log /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Commits(log: Vec<CommitView>) -> impl IntoView {
    view! {
        <ol class="history">
            {log.into_iter().map(|commit| view! { <CommitLine commit /> }).collect_view()}
        </ol>
    }
}

/// A commit: what it says, by whom, when, and its id to select and copy.
#[component]
pub(super) fn CommitLine(commit: CommitView) -> impl IntoView {
    let CommitView { id, summary, author, time_s } = commit;
    let short = model::short_id(&id).to_owned();
    view! {
        <li class="history__line">
            <Icon mark=Mark::Commit />
            <span class="history__summary clip grow" title=summary.clone()>{summary.clone()}</span>
            <span class="quiet clip history__author">{author}</span>
            <When time_s />
            <code class="history__id" title=id>{short}</code>
        </li>
    }
}

/// When something was: how long ago, and the whole time on hover.
#[component]
pub fn When(
    /// In seconds since 1970.
    time_s: i64,
) -> impl IntoView {
    let made = js_sys::Date::new(&(time_s as f64 * 1_000.0).into());
    let now_s = (js_sys::Date::now() / 1_000.0) as i64;
    let whole = String::from(made.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED));
    let when = model::ago(time_s, now_s).unwrap_or_else(|| {
        String::from(made.to_locale_date_string("default", &wasm_bindgen::JsValue::UNDEFINED))
    });
    view! { <time class="quiet history__when" title=whole>{when}</time> }
}
