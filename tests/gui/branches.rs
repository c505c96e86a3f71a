//! Branches with what was not committed, and two people who change the same row and meet at a remote, all in the window
//! and held against what plain git says.

use std::path::{Path, PathBuf};
use std::process::Command;

use assay_testkit::TestWorkspace;
use assay_tests::window::{DriverError, PATIENCE, Window, key};

type Failure = Box<dyn std::error::Error>;

/// The row that both people change.
const CASES: &str = "prompts/greet/cases.jsonl";

/// Down, as WebDriver numbers it.
const DOWN: char = '\u{e015}';

fn git(folder: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new("git").args(arguments).current_dir(folder).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn greet() -> TestWorkspace {
    TestWorkspace::from_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/greet"))
}

fn open(window: &Window, folder: &Path) -> Result<(), Failure> {
    window.click("welcome-open-path")?;
    window.type_keys(&folder.display().to_string())?;
    window.click("welcome-open")?;
    window.find("variant-editor-plain")?;
    Ok(())
}

/// Does a command by its name in the palette.
fn palette(window: &Window, title: &str) -> Result<(), Failure> {
    window.press_control('k')?;
    window.until(PATIENCE, "the palette", || window.select(".palette__input"))?;
    window.type_keys(title)?;
    window.type_keys(&key::ENTER.to_string())?;
    Ok(())
}

/// Changes one word of a file on disk, as another program would.
fn edit(file: &Path, from: &str, to: &str) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file)?;
    assert!(text.contains(from), "{from:?} is in {}", file.display());
    std::fs::write(file, text.replace(from, to))?;
    Ok(())
}

fn until_file(window: &Window, file: &Path, wanted: &str) -> Result<(), Failure> {
    window.until(PATIENCE, &format!("{wanted:?} in {}", file.display()), || {
        let text = std::fs::read_to_string(file).map_err(|e| DriverError(e.to_string()))?;
        Ok(text.contains(wanted).then_some(()))
    })?;
    Ok(())
}

#[test]
fn changes_stay_with_the_branch_they_were_made_on_and_an_undo_brings_everything_back()
-> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = greet();
    let (folder, file) = (workspace.path(), workspace.path().join(CASES));
    let window = Window::open(data.path())?;
    open(&window, &folder)?;

    // A branch by keyboard alone: named in a dialog that refuses what git would.
    palette(&window, "New branch")?;
    window.click("ask-name")?;
    window.type_keys("warm er")?;
    window.until_text("ask-wrong", PATIENCE, |t| t.contains("a space"))?;
    window.press_control('a')?;
    window.type_keys("warmer")?;
    window.type_keys(&key::ENTER.to_string())?;
    let asking = "[data-testid=\"ask-name\"]";
    window.until(PATIENCE, "the dialog to close", || {
        Ok(window.select(asking)?.is_none().then_some(()))
    })?;
    palette(&window, "Branches, tags")?;
    window.until_text("git-said", PATIENCE, |t| t.contains("On warmer"))?;
    assert_eq!(git(&folder, &["branch", "--show-current"])?.trim(), "warmer");

    // A change that is not committed stays here when asked to, and the file is as main has it.
    edit(&file, "Hello Bob", "Dear Bob")?;
    window.click("git-tab-changes")?;
    window.until_text("git-files", PATIENCE, |t| t.contains("case bob"))?;
    window.click("git-tab-branches")?;
    window.click("branch-main")?;
    window.click("branch-switch")?;
    window.click("drafts-keep")?;
    window.click("switch-do")?;
    let said = window.until_text("git-said", PATIENCE, |t| t.contains("On main"))?;
    assert!(said.contains("1 changed file stayed with warmer") && said.contains(CASES), "{said}");
    until_file(&window, &file, "Hello Bob")?;
    window.until_text("branch-warmer", PATIENCE, |t| t.contains("changes wait"))?;

    window.click("branch-warmer")?;
    window.click("branch-switch")?;
    let said = window.until_text("git-said", PATIENCE, |t| t.contains("On warmer"))?;
    assert!(said.contains("came back"), "{said}");
    until_file(&window, &file, "Dear Bob")?;

    // The last command is named before it is taken back.
    window.click("git-undo")?;
    window.until_text("undo-command", PATIENCE, |t| t.contains("switch warmer"))?;
    window.click("undo-do")?;
    window.until_text("git-said", PATIENCE, |t| t.contains("Took back: switch warmer"))?;
    until_file(&window, &file, "Hello Bob")?;
    assert_eq!(git(&folder, &["branch", "--show-current"])?.trim(), "main");
    window.close()?;
    Ok(())
}

