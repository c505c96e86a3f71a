//! Keys taken out of whatever is about to be kept or shown.
//!
//! By value: a registry of the keys that are loaded, looked for as they are and as a program on the way may have
//! written them (see [`encodings`]). A pattern for "what looks like a key" would miss a provider it does not know and
//! hit words it should leave; a value cannot do either. Whoever keeps bytes passes them through [`Secrets::redact`];
//! bytes that arrive in pieces go through a [`Redactor`], which sees a key across any number of them.
//!
//! Left to others: what to pass through it. Finding keys that people typed into files is a search by pattern, and
//! lives with the commit.

mod encodings;
mod streaming;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::Credential;

pub use streaming::Redactor;

/// Stands where a key stood.
const MARK: &str = "[key]";

/// In bytes. Keys of hosted providers are longer; what local servers take as a key is mostly shorter, and often a word
/// that a text may well hold (`ollama`).
pub(crate) const SHORTEST_TELLING_SECRET: usize = 16;

/// The keys to take out. A clone is a handle to the same registry: a key added to one is taken out by all.
///
/// Only keys of at least 16 bytes are looked for; shorter ones cannot be told from words. A key stays registered as
/// long as the registry lives, because what it was used for may be kept later than the key is removed. Its copies in
/// the search are in the process's memory for that time; nothing writes them anywhere.
///
/// ```
/// use assay_net::{Credential, Origin, redact::Secrets};
///
/// # fn main() -> Result<(), assay_net::OriginError> {
/// let secrets = Secrets::new();
/// let key = Credential::new(Origin::parse("https://api.example.com")?, "sk-0123456789abcdef");
/// secrets.add(&key);
/// assert_eq!(secrets.redact_text("you sent sk-0123456789abcdef"), "you sent [key]");
/// assert_eq!(secrets.redact_text("c2stMDEyMzQ1Njc4OWFiY2RlZg=="), "[key]");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Secrets {
    shared: Arc<RwLock<Registry>>,
}

#[derive(Default)]
struct Registry {
    known: Vec<SecretString>,
    search: Option<Search>,
}

/// What finds every encoding of every known key. Built anew with each key, which is rare, and shared while it is used.
#[derive(Clone)]
struct Search {
    automaton: Arc<AhoCorasick>,
    /// What is looked for, sorted, each once: those that begin alike stand together.
    needles: Arc<[Zeroizing<String>]>,
    longest: usize,
}

impl Secrets {
    /// A registry without keys, which changes nothing.
    pub fn new() -> Secrets {
        Secrets::default()
    }

    /// Takes this key out from now on.
    pub fn add(&self, credential: &Credential) {
        self.add_secret(credential.secret());
    }

    /// Takes this text out from now on: a key that is not bound to an origin yet.
    pub fn add_text(&self, secret: &SecretString) {
        self.add_secret(secret);
    }

    /// `bytes` with `[key]` for every key. Borrowed when there was none.
    pub fn redact<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match self.search() {
            Some(search) => search.replace_all(bytes),
            None => Cow::Borrowed(bytes),
        }
    }

    /// `text` with `[key]` for every key. Borrowed when there was none.
    pub fn redact_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.redact(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // Whole characters went out and ASCII came in, so this copies nothing and replaces nothing.
            Cow::Owned(clean) => match String::from_utf8(clean) {
                Ok(clean) => Cow::Owned(clean),
                Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            },
        }
    }

    /// For bytes that arrive in pieces. Keys added later than this are not looked for.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.search())
    }

    fn add_secret(&self, secret: &SecretString) {
        let secret = secret.expose_secret().trim();
        if secret.len() < SHORTEST_TELLING_SECRET || self.knows(secret) {
            return;
        }
        let mut registry = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        registry.known.push(SecretString::from(secret));
        registry.search = Search::for_all(&registry.known);
    }

    fn knows(&self, secret: &str) -> bool {
        let registry = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        registry.known.iter().any(|known| known.expose_secret() == secret)
    }

    fn search(&self) -> Option<Search> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner).search.clone()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.shared.read().unwrap_or_else(PoisonError::into_inner).known.len();
        write!(f, "Secrets({count} keys)")
    }
}

impl Search {
    fn for_all(known: &[SecretString]) -> Option<Search> {
        let mut needles: Vec<_> =
            known.iter().flat_map(|secret| encodings::of(secret.expose_secret())).collect();
        needles.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        needles.dedup();
        let longest = needles.iter().map(|needle| needle.len()).max()?;
        // Longest first: of two keys of which one begins like the other, the whole longer one must go.
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // A DFA is faster to search with, and takes seconds and much memory to build for a long key.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(needles.iter().map(|needle| needle.as_bytes()))
            // Going on without a search would keep keys in what is stored.
            .expect("keys are far from the two billion states that an automaton may have");
        Some(Search { automaton: Arc::new(automaton), needles: needles.into(), longest })
    }

    /// Where the longest end of `bytes` begins that a longer needle begins with; its length where there is none.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let earliest = bytes.len().saturating_sub(self.longest - 1);
        (earliest..bytes.len()).find(|at| self.begins_longer(&bytes[*at..])).unwrap_or(bytes.len())
    }

    /// Whether a needle begins with all of `part` and goes on.
    fn begins_longer(&self, part: &[u8]) -> bool {
        // Sorted, they follow upon `part` itself.
        let after = self.needles.partition_point(|needle| needle.as_bytes() <= part);
        self.needles.get(after).is_some_and(|needle| needle.as_bytes().starts_with(part))
    }

    fn replace_all<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut clean = Vec::new();
        let mut from = 0;
        for found in self.automaton.find_iter(bytes) {
            clean.extend_from_slice(&bytes[from..found.start()]);
            clean.extend_from_slice(MARK.as_bytes());
            from = found.end();
        }
        if from == 0 {
            return Cow::Borrowed(bytes);
        }
        clean.extend_from_slice(&bytes[from..]);
        Cow::Owned(clean)
    }
}

/// The last four characters of a secret long enough to spare them; else nothing.
pub(crate) fn hint(secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    let length = secret.chars().count();
    if length < SHORTEST_TELLING_SECRET {
        return String::new();
    }
    secret.chars().skip(length - 4).collect()
}

#[cfg(test)]
mod tests;
