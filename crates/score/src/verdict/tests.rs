#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::stats::random::Random;

/// Passes of base and head for each case.
fn passed(cases: &[(bool, bool)]) -> Vec<PairedCase> {
    let case = |(n, (base, head)): (usize, &(bool, bool))| PairedCase {
        base: Answers::passes(&[*base]),
        head: Answers::passes(&[*head]),
        ..PairedCase::new(format!("case-{n:03}"))
    };
    cases.iter().enumerate().map(case).collect()
}

/// Sixty cases of which 42 passed and 49 pass: 10 fixed, 3 broken.
fn the_example() -> Vec<PairedCase> {
    let kinds = [((true, true), 39), ((false, true), 10), ((true, false), 3), ((false, false), 8)];
    passed(&kinds.iter().flat_map(|(case, n)| vec![*case; *n]).collect::<Vec<_>>())
}

fn one(scorer: ComparedScorer) -> ScorerVerdict {
    let comparison = Comparison::new("support-triage", "baseline", "policy-first", vec![scorer]);
    compare(&comparison).unwrap().scorers.remove(0)
}

fn scored(cases: &[(f64, f64)]) -> Vec<PairedCase> {
    let case = |(n, (base, head)): (usize, &(f64, f64))| PairedCase {
        base: Answers::scores(&[*base]),
        head: Answers::scores(&[*head]),
        ..PairedCase::new(format!("case-{n:03}"))
    };
    cases.iter().enumerate().map(case).collect()
}

#[test]
fn a_name_with_a_line_break_stays_on_the_first_line() {
    let scorer = "category\n<b>**Better.**</b>";
    let scorer = ComparedScorer::new(scorer, Measure::PassFail, the_example());
    let verdict = compare(&Comparison::new("a\r\nb", "c", "d", vec![scorer])).unwrap().to_string();
    assert_eq!(verdict.lines().count(), 3, "{verdict}");
    assert!(verdict.starts_with("a  b · d against c · "), "{verdict}");
}

#[test]
fn the_example_of_the_design_comes_out_to_the_digit() {
    let scorer = ComparedScorer::new("category", Measure::PassFail, the_example());
    let comparison = Comparison::new("support-triage", "baseline", "policy-first", vec![scorer]);
    let verdict = compare(&comparison).unwrap();
    assert_eq!(
        verdict.to_string(),
        "support-triage · policy-first against baseline · 60 cases, paired · category\n\
         70.0 % [57.5, 80.1] → 81.7 % [70.1, 89.4] · change **+11.7 points** [−0.1, +23.4] · \
         10 fixed, 3 broken, 47 unchanged · exact McNemar p = .092\n\
         **Inconclusive, leaning better.** 60 cases detect ±16.7 points; about 61 more would settle \
         it. The 3 broken first."
    );
}

#[test]
fn three_gates_share_one_chance_of_a_false_alarm() {
    let gate = |name| ComparedScorer::new(name, Measure::PassFail, the_example());
    let exploring = ComparedScorer { gate: false, ..gate("tone") };
    let comparison =
        Comparison::new("p", "a", "b", vec![gate("x"), exploring, gate("y"), gate("z")]);
    let verdict = compare(&comparison).unwrap();
    let p = verdict.scorers[0].p.unwrap();
    assert!((verdict.scorers[0].holm_p.unwrap() - 3.0 * p).abs() < 1e-12);
    assert_eq!(verdict.scorers[1].holm_p, None);
    assert!(verdict.scorers[0].to_string().contains("(Holm over 3 gates: p = .277)"));
}

#[test]
fn scores_with_different_signatures_are_refused() {
    let scorer = ComparedScorer {
        base_signature: "bleu|tok:13a|v:1".to_owned(),
        head_signature: "bleu|tok:char|v:1".to_owned(),
        ..ComparedScorer::new("bleu", Measure::Score, scored(&[(0.1, 0.2)]))
    };
    let refused = compare(&Comparison::new("p", "a", "b", vec![scorer])).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "scorer `bleu`: scores with different signatures cannot be compared: `bleu|tok:13a|v:1` and \
         `bleu|tok:char|v:1`"
    );
}

