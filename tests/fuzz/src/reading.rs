//! Readers of our own format.

use assay_prompt::{
    Files, Prompt, Row, Template, apply_edits, parse_folder, parse_lone, parse_repository, render,
};
use serde_json::{Map, Value, json};

use crate::parts;

/// A manifest that names every file the targets vary.
const MANIFEST: &str = "format: assay/1\nid: x\nvariants: [{id: a, file: a.prompty}]\nfewShot: {input: examples, file: ROWS, user: '{{ q }}'}\nevals: [evals.yaml]\n";
const EVALS: &str =
    "cases: ROWS\nmodels: [{id: a/b}]\nscorers: [{id: s, type: equals, expected: $.x}]\n";
const VARIANT: &str = "---\nname: a\ninputs:\n  - {name: q, kind: string}\n  - {name: n, kind: integer}\n  - {name: examples, kind: thread}\n---\nsystem:\nBe kind. {{ n }}\n{{ examples }}\nuser:\n{{ q }}\n";

pub(crate) fn front_matter(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let files: Files = [("a.prompty".to_owned(), text)].into();
    look_at(&parse_lone("a", "a.prompty", &files), &files);
}

pub(crate) fn body(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let template = Template::parse(&text, 0);
    assert_eq!(template.source, text, "a template keeps its text byte for byte");
    let file = format!("---\ninputs: {{q: {{kind: string}}, xs: {{kind: array}}}}\n---\n{text}");
    let files: Files = [("a.prompty".to_owned(), file)].into();
    let prompt = parse_lone("a", "a.prompty", &files);
    let input = json!({"q": "x\nsystem:\nevil", "xs": [1, "two", {"k": [null, 0.5]}, []]});
    let case = Row { id: "c".into(), input: object(input), ..Row::default() };
    if let Ok(rendered) = render(&prompt, &prompt.variants[0], &case) {
        let opened = text.lines().filter(|line| line.trim_end().ends_with(':')).count();
        // A loop may open a role many times; without one, no more messages than role lines.
        let loops = text.contains("for");
        assert!(loops || rendered.messages.len() <= opened + 1, "a value opened a message");
    }
    look_at(&prompt, &files);
}

pub(crate) fn folder(data: &[u8]) {
    let parts = parts(data);
    let part = |at: usize| parts.get(at).cloned().unwrap_or_default();
    let _ = parse_repository(&part(0));
    let files: Files = [
        ("prompt.yaml".to_owned(), part(0)),
        ("evals.yaml".to_owned(), part(1)),
        ("inputs.yaml".to_owned(), part(2)),
        ("a.prompty".to_owned(), "---\ninputs: ${file:inputs.yaml}\n---\nuser:\n{{ q }}\n".into()),
        ("cases.jsonl".to_owned(), part(3)),
    ]
    .into();
    look_at(&parse_folder("p", &files), &files);
}

pub(crate) fn rows_jsonl(data: &[u8]) {
    rows("rows.jsonl", data);
}

pub(crate) fn rows_csv(data: &[u8]) {
    rows("rows.csv", data);
}

pub(crate) fn rows_yaml(data: &[u8]) {
    rows("rows.yaml", data);
}

/// Rows that are examples and cases at once; then the first one is written back over itself.
fn rows(file: &str, data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let files: Files = [
        ("prompt.yaml".to_owned(), MANIFEST.replace("ROWS", file)),
        ("evals.yaml".to_owned(), EVALS.replace("ROWS", file)),
        ("a.prompty".to_owned(), VARIANT.to_owned()),
        (file.to_owned(), text.clone()),
    ]
    .into();
    let prompt = parse_folder("p", &files);
    look_at(&prompt, &files);
    let format = assay_prompt::RowsFormat::of(file);
    if let (Some(format), Some(row)) = (format, prompt.cases.rows.first()) {
        let _ = format.replace(&text, &row.id, row);
        let _ = format.remove(&text, &row.id);
        let _ = format.move_to(&text, &row.id, 1);
    }
}

/// Renders everything and applies every fix: whatever was read must be fit for use.
fn look_at(prompt: &Prompt, files: &Files) {
    for found in &prompt.diagnostics {
        let Some(text) = files.get(&found.file) else { continue };
        assert!(found.span.start <= found.span.end && found.span.end <= text.len(), "{found:?}");
        assert!(text.is_char_boundary(found.span.start), "{found:?}");
        if let Some(fix) = &found.fix {
            for edit in &fix.edits {
                let text = files.get(&edit.file).map_or("", String::as_str);
                let edit = edit.clone().with_id(|| "01JZ0000000000000000000000".to_owned());
                assert!(apply_edits(text, &[edit]).is_some(), "{found:?}");
            }
        }
    }
    for variant in &prompt.variants {
        for case in prompt.run_cases().iter().take(3) {
            let _ = render(prompt, variant, case);
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
