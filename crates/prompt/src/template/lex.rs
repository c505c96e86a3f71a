//! From text to chunks: plain text and tags, each tag with its tokens.
//!
//! A tag that is never closed ends at its line end, or before the next tag, so that one missing
//! brace costs one line and not the rest of the file.

use super::{MAX_ERRORS, TemplateError};
use crate::{Span, codes};

/// A stretch of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Chunk {
    Text(Span),
    /// `{{ … }}`
    Print(Tag),
    /// `{% … %}`
    Block(Tag),
    /// `{# … #}`: nothing but its white space control.
    Comment(Trim),
}

/// The inside of a tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tag {
    pub tokens: Vec<Token>,
    pub span: Span,
    pub trim: Trim,
}

/// Which sides of a tag have a `-`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Trim {
    pub before: bool,
    pub after: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Name(String),
    Text(String),
    Integer(i64),
    Float(f64),
    /// Punctuation and operators, as written.
    Mark(&'static str),
    /// A character that can begin nothing.
    Unknown(char),
}

/// Longest first, so that `==` is never two `=`.
const MARKS: [&str; 29] = [
    "==", "!=", "<=", ">=", "**", "//", ".", ",", "|", "(", ")", "[", "]", "{", "}", "<", ">", "=",
    "+", "-", "*", "/", "%", "~", ":", "?", "!", "&", "@",
];

/// Splits `source` into chunks. Spans count from the start of `source`.
pub(super) fn chunks(source: &str) -> (Vec<Chunk>, Vec<TemplateError>) {
    let mut lexer =
        Lexer { source, at: 0, chunks: Vec::new(), errors: Vec::new(), comments_end: true };
    lexer.run();
    (lexer.chunks, lexer.errors)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    chunks: Vec<Chunk>,
    errors: Vec<TemplateError>,
    /// Whether the rest may hold a `#}`: looked for once and not found, it is not looked for again.
    comments_end: bool,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while self.at < self.source.len() {
            let start = next_tag(self.source, self.at).unwrap_or(self.source.len());
            self.push_text(self.at, start);
            self.at = start;
            match self.source[start..].get(..2) {
                Some("{#") => self.comment(start),
                Some("{{") => self.print(start),
                Some("{%") => self.block(start),
                _ => {}
            }
        }
    }

    fn push_text(&mut self, start: usize, end: usize) {
        if start < end {
            self.chunks.push(Chunk::Text(Span::new(start, end)));
        }
    }

    fn comment(&mut self, start: usize) {
        let inside = start + 2;
        let length = if self.comments_end { self.source[inside..].find("#}") } else { None };
        let Some(length) = length else {
            self.comments_end = false;
            self.unclosed(start, "{#", "#}");
            self.at = line_end(self.source, start);
            return;
        };
        let inner = &self.source[inside..inside + length];
        self.chunks.push(Chunk::Comment(Trim {
            before: inner.starts_with('-'),
            after: inner.ends_with('-'),
        }));
        self.at = inside + length + 2;
    }

    fn print(&mut self, start: usize) {
        let tag = self.tag(start, "{{", "}}");
        self.chunks.push(Chunk::Print(tag));
    }

    fn block(&mut self, start: usize) {
        let tag = self.tag(start, "{%", "%}");
        let raw = matches!(tag.tokens.as_slice(), [Token { kind: TokenKind::Name(name), .. }] if name == "raw");
        if raw {
            self.raw(start, tag.trim);
        } else {
            self.chunks.push(Chunk::Block(tag));
        }
    }

    /// Everything up to `{% endraw %}` is text, whatever it looks like.
    fn raw(&mut self, start: usize, open: Trim) {
        let inside = self.at;
        let Some((from, to, close)) = find_endraw(self.source, inside) else {
            self.error(TemplateError {
                code: codes::UNCLOSED_BLOCK,
                message: "`{% raw %}` is never closed".to_owned(),
                span: Span::new(start, inside),
                hint: Some("end it with `{% endraw %}`".to_owned()),
            });
            self.push_text(inside, self.source.len());
            self.at = self.source.len();
            return;
        };
        self.chunks.push(Chunk::Comment(open));
        self.push_text(inside, from);
        self.chunks.push(Chunk::Comment(close));
        self.at = to;
    }

    fn tag(&mut self, start: usize, open: &str, close: &'static str) -> Tag {
        let before = self.source[start + 2..].starts_with('-');
        let mut tokens = Vec::new();
        let mut at = start + 2 + usize::from(before);
        loop {
            at += blank(&self.source[at..]);
            let rest = &self.source[at..];
            let after = rest.starts_with('-') && rest[1..].starts_with(close);
            if after || rest.starts_with(close) {
                self.at = at + usize::from(after) + close.len();
                let trim = Trim { before, after };
                let span = Span::new(start, self.at);
                return Tag { tokens, span, trim };
            }
            if rest.is_empty() || starts_tag(rest) {
                return self.cut_tag(start, open, close, tokens);
            }
            match token(rest, at) {
                Ok(token) => {
                    at = token.span.end;
                    tokens.push(token);
                }
                // Its closing quote may be far below, so the string must not swallow the rest.
                Err(unclosed) => {
                    self.error(unclosed);
                    return self.cut_tag(start, open, close, tokens);
                }
            }
        }
    }

    /// Ends an unclosed tag at the end of its first line and keeps the tokens before that.
    fn cut_tag(
        &mut self,
        start: usize,
        open: &str,
        close: &'static str,
        mut tokens: Vec<Token>,
    ) -> Tag {
        self.unclosed(start, open, close);
        // The next tag first: a line may be long and hold many.
        let next = next_tag(self.source, start + 2).unwrap_or(self.source.len());
        self.at = line_end(&self.source[..next], start);
        tokens.retain(|token| token.span.end <= self.at);
        Tag { tokens, span: Span::new(start, self.at), trim: Trim::default() }
    }

    fn unclosed(&mut self, start: usize, open: &str, close: &str) {
        self.error(TemplateError {
            code: codes::UNCLOSED_TAG,
            message: format!("`{open}` is never closed"),
            span: Span::new(start, start + open.len()),
            hint: Some(format!("end it with `{close}`")),
        });
    }

    fn error(&mut self, error: TemplateError) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }
}

