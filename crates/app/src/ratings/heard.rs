//! Ratings that people signed, read from the index of the store and named after those whose keys signed them.
//!
//! The index follows the logs: it is brought up to date when a log has moved, and never by a key stroke that only
//! rates. A signature says which key spoke; whose that is, the repository's signers say. So a person has one voice, by
//! however many keys and under whatever names, and a key that is nobody's is shown and counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use assay_repo::review::{Body, Key, Rating, Ratings, Signed};
use assay_store::{HeardRating, HeardStatement, RatingRecord};
use assay_wire::ApiError;

use super::signed::record_of;
use crate::app::{App, Open};
use crate::error::Explain;
use crate::reviews::Voters;

/// Characters of a key's fingerprint that stand for it beside a name.
const SHORT_KEY: usize = 19;

/// Ratings that an index holds. More of strangers are left out first: anybody who may push can make keys.
const MAX_RATINGS: usize = 200_000;

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
        let come = news(&standing, &known, &self.voters(open)?);
        store.index_heard(&root, gone, come).map_err(|e| e.explain())?;
        store.set_setting(&setting, &mark).map_err(|e| e.explain())
    }

    /// What was signed and could not be understood, and why nothing newer was heard, in words.
    pub(super) fn unheard(&self, open: &Open, followed: Result<(), ApiError>) -> Vec<String> {
        let left_out = self.inner.store.heard_left_out(&open.root()).unwrap_or_default();
        let told = |left: assay_store::LeftOut| {
            let short: String = left.statement.chars().take(SHORT_KEY).collect();
            format!(
                "statement {short}…: {} of its ratings are left out, as not understood or too many",
                left.ratings
            )
        };
        let unread = followed.err().map(|error| format!("signed ratings: {}", error.message));
        unread.into_iter().chain(left_out.into_iter().map(told)).collect()
    }
}

/// What the index lacks of the statements that stand, as far as there is room: of strangers last.
fn news(standing: &[Signed], known: &BTreeSet<String>, voters: &Voters) -> Vec<HeardStatement> {
    let (old, mut new): (Vec<&Signed>, Vec<&Signed>) =
        standing.iter().partition(|signed| known.contains(&signed.id));
    let held: usize = old.into_iter().map(|signed| ratings_in(signed).len()).sum();
    let mut room = MAX_RATINGS.saturating_sub(held);
    new.sort_by_key(|signed| voters.signers.owner(&signed.key).is_none());
    new.into_iter().filter_map(|signed| indexed(signed, &mut room)).collect()
}

fn ratings_in(signed: &Signed) -> &[Rating] {
    match &signed.statement.body {
        Body::Rating(body) => &body.ratings,
        _ => &[],
    }
}

/// A statement with ratings as it is indexed, with all of them or, where there is no room, none.
fn indexed(signed: &Signed, room: &mut usize) -> Option<HeardStatement> {
    let Body::Rating(body) = &signed.statement.body else { return None };
    let name = name_in(body, &signed.key);
    let fits = body.ratings.len() <= *room;
    let read = body.ratings.iter().filter(|_| fits).filter_map(|one| record_of(&name, one).ok());
    let ratings: Vec<RatingRecord> = read.collect();
    let left_out = body.ratings.len() - ratings.len();
    *room -= ratings.len();
    Some(HeardStatement {
        id: signed.id.clone(),
        signer: signed.key.to_openssh().ok()?,
        time_s: signed.statement.time_s,
        sequence: signed.statement.sequence,
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        ratings,
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

    use assay_repo::review::{Draft, KeyFile, Scale, Signer, Signers, Value, sign};
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

    /// A statement of the key that grows from `seed`, with ratings.
    fn statement(seed: u8, count: usize, change: impl Fn(&mut Rating)) -> Signed {
        let digest = |of: &str| assay_repo::digest(of.as_bytes());
        let mut rating = Rating {
            prompt: "p".into(),
            content: digest("c"),
            case: digest("k"),
            output: digest("o"),
            than: None,
            criterion: assay_repo::review::WHOLE.into(),
            scale: Scale::PassFail,
            value: Some(Value::Pass(true)),
            at: 1,
        };
        change(&mut rating);
        let body = Ratings { rater: "Ada".into(), ratings: vec![rating; count] };
        let draft = Draft {
            repository: "r".into(),
            subjects: Vec::new(),
            base: Vec::new(),
            policy: String::new(),
            time_s: 1,
            body: Body::Rating(body),
        };
        sign(draft, None, &KeyFile::from_seed(&[seed; 32])).unwrap().open().unwrap()
    }

    #[test]
    fn what_means_nothing_is_left_out_and_counted() {
        let odd = statement(1, 3, |rating| rating.criterion = "tone".into());
        let found = indexed(&odd, &mut 10).unwrap();
        assert_eq!((found.left_out, found.ratings.len()), (3, 0));
    }

    #[test]
    fn where_there_is_no_room_strangers_are_left_out_first_and_all_are_told_of() {
        let lines = format!("ada@example.com {}\n", public(1));
        let said = [statement(9, 20, |_| ()), statement(1, 20, |_| ())];
        let mut room = 30;
        let kept: Vec<_> = said.iter().rev().filter_map(|one| indexed(one, &mut room)).collect();
        let told: Vec<_> = kept.iter().map(|one| (one.ratings.len(), one.left_out)).collect();
        assert_eq!((told, room), (vec![(20, 0), (0, 20)], 10));
        let none = news(&said, &said.iter().map(|one| one.id.clone()).collect(), &voters(&lines));
        assert!(none.is_empty(), "what is known is not read again");
        let first = news(&said, &BTreeSet::new(), &voters(&lines));
        assert_eq!(first[0].id, said[1].id, "people come first");
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
