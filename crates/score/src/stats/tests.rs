#![allow(clippy::unwrap_used)]
//! What must hold of any data. The values themselves are held against the references by the golden
//! runner.

use proptest::prelude::*;

use super::bootstrap::bootstrap;
use super::multiple::{Adjustment, adjust};
use super::paired::{Method, Zeros, mcnemar, sign_flip, wilcoxon};
use super::random::Random;
use super::*;

fn differences() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-20i32..20).prop_map(|d| f64::from(d) / 4.0), 2..40)
}

proptest! {
    #[test]
    fn the_order_of_cases_does_not_matter(values in differences(), seed in any::<u64>()) {
        let mut turned = values.clone();
        turned.reverse();
        let p = |values: &[f64]| sign_flip(values, 499, &mut Random::new(seed));
        prop_assert_eq!(p(&values), p(&turned));
        prop_assert_eq!(
            wilcoxon(&values, Zeros::Pratt, Method::Auto),
            wilcoxon(&turned, Zeros::Pratt, Method::Auto)
        );
    }

    #[test]
    fn which_side_is_called_the_first_does_not_matter(values in differences()) {
        let other: Vec<f64> = values.iter().map(|value| -value).collect();
        let p = |values: &[f64]| sign_flip(values, 499, &mut Random::new(1));
        if values.len() <= paired::EXACT_UP_TO {
            prop_assert!((p(&values) - p(&other)).abs() < 1e-12);
        }
        prop_assert_eq!(
            paired::t_test(&values).map(|t| t.p),
            paired::t_test(&other).map(|t| t.p)
        );
    }

    #[test]
    fn p_values_are_chances(values in differences()) {
        let p = sign_flip(&values, 99, &mut Random::new(1));
        prop_assert!(p > 0.0 && p <= 1.0);
        for zeros in [Zeros::Drop, Zeros::Pratt, Zeros::Split] {
            for method in [Method::Auto, Method::Exact, Method::Normal { corrected: true }] {
                let test = wilcoxon(&values, zeros, method);
                prop_assert!(test.is_none_or(|test| (0.0..=1.0).contains(&test.p)), "{:?}", test);
            }
        }
    }

    #[test]
    fn intervals_of_shares_hold_the_share(passed in 0usize..200, failed in 0usize..200) {
        let n = passed + failed;
        prop_assume!(n > 0);
        let share = passed as f64 / n as f64;
        for interval in [binomial::wilson, binomial::clopper_pearson] {
            let interval = interval(passed, n, 0.95).unwrap();
            prop_assert!(0.0 <= interval.low && interval.high <= 1.0);
            prop_assert!(interval.low <= share && share <= interval.high);
        }
    }

    #[test]
    fn adjusting_raises_and_keeps_the_order(p in prop::collection::vec(0.0..=1.0f64, 1..12)) {
        for adjustment in [Adjustment::Holm, Adjustment::Hommel, Adjustment::BenjaminiHochberg] {
            let adjusted = adjust(&p, adjustment);
            for (i, (raw, raised)) in p.iter().zip(&adjusted).enumerate() {
                prop_assert!(raw <= raised && *raised <= 1.0);
                for (other, raised_other) in p.iter().zip(&adjusted).skip(i) {
                    prop_assert!((raw < other) <= (raised <= raised_other));
                }
            }
        }
    }

    #[test]
    fn copies_of_a_case_in_its_cluster_teach_nothing(values in differences()) {
        let once: Vec<usize> = (0..values.len()).collect();
        let twice = |n: &[usize]| [n, n].concat();
        let copied: Vec<f64> = [values.as_slice(), &values].concat();
        let one = cluster::clustered_mean(&values, &once).unwrap();
        let two = cluster::clustered_mean(&copied, &twice(&once)).unwrap();
        prop_assert!((one.se.unwrap() - two.se.unwrap()).abs() < 1e-12);
        prop_assert_eq!(one.clusters, two.clusters);
    }

    #[test]
    fn quantiles_undo_the_tails(share in 0.001..0.999f64, freedom in 1.0..300.0f64) {
        let t = special::t_critical(1.0 - share, freedom);
        prop_assert!((special::t_two_sided(t, freedom) - share).abs() < 1e-12);
        let z = special::normal_quantile(share);
        prop_assert!((special::normal_cdf(z) - share).abs() < 1e-14);
    }

    #[test]
    fn any_numbers_are_taken(values in prop::collection::vec(any::<f64>(), 0..12)) {
        let _ = (means::t_interval(&values, 0.95), paired::t_test(&values));
        let _ = (correlation::kendall(&values, &values), correlation::spearman(&values, &values));
        let _ = (unpaired::welch(&values, &values), unpaired::mann_whitney_exact(&values, &values));
        let _ = wilcoxon(&values, Zeros::Split, Method::Auto);
        let _ = sign_flip(&values, 9, &mut Random::new(1));
        let _ = agreement::krippendorff_alpha(
            &[values.iter().copied().map(Some).collect()],
            agreement::Level::Ordinal,
        );
    }
}

