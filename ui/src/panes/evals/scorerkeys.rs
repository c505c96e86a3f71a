//! The keys of a scorer that only some types read: how each is called, read, written and explained.
//!
//! Pure. One table, in the order of the form. Most keys stand in a scorer in one of three ways, so the table only names
//! the way; the few that are written in words of their own have their functions below it.

use assay_prompt::ScorerSpec;
use serde_json::Value;

use super::{
    kinds, options,
    rowfield::{ReadKey, SetKey, unchecked},
    rubric,
    values::{self, Unfit},
};

/// Keys of a kind that have a field of their own.
pub const OWN: [&str; 6] = ["model", "models", "rubric", "prompt", "baseline", "script"];

/// Keys of a scorer beside whose fields problems are shown: its id, its type, and those of the table.
pub static FIELDS: [&str; KEYS.len() + 2] = fields();

/// A key that only some types read.
#[derive(Clone, Copy)]
pub struct Key {
    /// As the file has it.
    pub key: &'static str,
    /// As people call it.
    pub label: &'static str,
    /// How it is read and set.
    pub way: Way,
    /// What it is for.
    pub about: &'static str,
    /// Shown while it is empty.
    pub placeholder: &'static str,
    /// Id of a `datalist` with what is known.
    pub known: &'static str,
    /// What is seen of it before anything runs.
    pub check: fn(&str) -> Option<&'static str>,
    lines: u32,
}

/// How a key is read from a scorer, and set to what was typed.
#[derive(Clone, Copy)]
pub struct Way {
    /// As its field shows it.
    pub get: ReadKey<ScorerSpec>,
    /// Takes over what was typed.
    pub set: SetKey<ScorerSpec>,
}

/// A text that a scorer may have.
macro_rules! text {
    ($field:ident) => {
        Way {
            get: |scorer| scorer.$field.clone().unwrap_or_default(),
            set: |scorer, _, typed| {
                scorer.$field = values::text_of(typed);
                Ok(())
            },
        }
    };
}

/// A number that a scorer may have.
macro_rules! number {
    ($field:ident) => {
        Way {
            get: |scorer| values::number_text(scorer.$field),
            set: |scorer, _, typed| {
                scorer.$field = values::number_of(typed)?;
                Ok(())
            },
        }
    };
}

/// A text among the keys that belong to a type.
macro_rules! extra {
    ($key:literal) => {
        Way {
            get: |scorer| extra(scorer, $key),
            set: |scorer, _, typed| {
                set_extra(scorer, $key, typed);
                Ok(())
            },
        }
    };
}

impl Key {
    const fn new(key: &'static str, label: &'static str, way: Way, about: &'static str) -> Key {
        let check = unchecked;
        Key { key, label, way, about, placeholder: "", known: "", check, lines: 0 }
    }

    /// What it looks like, shown while it is empty.
    const fn like(self, placeholder: &'static str) -> Key {
        Key { placeholder, ..self }
    }

    /// Offers what a `datalist` of the page knows.
    const fn offers(self, known: &'static str) -> Key {
        Key { known, ..self }
    }

    const fn checked(self, check: fn(&str) -> Option<&'static str>) -> Key {
        Key { check, ..self }
    }

    /// Across the whole form, in so many lines.
    const fn wide(self, lines: u32) -> Key {
        Key { lines, ..self }
    }

    /// How many lines its field has for a type: a script has several, and a field of one line would join them.
    pub fn lines(&self, kind: &str) -> u32 {
        match self.key {
            "value" if kinds::is_script(kind) => 4,
            _ => self.lines,
        }
    }

    /// Whether it has a field: the scorer's type reads it, or it was given although it does not.
    pub fn is_shown(&self, scorer: &ScorerSpec) -> bool {
        kinds::reads(&scorer.kind, self.key) || !(self.way.get)(scorer).is_empty()
    }
}

