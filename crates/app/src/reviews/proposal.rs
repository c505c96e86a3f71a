//! Which statements make a proposal, and what has become of it.
//!
//! A proposal is a branch that one person wants to have in another. Proposing the branch again, after a change, renews
//! it; once it was merged or taken back, the next one is a proposal of its own. It goes by the id of the statement that
//! it began with.

use std::collections::{BTreeMap, BTreeSet};

use assay_repo::Revision;
use assay_repo::review::{Body, Proposal, Signed, Subject};
use assay_wire::{ApiError, Code};

use super::hearing::{Hearing, Target, name_of, revoked};
use crate::error::Explain;

/// The fewest characters of an id that name a proposal.
const SHORTEST_ID: usize = 6;

/// A proposal, and every statement that renewed it.
pub(super) struct Proposed<'h> {
    /// What it began with.
    pub first: &'h Signed,
    /// What it was renewed with last.
    pub latest: &'h Signed,
    /// What that says.
    pub words: &'h Proposal,
    /// Who proposes it.
    pub author: String,
    /// Everything it was ever about.
    pub subjects: BTreeSet<&'h Subject>,
    pub is_withdrawn: bool,
    pub is_attested: bool,
}

/// Every proposal that was heard of, oldest first.
pub(super) fn all(hearing: &Hearing) -> Vec<Proposed<'_>> {
    let mut waiting: BTreeMap<(&str, &str, String), Proposed<'_>> = BTreeMap::new();
    let mut over = Vec::new();
    let taken_back_anywhere = revoked(&hearing.signed, None);
    for (signed, words) in in_order(&hearing.signed, hearing.now_s) {
        let target = hearing.target(&words.target);
        let rules = target.and_then(|target| target.rules.as_ref().ok());
        let author = name_of(rules, signed);
        let place = (words.branch.as_str(), words.target.as_str(), author.clone());
        let proposed = match waiting.remove(&place) {
            Some(earlier) => earlier.renewed(signed, words),
            None => Proposed::begun(signed, words, author),
        };
        let taken_back = target.map_or(&taken_back_anywhere, |target| &target.taken_back);
        let is_withdrawn = taken_back.contains(&signed.id);
        let is_attested = target.is_some_and(|target| target.attested.contains(&signed.id));
        let proposed = Proposed { is_withdrawn, is_attested, ..proposed };
        if is_withdrawn || is_attested {
            over.push(proposed);
        } else {
            waiting.insert(place, proposed);
        }
    }
    over.extend(waiting.into_values());
    over
}

/// Proposals as they were made. Of one key, its log says which came first, whatever its clock said meanwhile; between
/// keys clocks decide, and one that is ahead of ours is taken for ours.
fn in_order(signed: &[Signed], now_s: i64) -> Vec<(&Signed, &Proposal)> {
    let mut said: Vec<(&Signed, &Proposal)> = signed.iter().filter_map(proposal).collect();
    said.sort_by_key(|(signed, _)| (signed.statement.actor.as_str(), signed.statement.sequence));
    let (mut actor, mut latest) = ("", i64::MIN);
    let timed = said.into_iter().map(|(signed, words)| {
        let statement = &signed.statement;
        if statement.actor != actor {
            (actor, latest) = (statement.actor.as_str(), i64::MIN);
        }
        latest = latest.max(statement.time_s.min(now_s));
        (latest, signed, words)
    });
    let mut timed: Vec<_> = timed.collect();
    timed.sort_by_key(|(time_s, signed, _)| {
        let statement = &signed.statement;
        (*time_s, statement.actor.as_str(), statement.sequence, signed.id.as_str())
    });
    timed.into_iter().map(|(_, signed, words)| (signed, words)).collect()
}

