//! Scripts as scorers, in real processes: Rhai within its limits, programs with consent only.

use assay_testkit::ModelServer;
use serde_json::{Value, json};

use crate::process::{Terminal, greeter};

const EVALS: &str = "prompts/greet/evals.yaml";

/// The workspace `greet` with one more scorer, `own`, which decides nothing.
fn with_scorer(server: &ModelServer, keys: &str) -> Terminal {
    let terminal = Terminal::with(server);
    let evals = terminal.workspace.read(EVALS);
    let evals = evals.replace("gates:\n", &format!("  - {{id: own, {keys}}}\ngates:\n"));
    terminal.workspace.write(EVALS, &evals);
    terminal
}

/// What `own` says of the first cell of a new run. The cells come from the cache after the first.
#[track_caller]
fn own(terminal: &Terminal) -> Value {
    terminal.ok(&["run", "greet"]);
    let shown = terminal.ok(&["show", "last", "--json"]).json();
    shown["cells"][0]["scores"]["own"].clone()
}

#[track_caller]
fn check_not_judged(terminal: &Terminal, with: &str) {
    let score = own(terminal);
    assert_eq!((&score["value"], &score["pass"]), (&Value::Null, &Value::Null), "{score}");
    assert!(score["reason"].as_str().is_some_and(|reason| reason.contains(with)), "{score}");
}

/// The hash of the one program of the repository.
fn hash(terminal: &Terminal) -> String {
    let listed = terminal.ok(&["consent", "list", "--json"]).json();
    assert_eq!(listed["schema"], "assay.consents/1");
    let programs = listed["programs"].as_array().expect("programs");
    assert_eq!(programs.len(), 1, "{listed}");
    programs[0]["hash"].as_str().expect("a hash").to_owned()
}

/// Whether Python is where it is looked for.
fn has_python() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = |name: &str| format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let holds = |folder: &std::path::Path| {
        ["python3", "python"].iter().any(|name| folder.join(named(name)).is_file())
    };
    std::env::split_paths(&path).any(|folder| holds(&folder))
}

