//! A repository of 5,000 prompts and 50,000 commits, the same every time, in seconds: `git fast-import` takes the commits as
//! one stream, and the worktree is written once at the end.
//!
//! Each prompt is a folder of four files: a manifest, a variant, cases and evals. The first commits add the prompts one by one, the
//! others edit some prompt, move its folder or merge a branch. One prompt is edited far more often than the others.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many prompts there are.
pub const PROMPTS: usize = 5_000;
/// How many commits there are.
pub const COMMITS: usize = 50_000;

/// Folders around the prompts.
const TEAMS: usize = 50;
/// Of so many commits one edits the busy prompt, moves a folder, or is a merge of the commit before it.
const BUSY_EVERY: usize = 40;
const MOVE_EVERY: usize = 500;
const MERGE_EVERY: usize = 100;
/// The moment of the first commit; the others come a minute apart.
const BEGIN: u64 = 1_500_000_000;

/// What was made.
pub struct Large {
    /// The prompt with the most commits, which once had another name.
    pub busy: String,
    /// One with as many as most have.
    pub quiet: String,
}

/// Fills `folder`, which is there and empty.
pub fn make(folder: &Path) -> io::Result<Large> {
    git(folder, &["init", "--quiet", "--initial-branch=main"])?;
    git(folder, &["config", "user.name", "Ada"])?;
    git(folder, &["config", "user.email", "ada@example.com"])?;
    let mut import =
        command(folder, &["fast-import", "--quiet", "--force"]).stdin(Stdio::piped()).spawn()?;
    let stream = import.stdin.take().ok_or_else(|| io::Error::other("no way to git"))?;
    let mut history = Past::new(BufWriter::new(stream));
    history.write()?;
    let Past { out, prompts, .. } = history;
    drop(out);
    if !import.wait()?.success() {
        return Err(io::Error::other("git fast-import failed"));
    }
    git(folder, &["reset", "--quiet", "--hard"])?;
    Ok(Large { busy: prompts[0].folder.clone(), quiet: prompts[PROMPTS / 2].folder.clone() })
}

