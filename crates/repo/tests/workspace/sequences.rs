//! Any sequence of commands is taken back to the byte: every command that changes something, chosen at random, in a
//! repository with changes that were never committed, a remote, and somebody else who sends there as well.
//!
//! `ASSAY_REVIEW_UNDOS` sets the number of sequences.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use assay_repo::Workspace;
use assay_repo::git::{
    Drafts, GitError, MergeRequest, Resolution, Resolutions, SyncRequest, UndoStep, Unfollowed,
};
use assay_testkit::TestWorkspace;
use git2::{Repository, Signature, Time};

use crate::{LinesOnly, NOW, Numbers, git};

/// One of a hundred of what the benchmark does.
const SEQUENCES: u64 = 100;
/// Each waits for the disk most of its time.
const AT_ONCE: u64 = 8;
const COMMANDS: usize = 7;

/// Every command that can be taken back, as an undo names it.
const KNOWN: [&str; 11] = [
    "advance",
    "branch",
    "branch --delete",
    "branch --rename",
    "commit",
    "fetch",
    "merge",
    "switch",
    "sync",
    "tag",
    "tag --delete",
];

/// The last two cannot both be there: git keeps a reference in a file of its name.
const BRANCHES: [&str; 4] = ["main", "other", "third", "third/below"];
const CASES: &str = "{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\",\"n\":2}\n";

#[test]
fn undo_to_the_start_brings_back_bytes_index_and_references() {
    let wanted = std::env::var("ASSAY_REVIEW_UNDOS");
    let wanted: u64 = wanted.map_or(SEQUENCES, |text| text.parse().unwrap());
    let begun = Instant::now();
    let (start, seen) = (Start::make(), Seen::default());
    std::thread::scope(|scope| {
        for first in 1..=AT_ONCE {
            let (start, seen) = (&start, &seen);
            scope.spawn(move || {
                for seed in (first..=wanted).step_by(AT_ONCE as usize) {
                    there_and_back(start, seed, seen);
                }
            });
        }
    });
    let commands = seen.commands.into_inner().unwrap();
    let (done, sent) = (seen.done.into_inner(), seen.sent.into_inner());
    println!(
        "{wanted} sequences, {done} commands taken back, {sent} of them after something was sent: {:.1?}",
        begun.elapsed()
    );
    assert_eq!(commands.iter().map(String::as_str).collect::<Vec<_>>(), KNOWN);
    assert!(sent > 0, "nothing was ever sent");
}

/// What all sequences together came to.
#[derive(Default)]
struct Seen {
    commands: Mutex<BTreeSet<String>>,
    done: AtomicU64,
    sent: AtomicU64,
}

/// Commands chosen by a number, and all of them taken back.
fn there_and_back(start: &Start, seed: u64, seen: &Seen) {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let scene = start.copy();
    let workspace = Workspace::open(&scene.root).unwrap();
    if numbers.below(2) == 0 {
        stage_what_is_changed_again(&scene.root);
    }
    let mut expected = scene.everything();
    for number in 0..COMMANDS {
        if numbers.below(4) == 0 {
            // What a person writes in between is nobody's to take back.
            let (name, text) = (format!("note-{number}.txt"), format!("note {number}\r\n"));
            fs::write(scene.root.join(&name), &text).unwrap();
            expected.files.insert(name, text.into_bytes());
        }
        scene.command(&workspace, &mut numbers);
    }
    let (there, steps) = (refs(&scene.remote), workspace.undo_steps().unwrap());
    for step in &steps {
        seen.commands.lock().unwrap().insert(kind(&step.command));
        seen.done.fetch_add(1, Ordering::Relaxed);
        seen.sent.fetch_add(u64::from(!step.sent.is_empty()), Ordering::Relaxed);
    }
    for step in &steps {
        let undone = workspace.undo();
        let undone = undone.unwrap_or_else(|error| panic!("sequence {seed}: {step:?}: {error}"));
        // What a later command sent of it is told as well, once that one is taken back.
        let told = undone.step.sent.clone();
        assert!(step.sent.iter().all(|sent| told.contains(sent)), "sequence {seed}: {told:?}");
        assert_eq!(UndoStep { sent: told, ..step.clone() }, undone.step, "sequence {seed}");
    }
    assert!(matches!(workspace.undo(), Err(GitError::NothingToUndo)));
    assert_eq!(scene.everything(), expected, "sequence {seed}: {steps:#?}");
    assert_eq!(refs(&scene.remote), there, "sequence {seed}: what was sent stays");
}

