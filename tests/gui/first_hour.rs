//! A first hour with Assay, from the welcome view to a commit, and the morning after.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use assay_tests::window::{DriverError, PATIENCE, Window, key};
use serde_json::json;

/// The sample's first run ends within a minute on two idle cores; tests share theirs.
const RUN_PATIENCE: Duration = Duration::from_secs(300);

type Failure = Box<dyn std::error::Error>;

/// Text of an editor, from its own state: the screen holds only the lines in view.
fn editor_text(window: &Window, testid: &str) -> Result<String, DriverError> {
    let text = window.script("return window.assayEditorText(arguments[0])", &[json!(testid)])?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

fn git(repository: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new("git").args(arguments).current_dir(repository).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Where the sample was made.
fn sample(data: &Path) -> PathBuf {
    data.join("workspaces/support-triage")
}

/// A person whom git knows.
fn introduce(repository: &Path) -> Result<(), Failure> {
    git(repository, &["config", "user.name", "Ada Tester"])?;
    git(repository, &["config", "user.email", "ada@example.com"])?;
    Ok(())
}

#[test]
fn a_first_hour_with_the_sample() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let window = Window::open(data.path())?;

    window.click("welcome-sample")?;
    window.find("variant-editor-baseline")?;
    window.find("variant-editor-policy-first")?;
    let repository = sample(data.path());
    introduce(&repository)?;

    edit_a_variant(&window, &repository)?;
    edit_an_example(&window, &repository)?;
    run_on_the_embedded_model(&window)?;
    commit(&window, &repository)?;
    window.close()?;

    let window = Window::open(data.path())?;
    find_the_run_again(&window)?;
    window.close()?;
    Ok(())
}

fn edit_a_variant(window: &Window, repository: &Path) -> Result<(), Failure> {
    let editor = window
        .select("[data-testid=\"variant-editor-baseline\"] .cm-content")?
        .ok_or("the editor has no content")?;
    window.click_on(&editor)?;
    window.press_control(key::END)?;
    window.type_keys("Answer in one line.")?;
    let text = editor_text(window, "variant-editor-baseline")?;
    assert!(text.contains("Answer in one line."), "typed text is in the editor:\n{text}");
    assert!(!text.contains('\u{a0}'), "spaces stay spaces");
    window.until_text("preview-baseline", PATIENCE, |t| t.contains("Answer in one line."))?;
    wait_for_file(window, &repository.join("prompts/support-triage/baseline.prompty"), "one line.")
}

fn edit_an_example(window: &Window, repository: &Path) -> Result<(), Failure> {
    let path = repository.join("prompts/support-triage/examples.jsonl");
    let first = std::fs::read_to_string(&path)?;
    let row: serde_json::Value = serde_json::from_str(first.lines().next().unwrap_or_default())?;
    let id = row["id"].as_str().ok_or("the first example has an id")?;
    window.find(&format!("example-row-{id}"))?;
    // The first cell of a row is its id, the second the ticket.
    let ticket = format!("[data-testid=\"example-row-{id}\"] [role=gridcell]:nth-of-type(2)");
    let cell = window.select(&ticket)?.ok_or("the example shows its ticket")?;
    window.click_on(&cell)?;
    window.type_keys(&key::ENTER.to_string())?;
    window.press_control(key::END)?;
    window.type_keys(" Thank you")?;
    window.type_keys(&key::TAB.to_string())?;
    wait_for_file(window, &path, "Thank you")
}

fn wait_for_file(window: &Window, path: &Path, needle: &str) -> Result<(), Failure> {
    window.until(PATIENCE, &format!("{needle:?} in {}", path.display()), || {
        let text = std::fs::read_to_string(path).map_err(|e| DriverError(e.to_string()))?;
        Ok(text.contains(needle).then_some(()))
    })?;
    Ok(())
}

fn run_on_the_embedded_model(window: &Window) -> Result<(), Failure> {
    window.click("run-button")?;
    window.click("tab-matrix")?;
    window.find("matrix")?;
    let state = window.until_text("run-state", RUN_PATIENCE, |t| {
        let t = t.to_lowercase();
        ["done", "failed", "cancelled", "interrupted", "stopped", "paused", "budget"]
            .iter()
            .any(|word| t.contains(word))
    })?;
    assert!(state.to_lowercase().contains("done"), "the run ended as {state:?}");
    let cells = window
        .script("return document.querySelectorAll('[data-testid^=\"cell-state-\"]').length", &[])?;
    assert_eq!(cells, 12, "both variants over the six cases tagged smoke");
    let means = window.script(
        "return [...document.querySelectorAll('[data-testid^=\"column-mean-\"]')].map(e => e.innerText)",
        &[],
    )?;
    let means = means.as_array().cloned().unwrap_or_default();
    assert!(means.len() >= 10, "a mean for each scorer of both columns: {means:?}");
    window.click("cell-0")?;
    let output = window.until_text("cell-output", PATIENCE, |t| !t.trim().is_empty())?;
    assert!(output.contains('{'), "the embedded model wrote JSON-like text: {output}");
    Ok(())
}

fn commit(window: &Window, repository: &Path) -> Result<(), Failure> {
    window.click("nav-git")?;
    let files = window.until_text("git-files", PATIENCE, |t| t.contains("baseline"))?;
    assert!(files.contains("words added"), "changes in words of prompts: {files}");
    window.click("commit-message")?;
    window.type_keys("Ask for one line")?;
    window.click("commit-button")?;
    window.until_text("git-log", PATIENCE, |t| t.contains("Ask for one line"))?;
    let log = git(repository, &["log", "-1", "--format=%s"])?;
    assert_eq!(log.trim(), "Ask for one line");
    let shown = git(repository, &["show", "HEAD"])?;
    assert!(shown.contains("Answer in one line.") && shown.contains("Thank you"), "{shown}");
    Ok(())
}

fn find_the_run_again(window: &Window) -> Result<(), Failure> {
    // The workspace opens from the list of recent ones.
    if window.select("[data-testid=\"nav-runs\"]")?.is_none() {
        window.click("recent-0")?;
    }
    window.click("nav-runs")?;
    window.until_text("runs-list", PATIENCE, |t| t.contains("support-triage"))?;
    Ok(())
}
