//! Ratings among the statements: those that stand, whose they are, and signing more of them.

use std::collections::BTreeSet;

use assay_repo::review::{Body, Content, Key, Ratings, Rules, Signed, Signers};
use assay_wire::ApiError;

use super::hearing::{MAIN, revoked};
use super::say::draft;
use super::share::KEYS_USED;
use super::signer::rules_here;
use crate::app::{App, Open};

/// Who may be heard, and as whom.
pub(crate) struct Voters {
    /// Whose keys are whose, on the main branch.
    pub signers: Signers,
    /// The keys that signed on this machine, or would: their fingerprints, in either form.
    pub own: BTreeSet<String>,
    /// The present moment: seconds since 1970.
    pub now_s: i64,
}

impl Voters {
    /// Whether it is a key of this machine, or another key of the same person.
    pub fn is_own(&self, key: &Key) -> bool {
        let is_here = |key: &Key| {
            self.own.contains(&key.fingerprint_hex()) || self.own.contains(&key.fingerprint())
        };
        let Some(person) = self.signers.owner(key) else { return is_here(key) };
        let mut theirs = self.signers.lines().iter().filter(|line| line.person == person);
        is_here(key) || theirs.any(|line| is_here(&line.key))
    }
}

impl App {
    /// The statements with ratings that hold and were not taken back.
    pub(crate) fn rating_statements(&self) -> Result<Vec<Signed>, ApiError> {
        let hearing = self.hear()?;
        let rules = rules_of_main(&hearing.open);
        let taken_back = revoked(&hearing.signed, Some(&rules));
        let stands = |signed: &Signed| {
            matches!(signed.statement.body, Body::Rating(_)) && !taken_back.contains(&signed.id)
        };
        Ok(hearing.signed.into_iter().filter(stands).collect())
    }

    /// Who may be heard in the open repository.
    pub(crate) fn voters(&self, open: &Open) -> Result<Voters, ApiError> {
        let rules = rules_of_main(open);
        let used = self.lines_of_setting(&KEYS_USED.of(&open.root()))?;
        Ok(Voters {
            signers: rules.signers,
            own: used.into_iter().chain(self.own_fingerprint()?).collect(),
            now_s: self.inner.environment.now_ms().div_euclid(1_000),
        })
    }

    /// What tells whether others are believed: another one once the main branch's signers or rules are.
    pub(crate) fn voters_mark(&self, open: &Open) -> String {
        rules_of_main(open).digest
    }

    /// Signs ratings with the key that signs here, as many statements as they need; the ids of these.
    ///
    /// # Errors
    /// When no key is chosen, it does not sign, or the repository has no id.
    pub(crate) fn sign_ratings(&self, ratings: Ratings) -> Result<Vec<String>, ApiError> {
        let hearing = self.hear()?;
        let rules = rules_of_main(&hearing.open);
        let mut ids = Vec::new();
        for batch in ratings.batches() {
            let (subjects, body) = (batch.subjects(), Body::Rating(batch));
            // They replace no content, so there is nothing that they were compared with.
            let draft = draft(&hearing, subjects, &Content::default(), &rules, body)?;
            ids.push(self.state(&hearing, draft)?.id);
        }
        Ok(ids)
    }
}

/// The rules of the main branch, where there is one of a usual name; else those of the last commit. A branch that is
/// only proposed does not say who may be heard.
fn rules_of_main(open: &Open) -> Rules {
    let of =
        |name: &&str| open.workspace.revision(&format!("refs/heads/{name}")).ok()?.rules().ok();
    MAIN.iter().find_map(of).unwrap_or_else(|| rules_here(open))
}
