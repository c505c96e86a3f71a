//! Numbers about whole columns, and what people said.

use super::*;

/// Forty cases of two classes: every fourth is a `b`, the others are an `o`.
fn labelled(said: fn(usize, usize, u32) -> Said, text: fn(usize, usize) -> &'static str) -> Told {
    let case = |n: usize| {
        let expected = if n.is_multiple_of(4) { "b" } else { "o" };
        json!({"id": format!("case-{n:02}"), "expected": expected})
    };
    Told { cases: (0..40).map(case).collect(), text, ..Told::new("r", 40, said) }
}

fn label_gate(name: &str, margin: &str) -> String {
    format!(
        "cases: cases.jsonl\nscorers:\n  - {{id: category, type: label}}\ngates:\n  - {{scorer: {name}, nonInferior: {{margin: {margin}}}}}\n"
    )
}

#[test]
fn a_gate_on_a_number_of_a_column_is_decided_by_swapping_whole_answers() {
    // The base takes every case for an `o`, the head is right.
    let said = |column: usize, case: usize, _: u32| pass(column == 1 || !case.is_multiple_of(4));
    let text = |column: usize, case: usize| match (column, case % 4) {
        (1, 0) => "b",
        _ => "o",
    };
    let judged = |told: Told| {
        let evals = label_gate("category.macro-f1", "0.05");
        variants_of(Told { evals, ..told })
    };
    let pair = judged(labelled(said, text));
    let number = pair.verdict.scorers.iter().find(|s| s.scorer == "category.macro-f1").unwrap();
    assert_eq!(number.kind, assay_score::verdict::Kind::Corpus);
    assert_eq!((number.word, number.gate), (Word::Better, true));
    assert_eq!((number.head.mean, number.changed.fixed.len()), (1.0, 10));
    assert!((number.base.mean - (30.0 / 35.0) / 2.0).abs() < 1e-9, "{}", number.base.mean);
    assert_eq!(pair.gates[0].word, GateWord::Holds, "{}", pair.gates[0].reason);
    let turned = judged(labelled(
        |column, case, _| pass(column == 0 || !case.is_multiple_of(4)),
        |column, case| if column == 0 && case.is_multiple_of(4) { "b" } else { "o" },
    ));
    assert_eq!(turned.gates[0].word, GateWord::Broken, "{}", turned.gates[0].reason);
    let same = judged(labelled(|_, case, _| pass(!case.is_multiple_of(4)), |_, _| "o"));
    assert_eq!(same.gates[0].word, GateWord::Holds, "{}", same.gates[0].reason);
}

#[test]
fn the_order_in_which_cases_were_asked_changes_no_digit() {
    fn said(column: usize, case: usize, _: u32) -> Said {
        pass(text(column, case) == if case.is_multiple_of(4) { "b" } else { "o" })
    }
    fn text(column: usize, case: usize) -> &'static str {
        ["o", "b", "neither", "o", "b"][(case * (column + 2)) % 5]
    }
    let judged = |told: Told| {
        let evals = label_gate("category.weighted-f1", "0.05");
        variants_of(Told { evals, ..told }).verdict
    };
    let forwards = judged(labelled(said, text));
    let mut told = labelled(|c, n, s| said(c, 39 - n, s), |c, n| text(c, 39 - n));
    told.cases.reverse();
    assert_eq!(judged(told), forwards);
    assert_eq!(forwards.scorers.len(), 2);
}

#[test]
fn a_number_that_too_many_answers_are_missing_from_leaves_its_gate_incomplete() {
    let said = |column: usize, case: usize, _: u32| match (column, case) {
        (1, 0..4) => Said::Failed,
        _ => pass(true),
    };
    let evals = label_gate("category.macro-f1", "0.05");
    let pair = variants_of(Told { evals, ..labelled(said, |_, _| "o") });
    let number = pair.verdict.scorers.iter().find(|s| s.scorer == "category.macro-f1").unwrap();
    assert_eq!((number.errors.head, number.word), (4, Word::Incomplete));
    assert_eq!(pair.gates[0].word, GateWord::Incomplete);
}

#[test]
fn a_metric_with_a_score_of_all_outputs_is_compared_by_it() {
    let text = |column: usize, case: usize| match (column, case % 3) {
        (0, 0) => "the cat sat on a mat",
        (_, 1) => "a cat sat on the mat",
        _ => "the cat sat on the mat",
    };
    let evals = EVALS.replace("equals, expected: $", "bleu");
    let case =
        |n: usize| json!({"id": format!("case-{n:02}"), "expected": "the cat sat on the mat"});
    let said = |_: usize, _: usize, _: u32| Said::Value(50.0);
    let cases: Vec<_> = (0..30).map(case).collect();
    let told = Told { evals, cases, text, ..Told::new("r", 30, said) };
    let scorer = variants_of(told).verdict.scorers.remove(0);
    assert_eq!(scorer.test, "approximate randomisation");
    assert!(scorer.signature.contains("eff:no"), "{}", scorer.signature);
    assert_eq!((scorer.margin, scorer.word), (0.5, Word::Better));
    assert!(scorer.base.mean < scorer.head.mean && scorer.head.mean < 100.0);
}

