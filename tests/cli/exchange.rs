//! `assay import` and `assay export`: the documents that scripts read, and what stands on disk.

use assay_testkit::TestWorkspace;
use serde_json::{Value, json};

use crate::process::Terminal;

const V1: &str = "---\nname: Chat\nmodel:\n  api: chat\n  parameters:\n    max_tokens: 30\nsample:\n  question: Why?\n---\nsystem:\nBe kind.\n\n# user:\n{{question}}\n";

const PROMPTFOO: &str = "prompts:\n  - Say {{word}}\n  - Whisper {{word}}\nproviders: [openai:gpt-4o]\ntests:\n  - vars: {word: [a, b]}\n    assert: [{type: contains, value: x}, {type: javascript, value: output.length}]\n";

fn empty() -> Terminal {
    let files = TestWorkspace::empty();
    files.write("assay.yaml", "format: assay/1\nid: 01J8\nprompts: [prompts]\n");
    Terminal::at(files)
}

#[test]
fn an_imported_prompt_stands_in_the_repository_and_renders() {
    let terminal = empty();
    terminal.workspace.write("old/chat.prompty", V1);
    let report = terminal.ok(&["import", "prompty", "old/chat.prompty", "--json"]).json();
    assert_eq!(report["schema"], "assay.import/1");
    assert_eq!(report["prompts"], 1);
    assert_eq!(report["cases"], 1);
    assert_eq!(report["complete"], true);
    let wrote = report["wrote"].as_array().expect("a list");
    assert!(wrote.contains(&json!("prompts/chat/prompt.yaml")), "{report}");
    assert_eq!(terminal.ok(&["check", "chat", "--json"]).json()["errors"], 0);
    let rendered = terminal.ok(&["render", "chat", "--json"]).json();
    assert_eq!(rendered["messages"][1]["content"][0]["text"], "Why?");
}

#[test]
fn importing_twice_writes_over_nothing() {
    let terminal = empty();
    terminal.workspace.write("chat.prompty", V1);
    terminal.ok(&["import", "auto", "chat.prompty"]);
    let again = terminal.ok(&["import", "auto", "chat.prompty", "--json"]).json();
    assert!(again["wrote"].to_string().contains("prompts/chat-2/"), "{again}");
}

#[test]
fn a_report_counts_and_names_what_is_not_run() {
    let terminal = empty();
    terminal.workspace.write("promptfooconfig.yaml", PROMPTFOO);
    let report =
        terminal.ok(&["import", "promptfoo", "promptfooconfig.yaml", "--dry-run", "--json"]).json();
    assert_eq!(
        json!([report["variants"], report["models"], report["cases"], report["scorers"]]),
        json!([2, 1, 2, 4])
    );
    assert_eq!(report["complete"], false);
    let kinds: Vec<_> = report["notes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|note| (note["kind"].clone(), note["place"].clone()))
        .collect();
    assert!(kinds.iter().any(|(kind, _)| kind == "not-run"), "{report}");
    assert!(kinds.iter().all(|(_, place)| place.is_string()), "{report}");
    assert_eq!(report["wrote"], json!([]), "a dry run writes nothing");
}

#[test]
fn a_folder_of_several_formats_comes_in_whole_and_tells_what_it_left() {
    let terminal = empty();
    terminal.workspace.write("old/chat.prompty", V1);
    terminal.workspace.write("old/greet.prompt", "Hi {{name}}!\n");
    terminal.workspace.write("old/reply/promptfooconfig.yaml", PROMPTFOO);
    terminal.workspace.write("old/settings.yaml", "a: 1\n");
    let report = terminal.ok(&["import", "auto", "old", "--json"]).json();
    assert_eq!(report["format"], "promptfoo, prompty, dotprompt");
    for name in ["chat", "greet", "reply"] {
        let manifest = json!(format!("prompts/{name}/prompt.yaml"));
        assert!(report["wrote"].as_array().is_some_and(|all| all.contains(&manifest)), "{report}");
    }
    assert!(report["notes"].to_string().contains("settings.yaml"), "{report}");
    assert_eq!(report["complete"], false);
}

#[test]
fn without_a_repository_the_prompts_become_plain_folders() {
    let terminal = empty();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("chat.prompty"), V1).expect("written");
    let left = terminal.assay_in(folder.path(), &["import", "prompty", "chat.prompty"]);
    assert_eq!(left.exit, 0, "{}", left.err);
    assert!(folder.path().join("prompts/chat/chat.prompty").is_file());
    let into = ["import", "prompty", "chat.prompty", "--into", "else/where"];
    assert_eq!(terminal.assay_in(folder.path(), &into).exit, 0);
    assert!(folder.path().join("else/where/chat/prompt.yaml").is_file());
}

