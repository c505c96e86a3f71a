//! What a merge leaves in the tree: the statements that opened the gate, and trailers that name them.
//!
//! With them a plain clone, which fetches no logs, can check the decision again, offline. They are evidence
//! and not authority: statements read from a tree are checked like any others, so a proposal that brings its
//! own attestations gains nothing by it. The folder holds statements under their own names and nothing else:
//! whatever else a merge puts there is told like any other file that was smuggled in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git2::{
    Delta, DiffDelta, FileMode, Index, IndexEntry, IndexTime, ObjectType, Oid, Repository, Tree,
    TreeEntry,
};

use super::gate::{Decision, ItemDecision};
use super::log::{Entry, Signed};
use super::statement::{Body, MAX_STATEMENT, Statement, Verdict};
use crate::RepoError;

/// Where attestations stand.
pub const ATTESTATIONS: &str = ".assay/attest";

/// The most statements that are read from one tree.
const MAX_ATTESTATIONS: usize = 100_000;

/// The most bytes they may have together: one large file can stand in a tree under very many names.
const MAX_BYTES: usize = 128_000_000;

const FILE_MODE: u32 = 0o100_644;

/// The files that a merge adds, by path: what supports each item of an open gate.
///
/// A statement about several items stands under the first of them, once. What took one of them back stands
/// beside it: without it, a clone that has no logs would hear an objection that is none any more.
pub fn attestations(
    decision: &Decision,
    statements: &[(Entry, Signed)],
) -> BTreeMap<String, Vec<u8>> {
    let homes: BTreeMap<&str, String> = statements
        .iter()
        .filter(|(_, signed)| supports(&signed.statement))
        .filter_map(|(_, signed)| {
            let is_home = |item: &&ItemDecision| signed.statement.is_about(&item.subject);
            let item = decision.items.iter().find(is_home)?;
            Some((signed.id.as_str(), bare(&item.subject.digest)))
        })
        .collect();
    let mut files = BTreeMap::new();
    for (entry, signed) in statements {
        let about = match &signed.statement.body {
            Body::Revoke(revoke) => revoke.statement.as_str(),
            _ => signed.id.as_str(),
        };
        let Some(home) = homes.get(about) else { continue };
        let place = format!("{ATTESTATIONS}/{home}/{}", bare(&signed.id));
        files.insert(format!("{place}.json"), entry.bytes.clone());
        files.insert(format!("{place}.sig"), entry.signature.clone().into_bytes());
    }
    files
}

/// Whether a statement is kept with a merge for itself: proposals, verdicts and evidence are, talk is not.
fn supports(statement: &Statement) -> bool {
    match &statement.body {
        Body::Proposal(_) | Body::Eval(_) => true,
        Body::Review(review) => review.verdict != Verdict::Comment,
        Body::Rating(_) | Body::Revoke(_) => false,
    }
}

