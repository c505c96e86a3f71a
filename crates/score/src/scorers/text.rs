//! Scorers that look at the output as text: `contains` and its kin, `starts-with`, `ends-with`,
//! `regex`, `max-words` and `word-count`. With `path` they look at that part of a JSON output instead.

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

/// How many of several texts must be there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Enough {
    /// A share: `threshold`, or all. Negated, none may be there.
    Share,
    /// All. Negated, one must be missing.
    All,
    /// One. Negated, none may be there.
    Any,
}

/// `contains` and `icontains`, with `-all` and `-any`: are these texts in the output?
///
/// *Definition.* The share of the wanted texts (one, or a list) that stand somewhere in the output.
/// `contains` passes from `threshold` on, and negated when none of them is there; `contains-all`
/// passes when all are there, and negated when one is missing; `contains-any` passes when one is
/// there, and negated when none is. `icontains` compares in Unicode lower case.
///
/// *Range* 0 to 1, higher is better; 1 or 0 for a single text and for `-any`. *Defaults*: `threshold`
/// 1, so all of them; all of the case's `expected` is wanted.
///
/// *Misleads* on short texts (`cat` is in `category`) and when a fact is stated in other words, or
/// denied: "not refunded" contains "refunded".
pub(super) fn contains(spec: &ScorerSpec, case: Case, enough: Enough) -> Compiled {
    let path = Place::of(spec.path.as_deref())?;
    let threshold = spec.threshold.unwrap_or(1.0);
    if !(threshold > 0.0 && threshold <= 1.0) {
        return Err(format!("`threshold` is a share above 0 and up to 1, not {threshold}"));
    }
    let threshold = match enough {
        // Negated, a single one that is there is too many.
        Enough::Share if spec.negate => f64::MIN_POSITIVE,
        Enough::Share => threshold,
        Enough::All => 1.0,
        Enough::Any => f64::MIN_POSITIVE,
    };
    let any = enough == Enough::Any;
    Ok(Box::new(Contains { path, wanted: Wanted::of(spec)?, case, threshold, any }))
}

#[derive(Debug)]
struct Contains {
    path: Option<Place>,
    wanted: Wanted,
    case: Case,
    threshold: f64,
    /// Whether one is as good as all.
    any: bool,
}

impl Check for Contains {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let wanted = self.wanted.texts(subject.case)?;
        let text = self.folded(&answer.text_at(self.path.as_ref())?);
        let (there, gone): (Vec<String>, Vec<String>) =
            wanted.into_iter().partition(|wanted| text.contains(&self.folded(wanted)));
        let share = there.len() as f64 / (there.len() + gone.len()) as f64;
        let holds = share >= self.threshold;
        if self.any {
            let told = if holds { presence(&there, &[]) } else { presence(&there, &gone) };
            return Ok(Fact::plain(holds, told));
        }
        Ok(Fact::share(holds, share, presence(&there, &gone)))
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

/// Which end of the output is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
}

/// `starts-with` and `ends-with`: does the output begin, or end, with this text?
///
/// *Definition.* After the blanks at its start (before those at its end), the output begins (ends)
/// with the wanted text, in the same upper and lower case; with any of them, when a list is wanted.
///
/// *Range* 1 or 0, higher is better. *Defaults*: all of the case's `expected` is wanted.
///
/// *Misleads* where a model opens or closes with a courtesy.
pub(super) fn edge(spec: &ScorerSpec, edge: Edge) -> Compiled {
    let path = Place::of(spec.path.as_deref())?;
    Ok(Box::new(AtEdge { path, wanted: Wanted::of(spec)?, edge }))
}

#[derive(Debug)]
struct AtEdge {
    path: Option<Place>,
    wanted: Wanted,
    edge: Edge,
}

impl Check for AtEdge {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let wanted = self.wanted.texts(subject.case)?;
        let text = answer.text_at(self.path.as_ref())?;
        let (text, does, does_not) = match self.edge {
            Edge::Start => (text.trim_start(), "starts with", "does not start with"),
            Edge::End => (text.trim_end(), "ends with", "does not end with"),
        };
        let is_there = |wanted: &&String| match self.edge {
            Edge::Start => text.starts_with(wanted.as_str()),
            Edge::End => text.ends_with(wanted.as_str()),
        };
        if let Some(found) = wanted.iter().find(is_there) {
            return Ok(Fact::plain(true, format!("{does} {}", quote(found))));
        }
        let list: Vec<String> = wanted.iter().map(|text| quote(text)).collect();
        let shown = match self.edge {
            Edge::Start => quote(text),
            Edge::End => quote_end(text),
        };
        Ok(Fact::plain(false, format!("{shown} {does_not} {}", list.join(" or "))))
    }
}

/// The end of a text between backticks.
fn quote_end(text: &str) -> String {
    const LONGEST: usize = 79;
    match text.char_indices().rev().nth(LONGEST) {
        Some((start, _)) if start > 0 => quote(&format!("…{}", &text[start..])),
        _ => quote(text),
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

/// `max-words` and `word-count`: is the output of the right length?
///
/// *Definition.* The number of words, a word being what stands between blanks, is at most `max` and
/// at least `min`, as far as they are given. `max-words` needs `max`, `word-count` one of them.
///
/// *Range* 1 or 0, higher is better. *Defaults*: none, a limit must be given.
///
/// *Misleads* in scripts without blanks (a Chinese sentence is one word), and without a `min` on an
/// empty output, which is short as well.
pub(super) fn words(spec: &ScorerSpec) -> Compiled {
    let path = Place::of(spec.path.as_deref())?;
    match (spec.kind.as_str(), spec.min, spec.max) {
        ("max-words", _, None) => return Err("needs `max`, a number of words".to_owned()),
        (_, None, None) => return Err("needs `min` or `max`, a number of words".to_owned()),
        _ => {}
    }
    Ok(Box::new(WordCount { path, limits: Limits::new(spec.min, spec.max)? }))
}

#[derive(Debug)]
struct WordCount {
    path: Option<Place>,
    limits: Limits,
}

impl Check for WordCount {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let count = answer.text_at(self.path.as_ref())?.split_whitespace().count();
        let unit = if count == 1 { "word" } else { "words" };
        Ok(self.limits.check(count as f64, &format!("has {count} {unit}")))
    }
}
