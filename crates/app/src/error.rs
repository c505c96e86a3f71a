//! Every failure of the crates below, mapped once to code, message and hints.

use assay_engine::EngineError;
use assay_local::{EMBEDDER_ID, EMBEDDER_PIECES, EMBEDDER_WEIGHTS, LocalError, MODEL_FILE};
use assay_net::NetError;
use assay_net::keys::KeysError;
use assay_repo::RepoError;
use assay_store::StoreError;
use assay_wire::{ApiError, Code};

/// What a failure means to a person.
pub(crate) trait Explain {
    /// In the words of the wire.
    fn explain(self) -> ApiError;
}

impl Explain for RepoError {
    fn explain(self) -> ApiError {
        let code = match &self {
            Self::NotARepository { .. } | Self::NoFolder { .. } | Self::Bare { .. } => {
                Code::NotARepository
            }
            Self::WorktreeElsewhere { .. } | Self::OtherOwner { .. } => Code::NotTrusted,
            Self::NotEmpty { .. }
            | Self::OutsideWorkspace { .. }
            | Self::Link { .. }
            | Self::NotAFile { .. }
            | Self::NotAFolder { .. }
            | Self::TooLarge { .. }
            | Self::NotText { .. }
            | Self::TooManyFiles { .. }
            | Self::Exists { .. }
            | Self::ChangedMeanwhile { .. }
            | Self::Config { .. }
            | Self::AmbiguousPrompt { .. }
            | Self::EmptyMessage
            | Self::Unchanged { .. } => Code::BadInput,
            Self::NotFound { .. }
            | Self::UnknownPrompt { .. }
            | Self::UnknownRevision { .. }
            | Self::Shallow { .. } => Code::NotFound,
            Self::ReadOnly { .. } => Code::ReadOnly,
            Self::DiskFull { .. } => Code::DiskFull,
            Self::Io { .. } | Self::Unwatched { .. } => Code::Storage,
            Self::NothingToCommit
            | Self::NoIdentity
            | Self::Locked { .. }
            | Self::InProgress { .. }
            | Self::Filtered { .. }
            | Self::Unsigned { .. }
            | Self::Git { .. } => Code::Git,
        };
        let hint = self.hint();
        let error = ApiError::new(code, self.to_string());
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl Explain for EngineError {
    fn explain(self) -> ApiError {
        let message = self.to_string();
        match self {
            Self::InvalidPrompt { .. } => ApiError::new(Code::InvalidPrompt, message)
                .hint("`assay check` lists every problem with its place."),
            Self::UnknownVariant { .. } | Self::UnknownCase { .. } | Self::UnknownRun { .. } => {
                ApiError::new(Code::NotFound, message)
            }
            Self::NothingToRun { .. }
            | Self::Stopped
            | Self::BadBudget { .. }
            | Self::BadShard { .. }
            | Self::ShardFile { .. } => ApiError::new(Code::BadInput, message),
            Self::ModelMoved { .. } => ApiError::new(Code::BadInput, message)
                .hint("Put the provider's address back as it was, or start a new run: answers of the same server come from the cache."),
            Self::NothingToCompare { .. } => ApiError::new(Code::BadInput, message)
                .hint("Sides meet where prompt, variant and model are the same; RUN/VARIANT names one variant of a run."),
            Self::CannotMerge { .. } => ApiError::new(Code::BadInput, message)
                .hint("Shards are runs of the same prompts, cases and models with another `--shard`."),
            Self::Unrenderable { diagnostic } => {
                let error = ApiError::new(Code::InvalidPrompt, message);
                diagnostic.hint.into_iter().fold(error, ApiError::hint)
            }
            Self::TooManyRows { .. } => ApiError::new(Code::BadInput, message)
                .hint("Keep fewer examples and cases, or select with {first: n} or {ids: [...]}."),
            Self::TooManyCells { .. } => ApiError::new(Code::BadInput, message)
                .hint("Choose fewer cases, variants or models, or a smaller `repeat`."),
            Self::NoModel { .. } => ApiError::new(Code::NoModel, message)
                .hint(format!("Choose one, for example {}.", assay_engine::LOCAL_MODEL_ID)),
            Self::UnknownModel { .. } => ApiError::new(Code::NoModel, message)
                .hint("Add the provider in Settings, or with `assay models add PRESET NAME`; `assay models presets` lists them.")
                .hint(format!("Or run on the embedded model: {}.", assay_engine::LOCAL_MODEL_ID)),
            Self::KeyMissing { provider, variable } => {
                let message = format!("provider `{provider}` has no key: none is kept, and ${variable} is not set");
                ApiError::new(Code::NoModel, message)
                    .hint(format!("Set it in Settings, or with `assay keys set {provider}`."))
                    .hint(format!("Or set {variable} in the environment Assay is started from."))
            }
            Self::UnknownPrice { model } => ApiError::new(Code::BadInput, message)
                .hint(format!("Set it in Settings, or with `assay prices set '{model}' --input USD --output USD` (a million tokens)."))
                .hint("Or run without a budget."),
            Self::NoJudgePrompt { .. } => ApiError::new(Code::NotFound, message)
                .hint("`assay judge add NAME` copies a built-in judge prompt into the repository."),
            Self::SameJudge { .. } => ApiError::new(Code::BadInput, message)
                .hint("A panel asks different models: take one of the names away under `models`."),
            Self::Local(error) => error.explain(),
            Self::Store(error) => error.explain(),
            Self::UnreadableRun { .. } => ApiError::new(Code::Storage, message),
        }
    }
}

impl Explain for LocalError {
    fn explain(self) -> ApiError {
        let message = self.to_string();
        match self {
            Self::NotInstalled { .. } => ApiError::new(Code::NoModel, message)
                .hint(format!("Put the file {MODEL_FILE} in that folder."))
                .hint("Or add an endpoint in Settings."),
            Self::EmbedderNotInstalled { .. } => ApiError::new(Code::NoModel, message)
                .hint(format!(
                    "Put a folder {EMBEDDER_ID} there, with {EMBEDDER_WEIGHTS} and {EMBEDDER_PIECES}."
                ))
                .hint("Or select examples with {first: n} or {ids: [...]}."),
            _ => ApiError::new(Code::ModelUnavailable, message),
        }
    }
}

impl Explain for NetError {
    fn explain(self) -> ApiError {
        ApiError::new(Code::ModelUnavailable, self.to_string())
    }
}

impl Explain for KeysError {
    fn explain(self) -> ApiError {
        let error = |code| ApiError::new(code, self.to_string());
        match &self {
            Self::Name { .. }
            | Self::Secret { .. }
            | Self::EmptyPassphrase
            | Self::WrongPassphrase { .. }
            | Self::Environment { .. }
            | Self::Setting { .. } => error(Code::BadInput),
            Self::NotKeptThere { .. } | Self::OsUnavailable { .. } => error(Code::BadInput)
                .hint("Choose the encrypted file, or set the key in an environment variable."),
            Self::NoFile { .. } => error(Code::BadInput)
                .hint("Create it in Settings, or with `assay keys set NAME --place file`."),
            Self::FileExists { .. } | Self::Locked { .. } => error(Code::BadInput)
                .hint("Unlock it in Settings; a terminal asks for the passphrase."),
            Self::OsSilent { .. } => error(Code::Storage).hint("Unlock it, then try again."),
            Self::Os { .. } => error(Code::Storage).hint(
                "Keep it in an encrypted file or for this session only, or see that the system's keychain is unlocked.",
            ),
            Self::File { .. } => error(Code::Storage),
            Self::BadFile { .. } => error(Code::Storage)
                .hint("Move it away and set the keys again; nothing else knows what it held."),
        }
    }
}

impl Explain for StoreError {
    fn explain(self) -> ApiError {
        let error = |code| ApiError::new(code, self.to_string());
        match &self {
            Self::Full { .. } => {
                error(Code::DiskFull).hint("Free some space; what was stored before is safe.")
            }
            Self::Low { .. } => error(Code::DiskFull).hint("Free some space, then resume the run."),
            Self::ReadOnly { .. } => error(Code::ReadOnly)
                .hint("Make the folder writable, or set ASSAY_DATA_DIR to another one."),
            Self::Busy { .. } => {
                error(Code::Storage).hint("Close the other program, then try again.")
            }
            Self::Corrupt { .. } => error(Code::Storage).hint(
                "Move the file away and open Assay again: it keeps runs, settings and what is not shared yet; prompts, cases and shared ratings are in the repository.",
            ),
            Self::TooNew { .. } => error(Code::Storage).hint("Update Assay."),
            Self::UnknownRun { .. } | Self::UnknownCell { .. } => error(Code::NotFound),
            Self::NotLeased { .. } => {
                error(Code::BadInput).hint("The run goes on in another window or terminal.")
            }
            _ => error(Code::Storage),
        }
    }
}
