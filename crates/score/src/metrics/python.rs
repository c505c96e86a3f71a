//! What Python means by whitespace, and the few string operations that rest on it.
//!
//! Most references are Python programs. Their `split` and `strip` also take the four separators
//! U+001C to U+001F for whitespace, which Rust does not; all other characters agree. A metric that
//! uses Rust's own rule scores such texts differently, so every metric comes here instead.
//! Lowercasing needs nothing of ours: `str::to_lowercase` is Python's `lower`, final sigma included.

use std::borrow::Cow;

/// Whether Python's `str.isspace` says so.
#[must_use]
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Python's `text.split()`: what stands between runs of whitespace, never empty.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// Python's `text.rstrip()`.
#[must_use]
pub fn rstrip(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// Python's `text.strip()`.
#[must_use]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Python's `text.lower()` where it is wanted, else the text as it is.
pub(crate) fn in_case(text: &str, lowercase: bool) -> Cow<'_, str> {
    if lowercase { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) }
}

/// Python's `text.replace(from, to)`, without a copy where there is nothing to replace.
pub(crate) fn replaced<'a>(text: Cow<'a, str>, from: &str, to: &str) -> Cow<'a, str> {
    if text.contains(from) { Cow::Owned(text.replace(from, to)) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_separators_part_words_as_in_python() {
        assert_eq!(
            split("a\u{1c}b\u{1f}\u{1d}c\u{85}d\u{a0}e").collect::<Vec<_>>(),
            ["a", "b", "c", "d", "e"]
        );
        assert_eq!(rstrip(" a\u{1e} \n"), " a");
        assert_eq!(strip("\u{1f} a\u{2028}"), "a");
    }

    #[test]
    fn a_zero_width_space_is_no_space() {
        assert_eq!(split("a\u{200b}b").count(), 1);
    }
}
