//! An expression of Nunjucks in the words of ours, or the name of what it has no word for.

use assay_prompt::Filter;

use super::lex::{Kind, Token};
use super::{Translation, loaded_name};

impl Translation {
    /// An expression in our words.
    pub(super) fn expression(&mut self, tokens: &[Token]) -> Result<String, String> {
        let tokens = self.loaded(tokens);
        check(&tokens)?;
        let mut out = String::new();
        let mut at = 0;
        while at < tokens.len() {
            let token = &tokens[at];
            let space = if token.spaced && !out.is_empty() { " " } else { "" };
            let text = match (token.kind, token.text.as_str()) {
                (Kind::Mark, "===") => "==",
                (Kind::Mark, "!==") => "!=",
                (Kind::Name, "null" | "undefined") => "none",
                (Kind::Mark, "|") => {
                    at += filter(&tokens[at..], &mut out)?;
                    continue;
                }
                (Kind::Mark, ".") if is_length(&tokens, at) => {
                    out.push_str("|length");
                    at += 2;
                    continue;
                }
                (_, text) => text,
            };
            out.push_str(space);
            out.push_str(text);
            at += 1;
        }
        Ok(out)
    }

    /// `(x | load)` and `x | load` as the input that holds the data.
    fn loaded(&mut self, tokens: &[Token]) -> Vec<Token> {
        let mut out: Vec<Token> = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let texts: Vec<&str> = tokens[at..].iter().take(5).map(|t| t.text.as_str()).collect();
            let (name, taken) = match texts.as_slice() {
                ["(", name, "|", "load", ")"] => (*name, 5),
                [name, "|", "load", ..] => (*name, 3),
                _ => ("", 0),
            };
            if taken > 0 && is_name(name) {
                let spaced = tokens[at].spaced;
                out.push(Token { kind: Kind::Data, text: loaded_name(name), spaced });
                self.loads.push(name.to_owned());
                at += taken;
            } else {
                out.push(tokens[at].clone());
                at += 1;
            }
        }
        out
    }
}

/// `.length` of what is not data of our own making.
fn is_length(tokens: &[Token], at: usize) -> bool {
    let next = tokens.get(at + 1).is_some_and(|token| token.text == "length");
    let called = tokens.get(at + 2).is_some_and(|token| token.text == "(");
    let data = at > 0 && tokens[at - 1].kind == Kind::Data;
    next && !called && !data
}

/// Writes one filter; gives how many tokens it took.
fn filter(tokens: &[Token], out: &mut String) -> Result<usize, String> {
    let name = tokens.get(1).map_or("", |token| token.text.as_str());
    let called = tokens.get(2).is_some_and(|token| token.text == "(");
    match name {
        "safe" => Ok(2),
        "dump" if called => {
            let width = tokens.get(3).filter(|width| width.kind == Kind::Number);
            let width = width.ok_or("the filter `dump` with this argument")?;
            out.push_str(&format!("|tojson(indent={})", width.text));
            Ok(5)
        }
        "dump" => {
            out.push_str("|tojson");
            Ok(2)
        }
        name if name == "d" || name == "count" || Filter::names().any(|known| known == name) => {
            out.push_str(if tokens[0].spaced { " | " } else { "|" });
            out.push_str(name);
            Ok(2)
        }
        name => Err(format!("the filter `{name}`")),
    }
}

/// Refuses by name what our language does not have.
fn check(tokens: &[Token]) -> Result<(), String> {
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        let next = tokens.get(at + 1).map_or("", |next| next.text.as_str());
        let operand =
            before.is_some_and(|b| b.kind != Kind::Mark || b.text == ")" || b.text == "]");
        match (token.kind, token.text.as_str()) {
            (Kind::Mark, "-") if !operand => {}
            (Kind::Mark, mark @ ("+" | "-" | "*" | "/" | "%" | "~" | "**" | "//")) => {
                return Err(format!("the operator `{mark}`"));
            }
            (Kind::Mark, ":" | "{" | "}" | "?" | "=") => {
                return Err(format!("`{}` in an expression", token.text));
            }
            (Kind::Name, "is") if !matches!(next, "defined" | "undefined" | "none" | "not") => {
                return Err(format!("the test `is {next}`"));
            }
            (Kind::Name, name) if next == "(" && !is_word(name) && !piped(before) => {
                return Err(format!("the call `{name}()`"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a filter follows.
fn piped(before: Option<&Token>) -> bool {
    before.is_some_and(|before| before.text == "|")
}

fn is_word(name: &str) -> bool {
    matches!(name, "and" | "or" | "not" | "in" | "is" | "if" | "else")
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !is_word(text)
}