#[test]
fn errors_are_counted_and_too_many_of_them_leave_the_verdict_incomplete() {
    let mut cases = passed(&[(false, true); 60]);
    cases[7].head = Answers { errors: 1, ..Answers::default() };
    let verdict = |cases| one(ComparedScorer::new("category", Measure::PassFail, cases));
    let few = verdict(cases.clone());
    assert_eq!((few.word, few.cases, few.errors.unpaired), (Word::Better, 59, 1));
    cases[8].base = Answers { errors: 1, ..Answers::default() };
    cases[9].base = Answers { errors: 1, ..Answers::default() };
    let many = verdict(cases);
    assert_eq!(many.word, Word::Incomplete);
    assert!(many.to_string().contains(
        "**Incomplete.** 2.5 % of the answers failed or were not judged (base 2, head 1)."
    ));
}

#[test]
fn a_small_margin_of_many_equal_cases_is_equivalence() {
    let verdict = one(ComparedScorer::new("c", Measure::PassFail, passed(&[(true, true); 400])));
    assert_eq!(verdict.word, Word::Equivalent);
    assert!(verdict.to_string().ends_with("**Equivalent within ±2.0 points.**"));
    let few = one(ComparedScorer::new("c", Measure::PassFail, passed(&[(true, true); 20])));
    assert_eq!(few.word, Word::Inconclusive, "20 cases without a change prove little");
}

#[test]
fn broken_cases_come_with_the_largest_loss_first() {
    let cases = scored(&[(0.9, 0.8), (0.5, 0.5), (0.9, 0.1), (0.2, 0.4)]);
    let changed = one(ComparedScorer::new("s", Measure::Score, cases)).changed;
    assert_eq!(changed.broken, ["case-002", "case-000"]);
    assert_eq!(changed.fixed, ["case-003"]);
    assert_eq!(changed.unchanged, ["case-001"]);
}

#[test]
fn lower_is_better_where_the_measure_says_so() {
    let cases: Vec<(f64, f64)> = (0..40).map(|n| (0.5 + f64::from(n % 5) / 50.0, 0.3)).collect();
    let scorer = ComparedScorer {
        direction: Direction::LowerIsBetter,
        ..ComparedScorer::new("wer", Measure::Score, scored(&cases))
    };
    let verdict = one(scorer);
    assert_eq!(verdict.word, Word::Better);
    assert!(verdict.change < 0.0);
    assert_eq!(verdict.changed.fixed.len(), 40);
}

#[test]
fn ratings_are_compared_by_ranks() {
    let cases: Vec<(f64, f64)> =
        (0..30).map(|n| (3.0, if n % 3 == 0 { 3.0 } else { 4.0 })).collect();
    let verdict = one(ComparedScorer::new("rating", Measure::Rating, scored(&cases)));
    assert_eq!((verdict.test.as_str(), verdict.word), ("Wilcoxon–Pratt", Word::Better));
}

#[test]
fn a_corpus_score_is_compared_by_its_sums() {
    // Errors over words, of 40 outputs of 10 words.
    let rate = |sums: &[f64]| (sums[1] > 0.0).then(|| 100.0 * sums[0] / sums[1]);
    let case = |n: usize| PairedCase {
        base: Answers::statistics(vec![4.0 + (n % 3) as f64, 10.0]),
        head: Answers::statistics(vec![2.0 + (n % 2) as f64, 10.0]),
        ..PairedCase::new(format!("case-{n}"))
    };
    let cases = (0..40).map(case).collect();
    let scorer = ComparedScorer {
        direction: Direction::LowerIsBetter,
        ..ComparedScorer::new("wer", Measure::Corpus(&rate), cases)
    };
    let verdict = one(scorer);
    assert_eq!(verdict.word, Word::Better);
    assert!((verdict.head.mean - 25.0).abs() < 1e-9);
    let interval = verdict.interval.unwrap();
    assert!(interval.low < verdict.change && verdict.change < interval.high);
    assert!(verdict.p.unwrap() < 0.001);
}

#[test]
fn the_intervals_of_a_corpus_score_that_is_a_mean_are_those_of_the_mean() {
    let value = |n: usize| (n * 7 % 20) as f64 / 20.0;
    let pair = |n: usize| (value(n), 0.3 + value(n + 5) / 2.0);
    let plain = scored(&(0..20).map(pair).collect::<Vec<_>>());
    let summed = |case: &PairedCase| PairedCase {
        base: Answers::statistics(vec![case.base.values[0], 1.0]),
        head: Answers::statistics(vec![case.head.values[0], 1.0]),
        ..case.clone()
    };
    let mean = |sums: &[f64]| Some(sums[0] / sums[1]);
    let cases = plain.iter().map(summed).collect();
    let corpus = one(ComparedScorer::new("s", Measure::Corpus(&mean), cases));
    let scores = one(ComparedScorer::new("s", Measure::Score, plain));
    assert!((corpus.change - scores.change).abs() < 1e-12);
    let ends = |verdict: &ScorerVerdict| {
        let change = verdict.interval.unwrap();
        [change.low, change.high, verdict.base.low, verdict.head.high, verdict.detectable.unwrap()]
    };
    for (ours, theirs) in ends(&corpus).into_iter().zip(ends(&scores)) {
        assert!((ours - theirs).abs() < 1e-9, "{ours} {theirs}");
    }
}

