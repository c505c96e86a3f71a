//! Runs that another asks for, scores that come later, and labels of people.

use assay_store::{
    CalibrationRecord, CellState, LabelRecord, LabelTopic, RunId, RunState, StoreError, StoredScore,
};

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
    store.create_child(new_run("C1", 1, 2), Vec::new(), &run, "judge").unwrap();
    let child = RunId::new("C1");
    let attempt = begin(&store, &child, 0);
    store.finish_attempt(ending(&child, 0, attempt, reply("met"))).wait().unwrap();
    let listed = store.runs(WORKSPACE, 10).unwrap();
    assert_eq!(listed.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), [run.as_str()]);
    assert_eq!(store.run_record(&run).unwrap().unwrap().spent, 0.25);
    let mut asked = Vec::new();
    store.child_questions(&run, "judge", |question| asked.push(question)).unwrap();
    let places: Vec<_> = asked.iter().map(|question| question.at).collect();
    let answers = store.answers_at(&places).unwrap();
    assert_eq!((asked.len(), answers.len()), (1, 1), "what has not ended is not told of");
    assert_eq!((asked[0].case_id.as_str(), asked[0].failed), (answers[0].case_id.as_str(), false));
    assert_eq!(
        (answers[0].output.as_deref(), answers[0].finish.as_deref()),
        (Some("met"), Some("stop"))
    );
    store.child_questions(&run, "something else", |other| panic!("{other:?}")).unwrap();
    let mut of_child = Vec::new();
    store.run_questions(&child, |question| of_child.push(question)).unwrap();
    assert_eq!(of_child, asked);
}

#[test]
fn a_child_of_a_run_that_is_not_held_is_refused_whole() {
    let (store, _folder, run) = store_with_run(1);
    store.set_run_state(&run, RunState::Done, 9_000).unwrap();
    let refused = store.create_child(new_run("C1", 1, 1), Vec::new(), &run, "judge");
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
    LabelRecord { subject: [subject; 32], rater: rater.into(), pass: Some(pass), at_ms: 1_000 }
}

#[test]
fn a_rater_has_one_label_for_an_output_and_may_take_it_back() {
    let (store, _folder) = store();
    let of = topic("a");
    store.put_labels(&of, vec![label(1, "ann", true), label(1, "ben", false)]).unwrap();
    store.put_labels(&of, vec![label(1, "ann", false)]).unwrap();
    assert_eq!(store.labels(&of).unwrap(), [label(1, "ann", false), label(1, "ben", false)]);
    let taken_back = LabelRecord { pass: None, at_ms: 2_000, ..label(1, "ann", true) };
    store.put_labels(&of, vec![taken_back.clone()]).unwrap();
    assert_eq!(store.labels(&of).unwrap(), [taken_back, label(1, "ben", false)]);
    store.put_labels(&of, vec![LabelRecord { pass: None, ..label(1, "ben", true) }]).unwrap();
    assert!(store.labels(&of).unwrap().iter().all(|label| label.pass.is_none()));
    assert_eq!(store.label_topics(WORKSPACE).unwrap(), [of]);
}

#[test]
fn a_calibration_is_of_one_signature_and_the_latest_of_a_person_counts() {
    let (store, _folder) = store();
    let of = topic("a");
    let held = |signature: &str, rater: &str, labels, at_ms| CalibrationRecord {
        signature: signature.into(),
        rater: rater.into(),
        labels,
        weak: (labels != 60).then_some(labels < 10),
        at_ms,
    };
    for calibration in
        [held("one", "ann", 50, 1), held("one", "ann", 60, 2), held("two", "ann", 7, 3)]
    {
        store.put_calibration(&of, calibration).unwrap();
    }
    assert_eq!(
        store.calibrations(&of).unwrap(),
        [held("two", "ann", 7, 3), held("one", "ann", 60, 2)]
    );
    assert_eq!(store.calibrations(&topic("b")).unwrap(), []);
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
fn labels_for_another_wording_are_kept_apart() {
    let (store, _folder) = store();
    store
        .put_labels(
            &topic("a"),
            vec![label(1, "ann", true), label(1, "ben", true), label(2, "ann", true)],
        )
        .unwrap();
    assert_eq!(store.labels(&topic("b")).unwrap(), []);
    store.put_labels(&topic("b"), vec![label(2, "ben", true)]).unwrap();
    assert_eq!(store.labels(&topic("a")).unwrap().len(), 3);
    assert_eq!(store.label_topics(WORKSPACE).unwrap(), [topic("a"), topic("b")]);
    assert_eq!(store.label_topics("another").unwrap(), []);
}
