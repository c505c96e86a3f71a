//! Each finding: where it is, what it says, and that every code can occur.
//!
//! The snapshot is meant to be read: for each thing done wrong it has the findings as people see
//! them, with code, file:line:column, the marked text, the message and the hint.

use std::collections::BTreeSet;
use std::fmt::Write;

use assay_prompt::{
    Diagnostic, Edit, Files, Prompt, apply_edits, codes, line_col, parse_folder, parse_lone,
    parse_repository, render,
};
use serde_json::{Value, json};

use crate::sample::{case, files, files_with, lone};

#[derive(Default)]
struct Gallery {
    text: String,
    /// Findings that have a fix, with the files they are of.
    fixes: Vec<(Diagnostic, Files)>,
}

impl Gallery {
    fn title(&mut self, title: &str) {
        writeln!(self.text, "\n{}", title.escape_debug()).unwrap();
    }

    fn add(&mut self, found: &Diagnostic, files: &Files) {
        let text = files.get(&found.file).map_or("", String::as_str);
        let (line, column) = line_col(text, found.span.start);
        let marked = &text[found.span.start..found.span.end];
        let marked: String = marked.escape_debug().take(40).collect();
        let severity = format!("{:?}", found.severity).to_lowercase();
        let (code, file, message) = (found.code, &found.file, &found.message);
        writeln!(self.text, "  {code} {severity} {file}:{line}:{column} [{marked}]\n    {message}")
            .unwrap();
        if let Some(hint) = &found.hint {
            writeln!(self.text, "    hint: {hint}").unwrap();
        }
        if let Some(fix) = &found.fix {
            let safe = if fix.safe { " (safe)" } else { "" };
            writeln!(self.text, "    fix: {}{safe}", fix.title).unwrap();
        }
    }

    fn add_all(&mut self, prompt: &Prompt, files: &Files) {
        for found in &prompt.diagnostics {
            self.add(found, files);
            self.fixes.extend(found.fix.is_some().then(|| (found.clone(), files.clone())));
        }
    }

    /// One file alone.
    fn file(&mut self, text: &str) {
        self.title(text);
        let files = Files::from([("p.prompty".to_owned(), text.to_owned())]);
        self.add_all(&parse_lone("p", "p.prompty", &files), &files);
    }

    /// One body over the inputs `a` and `xs`.
    fn body(&mut self, body: &str) {
        self.file(&format!("---\ninputs: [{{name: a}}, {{name: xs, kind: array}}]\n---\n{body}{{{{ a }}}}{{{{ xs }}}}"));
    }

    /// The sample folder with one text in one file replaced.
    fn folder(&mut self, file: &str, old: &str, new: &str) {
        self.title(&format!("{file}: {old} -> {new}"));
        let files = files_with(file, old, new);
        self.add_all(&parse_folder("p", &files), &files);
    }

    fn repository(&mut self, text: &str) {
        self.title(text);
        let files = Files::from([("assay.yaml".to_owned(), text.to_owned())]);
        for found in parse_repository(text).1 {
            self.add(&found, &files);
            self.fixes.extend(found.fix.is_some().then(|| (found, files.clone())));
        }
    }

    /// Rendering a variant that selects the nearest examples, without any chosen.
    fn nearest(&mut self) {
        self.title("render with {nearest: 2}");
        let files = files_with("prompt.yaml", "select: all", "select: {nearest: 2}");
        let prompt = parse_folder("p", &files);
        let error = render(&prompt, &prompt.variants[0], &prompt.cases.rows[0]).unwrap_err();
        self.add(&error, &files);
    }

    /// Rendering one body over inputs, with one case.
    fn rendering(&mut self, inputs: &str, body: &str, input: Value) {
        self.title(&format!("render {body} over {inputs} with {input}"));
        let prompt = lone(inputs, body);
        let files =
            Files::from([("p.prompty".to_owned(), format!("---\ninputs: {inputs}\n---\n{body}"))]);
        let error = render(&prompt, &prompt.variants[0], &case(input)).unwrap_err();
        self.add(&error, &files);
    }
}

fn gallery() -> Gallery {
    let mut it = Gallery::default();
    front_matter(&mut it);
    schemas(&mut it);
    templates(&mut it);
    rows(&mut it);
    manifests(&mut it);
    renderings(&mut it);
    it
}

