//! Outputs are rated by keyboard alone: in the matrix, blind one by one, and blind two by two; then it is signed.

use std::path::Path;
use std::process::Command;

use assay_testkit::{ModelServer, TestWorkspace};
use assay_tests::window::{PATIENCE, Window, built};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};

type Failure = Box<dyn std::error::Error>;

/// The repository of six cells, and a server whose answer is warmer where the prompt is.
fn greet() -> (TestWorkspace, ModelServer) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/greet");
    let server = ModelServer::start_blocking().models(&["test-model"]).reply_with(|request| {
        let text = request["messages"].to_string();
        let person = ["Ada", "Bob", "Cleo"].into_iter().find(|p| text.contains(&format!("\"{p}")));
        let greeting = if text.contains("warmly") { "Hello dear" } else { "Hello" };
        format!("{greeting} {}", person.unwrap_or("you"))
    });
    (TestWorkspace::from_folder(&folder), server)
}

/// Runs `assay` on the data that the window will open with.
fn assay(data: &Path, folder: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let done = Command::new(built("assay")?)
        .args(arguments)
        .current_dir(folder)
        .env("ASSAY_DATA_DIR", data)
        .env("ASSAY_KEYS", "file")
        .output()?;
    match done.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&done.stderr).into_owned().into()),
    }
}

fn press(window: &Window, keys: &str) -> Result<(), Failure> {
    window.type_keys(keys)?;
    Ok(())
}

#[test]
fn a_person_rates_by_keyboard_and_the_names_come_last() -> Result<(), Failure> {
    let (data, (workspace, server)) = (tempfile::tempdir()?, greet());
    let (folder, url) = (workspace.path(), server.url());
    let add = ["models", "add", "openai-compatible", "server", "--base-url", url.as_str()];
    assay(data.path(), &folder, &add)?;
    assay(data.path(), &folder, &["run", "greet"])?;
    let key = data.path().join("ada.key");
    let private =
        PrivateKey::from(Ed25519Keypair::from_seed(&[1; 32])).to_openssh(LineEnding::LF)?;
    std::fs::write(&key, private.as_bytes())?;
    assay(data.path(), &folder, &["signer", key.to_str().ok_or("a path that is no text")?])?;
    assay(data.path(), &folder, &["attest", "last"])?;

    let window = Window::open(data.path())?;
    if window.select("[data-testid=\"nav-runs\"]")?.is_none() {
        window.click("recent-0")?;
    }
    window.click("nav-runs")?;
    let row = window.until(PATIENCE, "the run", || window.select("[data-testid^=\"run-row-\"]"))?;
    window.click_on(&row)?;

    rate_in_the_matrix(&window)?;
    rate_blind(&window)?;
    choose_from_pairs(&window)?;
    share(&window)?;
    window.close()?;
    Ok(())
}

/// What was said is signed when it is shared, and the run that was signed stands below the runs.
fn share(window: &Window) -> Result<(), Failure> {
    window.click("ratings-share")?;
    window.until(PATIENCE, "the word that it is signed", || {
        let said = window.text_of_page()?;
        Ok(said.contains("ratings signed; Sync sends them").then_some(()))
    })?;
    window.click("nav-runs")?;
    window.until_text("signed-runs", PATIENCE, |text| {
        text.contains("yours") && text.contains("plain") && text.contains("server/test-model")
    })?;
    Ok(())
}

fn rate_in_the_matrix(window: &Window) -> Result<(), Failure> {
    window.click("cell-0")?;
    press(window, "p")?;
    window.until_text("rating-0", PATIENCE, |text| text == "You: pass")?;
    press(window, "4")?;
    window.until_text("rating-0", PATIENCE, |text| text == "You: pass, 4 of 5")?;
    press(window, "f")?;
    window.until_text("rating-0", PATIENCE, |text| text == "You: fail, 4 of 5")?;
    press(window, "u")?;
    window.until_text("rating-0", PATIENCE, |text| text == "You: pass, 4 of 5")?;
    window.until_text("run-reviewed", PATIENCE, |text| text == "1 reviewed")?;

    // The row of that cell stays: its other cell is not reviewed. The whole row reviewed, it goes.
    window.click("cell-1")?;
    press(window, "p")?;
    window.until_text("rating-1", PATIENCE, |text| text == "You: pass")?;
    press(window, "v")?;
    window.until(PATIENCE, "the reviewed row gone", || {
        Ok(window.select("[data-testid=\"cell-0\"]")?.is_none().then_some(()))
    })?;
    window.click("run-unreviewed")?;
    window.find("cell-0")?;
    Ok(())
}

fn rate_blind(window: &Window) -> Result<(), Failure> {
    window.click("run-rate")?;
    window.until_text("rating-progress", PATIENCE, |text| text == "2 of 6 rated")?;
    let shown = window.until_text("rating-queue", PATIENCE, |text| text.contains("ello"))?;
    for name in ["plain", "test-model"] {
        assert!(!shown.contains(name), "the names stay hidden: {shown}");
    }
    press(window, "5")?;
    window.until_text("rating-progress", PATIENCE, |text| text == "3 of 6 rated")?;
    press(window, "u")?;
    window.until_text("rating-progress", PATIENCE, |text| text == "2 of 6 rated")?;
    for rated in 3..=5 {
        press(window, "p")?;
        let words = format!("{rated} of 6 rated");
        window.until_text("rating-progress", PATIENCE, |text| text == words)?;
    }
    press(window, "f")?;
    window.find("rating-results")?;
    Ok(())
}

fn choose_from_pairs(window: &Window) -> Result<(), Failure> {
    window.click("ratings-pairs")?;
    for rated in 0..3 {
        let words = format!("{rated} of 3 rated");
        window.until_text("rating-progress", PATIENCE, |text| text == words)?;
        let left = window.until_text("pair-left", PATIENCE, |text| text.contains("ello"))?;
        press(window, if left.contains("dear") { "1" } else { "2" })?;
    }
    window.click("pair-results")?;
    let table = window.until_text("rating-preference", PATIENCE, |text| text.contains("warm"))?;
    let (warm, plain) = (table.find("warm"), table.find("plain"));
    assert!(warm < plain, "the preferred one first: {table}");
    assert!(table.contains("100 %"), "{table}");
    Ok(())
}
