#![allow(clippy::unwrap_used)]
//! On a real store that is filled by hand: no model is needed to know who answered what.

use assay_prompt::{Files, Options};
use assay_store::{
    AttemptOutcome, BeginAttempt, FinishAttempt, NewCell, NewRow, NewRun, StoredScore, Usage,
};
use serde_json::json;

use super::*;
use crate::spec::{PromptSource, RunRequest, RunSpec};

mod numbers;

const PROMPT: &str = "prompts/support-triage";
const MODEL: &str = "server/m";
const EVALS: &str = "cases: cases.jsonl\nscorers:\n  - {id: category, type: equals, expected: $}\n";

/// What a scorer said of one answer.
#[derive(Clone, Copy)]
enum Said {
    Value(f64),
    NotJudged,
    /// The call failed.
    Failed,
    /// Nobody asked yet.
    Nothing,
}

fn pass(passes: bool) -> Said {
    Said::Value(f64::from(u8::from(passes)))
}

/// One run of one prompt, by what is special about it.
struct Told {
    id: &'static str,
    evals: String,
    /// Variant, content id and model of each column.
    columns: Vec<(&'static str, &'static str, &'static str)>,
    cases: Vec<serde_json::Value>,
    samples: u32,
    /// By column, case and sample.
    said: fn(usize, usize, u32) -> Said,
    /// What was answered, by column and case.
    text: fn(usize, usize) -> &'static str,
}

impl Told {
    fn new(id: &'static str, cases: usize, said: fn(usize, usize, u32) -> Said) -> Told {
        Told {
            id,
            evals: EVALS.to_owned(),
            columns: vec![("baseline", "sha256:b", MODEL), ("policy-first", "sha256:p", MODEL)],
            cases: (0..cases).map(|n| json!({"id": format!("case-{n:02}")})).collect(),
            samples: 1,
            said,
            text: |_, _| "o",
        }
    }

    fn spec(&self) -> String {
        let variant = "---\nname: v\n---\nuser:\nhi\n".to_owned();
        let files = Files::from([
            ("prompt.yaml".to_owned(), "format: assay/1\nvariants:\n  - {id: baseline, file: a.prompty}\n  - {id: policy-first, file: b.prompty}\nevals: [evals.yaml]\n".to_owned()),
            ("a.prompty".to_owned(), variant.clone()),
            ("b.prompty".to_owned(), variant),
            ("evals.yaml".to_owned(), self.evals.clone()),
        ]);
        let spec = RunSpec {
            workspace: "w".to_owned(),
            prompts: vec![PromptSource {
                key: PROMPT.to_owned(),
                name: "support-triage".to_owned(),
                lone: None,
                files,
                media: Default::default(),
                questions: None,
                judged_by: None,
            }],
            aliases: Default::default(),
            judge_aliases: None,
            options: Options::default(),
            request: RunRequest::default(),
            judges: Default::default(),
            commit: None,
        };
        serde_json::to_string(&spec).unwrap()
    }

    fn row(&self, case: usize, sample: u32) -> NewRow {
        let mut row = serde_json::to_value(assay_prompt::Row::default()).unwrap();
        for (key, value) in self.cases[case].as_object().unwrap() {
            row[key] = value.clone();
        }
        NewRow {
            prompt: PROMPT.to_owned(),
            case_id: row["id"].as_str().unwrap().to_owned(),
            sample,
            case_json: row.to_string(),
        }
    }

