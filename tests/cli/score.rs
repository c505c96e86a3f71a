//! Scorers and statistics on files: `assay score` and `assay stats`.

use std::path::Path;

use assay_testkit::TestWorkspace;
use serde_json::{Value, json};

use crate::process::Terminal;

const ROWS: &str = concat!(
    r#"{"id":"a","output":"The cat sat on a mat.","references":["The cat sat on the mat."]}"#,
    "\n\n",
    r#"{"id":"b","hyp":"A dog.","refs":["A dog."]}"#,
    "\n",
    r#"{"id":"c","output":null,"references":["x"]}"#,
    "\n",
    r#"{"id":"d","output":"x"}"#,
    "\n",
);

fn desk(rows: &str) -> (Terminal, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("rows.jsonl"), rows).expect("rows");
    (Terminal::at(TestWorkspace::empty()), folder)
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("lines");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_metric_scores_rows_outside_a_repository_and_errors_never_become_zeros() {
    let (terminal, folder) = desk(ROWS);
    let arguments =
        ["score", "--metric", "bleu", "--in", "rows.jsonl", "--out", "scores.jsonl", "--json"];
    let left = terminal.assay_in(folder.path(), &arguments);
    assert_eq!(left.exit, 0, "{}", left.err);
    let scores = lines(&folder.path().join("scores.jsonl"));
    let bleu = |at: usize| &scores[at]["scores"]["bleu"];
    assert_eq!(scores.len(), 4);
    assert!(bleu(0)["value"].as_f64().is_some_and(|value| (value - 48.8923).abs() < 1e-4));
    assert_eq!((&bleu(0)["pass"], &scores[0]["id"]), (&Value::Null, &json!("a")));
    assert!(bleu(1)["value"].as_f64().is_some_and(|value| value > 99.9));
    assert_eq!(bleu(0)["signature"], "bleu|nrefs:var|case:mixed|eff:yes|tok:13a|smooth:exp|v:1");
    assert_eq!(
        (&scores[2]["error"], &scores[2]["scores"]),
        (&json!("there is no output"), &json!({}))
    );
    assert_eq!(bleu(3)["value"], Value::Null);
    assert!(bleu(3)["reason"].as_str().is_some_and(|why| why.contains("no reference")));
    let summary = left.json();
    let bleu = &summary["scorers"]["bleu"];
    assert_eq!((&summary["schema"], &summary["rows"]), (&json!("assay.score/1"), &json!(4)));
    assert_eq!((&bleu["n"], &bleu["notJudged"]), (&json!(2), &json!(1)));
    assert_eq!(bleu["column"]["corpus"]["notJudged"], 2);
}

#[test]
fn the_scorers_of_an_evals_file_judge_rows_with_its_outputs_beside_it() {
    let rows = r#"{"id":"a","output":"{\"label\":\"yes\"}","expected":"yes"}"#;
    let (terminal, folder) = desk(rows);
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file");
    };
    write("outputs.yaml", "- {name: label, kind: string, required: true}\n");
    write(
        "evals.yaml",
        "scorers:\n  - {id: shape, type: json-schema, schema: outputs}\n  - {id: right, type: label, path: $.label}\n  - {id: kind, type: llm-rubric, model: a/b, rubric: Kind.}\n",
    );
    let arguments = ["score", "--scorers", "evals.yaml", "--in", "rows.jsonl", "--out", "-"];
    let left = terminal.assay_in(folder.path(), &arguments);
    assert_eq!(left.exit, 0, "{}", left.err);
    let line: Value = serde_json::from_str(left.out.trim()).expect("one line");
    assert_eq!(line["scores"]["shape"]["pass"], true);
    assert_eq!(line["scores"]["right"]["pass"], true);
    assert!(left.err.contains("right accuracy: 1.0000 over 1 row"), "{}", left.err);
    assert!(left.err.contains("kind: left out, it asks a model"), "{}", left.err);
}

#[test]
fn a_bad_row_a_bad_option_and_an_unknown_metric_are_named_and_nothing_is_written() {
    let (terminal, folder) = desk("{\"id\":\"a\",\"output\":\"x\"}\n{\"id\":\n");
    let refused = |arguments: &[&str], expected: &str| {
        let files = ["--in", "rows.jsonl", "--out", "scores.jsonl"];
        let left = terminal.assay_in(folder.path(), &[arguments, &files[..]].concat());
        assert_eq!(left.exit, 2, "{}", left.out);
        assert!(left.err.contains(expected), "{}", left.err);
        assert!(!folder.path().join("scores.jsonl").exists());
        assert!(!folder.path().join("scores.jsonl.part").exists());
    };
    refused(&["score", "--metric", "json"], "rows.jsonl, line 2: ");
    refused(&["score", "--metric", "beu"], "unknown type `beu`");
    refused(&["score", "--metric", "bleu", "--opt", "size=3"], "has no option `size`");
    refused(&["score", "--metric", "llm-rubric"], "asks a model");
    refused(&["score"], "--scorers");
    refused(&["stats", "luck"], "Known are ci, bootstrap");
    refused(&["stats", "paired"], "line 1: needs `a`");
}

#[test]
fn statistics_answer_every_row_and_the_help_lists_their_names() {
    let rows = concat!(
        r#"{"_meta":{"reference":"by hand"}}"#,
        "\n",
        r#"{"id":"one","in":{"k":42,"n":60,"alpha":0.05}}"#,
        "\n",
        r#"{"id":"two","x":[1,2,3]}"#,
        "\n",
    );
    let (terminal, folder) = desk(rows);
    let arguments = ["stats", "stats_ci", "--in", "rows.jsonl", "--out", "out.jsonl"];
    let left = terminal.assay_in(folder.path(), &arguments);
    assert_eq!(left.exit, 0, "{}", left.err);
    let out = lines(&folder.path().join("out.jsonl"));
    assert_eq!(out.len(), 2);
    assert!(out[0]["out"]["wilson"][0].as_f64().is_some_and(|low| (low - 0.575).abs() < 1e-3));
    assert_eq!((&out[1]["id"], &out[1]["out"]["mean"]), (&json!("two"), &json!(2.0)));
    let help = terminal.assay_in(folder.path(), &["stats", "--help"]);
    assert!(help.out.contains("planning") && help.out.contains("human, judge"), "{}", help.out);
    let help = terminal.assay_in(folder.path(), &["score", "--help"]);
    assert!(help.out.contains("rouge-lsum"), "{}", help.out);
}
