//! What surrounds the variants: the manifest, shared schemas, evals and the repository's settings.

use std::collections::BTreeMap;

use assay_prompt::{
    EvalModel, Evals, FewShot, GateSpec, MANIFEST_FILE, Prompt, Property, REPOSITORY_FILE,
    RepositoryConfig, Select, codes, parse_repository,
};
use serde_json::{Map, Value};

use super::values::{maps, records, text, value};
use super::variant::shared_schema;
use super::{In, item};
use crate::change::{ChangeItem, Subject, What};

/// What changed in `prompt.yaml`; nothing when it means the same.
pub(super) fn manifest(old: &Prompt, new: &Prompt) -> Option<ChangeItem> {
    let mut details = Vec::new();
    details.extend(text("id", old.id.as_deref(), new.id.as_deref()));
    details.extend(columns(old, new));
    details.extend(selections(old, new));
    details.extend(few_shot(old.few_shot.as_ref(), new.few_shot.as_ref()));
    details.extend(text("evals", old.evals.file.as_deref(), new.evals.file.as_deref()));
    whole_file(Subject::Manifest, MANIFEST_FILE, &details)
}

fn whole_file(subject: Subject, file: &str, details: &[String]) -> Option<ChangeItem> {
    let summary = format!("{file}: {}", details.join("; "));
    (!details.is_empty()).then(|| item(What::Edited, subject, file, summary))
}

fn columns(old: &Prompt, new: &Prompt) -> Vec<String> {
    let ids = |prompt: &Prompt| -> Vec<String> {
        let ids = prompt.variants.iter();
        ids.map(|variant| variant.id.clone()).collect()
    };
    names("variant", &ids(old), &ids(new))
}

/// Names added to and removed from a list, or that its order changed.
fn names(noun: &str, old: &[String], new: &[String]) -> Vec<String> {
    let without = |list: &[String], other: &[String], done: &str| -> Vec<String> {
        list.iter()
            .filter(|name| !other.contains(name))
            .map(|name| format!("{noun} {name} {done}"))
            .collect()
    };
    let mut details = without(new, old, "added");
    details.extend(without(old, new, "removed"));
    if details.is_empty() && old != new {
        details.push(format!("{noun}s in the order {}", new.join(", ")));
    }
    details
}

fn selections(old: &Prompt, new: &Prompt) -> Vec<String> {
    new.variants
        .iter()
        .filter_map(|after| {
            let before = old.variant(&after.id)?;
            let differs = before.select != after.select;
            // A variant without a choice of its own follows the prompt's, which is told once.
            let follows = |prompt: &Prompt, select| {
                prompt.few_shot.as_ref().map(|few_shot| &few_shot.select) == Some(select)
            };
            let both_follow = follows(old, &before.select) && follows(new, &after.select);
            (differs && !both_follow).then(|| {
                let (was, is) = (shown(&before.select), shown(&after.select));
                format!("examples shown by {}: {was} -> {is}", after.id)
            })
        })
        .collect()
}

fn shown(select: &Select) -> String {
    match select {
        Select::All => "all".to_owned(),
        Select::First(count) => format!("first {count}"),
        Select::Ids(ids) => ids.join(" "),
        Select::Nearest(count) => format!("nearest {count}"),
        Select::None => "none".to_owned(),
    }
}

fn few_shot(old: Option<&FewShot>, new: Option<&FewShot>) -> Vec<String> {
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (None, Some(_)) => return vec!["few-shot examples added".to_owned()],
        (Some(_), None) => return vec!["few-shot examples removed".to_owned()],
        (None, None) => return Vec::new(),
    };
    let fields = |rule: &FewShot| {
        [
            ("input", rule.input.clone()),
            ("file", rule.file.clone()),
            ("select", shown(&rule.select)),
            ("user", rule.user.clone()),
            ("assistant", rule.assistant.clone()),
        ]
    };
    fields(old)
        .iter()
        .zip(fields(new))
        .filter_map(|((name, was), (_, is))| {
            text(&format!("few-shot {name}"), Some(was), Some(&is))
        })
        .collect()
}

/// What changed in a schema that variants share.
pub(super) fn schema(old: In<'_>, new: In<'_>) -> Vec<ChangeItem> {
    let mut items = Vec::new();
    for noun in ["input", "output"] {
        if let (Some(before), Some(after)) = (shared(old, noun), shared(new, noun)) {
            items.extend(properties(noun, before, after));
        }
    }
    items
}

