//! Two people, two data folders, one remote: a change is proposed, evaluated, reviewed by keyboard alone, changed,
//! approved and merged; and the other one has it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use assay_testkit::{DataFolder, ModelServer, TestWorkspace};
use assay_tests::process::greeter;
use assay_tests::window::{PATIENCE, Window, built, key};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};
use tempfile::TempDir;

type Failure = Box<dyn std::error::Error>;

/// Both sides of an evaluation, on a machine that is busy with other tests.
const RUN_PATIENCE: Duration = Duration::from_secs(120);

const PROMPT: &str = "prompts/greet/plain.prompty";

const POLICY: &str = "[approval]\nneeded = 1\n\n[evidence]\nrequired = true\n";

fn run(
    program: &Path,
    folder: &Path,
    arguments: &[&str],
    data: Option<&Path>,
) -> Result<String, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env("ASSAY_KEYS", "file");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    if let Some(data) = data {
        command.env("ASSAY_DATA_DIR", data);
    }
    let done = command.output()?;
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        false => {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            Err(format!("{} {}: {said}", program.display(), arguments.join(" ")).into())
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, Failure> {
    run(Path::new("git"), folder, arguments, None)
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}

/// A person with a key, a clone, a data folder and a window.
struct Person {
    name: &'static str,
    folder: PathBuf,
    /// The file of the key that they sign with.
    key: PathBuf,
    /// Its line in `.assay/allowed_signers`.
    allowed: String,
    data: DataFolder,
}

impl Person {
    /// Somebody whose key grows from `seed`, and whose clone will lie beside it.
    fn new(around: &Path, name: &'static str, seed: u8) -> Result<Self, Failure> {
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
        let allowed = format!("{name} {}\n", key.public_key().to_openssh()?);
        let file = around.join(format!("{name}.key"));
        std::fs::write(&file, key.to_openssh(LineEnding::LF)?.as_bytes())?;
        let folder = around.join(name);
        Ok(Self { name, folder, key: file, allowed, data: DataFolder::new() })
    }

    fn assay(&self, arguments: &[&str]) -> Result<String, Failure> {
        run(&built("assay")?, &self.folder, arguments, Some(self.data.path()))
    }

    /// Clones, and says who commits here.
    fn clone_from(&self, address: &str) -> Result<(), Failure> {
        let (around, into) = (self.folder.parent().ok_or("a folder")?, text(&self.folder)?);
        let assay = built("assay")?;
        run(&assay, around, &["clone", address, into], Some(self.data.path()))?;
        git(&self.folder, &["config", "user.name", self.name])?;
        git(&self.folder, &["config", "user.email", self.name])?;
        Ok(())
    }

    /// Opens the window at the reviews, with the person's key chosen.
    fn sit_down(&self) -> Result<Window, Failure> {
        let window = Window::open(self.data.path())?;
        let is_open = window.until(PATIENCE, "a first view", || {
            let open = window.select("[data-testid=\"nav-reviews\"]")?.map(|_| true);
            Ok(open.or(window.select("[data-testid=\"welcome-open-path\"]")?.map(|_| false)))
        })?;
        if !is_open {
            window.click("welcome-open-path")?;
            window.type_keys(text(&self.folder)?)?;
            window.click("welcome-open")?;
        }
        window.find("nav-reviews")?;
        window.press_control('7')?;
        window.click("signer-change")?;
        window.click("signer-key")?;
        window.press_control('a')?;
        window.type_keys(text(&self.key)?)?;
        window.click("signer-set")?;
        window.until_text("review-signer", PATIENCE, |text| text.contains(self.name))?;
        Ok(window)
    }
}

/// The remote, and what both have of it.
struct Scene {
    ada: Person,
    bob: Person,
    server: ModelServer,
    _folder: TempDir,
}

impl Scene {
    fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let ada = Person::new(folder.path(), "ada@example.com", 1)?;
        let bob = Person::new(folder.path(), "bob@example.com", 2)?;
        let bare = folder.path().join("prompts.git");
        publish(&bare, &[&ada, &bob])?;
        let address = format!("file://{}", text(&bare)?);
        ada.clone_from(&address)?;
        bob.clone_from(&address)?;
        let server = greeter();
        let url = server.url();
        ada.assay(&["models", "add", "openai-compatible", "server", "--base-url", &url])?;
        Ok(Self { ada, bob, server, _folder: folder })
    }
}