/// In the order of the form.
pub const KEYS: [Key; 16] = [
    Key::new("path", "Path", text!(path), "Where in the output to look; all of it when empty.")
        .like("$.category")
        .checked(values::path_trouble),
    Key::new(
        "expected",
        "Expected",
        text!(expected),
        "Where in the case's expected value; $ is all of it.",
    )
    .like("$.category")
    .checked(values::path_trouble),
    Key::new(
        "value",
        "Value",
        Way { get: value, set: set_value },
        "The same for every case, instead of expected. May use {{ inputs }}; lists as JSON.",
    ),
    Key::new("schema", "Schema", text!(schema), "outputs is the prompt's own.").like("outputs"),
    Key::new("model", "Judge", extra!("model"), "The model that judges.")
        .like("openai/gpt-4.1")
        .offers("known-models"),
    Key::new(
        "models",
        "Panel",
        Way { get: panel, set: set_panel },
        "Several judges instead of one, commas between: the majority decides.",
    )
    .like("openai/gpt-4.1, anthropic/claude-sonnet-4-5"),
    Key::new(
        "rubric",
        "Rubric",
        Way { get: rubric_text, set: set_rubric },
        "What a good output is, in your words. A line that begins with - is a criterion of llm-rubric; [must] or a weight such as [0.5] may follow.",
    )
    .wide(4),
    Key::new(
        "prompt",
        "Judge prompt",
        extra!("prompt"),
        "A prompt of the repository to ask with; the built-in one when empty.",
    )
    .like("judges/llm-rubric")
    .offers("known-judge-prompts"),
    Key::new("baseline", "Baseline", extra!("baseline"), "The variant to compare with.")
        .like("baseline")
        .offers("known-variants"),
    Key::new(
        "script",
        "Script in",
        extra!("script"),
        "A file beside the prompt, instead of value.",
    )
    .like("polite.rhai"),
    Key::new(
        "threshold",
        "Threshold",
        number!(threshold),
        "The score from which on it passes.",
    )
    .like("0.7"),
    Key::new("min", "Least", number!(min), "The least value that passes."),
    Key::new("max", "Most", number!(max), "The greatest value that passes."),
    Key::new(
        "options",
        "Other options",
        Way { get: options::others_text, set: |scorer, _, typed| options::set_others(scorer, typed) },
        "As JSON. Kept as they are.",
    )
    .wide(1),
    Key::new(
        "tags",
        "Tags",
        Way { get: |scorer| values::words_text(&scorer.tags), set: set_tags },
        "Only cases with one of them, commas between; all when empty.",
    ),
    Key::new(
        "weight",
        "Weight",
        Way { get: |scorer| values::number_text(Some(scorer.weight)), set: set_weight },
        "Its share in a combined score.",
    )
    .like("1"),
];

const fn fields() -> [&'static str; KEYS.len() + 2] {
    let mut all = ["id"; KEYS.len() + 2];
    all[1] = "type";
    let mut at = 0;
    while at < KEYS.len() {
        all[at + 2] = KEYS[at].key;
        at += 1;
    }
    all
}

fn extra(scorer: &ScorerSpec, key: &str) -> String {
    scorer.extra.get(key).map(values::plain_text).unwrap_or_default()
}

fn set_extra(scorer: &mut ScorerSpec, key: &str, typed: &str) {
    if typed.trim().is_empty() {
        scorer.extra.shift_remove(key);
    } else {
        scorer.extra.insert(key.to_owned(), Value::from(typed));
    }
}

fn value(scorer: &ScorerSpec) -> String {
    scorer.value.as_ref().map(values::literal_text).unwrap_or_default()
}

fn set_value(scorer: &mut ScorerSpec, _: &[ScorerSpec], typed: &str) -> Result<(), Unfit> {
    scorer.value = (!typed.is_empty()).then(|| values::literal_of(typed));
    Ok(())
}

fn rubric_text(scorer: &ScorerSpec) -> String {
    scorer.extra.get("rubric").map(rubric::text).unwrap_or_default()
}

fn set_rubric(scorer: &mut ScorerSpec, _: &[ScorerSpec], typed: &str) -> Result<(), Unfit> {
    // Only this type reads a list of criteria; to the others a rubric is a text.
    if scorer.kind != "llm-rubric" || typed.trim().is_empty() {
        set_extra(scorer, "rubric", typed);
        return Ok(());
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

fn set_tags(scorer: &mut ScorerSpec, _: &[ScorerSpec], typed: &str) -> Result<(), Unfit> {
    scorer.tags = values::words_of(typed);
    Ok(())
}

fn set_weight(scorer: &mut ScorerSpec, _: &[ScorerSpec], typed: &str) -> Result<(), Unfit> {
    let weight = values::number_of(typed)?.unwrap_or(1.0);
    if weight < 0.0 {
        return Err(Unfit::OutOfRange("zero or more"));
    }
    scorer.weight = weight;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_key_of_the_form_has_a_field() {
        let named = KEYS.map(|key| key.key);
        let mut read = kinds::ABOUT.iter().flat_map(|about| about.keys);
        assert!(read.all(|key| named.contains(key)), "a type reads a key nobody can set");
        assert!(OWN.iter().all(|key| named.contains(key)), "it would be in no field at all");
    }

    #[test]
    fn the_problems_of_a_key_stand_at_its_field() {
        assert_eq!(FIELDS[..2], ["id", "type"]);
        assert_eq!(FIELDS[2..], KEYS.map(|key| key.key));
    }

    #[test]
    fn a_field_stands_there_for_a_key_that_is_read_or_was_given() {
        let threshold = KEYS.iter().find(|key| key.key == "threshold").unwrap();
        let mut scorer = ScorerSpec::new("s", "equals");
        assert!(!threshold.is_shown(&scorer), "equals reads none");
        scorer.threshold = Some(0.5);
        assert!(threshold.is_shown(&scorer), "what was given can be taken away");
        assert!(threshold.is_shown(&ScorerSpec::new("s", "bleu")));
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
            let mut scorer = ScorerSpec::new("score", "equals");
            (key.way.set)(&mut scorer, &[], typed).unwrap();
            assert_eq!((key.way.get)(&scorer), typed, "{}", key.key);
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
        assert!(["rhai", "javascript", "python"].iter().all(|kind| value.lines(kind) > 1));
        assert_eq!(value.lines("equals"), 0);
    }
}