/// The command without what it was given.
fn kind(command: &str) -> String {
    let words = command.split(' ').enumerate();
    let kept = words.filter(|(at, word)| *at == 0 || word.starts_with("--"));
    kept.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

/// One version in the index, another on disk.
fn stage_what_is_changed_again(root: &Path) {
    let repository = Repository::open(root).unwrap();
    let mut index = repository.index().unwrap();
    index.add_path(Path::new("b.txt")).unwrap();
    index.write().unwrap();
    fs::write(root.join("b.txt"), "changed again\n").unwrap();
}

/// What every sequence begins with: made once, then copied.
struct Start {
    files: TestWorkspace,
    remote: tempfile::TempDir,
}

impl Start {
    fn make() -> Self {
        let files = TestWorkspace::empty();
        for name in ["a.txt", "b.txt", "folder/c.txt"] {
            files.write(name, "one\ntwo\nthree\n");
        }
        files.write("cases.jsonl", CASES);
        files.commit("first");
        git(&files, &["switch", "-q", "-c", "other"]);
        files.write("a.txt", "one\ntwo\nOTHER\n");
        files.write("other.txt", "other\n");
        files.commit("other");
        git(&files, &["switch", "-q", "main"]);
        let remote = tempfile::tempdir().unwrap();
        git(&files, &["clone", "-q", "--bare", ".", remote.path().to_str().unwrap()]);
        git(&files, &["remote", "add", "origin", "file:///nowhere"]);
        files.write("a.txt", "one\nMAIN\nMAIN\n");
        files.commit("main");
        git(&files, &["tag", "known"]);
        // What was never committed has to survive as well.
        files.write("b.txt", "changed\r\nand not committed\n");
        files.write("folder/new.txt", "new\n");
        files.remove("folder/c.txt");
        files.write("cases.jsonl", &format!("{}{{\"id\":\"c\"}}\n", CASES.replace('2', "3")));
        Self { files, remote }
    }

    fn copy(&self) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (root, remote) = (root.join("here"), root.join("remote.git"));
        copy(&self.files.path(), &root);
        copy(self.remote.path(), &remote);
        let address = format!("file://{}", remote.to_str().unwrap());
        Repository::open(&root).unwrap().remote_set_url("origin", &address).unwrap();
        Scene { _folder: folder, root, remote }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A repository and its remote.
struct Scene {
    _folder: tempfile::TempDir,
    root: PathBuf,
    remote: PathBuf,
}

/// Everything that undo promises to bring back.
#[derive(Debug, PartialEq, Eq)]
struct Everything {
    files: BTreeMap<String, Vec<u8>>,
    /// Path, stage, object and mode.
    index: Vec<(Vec<u8>, u16, String, u32)>,
    refs: BTreeMap<String, String>,
    head: String,
}

impl Scene {
    fn everything(&self) -> Everything {
        let mut files = BTreeMap::new();
        read_below(&self.root, &self.root, &mut files);
        let index = Repository::open(&self.root).unwrap().index().unwrap();
        let entries = index.iter();
        Everything {
            files,
            index: entries
                .map(|entry| (entry.path, entry.flags >> 12 & 3, entry.id.to_string(), entry.mode))
                .collect(),
            refs: refs(&self.root),
            head: fs::read_to_string(self.root.join(".git/HEAD")).unwrap(),
        }
    }

    /// Does something; a refusal is fine, because it must change nothing.
    fn command(&self, workspace: &Workspace, numbers: &mut Numbers) {
        let branch = BRANCHES[numbers.below(4) as usize];
        let other = BRANCHES[numbers.below(4) as usize];
        let drafts = [Drafts::Carry, Drafts::KeepIfInTheWay, Drafts::Keep];
        let drafts = drafts[numbers.below(3) as usize];
        match numbers.below(18) {
            0 => drop(workspace.commit_undoable("all", &[], NOW, None)),
            1 => {
                let path = ["b.txt", "folder", "cases.jsonl"][numbers.below(3) as usize];
                drop(workspace.commit_undoable("some", &[path.to_owned()], NOW, None));
            }
            2 => {
                let id = ["b", "c"][numbers.below(2) as usize];
                let rows = BTreeMap::from([("cases.jsonl".to_owned(), vec![id.to_owned()])]);
                let paths = ["cases.jsonl".to_owned()];
                drop(workspace.commit_rows_undoable("a row", &paths, &rows, NOW, None));
            }
            3..=5 => drop(workspace.switch(branch, None, drafts, NOW, &Unfollowed)),
            6 => drop(workspace.switch(branch, Some(Some(other)), drafts, NOW, &Unfollowed)),
            7 => drop(workspace.create_branch(branch, Some(other), NOW)),
            8 => drop(workspace.delete_branch(branch, true, NOW)),
            9 => drop(workspace.rename_branch(branch, other, NOW)),
            10 => {
                let message = Some("a tag").filter(|_| numbers.below(2) == 0);
                drop(workspace.create_tag("tag", Some(branch), message, NOW, None));
            }
            11 => {
                let tag = ["known", "tag"][numbers.below(2) as usize];
                drop(workspace.delete_tag(tag, NOW));
            }
            12 => {
                if let Ok(to) = workspace.revision(other) {
                    drop(workspace.advance_branch(branch, &to, "advance", NOW));
                }
            }
            13 => merge(workspace, branch, &BTreeMap::new()),
            14 => merge(workspace, branch, &decided(numbers)),
            15 => drop(workspace.fetch(&request(&BTreeMap::new(), false))),
            16 => self.somebody_sends(numbers),
            _ => {
                drop(workspace.sync(&request(&decided(numbers), numbers.below(3) > 0)));
            }
        }
    }

    /// Another commit on the remote's branch, which may be in conflict with ours.
    fn somebody_sends(&self, numbers: &mut Numbers) {
        let repository = Repository::open(&self.remote).unwrap();
        let reference = repository.find_reference("refs/heads/main").unwrap();
        let tip = reference.peel_to_commit().unwrap();
        let tree = tip.tree().unwrap();
        let mut tree = repository.treebuilder(Some(&tree)).unwrap();
        let name = ["a.txt", "theirs.txt"][numbers.below(2) as usize];
        let text = format!("one\ntheirs {}\nthree\n", numbers.below(1_000));
        tree.insert(name, repository.blob(text.as_bytes()).unwrap(), 0o100_644).unwrap();
        let tree = repository.find_tree(tree.write().unwrap()).unwrap();
        let time = Time::new(NOW.seconds, 0);
        let who = Signature::new("Bob", "bob@example.com", &time).unwrap();
        repository.commit(Some("refs/heads/main"), &who, &who, "theirs", &tree, &[&tip]).unwrap();
    }
}

fn merge(workspace: &Workspace, revision: &str, resolutions: &Resolutions) {
    drop(workspace.merge(&MergeRequest {
        revision,
        message: None,
        resolutions,
        merger: &LinesOnly,
        when: NOW,
        fallback: None,
        follow: &Unfollowed,
    }));
}

/// What a person makes of a conflict in the one file that all write.
fn decided(numbers: &mut Numbers) -> Resolutions {
    let decision = match numbers.below(3) {
        0 => Resolution::Ours,
        1 => Resolution::Theirs,
        _ => Resolution::Text("both\n".to_owned()),
    };
    BTreeMap::from([("a.txt".to_owned(), decision)])
}

fn request(resolutions: &Resolutions, push: bool) -> SyncRequest<'_> {
    SyncRequest {
        remote: Some("origin"),
        confirmed: &|_| true,
        push,
        logs: &[],
        resolutions,
        merger: &LinesOnly,
        when: NOW,
        fallback: None,
        follow: &Unfollowed,
    }
}

/// Every reference but the pins of undo itself.
fn refs(root: &Path) -> BTreeMap<String, String> {
    let repository = Repository::open(root).unwrap();
    let mut found = BTreeMap::new();
    for reference in repository.references().unwrap() {
        let reference = reference.unwrap();
        let name = reference.name().unwrap().to_owned();
        if !name.starts_with("refs/assay/und") {
            let id = reference.target().map(|id| id.to_string());
            let target = reference.symbolic_target().unwrap().map(str::to_owned);
            found.insert(name, id.or(target).unwrap());
        }
    }
    found
}

fn read_below(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path == root.join(".git") {
            continue;
        }
        if path.is_dir() {
            read_below(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read(&path).unwrap());
        }
    }
}