    fn put(&self, store: &Store) {
        let rows: Vec<_> =
            (0..self.cases.len()).flat_map(|c| (0..self.samples).map(move |s| (c, s))).collect();
        let cells: Vec<_> = (0..rows.len() as u32)
            .flat_map(|row| {
                (0..self.columns.len() as u32).map(move |column| NewCell { column, row })
            })
            .collect();
        let run = RunId::new(self.id);
        let column = |&(variant, content_id, model): &(&str, &str, &str)| NewColumn {
            prompt: PROMPT.to_owned(),
            variant: variant.to_owned(),
            content_id: content_id.to_owned(),
            model: model.to_owned(),
        };
        let new = NewRun {
            id: run.clone(),
            workspace: "w".to_owned(),
            created_ms: 1,
            title: "t".to_owned(),
            spec: self.spec(),
            columns: self.columns.iter().map(column).collect(),
            rows: rows.iter().map(|(case, sample)| self.row(*case, *sample)).collect(),
            cells: cells.clone(),
            scorers: vec!["category".to_owned()],
            budget: None,
            shard: None,
        };
        store.create_run(new).unwrap();
        let answered: Vec<_> = cells
            .iter()
            .enumerate()
            .map(|(n, cell)| {
                let (case, sample) = rows[cell.row as usize];
                let column = cell.column as usize;
                let text = (self.text)(column, case);
                (n as u32, (self.said)(column, case, sample), text)
            })
            .filter(|(_, said, _)| !matches!(said, Said::Nothing))
            .collect();
        // All on their way before any is waited for: the store gathers them.
        let begun: Vec<_> =
            answered.iter().map(|(cell, ..)| store.begin_attempt(&run, begin(*cell))).collect();
        let ids: Vec<_> = begun.into_iter().map(|pending| pending.wait().unwrap()).collect();
        let ended: Vec<_> = answered
            .iter()
            .zip(ids)
            .map(|((cell, said, text), attempt)| {
                store.finish_attempt(finish(&run, *cell, attempt, (*said, *text)))
            })
            .collect();
        ended.into_iter().for_each(|pending| pending.wait().unwrap());
    }
}

fn begin(cell: u32) -> BeginAttempt {
    BeginAttempt {
        cell,
        request: b"{}".to_vec(),
        started_ms: 1,
        origin: "local".to_owned(),
        reserved: None,
    }
}

fn finish(
    run: &RunId,
    cell: u32,
    attempt: assay_store::AttemptId,
    (said, text): (Said, &str),
) -> FinishAttempt {
    let scored = |value: Option<f64>| StoredScore {
        scorer: "category".to_owned(),
        value,
        pass: value.map(|value| value >= 0.5),
        reason: String::new(),
    };
    let done = AttemptOutcome::Done {
        output: text.to_owned(),
        response: b"{}".to_vec(),
        latency_ms: 100 + u64::from(cell % 2) * 50,
        first_token_ms: None,
        usage: Usage { input: Some(7), output: Some(3), ..Usage::default() },
        finish: "stop".to_owned(),
        cost: Some(0.25),
        original: None,
    };
    let failed = AttemptOutcome::Failed {
        kind: "timeout".to_owned(),
        message: "no answer".to_owned(),
        response: Vec::new(),
        maybe_billed: false,
        cost: None,
        retry: false,
    };
    let (outcome, scores) = match said {
        Said::Value(value) => (done, vec![scored(Some(value))]),
        Said::NotJudged => (done, vec![scored(None)]),
        Said::Failed | Said::Nothing => (failed, Vec::new()),
    };
    FinishAttempt {
        run: run.clone(),
        cell,
        attempt,
        ended_ms: 2,
        request_id: None,
        outcome,
        scores,
        cache_key: None,
    }
}

fn stored(runs: &[Told]) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    runs.iter().for_each(|run| run.put(&store));
    (folder, store)
}

fn held(
    store: &Store,
    base: &SideOf,
    head: &SideOf,
    prompts: &[String],
) -> Result<Compared, EngineError> {
    compare_sides(store, base, head, prompts, &People::default())
}

fn variant(run: &str, variant: &str) -> SideOf {
    SideOf { variant: Some(variant.to_owned()), ..SideOf::run(RunId::new(run)) }
}

/// The two variants of one run.
fn variants_of(told: Told) -> ComparedPair {
    let id = told.id;
    let (_folder, store) = stored(&[told]);
    let sides = (variant(id, "baseline"), variant(id, "policy-first"));
    held(&store, &sides.0, &sides.1, &[]).unwrap().pairs.remove(0)
}

/// 42 of 60 passed and 49 pass: 10 fixed, 3 broken.
fn the_example(column: usize, case: usize, _: u32) -> Said {
    pass(match case {
        0..39 => true,
        39..49 => column == 1,
        49..52 => column == 0,
        _ => false,
    })
}

fn gate(text: &str) -> String {
    format!("{EVALS}gates:\n  - {{scorer: category, nonInferior: {{margin: {text}}}}}\n")
}

#[test]
fn the_example_of_the_design_comes_out_of_a_store_to_the_digit() {
    let pair = variants_of(Told::new("r", 60, the_example));
    assert_eq!(
        pair.verdict.to_string(),
        "support-triage · policy-first against baseline · 60 cases, paired · category\n\
         70.0 % [57.5, 80.1] → 81.7 % [70.1, 89.4] · change **+11.7 points** [−0.1, +23.4] · \
         10 fixed, 3 broken, 47 unchanged · exact McNemar p = .092\n\
         **Inconclusive, leaning better.** 60 cases detect ±16.7 points; about 61 more would settle \
         it. The 3 broken first."
    );
    assert_eq!(pair.cases.len(), 60);
    assert_eq!(pair.cases[50].values, [[Some(1.0), Some(0.0)]]);
    let latency = pair.spent.iter().find(|spent| spent.what == What::Latency).unwrap();
    assert_eq!((latency.base, latency.head), (100.0, 150.0));
}

