//! What judges are measured by beside people's labels: how often they fail, and what they lean to.
//!
//! Nothing is assumed of a judge. How often both orders agree, how often the first answer is preferred and how often
//! the longer one wins are counted from its own verdicts, for each model on its own.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Mean, pass_rate};

/// Which of two answers is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The one that was shown first.
    First,
    /// The one that was shown second.
    Second,
    /// Neither.
    Tie,
}

/// The verdicts over one pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// With the judged output first.
    pub forward: Choice,
    /// With the baseline's first.
    pub backward: Choice,
}

/// What one model did at one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The model, as the scorer names it.
    pub model: String,
    /// Whether it failed: a judge error.
    pub failed: bool,
    /// Its verdicts, when it is a judge of pairs.
    pub orders: Option<Orders>,
    /// How the judged output's length stands to the baseline's.
    pub longer: Ordering,
}

/// What one model of a judge did at many outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeReport {
    /// The model.
    pub model: String,
    /// Outputs that it was asked about.
    pub asked: u32,
    /// Of these, those that it failed at.
    pub failed: u32,
    /// What it leans to, when it judged pairs.
    pub pairs: Option<PairReport>,
}

/// What a judge of pairs leans to. Shares have 95 % intervals (Wilson); none without anything to count.
#[derive(Debug, Clone, PartialEq)]
pub struct PairReport {
    /// Pairs judged in both orders.
    pub pairs: u32,
    /// Pairs whose orders agree: position consistency.
    pub consistent: Option<Mean>,
    /// Of the verdicts for one of two answers, those for the first: one half without a leaning.
    pub first: Option<Mean>,
    /// Of the pairs that were won, those that the longer answer won: beyond one half it may prefer length.
    pub longer: Option<Mean>,
    /// Of the pairs that were won, those that the judged output won.
    pub won: Option<Mean>,
}

impl Orders {
    /// Whether both orders say the same of the answers.
    #[must_use]
    pub fn agree(self) -> bool {
        matches!(
            (self.forward, self.backward),
            (Choice::First, Choice::Second)
                | (Choice::Second, Choice::First)
                | (Choice::Tie, Choice::Tie)
        )
    }

    /// Whether the judged output won, when one did.
    fn won(self) -> Option<bool> {
        match (self.forward, self.backward) {
            (Choice::First, Choice::Second) => Some(true),
            (Choice::Second, Choice::First) => Some(false),
            _ => None,
        }
    }
}

impl PairReport {
    /// Whether the first position is preferred, or the second: the whole interval lies beyond one half.
    #[must_use]
    pub fn prefers_a_position(&self) -> bool {
        self.first.as_ref().is_some_and(|first| first.low > 0.5 || first.high < 0.5)
    }

    /// Whether the longer answer is preferred.
    #[must_use]
    pub fn prefers_length(&self) -> bool {
        self.longer.as_ref().is_some_and(|longer| longer.low > 0.5)
    }
}

/// Sums up, model by model.
#[must_use]
pub fn report(evidence: &[Evidence]) -> Vec<JudgeReport> {
    let mut by_model: BTreeMap<&str, Vec<&Evidence>> = BTreeMap::new();
    for one in evidence {
        by_model.entry(&one.model).or_default().push(one);
    }
    by_model.into_iter().map(|(model, of)| of_model(model, &of)).collect()
}

fn of_model(model: &str, evidence: &[&Evidence]) -> JudgeReport {
    let pairs: Vec<_> = evidence.iter().filter_map(|one| Some((one.orders?, one.longer))).collect();
    JudgeReport {
        model: model.to_owned(),
        asked: evidence.len() as u32,
        failed: evidence.iter().filter(|one| one.failed).count() as u32,
        pairs: (!pairs.is_empty()).then(|| of_pairs(&pairs)),
    }
}

fn of_pairs(pairs: &[(Orders, Ordering)]) -> PairReport {
    let verdicts = pairs.iter().flat_map(|(orders, _)| [orders.forward, orders.backward]);
    let decided = verdicts.filter(|choice| *choice != Choice::Tie);
    let longer_won = |(orders, longer): &(Orders, Ordering)| match (orders.won()?, longer) {
        (_, Ordering::Equal) => None,
        (won, longer) => Some(won == (*longer == Ordering::Greater)),
    };
    PairReport {
        pairs: pairs.len() as u32,
        consistent: share(pairs.iter().map(|(orders, _)| orders.agree())),
        first: share(decided.map(|choice| choice == Choice::First)),
        longer: share(pairs.iter().filter_map(longer_won)),
        won: share(pairs.iter().filter_map(|(orders, _)| orders.won())),
    }
}

fn share(hits: impl Iterator<Item = bool>) -> Option<Mean> {
    let hits: Vec<bool> = hits.collect();
    pass_rate(hits.iter().filter(|hit| **hit).count(), hits.len())
}
