//! The log of one key: statements in a row, each naming the one before it.
//!
//! Only the holder of the key adds to its log, so pushes never conflict and putting logs together is a
//! union. A log with a gap or another past is noticed here; how logs are kept in git is left to
//! [`super::refs`], and whether a person stands behind the key to [`super::gate`].

use std::collections::BTreeMap;

use super::refusal::Refusal;
use super::signature::{Key, KeyError, NAMESPACE, Signer, verify};
use super::statement::{Body, Statement, Subject, statement_id};

/// A statement as it is kept: the bytes that were signed, and their signature.
///
/// `ssh-keygen -Y verify -n statement@assay` says the same of the two files as Assay does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Canonical JSON.
    pub bytes: Vec<u8>,
    /// The armoured signature.
    pub signature: String,
}

/// A statement whose signature holds. Whose key it is, is another question.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// The digest of its bytes.
    pub id: String,
    /// The key that signed it.
    pub key: Key,
    /// What it says.
    pub statement: Statement,
}

/// A statement that is not believed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The digest of its bytes.
    pub id: String,
    /// Why.
    pub refusal: Refusal,
}

/// What a log says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// What holds, from the oldest on.
    pub signed: Vec<Signed>,
    /// What does not.
    pub refused: Vec<Refused>,
}

/// What the next statement of a key says beside its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The permanent id of the repository.
    pub repository: String,
    /// What it is about.
    pub subjects: Vec<Subject>,
    /// The digests of what the subjects replace.
    pub base: Vec<String>,
    /// The digest of the rules it is made under.
    pub policy: String,
    /// Seconds since 1970 in UTC.
    pub time_s: i64,
    /// What it says.
    pub body: Body,
}

/// Why a statement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// It cannot be written.
    #[error(transparent)]
    Statement(#[from] Refusal),
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Entry {
    /// Checks form and signature, and reads what it says.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn open(&self) -> Result<Signed, Refusal> {
        let statement = Statement::parse(&self.bytes)?;
        let key = verify(&self.bytes, &self.signature)?;
        let signer = key.fingerprint();
        if statement.actor != signer {
            return Err(Refusal::OtherActor { actor: statement.actor, signer });
        }
        Ok(Signed { id: self.id(), key, statement })
    }

    /// The id of the statement.
    pub fn id(&self) -> String {
        statement_id(&self.bytes)
    }

    fn refused(&self, refusal: Refusal) -> Refused {
        Refused { id: self.id(), refusal }
    }
}

/// The statement that follows `last` in the log of the signer's key.
///
/// # Errors
/// When it cannot be written, or the key refuses.
pub fn sign(draft: Draft, last: Option<&Signed>, signer: &dyn Signer) -> Result<Entry, SignError> {
    let statement = Statement {
        repository: draft.repository,
        subjects: draft.subjects,
        base: draft.base,
        policy: draft.policy,
        actor: signer.key().fingerprint(),
        sequence: last.map_or(0, |last| last.statement.sequence + 1),
        previous: last.map(|last| last.id.clone()),
        time_s: draft.time_s,
        body: draft.body,
    };
    let bytes = statement.to_bytes()?;
    let signature = signer.sign(NAMESPACE, &bytes)?;
    Ok(Entry { bytes, signature })
}

/// Reads the log that is named after a key's fingerprint in hex, from its oldest entry on.
pub fn read_log(name: &str, repository: &str, entries: &[Entry]) -> Log {
    let mut log = Log::default();
    for entry in entries {
        let read = if log.refused.is_empty() {
            entry.open().and_then(|next| place(next, name, repository, log.signed.last()))
        } else {
            Err(Refusal::AfterRefused)
        };
        match read {
            Ok(signed) => log.signed.push(signed),
            Err(refusal) => log.refused.push(entry.refused(refusal)),
        }
    }
    log
}

/// Whether a statement may stand after `last` in the log.
fn place(
    next: Signed,
    name: &str,
    repository: &str,
    last: Option<&Signed>,
) -> Result<Signed, Refusal> {
    let statement = &next.statement;
    if next.key.fingerprint_hex() != name {
        return Err(Refusal::OtherLog { log: name.to_owned(), actor: statement.actor.clone() });
    }
    if statement.repository != repository {
        return Err(Refusal::OtherRepository {
            named: statement.repository.clone(),
            expected: repository.to_owned(),
        });
    }
    let expected = last.map_or(0, |last| last.statement.sequence + 1);
    if statement.sequence != expected {
        return Err(Refusal::OutOfSequence { expected, found: statement.sequence });
    }
    let before = last.map(|last| last.id.clone());
    if statement.previous != before {
        return Err(Refusal::BrokenChain { named: statement.previous.clone(), before });
    }
    Ok(next)
}

/// How many of the entries are the next ones after `last` in the log of the key that `name` is of, whatever repository
/// they are about. Only the holder of the key can have written those; no more than the first other one is read.
pub(super) fn own_entries(
    name: &str,
    mut last: Option<Signed>,
    entries: impl Iterator<Item = Entry>,
) -> usize {
    let is_next = |entry: &Entry| {
        let placed = entry.open().and_then(|next| {
            let about = next.statement.repository.clone();
            place(next, name, &about, last.as_ref())
        });
        last = placed.ok();
        last.is_some()
    };
    entries.take_while(is_next).count()
}

