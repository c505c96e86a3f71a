//! Every fault of the catalogue on every wire, streamed and plain: each is called by its name, none hangs, and no broken
//! reply passes for a whole one.

mod billed;
mod catalogue;
mod mutations;
mod unreachable;

use std::time::Duration;

use assay_model::{Failure, FailureKind, Finish, Reply, RetryAdvice};
use assay_net::Client;
use assay_testkit::{Fault, ModelServer};

use crate::common::{IMPATIENT, MODES, Mode, PATIENT, Spoken, TEXT, WIRES, call, caller, request};
use catalogue::{Row, catalogue};

/// Far beyond every limit of a client here, and of a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Exchanges at one time.
const AT_ONCE: usize = 24;

/// What a call comes to, as far as anybody acts on it.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Fails(FailureKind, Retry),
    Passes(&'static str, Finish),
    /// Neither in time, or a reply that nobody sent.
    Odd(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    Again,
    /// So many seconds later, as the server asks.
    After(u64),
    Once,
    Never,
}

/// One fault on one wire, in one mode.
struct Case {
    row: String,
    wire: Spoken,
    mode: Mode,
    fault: Fault,
    expected: Outcome,
}

/// What came of a case.
struct Seen {
    case: Case,
    result: Option<Result<Reply, Failure>>,
    heard: String,
}

fn cases(rows: &[Row]) -> Vec<Case> {
    let mut cases = Vec::new();
    for row in rows {
        for (wire, mode) in WIRES.into_iter().flat_map(|wire| MODES.map(|mode| (wire, mode))) {
            let Some(expected) = (row.expect)(wire, mode) else { continue };
            let fault = (row.order)(wire, mode);
            cases.push(Case { row: row.name.clone(), wire, mode, fault, expected });
        }
    }
    cases
}

fn client_for(fault: &Fault) -> &'static Client {
    match fault {
        Fault::StallBeforeHeaders
        | Fault::StallAfterHeaders
        | Fault::StallMidBody
        | Fault::Drip { .. } => &IMPATIENT,
        _ => &PATIENT,
    }
}

async fn run(case: Case) -> Seen {
    let server = ModelServer::start().await.reply_with(|_| TEXT.to_owned());
    let url = case.wire.base_url(&server);
    let caller = caller(client_for(&case.fault), case.wire, &url, None);
    server.fault_next(case.fault.clone());
    let request = request();
    let exchange = tokio::time::timeout(DEADLINE, call(&caller, &request, case.mode)).await;
    match exchange {
        Ok((result, heard)) => Seen { case, result: Some(result), heard },
        Err(_) => Seen { case, result: None, heard: String::new() },
    }
}

async fn run_all(cases: Vec<Case>) -> Vec<Seen> {
    let mut running = tokio::task::JoinSet::new();
    let mut seen = Vec::new();
    for case in cases {
        if running.len() >= AT_ONCE {
            seen.extend(running.join_next().await.map(|done| done.expect("no panic")));
        }
        running.spawn(run(case));
    }
    seen.extend(running.join_all().await);
    seen
}

fn outcome(result: Option<&Result<Reply, Failure>>, heard: &str, mode: Mode) -> Outcome {
    match result {
        None => Outcome::Odd("it hangs".to_owned()),
        Some(Err(failure)) => Outcome::Fails(failure.kind, retry(failure.advice())),
        Some(Ok(reply)) => passed(reply, heard, mode),
    }
}

fn passed(reply: &Reply, heard: &str, mode: Mode) -> Outcome {
    let told = [TEXT, "", "I cannot help with that."];
    let streamed = mode == Mode::Streamed && !heard.is_empty();
    match told.into_iter().find(|text| *text == reply.text) {
        Some(text) if !streamed || heard == text => Outcome::Passes(text, reply.finish.clone()),
        _ => Outcome::Odd(format!("a text of its own: {:?}", reply.text)),
    }
}

fn retry(advice: RetryAdvice) -> Retry {
    match advice {
        RetryAdvice::Retry { after: None } => Retry::Again,
        RetryAdvice::Retry { after: Some(wait) } => Retry::After(wait.as_secs()),
        RetryAdvice::RetryOnce => Retry::Once,
        RetryAdvice::Never => Retry::Never,
    }
}

impl Seen {
    fn outcome(&self) -> Outcome {
        outcome(self.result.as_ref(), &self.heard, self.case.mode)
    }

    /// What went wrong, if anything did.
    fn complaint(&self) -> Option<String> {
        let Case { row, wire, mode, expected, .. } = &self.case;
        let got = self.outcome();
        (got != *expected)
            .then(|| format!("{row}, {wire:?}, {mode:?}: {got:?} in place of {expected:?}"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_on_every_wire_is_called_by_its_name() {
    let rows = catalogue();
    let seen = run_all(cases(&rows)).await;
    let (total, wires) = (seen.len(), WIRES.len());
    let wrong: Vec<String> = seen.iter().filter_map(Seen::complaint).collect();
    println!("{} faults, {total} cases on {wires} wires, {} wrong", rows.len(), wrong.len());
    assert!(rows.len() >= 28, "the catalogue has 28 faults and more");
    assert!(wrong.is_empty(), "{} of {total}:\n{}", wrong.len(), wrong.join("\n"));
    mutations::are_all_noticed(&seen);
}
