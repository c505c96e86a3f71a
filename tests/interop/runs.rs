//! `assay` as people use it, against each server.

#[cfg(unix)]
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

#[cfg(unix)]
use crate::process::Left;
use crate::process::Terminal;
use crate::ways::{DECLARED_LLAMA, HASTY_LLAMA, LLAMA, Lack, WAYS, Way, model};

/// Cells of the workspace: two variants, three cases.
const CELLS: u64 = 6;

fn results(run: &Value) -> &[Value] {
    run["results"].as_array().expect("results")
}

fn document(terminal: &Terminal) -> Value {
    serde_json::from_str(&terminal.workspace.read("out.json")).expect("a document")
}

#[test]
fn every_wire_streams_whole_replies_and_counts_their_tokens() {
    for way in WAYS {
        let terminal = way.terminal(24);
        let run = terminal.ok(&["run", "-j", "3", "--json", "-"]).json();
        assert_eq!(run["cells"]["done"], CELLS, "{way:?}: {run}");
        for cell in results(&run) {
            let text = cell["output"].as_str().unwrap_or_default();
            assert!(!text.trim().is_empty(), "{way:?}: {cell}");
            assert!(["stop", "length"].iter().any(|f| cell["finish"] == *f), "{way:?}: {cell}");
            check_usage(&way, cell);
        }
        way.report("6 cells, streamed, 3 at once", "all whole");
        way.report("tokens of streamed replies", streamed_usage(&way));
    }
}

fn streamed_usage(way: &Way) -> &'static str {
    if way.lacks(Lack::StreamedUsage) {
        "not told by the server: unknown, never 0"
    } else if way.lacks(Lack::ExactUsage) {
        "as the proxy estimates them"
    } else {
        "counted"
    }
}

#[track_caller]
fn check_usage(way: &Way, cell: &Value) {
    let (input, output) = (&cell["tokens"]["input"], &cell["tokens"]["output"]);
    if way.lacks(Lack::StreamedUsage) {
        assert_eq!((input, output), (&Value::Null, &Value::Null), "{way:?} tells now: {cell}");
        return;
    }
    let (input, output) = (input.as_u64().expect("a number"), output.as_u64().expect("a number"));
    assert!((1..100).contains(&input), "{way:?}: {cell}");
    assert!((1..100).contains(&output), "{way:?}: {cell}");
}

#[test]
fn a_small_limit_ends_every_reply_with_the_finish_reason_length() {
    for way in WAYS {
        let run = way.terminal(2).ok(&["run", "--json", "-"]).json();
        assert_eq!(run["cells"]["done"], CELLS, "{way:?}: {run}");
        for cell in results(&run) {
            assert_eq!(cell["finish"], "length", "{way:?}: {cell}");
        }
        way.report("a limit of 2 tokens", "finish reason `length`");
    }
}

#[test]
fn a_test_lists_the_models_where_the_server_does() {
    for way in WAYS {
        let left = way.terminal(24).assay(&["models", "test", way.preset, "--json"]);
        let answer = left.json();
        if way.lacks(Lack::ModelList) {
            assert_eq!((left.exit, &answer["ok"]), (1, &json!(false)), "{way:?}: {answer}");
            let message = answer["message"].as_str().expect("words");
            assert!(message.contains("404"), "{way:?}: {message}");
            way.report("models test", "no list of models there (404), and it says so");
        } else {
            assert_eq!((left.exit, &answer["ok"]), (0, &json!(true)), "{way:?}: {answer}");
            let listed = answer["models"].as_array().expect("a list");
            assert!(listed.contains(&json!(model())), "{way:?}: {answer}");
            way.report("models test", "lists the model");
        }
    }
}

#[test]
fn a_wrong_key_pauses_the_lane_and_the_right_one_lets_the_run_go_on() {
    for way in WAYS {
        let terminal = way.terminal(24);
        let run = way.with_wrong_key(&terminal, &["run", "--json", "out.json"]);
        assert_eq!(run.exit, 3, "{way:?}: {}{}", run.out, run.err);
        let stopped = document(&terminal);
        assert_eq!(stopped["cells"]["done"], 0, "{way:?}: {stopped}");
        assert_eq!(stopped["cells"]["failed"], 0, "{way:?}: {stopped}");
        assert_eq!(stopped["paused"][0]["kind"], "unauthorized", "{way:?}: {stopped}");
        let id = stopped["run"].as_str().expect("an id");
        let resumed = terminal.ok(&["run", "--resume", id, "--json", "-"]).json();
        assert_eq!(resumed["cells"]["done"], CELLS, "{way:?}");
        way.report("a wrong key", "pauses the lane; resumed with the right one");
    }
}

