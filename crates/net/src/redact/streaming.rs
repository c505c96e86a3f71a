//! Keys taken out of bytes that arrive in pieces.

use super::{MARK, Search};

/// Takes keys out of a stream: the pieces that come out, joined, are what [`super::Secrets::redact`] makes of the pieces
/// that went in, joined. It holds back what may be the beginning of a key until the next piece decides.
#[must_use = "the end of the stream is held back until `finish`"]
pub struct Redactor {
    search: Option<Search>,
    held: Vec<u8>,
}

impl Redactor {
    pub(super) fn new(search: Option<Search>) -> Redactor {
        Redactor { search, held: Vec::new() }
    }

    /// The next piece, and what may go on now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(search) = &self.search else { return piece.to_vec() };
        self.held.extend_from_slice(piece);
        // Before here the longest key that may begin is wholly in hand, so what is found is final.
        let decided = self.held.len().saturating_sub(search.longest - 1);
        let mut clean = Vec::new();
        let mut from = 0;
        for found in search.automaton.find_iter(&self.held) {
            if found.start() >= decided {
                break;
            }
            clean.extend_from_slice(&self.held[from..found.start()]);
            clean.extend_from_slice(MARK.as_bytes());
            from = found.end();
        }
        let upto = decided.max(from);
        clean.extend_from_slice(&self.held[from..upto]);
        self.held.drain(..upto);
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
