//! Which of several variants is preferred, from comparisons of two.
//!
//! Reference: choix (maximum likelihood), statsmodels Logit for the errors. Ties count half a win to
//! both.

use serde::{Deserialize, Serialize};

use super::binomial::{sign_test, wilson};
use super::{Interval, finite};

/// Strengths of the items by the model of Bradley and Terry (1952): the chance that i beats j is
/// 1 / (1 + exp(sⱼ − sᵢ)).
#[derive(Debug, Clone, PartialEq)]
pub struct BradleyTerry {
    /// The strengths, with mean 0.
    pub strengths: Vec<f64>,
    /// The standard error of each strength against the first item's; 0 for the first.
    pub se_against_first: Vec<f64>,
}

impl BradleyTerry {
    /// Fits the strengths to how often the row's item beat the column's, by maximum likelihood.
    ///
    /// None for fewer than two items, a table that is not square, and when some items never lost to
    /// the others (see [`is_connected`]): then no strength is large enough.
    #[must_use]
    pub fn fit(wins: &[Vec<f64>]) -> Option<BradleyTerry> {
        let n = wins.len();
        if n < 2 || wins.iter().any(|row| row.len() != n) || !is_connected(wins) {
            return None;
        }
        let mut strengths = vec![0.0; n];
        let mut likelihood = log_likelihood(wins, &strengths);
        for _ in 0..200 {
            let (slope, information) = derivatives(wins, &strengths);
            let step = solve(information, slope)?;
            let Some((next, better)) = climb(wins, &strengths, &step, likelihood) else { break };
            strengths = next;
            let gained = better - likelihood;
            likelihood = better;
            if step.iter().all(|s| s.abs() < 1e-10) && gained.abs() < 1e-12 {
                break;
            }
        }
        let (_, information) = derivatives(wins, &strengths);
        let mut se_against_first = vec![0.0];
        for item in 0..n - 1 {
            let unit = (0..n - 1).map(|other| f64::from(u8::from(other == item))).collect();
            let column = solve(information.clone(), unit)?;
            se_against_first.push(finite(column.get(item)?.sqrt())?);
        }
        let mean = strengths.iter().sum::<f64>() / n as f64;
        strengths.iter_mut().for_each(|strength| *strength -= mean);
        Some(BradleyTerry { strengths, se_against_first })
    }

    /// The chance that `i` beats `j`; none for unknown items.
    #[must_use]
    pub fn chance(&self, i: usize, j: usize) -> Option<f64> {
        Some(beats(*self.strengths.get(i)?, *self.strengths.get(j)?))
    }

    /// The strengths on the scale of Elo: 1000 on average, 400 for ten times the odds.
    #[must_use]
    pub fn elo(&self) -> Vec<f64> {
        let scale = 400.0 / std::f64::consts::LN_10;
        self.strengths.iter().map(|strength| strength * scale + 1000.0).collect()
    }
}

fn beats(a: f64, b: f64) -> f64 {
    1.0 / (1.0 + (b - a).exp())
}

/// Whether every item beat every other, if only by way of items in between: what
/// [`BradleyTerry::fit`] needs.
#[must_use]
pub fn is_connected(wins: &[Vec<f64>]) -> bool {
    let beat = |a: usize, b: usize| wins[a].get(b).is_some_and(|wins| *wins > 0.0);
    let all_reached = |edge: &dyn Fn(usize, usize) -> bool| {
        let mut reached = vec![false; wins.len()];
        let mut open = vec![0];
        while let Some(item) = open.pop() {
            if std::mem::replace(&mut reached[item], true) {
                continue;
            }
            open.extend((0..wins.len()).filter(|other| edge(item, *other) && !reached[*other]));
        }
        reached.into_iter().all(|reached| reached)
    };
    !wins.is_empty() && all_reached(&beat) && all_reached(&|a, b| beat(b, a))
}

fn log_likelihood(wins: &[Vec<f64>], strengths: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (i, row) in wins.iter().enumerate() {
        for (j, count) in row.iter().enumerate().filter(|(j, count)| *j != i && **count > 0.0) {
            sum += count * beats(strengths[i], strengths[j]).ln();
        }
    }
    sum
}

/// The slope of the likelihood and its curvature, with the first strength fixed.
fn derivatives(wins: &[Vec<f64>], strengths: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = wins.len();
    let mut slope = vec![0.0; n - 1];
    let mut information = vec![vec![0.0; n - 1]; n - 1];
    for i in 1..n {
        for j in (0..n).filter(|j| *j != i) {
            let (games, chance) = (wins[i][j] + wins[j][i], beats(strengths[i], strengths[j]));
            let weight = games * chance * (1.0 - chance);
            slope[i - 1] += wins[i][j] - games * chance;
            information[i - 1][i - 1] += weight;
            if j > 0 {
                information[i - 1][j - 1] -= weight;
            }
        }
    }
    (slope, information)
}

