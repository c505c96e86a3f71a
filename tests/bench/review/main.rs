//! A large repository in the window: 5,000 prompts in 20,000 files, and 50,000 commits. Measured is what the window calls, in
//! one process, and beside it what git takes for the like.

mod large;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_app::{App, AppOptions, Host, SecretString, Wanted};
use assay_wire::{
    ApiError, CheckPrompts, Commit, HistoryView, OpenWorkspace, ReadBranches, ReadChanges,
    ReadHistory, ReadWorkspace,
};

use large::{COMMITS, Large, PROMPTS, git};

/// What has to be reached.
const MAKE: Duration = Duration::from_secs(60);
const OPEN: Duration = Duration::from_secs(1);
const STATUS: Duration = Duration::from_millis(200);
const HISTORY: Duration = Duration::from_millis(300);
/// Of this process, its files that are mapped included, in bytes.
const MEMORY: u64 = 250_000_000;

/// How often each is measured; the median counts.
const ROUNDS: usize = 5;
/// How many commits the window asks for.
const LIMIT: u32 = 100;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let (folder, data) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let root = folder.path();
    let (made, took) = timed(|| large::make(root))?;
    println!("made {PROMPTS} prompts and {COMMITS} commits in {took:.1?}");
    let mut missed = Missed::default();
    missed.within("making it", took, MAKE);
    measure(root, data.path(), &made, &mut missed)?;
    missed.told()
}

