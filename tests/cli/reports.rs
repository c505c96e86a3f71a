//! What a run leaves for others to read: JUnit for CI, Markdown for a pull request, HTML for people without Assay.

use assay_prompt::{Row, ScorerSpec};
use assay_score::{Outcome, Scorers, Subject};
use assay_testkit::{Fault, ModelServer};

use crate::process::{Terminal, greeter};

/// A name that would be markup anywhere.
const HOSTILE: &str = "<b onclick='x'>&]]></b> | `#1` ![](http://a)";

/// The workspace `greet` with a hostile name among its cases.
fn hostile(server: &ModelServer) -> Terminal {
    let terminal = Terminal::with(server);
    let cases = terminal.workspace.read("prompts/greet/cases.jsonl");
    let row = serde_json::json!({"id": "evil", "input": {"person": HOSTILE}, "expected": "Hello"});
    terminal.workspace.write("prompts/greet/cases.jsonl", &format!("{cases}{row}\n"));
    terminal
}

fn is_xml(text: &str) -> bool {
    let (scorers, problems) = Scorers::compile(&[ScorerSpec::new("xml", "xml")], &[]);
    assert!(problems.is_empty(), "{problems:?}");
    let case = Row::default();
    let scores = scorers.score(&Subject::new(text, &case));
    matches!(scores[0].outcome, Outcome::Scored { pass: Some(true), .. })
}

#[test]
fn a_run_is_told_to_ci_to_reviewers_and_to_people_without_assay() {
    let server = greeter();
    let terminal = hostile(&server);
    let files = ["--junit", "run.xml", "--markdown", "run.md", "--html", "run.html"];
    let left = terminal.ok(&[&["run"][..], &files[..]].concat());
    assert!(left.out.contains("VARIANT"), "the text is told as well: {}", left.out);

    // Eight cells and a gate for each of the two columns. Cleo is greeted in other words than she expects, and so is
    // the name that is none, by both variants.
    let junit = terminal.workspace.read("run.xml");
    assert!(is_xml(&junit), "{junit}");
    assert!(
        junit
            .contains(r#"<testsuites name="assay" tests="10" failures="4" errors="0" skipped="0""#),
        "{junit}"
    );
    assert!(junit.contains(r#"classname="prompts/greet.plain."#), "{junit}");
    assert_eq!(junit.matches(r#"name="cleo""#).count(), 2, "{junit}");
    assert!(junit.contains(r#"<failure message="exact: "#), "{junit}");

    let markdown = terminal.workspace.read("run.md");
    assert!(markdown.starts_with("### Run: all gates hold\n"), "{markdown}");
    assert!(markdown.contains("<summary>4 did not pass</summary>"), "{markdown}");
    assert!(markdown.contains(" | 4 | 0 | "), "{markdown}");

    let html = terminal.workspace.read("run.html");
    assert!(html.contains("default-src 'none'"), "{html}");
    assert!(html.contains("&lt;b onclick=&#39;x&#39;&gt;"), "what a model wrote is shown: {html}");
    for text in [&junit, &markdown, &html] {
        assert!(!text.contains("<b onclick"), "{text}");
    }
    assert!(!markdown.contains("![]("), "a picture would be loaded: {markdown}");
    for outside in ["<script", "src=", "href=", "@import", "url("] {
        assert!(!html.contains(outside), "{outside} in {html}");
    }
}

#[test]
fn a_gate_that_fails_is_a_failure_of_its_own() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let evals = terminal.workspace.read("prompts/greet/evals.yaml");
    let evals = evals.replace("{scorer: polite, min: 0.5}", "{scorer: exact, min: 0.9}");
    terminal.workspace.write("prompts/greet/evals.yaml", &evals);
    let left = terminal.assay(&["run", "--junit", "-"]);
    assert_eq!(left.exit, 1, "{}{}", left.out, left.err);
    assert!(is_xml(&left.out), "standard output holds the report alone: {}", left.out);
    assert!(left.out.contains(r#"<testsuite name="gates" tests="2" failures="2""#), "{}", left.out);
    assert!(left.out.contains(r#"type="gate""#), "{}", left.out);
}

#[test]
fn a_call_that_failed_is_an_error_and_never_a_passed_test() {
    let server = greeter();
    server.fault_when(|request| request.to_string().contains("Cleo"), Fault::bad_request());
    let terminal = Terminal::with(&server);
    let left = terminal.assay(&["run", "--junit", "run.xml", "--markdown", "-"]);
    assert_eq!(left.exit, 3, "{}{}", left.out, left.err);
    assert!(left.out.starts_with("### Run: incomplete\n"), "{}", left.out);
    assert!(left.out.contains("<summary>2 failed</summary>"), "{}", left.out);
    let junit = terminal.workspace.read("run.xml");
    assert!(is_xml(&junit), "{junit}");
    assert_eq!(junit.matches(r#"type="call""#).count(), 2, "{junit}");
    assert!(junit.contains(r#" errors="2""#), "{junit}");
}

#[test]
fn two_reports_cannot_share_standard_output_and_nothing_is_sent_before_that_is_told() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    for second in ["--json", "--html", "--markdown"] {
        let left = terminal.assay(&["run", "--junit", "-", second, "-"]);
        assert_eq!(left.exit, 2, "{second}: {}", left.err);
        assert!(left.err.contains("standard output"), "{second}: {}", left.err);
    }
    let left = terminal.assay(&["run", "--html", "no/such/folder/run.html"]);
    assert_eq!(left.exit, 2, "{}", left.err);
    assert_eq!(server.count(), 0);
}