#[test]
fn a_rhai_scorer_judges_in_a_process_of_the_command_line() {
    let server = greeter();
    let terminal =
        with_scorer(&server, r#"type: rhai, value: 'output == "Hello " + inputs.person'"#);
    let score = own(&terminal);
    assert_eq!((&score["value"], &score["pass"]), (&json!(1.0), &json!(true)), "{score}");
    terminal.ok(&["check"]);
}

#[test]
fn a_rhai_script_may_stand_in_a_file_beside_the_prompt() {
    let server = greeter();
    let terminal = with_scorer(&server, "type: rhai, script: polite.rhai, threshold: 0.6");
    let missing = terminal.assay(&["check"]);
    assert!(missing.exit == 1 && missing.out.contains("polite.rhai"), "{}", missing.out);
    let script = "let words = output.split(\" \").len();\n#{ score: 1.0 / words, reason: `${words} words` }\n";
    terminal.workspace.write("prompts/greet/polite.rhai", script);
    terminal.ok(&["check"]);
    let score = own(&terminal);
    assert_eq!((&score["value"], &score["pass"]), (&json!(0.5), &json!(false)), "{score}");
    assert_eq!(score["reason"], "2 words (0.5), less than 0.6");
}

#[test]
fn a_script_that_exhausts_its_limits_judges_nothing_and_the_run_goes_on() {
    let server = greeter();
    let attacks = [
        ("loop {}", "too long"),
        ("let s = \"x\"; loop { s += s; }", "too much data"),
        ("let b = blob(4000000000); true", "script"),
        ("open_file(\"/etc/passwd\")", "open_file"),
        ("import \"/etc/passwd\" as p; true", "import"),
        ("tcp_connect(\"127.0.0.1:80\")", "tcp_connect"),
    ];
    for (attack, with) in attacks {
        let terminal = with_scorer(&server, &format!("type: rhai, value: '{attack}'"));
        check_not_judged(&terminal, with);
        let all = terminal.ok(&["show", "last", "--json"]).json();
        let polite = |cell: &Value| cell["scores"]["polite"]["pass"] == true;
        assert!(all["cells"].as_array().is_some_and(|cells| cells.iter().all(polite)), "{all}");
    }
}

#[test]
fn a_program_runs_with_consent_to_its_very_text_and_never_without() {
    let server = greeter();
    let terminal = with_scorer(&server, "type: python, value: 'output.startswith(\"Hello\")'");
    check_not_judged(&terminal, "not run: nobody allowed this python script");
    let listed = terminal.ok(&["consent", "list"]).out;
    assert!(listed.contains("| output.startswith(\"Hello\")"), "{listed}");
    assert!(listed.contains("own (python), not allowed"), "{listed}");

    let given = hash(&terminal);
    terminal.ok(&["consent", "give", &given]);
    check_not_judged(&terminal, "not run: a python script runs in a trusted repository only");
    terminal.ok(&["trust", "grant"]);
    match has_python() {
        true => {
            let score = own(&terminal);
            assert_eq!((&score["value"], &score["pass"]), (&json!(1.0), &json!(true)), "{score}");
        }
        false => check_not_judged(&terminal, "Python is not installed"),
    }

    terminal.ok(&["trust", "revoke"]);
    check_not_judged(&terminal, "in a trusted repository only");
    let evals = terminal.workspace.read(EVALS);
    terminal.workspace.write(EVALS, &evals.replace("Hello\")'", "hello\")'"));
    check_not_judged(&terminal, "not run: nobody allowed");
    assert_ne!(hash(&terminal), given);

    terminal.workspace.write(EVALS, &evals);
    terminal.ok(&["consent", "take", &given]);
    check_not_judged(&terminal, "not run: nobody allowed");
}

#[test]
fn a_script_with_a_mistake_in_it_is_told_by_the_check_with_its_place() {
    let server = greeter();
    let terminal = with_scorer(&server, "type: rhai, value: 'output.contains(\"Hello\"'");
    let checked = terminal.assay(&["check", "--json"]);
    assert_eq!(checked.exit, 1, "{}", checked.out);
    let problems = checked.json()["problems"].clone();
    let told = |problem: &&Value| problem["code"] == "P0623" && problem["file"] == EVALS;
    assert!(problems.as_array().is_some_and(|all| all.iter().any(|p| told(&p))), "{problems}");
    let evals = terminal.workspace.read(EVALS);
    let beside = evals.replace("value: 'output.contains(\"Hello\"'", "script: polite.rhai");
    terminal.workspace.write(EVALS, &beside);
    terminal.workspace.write("prompts/greet/polite.rhai", "let a = 1;\nlet b = ;\ntrue\n");
    let checked = terminal.assay(&["check"]);
    assert!(checked.out.contains("prompts/greet/polite.rhai:2:"), "{}", checked.out);
}

#[test]
fn a_consent_is_given_for_a_whole_hash_of_a_script_that_is_there() {
    let server = greeter();
    let terminal = with_scorer(&server, "type: javascript, value: output.length > 3");
    let given = hash(&terminal);
    for wrong in [&given[..12], "all", "0".repeat(64).as_str()] {
        let refused = terminal.assay(&["consent", "give", wrong]);
        assert_eq!(refused.exit, 2, "{wrong}: {}", refused.out);
        assert!(
            refused.err.contains("no scorer of this repository has the script"),
            "{}",
            refused.err
        );
    }
    let refused = terminal.assay(&["consent", "take", &given]);
    assert!(refused.exit == 2 && refused.err.contains("there is no consent"), "{}", refused.err);
    let allowed = terminal.ok(&["consent", "give", &given, "--json"]).json();
    assert_eq!(allowed["programs"][0]["allowed"], true);

    // What nobody here has any more stays to be seen, and to be taken back.
    let evals = terminal.workspace.read(EVALS).replace("output.length > 3", "output.length > 4");
    terminal.workspace.write(EVALS, &evals);
    let listed = terminal.ok(&["consent", "list", "--json"]).json();
    assert_eq!(listed["programs"][0]["allowed"], false, "{listed}");
    assert_eq!(listed["others"][0]["hash"], given.as_str(), "{listed}");
    terminal.ok(&["consent", "take", &given]);
}

/// Other systems keep to no limit of memory.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_wants_too_much_memory_judges_nothing() {
    let server = greeter();
    let terminal = with_scorer(&server, "type: python, value: 'len(\"x\" * 10**11)'");
    terminal.ok(&["consent", "give", &hash(&terminal)]);
    terminal.ok(&["trust", "grant"]);
    let with = if has_python() { "MemoryError" } else { "Python is not installed" };
    check_not_judged(&terminal, with);
}

#[test]
fn rows_of_another_program_are_judged_by_a_script_too() {
    let terminal = Terminal::in_data("greet");
    terminal.workspace.write("rows.jsonl", "{\"id\": \"a\", \"output\": \"yes\"}\n");
    terminal
        .workspace
        .write("mine.yaml", "scorers:\n  - {id: own, type: rhai, script: yes.rhai}\n");
    terminal.workspace.write("yes.rhai", "output == \"yes\" && latency_ms == ()");
    terminal.ok(&[
        "score",
        "--scorers",
        "mine.yaml",
        "--in",
        "rows.jsonl",
        "--out",
        "scores.jsonl",
    ]);
    let scored: Value =
        serde_json::from_str(&terminal.workspace.read("scores.jsonl")).expect("JSON");
    assert_eq!(scored["scores"]["own"]["pass"], true, "{scored}");
}
