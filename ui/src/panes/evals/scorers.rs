//! The scorers as a form: what judges the outputs.

use assay_prompt::ScorerSpec;
use leptos::prelude::*;
use serde_json::Value;

use super::{
    entry::{Entry, ListSection},
    forms::{Forms, List},
    kinds, model,
    optionfields::OptionFields,
    options,
    programs::ProgramConsent,
    rowfield::{ReadKey, RowField, SetKey},
    rubric,
    values::{self, Unfit},
};
use crate::{
    components::{CheckField, Choice, ChoiceField},
    state::{Session, context},
};

/// Keys of a kind that have a field of their own.
const OWN: [&str; 6] = ["model", "models", "rubric", "prompt", "baseline", "script"];

/// Where judge prompts of a repository stand unless somebody moves them.
const JUDGES: &str = "judges/";

/// Keys beside whose fields problems are shown.
const FIELDS: &[&str] = &[
    "id",
    "type",
    "path",
    "expected",
    "value",
    "schema",
    "model",
    "models",
    "rubric",
    "prompt",
    "baseline",
    "script",
    "threshold",
    "min",
    "max",
    "options",
    "tags",
    "weight",
];

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
            list at fields=FIELDS
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

/// A key that only some types read.
struct Key {
    key: &'static str,
    label: &'static str,
    get: ReadKey<ScorerSpec>,
    set: SetKey<ScorerSpec>,
    about: &'static str,
    placeholder: &'static str,
    lines: u32,
}

const fn key(
    key: &'static str,
    label: &'static str,
    get: ReadKey<ScorerSpec>,
    set: SetKey<ScorerSpec>,
    placeholder: &'static str,
    about: &'static str,
) -> Key {
    Key { key, label, get, set, about, placeholder, lines: 0 }
}

/// In the order of the form.
const KEYS: [Key; 16] = [
    key(
        "path",
        "Path",
        |s| s.path.clone().unwrap_or_default(),
        |s, _, typed| {
            s.path = values::text_of(typed);
            Ok(())
        },
        "$.category",
        "Where in the output to look; all of it when empty.",
    ),
    key(
        "expected",
        "Expected",
        |s| s.expected.clone().unwrap_or_default(),
        |s, _, typed| {
            s.expected = values::text_of(typed);
            Ok(())
        },
        "$.category",
        "Where in the case's expected value; $ is all of it.",
    ),
    key(
        "value",
        "Value",
        |s| s.value.as_ref().map(values::literal_text).unwrap_or_default(),
        |s, _, typed| {
            s.value = (!typed.is_empty()).then(|| values::literal_of(typed));
            Ok(())
        },
        "",
        "The same for every case, instead of expected. May use {{ inputs }}; lists as JSON.",
    ),
    key(
        "schema",
        "Schema",
        |s| s.schema.clone().unwrap_or_default(),
        |s, _, typed| {
            s.schema = values::text_of(typed);
            Ok(())
        },
        "outputs",
        "outputs is the prompt's own.",
    ),
    key(
        "model",
        "Judge",
        |s| extra(s, "model"),
        |s, _, t| set_extra(s, "model", t),
        "openai/gpt-4.1",
        "The model that judges.",
    ),
    key(
        "models",
        "Panel",
        panel,
        set_panel,
        "openai/gpt-4.1, anthropic/claude-sonnet-4-5",
        "Several judges instead of one, commas between: the majority decides.",
    ),
    Key {
        lines: 4,
        ..key(
            "rubric",
            "Rubric",
            |s| s.extra.get("rubric").map(rubric::text).unwrap_or_default(),
            set_rubric,
            "",
            "What a good output is, in your words. A line that begins with - is a criterion of llm-rubric; [must] or a weight such as [0.5] may follow.",
        )
    },
    key(
        "prompt",
        "Judge prompt",
        |s| extra(s, "prompt"),
        |s, _, t| set_extra(s, "prompt", t),
        "judges/llm-rubric",
        "A prompt of the repository to ask with; the built-in one when empty.",
    ),
    key(
        "baseline",
        "Baseline",
        |s| extra(s, "baseline"),
        |s, _, t| set_extra(s, "baseline", t),
        "baseline",
        "The variant to compare with.",
    ),
    key(
        "script",
        "Script in",
        |s| extra(s, "script"),
        |s, _, t| set_extra(s, "script", t),
        "polite.rhai",
        "A file beside the prompt, instead of value.",
    ),
    key(
        "threshold",
        "Threshold",
        |s| values::number_text(s.threshold),
        |s, _, typed| {
            s.threshold = values::number_of(typed)?;
            Ok(())
        },
        "0.7",
        "The score from which on it passes.",
    ),
    key(
        "min",
        "Least",
        |s| values::number_text(s.min),
        |s, _, typed| {
            s.min = values::number_of(typed)?;
            Ok(())
        },
        "",
        "The least value that passes.",
    ),
    key(
        "max",
        "Most",
        |s| values::number_text(s.max),
        |s, _, typed| {
            s.max = values::number_of(typed)?;
            Ok(())
        },
        "",
        "The greatest value that passes.",
    ),
    Key {
        lines: 1,
        ..key(
            "options",
            "Other options",
            options::others_text,
            |s, _, typed| options::set_others(s, typed),
            "",
            "As JSON. Kept as they are.",
        )
    },
    key(
        "tags",
        "Tags",
        |s| values::words_text(&s.tags),
        |s, _, typed| {
            s.tags = values::words_of(typed);
            Ok(())
        },
        "",
        "Only cases with one of them, commas between; all when empty.",
    ),
    key(
        "weight",
        "Weight",
        |s| values::number_text(Some(s.weight)),
        |s, _, typed| {
            let weight = values::number_of(typed)?.unwrap_or(1.0);
            if weight < 0.0 {
                return Err(Unfit::OutOfRange("zero or more"));
            }
            s.weight = weight;
            Ok(())
        },
        "1",
        "Its share in a combined score.",
    ),
];

