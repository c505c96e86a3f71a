//! `pairwise`: which of two answers is better, asked in both orders.
//!
//! Judges prefer a position: GPT-4 kept its verdict in some 65 % of swapped pairs (Zheng and others, 2023). So a win
//! counts only if both orders agree. Where they do not, it is a tie that is named order-dependent and never passes: it
//! tells of the judge and not of the output. How often that happens is measured ([`Evidence`](super::Evidence)).

use assay_prompt::{Row, ScorerSpec};
use serde::Deserialize;

use super::asker::{Asker, Stop, all};
use super::evidence::{Choice, Orders};
use super::fence::Given;
use super::graded::reasoned;
use super::{Family, Finding, text};

#[derive(Debug)]
struct Pairwise {
    criteria: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preferred {
    analysis: String,
    verdict: Choice,
}

/// How the reason of a verdict begins that depends on which answer was shown first.
pub const ORDER_DEPENDENT: &str = "order-dependent";

/// What is asked for when the scorer does not say.
const BETTER: &str = "Which answer serves the person who asked better: right, complete, clear, and no longer than needed?";

/// Reads a `pairwise`.
pub(super) fn pairwise(spec: &ScorerSpec) -> Result<Box<dyn Family>, String> {
    if text(spec, "baseline")?.is_none() {
        return Err("needs `baseline`: the id of the variant to compare with".to_owned());
    }
    let criteria = text(spec, "rubric")?.unwrap_or_else(|| BETTER.to_owned());
    Ok(Box::new(Pairwise { criteria }))
}

impl Family for Pairwise {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let (orders, analysis) = self.both(asker)?;
        let (value, words) = match (orders.forward, orders.backward) {
            (Choice::First, Choice::Second) => (1.0, "better than the baseline in both orders"),
            (Choice::Second, Choice::First) => (0.0, "worse than the baseline in both orders"),
            (Choice::Tie, Choice::Tie) => (0.5, "as good as the baseline in both orders"),
            (Choice::First, Choice::First) => (0.5, "the first answer is preferred both times"),
            (Choice::Second, Choice::Second) => (0.5, "the second answer is preferred both times"),
            _ => (0.5, "preferred in one order only"),
        };
        let undecided = !orders.agree();
        let words = match undecided {
            true => format!("{ORDER_DEPENDENT}, a tie that does not pass: {words}"),
            false => words.to_owned(),
        };
        Ok(Finding { undecided, ..Finding::of(value, format!("{words}: {analysis}")) })
    }

    fn prompts(&self) -> &'static [&'static str] {
        &["pairwise"]
    }

    fn calls(&self, _case: &Row) -> u32 {
        2
    }

    fn threshold(&self) -> f64 {
        0.5
    }

    fn orders(&self, asker: &Asker<'_>) -> Option<Orders> {
        self.both(asker).ok().map(|(orders, _)| orders)
    }
}

impl Pairwise {
    fn both(&self, asker: &Asker<'_>) -> Result<(Orders, String), Stop> {
        let output = asker.output()?;
        let none =
            || Stop::Cannot("the baseline has no answer to this case in this run".to_owned());
        let baseline =
            asker.material.baseline.filter(|text| !text.trim().is_empty()).ok_or_else(none)?;
        let criteria = asker.criteria(&self.criteria)?;
        let pairs = [(output, baseline), (baseline, output)];
        let said = all(pairs.map(|(first, second)| ask(asker, &criteria, first, second)))?;
        let analysis = said.first().map(|said| said.analysis.clone()).unwrap_or_default();
        let mut verdicts = said.iter().map(|said| said.verdict);
        match (verdicts.next(), verdicts.next()) {
            (Some(forward), Some(backward)) => Ok((Orders { forward, backward }, analysis)),
            _ => Err(Stop::Failed("one order was not asked".to_owned())),
        }
    }
}

fn ask(asker: &Asker<'_>, criteria: &Given, first: &str, second: &str) -> Result<Preferred, Stop> {
    let given = criteria
        .clone()
        .data("input", asker.case_input())
        .data("first", first)
        .data("second", second);
    asker.ask("pairwise", given, |said: Preferred| reasoned(&said.analysis).map(|()| said))
}
