//! dotprompt in and out: `.prompt` files, Handlebars with a front matter.
//!
//! The way in: `document` cuts the file, `picoschema` reads its schemas, `handlebars` its template,
//! `convert` turns that into pieces free of syntax, and `body` writes them as a body of ours. Files
//! `name.variant.prompt` beside each other are the variants of one prompt; `_name.prompt` are
//! partials, taken in where they are used. The way out is `export`.
//!
//! What dotprompt says and this format has no word for is kept under `metadata.dotprompt`.

mod body;
mod convert;
mod document;
mod export;
mod front;
mod handlebars;
mod import;
mod inputs;
mod partials;
mod picoschema;
mod pieces;
mod scope;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::metered::Metered;
use crate::{Format, Import, Refusal, Source};

pub(crate) use export::export;
pub(crate) use import::import;

/// As [`crate::import`] of dotprompt, with the JSON Schemas that the application has registered by
/// name, so that `schema: Recipe` means what it means there.
///
/// # Errors
/// As [`crate::import`].
pub fn import_dotprompt(
    file: &str,
    source: &dyn Source,
    schemas: &BTreeMap<String, Value>,
    ids: &mut dyn FnMut() -> String,
) -> Result<Import, Refusal> {
    let source = Metered::new(source);
    let (drafts, mut notes) = import::import_with(file, &source, schemas)?;
    source.note(&mut notes);
    Ok(Import::new(vec![Format::Dotprompt], drafts, notes, ids))
}

/// White space as JavaScript's `trim` has it.
fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}
