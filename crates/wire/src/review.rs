//! Proposals, reviews, evidence, and the gate of a branch.
//!
//! A proposal is a branch that should reach another. What is said of it is signed, and bound to its content: an approval
//! holds for exactly the prompts, cases and scorers that were on the screen. [`ProposalDetailView::shown`] names what was
//! shown, and goes back with [`Review::seen`]; when the proposal has become another meanwhile, nothing is signed.

use serde::{Deserialize, Serialize};

use crate::{ComparisonView, FileDifference, SideRef};

/// Asks for the proposals of the open repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListProposals {}

/// The proposals of a repository, and who may decide on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalsView {
    /// Those that wait first, each part newest first.
    pub proposals: Vec<ProposalView>,
    /// Who signs here; none until a key is chosen.
    pub signer: Option<SignerView>,
    /// The rules of the branch that is checked out.
    pub policy: PolicyView,
}

/// Whoever signs on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerView {
    /// What the person is called here.
    pub name: String,
    /// The key as `ssh-keygen -l` shows it: `SHA256:…`.
    pub fingerprint: String,
    /// The key as a line of `.assay/allowed_signers` has it.
    pub public_key: String,
    /// Where the key is kept: a path, or `agent`.
    pub place: String,
    /// The reference of git that holds what it signs; empty where the key cannot be read.
    #[serde(default)]
    pub log: String,
    /// The person whose key it is by the branch's `.assay/allowed_signers`.
    pub person: Option<String>,
    /// Why what it signs would not count, in words.
    pub problem: Option<String>,
}

/// What a branch asks for before content may go in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyView {
    /// The branch.
    pub branch: String,
    /// Whether it has a policy; without one nothing is governed.
    pub governed: bool,
    /// How many people must approve a prompt where no path says otherwise.
    pub needed: u32,
    /// Whether who proposes may approve.
    pub authors_may_approve: bool,
    /// Whether a run must have measured it.
    pub evidence_required: bool,
    /// How many days old that run may be.
    pub max_age_days: Option<u32>,
    /// Who may sign runs; everybody who may sign when nobody is named.
    pub runners: Vec<String>,
    /// Everybody who may sign, each once.
    pub people: Vec<String>,
    /// Why the rules cannot be read, which lets nothing in.
    pub problem: Option<String>,
}

/// What has become of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalState {
    /// It waits for reviews or evidence.
    Open,
    /// The gate is open: it may be merged.
    Approved,
    /// Somebody asks for changes.
    ChangesRequested,
    /// Its target has it.
    Merged,
    /// Who proposed it took it back.
    Withdrawn,
}

impl ProposalState {
    /// As a person reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::ChangesRequested => "changes requested",
            Self::Merged => "merged",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalView {
    /// The id of the statement it began with.
    pub id: String,
    /// The branch that holds it.
    pub branch: String,
    /// The branch it should reach.
    pub target: String,
    /// One line.
    pub title: String,
    /// Why, in Markdown.
    pub body: String,
    /// The person who proposes it; the key where it is in nobody's name.
    pub author: String,
    /// The key that proposes it.
    pub author_key: String,
    /// When it was proposed, or proposed anew after a change: seconds since 1970.
    pub time_s: i64,
    /// What has become of it.
    pub state: ProposalState,
    /// Each variant that would go in; none of one that is merged or withdrawn.
    pub prompts: Vec<ProposedPromptView>,
    /// Whether it may be merged, and why not.
    pub gate: ReviewGateView,
    /// Conversations that are not settled.
    pub open_threads: u32,
}

/// A variant that a proposal changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposedPromptView {
    /// The prompt's key.
    pub prompt: String,
    /// The variant.
    pub variant: String,
    /// The content id it would have; of one that would be taken away, the digest that stands for that.
    pub content: String,
    /// The content id it has; none of a new one.
    pub base_content: Option<String>,
    /// Whether it would be taken away.
    #[serde(default)]
    pub removed: bool,
    /// What people said of exactly this content, each person's last word.
    pub approvals: Vec<VoteView>,
    /// How many people must approve it.
    pub needed: u32,
    /// The run that speaks for it, or else the newest one of it.
    pub evidence: Option<EvidenceView>,
    /// What is missing before it may go in, in words.
    pub missing: Vec<String>,
}

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewVerdict {
    /// The content may go in.
    Approve,
    /// It may not, as it is.
    RequestChanges,
    /// Neither.
    Comment,
}

impl ReviewVerdict {
    /// As a person reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::RequestChanges => "request changes",
            Self::Comment => "comment",
        }
    }
}

/// Somebody's verdict on content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteView {
    /// The statement.
    pub statement: String,
    /// The person; the key where it is in nobody's name.
    pub person: String,
    /// What was decided.
    pub verdict: ReviewVerdict,
    /// When: seconds since 1970.
    pub time_s: i64,
    /// Whether the gate counts it.
    pub counts: bool,
    /// Whether it was signed with the key that signs here, and so can be taken back here.
    pub own: bool,
}

