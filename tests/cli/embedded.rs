//! The sample on the embedded model: real text, real scores, the same again for the same seed.

use std::path::Path;

use assay_testkit::TestWorkspace;
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

/// Prompty files of another project, where they lie beside the repository.
#[test]
fn prompty_files_that_others_wrote_run_as_they_are() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/realworld");
    let folder = shared.join("microsoft--prompty/web/docs-examples/prompts");
    if !folder.is_dir() {
        println!("there are none here");
        return;
    }
    let workspace = TestWorkspace::empty();
    for name in ["chat-basic", "chat-agent", "structured-output", "streaming-chat", "image-gen"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.prompty"))).expect(name);
        // Their own limit is a thousand tokens, minutes on a slow machine.
        let text = text.replace("maxOutputTokens: 1024", "maxOutputTokens: 16");
        workspace.write(&format!("prompts/{name}.prompty"), &text);
    }
    workspace.commit("as they are");
    let terminal = Terminal::at(workspace);
    for name in ["chat-basic", "streaming-chat"] {
        let run = ["run", name, "--model", "local/smollm2-135m", "--json", "-"];
        let run = terminal.ok(&run).json();
        assert!(!outputs(&run)[0].trim().is_empty(), "{name}");
    }
    let with_tools = terminal.assay(&["run", "chat-agent", "--model", "local/smollm2-135m"]);
    assert!(
        with_tools.out.contains("the embedded model cannot use tools; run this variant"),
        "{}",
        with_tools.out
    );
    let rendered = terminal.ok(&["render", "structured-output"]).out;
    assert!(rendered.contains("What's the weather in Seattle?"), "{rendered}");
    let refused = terminal.assay(&["run", "image-gen", "--model", "local/smollm2-135m"]);
    assert_eq!(refused.exit, 2);
    assert!(refused.err.contains("image-gen.prompty:7:"), "{}", refused.err);
}

#[test]
fn a_lone_prompty_file_runs_on_the_embedded_model() {
    let workspace = TestWorkspace::empty();
    workspace.write(
        "chat/basic.prompty",
        "---\nname: basic\nmodel:\n  id: gpt-4o-mini\n  provider: openai\n  options:\n    maxOutputTokens: 12\ninputs:\n  - name: question\n    kind: string\n    default: What is the capital of France?\n---\nsystem:\nAnswer in one word.\n\nuser:\n{{question}}\n",
    );
    let terminal = Terminal::at(workspace);
    let run = terminal.ok(&["run", "basic", "--model", "local/smollm2-135m", "--json", "-"]).json();
    assert!(!outputs(&run)[0].trim().is_empty());
}

#[test]
fn each_case_is_rendered_with_the_examples_nearest_to_it() {
    let terminal = Terminal::in_data("triage");
    for (case, examples) in [
        ("c-parcel", ["example ex-parcel", "example ex-late"]),
        ("c-billed", ["example ex-charge", "example ex-invoice"]),
    ] {
        let rendered = terminal.ok(&["render", "triage/near", "--case", case, "--json"]).json();
        let messages = rendered["messages"].as_array().expect("messages");
        let shown: Vec<_> = messages
            .iter()
            .filter(|message| message["role"] == "assistant")
            .filter_map(|message| message["content"][0]["from"].as_str())
            .collect();
        assert_eq!(shown, examples, "{case}");
    }
}
