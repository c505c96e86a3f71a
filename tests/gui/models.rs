//! A provider of one's own, from its address to a run that stops at its budget and goes on with a higher one.

use std::path::Path;
use std::time::Duration;

use assay_testkit::{ModelServer, TestWorkspace, canary};
use assay_tests::window::{PATIENCE, Window};

type Failure = Box<dyn std::error::Error>;

/// A short run, on a machine that is busy with other tests.
const RUN_PATIENCE: Duration = Duration::from_secs(120);

/// As many words as the workspace lets a model write, so that what a call costs is what it may cost at most.
const ANSWER_WORDS: usize = 20;

/// The repository of six cells whose alias means a model of the provider `server`.
fn greet() -> TestWorkspace {
    TestWorkspace::from_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/greet"))
}

fn server() -> ModelServer {
    let answer = vec!["Hello"; ANSWER_WORDS].join(" ");
    ModelServer::start_blocking()
        .models(&["test-model"])
        .require_key(canary::KEY)
        .reply_with(move |_| answer.clone())
}

/// Replaces what a field holds.
fn fill(window: &Window, testid: &str, text: &str) -> Result<(), Failure> {
    window.click(testid)?;
    window.press_control('a')?;
    window.type_keys(text)?;
    Ok(())
}

fn choose(window: &Window, list: &str, value: &str) -> Result<(), Failure> {
    let option = format!("[data-testid=\"{list}\"] option[value=\"{value}\"]");
    let option =
        window.until(PATIENCE, &format!("`{value}` in `{list}`"), || window.select(&option))?;
    window.click_on(&option)?;
    Ok(())
}

fn until_run_is(window: &Window, state: &str) -> Result<(), Failure> {
    let selector = format!("[data-testid=\"run-state\"][data-state=\"{state}\"]");
    window.until(RUN_PATIENCE, &format!("the run to be {state}"), || window.select(&selector))?;
    Ok(())
}

fn open_folder(window: &Window, folder: &Path) -> Result<(), Failure> {
    window.click("welcome-open-path")?;
    window.type_keys(&folder.display().to_string())?;
    window.click("welcome-open")?;
    window.find("variant-editor-plain")?;
    Ok(())
}

fn add_provider(window: &Window, address: &str) -> Result<(), Failure> {
    window.click("nav-settings")?;
    window.click("settings-add-provider")?;
    choose(window, "settings-add-preset", "openai-compatible")?;
    fill(window, "settings-add-name", "server")?;
    fill(window, "settings-add-url", address)?;
    fill(window, "settings-add-models", "test-model")?;
    window.click("settings-add-more")?;
    fill(window, "settings-add-keyenv", "ASSAY_TEST_KEY")?;
    window.click("settings-add")?;
    window.until_text("settings-provider-server", PATIENCE, |t| t.contains("server/test-model"))?;
    Ok(())
}

/// A hundred thousand dollars for a million tokens written: two dollars an answer.
fn set_price(window: &Window) -> Result<(), Failure> {
    window.click("settings-add-price")?;
    fill(window, "price-model", "server/test-model")?;
    fill(window, "price-input", "0")?;
    fill(window, "price-output", "100000")?;
    window.click("price-save")?;
    window.until_text("settings-prices-table", PATIENCE, |t| t.contains("server/test-model"))?;
    Ok(())
}

#[test]
fn a_run_on_a_server_of_ones_own_stops_at_its_budget_and_goes_on_with_a_higher_one()
-> Result<(), Failure> {
    let (data, workspace, server) = (tempfile::tempdir()?, greet(), server());
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;

    add_provider(&window, &server.url())?;
    window.click("settings-test-server")?;
    window.until_text("settings-test-result-server", PATIENCE, |t| t.contains("It answers"))?;
    set_price(&window)?;

    window.click("nav-prompts")?;
    choose(&window, "run-scope", "")?;
    window.until_text("run-estimate", PATIENCE, |t| {
        t.contains("6 calls") && t.contains("$0–12.00")
    })?;
    let asked_before = server.count();
    stop_at_budget(&window)?;
    assert_eq!(
        server.count() - asked_before,
        2,
        "two answers of $2 fit into $5, and no third is begun"
    );
    go_on_with_more(&window)?;
    assert_eq!(server.count() - asked_before, 6, "only what was missing is sent");
    see_fresh_then_cached(&window)?;
    assert_eq!(server.count() - asked_before, 6, "what was answered before is not asked again");
    window.close()?;
    Ok(())
}

fn stop_at_budget(window: &Window) -> Result<(), Failure> {
    window.click("run-button")?;
    window.until_text("plan-cost", PATIENCE, |t| t.contains("$0–12.00"))?;
    fill(window, "plan-budget", "5")?;
    window.click("plan-go")?;
    until_run_is(window, "spent")?;
    window
        .until_text("budget-spent", PATIENCE, |t| t.contains("$5.00") && t.contains("4 cells"))?;
    window.until_text("run-cost", PATIENCE, |t| t == "$4.00 of $5.00")?;
    Ok(())
}

fn go_on_with_more(window: &Window) -> Result<(), Failure> {
    fill(window, "budget-field", "20")?;
    window.click("budget-raise")?;
    until_run_is(window, "done")?;
    window.until_text("run-cost", PATIENCE, |t| t == "$12.00 of $20.00")?;
    Ok(())
}

fn see_fresh_then_cached(window: &Window) -> Result<(), Failure> {
    window.click("cell-0")?;
    window
        .until_text("cell-inspector", PATIENCE, |t| t.contains("fresh") && t.contains("$2.00"))?;
    // Everything is in the cache now, so nothing is asked and the run starts at once.
    window.until_text("run-estimate", PATIENCE, |t| t.contains("6 from cache"))?;
    window.click("run-button")?;
    window.until_text("cell-state-0", RUN_PATIENCE, |t| t.contains("Cached"))?;
    window.click("cell-0")?;
    window.until_text("cell-inspector", PATIENCE, |t| t.contains("$2.00 then, $0 now"))?;
    Ok(())
}
