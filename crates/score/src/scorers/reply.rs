//! Scorers of how a reply ended: `finish-reason` and `refusal`.

use assay_prompt::ScorerSpec;
use serde_json::Value;

use super::answer::{Answer, quote};
use super::settings::Settings;
use super::{Check, Compiled, Fact, Stop};
use crate::Subject;

/// How refusals begin, in lower case and with a plain apostrophe.
const REFUSALS: &[&str] = &[
    "i can't assist",
    "i can't help",
    "i can't comply",
    "i can't provide",
    "i can't fulfill",
    "i can't do that",
    "i cannot assist",
    "i cannot help",
    "i cannot comply",
    "i cannot provide",
    "i cannot fulfill",
    "i cannot do that",
    "i am not able to",
    "i am unable to",
    "i'm not able to",
    "i'm unable to",
    "i will not",
    "i won't",
    "i must decline",
    "i have to decline",
    "i must refuse",
    "i decline to",
    "as an ai language model, i can",
    "as an ai, i can",
    "it is against my programming",
    "it's against my programming",
    "it goes against my guidelines",
];

/// Polite words that may come before a refusal.
const COURTESIES: &[&str] = &[
    "sorry",
    "i'm sorry",
    "i am sorry",
    "i'm very sorry",
    "i apologize",
    "i apologise",
    "my apologies",
    "unfortunately",
    "no",
    "thank you",
    "thanks",
    "but",
    "however",
];

/// `finish-reason`: did the model stop for this reason?
///
/// *Definition.* The reason, as every provider's is told here: `stop`, `length`, `tool_calls`,
/// `content_filter`, `refusal`, or the server's own word, is the wanted one, or one of a list.
///
/// *Range* 1 or 0, higher is better. *Defaults*: `value: stop`.
///
/// *Misleads* about content: a model that stops by itself may have said nothing. Not judged where the
/// reason is not known.
pub(super) fn finish_reason(spec: &ScorerSpec) -> Compiled {
    Settings::of(spec).refuse_others()?;
    let wrong = || "`value` is a reason or a list of them".to_owned();
    let wanted: Vec<String> = match &spec.value {
        None => vec!["stop".to_owned()],
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => {
            let text = |one: &Value| one.as_str().map(str::to_owned).ok_or_else(wrong);
            several.iter().map(text).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(wrong()),
    };
    Ok(Box::new(FinishReason(wanted)))
}

#[derive(Debug)]
struct FinishReason(Vec<String>);

impl Check for FinishReason {
    fn find(&self, subject: &Subject, _: &Answer) -> Result<Fact, Stop> {
        let unknown = || Stop::CannotJudge("why the model stopped is not known".to_owned());
        let finish = subject.finish.filter(|finish| !finish.is_empty()).ok_or_else(unknown)?;
        if self.0.iter().any(|wanted| wanted == finish) {
            return Ok(Fact::plain(true, format!("stopped for {}", quote(finish))));
        }
        let wanted: Vec<String> = self.0.iter().map(|wanted| quote(wanted)).collect();
        let text = format!("stopped for {}, not {}", quote(finish), wanted.join(" or "));
        Ok(Fact::plain(false, text))
    }
}

/// `refusal`: did the model decline? As a rule with `negate: true`, as answers are wanted.
///
/// *Definition.* The reply ended as a refusal or by a content filter, in the provider's own way; or
/// the output begins, after words of courtesy, as refusals in English begin ("I can't help", "I must
/// decline").
///
/// *Range* 1 or 0; 1 is a refusal. *Defaults*: none needed. *Source*: our own list.
///
/// *Misleads* in other languages, where a refusal is worded otherwise or comes later, and for an
/// answer that quotes one first. Where it matters let a judge decide.
pub(super) fn refusal(spec: &ScorerSpec) -> Compiled {
    Settings::of(spec).refuse_others()?;
    Ok(Box::new(Refusal))
}

#[derive(Debug)]
struct Refusal;

impl Check for Refusal {
    fn find(&self, subject: &Subject, _: &Answer) -> Result<Fact, Stop> {
        if let Some(finish @ ("refusal" | "content_filter")) = subject.finish {
            return Ok(Fact::plain(true, format!("ended as {}", quote(finish))));
        }
        Ok(match refused(subject.output) {
            Some(words) => Fact::plain(true, format!("refuses: {}", quote(words))),
            None => Fact::plain(false, "is no refusal".to_owned()),
        })
    }
}

/// The words of refusal that a text begins with.
fn refused(text: &str) -> Option<&'static str> {
    const ENOUGH: usize = 300;
    let beginning: String = text.trim_start().chars().take(ENOUGH).collect();
    let beginning = beginning.to_lowercase().replace(['’', '‘'], "'");
    let mut rest = beginning.as_str();
    loop {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        if let Some(found) = REFUSALS.iter().find(|words| rest.starts_with(**words)) {
            return Some(found);
        }
        let courtesy = |words: &&&str| {
            let after = rest.strip_prefix(**words);
            after.is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        };
        rest = rest.strip_prefix(*COURTESIES.iter().find(courtesy)?)?;
    }
}
