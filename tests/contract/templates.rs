//! Every template is a valid repository whose every case renders in every variant.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assay_prompt::{Files, Prompt, Severity, parse_folder, parse_repository, render};

use crate::{entries, files_beneath, name, read};

fn templates() -> Vec<PathBuf> {
    let is_repository = |path: &PathBuf| path.is_dir() && name(path) != "judges";
    let folders: Vec<_> = entries("templates").into_iter().filter(is_repository).collect();
    assert!(!folders.is_empty(), "there is no template to look at");
    folders
}

/// The prompts of a template: the folders with a `prompt.yaml`.
fn prompts(template: &Path) -> Vec<Prompt> {
    let manifests = files_beneath(template).into_iter().filter(|f| name(f) == "prompt.yaml");
    let prompts: Vec<_> = manifests.map(|f| load(f.parent().expect("a folder"))).collect();
    assert!(!prompts.is_empty(), "{} has no prompt", template.display());
    prompts
}

fn load(folder: &Path) -> Prompt {
    let in_folder = |file: &PathBuf| {
        let path = file.strip_prefix(folder).expect("beneath").to_string_lossy().replace('\\', "/");
        (path, read(file))
    };
    let files: Files = files_beneath(folder).iter().map(in_folder).collect();
    parse_folder(&name(folder), &files)
}

fn prompt(template: &str) -> Prompt {
    prompts(&crate::root().join("templates").join(template)).swap_remove(0)
}

#[test]
fn every_template_parses_without_a_finding() {
    for template in templates() {
        let (config, diagnostics) = parse_repository(&read(template.join("assay.yaml")));
        assert_eq!(diagnostics, [], "{}", template.display());
        assert!(config.id.is_some(), "{} has no id to replace", template.display());
        for prompt in prompts(&template) {
            assert_eq!(prompt.diagnostics, [], "{}", prompt.name);
        }
    }
}

#[test]
fn every_case_renders_in_every_variant() {
    for prompt in templates().iter().flat_map(|template| prompts(template)) {
        for variant in &prompt.variants {
            for case in prompt.run_cases() {
                let rendered = render(&prompt, variant, &case).unwrap_or_else(|finding| {
                    panic!("{}/{} for {}: {}", prompt.name, variant.id, case.id, finding.message)
                });
                assert!(!rendered.messages.is_empty(), "{} renders nothing", case.id);
            }
        }
    }
}

#[test]
fn every_template_is_worth_running() {
    for prompt in templates().iter().flat_map(|template| prompts(template)) {
        assert!(prompt.variants.len() >= 2, "{} has nothing to compare", prompt.name);
        assert!(!prompt.evals.scorers.is_empty(), "{} measures nothing", prompt.name);
        assert!(!prompt.examples.rows.is_empty(), "{} shows no example", prompt.name);
        let judged = prompt.cases.rows.iter().all(|case| {
            case.expected.is_some() || case.output.is_some() || !case.references.is_empty()
        });
        assert!(judged, "{} has a case without anything to judge it by", prompt.name);
    }
}

#[test]
fn no_two_rows_share_an_id() {
    for prompt in templates().iter().flat_map(|template| prompts(template)) {
        let rows: Vec<_> = prompt.cases.rows.iter().chain(&prompt.examples.rows).collect();
        let ids: BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
        assert_eq!(ids.len(), rows.len(), "{}", prompt.name);
    }
}

#[test]
fn no_example_gives_a_case_away() {
    for prompt in templates().iter().flat_map(|template| prompts(template)) {
        for example in &prompt.examples.rows {
            let twin = prompt.cases.rows.iter().find(|case| case.input == example.input);
            assert!(twin.is_none(), "{}: {} is also a case", prompt.name, example.id);
        }
    }
}

#[test]
fn the_sample_is_large_enough_to_learn_from_and_its_first_run_small_enough_to_wait_for() {
    let triage = prompt("support-triage");
    assert!(triage.cases.rows.len() >= 40, "{} cases", triage.cases.rows.len());
    let smoke = triage.cases.rows.iter().filter(|case| case.tags.iter().any(|tag| tag == "smoke"));
    assert_eq!(smoke.count(), 6);
    for model in &triage.evals.models {
        assert_eq!(model.options.integer("maxOutputTokens"), Some(60), "{}", model.id);
    }
}

#[test]
fn an_error_in_a_template_would_be_found() {
    let files = Files::from([("prompt.yaml".to_owned(), "variants: [".to_owned())]);
    let broken = parse_folder("broken", &files);
    assert!(broken.diagnostics.iter().any(|d| d.severity == Severity::Error));
}

#[test]
fn every_judge_prompt_is_checked_without_a_finding_and_declares_its_answer() {
    let judges: Vec<Prompt> =
        entries("templates/judges").iter().map(|folder| load(folder)).collect();
    assert!(judges.len() > 10, "{}", judges.len());
    for judge in judges {
        assert_eq!(judge.diagnostics, [], "{}", judge.name);
        assert!(!judge.variants[0].outputs.is_empty(), "{}", judge.name);
    }
}
