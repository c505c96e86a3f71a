//! promptfoo, the way out: what is written is what promptfoo's schema asks for, and reads back as
//! the prompt it came from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assay_interop::{Export, Format, Import, MemorySource, export, import};
use assay_prompt::{Files, Prompt, Row, parse_folder, render};
use serde_json::Value;

use crate::support::{self, shared};

/// The prompts of this repository's own templates, by name.
fn templates() -> Vec<(String, Files)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
    let mut prompts = Vec::new();
    for template in fs::read_dir(root).unwrap() {
        // The prompts of judges stand by themselves.
        let Ok(folder) = fs::read_dir(template.unwrap().path().join("prompts")) else { continue };
        for prompt in folder {
            let path = prompt.unwrap().path();
            let files = fs::read_dir(&path).unwrap().map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(path).unwrap())
            });
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            prompts.push((name, files.collect()));
        }
    }
    assert!(prompts.len() >= 3, "the templates are not where they were");
    prompts
}

fn written(name: &str, files: &Files) -> (Prompt, Export) {
    let prompt = parse_folder(name, files);
    let export = export(Format::Promptfoo, &prompt, files).unwrap();
    (prompt, export)
}

fn back(export: &Export) -> Import {
    let files: BTreeMap<String, Vec<u8>> =
        export.files.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect();
    let source = MemorySource(files);
    import(Format::Promptfoo, "promptfooconfig.yaml", &source, &mut || "01J8".to_owned()).unwrap()
}

fn config(export: &Export) -> Value {
    serde_saphyr::from_str(&export.files["promptfooconfig.yaml"]).unwrap()
}

/// What promptfoo's schema has against a configuration; nothing without the schema.
fn against_the_schema(config: &Value) -> Vec<String> {
    let Some(folder) = shared("conformance/promptfoo") else {
        return Vec::new();
    };
    let text = fs::read_to_string(folder.join("config-schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    validator.iter_errors(config).map(|error| error.to_string()).collect()
}

/// The messages of every variant for a case.
fn messages(prompt: &Prompt, case: &Row) -> Vec<Vec<(String, String)>> {
    let each = prompt.variants.iter().map(|variant| {
        let rendered = render(prompt, variant, case).unwrap();
        let pairs = rendered.messages.iter();
        pairs.map(|m| (m.role.as_str().to_owned(), m.text())).collect()
    });
    each.collect()
}

/// A case without what the inputs' defaults say anyway.
fn plain(prompt: &Prompt, row: &Row) -> Row {
    let mut row = row.clone();
    let inputs = || prompt.variants.iter().flat_map(|variant| &variant.inputs);
    row.input.retain(|name, value| {
        !inputs().any(|input| input.name == *name && input.default.as_ref() == Some(value))
    });
    row.span = Default::default();
    row
}

#[test]
fn templates_become_configurations_that_the_schema_accepts() {
    for (name, files) in templates() {
        let (_, export) = written(&name, &files);
        let found = against_the_schema(&config(&export));
        assert_eq!(found, Vec::<String>::new(), "{name}: {:#?}", export.files);
        if let Some(folder) = std::env::var_os("ASSAY_KEEP_EXPORTS") {
            let folder = Path::new(&folder).join(&name);
            fs::create_dir_all(&folder).unwrap();
            for (file, text) in &export.files {
                fs::write(folder.join(file), text).unwrap();
            }
        }
    }
    println!("schema compared: {}", shared("conformance/promptfoo").is_some());
}

/// Reads an export back and holds it against the prompt it came from. A case that has a note of its
/// own, because promptfoo would change its values, is left out; the number of the others is given.
fn compare_with_its_export(name: &str, files: &Files) -> usize {
    let (prompt, export) = written(name, files);
    let again = back(&export);
    let read = support::prompt(&again, &again.prompts[0].name);
    let cases = prompt.run_cases();
    assert_eq!(read.cases.rows.len(), cases.len(), "{name}");
    let mut compared = 0;
    for (found, expected) in read.cases.rows.iter().zip(&cases) {
        let place = format!("case {}", expected.id);
        if export.notes.iter().any(|note| note.place == place) {
            continue;
        }
        assert_eq!(plain(&prompt, found), plain(&prompt, expected), "{name}");
        assert_eq!(messages(&read, found), messages(&prompt, expected), "{name} {place}");
        compared += 1;
    }
    compared
}

#[test]
fn templates_come_back_with_the_same_messages_and_cases() {
    for (name, files) in templates() {
        let cases = parse_folder(&name, &files).run_cases().len();
        let compared = compare_with_its_export(&name, &files);
        println!("{name}: {compared} of {cases} cases are the same");
        assert!(compared + 1 >= cases, "{name}: only {compared} of {cases} came back");
    }
}

/// A prompt folder made of generated parts.
fn generated(system: &str, user: &str, values: &[String], scorers: &[&str]) -> Files {
    let body = format!("system:\n{system}\n\nuser:\n{user}{{{{ x }}}}\n");
    let cases = values.iter().enumerate().map(|(at, value)| {
        let tags = if at % 2 == 0 { vec!["even"] } else { vec![] };
        let row = serde_json::json!({"id": format!("c-{at}"), "input": {"x": value}, "expected": {"a": value}, "tags": tags});
        format!("{row}\n")
    });
    let scorers: String = scorers.iter().map(|scorer| format!("  - {scorer}\n")).collect();
    let files = [
        ("prompt.yaml", "format: assay/1\nid: 01J8\nvariants: [{id: v, file: v.prompty}]\nevals: [evals.yaml]\n".to_owned()),
        ("v.prompty", format!("---\nname: p\ninputs: [{{name: x, kind: string}}]\n---\n{body}")),
        ("evals.yaml", format!("cases: cases.jsonl\nmodels: [{{id: openai/x, options: {{maxOutputTokens: 3}}}}]\nscorers:\n{scorers}gates: [{{scorer: s0, min: 0.5}}]\n")),
        ("cases.jsonl", cases.collect()),
    ];
    files.map(|(name, text)| (name.to_owned(), text)).into()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn generated_prompts_go_out_and_come_back(
        system in "[A-Za-z0-9 .,:#'\"é-]{1,30}",
        user in "[A-Za-z ]{0,9}(\\{\\{ x\\|upper \\}\\}|\\{% if x == 'a' %\\}yes\\{% else %\\}no\\{% endif %\\})?[A-Za-z ]{1,9}",
        values in proptest::collection::vec("[a-zA-Z0-9 :#'\"-]{0,12}", 1..5),
        picked in proptest::sample::subsequence(vec![
            "{id: s1, type: equals, path: $.a, expected: $.a}",
            "{id: s2, type: contains, value: [p, q], threshold: 0.5, tags: [even]}",
            "{id: s3, type: regex, value: '(?i)^a', negate: true}",
            "{id: s4, type: max-words, min: 1, max: 9, weight: 2}",
            "{id: s5, type: json-schema, value: {type: object}}",
            "{id: s6, type: llm-rubric, rubric: be kind, model: openai/gpt, threshold: 0.7}",
            "{id: s7, type: latency, max: 900}",
        ], 0..7),
    ) {
        let scorers: Vec<&str> = std::iter::once("{id: s0, type: json}").chain(picked).collect();
        let files = generated(&system, &user, &values, &scorers);
        proptest::prop_assume!(parse_folder("p", &files).errors().next().is_none());
        let (_, export) = written("p", &files);
        proptest::prop_assert_eq!(against_the_schema(&config(&export)), Vec::<String>::new());
        proptest::prop_assert_eq!(compare_with_its_export("p", &files), values.len());
    }
}
