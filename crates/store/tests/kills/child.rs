//! The process that gets killed: it goes on with its run, on several threads.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use assay_store::{
    AttemptOutcome, BeginAttempt, Failpoint, FinishAttempt, NewCell, NewColumn, NewRow, NewRun,
    RunId, RunState, Store, StoredScore, Usage, arm,
};

const FOLDER: &str = "ASSAY_STORE_TEST_FOLDER";
const RUN: &str = "ASSAY_STORE_TEST_RUN";
const DIES_AT: &str = "ASSAY_STORE_TEST_DIES_AT";

/// Cells of the run.
pub const CELLS: u32 = 400;
/// Calls under way at once.
pub const AT_ONCE: usize = 8;

/// What a child said on its pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Said {
    /// It makes a call, and the provider charges for it.
    Called { cell: u32, attempt: i64 },
    /// The end of that call was acknowledged to it.
    Ended { cell: u32, attempt: i64 },
}

/// A child at work, and its pipe.
pub struct Working {
    pub process: Child,
    said: BufReader<ChildStdout>,
}

impl Working {
    /// The next thing it says; `None` once it is gone. Half a line is nothing: the call was not made yet.
    pub fn next(&mut self) -> Option<Said> {
        loop {
            let mut line = String::new();
            if self.said.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(said) = line.strip_suffix('\n').and_then(parse) {
                return Some(said);
            }
        }
    }
}

fn parse(line: &str) -> Option<Said> {
    // The test harness has lines of its own in the same pipe.
    let mut words = line.split(' ').skip_while(|word| !word.starts_with('@'));
    let what = words.next()?;
    let (cell, attempt) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    match what {
        "@called" => Some(Said::Called { cell, attempt }),
        "@ended" => Some(Said::Ended { cell, attempt }),
        _ => None,
    }
}

/// Starts a child in `folder` on a run, which dies on the `nth` time at a place if told so.
pub fn start(folder: &Path, run: &RunId, dies_at: Option<(Failpoint, u32)>) -> Working {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child::works_until_it_is_killed", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).env(RUN, run.as_str()).stdout(Stdio::piped());
    if let Some((place, nth)) = dies_at {
        command.env(DIES_AT, format!("{place:?}:{nth}"));
    }
    let mut process = command.spawn().unwrap();
    let said = BufReader::new(process.stdout.take().unwrap());
    Working { process, said }
}

/// Nothing in a run of the tests themselves: only a child is told a folder.
#[test]
fn works_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    if let Ok(place) = std::env::var(DIES_AT) {
        let (name, nth) = place.split_once(':').unwrap();
        let place = Failpoint::ALL.iter().find(|place| format!("{place:?}") == name).unwrap();
        arm(*place, nth.parse().unwrap());
    }
    work(Path::new(&folder), &RunId::new(std::env::var(RUN).unwrap()));
}

fn work(folder: &Path, run: &RunId) {
    let store = Store::open(folder).unwrap();
    store.recover(5_000).unwrap();
    if store.run_record(run).unwrap().is_none() {
        store.create_run(plan(run)).unwrap();
    }
    store.set_run_state(run, RunState::Running, 5_001).unwrap();
    let cells: Mutex<VecDeque<u32>> = Mutex::new(store.pending_cells(run).unwrap().into());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(cell) = { cells.lock().unwrap().pop_front() } {
                    call(&store, run, cell);
                }
            });
        }
    });
    store.set_run_state(run, RunState::Done, 5_002).unwrap();
}

/// What the engine does for a cell: begin, call, end. Every fifth cell needs a second try.
fn call(store: &Store, run: &RunId, cell: u32) {
    let again =
        cell.is_multiple_of(5) && store.cell(run, cell).unwrap().unwrap().attempts.is_empty();
    let begin = BeginAttempt {
        cell,
        request: format!("request {cell} {}", "with some words ".repeat(20)).into_bytes(),
        started_ms: 0,
        origin: "https://models.example".into(),
        reserved: Some(0.5),
    };
    let attempt = store.begin_attempt(run, begin).wait().unwrap();
    say(format_args!("@called {cell} {attempt}"));
    let finish = FinishAttempt {
        run: run.clone(),
        cell,
        attempt,
        ended_ms: 1,
        request_id: None,
        outcome: if again { overloaded() } else { reply(cell) },
        scores: if again { vec![] } else { vec![score()] },
        cache_key: Some(key(run, cell)),
    };
    store.finish_attempt(finish).wait().unwrap();
    say(format_args!("@ended {cell} {attempt}"));
    if again {
        call(store, run, cell);
    }
}

/// In one piece, so that two threads' lines do not mix and a killed child leaves no half of one unseen.
fn say(what: std::fmt::Arguments<'_>) {
    let mut pipe = std::io::stdout().lock();
    pipe.write_all(format!("{what}\n").as_bytes()).and_then(|()| pipe.flush()).unwrap();
}

/// Another for each cell of each run.
pub fn key(run: &RunId, cell: u32) -> [u8; 32] {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&cell.to_le_bytes());
    key[4..4 + run.as_str().len()].copy_from_slice(run.as_str().as_bytes());
    key
}

pub fn output(cell: u32) -> String {
    format!("output {cell}")
}

fn reply(cell: u32) -> AttemptOutcome {
    AttemptOutcome::Done {
        output: output(cell),
        response: format!("raw {cell} {}", "because ".repeat(40)).into_bytes(),
        latency_ms: 1,
        first_token_ms: None,
        usage: Usage::default(),
        finish: "stop".into(),
        cost: Some(0.25),
        original: None,
    }
}

fn overloaded() -> AttemptOutcome {
    AttemptOutcome::Failed {
        kind: "overloaded".into(),
        message: "try again".into(),
        response: vec![],
        maybe_billed: false,
        cost: None,
        retry: true,
    }
}

fn score() -> StoredScore {
    StoredScore {
        scorer: "exact".into(),
        value: Some(1.0),
        pass: Some(true),
        reason: String::new(),
    }
}

fn plan(run: &RunId) -> NewRun {
    NewRun {
        id: run.clone(),
        workspace: "w".into(),
        created_ms: 0,
        title: "killed".into(),
        spec: "{}".into(),
        columns: vec![NewColumn {
            prompt: "p".into(),
            variant: "v".into(),
            content_id: "sha256:0".into(),
            model: "m".into(),
        }],
        rows: (0..CELLS)
            .map(|n| NewRow {
                prompt: "p".into(),
                case_id: format!("case-{n}"),
                sample: 0,
                case_json: "{}".into(),
            })
            .collect(),
        cells: (0..CELLS).map(|row| NewCell { column: 0, row }).collect(),
        scorers: vec!["exact".into()],
        budget: None,
        shard: None,
    }
}
