//! What people and runners say about content: proposals, reviews, revocations, ratings and evidence of runs.
//!
//! A statement names what it is about by content, never by commit, so it outlives rebases, squashes and
//! renames; and it names its repository and prompt, so it cannot be carried over to another. Its bytes are
//! canonical JSON, its id is their digest. Whether a signature belongs to it is left to [`super::signature`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evidence::Evidence;
use super::json;
use super::rating::Ratings;
use super::refusal::Refusal;
use super::thread::Anchor;
use crate::file::digest;

/// Names the form of the envelope; whoever changes it changes this.
const FORM: &str = "assay.statement/1";

/// The most bytes a statement may have.
pub const MAX_STATEMENT: usize = 1_000_000;

/// The most things one statement may be about.
const MAX_SUBJECTS: usize = 10_000;

/// A statement, without its signature.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The permanent id of the repository it is about.
    pub repository: String,
    /// What it is about, by content.
    pub subjects: Vec<Subject>,
    /// The digests of the content that the subjects replace, as its author saw it.
    pub base: Vec<String>,
    /// The digest of the policy and the signers it was made under; see [`super::Rules::digest`].
    pub policy: String,
    /// The fingerprint of the key that signs it, as `ssh-keygen -l` shows it.
    pub actor: String,
    /// Its place in the actor's log, from 0.
    pub sequence: u64,
    /// The id of the statement before it in the actor's log.
    pub previous: Option<String>,
    /// When it was made, by the actor's clock: seconds since 1970 in UTC.
    pub time_s: i64,
    /// What it says.
    pub body: Body,
}

/// One piece of content that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What kind of content.
    pub role: Role,
    /// The permanent id of the prompt; empty for content of the whole repository.
    pub prompt: String,
    /// The variant; empty where the content is not one variant's.
    pub variant: String,
    /// `sha256:…`: the content id of a variant, else the digest of what the role names.
    pub digest: String,
}

/// The kinds of content that are governed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A variant of a prompt.
    Prompt,
    /// The cases a prompt is evaluated on.
    Cases,
    /// The scorers that judge its outputs.
    Scorers,
    /// Its models, repeats and gates.
    Suite,
    /// `.assay/policy.toml`.
    Policy,
    /// `.assay/allowed_signers`.
    Signers,
    /// The repository's `assay.yaml`: its id, aliases and defaults.
    Repository,
}

impl Role {
    /// The role in a sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Cases => "cases",
            Self::Scorers => "scorers",
            Self::Suite => "suite",
            Self::Policy => "policy",
            Self::Signers => "signers",
            Self::Repository => "repository",
        }
    }
}

/// What a statement says, by its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// "I propose this content."
    Proposal(Proposal),
    /// A verdict on it, or a comment.
    Review(Review),
    /// The evidence of a run.
    Eval(Box<Evidence>),
    /// What the person said of outputs.
    Rating(Ratings),
    /// Takes an earlier statement of the same person back.
    Revoke(Revoke),
}

/// A wish to have content on a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// One line.
    pub title: String,
    /// Why; Markdown.
    pub text: String,
    /// The branch that holds it.
    pub branch: String,
    /// The branch it should reach.
    pub target: String,
}

/// What a reviewer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Whether it approves, objects, or only comments.
    pub verdict: Verdict,
    /// Markdown; may be empty for an approval.
    pub text: String,
    /// The words of the content it is about.
    pub anchor: Option<Anchor>,
    /// The statement it answers.
    pub answers: Option<String>,
    /// Whether the thread is settled with it.
    pub resolves: bool,
    /// The ids of the evidence that was on the screen.
    pub evidence: Vec<String>,
    /// The digest of the difference as it was shown.
    pub shown: Option<String>,
}

impl Review {
    /// A verdict without further words.
    pub fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            text: String::new(),
            anchor: None,
            answers: None,
            resolves: false,
            evidence: Vec::new(),
            shown: None,
        }
    }
}

/// What a review decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The content may go in.
    Approve,
    /// It may not, as it is.
    RequestChanges,
    /// Neither.
    Comment,
}