#[test]
fn nothing_changed_is_no_evidence() {
    assert_eq!(mcnemar(0, 0).exact, 1.0);
    assert_eq!(sign_flip(&[], 99, &mut Random::new(1)), 1.0);
    assert_eq!(sign_flip(&[0.0; 50], 99, &mut Random::new(1)), 1.0);
    assert_eq!(wilcoxon(&[0.0; 5], Zeros::Pratt, Method::Auto), None);
    assert_eq!(paired::t_test(&[0.5, 0.5]), None);
}

#[test]
fn the_drawn_sign_flip_comes_close_to_the_exact_one() {
    // No two patterns of signs give one sum, or the smallest change would decide between them.
    let values: Vec<f64> =
        (0..20).map(|i| f64::from(i % 7) - 2.0 + f64::from(i).sqrt() / 97.0).collect();
    let exact = sign_flip(&values, 0, &mut Random::new(1));
    // More differences, too small to matter, take it over the limit.
    let more: Vec<f64> = values.iter().copied().chain([1e-9; 5]).collect();
    assert!(more.iter().filter(|value| **value != 0.0).count() > paired::EXACT_UP_TO);
    let drawn = sign_flip(&more, 9_999, &mut Random::new(1));
    assert!((exact - drawn).abs() < 0.02, "{exact} and {drawn}");
}

#[test]
fn one_seed_gives_one_answer() {
    let values: Vec<f64> = (0..60).map(|i| f64::from(i * 7 % 11)).collect();
    let statistic = |sample: &[usize]| {
        means::mean(&sample.iter().map(|index| values[*index]).collect::<Vec<f64>>())
    };
    let run = |seed| bootstrap(60, statistic, 999, 0.95, &mut Random::new(seed)).unwrap();
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
    let bca = run(3).bca.unwrap();
    assert!(bca.low < run(3).estimate && run(3).estimate < bca.high);
}

#[test]
fn all_equal_values_have_no_bca_interval() {
    let run = bootstrap(9, |_| Some(1.0), 99, 0.95, &mut Random::new(1)).unwrap();
    assert_eq!(run.bca, None);
    assert_eq!(run.percentile, Interval { low: 1.0, high: 1.0 });
}

#[test]
fn planning_goes_both_ways() {
    let n = planning::cases_needed(0.3, 0.05, 0.8).unwrap();
    assert!((planning::power(0.3, n, 0.05).unwrap() - 0.8).abs() < 1e-9);
    let effect = planning::detectable_effect(n, 0.05, 0.8).unwrap();
    assert!((effect - 0.3).abs() < 1e-9);
    assert_eq!(planning::cases_needed(0.0, 0.05, 0.8), None);
    assert_eq!(planning::power(0.5, 1.0, 0.05), None);
    assert_eq!(planning::power(5.0, 2_000.0, 0.05), Some(1.0));
}

#[test]
fn a_variant_that_never_lost_has_no_strength() {
    assert_eq!(preference::BradleyTerry::fit(&[vec![0.0, 3.0], vec![0.0, 0.0]]), None);
    let even = preference::BradleyTerry::fit(&[vec![0.0, 3.0], vec![3.0, 0.0]]).unwrap();
    assert_eq!(even.strengths, [0.0, 0.0]);
}
