//! What is governed at a revision: each variant, and what it is measured with, by content.
//!
//! Content is named by permanent ids and digests. Paths stand beside it only because policies speak of
//! them; moving or renaming a prompt changes no subject. Taking content away is content too: it goes by a digest of its
//! own, so that it is proposed and approved like anything else. Reading content out of a commit is left to
//! [`super::reading`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::statement::{Role, Statement, Subject};
use crate::file::digest;

/// What is governed at a revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// The permanent id of the repository, where it has one.
    pub repository: Option<String>,
    /// Everything that can be approved.
    pub items: Vec<Item>,
    /// What cannot, because nothing names it for good.
    pub unnamed: Vec<Unnamed>,
}

/// One thing that can be approved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Its name, by content.
    pub subject: Subject,
    /// Where its prompt, or its file, stands.
    pub path: String,
    /// Of a suite: how many gates it has.
    pub gates: usize,
}

/// A prompt that no statement can be about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unnamed {
    /// The prompt has no permanent id.
    #[error("{path} has no id; `assay check --fix` gives it one")]
    NoId {
        /// Where it stands.
        path: String,
    },
    /// Two prompts have the same permanent id, so an approval of one would pass for the other.
    #[error("{path} and {other} have the same id {id:?}")]
    SharedId {
        /// The id.
        id: String,
        /// The one.
        path: String,
        /// The other.
        other: String,
    },
    /// The prompt cannot be read, so its content is not known.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// Where it stands.
        path: String,
        /// The first thing wrong in it.
        reason: String,
    },
}

impl Unnamed {
    /// Where the prompt stands.
    pub fn path(&self) -> &str {
        match self {
            Self::NoId { path } | Self::SharedId { path, .. } | Self::Unreadable { path, .. } => {
                path
            }
        }
    }
}

/// An item that would go in, or be taken away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change<'c> {
    /// The item; of one that is taken away, its removal.
    pub item: Cow<'c, Item>,
    /// Where it will stand, and where its prompt stood.
    pub paths: BTreeSet<&'c str>,
    /// Whether the content is known already, and only stands elsewhere.
    pub is_move: bool,
    /// Whether it is taken away.
    pub is_removal: bool,
}

impl Subject {
    /// What stands for taking this away. It names what goes, so that no approval of it is one of taking away what may
    /// stand there later.
    pub fn removal(&self) -> Subject {
        let gone = format!("removed {}", self.digest);
        Subject { digest: digest(gone.as_bytes()), ..self.clone() }
    }

    /// Whether a statement about it speaks of taking away what it replaces.
    pub fn is_removal_in(&self, statement: &Statement) -> bool {
        let replaced = |digest: &String| Subject { digest: digest.clone(), ..self.clone() };
        statement.base.iter().any(|digest| replaced(digest).removal() == *self)
    }

    /// Whether it is the same place: content of one role of one variant.
    pub fn is_of_same(&self, other: &Subject) -> bool {
        (self.role, &self.prompt, &self.variant) == (other.role, &other.prompt, &other.variant)
    }
}

impl Content {
    /// The items of `head` that `self` does not have, or has elsewhere, where another rule may hold; and the variants that
    /// `head` does not have any more.
    pub fn changes<'c>(&'c self, head: &'c Content) -> Vec<Change<'c>> {
        let known: BTreeMap<&Subject, &str> =
            self.items.iter().map(|item| (&item.subject, item.path.as_str())).collect();
        let homes = self.homes();
        let mut changes = Vec::new();
        for item in &head.items {
            let old = known.get(&item.subject);
            if old.is_none_or(|path| *path != item.path) {
                let mut paths = BTreeSet::from([item.path.as_str()]);
                paths.extend(homes.get(item.subject.prompt.as_str()).copied());
                let (item, is_move) = (Cow::Borrowed(item), old.is_some());
                changes.push(Change { item, paths, is_move, is_removal: false });
            }
        }
        changes.extend(self.removals(head));
        changes.sort();
        changes.dedup();
        changes
    }

