//! The drawer: everything wrong in the repository, by prompt and file, each with what would mend it. Choosing a problem
//! shows its place, and opens its prompt for that where it must.

use assay_wire::Severity;
use leptos::{ev::KeyboardEvent, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    actions::{Action, Stage},
    components::{Blank, Button, ErrorNote, Icon, IconButton, Kind, Loading, Mark},
    state::context,
};

mod beside;
mod model;
mod page;
mod watch;

pub use model::count_words;
pub use watch::Problems;

use beside::TextBeside;
use model::{Finding, Narrow, Section};
use page::CodePage;

/// Problems of the repository and of its prompts.
#[component]
pub fn Drawer() -> impl IntoView {
    let problems = context::<Problems>();
    view! {
        <Head />
        {move || problems.refused().get().map(|error| view! {
            <div class="problems__refused"><ErrorNote error actions=move || view! {
                <Button small=true kind=Kind::Quiet on_press=move |_| problems.forgive()>"Dismiss"</Button>
            } /></div>
        })}
        <div class="problems__both">
            <div class="pane__body problems" data-testid="problems" on:keydown=walk><List /></div>
            <TextBeside />
        </div>
        <CodePage />
    }
}

#[component]
fn Head() -> impl IntoView {
    let (problems, stage) = (context::<Problems>(), Stage::here());
    let counts = Memo::new(move |_| problems.counts());
    let safe = Memo::new(move |_| counts.get().safe);
    let words = move || match safe.get() {
        1 => "Fix 1 safely".to_owned(),
        n => format!("Fix all {n} safe ones"),
    };
    view! {
        <div class="pane__head">
            <h2 class="pane__title">"Problems"</h2>
            <span class="quiet number" role="status" data-testid="problem-count">{move || model::count_words(counts.get())}</span>
            <span class="grow"></span>
            <Narrowing />
            <Show when=move || safe.get() != 0>
                <Button
                    small=true icon=Mark::Check testid="fix-all" disabled=problems.is_fixing()
                    hint="Fixes that keep the meaning of everything that works" on_press=move |_| problems.mend_all()
                >{words}</Button>
            </Show>
            <IconButton small=true mark=Mark::Close label="Close the drawer" on_press=move |_| stage.perform(Action::Drawer) />
        </div>
    }
}

/// Errors, warnings, or both.
#[component]
fn Narrowing() -> impl IntoView {
    let narrow = context::<Problems>().narrow;
    let choices =
        [(Narrow::All, "All"), (Narrow::Errors, "Errors"), (Narrow::Warnings, "Warnings")];
    view! {
        <div class="problems__narrow" role="group" aria-label="Which problems">
            {choices.map(|(value, label)| view! {
                <button
                    type="button" class="button button--quiet button--small" data-testid=format!("problems-{label}")
                    aria-pressed=move || (narrow.get() == value).to_string()
                    on:click=move |_| narrow.set(value)
                >{label}</button>
            }).collect_view()}
        </div>
    }
}

/// Every state of the list.
#[component]
fn List() -> impl IntoView {
    let problems = context::<Problems>();
    let open = context::<crate::state::Documents>().key();
    let shown = Memo::new(move |_| {
        let all = problems.all();
        model::sections(&all, open.get().as_deref(), problems.narrow.get())
    });
    let none = Memo::new(move |_| shown.with(|(sections, _)| sections.is_empty()));
    view! {
        {move || problems.failure().map(|error| view! {
            <div class="problems__refused"><ErrorNote error /></div>
        })}
        {move || none.get().then(|| view! { <NoProblems /> })}
        {move || shown.with(|(sections, _)| sections.iter().cloned().map(|section| view! { <OnePrompt section /> }).collect_view())}
        {move || shown.with(|(_, hidden)| (*hidden > 0).then(|| view! {
            <p class="problems__more quiet">{format!("{hidden} more. Mend some of these, or show errors alone.")}</p>
        }))}
    }
}