fn front_matter(it: &mut Gallery) {
    for text in [
        "name: x\n---\n",
        "---\nname: x\n",
        "---\nname: [x\n---\nuser:\nhi\n",
        "---\nname: a\nname: b\n---\nuser:\nhi\n",
        "---\n- a\n---\nx",
        "---\n---\nx",
        "---\nname: 3\ncolour: red\n---\nx",
        "---\nmodel:\n  api: chat\n  configuration: {type: x}\nsample: {q: 1}\n---\nuser:\n{{ q }}",
        "---\ninputs:\n  q: {type: string}\n---\nuser:\n{{ q }}",
        "---\nmodel:\n  apiType: image\n---\nx",
        "---\nmodel: {apiType: responses, connection: {kind: key, apiKey: '${env:KEY}'}}\n---\nx",
        "---\ntemplate: {format: mustache}\n---\nx",
        "---\ntemplate: {format: {kind: jinja2}, parser: {kind: prompty}}\n---\nx",
        "\u{feff}---\nname: x\n---\nx",
        "---\r\nname: x\r\n---\r\nx",
        "---\nname: x\n---\na\u{202e}b",
        "---\ninputs: ${file:i.yaml}\n---\nx",
        "---\ninputs: ${file:../i.yaml}\n---\nx",
        "---\ninputs: x ${file:i.yaml}\n---\nx",
        "---\ndescripton: x\n---\nx ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    ] {
        it.file(text);
    }
}

fn schemas(it: &mut Gallery) {
    it.file("---\ninputs: {a: b}\n---\nx");
    it.file("---\ninputs: [{name: in}, {kind: x}, {name: a, kind: strin}, {name: a, default: 3}]\n---\n{{ a }}");
    let deep = "{name: a, kind: array, items: ".repeat(20) + "{kind: string}" + &"}".repeat(20);
    it.file(&format!("---\noutputs: [{deep}]\n---\nx"));
}

fn templates(it: &mut Gallery) {
    for body in [
        "{{ a",
        "{{ a b }}",
        "{% set x = 1 %}",
        "{{ a ~ a }}",
        "{{ a.upper() }}",
        "{{ a | shout }}",
        "{{ a | uper }}",
        "{{ a is odd }}",
        "{% if a %}",
        "{% endfor %}",
        "{{ a | replace('x') }}",
        "{{ b }}{% if c is defined %}{% endif %}",
        "{% for a in xs %}{{ a }}{% endfor %}",
        "User:\nuser[name=\"A\"]:\n# system:\n",
    ] {
        it.body(body);
    }
    it.body(&format!("{{{{ {}a }}}}", "not ".repeat(300)));
    it.file("---\ninputs: [{name: a}]\n---\nx");
    it.file("---\ninputs: [{name: ticket}]\n---\n{{ tikcet }}{{ ticket | tojson }}");
    let rules = "Answer in one short sentence. ".repeat(60);
    it.file(&format!("---\ninputs: [{{name: now}}]\n---\nsystem:\nIt is {{{{ now }}}}.\n{rules}"));
    it.file(&format!("---\nname: x\n---\nsystem:\nToday is 2025-01-31.\n{rules}"));
}

fn rows(it: &mut Gallery) {
    for (old, new) in [
        ("{\"ticket\":\"Our", "{\"tickt\":\"Our"),
        ("Our invoice lacks the VAT number.", "I was charged twice in May, please refund one."),
        ("\"Our invoice lacks the VAT number.\"", "5"),
        ("\"c-injection\"", "\"c-invoice-vat\""),
        ("\"id\":\"c-injection\",", ""),
        ("[\"smoke\"]", "3"),
        ("{\"id\":\"c-injection\"", "{\"id\":"),
        ("\"tags\":[\"smoke\"]", "\"tags\":[\"smoke\"],\"tags\":[]"),
        ("\"c-injection\"", "123456789012345678901234567890"),
        ("Our invoice lacks the VAT number.", "I was charged twice in May. Please refund one!"),
    ] {
        it.folder("cases.jsonl", old, new);
    }
    for (old, new) in [
        ("\"output\"", "\"outpt\""),
        ("\"category\":\"billing\"", "\"category\":\"money\""),
        ("\"ticket\"", "\"tckt\""),
        ("\"output\":{", "\"output\":\"billing\",\"x\":{"),
    ] {
        it.folder("examples.jsonl", old, new);
    }
    it.title("no case");
    let mut none = files();
    none.insert("cases.jsonl".to_owned(), "\n".to_owned());
    it.add_all(&parse_folder("p", &none), &none);
}

