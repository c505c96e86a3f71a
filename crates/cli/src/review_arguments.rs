//! What can be typed after the commands of reviews: `propose`, `review`, `attest`, `verify`, `signer`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::arguments::Json;

/// Propose what a branch has, signed.
///
/// Proposing a branch again, after a change, renews its proposal. `assay sync` sends it.
#[derive(Debug, Args)]
pub struct ProposeBranch {
    /// One line that says what changes
    pub title: String,
    /// The branch it should reach
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    pub target: String,
    /// The branch that holds it; the one that is checked out when not given
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// Why, in Markdown
    #[arg(short, long, value_name = "TEXT", default_value = "")]
    pub message: String,
    /// Put only this prompt forward; may be repeated
    #[arg(long = "prompt", value_name = "P")]
    pub prompts: Vec<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// List proposals, or decide on one.
#[derive(Debug, Args)]
pub struct Reviews {
    /// What to do; without it, proposals are listed
    #[command(subcommand)]
    pub action: Option<ReviewAction>,
    #[command(flatten)]
    pub(crate) json: Json,
}

impl Reviews {
    /// Whether standard output is for a script.
    pub(crate) fn wants_json(&self) -> bool {
        let of_action = match &self.action {
            None => false,
            Some(ReviewAction::Approve(said) | ReviewAction::RequestChanges(said)) => {
                said.json.json
            }
            Some(ReviewAction::Comment(comment)) => comment.said.json.json,
            Some(
                ReviewAction::Show { json, .. }
                | ReviewAction::Revoke { json, .. }
                | ReviewAction::Merge { json, .. },
            ) => json.json,
        };
        self.json.json || of_action
    }
}

/// What to do with a proposal. It goes by its id, the beginning of that, or its branch.
#[derive(Debug, Subcommand)]
pub enum ReviewAction {
    /// Everything about a proposal: what differs, conversations, verdict and gate
    Show {
        /// The proposal
        proposal: String,
        #[command(flatten)]
        json: Json,
    },
    /// Approve exactly this content
    Approve(Verdict),
    /// Ask for changes
    RequestChanges(Verdict),
    /// Comment, also on words of a file or in a conversation
    Comment(Comment),
    /// Take back what you signed: a verdict, a comment or a proposal
    Revoke {
        /// The statement's id, or the proposal
        statement: String,
        /// Why
        #[arg(short, long, value_name = "TEXT", default_value = "")]
        message: String,
        #[command(flatten)]
        json: Json,
    },
    /// Merge a proposal whose gate is open
    Merge {
        /// The proposal
        proposal: String,
        /// The commit's message
        #[arg(short, long, value_name = "TEXT", default_value = "")]
        message: String,
        #[command(flatten)]
        json: Json,
    },
}

/// A verdict.
#[derive(Debug, Args)]
pub struct Verdict {
    /// The proposal
    pub proposal: String,
    /// In words, in Markdown
    #[arg(short, long, value_name = "TEXT", default_value = "")]
    pub message: String,
    /// Sign only if the proposal is still what `assay review show` has shown under this digest; when not given, what it
    /// has shown here last
    #[arg(long, value_name = "DIGEST")]
    pub seen: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// A comment.
#[derive(Debug, Args)]
pub struct Comment {
    #[command(flatten)]
    pub(crate) said: Verdict,
    /// The file it is about
    #[arg(long, value_name = "FILE", requires = "words")]
    pub on: Option<String>,
    /// The words of the file that it is about; the first place where they stand
    #[arg(long, value_name = "WORDS", requires = "on")]
    pub words: Option<String>,
    /// The conversation that it belongs to
    #[arg(long, value_name = "ID", conflicts_with = "on")]
    pub thread: Option<String>,
    /// The conversation is settled with it
    #[arg(long, requires = "thread")]
    pub resolve: bool,
}

/// Sign what a run showed, as evidence for exactly the content that it measured.
///
/// What the run used must be committed, and the whole suite must have been run.
#[derive(Debug, Args)]
pub struct AttestRun {
    /// The run: its id, or `last`
    #[arg(default_value = "last")]
    pub run: String,
    /// The branch that gates are compared with, where one asks for a comparison; the main one when not given
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Say whether content may go in: exit code 1 if not.
///
/// With BASE, whether HEAD may be merged into it. Without, whether the last commit should have been made: a merge, or
/// what a squash left.
#[derive(Debug, Args)]
pub struct VerifyCommit {
    /// The revision it would go into
    pub base: Option<String>,
    /// The revision that brings it; the last commit when not given
    #[arg(requires = "base")]
    pub head: Option<String>,
    /// Write JUnit XML, for CI; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write Markdown, ready for a pull request; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Show or choose the key that signs here.
///
/// Keys stay where they are: no key and no passphrase is kept. A key with a passphrase signs through your agent.
#[derive(Debug, Args)]
pub struct ChooseSigner {
    /// The path of a private key, or the fingerprint of a key of your agent; without it, who signs and who could
    pub key: Option<String>,
    /// What you are called here; as in .assay/allowed_signers when not given
    #[arg(long, value_name = "NAME", requires = "key", default_value = "")]
    pub name: String,
    /// Print only the reference that holds what is signed here, for `git push` in CI
    #[arg(long, conflicts_with_all = ["key", "json"])]
    pub log: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}
