//! Budgets, what counts against them, prices, pauses and shards.

use assay_store::{
    AttemptOutcome, BeginAttempt, FinishAttempt, LanePause, NewRun, Original, PriceRecord, RunId,
    RunState, Shard, Store, StoreError, Usage,
};

use crate::support::*;

fn spent(store: &Store, run: &RunId) -> f64 {
    store.run_record(run).unwrap().unwrap().spent
}

/// Begins an attempt with half a dollar put aside.
fn begin_reserved(store: &Store, run: &RunId, cell: u32) -> assay_store::AttemptId {
    let begin = BeginAttempt { reserved: Some(0.5), ..beginning(cell) };
    store.begin_attempt(run, begin).wait().unwrap()
}

#[test]
fn a_run_keeps_its_budget_and_its_shard() {
    let (store, _folder) = store();
    let shard = Some(Shard { index: 2, of: 3 });
    let new = NewRun { budget: Some(1.5), shard, ..new_run("R1", 1, 1) };
    let run = new.id.clone();
    store.create_run(new).unwrap();
    let record = store.run_record(&run).unwrap().unwrap();
    assert_eq!((record.budget, record.spent, record.shard), (Some(1.5), 0.0, shard));
    store.set_budget(&run, Some(2.0)).unwrap();
    assert_eq!(store.runs(WORKSPACE, 1).unwrap()[0].budget, Some(2.0));
    store.set_budget(&run, None).unwrap();
    assert_eq!(store.run_record(&run).unwrap().unwrap().budget, None);
}

#[test]
fn a_reply_counts_at_its_cost_and_one_used_again_at_nothing() {
    let (store, _folder, run) = store_with_run(2);
    let paid = begin_reserved(&store, &run, 0);
    assert_eq!(spent(&store, &run), 0.0, "putting aside is not spending");
    store.finish_attempt(ending(&run, 0, paid, reply("a"))).wait().unwrap();
    assert_eq!(spent(&store, &run), 0.25);

    let again = begin(&store, &run, 1);
    let mut outcome = reply("a");
    if let AttemptOutcome::Done { original, .. } = &mut outcome {
        *original = Some(Original { attempt: Some(paid), received_ms: 3_000 });
    }
    store.finish_attempt(ending(&run, 1, again, outcome)).wait().unwrap();
    assert_eq!(spent(&store, &run), 0.25);
    let cell = store.cell(&run, 1).unwrap().unwrap();
    assert_eq!(
        (cell.record.latency_ms, cell.record.cost),
        (Some(40), Some(0.25)),
        "the original's"
    );
    assert_eq!(
        cell.attempts[0].original,
        Some(Original { attempt: Some(paid), received_ms: 3_000 })
    );
}

#[test]
fn a_failure_that_may_have_been_billed_counts_at_what_was_put_aside() {
    let (store, _folder, run) = store_with_run(3);
    for (cell, billed, known, after) in
        [(0, false, None, 0.0), (1, true, None, 0.5), (2, true, Some(0.125), 0.625)]
    {
        let attempt = begin_reserved(&store, &run, cell);
        let mut outcome = failure("reset", false);
        if let AttemptOutcome::Failed { maybe_billed, cost, .. } = &mut outcome {
            (*maybe_billed, *cost) = (billed, known);
        }
        store.finish_attempt(ending(&run, cell, attempt, outcome)).wait().unwrap();
        assert_eq!(spent(&store, &run), after);
    }
}

#[test]
fn a_cost_that_is_no_number_loses_neither_the_reply_nor_the_sum() {
    let (store, _folder, run) = store_with_run(3);
    for (cell, amount) in [(0, f64::NAN), (1, f64::INFINITY), (2, 0.25)] {
        let begin = BeginAttempt { reserved: Some(amount), ..beginning(cell) };
        let attempt = store.begin_attempt(&run, begin).wait().unwrap();
        let mut outcome = reply("paid for");
        if let AttemptOutcome::Done { cost, .. } = &mut outcome {
            *cost = Some(amount);
        }
        store.finish_attempt(ending(&run, cell, attempt, outcome)).wait().unwrap();
    }
    let record = store.run_record(&run).unwrap().unwrap();
    assert_eq!((record.done, record.spent), (3, 0.25));
}

#[test]
fn a_call_whose_end_nobody_saw_counts_until_its_reply_is_found() {
    let (store, _folder, run) = store_with_run(2);
    let lost = begin_reserved(&store, &run, 0);
    begin(&store, &run, 1);
    store.set_run_state(&run, RunState::Interrupted, 5_000).unwrap();
    assert_eq!(spent(&store, &run), 0.5);
    store.finish_attempt(ending(&run, 0, lost, reply("late"))).wait().unwrap();
    assert_eq!(spent(&store, &run), 0.25);
}

#[test]
fn the_whole_usage_and_the_providers_name_of_a_call_are_kept() {
    let (store, _folder, run) = store_with_run(1);
    let attempt = begin_reserved(&store, &run, 0);
    let said = Usage {
        input: Some(100),
        output: Some(30),
        cached: Some(60),
        cache_write: Some(20),
        reasoning: Some(25),
    };
    let mut outcome = reply("a");
    if let AttemptOutcome::Done { usage, .. } = &mut outcome {
        *usage = said;
    }
    let finish = FinishAttempt {
        request_id: Some("req_7".into()),
        cache_key: Some([7; 32]),
        ..ending(&run, 0, attempt, outcome)
    };
    store.finish_attempt(finish).wait().unwrap();
    let [kept] = store.cell(&run, 0).unwrap().unwrap().attempts.try_into().unwrap();
    assert_eq!(
        (kept.usage, kept.request_id.as_deref(), kept.reserved),
        (said, Some("req_7"), Some(0.5))
    );
    assert_eq!(store.cache_get(&[7; 32]).unwrap().unwrap().usage, said);
}

#[test]
fn a_paused_lane_keeps_its_reason_until_it_goes_on() {
    let (store, folder, run) = store_with_run(1);
    let pause = |reason: &str| LanePause {
        model: "house/large".into(),
        kind: "insufficient_quota".into(),
        reason: reason.into(),
        since_ms: 4_000,
    };
    store.pause_lane(&run, pause("no credit")).unwrap();
    store.pause_lane(&run, pause("still no credit")).unwrap();
    let other = Store::open(folder.path()).unwrap();
    assert_eq!(other.lane_pauses(&run).unwrap(), [pause("still no credit")]);
    let refused = other.resume_lane(&run, "house/large");
    assert!(matches!(refused, Err(StoreError::NotLeased { .. })), "{refused:?}");
    store.resume_lane(&run, "house/large").unwrap();
    assert!(store.lane_pauses(&run).unwrap().is_empty());
}

#[test]
fn a_price_set_again_replaces_the_one_of_its_pattern() {
    let (store, _folder) = store();
    let price = |input: f64| PriceRecord {
        pattern: "house/*".into(),
        input,
        cached_input: Some(0.1),
        cache_write: None,
        output: 4.0,
        dated: "2026-11-01".into(),
    };
    store.put_price(price(1.0)).unwrap();
    store.put_price(price(2.0)).unwrap();
    assert_eq!(store.prices().unwrap(), [price(2.0)]);
    store.remove_price("house/*").unwrap();
    assert!(store.prices().unwrap().is_empty());
}
