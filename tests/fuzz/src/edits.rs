//! Edits and merges of texts that may be anything.

use assay_prompt::merge::{Merged, Sides, merge as merge_file};
use assay_prompt::{Files, edit, parse_folder};

use crate::parts;

/// Structural and form edits of a damaged folder: each gives a whole new text or an error.
pub(crate) fn edits(data: &[u8]) {
    let parts = parts(data);
    let part = |at: usize| parts.get(at).cloned().unwrap_or_default();
    let files: Files = [
        ("prompt.yaml".to_owned(), part(0)),
        ("a.prompty".to_owned(), part(1)),
        ("evals.yaml".to_owned(), part(2)),
        ("inputs.yaml".to_owned(), part(3)),
    ]
    .into();
    let prompt = parse_folder("p", &files);
    let id = prompt.variants.first().map_or("a", |variant| variant.id.as_str()).to_owned();
    let _ = edit::add_variant(&files, "new");
    let _ = edit::duplicate_variant(&files, &id, "copy");
    let _ = edit::rename_variant(&files, &id, "other");
    let _ = edit::remove_variant(&files, &id);
    let _ = edit::set_models(&files, &prompt.evals.models);
    let _ = edit::set_scorers(&files, &prompt.evals.scorers);
    let _ = edit::set_gates(&files, &prompt.evals.gates);
    if let Some(variant) = prompt.variants.first() {
        let _ = edit::set_inputs(&files, &id, &variant.outputs);
        let _ = edit::set_outputs(&files, &id, &variant.inputs);
        let _ = edit::set_options(&files, &id, &variant.model.options);
    }
}

/// Whatever is merged, one side alone always wins.
pub(crate) fn merge(data: &[u8]) {
    let parts = parts(data);
    let part = |at: usize| parts.get(at).map_or("", String::as_str);
    let (base, ours, theirs) = (part(0), part(1), part(2));
    let _ = assay_text::merge(base, ours, theirs);
    assert_eq!(assay_text::merge(base, ours, base).text().as_deref(), Some(ours));
    assert_eq!(assay_text::merge(base, base, theirs).text().as_deref(), Some(theirs));
    assert_eq!(assay_text::merge_words(base, ours, base).text().as_deref(), Some(ours));
    let _ = assay_text::moves(ours, theirs);
    for file in ["a.jsonl", "a.csv", "a.yaml", "a.prompty", "a.txt"] {
        let _ = merge_file(file, Sides { base, ours, theirs }, &[]);
        let alone = merge_file(file, Sides { base, ours, theirs: base }, &[]);
        assert_eq!(alone.as_ref().ok().and_then(Merged::text), Some(ours));
    }
}