/// A key of a judge as text.
fn extra(scorer: &ScorerSpec, key: &str) -> String {
    scorer.extra.get(key).map(values::plain_text).unwrap_or_default()
}

fn set_extra(scorer: &mut ScorerSpec, key: &str, typed: &str) -> Result<(), Unfit> {
    if typed.trim().is_empty() {
        scorer.extra.shift_remove(key);
    } else {
        scorer.extra.insert(key.to_owned(), Value::from(typed));
    }
    Ok(())
}

fn set_rubric(scorer: &mut ScorerSpec, _: &[ScorerSpec], typed: &str) -> Result<(), Unfit> {
    // Only this type reads a list of criteria; to the others a rubric is a text.
    if scorer.kind != "llm-rubric" || typed.trim().is_empty() {
        return set_extra(scorer, "rubric", typed);
    }
    let rubric = rubric::value(typed, scorer.extra.get("rubric"));
    scorer.extra.insert("rubric".to_owned(), rubric);
    Ok(())
}

/// The models of a panel, with commas between them.
fn panel(scorer: &ScorerSpec) -> String {
    match scorer.extra.get("models") {
        Some(Value::Array(models)) if models.iter().all(Value::is_string) => {
            let names: Vec<String> = models.iter().map(values::plain_text).collect();
            values::words_text(&names)
        }
        _ => extra(scorer, "models"),
    }
}

/// Sets the models of a panel. Beside `model` both stay as they are typed, and the check says that it is one or the other.
fn set_panel(scorer: &mut ScorerSpec, _: &[ScorerSpec], typed: &str) -> Result<(), Unfit> {
    let models = values::words_of(typed);
    if models.is_empty() {
        scorer.extra.shift_remove("models");
    } else {
        scorer.extra.insert("models".to_owned(), Value::from(models));
    }
    Ok(())
}

/// The ids that a field of the form may offer.
fn known_of(key: &str) -> &'static str {
    match key {
        "model" => "known-models",
        "baseline" => "known-variants",
        "prompt" => "known-judge-prompts",
        _ => "",
    }
}

/// What is seen of a key before anything runs.
fn check_of(key: &str) -> fn(&str) -> Option<&'static str> {
    match key {
        "path" | "expected" => values::path_trouble,
        _ => |_| None,
    }
}