/// What a run showed, signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceView {
    /// The statement.
    pub statement: String,
    /// The run's id, on the machine it was made on.
    pub run: String,
    /// The person who signed it; the key where it is in nobody's name.
    pub person: String,
    /// When: seconds since 1970.
    pub time_s: i64,
    /// The version of Assay that made it.
    pub tool: String,
    /// The models that were asked.
    pub models: Vec<String>,
    /// Scored cells.
    pub cells: u64,
    /// Cells that failed.
    pub failed: u64,
    /// What the scorers measured.
    pub metrics: Vec<MeasuredView>,
    /// The gates of the suite, compared again.
    pub gates: Vec<EvidenceGateView>,
    /// In US dollars.
    pub cost: Option<f64>,
    /// The root of the Merkle tree over the digests of all outputs, which stay where they were made.
    pub outputs: String,
    /// Whether the gate takes it for evidence.
    pub counts: bool,
}

/// A mean that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredView {
    /// The scorer or metric.
    pub name: String,
    /// The model it was measured on.
    pub model: String,
    /// Over how many cells.
    pub n: u64,
    /// The mean.
    pub mean: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A gate of a suite in evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceGateView {
    /// The scorer or metric.
    pub name: String,
    /// What it asks: `at least 0.75`, `at most 4000`, `not worse by more than 0.02`.
    pub asks: String,
    /// What was measured.
    pub value: f64,
    /// Whether it holds.
    pub holds: bool,
}

/// Whether content may go into a branch, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReviewGateView {
    /// The commit it would go into.
    pub base: String,
    /// The commit that brings it.
    pub head: String,
    /// Whether everything may.
    pub open: bool,
    /// Each governed item that would go in.
    pub contents: Vec<GateContentView>,
    /// What keeps the gate closed whatever the items say.
    pub reasons: Vec<RefusalView>,
    /// The statements that count for nothing, and why.
    pub refused: Vec<RefusedStatementView>,
}

/// What is decided about one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateContentView {
    /// `prompt`, `cases`, `scorers`, `suite`, `policy`, `signers` or `repository`; `removal` of a variant that would be
    /// taken away.
    pub role: String,
    /// Where its prompt, or its file, will stand.
    pub path: String,
    /// The variant; empty where it is not one variant's.
    pub variant: String,
    /// Its digest; of a variant its content id.
    pub content: String,
    /// Whether it may go in.
    pub open: bool,
    /// Who approves it, and counts.
    pub approvals: Vec<String>,
    /// How many must.
    pub needed: u32,
    /// The statement of the run that speaks for it.
    pub evidence: Option<String>,
    /// Why it may not go in.
    pub reasons: Vec<RefusalView>,
}

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalView {
    /// A word that scripts may rely on.
    pub code: String,
    /// In a sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A statement that is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedStatementView {
    /// Its id.
    pub statement: String,
    /// Why.
    pub refusal: RefusalView,
}

/// Asks for everything about a proposal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadProposal {
    /// Its id, the beginning of it, or its branch.
    pub id: String,
}

/// Asks for the same, to put it before a person's eyes now: what was shown is remembered, and can be decided on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowProposal {
    /// Its id, the beginning of it, or its branch.
    pub id: String,
}

/// Asks what was shown last of a proposal on this machine, for [`Review::seen`]; none when nothing was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadShown {
    /// The proposal's whole id.
    pub proposal: String,
}

/// Everything about a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalDetailView {
    /// The proposal.
    pub proposal: ProposalView,
    /// What differs between what the target has and what it would have, by file.
    pub files: Vec<FileDifference>,
    /// Names what is shown here; it goes back with a review.
    pub shown: String,
    /// Conversations, oldest first.
    pub threads: Vec<ThreadView>,
    /// What runs of both sides say; none until both are evaluated.
    pub verdicts: Option<ComparisonView>,
    /// The sides that were compared, for the page of their cases.
    pub sides: Option<(SideRef, SideRef)>,
    /// The last commit that both branches have.
    pub merge_base: Option<String>,
    /// The target's commit: the base to evaluate ([`crate::StartRevision`]).
    pub base: String,
    /// The branch's commit.
    pub head: String,
    /// A commit with the merge of both, which no branch holds: the head to evaluate.
    pub merged: Option<String>,
    /// Files where the two sides conflict; nothing can be merged while there are any.
    pub conflicts: Vec<String>,
    /// The texts that would go in, of files that are not very large: what [`AnchorView`] counts in.
    pub texts: Vec<ProposedTextView>,
}

/// A changed file as it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedTextView {
    /// Below the repository.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadView {
    /// The id of the comment it began with.
    pub id: String,
    /// The words it is about.
    pub anchor: Option<ThreadAnchorView>,
    /// What was said, oldest first.
    pub comments: Vec<CommentView>,
    /// Whether the last word settles it.
    pub resolved: bool,
}

/// Words that a conversation is about, and where they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadAnchorView {
    /// The file, below the repository.
    pub file: String,
    /// The words.
    pub quote: String,
    /// What became of them.
    pub place: AnchorPlace,
    /// The first line that they stand on now, from 1; none when they are gone.
    pub line: Option<u32>,
    /// Where they begin now, in bytes.
    pub start: Option<u32>,
    /// Where they end.
    pub end: Option<u32>,
}

