//! Bad input and other people's files, in the window: messages stand where they belong and say
//! what to do.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use assay_testkit::TestWorkspace;
use assay_tests::window::{PATIENCE, Window, built, key};

type Failure = Box<dyn std::error::Error>;

/// A short answer of the embedded model, on a machine that is busy with other tests.
const ANSWER_PATIENCE: Duration = Duration::from_secs(120);

fn open_folder(window: &Window, folder: &Path) -> Result<(), Failure> {
    window.click("welcome-open-path")?;
    window.type_keys(&folder.display().to_string())?;
    window.click("welcome-open")?;
    Ok(())
}

fn until_page_says(window: &Window, words: &str) -> Result<(), Failure> {
    window.until(PATIENCE, &format!("{words:?}"), || {
        Ok(window.text_of_page()?.contains(words).then_some(()))
    })?;
    Ok(())
}

fn until_run_is(window: &Window, state: &str) -> Result<(), Failure> {
    let selector = format!("[data-testid=\"run-state\"][data-state=\"{state}\"]");
    window
        .until(ANSWER_PATIENCE, &format!("the run to be {state}"), || window.select(&selector))?;
    Ok(())
}

#[test]
fn a_folder_that_is_no_repository_is_refused_where_it_was_typed() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let folder = tempfile::tempdir()?;
    let window = Window::open(data.path())?;
    open_folder(&window, folder.path())?;
    until_page_says(&window, "is not in a git repository")?;
    window.close()?;
    Ok(())
}

#[test]
fn a_broken_front_matter_is_counted_and_shown_with_its_line() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::from_template("support-triage");
    let path = "prompts/support-triage/baseline.prompty";
    workspace.write(path, "---\nname: [\n---\nsystem:\nHi\n");
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;
    until_page_says(&window, "1 error")?;
    until_page_says(&window, "baseline.prompty:2:7")?;
    until_page_says(&window, "cannot run yet")?;
    window.close()?;
    Ok(())
}

#[test]
fn an_unknown_variable_is_named_as_it_is_typed() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let window = Window::open(data.path())?;
    window.click("welcome-sample")?;
    window.find("variant-editor-baseline")?;
    let editor = window.select("[data-testid=\"variant-editor-baseline\"] .cm-content")?;
    window.click_on(&editor.ok_or("the editor has no content")?)?;
    window.press_control(key::END)?;
    window.type_keys(" {{ tickt ")?;
    until_page_says(&window, "`tickt` is not an input")?;
    window.close()?;
    Ok(())
}

#[test]
fn a_lone_prompty_file_runs_on_the_model_that_is_chosen() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::empty();
    workspace.write(
        "chat/basic.prompty",
        "---\nname: basic\nmodel:\n  id: gpt-4o-mini\n  provider: openai\n  options:\n    maxOutputTokens: 12\ninputs:\n  - name: question\n    kind: string\n    default: What is the capital of France?\n---\nsystem:\nAnswer in one word.\n\nuser:\n{{question}}\n",
    );
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;
    window.until_text("preview-basic", PATIENCE, |t| t.contains("capital of France"))?;
    until_page_says(&window, "cannot run yet")?;
    let option = "[data-testid=\"run-model\"] option[value=\"local/smollm2-135m\"]";
    let option =
        window.until(PATIENCE, "the embedded model to choose", || window.select(option))?;
    window.click_on(&option)?;
    until_page_says(&window, "1 call, on this machine")?;
    window.click("run-button")?;
    until_run_is(&window, "done")?;
    window.click("cell-0")?;
    let output = window.until_text("cell-output", PATIENCE, |t| !t.trim().is_empty())?;
    assert!(output.len() > 1, "{output:?}");
    window.close()?;
    Ok(())
}

#[test]
fn an_unreachable_endpoint_shows_its_reason_in_the_run_and_in_the_cell() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::empty();
    workspace.write(
        "hello.prompty",
        "---\nname: hello\nmodel:\n  id: m\n  provider: gone\n---\nuser:\nHello\n",
    );
    // Nothing listens on the port of a listener that is gone.
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    drop(listener);
    let added = Command::new(built("assay")?)
        .args(["models", "add", "openai-compatible", "gone", "--base-url"])
        .arg(format!("http://{address}/v1"))
        .env("ASSAY_DATA_DIR", data.path())
        .env("ASSAY_KEYS", "file")
        .status()?;
    assert!(added.success());
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;
    until_page_says(&window, "1 call")?;
    window.click("run-button")?;
    until_run_is(&window, "paused")?;
    until_page_says(&window, &address.to_string())?;
    window.click("cell-0")?;
    window.until_text("cell-error", PATIENCE, |t| t.contains(&address.to_string()))?;
    window.close()?;
    Ok(())
}
