//! The words of a tag, and where an expression parts.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Number,
    Text,
    Mark,
    /// An input of our own making.
    Data,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub text: String,
    /// Whether white space stands before it.
    pub spaced: bool,
}

pub(super) fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    loop {
        let trimmed = rest.trim_start();
        let spaced = trimmed.len() < rest.len();
        rest = trimmed;
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let (kind, length) = token(rest, first)?;
        tokens.push(Token { kind, text: rest[..length].to_owned(), spaced });
        rest = &rest[length..];
    }
}

fn token(rest: &str, first: char) -> Result<(Kind, usize), String> {
    let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
    match first {
        'r' if rest.starts_with("r/") => Err("a regular expression literal".to_owned()),
        c if c.is_alphabetic() || c == '_' => {
            Ok((Kind::Name, run(|c| c.is_alphanumeric() || c == '_')))
        }
        c if c.is_ascii_digit() => {
            let whole = run(|c| c.is_ascii_digit());
            let fraction = rest[whole..]
                .strip_prefix('.')
                .map_or(0, |tail| tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len()));
            Ok((Kind::Number, if fraction > 0 { whole + 1 + fraction } else { whole }))
        }
        '"' | '\'' => Ok((Kind::Text, text_length(rest, first)?)),
        _ => {
            let marks = ["===", "!==", "==", "!=", "<=", ">=", "**", "//", "&&", "||"];
            let mark = marks.iter().find(|mark| rest.starts_with(**mark));
            Ok((Kind::Mark, mark.map_or(first.len_utf8(), |mark| mark.len())))
        }
    }
}

fn text_length(rest: &str, quote: char) -> Result<usize, String> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err("a text without its closing quote".to_owned())
}

/// The parts between marks that stand in no brackets.
pub(super) fn split<'t>(tokens: &'t [Token], marks: &[&str]) -> Vec<&'t [Token]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0i32, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" if token.kind == Kind::Mark => depth += 1,
            ")" | "]" | "}" if token.kind == Kind::Mark => depth -= 1,
            text if depth == 0 && token.kind == Kind::Mark && marks.contains(&text) => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}

/// `then if condition [else otherwise]`.
pub(super) fn inline_if(tokens: &[Token]) -> Option<(&[Token], &[Token], &[Token])> {
    let word =
        |word: &str| tokens.iter().position(|token| token.kind == Kind::Name && token.text == word);
    let condition = word("if")?;
    let otherwise = word("else").unwrap_or(tokens.len());
    if condition == 0 || otherwise < condition {
        return None;
    }
    let rest = tokens.get(otherwise + 1..).unwrap_or_default();
    Some((&tokens[..condition], &tokens[condition + 1..otherwise], rest))
}
