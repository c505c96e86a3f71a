//! Cloning, branches, syncing, history and undo in a terminal.

use std::path::{Path, PathBuf};
use std::process::Command;

use assay_testkit::DataFolder;
use serde_json::json;

use crate::process::Terminal;

const PROMPT: &str = "prompts/greet/plain.prompty";

/// A bare repository with what the terminal's has, and a folder for clones.
struct Elsewhere {
    terminal: Terminal,
    folder: DataFolder,
    address: String,
}

impl Elsewhere {
    fn new() -> Self {
        let (terminal, folder) = (Terminal::in_data("greet"), DataFolder::new());
        let bare = folder.path().join("prompts.git");
        let path = bare.to_str().expect("a path in UTF-8");
        git(&terminal.path(), &["clone", "-q", "--bare", ".", path]);
        let address = format!("file://{path}");
        Self { terminal, folder, address }
    }

    /// A clone whose commits have an author.
    fn clone(&self, name: &str) -> PathBuf {
        let into = self.folder.path().join(name);
        let into = into.to_str().expect("a path in UTF-8");
        let left =
            self.terminal.assay_in(self.folder.path(), &["clone", &self.address, into, "--json"]);
        assert_eq!(left.exit, 0, "{}", left.err);
        assert_eq!(left.json()["schema"], "assay.clone/1");
        assert_eq!(left.json()["prompts"], json!(["prompts/greet"]));
        let into = PathBuf::from(into);
        git(&into, &["config", "user.name", name]);
        git(&into, &["config", "user.email", "someone@example.com"]);
        into
    }

    fn ok(&self, folder: &Path, arguments: &[&str]) -> serde_json::Value {
        let left = self.terminal.assay_in(folder, &[arguments, &["--json"]].concat());
        assert_eq!(left.exit, 0, "assay {}: {}", arguments.join(" "), left.err);
        left.json()
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .status()
        .expect("the git program");
    assert!(done.success(), "git {arguments:?}");
}

fn edit(folder: &Path, from: &str, to: &str) {
    let path = folder.join(PROMPT);
    let text = std::fs::read_to_string(&path).expect("the prompt");
    std::fs::write(&path, text.replace(from, to) + to).expect("the prompt");
}

#[test]
fn two_people_send_in_turn_and_see_who_changed_what() {
    let place = Elsewhere::new();
    let (ada, bob) = (place.clone("ada"), place.clone("bob"));
    edit(&ada, "never there", "A line of Ada.\n");
    place.ok(&ada, &["commit", "-m", "a line of Ada"]);
    let sent = place.ok(&ada, &["sync"]);
    assert_eq!((&sent["schema"], &sent["sent"]), (&json!("assay.sync/1"), &json!(1)));
    let got = place.ok(&bob, &["sync"]);
    assert_eq!((&got["merged"]["result"], &got["sent"]), (&json!("fast-forward"), &json!(null)));
    let log = place.ok(&bob, &["log", "greet"]);
    assert_eq!(log["entries"][0]["commit"]["summary"], "a line of Ada");
    assert_eq!(log["entries"][0]["commit"]["author"], "ada");
    let blame = place.ok(&bob, &["log", PROMPT, "--blame"]);
    let last = blame["parts"].as_array().and_then(|parts| parts.last()).expect("lines");
    assert_eq!(
        (&last["text"], &last["commit"]["author"]),
        (&json!("A line of Ada."), &json!("ada"))
    );
}

#[test]
fn a_conflict_ends_with_three_and_says_how_to_go_on() {
    let place = Elsewhere::new();
    let (ada, bob) = (place.clone("ada"), place.clone("bob"));
    edit(&ada, "never there", "Ada\n");
    edit(&bob, "never there", "Bob\n");
    for folder in [&ada, &bob] {
        place.ok(folder, &["commit", "-m", "an end"]);
    }
    place.ok(&ada, &["sync"]);
    let stopped = place.terminal.assay_in(&bob, &["sync", "--json"]);
    assert_eq!(stopped.exit, 3, "{}", stopped.err);
    assert_eq!(stopped.json()["merged"], json!({"result": "conflicts", "files": [PROMPT]}));
    let told = place.terminal.assay_in(&bob, &["sync"]);
    assert!(told.out.contains(": ours ") && told.out.contains(", theirs "), "{}", told.out);
    let refused = place.terminal.assay_in(&bob, &["sync", "--theirs", "prompts/typo"]);
    assert_eq!(refused.exit, 2, "{}", refused.err);
    assert!(refused.err.contains("no conflict in \"prompts/typo\""), "{}", refused.err);
    let done = place.ok(&bob, &["sync", "--theirs", PROMPT]);
    assert_eq!(done["merged"]["result"], "merged");
    let text = std::fs::read_to_string(bob.join(PROMPT)).expect("the prompt");
    assert!(text.ends_with("Ada\n"), "{text}");
}

#[test]
fn a_repository_that_was_not_cloned_here_asks_before_it_is_synced() {
    let place = Elsewhere::new();
    let copy = place.folder.path().join("copy");
    git(place.folder.path(), &["clone", "-q", &place.address, copy.to_str().expect("UTF-8")]);
    let refused = place.terminal.assay_in(&copy, &["sync"]);
    assert_eq!(refused.exit, 2, "{}", refused.err);
    assert!(refused.err.contains("--allow"), "{}", refused.err);
    let first = place.ok(&copy, &["sync", "--allow", &place.address]);
    let note = first["notes"][0].as_str().expect("that statements are fetched from now on");
    assert!(note.contains("git fetch"), "{note}");
    assert_eq!(place.ok(&copy, &["sync"])["notes"], json!([]), "once is enough");
}

#[test]
fn a_clone_says_that_statements_are_fetched_too() {
    let place = Elsewhere::new();
    let left = place.terminal.assay_in(place.folder.path(), &["clone", &place.address, "ada"]);
    assert_eq!(left.exit, 0, "{}", left.err);
    assert!(left.out.contains("signed statements came along"), "{}", left.out);
}

#[test]
fn branches_are_made_gone_to_and_taken_back() {
    let place = Elsewhere::new();
    let ada = place.clone("ada");
    place.ok(&ada, &["switch", "-c", "shorter"]);
    edit(&ada, "never there", "Be brief.\n");
    place.ok(&ada, &["commit", "-m", "shorter"]);
    edit(&ada, "Be brief.", "Be very brief.");
    let away = place.ok(&ada, &["switch", "main"]);
    assert_eq!((&away["to"], &away["kept"]), (&json!("main"), &json!([PROMPT])));
    let branches = place.ok(&ada, &["branch"]);
    assert_eq!(branches["current"], "main");
    let shorter = &branches["branches"][1];
    assert_eq!((&shorter["name"], &shorter["drafts"]), (&json!("shorter"), &json!(true)));
    let undone = place.ok(&ada, &["undo"]);
    assert_eq!(undone["undone"]["command"], "switch main");
    let text = std::fs::read_to_string(ada.join(PROMPT)).expect("the prompt");
    assert!(text.contains("Be very brief."), "{text}");
    let steps = place.ok(&ada, &["undo", "--list"]);
    assert_eq!(steps["steps"][0]["command"], "commit");
}
