//! Scorers that hold a measured number against limits: `latency` and `cost`.

use assay_prompt::ScorerSpec;

use super::answer::Answer;
use super::{Check, Compiled, Fact, Stop};
use crate::Subject;

/// An upper and perhaps a lower limit, both allowed themselves.
#[derive(Debug)]
pub(super) struct Limits {
    min: Option<f64>,
    max: f64,
}

impl Limits {
    pub(super) fn new(min: Option<f64>, max: f64) -> Result<Limits, String> {
        match min {
            Some(min) if min > max => Err(format!("`min` {min} is above `max` {max}")),
            _ => Ok(Limits { min, max }),
        }
    }

    /// `what` states the number with its unit: "took 812 ms".
    pub(super) fn check(&self, number: f64, what: &str) -> Fact {
        let Limits { min, max } = self;
        match min {
            Some(min) if number < *min => Fact::plain(false, format!("{what}, less than {min}")),
            _ if number > *max => Fact::plain(false, format!("{what}, more than {max}")),
            Some(min) => Fact::plain(true, format!("{what}, within {min} and {max}")),
            None => Fact::plain(true, format!("{what}, at most {max}")),
        }
    }
}

fn limits(spec: &ScorerSpec, unit: &str) -> Result<Limits, String> {
    let max = spec.max.or(spec.threshold).ok_or_else(|| format!("needs `max`, in {unit}"))?;
    Limits::new(spec.min, max)
}

/// `latency`: did the answer come in time?
///
/// *Definition.* The time from the request to the last token, in milliseconds, is at most `max`
/// (or `threshold`) and, if given, at least `min`.
///
/// *Range* 1 or 0, higher is better. *Defaults*: none, `max` must be given.
///
/// *Misleads* on a busy machine, with many calls at once, and for a reply from the cache, whose time
/// is that of the first call.
pub(super) fn latency(spec: &ScorerSpec) -> Compiled {
    Ok(Box::new(Latency(limits(spec, "milliseconds")?)))
}

#[derive(Debug)]
struct Latency(Limits);

impl Check for Latency {
    fn find(&self, subject: &Subject, _: &Answer) -> Result<Fact, Stop> {
        let taken = subject.latency_ms;
        Ok(self.0.check(taken as f64, &format!("took {taken} ms")))
    }
}

/// `cost`: was the answer cheap enough?
///
/// *Definition.* What the call cost, in US dollars, is at most `max` (or `threshold`) and, if given,
/// at least `min`.
///
/// *Range* 1 or 0, higher is better. *Defaults*: none, `max` must be given.
///
/// *Misleads* when the price list is out of date. Not judged when there is no price.
pub(super) fn cost(spec: &ScorerSpec) -> Compiled {
    Ok(Box::new(Cost(limits(spec, "US dollars")?)))
}

#[derive(Debug)]
struct Cost(Limits);

impl Check for Cost {
    fn find(&self, subject: &Subject, _: &Answer) -> Result<Fact, Stop> {
        let unknown = || Stop::CannotJudge("what the call cost is not known".to_owned());
        let cost = subject.cost.ok_or_else(unknown)?;
        Ok(self.0.check(cost, &format!("cost {cost} US dollars")))
    }
}