fn starts_tag(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.starts_with(open))
}

/// The start of the first tag at or after `from`.
fn next_tag(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    (from..bytes.len().saturating_sub(1))
        .find(|&at| bytes[at] == b'{' && matches!(bytes[at + 1], b'{' | b'%' | b'#'))
}

fn line_end(source: &str, from: usize) -> usize {
    source[from..].find('\n').map_or(source.len(), |length| from + length)
}

fn blank(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Start of `{% endraw %}`, the end of it, and its white space control.
fn find_endraw(source: &str, from: usize) -> Option<(usize, usize, Trim)> {
    let mut at = from;
    while let Some(length) = source[at..].find("{%") {
        let start = at + length;
        let rest = &source[start + 2..];
        let before = rest.starts_with('-');
        let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start();
        if let Some(rest) = rest.strip_prefix("endraw") {
            let rest = rest.trim_start();
            let after = rest.starts_with('-');
            if let Some(rest) = rest.strip_prefix('-').unwrap_or(rest).strip_prefix("%}") {
                return Some((start, source.len() - rest.len(), Trim { before, after }));
            }
        }
        at = start + 2;
    }
    None
}

/// The token `rest` begins with; `at` is where that is. Fails for an unclosed string.
fn token(rest: &str, at: usize) -> Result<Token, TemplateError> {
    let first = rest.chars().next().unwrap_or_default();
    let (kind, length) = match first {
        'a'..='z' | 'A'..='Z' | '_' => name(rest),
        '0'..='9' => number(rest),
        '"' | '\'' => return string(rest, at, first),
        _ => mark(rest, first),
    };
    Ok(Token { kind, span: Span::new(at, at + length) })
}

fn name(rest: &str) -> (TokenKind, usize) {
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    (TokenKind::Name(rest[..length].to_owned()), length)
}

fn number(rest: &str) -> (TokenKind, usize) {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(rest);
    let fraction = rest[whole..].strip_prefix('.').map_or(0, digits);
    let length = whole + if fraction > 0 { 1 + fraction } else { 0 };
    let text = &rest[..length];
    let kind = match text.parse::<i64>() {
        Ok(value) => TokenKind::Integer(value),
        Err(_) => TokenKind::Float(text.parse().unwrap_or_default()),
    };
    (kind, length)
}

fn string(rest: &str, at: usize, quote: char) -> Result<Token, TemplateError> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    // As everywhere in a body, the carriage return of a checkout is no part of the text.
    let ends_line = |at: usize| rest[at..].starts_with("\r\n");
    while let Some((offset, c)) = chars.next() {
        match c {
            _ if c == quote => {
                return Ok(Token {
                    kind: TokenKind::Text(text),
                    span: Span::new(at, at + offset + 1),
                });
            }
            '\r' if ends_line(offset) => {}
            '\\' => match chars.next() {
                Some((offset, '\r')) if ends_line(offset) => text.push('\\'),
                Some((_, escaped)) => push_escape(&mut text, escaped),
                None => break,
            },
            _ => text.push(c),
        }
    }
    Err(TemplateError {
        code: codes::UNCLOSED_TAG,
        message: format!("the text that begins with {quote} is never closed"),
        span: Span::new(at, at + 1),
        hint: Some(format!("end it with {quote}")),
    })
}

