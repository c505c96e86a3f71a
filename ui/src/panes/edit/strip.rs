//! The shared strip: which case feeds the previews, and its values, which may be tried out differently.

use assay_prompt::Kind;
use leptos::prelude::*;

use super::{
    bench::Bench,
    model::{self, Source, Variable},
};
use crate::{
    components::{Button, Kind as ButtonKind},
    state::{Documents, context},
};

/// The chosen case and its values.
#[component]
pub fn VariableStrip() -> impl IntoView {
    let (bench, parsed) = (context::<Bench>(), context::<Documents>().parsed());
    let variables = Memo::new(move |_| {
        let case = bench.case();
        let tried = bench.values().get();
        parsed
            .with(|prompt| {
                let prompt = prompt.as_ref()?;
                let row =
                    prompt.run_cases().into_iter().find(|row| Some(&row.id) == case.as_ref())?;
                Some(bench.shown().with(|shown| model::variables(prompt, shown, &row, &tried)))
            })
            .unwrap_or_default()
    });
    let names = Memo::new(move |_| {
        variables.with(|all| all.iter().map(|v| v.name.clone()).collect::<Vec<_>>())
    });
    let tried = move || bench.values().with(|values| !values.is_empty());
    view! {
        <section class="strip" aria-label="Values for the preview">
            <label class="field strip__case">
                <span class="field__label">"Case"</span>
                <CaseSelect />
            </label>
            <For each=move || names.get() key=Clone::clone let:name>
                <ValueField name variables />
            </For>
            <Show when=tried>
                <Button small=true kind=ButtonKind::Quiet on_press=move |_| bench.drop_values()>"Back to the case"</Button>
            </Show>
        </section>
    }
}

#[component]
fn CaseSelect() -> impl IntoView {
    let (bench, parsed) = (context::<Bench>(), context::<Documents>().parsed());
    let cases = Memo::new(move |_| {
        parsed.with(|p| p.as_ref().map(|p| model::cases(p)).unwrap_or_default())
    });
    let options = move || {
        let now = bench.case();
        cases
            .get()
            .into_iter()
            .map(|case| {
                let selected = now.as_ref() == Some(&case.id);
                view! { <option value=case.id selected=selected>{case.label}</option> }
            })
            .collect_view()
    };
    view! {
        <select class="input" data-testid="case-select" on:change:target=move |event| bench.choose_case(event.target().value())>
            {options}
        </select>
    }
}

/// One input: its value, where it comes from, and whether it is missing.
#[component]
fn ValueField(name: String, variables: Memo<Vec<Variable>>) -> impl IntoView {
    let bench = context::<Bench>();
    let own = StoredValue::new(name.clone());
    let variable = Memo::new(move |_| {
        variables.with(|all| own.with_value(|own| all.iter().find(|v| v.name == *own).cloned()))
    });
    let with =
        move |f: fn(&Variable) -> String| variable.with(|v| v.as_ref().map(f).unwrap_or_default());
    let source = move || with(|v| source_words(v).to_owned());
    let class = move || with(|v| format!("field strip__value strip__value--{}", source_class(v)));
    let value = move || with(|v| v.value.clone().unwrap_or_default());
    let unfit = move || {
        variable.with(|v| v.as_ref().is_some_and(|v| v.unfit || v.source == Source::Missing))
    };
    let hint = move || with(|v| v.description.clone().unwrap_or_default());
    view! {
        <label class=class title=hint>
            <span class="field__label">
                <span class="mono strip__name">{name.clone()}</span>
                <span class="strip__source">{source}</span>
            </span>
            <textarea
                class="input strip__text" rows="1" data-testid=format!("value-{name}")
                aria-invalid=move || unfit().then_some("true")
                prop:value=value
                on:input:target=move |event| bench.try_value(own.get_value(), event.target().value())
            ></textarea>
        </label>
    }
}

fn source_words(variable: &Variable) -> &'static str {
    match (variable.unfit, variable.source) {
        (true, _) if variable.kind == Kind::Integer => "not a whole number",
        (true, _) => "not a value of its kind",
        (_, Source::Case) => "from the case",
        (_, Source::Default) => "default",
        (_, Source::Tried) => "tried out",
        (_, Source::Missing) => "missing",
        (_, Source::Nothing) => "not given",
    }
}

fn source_class(variable: &Variable) -> &'static str {
    match variable.source {
        Source::Tried => "tried",
        Source::Missing => "missing",
        Source::Case | Source::Default | Source::Nothing => "plain",
    }
}
