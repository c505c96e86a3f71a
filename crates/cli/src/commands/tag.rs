//! `assay tag`: tags listed, made and deleted.

use assay_app::App;
use assay_wire::{ApiError, EditTag, ReadBranches};
use serde_json::json;

use super::short;
use crate::arguments::Tag;
use crate::exit::Exit;
use crate::output::{Output, table};

pub(crate) fn execute(app: &App, arguments: &Tag, output: &Output) -> Result<Exit, ApiError> {
    let view = match arguments.name.clone() {
        None => app.call(ReadBranches {})?,
        Some(name) if arguments.delete => app.call(EditTag::Delete { name })?,
        Some(name) => app.call(EditTag::Create {
            name,
            at: arguments.at.clone(),
            message: arguments.message.clone(),
        })?,
    };
    let tags: Vec<_> = view
        .tags
        .iter()
        .map(|tag| json!({"name": tag.name, "commit": tag.commit.id, "message": tag.message}))
        .collect();
    output.show(&json!({"schema": "assay.tag/1", "tags": tags}), || {
        let row = |tag: &assay_wire::TagView| {
            let says = tag.message.clone().unwrap_or_else(|| tag.commit.summary.clone());
            vec![tag.name.clone(), short(&tag.commit.id).to_owned(), says]
        };
        table(&view.tags.iter().map(row).collect::<Vec<_>>())
    })?;
    Ok(Exit::Done)
}
