//! History and blame, from an index that outlives the program and rewritten commits.

use assay_repo::Workspace;
use assay_repo::git::{Blame, History, RowChange, Unfollowed};
use assay_testkit::TestWorkspace;

use crate::{git, open};

fn read(workspace: &Workspace, cache: &tempfile::TempDir) -> History {
    let mut history = History::open(workspace, cache.path());
    assert!(history.update(&Unfollowed).unwrap().complete);
    history
}

fn summaries(history: &History, path: &str) -> Vec<String> {
    let found = history.of(path, 100).unwrap();
    found.entries.into_iter().map(|entry| entry.commit.summary).collect()
}

const LONG: &str =
    "---\nname: triage\nmodel: m\n---\nuser:\nSort this text into one of the kinds.\n";

#[test]
fn the_history_of_a_prompt_goes_back_through_its_names() {
    let (files, cache) = (TestWorkspace::empty(), tempfile::tempdir().unwrap());
    files.write("prompts/old/a.prompty", LONG);
    files.write("prompts/beside/b.prompty", "beside\n");
    files.commit("made");
    files.write("prompts/beside/b.prompty", "edited\n");
    files.commit("beside");
    git(&files, &["mv", "prompts/old", "prompts/new"]);
    files.commit("moved");
    files.write("prompts/new/a.prompty", &LONG.replace("kinds", "classes"));
    files.commit("edited");
    let history = read(&open(&files), &cache);
    assert_eq!(summaries(&history, "prompts/new"), ["edited", "moved", "made"]);
    assert_eq!(summaries(&history, "prompts/beside"), ["beside", "made"]);
    let found = history.of("prompts/new", 1).unwrap();
    assert_eq!(found.earlier_names, ["prompts/old"]);
    assert_eq!((found.entries.len(), found.more), (1, 2));
}

#[test]
fn a_prompt_is_followed_through_the_day_on_which_everything_was_moved() {
    let (files, cache) = (TestWorkspace::empty(), tempfile::tempdir().unwrap());
    for number in 0..300 {
        files.write(&format!("p{number}/a.prompty"), &LONG.replace("kinds", &number.to_string()));
        // Alike in all of them, so that it says nothing about where it came from.
        files.write(&format!("p{number}/evals.yaml"), "cases: cases.jsonl\n");
    }
    files.commit("made");
    std::fs::create_dir(files.path().join("team")).unwrap();
    for number in 0..300 {
        let (old, new) = (format!("p{number}"), format!("team/p{number}"));
        std::fs::rename(files.path().join(old), files.path().join(new)).unwrap();
    }
    files.commit("put in order");
    let history = read(&open(&files), &cache);
    assert_eq!(summaries(&history, "team/p170"), ["put in order", "made"]);
    assert_eq!(history.of("team/p170", 1).unwrap().earlier_names, ["p170"]);
}

#[test]
fn a_merge_that_takes_one_side_as_it_is_touches_nothing() {
    let (files, cache) = (TestWorkspace::empty(), tempfile::tempdir().unwrap());
    files.write("a.txt", "one\n");
    files.write("b.txt", "one\n");
    files.commit("first");
    git(&files, &["switch", "-q", "-c", "other"]);
    files.write("b.txt", "other\n");
    files.commit("other");
    git(&files, &["switch", "-q", "main"]);
    files.write("a.txt", "main\n");
    files.commit("main");
    git(&files, &["merge", "-q", "--no-edit", "other"]);
    let history = read(&open(&files), &cache);
    assert_eq!(summaries(&history, "b.txt"), ["other", "first"]);
    assert_eq!(summaries(&history, "a.txt"), ["main", "first"]);
}

#[test]
fn what_was_read_once_is_not_read_again_and_a_rewrite_does_no_harm() {
    let (files, cache) = (TestWorkspace::empty(), tempfile::tempdir().unwrap());
    for text in ["one\n", "two\n", "three\n"] {
        files.write("a.txt", text);
        files.commit(text.trim());
    }
    let workspace = open(&files);
    assert_eq!(read(&workspace, &cache).update(&Unfollowed).unwrap().new, 0);
    let mut again = History::open(&workspace, cache.path());
    assert!(again.is_current().unwrap(), "the index was not kept");
    git(&files, &["commit", "-q", "--amend", "-m", "three, better said"]);
    assert!(!again.is_current().unwrap());
    let built = again.update(&Unfollowed).unwrap();
    assert_eq!((built.new, built.commits), (1, 4));
    assert_eq!(summaries(&again, "a.txt"), ["three, better said", "two", "one"]);
}

fn row(id: &str, text: &str) -> String {
    format!("{{\"id\": \"{id}\", \"input\": {{\"text\": \"{text}\"}}}}\n")
}

#[test]
fn a_row_knows_who_changed_it_last_whatever_happened_around_it() {
    let (files, cache) = (TestWorkspace::empty(), tempfile::tempdir().unwrap());
    let path = "prompts/p/cases.jsonl";
    files.write(path, &[row("a", "one"), row("b", "one")].concat());
    files.commit("two rows");
    files.write(path, &[row("new", "one"), row("a", "one"), row("b", "two")].concat());
    files.commit("b edited, one before it");
    files.write(path, &[row("b", "two"), row("a", "one").replace(": ", ":")].concat());
    files.commit("moved, formatted, one removed");
    let history = read(&open(&files), &cache);
    let Blame::Rows(rows) = history.blame(path, &Unfollowed).unwrap() else { panic!("lines") };
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.id.as_str(), row.commit.as_ref().unwrap().summary.as_str()))
        .collect();
    assert_eq!(told, [("b", "b edited, one before it"), ("a", "two rows")]);

    let versions = |id| history.of_row(path, id, 10).unwrap();
    let changes = |id| versions(id).iter().map(|version| version.change).collect::<Vec<_>>();
    assert_eq!(changes("b"), [RowChange::Edited, RowChange::Added]);
    assert_eq!(changes("new"), [RowChange::Removed, RowChange::Added]);
    assert_eq!(changes("a"), [RowChange::Added]);
    assert!(versions("b")[0].row.as_ref().unwrap().contains("two"));
}

#[test]
fn lines_are_blamed_as_git_itself_does() {
    let (files, cache) = (TestWorkspace::empty(), tempfile::tempdir().unwrap());
    let mut lines: Vec<String> = (0..20).map(|number| format!("line {number}\n")).collect();
    files.write("a.prompty", &lines.concat());
    files.commit("first");
    for number in [3, 7, 7, 12, 0, 19] {
        lines[number] = format!("line {number} again, {}\n", lines.len());
        lines.insert(number, format!("new before {number} at {}\n", lines.len()));
        files.write("a.prompty", &lines.concat());
        files.commit(&format!("edit {number}"));
    }
    let history = read(&open(&files), &cache);
    let Blame::Lines(found) = history.blame("a.prompty", &Unfollowed).unwrap() else {
        panic!("rows")
    };
    let ours: Vec<_> = found.iter().map(|line| line.commit.as_ref().unwrap().id.clone()).collect();
    let theirs = git(&files, &["blame", "--porcelain", "a.prompty"]);
    let is_id = |word: &&str| word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let heads = theirs.lines().filter_map(|line| line.split(' ').next());
    let theirs: Vec<_> = heads.filter(is_id).map(str::to_owned).collect();
    assert_eq!(ours, theirs);
}
