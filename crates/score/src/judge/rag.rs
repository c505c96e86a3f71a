//! Judges of answers from retrieved texts: `faithfulness`, `answer-relevance`, `context-precision`, `context-recall`.
//!
//! The models' verdicts are summed up by [`crate::rag`]. Forms after ragas 0.4.3, with two differences: what is said
//! to be supported must be quoted, and the quote is looked for in the contexts; and answer relevance counts statements
//! (as DeepEval does) instead of comparing embeddings of made-up questions. What has no statement is undefined.

use assay_prompt::{Row, ScorerSpec};
use serde::Deserialize;

use super::asker::{Asker, Stop, all};
use super::fence::Given;
use super::graded::{has_words, reasoned};
use super::rubric::Reference;
use super::{Family, Finding};
use crate::rag;

/// Statements of one answer at most.
const MOST_STATEMENTS: usize = 60;

/// Bytes of letters and digits that a quote has at least. Fewer stand in any text, and prove nothing; a context that has
/// no more is quoted whole.
const SHORTEST_QUOTE: usize = 8;

/// The share from which on these judges pass when the scorer does not say.
const SHARE: f64 = 0.7;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    claims: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verified {
    verdicts: Vec<Verdict>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    number: usize,
    reason: String,
    quote: String,
    verdict: Support,
}

#[derive(Debug, Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Support {
    Supported,
    Contradicted,
    NotInContext,
}

#[derive(Debug)]
struct Faithfulness;

/// Claims of the answer, and which of them the contexts support.
pub(super) fn faithfulness() -> Box<dyn Family> {
    Box::new(Faithfulness)
}

impl Family for Faithfulness {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let contexts = asker.contexts()?;
        let given =
            Given::default().data("input", asker.case_input()).data("output", asker.output()?);
        let claims = asker.ask("claims", given, |claims: Claims| sound(claims.claims))?;
        if claims.is_empty() {
            return Err(Stop::Cannot("the output makes no claim that could be checked".to_owned()));
        }
        let given =
            Given::default().data("claims", numbered(&claims)).data("contexts", numbered(contexts));
        let verdicts = asker.ask("faithfulness", given, |verified: Verified| {
            supported(verified.verdicts, claims.len(), contexts)
        })?;
        Ok(faithful(&claims, &verdicts))
    }

    fn prompts(&self) -> &'static [&'static str] {
        &["claims", "faithfulness"]
    }

    fn calls(&self, _case: &Row) -> u32 {
        2
    }

    fn threshold(&self) -> f64 {
        SHARE
    }
}

fn sound(claims: Vec<String>) -> Result<Vec<String>, String> {
    match claims.len() > MOST_STATEMENTS {
        true => Err(format!(
            "there are {} statements; at most {MOST_STATEMENTS} are taken",
            claims.len()
        )),
        false if claims.iter().any(|claim| !has_words(claim)) => {
            Err("a statement is empty".to_owned())
        }
        false => Ok(claims),
    }
}

/// The verdicts in the order of the claims, if each has one and each quote of a supported one is in the contexts.
fn supported(
    mut verdicts: Vec<Verdict>,
    claims: usize,
    contexts: &[String],
) -> Result<Vec<Verdict>, String> {
    verdicts.sort_by_key(|verdict| verdict.number);
    each_once(verdicts.iter().map(|verdict| verdict.number), claims)?;
    let contexts: Vec<String> = contexts.iter().map(|text| loose(text)).collect();
    for verdict in &verdicts {
        reasoned(&verdict.reason)
            .map_err(|_| format!("verdict {} has no `reason`", verdict.number))?;
        if verdict.verdict == Support::Supported {
            quoted(&loose(&verdict.quote), &contexts)
                .map_err(|wrong| format!("the `quote` of verdict {} {wrong}", verdict.number))?;
        }
    }
    Ok(verdicts)
}

/// Whether a quote stands in the contexts and is long enough to be one.
fn quoted(quote: &str, contexts: &[String]) -> Result<(), &'static str> {
    let mut holding = contexts.iter().filter(|text| text.contains(quote)).peekable();
    if quote.is_empty() || holding.peek().is_none() {
        return Err("is not in the contexts");
    }
    let letters = quote.chars().filter(|c| c.is_alphanumeric());
    let is_long = letters.map(char::len_utf8).sum::<usize>() >= SHORTEST_QUOTE;
    match is_long || holding.any(|text| text == quote) {
        true => Ok(()),
        false => Err("is too short to show anything; quote the whole phrase"),
    }
}

