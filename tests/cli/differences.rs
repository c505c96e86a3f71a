//! `assay diff` and `assay merge-driver`: what differs in words of prompts, and merges by rows, keys and words.

use std::process::{Command, Output};

use assay_tests::window::built;
use serde_json::json;

use crate::process::Terminal;

const CASES: &str = "prompts/greet/cases.jsonl";
const PLAIN: &str = "prompts/greet/plain.prompty";

/// Writes a file with one text in the place of another.
fn change(terminal: &Terminal, file: &str, old: &str, new: &str) {
    let text = terminal.workspace.read(file);
    assert!(text.contains(old), "{file} has no {old:?}");
    terminal.workspace.write(file, &text.replace(old, new));
}

#[test]
fn a_difference_is_told_by_words_of_the_template_and_by_cases() {
    let terminal = Terminal::in_data("greet");
    change(&terminal, PLAIN, "Greet the person.", "Greet the person briefly.");
    change(&terminal, CASES, "Hello Bob", "Hi Bob");

    let text = terminal.ok(&["diff"]).out;
    assert!(text.contains("plain: 2 words added, 1 removed in the template"), "{text}");
    assert!(text.contains("  + Greet the person briefly."), "{text}");
    assert!(text.contains("case bob: expected edited"), "{text}");
    assert!(text.contains("    bob · expected: [-Hello-]{+Hi+} Bob\n"), "{text}");
    assert!(!text.contains("\"Hi Bob\""), "rows are told by their fields: {text}");

    terminal.workspace.commit("change both");
    let again = terminal.ok(&["diff", "HEAD~1", "HEAD"]).out;
    assert_eq!(again, text);
    assert!(terminal.ok(&["diff"]).out.starts_with("nothing differs between HEAD and"));
    let document = terminal.ok(&["diff", "HEAD~1", "--json", "--prompt", "greet"]).json();
    assert_eq!(document["schema"], "assay.diff/1");
    assert_eq!(document["files"].as_array().map(Vec::len), Some(2));
    assert_eq!(document["files"][1]["file"]["items"][0]["id"], "plain");
}

#[test]
fn rows_that_came_or_went_are_told_with_every_field_they_have() {
    let terminal = Terminal::in_data("greet");
    let ada = r#"{"id":"ada","input":{"person":"Ada"},"expected":"Hello Ada","tags":["smoke"]}"#;
    let dora =
        r#"{"id":"dora","input":{"person":"Dora"},"expected":"Hello\nnothing differs\u001b[2J"}"#;
    change(&terminal, CASES, ada, dora);
    let text = terminal.ok(&["diff"]).out;
    for said in [
        "  - ada · input.person: Ada\n  - ada · expected: Hello Ada\n  - ada · tags: [\"smoke\"]\n",
        "  + dora · input.person: Dora\n",
        "  + dora · expected: Hello\n  +     | nothing differs\\u{1b}[2J\n",
    ] {
        assert!(text.contains(said), "{said} is missing: {text}");
    }
    assert!(!text.contains("bob"), "what stayed is not told: {text}");
}

#[test]
fn settings_and_rules_are_told_line_by_line_and_statements_counted() {
    let terminal = Terminal::in_data("greet");
    terminal.workspace.write(".assay/policy.toml", "[approval]\nneeded = 0\n");
    terminal.workspace.write(".assay/attest/c1/s1.json", "{}");
    terminal.workspace.write(".assay/attest/c1/s1.sig", "signature");
    terminal.workspace.commit("rules and statements");
    let text = terminal.ok(&["diff", "HEAD~1", "HEAD"]).out;
    assert!(text.contains("  + needed = 0\n"), "{text}");
    assert!(text.contains(".assay/attest/: 2 files of signed statements added\n"), "{text}");
    assert!(!text.contains("s1.json"), "{text}");
}