/// A bare repository that both may sign in, and where one of them approves what the other proposes.
fn publish(bare: &Path, people: &[&Person]) -> Result<(), Failure> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/greet");
    let workspace = TestWorkspace::from_folder(&data);
    let signers: String = people.iter().map(|person| person.allowed.as_str()).collect();
    workspace.write(".assay/allowed_signers", &signers);
    workspace.write(".assay/policy.toml", POLICY);
    workspace.commit("who approves what");
    git(&workspace.path(), &["clone", "-q", "--bare", ".", text(bare)?])?;
    Ok(())
}

fn edit(person: &Person, from: &str, to: &str) -> Result<(), Failure> {
    let path = person.folder.join(PROMPT);
    let before = std::fs::read_to_string(&path)?;
    assert!(before.contains(from), "{before}");
    std::fs::write(&path, before.replace(from, to))?;
    git(&person.folder, &["commit", "-qam", to])?;
    Ok(())
}

fn press(window: &Window, keys: &str) -> Result<(), Failure> {
    window.type_keys(keys)?;
    Ok(())
}

/// Goes to the proposal, so that it has the keyboard.
fn go_there(window: &Window) -> Result<(), Failure> {
    window.press_control('7')?;
    until_focused(window, "e.id === 'review-detail'")
}

/// Waits until what has the keyboard fits a condition of the page on `e`.
fn until_focused(window: &Window, fits: &str) -> Result<(), Failure> {
    let look = format!("const e = document.activeElement; return !!e && ({fits})");
    window.until(PATIENCE, "the keyboard to be where it should", || {
        Ok((window.script(&look, &[])? == true).then_some(()))
    })?;
    Ok(())
}

/// Writes in the composer and signs, by keyboard.
fn write_and_sign(window: &Window, words: &str) -> Result<(), Failure> {
    until_focused(window, "e.id === 'review-words'")?;
    press(window, words)?;
    window.press_control(key::ENTER)?;
    window.until(PATIENCE, "the composer to be gone", || {
        Ok(window.select("[data-testid=\"review-composer\"]")?.is_none().then_some(()))
    })?;
    Ok(())
}

fn sync(window: &Window) -> Result<(), Failure> {
    window.click("review-sync")?;
    window.until(PATIENCE, "the sync to be done", || {
        let idle = "[data-testid=\"review-sync\"]:not(:disabled)";
        let said = window.text_of_page()?.contains("Synced ");
        Ok((said && window.select(idle)?.is_some()).then_some(()))
    })?;
    Ok(())
}

fn until_state(window: &Window, state: &str) -> Result<(), Failure> {
    window.until_text("review-state", PATIENCE, |text| text.trim() == state)?;
    Ok(())
}

/// Evaluates both sides of the proposal on screen and signs what the run showed.
fn evaluate(window: &Window) -> Result<(), Failure> {
    go_there(window)?;
    press(window, "e")?;
    window.find("plan-sheet")?;
    window.press_control(key::ENTER)?;
    window.find_within("compare-verdict", RUN_PATIENCE)?;
    window.click("review-attest")?;
    window.until_text("review-gate", PATIENCE, |text| !text.contains("no-evidence"))?;
    Ok(())
}

#[test]
fn two_people_propose_review_and_merge_and_both_have_it() -> Result<(), Failure> {
    let scene = Scene::new()?;
    let (ada, bob) = (&scene.ada, &scene.bob);
    git(&ada.folder, &["switch", "-q", "-c", "kinder"])?;
    edit(ada, "Greet the person.", "Greet the person kindly.")?;

    let (hers, his) = (ada.sit_down()?, bob.sit_down()?);
    his.resize(1024, 640)?;
    his.until_text("review-list", PATIENCE, |text| text.contains("No proposals yet"))?;
    propose(&hers)?;
    object(&his)?;
    change(&hers, ada)?;
    approve(&his)?;
    merge(&hers, ada)?;

    sync(&his)?;
    until_state(&his, "merged")?;
    let theirs = std::fs::read_to_string(bob.folder.join(PROMPT))?;
    assert!(theirs.contains("gently"), "{theirs}");
    let message = git(&bob.folder, &["log", "-1", "--format=%B"])?;
    assert!(message.contains("Reviewed-by: bob@example.com"), "{message}");
    hers.close()?;
    his.close()?;
    bob.assay(&["verify"])?;
    assert!(!scene.server.requests().is_empty(), "both sides were asked");
    Ok(())
}