fn each_once(numbers: impl Iterator<Item = usize>, wanted: usize) -> Result<(), String> {
    let numbers: Vec<usize> = numbers.collect();
    match numbers.iter().copied().eq(1..=wanted) {
        true => Ok(()),
        false => Err(format!(
            "`verdicts` answers {numbers:?}, and each of 1 to {wanted} is to be answered once"
        )),
    }
}

/// A text without what copying changes: blanks, case, and the kind of quotation marks.
fn loose(text: &str) -> String {
    let plain = |c: char| match c {
        '“' | '”' | '„' => '"',
        '‘' | '’' => '\'',
        c => c,
    };
    let words: Vec<String> =
        text.split_whitespace().map(|word| word.chars().map(plain).collect()).collect();
    words.join(" ").to_lowercase()
}

fn faithful(claims: &[String], verdicts: &[Verdict]) -> Finding {
    let is = |wanted: Support| verdicts.iter().map(|v| v.verdict == wanted).collect::<Vec<bool>>();
    let count = |wanted| is(wanted).into_iter().filter(|is| *is).count();
    let value = rag::supported(&is(Support::Supported)).unwrap_or_default();
    let (contradicted, absent) = (count(Support::Contradicted), count(Support::NotInContext));
    let mut reason = format!(
        "{} of {} claims are supported, {contradicted} contradicted, {absent} not in the contexts",
        count(Support::Supported),
        verdicts.len()
    );
    let wrong =
        verdicts.iter().zip(claims).find(|(verdict, _)| verdict.verdict != Support::Supported);
    if let Some((verdict, claim)) = wrong {
        reason.push_str(&format!("; first: “{claim}”: {}", verdict.reason));
    }
    Finding::of(value, reason)
}

fn numbered(texts: &[String]) -> String {
    let lines =
        texts.iter().enumerate().map(|(place, text)| format!("{}. {}", place + 1, text.trim()));
    lines.collect::<Vec<_>>().join("\n")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statements {
    statements: Vec<Statement>,
    noncommittal: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    text: String,
    reason: String,
    relevant: bool,
}

#[derive(Debug)]
struct AnswerRelevance;

/// Which statements of the answer speak to the question.
pub(super) fn answer_relevance() -> Box<dyn Family> {
    Box::new(AnswerRelevance)
}

impl Family for AnswerRelevance {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let given =
            Given::default().data("input", asker.case_input()).data("output", asker.output()?);
        let said = asker.ask("answer-relevance", given, |said: Statements| {
            sound(said.statements.iter().map(|statement| statement.text.clone()).collect())?;
            match said.statements.iter().any(|statement| !has_words(&statement.reason)) {
                true => Err("a statement has no `reason`".to_owned()),
                false => Ok(said),
            }
        })?;
        if said.noncommittal {
            return Ok(Finding::of(0.0, "the answer commits itself to nothing".to_owned()));
        }
        let relevant: Vec<bool> =
            said.statements.iter().map(|statement| statement.relevant).collect();
        let none = || Stop::Cannot("the output makes no statement".to_owned());
        let value = rag::supported(&relevant).ok_or_else(none)?;
        Ok(Finding::of(value, relevance(&said.statements)))
    }

    fn prompts(&self) -> &'static [&'static str] {
        &["answer-relevance"]
    }

    fn threshold(&self) -> f64 {
        SHARE
    }
}

