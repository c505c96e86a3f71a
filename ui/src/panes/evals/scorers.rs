//! The scorers as a form: what judges the outputs.

use assay_prompt::ScorerSpec;
use leptos::prelude::*;

use super::{
    entry::{Entry, ListSection},
    forms::{Forms, List},
    kinds, model,
    optionfields::OptionFields,
    programs::ProgramConsent,
    rowfield::RowField,
    scorerkeys::{FIELDS, KEYS, Key, OWN},
    values::{self, Unfit},
};
use crate::{
    components::{CheckField, Choice, ChoiceField},
    state::{Session, context},
};

/// Where judge prompts of a repository stand unless somebody moves them.
const JUDGES: &str = "judges/";

/// All scorers.
#[component]
pub fn ScorerForm() -> impl IntoView {
    let list = List::new(expect_context::<Forms>(), model::SCORERS);
    view! {
        <ListSection
            list title="Scorers" about="Each judges every output, and is a line of every cell." new=new_scorer
            none="No scorers yet. Outputs are shown without scores until something judges them."
            row=move |at| view! { <ScorerRow list at /> }
        />
    }
}

fn new_scorer() -> ScorerSpec {
    ScorerSpec::new("score", "equals")
}

#[component]
fn ScorerRow(list: List<ScorerSpec>, at: usize) -> impl IntoView {
    view! {
        <Entry
            list at fields=&FIELDS
            words=Signal::derive(move || list.of(at, model::scorer_words))
            label=Signal::derive(move || Some(list.of(at, |scorer| scorer.kind.clone())))
        >
            <RowField list at key="id" label="Id" get=|s: &ScorerSpec| s.id.clone() set=set_id about="Gates and columns name it. Gates follow when it changes." />
            <TypeField list at />
            <KeyFields list at />
            <OptionFields list at />
            <ProgramConsent list at />
            <CheckField
                label="Negate" about="Passing and failing change places."
                testid=format!("scorer-{at}-negate")
                value=Signal::derive(move || list.of(at, |scorer| scorer.negate))
                take=Box::new(move |on| list.change(at, "negate", |scorer, _| {
                    scorer.negate = on;
                    Ok(())
                }))
            />
            <RowField
                list at key="other" label="Other keys" wide=true lines=1 about="As JSON. Kept as they are."
                get=|s: &ScorerSpec| values::map_text(&values::others(&s.extra, &OWN)) set=set_other
            />
        </Entry>
    }
}

fn set_id(scorer: &mut ScorerSpec, others: &[ScorerSpec], typed: &str) -> Result<(), Unfit> {
    let id = values::text_of(typed).ok_or(Unfit::Empty("an id"))?;
    if others.iter().any(|other| other.id == id) {
        return Err(Unfit::Taken(id));
    }
    scorer.id = id;
    Ok(())
}

fn set_other(scorer: &mut ScorerSpec, _: &[ScorerSpec], typed: &str) -> Result<(), Unfit> {
    scorer.extra = values::with_others(&scorer.extra, &OWN, values::map_of(typed)?);
    Ok(())
}

#[component]
fn TypeField(list: List<ScorerSpec>, at: usize) -> impl IntoView {
    let kind = Signal::derive(move || list.of(at, |scorer| scorer.kind.clone()));
    let choices: Vec<Choice> = kinds::GROUPS
        .iter()
        .flat_map(|group| kinds::ABOUT.iter().filter(move |about| about.group == *group))
        .map(|about| Choice {
            group: about.group,
            label: about.line(),
            ..Choice::plain(about.kind)
        })
        .collect();
    view! {
        <ChoiceField
            label="Type" value=kind choices=Signal::stored(choices) testid=format!("scorer-{at}-type")
            about=Signal::derive(move || kinds::says(&kind.get()).to_owned())
            trouble=Signal::derive(move || list.trouble_at(at, "type"))
            take=Box::new(move |kind| list.change(at, "type", |scorer, _| {
                scorer.kind = kind;
                Ok(())
            }))
        />
    }
}

/// The variants and judge prompts that are there, for fields to offer.
#[component]
pub fn KnownNames() -> impl IntoView {
    let (prompt, session) = (expect_context::<Forms>().prompt(), context::<Session>());
    let variants = move || {
        prompt.with(|p| {
            p.iter().flat_map(|p| &p.variants).map(|variant| variant.id.clone()).collect::<Vec<_>>()
        })
    };
    let judges = move || {
        session.workspace().with(|workspace| {
            let prompts = workspace.iter().flat_map(|workspace| &workspace.prompts);
            let kept = prompts.filter(|prompt| prompt.key.starts_with(JUDGES));
            kept.map(|prompt| prompt.key.clone()).collect::<Vec<_>>()
        })
    };
    let options = |names: Vec<String>| {
        names.into_iter().map(|name| view! { <option value=name></option> }).collect_view()
    };
    view! {
        <datalist id="known-variants">{move || options(variants())}</datalist>
        <datalist id="known-judge-prompts">{move || options(judges())}</datalist>
    }
}

/// The keys that the scorer's type reads, and those it was given although it does not.
#[component]
fn KeyFields(list: List<ScorerSpec>, at: usize) -> impl IntoView {
    let shown = Memo::new(move |_| {
        list.rows().with(|rows| {
            let Some(scorer) = rows.get(at) else { return Vec::new() };
            let shown = (0..KEYS.len()).filter(|index| KEYS[*index].is_shown(scorer));
            shown.map(|index| (index, KEYS[index].lines(&scorer.kind))).collect::<Vec<_>>()
        })
    });
    view! {
        <For each=move || shown.get() key=|field| *field let:field>
            {
                let (index, lines) = field;
                let Key { key, label, way, about, placeholder, known, check, .. } = KEYS[index];
                let wide = lines > 0;
                view! {
                    <RowField
                        list at key label get=way.get set=way.set check about placeholder lines known wide
                    />
                }
            }
        </For>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_needed_and_is_there_once() {
        let (mut scorer, other) = (new_scorer(), ScorerSpec { id: "a".into(), ..new_scorer() });
        assert_eq!(
            set_id(&mut scorer, std::slice::from_ref(&other), "a"),
            Err(Unfit::Taken("a".into()))
        );
        assert_eq!(set_id(&mut scorer, &[other], " "), Err(Unfit::Empty("an id")));
        assert_eq!(scorer.id, "score");
    }
}
