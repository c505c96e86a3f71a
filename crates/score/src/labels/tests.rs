#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[abc]", "[abcd]"), 1..40)
}

fn confusion(pairs: &[(String, String)]) -> Confusion {
    let (truth, predicted): (Vec<&str>, Vec<&str>) =
        pairs.iter().map(|(truth, predicted)| (truth.as_str(), predicted.as_str())).unzip();
    Confusion::of(&truth, &predicted)
}

proptest! {
    #[test]
    fn scores_stay_within_their_ranges(pairs in labels()) {
        let confusion = confusion(&pairs);
        for scores in confusion.per_class(1.0, 0.0) {
            prop_assert!((0.0..=1.0).contains(&scores.f));
            prop_assert!(scores.f <= scores.precision.max(scores.recall) + 1e-12);
        }
        prop_assert!(confusion.matthews().unwrap().abs() <= 1.0 + 1e-12);
        prop_assert!(confusion.kappa().is_none_or(|kappa| kappa <= 1.0));
    }

    #[test]
    fn micro_f1_is_accuracy(pairs in labels()) {
        let confusion = confusion(&pairs);
        prop_assert_eq!(Some(confusion.micro_average(1.0, 0.0).f), confusion.accuracy());
    }

    #[test]
    fn the_order_of_cases_does_not_matter(pairs in labels()) {
        let turned: Vec<(String, String)> = pairs.iter().rev().cloned().collect();
        prop_assert_eq!(confusion(&pairs), confusion(&turned));
    }

    #[test]
    fn ranking_is_blind_to_any_rising_change_of_scores(
        cases in prop::collection::vec((0.0..1.0f64, any::<bool>()), 1..40)
    ) {
        let (scores, outcomes): (Vec<f64>, Vec<bool>) = cases.into_iter().unzip();
        let cubed: Vec<f64> = scores.iter().map(|score| score * 8.0).collect();
        prop_assert_eq!(roc_auc(&scores, &outcomes), roc_auc(&cubed, &outcomes));
        prop_assert_eq!(average_precision(&scores, &outcomes), average_precision(&cubed, &outcomes));
    }
}

#[test]
fn an_answer_that_is_no_class_costs_macro_f1() {
    let truth = ["yes", "no", "yes", "no"];
    let with = Confusion::of(&truth, &["yes", "no", "yes", "__invalid__"]);
    let without = Confusion::of(&truth[..3], &["yes", "no", "yes"]);
    let f = |confusion: &Confusion| confusion.macro_average(1.0, 0.0).unwrap().f;
    assert_eq!(f(&without), 1.0, "dropping the answer hides it");
    assert!(f(&with) < 0.6, "{}", f(&with));
}

#[test]
fn agreement_on_one_class_is_undefined_not_perfect() {
    assert_eq!(Confusion::of(&["a", "a"], &["a", "a"]).kappa(), None);
}

#[test]
fn no_cases_have_no_scores() {
    let none = Confusion::of::<&str>(&[], &[]);
    assert_eq!(none.accuracy(), None);
    assert_eq!(none.macro_average(1.0, 0.0), None);
    assert_eq!(none.matthews(), None);
    assert_eq!(log_loss(&[]), None);
    assert_eq!(brier(&[0.5], &[]), None);
    assert_eq!(calibration_error(&[0.5], &[true], 0), None);
}