/// Takes a statement back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The id of the statement.
    pub statement: String,
    /// Why.
    pub reason: String,
}

/// The envelope as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    form: String,
    #[serde(rename = "type")]
    kind: String,
    repository: String,
    subjects: Vec<Subject>,
    base: Vec<String>,
    policy: String,
    actor: String,
    sequence: u64,
    previous: Option<String>,
    time: i64,
    body: Value,
}

impl Statement {
    /// Its type, as it is written.
    pub fn kind(&self) -> &'static str {
        match self.body {
            Body::Proposal(_) => "proposal/1",
            Body::Review(_) => "review/1",
            Body::Eval(_) => "eval/1",
            Body::Rating(_) => "rating/1",
            Body::Revoke(_) => "revoke/1",
        }
    }

    /// The verdict it gives on its subjects; none when it decides nothing.
    pub fn verdict(&self) -> Option<Verdict> {
        match &self.body {
            Body::Review(review) if review.verdict != Verdict::Comment => Some(review.verdict),
            _ => None,
        }
    }

    /// The bytes that are signed.
    ///
    /// # Errors
    /// When it holds a number that canonical JSON does not take, or is too large.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Refusal> {
        let envelope = Envelope {
            form: FORM.to_owned(),
            kind: self.kind().to_owned(),
            repository: self.repository.clone(),
            subjects: self.subjects.clone(),
            base: self.base.clone(),
            policy: self.policy.clone(),
            actor: self.actor.clone(),
            sequence: self.sequence,
            previous: self.previous.clone(),
            time: self.time_s,
            body: self.body.to_value().map_err(malformed)?,
        };
        let value = serde_json::to_value(&envelope).map_err(malformed)?;
        let bytes = json::to_bytes(&value)?;
        if bytes.len() > MAX_STATEMENT {
            return Err(Refusal::TooLarge { limit: MAX_STATEMENT });
        }
        Ok(bytes)
    }

    /// Reads a statement from its one spelling.
    ///
    /// # Errors
    /// When the bytes are not canonical, are of a type or version that is not known here, or hold a key
    /// that means nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_STATEMENT {
            return Err(Refusal::TooLarge { limit: MAX_STATEMENT });
        }
        let value = json::parse(bytes)?;
        require_known_form(&value)?;
        let read: Envelope = serde_json::from_value(value).map_err(malformed)?;
        if read.subjects.len() > MAX_SUBJECTS {
            return Err(Refusal::TooManySubjects { limit: MAX_SUBJECTS });
        }
        let statement = Self {
            body: Body::read(&read.kind, read.body)?,
            repository: read.repository,
            subjects: read.subjects,
            base: read.base,
            policy: read.policy,
            actor: read.actor,
            sequence: read.sequence,
            previous: read.previous,
            time_s: read.time,
        };
        // A field that was left out, and read as its default, would be a second spelling.
        if statement.to_bytes()? != bytes {
            return Err(Refusal::Malformed { reason: "a field is missing".to_owned() });
        }
        Ok(statement)
    }

    /// Whether it is about exactly this content.
    pub fn is_about(&self, subject: &Subject) -> bool {
        self.subjects.contains(subject)
    }
}

/// The id of the statement that these bytes are.
pub fn statement_id(bytes: &[u8]) -> String {
    digest(bytes)
}

impl Body {
    fn to_value(&self) -> serde_json::Result<Value> {
        match self {
            Self::Proposal(proposal) => serde_json::to_value(proposal),
            Self::Review(review) => serde_json::to_value(review),
            Self::Eval(evidence) => serde_json::to_value(evidence),
            Self::Rating(ratings) => serde_json::to_value(ratings),
            Self::Revoke(revoke) => serde_json::to_value(revoke),
        }
    }

    fn read(kind: &str, value: Value) -> Result<Self, Refusal> {
        Ok(match kind {
            "proposal/1" => Self::Proposal(serde_json::from_value(value).map_err(malformed)?),
            "review/1" => Self::Review(serde_json::from_value(value).map_err(malformed)?),
            "eval/1" => Self::Eval(serde_json::from_value(value).map_err(malformed)?),
            "rating/1" => Self::Rating(serde_json::from_value(value).map_err(malformed)?),
            "revoke/1" => Self::Revoke(serde_json::from_value(value).map_err(malformed)?),
            _ => return Err(Refusal::UnknownType { kind: kind.to_owned() }),
        })
    }
}

