//! The gates as a form: what must hold for a variant to be good enough.

use assay_prompt::{GateSpec, METRICS, ScorerSpec, column_numbers};
use leptos::prelude::*;

use super::{
    entry::{Entry, ListSection},
    forms::{Forms, List},
    model,
    rowfield::RowField,
    values::{self, Unfit},
};
use crate::components::{Choice, ChoiceField};

const FIELDS: &[&str] = &["scorer", "metric", "min", "max", "nonInferior", "tags"];

/// All gates.
#[component]
pub fn GateForm() -> impl IntoView {
    let forms = expect_context::<Forms>();
    let list = List::new(forms, model::GATES);
    // A gate begins at the first scorer, because one that looks at nothing is none.
    let add = move || GateSpec {
        scorer: forms
            .prompt()
            .with_untracked(|p| Some(p.as_ref()?.evals.scorers.first()?.id.clone())),
        ..empty()
    };
    view! {
        <ListSection
            list title="Gates" about="What must hold for a variant to be good enough. assay run fails when one does not." new=add
            none="No gates yet. Runs show scores, and nothing is held to them."
            row=move |at| view! { <GateRow list at /> }
        />
    }
}

fn empty() -> GateSpec {
    GateSpec {
        scorer: None,
        metric: None,
        min: Some(0.8),
        max: None,
        non_inferior: None,
        tags: Vec::new(),
    }
}

#[component]
fn GateRow(list: List<GateSpec>, at: usize) -> impl IntoView {
    let tags = move || list.of(at, |gate| values::words_text(&gate.tags));
    view! {
        <Entry list at fields=FIELDS words=Signal::derive(tags)>
            <SubjectField list at />
            <RowField
                list at key="min" label="At least" placeholder="0.8" get=|g: &GateSpec| values::number_text(g.min)
                set=|gate, _, typed| { gate.min = values::number_of(typed)?; Ok(()) }
            />
            <RowField
                list at key="max" label="At most" get=|g: &GateSpec| values::number_text(g.max)
                set=|gate, _, typed| { gate.max = values::number_of(typed)?; Ok(()) }
            />
            <RowField
                list at key="nonInferior" label="Not worse by more than" placeholder="0.02"
                about="Against the base revision: the margin that is still as good."
                get=|g: &GateSpec| values::number_text(g.non_inferior) set=set_margin
            />
            <RowField
                list at key="tags" label="Tags" about="Only cases with one of them, commas between; all when empty."
                get=|g: &GateSpec| values::words_text(&g.tags)
                set=|gate, _, typed| { gate.tags = values::words_of(typed); Ok(()) }
            />
        </Entry>
    }
}

fn set_margin(gate: &mut GateSpec, _: &[GateSpec], typed: &str) -> Result<(), Unfit> {
    let margin = values::number_of(typed)?;
    if margin.is_some_and(|margin| margin < 0.0) {
        return Err(Unfit::OutOfRange("zero or more"));
    }
    gate.non_inferior = margin;
    Ok(())
}

/// The scorer or the metric that a gate looks at.
#[component]
fn SubjectField(list: List<GateSpec>, at: usize) -> impl IntoView {
    let prompt = list.forms().prompt();
    let value = Signal::derive(move || list.of(at, subject));
    let choices = Memo::new(move |_| {
        let names: Vec<String> =
            prompt.with(|p| p.iter().flat_map(|p| &p.evals.scorers).flat_map(names).collect());
        choices(&names, &value.get())
    });
    let trouble = move || list.trouble_at(at, "scorer").or_else(|| list.trouble_at(at, "metric"));
    view! {
        <ChoiceField
            label="Looks at" value choices testid=format!("gate-{at}-scorer") trouble=Signal::derive(trouble)
            take=Box::new(move |chosen| {
                // A problem of either key is mended by choosing anew.
                let key = if list.trouble_at(at, "metric").is_some() { "metric" } else { "scorer" };
                list.change(at, key, |gate, _| {
                    look_at(gate, &chosen);
                    Ok(())
                })
            })
        />
    }
}

/// What a gate may name of a scorer: itself, and each of its numbers about a column.
fn names(scorer: &ScorerSpec) -> Vec<String> {
    let numbers = column_numbers(scorer).unwrap_or_default().into_iter();
    let numbers = numbers.map(|number| format!("{}.{number}", scorer.id));
    std::iter::once(scorer.id.clone()).chain(numbers).collect()
}

/// What a gate looks at, as a choice is written: `scorer:category`, `metric:cost`.
fn subject(gate: &GateSpec) -> String {
    match (&gate.scorer, &gate.metric) {
        (Some(scorer), _) => format!("scorer:{scorer}"),
        (None, Some(metric)) => format!("metric:{metric}"),
        (None, None) => String::new(),
    }
}

fn look_at(gate: &mut GateSpec, chosen: &str) {
    let named = |prefix: &str| chosen.strip_prefix(prefix).map(str::to_owned);
    (gate.scorer, gate.metric) = (named("scorer:"), named("metric:"));
}

/// All there is to look at; what a gate looks at and is not there is among them, named as missing.
fn choices(scorers: &[String], now: &str) -> Vec<Choice> {
    let choice = |prefix: &str, name: &str, group| Choice {
        value: format!("{prefix}:{name}"),
        label: name.to_owned(),
        group,
    };
    let scorers = scorers.iter().map(|id| choice("scorer", id, "Scorers"));
    let metrics = METRICS.iter().map(|metric| choice("metric", metric, "Metrics"));
    let mut all: Vec<Choice> = scorers.chain(metrics).collect();
    if all.iter().all(|choice| choice.value != now) {
        let name = now.split_once(':').map_or("choose one", |(_, name)| name);
        let label = if now.is_empty() { name.to_owned() } else { format!("{name} (missing)") };
        all.insert(0, Choice { value: now.to_owned(), label, group: "" });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_looks_at_one_thing() {
        let mut gate = empty();
        for chosen in ["scorer:category", "metric:cost", "scorer:a:b", ""] {
            look_at(&mut gate, chosen);
            assert_eq!(subject(&gate), chosen);
            assert!(gate.scorer.is_none() || gate.metric.is_none());
        }
    }

    #[test]
    fn a_gate_may_look_at_each_number_of_a_column() {
        let label = names(&ScorerSpec::new("category", "label"));
        assert_eq!(label[0], "category", "the scorer itself comes first");
        assert!(label.contains(&"category.macro-f1".to_owned()), "{label:?}");
        assert_eq!(names(&ScorerSpec::new("a", "equals")), ["a"]);
        assert_eq!(names(&ScorerSpec::new("a", "bleu")), ["a", "a.corpus"]);
    }

    #[test]
    fn a_scorer_that_is_gone_is_named_as_missing() {
        let scorers = ["category".to_owned()];
        assert_eq!(choices(&scorers, "scorer:category").len(), 1 + METRICS.len());
        assert_eq!(choices(&scorers, "scorer:gone")[0].label, "gone (missing)");
        assert_eq!(choices(&scorers, "")[0].label, "choose one");
    }
}
