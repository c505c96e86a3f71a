//! Ratings that people signed, read from the index of the store and named after those whose keys signed them.
//!
//! The index follows the logs: it is brought up to date when a log has moved, and never by a key stroke that only
//! rates. A signature says which key spoke; whose that is, the repository's signers say. So a person has one voice, by
//! however many keys and under whatever names, and a key that is nobody's is shown and counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use assay_repo::review::{Body, Key, Ratings, Signed};
use assay_store::{HeardRating, HeardStatement, RatingRecord};
use assay_wire::ApiError;

use super::signed::record_of;
use crate::app::{App, Open};
use crate::error::Explain;
use crate::reviews::Voters;

/// Characters of a key's fingerprint that stand for it beside a name.
const SHORT_KEY: usize = 19;

/// Whose a rating is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Signed with a key of this machine: as good as said here.
    Own,
    /// Signed by somebody whose key the repository names.
    Person,
    /// Signed with a key that is nobody's now, or was not then.
    Stranger,
}

/// A rating that was signed, under the name that its rater goes by here.
pub(super) struct Heard {
    pub rating: RatingRecord,
    pub whose: Whose,
}

/// What the setting is called that says how far the index has followed the logs of a clone.
fn setting_of(root: &str) -> String {
    format!("ratings-heard {root}")
}

impl App {
    /// What was signed of the outputs of these prompts, or of all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn heard(
        &self,
        open: &Open,
        prompts: Option<&[String]>,
    ) -> Result<Vec<Heard>, ApiError> {
        let (store, root) = (&self.inner.store, open.root());
        let of = |prompt| store.heard_ratings(&root, prompt).map_err(|e| e.explain());
        let mut ratings = Vec::new();
        match prompts {
            None => ratings = of(None)?,
            Some(prompts) => {
                for prompt in prompts {
                    ratings.extend(of(Some(prompt))?);
                }
            }
        }
        match ratings.is_empty() {
            true => Ok(Vec::new()),
            false => Ok(named(ratings, &self.voters(open)?)),
        }
    }

    /// Brings the index up to date with the logs of the open repository.
    ///
    /// # Errors
    /// When the logs or the store cannot be read. What is in the index stays usable.
    pub(super) fn follow_logs(&self, open: &Open) -> Result<(), ApiError> {
        let (store, root) = (&self.inner.store, open.root());
        // Taken before the logs are read: what is said meanwhile is heard the next time.
        let mark = open.workspace.logs_mark().map_err(|e| e.explain())?;
        let setting = setting_of(&root);
        if store.setting(&setting).map_err(|e| e.explain())?.as_deref() == Some(mark.as_str()) {
            return Ok(());
        }
        let standing = self.rating_statements()?;
        let known = store.heard_statements(&root).map_err(|e| e.explain())?;
        let known: BTreeSet<String> = known.into_iter().collect();
        let wanted: BTreeSet<&str> = standing.iter().map(|signed| signed.id.as_str()).collect();
        let gone = known.iter().filter(|id| !wanted.contains(id.as_str())).cloned().collect();
        let new = standing.iter().filter(|signed| !known.contains(&signed.id));
        let come = new.filter_map(indexed).collect();
        store.index_heard(&root, gone, come).map_err(|e| e.explain())?;
        store.set_setting(&setting, &mark).map_err(|e| e.explain())
    }

    /// What was signed and could not be understood, and why nothing newer was heard, in words.
    pub(super) fn unheard(&self, open: &Open, followed: Result<(), ApiError>) -> Vec<String> {
        let left_out = self.inner.store.heard_left_out(&open.root()).unwrap_or_default();
        let told = |left: assay_store::LeftOut| {
            let short: String = left.statement.chars().take(SHORT_KEY).collect();
            format!("statement {short}…: {} of its ratings could not be understood", left.ratings)
        };
        let unread = followed.err().map(|error| format!("signed ratings: {}", error.message));
        unread.into_iter().chain(left_out.into_iter().map(told)).collect()
    }
}

/// A statement with ratings as it is indexed; none for any other.
fn indexed(signed: &Signed) -> Option<HeardStatement> {
    let Body::Rating(body) = &signed.statement.body else { return None };
    let name = name_in(body, &signed.key);
    let read = body.ratings.iter().map(|rating| record_of(&name, rating).ok());
    let read: Vec<Option<RatingRecord>> = read.collect();
    let left_out = read.iter().filter(|rating| rating.is_none()).count();
    Some(HeardStatement {
        id: signed.id.clone(),
        signer: signed.key.to_openssh().ok()?,
        time_s: signed.statement.time_s,
        sequence: signed.statement.sequence,
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        ratings: read.into_iter().flatten().collect(),
    })
}

/// The name that a statement gives its rater; the key's, where that is none.
fn name_in(body: &Ratings, key: &Key) -> String {
    if body.has_name() { body.rater.clone() } else { short(key) }
}

