//! Reviews without a server: signed statements about content, and the gate that reads them.
//!
//! People and runners sign [`Statement`]s with the SSH keys they have. Each key keeps a log of its own
//! ([`read_log`]) on a reference of its own ([`refs`]), so plain push and pull carry them and never conflict.
//! What a target branch's [`Rules`] ask for is compared with what was said about exactly the content that
//! would go in, by [`decide`], which is pure. A merge keeps what opened the gate in its tree ([`attest`]).
//!
//! Nothing here talks to a network, reads a clock or runs anything of a repository. The gate on a person's
//! own machine is advice; it binds where a required check or a hook on the server asks it too.

mod adoption;
mod agent;
pub mod attest;
mod bounds;
mod content;
mod evidence;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod forgeries;
mod gate;
mod json;
mod log;
mod measured;
mod policy;
mod rating;
mod reading;
pub mod refs;
mod refusal;
#[cfg(test)]
mod scene;
pub(crate) mod shallow;
mod signature;
mod signers;
mod standing;
mod statement;
mod thread;
mod workspace;

pub use agent::{AgentKey, agent_keys};
pub use content::{Change, Content, Item, Unnamed};
pub use evidence::{Evidence, GateResult, GateRule, Metric, Model, outputs_root};
pub use gate::{Decision, ItemDecision, Question, Reason, decide};
pub use json::NotCanonical;
pub use log::{Draft, Entry, Log, Refused, SignError, Signed, read_log, sign, union};
pub use policy::{POLICY_FILE, Policy, Rule, Rules, RulesError};
pub use rating::{NoRating, Rating, Ratings, Scale, Than, Value, WHOLE};
pub use reading::ReadError;
pub use refusal::Refusal;
pub use signature::{GIT_NAMESPACE, Key, KeyError, KeyFile, NAMESPACE, Signer};
pub use signers::{AllowedSigner, SIGNERS_FILE, Signers, SignersError, SignersProblem};
pub use statement::{
    Body, MAX_STATEMENT, Proposal, Review, Revoke, Role, Statement, Subject, Verdict, statement_id,
};
pub use thread::{Anchor, Place, Thread, threads};
pub use workspace::{Gate, GateError, Heard, Reached, SayError};
