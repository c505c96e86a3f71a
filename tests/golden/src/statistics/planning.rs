//! stats_planning and stats_pairwise.

use assay_score::stats::means;
use assay_score::stats::planning::{self as plan, Design};
use assay_score::stats::preference::{self, BradleyTerry, Game, Preference};
use serde_json::Value;

use super::{Case, each_value, real, table, whole};
use crate::file::{Golden, number};
use crate::tally::Tally;

/// What the README allows for power and numbers of cases.
const POWER: f64 = 1e-6;

/// How far statsmodels goes when it searches an effect (`xtol` of its `brentq_expanding`): at its
/// answer of 0.7477427 for 30 cases the power is 0.9000021, not 0.9.
const EFFECT: f64 = 1e-5;

/// And for Bradley–Terry.
const STRENGTHS: f64 = 1e-5;

/// Power, numbers of cases, CUPED, corrected rates.
pub fn planning(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| {
        if case.given.get("effect_dz").is_some() {
            power(case, name, value)
        } else if case.given.get("judge_unlabelled").is_some() {
            judge(case, name, value)
        } else {
            cuped(case, name, value)
        }
    });
}

fn power(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let given = |key: &str| real(&case.given[key]);
    let (alpha, wanted) = (given("alpha"), given("power"));
    let design = Design {
        between: given("omega2"),
        first: (given("s2A"), given("KA")),
        second: (given("s2B"), given("KB")),
    };
    let h = plan::cohens_h(given("p1") + given("delta"), given("p1"));
    let (effect, n) = (given("effect_dz"), given("n"));
    let (ours, tolerance) = match name {
        // scipy's non-central t gives nan for some effects far beyond doubt: the power is 1.
        "power" if number(value).is_some_and(f64::is_nan) => {
            return case.within(name, &Value::from(1.0), plan::power(effect, n, alpha), POWER);
        }
        "power" => (plan::power(effect, n, alpha), POWER),
        "n_needed" => (plan::cases_needed(effect, alpha, wanted), POWER),
        "mde_dz" => (plan::detectable_effect(n, alpha, wanted), EFFECT),
        "miller_n" => (design.questions_needed(given("delta"), alpha, wanted), super::TOLERANCE),
        "cohen_h" => (h, super::TOLERANCE),
        "n_per_arm_two_prop" => (h.and_then(|h| plan::cases_per_sample(h, alpha, wanted)), POWER),
        _ => return None,
    };
    case.within(name, value, ours, tolerance)
}

fn cuped(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let ours = plan::cuped(&case.numbers("y"), &case.numbers("x"));
    let ours = match name {
        "theta" => ours.map(|c| c.theta),
        "mean_adj" => ours.map(|c| c.mean),
        "var_y" => ours.map(|c| c.variance),
        "var_adj" => ours.map(|c| c.adjusted_variance),
        "r2" => ours.map(|c| c.explained),
        _ => return None,
    };
    case.number(name, value, ours)
}

fn judge(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let passes = |values: &[f64]| values.iter().map(|value| *value == 1.0).collect::<Vec<bool>>();
    let (people, judge) = (case.numbers("human"), case.numbers("judge"));
    let unlabelled = case.numbers("judge_unlabelled");
    let rates = plan::judge_rates(&passes(&people), &passes(&judge));
    let judged = means::mean(&unlabelled);
    let powered = plan::prediction_powered(&people, &judge, &unlabelled);
    match name {
        "judge_rate_unlabelled" => case.number(name, value, judged),
        "tpr" => case.number(name, value, rates.true_positive),
        "tnr" => case.number(name, value, rates.true_negative),
        "rogan_gladen" => {
            case.number(name, value, judged.and_then(|rate| plan::corrected_rate(rate, rates)))
        }
        "ppi_mean" => case.number(name, value, powered.map(|p| p.mean)),
        "ppi_ci95" => case.interval(name, value, powered.map(|p| p.interval)),
        "human_only_se" => case.number(name, value, means::large_sample_error(&people)),
        _ => None,
    }
}

/// Bradley–Terry, Elo, and judges that saw both orders.
pub fn pairwise(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| match case.given.get("verdicts") {
        Some(_) => both_orders(case, name, value),
        None => strengths(case, name, value),
    });
}

fn both_orders(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let preference = |value: &Value| match value.as_str()? {
        "A" => Some(Preference::A),
        "B" => Some(Preference::B),
        "T" => Some(Preference::Tie),
        _ => None,
    };
    let answers: Option<Vec<(Preference, Preference)>> = case.given["verdicts"]
        .as_array()?
        .iter()
        .map(|pair| Some((preference(&pair[0])?, preference(&pair[1])?)))
        .collect();
    let ours = preference::both_orders(&answers?)?;
    match name {
        "A" => case.count(name, value, ours.a),
        "B" => case.count(name, value, ours.b),
        "tie" => case.count(name, value, ours.ties),
        "flips" => case.count(name, value, ours.flips),
        "consistency" => case.number(name, value, Some(ours.consistency)),
        "first_position_rate" => case.number(name, value, Some(ours.first_position)),
        "win_rate_A_ties_half" => case.number(name, value, Some(ours.win_rate)),
        "sign_p" => case.number(name, value, ours.p),
        "wilson95_among_decided" => case.list(name, value, &super::ends(ours.interval)),
        _ => None,
    }
}

fn strengths(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let wins = table(&case.given["counts"]);
    let ours = BradleyTerry::fit(&wins);
    let some = |values: Vec<f64>| values.into_iter().map(Some).collect::<Vec<Option<f64>>>();
    let fitted = |get: &dyn Fn(&BradleyTerry) -> Vec<f64>| match &ours {
        Some(ours) => some(get(ours)),
        None => vec![None; wins.len()],
    };
    match name {
        "connected" => {
            let connected = preference::is_connected(&wins);
            case.tally.equal(format!("{} connected", case.id), &value.as_bool(), &Some(connected));
            Some(())
        }
        // Says that choix agreed with the generator's own fit; nothing of ours.
        "choix_checked" => Some(()),
        "bt" => case.list_within(name, value, &fitted(&|b| b.strengths.clone()), STRENGTHS),
        "elo" => case.list_within(name, value, &fitted(&BradleyTerry::elo), STRENGTHS),
        "se_vs_item0" => {
            case.list_within(name, value, &fitted(&|b| b.se_against_first.clone()), STRENGTHS)
        }
        "p_win" => {
            for (i, row) in value.as_array()?.iter().enumerate() {
                let chance = |j| ours.as_ref().filter(|_| i != j).and_then(|b| b.chance(i, j));
                let chances: Vec<Option<f64>> = (0..wins.len()).map(chance).collect();
                case.list_within(name, row, &chances, STRENGTHS)?;
            }
            Some(())
        }
        "elo_seq" => {
            let items = whole(&case.given["items"]);
            case.list(name, value, &some(preference::elo_after(&games(case), items)))
        }
        "win_rate" => case.list(name, value, &preference::win_rates(&wins)),
        _ => None,
    }
}

fn games(case: &Case) -> Vec<Game> {
    let game = |game: &Value| Game {
        first: whole(&game[0]),
        second: whole(&game[1]),
        score: real(&game[2]),
    };
    case.given["games"].as_array().into_iter().flatten().map(game).collect()
}
