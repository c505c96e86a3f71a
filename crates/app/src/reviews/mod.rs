//! Proposals, reviews, evidence and the gate of the open repository: what people sign and decide.
//!
//! `assay_repo::review` knows what a statement is and when a gate opens. Here that meets the application: whose key
//! signs ([`signer`]), what was heard so far and is remembered ([`hearing`]), which statements make a proposal
//! ([`proposal`]), what has become of it ([`judged`]), what a reviewer sees of it ([`detail`]), what a run showed
//! ([`attest`]), and what people said of its outputs ([`rated`]). What is signed is what was shown: a review names the
//! digest of what was on the screen, and is refused when that is no longer what it would be about.
//!
//! Statements travel with `assay sync` ([`share`]); nothing here contacts anybody.

mod attest;
mod awaited;
mod committed;
mod detail;
mod evidence;
mod gate;
mod hearing;
mod judged;
mod merge;
mod problem;
mod proposal;
mod rated;
mod say;
mod share;
mod showed;
mod shown;
mod signer;
mod threads;

use assay_repo::review::GateError;
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::repository::merger::MERGER;
use crate::router::Answer;
use hearing::Hearing;

pub(crate) use rated::Voters;
pub(crate) use share::statement_notes;

impl Answer<ListProposals> for App {
    fn answer(&self, _: ListProposals) -> Result<ProposalsView, ApiError> {
        self.proposals_view(&self.hear_proposals()?)
    }
}

impl Answer<ReadProposal> for App {
    fn answer(&self, command: ReadProposal) -> Result<ProposalDetailView, ApiError> {
        let hearing = self.hear_proposals()?;
        let found = proposal::find(&hearing, &command.id)?;
        self.detail(&hearing, &found)
    }
}

impl Answer<Verify> for App {
    fn answer(&self, command: Verify) -> Result<ReviewGateView, ApiError> {
        let hearing = self.hear()?;
        let workspace = &hearing.open.workspace;
        let head = workspace
            .revision(command.head.as_deref().unwrap_or("HEAD"))
            .map_err(|e| e.explain())?;
        let gate = match &command.base {
            None => workspace.verify_commit(&head, &hearing.seen, hearing.now_s, MERGER),
            Some(base) => {
                let base = workspace.revision(base).map_err(|e| e.explain())?;
                workspace.gate(&base, &head, &hearing.seen, hearing.now_s, MERGER)
            }
        };
        match gate {
            Ok(gate) => Ok(gate::view(&gate, &hearing.diverged, hearing.now_s)),
            // What two sides cannot be merged to was decided by hand, and nobody has approved that.
            Err(error @ GateError::Conflict { .. }) => {
                Ok(ReviewGateView { head: head.id(), ..gate::closed_by(&error) })
            }
            Err(error) => Err(error.explain()),
        }
    }
}

impl App {
    fn proposals_view(&self, hearing: &Hearing) -> Result<ProposalsView, ApiError> {
        let mut proposals = Vec::new();
        for proposed in proposal::all(hearing) {
            proposals.push(judged::judge(hearing, &proposed)?.view);
        }
        proposals.sort_by_key(|one| (is_over(one.state), std::cmp::Reverse(one.time_s)));
        Ok(ProposalsView {
            proposals,
            signer: self.signer_view(&hearing.open)?,
            policy: hearing.policy(),
        })
    }
}

fn is_over(state: ProposalState) -> bool {
    matches!(state, ProposalState::Merged | ProposalState::Withdrawn)
}
