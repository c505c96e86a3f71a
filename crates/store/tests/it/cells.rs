//! Cells: what a page shows, what stands behind a cell, and how attempts change them.

use assay_store::{
    AttemptState, CellState, FinishAttempt, Original, RunState, ScorerSignature, StoreError,
    StoredScore,
};

use crate::support::*;

#[test]
fn a_page_has_exactly_the_ordinals_asked_for() {
    let (store, _folder, run) = store_with_run(20);
    complete(&store, &run, 7, "seven");
    let page = store.cells(&run, 5, 9).unwrap();
    assert_eq!(page.iter().map(|cell| cell.ordinal).collect::<Vec<_>>(), [5, 6, 7, 8]);
    assert_eq!(page[2].preview, "seven");
    assert_eq!(page[2].scores.len(), 2, "scores belong to the cell that was scored");
    assert!(page.iter().filter(|cell| cell.ordinal != 7).all(|cell| cell.scores.is_empty()));
    assert_eq!(store.cells(&run, 18, 99).unwrap().len(), 2, "a page ends where the run ends");
    assert!(store.cells(&run, 99, 120).unwrap().is_empty());
}

#[test]
fn a_cell_shows_all_that_was_sent_received_and_judged() {
    let (store, _folder, run) = store_with_run(3);
    let first = begin(&store, &run, 1);
    store.finish_attempt(ending(&run, 1, first, failure("overloaded", true))).wait().unwrap();
    let second = complete(&store, &run, 1, "refund");

    let cell = store.cell(&run, 1).unwrap().unwrap();
    assert_eq!(cell.record.state, CellState::Done);
    assert_eq!(cell.record.error, None, "an error that a retry cured is the attempt's alone");
    assert_eq!(cell.output.as_deref(), Some("refund"));
    assert_eq!(cell.request.as_deref(), Some(b"request 1".as_slice()));
    assert_eq!(cell.response.as_deref(), Some(b"raw refund".as_slice()));
    assert_eq!(cell.scores, scores(true));
    let [failed, done] = cell.attempts.as_slice() else {
        panic!("two attempts: {:?}", cell.attempts)
    };
    assert_eq!((failed.id, failed.state, failed.maybe_billed), (first, AttemptState::Failed, true));
    assert_eq!(failed.message.as_deref(), Some("overloaded"));
    assert_eq!((done.id, done.state, done.usage.input), (second, AttemptState::Done, Some(100)));
    assert_eq!(store.cell(&run, 3).unwrap(), None);
}

#[test]
fn counters_follow_the_cells() {
    let (store, _folder, run) = store_with_run(4);
    complete(&store, &run, 0, "a");
    let attempt = begin(&store, &run, 1);
    store.finish_attempt(ending(&run, 1, attempt, failure("no", false))).wait().unwrap();
    let attempt = begin(&store, &run, 2);
    store.finish_attempt(ending(&run, 2, attempt, failure("again", true))).wait().unwrap();
    let record = store.run_record(&run).unwrap().unwrap();
    assert_eq!((record.done, record.failed, record.total), (1, 1, 4));
    assert_eq!(store.pending_cells(&run).unwrap(), [2, 3]);
}

#[test]
fn a_cell_is_begun_only_while_it_is_queued() {
    let (store, _folder, run) = store_with_run(1);
    begin(&store, &run, 0);
    let again = store.begin_attempt(&run, beginning(0)).wait();
    assert!(
        matches!(again, Err(StoreError::NotQueued { cell: 0, state: CellState::Leased, .. })),
        "{again:?}"
    );
    let beyond = store.begin_attempt(&run, beginning(1)).wait();
    assert!(matches!(beyond, Err(StoreError::UnknownCell { cell: 1, .. })), "{beyond:?}");
}

#[test]
fn an_attempt_ends_once() {
    let (store, _folder, run) = store_with_run(1);
    let attempt = complete(&store, &run, 0, "first");
    let again = store.finish_attempt(ending(&run, 0, attempt, reply("second"))).wait();
    assert!(matches!(again, Err(StoreError::NotOpen { .. })), "{again:?}");
    assert_eq!(store.cell(&run, 0).unwrap().unwrap().output.as_deref(), Some("first"));
}

#[test]
fn a_refused_end_leaves_nothing_behind() {
    let (store, _folder, run) = store_with_run(1);
    let attempt = begin(&store, &run, 0);
    let unknown =
        StoredScore { scorer: "unheard-of".into(), value: None, pass: None, reason: String::new() };
    let finish = FinishAttempt { scores: vec![unknown], ..ending(&run, 0, attempt, reply("x")) };
    let refused = store.finish_attempt(finish).wait();
    assert!(matches!(refused, Err(StoreError::UnknownScorer { .. })), "{refused:?}");
    let cell = store.cell(&run, 0).unwrap().unwrap();
    assert_eq!(
        (cell.record.state, cell.attempts[0].state),
        (CellState::Leased, AttemptState::Started)
    );
    assert_eq!(store.run_record(&run).unwrap().unwrap().done, 0);
}