/// A digest as the name of a file: without its kind and the colon, which Windows does not take.
fn bare(digest: &str) -> String {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The trailers of a merge, in the form of `git interpret-trailers`.
pub fn trailers(decision: &Decision) -> Vec<(&'static str, String)> {
    let mut reviewers: Vec<&String> =
        decision.items.iter().flat_map(|item| &item.approvals).collect();
    reviewers.sort();
    reviewers.dedup();
    let mut trailers: Vec<_> =
        reviewers.into_iter().map(|person| ("Reviewed-by", person.clone())).collect();
    trailers
        .extend(decision.items.iter().map(|item| ("Prompt-Content", item.subject.digest.clone())));
    let evidence = decision.items.iter().filter_map(|item| item.evidence.clone());
    trailers.extend(evidence.map(|id| ("Eval-Evidence", id)));
    let mut seen = std::collections::BTreeSet::new();
    trailers.retain(|trailer| seen.insert(trailer.clone()));
    trailers
}

/// A message with trailers as its last paragraph.
pub fn with_trailers(message: &str, trailers: &[(&'static str, String)]) -> String {
    let mut whole = message.trim_end().to_owned();
    if !trailers.is_empty() {
        whole.push('\n');
    }
    for (name, value) in trailers {
        // A value of several lines could otherwise pass for further trailers.
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        whole.push_str(&format!("\n{name}: {value}"));
    }
    whole.push('\n');
    whole
}

/// A tree with files added to it.
///
/// # Errors
/// When git's objects cannot be written.
pub fn tree_with(
    repository: &Repository,
    tree: &Tree<'_>,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Oid, RepoError> {
    let mut index = Index::new()?;
    index.read_tree(tree)?;
    for (path, bytes) in files {
        index.add(&index_entry(path, repository.blob(bytes)?))?;
    }
    Ok(index.write_tree_to(repository)?)
}

fn index_entry(path: &str, id: Oid) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: FILE_MODE,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// The files where a tree is not the one that was due, but for statements that were added to the attestations:
/// what somebody put into a merge by hand, or took out of it.
///
/// # Errors
/// When git cannot compare them.
pub fn smuggled(
    repository: &Repository,
    due: &Tree<'_>,
    made: &Tree<'_>,
) -> Result<Vec<String>, RepoError> {
    let diff = repository.diff_tree_to_tree(Some(due), Some(made), None)?;
    let mut paths = Vec::new();
    for delta in diff.deltas() {
        if !is_attestation(repository, &delta, made)? {
            let path = delta.new_file().path().or(delta.old_file().path());
            paths.push(path.map_or_else(String::new, |path| path.to_string_lossy().into_owned()));
        }
    }
    Ok(paths)
}

/// Whether a change adds one of the two files of a statement under the name it must have.
fn is_attestation(
    repository: &Repository,
    delta: &DiffDelta<'_>,
    made: &Tree<'_>,
) -> Result<bool, RepoError> {
    let file = delta.new_file();
    let path = file.path().and_then(Path::to_str).unwrap_or_default();
    if delta.status() != Delta::Added || file.mode() != FileMode::Blob {
        return Ok(false);
    }
    let Some((folder, id)) = place_of(path) else { return Ok(false) };
    let Ok(folder) = made.get_path(Path::new(folder)) else { return Ok(false) };
    let Some(pair) = pair_in(&repository.find_tree(folder.id())?, id) else { return Ok(false) };
    let entry = pair.entry(repository)?;
    Ok(bare(&entry.id()) == id && entry.open().is_ok())
}

/// The folder and the id that `.assay/attest/CONTENT/ID.json` or `….sig` names.
fn place_of(path: &str) -> Option<(&str, &str)> {
    let (folder, file) = path.rsplit_once('/')?;
    let content = folder.strip_prefix(ATTESTATIONS)?.strip_prefix('/')?;
    let id = file.strip_suffix(".json").or_else(|| file.strip_suffix(".sig"))?;
    (!content.is_empty() && content == bare(content) && id == bare(id)).then_some((folder, id))
}

/// The two files of a statement in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    statement: Oid,
    signature: Oid,
}

impl Pair {
    fn entry(self, repository: &Repository) -> Result<Entry, RepoError> {
        let signature = bytes_of(repository, self.signature)?;
        Ok(Entry {
            bytes: bytes_of(repository, self.statement)?,
            signature: String::from_utf8(signature).unwrap_or_default(),
        })
    }
}

fn pair_in(folder: &Tree<'_>, stem: &str) -> Option<Pair> {
    let file = |ending: &str| {
        let entry = folder.get_name(&format!("{stem}{ending}"))?;
        (entry.kind() == Some(ObjectType::Blob)).then(|| entry.id())
    };
    Some(Pair { statement: file(".json")?, signature: file(".sig")? })
}

/// The statements a tree holds, each once; none when it holds none.
///
/// Only the two levels that merges write are looked at, so that no tree within trees takes any time.
///
/// # Errors
/// When there are more than are read, or git's objects are damaged.
pub fn attested(repository: &Repository, tree: &Tree<'_>) -> Result<Vec<Entry>, RepoError> {
    let mut left = MAX_BYTES;
    let mut entries = Vec::new();
    for pair in pairs_of(repository, tree)? {
        let entry = pair.entry(repository)?;
        let size = entry.bytes.len() + entry.signature.len();
        let path = || ATTESTATIONS.to_owned();
        left = left
            .checked_sub(size)
            .ok_or_else(|| RepoError::TooLarge { path: path(), limit: MAX_BYTES as u64 })?;
        entries.push(entry);
    }
    Ok(entries)
}

fn pairs_of(repository: &Repository, tree: &Tree<'_>) -> Result<BTreeSet<Pair>, RepoError> {
    let mut pairs = BTreeSet::new();
    let mut seen = 0;
    let folder = tree.get_path(Path::new(ATTESTATIONS)).ok();
    let Some(all) = folder.and_then(|entry| folder_of(repository, &entry)) else {
        return Ok(pairs);
    };
    for entry in &all {
        let Some(folder) = folder_of(repository, &entry) else { continue };
        seen += folder.len();
        if seen > 2 * MAX_ATTESTATIONS {
            let path = ATTESTATIONS.to_owned();
            return Err(RepoError::TooManyFiles { path, limit: MAX_ATTESTATIONS });
        }
        let names = folder.iter().filter_map(|file| Some(file.name().ok()?.to_owned()));
        pairs.extend(names.filter_map(|name| pair_in(&folder, name.strip_suffix(".json")?)));
    }
    Ok(pairs)
}

fn folder_of<'r>(repository: &'r Repository, entry: &TreeEntry<'_>) -> Option<Tree<'r>> {
    let is_folder = entry.kind() == Some(ObjectType::Tree);
    is_folder.then(|| repository.find_tree(entry.id()).ok()).flatten()
}

fn bytes_of(repository: &Repository, id: Oid) -> Result<Vec<u8>, RepoError> {
    let (size, _) = repository.odb()?.read_header(id)?;
    // Too large to be a statement; empty, it is refused as none.
    if size > MAX_STATEMENT {
        return Ok(Vec::new());
    }
    Ok(repository.find_blob(id)?.content().to_vec())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixtures::{log_of, subject};
    use super::super::gate::ItemDecision;
    use super::super::statement::Role;
    use super::*;

    fn decision() -> Decision {
        let item = ItemDecision {
            subject: subject(Role::Prompt, "p", "new"),
            path: "prompts/p".into(),
            approvals: ["ada@example.com".to_owned()].into(),
            needed: 1,
            evidence: Some("sha256:aa".into()),
            reasons: Vec::new(),
            is_removal: false,
        };
        Decision { open: true, items: vec![item.clone(), item], reasons: vec![], refused: vec![] }
    }

    fn repository() -> (tempfile::TempDir, Repository) {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        (folder, repository)
    }

    fn tree<'r>(repository: &'r Repository, files: &[(&str, &str)]) -> Tree<'r> {
        let empty = repository.treebuilder(None).unwrap().write().unwrap();
        let empty = repository.find_tree(empty).unwrap();
        let files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        let id = tree_with(repository, &empty, &files).unwrap();
        repository.find_tree(id).unwrap()
    }

    #[test]
    fn trailers_stand_in_a_paragraph_of_their_own_each_once() {
        let message = with_trailers("Be brief\n\nBecause.\n", &trailers(&decision()));
        let digest = subject(Role::Prompt, "p", "new").digest;
        let expected = format!(
            "Be brief\n\nBecause.\n\nReviewed-by: ada@example.com\nPrompt-Content: {digest}\nEval-Evidence: sha256:aa\n"
        );
        assert_eq!(message, expected);
        assert_eq!(with_trailers("Plain", &[]), "Plain\n");
    }

    #[test]
    fn what_a_merge_keeps_reads_back_from_its_tree() {
        let (_folder, repository) = repository();
        let entry = log_of(1, 1).remove(0);
        let signed = entry.open().unwrap();
        let files = attestations(&decision(), &[(entry.clone(), signed)]);
        assert_eq!(files.len(), 2);
        assert!(files.keys().all(|path| path.starts_with(".assay/attest/") && !path.contains(':')));
        let before = tree(&repository, &[("a", "1")]);
        let id = tree_with(&repository, &before, &files).unwrap();
        let after = repository.find_tree(id).unwrap();
        assert_eq!(attested(&repository, &after).unwrap(), [entry]);
        assert!(attested(&repository, &before).unwrap().is_empty());
        assert!(smuggled(&repository, &before, &after).unwrap().is_empty());
    }

    #[test]
    fn what_a_merge_adds_by_hand_is_named() {
        let (_folder, repository) = repository();
        let due = tree(&repository, &[("a", "1"), ("b", "1")]);
        let made = tree(
            &repository,
            &[("a", "2"), (".assay/policy.toml", ""), (".assay/attestation", "")],
        );
        let found = smuggled(&repository, &due, &made).unwrap();
        assert_eq!(found, [".assay/attestation", ".assay/policy.toml", "a", "b"]);
    }

    #[test]
    fn attestations_that_are_no_statements_are_left_to_be_refused() {
        let (_folder, repository) = repository();
        let made = tree(
            &repository,
            &[
                (".assay/attest/x/1.json", "{}"),
                (".assay/attest/x/1.sig", "no"),
                (".assay/attest/x/2.json", "{}"),
                (".assay/attest/readme", ""),
            ],
        );
        let entries = attested(&repository, &made).unwrap();
        assert_eq!(entries.len(), 1);
        assert!(entries[0].open().is_err());
        let plain = tree(&repository, &[(".assay/attest", "a file")]);
        assert!(attested(&repository, &plain).unwrap().is_empty());
    }
}
