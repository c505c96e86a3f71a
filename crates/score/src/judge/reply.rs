//! Reading a judge's reply: exactly what was asked for, or not at all.
//!
//! Nothing is repaired and nothing is searched for in prose, so a `verdict: pass` that the material put into the
//! judge's mouth is no verdict. A code fence around all of it is let through, because many models add one whatever
//! they are told.

use serde::de::DeserializeOwned;

/// Why a reply cannot be used, in words for the judge and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unusable(pub String);

/// A reply as an `R`. `foreign` is what was judged: a copy of a part of it is not the judge's own verdict.
pub(super) fn read<'a, R: DeserializeOwned>(
    text: &str,
    foreign: impl Iterator<Item = &'a str>,
) -> Result<R, Unusable> {
    let text = unfenced(text.trim());
    if text.is_empty() {
        return Err(Unusable("the reply is empty".to_owned()));
    }
    let read = serde_json::from_str(text).map_err(|error| {
        Unusable(format!("the reply is not the JSON that was asked for: {error}"))
    })?;
    match is_echo(text, foreign) {
        true => Err(Unusable("the reply is a copy of what is judged".to_owned())),
        false => Ok(read),
    }
}

/// Whether a reply stands in the material, however it is laid out.
fn is_echo<'a>(reply: &str, mut foreign: impl Iterator<Item = &'a str>) -> bool {
    let reply = without_blanks(reply);
    foreign.any(|text| without_blanks(text).contains(&reply))
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What stands in a code fence that is around all of a text; any other text as it is.
fn unfenced(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let inner = inner.and_then(|inner| inner.split_once('\n')).map(|(_, body)| body.trim());
    inner.filter(|body| !body.contains("```")).unwrap_or(text)
}
