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
    let compared = terminal.assay(&["compare", "last/plain", "last/warm", "--json"]).json();
    let verdicts = compared["verdicts"].as_array().expect("verdicts").iter();
    let of_judge: Vec<_> = verdicts.filter(|verdict| verdict["scorer"] == "kind").collect();
    assert!(!of_judge.is_empty() && of_judge.iter().all(|v| v["text"].to_string().contains(note)));
}

#[test]
fn a_gate_says_how_often_nothing_but_the_order_decided_and_leaves_the_baseline_alone() {
    let server = greeter();
    let first = json!({"analysis": "the first is better", "verdict": "first"}).to_string();
    let judge = ModelServer::start_blocking().reply_with(move |_| first.clone());
    let scorer = "{id: kind, type: pairwise, model: judge/test-model, baseline: plain}";
    let terminal = judged(&server, &judge, scorer);
    let path = "prompts/greet/evals.yaml";
    let evals = terminal.workspace.read(path);
    let against = "kind, min: 0.5}\n  - {scorer: kind, nonInferior: {margin: 0.02}}";
    terminal.workspace.write(path, &evals.replace("kind, min: 0.5}", against));
    let run = terminal.ok(&["run", "--json", "-"]).json();
    let compared = terminal.assay(&["compare", "last/plain", "last/warm"]);
    let flagged = "the order of the answers decided 3 of its verdicts";
    let times = compared.out.matches(flagged).count();
    assert!(times >= 2, "beside the verdict and beside its gate: {}", compared.out);
    let turned = terminal.assay(&["compare", "last/warm", "last/plain"]).out;
    let times = turned.matches(flagged).count();
    assert!(times >= 2, "also where the baseline is the head: {turned}");
    let gates = run["gates"].as_array().expect("gates").iter();
    let reasons: Vec<_> = gates.filter(|gate| gate["scorer"] == "kind").collect();
    assert_eq!(reasons.len(), 4, "{run}");
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
    terminal.workspace.write("prompts/greet/cases.jsonl", &cases());
    let before = gate(&terminal.ok(&["run", "--variant", "plain", "--json", "-"]).json());
    assert!(
        before["reason"].as_str().is_some_and(|reason| reason.contains("not calibrated")),
        "{before}"
    );
    label(&terminal, &labels(is_ada));
    let after = gate(&terminal.ok(&["run", "--variant", "plain", "--json", "-"]).json());
    assert!(after["reason"].as_str().is_some_and(|reason| !reason.contains("judge")), "{after}");
    assert!(terminal.ok(&["judge", "list", "greet"]).out.contains("calibrated, 150 labels"));
}

#[test]
fn a_gate_says_that_its_judge_is_weak_or_that_people_gave_only_one_kind_of_label() {
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    terminal.workspace.write("prompts/greet/cases.jsonl", &cases());
    terminal.ok(&["run", "--variant", "plain"]);
    let said = |of: fn(usize) -> bool| {
        label(&terminal, &labels(of));
        reason_of_a_new_run(&terminal)
    };
    let one_kind = said(|_| true);
    assert!(one_kind.contains("only one kind of label, passes"), "{one_kind}");
    let weak = said(|n| n % 3 == 0);
    assert!(weak.contains("judge weak") && !weak.contains("not calibrated"), "{weak}");
    let shown = terminal.ok(&["judge", "show", "greet", "--json"]).json();
    let first = &shown["judges"][0];
    assert_eq!((&first["calibrated"], &first["weak"]), (&json!(true), &json!(true)), "{first}");
    let good = said(is_ada);
    assert!(!good.contains("judge"), "the later labels count: {good}");
}

/// As many as it takes for a judge that is always right to be known as one, whichever half a label is in.
const CASES: usize = 150;

/// Whom the judge passes: a few more than it fails, as the gate wants.
fn is_ada(case: usize) -> bool {
    case < 80
}

fn cases() -> String {
    let line = |n| {
        let person = format!("{} {n}", if is_ada(n) { "Ada" } else { "Cleo" });
        json!({"id": format!("c-{n}"), "input": {"person": person}, "expected": "x"}).to_string()
    };
    (0..CASES).map(|n| line(n) + "\n").collect()
}

fn labels(pass: impl Fn(usize) -> bool) -> String {
    let line = |n| json!({"case": format!("c-{n}"), "pass": pass(n)}).to_string();
    (0..CASES).map(|n| line(n) + "\n").collect()
}

/// Labels by `ann`; the numbers are looked at.
fn label(terminal: &Terminal, labels: &str) {
    terminal.workspace.write("labels.jsonl", labels);
    terminal.ok(&["judge", "calibrate", "greet", "--rater", "ann", "--labels", "labels.jsonl"]);
}

/// A judge that is right about every case, and was held against the labels of all.
fn calibrated(terminal: &Terminal) {
    terminal.workspace.write("prompts/greet/cases.jsonl", &cases());
    terminal.ok(&["run", "--variant", "plain"]);
    label(terminal, &labels(is_ada));
}

fn reason_of_a_new_run(terminal: &Terminal) -> String {
    let gate = gate(&terminal.ok(&["run", "--variant", "plain", "--json", "-"]).json());
    gate["reason"].as_str().expect("words").to_owned()
}