#[test]
fn answers_to_one_case_are_one_case_and_shared_sources_are_one_source() {
    let told =
        Told { samples: 3, ..Told::new("r", 20, |column, case, _| pass(column == 1 || case > 9)) };
    let scorer = variants_of(told).verdict.scorers.remove(0);
    assert_eq!((scorer.cases, scorer.sources), (20, None));
    let mut told = Told::new("r", 20, |column, case, _| pass(column == 1 || case > 9));
    let grouped = |n: usize| json!({"id": format!("case-{n:02}"), "group": format!("g{}", n / 4)});
    told.cases = (0..20).map(grouped).collect();
    let scorer = variants_of(told).verdict.scorers.remove(0);
    assert_eq!((scorer.cases, scorer.sources), (20, Some(5)));
}

#[test]
fn what_failed_was_not_judged_or_is_not_there_has_its_own_count() {
    fn said(column: usize, case: usize, _: u32) -> Said {
        match (column, case) {
            (0, 3) => Said::Failed,
            (1, 4) => Said::NotJudged,
            (1, 5) => Said::Nothing,
            _ => pass(true),
        }
    }
    let scorer = variants_of(Told::new("r", 40, said)).verdict.scorers.remove(0);
    assert_eq!((scorer.errors.base, scorer.errors.head), (1, 2));
    assert_eq!((scorer.cases, scorer.errors.unpaired), (37, 3));
    assert_eq!(scorer.word, Word::Incomplete, "3 of 80 are more than 2 %");
    assert_eq!(scorer.base.mean, 1.0, "an error is no zero");
}

#[test]
fn runs_meet_where_variant_and_model_are_the_same_and_the_rest_is_named() {
    let mut head = Told::new("head", 5, |_, _, _| pass(true));
    head.columns = vec![("policy-first", "sha256:p2", MODEL), ("short", "sha256:s", MODEL)];
    let (_folder, store) = stored(&[Told::new("base", 5, |_, _, _| pass(true)), head]);
    let (base, head) = (SideOf::run(RunId::new("base")), SideOf::run(RunId::new("head")));
    let compared = held(&store, &base, &head, &[]).unwrap();
    assert_eq!(compared.pairs.len(), 1);
    assert_eq!(
        compared.pairs[0].verdict.head, "head",
        "sides with the same variant go by their run"
    );
    assert_eq!(
        compared.left_out,
        [
            "base has support-triage/baseline on server/m, which meets nothing",
            "head has support-triage/short on server/m, which meets nothing",
        ]
    );
    let named = held(&store, &variant("base", "baseline"), &variant("head", "short"), &[]);
    assert_eq!(named.unwrap().pairs[0].verdict.head, "short");
    let refused = held(&store, &base, &head, &["other".to_owned()]).unwrap_err();
    assert!(refused.to_string().starts_with("nothing of base can be compared with head"));
    let gone = held(&store, &base, &SideOf::run(RunId::new("gone")), &[]).unwrap_err();
    assert!(matches!(gone, EngineError::UnknownRun { .. }));
}

#[test]
fn a_case_that_is_not_the_same_on_both_sides_stands_in_no_number() {
    let mut head = Told::new("head", 6, |_, _, _| pass(true));
    head.cases[2] = json!({"id": "case-02", "expected": "something else"});
    head.cases[3] = json!({"id": "case-03", "tags": ["new"]});
    head.cases[4] = json!({"id": "added"});
    let (_folder, store) = stored(&[Told::new("base", 6, |_, _, _| pass(true)), head]);
    let sides = (variant("base", "baseline"), variant("head", "baseline"));
    let pair = held(&store, &sides.0, &sides.1, &[]).unwrap().pairs.remove(0);
    assert_eq!(pair.differing, ["case-02"]);
    assert_eq!(pair.unpaired, ["added", "case-04"]);
    assert_eq!(pair.verdict.scorers[0].cases, 4, "a tag asks nothing else");
}

