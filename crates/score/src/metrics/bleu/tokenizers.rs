//! The tokenizers of BLEU, as sacrebleu 2.6.0 has them.
//!
//! The references are chains of regular expressions that put spaces around things. All that the
//! chains of `13a`, `zh` and `intl` do together can be said of a character and its two neighbours,
//! so the text is cut in one pass and every token is a slice of it ([`cut`]).

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::metrics::python::{is_space, replaced, split, strip};

/// How a text becomes tokens.
///
/// The reference has four more that need models from elsewhere (`ja-mecab`, `ko-mecab`, and
/// `spm`/`flores`); they are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokenizer {
    /// mteval-v13a, the default of WMT: splits ASCII punctuation, unescapes four XML entities.
    #[default]
    V13a,
    /// mteval-v14's international rules: all of Unicode's punctuation and symbols.
    Intl,
    /// Every character is a token; for scripts without spaces.
    Char,
    /// Chinese characters are tokens, all else as 13a.
    Zh,
    /// Nothing: words are what stands between spaces.
    None,
}

impl Tokenizer {
    /// All of them.
    pub const ALL: [Tokenizer; 5] =
        [Tokenizer::V13a, Tokenizer::Intl, Tokenizer::Char, Tokenizer::Zh, Tokenizer::None];

    /// The name in signatures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Tokenizer::V13a => "13a",
            Tokenizer::Intl => "intl",
            Tokenizer::Char => "char",
            Tokenizer::Zh => "zh",
            Tokenizer::None => "none",
        }
    }

    /// The tokenizer of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Tokenizer> {
        Tokenizer::ALL.into_iter().find(|tokenizer| tokenizer.name() == name)
    }

    /// The text with spaces between tokens, letter for letter what the reference gives.
    #[must_use]
    pub fn tokenize(self, text: &str) -> String {
        match self {
            Tokenizer::None => text.to_owned(),
            Tokenizer::Char => spelled(text),
            _ => self.tokens(&self.prepare(text)).join(" "),
        }
    }

    /// Changes that have to be made before tokens can be slices of the text.
    pub(crate) fn prepare(self, text: &str) -> Cow<'_, str> {
        match self {
            Tokenizer::V13a => unescape_13a(text),
            Tokenizer::Zh => Cow::Borrowed(strip(text)),
            _ => Cow::Borrowed(text),
        }
    }

    /// The tokens of a prepared text.
    pub(crate) fn tokens(self, text: &str) -> Vec<&str> {
        match self {
            Tokenizer::V13a => cut(text, western, Edges::Spaces),
            Tokenizer::Zh => cut(text, chinese_or_western, Edges::Bare),
            Tokenizer::Intl => cut(text, international, Edges::Bare),
            Tokenizer::Char => cut(text, every_one_alone, Edges::Bare),
            Tokenizer::None => split(text).collect(),
        }
    }
}

/// Characters with spaces between; spaces are characters as well.
fn spelled(text: &str) -> String {
    let mut spelled = String::with_capacity(2 * text.len());
    for c in text.chars() {
        if !spelled.is_empty() {
            spelled.push(' ');
        }
        spelled.push(c);
    }
    spelled
}

fn unescape_13a(text: &str) -> Cow<'_, str> {
    let text = replaced(Cow::Borrowed(text), "<skipped>", "");
    // That the reference turns other line ends into spaces changes no token.
    unescape(replaced(text, "-\n", ""))
}

/// Four XML entities, in this order: `&amp;lt;` becomes `<`.
pub(crate) fn unescape(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('&') {
        return text;
    }
    let pairs = [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")];
    pairs.into_iter().fold(text, |text, (entity, character)| replaced(text, entity, character))
}

/// What a character is to [`cut`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Space,
    /// Keeps a point with it.
    Digit,
    /// A token of its own, unless it stands between digits.
    Point,
    /// A token of its own after a digit.
    Dash,
    /// A token of its own.
    Alone,
    /// Part of a word.
    Letter,
}

/// What is thought to stand before and after the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edges {
    /// A space on both sides, as 13a and TER add them.
    Spaces,
    /// Nothing: a point at an edge has one neighbour only.
    Bare,
}

/// Cuts a text into tokens.
///
/// The chain of the reference is, with P for points and N for digits: put spaces around a P after
/// a non-N, then around a P before a non-N, each of them for pairs that do not overlap. So a point
/// that follows a point which the first rule has split is left to the second rule.
pub(crate) fn cut(text: &str, kind: impl Fn(char) -> Kind, edges: Edges) -> Vec<&str> {
    let edge = (edges == Edges::Spaces).then_some(Kind::Space);
    let mut tokens = Tokens { text, start: 0, found: Vec::with_capacity(text.len() / 4) };
    let mut before = edge;
    let mut split_by_first_rule = false;
    let mut characters = text.char_indices().map(|(at, c)| (at, c, kind(c))).peekable();
    while let Some((at, c, this)) = characters.next() {
        let after = characters.peek().map(|(_, _, kind)| *kind).or(edge);
        let by_first_rule = this == Kind::Point && !split_by_first_rule && is_other(before);
        let alone = match this {
            Kind::Alone => true,
            Kind::Point => by_first_rule || is_other(after),
            Kind::Dash => before == Some(Kind::Digit),
            Kind::Space | Kind::Digit | Kind::Letter => false,
        };
        if this == Kind::Space || alone {
            tokens.end(at, c.len_utf8(), alone);
        }
        split_by_first_rule = by_first_rule;
        before = Some(this);
    }
    tokens.end(text.len(), 0, false);
    tokens.found
}

