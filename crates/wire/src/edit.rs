//! Edits of whole prompts and variants, and taking them back.

use serde::{Deserialize, Serialize};

/// What an edit did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// Key of the prompt that was edited or made; `None` when it is gone.
    pub prompt: Option<String>,
    /// In words, such as `Renamed a to b`.
    pub done: String,
    /// Hand it to [`UndoEdit`] to take the edit back. Good while the program runs.
    pub undo: String,
}

/// Makes a prompt with one variant, in the first folder of prompts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatePrompt {
    /// Name of its folder, or a path below the repository's root.
    pub name: String,
}

/// Makes a copy of a prompt, with a permanent id of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DuplicatePrompt {
    /// Name or key of the prompt.
    pub prompt: String,
    /// Name of the copy.
    pub name: String,
}

/// Renames a prompt's folder or lone file. Its permanent id stays, and with it its history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RenamePrompt {
    /// Name or key of the prompt.
    pub prompt: String,
    /// The new name.
    pub name: String,
}

/// Takes a prompt away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeletePrompt {
    /// Name or key of the prompt.
    pub prompt: String,
}

/// Gives a lone `.prompty` file a folder with a manifest, so that it can have variants, examples,
/// cases and evals.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConvertPrompt {
    /// Name or key of the prompt.
    pub prompt: String,
}

/// Adds a variant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddVariant {
    /// Name or key of the prompt.
    pub prompt: String,
    /// The new variant's id.
    pub id: String,
    /// The variant it begins as a copy of; a short one when `None`.
    pub from: Option<String>,
}

/// Renames a variant and its file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RenameVariant {
    /// Name or key of the prompt.
    pub prompt: String,
    /// The variant.
    pub variant: String,
    /// Its new id.
    pub id: String,
}

/// Takes a variant away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteVariant {
    /// Name or key of the prompt.
    pub prompt: String,
    /// The variant.
    pub variant: String,
}

/// Takes an edit back, unless its files were changed since.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UndoEdit {
    /// [`Edited::undo`].
    pub undo: String,
}

/// Applies fixes in the named prompts, or in all: the safe ones, or those that are asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FixProblems {
    /// Names or keys of prompts; all when empty.
    pub prompts: Vec<String>,
    /// Codes whose fixes are applied, also where they are only offered, and no other; every safe fix
    /// when empty.
    #[serde(default)]
    pub codes: Vec<String>,
}

/// What [`FixProblems`] did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FixView {
    /// How many problems were fixed.
    pub fixed: u32,
    /// The files that were written, below the repository's root.
    pub files: Vec<String>,
    /// What is left.
    pub left: crate::CheckView,
    /// Takes it back; empty when nothing was fixed.
    pub undo: String,
}

/// A fix of one problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixOffer {
    /// What it does, such as `Remove the invisible character`.
    pub title: String,
    /// Whether it is applied without being looked at.
    pub safe: bool,
    /// Replacements in the problem's prompt.
    pub edits: Vec<EditView>,
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditView {
    /// Path below the repository's root.
    pub file: String,
    /// Byte offsets, from and to.
    pub span: (u32, u32),
    /// What to put there.
    pub text: String,
    /// Byte offset in `text` of a fresh permanent id, which [`FixProblems`] makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_at: Option<u32>,
}

/// Looks for rows that mean nearly the same, with the embedding model.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FindNearRows {
    /// Names or keys of prompts; all when empty.
    pub prompts: Vec<String>,
    /// Cosine similarity from which on two rows count, in 0 to 1; 0.95 when `None`.
    pub threshold: Option<f32>,
}

/// Two rows of a prompt that mean nearly the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearRows {
    /// The prompt's key.
    pub prompt: String,
    /// `example ID` or `case ID`.
    pub left: String,
    /// `example ID` or `case ID`.
    pub right: String,
    /// Cosine similarity, in 0 to 1.
    pub similarity: f32,
}