fn malformed(error: serde_json::Error) -> Refusal {
    Refusal::Malformed { reason: error.to_string() }
}

/// Asked before anything else is read, so that a newer form is named as such and not by its new keys.
fn require_known_form(value: &Value) -> Result<(), Refusal> {
    let form = value.get("form").and_then(Value::as_str).unwrap_or_default();
    if form != FORM {
        return Err(Refusal::UnknownForm { form: form.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixtures;
    use super::*;

    fn refused(text: &str) -> Refusal {
        Statement::parse(text.as_bytes()).expect_err(text)
    }

    fn text(statement: &Statement) -> String {
        String::from_utf8(statement.to_bytes().unwrap()).unwrap()
    }

    #[test]
    fn every_type_reads_back_as_it_was_written() {
        for body in [
            Body::Proposal(fixtures::proposal()),
            Body::Review(Review::of(Verdict::RequestChanges)),
            Body::Eval(Box::new(fixtures::evidence())),
            Body::Revoke(Revoke { statement: digest(b"x"), reason: "too early".into() }),
        ] {
            let statement = Statement { body, ..fixtures::statement() };
            let bytes = statement.to_bytes().unwrap();
            assert_eq!(Statement::parse(&bytes).unwrap(), statement);
        }
    }

    #[test]
    fn a_type_or_form_of_tomorrow_is_refused_by_name() {
        let written = text(&fixtures::statement());
        let later = refused(&written.replace("review/1", "review/2"));
        assert_eq!(later, Refusal::UnknownType { kind: "review/2".into() });
        let later = refused(&written.replace("assay.statement/1", "assay.statement/2"));
        assert_eq!(later, Refusal::UnknownForm { form: "assay.statement/2".into() });
        assert!(matches!(refused("{}"), Refusal::UnknownForm { .. }));
    }

    #[test]
    fn a_key_that_means_nothing_is_refused() {
        let written = text(&fixtures::statement());
        let added = written.replace("\"time\":", "\"tilt\":1,\"time\":");
        assert!(matches!(refused(&added), Refusal::Malformed { .. }), "{added}");
        let added = written.replace("\"verdict\":", "\"verd\":1,\"verdict\":");
        assert!(matches!(refused(&added), Refusal::Malformed { .. }), "{added}");
    }

    #[test]
    fn a_field_left_out_is_not_its_default() {
        let written = text(&fixtures::statement());
        let without = written.replace("\"previous\":null,", "");
        assert_ne!(without, written);
        assert!(matches!(refused(&without), Refusal::Malformed { .. }));
    }

    #[test]
    fn reordered_and_repeated_keys_are_refused() {
        let written = text(&fixtures::statement());
        let twice = written.replacen('{', "{\"actor\":\"me\",", 1);
        assert!(matches!(refused(&twice), Refusal::NotCanonical { .. }));
        let (head, tail) = written.rsplit_once(",\"type\"").unwrap();
        let moved = head.replacen('{', &format!("{{\"type\"{},", tail.trim_end_matches('}')), 1);
        assert!(matches!(refused(&format!("{moved}}}")), Refusal::NotCanonical { .. }));
    }

    #[test]
    fn a_statement_above_the_cap_is_neither_written_nor_read() {
        let mut proposal = fixtures::proposal();
        proposal.text = "x".repeat(MAX_STATEMENT);
        let large = Statement { body: Body::Proposal(proposal), ..fixtures::statement() };
        assert_eq!(large.to_bytes().unwrap_err(), Refusal::TooLarge { limit: MAX_STATEMENT });
        let bytes = vec![b' '; MAX_STATEMENT + 1];
        assert_eq!(
            Statement::parse(&bytes).unwrap_err(),
            Refusal::TooLarge { limit: MAX_STATEMENT }
        );
    }
}
