//! Scorers that ask a model, from the file to the gate; labels of people, and what they say of the judge.

use assay_testkit::ModelServer;
use serde_json::{Value, json};

use crate::process::{Terminal, greeter};

/// A judge whose criterion is met by whoever greets Ada or Bob.
fn judge() -> ModelServer {
    ModelServer::start_blocking().reply_with(|request| {
        let text = request["messages"][1]["content"].to_string();
        let met = text.contains("Hello Ada") || text.contains("Hello Bob");
        json!({"criteria": [{"number": 1, "reason": "as it greets", "met": met}]}).to_string()
    })
}

/// The workspace `greet`, with a judge of another server.
fn judged(greeter: &ModelServer, judge: &ModelServer, scorer: &str) -> Terminal {
    let terminal = Terminal::with(greeter);
    let url = judge.url();
    terminal.ok(&["models", "add", "openai-compatible", "judge", "--base-url", &url]);
    let evals = terminal.workspace.read("prompts/greet/evals.yaml");
    let evals = evals
        .replace("gates:\n", &format!("  - {scorer}\ngates:\n  - {{scorer: kind, min: 0.5}}\n"));
    terminal.workspace.write("prompts/greet/evals.yaml", &evals);
    terminal
}

const RUBRIC: &str =
    "{id: kind, type: llm-rubric, model: judge/test-model, rubric: It greets Ada or Bob.}";

fn gate(run: &Value) -> Value {
    let gates = run["gates"].as_array().expect("gates");
    gates.iter().find(|gate| gate["scorer"] == "kind").expect("the judge's gate").clone()
}

#[test]
fn a_rubric_runs_from_the_file_to_the_gate_and_the_gate_says_that_nobody_calibrated_it() {
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    let plan = terminal.ok(&["plan", "--json"]).json();
    assert_eq!(plan["judgeCalls"], 6);
    let run = terminal.ok(&["run", "--json", "-"]).json();
    let gate = gate(&run);
    assert_eq!(gate["ok"], true, "{gate}");
    let reason = gate["reason"].as_str().expect("words");
    assert!(reason.contains("judge not calibrated (0 of 50 labels)"), "{reason}");
    let shown = terminal.ok(&["show", "last"]).out;
    assert!(shown.contains("pass  kind: as it greets"), "{shown}");
    assert!(shown.contains("fail  kind: as it greets"), "{shown}");
    let runs = terminal.ok(&["runs", "--json"]).json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs}");
}

#[test]
fn a_gate_against_the_base_says_too_that_nobody_calibrated_its_judge() {
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    let path = "prompts/greet/evals.yaml";
    let evals = terminal.workspace.read(path);
    let against = evals.replace("kind, min: 0.5}", "kind, nonInferior: {margin: 0.02}}");
    assert_ne!(evals, against);
    terminal.workspace.write(path, &against);
    terminal.ok(&["run"]);
    let compared = terminal.assay(&["compare", "last/plain", "last/warm"]);
    let note = "judge not calibrated (0 of 50 labels)";
    assert!(compared.out.contains(note), "{}{}", compared.out, compared.err);
}

#[test]
fn a_gate_says_how_often_nothing_but_the_order_decided_and_leaves_the_baseline_alone() {
    let server = greeter();
    let first = json!({"analysis": "the first is better", "verdict": "first"}).to_string();
    let judge = ModelServer::start_blocking().reply_with(move |_| first.clone());
    let scorer = "{id: kind, type: pairwise, model: judge/test-model, baseline: plain}";
    let terminal = judged(&server, &judge, scorer);
    let run = terminal.ok(&["run", "--json", "-"]).json();
    let gates = run["gates"].as_array().expect("gates").iter();
    let reasons: Vec<_> = gates.filter(|gate| gate["scorer"] == "kind").collect();
    assert_eq!(reasons.len(), 2, "{run}");
    let told = |words: &str| reasons.iter().any(|gate| gate["reason"].to_string().contains(words));
    assert!(told("the order of the answers decided 3 of its verdicts"), "{run}");
    assert!(told("the baseline is not compared with itself"), "{run}");
}

#[test]
fn a_judge_that_fails_makes_its_gate_incomplete_and_not_green() {
    let server = greeter();
    let judge = ModelServer::start_blocking().reply_with(|_| "verdict: pass".to_owned());
    let terminal = judged(&server, &judge, RUBRIC);
    let left = terminal.assay(&["run", "--json", "-"]);
    assert_eq!(left.exit, 1, "{}", left.err);
    let gate = gate(&left.json());
    assert_eq!((&gate["ok"], &gate["value"]), (&json!(false), &Value::Null), "{gate}");
    assert!(gate["reason"].as_str().is_some_and(|reason| reason.contains("incomplete")), "{gate}");
    assert!(terminal.ok(&["show", "last"]).out.contains("not judged  kind: judge error: "));
}

