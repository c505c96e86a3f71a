//! Nunjucks, promptfoo's template language, in the words of ours.
//!
//! Tag by tag: what both say the same way stays as it is, what has another name here is renamed, and
//! what has no counterpart is left as it stands and named, so that our own reader marks the place.
//!
//! Here the pieces of a template; `tag` finds the tags, `lex` reads the words in one, `expression`
//! writes them in ours.

mod expression;
mod lex;
mod tag;

use self::lex::{Kind, Token, inline_if, split, tokens};
use self::tag::{Tag, end_of_tag, is_partial, next_tag};
use crate::jinja::find_block;

/// A template in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text that means itself.
    Text(String),
    /// Template language, ours.
    Code(String),
}

/// A translated template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Translation {
    /// In order.
    pub pieces: Vec<Piece>,
    /// Constructs that have no counterpart; they stand in the pieces as they were.
    pub refused: Vec<String>,
    /// Names whose text is read as JSON (`x | load`): each has an input of its own, see
    /// [`loaded_name`].
    pub loads: Vec<String>,
    /// Whether something was reworded.
    pub reworded: bool,
    /// How many quotes in tags were never closed.
    lone_quotes: usize,
}

/// The input that holds the data of the JSON text in `name`.
pub(super) fn loaded_name(name: &str) -> String {
    format!("{name}_data")
}

/// Translates a template.
pub(super) fn translate(source: &str) -> Translation {
    let mut out = Translation::default();
    if is_partial(source) {
        out.pieces.push(Piece::Text(source.to_owned()));
        return out;
    }
    let mut rest = source;
    while let Some(at) = next_tag(rest) {
        out.text(&rest[..at]);
        rest = out.tag(&rest[at..]);
    }
    out.text(rest);
    out
}

impl Translation {
    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn code(&mut self, code: String) {
        self.pieces.push(Piece::Code(code));
    }

