//! Why a statement is not believed.
//!
//! A refused statement counts for nothing, and is shown with its refusal: a forgery that vanished silently
//! would be one that nobody looks into. Each refusal has a code that scripts may rely on.

use super::json::NotCanonical;

/// Why a statement is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More bytes than a statement may have.
    #[error("the statement is larger than {limit} bytes")]
    TooLarge {
        /// The most there may be.
        limit: usize,
    },
    /// The bytes are not the one spelling of what they say.
    #[error("the statement {source}")]
    NotCanonical {
        /// What is wrong with them.
        #[from]
        source: NotCanonical,
    },
    /// An envelope that is not known here.
    #[error("the statement has the form {form:?}, which is not known here")]
    UnknownForm {
        /// Its form.
        form: String,
    },
    /// A type that is not known here.
    #[error("the statement has the type {kind:?}, which is not known here")]
    UnknownType {
        /// Its type.
        kind: String,
    },
    /// A key or value that does not belong.
    #[error("the statement cannot be read: {reason}")]
    Malformed {
        /// What does not belong.
        reason: String,
    },
    /// More subjects than one statement may have.
    #[error("the statement is about more than {limit} things")]
    TooManySubjects {
        /// The most there may be.
        limit: usize,
    },

    /// No signature, or one that is not in the form `ssh-keygen -Y sign` writes.
    #[error("the signature cannot be read")]
    SignatureMalformed,
    /// Made for something else: a git commit, a file, a login.
    #[error("the signature was made for {namespace:?}, not for statements")]
    OtherNamespace {
        /// What it was made for.
        namespace: String,
    },
    /// A kind of key that is not accepted.
    #[error("keys of the kind {algorithm} are not accepted")]
    KeyKind {
        /// The kind.
        algorithm: String,
    },
    /// It is not the signature of these bytes by this key.
    #[error("the signature does not belong to the statement")]
    BadSignature,
    /// A security key signed by itself, as malware would have it do.
    #[error("the security key signed without being touched")]
    Untouched,
    /// Signed by another key than the one it names.
    #[error("the statement names the key {actor}, but {signer} signed it")]
    OtherActor {
        /// The fingerprint it names.
        actor: String,
        /// The fingerprint of the key that signed it.
        signer: String,
    },

    /// It is about another repository.
    #[error("the statement is about the repository {named:?}, not {expected:?}")]
    OtherRepository {
        /// The id it names.
        named: String,
        /// The id of this one.
        expected: String,
    },
    /// It stands in the log of another key.
    #[error("the statement stands in the log of {log}, but {actor} made it")]
    OtherLog {
        /// The fingerprint, in hex, that the log is named after.
        log: String,
        /// The fingerprint of the key that signed it.
        actor: String,
    },
    /// A place in the log is missing, or taken twice.
    #[error("the statement is number {found} of its log, where number {expected} was due")]
    OutOfSequence {
        /// The number that was due.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// The statement before it is not the one it names.
    #[error("the statement follows {named:?}, but stands after {before:?}")]
    BrokenChain {
        /// The id it names.
        named: Option<String>,
        /// The id of the one before it.
        before: Option<String>,
    },
    /// An earlier statement of the log was refused, so what stands after it proves nothing.
    #[error("an earlier statement of the same log was refused")]
    AfterRefused,
    /// The log ends before a statement that was seen earlier.
    #[error("the log held statement {seen} before, and no longer does")]
    RolledBack {
        /// The id of the newest statement that was seen.
        seen: String,
    },

    /// Somebody put into a log what its key did not sign, so what its holder said since may be missing.
    #[error("the log of the key {fingerprint} is broken: {refusal}")]
    BrokenLog {
        /// The key.
        fingerprint: String,
        /// What is wrong with the first entry that does not hold.
        refusal: Box<Refusal>,
    },

    /// The key is in nobody's name.
    #[error("the key {fingerprint} is not among the allowed signers")]
    UnknownSigner {
        /// The key.
        fingerprint: String,
    },
    /// The key is allowed for something else only.
    #[error("the key {fingerprint} of {person} is not allowed to sign statements")]
    NotForStatements {
        /// The key.
        fingerprint: String,
        /// Whose it is.
        person: String,
    },
    /// Not yet, or no longer, a key of the person.
    #[error("the key {fingerprint} of {person} was not valid at that time, or no longer is")]
    NotValidNow {
        /// The key.
        fingerprint: String,
        /// Whose it is.
        person: String,
    },
    /// It claims to be from the future.
    #[error("the statement claims a time that has not come yet")]
    FromTheFuture,

    /// It revokes what is not the person's own, or is not there.
    #[error("the statement revokes {statement}, which is not one of {person}'s")]
    RevokesOthers {
        /// The id of what it revokes.
        statement: String,
        /// Who wants to.
        person: String,
    },
}

impl Refusal {
    /// A word that scripts may rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotCanonical { source: NotCanonical::RepeatedKey { .. } } => "repeated-key",
            Self::NotCanonical { .. } => "not-canonical",
            Self::UnknownForm { .. } => "unknown-form",
            Self::UnknownType { .. } => "unknown-type",
            Self::Malformed { .. } => "malformed",
            Self::TooManySubjects { .. } => "too-many-subjects",
            Self::SignatureMalformed => "signature-malformed",
            Self::OtherNamespace { .. } => "other-namespace",
            Self::KeyKind { .. } => "key-kind",
            Self::BadSignature => "bad-signature",
            Self::Untouched => "untouched",
            Self::OtherActor { .. } => "other-actor",
            Self::OtherRepository { .. } => "other-repository",
            Self::OtherLog { .. } => "other-log",
            Self::OutOfSequence { .. } => "out-of-sequence",
            Self::BrokenChain { .. } => "broken-chain",
            Self::AfterRefused => "after-refused",
            Self::RolledBack { .. } => "rolled-back",
            Self::BrokenLog { .. } => "broken-log",
            Self::UnknownSigner { .. } => "unknown-signer",
            Self::NotForStatements { .. } => "not-for-statements",
            Self::NotValidNow { .. } => "not-valid-now",
            Self::FromTheFuture => "from-the-future",
            Self::RevokesOthers { .. } => "revokes-others",
        }
    }
}