#[test]
fn scores_that_were_made_differently_are_refused_with_both_signatures() {
    let mut head = Told::new("head", 5, |_, _, _| pass(true));
    head.evals = gate("0.02").replace("expected: $", "expected: $.category");
    let (_folder, store) = stored(&[Told::new("base", 5, |_, _, _| pass(true)), head]);
    let sides = (variant("base", "baseline"), variant("head", "policy-first"));
    let compared = held(&store, &sides.0, &sides.1, &[]).unwrap();
    let pair = &compared.pairs[0];
    assert_eq!(pair.verdict.scorers, []);
    assert_eq!(
        pair.refused[0].reason,
        "scores with different signatures cannot be compared: `equals|expected:$|v:1` and \
         `equals|expected:$.category|v:1`"
    );
    assert_eq!(pair.gates[0].word, GateWord::Incomplete);
    assert!(compared.is_incomplete() && !compared.is_broken());
}

#[test]
fn a_gate_against_the_base_holds_is_broken_or_is_not_shown() {
    let judged = |evals: String, cases: usize, said: fn(usize, usize, u32) -> Said| {
        variants_of(Told { evals, ..Told::new("r", cases, said) }).gates.remove(0)
    };
    let holds = judged(gate("0.02"), 60, the_example);
    assert_eq!(holds.word, GateWord::Holds);
    assert_eq!(holds.reason, "at worst −0.1 points, and −2.0 points is allowed");
    let worse = judged(gate("0.02"), 60, |column, case, _| pass(column == 0 || case > 20));
    assert_eq!(worse.word, GateWord::Broken, "{}", worse.reason);
    let few = judged(gate("0.02"), 6, |column, case, _| pass(column == 1 || case > 1));
    assert_eq!(few.word, GateWord::NotShown, "{}", few.reason);
    assert!(few.reason.starts_with("not shown: 6 cases leave −"), "{}", few.reason);
    let lost = judged(gate("0.02"), 10, |column, case, _| match (column, case) {
        (1, 0) => Said::Failed,
        _ => pass(true),
    });
    assert_eq!(lost.word, GateWord::Incomplete);
}

#[test]
fn what_is_the_same_on_both_sides_cannot_be_worse_however_few_cases_there_are() {
    let told = |id| Told { evals: gate("0.02"), ..Told::new(id, 3, |_, _, _| pass(true)) };
    let (_folder, store) = stored(&[told("base"), told("head")]);
    let (base, head) = (SideOf::run(RunId::new("base")), SideOf::run(RunId::new("head")));
    let compared = held(&store, &base, &head, &[]).unwrap();
    assert_eq!(compared.pairs.len(), 2);
    assert!(compared.holds() && !compared.is_incomplete());
    assert_eq!(compared.pairs[0].verdict.subject, "support-triage/baseline");
}

#[test]
fn what_is_the_same_but_was_shown_to_be_worse_or_is_missing_breaks_its_gate() {
    let judged = |said: fn(usize, usize, u32) -> Said| {
        let told = |id, said: fn(usize, usize, u32) -> Said| Told {
            evals: gate("0.02"),
            ..Told::new(id, 40, said)
        };
        let (_folder, store) = stored(&[told("base", |_, _, _| pass(true)), told("head", said)]);
        let sides = (variant("base", "baseline"), variant("head", "baseline"));
        let compared = held(&store, &sides.0, &sides.1, &[]).unwrap();
        compared.pairs[0].gates[0].word
    };
    assert_eq!(judged(|_, case, _| pass(case > 0)), GateWord::Holds, "one of forty is chance");
    assert_eq!(judged(|_, case, _| pass(case > 20)), GateWord::Broken);
    fn half(_: usize, case: usize, _: u32) -> Said {
        if case > 20 { pass(true) } else { Said::Failed }
    }
    assert_eq!(judged(half), GateWord::Incomplete);
}

#[test]
fn a_judge_of_pairs_holds_the_others_against_a_tie_with_its_baseline() {
    fn said(column: usize, case: usize, _: u32) -> Said {
        match (column, case) {
            (0, _) => Said::NotJudged,
            (_, 0..4) => Said::Value(0.0),
            _ => Said::Value(1.0),
        }
    }
    let evals = "cases: cases.jsonl\nscorers:\n  - {id: category, type: pairwise, model: a/b, baseline: baseline}\n";
    let told = || Told { evals: evals.to_owned(), ..Told::new("r", 40, said) };
    let scorer = variants_of(told()).verdict.scorers.remove(0);
    assert_eq!((scorer.base.mean, scorer.head.mean, scorer.errors.base), (0.5, 0.9, 0));
    assert_eq!(scorer.word, Word::Better);
    let (_folder, store) = stored(&[told(), Told { id: "again", ..told() }]);
    let sides = (variant("r", "baseline"), variant("again", "baseline"));
    let pair = held(&store, &sides.0, &sides.1, &[]).unwrap().pairs.remove(0);
    assert!(pair.verdict.scorers.is_empty(), "nothing was judged: {:?}", pair.verdict.scorers);
}

