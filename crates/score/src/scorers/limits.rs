//! Scorers that hold a measured number against limits: `latency` and `cost`.

use assay_prompt::ScorerSpec;

use super::answer::Answer;
use super::{Check, Compiled, Direction, Fact, Stop};
use crate::Subject;

/// A lower and an upper limit, both allowed themselves; either may be absent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    min: Option<f64>,
    max: Option<f64>,
}

impl Limits {
    pub(super) fn new(min: Option<f64>, max: Option<f64>) -> Result<Limits, String> {
        match min.zip(max) {
            Some((min, max)) if min > max => Err(format!("`min` {min} is above `max` {max}")),
            _ => Ok(Limits { min, max }),
        }
    }

    /// The limits of a metric, where `threshold` is the worst value that passes.
    pub(super) fn of_metric(spec: &ScorerSpec, direction: Direction) -> Result<Limits, String> {
        let (min, max) = match direction {
            Direction::Higher => (spec.min.or(spec.threshold), spec.max),
            Direction::Lower => (spec.min, spec.max.or(spec.threshold)),
        };
        let limits = Limits::new(min, max)?;
        if spec.negate && limits.are_absent() {
            return Err("`negate` needs a limit to turn round: `threshold`, `min` or `max`".into());
        }
        Ok(limits)
    }

    fn are_absent(self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// Whether a number is within the limits. There is room for the last bits of a float, as
    /// references differ in the order of their sums.
    fn allow(self, number: f64) -> bool {
        let room = 1e-12 * number.abs().max(1.0);
        self.min.is_none_or(|min| number >= min - room)
            && self.max.is_none_or(|max| number <= max + room)
    }

    /// The number held against the limits, in words. `what` states it with its unit: "took 812 ms".
    fn words(self, number: f64, what: &str) -> String {
        let Limits { min, max } = self;
        match (min, max) {
            (Some(min), _) if number < min && !self.allow(number) => {
                format!("{what}, less than {min}")
            }
            (_, Some(max)) if number > max && !self.allow(number) => {
                format!("{what}, more than {max}")
            }
            (Some(min), Some(max)) => format!("{what}, within {min} and {max}"),
            (Some(min), None) => format!("{what}, at least {min}"),
            (None, Some(max)) => format!("{what}, at most {max}"),
            (None, None) => what.to_owned(),
        }
    }

    /// A number that is right or wrong.
    pub(super) fn check(self, number: f64, what: &str) -> Fact {
        Fact::plain(self.allow(number), self.words(number, what))
    }

    /// A number that stays itself, and passes where there is a limit.
    pub(super) fn measure(self, number: f64, what: &str) -> Fact {
        let holds = (!self.are_absent()).then(|| self.allow(number));
        Fact::measured(number, holds, self.words(number, what))
    }
}

fn limits(spec: &ScorerSpec, unit: &str) -> Result<Limits, String> {
    let max = spec.max.or(spec.threshold).ok_or_else(|| format!("needs `max`, in {unit}"))?;
    Limits::new(spec.min, Some(max))
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
        let unknown = || Stop::CannotJudge("how long the call took is not known".to_owned());
        let taken = subject.latency_ms.ok_or_else(unknown)?;
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