#[test]
fn a_tag_says_in_the_list_and_to_git_what_it_was_made_for() -> Result<(), Failure> {
    let (data, workspace) = (tempfile::tempdir()?, greet());
    let window = Window::open(data.path())?;
    open(&window, &workspace.path())?;
    window.click("toolbar-branch")?;
    window.click("tag-new")?;
    window.click("ask-name")?;
    window.type_keys("v1")?;
    window.click("tag-message")?;
    window.type_keys("What the team agreed on")?;
    window.click("ask-do")?;
    window.until_text("tag-v1", PATIENCE, |text| text.contains("What the team agreed on"))?;
    let said = git(
        &workspace.path(),
        &["for-each-ref", "--format=%(objecttype) %(contents)", "refs/tags/v1"],
    )?;
    assert_eq!(said.trim(), "tag What the team agreed on");
    window.close()?;
    Ok(())
}

#[test]
fn one_case_is_committed_and_the_other_waits() -> Result<(), Failure> {
    let (data, workspace) = (tempfile::tempdir()?, greet());
    let (folder, file) = (workspace.path(), workspace.path().join(CASES));
    edit(&file, "Hello Bob", "Dear Bob")?;
    edit(&file, "Good day Cleo", "Welcome Cleo")?;
    let window = Window::open(data.path())?;
    open(&window, &folder)?;
    window.click("nav-git")?;
    window.click("git-stage-row-bob")?;
    window.until_text("commit-count", PATIENCE, |t| t.contains("1 in part"))?;
    window.click("commit-message")?;
    window.type_keys("Welcome Cleo")?;
    window.click("commit-button")?;
    window.until_text("git-log", PATIENCE, |t| t.contains("Welcome Cleo"))?;
    let committed = git(&folder, &["show", &format!("HEAD:{CASES}")])?;
    assert!(committed.contains("Welcome Cleo") && committed.contains("Hello Bob"), "{committed}");
    window.until_text("git-files", PATIENCE, |t| t.contains("case bob"))?;
    let disk = std::fs::read_to_string(&file)?;
    assert!(disk.contains("Dear Bob") && disk.contains("Welcome Cleo"), "{disk}");
    window.close()?;
    Ok(())
}

#[test]
fn among_hundreds_of_branches_one_is_found_by_typing_and_reached_without_a_mouse()
-> Result<(), Failure> {
    let (data, workspace) = (tempfile::tempdir()?, greet());
    let folder = workspace.path();
    let names =
        (0..300).map(|n| format!("experiment/{n:03}-with-a-name-that-says-all-there-is-to-say"));
    let wanted: Vec<String> = names.map(|name| format!("main:refs/heads/{name}")).collect();
    let mut fetch = vec!["fetch", "--quiet", "."];
    fetch.extend(wanted.iter().map(String::as_str));
    git(&folder, &fetch)?;
    let window = Window::open(data.path())?;
    open(&window, &folder)?;

    window.click("toolbar-branch")?;
    window.until_text("branch-list", PATIENCE, |t| t.contains("Show all 301"))?;
    let drawn = "return document.querySelectorAll('[data-testid=\"branch-list\"] .branch').length";
    assert_eq!(window.script(drawn, &[])?, 100, "more are drawn only when asked for");
    window.click("branch-find")?;
    window.type_keys("299")?;
    window.until(PATIENCE, "one branch", || Ok((window.script(drawn, &[])? == 1).then_some(())))?;
    window.type_keys(&format!("{}{}", key::TAB, key::ENTER))?;
    window.until_text("branch-detail", PATIENCE, |t| t.contains("experiment/299-"))?;
    window.close()?;
    Ok(())
}

/// Bob: a data folder of his own, and the clone that his window made in it.
struct Bob {
    data: tempfile::TempDir,
}

