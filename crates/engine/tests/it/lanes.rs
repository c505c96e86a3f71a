//! Lanes that stop, and go on.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use assay_engine::{RunSpec, State, StopKind};
use assay_store::CellState;
use assay_testkit::{Fault, ModelServer};

use crate::support::{Bench, FAST, SLOW, of_case, server, spec};

#[test]
fn a_model_whose_key_is_wrong_pauses_and_the_other_goes_on() {
    let (fast, slow) = (server(), server());
    slow.fault_when(|_| true, Fault::unauthorized());
    let bench = Bench::new(&fast, &slow);
    let run = bench.run(spec(10, &[FAST, SLOW]));
    assert_eq!((run.count(CellState::Done), run.count(CellState::Queued)), (20, 20));
    assert!(run.reason().contains("Incorrect API key"), "{:?}", run.state);
    assert!(matches!(&run.state, State::Failed(stop) if stop.kind == StopKind::Paused));
    let pauses = bench.store.lane_pauses(&run.id).unwrap();
    assert_eq!((pauses[0].model.as_str(), pauses[0].kind.as_str()), (SLOW, "unauthorized"));
    assert!(slow.count() <= 8, "only what was in flight was sent: {}", slow.count());

    slow.no_faults();
    let (before, sent) = (fast.count(), slow.count());
    let run = bench.resume(&run.id, false);
    assert_eq!((run.state.clone(), run.count(CellState::Done)), (State::Done, 40));
    assert_eq!(fast.count(), before, "nothing is asked twice");
    assert_eq!(slow.count(), sent + 20);
    assert!(bench.store.lane_pauses(&run.id).unwrap().is_empty());
}

