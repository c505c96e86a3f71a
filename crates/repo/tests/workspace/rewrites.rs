//! Histories are rewritten by git itself, in every way people do it. What was approved stays approved, and one
//! changed word under the same rewriting does not.
//!
//! `ASSAY_REVIEW_REWRITES` sets how many rewrites are made, 50 where nothing is said.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use assay_repo::Workspace;
use assay_repo::review::{Gate, Role, Subject, Verdict};
use assay_testkit::TestWorkspace;

use crate::reviews::{
    BOB, EVALS, MANIFEST, at, measure, propose, proposed, review, subjects, variant,
};
use crate::{LinesOnly, NOW, Numbers, git};

const REWRITES: usize = 50;

/// Rewrites in one repository; then a new one, so that git stays quick.
const EACH: usize = 100;

/// The longest branch before it is squashed: a rebase takes its time for each commit.
const LONGEST: usize = 6;

/// A way of writing the same content into another history, or of merely moving it.
type Rewrite = (&'static str, fn(&TestWorkspace));

const WAYS: [Rewrite; 15] = [
    ("amend", |files| run(files, "commit -q --amend --no-edit --date=2026-03-01T00:00:00Z")),
    ("reword", |files| run(files, "commit -q --amend -m other --author=Bob<bob@example.com>")),
    ("rebase", |files| {
        move_main(files);
        run(files, "rebase -q main");
    }),
    ("rebase by patches", |files| {
        move_main(files);
        run(files, "rebase -q --apply main");
    }),
    ("rebase onto nothing new", |files| run(files, "rebase -q --no-ff main")),
    ("squash", |files| {
        let base = word(files, "merge-base main brief");
        run(files, &format!("reset -q --soft {base}"));
        run(files, "commit -q -m squashed");
    }),
    ("squash as a server does", |files| {
        let base = word(files, "merge-base main brief");
        commit_tree(files, "brief", &base);
    }),
    ("fixup", |files| {
        // A file of its own: git may squash it into an older commit of the same subject.
        let head = word(files, "rev-parse HEAD");
        files.write(&format!("more/{head}.md"), &head);
        run(files, "add more");
        run(files, "commit -q --fixup HEAD");
        run(files, "-c sequence.editor=true rebase -q -i --autosquash main");
    }),
    ("cherry-pick", |files| {
        let picked = git(files, &["rev-list", "--reverse", "--no-merges", "main..brief"]);
        run(files, "checkout -q -B brief main");
        let flags = ["cherry-pick", "-x", "--allow-empty", "--keep-redundant-commits"];
        let picked: Vec<&str> = flags.into_iter().chain(picked.lines()).collect();
        git(files, &picked);
    }),
    ("merge", |files| {
        move_main(files);
        run(files, "merge -q --no-ff --no-edit main");
    }),
    ("there and back", |files| {
        let tip = word(files, "rev-parse brief");
        let base = word(files, "merge-base main brief");
        commit_tree(files, &base, &tip);
        let back = word(files, "rev-parse brief");
        commit_tree(files, &tip, &back);
    }),
    ("export and import", reimport),
    ("rename of the folder", |files| {
        let folder = folder(files);
        run(files, &format!("mv {folder} {folder}x"));
        run(files, "commit -q -m moved");
    }),
    ("rename of the variant's file", |files| {
        let (from, manifest) = (file(files, "prompty"), file(files, "prompt.yaml"));
        let to = from.replace(".prompty", "x.prompty");
        run(files, &format!("mv {from} {to}"));
        replace(files, &manifest, name(&from), name(&to));
        run(files, "commit -q -a -m renamed");
    }),
    ("rename of the cases", |files| {
        let (from, evals) = (file(files, "jsonl"), file(files, "evals.yaml"));
        let to = from.replace(".jsonl", "x.jsonl");
        run(files, &format!("mv {from} {to}"));
        replace(files, &evals, name(&from), name(&to));
        run(files, "commit -q -a -m renamed");
    }),
];

/// A change of what was approved, or of what it was measured with, or of who decides.
type Change = (&'static str, fn(&TestWorkspace));

const CHANGES: [Change; 9] = [
    ("a word", |files| replace(files, &file(files, "prompty"), "Hi", "Obey")),
    ("a space", |files| replace(files, &file(files, "prompty"), "Hi", "Hi ")),
    ("an option", |files| {
        let option = "name: greet\nmodel: {options: {temperature: 2}}";
        replace(files, &file(files, "prompty"), "name: greet", option);
    }),
    ("a case", |files| replace(files, &file(files, "jsonl"), "Hello Ada", "Hi Ada")),
    ("a scorer", |files| {
        replace(files, &file(files, "evals.yaml"), "type: equals", "type: contains")
    }),
    ("a gate", |files| replace(files, &file(files, "evals.yaml"), "min: 0.5", "min: 0.1")),
    ("the prompt's id", |files| {
        replace(
            files,
            &file(files, "prompt.yaml"),
            "01JPROMPT00000000000000001",
            "01JPROMPT00000000000000002",
        );
    }),
    ("the policy", |files| replace(files, ".assay/policy.toml", "needed = 1", "needed = 0")),
    ("the signers", |files| replace(files, ".assay/allowed_signers", "bob@", "mallory@")),
];

/// Runs git with arguments that hold no spaces.
fn run(files: &TestWorkspace, arguments: &str) {
    git(files, &arguments.split(' ').collect::<Vec<_>>());
}

fn word(files: &TestWorkspace, arguments: &str) -> String {
    git(files, &arguments.split(' ').collect::<Vec<_>>()).trim().to_owned()
}

/// The file of the proposed prompt that ends so, wherever it stands by now.
fn file(files: &TestWorkspace, ending: &str) -> String {
    word(files, &format!("ls-files prompts/greet*{ending}"))
}

fn folder(files: &TestWorkspace) -> String {
    file(files, "prompt.yaml").trim_end_matches("/prompt.yaml").to_owned()
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn replace(files: &TestWorkspace, path: &str, from: &str, to: &str) {
    let text = files.read(path);
    assert!(text.contains(from), "{path}: {text}");
    files.write(path, &text.replacen(from, to, 1));
}

/// Others go on: a note, and a prompt that has nothing to do with this one.
fn move_main(files: &TestWorkspace) {
    run(files, "checkout -q main");
    files.write("notes.md", &word(files, "rev-parse HEAD"));
    files.write("prompts/other/prompt.yaml", &MANIFEST.replace("00001\n", "00009\n"));
    files.write("prompts/other/only.prompty", &variant(&word(files, "rev-parse HEAD")));
    files.write("prompts/other/evals.yaml", &EVALS.replace("cases: cases.jsonl\n", ""));
    files.commit("others go on");
    run(files, "checkout -q brief");
}

/// Puts the branch onto a new commit with the files of `of` after `parent`, with a message as servers write it.
fn commit_tree(files: &TestWorkspace, of: &str, parent: &str) {
    let tree = format!("{of}^{{tree}}");
    let message = "Be brief (#7)\n\n* be brief\n\n* more\n\nCo-authored-by: Bob <bob@example.com>";
    let made = git(files, &["commit-tree", &tree, "-p", parent, "-m", message]);
    run(files, &format!("update-ref refs/heads/brief {}", made.trim()));
}

/// What `git filter-repo` does: the history goes through a stream, in which every author gets another name.
fn reimport(files: &TestWorkspace) {
    let flags = ["--no-data", "--reference-excluded-parents", "main..brief"];
    let stream = git(files, &[&["fast-export"][..], &flags].concat());
    let stream = stream.replace("Ada Tester <ada@example.com>", "A <a@example.net>");
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet", "--force"])
        .current_dir(files.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut import.stdin.take().unwrap(), stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
}

/// A repository with an open gate, being rewritten.
struct Rewritten {
    files: TestWorkspace,
    workspace: Workspace,
    numbers: Numbers,
    /// What was done, for whoever reads of a failure.
    done: Vec<&'static str>,
}

impl Rewritten {
    fn new(seed: u64) -> Self {
        let (files, workspace) = proposed();
        run(&files, "config gc.auto 0");
        run(&files, "config core.fsync none");
        propose(&workspace);
        measure(&workspace);
        review(&workspace, BOB, Verdict::Approve);
        Self { files, workspace, numbers: Numbers(seed), done: Vec::new() }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.numbers.below(from.len() as u64) as usize]
    }

    fn rewrite(&mut self) {
        let commits = word(&self.files, "rev-list --count main..brief");
        let (name, rewrite) = match commits.parse::<usize>().unwrap() > LONGEST {
            true => WAYS[6],
            false => self.pick(&WAYS),
        };
        self.done.push(name);
        rewrite(&self.files);
    }

    fn gate(&self) -> Gate {
        let (base, head) = (at(&self.workspace, "main"), at(&self.workspace, "brief"));
        let gate = self.workspace.gate(&base, &head, &BTreeMap::new(), NOW.seconds, &LinesOnly);
        gate.unwrap_or_else(|error| panic!("after {:?}: {error}", self.done))
    }

    fn stays_open(&self) {
        let gate = self.gate();
        assert!(gate.decision.open, "after {:?}: {:?}", self.done, gate.decision);
    }

    /// Changes something, rewrites it all, and takes both back.
    fn change(&mut self) {
        let before = word(&self.files, "rev-parse brief");
        let (what, change) = self.pick(&CHANGES);
        change(&self.files);
        let flags = self.pick(&["commit -q -a -m change", "commit -q -a --amend --no-edit"]);
        // A rebase forgets what somebody amended a merge with: the change would be gone, and the gate rightly open.
        let is_merge = word(&self.files, "rev-list --parents -n 1 brief").split(' ').count() > 2;
        run(&self.files, if is_merge { "commit -q -a -m change" } else { flags });
        self.done.push(what);
        self.rewrite();
        let gate = self.gate();
        assert!(!gate.decision.open, "after {:?}", self.done);
        run(&self.files, &format!("reset -q --hard {before}"));
        self.done.push("taken back");
    }
}

/// How many rewrites were made, and how many of them with a change.
fn rewrite_many(seed: u64, count: usize) -> usize {
    let mut changed = 0;
    for (round, start) in (0..count).step_by(EACH).enumerate() {
        let mut rewritten = Rewritten::new(seed + 1_000 * round as u64);
        let measured = [Role::Prompt, Role::Cases, Role::Scorers, Role::Suite];
        let of_prompt = |rewritten: &Rewritten| {
            let mut found = subjects(&rewritten.workspace, "brief", &measured);
            found.retain(|subject| subject.prompt.ends_with("00001"));
            found
        };
        let before = of_prompt(&rewritten);
        rewritten.stays_open();
        for _ in start..count.min(start + EACH) {
            if rewritten.numbers.below(3) == 0 {
                rewritten.change();
                changed += 1;
            } else {
                rewritten.rewrite();
            }
            rewritten.stays_open();
        }
        assert_eq!(of_prompt(&rewritten), before, "after {:?}", rewritten.done);
    }
    changed
}

#[test]
fn no_rewriting_of_history_changes_the_decision_and_no_changed_word_passes_under_one() {
    let wanted = std::env::var("ASSAY_REVIEW_REWRITES");
    let wanted = wanted.map_or(REWRITES, |text| text.parse().unwrap());
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    let changed: usize = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..workers)
            .map(|at| (at as u64 + 1, (wanted + at) / workers))
            .map(|(seed, count)| scope.spawn(move || rewrite_many(seed, count)))
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    println!(
        "{wanted} rewrites; the gate closed for all {changed} that changed what was approved, and for no other"
    );
}

#[test]
fn every_way_of_rewriting_keeps_the_gate_open_by_itself() {
    let mut rewritten = Rewritten::new(1);
    for (name, rewrite) in WAYS {
        rewritten.done.push(name);
        rewrite(&rewritten.files);
        let gate = rewritten.gate();
        assert!(gate.decision.open, "{name}: {:?}", gate.decision);
    }
}

#[test]
fn every_change_closes_the_gate_by_itself() {
    let rewritten = Rewritten::new(1);
    for (name, change) in CHANGES {
        change(&rewritten.files);
        run(&rewritten.files, "commit -q -a -m change");
        assert!(!rewritten.gate().decision.open, "{name}");
        run(&rewritten.files, "reset -q --hard HEAD~1");
    }
    rewritten.stays_open();
}

#[test]
fn a_moved_file_that_is_a_prompt_of_its_own_asks_for_approval_again() {
    // It has no id but its path: what was approved there must not pass for any other file with these words.
    let (files, workspace) = proposed();
    files.write("prompts/lone.prompty", &variant("Hey"));
    files.commit("a prompt of one file");
    let lone = |subject: &Subject| subject.prompt.starts_with("path:");
    let here = subjects(&workspace, "brief", &[Role::Prompt]).into_iter().find(lone).unwrap();
    run(&files, "mv prompts/lone.prompty prompts/moved.prompty");
    run(&files, "commit -q -m moved");
    let there = subjects(&workspace, "brief", &[Role::Prompt]).into_iter().find(lone).unwrap();
    assert_eq!(there.digest, here.digest);
    assert_ne!(there, here);
}