/// The proposal that goes by an id, the beginning of one, or its branch.
pub(super) fn find<'h>(hearing: &'h Hearing, name: &str) -> Result<Proposed<'h>, ApiError> {
    let mut found: Vec<Proposed<'h>> =
        all(hearing).into_iter().filter(|one| one.goes_by(name)).collect();
    // A branch may have been proposed before; the one that waits is meant.
    if found.len() > 1 && found.iter().any(|one| !one.is_over()) {
        found.retain(|one| !one.is_over());
    }
    match found.len() {
        1 => found.pop().ok_or_else(|| unknown(name)),
        0 => Err(unknown(name)),
        n => Err(ApiError::new(Code::BadInput, format!("{n} proposals go by `{name}`"))
            .hint("Name one by more of its id; `assay review` lists them.")),
    }
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("there is no proposal `{name}`"))
        .hint("`assay review` lists them; `assay sync` brings those of others.")
}

impl<'h> Proposed<'h> {
    fn begun(signed: &'h Signed, words: &'h Proposal, author: String) -> Self {
        Self {
            first: signed,
            latest: signed,
            words,
            author,
            subjects: signed.statement.subjects.iter().collect(),
            is_withdrawn: false,
            is_attested: false,
        }
    }

    fn renewed(mut self, signed: &'h Signed, words: &'h Proposal) -> Self {
        self.subjects.extend(&signed.statement.subjects);
        Self { latest: signed, words, ..self }
    }

    fn goes_by(&self, name: &str) -> bool {
        let id = self.first.id.as_str();
        let bare = id.strip_prefix("sha256:").unwrap_or(id);
        let is_beginning = name.len() >= SHORTEST_ID && bare.starts_with(name);
        id == name || is_beginning || self.words.branch == name
    }

    fn is_over(&self) -> bool {
        self.is_withdrawn || self.is_attested
    }

    /// Whether its target has it, also where plain git or a squash brought it there.
    pub fn is_merged(
        &self,
        hearing: &Hearing,
        target: &Target,
        head: Option<&Revision>,
    ) -> Result<bool, ApiError> {
        let statement = &self.latest.statement;
        let items = &target.content.items;
        let is_done = |subject: &Subject| match subject.is_removal_in(statement) {
            true => !items.iter().any(|item| item.subject.is_of_same(subject)),
            false => items.iter().any(|item| item.subject == *subject),
        };
        let subjects = &statement.subjects;
        if self.is_attested || (!subjects.is_empty() && subjects.iter().all(is_done)) {
            return Ok(true);
        }
        let Some(head) = head else { return Ok(false) };
        hearing.open.workspace.has_in_past(&target.tip, head).map_err(|e| e.explain())
    }
}

fn proposal(signed: &Signed) -> Option<(&Signed, &Proposal)> {
    match &signed.statement.body {
        Body::Proposal(proposal) => Some((signed, proposal)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use assay_repo::review::{Draft, KeyFile, sign};
    use ssh_key::private::Ed25519Keypair;
    use ssh_key::{LineEnding, PrivateKey};

    use super::*;

    /// Proposals of one key, made at these times.
    /// The latest time that a statement can carry: its numbers are those of JSON.
    const FAR: i64 = (1 << 53) - 1;

    fn log(times: &[i64]) -> Vec<Signed> {
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
        let key = KeyFile::from_openssh(&key.to_openssh(LineEnding::LF).unwrap(), None).unwrap();
        let mut log: Vec<Signed> = Vec::new();
        for (number, time_s) in times.iter().enumerate() {
            let body = Body::Proposal(Proposal {
                title: number.to_string(),
                text: String::new(),
                branch: "brief".to_owned(),
                target: "main".to_owned(),
            });
            let draft = Draft {
                repository: "r".to_owned(),
                subjects: Vec::new(),
                base: Vec::new(),
                policy: String::new(),
                time_s: *time_s,
                body,
            };
            log.push(sign(draft, log.last(), &key).unwrap().open().unwrap());
        }
        log
    }

    #[test]
    fn a_clock_that_goes_astray_does_not_make_an_old_proposal_the_newest() {
        let mut log = log(&[100, FAR, 90, 120]);
        log.reverse();
        let titles: Vec<&str> =
            in_order(&log, 200).into_iter().map(|(_, words)| words.title.as_str()).collect();
        assert_eq!(titles, ["0", "1", "2", "3"]);
    }
}
