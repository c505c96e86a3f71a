//! A judgement is opened from the score it came to: what the judge was asked, what it said, and why it counts for nothing
//! where it said nothing that can be read.

use std::path::Path;
use std::process::Command;

use assay_testkit::{ModelServer, TestWorkspace};
use assay_tests::window::{PATIENCE, Window, built};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

const RUBRIC: &str =
    "{id: kind, type: llm-rubric, model: judge/test-model, rubric: It greets somebody.}";

/// The repository of six cells, whose outputs a judge looks at as well.
fn judged() -> TestWorkspace {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/greet");
    let workspace = TestWorkspace::from_folder(&folder);
    let path = "prompts/greet/evals.yaml";
    let evals = workspace.read(path).replace("gates:\n", &format!("  - {RUBRIC}\ngates:\n"));
    workspace.write(path, &evals);
    workspace
}

fn greeter() -> ModelServer {
    ModelServer::start_blocking().models(&["test-model"]).reply_with(|request| {
        let text = request["messages"].to_string();
        let person = ["Ada", "Bob", "Cleo"].into_iter().find(|p| text.contains(&format!("\"{p}")));
        format!("Hello {}", person.unwrap_or("you"))
    })
}

/// A judge that is talked into a verdict, which is not what it was asked for, where Cleo is greeted.
fn judge() -> ModelServer {
    ModelServer::start_blocking().models(&["test-model"]).reply_with(|request| {
        match request["messages"].to_string().contains("Hello Cleo") {
            true => "verdict: pass".to_owned(),
            false => {
                let found = json!({"number": 1, "reason": "somebody is greeted", "met": true});
                json!({"criteria": [found]}).to_string()
            }
        }
    })
}

/// Runs `assay` on the data that the window will open with.
fn assay(data: &Path, folder: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let done = Command::new(built("assay")?)
        .args(arguments)
        .current_dir(folder)
        .env("ASSAY_DATA_DIR", data)
        .env("ASSAY_KEYS", "file")
        .output()?;
    // A gate that fails is a finding, not a failure of the command.
    match done.status.code() {
        Some(0 | 1) => Ok(()),
        _ => Err(String::from_utf8_lossy(&done.stderr).into_owned().into()),
    }
}

#[test]
fn a_judgement_shows_what_was_asked_and_said_and_a_verdict_in_other_words_is_none()
-> Result<(), Failure> {
    let (data, workspace) = (tempfile::tempdir()?, judged());
    let (server, judge) = (greeter(), judge());
    let folder = workspace.path();
    for (name, url) in [("server", server.url()), ("judge", judge.url())] {
        let add = ["models", "add", "openai-compatible", name, "--base-url", url.as_str()];
        assay(data.path(), &folder, &add)?;
    }
    assay(data.path(), &folder, &["run", "greet"])?;

    let window = Window::open(data.path())?;
    if window.select("[data-testid=\"nav-runs\"]")?.is_none() {
        window.click("recent-0")?;
    }
    window.click("nav-runs")?;
    let row = window.until(PATIENCE, "the run", || window.select("[data-testid^=\"run-row-\"]"))?;
    window.click_on(&row)?;

    window.click("cell-0")?;
    window.click("judgement-kind")?;
    window.until_text("judgement-member", PATIENCE, |text| {
        ["judge/test-model", "pass", "somebody is greeted"].iter().all(|said| text.contains(said))
    })?;
    window.until_text("judgement-reply", PATIENCE, |text| text.contains("\"criteria\""))?;

    window.until_text("cell-4", PATIENCE, |text| text.contains("1 unjudged"))?;
    window.click("cell-4")?;
    window.until_text("cell-inspector", PATIENCE, |text| text.contains("kind not judged"))?;
    window.click("judgement-kind")?;
    let said = window.until_text("judgement-member", PATIENCE, |text| {
        text.contains("not judged") && text.contains("asked once more")
    })?;
    assert!(said.contains("judge error"), "{said}");
    window.until_text("judgement-reply", PATIENCE, |text| text == "verdict: pass")?;
    window.close()?;
    Ok(())
}