impl Bob {
    fn folder(&self) -> PathBuf {
        self.data.path().join("workspaces/remote")
    }

    /// Clones in the window, changes a row and sends it.
    fn clones_and_sends(&self, address: &str) -> Result<(), Failure> {
        let window = Window::open(self.data.path())?;
        window.click("welcome-clone-address")?;
        window.type_keys(address)?;
        window.click("welcome-clone")?;
        window.find("variant-editor-plain")?;
        let folder = self.folder();
        git(&folder, &["config", "user.name", "Bob Tester"])?;
        git(&folder, &["config", "user.email", "bob@example.com"])?;
        edit(&folder.join(CASES), "Hello Bob", "Good evening Bob")?;
        window.click("nav-git")?;
        window.until_text("git-files", PATIENCE, |t| t.contains("case bob"))?;
        window.click("commit-message")?;
        window.type_keys("Greet Bob in the evening")?;
        window.click("commit-button")?;
        window.until_text("git-log", PATIENCE, |t| t.contains("in the evening"))?;
        // Who cloned from an address has confirmed it.
        window.click("git-sync")?;
        window.until_text("git-said", PATIENCE, |t| t.contains("Sent 1 commit"))?;
        window.close()?;
        Ok(())
    }

    /// Takes what the other decided.
    fn takes(&self, wanted: &str) -> Result<(), Failure> {
        let window = Window::open(self.data.path())?;
        if window.select("[data-testid=\"nav-git\"]")?.is_none() {
            window.click("recent-0")?;
        }
        window.click("nav-git")?;
        window.click("git-sync")?;
        window.until_text("git-said", PATIENCE, |t| t.contains("moved on to"))?;
        until_file(&window, &self.folder().join(CASES), wanted)?;
        window.close()?;
        Ok(())
    }
}

/// A remote with what Ada has committed, and its address.
fn remote_of(workspace: &TestWorkspace, place: &Path) -> Result<String, Failure> {
    let bare = place.join("remote.git");
    let bare_path = bare.display().to_string();
    git(place, &["init", "--quiet", "--bare", "--initial-branch", "main", &bare_path])?;
    let address = format!("file://{bare_path}");
    git(&workspace.path(), &["remote", "add", "origin", &address])?;
    git(&workspace.path(), &["push", "--quiet", "--set-upstream", "origin", "main"])?;
    Ok(address)
}

#[test]
fn two_people_who_changed_one_field_of_one_row_decide_it_in_the_window() -> Result<(), Failure> {
    let (place, data) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let ada = greet();
    let address = remote_of(&ada, &place.path().canonicalize()?)?;
    let bob = Bob { data: tempfile::tempdir()? };
    bob.clones_and_sends(&address)?;

    // Ada changes the same field, and another row that nobody else touched.
    edit(&ada.path().join(CASES), "Hello Bob", "Good morning Bob")?;
    edit(&ada.path().join(CASES), "Good day Cleo", "Welcome Cleo")?;
    ada.commit("greet in the morning");
    let window = Window::open(data.path())?;
    open(&window, &ada.path())?;
    let decided = decide_for_theirs(&window, &ada.path(), &address)?;
    assert!(decided.contains("\"expected\":\"Good evening Bob\""), "{decided}");
    assert!(decided.contains("Welcome Cleo"), "the row that only Ada changed is kept: {decided}");

    // Both parents, on both sides, and nothing left over.
    assert_eq!(git(&ada.path(), &["status", "--porcelain"])?, "");
    assert_eq!(git(&ada.path(), &["log", "-1", "--format=%p"])?.split_whitespace().count(), 2);
    let there = git(&ada.path(), &["ls-remote", "origin", "main"])?;
    let here = git(&ada.path(), &["rev-parse", "HEAD"])?;
    assert!(there.starts_with(here.trim()), "what was decided was sent: {there}");

    say_what_stays(&window)?;
    window.close()?;
    bob.takes("Welcome Cleo")?;
    Ok(())
}

