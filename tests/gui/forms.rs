//! Models, scorers and gates as forms beside their text: what is typed in one shows in the other and
//! reaches the disk with every comment kept.

use std::path::{Path, PathBuf};

use assay_tests::window::{DriverError, PATIENCE, Window, key};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

/// The evals of the sample that the window makes.
fn evals(data: &Path) -> PathBuf {
    data.join("workspaces/support-triage/prompts/support-triage/evals.yaml")
}

fn until_file(window: &Window, path: &Path, holds: &str) -> Result<String, Failure> {
    let found = window.until(PATIENCE, &format!("{holds:?} in {}", path.display()), || {
        let text = std::fs::read_to_string(path).map_err(|e| DriverError(e.to_string()))?;
        Ok(text.contains(holds).then_some(text))
    })?;
    Ok(found)
}

/// Puts `text` in place of what a field holds, key by key.
fn fill(window: &Window, testid: &str, text: &str) -> Result<(), Failure> {
    window.click(testid)?;
    window.press_control('a')?;
    window.type_keys(text)?;
    Ok(())
}

fn choose(window: &Window, testid: &str, value: &str) -> Result<(), Failure> {
    let option = format!("[data-testid=\"{testid}\"] option[value=\"{value}\"]");
    let option =
        window.until(PATIENCE, &format!("{value} to choose"), || window.select(&option))?;
    window.click_on(&option)?;
    Ok(())
}

#[test]
fn a_scorer_and_a_gate_are_added_by_the_form_and_the_text_leads_the_form() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let window = Window::open(data.path())?;
    window.click("welcome-sample")?;
    window.find("variant-editor-baseline")?;
    window.click("tab-evals")?;
    window.find("scorer-0")?;

    add_a_scorer(&window, data.path())?;
    add_a_gate(&window, data.path())?;
    type_in_the_text(&window, data.path())?;
    window.close()?;
    Ok(())
}

fn add_a_scorer(window: &Window, data: &Path) -> Result<(), Failure> {
    let before = std::fs::read_to_string(evals(data))?;
    window.click("add-scorer")?;
    fill(window, "scorer-6-id", "short")?;
    choose(window, "scorer-6-type", "max-words")?;
    fill(window, "scorer-6-max", "40")?;
    let after = until_file(window, &evals(data), "max: 40")?;
    assert!(after.contains("{id: short, type: max-words, max: 40}"), "{after}");
    for line in before.lines() {
        assert!(after.lines().any(|kept| kept == line), "{line:?} is gone from:\n{after}");
    }
    Ok(())
}

fn add_a_gate(window: &Window, data: &Path) -> Result<(), Failure> {
    window.click("add-gate")?;
    choose(window, "gate-2-scorer", "scorer:short")?;
    fill(window, "gate-2-min", "0.9")?;
    let after = until_file(window, &evals(data), "{scorer: short, min: 0.9}")?;
    assert!(after.contains("# A missed outage costs more"), "comments stay:\n{after}");
    let shown = window.script("return window.assayEditorText('evals-text')", &[])?;
    assert_eq!(shown.as_str(), Some(after.as_str()), "the text beside the form is the file");
    Ok(())
}

/// What is typed in the text is in the form, and what cannot be read stops the form, not the text.
fn type_in_the_text(window: &Window, data: &Path) -> Result<(), Failure> {
    let line = "[data-testid=\"evals-text\"] .cm-content";
    window.click_on(&window.select(line)?.ok_or("the editor has no content")?)?;
    window.press_control(key::END)?;
    window.type_keys("  - {scorer: gone, min: 1}")?;
    window.until_text("gate-3", PATIENCE, |text| text.contains("gone"))?;
    window.until_text("gate-3", PATIENCE, |text| text.contains("1 problem"))?;
    window.type_keys(" [")?;
    window.find("form-gates-refused")?;
    let disabled = "return document.querySelector('[data-testid=add-gate]').disabled";
    assert_eq!(window.script(disabled, &[])?, json!(true), "nothing is written over half a text");
    until_file(window, &evals(data), "min: 1} [")?;
    Ok(())
}

#[test]
fn a_program_among_the_scorers_shows_its_text_and_is_allowed_by_a_button() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let window = Window::open(data.path())?;
    window.click("welcome-sample")?;
    window.find("variant-editor-baseline")?;
    window.click("tab-evals")?;
    window.click("add-scorer")?;
    fill(&window, "scorer-6-id", "tone")?;
    choose(&window, "scorer-6-type", "python")?;
    fill(&window, "scorer-6-value", "len(output) < 400")?;

    window.until_text("scorer-6-source", PATIENCE, |text| text.trim() == "len(output) < 400")?;
    window.until_text("scorer-6-program", PATIENCE, |text| text.contains("It does not run"))?;
    window.click("scorer-6-allow")?;
    window.until_text("scorer-6-program", PATIENCE, |text| text.contains("You allowed this"))?;

    // One changed character, and it is not allowed any more.
    fill(&window, "scorer-6-value", "len(output) < 500")?;
    window.until_text("scorer-6-source", PATIENCE, |text| text.trim() == "len(output) < 500")?;
    window.until_text("scorer-6-program", PATIENCE, |text| text.contains("It does not run"))?;
    window.close()?;
    Ok(())
}
