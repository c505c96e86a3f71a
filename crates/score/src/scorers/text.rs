//! Scorers that look at the output as text: `contains`, `icontains`, `starts-with`, `regex` and
//! `max-words`. With `path` they look at that part of a JSON output instead.

use assay_prompt::ScorerSpec;
use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::answer::{Answer, Place, quote};
use super::limits::Limits;
use super::wanted::Wanted;
use super::{Check, Compiled, Fact, Stop};
use crate::Subject;

/// Whether upper and lower case are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Exact,
    Ignored,
}

/// `contains` and `icontains`: are these texts in the output?
///
/// *Definition.* The share of the wanted texts (one, or a list) that stand somewhere in the output.
/// It passes from `threshold` on. Negated, it passes when none of them is there. `icontains` compares
/// in Unicode lower case.
///
/// *Range* 0 to 1, higher is better; 1 or 0 for a single text. *Defaults*: `threshold` 1, so all of
/// them; all of the case's `expected` is wanted.
///
/// *Misleads* on short texts (`cat` is in `category`) and when a fact is stated in other words, or
/// denied: "not refunded" contains "refunded".
pub(super) fn contains(spec: &ScorerSpec, case: Case) -> Compiled {
    let path = Place::of(spec.path.as_deref())?;
    let threshold = spec.threshold.unwrap_or(1.0);
    if !(threshold > 0.0 && threshold <= 1.0) {
        return Err(format!("`threshold` is a share above 0 and up to 1, not {threshold}"));
    }
    // Negated, a single one that is there is too many.
    let threshold = if spec.negate { f64::MIN_POSITIVE } else { threshold };
    Ok(Box::new(Contains { path, wanted: Wanted::of(spec)?, case, threshold }))
}

#[derive(Debug)]
struct Contains {
    path: Option<Place>,
    wanted: Wanted,
    case: Case,
    threshold: f64,
}

impl Check for Contains {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let wanted = self.wanted.texts(subject.case)?;
        let text = self.folded(&answer.text_at(self.path.as_ref())?);
        let (there, gone): (Vec<String>, Vec<String>) =
            wanted.into_iter().partition(|wanted| text.contains(&self.folded(wanted)));
        let share = there.len() as f64 / (there.len() + gone.len()) as f64;
        Ok(Fact::share(share >= self.threshold, share, presence(&there, &gone)))
    }
}

impl Contains {
    fn folded(&self, text: &str) -> String {
        match self.case {
            Case::Exact => text.to_owned(),
            Case::Ignored => text.to_lowercase(),
        }
    }
}

fn presence(there: &[String], gone: &[String]) -> String {
    let list =
        |texts: &[String]| texts.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", ");
    match (there.is_empty(), gone.is_empty()) {
        (false, true) => format!("contains {}", list(there)),
        (true, _) => format!("does not contain {}", list(gone)),
        (false, false) => format!("contains {}, but not {}", list(there), list(gone)),
    }
}

/// `starts-with`: does the output begin with this text?
///
/// *Definition.* After the blanks at its start, the output begins with the wanted text, in the same
/// upper and lower case; with any of them, when a list is wanted.
///
/// *Range* 1 or 0, higher is better. *Defaults*: all of the case's `expected` is wanted.
///
/// *Misleads* where a model opens with a courtesy before the right answer.
pub(super) fn starts_with(spec: &ScorerSpec) -> Compiled {
    let path = Place::of(spec.path.as_deref())?;
    Ok(Box::new(StartsWith { path, wanted: Wanted::of(spec)? }))
}

#[derive(Debug)]
struct StartsWith {
    path: Option<Place>,
    wanted: Wanted,
}

impl Check for StartsWith {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let wanted = self.wanted.texts(subject.case)?;
        let text = answer.text_at(self.path.as_ref())?;
        let text = text.trim_start();
        if let Some(start) = wanted.iter().find(|wanted| text.starts_with(wanted.as_str())) {
            return Ok(Fact::plain(true, format!("starts with {}", quote(start))));
        }
        let list: Vec<String> = wanted.iter().map(|text| quote(text)).collect();
        Ok(Fact::plain(false, format!("{} does not start with {}", quote(text), list.join(" or "))))
    }
}

/// `regex`: does this pattern match?
///
/// *Definition.* The pattern of `value`, in the syntax of Rust's `regex` crate (no look-around, no
/// back-references, so every pattern ends in linear time), matches somewhere in the output. Anchor
/// it with `^` and `$`, prefix it with `(?i)` to ignore case, `(?m)` for lines, `(?s)` so that `.`
/// takes line breaks. `{{ inputs }}` are not filled in: braces mean something in a pattern.
///
/// *Range* 1 or 0, higher is better. *Defaults*: none, `value` must be given.
///
/// *Misleads* without anchors: `\d+` matches any output with a digit.
pub(super) fn regex(spec: &ScorerSpec) -> Compiled {
    const LARGEST: usize = 1 << 20;
    let path = Place::of(spec.path.as_deref())?;
    let Some(Value::String(source)) = &spec.value else {
        return Err("needs a pattern as `value`".to_owned());
    };
    let pattern = RegexBuilder::new(source).size_limit(LARGEST).build();
    let pattern =
        pattern.map_err(|error| format!("{} is not a pattern: {error}", quote(source)))?;
    Ok(Box::new(Pattern { path, pattern }))
}

#[derive(Debug)]
struct Pattern {
    path: Option<Place>,
    pattern: Regex,
}

impl Check for Pattern {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let text = answer.text_at(self.path.as_ref())?;
        let pattern = quote(self.pattern.as_str());
        Ok(match self.pattern.find(&text) {
            Some(found) if found.is_empty() => Fact::plain(true, format!("matches {pattern}")),
            Some(found) => {
                Fact::plain(true, format!("{} matches {pattern}", quote(found.as_str())))
            }
            None => Fact::plain(false, format!("nothing matches {pattern}")),
        })
    }
}

/// `max-words`: is the output short enough?
///
/// *Definition.* The number of words, a word being what stands between blanks, is at most `max` and,
/// if given, at least `min`.
///
/// *Range* 1 or 0, higher is better. *Defaults*: none, `max` must be given.
///
/// *Misleads* in scripts without blanks (a Chinese sentence is one word), and without a `min` on an
/// empty output, which is short as well.
pub(super) fn max_words(spec: &ScorerSpec) -> Compiled {
    let path = Place::of(spec.path.as_deref())?;
    let max = spec.max.ok_or("needs `max`, a number of words")?;
    Ok(Box::new(MaxWords { path, limits: Limits::new(spec.min, Some(max))? }))
}

#[derive(Debug)]
struct MaxWords {
    path: Option<Place>,
    limits: Limits,
}

impl Check for MaxWords {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let count = answer.text_at(self.path.as_ref())?.split_whitespace().count();
        let unit = if count == 1 { "word" } else { "words" };
        Ok(self.limits.check(count as f64, &format!("has {count} {unit}")))
    }
}
