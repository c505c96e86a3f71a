//! Prompts and variants come, go and change their names.

use assay_prompt::edit::{self, EditError};
use assay_prompt::{Files, Select, parse_folder, parse_lone};

use super::{after, line_changes};
use crate::sample::files;

fn columns(files: &Files) -> Vec<String> {
    let prompt = parse_folder("p", files);
    prompt.variants.iter().map(|variant| variant.id.clone()).collect()
}

#[test]
fn a_new_prompt_has_nothing_to_find_and_says_something() {
    for name in ["summarize", "yes", "a: b # c", "Zusammenfassung \"kurz\""] {
        let files = edit::new_prompt(name, "01J8ZQ4V7N");
        let prompt = parse_folder(name, &files);
        assert_eq!(prompt.diagnostics, [], "{files:#?}");
        assert_eq!(prompt.id.as_deref(), Some("01J8ZQ4V7N"));
        assert_eq!(prompt.variants[0].name.as_deref(), Some(name));
        let rendered = assay_prompt::render(&prompt, &prompt.variants[0], &prompt.cases.rows[0]);
        assert_eq!(rendered.unwrap().messages.len(), 2);
        assert!(!prompt.evals.scorers.is_empty());
    }
}

#[test]
fn a_new_variant_uses_what_the_others_use() {
    let files = files();
    let edited = after(&files, edit::add_variant(&files, "terse").unwrap());
    assert_eq!(columns(&edited), ["baseline", "policy-first", "terse"]);
    let found = parse_folder("p", &edited).diagnostics;
    assert_eq!(found, parse_folder("p", &files).diagnostics, "{}", edited["terse.prompty"]);
    let (new, gone) = line_changes(&files["prompt.yaml"], &edited["prompt.yaml"]);
    assert_eq!(new, ["  - {id: terse, file: terse.prompty}"]);
    assert_eq!(gone, [""; 0]);
}

#[test]
fn a_copy_stands_right_of_its_source_with_the_same_examples() {
    let files = files();
    let changes = edit::duplicate_variant(&files, "policy-first", "policy-2").unwrap();
    let edited = after(&files, changes);
    assert_eq!(edited["policy-2.prompty"], files["policy-first.prompty"]);
    assert_eq!(parse_folder("p", &edited).variant("policy-2").unwrap().select, Select::First(1));

    let edited = after(&edited, edit::duplicate_variant(&edited, "baseline", "b2").unwrap());
    assert_eq!(columns(&edited), ["baseline", "b2", "policy-first", "policy-2"]);
}

#[test]
fn a_renamed_variant_keeps_its_column_its_comment_and_its_text() {
    let mut files = files();
    let manifest = files.get_mut("prompt.yaml").unwrap();
    *manifest = manifest.replace("baseline.prompty}", "baseline.prompty} # since May");
    let edited = after(&files, edit::rename_variant(&files, "baseline", "Baseline").unwrap());
    assert_eq!(columns(&edited), ["Baseline", "policy-first"]);
    assert_eq!(edited["Baseline.prompty"], files["baseline.prompty"]);
    assert!(!edited.contains_key("baseline.prompty"));
    let (new, gone) = line_changes(&files["prompt.yaml"], &edited["prompt.yaml"]);
    assert_eq!(new, ["  - {id: Baseline, file: Baseline.prompty} # since May"]);
    assert_eq!(gone.len(), 1);
}

#[test]
fn judges_of_pairs_follow_a_renamed_baseline() {
    let mut files = files();
    let evals = files.get_mut("evals.yaml").unwrap();
    let judge =
        "  - {id: duel, type: pairwise, model: a/b, baseline: baseline} # the one to beat\n";
    *evals = evals.replacen("scorers:\n", &format!("scorers:\n{judge}"), 1);
    assert!(evals.contains(judge), "the sample has a list of scorers: {evals}");
    let edited = after(&files, edit::rename_variant(&files, "baseline", "plain").unwrap());
    let (new, gone) = line_changes(&files["evals.yaml"], &edited["evals.yaml"]);
    assert_eq!(new, [judge.trim_end().replace("baseline: baseline", "baseline: plain")]);
    assert_eq!(gone.len(), 1);
    let other = edit::rename_variant(&files, "policy-first", "policy").unwrap();
    assert!(!other.contains_key("evals.yaml"), "another variant is nobody's baseline");
}

