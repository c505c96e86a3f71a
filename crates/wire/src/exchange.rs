//! Bringing prompts in from other formats, and taking them out.

use serde::{Deserialize, Serialize};

/// Asks the person for a file to import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChooseFile {}

/// The formats that can be read and written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListFormats {}

/// One format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatView {
    /// Its name on the command line.
    pub name: String,
    /// The name people know it by.
    pub title: String,
    /// Whether prompts can be written in it.
    pub exports: bool,
}

/// Reads a file of another format and reports; writes nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadImport {
    /// Name of the format; guessed when `None`.
    pub format: Option<String>,
    /// A file or folder on this machine.
    pub file: String,
}

/// Reads a file of another format and writes what is kept of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WriteImport {
    /// Name of the format; guessed when `None`.
    pub format: Option<String>,
    /// A file or folder on this machine.
    pub file: String,
    /// The folder the prompts go to: below the repository's root, or, where none is open, anywhere.
    /// The first folder of prompts when `None`.
    pub into: Option<String>,
    /// What is kept of each prompt; everything of one that is not named.
    pub keep: Vec<KeepView>,
}

/// What is kept of one imported prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepView {
    /// [`ImportedPrompt::name`].
    pub name: String,
    /// Whether it is kept at all.
    pub prompt: bool,
    /// Variants that are left out.
    pub without: Vec<String>,
    /// Whether its cases are kept.
    pub cases: bool,
    /// Whether its examples are kept.
    pub examples: bool,
    /// Whether its models, scorers and gates are kept.
    pub evals: bool,
}

/// The report of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportView {
    /// Name of the format; of a folder that holds several, their names with `, ` between.
    pub format: String,
    /// Counts of everything that came over.
    pub counts: ImportCounts,
    /// Whether nothing was left out and nothing waits to be run.
    pub complete: bool,
    /// The prompts.
    pub prompts: Vec<ImportedPrompt>,
    /// Everything that did not come over exactly.
    pub notes: Vec<ImportNote>,
    /// What was written, below the folder it went to; empty when nothing was.
    pub wrote: Vec<String>,
    /// Keys of the prompts that were written, where a repository is open.
    pub keys: Vec<String>,
    /// Takes it back; empty when nothing was written or no repository is open.
    pub undo: String,
}

/// How much came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Prompts.
    pub prompts: u32,
    /// Variants of all prompts.
    pub variants: u32,
    /// Models to run on.
    pub models: u32,
    /// Evaluation rows.
    pub cases: u32,
    /// Few-shot rows.
    pub examples: u32,
    /// Scorers, counted once for each case they look at.
    pub scorers: u32,
}

/// One imported prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedPrompt {
    /// Name of its folder.
    pub name: String,
    /// Ids of its variants.
    pub variants: Vec<String>,
    /// Its evaluation rows.
    pub cases: u32,
    /// Its few-shot rows.
    pub examples: u32,
    /// Its models, scorers and gates.
    pub evals: u32,
    /// Its files as they would be written.
    pub files: Vec<ImportedFile>,
}

/// A file as it would be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedFile {
    /// Path below the prompt's folder.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportNote {
    /// `translated`, `left-out` or `not-run`.
    pub kind: String,
    /// The construct.
    pub what: String,
    /// Why, and what to do.
    pub why: String,
    /// `file` or `file:line`.
    pub place: String,
}

/// Writes a prompt in another format.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportPrompt {
    /// Name of the format.
    pub format: String,
    /// Name or key of the prompt.
    pub prompt: String,
    /// A file or folder on this machine; nothing is written when `None`.
    pub out: Option<String>,
    /// With `messages-jsonl`: the answers of this run that people or scorers passed, instead of the
    /// examples.
    pub run: Option<String>,
}

/// What an export wrote or would write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportView {
    /// Name of the format.
    pub format: String,
    /// Its files.
    pub files: Vec<ImportedFile>,
    /// Everything that could not be said exactly.
    pub notes: Vec<ImportNote>,
    /// The files that were written.
    pub wrote: Vec<String>,
}
