//! Runs to test with.

use assay_store::{
    AttemptId, AttemptOutcome, BeginAttempt, FinishAttempt, NewCell, NewColumn, NewRow, NewRun,
    RunId, Store, StoredScore, Usage,
};
use tempfile::TempDir;

pub const WORKSPACE: &str = "support";

/// A store in a folder of its own. The folder is removed last.
pub fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Store::open(folder.path()).unwrap(), folder)
}

/// A run of `columns` × `rows` cells, row by row, with the scorers `exact` and `short`.
pub fn new_run(id: &str, columns: u32, rows: u32) -> NewRun {
    NewRun {
        id: RunId::new(id),
        workspace: WORKSPACE.into(),
        created_ms: 1_000,
        title: format!("run {id}"),
        spec: r#"{"tag":"smoke"}"#.into(),
        columns: (0..columns)
            .map(|n| NewColumn {
                prompt: "prompts/triage".into(),
                variant: format!("v{n}"),
                content_id: format!("sha256:{n}"),
                model: "local/small".into(),
            })
            .collect(),
        rows: (0..rows)
            .map(|n| NewRow {
                prompt: "prompts/triage".into(),
                case_id: format!("case-{}", n / 2),
                sample: n % 2,
                case_json: format!(r#"{{"n":{}}}"#, n / 2),
            })
            .collect(),
        cells: (0..rows)
            .flat_map(|row| (0..columns).map(move |column| NewCell { column, row }))
            .collect(),
        scorers: vec!["exact".into(), "short".into()],
        budget: None,
        shard: None,
    }
}

/// A store with one run of `cells` cells in one column.
pub fn store_with_run(cells: u32) -> (Store, TempDir, RunId) {
    let (store, folder) = store();
    let run = new_run("R1", 1, cells);
    let id = run.id.clone();
    store.create_run(run).unwrap();
    (store, folder, id)
}

pub fn beginning(cell: u32) -> BeginAttempt {
    BeginAttempt {
        cell,
        request: format!("request {cell}").into_bytes(),
        started_ms: 2_000 + i64::from(cell),
        origin: "https://models.example".into(),
        reserved: None,
    }
}

pub fn begin(store: &Store, run: &RunId, cell: u32) -> AttemptId {
    store.begin_attempt(run, beginning(cell)).wait().unwrap()
}

pub fn reply(output: &str) -> AttemptOutcome {
    AttemptOutcome::Done {
        output: output.into(),
        response: format!("raw {output}").into_bytes(),
        latency_ms: 40,
        first_token_ms: Some(9),
        usage: Usage { input: Some(100), output: Some(3), ..Usage::default() },
        finish: "stop".into(),
        cost: Some(0.25),
        original: None,
    }
}

pub fn failure(message: &str, retry: bool) -> AttemptOutcome {
    AttemptOutcome::Failed {
        kind: "server_error".into(),
        message: message.into(),
        response: b"half a re".to_vec(),
        maybe_billed: true,
        cost: None,
        retry,
    }
}

pub fn scores(exact: bool) -> Vec<StoredScore> {
    let value = if exact { 1.0 } else { 0.0 };
    vec![
        StoredScore {
            scorer: "exact".into(),
            value: Some(value),
            pass: Some(exact),
            reason: "compared".into(),
        },
        StoredScore {
            scorer: "short".into(),
            value: None,
            pass: None,
            reason: "no limit was set".into(),
        },
    ]
}

pub fn ending(
    run: &RunId,
    cell: u32,
    attempt: AttemptId,
    outcome: AttemptOutcome,
) -> FinishAttempt {
    FinishAttempt {
        run: run.clone(),
        cell,
        attempt,
        ended_ms: 3_000 + i64::from(cell),
        request_id: None,
        outcome,
        scores: vec![],
        cache_key: None,
    }
}

/// Begins and ends an attempt on a cell, with a score.
pub fn complete(store: &Store, run: &RunId, cell: u32, output: &str) -> AttemptId {
    let attempt = begin(store, run, cell);
    let finish =
        FinishAttempt { scores: scores(true), ..ending(run, cell, attempt, reply(output)) };
    store.finish_attempt(finish).wait().unwrap();
    attempt
}
