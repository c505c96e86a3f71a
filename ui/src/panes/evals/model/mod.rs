//! What the forms decide: in which file each list stands, what is in it ([`lists`]) and what is wrong with it
//! ([`findings`](mod@findings)). Pure, over the files and the parsed prompt.

use assay_prompt::edit::{self, Changes, EditError, YamlPart};
use assay_prompt::{
    EvalModel, Files, GateSpec, MANIFEST_FILE, Prompt, Property, ScorerSpec, reference, resolve,
};
use serde_json::Value;

mod findings;
mod lists;

pub use findings::*;
pub use lists::*;

/// One list of the forms, or one map of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The models to run.
    Models,
    /// What judges the outputs.
    Scorers,
    /// What must hold.
    Gates,
    /// What templates may use.
    Inputs,
    /// What answers hold.
    Outputs,
    /// Model and options of one variant.
    Parameters,
}

impl Section {
    /// Its key in its file.
    pub fn key(self) -> &'static str {
        match self {
            Section::Models => "models",
            Section::Scorers => "scorers",
            Section::Gates => "gates",
            Section::Inputs => "inputs",
            Section::Outputs => "outputs",
            Section::Parameters => "model",
        }
    }

    /// What one of its rows is called.
    pub fn what(self) -> &'static str {
        match self {
            Section::Models => "model",
            Section::Scorers => "scorer",
            Section::Gates => "gate",
            Section::Inputs => "input",
            Section::Outputs => "output",
            Section::Parameters => "parameters",
        }
    }

    fn is_of_evals(self) -> bool {
        matches!(self, Section::Models | Section::Scorers | Section::Gates)
    }
}

/// Where (a part of) a list stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The file, relative to the prompt's folder.
    pub file: String,
    /// Which part of it is YAML.
    pub part: YamlPart,
    /// Whether the list is under its key; else it is the whole file.
    pub keyed: bool,
    /// Row of each of its entries; nothing for an entry that cannot be read.
    pub rows: Vec<Option<usize>>,
    /// Names of its entries, where it is a map of them.
    pub names: Vec<String>,
}

/// Why a form cannot show a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} cannot be shown as a form: {why}")]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

/// The evals files that `prompt.yaml` lists and that are there.
pub fn evals_files(files: &Files) -> Result<Vec<String>, Unreadable> {
    let Some(manifest) = files.get(MANIFEST_FILE) else { return Ok(Vec::new()) };
    let manifest = value(manifest, YamlPart::File, MANIFEST_FILE)?;
    let listed = manifest.get("evals").and_then(Value::as_array).into_iter().flatten();
    let named = listed.filter_map(|path| resolve(MANIFEST_FILE, path.as_str()?));
    Ok(named.filter(|file| files.contains_key(file)).collect())
}

fn value(text: &str, part: YamlPart, file: &str) -> Result<Value, Unreadable> {
    edit::value(text, part)
        .map_err(|error| Unreadable { file: file.to_owned(), why: error.to_string() })
}

/// The file in which a variant's inputs or outputs stand, and whether that is all it holds.
pub fn schema_file(files: &Files, variant_file: &str, section: Section) -> Option<String> {
    let front = edit::value(files.get(variant_file)?, YamlPart::FrontMatter).ok()?;
    resolve(variant_file, reference(front.get(section.key())?.as_str()?)?)
}

/// Where a list stands, with the rows that its entries became.
pub fn homes(
    files: &Files,
    prompt: &Prompt,
    section: Section,
    variant: &str,
) -> Result<Vec<Home>, Unreadable> {
    if section.is_of_evals() {
        let mut next = 0;
        let files_of = evals_files(files)?.into_iter();
        return files_of
            .map(|file| home(files, file, YamlPart::File, true, section, &mut next))
            .collect();
    }
    let Some(variant) = prompt.variant(variant) else { return Ok(Vec::new()) };
    let own = variant.file.clone();
    let front = home(files, own.clone(), YamlPart::FrontMatter, true, section, &mut 0)?;
    match schema_file(files, &own, section).filter(|_| section != Section::Parameters) {
        Some(file) if files.contains_key(&file) => {
            Ok(vec![home(files, file, YamlPart::File, false, section, &mut 0)?])
        }
        _ => Ok(vec![front]),
    }
}

/// The files a list stands in, whether they can be read or not.
pub fn files_of(files: &Files, prompt: &Prompt, section: Section, variant: &str) -> Vec<String> {
    match homes(files, prompt, section, variant) {
        Ok(homes) => homes.into_iter().map(|home| home.file).collect(),
        Err(Unreadable { file, .. }) => vec![file],
    }
}