#[test]
fn a_reply_that_comes_after_cancelling_is_kept() {
    let (store, _folder, run) = store_with_run(3);
    let attempt = begin(&store, &run, 0);
    store.set_run_state(&run, RunState::Cancelled, 5_000).unwrap();
    let states: Vec<_> = store.cells(&run, 0, 3).unwrap().iter().map(|cell| cell.state).collect();
    assert_eq!(states, [CellState::Cancelled; 3]);

    store.finish_attempt(ending(&run, 0, attempt, reply("late"))).wait().unwrap();
    let cell = store.cell(&run, 0).unwrap().unwrap();
    assert_eq!((cell.record.state, cell.output.as_deref()), (CellState::Done, Some("late")));
    let record = store.run_record(&run).unwrap().unwrap();
    assert_eq!((record.state, record.done, record.ended_ms), (RunState::Cancelled, 1, Some(5_000)));
}

#[test]
fn a_late_reply_does_not_replace_the_result() {
    let (store, _folder, run) = store_with_run(1);
    let lost = begin(&store, &run, 0);
    store.set_run_state(&run, RunState::Interrupted, 5_000).unwrap();
    store.set_run_state(&run, RunState::Running, 6_000).unwrap();
    complete(&store, &run, 0, "kept");
    store.finish_attempt(ending(&run, 0, lost, reply("late"))).wait().unwrap();
    let cell = store.cell(&run, 0).unwrap().unwrap();
    assert_eq!(cell.output.as_deref(), Some("kept"));
    assert!(
        cell.attempts.iter().all(|attempt| attempt.state == AttemptState::Done),
        "both were received"
    );
    assert_eq!(store.run_record(&run).unwrap().unwrap().done, 1, "one cell is done once");
}

#[test]
fn a_late_failure_does_not_touch_the_attempt_that_followed() {
    let (store, _folder, run) = store_with_run(1);
    let lost = begin(&store, &run, 0);
    store.set_run_state(&run, RunState::Interrupted, 5_000).unwrap();
    store.set_run_state(&run, RunState::Running, 6_000).unwrap();
    begin(&store, &run, 0);
    store.finish_attempt(ending(&run, 0, lost, failure("reset", false))).wait().unwrap();
    assert_eq!(store.cells(&run, 0, 1).unwrap()[0].state, CellState::Leased);
    assert_eq!(store.run_record(&run).unwrap().unwrap().failed, 0);
}

#[test]
fn resuming_a_cancelled_run_queues_what_is_missing() {
    let (store, _folder, run) = store_with_run(3);
    complete(&store, &run, 1, "a");
    store.set_run_state(&run, RunState::Cancelled, 5_000).unwrap();
    store.set_run_state(&run, RunState::Running, 6_000).unwrap();
    assert_eq!(store.pending_cells(&run).unwrap(), [0, 2]);
    assert_eq!(store.run_record(&run).unwrap().unwrap().ended_ms, None);
}

#[test]
fn failed_cells_are_queued_again_on_request_and_keep_their_attempts() {
    let (store, folder, run) = store_with_run(3);
    complete(&store, &run, 0, "a");
    let attempt = begin(&store, &run, 1);
    store.finish_attempt(ending(&run, 1, attempt, failure("no", false))).wait().unwrap();

    let other = assay_store::Store::open(folder.path()).unwrap();
    let refused = other.requeue_failed(&run);
    assert!(matches!(refused, Err(StoreError::NotLeased { .. })), "{refused:?}");

    store.requeue_failed(&run).unwrap();
    assert_eq!(store.run_record(&run).unwrap().unwrap().failed, 0);
    assert_eq!(store.pending_cells(&run).unwrap(), [1, 2]);
    complete(&store, &run, 1, "b");
    let cell = store.cell(&run, 1).unwrap().unwrap();
    assert_eq!((cell.record.error, cell.attempts.len()), (None, 2));
    assert_eq!(store.run_record(&run).unwrap().unwrap().done, 2);
}