fn short(key: &Key) -> String {
    key.fingerprint().chars().take(SHORT_KEY).collect()
}

/// Gives each rating the name that its rater has here: one for a person, the latest that they took.
fn named(ratings: Vec<HeardRating>, voters: &Voters) -> Vec<Heard> {
    let mut known: BTreeMap<(String, i64), Option<(Whose, String)>> = BTreeMap::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut heard = Vec::new();
    for HeardRating { signer, signed_s, rating } in ratings {
        let found = known.entry((signer, signed_s)).or_insert_with_key(|(signer, signed_s)| {
            let key = Key::from_openssh(signer).ok()?;
            Some(whose(&key, *signed_s, voters))
        });
        // The index holds keys as they were written; one that cannot be read any more spoke for nobody.
        let Some((whose, person)) = found.clone() else { continue };
        names.insert(person.clone(), rating.rater.clone());
        heard.push((rating, whose, person));
    }
    let named = heard.into_iter().map(|(mut rating, whose, person)| {
        if whose != Whose::Own {
            rating.rater = displayed(names.get(&person).map_or("", String::as_str), &person);
        }
        Heard { rating, whose }
    });
    named.collect()
}

/// Whose word it is, and who that is: a person, or the key that is nobody's.
fn whose(key: &Key, signed_s: i64, voters: &Voters) -> (Whose, String) {
    let owner = voters.signers.owner(key).map_or_else(|| short(key), str::to_owned);
    let whose = match voters.signers.person(key, signed_s, voters.now_s.max(signed_s)) {
        _ if voters.is_own(key) => Whose::Own,
        Ok(_) => Whose::Person,
        Err(_) => Whose::Stranger,
    };
    (whose, owner)
}

/// A name beside which stands who took it: anybody can call themselves anything.
fn displayed(name: &str, person: &str) -> String {
    if name.is_empty() || name == person { person.to_owned() } else { format!("{name} <{person}>") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use assay_repo::review::{KeyFile, Signer, Signers};
    use assay_store::{RatedOutput, Said};

    use super::*;

    fn public(seed: u8) -> String {
        KeyFile::from_seed(&[seed; 32]).key().to_openssh().unwrap()
    }

    fn said(seed: u8, name: &str) -> HeardRating {
        let rated = RatedOutput {
            prompt: "p".into(),
            content_id: "c".into(),
            case: "k".into(),
            output: "o".into(),
        };
        let said = Said::Pass(Some(true));
        let rating = RatingRecord { rated, rater: name.into(), said, at_ms: 1 };
        HeardRating { signer: public(seed), signed_s: 10, rating }
    }

    fn voters(lines: &str) -> Voters {
        Voters { signers: Signers::parse(lines).unwrap(), own: BTreeSet::new(), now_s: 20 }
    }

    fn names(ratings: Vec<HeardRating>, voters: &Voters) -> Vec<(String, Whose)> {
        named(ratings, voters).into_iter().map(|one| (one.rating.rater, one.whose)).collect()
    }

    #[test]
    fn a_person_has_one_name_by_all_their_keys_and_whatever_they_call_themselves() {
        let lines = format!("ada@example.com {}\nada@example.com {}\n", public(1), public(2));
        let heard = vec![said(1, "Bob"), said(2, "Cy"), said(1, "Ada")];
        let ada = ("Ada <ada@example.com>".to_owned(), Whose::Person);
        assert_eq!(names(heard, &voters(&lines)), [ada.clone(), ada.clone(), ada]);
    }

    #[test]
    fn a_key_that_is_nobodys_is_told_from_the_one_whose_name_it_takes() {
        let lines = format!("ada@example.com {}\n", public(1));
        let found = names(vec![said(1, "Ada"), said(9, "Ada")], &voters(&lines));
        assert_eq!(found[0], ("Ada <ada@example.com>".to_owned(), Whose::Person));
        assert!(found[1].0.starts_with("Ada <SHA256:"), "{found:?}");
        assert_eq!(found[1].1, Whose::Stranger);
    }

    #[test]
    fn a_key_whose_time_is_over_counts_no_more() {
        let lines = format!("ada@example.com valid-before=\"20200101Z\" {}\n", public(1));
        let now = Voters { now_s: 1_770_000_000, ..voters(&lines) };
        assert_eq!(names(vec![said(1, "Ada")], &now)[0].1, Whose::Stranger);
    }

    #[test]
    fn ones_own_key_speaks_under_the_name_that_one_signed_with() {
        let own = BTreeSet::from([KeyFile::from_seed(&[1; 32]).key().fingerprint_hex()]);
        let own = Voters { own, ..voters("") };
        assert_eq!(names(vec![said(1, "Ada")], &own), [("Ada".to_owned(), Whose::Own)]);
    }
}