#[test]
fn another_model_or_judge_prompt_is_another_judge_until_it_is_held_against_the_labels() {
    const ANOTHER: &str = "its prompt, model or settings are not those that were held";
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    calibrated(&terminal);
    assert!(!reason_of_a_new_run(&terminal).contains("calibrated"));
    let url = judge.url();
    terminal.ok(&["models", "add", "openai-compatible", "other", "--base-url", &url]);
    let path = "prompts/greet/evals.yaml";
    let evals = terminal.workspace.read(path);
    terminal.workspace.write(path, &evals.replace("judge/test-model", "other/test-model"));
    let listed = terminal.ok(&["judge", "list", "greet"]).out;
    assert!(listed.contains("150 labels, but not calibrated"), "{listed}");
    let swapped = reason_of_a_new_run(&terminal);
    assert!(swapped.contains(ANOTHER), "{swapped}");
    terminal.ok(&["judge", "show", "greet"]);
    assert!(!reason_of_a_new_run(&terminal).contains("calibrated"), "the labels are still good");

    terminal.ok(&["judge", "add", "llm-rubric"]);
    let evals = terminal.workspace.read(path);
    let kept = evals.replace("type: llm-rubric,", "type: llm-rubric, prompt: judges/llm-rubric,");
    terminal.workspace.write(path, &kept);
    let prompt = "judges/llm-rubric/judge.prompty";
    let text = terminal.workspace.read(prompt);
    terminal.workspace.write(prompt, &text.replace("You judge", "You are strict, and judge"));
    let reworded = reason_of_a_new_run(&terminal);
    assert!(reworded.contains(ANOTHER), "{reworded}");
}

#[test]
fn a_clone_has_the_labels_and_the_calibration_of_those_who_shared_them() {
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    calibrated(&terminal);
    terminal.ok(&["ratings", "share"]);
    let path = ".assay/ratings/labels/ann.jsonl";
    let shared = terminal.workspace.read(path);
    assert_eq!(shared.lines().filter(|line| line.contains("\"kind\":\"label\"")).count(), CASES);
    assert!(!shared.contains("as it greets") && !shared.contains("Hello"), "it stays blind");
    terminal.ok(&["ratings", "share"]);
    assert_eq!(terminal.workspace.read(path), shared, "sharing again adds nothing");

    // A colleague's machine has the files and nothing else.
    let colleague = judged(&server, &judge, RUBRIC);
    for file in [path.to_owned(), calibration_file(&terminal)] {
        colleague.workspace.write(&file, &terminal.workspace.read(&file));
    }
    let cases = terminal.workspace.read("prompts/greet/cases.jsonl");
    colleague.workspace.write("prompts/greet/cases.jsonl", &cases);
    colleague
        .workspace
        .write("prompts/greet/prompt.yaml", &terminal.workspace.read("prompts/greet/prompt.yaml"));
    assert!(!reason_of_a_new_run(&colleague).contains("calibrated"));
    let shown = colleague.ok(&["judge", "show", "greet", "--json"]).json();
    assert_eq!(shown["judges"][0]["labels"], CASES, "{shown}");
    assert_eq!(shown["judges"][0]["refused"], json!([]), "{shown}");

    let hostile = shared.replace("\"rater\":\"ann\"", "\"rater\":\"bob\"");
    colleague.workspace.write(path, &hostile);
    let shown = colleague.ok(&["judge", "show", "greet"]).out;
    assert!(shown.contains("not read: ") && shown.contains("another rater"), "{shown}");
}

/// The file of whoever held the judge against the labels: git's user, or nobody in particular.
fn calibration_file(terminal: &Terminal) -> String {
    let exported = terminal.ok(&["ratings", "share", "--json"]).json();
    let files = exported["files"].as_array().expect("files").iter();
    let paths = files.filter_map(|file| file["path"].as_str());
    let mut holding = paths.filter(|path| terminal.workspace.read(path).contains("calibration"));
    holding.next().expect("somebody held it").to_owned()
}

#[test]
fn a_judgement_is_read_back_with_what_was_asked_and_what_was_said() {
    let (server, judge) = (greeter(), judge());
    let terminal = judged(&server, &judge, RUBRIC);
    terminal.ok(&["run"]);
    let read = ["judge", "read", "last", "--cell", "0", "--scorer"];
    let told = terminal.ok(&[&read[..], &["kind", "--json"]].concat()).json();
    let member = &told["members"][0];
    assert_eq!((&member["model"], &member["pass"]), (&json!("judge/test-model"), &json!(true)));
    let call = &member["calls"][0];
    assert!(call["messages"].to_string().contains("It greets Ada or Bob."), "{call}");
    assert!(call["said"].as_str().is_some_and(|said| said.contains("as it greets")), "{call}");
    let words = terminal.ok(&[&read[..], &["kind"]].concat()).out;
    assert!(words.contains("judge/test-model: pass") && words.contains("reply:"), "{words}");
    let nobody = terminal.assay(&[&read[..], &["nobody"]].concat());
    assert_eq!(nobody.exit, 2, "{}", nobody.err);
}
