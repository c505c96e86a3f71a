//! The embedded models, with no network: SmolLM2-135M-Instruct, which answers, and
//! all-MiniLM-L6-v2, which says how alike texts are, both on the processor.
//!
//! The first is there so that a prompt can be tried within a minute of installing, with
//! no key and no server, and so that the same seed always gives the same text. This crate owns
//! the model's file format, arithmetic, chat template and sampling. It leaves to
//! others how the file gets onto the machine and which folder it lies in, how many
//! answers are computed at once, and what the answers are for.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use std::path::Path;
//!
//! use assay_local::{Generation, LocalError, LocalModel, model_path};
//!
//! let folder = Path::new("models");
//! let file = model_path(folder).ok_or(LocalError::NotInstalled { looked_in: folder.into() })?;
//! let model = LocalModel::load(&file)?;
//! let answer = model.generate(
//!     &Generation {
//!         messages: &[("user", "Name three colours.")],
//!         max_tokens: 60,
//!         temperature: 0.0,
//!         top_p: None,
//!         seed: 0,
//!         stop: &[],
//!     },
//!     &mut |text| {
//!         print!("{text}");
//!         ControlFlow::Continue(())
//!     },
//! )?;
//! assert!(answer.output_tokens <= 60);
//! # Ok::<(), LocalError>(())
//! ```
//!
//! [`Embedder`] turns texts into points, and [`similarity`] compares them.
//!
//! # Same seed, same text
//!
//! A prompt that starts like an earlier one reuses what was computed for it. No
//! answer depends on that: every number of a token is computed by the same
//! operations in the same order, whether alone, in a chunk of a prompt, or long
//! before. Texts may differ between kinds of processor, whose libraries round
//! exponentials and sines differently.
//!
//! # Where the facts come from
//!
//! The first model's file says them: `general.architecture` (llama), `llama.*` (30 layers, width
//! 576, 9 query heads on 3 key heads, context 8192), `tokenizer.ggml.*` and
//! `tokenizer.chat_template`.

mod cache;
mod embed;
mod gguf;
mod kernel;
mod llama;
mod model;
mod sample;
#[cfg(test)]
mod testing;
mod text;
mod tokens;

use std::path::{Path, PathBuf};

pub use embed::{
    EMBEDDER_ID, EMBEDDER_PIECES, EMBEDDER_PIECES_SHA256, EMBEDDER_WEIGHTS,
    EMBEDDER_WEIGHTS_SHA256, Embedder, Embedding, PieceStates, embedder_path, similarity,
};
pub use model::{Finish, Generated, Generation, LocalModel};

/// The name by which prompts and evals choose the embedded model.
pub const MODEL_ID: &str = "smollm2-135m";

/// The file of the embedded model within the models folder.
pub const MODEL_FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// SHA-256 of [`MODEL_FILE`], for whoever puts it in place. Loading does not check it.
pub const MODEL_SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

/// The model's file, if it lies in the models folder.
pub fn model_path(models_dir: &Path) -> Option<PathBuf> {
    let file = models_dir.join(MODEL_FILE);
    file.is_file().then_some(file)
}

/// How many calls of [`LocalModel::generate`] at a time use this machine best: each
/// computes its answer on one core.
pub fn calls_at_once() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8)
}

/// Why an embedded model did not answer.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// There is no model file.
    #[error("the embedded model is not installed: no such file in {}", looked_in.display())]
    NotInstalled {
        /// The folder in which it was expected.
        looked_in: PathBuf,
    },
    /// The embedding model's files are not there, or not all of them.
    #[error(
        "the embedding model {EMBEDDER_ID} is not installed: no such folder in {}",
        looked_in.display()
    )]
    EmbedderNotInstalled {
        /// The models folder.
        looked_in: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read the model file {}: {source}", file.display())]
    Unreadable {
        /// The model file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is damaged, or of a model that is not known here.
    #[error("the model file {} is not as expected: {reason}", file.display())]
    Malformed {
        /// The model file.
        file: PathBuf,
        /// What is missing or different.
        reason: String,
    },
    /// The prompt leaves no room for an answer.
    #[error("the prompt has {tokens} tokens; the embedded model takes fewer than {limit}")]
    TooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Tokens of prompt and answer together that the model can hold.
        limit: usize,
    },
}
