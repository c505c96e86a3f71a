//! The starter repositories, shipped inside the program.

use assay_wire::{ApiError, Code, TemplateView};
use include_dir::{Dir, DirEntry, include_dir};

use crate::environment::new_id;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../templates");

/// Stands in a template wherever a new repository gets a permanent id of its own.
const PLACEHOLDER: &str = "00000000000000000000000000";

/// The folder of the built-in judge prompts, which are no repository.
const JUDGES: &str = "judges";

/// Every template, by name.
pub(crate) fn list() -> Vec<TemplateView> {
    let mut templates: Vec<_> = TEMPLATES
        .dirs()
        .filter(|dir| name_of(dir) != JUDGES)
        .map(|dir| TemplateView { name: name_of(dir), about: about(dir) })
        .collect();
    templates.sort_by(|a, b| a.name.cmp(&b.name));
    templates
}

/// The files of a template, with fresh ids in them.
pub(crate) fn files(name: &str) -> Result<Vec<(String, Vec<u8>)>, ApiError> {
    let dir = TEMPLATES.get_dir(name).filter(|_| name != JUDGES).ok_or_else(|| {
        let known: Vec<_> = list().into_iter().map(|t| t.name).collect();
        ApiError::new(Code::NotFound, format!("there is no template `{name}`"))
            .hint(format!("Templates: {}.", known.join(", ")))
    })?;
    let mut files = Vec::new();
    collect(dir, dir, &mut files);
    files.sort();
    Ok(files)
}

fn collect(root: &Dir<'_>, dir: &Dir<'_>, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(root, inner, files),
            DirEntry::File(file) => {
                let path = file.path().strip_prefix(root.path()).unwrap_or(file.path());
                // Git wants forward slashes, whatever system this was built on.
                let path = path.display().to_string().replace('\\', "/");
                files.push((path, with_fresh_ids(file.contents())));
            }
        }
    }
}

fn with_fresh_ids(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => fresh(text).into_bytes(),
        Err(_) => bytes.to_owned(),
    }
}

/// A text with a fresh id in every place that is for one.
pub(crate) fn fresh(text: &str) -> String {
    let mut parts = text.split(PLACEHOLDER);
    let mut fresh = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        fresh.push_str(&new_id());
        fresh.push_str(part);
    }
    fresh
}

fn name_of(dir: &Dir<'_>) -> String {
    dir.path().display().to_string()
}

/// The first paragraph of the template's README below its title.
fn about(dir: &Dir<'_>) -> String {
    let readme = dir.get_file(dir.path().join("README.md")).and_then(|f| f.contents_utf8());
    readme
        .unwrap_or_default()
        .split("\n\n")
        .find(|p| !p.trim().is_empty() && !p.trim_start().starts_with('#'))
        .map(|p| {
            p.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(':').to_owned()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_says_what_it_is_for() {
        let templates = list();
        assert!(templates.iter().any(|t| t.name == "support-triage"));
        for template in templates {
            assert!(!template.about.is_empty(), "{} has no README to say so", template.name);
        }
    }

    #[test]
    fn two_repositories_of_one_template_have_different_ids() {
        let config = |files: Vec<(String, Vec<u8>)>| {
            files.into_iter().find(|(path, _)| path == "assay.yaml").expect("has one").1
        };
        let first = config(files("support-triage").expect("exists"));
        let second = config(files("support-triage").expect("exists"));
        assert_ne!(first, second);
    }

    #[test]
    fn an_unknown_template_names_the_known_ones() {
        let error = files("nope").expect_err("there is none");
        assert!(error.hints[0].contains("support-triage"), "{error:?}");
    }
}