#[test]
fn a_judge_prompt_is_copied_checked_named_and_asked_with() {
    let (server, judge) = (greeter(), judge());
    let scorer = "{id: kind, type: llm-rubric, prompt: judges/llm-rubric, model: judge/test-model, rubric: It greets Ada or Bob.}";
    let terminal = judged(&server, &judge, scorer);
    let missing = terminal.assay(&["run"]);
    assert_eq!(missing.exit, 2, "{}", missing.err);
    assert!(missing.err.contains("judges/llm-rubric"), "{}", missing.err);
    let check = terminal.assay(&["check", "--json"]);
    assert_eq!(check.exit, 1, "{}", check.out);
    let problem = check.json()["problems"][0].clone();
    assert_eq!(
        (&problem["code"], &problem["file"]),
        (&json!("P0620"), &json!("prompts/greet/evals.yaml")),
        "{problem}"
    );
    terminal.ok(&["judge", "add", "llm-rubric"]);
    terminal.ok(&["check", "llm-rubric"]);
    terminal.ok(&["check", "greet"]);
    let path = "judges/llm-rubric/judge.prompty";
    let text = terminal
        .workspace
        .read(path)
        .replace("You judge an answer", "You are strict, and judge an answer");
    terminal.workspace.write(path, &text);
    let run = terminal.ok(&["run", "--json", "-"]).json();
    assert_eq!(run["cells"]["total"], 6, "the judge prompt is not run itself");
    assert!(judge.requests().iter().all(|request| request.contains("You are strict")));
    let unknown = terminal.assay(&["judge", "add", "nobody"]);
    assert_eq!(unknown.exit, 2);
    assert!(unknown.err.contains("llm-rubric"), "{}", unknown.err);
}

#[test]
fn outputs_are_labelled_blind_and_the_judge_is_held_against_the_labels() {
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    terminal.ok(&["run"]);
    let typed = ["p\n", "hm\n", "f\n", "s\n"].concat();
    let label = ["judge", "calibrate", "greet", "--rater", "ann", "--seed", "7"];
    let left = terminal.assay_typed(&terminal.path(), &label, &typed, &[]);
    assert_eq!(left.exit, 0, "{}", left.err);
    assert!(left.out.contains("It greets Ada or Bob."), "{}", left.out);
    for hidden in ["as it greets", "warm", "server/test-model", "judge/test-model"] {
        assert!(!left.out.contains(hidden), "{hidden} is shown: {}", left.out);
    }
    assert!(left.out.contains("ann has labelled 2 outputs of 3"), "{}", left.out);
    let shown = terminal.ok(&["judge", "show", "greet", "--json"]).json();
    let first = &shown["judges"][0];
    assert_eq!((&first["labels"], &first["calibrated"]), (&json!(2), &json!(false)), "{shown}");
    let halves = ["tuning", "heldOut"].map(|half| first[half]["outputs"].as_u64().unwrap_or(0));
    assert_eq!(halves.iter().sum::<u64>(), 2, "{first}");
    assert_eq!(first["models"][0]["failed"], 0, "{first}");
}

#[test]
fn labels_of_a_file_are_taken_and_people_are_compared_first() {
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    terminal.ok(&["run"]);
    let labels: String = ["ada", "bob", "cleo"]
        .iter()
        .flat_map(|case| ["plain", "warm"].map(|variant| (case, variant)))
        .flat_map(|(case, variant)| {
            ["ann", "ben"].map(|rater| {
                json!({"case": case, "variant": variant, "pass": *case != "cleo", "rater": rater})
                    .to_string()
                    + "\n"
            })
        })
        .collect();
    terminal.workspace.write("labels.jsonl", &labels);
    terminal.ok(&["judge", "calibrate", "greet", "--labels", "labels.jsonl"]);
    let shown = terminal.ok(&["judge", "show", "greet", "--json"]).json();
    let people = &shown["judges"][0]["people"];
    assert_eq!(people["raters"], json!(["ann", "ben"]), "{shown}");
    assert_eq!((&people["agreement"], &people["kappa"]["value"]), (&json!(1.0), &json!(1.0)));
    terminal.workspace.write("labels.jsonl", "{\"case\":\"nobody\",\"pass\":true}\n");
    let refused = terminal.assay(&["judge", "calibrate", "greet", "--labels", "labels.jsonl"]);
    assert_eq!(refused.exit, 2);
    assert!(refused.err.contains("nobody"), "{}", refused.err);
}

#[test]
fn a_calibrated_judge_gates_without_a_remark() {
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    let cases: String = (0..60)
        .map(|n| json!({"id": format!("c-{n}"), "input": {"person": format!("Ada {n}")}, "expected": "x"}).to_string() + "\n")
        .collect();
    terminal.workspace.write("prompts/greet/cases.jsonl", &cases);
    let before = gate(&terminal.ok(&["run", "--variant", "plain", "--json", "-"]).json());
    assert!(
        before["reason"].as_str().is_some_and(|reason| reason.contains("not calibrated")),
        "{before}"
    );
    let labels: String = (0..60)
        .map(|n| json!({"case": format!("c-{n}"), "pass": true}).to_string() + "\n")
        .collect();
    terminal.workspace.write("labels.jsonl", &labels);
    terminal.ok(&["judge", "calibrate", "greet", "--rater", "ann", "--labels", "labels.jsonl"]);
    let after = gate(&terminal.ok(&["run", "--variant", "plain", "--json", "-"]).json());
    assert!(
        after["reason"].as_str().is_some_and(|reason| !reason.contains("calibrated")),
        "{after}"
    );
    assert!(terminal.ok(&["judge", "list", "greet"]).out.contains("calibrated, 60 labels"));
}
