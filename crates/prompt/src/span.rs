//! Places in a file: byte ranges, and their conversion to the line and column people read.
//!
//! Everything in this crate speaks in byte offsets, because an editor can turn them into whatever
//! unit it uses; lines and columns exist for messages only.

use serde::{Deserialize, Serialize};

/// A half-open range of byte offsets in one file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset just after the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The empty range at `offset`.
    pub const fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// The same range, `by` bytes further on. Turns offsets in a part into offsets in the whole.
    #[must_use]
    pub const fn shifted(self, by: usize) -> Self {
        Self::new(self.start + by, self.end + by)
    }

    /// The smallest range that covers both.
    #[must_use]
    pub fn to(self, other: Span) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// Line and column of a byte offset, both counted from 1; the column counts characters.
///
/// An offset beyond the end gives the place after the last character; one inside a character gives
/// that character.
pub fn line_col(text: &str, offset: usize) -> (usize, usize) {
    let offset = text.floor_char_boundary(offset);
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// The lines of `text`, split on `\n` only, each with the offset it starts at and without its `\n`.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.strip_suffix('\n').unwrap_or(line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_offsets_may_be_anywhere() {
        let text = "aé\nxyz";
        assert_eq!(line_col(text, 0), (1, 1));
        assert_eq!(line_col(text, 2), (1, 2), "inside a character is that character");
        assert_eq!(line_col(text, 3), (1, 3));
        assert_eq!(line_col(text, 4), (2, 1));
        assert_eq!(line_col(text, 999), (2, 4), "beyond the end is the end");
    }

    #[test]
    fn only_line_feeds_split_lines() {
        let found: Vec<_> = lines("a\u{2028}b\r\nc\n").collect();
        assert_eq!(found, [(0, "a\u{2028}b\r"), (7, "c")]);
    }
}
