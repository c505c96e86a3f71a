//! Three people, one remote, no meetings: whatever they edit and say, in whatever order they sync, they end up with the
//! same, and nothing that somebody wrote is gone without somebody having decided so.
//!
//! Half of the histories go over `file://`, half over HTTP to git's own server, where all three also sync at once.
//! `ASSAY_REVIEW_HISTORIES` sets how many there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use assay_prompt::merge::{Choice, Decision, Sides, knows, merge};
use assay_repo::git::{
    Address, ConflictFile, GitError, MergeSide, Merged, Pushed, Resolution, Resolutions,
    SyncRequest, Synced, TextMerge, TextMerger,
};
use assay_repo::review::{Body, Draft, KeyFile, Proposal, Review, Role, Signer, Subject, Verdict};
use assay_repo::{Workspace, digest};
use assay_testkit::{GitServer, TestWorkspace};

use crate::{NOW, Numbers, at_file, bare, clone, grace, request};

/// In a run of the tests; a benchmark asks for more.
const HISTORIES: u64 = 10;
const AT_ONCE: u64 = 8;
const STEPS: usize = 12;

const REPOSITORY: &str = "01JREPOSITORY0000000000001";
const CONFIG: &str = "format: assay/1\nid: 01JREPOSITORY0000000000001\nprompts: [prompts]\n";
const MANIFEST: &str = "format: assay/1\nid: 01JPROMPT00000000000000001\nvariants:\n  - {id: only, file: only.prompty}\n";
const CASES: &str = "prompts/greet/cases.jsonl";
const VARIANT: &str = "prompts/greet/only.prompty";
const ROWS: u64 = 4;
const LINES: u64 = 3;

/// One value that people edit: a field of a row, a parameter, a line of the body.
type Place = String;

/// Who wrote what where. A decision on a conflict is written by the merge.
struct Write {
    commit: String,
    place: Place,
    value: String,
}

struct Person {
    workspace: Workspace,
    signer: KeyFile,
    logs: Vec<String>,
}

struct History {
    seed: u64,
    numbers: Numbers,
    people: Vec<Person>,
    writes: Vec<Write>,
    said: BTreeSet<String>,
}

#[test]
fn three_clones_end_up_with_the_same_and_nothing_is_lost() {
    let wanted =
        std::env::var("ASSAY_REVIEW_HISTORIES").map_or(HISTORIES, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    let (began, writes, said) = (Instant::now(), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for first in 1..=AT_ONCE {
            let (folder, server, writes, said) = (folder.path(), &server, &writes, &said);
            scope.spawn(move || {
                for seed in (first..=wanted).step_by(AT_ONCE as usize) {
                    let history = History::play(seed, folder, server);
                    writes.fetch_add(history.writes.len(), Ordering::Relaxed);
                    said.fetch_add(history.said.len(), Ordering::Relaxed);
                }
            });
        }
    });
    let (writes, said) = (writes.into_inner(), said.into_inner());
    assert!(writes > 0 && said > 0, "nobody did anything");
    println!(
        "{wanted} histories of three clones with {writes} edits and {said} statements in {:?}: all the same, nothing lost",
        began.elapsed()
    );
}

impl History {
    /// A history chosen by a number, from the first edit to the end, where everybody has synced.
    fn play(seed: u64, folder: &Path, server: &GitServer) -> Self {
        let home = folder.join(format!("people-{seed}"));
        let address = remote(seed, folder, server);
        let people = (0..3).map(|who| person(&address, &home, who)).collect();
        let numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut history = Self { seed, numbers, people, writes: Vec::new(), said: BTreeSet::new() };
        for step in 0..STEPS {
            let who = history.numbers.below(3) as usize;
            match history.numbers.below(6) {
                0..=2 => history.edit(who, step),
                3 => history.say(who),
                _ => {
                    let decide = history.numbers.below(2) == 0;
                    history.sync(who, decide);
                }
            }
        }
        if is_served(seed) {
            history.sync_all_at_once();
        }
        for who in [0, 1, 2, 0, 1, 2] {
            history.sync(who, true);
        }
        history.check();
        std::fs::remove_dir_all(home).unwrap();
        history
    }

