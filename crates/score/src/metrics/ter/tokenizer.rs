//! Tercom's tokenizer, as sacrebleu 2.6.0 has it, slips included.

use std::borrow::Cow;

use crate::metrics::bleu::tokenizers::{Edges, Kind, cut, is_western_symbol, unescape, western};
use crate::metrics::python::{in_case, replaced, split};

/// How a text becomes words. All off by default: words are what stands between spaces, lowercased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TercomTokenizer {
    /// Joins lines, unescapes four XML entities, parts punctuation from words.
    pub normalized: bool,
    /// Removes punctuation.
    pub no_punct: bool,
    /// With `normalized`, Chinese and Japanese characters are words; with `no_punct`, their
    /// punctuation goes as well. Nothing by itself.
    pub asian_support: bool,
    /// Keeps upper case.
    pub case_sensitive: bool,
}

impl TercomTokenizer {
    /// The words, with one space between.
    #[must_use]
    pub fn tokenize(&self, text: &str) -> String {
        let mut text = in_case(text, !self.case_sensitive);
        if self.normalized {
            text = Cow::Owned(self.normalize(text));
        }
        if self.no_punct {
            text = Cow::Owned(text.chars().filter(|c| !self.removes(*c)).collect());
        }
        joined(split(&text))
    }

    fn normalize(&self, text: Cow<'_, str>) -> String {
        // Not "-\n", which would join a word that was parted at a line's end.
        let text = replaced(text, "\n-", "");
        let text = part_possessives(unescape(replaced(text, "\n", " ")));
        let kind = |c| if self.asian_support && is_asian(c) { Kind::Alone } else { western(c) };
        joined(cut(&text, kind, Edges::Spaces).into_iter())
    }

    fn removes(&self, c: char) -> bool {
        matches!(c, '.' | ',' | '?' | ':' | ';' | '!' | '"' | '(' | ')')
            || (self.asian_support && is_asian_punctuation(c))
    }
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Parts `'s` from the word before it, where a space or a symbol follows, or nothing.
fn part_possessives(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains("'s") {
        return text;
    }
    let mut parted = String::with_capacity(text.len() + 8);
    let mut rest = &*text;
    while let Some(at) = rest.find("'s") {
        let (before, after) = rest.split_at(at);
        parted.push_str(before);
        let next = after.chars().nth(2);
        if next.is_none_or(|c| c == ' ' || is_western_symbol(c)) {
            parted.push(' ');
        }
        parted.push_str("'s");
        rest = &after[2..];
    }
    parted.push_str(rest);
    Cow::Owned(parted)
}

/// What becomes a word of its own: the reference splits hiragana and katakana only at the very
/// start of a text, where it has put a space before, so never.
fn is_asian(c: char) -> bool {
    is_asian_punctuation(c)
        || matches!(c,
            // The reference's slip for U+3200 to U+32FF.
            '\u{3200}'..='\u{3f22}'
            | '\u{2e80}'..='\u{2eff}' | '\u{31c0}'..='\u{31ef}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}')
}

fn is_asian_punctuation(c: char) -> bool {
    matches!(c,
        '\u{3001}' | '\u{3002}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}'
        | '\u{ff61}'..='\u{ff65}' | '\u{30fb}'
        | '\u{ff0e}' | '\u{ff0c}' | '\u{ff1f}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff01}'
        | '\u{ff02}' | '\u{ff08}' | '\u{ff09}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: TercomTokenizer = TercomTokenizer {
        normalized: false,
        no_punct: false,
        asian_support: false,
        case_sensitive: false,
    };

    #[test]
    fn by_default_punctuation_sticks_to_its_word() {
        assert_eq!(PLAIN.tokenize("Hello,  World!"), "hello, world!");
    }

    #[test]
    fn normalizing_parts_punctuation_and_possessives() {
        let tokenizer = TercomTokenizer { normalized: true, ..PLAIN };
        assert_eq!(tokenizer.tokenize("Ann's dog's."), "ann 's dog's .");
        assert_eq!(tokenizer.tokenize("say &quot;1,000&quot;"), "say \" 1,000 \"");
        assert_eq!(tokenizer.tokenize("end\n-ing well-\nknown"), "ending well- known");
    }

    #[test]
    fn asian_support_makes_characters_words() {
        let tokenizer = TercomTokenizer { normalized: true, asian_support: true, ..PLAIN };
        assert_eq!(tokenizer.tokenize("我有3本。カナ"), "我 有 3 本 。 カナ");
        let bare = TercomTokenizer { no_punct: true, asian_support: true, ..PLAIN };
        assert_eq!(bare.tokenize("我有。(a.b)"), "我有ab");
    }
}