fn relevance(statements: &[Statement]) -> String {
    let relevant = statements.iter().filter(|statement| statement.relevant).count();
    let reason = format!("{relevant} of {} statements answer the question", statements.len());
    match statements.iter().find(|statement| !statement.relevant) {
        Some(off) => format!("{reason}; not “{}”: {}", off.text, off.reason),
        None => reason,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Useful {
    analysis: String,
    useful: bool,
}

#[derive(Debug)]
struct ContextPrecision {
    reference: Reference,
}

/// Whether the contexts of use stand before the others.
pub(super) fn context_precision(spec: &ScorerSpec) -> Result<Box<dyn Family>, String> {
    Ok(Box::new(ContextPrecision { reference: Reference::or_value(spec)? }))
}

impl Family for ContextPrecision {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let contexts = asker.contexts()?;
        let answer = match self.reference.text(asker)?.filter(|text| !text.trim().is_empty()) {
            Some(reference) => reference,
            None => asker.output()?.to_owned(),
        };
        let useful = all(contexts.iter().map(|context| {
            let given = Given::default()
                .data("input", asker.case_input())
                .data("reference", answer.as_str())
                .data("context", context.as_str());
            asker.ask("context-precision", given, |said: Useful| {
                reasoned(&said.analysis).map(|()| said.useful)
            })
        }))?;
        let ranks: Vec<String> =
            (1..).zip(&useful).filter(|(_, is)| **is).map(|(rank, _)| rank.to_string()).collect();
        let which = if ranks.is_empty() {
            "none".to_owned()
        } else {
            format!("number {}", ranks.join(", "))
        };
        let reason = format!("of {} contexts, of use: {which}", useful.len());
        Ok(Finding::of(rag::context_precision(&useful), reason))
    }

    fn prompts(&self) -> &'static [&'static str] {
        &["context-precision"]
    }

    fn calls(&self, case: &Row) -> u32 {
        case.contexts.len() as u32
    }

    fn threshold(&self) -> f64 {
        SHARE
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attributed {
    verdicts: Vec<Attribution>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribution {
    number: usize,
    reason: String,
    attributed: bool,
}

#[derive(Debug)]
struct ContextRecall {
    reference: Reference,
}

/// Which sentences of the reference the contexts support.
pub(super) fn context_recall(spec: &ScorerSpec) -> Result<Box<dyn Family>, String> {
    Ok(Box::new(ContextRecall { reference: Reference::or_value(spec)? }))
}

impl Family for ContextRecall {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let contexts = asker.contexts()?;
        let sentences = sentences(&self.reference.needed(asker)?);
        let given = Given::default()
            .data("input", asker.case_input())
            .data("sentences", numbered(&sentences))
            .data("contexts", numbered(contexts));
        let verdicts = asker
            .ask("context-recall", given, |said: Attributed| attributed(said, sentences.len()))?;
        let found: Vec<bool> = verdicts.iter().map(|verdict| verdict.attributed).collect();
        let none = || Stop::Cannot("the reference has no sentence".to_owned());
        let value = rag::supported(&found).ok_or_else(none)?;
        Ok(Finding::of(value, recall(&verdicts)))
    }

    fn prompts(&self) -> &'static [&'static str] {
        &["context-recall"]
    }

    fn threshold(&self) -> f64 {
        SHARE
    }
}

fn attributed(said: Attributed, sentences: usize) -> Result<Vec<Attribution>, String> {
    let mut verdicts = said.verdicts;
    verdicts.sort_by_key(|verdict| verdict.number);
    each_once(verdicts.iter().map(|verdict| verdict.number), sentences)?;
    match verdicts.iter().find(|verdict| !has_words(&verdict.reason)) {
        Some(verdict) => Err(format!("verdict {} has no `reason`", verdict.number)),
        None => Ok(verdicts),
    }
}

fn recall(verdicts: &[Attribution]) -> String {
    let found = verdicts.iter().filter(|verdict| verdict.attributed).count();
    let reason =
        format!("{found} of {} sentences of the reference are in the contexts", verdicts.len());
    match verdicts.iter().find(|verdict| !verdict.attributed) {
        Some(missing) => format!("{reason}; not {}: {}", missing.number, missing.reason),
        None => reason,
    }
}

/// Sentences, plainly: a full stop, question or exclamation mark with a blank after it ends one, so does a line.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = sentences.len() - 1;
        if c != '\n' {
            sentences[last].push(c);
        }
        let ends = matches!(c, '.' | '?' | '!' | '。')
            && chars.peek().is_none_or(|next| next.is_whitespace());
        if ends || c == '\n' {
            sentences.push(String::new());
        }
    }
    let mut sentences: Vec<String> =
        sentences.iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
    if sentences.len() > MOST_STATEMENTS {
        let rest = sentences.split_off(MOST_STATEMENTS - 1);
        sentences.push(rest.join(" "));
    }
    sentences
}
