//! Keys taken out of bytes that arrive in pieces.

use super::{MARK, Search};

/// Takes keys out of a stream: the pieces that come out, joined, are what [`super::Secrets::redact`] makes of the pieces
/// that went in, joined. Held back until the next piece decides is only the longest end that some encoding of a key
/// begins with, and goes on from. Text that no key begins like is handed on at once.
#[must_use = "the end of the stream is held back until `finish`"]
pub struct Redactor {
    search: Option<Search>,
    pub(super) held: Vec<u8>,
}

impl Redactor {
    pub(super) fn new(search: Option<Search>) -> Redactor {
        Redactor { search, held: Vec::new() }
    }

    /// The next piece, and what may go on now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(search) = &self.search else { return piece.to_vec() };
        self.held.extend_from_slice(piece);
        let mut clean = Vec::new();
        let mut from = 0;
        let mut open = search.open_end(&self.held);
        for found in search.automaton.find_iter(&self.held) {
            // What begins where the open end does, or after it, may yet turn out a part of something longer.
            if found.start() >= open {
                break;
            }
            clean.extend_from_slice(&self.held[from..found.start()]);
            clean.extend_from_slice(MARK.as_bytes());
            from = found.end();
            if open < from {
                // A key has swallowed the beginning of what seemed open.
                open = from + search.open_end(&self.held[from..]);
            }
        }
        clean.extend_from_slice(&self.held[from..open]);
        self.held.drain(..open);
        clean
    }

    /// What was held back.
    pub fn finish(self) -> Vec<u8> {
        match &self.search {
            Some(search) => search.replace_all(&self.held).into_owned(),
            None => self.held,
        }
    }
}
