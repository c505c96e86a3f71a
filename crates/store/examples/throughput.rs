//! How many cells a second the store takes, each begun and ended durably, and how fast it reads them back.
//!
//! `cargo run --release -p assay-store --example throughput -- [threads] [cells] [call ms]`
//!
//! Each thread does what a worker of a run does: it begins an attempt, makes a call (here it waits), and records
//! the end of one cell together with the beginning of the next. The database is made in `TMPDIR`, so point that
//! at the disk to be measured.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use assay_store::{
    AttemptOutcome, BeginAttempt, FinishAttempt, NewCell, NewColumn, NewRow, NewRun, RunId,
    RunState, Store, StoreError, StoredScore, Usage,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let threads = argument(1, 100);
    let cells = argument(2, 4_000);
    let call = Duration::from_millis(argument(3, 0).into());
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path())?;

    let run = run_of(cells);
    let id = run.id.clone();
    let started = Instant::now();
    store.create_run(run)?;
    println!("create_run of {cells} cells: {:?}", started.elapsed());
    store.set_run_state(&id, RunState::Running, 0)?;

    let started = Instant::now();
    let next = AtomicU32::new(0);
    let waits = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| work(&store, &id, &next, cells, call))).collect();
        workers.into_iter().try_for_each(|worker| {
            let said = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            said.map(|waited| waits.lock().unwrap_or_else(PoisonError::into_inner).extend(waited))
        })
    })?;
    let took = started.elapsed();
    println!(
        "{cells} cells begun and ended by {threads} threads with calls of {call:?}: {took:?}, {:.0} cells/s",
        f64::from(cells) / took.as_secs_f64()
    );
    let mut waits = waits.into_inner().unwrap_or_else(PoisonError::into_inner);
    waits.sort();
    let share = |of: usize| waits[(waits.len() - 1) * of / 100];
    println!("a beginning is on the disk after {:?} (median), {:?} (99 %)", share(50), share(99));
    if !call.is_zero() {
        let ideal = call.as_secs_f64() * f64::from(cells) / f64::from(threads);
        println!("against the ideal {ideal:.2} s: {:.2} x", took.as_secs_f64() / ideal);
    }

    let started = Instant::now();
    let middle = cells / 2;
    let page = store.cells(&id, middle, middle + 60)?.len();
    println!("a page of {page} cells: {:?}", started.elapsed());
    let started = Instant::now();
    let columns = store.column_stats(&id)?.len();
    println!("statistics of {columns} columns: {:?}", started.elapsed());
    let started = Instant::now();
    let unfinished = store.pending_cells(&id)?.len();
    println!("{unfinished} unfinished cells found: {:?}", started.elapsed());
    println!(
        "the database has {} KiB",
        std::fs::metadata(folder.path().join("assay.db"))?.len() / 1024
    );
    if let Some(peak) = peak_memory() {
        println!("peak memory: {peak}");
    }
    Ok(())
}

fn argument(place: usize, default: u32) -> u32 {
    std::env::args().nth(place).and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn run_of(cells: u32) -> NewRun {
    let rows = cells.div_ceil(4);
    let column = |n: u32| NewColumn {
        prompt: "prompts/triage".into(),
        variant: format!("v{n}"),
        content_id: "sha256:0".into(),
        model: "small".into(),
    };
    let row = |n: u32| NewRow {
        prompt: "prompts/triage".into(),
        case_id: format!("case-{n}"),
        sample: 0,
        case_json: format!(
            "{{\"input\":{{\"text\":\"{}\"}},\"n\":{n}}}",
            "a customer's letter ".repeat(20)
        ),
    };
    NewRun {
        id: RunId::new("THROUGHPUT"),
        workspace: "bench".into(),
        created_ms: 0,
        title: "throughput".into(),
        spec: "{}".into(),
        columns: (0..4).map(column).collect(),
        rows: (0..rows).map(row).collect(),
        cells: (0..cells).map(|n| NewCell { column: n % 4, row: n / 4 }).collect(),
        scorers: vec!["exact".into(), "latency".into()],
        budget: None,
        shard: None,
    }
}

/// One worker: the end of a cell and the beginning of the next share a commit.
fn work(
    store: &Store,
    run: &RunId,
    next: &AtomicU32,
    cells: u32,
    call: Duration,
) -> Result<Vec<Duration>, StoreError> {
    let (mut ended, mut waits) = (None, Vec::new());
    loop {
        let cell = next.fetch_add(1, Ordering::Relaxed);
        if cell >= cells {
            break;
        }
        let asked = Instant::now();
        let attempt = store.begin_attempt(run, begin(cell)).wait()?;
        waits.push(asked.elapsed());
        if let Some(ended) = ended.take() {
            assay_store::Pending::wait(ended)?;
        }
        std::thread::sleep(call);
        ended = Some(store.finish_attempt(finish(run, cell, attempt)));
    }
    ended.map_or(Ok(()), assay_store::Pending::wait)?;
    Ok(waits)
}

fn begin(cell: u32) -> BeginAttempt {
    let request =
        format!("{{\"messages\":\"{}\",\"cell\":{cell}}}", "a prompt of some length ".repeat(40));
    BeginAttempt {
        cell,
        request: request.into_bytes(),
        started_ms: 0,
        origin: "http://127.0.0.1".into(),
        reserved: None,
    }
}

fn finish(run: &RunId, cell: u32, attempt: assay_store::AttemptId) -> FinishAttempt {
    let output =
        format!("{{\"category\":\"shipping\",\"n\":{cell},\"why\":\"{}\"}}", "because ".repeat(30));
    let score = |scorer: &str| StoredScore {
        scorer: scorer.into(),
        value: Some(1.0),
        pass: Some(true),
        reason: "as expected".into(),
    };
    FinishAttempt {
        run: run.clone(),
        cell,
        attempt,
        ended_ms: 0,
        request_id: None,
        outcome: AttemptOutcome::Done {
            response: format!("{{\"choices\":[{output}],\"id\":\"chatcmpl-{cell}\"}}").into_bytes(),
            output,
            latency_ms: 50,
            first_token_ms: Some(20),
            usage: Usage { input: Some(250), output: Some(60), ..Usage::default() },
            finish: "stop".into(),
            cost: Some(0.0001),
            original: None,
        },
        scores: vec![score("exact"), score("latency")],
        cache_key: None,
    }
}

/// What Linux says this process has held at most.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.trim_start_matches("VmHWM:").trim().to_owned())
}