fn home(
    files: &Files,
    file: String,
    part: YamlPart,
    keyed: bool,
    section: Section,
    next: &mut usize,
) -> Result<Home, Unreadable> {
    let text = files.get(&file).map(String::as_str).unwrap_or_default();
    let whole = value(text, part, &file)?;
    let list = if keyed { whole.get(section.key()).unwrap_or(&Value::Null) } else { &whole };
    let names = match list {
        Value::Object(map) => map.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let readable: Vec<bool> = match list {
        Value::Array(items) => items.iter().map(|item| is_readable(section, item)).collect(),
        Value::Object(map) => map.values().map(Value::is_object).collect(),
        _ => Vec::new(),
    };
    let mut row = |readable: bool| {
        readable.then(|| {
            *next += 1;
            *next - 1
        })
    };
    let rows = readable.into_iter().map(&mut row).collect();
    Ok(Home { file, part, keyed, rows, names })
}

/// Whether an entry becomes a row.
fn is_readable(section: Section, entry: &Value) -> bool {
    let has = |key: &str| entry.get(key).is_some_and(Value::is_string);
    match section {
        Section::Models => entry.is_string() || has("id"),
        Section::Scorers => has("id") && has("type"),
        Section::Inputs | Section::Outputs => has("name"),
        Section::Gates | Section::Parameters => true,
    }
}

/// A gate in words: `category ≥ 0.75`.
pub fn gate_words(gate: &GateSpec) -> String {
    let subject = gate.scorer.as_deref().or(gate.metric.as_deref()).unwrap_or("nothing yet");
    let limits = [
        gate.min.map(|min| format!("≥ {min}")),
        gate.max.map(|max| format!("≤ {max}")),
        gate.non_inferior.map(|margin| format!("not worse by {margin}")),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    format!("{subject} {}", limits.join(", ")).trim_end().to_owned()
}

/// A scorer in a few words, beside its id and type.
pub fn scorer_words(scorer: &ScorerSpec) -> String {
    let value = scorer.value.as_ref().map(super::values::literal_text);
    let parts = [
        scorer.path.clone(),
        judged_by(scorer),
        value.map(|value| crate::panes::edit::start_of(&value, 32)),
        scorer.min.map(|min| format!("≥ {min}")),
        scorer.max.map(|max| format!("≤ {max}")),
        scorer.threshold.map(|threshold| format!("from {threshold}")),
        (scorer.weight != 1.0).then(|| format!("weight {}", scorer.weight)),
        scorer.negate.then(|| "negated".to_owned()),
        (!scorer.tags.is_empty()).then(|| scorer.tags.join(", ")),
    ];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// The model, or the panel, that a scorer asks.
fn judged_by(scorer: &ScorerSpec) -> Option<String> {
    let models = match scorer.extra.get("models") {
        Some(Value::Array(models)) => models.iter().filter_map(Value::as_str).collect(),
        _ => vec![scorer.extra.get("model")?.as_str()?],
    };
    Some(format!("asks {}", models.join(", ")))
}

/// Ids of the variants whose inputs or outputs stand in the same file.
pub fn sharing(files: &Files, prompt: &Prompt, section: Section, variant: &str) -> Vec<String> {
    let file_of = |id: &str| schema_file(files, &prompt.variant(id)?.file, section);
    let Some(file) = file_of(variant) else { return Vec::new() };
    let ids = prompt.variants.iter().map(|other| &other.id);
    ids.filter(|id| file_of(id).as_ref() == Some(&file)).cloned().collect()
}

/// One step into a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// To what a list holds.
    Items,
    /// To a property of an object.
    Property(usize),
}

/// The property at the end of a way.
pub fn dig<'a>(property: &'a Property, way: &[Hop]) -> Option<&'a Property> {
    way.iter().try_fold(property, |at, hop| match hop {
        Hop::Items => at.items.as_deref(),
        Hop::Property(index) => at.properties.get(*index),
    })
}

/// The property at the end of a way, to be changed.
pub fn dig_mut<'a>(property: &'a mut Property, way: &[Hop]) -> Option<&'a mut Property> {
    way.iter().try_fold(property, |at, hop| match hop {
        Hop::Items => at.items.as_deref_mut(),
        Hop::Property(index) => at.properties.get_mut(*index),
    })
}

/// The evals file of a prompt that has none, listed in its manifest: with the cases that are there and
/// the first model that can run.
pub fn first_evals(
    files: &Files,
    cases: Option<&str>,
    model: Option<String>,
) -> Result<Changes, EditError> {
    let mut changes = edit::set_gates(files, &[])?;
    if let Some(cases) = cases {
        let now = changed(files, &changes);
        changes.extend(edit::set_cases_file(&now, cases)?);
    }
    if let Some(id) = model {
        let now = changed(files, &changes);
        let options = assay_prompt::Options::default();
        changes.extend(edit::set_models(&now, &[EvalModel { id, options }])?);
    }
    Ok(changes)
}

/// The files as they are once changes are made.
fn changed(files: &Files, changes: &Changes) -> Files {
    let mut now = files.clone();
    for (name, text) in changes {
        match text {
            Some(text) => drop(now.insert(name.clone(), text.clone())),
            None => drop(now.remove(name)),
        }
    }
    now
}

#[cfg(test)]
mod tests;
