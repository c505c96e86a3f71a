//! The sample on the embedded model: real text, real scores, the same again for the same seed.

use serde_json::Value;

use crate::process::Terminal;

fn outputs(run: &Value) -> Vec<&str> {
    let results = run["results"].as_array().expect("results");
    results.iter().filter_map(|cell| cell["output"].as_str()).collect()
}

#[test]
fn the_samples_first_run_gives_real_text_and_the_same_text_again() {
    let terminal = Terminal::in_template("support-triage");
    let run = |file: &str| {
        let arguments = [
            "run",
            "support-triage",
            "--tag",
            "smoke",
            "--model",
            "local/smollm2-135m",
            "--no-cache",
            "--json",
            file,
        ];
        let left = terminal.assay(&arguments);
        assert!(matches!(left.exit, 0 | 1), "it ran, whatever its gates say: {}", left.err);
        let text = terminal.workspace.read(file);
        serde_json::from_str::<Value>(&text).expect("a document")
    };
    let first = run("out.json");
    assert_eq!(first["cells"]["done"], 12);
    let texts = outputs(&first);
    assert_eq!(texts.len(), 12);
    assert!(texts.iter().all(|text| !text.trim().is_empty()), "{texts:#?}");

    let passes: Vec<bool> = first["results"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|cell| cell["scores"].as_object().into_iter().flatten())
        .filter_map(|(_, score)| score["pass"].as_bool())
        .collect();
    assert!(passes.contains(&true) && passes.contains(&false), "scores tell cells apart");

    let second = run("again.json");
    assert_eq!(outputs(&second), texts, "the same seed gives the same text");
}

#[test]
fn a_lone_prompty_file_runs_on_the_embedded_model() {
    let workspace = assay_testkit::TestWorkspace::empty();
    workspace.write(
        "chat/basic.prompty",
        "---\nname: basic\nmodel:\n  id: gpt-4o-mini\n  provider: openai\n  options:\n    maxOutputTokens: 12\ninputs:\n  - name: question\n    kind: string\n    default: What is the capital of France?\n---\nsystem:\nAnswer in one word.\n\nuser:\n{{question}}\n",
    );
    let terminal = Terminal::at(workspace);
    let run = terminal.ok(&["run", "basic", "--model", "local/smollm2-135m", "--json", "-"]).json();
    assert!(!outputs(&run)[0].trim().is_empty());
}