/// What became of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnchorPlace {
    /// They are where they were.
    Same,
    /// They stand elsewhere, word for word.
    Moved,
    /// Other words stand in their place.
    Edited,
    /// They cannot be found.
    Gone,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentView {
    /// The statement.
    pub statement: String,
    /// The person; the key where it is in nobody's name.
    pub person: String,
    /// When: seconds since 1970.
    pub time_s: i64,
    /// Whether it approves, objects or only comments.
    pub verdict: ReviewVerdict,
    /// Markdown.
    pub text: String,
    /// Whether it settles the conversation.
    pub resolves: bool,
    /// Whether it was signed with the key that signs here.
    pub own: bool,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// Proposes what a branch has. Proposing the same branch again, after a change, makes no second proposal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Propose {
    /// The branch it should reach.
    pub target: String,
    /// The branch that holds it; the one that is checked out when not given.
    #[serde(default)]
    pub branch: Option<String>,
    /// One line.
    pub title: String,
    /// Why, in Markdown.
    pub body: String,
    /// Only these prompts, by name or key, are put forward; all that differ when empty.
    #[serde(default)]
    pub prompts: Vec<String>,
}

/// Says something about a proposal, signed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Review {
    /// The proposal.
    pub proposal: String,
    /// What is decided.
    pub verdict: ReviewVerdict,
    /// Markdown; may be empty for an approval.
    pub body: String,
    /// [`ProposalDetailView::shown`] of what was on the screen.
    pub seen: String,
    /// The words it is about.
    #[serde(default)]
    pub anchor: Option<AnchorView>,
    /// The conversation it belongs to.
    #[serde(default)]
    pub thread: Option<String>,
    /// Whether the conversation is settled with it.
    #[serde(default)]
    pub resolves: bool,
}

/// Words of a file, as they are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorView {
    /// The file, below the repository.
    pub file: String,
    /// Where the words begin in the proposed file, in bytes.
    pub start: u32,
    /// Where they end.
    pub end: u32,
    /// The words themselves: nothing is signed when others stand there.
    pub content: String,
}

/// Takes a statement of one's own back. That is final.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revoke {
    /// The statement; of a proposal, that withdraws it.
    pub statement: String,
    /// Why.
    pub reason: String,
}

/// Signs what a run showed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attest {
    /// The run, or `last`.
    pub run: String,
    /// The branch that its gates are compared with, where one asks for a comparison; the main one when not given.
    #[serde(default)]
    pub base: Option<String>,
}

/// What was signed of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttestedView {
    /// The run.
    pub run: String,
    /// Each variant that it measured.
    pub contents: Vec<AttestedContentView>,
}

/// A variant with signed evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttestedContentView {
    /// The prompt's key.
    pub prompt: String,
    /// The variant.
    pub variant: String,
    /// Its content id.
    pub content: String,
    /// What was signed.
    pub evidence: EvidenceView,
}

/// Asks for all signed evidence of the repository, also of runs that were made elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListEvidence {}

/// What a run showed of one variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// The prompt's key; its permanent id where it is not there any more.
    pub prompt: String,
    /// The variant.
    pub variant: String,
    /// The content id that was measured.
    pub content: String,
    /// Whether the last commit has exactly this content.
    pub current: bool,
    /// Whether the run is on this machine, with its outputs. Of another there is only what was signed.
    pub here: bool,
    /// What was signed.
    pub evidence: EvidenceView,
}

/// Asks whether a commit may go into another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verify {
    /// The commit it would go into; when not given, `head` is taken as a merge or squash that was made.
    pub base: Option<String>,
    /// The commit that brings it; the last commit when not given.
    pub head: Option<String>,
}

/// Merges a proposal whose gate is open, with what opened it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergeProposal {
    /// The proposal.
    pub id: String,
    /// The commit's message; one that names the proposal when empty.
    pub message: String,
}

/// What a merge of a proposal made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalMergedView {
    /// The merge's commit.
    pub commit: String,
    /// The branch that has it.
    pub target: String,
    /// The message, with its trailers.
    pub message: String,
}

/// Asks who signs here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadSigner {}

/// Who signs here, and which keys could.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerChoiceView {
    /// Who signs; none until a key is chosen.
    pub signer: Option<SignerView>,
    /// Keys that could: those of the agent, then those in the folder where SSH keeps keys.
    pub keys: Vec<SignerKeyView>,
}

/// A key that could sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerKeyView {
    /// What [`SetSigner::key`] takes: a fingerprint of the agent, or a path.
    pub key: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// The person whose key it is by the branch's `.assay/allowed_signers`.
    pub person: Option<String>,
}

/// Chooses who signs here. Keys stay where they are: no key and no passphrase is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetSigner {
    /// The path of a private key, or the fingerprint of a key of the agent.
    pub key: String,
    /// What the person is called here; by `.assay/allowed_signers` when empty.
    pub name: String,
}