/// How many lines a key's field has: a script has several, and a field of one line would join them.
fn lines_of(key: &Key, kind: &str) -> u32 {
    match key.key {
        "value" if kinds::is_script(kind) => 4,
        _ => key.lines,
    }
}

/// The keys that the scorer's type reads, and those it was given although it does not.
#[component]
fn KeyFields(list: List<ScorerSpec>, at: usize) -> impl IntoView {
    let shown = Memo::new(move |_| {
        list.rows().with(|rows| {
            let Some(scorer) = rows.get(at) else { return Vec::new() };
            let has =
                |key: &Key| kinds::reads(&scorer.kind, key.key) || !(key.get)(scorer).is_empty();
            let shown = (0..KEYS.len()).filter(|index| has(&KEYS[*index]));
            shown.map(|index| (index, lines_of(&KEYS[index], &scorer.kind))).collect::<Vec<_>>()
        })
    });
    view! {
        <For each=move || shown.get() key=|field| *field let:field>
            {
                let (index, lines) = field;
                let key = &KEYS[index];
                let check = check_of(key.key);
                let (known, wide) = (known_of(key.key), lines > 0);
                view! {
                    <RowField
                        list at key=key.key label=key.label get=key.get set=key.set check=check
                        about=key.about placeholder=key.placeholder lines known wide
                    />
                }
            }
        </For>
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_key_of_the_form_has_a_field() {
        let named = KEYS.map(|key| key.key);
        let read = kinds::ABOUT.iter().flat_map(|about| about.keys);
        assert!(read.clone().all(|key| named.contains(key)), "a type reads a key nobody can set");
        assert!(named.iter().all(|key| FIELDS.contains(key)), "its problems would stand twice");
    }

    #[test]
    fn every_field_shows_what_was_typed() {
        for key in &KEYS {
            let typed = match key.key {
                "threshold" | "min" | "max" | "weight" => "2",
                "options" => "{\"n\":2}",
                "models" => "a/b, c/d",
                _ => "$.a",
            };
            let mut scorer = new_scorer();
            (key.set)(&mut scorer, &[], typed).unwrap();
            assert_eq!((key.get)(&scorer), typed, "{}", key.key);
        }
    }

    #[test]
    fn a_judge_keeps_the_criteria_of_its_rubric_through_the_form() {
        let criteria = serde_json::json!(["It is kind.", {"text": "It is short.", "weight": 0.5}]);
        let mut scorer = ScorerSpec::new("s", "llm-rubric");
        scorer.extra.insert("rubric".to_owned(), criteria.clone());
        let shown = rubric::text(&scorer.extra["rubric"]);
        set_rubric(&mut scorer, &[], &shown).unwrap();
        assert_eq!(scorer.extra["rubric"], criteria);
        set_rubric(&mut scorer, &[], " ").unwrap();
        assert!(scorer.extra.is_empty(), "nothing typed is no rubric");
        scorer.kind = "g-eval".to_owned();
        set_rubric(&mut scorer, &[], "- [must] be kind").unwrap();
        assert_eq!(scorer.extra["rubric"], "- [must] be kind", "only llm-rubric reads criteria");
    }

    #[test]
    fn a_panel_is_a_list_in_the_file_and_words_in_the_form() {
        let mut scorer = ScorerSpec::new("s", "pairwise");
        set_panel(&mut scorer, &[], "a/b,c/d ,").unwrap();
        assert_eq!(scorer.extra["models"], serde_json::json!(["a/b", "c/d"]));
        assert_eq!(panel(&scorer), "a/b, c/d");
        set_panel(&mut scorer, &[], "").unwrap();
        assert!(scorer.extra.is_empty());
    }

    #[test]
    fn a_script_has_room_for_its_lines() {
        let value = KEYS.iter().find(|key| key.key == "value").unwrap();
        assert!(["rhai", "javascript", "python"].iter().all(|kind| lines_of(value, kind) > 1));
        assert_eq!(lines_of(value, "equals"), 0);
    }

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
