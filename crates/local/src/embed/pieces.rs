//! Text to word pieces, as the model was trained on: lower case, without accents, words split at
//! white space and punctuation, then cut into the longest pieces the vocabulary knows.
//!
//! The splitter is built from `vocab.txt` and not from the `tokenizer.json` beside it: that one
//! takes text that reads `[SEP]` for the control piece, pads every text to 128 pieces and cuts it
//! there. Here no text, wherever it comes from, becomes a control piece.
//!
//! Both tokenizers of the model's makers are needed, because they do not agree on every character:
//! embeddings are made of the pieces of the fast one, BERTScore of the original one's, see
//! [`super::words`].

use std::path::Path;

use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{Model, Tokenizer};

use super::safetensors::malformed;
use super::words::words;
use crate::LocalError;

/// Pieces of a text that count for its embedding, the two that frame it included: what the model was
/// trained on.
pub(super) const MAX_PIECES: usize = 256;
/// Bytes of a text that are looked at. The pieces that count lie within the first few thousand of
/// any prose; a text of megabytes must not take longer than one of pages.
const MAX_BYTES: usize = 1 << 16;

/// Pieces and what they stand for.
pub(super) struct Pieces {
    tokenizer: Tokenizer,
    /// `[CLS]`, before every text.
    first: u32,
    /// `[SEP]`, behind every text.
    last: u32,
}

impl Pieces {
    /// Reads a vocabulary: a piece on each line, numbered from 0.
    pub(super) fn read(file: &Path, vocabulary: &[u8]) -> Result<Self, LocalError> {
        let pieces = WordPiece::read_bytes(vocabulary)
            .map_err(|error| malformed(file, format!("no vocabulary in it: {error}")))?;
        let number_of = |piece: &str| {
            let number = pieces.get(piece).copied();
            number.ok_or_else(|| malformed(file, format!("no piece {piece}")))
        };
        let (first, last) = (number_of("[CLS]")?, number_of("[SEP]")?);
        number_of("[UNK]")?;
        let model = WordPiece::builder()
            .vocab(pieces)
            .build()
            .map_err(|error| malformed(file, error.to_string()))?;
        let mut tokenizer = Tokenizer::new(model);
        tokenizer
            .with_normalizer(Some(BertNormalizer::default()))
            .map_err(|error| malformed(file, error.to_string()))?;
        tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
        Ok(Self { tokenizer, first, last })
    }

    /// How many pieces there are.
    pub(super) fn count(&self) -> usize {
        self.tokenizer.get_vocab_size(false)
    }

    /// The pieces of a text as the fast tokenizer cuts it, framed, and so many at most.
    pub(super) fn of(&self, text: &str, most: usize) -> Vec<u32> {
        // It fails only for a word without a piece where there is no `[UNK]`, and there is one.
        let encoding = self.tokenizer.encode_fast(looked_at(text), false);
        let inner = encoding.as_ref().map_or(&[][..], |encoding| encoding.get_ids());
        self.framed(inner.iter().copied(), most)
    }

    /// The pieces of a text as the original tokenizer cuts it, framed, and so many at most.
    pub(super) fn of_original(&self, text: &str, most: usize) -> Vec<u32> {
        let words = words(looked_at(text));
        let pieces = words.iter().flat_map(|word| self.of_word(word));
        self.framed(pieces, most)
    }

    /// The pieces of a word, or `[UNK]`.
    fn of_word(&self, word: &str) -> impl Iterator<Item = u32> + use<> {
        let pieces = self.tokenizer.get_model().tokenize(word).unwrap_or_default();
        pieces.into_iter().map(|piece| piece.id)
    }

    fn framed(&self, inner: impl Iterator<Item = u32>, most: usize) -> Vec<u32> {
        let inner = inner.take(most.saturating_sub(2));
        std::iter::once(self.first).chain(inner).chain(std::iter::once(self.last)).collect()
    }
}

fn looked_at(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_BYTES)]
}