#[test]
fn a_gate_of_a_tag_looks_at_its_cases_only() {
    let mut told = Told::new("r", 60, |column, case, _| pass(column == 0 || case > 20));
    told.evals = gate("0.02").replace("0.02}}", "0.02}, tags: [easy]}");
    let tagged = |n: usize| {
        let tags = if n > 20 { json!(["easy"]) } else { json!([]) };
        json!({"id": format!("case-{n:02}"), "tags": tags})
    };
    told.cases = (0..60).map(tagged).collect();
    let pair = variants_of(told);
    assert_eq!(pair.verdict.scorers[0].word, Word::Worse);
    assert_ne!(pair.gates[0].word, GateWord::Broken, "the easy cases all pass");
    assert_eq!(pair.verdict.scorers[0].slices.len(), 1);
}

#[test]
fn a_gate_none_of_whose_cases_can_be_compared_does_not_hold_and_one_without_cases_does() {
    let tagged = |n: usize, expected: &str| json!({"id": format!("case-{n:02}"), "tags": ["easy"], "expected": expected});
    let judged = |evals: String| {
        let told = |id, expected: &str| Told {
            evals: evals.clone(),
            cases: (0..5).map(|n| tagged(n, expected)).collect(),
            ..Told::new(id, 5, |_, _, _| pass(true))
        };
        let (_folder, store) = stored(&[told("base", "yes"), told("head", "no")]);
        let sides = (variant("base", "baseline"), variant("head", "policy-first"));
        let compared = held(&store, &sides.0, &sides.1, &[]).unwrap();
        (compared.pairs[0].gates[0].word, compared.holds(), compared.is_incomplete())
    };
    let of_tag = |tag: &str| gate("0.02").replace("0.02}}", &format!("0.02}}, tags: [{tag}]}}"));
    assert_eq!(judged(gate("0.02")), (GateWord::Incomplete, false, true), "every case was edited");
    assert_eq!(judged(of_tag("easy")), (GateWord::Incomplete, false, true));
    assert_eq!(judged(of_tag("hard")), (GateWord::Holds, true, false), "it is about no case");
}

#[test]
fn a_metric_gate_compares_the_numbers() {
    let judged = |margin: &str| {
        let evals = format!(
            "{EVALS}gates:\n  - {{metric: latencyP50Ms, nonInferior: {{margin: {margin}}}}}\n"
        );
        variants_of(Told { evals, ..Told::new("r", 4, |_, _, _| pass(true)) }).gates.remove(0)
    };
    let (ok, slow) = (judged("50"), judged("49"));
    assert_eq!((ok.word, slow.word), (GateWord::Holds, GateWord::Broken));
    assert_eq!(slow.reason, "100 → 150, and 49 more is allowed");
}

#[test]
fn graded_scores_are_compared_by_their_size() {
    let said = |column: usize, case: usize, _| {
        Said::Value(0.5 + case as f64 / 100.0 + column as f64 / 10.0)
    };
    let scorer = variants_of(Told::new("r", 20, said)).verdict.scorers.remove(0);
    assert_eq!(scorer.kind, assay_score::verdict::Kind::Score);
    assert!((scorer.change - 0.1).abs() < 1e-9);
}

#[test]
fn what_is_no_difference_follows_the_scale_and_a_gate_may_say_otherwise() {
    let margin = |evals: String| {
        let said =
            |column: usize, case: usize, _: u32| Said::Value(30.0 + case as f64 + column as f64);
        variants_of(Told { evals, ..Told::new("r", 20, said) }).verdict.scorers[0].margin
    };
    assert_eq!(margin(EVALS.to_owned()), 0.02);
    assert_eq!(margin(EVALS.replace("equals, expected: $", "rouge-1")), 0.02);
    assert_eq!(margin(EVALS.replace("equals, expected: $", "ratio")), 0.5);
    assert_eq!(margin(gate("3").replace("equals, expected: $", "ratio")), 3.0);
}
