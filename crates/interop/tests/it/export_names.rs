//! Names of exported files: two are never one, whatever the variants are called.

use assay_interop::{Format, export};
use assay_prompt::{Files, parse_folder};

/// A prompt with an example and variants of these ids.
fn prompt(ids: &[&str]) -> Files {
    let file = |at: usize| format!("v{at}.prompty");
    let variants = ids.iter().enumerate();
    let list: String = variants
        .clone()
        .map(|(at, id)| format!("  - {{id: {id}, file: {}}}\n", file(at)))
        .collect();
    let manifest = format!(
        "format: assay/1\nid: 01J8ZQ4V7N\nvariants:\n{list}\
         fewShot: {{input: examples, file: examples.jsonl, user: '{{{{q}}}}'}}\n"
    );
    let body = "---\nname: p\ninputs:\n  - {name: q, kind: string, required: true}\n  - {name: examples, kind: thread}\n---\nuser:\n{{q}}\n";
    let mut files: Files = variants.map(|(at, _)| (file(at), body.to_owned())).collect();
    files.insert("prompt.yaml".to_owned(), manifest);
    let row = "{\"id\":\"a\",\"input\":{\"q\":\"x\"},\"output\":\"y\"}\n";
    files.insert("examples.jsonl".to_owned(), row.to_owned());
    files
}

/// The names of the exported files, and the notes about names.
fn written(format: Format, ids: &[&str]) -> (Vec<String>, Vec<String>) {
    let files = prompt(ids);
    let export = export(format, &parse_folder("p", &files), &files).unwrap();
    let notes = export.notes.into_iter().filter(|note| note.why.contains("has that name"));
    (export.files.into_keys().collect(), notes.map(|note| note.what).collect())
}

#[test]
fn a_variant_called_like_the_configuration_does_not_replace_it() {
    let (names, notes) = written(Format::Promptfoo, &["promptfooconfig", "other"]);
    assert_eq!(names, ["other.yaml", "promptfooconfig-2.yaml", "promptfooconfig.yaml"]);
    assert_eq!(notes, ["promptfooconfig.yaml"]);
}

#[test]
fn variants_whose_names_become_one_in_dotprompt_stay_two_files() {
    let (names, notes) = written(Format::Dotprompt, &["a.b", "a-b"]);
    assert_eq!(names, ["p.a-b-2.prompt", "p.a-b.prompt"]);
    assert_eq!(notes, ["p.a-b.prompt"]);
}

#[test]
fn every_variant_has_a_file_of_its_own_where_case_does_not_count() {
    for format in Format::ALL.into_iter().filter(|format| format.exports()) {
        let (names, notes) = written(format, &["one", "two"]);
        assert!(names.len() >= 2, "{format:?}: {names:?}");
        assert!(notes.is_empty(), "{format:?}: {notes:?}");
        let (names, _) = written(format, &["a.b", "a-b", "c"]);
        let folded: std::collections::BTreeSet<_> =
            names.iter().map(|n| n.to_lowercase()).collect();
        assert!(folded.len() >= 3, "{format:?}: {names:?}");
    }
}