#[test]
fn a_paused_lane_goes_on_at_once_when_somebody_asks() {
    let (fast, slow) = (server(), server().latency(Duration::from_millis(150)));
    fast.fault_when(|_| true, Fault::insufficient_quota());
    let bench = Bench::new(&fast, &slow);
    let handle = bench.start(spec(40, &[FAST, SLOW]));
    assert!(!handle.retry_lane(SLOW), "that one is not paused");
    bench.runtime.block_on(async {
        while handle.progress.paused().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    let changes = handle.progress.drain().unwrap();
    assert!(changes.paused[0].reason.contains("quota"), "{:?}", changes.paused);
    fast.no_faults();
    assert!(handle.retry_lane(FAST));
    let run = bench.end(&handle);
    assert_eq!((run.state.clone(), run.count(CellState::Done)), (State::Done, 160));
    assert!(handle.progress.paused().is_empty());
    assert!(!handle.retry_lane(FAST), "the run has ended");
}

/// A server that answers nothing until the other end is dropped.
fn server_on_hold() -> (ModelServer, Sender<()>) {
    let (go, held) = channel::<()>();
    let held = Mutex::new(held);
    let server = server().reply_with(move |_| {
        // Nothing is ever sent; what ends the wait is the sender's end.
        let _ = held.lock().unwrap().recv();
        "an answer".to_owned()
    });
    (server, go)
}

/// What holds a thread up here waits for the very thread it holds up, until it gives the run up.
#[test]
fn a_lane_that_is_taken_up_while_the_database_is_busy_holds_up_no_thread_of_the_runtime() {
    let (fast, (slow, go)) = (server(), server_on_hold());
    fast.fault_when(|_| true, Fault::unauthorized());
    let bench = Bench::new(&fast, &slow).on_one_thread();
    let handle = bench.start(spec(2, &[FAST, SLOW]));
    bench.runtime.block_on(async {
        while handle.progress.paused().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    fast.no_faults();
    let other = bench.written_to_elsewhere();
    assert!(handle.retry_lane(FAST));
    bench.runtime.block_on(async {
        // More turns than the run's tasks need to get theirs.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        drop((other, go));
    });
    let run = bench.end(&handle);
    assert_eq!((run.state.clone(), run.count(CellState::Done)), (State::Done, 8));
}

#[test]
fn a_request_that_is_refused_fails_its_cell_and_a_model_that_refuses_everything_pauses() {
    let (fast, slow) = (server(), server());
    fast.fault_when(of_case(3), Fault::bad_request());
    slow.fault_when(|_| true, Fault::bad_request());
    let bench = Bench::new(&fast, &slow);
    let run = bench.run(spec(20, &[FAST, SLOW]));
    assert_eq!(run.count(CellState::Done), 38, "all of the fast ones but two");
    assert!(run.count(CellState::Failed) <= 2 + 12, "{}", run.count(CellState::Failed));
    assert!(run.count(CellState::Queued) >= 28, "{}", run.count(CellState::Queued));
    assert!(run.reason().contains("temperature"), "{:?}", run.state);
}

/// One cell of each case and model.
fn of_one_variant(cases: usize, models: &[&str]) -> RunSpec {
    let mut spec = spec(cases, models);
    spec.request.variants = vec!["warm".to_owned()];
    spec
}

/// A refusal that has nothing to do with the key, but looks as if it had.
fn moderated() -> Fault {
    Fault::status(403, r#"{"error":{"code":403,"message":"the input was flagged"}}"#)
}

#[test]
fn a_case_that_a_filter_refuses_pauses_its_lane_once_and_then_fails_alone() {
    let (fast, slow) = (server(), server());
    fast.fault_when(of_case(0), moderated());
    let bench = Bench::new(&fast, &slow);
    let run = bench.run(of_one_variant(20, &[FAST]));
    assert!(run.reason().contains("flagged"), "{:?}", run.state);
    assert_eq!(run.count(CellState::Failed), 0, "it may be the key");
    let run = bench.resume(&run.id, false);
    assert_eq!((run.count(CellState::Done), run.count(CellState::Failed)), (19, 1));
    assert_eq!(run.state, State::Done, "the others were answered, so it was not");
}

#[test]
fn a_case_that_a_filter_refuses_fails_alone_in_a_run_that_goes_on_too() {
    let (fast, slow) = (server(), server().latency(Duration::from_millis(300)));
    fast.fault_when(of_case(0), moderated());
    let bench = Bench::new(&fast, &slow);
    let handle = bench.start(of_one_variant(20, &[FAST, SLOW]));
    bench.runtime.block_on(async {
        while handle.progress.paused().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    assert!(handle.retry_lane(FAST));
    let run = bench.end(&handle);
    assert_eq!((run.count(CellState::Done), run.count(CellState::Failed)), (39, 1));
    assert_eq!(run.state, State::Done);
}

#[test]
fn a_key_that_stays_wrong_fails_no_cell_however_often_it_is_tried() {
    let (fast, slow) = (server(), server());
    fast.fault_when(|_| true, Fault::unauthorized());
    let bench = Bench::new(&fast, &slow);
    let mut run = bench.run(spec(3, &[FAST]));
    for _ in 0..5 {
        run = bench.resume(&run.id, false);
    }
    assert_eq!((run.count(CellState::Queued), run.count(CellState::Failed)), (6, 0));
    fast.no_faults();
    assert_eq!(bench.resume(&run.id, false).count(CellState::Done), 6);
}

#[test]
fn a_server_that_is_down_pauses_its_lane_before_it_has_consumed_the_matrix() {
    let (fast, slow) = (server(), server());
    fast.fault_when(|_| true, Fault::server_error());
    let bench = Bench::new(&fast, &slow);
    let run = bench.run(spec(30, &[FAST]));
    assert_eq!((run.count(CellState::Queued), run.count(CellState::Failed)), (60, 0));
    let pauses = bench.store.lane_pauses(&run.id).unwrap();
    assert_eq!(pauses[0].kind, "server_error");
    fast.no_faults();
    let run = bench.resume(&run.id, false);
    assert_eq!((run.state.clone(), run.count(CellState::Done)), (State::Done, 60));
}

#[test]
fn a_case_that_a_server_breaks_on_fails_alone() {
    let (fast, slow) = (server(), server());
    fast.fault_when(of_case(3), Fault::server_error());
    let bench = Bench::new(&fast, &slow);
    let run = bench.run(spec(20, &[FAST]));
    assert_eq!((run.count(CellState::Done), run.count(CellState::Failed)), (38, 2));
}

#[test]
fn a_server_with_too_much_to_do_is_asked_until_it_has_less() {
    let (fast, slow) = (server(), server());
    for status in [529, 503] {
        for _ in 0..4 {
            let headers = vec![("retry-after".to_owned(), "0".to_owned())];
            fast.fault_next(Fault::Status { status, body: String::new(), headers });
        }
    }
    let bench = Bench::new(&fast, &slow);
    let run = bench.run(of_one_variant(1, &[FAST]));
    assert_eq!((run.state.clone(), run.count(CellState::Done)), (State::Done, 1));
    assert_eq!(fast.count(), 9);
}

#[test]
fn a_server_that_is_told_too_much_is_asked_again_and_every_cell_is_answered() {
    let (fast, slow) = (server(), server());
    for _ in 0..30 {
        fast.fault_next(Fault::rate_limited("0"));
    }
    let bench = Bench::new(&fast, &slow);
    let run = bench.run(spec(50, &[FAST]));
    assert_eq!((run.state.clone(), run.count(CellState::Done)), (State::Done, 100));
    assert_eq!(fast.count(), 130);
}

#[test]
fn calls_at_once_are_what_was_asked_for() {
    let (fast, slow) = (server().latency(Duration::from_millis(20)), server());
    let bench = Bench::new(&fast, &slow);
    let mut spec = spec(60, &[FAST]);
    spec.request.concurrency = Some(20);
    bench.run(spec);
    assert_eq!(fast.most_at_once(), 20);
}

#[test]
fn a_slow_model_does_not_hold_up_a_fast_one() {
    let (fast, slow) = (server(), server().latency(Duration::from_millis(400)));
    let bench = Bench::new(&fast, &slow);
    let handle = bench.start(spec(20, &[FAST, SLOW]));
    bench.runtime.block_on(async {
        while fast.count() < 40 {
            tokio::task::yield_now().await;
        }
    });
    assert!(slow.count() <= 16, "the fast one was done while the slow one answered its first");
    handle.cancel();
    bench.end(&handle);
}

#[test]
fn a_lost_call_is_made_once_more_and_not_again_after_a_resume() {
    let (fast, slow) = (server(), server());
    fast.fault_when(of_case(2), Fault::ResetMidBody);
    let bench = Bench::new(&fast, &slow);
    let mut spec = spec(4, &[FAST]);
    spec.request.variants = vec!["warm".to_owned()];
    let run = bench.run(spec);
    assert_eq!((run.count(CellState::Done), run.count(CellState::Failed)), (3, 1));
    assert_eq!(run.cells[2].attempts.len(), 2, "sent, and sent once more");
    assert!(run.cells[2].attempts.iter().all(|attempt| attempt.maybe_billed));
    let sent = fast.count();
    bench.resume(&run.id, false);
    assert_eq!(fast.count(), sent, "a third call takes somebody to ask for it");
    fast.no_faults();
    let run = bench.resume(&run.id, true);
    assert_eq!((run.state, fast.count()), (State::Done, sent + 1));
}

#[test]
fn a_limit_that_is_told_of_after_text_is_paid_for_twice_at_most() {
    let (fast, slow) = (server(), server());
    let error = serde_json::json!({"code": 429, "message": "slow down"});
    fast.fault_when(|_| true, Fault::ErrorMidStream { error });
    let bench = Bench::new(&fast, &slow);
    let run = bench.run(of_one_variant(1, &[FAST]));
    let attempts = &run.cells[0].attempts;
    assert!(attempts.iter().all(|attempt| attempt.maybe_billed), "{attempts:?}");
    assert_eq!((fast.count(), run.count(CellState::Failed)), (2, 1));
}

#[test]
fn a_lost_call_is_remembered_while_its_lane_stands_still() {
    let (fast, slow) = (server(), server().latency(Duration::from_millis(1_500)));
    fast.fault_when(of_case(0), Fault::ResetMidBody);
    fast.fault_when(of_case(1), Fault::not_found());
    let bench = Bench::new(&fast, &slow);
    let handle = bench.start(of_one_variant(2, &[FAST, SLOW]));
    bench.runtime.block_on(async {
        while handle.progress.paused().is_empty() || fast.count() < 2 {
            tokio::task::yield_now().await;
        }
    });
    fast.no_faults();
    fast.fault_when(of_case(0), Fault::ResetMidBody);
    assert!(handle.retry_lane(FAST));
    let run = bench.end(&handle);
    let lost = run.cells[0].attempts.iter().filter(|attempt| attempt.maybe_billed).count();
    assert_eq!(lost, 2, "one before the pause and one after: {:?}", run.cells[0].attempts);
}

#[test]
fn a_call_that_was_lost_with_its_process_counts_as_the_first_of_two() {
    let (fast, slow) = (server(), server());
    fast.fault_when(|_| true, Fault::StallBeforeHeaders);
    let bench = Bench::new(&fast, &slow);
    let mut spec = spec(1, &[FAST]);
    spec.request.variants = vec!["warm".to_owned()];
    let handle = bench.start(spec);
    bench.runtime.block_on(async {
        while fast.count() == 0 {
            tokio::task::yield_now().await;
        }
    });
    let better = server();
    better.fault_when(|_| true, Fault::ResetMidBody);
    let after = bench.after_a_crash(&better, &slow);
    let run = after.resume(&handle.id, false);
    assert_eq!((better.count(), run.count(CellState::Failed)), (1, 1), "once more, and no more");
    handle.cancel();
    bench.end(&handle);
}

#[test]
fn a_cell_that_two_crashes_lost_is_not_paid_for_a_third_time_unasked() {
    let (stalled, slow) = (server(), server());
    stalled.fault_when(|_| true, Fault::StallBeforeHeaders);
    let first = Bench::new(&stalled, &slow);
    let mut spec = spec(1, &[FAST]);
    spec.request.variants = vec!["warm".to_owned()];
    let one = first.start(spec);
    let sent = |bench: &Bench, n| {
        bench.runtime.block_on(async {
            while stalled.count() < n {
                tokio::task::yield_now().await;
            }
        });
    };
    sent(&first, 1);
    let second = first.after_a_crash(&stalled, &slow);
    let two = second.engine.resume(&one.id, &second.models, false).unwrap();
    sent(&second, 2);
    let sound = server();
    let third = second.after_a_crash(&sound, &slow);
    let run = third.resume(&one.id, false);
    assert_eq!((sound.count(), run.count(CellState::Failed)), (0, 1));
    assert!(run.cells[0].record.error.as_ref().is_some_and(|e| e.contains("sent twice")));
    let run = third.resume(&one.id, true);
    assert_eq!((sound.count(), run.state), (1, State::Done), "whoever asks for it gets it");
    for (bench, handle) in [(&first, one), (&second, two)] {
        handle.cancel();
        bench.end(&handle);
    }
}