/// All statements of several sources, each once, in an order that does not depend on the sources'.
pub fn union(sources: impl IntoIterator<Item = Signed>) -> Vec<Signed> {
    let by_id: BTreeMap<String, Signed> =
        sources.into_iter().map(|signed| (signed.id.clone(), signed)).collect();
    by_id.into_values().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixtures::{REPOSITORY, draft, log_of, signer};
    use super::*;

    fn read(entries: &[Entry]) -> Log {
        read_log(&signer(1).key().fingerprint_hex(), REPOSITORY, entries)
    }

    fn refusals(log: &Log) -> Vec<&'static str> {
        log.refused.iter().map(|refused| refused.refusal.code()).collect()
    }

    #[test]
    fn a_log_reads_back_in_order() {
        let entries = log_of(1, 3);
        let log = read(&entries);
        assert_eq!((log.signed.len(), log.refused.len()), (3, 0));
        let sequences: Vec<_> = log.signed.iter().map(|s| s.statement.sequence).collect();
        assert_eq!(sequences, [0, 1, 2]);
    }

    #[test]
    fn a_missing_swapped_or_repeated_entry_stops_the_log_there() {
        let entries = log_of(1, 3);
        let without = [entries[0].clone(), entries[2].clone()];
        assert_eq!(refusals(&read(&without)), ["out-of-sequence"]);
        let swapped = [entries[1].clone(), entries[0].clone()];
        assert_eq!(refusals(&read(&swapped)), ["out-of-sequence", "after-refused"]);
        let twice = [entries[0].clone(), entries[0].clone()];
        assert_eq!(refusals(&read(&twice)), ["out-of-sequence"]);
    }

    #[test]
    fn an_entry_that_follows_another_past_is_refused() {
        let entries = log_of(1, 1);
        let other = Draft { time_s: 7, ..draft() };
        let other = sign(other, None, &signer(1)).unwrap().open().unwrap();
        let next = sign(draft(), Some(&other), &signer(1)).unwrap();
        assert_eq!(refusals(&read(&[entries[0].clone(), next])), ["broken-chain"]);
    }

    #[test]
    fn a_statement_in_the_log_of_another_key_is_refused() {
        assert_eq!(refusals(&read(&log_of(2, 1))), ["other-log"]);
    }

    #[test]
    fn a_statement_about_another_repository_is_refused() {
        let elsewhere = Draft { repository: "01ELSEWHERE".into(), ..draft() };
        let entry = sign(elsewhere, None, &signer(1)).unwrap();
        assert_eq!(refusals(&read(&[entry])), ["other-repository"]);
    }

    #[test]
    fn only_what_the_keys_holder_wrote_is_its_log() {
        let (name, entries) = (signer(1).key().fingerprint_hex(), log_of(1, 3));
        let own = |last: Option<Signed>, entries: &[Entry]| {
            own_entries(&name, last, entries.iter().cloned())
        };
        let first = entries[0].open().unwrap();
        assert_eq!(own(None, &entries), 3);
        assert_eq!(own(Some(first), &entries[1..]), 2);
        assert_eq!(own(None, &entries[1..]), 0);
        assert_eq!(own(None, &log_of(2, 1)), 0);
        let junk = Entry { bytes: b"{}".to_vec(), signature: String::new() };
        assert_eq!(own(None, &[entries[0].clone(), junk, entries[1].clone()]), 1);
    }

    #[test]
    fn a_key_cannot_speak_for_another() {
        let mut statement = log_of(1, 1)[0].open().unwrap().statement;
        statement.actor = signer(2).key().fingerprint();
        let bytes = statement.to_bytes().unwrap();
        let signature = signer(1).sign(NAMESPACE, &bytes).unwrap();
        let refusal = Entry { bytes, signature }.open().unwrap_err();
        assert_eq!(refusal.code(), "other-actor");
    }

    #[test]
    fn every_changed_byte_of_a_statement_is_noticed() {
        let entry = &log_of(1, 1)[0];
        for at in 0..entry.bytes.len() {
            // Another bit of each byte: all eight of them are flipped where there is more time.
            let mut bytes = entry.bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            let changed = Entry { bytes, signature: entry.signature.clone() };
            assert!(changed.open().is_err(), "byte {at}");
        }
    }

    #[test]
    fn putting_logs_together_knows_no_order() {
        let signed = |key| read_log_of(key).signed;
        let (a, b) = (signed(1), signed(2));
        let forward = union(a.iter().chain(&b).cloned());
        let back = union(b.into_iter().chain(a.iter().rev().cloned()).chain(a.clone()));
        assert_eq!(forward, back);
        assert_eq!(forward.len(), 4);
    }

    fn read_log_of(seed: u8) -> Log {
        let name = signer(seed).key().fingerprint_hex();
        read_log(&name, REPOSITORY, &log_of(seed, 2))
    }
}