/// The properties that a file gives to the first variant that takes it as its inputs or outputs.
fn shared<'a>((side, file): In<'a>, noun: &str) -> Option<&'a [Property]> {
    let variant = side.prompt.variants.iter().find(|variant| {
        let text = side.files.get(&variant.file).map_or("", String::as_str);
        shared_schema(text, &format!("{noun}s")) == Some(file)
    })?;
    Some(if noun == "input" { &variant.inputs } else { &variant.outputs })
}

fn properties(noun: &str, old: &[Property], new: &[Property]) -> Vec<ChangeItem> {
    by_name(
        (Subject::Schema, noun),
        &old.iter().map(|p| (p.name.clone(), p)).collect(),
        &new.iter().map(|p| (p.name.clone(), p)).collect(),
    )
}

/// Records matched by name: those added, removed, and edited with their fields.
fn by_name<T: serde::Serialize>(
    (subject, noun): (Subject, &str),
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
) -> Vec<ChangeItem> {
    let mut items = Vec::new();
    for (name, after) in new {
        let Some(before) = old.get(name) else {
            items.push(item(What::Added, subject, name, format!("{noun} {name} added")));
            continue;
        };
        let details = records(before, after);
        if !details.is_empty() {
            let summary = format!("{noun} {name}: {}", details.join(", "));
            items.push(item(What::Edited, subject, name, summary));
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        items.push(item(What::Removed, subject, name, format!("{noun} {name} removed")));
    }
    items
}

/// What changed in `evals.yaml`.
pub(super) fn evals(old: &Evals, new: &Evals) -> Vec<ChangeItem> {
    let scorers = |evals: &Evals| {
        let scorers = evals.scorers.iter();
        scorers.map(|scorer| (scorer.id.clone(), scorer.clone())).collect()
    };
    let mut items = by_name((Subject::Evals, "scorer"), &scorers(old), &scorers(new));
    items.extend(by_name((Subject::Evals, "model"), &models(&old.models), &models(&new.models)));
    items.extend(by_name((Subject::Evals, "gate"), &gates(&old.gates), &gates(&new.gates)));
    let repeat = value("repeat", Some(&old.repeat.into()), Some(&new.repeat.into()));
    items.extend(repeat.map(|summary| item(What::Edited, Subject::Evals, "repeat", summary)));
    items
}

fn models(models: &[EvalModel]) -> BTreeMap<String, EvalModel> {
    models.iter().map(|model| (model.id.clone(), model.clone())).collect()
}

/// Gates have no ids: they are told apart by what they hold and the rows they look at.
fn gates(gates: &[GateSpec]) -> BTreeMap<String, GateSpec> {
    gates
        .iter()
        .map(|gate| {
            let held = gate.scorer.as_ref().or(gate.metric.as_ref());
            let mut name = held.cloned().unwrap_or_default();
            if !gate.tags.is_empty() {
                name = format!("{name} ({})", gate.tags.join(", "));
            }
            if gate.non_inferior.is_some() {
                name.push_str(" against the base");
            }
            (name, gate.clone())
        })
        .collect()
}

/// What changed in `assay.yaml`; nothing when it means the same.
pub(super) fn repository(old: &str, new: &str) -> Vec<ChangeItem> {
    let (old, old_problems) = parse_repository(old);
    let (new, new_problems) = parse_repository(new);
    // What cannot be read parses to the defaults, which nobody wrote.
    if old_problems.iter().chain(&new_problems).any(|problem| problem.code == codes::BAD_YAML) {
        return Vec::new();
    }
    let mut details = Vec::new();
    details.extend(text("id", old.id.as_deref(), new.id.as_deref()));
    details.extend(names("folder", &old.prompts, &new.prompts));
    let aliases = maps(&aliases(&old), &aliases(&new));
    details.extend(aliases.into_iter().map(|detail| format!("model {detail}")));
    details.extend(maps(&old.options.0, &new.options.0));
    whole_file(Subject::Repository, REPOSITORY_FILE, &details).into_iter().collect()
}

fn aliases(config: &RepositoryConfig) -> Map<String, Value> {
    config.models.iter().map(|(alias, id)| (alias.clone(), Value::String(id.clone()))).collect()
}
