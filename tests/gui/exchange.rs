//! Prompts of another format come in as far as the person wants them; problems are mended where they
//! are listed.

use std::path::Path;

use assay_testkit::TestWorkspace;
use assay_tests::window::{DriverError, PATIENCE, Window, key};

type Failure = Box<dyn std::error::Error>;

const PROMPTFOO: &str = "\
description: Reply to a customer
prompts:
  - {id: short, raw: 'Answer in one line: {{question}}'}
  - {id: long, raw: 'Answer in detail: {{question}}'}
providers: ['openai:gpt-4o-mini']
tests:
  - vars: {question: Where is my order?}
    assert:
      - {type: contains, value: order}
      - {type: javascript, value: output.length > 3}
";

fn open_folder(window: &Window, folder: &Path) -> Result<(), Failure> {
    window.click("welcome-open-path")?;
    window.type_keys(&folder.display().to_string())?;
    window.click("welcome-open")?;
    window.find("import-prompts")?;
    Ok(())
}

fn until_file(
    window: &Window,
    path: &Path,
    what: &str,
    fits: impl Fn(&str) -> bool,
) -> Result<String, Failure> {
    let found = window.until(PATIENCE, &format!("{} to {what}", path.display()), || {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(fits(&text).then_some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DriverError(error.to_string())),
        }
    })?;
    Ok(found)
}

#[test]
fn a_promptfoo_file_comes_in_without_the_variant_that_was_left_out() -> Result<(), Failure> {
    let (data, elsewhere) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let config = elsewhere.path().join("reply/promptfooconfig.yaml");
    std::fs::create_dir(elsewhere.path().join("reply"))?;
    std::fs::write(&config, PROMPTFOO)?;
    let workspace = TestWorkspace::from_template("support-triage");
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;

    window.click("import-prompts")?;
    window.click("import-path")?;
    window.type_keys(&format!("{}\n", config.display()))?;
    window.until_text("import-verdict", PATIENCE, |t| t.contains("1 not run"))?;
    window.until_text("exchange-notes", PATIENCE, |t| t.contains("javascript"))?;
    let folder = workspace.path().join("prompts/reply");
    assert!(!folder.exists(), "nothing is written before the person says so");

    window.click("import-variant-reply-long")?;
    window.click("import-write")?;
    window.find("variant-editor-short")?;
    until_file(&window, &folder.join("prompt.yaml"), "be there", |text| !text.contains("long"))?;
    assert!(folder.join("short.prompty").is_file());
    assert!(!folder.join("long.prompty").exists(), "it was left out");
    assert!(folder.join("cases.jsonl").is_file());
    window.close()?;
    Ok(())
}

#[test]
fn a_file_that_cannot_be_read_is_refused_in_the_sheet() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::from_template("support-triage");
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;
    window.click("import-prompts")?;
    window.click("import-path")?;
    window.type_keys("/nowhere/promptfooconfig.yaml\n")?;
    window.until_text("import-error", PATIENCE, |t| t.contains("/nowhere/promptfooconfig.yaml"))?;
    window.close()?;
    Ok(())
}

#[test]
fn a_problem_is_mended_from_the_list_and_the_bar_counts_with_it() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::from_template("support-triage");
    let path = "prompts/support-triage/baseline.prompty";
    let clean = workspace.read(path);
    workspace.write(path, &clean.replacen("ticket", "tick\u{200b}et", 1));
    let window = Window::open(data.path())?;
    open_folder(&window, &workspace.path())?;

    window.until_text("problem-status", PATIENCE, |t| t.contains("1 warning"))?;
    window.click("problem-status")?;
    window.until_text("problems", PATIENCE, |t| t.contains("U+200B"))?;
    window.click("problem-code")?;
    window.until_text("problem-page", PATIENCE, |t| t.contains("P0113"))?;
    window.type_keys(&key::ESCAPE.to_string())?;
    window.until(PATIENCE, "the page gone", || {
        Ok(window.select("[data-testid=problem-page]")?.is_none().then_some(()))
    })?;
    window.click("fix")?;
    let file = workspace.path().join(path);
    let mended = until_file(&window, &file, "be mended", |text| !text.contains('\u{200b}'))?;
    assert_eq!(mended, clean, "nothing else changed");
    window.until_text("problem-status", PATIENCE, |t| t.contains("No problems"))?;
    window.close()?;
    Ok(())
}