#[test]
fn a_corpus_score_that_is_not_defined_is_refused_and_never_a_zero() {
    let never = |_: &[f64]| None;
    let cases = (0..4).map(|n| PairedCase {
        base: Answers::statistics(vec![1.0]),
        head: Answers::statistics(vec![2.0]),
        ..PairedCase::new(format!("case-{n}"))
    });
    let scorer = ComparedScorer::new("auc", Measure::Corpus(&never), cases.collect());
    let refused = compare(&Comparison::new("p", "a", "b", vec![scorer])).unwrap_err();
    assert_eq!(refused, VerdictError::Undefined { scorer: "auc".to_owned() });
}

#[test]
fn equal_answers_to_a_case_weigh_no_more_in_a_corpus_score_than_one() {
    let rate = |sums: &[f64]| (sums[1] > 0.0).then(|| sums[0] / sums[1]);
    let verdict = |times: usize| {
        let side = |errors: usize| {
            let one = Answers::statistics(vec![errors as f64, 10.0]).statistics.remove(0);
            Answers { statistics: vec![one; times], ..Answers::default() }
        };
        let case = |n: usize| PairedCase {
            base: side(n % 5),
            head: side(n % 3),
            ..PairedCase::new(format!("case-{n:02}"))
        };
        let cases = (0..30).map(case).collect();
        one(ComparedScorer::new("wer", Measure::Corpus(&rate), cases))
    };
    assert_eq!(verdict(1), verdict(4));
}

#[test]
fn answers_to_one_case_are_averaged_first() {
    let cases = |times: usize| -> Vec<PairedCase> {
        let case = |n: usize| PairedCase {
            base: Answers::passes(&vec![n.is_multiple_of(4); times]),
            head: Answers::passes(&vec![n.is_multiple_of(2); times]),
            ..PairedCase::new(format!("case-{n:02}"))
        };
        (0..24).map(case).collect()
    };
    let once = one(ComparedScorer::new("c", Measure::PassFail, cases(1)));
    let often = one(ComparedScorer::new("c", Measure::PassFail, cases(9)));
    assert_eq!(once.interval, often.interval, "nine equal answers are no nine cases");
    assert_eq!(once.changed, often.changed);
    assert_eq!(often.test, "sign-flip permutation");
    assert!((once.p.unwrap() - often.p.unwrap()).abs() < 1e-12);
}

#[test]
fn slices_show_where_it_changed() {
    let mut cases = the_example();
    cases.iter_mut().take(45).for_each(|case| case.tags.push("english".to_owned()));
    cases.iter_mut().skip(45).for_each(|case| case.tags.push("german".to_owned()));
    let slices = one(ComparedScorer::new("c", Measure::PassFail, cases)).slices;
    let summary: Vec<(&str, usize, usize, usize)> =
        slices.iter().map(|s| (s.tag.as_str(), s.cases, s.fixed, s.broken)).collect();
    assert_eq!(summary, [("english", 45, 6, 0), ("german", 15, 4, 3)]);
}

#[test]
fn what_is_no_value_is_refused() {
    let compare_one = |measure: Measure, value: f64| {
        let cases = scored(&[(1.0, value)]);
        let scorer = ComparedScorer::new("s", measure, cases);
        compare(&Comparison::new("p", "a", "b", vec![scorer])).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        compare_one(Measure::PassFail, 0.5),
        "scorer `s`, case `case-000`: 0.5 is not a value of this measure"
    );
    assert_eq!(
        compare_one(Measure::Score, f64::NAN),
        "scorer `s`, case `case-000`: NaN is not a value of this measure"
    );
}

#[test]
fn nothing_in_common_is_an_error() {
    let cases = vec![PairedCase::new("a")];
    let scorer = ComparedScorer::new("s", Measure::Score, cases);
    let refused = compare(&Comparison::new("p", "a", "b", vec![scorer])).unwrap_err();
    assert_eq!(refused, VerdictError::NothingPaired { scorer: "s".to_owned(), errors: 0 });
}

