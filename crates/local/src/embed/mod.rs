//! Texts as points: texts that mean much the same lie close together.
//!
//! The model is all-MiniLM-L6-v2. It chooses the examples nearest to a case, finds rows that say the
//! same in other words, and says how alike an output and its reference are, as wholes or piece by
//! piece. This module owns its files, its word pieces and its arithmetic; it
//! leaves to others what is embedded, what is kept of it, and how near is near.
//!
//! candle reads the file, and the forward pass is our own, on the kernels of the embedded model.
//! candle's own BERT was not taken for the reason given in `docs/decisions/0005`: texts of several
//! lengths computed together are padded there, and the last bits of one depend on the others. Which
//! examples a prompt shows must not depend on what else was embedded in the same breath. Here each
//! text is computed on its own, without padding, and texts are spread over the cores.

mod bert;
mod pieces;
mod safetensors;
mod words;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use self::bert::{Bert, POSITIONS, WIDTH};
use self::pieces::{MAX_PIECES, Pieces};
use self::safetensors::{Weights, malformed};
use crate::LocalError;

/// The embedding model's name: in content ids, and of its folder within the models folder.
pub const EMBEDDER_ID: &str = "all-MiniLM-L6-v2";

/// The file of the embedding model's weights, in its folder.
pub const EMBEDDER_WEIGHTS: &str = "model.safetensors";
/// SHA-256 of [`EMBEDDER_WEIGHTS`].
pub const EMBEDDER_WEIGHTS_SHA256: &str =
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

/// The file of the embedding model's word pieces, in its folder.
pub const EMBEDDER_PIECES: &str = "vocab.txt";
/// SHA-256 of [`EMBEDDER_PIECES`].
pub const EMBEDDER_PIECES_SHA256: &str =
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3";

/// The embedding model's folder, if its files lie in the models folder.
pub fn embedder_path(models_dir: &Path) -> Option<PathBuf> {
    let folder = models_dir.join(EMBEDDER_ID);
    let complete = [EMBEDDER_WEIGHTS, EMBEDDER_PIECES].iter().all(|f| folder.join(f).is_file());
    complete.then_some(folder)
}

/// A text as a point: 384 numbers, the sum of whose squares is 1.
pub type Embedding = Vec<f32>;

/// A text piece by piece: what BERTScore compares.
#[derive(Debug, Clone, PartialEq)]
pub struct PieceStates {
    /// The word pieces, between the two that frame every text.
    pub pieces: Vec<u32>,
    /// What the last layer makes of each: 384 numbers, one piece behind the other.
    pub states: Vec<f32>,
}

/// The embedding model, loaded. Calls may come from several threads.
pub struct Embedder {
    pieces: Pieces,
    bert: Bert,
}

impl std::fmt::Debug for Embedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedder").field("id", &EMBEDDER_ID).finish_non_exhaustive()
    }
}

impl Embedder {
    /// Reads the embedding model from the models folder: about 90 MB, kept in memory.
    ///
    /// The files' digests are checked each time: content ids name the model, and another one under
    /// its name would choose other examples for the same id.
    ///
    /// # Errors
    /// When a file is missing, cannot be read, or is not the one of that name.
    pub fn load(models_dir: &Path) -> Result<Self, LocalError> {
        let folder = embedder_path(models_dir)
            .ok_or_else(|| LocalError::EmbedderNotInstalled { looked_in: models_dir.into() })?;
        let file = folder.join(EMBEDDER_PIECES);
        let pieces = Pieces::read(&file, &read(&file, EMBEDDER_PIECES_SHA256)?)?;
        let file = folder.join(EMBEDDER_WEIGHTS);
        let bytes = read(&file, EMBEDDER_WEIGHTS_SHA256)?;
        let bert = Bert::read(&Weights::parse(&file, &bytes)?, pieces.count())?;
        Ok(Self { pieces, bert })
    }

    /// The texts as points, in their order. Computed on all cores; a text has the same bits
    /// whatever stands beside it. Of a text that is longer, the first 254 word pieces count.
    pub fn embed(&self, texts: &[&str]) -> Vec<Embedding> {
        texts.par_iter().with_max_len(1).map(|text| self.embed_one(text)).collect()
    }

    /// Word pieces of a text that count for its embedding, the two that frame it included: 256 at
    /// most.
    pub fn count_pieces(&self, text: &str) -> usize {
        self.pieces(text).len()
    }

    /// These word pieces.
    pub fn pieces(&self, text: &str) -> Vec<u32> {
        self.pieces.of(text, MAX_PIECES)
    }

    /// The texts piece by piece, in their order, computed as [`Embedder::embed`] does. Up to 512
    /// pieces of a text count, and take 1.5 KB each.
    ///
    /// They are the pieces BERTScore is defined on, of the model's original tokenizer. Those of an
    /// embedding differ from them in rare characters, such as unassigned ones and recent punctuation.
    pub fn piece_states(&self, texts: &[&str]) -> Vec<PieceStates> {
        let of = |text: &&str| {
            let pieces = self.pieces.of_original(text, POSITIONS);
            let states = self.bert.states(&pieces);
            PieceStates { pieces, states }
        };
        texts.par_iter().with_max_len(1).map(of).collect()
    }

    fn embed_one(&self, text: &str) -> Embedding {
        let states = self.bert.states(&self.pieces(text));
        let mut sum = vec![0.0; WIDTH];
        for state in states.chunks_exact(WIDTH) {
            crate::llama::add(&mut sum, state);
        }
        // The mean points the same way as the sum.
        let length = bert::product(&sum, &sum).sqrt().max(f32::MIN_POSITIVE);
        sum.iter_mut().for_each(|x| *x /= length);
        sum
    }
}

/// How alike two embedded texts are: the cosine of the angle between them, from -1 to 1.
pub fn similarity(a: &[f32], b: &[f32]) -> f32 {
    bert::product(a, b)
}

fn read(file: &Path, digest: &str) -> Result<Vec<u8>, LocalError> {
    let bytes = std::fs::read(file)
        .map_err(|source| LocalError::Unreadable { file: file.to_path_buf(), source })?;
    let found: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    if found == digest {
        return Ok(bytes);
    }
    Err(malformed(file, format!("its SHA-256 is {found}, not {digest}")))
}

#[cfg(test)]
mod tests;