    /// Changes one value, and commits it.
    fn edit(&mut self, who: usize, step: usize) {
        let workspace = &self.people[who].workspace;
        let token = (who * 100 + step + 1).to_string();
        let (path, place) = match self.numbers.below(5) {
            0 => (CASES, format!("new-{token}.who")),
            1 => (VARIANT, "temperature".to_owned()),
            2 => (VARIANT, format!("line {}", self.numbers.below(LINES))),
            _ => {
                let field = ["who", "expected"][self.numbers.below(2) as usize];
                (CASES, format!("row-{}.{field}", self.numbers.below(ROWS)))
            }
        };
        let file = workspace.root().join(path);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, with(&text, &place, &token)).unwrap();
        let commit = workspace.commit(&place, &[], NOW, Some(&grace())).unwrap().id;
        self.writes.push(Write { commit, place, value: token });
    }

    fn say(&mut self, who: usize) {
        let body = match self.numbers.below(3) {
            0 => Body::Proposal(Proposal {
                title: "Be brief".into(),
                text: String::new(),
                branch: "brief".into(),
                target: "main".into(),
            }),
            1 => Body::Review(Review::of(Verdict::Approve)),
            _ => Body::Review(Review::of(Verdict::RequestChanges)),
        };
        let person = &self.people[who];
        self.said.insert(say(&person.workspace, &person.signer, body));
    }

    /// Syncs; a conflict changes nothing, and is decided or left for later.
    fn sync(&mut self, who: usize, decide: bool) {
        let before = self.people[who].workspace.head();
        let synced = self.people[who].sync(&Resolutions::new()).unwrap();
        require_heard(&synced);
        let Merged::Conflicts { files } = synced.merged else { return };
        let workspace = &self.people[who].workspace;
        assert_eq!(synced.pushed, Pushed::Not, "history {}", self.seed);
        assert_eq!(workspace.head(), before, "history {}", self.seed);
        assert!(workspace.changes().unwrap().is_empty(), "history {}", self.seed);
        if decide {
            self.decide(who, &files);
        }
    }

    /// Decides each place of a conflict for one of the sides, and merges.
    fn decide(&mut self, who: usize, files: &[ConflictFile]) {
        let mut decided = Resolutions::new();
        let mut disputed = Vec::new();
        for file in files {
            let (text, places) = self.decided(file);
            decided.insert(file.path.clone(), Resolution::Text(text));
            disputed.extend(places);
        }
        let synced = self.people[who].sync(&decided).unwrap();
        let Merged::Commit { made } = &synced.merged else { panic!("{synced:?}") };
        let now = self.people[who].places();
        self.writes.extend(disputed.into_iter().map(|place| {
            let value = now[&place].clone();
            Write { commit: made.id.clone(), place, value }
        }));
    }

    /// The text of a file with each place in dispute taken from one of the sides, and those places.
    fn decided(&mut self, file: &ConflictFile) -> (String, Vec<Place>) {
        let [base, ours, theirs] = [&file.base, &file.ours, &file.theirs].map(text_of);
        let sides = Sides { base, ours, theirs };
        let conflicts = merge(&file.path, sides, &[]).unwrap();
        let one = |numbers: &mut Numbers| match numbers.below(2) {
            0 => Choice::Ours,
            _ => Choice::Theirs,
        };
        let decisions: Vec<_> = conflicts
            .conflicts()
            .iter()
            .map(|one_of| Decision { place: one_of.place.clone(), choice: one(&mut self.numbers) })
            .collect();
        let merged = merge(&file.path, sides, &decisions).unwrap();
        let [base, ours, theirs] = [base, ours, theirs].map(|text| places(&file.path, text));
        let differs = |place: &&Place| {
            let (was, here, there) = (base.get(*place), ours.get(*place), theirs.get(*place));
            was != here && was != there && here != there
        };
        (merged.text().unwrap().to_owned(), ours.keys().filter(differs).cloned().collect())
    }

    /// Everybody at once. Who finds somebody else faster three times, or a conflict, is refused as a whole.
    fn sync_all_at_once(&self) {
        thread::scope(|scope| {
            for person in &self.people {
                scope.spawn(move || match person.sync(&Resolutions::new()) {
                    Ok(synced) => require_heard(&synced),
                    Err(GitError::Rejected { .. }) => {}
                    Err(error) => panic!("history {}: {error}", self.seed),
                });
            }
        });
    }

    /// Everybody has the same commits, files and statements, and every value that was written is there, or another
    /// that was written by somebody who knew it.
    fn check(&self) {
        let seed = self.seed;
        let first = &self.people[0];
        let head = first.workspace.head().unwrap();
        for person in &self.people {
            assert_eq!(person.workspace.head().as_ref(), Some(&head), "history {seed}");
            assert!(person.workspace.changes().unwrap().is_empty(), "history {seed}");
            assert_eq!(person.places(), first.places(), "history {seed}");
            assert_eq!(person.heard(), self.said, "history {seed}");
        }
        let found = first.places();
        let repository = git2::Repository::open(first.workspace.root()).unwrap();
        let is_past = |past: &str, of: &str| {
            let [past, of] = [past, of].map(|id| git2::Oid::from_str(id).unwrap());
            repository.graph_descendant_of(of, past).unwrap()
        };
        for write in &self.writes {
            let is_there = write.commit == head || is_past(&write.commit, &head);
            assert!(is_there, "history {seed}: {} of {} is gone", write.place, write.commit);
            // A decision for a value is not all that there is of it: who changed the value where it came from knew it.
            let of_place = || self.writes.iter().filter(|other| other.place == write.place);
            let is_replaced = of_place()
                .filter(|same| same.value == write.value)
                .any(|same| of_place().any(|other| is_past(&same.commit, &other.commit)));
            assert!(
                is_replaced || found[&write.place] == write.value,
                "history {seed}: {} is {} and nobody replaced {}",
                write.place,
                found[&write.place],
                write.value
            );
        }
    }
}

