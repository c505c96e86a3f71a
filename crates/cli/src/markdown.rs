//! Words of others in Markdown that we write: names of prompts and cases, reasons, titles, people.
//!
//! They come from repositories and strangers, and the Markdown goes into pull requests, where a name must not become a
//! link, a picture, a mention, a reference, a heading or HTML, nor hide or turn round what stands beside it.

use crate::output::is_invisible;

/// Breaks words that a forge would make something of, and is seen by nobody.
const JOINER: char = '\u{2060}';

/// A text that stays text. It is for within a line: line ends become blanks.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => safe.push(' '),
            c if is_invisible(c) => safe.push_str(&format!("\\\\u{{{:x}}}", u32::from(c))),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '|' | '~' | '$' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
        let next = rest.peek().copied();
        if is_sigil(c, next) || begins_link(&safe, next) {
            safe.push(JOINER);
        }
    }
    safe
}

/// Whether a forge would take what follows for a person, a number of an issue or a merge request, a label, ….
fn is_sigil(c: char, next: Option<char>) -> bool {
    let names = next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '"' | '_'));
    match c {
        '@' | '#' => true,
        '!' | '~' | '%' | '&' | '$' | '^' => names,
        _ => false,
    }
}

/// Whether an address begins here, which becomes a link without any sign of one.
fn begins_link(before: &str, next: Option<char>) -> bool {
    let is_scheme = before.ends_with(':') && next == Some('/');
    let is_host = before.get(before.len().saturating_sub(4)..);
    is_scheme || is_host.is_some_and(|end| end.eq_ignore_ascii_case("www."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_repository_cannot_become_markup() {
        assert_eq!(
            escaped("![x](http://a) @ada <b> a|b"),
            "\\!\\[x\\](http:\u{2060}//a) @\u{2060}ada &lt;b&gt; a\\|b"
        );
    }

    #[test]
    fn addresses_references_and_formulas_stay_words() {
        assert_eq!(escaped("WWW.evil.example"), "WWW.\u{2060}evil.example");
        assert_eq!(escaped("a@b.example"), "a@\u{2060}b.example");
        assert_eq!(
            escaped("!12 ~bug &3 $x$ %v1"),
            "\\!\u{2060}12 \\~\u{2060}bug &amp;\u{2060}3 \\$\u{2060}x\\$ %\u{2060}v1"
        );
        assert_eq!(escaped("70 % & more"), "70 % &amp; more");
        assert_eq!(escaped("#1"), "#\u{2060}1");
    }

    #[test]
    fn what_hides_or_turns_text_round_is_shown_by_its_code() {
        assert_eq!(escaped("a\u{202e}b\u{200b}c\nd\u{1b}[2J"), "a\\\\u{202e}b\\\\u{200b}c d \\[2J");
    }
}