/// Takes the step, or a part of it, that does not go down.
fn climb(wins: &[Vec<f64>], strengths: &[f64], step: &[f64], from: f64) -> Option<(Vec<f64>, f64)> {
    let mut size = 1.0;
    for _ in 0..40 {
        let mut next = strengths.to_vec();
        for (strength, step) in next.iter_mut().skip(1).zip(step) {
            *strength += size * step;
        }
        let reached = log_likelihood(wins, &next);
        if reached >= from {
            return Some((next, reached));
        }
        size /= 2.0;
    }
    None
}

/// Solves a linear system by elimination with pivots.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for column in 0..n {
        let size = |row: &usize| matrix[*row][column].abs();
        let pivot = (column..n).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..n {
            let factor = finite(matrix[row][column] / matrix[column][column])?;
            let (above, below) = matrix.split_at_mut(row);
            for (value, pivot) in below[0][column..].iter_mut().zip(&above[column][column..]) {
                *value -= factor * pivot;
            }
            right[row] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|place| matrix[row][place] * right[place]).sum();
        right[row] = finite((right[row] - known) / matrix[row][row])?;
    }
    Some(right)
}

/// A game of two items, and what the first got of it: 1, 0.5 or 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Game {
    /// The first item.
    pub first: usize,
    /// The second item.
    pub second: usize,
    /// The first item's share of the win.
    pub score: f64,
}

/// Elo's ratings after the games, one after the other (K = 32, everyone starts at 1000).
///
/// For display only: they depend on the order of the games. Games of unknown items are left out.
#[must_use]
pub fn elo_after(games: &[Game], items: usize) -> Vec<f64> {
    const K: f64 = 32.0;
    let mut ratings = vec![1000.0; items];
    for game in games.iter().filter(|game| game.first < items && game.second < items) {
        let behind = ratings[game.second] - ratings[game.first];
        let expected = 1.0 / (1.0 + 10f64.powf(behind / 400.0));
        ratings[game.first] += K * (game.score - expected);
        ratings[game.second] -= K * (game.score - expected);
    }
    ratings
}

/// Each item's share of the games it was in; none for one without games.
#[must_use]
pub fn win_rates(wins: &[Vec<f64>]) -> Vec<Option<f64>> {
    let rate = |item: usize| {
        let won: f64 = wins[item].iter().sum();
        let lost: f64 = wins.iter().filter_map(|row| row.get(item)).sum();
        finite(won / (won + lost))
    };
    (0..wins.len()).map(rate).collect()
}

/// What a judge preferred of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Preference {
    /// The first variant, whichever was shown first.
    A,
    /// The second variant.
    B,
    /// Neither.
    Tie,
}

/// What a judge said when it saw both orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BothOrders {
    /// Cases that A won in both orders.
    pub a: usize,
    /// Cases that B won in both orders.
    pub b: usize,
    /// All others.
    pub ties: usize,
    /// Among them, cases in which the judge preferred a variant and, with the order turned, the
    /// other.
    pub flips: usize,
    /// The share of cases in which it said the same in both orders.
    pub consistency: f64,
    /// The share of all answers in which it preferred what it saw first: one half at most for a judge
    /// without a liking for a place.
    pub first_position: f64,
    /// A's share of the cases, a tie being half.
    pub win_rate: f64,
    /// The two-sided sign test over the cases that A or B won; none without one.
    pub p: Option<f64>,
    /// The Wilson interval of A's share of them.
    pub interval: Option<Interval>,
}

/// Sums up a judge that was asked in both orders: first with A shown first, then with B.
///
/// A variant wins a case only when it wins both orders. None for no cases.
#[must_use]
pub fn both_orders(answers: &[(Preference, Preference)]) -> Option<BothOrders> {
    let count = |matches: &dyn Fn(&(Preference, Preference)) -> bool| {
        answers.iter().filter(|answer| matches(answer)).count()
    };
    let n = if answers.is_empty() { None } else { Some(answers.len() as f64) }?;
    let a = count(&|answer| *answer == (Preference::A, Preference::A));
    let b = count(&|answer| *answer == (Preference::B, Preference::B));
    let first = count(&|(a_first, _)| *a_first == Preference::A)
        + count(&|(_, b_first)| *b_first == Preference::B);
    let ties = answers.len() - a - b;
    Some(BothOrders {
        a,
        b,
        ties,
        flips: count(&|(x, y)| x != y && *x != Preference::Tie && *y != Preference::Tie),
        consistency: count(&|(x, y)| x == y) as f64 / n,
        first_position: first as f64 / (2.0 * n),
        win_rate: (a as f64 + ties as f64 / 2.0) / n,
        p: (a + b > 0).then(|| sign_test(a, b)),
        interval: wilson(a, a + b, 0.95),
    })
}
