//! What a merge leaves in the tree: the statements that opened the gate, and trailers that name them.
//!
//! With them a plain clone, which fetches no logs, can check the decision again, offline and years later.
//! They are evidence and not authority: statements read from a tree are checked like any others, so a
//! proposal that brings its own attestations gains nothing by it.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{
    Index, IndexEntry, IndexTime, ObjectType, Oid, Repository, Tree, TreeWalkMode, TreeWalkResult,
};

use super::gate::Decision;
use super::log::{Entry, Signed};
use super::statement::{Body, MAX_STATEMENT, Statement, Verdict};
use crate::RepoError;

/// Where attestations stand.
pub const ATTESTATIONS: &str = ".assay/attest";

/// The most statements that are read from one tree.
const MAX_ATTESTATIONS: usize = 100_000;

const FILE_MODE: u32 = 0o100_644;

/// The files that a merge adds, by path: what supports each item of an open gate.
///
/// A statement about several items stands under the first of them, once.
pub fn attestations(
    decision: &Decision,
    statements: &[(Entry, Signed)],
) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for (entry, signed) in statements {
        let home = decision
            .items
            .iter()
            .find(|item| supports(&signed.statement) && signed.statement.is_about(&item.subject));
        let Some(item) = home else { continue };
        let place = format!("{ATTESTATIONS}/{}/{}", bare(&item.subject.digest), bare(&signed.id));
        files.insert(format!("{place}.json"), entry.bytes.clone());
        files.insert(format!("{place}.sig"), entry.signature.clone().into_bytes());
    }
    files
}

/// Whether a statement is kept with a merge: proposals, verdicts and evidence are, talk is not.
fn supports(statement: &Statement) -> bool {
    match &statement.body {
        Body::Proposal(_) | Body::Eval(_) => true,
        Body::Review(review) => review.verdict != Verdict::Comment,
        Body::Revoke(_) => false,
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

/// The files where a tree is not the one that was due, outside the attestations: what somebody put into a
/// merge by hand.
///
/// # Errors
/// When git cannot compare them.
pub fn smuggled(
    repository: &Repository,
    due: &Tree<'_>,
    made: &Tree<'_>,
) -> Result<Vec<String>, RepoError> {
    let diff = repository.diff_tree_to_tree(Some(due), Some(made), None)?;
    let paths = diff.deltas().map(|delta| {
        let path = delta.new_file().path().or(delta.old_file().path());
        path.map_or_else(String::new, |path| path.to_string_lossy().into_owned())
    });
    Ok(paths.filter(|path| !Path::new(path).starts_with(ATTESTATIONS)).collect())
}

/// The statements a tree holds, in the order of their paths; none when it holds none.
///
/// # Errors
/// When there are more than are read, or git's objects are damaged.
pub fn attested(repository: &Repository, tree: &Tree<'_>) -> Result<Vec<Entry>, RepoError> {
    let Ok(folder) = tree.get_path(Path::new(ATTESTATIONS)) else {
        return Ok(Vec::new());
    };
    if folder.kind() != Some(ObjectType::Tree) {
        return Ok(Vec::new());
    }
    let folder = repository.find_tree(folder.id())?;
    let mut blobs: BTreeMap<String, Oid> = BTreeMap::new();
    folder.walk(TreeWalkMode::PreOrder, |below, entry| {
        if let (Some(ObjectType::Blob), Ok(name)) = (entry.kind(), entry.name()) {
            blobs.insert(format!("{below}{name}"), entry.id());
        }
        let is_full = blobs.len() > 2 * MAX_ATTESTATIONS;
        if is_full { TreeWalkResult::Abort } else { TreeWalkResult::Ok }
    })?;
    let mut entries = Vec::new();
    for (path, id) in &blobs {
        let Some(stem) = path.strip_suffix(".json") else { continue };
        let signature = blobs.get(&format!("{stem}.sig"));
        if let Some(signature) = signature {
            entries.push(Entry {
                bytes: bytes_of(repository, *id)?,
                signature: String::from_utf8(bytes_of(repository, *signature)?).unwrap_or_default(),
            });
        }
    }
    Ok(entries)
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