/// Whether there is a neighbour, and it is no digit.
fn is_other(neighbour: Option<Kind>) -> bool {
    neighbour.is_some_and(|kind| kind != Kind::Digit)
}

struct Tokens<'a> {
    text: &'a str,
    /// Where the token begins that is being read.
    start: usize,
    found: Vec<&'a str>,
}

impl Tokens<'_> {
    /// Ends the token before this character, which is a token itself if it stands alone.
    fn end(&mut self, at: usize, width: usize, alone: bool) {
        if self.start < at {
            self.found.push(&self.text[self.start..at]);
        }
        self.start = at + width;
        if alone {
            self.found.push(&self.text[at..self.start]);
        }
    }
}

/// The classes of mteval-v13a: ASCII only, and no apostrophe.
pub(crate) fn western(c: char) -> Kind {
    match c {
        '.' | ',' => Kind::Point,
        '-' => Kind::Dash,
        '0'..='9' => Kind::Digit,
        _ if is_western_symbol(c) => Kind::Alone,
        _ if is_space(c) => Kind::Space,
        _ => Kind::Letter,
    }
}

/// What 13a and TER always split off.
pub(crate) fn is_western_symbol(c: char) -> bool {
    matches!(c, '!'..='&' | '('..='+' | '/' | ':'..='@' | '['..='`' | '{'..='~')
}

fn chinese_or_western(c: char) -> Kind {
    if is_chinese(c) && !is_space(c) { Kind::Alone } else { western(c) }
}

/// The ranges of the reference, with its slip: it compares U+20000 to U+2A6D6 as text, of which
/// only the first four digits count. So U+2001 to U+2A6D are "Chinese", arrows and dashes among
/// them, and the supplementary ideographs are not.
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{2001}'..='\u{2a6d}' | '\u{2e80}'..='\u{2fdf}' | '\u{2ff0}'..='\u{303f}'
        | '\u{3100}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' | '\u{31c0}'..='\u{31ef}'
        | '\u{3200}'..='\u{4db5}' | '\u{4e00}'..='\u{9fbb}'
        | '\u{f900}'..='\u{fa2d}' | '\u{fa30}'..='\u{fa6a}' | '\u{fa70}'..='\u{fad9}'
        | '\u{fe10}'..='\u{fe1f}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}')
}

fn every_one_alone(c: char) -> Kind {
    if is_space(c) { Kind::Space } else { Kind::Alone }
}

/// The classes of mteval-v14: Unicode's punctuation, symbols and numbers.
fn international(c: char) -> Kind {
    use GeneralCategory as Is;
    if is_space(c) {
        return Kind::Space;
    }
    match get_general_category(c) {
        Is::ClosePunctuation
        | Is::ConnectorPunctuation
        | Is::DashPunctuation
        | Is::FinalPunctuation
        | Is::InitialPunctuation
        | Is::OpenPunctuation
        | Is::OtherPunctuation => Kind::Point,
        Is::CurrencySymbol | Is::MathSymbol | Is::ModifierSymbol | Is::OtherSymbol => Kind::Alone,
        Is::DecimalNumber | Is::LetterNumber | Is::OtherNumber => Kind::Digit,
        _ => Kind::Letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tokenizer: Tokenizer, text: &str, expected: &str) {
        assert_eq!(tokenizer.tokenize(text), expected, "{} of {text:?}", tokenizer.name());
    }

    #[test]
    fn points_between_digits_stay_with_them() {
        check(Tokenizer::V13a, "3.5, then 1,000.", "3.5 , then 1,000 .");
        check(Tokenizer::V13a, ".5 and a..b...", ". 5 and a . . b . . .");
        check(Tokenizer::Zh, ".5 and 5.", ".5 and 5.");
        check(Tokenizer::Intl, "In 1999.", "In 1999.");
    }

    #[test]
    fn a_dash_is_split_after_a_digit_only() {
        check(Tokenizer::V13a, "well-known 3-4 -5", "well-known 3 - 4 -5");
    }

    #[test]
    fn entities_are_unescaped_in_one_order() {
        check(Tokenizer::V13a, "&amp;lt;b&gt; &quot;x&quot; &apos;", "< b > \" x \" & apos ;");
        check(Tokenizer::V13a, "a<skipped>b hyphen-\nated", "ab hyphenated");
        check(Tokenizer::Intl, "&lt;", "& lt ;");
    }

    #[test]
    fn the_international_tokenizer_knows_all_punctuation() {
        check(Tokenizer::Intl, "¿Qué? 5€ «no»", "¿ Qué ? 5 € « no »");
        check(Tokenizer::V13a, "¿Qué? 5€ «no»", "¿Qué ? 5€ «no»");
    }

    #[test]
    fn chinese_characters_are_tokens_and_so_are_arrows() {
        check(Tokenizer::Zh, "我有3.5本。ok", "我 有 3.5 本 。 ok");
        check(Tokenizer::Zh, "a→b", "a → b");
        check(Tokenizer::Zh, "\u{20000}\u{20001}", "\u{20000}\u{20001}");
    }

    #[test]
    fn separators_are_spaces() {
        check(Tokenizer::V13a, "a\u{1c}b\u{1d}.", "a b .");
        check(Tokenizer::Char, "a b", "a   b");
        assert_eq!(Tokenizer::Char.tokens("a b"), ["a", "b"]);
    }

    #[test]
    fn a_name_leads_back_to_its_tokenizer() {
        for tokenizer in Tokenizer::ALL {
            assert_eq!(Tokenizer::named(tokenizer.name()), Some(tokenizer));
        }
        assert_eq!(Tokenizer::named("flores200"), None);
    }
}
