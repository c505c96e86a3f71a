//! What changed between two texts, for people to read: by words ([`words`]), by lines ([`lines`]) and as two numbers ([`word_count`]);
//! which passages only moved ([`moves()`]); and what two people made of one text, put together ([`merge()`], [`merge_words`]).
//!
//! The window and the terminal show the same differences, so the crate builds to wasm and is pure: the same two texts always give
//! the same answer. `similar`'s time limits are therefore never used; a slow machine must not see another difference.
//!
//! Every byte of both texts comes back. Invisible and bidirectional characters are data here; marking them is left to whoever
//! draws the pieces, and colours as well.
//!
//! ```
//! use assay_text::{Change, Piece, words};
//!
//! let pieces = words("Answer in one word.", "Answer in one sentence.");
//! let shown: String = pieces
//!     .iter()
//!     .map(|Piece { text, change }| match change {
//!         Change::Equal => text.clone(),
//!         Change::Removed => format!("[-{text}-]"),
//!         Change::Added => format!("{{+{text}+}}"),
//!     })
//!     .collect();
//! assert_eq!(shown, "Answer in one [-word-]{+sentence+}.");
//! ```

mod lines;
mod merge;
mod moves;
mod tokens;
mod words;

pub use lines::{DiffLine, lines};
pub use merge::{Conflict, Merge, Part, merge, merge_words};
pub use moves::{Move, moves};
use serde::{Deserialize, Serialize};
pub use words::{Piece, WordCount, word_count, words};

/// On which side a piece of text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// In the old and the new text.
    Equal,
    /// Only in the old text.
    Removed,
    /// Only in the new text.
    Added,
}
