//! Bringing prompts in from other formats, and taking them out again.
//!
//! [`import`] reads a file through a [`Source`], [`import_folder`] whatever a folder holds. Both give
//! an [`Import`]: prompt folders in our own format, and a note for everything that did not come over
//! exactly as it was. [`export`] goes the other way. Nothing is dropped silently, and nothing is ever
//! run: a script that a file names is kept as a reference and noted as "not run".
//!
//! ```
//! use assay_interop::{Format, MemorySource, import};
//!
//! let file = "---\nmodel:\n  api: chat\n  parameters:\n    max_tokens: 9\n---\nuser:\nHi {{name}}\n";
//! let source = MemorySource::from([("hi.prompty", file)]);
//! let import = import(Format::Prompty, "hi.prompty", &source, &mut || "01J8".to_owned())?;
//! assert_eq!(import.prompts[0].name, "hi");
//! assert!(import.files()["hi/hi.prompty"].contains("maxOutputTokens: 9"));
//! # Ok::<(), assay_interop::Refusal>(())
//! ```
//!
//! Where to look: one folder for each format, named as on the command line; [`PromptDraft`] is what
//! importers fill and what becomes files; [`Body`] writes template text that means what it meant.
//!
//! *Invariants.* Files are read through [`Source`] only, beneath one root, without links. No format's
//! code is run, no key is resolved, no address contacted. Whatever bytes a file holds, an import ends
//! with prompts or a [`Refusal`] that names the construct, in bounded time and memory.

mod body;
mod draft;
mod format;
mod import;
mod inputs;
mod messages;
mod metered;
mod options;
mod report;
mod schema;
mod source;
mod subset;
mod yaml;

mod dotprompt;
mod github_models;
mod jinja;
mod langchain;
mod langfuse;
mod messages_jsonl;
mod mlflow;
mod openai_evals;
mod promptflow;
mod promptfoo;
mod prompty;

pub use body::Body;
pub use dotprompt::import_dotprompt;
pub use draft::{FewShotDraft, Keep, PromptDraft, VariantDraft};
pub use format::{Format, export};
pub use import::{import, import_folder};
pub use messages_jsonl::{Conversation, conversations_to_jsonl};
pub use report::{Counts, Export, Import, Note, NoteKind, Notes, Refusal};
pub use source::{FolderSource, MAX_FILE, MemorySource, Source, SourceError};