/// Ada proposes her branch, and evaluates it against its target.
fn propose(hers: &Window) -> Result<(), Failure> {
    hers.click("review-propose")?;
    hers.find("propose-title")?;
    hers.click("propose-do")?;
    hers.until_text("review-title", PATIENCE, |text| text.contains("kindly"))?;
    let gate = hers.until_text("review-gate", PATIENCE, |text| text.contains("0 of 1 approval"))?;
    assert!(gate.contains("no-evidence") && gate.contains("needs-approvals"), "{gate}");
    assert!(gate.contains("bob@example.com"), "it says who could approve: {gate}");
    evaluate(hers)?;
    sync(hers)
}

/// Bob reads it, comments on a line and asks for changes, without a mouse.
fn object(his: &Window) -> Result<(), Failure> {
    sync(his)?;
    his.until_text("review-title", PATIENCE, |text| text.contains("kindly"))?;
    go_there(his)?;
    press(his, "2")?;
    his.until_text("review-changes", PATIENCE, |text| text.contains("Greet the person kindly."))?;
    press(his, &key::DOWN.to_string())?;
    until_focused(his, "'line' in e.dataset")?;
    press(his, "c")?;
    write_and_sign(his, "Why this line?")?;
    his.until_text("review-thread", PATIENCE, |text| text.contains("Why this line?"))?;
    comment_on_a_word(his)?;
    go_there(his)?;
    press(his, "v")?;
    his.until_text("review-read", PATIENCE, |text| text == "1 of 1 files read")?;
    press(his, "r")?;
    write_and_sign(his, "Gently rather than kindly.")?;
    until_state(his, "changes requested")?;
    sync(his)
}

/// Selects “kindly” where the proposed file has it, as a mouse would.
const SELECT_KINDLY: &str = "
    const cell = [...document.querySelectorAll('[data-new]')].find(e => e.textContent.includes('kindly'));
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const at = walker.currentNode.data.indexOf('kindly');
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + 'kindly'.length);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
    }
    document.querySelector('.changes').focus();
    return getSelection().toString();
";

/// Bob comments on one word of a line, and the conversation below the line says which.
fn comment_on_a_word(his: &Window) -> Result<(), Failure> {
    assert_eq!(his.script(SELECT_KINDLY, &[])?, "kindly");
    press(his, "c")?;
    his.until_text("composer-facts", PATIENCE, |text| text.contains("“kindly”"))?;
    write_and_sign(his, "How kindly?")?;
    let quote =
        "return [...document.querySelectorAll('.thread__quote')].map(e => e.textContent).join()";
    his.until(PATIENCE, "the word to be quoted", || {
        Ok((his.script(quote, &[])? == "kindly").then_some(()))
    })?;
    Ok(())
}

/// Ada answers, changes what was asked for, and proposes it again with its evidence.
fn change(hers: &Window, ada: &Person) -> Result<(), Failure> {
    sync(hers)?;
    until_state(hers, "changes requested")?;
    go_there(hers)?;
    press(hers, "n")?;
    until_focused(hers, "'thread' in e.dataset")?;
    press(hers, "c")?;
    write_and_sign(hers, "It is where the tone is set.")?;
    go_there(hers)?;
    press(hers, "1")?;
    hers.until_text("review-threads", PATIENCE, |text| text.contains("the tone is set"))?;

    edit(ada, "kindly", "gently")?;
    hers.click("review-more")?;
    hers.click("review-again")?;
    go_there(hers)?;
    press(hers, "2")?;
    hers.until_text("review-changes", PATIENCE, |text| text.contains("gently"))?;
    evaluate(hers)?;
    sync(hers)
}

/// Bob is told that it is another, looks, and approves what he then sees.
fn approve(his: &Window) -> Result<(), Failure> {
    sync(his)?;
    his.find("review-show-newer")?;
    let before = his.until_text("review-changes", PATIENCE, |text| !text.is_empty())?;
    assert!(!before.contains("gently"), "what he sees changes only when he asks: {before}");
    his.click("review-show-newer")?;
    his.until_text("review-changes", PATIENCE, |text| text.contains("gently"))?;
    his.until_text("review-read", PATIENCE, |text| text == "0 of 1 files read")?;
    go_there(his)?;
    press(his, "a")?;
    his.until_text("composer-facts", PATIENCE, |text| {
        text.contains("exactly what is on the screen")
    })?;
    write_and_sign(his, "")?;
    until_state(his, "approved")?;
    sync(his)
}

/// Ada merges, and sends the branch that has it.
fn merge(hers: &Window, ada: &Person) -> Result<(), Failure> {
    sync(hers)?;
    until_state(hers, "approved")?;
    go_there(hers)?;
    press(hers, "m")?;
    write_and_sign(hers, "")?;
    until_state(hers, "merged")?;
    git(&ada.folder, &["switch", "-q", "main"])?;
    sync(hers)
}
