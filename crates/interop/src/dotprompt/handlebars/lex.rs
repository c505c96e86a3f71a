//! The words inside one tag.

use serde_json::{Value, json};

use crate::dotprompt::is_space;

/// A word of a tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    Name(String),
    /// `[any text]`: a name that is never `this` or `..`.
    Bracketed(String),
    Literal(Value),
    Undefined,
    /// `. / ( ) = | @`
    Mark(char),
    /// `..`
    Up,
    /// `as |`
    AsPipe,
}

/// Splits the inside of a tag; the error is the first thing that is no word.
pub(super) fn words(inside: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = inside.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (word, length) = word(rest).ok_or_else(|| beginning(rest))?;
        words.push(word);
        rest = rest[length..].trim_start_matches(is_space);
    }
    Ok(words)
}

fn beginning(text: &str) -> String {
    text.chars().take(20).collect()
}

fn word(rest: &str) -> Option<(Word, usize)> {
    let first = rest.chars().next()?;
    match first {
        '"' | '\'' => string(rest, first),
        '[' => bracketed(rest),
        '.' if rest.starts_with("..") => Some((Word::Up, 2)),
        '.' | '/' | '(' | ')' | '=' | '|' | '@' => Some((Word::Mark(first), 1)),
        _ => as_pipe(rest).or_else(|| number(rest)).or_else(|| name(rest)),
    }
}

fn string(rest: &str, quote: char) -> Option<(Word, usize)> {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\';
        closes.then_some(at)
    })?;
    let text = rest[1..end].replace(&format!("\\{quote}"), &quote.to_string());
    Some((Word::Literal(json!(text)), end + 1))
}

fn bracketed(rest: &str) -> Option<(Word, usize)> {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find_map(|(at, c)| {
        let closes = c == ']' && !escaped;
        escaped = c == '\\';
        closes.then_some(at)
    })?;
    let name = rest[1..end].replace("\\]", "]").replace("\\\\", "\\");
    Some((Word::Bracketed(name), end + 1))
}

fn as_pipe(rest: &str) -> Option<(Word, usize)> {
    let after = rest.strip_prefix("as")?;
    let pipe = after.trim_start_matches(is_space).strip_prefix('|')?;
    after.starts_with(is_space).then(|| (Word::AsPipe, rest.len() - pipe.len()))
}

/// Looks no further than the number itself: words may stand without a space for megabytes.
fn number(rest: &str) -> Option<(Word, usize)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let sign = usize::from(rest.starts_with('-'));
    let whole = digits(&rest[sign..]);
    let fraction = rest[sign + whole..].strip_prefix('.').map(digits);
    let length = sign + whole + fraction.map_or(0, |fraction| 1 + fraction);
    let alone = rest[length..].chars().next().is_none_or(ends_literal);
    if whole == 0 || fraction == Some(0) || !alone {
        return None;
    }
    let text = &rest[..length];
    let value: Value = match text.parse::<i64>() {
        Ok(whole) => json!(whole),
        Err(_) => json!(text.parse::<f64>().ok()?),
    };
    Some((Word::Literal(value), length))
}

fn ends_literal(c: char) -> bool {
    is_space(c) || c == ')'
}

fn name(rest: &str) -> Option<(Word, usize)> {
    let length = rest.find(|c: char| !names(c)).unwrap_or(rest.len());
    if length == 0 {
        return None;
    }
    let text = &rest[..length];
    let alone = rest[length..].chars().next().is_none_or(ends_literal);
    let word = match text {
        "true" if alone => Word::Literal(Value::Bool(true)),
        "false" if alone => Word::Literal(Value::Bool(false)),
        "null" if alone => Word::Literal(Value::Null),
        "undefined" if alone => Word::Undefined,
        _ => Word::Name(text.to_owned()),
    };
    Some((word, length))
}

/// What a name may be made of: everything but white space and these.
fn names(c: char) -> bool {
    !is_space(c) && !"!\"#%&'()*+,./;<=>@[\\]^`{|}~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_handlebars_does() {
        let name = |text: &str| Word::Name(text.to_owned());
        assert_eq!(
            words("a-b true trueish"),
            Ok(vec![name("a-b"), Word::Literal(json!(true)), name("trueish"),])
        );
        assert_eq!(
            words("x=-1.5 'it\\'s'"),
            Ok(vec![
                name("x"),
                Word::Mark('='),
                Word::Literal(json!(-1.5)),
                Word::Literal(json!("it's")),
            ])
        );
        assert_eq!(words("../a.[b c] as |d|").map(|w| w.len()), Ok(8));
        assert_eq!(words("a ! b"), Err("! b".to_owned()));
    }
}
