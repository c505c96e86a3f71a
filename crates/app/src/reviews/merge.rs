//! Merging a proposal: the commit that the gate lets through, with what opened it, as the target's next.

use assay_repo::review::Gate;
use assay_repo::review::attest::{trailers, with_trailers};
use assay_wire::*;

use super::gate::view;
use super::hearing::Hearing;
use super::judged::judge;
use super::proposal;
use super::say::{on_one_line, waiting};
use crate::app::App;
use crate::environment::commit_time;
use crate::error::Explain;
use crate::router::Answer;

impl Answer<MergeProposal> for App {
    fn answer(&self, command: MergeProposal) -> Result<ProposalMergedView, ApiError> {
        let hearing = self.hear_proposals()?;
        let proposed = proposal::find(&hearing, &command.id)?;
        let judged = judge(&hearing, &proposed)?;
        let gate = waiting(&judged)?;
        let target = &proposed.words.target;
        require_open(gate, &hearing)?;
        require_current(&hearing, target, gate)?;
        let message = match command.message.trim() {
            // Both are somebody else's words, and a line break would begin trailers of their own.
            "" => {
                let words = proposed.words;
                on_one_line(&format!("Merge {}: {}", words.branch, words.title))
            }
            message => message.to_owned(),
        };
        let workspace = &hearing.open.workspace;
        let _alone = self.inner.git.alone();
        let when = commit_time();
        let signer = hearing.own.as_ref().map(|_| self.signer()).transpose()?;
        let commit = workspace
            .merge_commit(gate, &message, when, None, signer.as_deref())
            .map_err(|e| e.explain())?;
        let made = workspace.revision(&commit).map_err(|e| e.explain())?;
        let step = format!("review merge {}", proposed.words.branch);
        workspace.advance_branch(target, &made, &step, when).map_err(|e| e.explain())?;
        self.inner.notices.send(Notice::WorkspaceChanged);
        let message = with_trailers(&message, &trailers(&gate.decision));
        Ok(ProposalMergedView { commit, target: target.clone(), message })
    }
}

/// A closed gate refuses with everything that keeps it closed.
fn require_open(gate: &Gate, hearing: &Hearing) -> Result<(), ApiError> {
    let view = view(gate, &hearing.diverged, hearing.now_s);
    if view.open {
        return Ok(());
    }
    let items = view.contents.iter().flat_map(|content| {
        let name = match content.variant.as_str() {
            "" => format!("{} of {}", content.role, content.path),
            variant => format!("{}/{variant}", content.path),
        };
        content.reasons.iter().map(move |reason| format!("{name}: {}", reason.message))
    });
    let whole = view.reasons.iter().map(|reason| reason.message.clone());
    let why: Vec<String> = whole.chain(items).collect();
    let error = ApiError::new(Code::Conflict, format!("the gate is closed: {}", why.join("; ")));
    let all = view.reasons.iter().chain(view.contents.iter().flat_map(|c| &c.reasons));
    let mut hints: Vec<String> = all.filter_map(|reason| reason.hint.clone()).collect();
    hints.dedup();
    Err(hints.into_iter().fold(error, ApiError::hint))
}

/// The merge is made on what the target has here, which must be all that is known of it.
fn require_current(hearing: &Hearing, target: &str, gate: &Gate) -> Result<(), ApiError> {
    let local = hearing.local_tip(target)?;
    if local.is_some_and(|local| local.id() == gate.base.id()) {
        return Ok(());
    }
    let message = format!("{target} is further on at the remote than here");
    Err(ApiError::new(Code::Conflict, message)
        .hint(format!("Bring it here first: assay switch {target}, then assay sync.")))
}
