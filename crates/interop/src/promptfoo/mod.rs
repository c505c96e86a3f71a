//! promptfoo in and out.
//!
//! Coming in, a configuration with all the files it names becomes one prompt folder: each of its
//! prompts a variant, each provider a model, each case a row, and its assertions scorers. Going out,
//! a prompt becomes a configuration that promptfoo's own schema accepts, with one list of messages
//! for each variant.
//!
//! Nothing of a configuration is run: prompts, tests, values, providers, transforms and assertions
//! that are code stay as references, each noted as "not run". No key or address is read.

mod assertion;
mod cases;
mod chat;
mod context;
mod nunjucks;
mod out;
mod prompts;
mod providers;
mod reference;
mod scorers;
mod settings;
mod table;
mod transform;
mod variants;
mod vars;

use assay_prompt::Row;
use serde_json::{Map, Value, json};

use self::cases::Case;
use self::context::{Context, parse};
pub(crate) use self::out::export;
use self::prompts::PromptText;
use self::providers::Provider;
use crate::{Notes, PromptDraft, Refusal, Source};

pub(crate) fn import(
    file: &str,
    source: &dyn Source,
) -> Result<(Vec<PromptDraft>, Notes), Refusal> {
    let text = source
        .text(file)
        .map_err(|error| Refusal::new(file, "promptfoo configuration", error.to_string()))?;
    let document = parse(file, &text)?;
    let mut context = Context::new(file, source);
    let config = reference::resolve(&document.value, &mut context)?;
    if !config.is_object() {
        let why = "a configuration is a map with `prompts`, `providers` and `tests`";
        return Err(Refusal::new(file, "promptfoo configuration", why));
    }
    let place = |pointer: &str| document.place(pointer);
    settings::note(&config, &place, &mut context);
    let prompts = settings::prompts(&config, &mut context);
    let prompts = prompts::read(&prompts, &mut context, &place)?;
    let providers = providers::read(settings::providers(&config), &mut context, &place)?;
    let cases = cases::read(&config, &document, &mut context)?;
    let mut draft = PromptDraft::named(&name_of(file, source));
    draft.models = providers::models(&providers, &mut context);
    draft.repeat = settings::repeat(&config);
    draft.cases = rows(&cases, &mut context);
    draft.scorers = scorers::read(&cases, &mut draft.cases, &mut context)?;
    variants::add(&mut draft, &prompts, &cases, settings::description(&config), &mut context);
    note_filters(&prompts, &providers, &cases, &mut context);
    Ok((vec![draft], context.notes))
}

/// The folder's name where the file is called as all of them are.
fn name_of(file: &str, source: &dyn Source) -> String {
    let (folder, base) = file.rsplit_once('/').unwrap_or(("", file));
    let stem = base.split('.').next().unwrap_or(base);
    let own = folder.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
    own.or_else(|| source.name()).filter(|_| stem == "promptfooconfig").unwrap_or(stem.to_owned())
}

/// Keys of `metadata` that mean a row's own field here.
const ROW_KEYS: [&str; 8] =
    ["id", "tags", "group", "expected", "conversationId", "references", "contexts", "weight"];

fn rows(cases: &[Case], context: &mut Context) -> Vec<Row> {
    let mut ids = std::collections::BTreeSet::new();
    let mut rows = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let wish = case.metadata.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let fallback = format!("case-{}", at + 1);
        let mut id = wish.unwrap_or(&fallback).to_owned();
        while !ids.insert(id.clone()) {
            id = format!("{id}-{}", at + 1);
        }
        rows.push(row(id, case));
        note_case(case, context);
    }
    rows
}

fn row(id: String, case: &Case) -> Row {
    let text = |key: &str| case.metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    let texts = |key: &str| case.metadata.get(key).and_then(providers::strings).unwrap_or_default();
    let mut row = Row {
        id,
        input: case.vars.clone(),
        expected: case.metadata.get("expected").cloned(),
        tags: texts("tags"),
        group: text("group").or_else(|| text("conversationId")),
        references: texts("references"),
        contexts: texts("contexts"),
        weight: case.metadata.get("weight").and_then(Value::as_f64).filter(|weight| *weight >= 0.0),
        ..Row::default()
    };
    if let Some(description) = case.description.as_ref().filter(|text| **text != row.id) {
        row.extra.insert("description".to_owned(), json!(description));
    }
    let rest: Map<String, Value> = case
        .metadata
        .iter()
        .filter(|(key, _)| !ROW_KEYS.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let kept = [("metadata", rest), ("promptfoo", settings::of_case(case))];
    for (key, map) in kept.into_iter().filter(|(_, map)| !map.is_empty()) {
        row.extra.insert(key.to_owned(), Value::Object(map));
    }
    row
}

/// What a test says that no row can.
fn note_case(case: &Case, context: &mut Context) {
    for key in case.rest.keys() {
        let why = match key.as_str() {
            "threshold" => "a case passes here by its scorers and gates, not by its own limit",
            "prompts" | "providers" => continue,
            "providerOutput" => "outputs come from runs; it is kept in the row",
            _ => "there is no place for it; it is kept in the row",
        };
        context.notes.left_out(&case.place, format!("test.{key}"), why);
    }
    settings::note_options(case, context);
}

/// Filters of prompts and providers: here every variant runs on every model and case.
fn note_filters(
    prompts: &[PromptText],
    providers: &[Provider],
    cases: &[Case],
    context: &mut Context,
) {
    let all = prompts.len() * providers.len() * cases.len();
    let cells = cells(prompts, providers, cases);
    if cells != all {
        let why = format!(
            "filters of prompts and providers let {cells} of {all} cells run there; here all run"
        );
        context.notes.left_out(context.file, "prompts and providers filters", why);
    }
}

/// How many outputs promptfoo asks for.
fn cells(prompts: &[PromptText], providers: &[Provider], cases: &[Case]) -> usize {
    let list = |case: &Case, key: &str| case.rest.get(key).and_then(providers::strings);
    let fits = |prompt: &PromptText, filter: &Option<Vec<String>>| {
        filter.as_ref().is_none_or(|names| names.iter().any(|name| prompt.fits(name)))
    };
    let of_case = |case: &Case| {
        let (by_prompt, by_provider) = (list(case, "prompts"), list(case, "providers"));
        let wanted =
            |provider: &&Provider| by_provider.as_ref().is_none_or(|names| provider.fits(names));
        let counts = providers.iter().filter(wanted).map(|provider| {
            let fitting =
                |prompt: &&PromptText| fits(prompt, &provider.prompts) && fits(prompt, &by_prompt);
            prompts.iter().filter(fitting).count()
        });
        counts.sum::<usize>()
    };
    cases.iter().map(of_case).sum()
}
