//! How an endpoint of one's own is spoken to: a form, and the JSON that it writes, side by side.

use leptos::prelude::*;

use super::{
    model::{self, Declared},
    providers::Providers,
};
use crate::{
    components::{Mark, Note, TextField, Tone},
    state::context,
};

/// The declaration, field by field and as text.
#[component]
pub fn DeclarationForm() -> impl IntoView {
    view! {
        <fieldset class="provider-form__wide declared" data-testid="settings-declaration">
            <legend class="field__label">"How it is spoken to"</legend>
            <div class="declared__form">
                <Fields />
            </div>
            <Text />
        </fieldset>
    }
}

#[component]
fn Fields() -> impl IntoView {
    view! {
        <Field field=Declared::Path label="Path" about="Below the address, such as v2/ask." />
        <Field
            field=Declared::Request label="Request" lines=6
            about="The body as JSON. {{prompt}}, {{messages}}, {{system}}, {{model}}, {{temperature}}, {{top_p}}, {{max_output_tokens}}, {{seed}}, {{stop}}, {{json_schema}}, {{reasoning_effort}} and {{stream}} are filled in."
        />
        <Field field=Declared::Output label="Text of a reply" about="A JSON Pointer such as /answer/text, or a JSONPath such as $.answer.text." />
        <Field field=Declared::Delta label="Text of an event" about="The same in an event of a stream; nothing is streamed without it." />
        <Field field=Declared::Finish label="Why it stopped" about="Where a reply or an event says so." />
        <Field field=Declared::ClosingMark label="End of a stream" about="The payload that closes it; [DONE] when empty." />
        <Field field=Declared::UsageInput label="Tokens read" about="Where they are counted; cost needs them." />
        <Field field=Declared::UsageOutput label="Tokens written" about="Where they are counted; cost needs them." />
        <Field field=Declared::UsageCached label="Tokens read from a cache" about="Where they are counted." />
        <Field field=Declared::Headers label="Headers" lines=2 about="One a line, such as x-tenant: us. A key is none of them." />
    }
}

/// One place of the declaration.
#[component]
fn Field(
    field: Declared,
    label: &'static str,
    about: &'static str,
    #[prop(optional)] lines: u32,
) -> impl IntoView {
    let providers = context::<Providers>();
    let value = Signal::derive(move || providers.of_draft(|draft| field.of(&draft.custom)));
    let take = move |typed: String| {
        let text = untrack(|| providers.of_draft(|draft| draft.custom.clone()));
        let changed = model::with(&text, field, &typed)?;
        providers.change(|draft| draft.custom = changed);
        Ok(())
    };
    let testid = format!("settings-declared-{}", label.to_lowercase().replace(' ', "-"));
    view! { <TextField label about value lines testid take=Box::new(take) /> }
}

/// The declaration as it is kept.
#[component]
fn Text() -> impl IntoView {
    let providers = context::<Providers>();
    let wrong = Memo::new(move |_| providers.of_draft(|draft| model::objection(&draft.custom)));
    view! {
        <div class="declared__text">
            <label class="field">
                <span class="field__label">"As JSON"</span>
                <textarea
                    class="input mono" rows="18" spellcheck="false" data-testid="settings-declared-json"
                    aria-invalid=move || wrong.get().is_some().then_some("true")
                    prop:value=move || providers.of_draft(|draft| draft.custom.clone())
                    on:input:target=move |event| providers.change(|draft| draft.custom = event.target().value())
                ></textarea>
            </label>
            {move || wrong.get().map(|why| view! {
                <Note tone=Tone::Warn mark=Mark::Warning>{format!("{why}. The fields wait until it can be read.")}</Note>
            })}
        </div>
    }
}