fn manifests(it: &mut Gallery) {
    for (old, new) in [
        ("format: assay/1", "format: assay/2"),
        ("format: assay/1\n", ""),
        ("id: 01J8ZQ4V7NSUPPORTTRIAGE001", ""),
        ("id: 01J8ZQ4V7NSUPPORTTRIAGE001", "id:"),
        ("  - {id: policy-first, file: policy-first.prompty, fewShot: {select: {first: 1}}}\n", ""),
        ("policy-first.prompty, fewShot: {select: {first: 1}}", "baseline.prompty"),
        ("select: all", "select: {ids: [ex-rfund]}"),
        ("id: policy-first", "id: baseline"),
        ("file: policy-first.prompty", "fle: x"),
        ("file: policy-first.prompty", "file: nope.prompty"),
        ("file: policy-first.prompty", "file: policy-frist.prompty"),
        ("select: all", "select: some"),
        ("select: all", "select: {ids: [x]}"),
        ("select: all", "select: {nearest: 0}"),
        ("input: examples", "input: shots"),
        ("file: examples.jsonl", "file: baseline.prompty"),
        ("{{ ticket }}", "{{ ticket"),
    ] {
        it.folder("prompt.yaml", old, new);
    }
    for (old, new) in [
        ("{scorer: urgent, min", "{scorer: urgnt, min"),
        ("metric: latencyP95Ms, max: 4000", "metric: latencyP95Ms"),
        ("cases.jsonl", "cases.yaml"),
        ("id: urgent", "id: category"),
        ("type: equals, ", ""),
        ("type: equals", "type: eqals"),
        ("type: equals", "type: sentiment"),
        ("type: equals", "type: javascript"),
        ("type: equals, path: $.category", "type: bleu, options: {lower_case: true}"),
        ("type: equals", "type: llm-rubric, rubric: It is kind."),
        ("type: equals", "type: pairwise, model: a/b, baseline: base"),
        ("{scorer: urgent, min", "{scorer: urgent.f1, min"),
        ("{scorer: urgent, min: 1.0", "{scorer: urgent, nonInferior: {}"),
        ("latencyP95Ms", "latencyP95"),
        ("safety]", "saftey]"),
        ("[urgent, safety]", "[urgent]"),
    ] {
        it.folder("evals.yaml", old, new);
    }
    it.title("a folder without a manifest");
    it.add_all(&parse_folder("p", &Files::new()), &Files::new());
    it.title("an empty manifest");
    let mut empty = files();
    empty.insert("prompt.yaml".to_owned(), "variants: []\n".to_owned());
    it.add_all(&parse_folder("p", &empty), &empty);
    it.repository("format: assay/1\nmodels: {m: 'http://x', n: 3}\nprompts: x\n");
}

fn renderings(it: &mut Gallery) {
    it.rendering("[{name: a}]", "{{ a }}", json!({}));
    it.rendering("[{name: a, kind: object}]", "{{ a.b }}", json!({"a": {"c": 1}}));
    it.rendering("[{name: a, required: true}]", "{{ a }}", json!({}));
    it.rendering("[{name: a}]", "{% for x in a %}{{ x }}{% endfor %}", json!({"a": "text"}));
    it.rendering("[{name: a, kind: image}]", "{{ a }}", json!({"a": "../x.png"}));
    it.rendering(
        "[{name: a, kind: thread}]",
        "{{ a }}",
        json!({"a": [{"role": "system", "content": "x"}]}),
    );
    it.rendering("[]", "user:\n", json!({}));
    it.nearest();
}

#[test]
fn findings_say_what_is_wrong_and_where() {
    insta::assert_snapshot!(gallery().text);
}

#[test]
fn every_fix_puts_its_finding_right() {
    let fixes = gallery().fixes;
    assert!(fixes.len() > 20);
    for (found, mut files) in fixes {
        let fix = found.fix.as_ref().unwrap();
        for file in fix.edits.iter().map(|edit| edit.file.clone()).collect::<BTreeSet<_>>() {
            let new_id = || "01J8ZQ4V7NFRESH".to_owned();
            let edits = fix.edits.iter().filter(|edit| edit.file == file);
            let edits: Vec<Edit> = edits.map(|edit| edit.clone().with_id(new_id)).collect();
            let text = apply_edits(&files[&file], &edits).expect("the edits fit");
            files.insert(file, text);
        }
        let after = match files.keys().map(String::as_str).collect::<Vec<_>>()[..] {
            ["assay.yaml"] => parse_repository(&files["assay.yaml"]).1,
            ["p.prompty"] => parse_lone("p", "p.prompty", &files).diagnostics,
            _ => parse_folder("p", &files).diagnostics,
        };
        let same = |other: &&Diagnostic| other.code == found.code && other.message == found.message;
        let broken = |other: &&Diagnostic| other.code == "P0103" || other.code == "P0501";
        assert_eq!(after.iter().find(same), None, "{} is gone after: {fix:?}", found.code);
        assert_eq!(after.iter().find(broken), None, "{} broke the file: {fix:?}", found.code);
    }
}

#[test]
fn every_code_can_occur() {
    // The caps have tests of their own, beside the evaluator; a shared id and a judge's prompt need
    // two prompts, as their pages have, and a script the language that it is written in.
    let elsewhere = [
        codes::STEP_LIMIT,
        codes::OUTPUT_LIMIT,
        codes::SHARED_ID,
        codes::MISSING_JUDGE_PROMPT,
        codes::BROKEN_SCRIPT,
    ];
    let seen = gallery().text;
    for (code, meaning) in codes::TABLE {
        if !elsewhere.contains(code) {
            assert!(seen.contains(code), "{code} never occurs: {meaning}");
        }
    }
}