/// Syncs, confirms the address, finds the row and field, and takes the other's value.
fn decide_for_theirs(window: &Window, folder: &Path, address: &str) -> Result<String, Failure> {
    window.click("nav-git")?;
    window.click("git-sync")?;
    window.until_text("confirm-address", PATIENCE, |t| t.trim() == address)?;
    window.click("confirm-do")?;
    let merge = window.until_text("merge-pane", PATIENCE, |t| t.contains("row bob"))?;
    assert!(merge.contains("row bob · expected"), "row and field by name: {merge}");
    assert!(merge.contains("Good morning Bob") && merge.contains("Good evening Bob"), "{merge}");
    assert!(!merge.contains("<<<<"), "no markers: {merge}");
    let before = std::fs::read_to_string(folder.join(CASES))?;
    assert!(before.contains("Good morning Bob"), "nothing is written before it is decided");

    // The keyboard is at the first choice, and an arrow goes on to the second.
    window.until(PATIENCE, "the keyboard at the first choice", || {
        let at = window.script("return document.activeElement?.dataset?.testid ?? ''", &[])?;
        Ok((at == "merge-take-ours").then_some(()))
    })?;
    window.type_keys(&DOWN.to_string())?;
    window.until_text("merge-left", PATIENCE, |t| t.contains("all decided"))?;
    window.click("merge-finish")?;
    let said = window.until_text("git-said", PATIENCE, |t| t.contains("Synced main"))?;
    assert!(said.contains("Sent 2 commits"), "the change and the merge: {said}");
    Ok(std::fs::read_to_string(folder.join(CASES))?)
}

/// What went to another computer is named before an undo.
fn say_what_stays(window: &Window) -> Result<(), Failure> {
    window.click("git-tab-branches")?;
    window.click("git-undo")?;
    window.until_text("undo-command", PATIENCE, |t| t.contains("sync"))?;
    let page = window.text_of_page()?;
    assert!(page.contains("What was sent stays there: main to origin"), "{page}");
    window.type_keys(&key::ESCAPE.to_string())?;
    Ok(())
}

#[test]
fn the_past_of_a_row_and_the_difference_of_two_revisions_are_read_in_the_window()
-> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = greet();
    let file = workspace.path().join(CASES);
    edit(&file, "Hello Bob", "Dear Bob")?;
    workspace.commit("be warmer to Bob");
    let window = Window::open(data.path())?;
    open(&window, &workspace.path())?;

    palette(&window, "History of the open prompt")?;
    let commits =
        window.until_text("past-commits", PATIENCE, |t| t.contains("be warmer to Bob"))?;
    assert!(commits.contains("2 commits of prompts/greet"), "{commits}");
    let newest = window.until(PATIENCE, "a commit", || window.select(".past-line"))?;
    window.click_on(&newest)?;
    let change = window.until_text("past-change", PATIENCE, |t| t.contains("row bob"))?;
    assert!(change.contains("expected"), "{change}");

    window.click("past-blame")?;
    window.click("past-file")?;
    window.type_keys(CASES)?;
    window.type_keys(&key::ENTER.to_string())?;
    let writers = window.until_text("past-writers", PATIENCE, |t| t.contains("cleo"))?;
    assert!(writers.contains("Ada Tester") && writers.contains("be warmer to Bob"), "{writers}");
    window.click("past-row-bob")?;
    let versions = window.until_text("past-versions", PATIENCE, |t| t.contains("Added"))?;
    assert!(versions.contains("Edited") && versions.contains("expected"), "{versions}");

    palette(&window, "What differs between two revisions")?;
    window.until_text("differences-body", PATIENCE, |t| t.contains("No difference"))?;
    window.click("difference-base")?;
    window.type_keys("HEAD~1")?;
    window.type_keys(&key::ENTER.to_string())?;
    let files =
        window.until_text("differences-body", PATIENCE, |t| t.contains("1 file differs"))?;
    assert!(files.contains("row bob"), "{files}");
    window.click("difference-messages")?;
    window.until_text("differences-body", PATIENCE, |t| t.contains("The same messages"))?;
    edit(&workspace.path().join("prompts/greet/plain.prompty"), "{{", "Please: {{")?;
    window.click("difference-read")?;
    window.until_text("differences-body", PATIENCE, |t| t.contains("greet · plain"))?;
    window.close()?;
    Ok(())
}
