//! Nothing that was typed is lost: not by a crash, not to an edit made outside, not where it does not fit.

use std::path::Path;
use std::time::Duration;

use assay_testkit::TestWorkspace;
use assay_tests::window::{DriverError, PATIENCE, Window, key};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

const BASELINE: &str = "prompts/support-triage/baseline.prompty";

/// Shorter than the rest after which a file is saved, so that nothing of it is before the last key.
const WITHOUT_REST: Duration = Duration::from_millis(150);

/// How often something is tried that must come before a save: on a busy machine the save may be first.
const ATTEMPTS: usize = 5;

fn open_folder(window: &Window, folder: &Path) -> Result<(), Failure> {
    window.click("welcome-open-path")?;
    window.type_keys(&folder.display().to_string())?;
    window.click("welcome-open")?;
    window.find("variant-editor-baseline")?;
    Ok(())
}

/// Puts the keyboard at the end of the first variant.
fn stand_at_end(window: &Window) -> Result<(), Failure> {
    let line = "[data-testid=\"variant-editor-baseline\"] .cm-content";
    window.click_on(&window.select(line)?.ok_or("the editor has no content")?)?;
    window.press_control(key::END)?;
    Ok(())
}

fn typed(window: &Window) -> Result<String, DriverError> {
    let text = window.script(
        "return window.assayEditorText(arguments[0])",
        &[json!("variant-editor-baseline")],
    )?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

fn until_file(
    window: &Window,
    workspace: &TestWorkspace,
    what: &str,
    fits: impl Fn(&str) -> bool,
) -> Result<String, Failure> {
    let found = window
        .until(PATIENCE, what, || Ok(Some(workspace.read(BASELINE)).filter(|text| fits(text))))?;
    Ok(found)
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_typed_before_a_crash_is_offered_at_the_next_start() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::from_template("support-triage");
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;
    let mark = type_unsaved(&window, &workspace)?;
    window.crash()?;

    let window = Window::open(data.path())?;
    if window.select("[data-testid=\"variant-editor-baseline\"]")?.is_none() {
        window.click("recent-0")?;
    }
    window.click("restore-draft")?;
    let text = window.until(PATIENCE, "the draft in the editor", || {
        Ok(Some(typed(&window)?).filter(|text| text.contains(&mark)))
    })?;
    until_file(&window, &workspace, "the draft on disk", |file| file == text)?;
    window.close()?;
    Ok(())
}

/// Types on and on, until that much of it is a draft and not on disk; how it begins.
#[cfg(target_os = "linux")]
fn type_unsaved(window: &Window, workspace: &TestWorkspace) -> Result<String, Failure> {
    stand_at_end(window)?;
    for attempt in 1..=ATTEMPTS {
        // A draft is kept after two seconds without a rest, when more than the beginning is there.
        let mark = format!("Text {attempt} ");
        window.type_slowly(&format!("{mark}is never lost to a crash."), WITHOUT_REST)?;
        if !workspace.read(BASELINE).contains(&mark) {
            return Ok(mark);
        }
    }
    Err("every text was saved before it was whole".into())
}

#[test]
fn an_edit_made_outside_is_merged_with_what_is_typed_and_never_overwritten() -> Result<(), Failure>
{
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::from_template("support-triage");
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;
    stand_at_end(&window)?;
    window.type_keys(" Typed here.")?;
    // Both begin with this. Were it saved between the two next lines, the edit made outside would take it away again.
    let saved =
        until_file(&window, &workspace, "what was typed", |text| text.contains("Typed here."))?;
    let outside = saved.replacen("system:\n", "system:\nWritten outside.\n", 1);
    workspace.write(BASELINE, &outside);
    window.type_keys(" And on.")?;
    let both = ["Written outside.", "Typed here.", "And on."];
    let merged = until_file(&window, &workspace, "both edits on disk", |text| {
        both.iter().all(|part| text.contains(part))
    })?;
    window.until(PATIENCE, "both edits in the editor", || {
        Ok((typed(&window)? == merged).then_some(()))
    })?;
    window.close()?;
    Ok(())
}

#[test]
fn where_both_changed_the_same_line_nothing_is_written_until_the_person_chose()
-> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::from_template("support-triage");
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;
    let theirs = dispute(&window, &workspace)?;
    assert_eq!(workspace.read(BASELINE), theirs, "it is not overwritten");
    assert!(typed(&window)?.contains("Mine"), "and what was typed is still there");

    window.click("keep-mine")?;
    let text = typed(&window)?;
    until_file(&window, &workspace, "mine on disk", |file| file == text)?;
    window.close()?;
    Ok(())
}

/// Types at the end of the file while somebody else changes the same line; what they wrote.
fn dispute(window: &Window, workspace: &TestWorkspace) -> Result<String, Failure> {
    let original = workspace.read(BASELINE);
    for attempt in 1..=ATTEMPTS {
        stand_at_end(window)?;
        window.type_keys(&format!(" Mine {attempt}."))?;
        let theirs = format!("{} Theirs {attempt}.\n", original.trim_end());
        workspace.write(BASELINE, &theirs);
        let taken = format!("Theirs {attempt}.");
        let disputed = window.until(PATIENCE, "the edit made outside to be seen", || {
            if window.select("[data-testid=\"keep-mine\"]")?.is_some() {
                return Ok(Some(true));
            }
            Ok(typed(window)?.contains(&taken).then_some(false))
        })?;
        if disputed {
            return Ok(theirs);
        }
    }
    Err("the two edits never met".into())
}

#[test]
fn a_value_that_does_not_fit_its_cell_waits_there_until_it_is_mended() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::from_template("support-triage");
    let path = "prompts/support-triage/cases.jsonl";
    let before = workspace.read(path);
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;
    window.click("tab-cases")?;
    let row: serde_json::Value = serde_json::from_str(before.lines().next().unwrap_or_default())?;
    let id = row["id"].as_str().ok_or("the first case has an id")?;
    let cell = |column: usize| {
        let cell = format!("[data-testid=\"case-row-{id}\"] [role=gridcell]:nth-of-type({column})");
        window.until(PATIENCE, "a cell of the first case", || window.select(&cell))
    };

    // The fourth cell is what is expected, an object.
    window.click_on(&cell(4)?)?;
    window.type_keys(&key::ENTER.to_string())?;
    window.find("cell-editor")?;
    window.press_control('a')?;
    window.type_keys("{\"category\": \"bill")?;
    window.click_on(&cell(2)?)?;
    window.until_text("cell-unkept", PATIENCE, |text| text.contains("not JSON"))?;
    assert_eq!(workspace.read(path), before, "the file has no part of it");

    window.click("mend-cell")?;
    window.find("cell-editor")?;
    window.press_control(key::END)?;
    window.type_keys("ing\"}\n")?;
    let after = window.until(PATIENCE, "the mended value on disk", || {
        let text = workspace.read(path);
        Ok((text != before).then_some(text))
    })?;
    let row: serde_json::Value = serde_json::from_str(after.lines().next().unwrap_or_default())?;
    assert_eq!(row["expected"], json!({"category": "billing"}));
    assert!(window.select("[data-testid=\"mend-cell\"]")?.is_none(), "nothing waits any more");
    window.close()?;
    Ok(())
}