    /// The variants that go. One whose prompt nothing names any more is told as that, and not as gone.
    fn removals<'c>(&'c self, head: &'c Content) -> impl Iterator<Item = Change<'c>> {
        let kept: BTreeSet<(&str, &str)> = head
            .items
            .iter()
            .filter(|item| item.subject.role == Role::Prompt)
            .map(|item| (item.subject.prompt.as_str(), item.subject.variant.as_str()))
            .collect();
        let unnamed: BTreeSet<&str> = head.unnamed.iter().map(Unnamed::path).collect();
        let is_gone = move |item: &&Item| {
            let Item { subject, path, .. } = item;
            subject.role == Role::Prompt
                && !kept.contains(&(subject.prompt.as_str(), subject.variant.as_str()))
                && !unnamed.contains(path.as_str())
        };
        self.items.iter().filter(is_gone).map(|item| Change {
            item: Cow::Owned(Item { subject: item.subject.removal(), ..item.clone() }),
            paths: BTreeSet::from([item.path.as_str()]),
            is_move: false,
            is_removal: true,
        })
    }

    /// The item of a role that belongs to a prompt.
    pub fn of_prompt(&self, prompt: &str, role: Role) -> Option<&Item> {
        self.items.iter().find(|item| item.subject.role == role && item.subject.prompt == prompt)
    }

    /// The content ids of a prompt's variants.
    pub fn content_ids(&self, prompt: &str) -> BTreeSet<&str> {
        let is_variant =
            |item: &&Item| item.subject.role == Role::Prompt && item.subject.prompt == prompt;
        self.items.iter().filter(is_variant).map(|item| item.subject.digest.as_str()).collect()
    }

    /// Where each prompt stands. Content of the whole repository keeps its path, and has no home.
    fn homes(&self) -> BTreeMap<&str, &str> {
        let of_prompts = self.items.iter().filter(|item| !item.subject.prompt.is_empty());
        of_prompts.map(|item| (item.subject.prompt.as_str(), item.path.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{item, subject};
    use super::*;

    fn content(items: Vec<Item>) -> Content {
        Content { items, ..Content::default() }
    }

    #[test]
    fn what_is_there_already_needs_nothing() {
        let base = content(vec![item(Role::Prompt, "p", "old"), item(Role::Cases, "p", "c")]);
        assert!(base.changes(&base.clone()).is_empty());
    }

    #[test]
    fn new_content_carries_the_path_it_has_and_the_one_it_had() {
        let base = content(vec![item(Role::Prompt, "p", "old")]);
        let moved = Item { path: "prompts/elsewhere".into(), ..item(Role::Prompt, "p", "new") };
        let head = content(vec![moved]);
        let changes = base.changes(&head);
        assert_eq!(changes[0].paths, BTreeSet::from(["prompts/elsewhere", "prompts/p"]));
        assert!(!changes[0].is_move);
    }

    #[test]
    fn content_that_only_moved_is_told_as_a_move() {
        let base = content(vec![item(Role::Prompt, "p", "same")]);
        let moved = Item { path: "prompts/lax".into(), ..item(Role::Prompt, "p", "same") };
        let head = content(vec![moved]);
        assert!(base.changes(&head)[0].is_move);
    }

    #[test]
    fn what_is_taken_away_is_a_change_that_names_what_goes() {
        let base = content(vec![item(Role::Prompt, "p", "old"), item(Role::Cases, "p", "c")]);
        let changes = base.changes(&Content::default()).len();
        assert_eq!(changes, 1, "the cases go with their prompt");
        let empty = content(Vec::new());
        let change = base.changes(&empty).remove(0);
        assert!(change.is_removal && !change.is_move);
        let gone = subject(Role::Prompt, "p", "old");
        assert_eq!(change.item.subject, gone.removal());
        assert_ne!(gone.removal(), subject(Role::Prompt, "p", "other").removal());
        let unreadable =
            Unnamed::Unreadable { path: "prompts/p".into(), reason: "half a line".into() };
        let head = Content { unnamed: vec![unreadable], ..Content::default() };
        assert!(base.changes(&head).is_empty());
    }

    #[test]
    fn an_item_is_found_by_prompt_and_role() {
        let all = content(vec![item(Role::Prompt, "p", "a"), item(Role::Cases, "p", "c")]);
        let cases = all.of_prompt("p", Role::Cases).map(|item| &item.subject);
        assert_eq!(cases, Some(&subject(Role::Cases, "p", "c")));
        assert_eq!(all.content_ids("p").len(), 1);
        assert!(all.of_prompt("q", Role::Cases).is_none());
    }
}
