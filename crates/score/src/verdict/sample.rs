//! The cases that can be compared: answers averaged, sources numbered, in an order of their own.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{
    Answers, Changed, ComparedScorer, Direction, Errors, Kind, Measure, PairedCase, Statistics,
    VerdictError,
};
use crate::stats::means;

/// The cases with a value on both sides.
pub(super) struct Sample<'a> {
    /// Sorted by id, then by values: whoever brings them in another order gets the same verdict.
    pub cases: Vec<Paired<'a>>,
    /// How many sources they come from; as many as cases, when none is shared.
    pub sources: usize,
    pub errors: Errors,
}

/// One case, its answers averaged.
#[derive(Clone)]
pub(super) struct Paired<'a> {
    pub id: &'a str,
    pub tags: &'a [String],
    /// The number of its source.
    pub source: usize,
    pub base: Averaged,
    pub head: Averaged,
    /// Whether there was one answer on each side.
    pub single: bool,
}

/// One side of a case.
#[derive(Clone, PartialEq)]
pub(super) struct Averaged {
    /// The mean value; for a corpus score without values, that of this case alone.
    pub value: f64,
    pub passes: Option<bool>,
    /// The mean statistics, for a corpus score; by place.
    pub statistics: Statistics,
}

impl Averaged {
    /// An order of its own, so that cases of one id come in the same order whoever brings them.
    fn compared_with(&self, other: &Averaged) -> Ordering {
        let entry = |(a, x): &(usize, f64), (b, y): &(usize, f64)| a.cmp(b).then(x.total_cmp(y));
        let entries = || {
            let pairs = self.statistics.iter().zip(&other.statistics);
            pairs.map(|(ours, theirs)| entry(ours, theirs)).find(|order| order.is_ne())
        };
        self.value
            .total_cmp(&other.value)
            .then_with(|| entries().unwrap_or(Ordering::Equal))
            .then_with(|| self.statistics.len().cmp(&other.statistics.len()))
    }
}

impl<'a> Sample<'a> {
    pub fn of(scorer: &'a ComparedScorer) -> Result<Sample<'a>, VerdictError> {
        let name = || scorer.scorer.clone();
        if scorer.base_signature != scorer.head_signature {
            let (base, head) = (scorer.base_signature.clone(), scorer.head_signature.clone());
            return Err(VerdictError::Signatures { scorer: name(), base, head });
        }
        let mut kept: Vec<(&PairedCase, Averaged, Averaged)> = Vec::new();
        for case in &scorer.cases {
            check(scorer, case)?;
            let sides =
                (averaged(&case.base, &scorer.measure), averaged(&case.head, &scorer.measure));
            if let (Some(base), Some(head)) = sides {
                kept.push((case, base, head));
            }
        }
        if kept.is_empty() {
            let Errors { base, head, .. } = errors(scorer, 0);
            return Err(VerdictError::NothingPaired { scorer: name(), errors: base + head });
        }
        kept.sort_by(|(a, ab, ah), (b, bb, bh)| {
            (&a.id, &a.source, &a.tags)
                .cmp(&(&b.id, &b.source, &b.tags))
                .then_with(|| ab.compared_with(bb))
                .then_with(|| ah.compared_with(bh))
        });
        let errors = errors(scorer, kept.len());
        let cases = numbered(kept);
        let sources = cases.iter().map(|case| case.source + 1).max().unwrap_or_default();
        Ok(Sample { cases, sources, errors })
    }

    /// The cases with a tag.
    pub fn tagged(&self, tag: &str) -> Sample<'a> {
        let mut cases: Vec<Paired> = Vec::new();
        let mut numbers = BTreeMap::new();
        for case in self.cases.iter().filter(|case| case.tags.iter().any(|other| other == tag)) {
            let next = numbers.len();
            let source = *numbers.entry(case.source).or_insert(next);
            cases.push(Paired { source, ..case.clone() });
        }
        Sample { cases, sources: numbers.len(), errors: Errors::default() }
    }

    /// Whether several cases share a source.
    pub fn shared(&self) -> bool {
        self.sources < self.cases.len()
    }

    /// The number of each case's source.
    pub fn source_of(&self) -> Vec<usize> {
        self.cases.iter().map(|case| case.source).collect()
    }

    /// Head less base, case by case. Values such as 0.3 − 0.1 are rounded to what they mean: else
    /// equal differences would have different ranks.
    pub fn differences(&self) -> Vec<f64> {
        let rounded =
            |value: f64| if value.abs() < 1e6 { (value * 1e9).round() / 1e9 } else { value };
        self.cases.iter().map(|case| rounded(case.head.value - case.base.value)).collect()
    }

