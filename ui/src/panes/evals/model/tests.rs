#![allow(clippy::unwrap_used)]

use assay_prompt::parse_folder;

use super::*;

const EVALS: &str = "\
models: [fast]
scorers:
  # Right.
  - {id: category, type: equals, path: $.category}
  - {id: urgent, type: equals}
gates:
  - {scorer: category, min: 0.75}  # agreed in May
";

fn files(evals: &str) -> Files {
    let files = [
        (
            "prompt.yaml",
            "format: assay/1\nid: 01J8ZZZZZZZZZZZZZZZZZZZZZZ\nvariants:\n  - {id: a, file: a.prompty}\n  - {id: b, file: b.prompty}\nevals: [evals.yaml]\n",
        ),
        (
            "a.prompty",
            "---\nname: a\nmodel: {id: m, options: {temperature: 0}}\ninputs: ${file:inputs.yaml}\n---\nuser:\n{{ ticket }}\n",
        ),
        (
            "b.prompty",
            "---\nname: b\ninputs: ${file:inputs.yaml}\noutputs:\n  answer: {kind: strin}\n---\nuser:\n{{ ticket }}\n",
        ),
        ("inputs.yaml", "- {name: ticket, kind: string}\n- {name: ticket, kind: string}\n"),
        ("evals.yaml", evals),
    ];
    files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

fn found(files: &Files, section: Section, variant: &str) -> Vec<Finding> {
    let prompt = parse_folder("p", files);
    let homes = homes(files, &prompt, section, variant).unwrap();
    findings(&prompt.diagnostics, files, &homes, section)
}

fn places(found: &[Finding]) -> Vec<(Option<usize>, Option<&str>)> {
    found.iter().map(|finding| (finding.row, finding.key.as_deref())).collect()
}

#[test]
fn a_problem_stands_beside_the_row_and_the_key_it_is_about() {
    let files = files(&EVALS.replace("scorer: category", "scorer: categry"));
    assert_eq!(places(&found(&files, Section::Gates, "a")), [(Some(0), Some("scorer"))]);
    assert_eq!(found(&files, Section::Scorers, "a"), []);
    assert_eq!(places(&found(&files, Section::Inputs, "a")), [(Some(1), Some("name"))]);
    assert_eq!(places(&found(&files, Section::Outputs, "b")), [(Some(0), Some("kind"))]);
}

#[test]
fn a_setting_says_what_is_wrong_with_it() {
    let files = files(&format!("cases: gone.jsonl\nrepeat: many\n{EVALS}"));
    let found = parse_folder("p", &files).diagnostics;
    assert!(setting_trouble(&found, &files, "cases").unwrap().contains("gone.jsonl"));
    assert!(setting_trouble(&found, &files, "repeat").is_some());
    assert_eq!(setting_trouble(&found, &files, "models"), None);
}

#[test]
fn an_entry_that_cannot_be_read_keeps_the_rows_after_it_in_place() {
    let evals = EVALS.replace("  - {id: urgent", "  - {id: half}\n  - {id: urgent, min: x");
    let found = found(&files(&evals), Section::Scorers, "a");
    assert_eq!(places(&found), [(None, None), (Some(1), Some("min"))]);
    assert!(found.iter().all(|finding| finding.is_lossy));
}

#[test]
fn an_edit_that_would_lose_text_is_refused_and_one_that_mends_it_is_not() {
    let evals = EVALS.replace("type: equals}", "type: equals, min: x}");
    let found = found(&files(&evals), Section::Scorers, "a");
    assert!(loss(&found, Touched::Key(0, "path")).unwrap().starts_with("line 5"), "{found:?}");
    assert!(loss(&found, Touched::List).is_some());
    assert_eq!(loss(&found, Touched::Key(1, "min")), None);
    assert_eq!(loss(&found, Touched::Row(1)), None, "it goes away whole");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let files = files("scorers: [");
    let prompt = parse_folder("p", &files);
    let refused = homes(&files, &prompt, Section::Scorers, "a").unwrap_err();
    assert_eq!(refused.file, "evals.yaml");
}

#[test]
fn gates_follow_a_scorer_that_is_renamed() {
    let files = files(EVALS);
    let prompt = parse_folder("p", &files);
    let mut scorers = (SCORERS.read)(&prompt, "a");
    scorers[0].id = "queue".into();
    let changes = (SCORERS.write)(&files, &prompt, "a", &scorers).unwrap();
    let text = changes["evals.yaml"].as_ref().unwrap();
    assert_eq!(
        *text,
        EVALS.replace("id: category", "id: queue").replace("scorer: category", "scorer: queue")
    );
}

#[test]
fn a_copy_gets_a_name_of_its_own() {
    let prompt = parse_folder("p", &files(EVALS));
    let scorers = (SCORERS.read)(&prompt, "a");
    assert_eq!((SCORERS.named)(scorers[0].clone(), &scorers).id, "category-2");
}

#[test]
fn variants_that_share_a_file_are_named_together() {
    let files = files(EVALS);
    let prompt = parse_folder("p", &files);
    assert_eq!(sharing(&files, &prompt, Section::Inputs, "a"), ["a", "b"]);
    assert_eq!(sharing(&files, &prompt, Section::Outputs, "b"), Vec::<String>::new());
}

#[test]
fn the_first_evals_are_listed_in_the_manifest() {
    let mut files = files("");
    files.remove("evals.yaml");
    let manifest = files["prompt.yaml"].replace("evals: [evals.yaml]\n", "");
    files.insert("prompt.yaml".into(), manifest.clone());
    let model = Some("local/tiny".to_owned());
    let changes = first_evals(&files, Some("cases.jsonl"), model).unwrap();
    assert_eq!(
        changes["evals.yaml"].as_deref(),
        Some("cases: cases.jsonl\nmodels:\n  - {id: local/tiny}\n")
    );
    assert!(changes["prompt.yaml"].as_ref().unwrap().starts_with(&manifest));
    let bare = first_evals(&files, None, None).unwrap();
    let prompt = parse_folder("p", &changed(&files, &bare));
    assert_eq!(prompt.evals.file.as_deref(), Some("evals.yaml"), "an empty file is one to fill");
}

#[test]
fn a_gate_reads_as_a_sentence() {
    let prompt = parse_folder("p", &files(EVALS));
    assert_eq!(gate_words(&prompt.evals.gates[0]), "category ≥ 0.75");
    assert_eq!(scorer_words(&prompt.evals.scorers[0]), "$.category");
    let mut judge = ScorerSpec::new("kind", "llm-rubric");
    judge.extra.insert("model".to_owned(), Value::from("p/m"));
    judge.threshold = Some(0.7);
    assert_eq!(scorer_words(&judge), "asks p/m · from 0.7");
}

#[test]
fn a_way_leads_into_a_property_and_back() {
    let text = "- name: tags\n  kind: array\n  items:\n    kind: object\n    properties: [{name: id, kind: string}]\n";
    let mut files = files(EVALS);
    files.insert("inputs.yaml".into(), text.into());
    let prompt = parse_folder("p", &files);
    let mut property = prompt.variants[0].inputs[0].clone();
    let way = [Hop::Items, Hop::Property(0)];
    assert_eq!(dig(&property, &way).unwrap().name, "id");
    dig_mut(&mut property, &way).unwrap().name = "key".into();
    assert_eq!(property.items.unwrap().properties[0].name, "key");
    assert_eq!(dig(&prompt.variants[0].inputs[0], &[Hop::Property(0)]), None);
}
