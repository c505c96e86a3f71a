//! What quality costs: money, time and tokens of the same cases, side by side.

use assay_score::{Mean, mean};
use assay_store::{CellRecord, CellState};

use super::cases::{Asked, Cases};
use super::side::ReadSide;

/// What is spent on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// US dollars.
    Cost,
    /// Milliseconds, from the request to the last token.
    Latency,
    /// Tokens read.
    InputTokens,
    /// Tokens written.
    OutputTokens,
}

/// What both sides spend on an answer, on the average of the cases where both are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// What it is.
    pub what: What,
    /// The base's mean.
    pub base: f64,
    /// The head's.
    pub head: f64,
    /// Head less base with its 95 % interval, paired by case.
    pub change: Mean,
}

const ALL: [What; 4] = [What::Cost, What::Latency, What::InputTokens, What::OutputTokens];

/// Everything that is known of both sides.
pub(super) fn of(cases: &Cases) -> Vec<Spent> {
    ALL.into_iter().filter_map(|what| spent(cases, what)).collect()
}

fn spent(cases: &Cases, what: What) -> Option<Spent> {
    let (base, head) = (cases.base().side, cases.head().side);
    let pair = |asked: &Asked| {
        Some((mean_of(base, what, &asked.base)?, mean_of(head, what, &asked.head)?))
    };
    let (bases, heads): (Vec<f64>, Vec<f64>) = cases.paired.iter().filter_map(pair).unzip();
    let differences: Vec<f64> = bases.iter().zip(&heads).map(|(base, head)| head - base).collect();
    Some(Spent {
        what,
        base: mean(&bases)?.mean,
        head: mean(&heads)?.mean,
        change: mean(&differences)?,
    })
}

/// The mean over the samples of a case that have an output. One that is unknown makes the mean unknown.
fn mean_of(side: &ReadSide, what: What, cells: &[&CellRecord]) -> Option<f64> {
    let done = cells.iter().filter(|cell| cell.state == CellState::Done);
    let values: Option<Vec<f64>> = done.map(|cell| value(side, what, cell)).collect();
    mean(&values?).map(|mean| mean.mean)
}

fn value(side: &ReadSide, what: What, cell: &CellRecord) -> Option<f64> {
    let tokens = side.tokens(cell.ordinal);
    match what {
        What::Cost => cell.cost,
        What::Latency => cell.latency_ms.map(|ms| ms as f64),
        What::InputTokens => tokens?.input.map(|tokens| tokens as f64),
        What::OutputTokens => tokens?.output.map(|tokens| tokens as f64),
    }
}
