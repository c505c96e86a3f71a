//! The content id of a variant: equal ids give equal messages for every input.
//!
//! Hashed are body, options, tools, schemas, the few-shot rule and the examples it selects (all of
//! them, and the embedding model, where each case gets its nearest); not names, descriptions and
//! metadata, nor what belongs to the suite. The order of keys inside values is part of what is hashed,
//! because it shows in the messages when a map is printed. Pictures and files are read by others, so
//! their bytes are added by [`content_id_with_files`].

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::media::files_always_shown;
use crate::{EMBEDDER, Options, Prompt, Property, Row, Select, Variant, render};

/// Names the canonical form itself: whoever changes it changes this.
const FORM: &str = "assay/content/1";

/// That of a variant whose examples or defaults show files.
const FORM_WITH_FILES: &str = "assay/content/1+files";

pub(crate) fn of(prompt: &Prompt, variant: &Variant) -> String {
    let canonical = json!({
        "form": FORM,
        "body": variant.template.source.replace("\r\n", "\n"),
        "options": sorted(&variant.model.options),
        "tools": variant.tools,
        "inputs": schema(&variant.inputs),
        "outputs": schema(&variant.outputs),
        "fewShot": few_shot(prompt, variant),
    });
    digest(canonical.to_string().as_bytes())
}

/// The content id of a variant together with the pictures and files that its examples and its inputs' defaults show, read
/// by `bytes`; of a variant that shows none, its own. A file that is not there counts as that.
///
/// [`Variant::content_id`] comes from texts alone, and names files by their paths.
pub fn content_id_with_files<'f>(
    prompt: &Prompt,
    variant: &Variant,
    bytes: impl Fn(&str) -> Option<&'f [u8]>,
) -> String {
    let files = files_always_shown(prompt, variant);
    if files.is_empty() {
        return variant.content_id.clone();
    }
    let read = |path: &String| (path.clone(), bytes(path).map(digest));
    let digests: BTreeMap<_, _> = files.iter().map(read).collect();
    let canonical =
        json!({"form": FORM_WITH_FILES, "variant": variant.content_id, "files": digests});
    digest(canonical.to_string().as_bytes())
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Options are looked up by name, so their order means nothing.
fn sorted(options: &Options) -> Map<String, Value> {
    let mut entries: Vec<_> = options.0.clone().into_iter().collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.into_iter().collect()
}

fn schema(properties: &[Property]) -> Value {
    json!(properties)
}

fn few_shot(prompt: &Prompt, variant: &Variant) -> Value {
    let Some(few_shot) = &prompt.few_shot else {
        return Value::Null;
    };
    let shown = render::selected(prompt, variant);
    let rows: Vec<Value> = shown
        .into_iter()
        .map(|row: &Row| json!([row.input, render::answer(row, &few_shot.assistant)]))
        .collect();
    json!({
        "input": few_shot.input,
        "user": few_shot.user,
        "nearest": match variant.select {
            Select::Nearest(count) => json!([count, EMBEDDER]),
            _ => Value::Null,
        },
        "rows": rows,
    })
}
