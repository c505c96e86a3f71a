//! What was put before a person's eyes in a terminal, where reading and deciding are two commands.
//!
//! The window keeps what it shows and sends its digest with a verdict. A terminal forgets, so it is remembered here
//! which digest of which proposal was shown last; a verdict is signed only while that still is what it would be about.

use assay_wire::*;

use super::proposal;
use super::share::Setting;
use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

/// The setting that holds what was shown of the proposals of a repository: the proposal's id and the digest.
const SHOWN: Setting = Setting("proposals-shown");

/// Proposals that are remembered; the one that was shown longest ago is forgotten first.
const MOST_REMEMBERED: usize = 200;

impl Answer<ShowProposal> for App {
    fn answer(&self, command: ShowProposal) -> Result<ProposalDetailView, ApiError> {
        let hearing = self.hear_proposals()?;
        let found = proposal::find(&hearing, &command.id)?;
        let detail = self.detail(&hearing, &found)?;
        if !detail.shown.is_empty() {
            let mut all = self.shown_here()?;
            remember(&mut all, &detail.proposal.id, &detail.shown);
            let setting = SHOWN.of(&hearing.open.root());
            let text = serde_json::json!(all).to_string();
            self.inner.store.set_setting(&setting, &text).map_err(|e| e.explain())?;
        }
        Ok(detail)
    }
}

impl Answer<ReadShown> for App {
    fn answer(&self, command: ReadShown) -> Result<Option<String>, ApiError> {
        let all = self.shown_here()?;
        Ok(all.into_iter().find(|(id, _)| *id == command.proposal).map(|(_, shown)| shown))
    }
}

impl App {
    /// What was shown here, the latest last. What cannot be read was shown by nobody.
    fn shown_here(&self) -> Result<Vec<(String, String)>, ApiError> {
        let setting = SHOWN.of(&self.workspace()?.root());
        let stored = self.inner.store.setting(&setting).map_err(|e| e.explain())?;
        Ok(stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }
}

fn remember(all: &mut Vec<(String, String)>, proposal: &str, shown: &str) {
    all.retain(|(id, _)| id != proposal);
    all.push((proposal.to_owned(), shown.to_owned()));
    let surplus = all.len().saturating_sub(MOST_REMEMBERED);
    all.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_of_each_proposal_and_so_many_proposals_are_remembered() {
        let mut all = Vec::new();
        for number in 0..MOST_REMEMBERED + 5 {
            remember(&mut all, &format!("p{number}"), "old");
        }
        remember(&mut all, "p7", "new");
        assert_eq!(all.len(), MOST_REMEMBERED);
        assert_eq!(all.last(), Some(&("p7".to_owned(), "new".to_owned())));
        assert!(!all.iter().any(|(id, _)| id == "p4"));
    }
}
