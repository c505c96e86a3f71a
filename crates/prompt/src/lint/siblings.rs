//! What only shows beside the other prompts of a repository.

use std::collections::BTreeMap;

use crate::fix::{Edit, Fix};
use crate::manifest::MANIFEST_FILE;
use crate::{Diagnostic, Span, codes};

/// Finds prompts that have the permanent id of one before them, given each one's key, id and where
/// the id stands. For each its place in the list and the finding in its own manifest.
///
/// Evidence and reviews name a prompt by its id, so those of one would count for the other.
pub fn shared_ids(prompts: &[(&str, &str, Span)]) -> Vec<(usize, Diagnostic)> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, (key, id, span)) in prompts.iter().enumerate() {
        match first.get(id) {
            Some(other) => found.push((at, shared_with(other, *span))),
            None => {
                first.insert(id, key);
            }
        }
    }
    found
}

fn shared_with(other: &str, span: Span) -> Diagnostic {
    let message = format!("this prompt has the permanent id of {other}");
    let edit = Edit::fresh_id(MANIFEST_FILE, span, "", "");
    Diagnostic::error(codes::SHARED_ID, MANIFEST_FILE, span, message)
        .with_hint("the copy of the two needs an id of its own; the first keeps its history")
        .with_fix(Fix::offered("Give this prompt an id of its own", vec![edit]))
}