#[test]
fn a_file_that_cannot_be_read_is_refused_by_name_of_the_construct() {
    let terminal = empty();
    terminal.workspace.write("a.prompt", "---\nmodel: [\n---\nHi");
    let left = terminal.assay(&["import", "dotprompt", "a.prompt", "--json"]);
    assert_eq!(left.exit, 2);
    let error = left.json();
    assert_eq!(error["schema"], "assay.error/1");
    assert!(error["message"].as_str().is_some_and(|m| m.contains("a.prompt:")), "{error}");
    let unknown = terminal.assay(&["import", "docx", "a.prompt"]);
    assert_eq!(unknown.exit, 2);
    assert!(unknown.err.contains("promptfoo"), "{}", unknown.err);
    let outside = terminal.assay(&["import", "prompty", "a.prompt", "--into", "/"]);
    assert_eq!(outside.exit, 2, "{}", outside.out);
}

#[test]
fn one_file_goes_to_standard_output_and_several_to_a_folder() {
    let terminal = Terminal::in_template("support-triage");
    terminal.workspace.write("prompts/hi.prompty", "---\nname: hi\n---\nuser:\nHi!\n");
    let one = terminal.ok(&["export", "github-models", "hi"]).out;
    assert!(one.contains("messages:"), "{one}");
    let several = terminal.assay(&["export", "promptfoo", "support-triage"]);
    assert_eq!(several.exit, 2);
    assert!(several.err.contains("--out"), "{}", several.err);
    let to_folder = ["export", "promptfoo", "support-triage", "--out", "out/promptfooconfig.yaml"];
    terminal.ok(&to_folder);
    assert!(terminal.path().join("out/promptfooconfig.yaml").is_file());
    let again = terminal.assay(&to_folder);
    assert_eq!(again.exit, 2, "what is there is never written over");
    assert!(again.err.contains("is already there"), "{}", again.err);
}

#[test]
fn examples_go_out_as_conversations_that_a_trainer_takes() {
    let terminal = Terminal::in_template("support-triage");
    terminal.ok(&["export", "messages-jsonl", "support-triage", "--out", "training"]);
    let rows = terminal.workspace.read("training/support-triage.baseline.jsonl");
    for line in rows.lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON on each line");
        let roles: Vec<_> = row["messages"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|message| message["role"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(roles, ["system", "user", "assistant"]);
    }
}

#[test]
fn what_goes_out_comes_back_with_the_same_messages() {
    let terminal = Terminal::in_data("greet");
    let messages = |prompt: &str, variant: &str| {
        let name = format!("{prompt}/{variant}");
        let rendered = terminal.ok(&["render", &name, "--input", "ada.json", "--json"]).json();
        let messages = rendered["messages"].as_array().expect("a list").clone();
        messages.iter().map(said).collect::<Vec<_>>()
    };
    terminal.workspace.write("ada.json", "{\"person\":\"Ada\"}");
    let mut own = ["plain", "warm"].map(|variant| messages("prompts/greet", variant));
    own.sort();
    for format in ["prompty", "dotprompt", "promptfoo", "github-models"] {
        let out = format!("out/{format}");
        terminal.ok(&["export", format, "prompts/greet", "--out", &out]);
        let into = format!("prompts/{format}");
        terminal.ok(&["import", format, &out, "--into", &into]);
        let list = terminal.ok(&["list", "--json"]).json();
        let mut back = Vec::new();
        for prompt in list["prompts"].as_array().expect("a list") {
            let key = prompt["prompt"].as_str().expect("a key");
            for variant in prompt["variants"].as_array().expect("a list") {
                if key.starts_with(&into) {
                    back.push(messages(key, variant.as_str().expect("an id")));
                }
            }
        }
        back.sort();
        assert_eq!(back, own, "{format}");
    }
}

fn said(message: &Value) -> (String, String) {
    let text = message["content"].as_array().into_iter().flatten();
    let text = text.filter_map(|part| part["text"].as_str()).collect();
    (message["role"].as_str().unwrap_or_default().to_owned(), text)
}
