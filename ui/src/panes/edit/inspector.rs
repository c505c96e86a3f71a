//! The variant that has the keyboard, in facts: model, inputs, outputs, which examples it shows.

use assay_prompt::{Property, Variant};
use leptos::prelude::*;

use super::{bench::Bench, comparison::select_words, model};
use crate::{
    components::{Blank, Chip, Mark},
    state::{Documents, context},
};

/// The variant that has the keyboard.
#[component]
pub fn VariantInspector() -> impl IntoView {
    let (bench, parsed) = (context::<Bench>(), context::<Documents>().parsed());
    let variant = Memo::new(move |_| {
        let id = bench.focused()?;
        parsed.with(|p| p.as_ref()?.variant(&id).cloned())
    });
    move || {
        match variant.get() {
        None => view! { <Blank mark=Mark::Eye title="No variant" text="The variant you edit is described here." /> }.into_any(),
        Some(variant) => view! { <Facts variant /> }.into_any(),
    }
    }
}

#[component]
fn Facts(variant: Variant) -> impl IntoView {
    let options = model::options(&variant);
    let Variant { id, file, description, model, inputs, outputs, select, content_id, .. } = variant;
    view! {
        <div class="pane__head"><h2 class="pane__title grow clip">{id}</h2><span class="quiet mono clip">{file}</span></div>
        <div class="pane__body facts">
            {description.map(|text| view! { <p>{text}</p> })}
            <section>
                <h3 class="facts__title">"Model"</h3>
                <dl class="facts__list">
                    <Fact name="id" value=model.id.unwrap_or_else(|| "none named".into()) />
                    {model.provider.map(|value| view! { <Fact name="provider" value /> })}
                    {options.into_iter().map(|(name, value)| view! { <Fact name value /> }).collect_view()}
                </dl>
            </section>
            <Schema title="Inputs" none="This variant takes no inputs." properties=inputs />
            <section>
                <h3 class="facts__title">"Examples shown"</h3>
                <p>{select_words(&select)}</p>
            </section>
            <Schema title="Outputs" none="Any text is an answer." properties=outputs />
            <section>
                <h3 class="facts__title">"Content id"</h3>
                <p class="mono facts__id" title="Equal ids give equal messages for every input. Files that its examples show count as well, once it is rendered or run.">{content_id}</p>
            </section>
        </div>
    }
}

#[component]
fn Fact(#[prop(into)] name: String, value: String) -> impl IntoView {
    view! { <div class="facts__line"><dt class="quiet">{name}</dt><dd class="mono">{value}</dd></div> }
}

#[component]
fn Schema(title: &'static str, none: &'static str, properties: Vec<Property>) -> impl IntoView {
    let empty = properties.is_empty();
    view! {
        <section>
            <h3 class="facts__title">{title}</h3>
            {empty.then(|| view! { <p class="quiet">{none}</p> })}
            <ul>
                {properties.into_iter().map(|property| view! {
                    <li class="facts__property">
                        <span class="mono">{property.name}</span>
                        <Chip>{property.kind.as_str()}</Chip>
                        {property.required.then(|| view! { <Chip>"required"</Chip> })}
                        {property.description.map(|text| view! { <p class="quiet">{text}</p> })}
                    </li>
                }).collect_view()}
            </ul>
        </section>
    }
}
