//! `assay models` and `assay prices`: every preset can be added, and a test says what is wrong.

use assay_testkit::{Fault, ModelServer, canary};
use serde_json::{Value, json};

use crate::process::{Left, Terminal, greeter};

/// Presets that stand for each protocol, and where it is on the test's server.
fn protocols(server: &ModelServer) -> [(&'static str, String); 4] {
    [
        ("openai", server.url()),
        ("openai-responses", server.url()),
        ("anthropic", server.url()),
        ("gemini", server.gemini_url()),
    ]
}

fn with_key(terminal: &Terminal, arguments: &[&str]) -> Left {
    let key = [("ASSAY_PROVIDER_KEY", canary::KEY)];
    terminal.assay_typed(&terminal.path(), arguments, "", &key)
}

fn test(terminal: &Terminal, name: &str) -> (i32, Value) {
    let left = with_key(terminal, &["models", "test", name, "--json"]);
    (left.exit, left.json())
}

#[test]
fn every_preset_can_be_added_and_is_listed_with_what_it_stands_for() {
    let terminal = Terminal::in_data("greet");
    let spec = terminal.path().join("spec.json");
    std::fs::write(&spec, r#"{"request": {"q": "{{prompt}}"}, "output": "/a"}"#).expect("written");
    let presets = terminal.ok(&["models", "presets", "--json"]).json();
    let presets = presets["presets"].as_array().expect("a list").clone();
    assert!(presets.len() >= 14, "{}", presets.len());
    for preset in &presets {
        let name = preset["name"].as_str().expect("a name");
        let mut add = vec!["models", "add", name, name];
        if preset["baseUrl"].is_null() {
            let bare = terminal.assay(&add);
            assert_eq!(bare.exit, 2, "{name} needs an address");
            assert!(bare.err.contains("https://"), "it shows what one looks like: {}", bare.err);
            add.extend(["--base-url", "https://models.example.com/v1"]);
        }
        let spec = spec.display().to_string();
        if name == "custom-http" {
            add.extend(["--spec", &spec]);
        }
        terminal.ok(&add);
    }
    let list = terminal.ok(&["models", "list", "--json"]).json();
    let providers = list["providers"].as_array().expect("a list");
    assert_eq!(providers.len(), presets.len());
    for preset in &presets {
        let added = providers.iter().find(|p| p["preset"] == preset["name"]).expect("it is listed");
        assert_eq!(added["wire"], preset["wire"]);
        assert_eq!(added["keyEnv"], preset["keyEnv"], "{}", preset["name"]);
    }
}

#[test]
fn a_test_lists_the_models_of_every_protocol() {
    let server = greeter().models(&["small", "large"]);
    let terminal = Terminal::in_data("greet");
    for (preset, url) in protocols(&server) {
        terminal.ok(&[
            "models",
            "add",
            preset,
            preset,
            "--base-url",
            &url,
            "--key-env",
            "ASSAY_PROVIDER_KEY",
        ]);
        let (exit, answer) = test(&terminal, preset);
        assert_eq!((exit, &answer["ok"]), (0, &json!(true)), "{preset}: {answer}");
        assert_eq!(answer["models"], json!(["large", "small"]), "{preset}");
    }
}

#[test]
fn a_test_that_fails_says_what_is_wrong_on_every_protocol() {
    let server = greeter();
    let terminal = Terminal::in_data("greet");
    for (preset, url) in protocols(&server) {
        terminal.ok(&[
            "models",
            "add",
            preset,
            preset,
            "--base-url",
            &url,
            "--key-env",
            "ASSAY_PROVIDER_KEY",
        ]);
        for (fault, words) in [
            (Fault::unauthorized(), "key"),
            (Fault::rate_limited("1"), "try again later"),
            (Fault::Html, "right preset"),
            (Fault::ResetBeforeHeaders, "try again"),
            (
                Fault::Redirect { location: "https://elsewhere.example".to_owned() },
                "elsewhere.example",
            ),
            (Fault::Truncated, "try again"),
        ] {
            let what = format!("{preset}, {fault:?}");
            server.fault_next(fault);
            let (exit, answer) = test(&terminal, preset);
            assert_eq!((exit, &answer["ok"]), (1, &json!(false)), "{what}: {answer}");
            let message = answer["message"].as_str().expect("words");
            assert!(message.contains(words), "{what}: {message}");
        }
    }
    let without_key = terminal.assay(&["models", "test", "anthropic"]);
    assert_eq!(without_key.exit, 1);
    assert!(without_key.out.contains("$ASSAY_PROVIDER_KEY is not set"), "{}", without_key.out);
}

/// Adds a provider of this preset that is the test's server and wants a key.
fn add(terminal: &Terminal, preset: &str, url: &str, models: &[&str]) {
    let mut add = vec!["models", "add", preset, preset, "--base-url", url];
    add.extend(["--key-env", "ASSAY_PROVIDER_KEY"]);
    add.extend(models.iter().flat_map(|model| ["--model", *model]));
    terminal.ok(&add);
}

#[test]
fn the_times_that_are_set_for_a_provider_are_listed_and_kept_to_by_tests_and_runs() {
    let server = greeter();
    let terminal = Terminal::in_data("greet");
    let url = server.url();
    let add = ["models", "add", "openai-compatible", "server", "--base-url", &url];
    terminal.ok(&[&add[..], &["--first-byte", "300ms", "--total", "1m30s"]].concat());
    let list = terminal.ok(&["models", "list", "--json"]).json();
    let times = json!({"firstByteMs": 300, "totalMs": 90_000});
    assert_eq!(list["providers"][0]["times"], times);
    let text = terminal.ok(&["models", "list"]).out;
    assert!(text.contains("300ms for the first byte, 1m30s in all"), "{text}");

    server.fault_when(|_| true, Fault::StallBeforeHeaders);
    let left = terminal.assay(&["models", "test", "server"]);
    assert!(left.exit == 1 && left.out.contains("longer than 0.3 s"), "{}{}", left.out, left.err);
    let run = terminal.assay(&["run", "--case", "ada"]);
    assert!(run.out.contains("longer than 0.3 s"), "{}{}", run.out, run.err);

    for wrong in ["0s", "25h", "soon"] {
        let left = terminal.assay(&[&add[..], &["--idle", wrong]].concat());
        assert_eq!(left.exit, 2, "{wrong}: {}", left.out);
    }
}

#[test]
fn a_list_that_is_shown_without_a_key_does_not_pass_for_a_proof_of_the_key() {
    let server = greeter();
    let terminal = Terminal::in_data("greet");
    add(&terminal, "openai", &server.url(), &[]);
    let (exit, answer) = test(&terminal, "openai");
    let message = answer["message"].as_str().expect("words");
    assert!(exit == 0 && message.contains("the key is not proven"), "{message}");
    assert_eq!(server.count(), 2, "with the key and without it, and no call");
}

/// Presets whose list of models has nothing to do with the key, and where each is on the test's server.
fn of_unproven_lists(server: &ModelServer) -> [(&'static str, String); 2] {
    [("openrouter", server.url()), ("vertex", server.vertex_url())]
}

#[test]
fn where_a_list_proves_nothing_a_test_says_so_and_makes_one_small_call() {
    for model in [None, Some("m")] {
        let server = greeter();
        let terminal = Terminal::in_data("greet");
        for (n, (preset, url)) in of_unproven_lists(&server).into_iter().enumerate() {
            add(&terminal, preset, &url, model.as_slice());
            let left = with_key(&terminal, &["models", "test", preset]);
            let words = if model.is_some() { "a call of `m`" } else { "proves nothing" };
            assert!(left.out.contains(words), "{preset}: {}", left.out);
            assert!(left.out.contains("test-model"), "{preset} lists: {}", left.out);
            assert_eq!(left.err.contains("one small call"), model.is_some(), "{}", left.err);
            assert_eq!(server.count(), (n + 1) * (1 + model.iter().len()), "{preset}");
        }
    }
}

#[test]
fn a_key_that_is_refused_fails_the_test_although_the_list_is_shown() {
    let server = greeter();
    // The list is asked for without a body.
    server.fault_when(|body| !body.is_null(), Fault::unauthorized());
    let terminal = Terminal::in_data("greet");
    for (preset, url) in of_unproven_lists(&server) {
        add(&terminal, preset, &url, &["m"]);
        let (exit, answer) = test(&terminal, preset);
        assert_eq!((exit, &answer["ok"]), (1, &json!(false)), "{preset}: {answer}");
        let message = answer["message"].as_str().expect("words");
        assert!(message.contains("Set another key"), "{preset}: {message}");
    }
}

#[test]
fn a_declared_endpoint_answers_a_run_and_a_test_says_beforehand_that_it_calls() {
    let server = greeter();
    let terminal = Terminal::in_data("greet");
    let spec = json!({
        "path": "chat/completions",
        "request": {"model": "{{model}}", "messages": "{{messages}}"},
        "output": "$.choices[0].message.content",
        "usage": {"input": "/usage/prompt_tokens", "output": "/usage/completion_tokens"},
    });
    terminal.workspace.write("spec.json", &spec.to_string());
    let url = server.url();
    terminal.ok(&[
        "models",
        "add",
        "custom-http",
        "server",
        "--base-url",
        &url,
        "--spec",
        "spec.json",
    ]);
    let tested = terminal.ok(&["models", "test", "server"]);
    assert!(tested.err.contains("one small call"), "{}", tested.err);
    assert_eq!(server.count(), 1);
    let run = terminal.ok(&["run", "--json", "-"]).json();
    assert_eq!(run["cells"]["done"], 6);
    assert_eq!(run["results"][0]["output"], "Hello Ada");
}

#[test]
fn a_provider_that_cannot_be_right_is_refused_with_what_is_wrong() {
    let terminal = Terminal::in_data("greet");
    terminal.workspace.write("bad.json", r#"{"request": {"q": "{{prompt}}"}}"#);
    for (arguments, words) in [
        (&["models", "add", "openai", "local"][..], "embedded model"),
        (&["models", "add", "openai", "a b"], "cannot name"),
        (&["models", "add", "opnai", "x"], "there are openai"),
        (&["models", "add", "openai", "x", "--base-url", "http://models.example.com/v1"], "https"),
        (&["models", "add", "openai", "x", "--base-url", "ftp://models.example.com"], "ftp"),
        (
            &["models", "add", "openai", "x", "--base-url", "https://me:secret@models.example.com"],
            "password",
        ),
        (&["models", "add", "openai", "x", "--rpm", "0"], "limit of 0"),
        (&["models", "add", "openai", "x", "--spec", "bad.json"], "output"),
        (&["models", "add", "custom-http", "x", "--base-url", "https://a.example"], "declared"),
        (&["models", "add", "openai", "x", "--key-header", "content-length"], "content-length"),
        (&["models", "remove", "nobody"], "nobody"),
    ] {
        let left = terminal.assay(arguments);
        assert_eq!(left.exit, 2, "{arguments:?}: {}{}", left.out, left.err);
        assert!(left.err.contains(words), "{arguments:?}: {}", left.err);
        assert!(!left.err.contains("me:secret"), "{}", left.err);
    }
    let list = terminal.ok(&["models", "list", "--json"]).json();
    assert_eq!(list["providers"], json!([]), "nothing of it was kept");
}

#[test]
fn a_price_of_ones_own_goes_before_the_one_that_comes_along() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let unknown = terminal.ok(&["plan", "--json"]).json();
    assert_eq!(unknown["cost"], Value::Null);
    assert_eq!(unknown["unknownPrices"], json!(["server/test-model"]));
    let set = [
        "prices",
        "set",
        "server/*",
        "--input",
        "1000",
        "--output",
        "2000",
        "--date",
        "2026-03-21",
    ];
    terminal.ok(&set);
    let plan = terminal.ok(&["plan", "--json"]).json();
    let (low, high) = (plan["cost"]["low"].as_f64(), plan["cost"]["high"].as_f64());
    assert!(low.is_some_and(|low| low > 0.0) && low < high, "{plan}");
    // 6 cells of at most 20 tokens at 2,000 dollars a million, and what is read.
    assert!(high.is_some_and(|high| (0.24..1.0).contains(&high)), "{plan}");
    let prices = terminal.ok(&["prices", "list", "--json"]).json();
    assert_eq!(prices["prices"][0]["model"], "server/*");
    assert_eq!(
        (&prices["prices"][0]["own"], &prices["prices"][1]["own"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(prices["prices"][0]["date"], "2026-03-21");

    let run = terminal.ok(&["run", "--json", "-"]).json();
    let cost = run["cost"].as_f64().expect("it is known");
    assert!(cost > 0.0 && Some(cost) <= high, "{cost} of {high:?}");
    let columns = run["columns"].as_array().expect("columns");
    let sum: f64 = columns.iter().filter_map(|c| c["cost"].as_f64()).sum();
    assert!((sum - cost).abs() < 1e-9, "{sum} is not {cost}");
    let again = terminal.ok(&["run", "--json", "-"]).json();
    assert_eq!(again["cost"], 0.0, "what is cached is free");
    let (first, second) = (&run["results"][0], &again["results"][0]);
    assert_eq!(second["cached"], true);
    assert_eq!(
        (&second["cost"], &second["latencyMs"]),
        (&first["cost"], &first["latencyMs"]),
        "as it was then"
    );
    assert!(second["receivedMs"].is_i64(), "{second}");

    terminal.ok(&["prices", "remove", "server/*"]);
    assert_eq!(terminal.assay(&["prices", "remove", "server/*"]).exit, 2);
    for wrong in [
        &["prices", "set", "m", "--input=-1", "--output", "1"][..],
        &["prices", "set", "m", "--input", "NaN", "--output", "1"],
        &["prices", "set", "m", "--input", "1", "--output", "1", "--date", "soon"],
    ] {
        assert_eq!(terminal.assay(wrong).exit, 2, "{wrong:?}");
    }
}
