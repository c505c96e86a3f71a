//! What each list is made of: how it is read from the prompt, written to its files, and what its rows are called.

use assay_prompt::edit::{self, Changes, EditError};
use assay_prompt::{EvalModel, Files, GateSpec, ModelRef, Prompt, Property, ScorerSpec};

use super::{Section, changed, gate_words};

/// How a list is read from the prompt.
pub type Read<T> = fn(&Prompt, variant: &str) -> Vec<T>;
/// How a list is written.
pub type Write<T> = fn(&Files, &Prompt, variant: &str, rows: &[T]) -> Result<Changes, EditError>;

/// What a list is made of.
pub struct Kind<T: 'static> {
    /// Which list it is.
    pub section: Section,
    /// How it is read.
    pub read: Read<T>,
    /// How it is written.
    pub write: Write<T>,
    /// What a row is called.
    pub name: fn(&T) -> String,
    /// A copy of a row, or a new one, under a name that is free.
    pub named: fn(T, &[T]) -> T,
}

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Kind<T> {}

/// The models to run.
pub const MODELS: Kind<EvalModel> = Kind {
    section: Section::Models,
    read: |prompt, _| prompt.evals.models.clone(),
    write: |files, _, _, rows| edit::set_models(files, rows),
    name: |model| model.id.clone(),
    named: |model, _| model,
};

/// The scorers.
pub const SCORERS: Kind<ScorerSpec> = Kind {
    section: Section::Scorers,
    read: |prompt, _| prompt.evals.scorers.clone(),
    write: |files, prompt, _, rows| write_scorers(files, prompt, rows),
    name: |scorer| scorer.id.clone(),
    named: |mut scorer, all| {
        scorer.id = free(&scorer.id, |id| all.iter().any(|other| other.id == id));
        scorer
    },
};

/// The gates.
pub const GATES: Kind<GateSpec> = Kind {
    section: Section::Gates,
    read: |prompt, _| prompt.evals.gates.clone(),
    write: |files, _, _, rows| edit::set_gates(files, rows),
    name: gate_words,
    named: |gate, _| gate,
};

/// The inputs of a variant.
pub const INPUTS: Kind<Property> = Kind {
    section: Section::Inputs,
    read: |prompt, variant| prompt.variant(variant).map(|v| v.inputs.clone()).unwrap_or_default(),
    write: |files, _, variant, rows| edit::set_inputs(files, variant, rows),
    name: |property| property.name.clone(),
    named: named_property,
};

/// The outputs of a variant.
pub const OUTPUTS: Kind<Property> = Kind {
    section: Section::Outputs,
    read: |prompt, variant| prompt.variant(variant).map(|v| v.outputs.clone()).unwrap_or_default(),
    write: |files, _, variant, rows| edit::set_outputs(files, variant, rows),
    name: |property| property.name.clone(),
    named: named_property,
};

/// Model and options of a variant: one row, always there.
pub const PARAMETERS: Kind<ModelRef> = Kind {
    section: Section::Parameters,
    read: |prompt, variant| prompt.variant(variant).map(|v| v.model.clone()).into_iter().collect(),
    write: |files, _, variant, rows| write_parameters(files, variant, &rows[0]),
    name: |model| model.id.clone().unwrap_or_default(),
    named: |model, _| model,
};

fn write_parameters(files: &Files, variant: &str, model: &ModelRef) -> Result<Changes, EditError> {
    let mut changes =
        edit::set_model(files, variant, model.id.as_deref(), model.provider.as_deref())?;
    let now = changed(files, &changes);
    changes.extend(edit::set_options(&now, variant, &model.options)?);
    Ok(changes)
}

fn named_property(mut property: Property, all: &[Property]) -> Property {
    property.name = free_joined(&property.name, "_", |name| all.iter().any(|p| p.name == name));
    property
}

fn free(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    free_joined(wanted, "-", taken)
}

/// `wanted`, or the first of `wanted-2`, `wanted-3`, … that is not taken.
fn free_joined(wanted: &str, joint: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|n: u32| format!("{wanted}{joint}{n}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|id| !taken(id)).unwrap_or_default()
}

/// Writes the scorers; where one got another id, the gates that look at it follow.
fn write_scorers(
    files: &Files,
    prompt: &Prompt,
    rows: &[ScorerSpec],
) -> Result<Changes, EditError> {
    let mut changes = edit::set_scorers(files, rows)?;
    let Some((old, new)) = renamed(&prompt.evals.scorers, rows) else { return Ok(changes) };
    let mut gates = prompt.evals.gates.clone();
    let mut followed = false;
    for gate in &mut gates {
        if let Some(name) = gate.scorer.as_deref().and_then(|name| follow(name, old, new)) {
            gate.scorer = Some(name);
            followed = true;
        }
    }
    if followed {
        changes.extend(edit::set_gates(&changed(files, &changes), &gates)?);
    }
    Ok(changes)
}

/// The new name of what a gate looks at: the scorer, or one of its numbers.
fn follow(name: &str, old: &str, new: &str) -> Option<String> {
    let rest = name.strip_prefix(old)?;
    (rest.is_empty() || rest.starts_with('.')).then(|| format!("{new}{rest}"))
}

/// The id that one scorer had and the one it has now, when that is all that became of the ids.
fn renamed<'a>(before: &'a [ScorerSpec], after: &'a [ScorerSpec]) -> Option<(&'a str, &'a str)> {
    if before.len() != after.len() {
        return None;
    }
    let mut changed = before.iter().zip(after).filter(|(old, new)| old.id != new.id);
    let (old, new) = changed.next()?;
    let once = before.iter().filter(|scorer| scorer.id == old.id).count() == 1;
    (changed.next().is_none() && once).then_some((old.id.as_str(), new.id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_on_a_scorer_and_on_its_numbers_follow_its_new_id() {
        assert_eq!(follow("a", "a", "b").as_deref(), Some("b"));
        assert_eq!(follow("a.macro-f1", "a", "b").as_deref(), Some("b.macro-f1"));
        assert_eq!(follow("ab", "a", "b"), None);
    }
}
