//! A variant's file: its template, model, options and the texts about it.

use assay_prompt::{Property, Variant};

use super::values::{maps, text};
use super::{In, counted, item, words};
use crate::change::{ChangeItem, Side, Subject, What};
use crate::source::references;

/// What a variant that is there on one side only is called, and the line about it.
pub(super) fn whole<'a>(side: &'a Side, name: &'a str, done: &str) -> (&'a str, String) {
    let Some(variant) = in_file(side, name) else {
        return (name, format!("{name} {done}, not listed as a variant"));
    };
    let mut summary = format!("variant {} {done}", variant.id);
    if done == "added" {
        let length = counted(body(side, variant).split_whitespace().count(), "word");
        summary.push_str(&format!(": {length} in the template"));
        if let Some(model) = &variant.model.id {
            summary.push_str(&format!(", model {model}"));
        }
    }
    (&variant.id, summary)
}

/// What changed in a variant; nothing when either side has none in that file or means the same.
pub(super) fn edited(old: In<'_>, new: In<'_>) -> Option<ChangeItem> {
    let before = in_file(old.0, old.1)?;
    let after = in_file(new.0, new.1)?;
    let mut details = Vec::new();
    if before.id != after.id {
        details.push(format!("id {} -> {}", before.id, after.id));
    }
    details.extend(template(body(old.0, before), body(new.0, after)));
    details.extend(model(before, after));
    details.extend(about(before, after));
    details.extend(schema("inputs", &before.inputs, &after.inputs, old, new));
    details.extend(schema("outputs", &before.outputs, &after.outputs, old, new));
    if before.tools != after.tools {
        details.push("tools edited".to_owned());
    }
    if details.is_empty() {
        details.extend(front_matter(old, before, new, after));
    }
    let id = &after.id;
    let summary = format!("{id}: {}", details.join("; "));
    (!details.is_empty()).then(|| item(What::Edited, Subject::Variant, id, summary))
}

/// The first variant that is kept in the file.
fn in_file<'a>(side: &'a Side, name: &str) -> Option<&'a Variant> {
    side.prompt.variants.iter().find(|variant| variant.file == name)
}

fn body<'a>(side: &'a Side, variant: &Variant) -> &'a str {
    let span = variant.body_span;
    side.files
        .get(&variant.file)
        .and_then(|text| text.get(span.start..span.end))
        .unwrap_or_default()
}

fn head<'a>(side: &'a Side, variant: &Variant) -> &'a str {
    side.files
        .get(&variant.file)
        .and_then(|text| text.get(..variant.body_span.start))
        .unwrap_or_default()
}

fn template(old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let change = words(old, new).unwrap_or_else(|| "spacing changed".to_owned());
    // Whoever reads that words came and went should know which only stand elsewhere.
    let moved = match assay_text::moves(old, new).len() {
        0 => String::new(),
        passages => format!(", {} moved", counted(passages, "passage")),
    };
    Some(format!("{change} in the template{moved}"))
}

fn model(old: &Variant, new: &Variant) -> Vec<String> {
    let (old, new) = (&old.model, &new.model);
    let mut details = Vec::new();
    details.extend(text("model", old.id.as_deref(), new.id.as_deref()));
    details.extend(text("provider", old.provider.as_deref(), new.provider.as_deref()));
    details.extend(text("API type", old.api_type.as_deref(), new.api_type.as_deref()));
    details.extend(maps(&old.options.0, &new.options.0));
    details
}

fn about(old: &Variant, new: &Variant) -> Vec<String> {
    let mut details = Vec::new();
    details.extend(text("name", old.name.as_deref(), new.name.as_deref()));
    details.extend(text("display name", old.display_name.as_deref(), new.display_name.as_deref()));
    if old.description != new.description {
        details.push("description edited".to_owned());
    }
    details
}

/// A schema that the variant holds itself; one in a file of its own is told there.
fn schema(
    name: &str,
    old: &[Property],
    new: &[Property],
    before: In<'_>,
    after: In<'_>,
) -> Option<String> {
    let shared = |(side, file): In<'_>| {
        let text = side.files.get(file).map_or("", String::as_str);
        shared_schema(text, name).map(str::to_owned)
    };
    let (from, to) = (shared(before), shared(after));
    if from != to {
        return text(&format!("{name} file"), from.as_deref(), to.as_deref());
    }
    (from.is_none() && old != new).then(|| format!("{name} edited"))
}

/// The file that a variant's text takes its `inputs` or `outputs` from.
pub(super) fn shared_schema<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':'))
    })?;
    references(line).next()
}

/// Keys that carry no meaning here, and comments.
fn front_matter(old: In<'_>, before: &Variant, new: In<'_>, after: &Variant) -> Option<String> {
    let (old, new) = (head(old.0, before), head(new.0, after));
    if old == new {
        return None;
    }
    let change = words(old, new).unwrap_or_else(|| "spacing changed".to_owned());
    Some(format!("{change} in the front matter"))
}

#[cfg(test)]
mod tests {
    use super::{shared_schema, template};

    #[test]
    fn a_passage_that_only_moved_is_told_as_that() {
        let old = "Never promise a refund to anybody.\nBe brief.\nName the queue.\n";
        let new = "Be brief.\nName the queue.\nNever promise a refund to anybody.\n";
        let told = template(old, new);
        let expected = "5 words added, 5 removed in the template, 1 passage moved";
        assert_eq!(told.as_deref(), Some(expected));
        assert_eq!(template(old, old), None);
    }

    #[test]
    fn a_schema_kept_in_its_own_file_is_recognised() {
        let text = "---\ninputs: ${file:in.yaml}\noutputs:\n  - name: a\n---\n${file:no.yaml}";
        assert_eq!(shared_schema(text, "inputs"), Some("in.yaml"));
        assert_eq!(shared_schema(text, "outputs"), None);
        assert_eq!(shared_schema(text, "tools"), None);
    }
}