impl Person {
    fn sync(&self, resolutions: &Resolutions) -> Result<Synced, GitError> {
        let merger = &ByMeaning;
        self.workspace.sync(&SyncRequest { resolutions, merger, logs: &self.logs, ..request() })
    }

    fn places(&self) -> BTreeMap<Place, String> {
        let read = |path| std::fs::read_to_string(self.workspace.root().join(path)).unwrap();
        let mut found = places(CASES, &read(CASES));
        found.extend(places(VARIANT, &read(VARIANT)));
        found
    }

    fn heard(&self) -> BTreeSet<String> {
        let heard = self.workspace.listen(REPOSITORY, &[], &BTreeMap::new()).unwrap();
        assert!(heard.refused.is_empty() && heard.alarms.is_empty(), "{heard:?}");
        heard.statements.into_iter().map(|(_, signed)| signed.id).collect()
    }
}

/// No push of statements conflicts, ever.
fn require_heard(synced: &Synced) {
    let told = &synced.statements;
    assert_eq!((&told.unsent, &told.on_branches), (&None, &None));
    assert!(told.alarms.is_empty(), "{told:?}");
}

/// Whether a history goes over HTTP.
fn is_served(seed: u64) -> bool {
    seed.is_multiple_of(2)
}

fn remote(seed: u64, folder: &Path, server: &GitServer) -> Address {
    let files = TestWorkspace::empty();
    files.write("assay.yaml", CONFIG);
    files.write("prompts/greet/prompt.yaml", MANIFEST);
    let row = |n| row(&format!("row-{n}"), "-");
    files.write(CASES, &(0..ROWS).map(row).collect::<String>());
    let line = |n| format!("line {n}: -\n\nThis\nstays\nas it is.\n\n");
    let body: String = (0..LINES).map(line).collect();
    files.write(VARIANT, &format!("---\nname: greet\ntemperature: 0\n---\nuser:\n{body}"));
    files.commit("start");
    let name = format!("{seed}.git");
    bare(&files, &folder.join(&name));
    match is_served(seed) {
        true => Address::parse(&server.url(&name)).unwrap(),
        false => at_file(&folder.join(name)),
    }
}