    pub fn changed(&self, direction: Direction) -> Changed {
        let mut cases: Vec<(&Paired, f64)> = self.cases.iter().zip(self.differences()).collect();
        cases.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
        let mut changed = Changed::default();
        for (case, difference) in cases {
            let turned = match (case.base.passes, case.head.passes) {
                (Some(before), Some(now)) => f64::from(u8::from(now)) - f64::from(u8::from(before)),
                _ => difference * direction.sign(),
            };
            let list = match turned {
                gain if gain > 0.0 => &mut changed.fixed,
                gain if gain < 0.0 => &mut changed.broken,
                _ => &mut changed.unchanged,
            };
            list.push(case.id.to_owned());
        }
        changed.unchanged.sort();
        changed
    }
}

/// Refuses what would make nonsense of every number after it.
fn check(scorer: &ComparedScorer, case: &PairedCase) -> Result<(), VerdictError> {
    let kind = scorer.measure.kind();
    let is_value = |value: &f64| match kind {
        Kind::PassFail => *value == 0.0 || *value == 1.0,
        _ => value.is_finite(),
    };
    let sides = [&case.base, &case.head];
    let bad = sides.iter().flat_map(|side| &side.values).copied().find(|value| !is_value(value));
    let amounts = sides.iter().flat_map(|side| side.statistics.iter().flatten());
    let mut amounts = amounts.map(|(_, amount)| *amount);
    match bad.or_else(|| amounts.find(|amount| !amount.is_finite())) {
        None => Ok(()),
        Some(value) => Err(VerdictError::BadValue {
            scorer: scorer.scorer.clone(),
            case: case.id.clone(),
            value: value.to_string(),
        }),
    }
}

/// The mean of the answers; none without one.
fn averaged(answers: &Answers, measure: &Measure) -> Option<Averaged> {
    let half = |passed: &[bool]| 2 * passed.iter().filter(|passed| **passed).count() > passed.len();
    let passes = (!answers.passed.is_empty()).then(|| half(&answers.passed));
    let mean = means::mean(&answers.values);
    match measure {
        Measure::Corpus(score) => {
            let statistics = mean_statistics(&answers.statistics)?;
            let value = mean.or_else(|| score(&summed([&statistics]))).unwrap_or(0.0);
            Some(Averaged { value, passes, statistics })
        }
        Measure::PassFail => {
            let value = mean?;
            Some(Averaged { value, passes: Some(value > 0.5), statistics: Vec::new() })
        }
        _ => Some(Averaged { value: mean?, passes, statistics: Vec::new() }),
    }
}

/// The mean of the answers' statistics, by place. None without an answer.
fn mean_statistics(answers: &[Statistics]) -> Option<Statistics> {
    match answers {
        [] => None,
        [one] => {
            let mut one = one.clone();
            one.sort_by_key(|(place, _)| *place);
            Some(one)
        }
        several => {
            let mut sums = BTreeMap::new();
            for (place, value) in several.iter().flatten() {
                *sums.entry(*place).or_insert(0.0) += value;
            }
            let n = several.len() as f64;
            Some(sums.into_iter().map(|(place, sum)| (place, sum / n)).collect())
        }
    }
}

/// Statistics written out and added up, place by place.
pub(super) fn summed<'s>(all: impl IntoIterator<Item = &'s Statistics>) -> Vec<f64> {
    let mut sum = Vec::new();
    all.into_iter().for_each(|one| add(&mut sum, one));
    sum
}

/// Adds to a sum, which grows as far as it has to.
pub(super) fn add(sum: &mut Vec<f64>, statistics: &[(usize, f64)]) {
    for (place, value) in statistics {
        if sum.len() <= *place {
            sum.resize(place + 1, 0.0);
        }
        sum[*place] += value;
    }
}

fn errors(scorer: &ComparedScorer, paired: usize) -> Errors {
    let count = |side: fn(&PairedCase) -> &Answers, of: fn(&Answers) -> usize| {
        scorer.cases.iter().map(|case| of(side(case))).sum::<usize>()
    };
    let judged = |answers: &Answers| answers.values.len().max(answers.statistics.len());
    let (base, head) = (count(|c| &c.base, |a| a.errors), count(|c| &c.head, |a| a.errors));
    let all = base + head + count(|c| &c.base, judged) + count(|c| &c.head, judged);
    let share = if all == 0 { 0.0 } else { (base + head) as f64 / all as f64 };
    Errors { base, head, share, unpaired: scorer.cases.len() - paired }
}

/// Gives each source a number, and a case without a source one of its own.
fn numbered(kept: Vec<(&PairedCase, Averaged, Averaged)>) -> Vec<Paired<'_>> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut next = 0;
    let mut fresh = || {
        next += 1;
        next - 1
    };
    kept.into_iter()
        .map(|(case, base, head)| Paired {
            id: &case.id,
            tags: &case.tags,
            source: match &case.source {
                Some(source) => *numbers.entry(source).or_insert_with(&mut fresh),
                None => fresh(),
            },
            base,
            head,
            single: answers(&case.base) == 1 && answers(&case.head) == 1,
        })
        .collect()
}

fn answers(answers: &Answers) -> usize {
    answers.values.len().max(answers.statistics.len())
}