fn measure(root: &Path, data: &Path, made: &Large, missed: &mut Missed) -> Result<(), Failure> {
    let options = AppOptions { data_dir: Some(data.to_owned()), ..AppOptions::default() };
    let app = App::open(options, Arc::new(Window))?;
    let before = peak_memory();
    let path = root.display().to_string();
    let (view, took) = timed(|| app.call(OpenWorkspace { path: path.clone() }))?;
    if view.prompts.len() != PROMPTS || view.prompts.iter().any(|prompt| prompt.errors > 0) {
        return Err(format!("{} prompts, or some with errors", view.prompts.len()).into());
    }
    println!("opened in {took:.2?}");
    missed.within("opening", took, OPEN);
    let begun = Instant::now();
    while app.call(ReadHistory { of: None, limit: 1 })?.reading {
        if begun.elapsed() > MAKE {
            return Err("the index of the history was not built in a minute".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    println!(
        "the index of the history was built in the background in {:.1?}",
        took + begun.elapsed()
    );

    statuses(&app, root, made, missed)?;
    histories(&app, root, made, missed)?;
    commits(&app, root, made, missed)?;
    again(&app, &path, missed)?;
    if let (Some(before), Some(peak)) = (before, peak_memory()) {
        println!(
            "peak memory {} MB, of which {} MB before opening",
            peak / 1_000_000,
            before / 1_000_000
        );
        if peak > MEMORY {
            missed.0.push(format!("peak memory {peak}, at most {MEMORY} bytes"));
        }
    }
    Ok(())
}

/// What is read after each change on disk.
fn statuses(app: &App, root: &Path, made: &Large, missed: &mut Missed) -> Result<(), Failure> {
    let file = large::variant_of(root, &made.quiet);
    let text = fs::read_to_string(&file)?;
    let mut round = 0;
    let mut change = || {
        round += 1;
        fs::write(&file, format!("{text}{round}\n"))
    };
    let gits = median(|| {
        change()?;
        timed(|| git(root, &["status", "--porcelain"]))
    })?;
    let view = median(|| {
        change()?;
        timed(|| app.call(ReadWorkspace {}))
    })?;
    let changes = median(|| {
        change()?;
        let (changes, took) = timed(|| app.call(ReadChanges {}))?;
        assert_eq!(changes.files.len(), 1, "one file was changed");
        Ok(((), took))
    })?;
    let check = median(|| {
        change()?;
        timed(|| app.call(CheckPrompts::default()))
    })?;
    let branches = median(|| timed(|| app.call(ReadBranches {})))?;
    fs::write(&file, text)?;
    println!("git status: {gits:.2?}");
    for (what, took, limit) in [
        ("the workspace after a change", view, STATUS),
        ("the changes after a change", changes, STATUS),
        ("the branches", branches, STATUS),
        ("the problems after a change", check, OPEN),
    ] {
        println!("{what}: {took:.2?}, {:.1} × git status, at most {limit:?}", ratio(took, gits));
        missed.within(what, took, limit);
    }
    Ok(())
}

/// A commit from the window, and the history after it, which has one commit to read.
fn commits(app: &App, root: &Path, made: &Large, missed: &mut Missed) -> Result<(), Failure> {
    let file = large::variant_of(root, &made.quiet);
    let mut round = 0;
    let mut change = || {
        round += 1;
        let text = fs::read_to_string(&file)?;
        fs::write(&file, format!("{text}Committed {round} times.\n"))
    };
    let gits = median(|| {
        change()?;
        timed(|| git(root, &["commit", "--quiet", "--all", "--message", "by git"]))
    })?;
    let (mut took, mut after) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        change()?;
        let (message, paths) = ("by assay".to_owned(), Vec::new());
        took.push(timed(|| app.call(Commit { message, paths, rows: BTreeMap::new() }))?.1);
        let of = Some(made.quiet.clone());
        after.push(timed(|| app.call(ReadHistory { of, limit: LIMIT }))?.1);
    }
    let (took, after) = (middle(took), middle(after));
    println!("a commit: {took:.2?}, {:.1} × git commit ({gits:.2?})", ratio(took, gits));
    println!("history after a commit: {after:.2?}, at most {HISTORY:?}");
    missed.within("the history after a commit", after, HISTORY);
    Ok(())
}

/// The history of single prompts, of which one was edited very often and was moved.
fn histories(app: &App, root: &Path, made: &Large, missed: &mut Missed) -> Result<(), Failure> {
    for (what, prompt) in [("a quiet prompt", &made.quiet), ("the busiest prompt", &made.busy)] {
        let gits = median(|| timed(|| git(root, &["log", "--format=%H", "--", prompt])))?;
        let known = git(root, &["log", "--format=%H", "--", prompt])?;
        let of = || app.call(ReadHistory { of: Some(prompt.clone()), limit: LIMIT });
        let took = median(|| timed(of))?;
        require_all(&known, &of()?)?;
        println!(
            "history of {what}: {took:.2?}, {:.3} × git log -- PATH ({gits:.2?}), at most {HISTORY:?}",
            ratio(took, gits)
        );
        missed.within(&format!("the history of {what}"), took, HISTORY);
    }
    Ok(())
}

/// What git lists of a path is told as well, up to where the window stops asking; git does not follow moves.
fn require_all(known: &str, found: &HistoryView) -> Result<(), Failure> {
    let has = |id: &&str| found.entries.iter().any(|entry| entry.commit.id == **id);
    let asked = LIMIT as usize;
    let gone = known.lines().take(asked / 2).find(|id| !has(id));
    let all = found.entries.len() + found.more as usize;
    if found.reading || gone.is_some() || all < known.lines().count() {
        return Err(format!("{} has {all} commits, and not {gone:?}", found.path).into());
    }
    println!("{}: {all} commits, {} earlier names", found.path, found.earlier_names.len());
    Ok(())
}

/// Opened again by the same program, and its history again by another.
fn again(app: &App, path: &str, missed: &mut Missed) -> Result<(), Failure> {
    let open = || app.call(OpenWorkspace { path: path.to_owned() });
    let took = median(|| timed(open))?;
    println!("opened again in {took:.2?}");
    missed.within("opening again", took, OPEN);
    Ok(())
}

/// A program with a window, in which nobody chooses anything.
struct Window;

impl Host for Window {
    fn is_window(&self) -> bool {
        true
    }

    fn choose_folder(&self) -> Option<PathBuf> {
        None
    }

    fn choose_file(&self) -> Option<PathBuf> {
        None
    }

    fn take_secret(&self, _: Wanted<'_>) -> Result<Option<SecretString>, ApiError> {
        Ok(None)
    }
}

/// What took longer, or more, than it may.
#[derive(Default)]
struct Missed(Vec<String>);

impl Missed {
    fn within(&mut self, what: &str, took: Duration, limit: Duration) {
        if took > limit {
            self.0.push(format!("{what} took {took:.2?}, at most {limit:?}"));
        }
    }

    fn told(self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0.join("; ").into()) }
    }
}

fn timed<T, E: Into<Failure>>(
    act: impl FnOnce() -> Result<T, E>,
) -> Result<(T, Duration), Failure> {
    let begun = Instant::now();
    let done = act().map_err(Into::into)?;
    Ok((done, begun.elapsed()))
}

fn median<T>(mut act: impl FnMut() -> Result<(T, Duration), Failure>) -> Result<Duration, Failure> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(act()?.1);
    }
    Ok(middle(times))
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ratio(ours: Duration, theirs: Duration) -> f64 {
    ours.as_secs_f64() / theirs.as_secs_f64()
}

/// The most memory that this process ever had, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1_024)
}