#[test]
fn the_messages_of_both_sides_are_compared_case_by_case() {
    let terminal = Terminal::in_data("greet");
    let same = terminal.ok(&["diff", "--rendered"]).out;
    assert!(same.contains("send the same messages"), "{same}");
    change(&terminal, PLAIN, "Greet the person.", "Greet the person briefly.");

    let text = terminal.ok(&["diff", "--rendered"]).out;
    assert!(text.starts_with("prompts/greet/plain · case ada (and 2 more cases)"), "{text}");
    assert!(text.contains("briefly+}"), "{text}");
    assert!(!text.contains("greet/warm"), "{text}");
    let one = ["diff", "HEAD", "--rendered", "--prompt", "greet", "--case", "cleo", "--json"];
    let document = terminal.ok(&one).json();
    let changes = document["changes"].as_array().expect("a list");
    assert_eq!((changes.len(), &changes[0]["case"]), (1, &json!("cleo")));
    assert_eq!(changes[0]["messages"][1]["pieces"][0], json!({"text": "Cleo", "side": "both"}));
}

fn git(terminal: &Terminal, arguments: &[&str]) -> Output {
    let driver = built("assay").expect("the command line is built");
    let driver = format!("merge.assay.driver=\"{}\" merge-driver %O %A %B %P", driver.display());
    Command::new("git")
        .args(["-c", &driver, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
        .args(arguments)
        .current_dir(terminal.path())
        .output()
        .expect("git is there")
}

/// A branch `other` and the one it came from, each with a change of its own.
fn branches(ours: [(&str, &str, &str); 2], theirs: [(&str, &str, &str); 2]) -> Terminal {
    let terminal = Terminal::in_data("greet");
    terminal.workspace.write(".gitattributes", "*.jsonl merge=assay\n*.prompty merge=assay\n");
    terminal.workspace.commit("merge by rows and words");
    assert!(git(&terminal, &["checkout", "-q", "-b", "other"]).status.success());
    theirs.iter().for_each(|(file, old, new)| change(&terminal, file, old, new));
    terminal.workspace.commit("theirs");
    assert!(git(&terminal, &["checkout", "-q", "-"]).status.success());
    ours.iter().for_each(|(file, old, new)| change(&terminal, file, old, new));
    terminal.workspace.commit("ours");
    terminal
}

#[test]
fn git_merges_neighbouring_rows_and_words_through_the_driver() {
    let terminal = branches(
        [(CASES, "Hello Bob", "Hi Bob"), (PLAIN, "Greet", "Welcome")],
        [(CASES, "Hello Ada", "Hi Ada"), (PLAIN, "the person.", "the person warmly.")],
    );
    let merged = git(&terminal, &["merge", "-q", "-m", "merge", "other"]);
    assert!(merged.status.success(), "{merged:?}");
    let cases = terminal.workspace.read(CASES);
    assert!(cases.contains("Hi Ada") && cases.contains("Hi Bob"), "{cases}");
    assert!(terminal.workspace.read(PLAIN).contains("Welcome the person warmly."));
}

#[test]
fn a_conflict_is_told_by_row_and_field_and_leaves_a_file_that_reads() {
    let terminal = branches(
        [(CASES, "Hello Bob", "Hi Bob"), (PLAIN, "Greets", "Welcomes")],
        [(CASES, "Hello Bob", "Hey Bob"), (CASES, "Hello Ada", "Hi Ada")],
    );
    let merged = git(&terminal, &["merge", "-q", "-m", "merge", "other"]);
    assert!(!merged.status.success());
    let said = String::from_utf8_lossy(&merged.stderr);
    assert!(said.contains("bob: expected: ours \"Hi Bob\", theirs \"Hey Bob\""), "{said}");
    let cases = terminal.workspace.read(CASES);
    assert!(!cases.contains("<<<<") && cases.contains("Hi Bob") && cases.contains("Hi Ada"));
    let status = git(&terminal, &["status", "--porcelain"]);
    assert!(String::from_utf8_lossy(&status.stdout).contains("UU prompts/greet/cases.jsonl"));
}

#[test]
fn a_version_that_cannot_be_read_is_refused_and_ours_stays() {
    let terminal = Terminal::in_data("greet");
    for (name, text) in [("o", "{\"id\":\"a\"}\n"), ("a", "{\"id\":\"b\"}\n"), ("b", "{ half\n")] {
        terminal.workspace.write(name, text);
    }
    let left = terminal.assay(&["merge-driver", "o", "a", "b", "cases.jsonl"]);
    assert_eq!(left.exit, 2, "{}", left.err);
    assert!(left.err.contains("cases.jsonl cannot be merged: in theirs"), "{}", left.err);
    assert_eq!(terminal.workspace.read("a"), "{\"id\":\"b\"}\n");
}
