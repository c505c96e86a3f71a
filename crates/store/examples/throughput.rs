//! How many cells a second the store takes, each begun and ended durably, and how soon another process goes on
//! with a run whose own is gone. Fails below the numbers that a release has to reach.
//!
//! `cargo run --release -p assay-store --example throughput -- [threads] [cells] [call ms]`
//!
//! Each thread does what a worker of a run does: it begins an attempt, makes a call (here it waits), and records
//! the end of one cell together with the beginning of the next. The database is made in `TMPDIR`, so point that
//! at the disk to be measured.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use assay_store::{
    AttemptId, AttemptOutcome, BeginAttempt, FinishAttempt, NewCell, NewColumn, NewRow, NewRun,
    RunId, RunState, Store, StoreError, StoredScore, Usage,
};

/// Cells begun and ended in a second, when calls take no time.
const LEAST_RATE: f64 = 2_000.0;
/// From opening the database of a process that is gone to the first beginning of what it left.
const LONGEST_RESUME: Duration = Duration::from_secs(1);

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let (threads, cells) = (argument(1, 256), argument(2, 100_000));
    let call = Duration::from_millis(argument(3, 0).into());
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path())?;
    let run = create(&store, cells)?;

    let half = cells / 2;
    let rate = measure(&store, &run, 0..half, threads, call)?;
    for cell in half..(half + threads).min(cells) {
        store.begin_attempt(&run, begin(cell)).wait()?;
    }
    drop(store);
    let (store, resumed) = resume(folder.path(), &run)?;
    store.finish_attempt(finish(&run, half, resumed.attempt)).wait()?;
    measure(&store, &run, half + 1..cells, threads, call)?;
    read(&store, &run, cells)?;
    let size = std::fs::metadata(folder.path().join("assay.db"))?.len();
    println!("the database has {} KiB, peak memory {}", size >> 10, peak_memory());

    if call.is_zero() && rate < LEAST_RATE {
        return Err(format!("{rate:.0} cells/s, at least {LEAST_RATE}").into());
    }
    if resumed.took > LONGEST_RESUME {
        return Err(format!("resumed after {:?}, at most {LONGEST_RESUME:?}", resumed.took).into());
    }
    Ok(())
}

fn create(store: &Store, cells: u32) -> Result<RunId, Failure> {
    let run = run_of(cells);
    let id = run.id.clone();
    let started = Instant::now();
    store.create_run(run)?;
    println!("a run of {cells} cells is planned in {:?}", started.elapsed());
    store.set_run_state(&id, RunState::Running, 0)?;
    Ok(id)
}

/// Has threads begin and end these cells; returns how many a second.
fn measure(
    store: &Store,
    run: &RunId,
    cells: Range<u32>,
    threads: u32,
    call: Duration,
) -> Result<f64, Failure> {
    let started = Instant::now();
    let next = AtomicU32::new(cells.start);
    let work = || work(store, run, &next, cells.end, call);
    let waited = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let said = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        said.collect::<Result<Vec<_>, _>>()
    })?;
    let (took, cells) = (started.elapsed(), cells.len() as f64);
    let rate = cells / took.as_secs_f64();
    println!(
        "{cells} cells begun and ended by {threads} threads, calls of {call:?}: {took:?}, {rate:.0} cells/s"
    );
    if !call.is_zero() {
        let ideal = call.as_secs_f64() * cells / f64::from(threads);
        println!("  against the ideal {ideal:.2} s: {:.2} x", took.as_secs_f64() / ideal);
    }
    let mut waits = waited.concat();
    waits.sort();
    let share = |of: usize| waits[(waits.len() - 1) * of / 100];
    println!("  a beginning is on the disk after {:?} (median), {:?} (99 %)", share(50), share(99));
    Ok(rate)
}

/// How long a process took to go on with the run of one that is gone.
struct Resumed {
    took: Duration,
    attempt: AttemptId,
}

fn resume(folder: &Path, run: &RunId) -> Result<(Store, Resumed), Failure> {
    let started = Instant::now();
    let store = Store::open(folder)?;
    let taken_over = store.recover(1)?.len();
    store.set_run_state(run, RunState::Running, 1)?;
    let left = store.pending_cells(run)?;
    let first = *left.first().ok_or("nothing is left to do")?;
    let attempt = store.begin_attempt(run, begin(first)).wait()?;
    let took = started.elapsed();
    println!(
        "{taken_over} run taken over, {} cells left, the first begun after {took:?}",
        left.len()
    );
    Ok((store, Resumed { took, attempt }))
}

fn read(store: &Store, run: &RunId, cells: u32) -> Result<(), Failure> {
    let started = Instant::now();
    let page = store.cells(run, cells / 2, cells / 2 + 60)?.len();
    println!("a page of {page} cells: {:?}", started.elapsed());
    let started = Instant::now();
    let columns = store.column_stats(run)?.len();
    println!("statistics of {columns} columns: {:?}", started.elapsed());
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

fn finish(run: &RunId, cell: u32, attempt: AttemptId) -> FinishAttempt {
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
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |peak| peak.trim().to_owned())
}
