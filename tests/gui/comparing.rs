//! Two variants held against each other in the real window, and drawn, by keyboard.

use std::path::Path;
use std::time::Duration;

use assay_testkit::{ModelServer, TestWorkspace};
use assay_tests::window::{PATIENCE, Window, key};

type Failure = Box<dyn std::error::Error>;

/// A run of 120 cells, on a machine that is busy with other tests.
const RUN_PATIENCE: Duration = Duration::from_secs(120);

fn sorter() -> ModelServer {
    ModelServer::start_blocking().models(&["test-model"]).reply_with(|request| {
        let text = request["messages"].to_string();
        let side = if text.contains("policy") { "head only" } else { "base only" };
        let right = text.contains("both") || text.contains(side);
        if right { "billing" } else { "other" }.to_owned()
    })
}

fn fill(window: &Window, testid: &str, text: &str) -> Result<(), Failure> {
    window.click(testid)?;
    window.press_control('a')?;
    window.type_keys(text)?;
    Ok(())
}

fn open_with_provider(window: &Window, folder: &Path, address: &str) -> Result<(), Failure> {
    window.click("welcome-open-path")?;
    window.type_keys(&folder.display().to_string())?;
    window.click("welcome-open")?;
    window.find("variant-editor-baseline")?;
    window.click("nav-settings")?;
    window.click("settings-add-provider")?;
    let preset = "[data-testid=\"settings-add-preset\"] option[value=\"openai-compatible\"]";
    let preset = window.until(PATIENCE, "the preset", || window.select(preset))?;
    window.click_on(&preset)?;
    fill(window, "settings-add-name", "server")?;
    fill(window, "settings-add-url", address)?;
    fill(window, "settings-add-models", "test-model")?;
    window.click("settings-add")?;
    window.until_text("settings-provider-server", PATIENCE, |t| t.contains("server/test-model"))?;
    window.click("nav-prompts")?;
    Ok(())
}

fn until_run_is_done(window: &Window) -> Result<(), Failure> {
    let done = "[data-testid=\"run-state\"][data-state=\"done\"]";
    window.until(RUN_PATIENCE, "the run to be done", || window.select(done))?;
    Ok(())
}

fn chosen_case(window: &Window) -> Result<String, Failure> {
    let chosen = "return document.querySelector('[data-testid=\"compare-cases\"] [aria-selected=true]')?.innerText ?? ''";
    Ok(window.script(chosen, &[])?.as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_verdict_its_broken_cases_and_its_charts_are_reached_by_keyboard() -> Result<(), Failure> {
    let server = sorter();
    let data = tempfile::tempdir()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/compare");
    let workspace = TestWorkspace::from_folder(&folder);
    let window = Window::open(data.path())?;
    open_with_provider(&window, &workspace.path(), &server.url())?;

    // Empty: the view says what it is for.
    window.click("tab-compare")?;
    window.until(PATIENCE, "an empty view", || {
        Ok(window.text_of_page()?.contains("Nothing to compare yet").then_some(()))
    })?;
    window.click("run-button")?;
    until_run_is_done(&window)?;

    window.press_control('4')?;
    let verdict =
        window.until_text("compare-verdict", PATIENCE, |t| t.contains("10 fixed, 3 broken"))?;
    assert!(verdict.contains("Inconclusive, leaning better."), "{verdict}");
    let cases = window.until_text("compare-cases", PATIENCE, |t| t.contains("case-50"))?;
    assert!(cases.contains("3 broken · 10 fixed · 47 unchanged"), "{cases}");
    assert!(chosen_case(&window)?.contains("case-50"), "the first broken case is chosen");
    window.until_text("compare-outputs", PATIENCE, |t| t.contains("1 change"))?;

    // F7 goes to the change, and from the last one on to the next case.
    window.type_keys(&key::F7.to_string())?;
    window.until_text("compare-outputs", PATIENCE, |t| t.contains("Change 1 of 1"))?;
    window.type_keys(&key::F7.to_string())?;
    window.until(PATIENCE, "the next case", || {
        let next =
            chosen_case(&window).map_err(|e| assay_tests::window::DriverError(e.to_string()))?;
        Ok(next.contains("case-51").then_some(()))
    })?;

    window.press_control('6')?;
    window.until_text("figure-forest", PATIENCE, |t| t.contains("+11.7 points"))?;
    window.click("figure-distribution-table")?;
    window.until_text("figure-distribution", PATIENCE, |t| t.contains("policy-first"))?;
    window.find("figure-trend")?;
    window.find("figure-spending")?;
    window.close()?;
    Ok(())
}