#[cfg(unix)]
#[test]
fn a_cancelled_run_keeps_what_is_done_and_is_resumed_with_the_rest() {
    for way in WAYS {
        let terminal = way.terminal(48);
        let left = cancelled(&terminal);
        assert_eq!(left.exit, 3, "{way:?}: {}{}", left.out, left.err);
        let first = document(&terminal);
        assert_eq!(first["state"], "cancelled", "{way:?}");
        let done = first["cells"]["done"].as_u64().expect("a number");
        assert!((1..CELLS).contains(&done), "{way:?}: {done}");

        let id = first["run"].as_str().expect("an id");
        let second = terminal.ok(&["run", "--resume", id, "--json", "-"]).json();
        assert_eq!(second["cells"]["done"], CELLS, "{way:?}");
        for (before, after) in results(&first).iter().zip(results(&second)) {
            if before["state"] == "done" {
                assert_eq!(before, after, "{way:?}: what was done is not asked again");
            }
        }
        way.report("cancelled and resumed", "nothing lost, nothing asked twice");
    }
}

/// A run that is interrupted as Ctrl-C does, once its first cell is done.
#[cfg(unix)]
fn cancelled(terminal: &Terminal) -> Left {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let run = ["run", "-j", "1", "--json", "out.json"];
    let mut process = terminal.start(&terminal.path(), &run, &[]);
    let mut said = BufReader::new(process.stderr.take().expect("a pipe")).lines();
    let progress = said.find(|line| line.as_ref().is_ok_and(|line| line.contains("/6 cells")));
    assert!(progress.is_some(), "it says how far it is");
    kill(Pid::from_raw(process.id().cast_signed()), Signal::SIGINT).expect("it is running");
    let rest: Vec<String> = said.map_while(Result::ok).collect();
    let left = Left::of(process.wait_with_output().expect("it ends"));
    Left { err: rest.join("\n"), ..left }
}

#[test]
fn a_reply_that_the_server_cuts_short_for_another_is_never_taken_for_whole() {
    let terminal = HASTY_LLAMA.terminal(24);
    let left = terminal.assay(&["run", "-j", "3", "--json", "out.json"]);
    let run = document(&terminal);
    let mut cut = 0;
    for cell in results(&run) {
        cut += cell["attempts"].as_u64().expect("a number") - u64::from(cell["state"] == "done");
        if cell["state"] == "done" {
            assert!(!cell["finish"].is_null(), "{cell}");
        } else {
            let error = cell["error"].as_str().unwrap_or_default();
            assert!(error.contains("finish reason"), "{cell}");
        }
    }
    assert_eq!(left.exit == 0, run["cells"]["done"] == CELLS, "{run}");
    let again = terminal.ok(&["run", "-j", "1", "--no-cache", "--json", "-"]).json();
    for cell in results(&again) {
        assert_eq!((&cell["state"], &cell["attempts"]), (&json!("done"), &json!(1)), "{cell}");
    }
    let answer = format!("{cut} replies cut short, none taken for whole; with `-j 1` all whole");
    HASTY_LLAMA.report("as shipped: a request interrupts the one before", &answer);
}

#[test]
fn a_declared_endpoint_holds_replies_to_a_schema_in_the_servers_own_words() {
    let terminal = LLAMA.terminal(48);
    let schema = json!({
        "type": "object",
        "properties": {"greeting": {"type": "string", "maxLength": 20}},
        "required": ["greeting"],
    });
    let spec = json!({
        "path": "chat/completions",
        "request": {
            "model": "{{model}}",
            "messages": "{{messages}}",
            "max_tokens": "{{max_output_tokens}}",
            "temperature": 0,
            "response_format": {"type": "json_object", "schema": schema},
        },
        "output": "/choices/0/message/content",
        "usage": {"input": "/usage/prompt_tokens", "output": "/usage/completion_tokens"},
    });
    terminal.workspace.write("spec.json", &spec.to_string());
    let url = LLAMA.base_url();
    terminal.ok(&[
        "models",
        "add",
        "custom-http",
        LLAMA.preset,
        "--base-url",
        &url,
        "--spec",
        "spec.json",
        "--key-env",
        LLAMA.key_env,
    ]);
    let run = terminal.ok(&["run", "--json", "-"]).json();
    for cell in results(&run) {
        let text = cell["output"].as_str().unwrap_or_default();
        let said: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {cell}"));
        assert!(said["greeting"].is_string(), "{cell}");
        assert!(cell["tokens"]["output"].as_u64().is_some_and(|n| n > 0), "{cell}");
    }
    DECLARED_LLAMA.report(
        "6 cells, plain, held to a JSON Schema",
        "all whole and of the schema; tokens counted",
    );
}
