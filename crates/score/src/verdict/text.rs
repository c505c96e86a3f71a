//! A verdict in words.

use std::fmt::{self, Display};

use super::{Kind, Leaning, ScorerVerdict, Verdict, Word};
use crate::Mean;
use crate::stats::Interval;

/// One paragraph of three lines for each scorer, in Markdown.
impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (place, scorer) in self.scorers.iter().enumerate() {
            if place > 0 {
                f.write_str("\n\n")?;
            }
            let (subject, head, base) = (&self.subject, &self.head, &self.base);
            let (size, id) = (scorer.size(), &scorer.scorer);
            let names = format!("{subject} · {head} against {base} · {size} · {id}");
            write!(f, "{}\n{scorer}", on_one_line(&names))?;
        }
        Ok(())
    }
}

/// Names come from the repository, and whoever quotes a verdict relies on it that they stand on the first line.
fn on_one_line(names: &str) -> String {
    names.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The numbers on one line, the word on the next.
impl Display for ScorerVerdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let unit = Unit::of(self);
        write!(f, "{} → {}", unit.mean(&self.base), unit.mean(&self.head))?;
        write!(f, " · change **{}{}**", unit.signed(self.change), unit.points())?;
        if let Some(interval) = self.interval {
            write!(f, " {}", unit.signed_interval(interval))?;
        }
        write!(f, " · {}", self.counts())?;
        if let Some(p) = self.p {
            write!(f, " · {} {}", self.test, p_value(p))?;
        }
        if let Some(p) = self.holm_p.filter(|_| self.gates > 1) {
            write!(f, " (Holm over {} gates: {})", self.gates, p_value(p))?;
        }
        write!(f, "\n**{}.**{}", self.word(&unit), self.what_next(&unit))
    }
}

impl ScorerVerdict {
    fn size(&self) -> String {
        let cases = counted(self.cases, "case");
        match self.sources {
            Some(sources) => format!("{cases} of {}, paired", counted(sources, "source")),
            None => format!("{cases}, paired"),
        }
    }

    fn counts(&self) -> String {
        let changed = &self.changed;
        let (fixed, broken) = (changed.fixed.len(), changed.broken.len());
        format!("{fixed} fixed, {broken} broken, {} unchanged", changed.unchanged.len())
    }

    fn word(&self, unit: &Unit) -> String {
        match (self.word, self.leaning) {
            (Word::Better, _) => "Better".to_owned(),
            (Word::Worse, _) => "Worse".to_owned(),
            (Word::Equivalent, _) => {
                format!("Equivalent within ±{}{}", unit.plain(self.margin), unit.points())
            }
            (Word::Inconclusive, Some(Leaning::Better)) => {
                "Inconclusive, leaning better".to_owned()
            }
            (Word::Inconclusive, Some(Leaning::Worse)) => "Inconclusive, leaning worse".to_owned(),
            (Word::Inconclusive, None) => "Inconclusive".to_owned(),
            (Word::Incomplete, _) => "Incomplete".to_owned(),
        }
    }

    fn what_next(&self, unit: &Unit) -> String {
        let mut sentences = Vec::new();
        sentences.extend(self.missing());
        if self.word == Word::Inconclusive {
            sentences.extend(self.needed(unit));
        }
        match self.changed.broken.len() {
            0 => {}
            1 => sentences.push("The one broken first.".to_owned()),
            broken => sentences.push(format!("The {broken} broken first.")),
        }
        sentences.iter().map(|sentence| format!(" {sentence}")).collect()
    }

    fn missing(&self) -> Option<String> {
        let errors = self.errors;
        (errors.base + errors.head > 0).then(|| {
            format!(
                "{:.1} % of the answers failed or were not judged (base {}, head {}).",
                100.0 * errors.share,
                errors.base,
                errors.head
            )
        })
    }

    /// What so many cases can show, and how many more it takes.
    fn needed(&self, unit: &Unit) -> Option<String> {
        let (n, what) = match self.sources {
            Some(sources) => (sources, "source"),
            None => (self.cases, "case"),
        };
        let detectable = unit.plain(self.detectable?);
        let detect = if n == 1 { "detects" } else { "detect" };
        let start = format!("{} {detect} ±{detectable}{}", counted(n, what), unit.points());
        Some(match self.more_cases {
            Some(more) => format!("{start}; about {more} more would settle it."),
            None => format!("{start}."),
        })
    }
}

/// How values of a measure are written.
struct Unit {
    scale: f64,
    digits: usize,
    percent: bool,
}

/// Below this, a corpus score is one of 0 to 1 such as macro F1, or an error rate, and not one of 0 to 100.
const SMALL_SCORE: f64 = 5.0;

impl Unit {
    fn of(scorer: &ScorerVerdict) -> Unit {
        let small = scorer.base.mean.abs().max(scorer.head.mean.abs()) < SMALL_SCORE;
        match scorer.kind {
            Kind::PassFail => Unit { scale: 100.0, digits: 1, percent: true },
            Kind::Corpus if !small => Unit { scale: 1.0, digits: 1, percent: false },
            Kind::Score | Kind::Corpus => Unit { scale: 1.0, digits: 3, percent: false },
            Kind::Rating => Unit { scale: 1.0, digits: 2, percent: false },
        }
    }

    fn plain(&self, value: f64) -> String {
        // Minus signs are typographical; and no −0.0.
        let text = format!("{:.*}", self.digits, value * self.scale);
        let zero = !text.contains(|c: char| c.is_ascii_digit() && c != '0');
        match text.strip_prefix('-') {
            Some(size) if !zero => format!("−{size}"),
            Some(size) => size.to_owned(),
            None => text,
        }
    }

    fn signed(&self, value: f64) -> String {
        let text = self.plain(value);
        if text.starts_with('−') { text } else { format!("+{text}") }
    }

    fn mean(&self, mean: &Mean) -> String {
        let percent = if self.percent { " %" } else { "" };
        let (low, high) = (self.plain(mean.low), self.plain(mean.high));
        format!("{}{percent} [{low}, {high}]", self.plain(mean.mean))
    }

    fn signed_interval(&self, interval: Interval) -> String {
        format!("[{}, {}]", self.signed(interval.low), self.signed(interval.high))
    }

    fn points(&self) -> &'static str {
        if self.percent { " points" } else { "" }
    }
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// `p = .092`, as statisticians write it: without the 0 that is always there.
fn p_value(p: f64) -> String {
    if p < 0.001 {
        return "p < .001".to_owned();
    }
    let text = format!("{p:.3}");
    match text.strip_prefix('0') {
        Some(digits) => format!("p = {digits}"),
        None => "p = 1".to_owned(),
    }
}