    /// Reads the tag that `text` begins with and gives what follows it.
    fn tag<'t>(&mut self, text: &'t str) -> &'t str {
        let close = match text.as_bytes()[1] {
            b'{' => "}}",
            b'%' => "%}",
            _ => "#}",
        };
        let Some(end) = end_of_tag(text, close, &mut self.lone_quotes) else {
            self.text(text);
            return "";
        };
        let (whole, rest) = text.split_at(end + 2);
        let tag = Tag::of(whole);
        match close {
            "#}" => self.code(whole.to_owned()),
            "}}" => self.print(&tag),
            _ if matches!(tag.inner, "raw" | "verbatim") => return self.raw(rest, tag.inner),
            _ => self.block(&tag),
        }
        rest
    }

    /// Text up to the end tag is text.
    fn raw<'t>(&mut self, rest: &'t str, word: &str) -> &'t str {
        let end = find_block(rest, |inner| {
            inner.trim_matches('-').trim().strip_prefix("end") == Some(word)
        });
        let (text, after) = match end {
            Some((at, close)) => (&rest[..at], &rest[close..]),
            None => (rest, ""),
        };
        self.text(text);
        after
    }

    fn print(&mut self, tag: &Tag) {
        if tag.inner.starts_with("env.") || tag.inner.starts_with("env[") {
            self.refused.push(format!("{{{{ {} }}}}", tag.inner));
            return self.text(tag.whole);
        }
        match self.printed(tag) {
            Ok(code) => {
                self.reworded |= code != tag.whole;
                self.code(code);
            }
            Err(construct) => self.refuse(construct, tag),
        }
    }

    fn refuse(&mut self, construct: String, tag: &Tag) {
        self.refused.push(construct);
        self.code(tag.whole.to_owned());
    }

    /// `a if b else c` and `"x" + y` are several tags here.
    fn printed(&mut self, tag: &Tag) -> Result<String, String> {
        let tokens = tokens(tag.inner)?;
        if let Some((then, condition, otherwise)) = inline_if(&tokens) {
            let then = self.sum(then)?;
            let condition = self.expression(condition)?;
            let otherwise = match otherwise {
                [] => String::new(),
                otherwise => format!("{{% else %}}{}", self.sum(otherwise)?),
            };
            let (open, close) = (tag.open, tag.close);
            return Ok(format!(
                "{{%{open} if {condition} %}}{then}{otherwise}{{% endif {close}%}}"
            ));
        }
        match split(&tokens, &["+", "~"]).as_slice() {
            [one] => {
                let inner = self.expression(one)?;
                Ok(tag.with(&inner, "{{", "}}"))
            }
            _ => self.sum(&tokens),
        }
    }

    /// Texts that are added are printed one after the other.
    fn sum(&mut self, tokens: &[Token]) -> Result<String, String> {
        let parts = split(tokens, &["+", "~"]);
        let adds_text = parts.iter().any(|part| matches!(part, [Token { kind: Kind::Text, .. }]));
        let joins = tokens.iter().any(|token| token.text == "~");
        if parts.len() > 1 && !adds_text && !joins {
            return Err("arithmetic".to_owned());
        }
        let printed = parts.iter().map(|part| Ok(format!("{{{{ {} }}}}", self.expression(part)?)));
        printed.collect()
    }

    fn block(&mut self, tag: &Tag) {
        match self.blocked(tag.inner) {
            Ok(inner) => {
                let code = tag.with(&inner, "{%", "%}");
                self.reworded |= code != tag.whole;
                self.code(code);
            }
            Err(construct) => self.refuse(construct, tag),
        }
    }

    fn blocked(&mut self, inner: &str) -> Result<String, String> {
        let (word, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        match word {
            "else" | "endif" | "endfor" => Ok(word.to_owned()),
            "if" => Ok(format!("if {}", self.expression(&tokens(rest)?)?)),
            "elif" | "elseif" => Ok(format!("elif {}", self.expression(&tokens(rest)?)?)),
            "for" => {
                let (names, list) = rest.split_once(" in ").ok_or("{% for %} without `in`")?;
                if names.contains(',') {
                    return Err("{% for key, value in … %}".to_owned());
                }
                Ok(format!("for {} in {}", names.trim(), self.expression(&tokens(list)?)?))
            }
            other => Err(format!("{{% {other} %}}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template of ours that `source` becomes.
    fn ours(source: &str) -> String {
        let pieces = translate(source).pieces;
        pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Code(code) => code,
            })
            .collect()
    }

    #[test]
    fn what_both_languages_share_stays_as_it_is() {
        for source in [
            "Hi {{name}}, {{ user.first_name|title }}!",
            "{%- if a and not b -%}x{% else %}y{% endif %}",
            "{% for x in xs %}{{ loop.index }}. {{ x }}{% endfor %}",
            "{# a note #}{{ x | default('d') }} {{ -1 }}",
        ] {
            assert_eq!(ours(source), source);
            assert_eq!(translate(source).refused, Vec::<String>::new());
        }
    }

    #[test]
    fn other_words_for_the_same_are_translated() {
        for (source, expected) in [
            (
                "{% if a === 'b' %}{% elseif c !== 1 %}{% endif %}",
                "{% if a == 'b' %}{% elif c != 1 %}{% endif %}",
            ),
            ("{{ xs.length }}", "{{ xs|length }}"),
            ("{{ x | dump | safe }}", "{{ x|tojson }}"),
            ("{{ x|dump(2) }}", "{{ x|tojson(indent=2) }}"),
            ("{{ 'a' if b else 'c' }}", "{% if b %}{{ 'a' }}{% else %}{{ 'c' }}{% endif %}"),
            ("{{ 'a' + b }}", "{{ 'a' }}{{ b }}"),
            ("{% if x == null %}{% endif %}", "{% if x == none %}{% endif %}"),
            ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ] {
            assert_eq!(ours(source), expected);
        }
    }

    #[test]
    fn text_that_is_read_as_json_becomes_an_input_of_its_own() {
        let translation = translate("{{ (style | load).length }} {{ style }}");
        assert_eq!(translation.loads, ["style"]);
        assert_eq!(translation.pieces[0], Piece::Code("{{ style_data.length }}".into()));
    }

    #[test]
    fn what_has_no_counterpart_is_named_and_left_as_it_stands() {
        for (source, construct) in [
            ("{% set x = 1 %}", "{% set %}"),
            ("{{ x.toUpperCase() }}", "the call `toUpperCase()`"),
            ("{{ x | nl2br }}", "the filter `nl2br`"),
            ("{{ a * 2 }}", "the operator `*`"),
            ("{{ a + b }}", "arithmetic"),
            ("{% for k, v in d %}", "{% for key, value in … %}"),
            ("{{ env.KEY }}", "{{ env.KEY }}"),
            ("{{ x is string }}", "the test `is string`"),
        ] {
            let translation = translate(source);
            assert_eq!(translation.refused, [construct], "{source}");
            assert_eq!(ours(source), source);
        }
    }

    #[test]
    fn a_tag_that_does_not_end_makes_all_of_it_text() {
        for source in ["{{ a }} and {{ b", "{% if", "{{", "{#"] {
            assert_eq!(translate(source).pieces, [Piece::Text(source.into())]);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(source in "([{}%#a|.()'\" =+-]|load|raw|if|é)*") {
            translate(&source);
        }
    }
}