#[test]
fn nothing_in_common_says_how_many_answers_could_not_be_judged() {
    let mut failed = PairedCase::new("a");
    (failed.base.errors, failed.head.errors) = (1, 2);
    let scorer = ComparedScorer::new("s", Measure::Score, vec![failed]);
    let refused = compare(&Comparison::new("p", "a", "b", vec![scorer])).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "scorer `s`: no case was judged on both sides; 3 answers failed or could not be judged"
    );
}

#[test]
fn a_verdict_survives_being_stored() {
    let verdict = one(ComparedScorer::new("c", Measure::PassFail, the_example()));
    let stored = serde_json::to_string(&verdict).unwrap();
    assert_eq!(
        serde_json::from_str::<ScorerVerdict>(&stored).unwrap().to_string(),
        verdict.to_string()
    );
}

/// Three gates, two answers a case, four cases a source, and no difference at all.
#[test]
fn better_is_rarely_said_where_nothing_changed() {
    let mut random = Random::new(11);
    let mut alarms = 0;
    let runs = 200;
    for _ in 0..runs {
        let gates = ["x", "y", "z"].map(|name| {
            let case = |n: usize| {
                let of_source = f64::from((n / 4 % 5) as u32) / 6.0 + 0.15;
                let mut answers = || {
                    let twice = [random.unit() < of_source, random.unit() < of_source];
                    Answers::passes(&twice)
                };
                PairedCase {
                    base: answers(),
                    head: answers(),
                    source: Some(format!("document-{}", n / 4)),
                    ..PairedCase::new(format!("case-{n:03}"))
                }
            };
            let cases: Vec<PairedCase> = (0..60).map(case).collect();
            ComparedScorer::new(name, Measure::PassFail, cases)
        });
        let mut comparison = Comparison::new("p", "a", "b", gates.into());
        comparison.rules.draws = 499;
        let verdict = compare(&comparison).unwrap();
        alarms += usize::from(verdict.scorers.iter().any(|s| s.word == Word::Better));
    }
    // At most 5 % are promised; half of them would be "worse".
    assert!(alarms <= runs / 20, "{alarms} of {runs}");
}

fn any_cases() -> impl Strategy<Value = Vec<PairedCase>> {
    let answers = || prop::collection::vec(any::<bool>(), 1..3);
    prop::collection::vec((answers(), answers(), 0u8..6, any::<bool>()), 2..30).prop_map(|cases| {
        let case =
            |(n, (base, head, source, tagged)): (usize, (Vec<bool>, Vec<bool>, u8, bool))| {
                PairedCase {
                    base: Answers::passes(&base),
                    head: Answers::passes(&head),
                    source: (source > 2).then(|| format!("source-{source}")),
                    tags: if tagged { vec!["tag".to_owned()] } else { Vec::new() },
                    ..PairedCase::new(format!("case-{n}"))
                }
            };
        cases.into_iter().enumerate().map(case).collect()
    })
}

fn verdict_of(kind: usize, cases: Vec<PairedCase>) -> ScorerVerdict {
    let measure = [Measure::PassFail, Measure::Score, Measure::Rating][kind];
    let scorer = ComparedScorer::new("s", measure, cases);
    let mut comparison = Comparison::new("p", "a", "b", vec![scorer]);
    comparison.rules.draws = 99;
    compare(&comparison).unwrap().scorers.remove(0)
}

/// Errors over words, of outputs of some sources.
fn corpus_verdict(cases: Vec<PairedCase>) -> ScorerVerdict {
    let rate = |sums: &[f64]| (sums[1] > 0.0).then(|| sums[0] / sums[1]);
    let scorer = ComparedScorer::new("wer", Measure::Corpus(&rate), cases);
    let mut comparison = Comparison::new("p", "a", "b", vec![scorer]);
    comparison.rules.draws = 99;
    compare(&comparison).unwrap().scorers.remove(0)
}