#[test]
fn column_stats_sum_up_each_column() {
    let (store, _folder) = store();
    let new = new_run("R1", 2, 3);
    let run = new.id.clone();
    store.create_run(new).unwrap();
    // Column 0 has the even ordinals.
    for (cell, latency, exact, from_cache) in
        [(0, 30, true, false), (2, 10, false, false), (4, 99, true, true)]
    {
        let attempt = begin(&store, &run, cell);
        let mut outcome = reply("x");
        let assay_store::AttemptOutcome::Done { latency_ms, original, .. } = &mut outcome else {
            unreachable!()
        };
        *latency_ms = latency;
        *original = from_cache.then_some(Original { attempt: None, received_ms: 900 });
        let finish =
            FinishAttempt { scores: scores(exact), ..ending(&run, cell, attempt, outcome) };
        store.finish_attempt(finish).wait().unwrap();
    }
    let attempt = begin(&store, &run, 1);
    store.finish_attempt(ending(&run, 1, attempt, failure("no", false))).wait().unwrap();

    assert_eq!(store.run_record(&run).unwrap().unwrap().cached, 1);
    let [left, right] = store.column_stats(&run).unwrap().try_into().unwrap();
    assert_eq!((left.column, left.done, left.failed, left.cached), (0, 3, 0, 1));
    assert_eq!(left.cost, Some(0.75));
    assert_eq!(
        left.latencies,
        [10, 30],
        "sorted, and a reply from the cache has no latency of its own"
    );
    assert_eq!(left.scores[0].values, [1.0, 0.0, 1.0]);
    assert_eq!((left.scores[0].judged, left.scores[0].passed), (3, 2));
    assert_eq!(
        (left.scores[1].judged, left.scores[1].values.len(), left.scores[1].unjudged),
        (0, 0, 3),
        "what is not judged has a count of its own"
    );
    assert_eq!((right.column, right.done, right.failed, right.cost), (1, 0, 1, None));
}

#[test]
fn a_preview_ends_between_characters() {
    let (store, _folder, run) = store_with_run(1);
    let output = "é".repeat(300);
    complete(&store, &run, 0, &output);
    assert_eq!(store.cells(&run, 0, 1).unwrap()[0].preview, "é".repeat(240));
    assert_eq!(store.cell(&run, 0).unwrap().unwrap().output, Some(output));
}

#[test]
fn a_good_reply_is_found_again_by_its_key() {
    let (store, _folder, run) = store_with_run(2);
    let key = [7; 32];
    let attempt = begin(&store, &run, 0);
    let failed =
        FinishAttempt { cache_key: Some(key), ..ending(&run, 0, attempt, failure("no", true)) };
    store.finish_attempt(failed).wait().unwrap();
    assert_eq!(store.cache_get(&key).unwrap(), None, "a failure is no reply");

    let attempt = begin(&store, &run, 0);
    let done = FinishAttempt { cache_key: Some(key), ..ending(&run, 0, attempt, reply("refund")) };
    store.finish_attempt(done).wait().unwrap();
    let cached = store.cache_get(&key).unwrap().unwrap();
    assert_eq!(
        (cached.output.as_str(), cached.response.as_slice()),
        ("refund", b"raw refund".as_slice())
    );
    assert_eq!((cached.latency_ms, cached.usage.output, cached.cost), (40, Some(3), Some(0.25)));
    assert_eq!(cached.original, Original { attempt: Some(attempt), received_ms: 3_000 });
    assert_eq!(store.cache_get(&[8; 32]).unwrap(), None);
}

#[test]
fn a_grid_that_points_outside_itself_is_refused_whole() {
    let (store, _folder) = store();
    let mut run = new_run("R1", 1, 2);
    run.cells[1].row = 2;
    let refused = store.create_run(run);
    assert!(matches!(refused, Err(StoreError::UnknownCell { cell: 1, .. })), "{refused:?}");
    assert!(store.runs(WORKSPACE, 10).unwrap().is_empty());
}

#[test]
fn outputs_are_read_by_the_page_without_cells_that_have_none() {
    let (store, _folder, run) = store_with_run(3);
    complete(&store, &run, 0, "zero");
    complete(&store, &run, 2, "two");
    let outputs = store.outputs(&run, 0, 3).unwrap();
    let told: Vec<_> = outputs.iter().map(|one| (one.cell, one.output.as_str())).collect();
    assert_eq!(told, [(0, "zero"), (2, "two")]);
    assert_eq!(outputs[0].finish.as_deref(), Some("stop"));
    assert!(store.outputs(&run, 1, 2).unwrap().is_empty());
}

#[test]
fn what_scores_are_comparable_with_is_noted_once() {
    let (store, _folder, run) = store_with_run(1);
    let noted = |signature: &str| ScorerSignature {
        prompt: "greet".into(),
        scorer: "overlap".into(),
        signature: signature.into(),
    };
    assert!(store.signatures(&run).unwrap().is_empty());
    store.put_signatures(&run, vec![noted("bleu|v:1")]).unwrap();
    store.put_signatures(&run, vec![noted("bleu|v:2")]).unwrap();
    assert_eq!(store.signatures(&run).unwrap(), [noted("bleu|v:1")]);
}
