//! Which files of which proposals were read, and as what they were then.
//!
//! It is kept per project in the browser's own storage: a review is long, and who reads half of it goes on there next
//! time. A file that has become another since counts as unread, so what is kept can be old but never wrong.

use std::collections::BTreeMap;

use leptos::prelude::window;
use serde::{Deserialize, Serialize};

/// Proposals remembered; one that is reviewed meanwhile pushes out another.
const MOST: usize = 50;

/// Files that were read, by proposal and path, each with the fingerprint of what it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Viewed(BTreeMap<String, BTreeMap<String, u64>>);

impl Viewed {
    /// What is kept of a project; nothing where that cannot be read.
    pub fn kept(project: &str) -> Self {
        let kept = storage().and_then(|storage| storage.get_item(&name(project)).ok().flatten());
        kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Keeps it for a project. A storage that is full only means that it is not remembered.
    pub fn keep(&self, project: &str) {
        if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(self)) {
            let _ = storage.set_item(&name(project), &text);
        }
    }

    /// Whether a file was read as what this fingerprint names.
    pub fn has(&self, proposal: &str, path: &str, fingerprint: u64) -> bool {
        self.0.get(proposal).and_then(|files| files.get(path)) == Some(&fingerprint)
    }

    /// A file was read, as what this fingerprint names.
    pub fn add(&mut self, proposal: &str, path: &str, fingerprint: u64) {
        let files = self.0.entry(proposal.to_owned()).or_default();
        files.insert(path.to_owned(), fingerprint);
        while self.0.len() > MOST {
            let other = self.0.keys().find(|other| *other != proposal).cloned();
            let Some(other) = other else { return };
            self.0.remove(&other);
        }
    }

    /// A file was not read.
    pub fn remove(&mut self, proposal: &str, path: &str) {
        if let Some(files) = self.0.get_mut(proposal) {
            files.remove(path);
        }
    }
}

fn name(project: &str) -> String {
    format!("assay:viewed:{project}")
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_was_read_only_as_what_it_was() {
        let mut viewed = Viewed::default();
        viewed.add("p", "a.md", 7);
        assert!(viewed.has("p", "a.md", 7));
        assert!(!viewed.has("p", "a.md", 8) && !viewed.has("q", "a.md", 7));
        viewed.remove("p", "a.md");
        assert!(!viewed.has("p", "a.md", 7));
    }

    #[test]
    fn what_is_remembered_does_not_grow_without_end() {
        let mut viewed = Viewed::default();
        for at in 0..200 {
            viewed.add(&format!("{:03}", 200 - at), "a.md", at);
        }
        assert_eq!(viewed.0.len(), MOST);
        assert!(viewed.has("001", "a.md", 199), "the one at hand stays");
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let mut viewed = Viewed::default();
        viewed.add("p", "a.md", u64::MAX);
        let text = serde_json::to_string(&viewed).expect("it is written");
        assert_eq!(serde_json::from_str::<Viewed>(&text).ok(), Some(viewed));
    }
}
