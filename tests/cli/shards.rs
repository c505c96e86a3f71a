//! A matrix that several machines share comes out as if one had run it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::process::{Terminal, greeter};

/// Without what differs from run to run: when and how long, and the last digits of a sum, which follow from the order
/// in which replies came.
fn without_times(document: &Value) -> Value {
    const TIMES: [&str; 5] = ["run", "wallMs", "latencyMs", "receivedMs", "requestId"];
    match document {
        Value::Object(map) => map
            .iter()
            .filter(|(name, _)| !TIMES.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), without_times(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(all) => all.iter().map(without_times).collect(),
        Value::Number(number) if number.is_f64() => {
            json!(number.as_f64().map(|sum| (sum * 1e9).round() / 1e9))
        }
        other => other.clone(),
    }
}

fn answered(run: &Value) -> BTreeSet<u64> {
    let cells = run["results"].as_array().expect("results");
    let done = cells.iter().filter(|cell| cell["state"] == "done");
    done.filter_map(|cell| cell["cell"].as_u64()).collect()
}

#[test]
fn shards_of_machines_merge_into_what_one_machine_would_have_run() {
    let server = greeter();
    let whole = Terminal::with(&server);
    whole.ok(&["prices", "set", "server/*", "--input", "3", "--output", "9"]);
    let expected = whole.ok(&["run", "--repeat", "4", "--json", "-"]).json();

    let home = Terminal::with(&server);
    home.ok(&["prices", "set", "server/*", "--input", "3", "--output", "9"]);
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let before = server.count();
    for index in 1..=3 {
        let machine = Terminal::with(&server);
        machine.ok(&["prices", "set", "server/*", "--input", "3", "--output", "9"]);
        let file = home.data().join(format!("shard-{index}.jsonl")).display().to_string();
        let shard = format!("{index}/3");
        let run = ["run", "--repeat", "4", "--shard", &shard, "--save", &file, "--json", "-"];
        let left = machine.assay(&run);
        assert!(matches!(left.exit, 0 | 1), "a part may miss a gate: {}{}", left.out, left.err);
        let run = left.json();
        let cells = answered(&run);
        assert!(
            !cells.is_empty(),
            "shard {index} of {} cells is empty",
            expected["cells"]["total"]
        );
        assert!(seen.is_disjoint(&cells), "a cell belongs to one shard");
        assert_eq!(run["cells"]["done"], cells.len());
        let all = expected["cells"]["total"].as_u64().expect("a number");
        assert_eq!(run["cells"]["skipped"], all - cells.len() as u64, "left to other machines");
        assert_eq!(run["cells"]["pending"], 0);
        assert_eq!(run["shard"], json!({"index": index, "of": 3}));
        seen.extend(cells);
        files.push(file);
    }
    assert_eq!(seen, answered(&expected), "the shards are the whole");
    assert_eq!(server.count() - before, seen.len(), "each cell was asked once");

    let mut merge = vec!["merge", "--json", "-"];
    merge.extend(files.iter().map(String::as_str));
    let merged = home.ok(&merge).json();
    assert_eq!(without_times(&merged), without_times(&expected));
    let shown = home.ok(&["show", "last", "--json"]).json();
    assert_eq!(shown["cells"], merged["results"], "it is a run like any other");
}

#[test]
fn a_merge_with_a_shard_missing_is_incomplete_and_goes_on_here() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let mut ids = Vec::new();
    for shard in ["1/3", "3/3"] {
        let left = terminal.assay(&["run", "--repeat", "4", "--shard", shard, "--json", "-"]);
        ids.push(left.json()["run"].as_str().expect("an id").to_owned());
    }
    let merged = terminal.assay(&["merge", &ids[0], &ids[1], "--json", "merged.json"]);
    assert_eq!(merged.exit, 3, "{}{}", merged.out, merged.err);
    assert!(merged.out.contains("assay run --resume"), "{}", merged.out);
    let document: Value =
        serde_json::from_str(&terminal.workspace.read("merged.json")).expect("a document");
    let run = document["run"].as_str().expect("an id");
    let done = document["cells"]["done"].as_u64().expect("a number");
    assert_eq!(document["cells"]["pending"], 24 - done);
    assert_eq!(document["cells"]["skipped"], 0);
    let whole = terminal.ok(&["run", "--resume", run, "--json", "-"]).json();
    assert_eq!(whole["cells"]["done"], 24);
    assert_eq!(server.count(), 24, "only what was missing is asked");
}

#[test]
fn runs_that_do_not_belong_together_are_refused() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let run = |arguments: &[&str]| {
        let left = terminal.assay(&[&["run", "--json", "-"], arguments].concat());
        left.json()["run"].as_str().expect("an id").to_owned()
    };
    let (whole, first) = (run(&[]), run(&["--repeat", "4", "--shard", "1/2"]));
    let other = run(&["--repeat", "5", "--shard", "2/2"]);
    for (shards, words) in [
        (vec![whole.as_str()], "no shard"),
        (vec![&first, &first], "twice"),
        (vec![&first, &other], "something else"),
        (vec![&first, "01NORUN"], "01NORUN"),
        (vec![&first, "assay.yaml"], "assay.yaml"),
    ] {
        let left = terminal.assay(&[&["merge"], &shards[..]].concat());
        assert_eq!(left.exit, 2, "{shards:?}: {}{}", left.out, left.err);
        assert!(left.err.contains(words), "{shards:?}: {}", left.err);
    }
    for shard in ["0/3", "4/3", "1", "a/b", "1/0"] {
        assert_eq!(terminal.assay(&["run", "--shard", shard]).exit, 2, "{shard}");
    }
}