fn person(address: &Address, home: &Path, who: u8) -> Person {
    let signer = KeyFile::from_seed(&[who + 1; 32]);
    let logs = vec![signer.key().fingerprint_hex()];
    Person { workspace: clone(address, &home.join(who.to_string())), signer, logs }
}

/// Signs a statement, and gives its id.
pub(crate) fn say(workspace: &Workspace, signer: &KeyFile, body: Body) -> String {
    let subject = Subject {
        role: Role::Prompt,
        prompt: "01JPROMPT00000000000000001".into(),
        variant: "only".into(),
        digest: digest(b"words"),
    };
    let draft = Draft {
        repository: REPOSITORY.into(),
        subjects: vec![subject],
        base: Vec::new(),
        policy: digest(b"rules"),
        time_s: NOW.seconds,
        body,
    };
    workspace.say(draft, signer).unwrap().id
}

fn text_of(side: &MergeSide) -> &str {
    match side {
        MergeSide::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

/// The values that people edit, as a file has them.
fn places(path: &str, text: &str) -> BTreeMap<Place, String> {
    assert!(!text.contains("<<<<"), "markers in {path}:\n{text}");
    if path == CASES {
        return text.lines().flat_map(fields).collect();
    }
    let pair = |line: &str| {
        let (place, value) = line.split_once(": ")?;
        let is_edited = place == "temperature" || place.starts_with("line ");
        is_edited.then(|| (place.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// A row whose fields have this value.
fn row(id: &str, value: &str) -> String {
    format!("{{\"id\":\"{id}\",\"input\":{{\"who\":\"{value}\"}},\"expected\":\"{value}\"}}\n")
}

/// The two fields of a row that people edit.
fn fields(row: &str) -> Vec<(Place, String)> {
    let row: serde_json::Value = serde_json::from_str(row).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let named = [("who", &row["input"]["who"]), ("expected", &row["expected"])];
    named.map(|(field, value)| (format!("{}.{field}", text(&row["id"])), text(value))).into()
}

/// The text with another value at a place, or with a row more.
fn with(text: &str, place: &str, value: &str) -> String {
    let Some((row, field)) = place.split_once('.') else {
        let replaced = |line: &str| match line.split_once(": ") {
            Some((known, _)) if known == place => format!("{place}: {value}\n"),
            _ => format!("{line}\n"),
        };
        return text.lines().map(replaced).collect();
    };
    if row.starts_with("new-") {
        return text.to_owned() + &self::row(row, value);
    }
    let changed = |line: &str| {
        let mut fields: serde_json::Value = serde_json::from_str(line).unwrap();
        if fields["id"] == row {
            match field {
                "who" => fields["input"]["who"] = value.into(),
                _ => fields[field] = value.into(),
            }
        }
        format!("{fields}\n")
    };
    text.lines().map(changed).collect()
}

/// What the project knows is merged by what it means, as the program does.
pub(crate) struct ByMeaning;

impl TextMerger for ByMeaning {
    fn merge(&self, path: &str, base: Option<&str>, ours: &str, theirs: &str) -> TextMerge {
        if !knows(path) {
            return TextMerge::NotMine;
        }
        let merged = merge(path, Sides { base: base.unwrap_or_default(), ours, theirs }, &[]);
        match merged.unwrap().text() {
            Some(text) => TextMerge::Merged(text.to_owned()),
            None => TextMerge::Conflict,
        }
    }
}