#[component]
fn NoProblems() -> impl IntoView {
    let problems = context::<Problems>();
    move || {
        if problems.counts().all() > 0 {
            return view! { <p class="problems__more quiet">"None of this kind."</p> }.into_any();
        }
        if problems.is_checking() {
            return view! { <Loading what="Reading every prompt" /> }.into_any();
        }
        if problems.failure().is_some() {
            return ().into_any();
        }
        view! { <Blank mark=Mark::Check title="No problems" text="Every prompt of this repository reads and renders as it stands." /> }.into_any()
    }
}

/// The problems of one prompt, by file.
#[component]
fn OnePrompt(section: Section) -> impl IntoView {
    let title = section.title().to_owned();
    let label = title.clone();
    view! {
        <section class="problems__prompt" aria-label=label>
            <h3 class="problems__title"><span class="clip">{title}</span><span class="quiet number">{section.count}</span></h3>
            {section.files.into_iter().map(|(file, findings)| view! {
                <h4 class="problems__file mono clip">{file}</h4>
                <ul>{findings.into_iter().map(|finding| view! { <li><Line finding /></li> }).collect_view()}</ul>
            }).collect_view()}
        </section>
    }
}

/// One problem: what and where, what its code means, and the button that mends it.
#[component]
fn Line(finding: Finding) -> impl IntoView {
    let problems = context::<Problems>();
    let (class, mark, word) = match finding.severity {
        Severity::Error => ("problems__line problems__line--error", Mark::Error, "Error"),
        Severity::Warning => ("problems__line", Mark::Warning, "Warning"),
    };
    let target = finding.clone();
    let own = finding.clone();
    let here = move || problems.last().with(|last| last.as_ref() == Some(&own));
    let Finding { code, message, hint, place: (line, column), .. } = finding.clone();
    let about = assay_prompt::codes::meaning(&code);
    let (asked, label) = (code.clone(), format!("What {code} means"));
    view! {
        <div class=class data-testid="problem" aria-current=move || here().then_some("true")>
            <button type="button" class="problems__go" data-walk="" on:click=move |_| problems.go_to(target.clone())>
                <Icon mark />
                <span class="unseen">{word}</span>
                <span class="problems__place mono number">{format!("{line}:{column}")}</span>
                <span class="grow">
                    {message}
                    {hint.map(|hint| view! { <span class="problems__hint">{hint}</span> })}
                </span>
            </button>
            <MendButton finding />
            <button
                type="button" class="problems__code mono" disabled=about.is_none() title=about
                aria-label=label aria-haspopup="dialog" data-testid="problem-code"
                on:click=move |_| problems.explained.set(Some(asked.clone()))
            >{code}</button>
        </div>
    }
}

/// Mends the problem, where one thing is right. What is wrong with the repository itself is mended with all the others.
#[component]
fn MendButton(finding: Finding) -> impl IntoView {
    let problems = context::<Problems>();
    let fix = finding.fix.clone().filter(|_| finding.prompt.is_some());
    fix.map(|fix| {
        view! {
            <Button
                small=true testid="fix" disabled=problems.is_fixing()
                hint=if fix.safe { "Keeps the meaning of everything that works" } else { "Look at what it changes" }
                on_press=move |_| problems.mend(finding.clone())
            >{fix.title}</Button>
        }
    })
}

/// Up and Down move between problems, Home and End to the first and last; Tab goes on to what mends one.
fn walk(event: KeyboardEvent) {
    let Some(list) = event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok())
    else {
        return;
    };
    let Ok(lines) = list.query_selector_all("[data-walk]") else { return };
    let lines: Vec<web_sys::HtmlElement> =
        (0..lines.length()).filter_map(|i| lines.item(i)?.dyn_into().ok()).collect();
    let focused = document().active_element();
    let at = lines.iter().position(|line| focused.as_deref() == Some(line.as_ref()));
    let next = match (event.key().as_str(), at) {
        ("ArrowDown", Some(at)) => (at + 1).min(lines.len() - 1),
        ("ArrowUp", Some(at)) => at.saturating_sub(1),
        ("Home", Some(_)) => 0,
        ("End", Some(_)) => lines.len() - 1,
        _ => return,
    };
    event.prevent_default();
    // A line that just left the list cannot take the focus, and need not.
    let _ = lines[next].focus();
}