/// What a git command prints.
pub fn git(folder: &Path, arguments: &[&str]) -> io::Result<String> {
    let out = command(folder, arguments).output()?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        return Err(io::Error::other(format!("git {arguments:?}: {said}")));
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Git without the settings of this machine.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// A prompt as the last commit has it.
struct Prompt {
    folder: String,
    /// How often its variant and its cases were edited.
    edits: [usize; 2],
}

/// The history on its way to git.
struct Past<W> {
    out: W,
    prompts: Vec<Prompt>,
    numbers: u64,
    made: usize,
}

impl<W: Write> Past<W> {
    fn new(out: W) -> Self {
        let folder = |number| format!("prompts/team-{:02}/prompt-{number:04}", number % TEAMS);
        let prompts = (0..PROMPTS).map(|number| Prompt { folder: folder(number), edits: [0, 0] });
        Self { out, prompts: prompts.collect(), numbers: 0x9e37_79b9_7f4a_7c15, made: 0 }
    }

    fn write(&mut self) -> io::Result<()> {
        for number in 0..PROMPTS {
            self.commit("refs/heads/main", &format!("add prompt {number}"))?;
            if number == 0 {
                self.file(
                    "assay.yaml",
                    "format: assay/1\nid: 01J8ZQ4V7N0000000000000000\nprompts: [prompts]\n",
                )?;
            }
            let folder = self.prompts[number].folder.clone();
            self.file(&format!("{folder}/prompt.yaml"), &manifest(number))?;
            self.file(&format!("{folder}/evals.yaml"), EVALS)?;
            self.files_of(number)?;
        }
        while self.made < COMMITS {
            let number = self.next_prompt();
            if self.made.is_multiple_of(MERGE_EVERY) {
                self.side_and_merge(number)?;
            } else if self.made % MOVE_EVERY == 7 {
                self.rename(number)?;
            } else {
                self.edit("refs/heads/main", number)?;
            }
        }
        self.out.write_all(
            b"reset refs/heads/side\nfrom 0000000000000000000000000000000000000000\n\n",
        )?;
        self.out.flush()
    }

    fn next_prompt(&mut self) -> usize {
        if self.made.is_multiple_of(BUSY_EVERY) {
            return 0;
        }
        self.numbers ^= self.numbers << 13;
        self.numbers ^= self.numbers >> 7;
        self.numbers ^= self.numbers << 17;
        (self.numbers % PROMPTS as u64) as usize
    }

    fn edit(&mut self, branch: &str, number: usize) -> io::Result<()> {
        self.commit(branch, &format!("edit prompt {number}"))?;
        self.prompts[number].edits[usize::from(self.made.is_multiple_of(3))] += 1;
        self.files_of(number)
    }

    /// A commit beside the branch, one on it, and their merge.
    fn side_and_merge(&mut self, number: usize) -> io::Result<()> {
        let beside = (number + 1) % PROMPTS;
        self.out.write_all(b"reset refs/heads/side\nfrom refs/heads/main\n\n")?;
        self.edit("refs/heads/side", beside)?;
        self.edit("refs/heads/main", number)?;
        self.commit("refs/heads/main", "merge side")?;
        self.out.write_all(b"merge refs/heads/side\n")?;
        self.files_of(beside)
    }

    fn rename(&mut self, number: usize) -> io::Result<()> {
        // The busy one is moved as well, early enough to have most of its past behind it.
        let number = if self.made < PROMPTS + MOVE_EVERY { 0 } else { number };
        self.commit("refs/heads/main", &format!("move prompt {number}"))?;
        let old = self.prompts[number].folder.clone();
        let new = format!("{old}-b");
        writeln!(self.out, "R {old} {new}")?;
        self.prompts[number].folder = new;
        Ok(())
    }

    fn commit(&mut self, branch: &str, message: &str) -> io::Result<()> {
        let at = BEGIN + 60 * self.made as u64;
        self.made += 1;
        writeln!(self.out, "commit {branch}")?;
        writeln!(self.out, "committer Ada <ada@example.com> {at} +0000")?;
        writeln!(self.out, "data {}\n{message}", message.len())
    }

    /// The variant and the cases of a prompt, as they are by now.
    fn files_of(&mut self, number: usize) -> io::Result<()> {
        let Prompt { folder, edits: [variant, cases] } = &self.prompts[number];
        let (folder, variant, cases) = (folder.clone(), *variant, *cases);
        self.file(&format!("{folder}/baseline.prompty"), &variant_text(number, variant))?;
        self.file(&format!("{folder}/cases.jsonl"), &cases_text(number, cases))
    }

    fn file(&mut self, path: &str, text: &str) -> io::Result<()> {
        write!(self.out, "M 100644 inline {path}\ndata {}\n{text}\n", text.len())
    }
}

const EVALS: &str = "cases: cases.jsonl\nmodels: [{id: openai/gpt-4.1-mini}]\nscorers:\n  - {id: category, type: equals, path: $.category, expected: $.category}\ngates:\n  - {scorer: category, min: 0.75}\n";

fn manifest(number: usize) -> String {
    format!(
        "format: assay/1\nid: 01J8ZQ4V7N{number:016}\nvariants:\n  - {{id: baseline, file: baseline.prompty}}\nevals: [evals.yaml]\n"
    )
}

fn variant_text(number: usize, edits: usize) -> String {
    let rules: String = (0..8)
        .map(|rule| {
            format!(
                "Rule {rule} of prompt {number}: answer in one line, and say why. {}\n",
                edits / (rule + 1)
            )
        })
        .collect();
    format!(
        "---\nname: prompt {number}\ndescription: Sorts tickets\nmodel:\n  id: gpt-4.1-mini\n  provider: openai\n  options: {{temperature: 0}}\ninputs:\n  - {{name: ticket, kind: string, required: true}}\n---\nsystem:\nYou sort tickets.\n{rules}\nuser:\n{{{{ ticket }}}}\n"
    )
}

fn cases_text(number: usize, edits: usize) -> String {
    let row = |row: usize| {
        let told = edits / (row + 1);
        format!(
            "{{\"id\":\"c-{row}\",\"input\":{{\"ticket\":\"ticket {row} of {number}, told {told} times\"}},\"expected\":{{\"category\":\"bug\"}}}}\n"
        )
    };
    (0..6).map(row).collect()
}

/// The file of a prompt that the benchmark edits.
pub fn variant_of(folder: &Path, prompt: &str) -> PathBuf {
    folder.join(prompt).join("baseline.prompty")
}