#[test]
fn an_evals_file_that_cannot_be_read_keeps_no_variant_from_a_new_name() {
    let mut files = files();
    files.insert("evals.yaml".to_owned(), "scorers: [".to_owned());
    let renamed = edit::rename_variant(&files, "baseline", "plain").unwrap();
    assert!(!renamed.contains_key("evals.yaml"));
}

#[test]
fn a_file_that_is_shared_or_named_otherwise_stays_when_its_variant_changes() {
    let mut files = files();
    let manifest = files.get_mut("prompt.yaml").unwrap();
    *manifest = manifest.replace("policy-first.prompty", "baseline.prompty");
    let renamed = edit::rename_variant(&files, "baseline", "other").unwrap();
    assert_eq!(renamed.keys().collect::<Vec<_>>(), ["prompt.yaml"]);
    let removed = edit::remove_variant(&files, "baseline").unwrap();
    assert_eq!(removed.keys().collect::<Vec<_>>(), ["prompt.yaml"]);
}

#[test]
fn a_removed_variant_takes_its_file_along_and_the_last_one_stays() {
    let files = files();
    let edited = after(&files, edit::remove_variant(&files, "baseline").unwrap());
    assert_eq!(columns(&edited), ["policy-first"]);
    assert!(!edited.contains_key("baseline.prompty"));
    let error = edit::remove_variant(&edited, "policy-first").unwrap_err();
    assert_eq!(error, EditError::LastVariant { id: "policy-first".into() });
}

#[test]
fn ids_that_are_taken_unknown_or_no_file_name_are_refused() {
    let files = files();
    let taken = EditError::VariantExists { id: "baseline".into() };
    assert_eq!(edit::add_variant(&files, "baseline"), Err(taken.clone()));
    assert_eq!(edit::rename_variant(&files, "policy-first", "baseline"), Err(taken));
    let unknown = EditError::NoVariant { id: "x".into() };
    assert_eq!(edit::duplicate_variant(&files, "x", "y"), Err(unknown));
    for name in ["", "a/b", "..", "nul", "con.x", " a", &"x".repeat(81)] {
        let error = edit::add_variant(&files, name).unwrap_err();
        assert!(matches!(error, EditError::BadName { .. }), "{name:?}: {error}");
    }
    let error = edit::add_variant(&files, "BASELINE").unwrap_err();
    assert_eq!(error, EditError::FileExists { file: "baseline.prompty".into() });
}

#[test]
fn a_copied_prompt_differs_in_its_id_alone() {
    let files = files();
    let copy = edit::duplicate_prompt(&files, "01NEW").unwrap();
    let (new, gone) = line_changes(&files["prompt.yaml"], &copy["prompt.yaml"]);
    assert_eq!((new, gone.len()), (vec!["id: 01NEW".to_owned()], 1));
    let rest = |files: &Files| -> Files {
        files.clone().into_iter().filter(|(name, _)| name != "prompt.yaml").collect()
    };
    assert_eq!(rest(&files), rest(&copy));

    let mut without = files.clone();
    without.insert("prompt.yaml".into(), "format: assay/1\nvariants: []\n".into());
    let copy = edit::duplicate_prompt(&without, "01NEW").unwrap();
    assert_eq!(copy["prompt.yaml"], "format: assay/1\nid: 01NEW\nvariants: []\n");
}

#[test]
fn a_lone_file_becomes_a_prompt_of_the_same_variant() {
    let text = "---\nname: x\n---\nuser:\nhi\n".to_owned();
    let files = Files::from([("ask: me.prompty".to_owned(), text)]);
    let changes = edit::manifest_for_lone("ask: me.prompty", &files, "01J8").unwrap();
    assert_eq!(
        changes["prompt.yaml"].as_deref(),
        Some(
            "format: assay/1\nid: 01J8\nvariants:\n  - {id: \"ask: me\", file: \"ask: me.prompty\"}\n"
        )
    );
    let error = edit::manifest_for_lone("x.prompty", &files, "01J8").unwrap_err();
    assert_eq!(error, EditError::NoFile { file: "x.prompty".into() });

    let files = Files::from([("ask.prompty".to_owned(), files["ask: me.prompty"].clone())]);
    let lone = parse_lone("ask", "ask.prompty", &files);
    let edited = after(&files, edit::manifest_for_lone("ask.prompty", &files, "01J8").unwrap());
    let prompt = parse_folder("ask", &edited);
    assert_eq!(prompt.diagnostics, []);
    assert_eq!(prompt.variants[0].content_id, lone.variants[0].content_id);
}