fn any_corpus() -> impl Strategy<Value = Vec<PairedCase>> {
    prop::collection::vec((0u8..9, 0u8..9, 1u8..9, 0u8..6), 2..20).prop_map(|cases| {
        let case = |(n, (base, head, words, source)): (usize, (u8, u8, u8, u8))| {
            let of = |errors| Answers::statistics(vec![f64::from(errors), f64::from(words)]);
            PairedCase {
                base: of(base),
                head: of(head),
                source: Some(format!("source-{source}")),
                ..PairedCase::new(format!("case-{n}"))
            }
        };
        cases.into_iter().enumerate().map(case).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn neither_order_nor_copies_make_a_corpus_score_more_certain(
        cases in any_corpus(), seed in any::<u64>()
    ) {
        let mut shuffled = cases.clone();
        let mut random = Random::new(seed);
        for place in (1..shuffled.len()).rev() {
            shuffled.swap(place, random.below(place + 1));
        }
        let once = corpus_verdict(cases.clone());
        prop_assert_eq!(&once, &corpus_verdict(shuffled));
        let copy = |case: &PairedCase| PairedCase { id: format!("{} again", case.id), ..case.clone() };
        let twice = corpus_verdict(cases.iter().cloned().chain(cases.iter().map(copy)).collect());
        let width = |verdict: &ScorerVerdict| verdict.interval.map_or(f64::INFINITY, Interval::width);
        prop_assert!(width(&twice) >= width(&once) - 1e-9, "{} and {}", width(&once), width(&twice));
        prop_assert!((twice.change - once.change).abs() < 1e-9);
    }

    #[test]
    fn the_order_of_cases_changes_nothing(
        cases in any_cases(), kind in 0usize..3, seed in any::<u64>()
    ) {
        let mut shuffled = cases.clone();
        let mut random = Random::new(seed);
        for place in (1..shuffled.len()).rev() {
            shuffled.swap(place, random.below(place + 1));
        }
        prop_assert_eq!(verdict_of(kind, cases), verdict_of(kind, shuffled));
    }

    #[test]
    fn copies_of_cases_with_their_source_do_not_narrow_an_interval(
        cases in any_cases(), kind in 0usize..3
    ) {
        let named = |case: &PairedCase| PairedCase {
            source: Some(case.source.clone().unwrap_or_else(|| case.id.clone())),
            ..case.clone()
        };
        let once: Vec<PairedCase> = cases.iter().map(named).collect();
        let copy = |case: &PairedCase| PairedCase { id: format!("{} again", case.id), ..case.clone() };
        let twice: Vec<PairedCase> = once.iter().cloned().chain(once.iter().map(copy)).collect();
        let (one, two) = (verdict_of(kind, once), verdict_of(kind, twice));
        let width = |verdict: &ScorerVerdict| verdict.interval.map_or(f64::INFINITY, Interval::width);
        prop_assert!(width(&two) >= width(&one) - 1e-9, "{} and {}", width(&one), width(&two));
        for (one, two) in [(one.base, two.base), (one.head, two.head)] {
            prop_assert!(two.high - two.low >= one.high - one.low - 1e-9, "{:?} and {:?}", one, two);
        }
    }

    #[test]
    fn scores_are_compared_when_their_signatures_are_the_same_and_only_then(
        cases in any_cases(), kind in 0usize..3, base in "[a-z|:0-9]{1,6}", head in "[a-z|:0-9]{1,6}"
    ) {
        let compared = |base: &str, head: &str| {
            let measure = [Measure::PassFail, Measure::Score, Measure::Rating][kind];
            let scorer = ComparedScorer {
                base_signature: base.to_owned(),
                head_signature: head.to_owned(),
                ..ComparedScorer::new("s", measure, cases.clone())
            };
            let rules = Rules { draws: 9, ..Rules::default() };
            compare(&Comparison { rules, ..Comparison::new("p", "a", "b", vec![scorer]) })
        };
        prop_assert!(compared(&base, &base).is_ok());
        prop_assume!(base != head);
        let refused = compared(&base, &head).unwrap_err();
        let scorer = "s".to_owned();
        prop_assert_eq!(refused, VerdictError::Signatures { scorer, base, head });
    }

    #[test]
    fn turning_the_sides_turns_the_word(cases in any_cases(), kind in 0usize..3) {
        let turn = |case: &PairedCase| PairedCase {
            base: case.head.clone(),
            head: case.base.clone(),
            ..case.clone()
        };
        let turned = verdict_of(kind, cases.iter().map(turn).collect());
        let verdict = verdict_of(kind, cases);
        prop_assert!((verdict.change + turned.change).abs() < 1e-12);
        let opposite = match turned.word {
            Word::Better => Word::Worse,
            Word::Worse => Word::Better,
            word => word,
        };
        prop_assert_eq!(verdict.word, opposite);
    }
}