#[test]
fn what_people_said_is_compared_where_both_sides_were_rated() {
    let (_folder, store) = stored(&[Told::new("r", 40, |_, _, _| pass(true))]);
    let mut people = People::default();
    // Two columns: even cells are the base's. Ten cases are rated on one side only.
    for cell in 0..70 {
        let (head, good) = (cell % 2 == 1, cell % 3 == 0);
        let grades = vec![if head { 4 } else { 3 }, if good { 4 } else { 3 }];
        people.add(RunId::new("r"), cell, PeopleSaid { passes: vec![head || good], grades });
    }
    for cell in (70..80).filter(|cell| cell % 2 == 1) {
        let said = PeopleSaid { passes: vec![true], grades: Vec::new() };
        people.add(RunId::new("r"), cell, said);
    }
    let sides = (variant("r", "baseline"), variant("r", "policy-first"));
    let compared = compare_sides(&store, &sides.0, &sides.1, &[], &people).unwrap();
    let scorers = &compared.pairs[0].verdict.scorers;
    let named = |name: &str| scorers.iter().find(|scorer| scorer.scorer == name).unwrap();
    let (passes, grades) = (named("people: pass"), named("people: grade"));
    assert_eq!((grades.test.as_str(), grades.word), ("Wilcoxon–Pratt", Word::Better));
    assert_eq!((grades.cases, grades.errors.unpaired, grades.gate), (35, 0, false));
    assert_eq!((passes.cases, passes.errors.unpaired), (35, 5));
    assert_eq!((passes.test.as_str(), passes.word), ("exact McNemar", Word::Better));
    assert_eq!(passes.errors.share, 0.0, "what nobody looked at is no error");
    let place = scorers.iter().position(|scorer| scorer.scorer == "people: grade").unwrap();
    assert_eq!(compared.pairs[0].cases[1].values[place], [Some(3.0), Some(4.0)]);
}

#[test]
fn a_number_that_hangs_on_a_single_case_shows_no_gate_to_hold_unless_nothing_changed() {
    // Without the only positive case there is no area under the curve, so nobody knows how far it spreads. The classes
    // stay, and their probabilities move.
    const EVALS: &str = "cases: cases.jsonl\nscorers:\n  - {id: category, type: label, path: $.l, options: {positive: b, probability: $.p}}\ngates:\n  - {scorer: category.auc, nonInferior: {margin: 0.6}}\n";
    let case = |n: usize| {
        let expected = if n == 0 { "b" } else { "o" };
        json!({"id": format!("case-{n:02}"), "expected": expected})
    };
    let judged = |text: fn(usize, usize) -> &'static str| {
        let said = |_: usize, case: usize, _: u32| pass(case > 0);
        let cases: Vec<_> = (0..40).map(case).collect();
        let told = Told { evals: EVALS.to_owned(), cases, text, ..Told::new("r", 40, said) };
        let mut pair = variants_of(told);
        let number = pair.verdict.scorers.iter().find(|s| s.scorer == "category.auc").unwrap();
        (number.change, number.interval, pair.gates.remove(0).word)
    };
    let moved = judged(|column, case| match (column, case) {
        (0, 0) => r#"{"l": "o", "p": 0.9}"#,
        (1, 0) => r#"{"l": "o", "p": 0.5}"#,
        (_, n) if n.is_multiple_of(2) => r#"{"l": "o", "p": 0.1}"#,
        _ => r#"{"l": "o", "p": 0.6}"#,
    });
    assert!(moved.0 < -0.5, "{}", moved.0);
    assert_eq!((moved.1, moved.2), (None, GateWord::NotShown));
    let same = judged(|_, case| match case {
        0 => r#"{"l": "o", "p": 0.9}"#,
        _ => r#"{"l": "o", "p": 0.1}"#,
    });
    assert_eq!(same, (0.0, None, GateWord::Holds));
}

#[test]
fn one_case_shows_no_gate_of_scores_to_hold() {
    let said = |_: usize, _: usize, _: u32| Said::Value(0.5);
    let judged = |cases| {
        let told = Told { evals: gate("0.02"), ..Told::new("r", cases, said) };
        variants_of(told).gates.remove(0).word
    };
    assert_eq!((judged(1), judged(2)), (GateWord::NotShown, GateWord::Holds));
}
