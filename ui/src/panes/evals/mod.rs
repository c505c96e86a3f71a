//! Forms beside their text: models, scorers and gates, inputs and outputs, parameters.
//!
//! The form reads the parsed prompt and the text beside it is the file itself, so both show what was
//! typed in the other within a frame. A form changes a file by [`assay_prompt::edit`], which keeps
//! comments, order and every other byte, or refuses; then the reason stands beside the field.

use leptos::prelude::*;

use crate::{
    components::{Blank, Button, Edge, ErrorNote, Loading, Mark, Splitter, TabItem, Tabs},
    state::{Desk, Documents, Load, Session, context},
};

mod entry;
mod forms;
mod gates;
mod kinds;
mod missing;
mod model;
mod models;
mod optionfields;
mod options;
mod programs;
mod rowfield;
mod rubric;
mod schema;
mod scorerkeys;
mod scorers;
mod settings;
mod text;
mod values;

use forms::{Forms, Page};
use gates::GateForm;
use missing::{LonePrompt, NoEvals};
use models::{KnownModels, ModelForm, ParameterForm};
use schema::{SchemaForms, VariantChoice};
use scorers::{KnownNames, ScorerForm};
use settings::SettingsForm;
use text::TextPane;

/// The forms of the open prompt.
#[component]
pub fn EvalsPane() -> impl IntoView {
    let documents = context::<Documents>();
    // The view changes with the prompt, not with what is typed in it.
    let state = Memo::new(move |_| {
        documents.open_prompt().with(|open| match open {
            None => Open::Nothing,
            Some(Load::Loading) => Open::Waiting,
            Some(Load::Failed(error)) => Open::Refused(error.clone()),
            Some(Load::Ready(prompt)) => Open::Prompt(prompt.key.clone()),
        })
    });
    move || {
        match state.get() {
        Open::Nothing => view! {
            <Blank mark=Mark::Gauge title="No prompt open" text="Choose a prompt from the list to edit what it is measured with." />
        }
        .into_any(),
        Open::Waiting => view! { <Loading what="Reading the prompt" /> }.into_any(),
        Open::Refused(error) => view! {
            <div class="edit__refused">
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| documents.reload()>"Read again"</Button>
                } />
            </div>
        }
        .into_any(),
        Open::Prompt(_) => view! { <OpenForms /> }.into_any(),
    }
    }
}

#[derive(Clone, PartialEq)]
enum Open {
    Nothing,
    Waiting,
    Refused(assay_wire::ApiError),
    Prompt(String),
}

/// The pages of forms, and the text beside them.
#[component]
fn OpenForms() -> impl IntoView {
    let forms = Forms::new();
    provide_context(forms);
    let project = context::<Session>()
        .workspace()
        .with_untracked(|w| w.as_ref().map(|w| w.path.clone()))
        .unwrap_or_default();
    let width = Desk::size(&project, "evals-text", 480.0);
    let items = vec![
        TabItem {
            value: Page::Evals,
            label: "Models, scorers, gates",
            mark: Mark::Gauge,
            testid: "page-evals",
        },
        TabItem {
            value: Page::Schema,
            label: "Inputs and outputs",
            mark: Mark::Columns,
            testid: "page-schema",
        },
        TabItem {
            value: Page::Parameters,
            label: "Parameters",
            mark: Mark::Settings,
            testid: "page-parameters",
        },
    ];
    view! {
        <div class="evals">
            <KnownModels />
            <KnownNames />
            <Tabs label="Forms of the prompt" items chosen=forms.page on_choose=move |page| forms.show(page) />
            <div class="evals__desk">
                <div class="evals__form" role="tabpanel" aria-label=move || page_name(forms.page.get())>
                    {move || match forms.page.get() {
                        Page::Evals => view! { <EvalsPage /> }.into_any(),
                        Page::Schema => view! { <VariantChoice /><SchemaForms /> }.into_any(),
                        Page::Parameters => view! { <VariantChoice /><ParameterForm /> }.into_any(),
                    }}
                </div>
                <Splitter label="Width of the text" edge=Edge::Right size=width range=(240.0, 960.0) />
                <section class="evals__text" aria-label="The file as text" style:width=move || format!("{}px", width.get())>
                    <TextPane />
                </section>
            </div>
        </div>
    }
}

fn page_name(page: Page) -> &'static str {
    match page {
        Page::Evals => "Models, scorers, gates",
        Page::Schema => "Inputs and outputs",
        Page::Parameters => "Parameters",
    }
}

/// Models, scorers and gates; or how a prompt gets a file for them.
#[component]
fn EvalsPage() -> impl IntoView {
    let (forms, documents) = (expect_context::<Forms>(), context::<Documents>());
    let state = Memo::new(move |_| {
        let lone = documents.open_prompt().with(|open| {
            open.as_ref().and_then(Load::ready).is_some_and(|prompt| prompt.lone.is_some())
        });
        let none =
            forms.files().with(|files| model::evals_files(files).is_ok_and(|f| f.is_empty()));
        (lone, none)
    });
    move || match state.get() {
        (true, _) => view! { <LonePrompt /> }.into_any(),
        (false, true) => view! { <NoEvals /> }.into_any(),
        (false, false) => {
            view! { <ScorerForm /><GateForm /><ModelForm /><SettingsForm /> }.into_any()
        }
    }
}