fn push_escape(text: &mut String, escaped: char) {
    match escaped {
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' => text.push('\r'),
        '\\' | '"' | '\'' => text.push(escaped),
        other => text.extend(['\\', other]),
    }
}

fn mark(rest: &str, first: char) -> (TokenKind, usize) {
    match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        Some(mark) => (TokenKind::Mark(mark), mark.len()),
        None => (TokenKind::Unknown(first), first.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text and tags of a template, tags as their tokens.
    fn shape(source: &str) -> Vec<String> {
        let (chunks, _) = chunks(source);
        chunks
            .iter()
            .map(|chunk| match chunk {
                Chunk::Text(span) => source[span.start..span.end].to_owned(),
                Chunk::Print(tag) => format!("print {}", tag.tokens.len()),
                Chunk::Block(tag) => format!("block {}", tag.tokens.len()),
                Chunk::Comment(_) => "comment".to_owned(),
            })
            .collect()
    }

    #[test]
    fn closing_marks_inside_strings_do_not_close_a_tag() {
        assert_eq!(shape(r#"a{{ "}}" }}b"#), ["a", "print 1", "b"]);
    }

    #[test]
    fn an_unclosed_tag_costs_its_line_only() {
        assert_eq!(shape("x {{ a\nuser:\n{{ b }}"), ["x ", "print 1", "\nuser:\n", "print 1"]);
        assert_eq!(shape("{{ 'a }}\nb {{ c }}"), ["print 0", "\nb ", "print 1"]);
        assert_eq!(shape("{% if {{ a }}"), ["block 1", "print 1"]);
        assert_eq!(shape("{# a\nb"), ["\nb"]);
    }

    #[test]
    fn raw_text_is_text() {
        assert_eq!(
            shape("{% raw %}{{ a }}{%- endraw -%} b"),
            ["comment", "{{ a }}", "comment", " b"]
        );
    }

    #[test]
    fn a_tag_may_span_lines() {
        assert_eq!(shape("{{ a |\n  upper }}"), ["print 3"]);
    }
}
