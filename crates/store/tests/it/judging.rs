//! Runs that another asks for, scores that come later, and labels of people.

use assay_store::{CellState, LabelRecord, LabelTopic, RunId, RunState, StoreError, StoredScore};

use crate::support::{WORKSPACE, begin, complete, ending, new_run, reply, store, store_with_run};

fn said(pass: bool) -> StoredScore {
    StoredScore {
        scorer: "exact".into(),
        value: Some(f64::from(u8::from(pass))),
        pass: Some(pass),
        reason: "a judge says so".into(),
    }
}

#[test]
fn a_child_is_not_listed_and_what_it_spends_is_spent_by_its_parent() {
    let (store, _folder, run) = store_with_run(2);
    store.create_child(new_run("C1", 1, 2), &run, "judge").unwrap();
    let child = RunId::new("C1");
    let attempt = begin(&store, &child, 0);
    store.finish_attempt(ending(&child, 0, attempt, reply("met"))).wait().unwrap();
    let listed = store.runs(WORKSPACE, 10).unwrap();
    assert_eq!(listed.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), [run.as_str()]);
    assert_eq!(store.run_record(&run).unwrap().unwrap().spent, 0.25);
    let answers = store.child_answers(&run, "judge").unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(
        (answers[0].output.as_deref(), answers[0].finish.as_deref()),
        (Some("met"), Some("stop"))
    );
    assert_eq!(store.child_answers(&run, "something else").unwrap(), []);
    assert_eq!(store.run_answers(&child).unwrap(), answers);
}

#[test]
fn a_child_of_a_run_that_is_not_held_is_refused_whole() {
    let (store, _folder, run) = store_with_run(1);
    store.set_run_state(&run, RunState::Done, 9_000).unwrap();
    let refused = store.create_child(new_run("C1", 1, 1), &run, "judge");
    assert!(matches!(refused, Err(StoreError::NotLeased { .. })), "{refused:?}");
    assert_eq!(store.run_record(&RunId::new("C1")).unwrap(), None);
}

#[test]
fn scores_that_come_later_stand_beside_those_that_were_there() {
    let (store, _folder, run) = store_with_run(3);
    complete(&store, &run, 1, "an answer");
    let outputs = store.outputs(&run, 0, 3).unwrap();
    assert_eq!(
        outputs.iter().map(|o| (o.cell, o.output.as_str())).collect::<Vec<_>>(),
        [(1, "an answer")]
    );
    store.put_scores(&run, vec![(1, said(true))]).unwrap();
    store.put_scores(&run, vec![(1, said(false))]).unwrap();
    let cell = store.cell(&run, 1).unwrap().unwrap();
    assert_eq!(cell.record.state, CellState::Done);
    assert!(cell.scores.contains(&said(false)), "{:?}", cell.scores);
    let unknown = StoredScore { scorer: "nobody".into(), ..said(true) };
    assert!(matches!(
        store.put_scores(&run, vec![(1, unknown)]),
        Err(StoreError::UnknownScorer { .. })
    ));
}

fn topic(asks: &str) -> LabelTopic {
    LabelTopic {
        workspace: WORKSPACE.into(),
        prompt: "01J".into(),
        scorer: "fits".into(),
        asks: asks.into(),
    }
}

fn label(subject: u8, rater: &str, pass: bool) -> LabelRecord {
    LabelRecord { subject: [subject; 32], rater: rater.into(), pass, at_ms: 1_000 }
}

#[test]
fn a_rater_has_one_label_for_an_output_and_may_take_it_back() {
    let (store, _folder) = store();
    let of = topic("a");
    store.put_labels(&of, vec![label(1, "ann", true), label(1, "ben", false)]).unwrap();
    store.put_labels(&of, vec![label(1, "ann", false)]).unwrap();
    assert_eq!(store.labels(&of).unwrap(), [label(1, "ann", false), label(1, "ben", false)]);
    store.remove_label(&of, [1; 32], "ann").unwrap();
    store.remove_label(&of, [9; 32], "ann").unwrap();
    assert_eq!(store.labels(&of).unwrap(), [label(1, "ben", false)]);
}

#[test]
fn scores_are_counted_by_how_their_reasons_begin() {
    let (store, _folder, run) = store_with_run(3);
    for cell in 0..3 {
        complete(&store, &run, cell, "an answer");
    }
    let because = |reason: &str| StoredScore { reason: reason.into(), ..said(false) };
    let scores = vec![(0, because("order-dependent: a")), (1, because("no order-dependent"))];
    store.put_scores(&run, scores).unwrap();
    store.put_scores(&run, vec![(2, because("order-dependent"))]).unwrap();
    let counts = store.count_reasons(&run, "order-dependent").unwrap();
    assert_eq!(counts.values().sum::<u32>(), 2);
    assert!(counts.keys().all(|(_, scorer)| scorer == "exact"), "{counts:?}");
    assert!(store.count_reasons(&run, "nothing so").unwrap().is_empty());
}

#[test]
fn labels_for_another_wording_are_counted_apart() {
    let (store, _folder) = store();
    store
        .put_labels(
            &topic("a"),
            vec![label(1, "ann", true), label(1, "ben", true), label(2, "ann", true)],
        )
        .unwrap();
    assert_eq!(store.labels(&topic("b")).unwrap(), []);
    assert_eq!(
        (store.older_labels(&topic("b")).unwrap(), store.older_labels(&topic("a")).unwrap()),
        (2, 0)
    );
}
