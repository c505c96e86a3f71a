//! Prompts as `.prompt` files: one for each variant, refused where Handlebars has no exact word.

mod expr;
mod front;
mod template;

use assay_prompt::{Files, Prompt, Variant};
use serde_json::{Map, Value};

use super::import::DEFAULT_VARIANT;
use crate::report::Names;
use crate::yaml::{self, Dialect};
use crate::{Export, Notes, Refusal};

/// Writes every variant of `prompt`.
///
/// # Errors
/// [`Refusal`] that names the construct and its line.
pub(crate) fn export(prompt: &Prompt, files: &Files) -> Result<Export, Refusal> {
    let mut notes = Notes::default();
    let mut export = Export::default();
    let mut names = Names::default();
    for variant in &prompt.variants {
        let text = files.get(&variant.file).map_or("", String::as_str);
        let metadata = metadata(&variant.file, text);
        if variant.template.source.contains("{#") {
            notes.left_out(&variant.file, "comments", "only what reaches the model is written");
        }
        let body = template::write(prompt, variant, text, &mut notes)?;
        let front = front::write(prompt, variant, metadata, &mut notes);
        let text = match front.is_empty() {
            true => body,
            false => format!("---\n{}---\n{body}", yaml::write(&Value::Object(front))),
        };
        let name = names.file(&stem(prompt, variant), ".prompt", &variant.file, &mut notes);
        export.files.insert(name, text);
    }
    note_rest(prompt, &mut notes);
    export.notes = notes.list().to_vec();
    Ok(export)
}

/// The file's name without its end: `name`, or `name.variant` where there are several.
fn stem(prompt: &Prompt, variant: &Variant) -> String {
    let plain = |name: &str| name.replace(['.', '/', '\\'], "-");
    let name = plain(&prompt.name);
    if prompt.variants.len() == 1 || variant.id == DEFAULT_VARIANT {
        return name;
    }
    format!("{name}.{}", plain(&variant.id))
}

/// `metadata` of a variant's front matter.
fn metadata(file: &str, text: &str) -> Map<String, Value> {
    let inner = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---"));
    let read = inner.and_then(|(front, _)| yaml::read(file, front, 2, Dialect::Core).ok());
    match read.map(|document| document.get("/metadata").clone()) {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    }
}

/// What a prompt has and dotprompt has no place for.
fn note_rest(prompt: &Prompt, notes: &mut Notes) {
    let place = prompt.name.as_str();
    let evals = &prompt.evals;
    if !prompt.cases.rows.is_empty() {
        notes.left_out(place, "cases", "dotprompt has no place for them");
    }
    if !(evals.scorers.is_empty() && evals.models.is_empty() && evals.gates.is_empty()) {
        notes.left_out(place, "models, scorers and gates", "dotprompt has no place for them");
    }
}
