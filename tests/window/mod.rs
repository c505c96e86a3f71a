//! The real window, driven from outside through WebKit's own WebDriver.
//!
//! Speaks the W3C WebDriver protocol to `WebKitWebDriver` directly: through the intermediate
//! driver of the framework, calls got lost. A [`Window`] is one program with its own data folder;
//! dropping it closes both. At its end all that crossed between page and program, all that the program
//! printed and all that its data folder holds is looked through for the canary.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assay_testkit::canary;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

mod trace;

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long anything on screen may take to appear, unless a caller says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks at the screen.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Special keys, as WebDriver numbers them.
pub mod key {
    /// Enter.
    pub const ENTER: char = '\u{e007}';
    /// Escape.
    pub const ESCAPE: char = '\u{e00c}';
    /// Control.
    pub const CONTROL: char = '\u{e009}';
    /// End.
    pub const END: char = '\u{e010}';
    /// The arrow down.
    pub const DOWN: char = '\u{e015}';
    /// Tab.
    pub const TAB: char = '\u{e004}';
    /// F7.
    pub const F7: char = '\u{e037}';
}

/// A running `WebKitWebDriver` with one window.
pub struct Window {
    driver: Child,
    agent: ureq::Agent,
    session: String,
    data: PathBuf,
    /// What driver and program print.
    printed: NamedTempFile,
}

/// An element on screen.
#[derive(Debug, Clone)]
pub struct Element(String);

/// What a WebDriver call answered instead of a value.
#[derive(Debug)]
pub struct DriverError(pub String);

impl std::fmt::Display for DriverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DriverError {}

type Result<T> = std::result::Result<T, DriverError>;

impl Window {
    /// Opens the program with its data in `data`.
    pub fn open(data: &Path) -> Result<Window> {
        let port = free_port()?;
        let printed = NamedTempFile::new().map_err(|e| DriverError(e.to_string()))?;
        let output = || printed.as_file().try_clone().map_err(|e| DriverError(e.to_string()));
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("ASSAY_DATA_DIR", data)
            // The system's key store belongs to the person, not to a test.
            .env("ASSAY_KEYS", "file")
            // Without a graphics card this draws a frame in a third of the time. Tests only.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .stdout(output()?)
            .stderr(output()?)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|e| DriverError(format!("WebKitWebDriver could not be started: {e}")))?;
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .build()
            .into();
        let session = format!("http://127.0.0.1:{port}/session");
        let mut window = Window { driver, agent, session, data: data.to_owned(), printed };
        window.begin(&program()?)?;
        window.record()?;
        Ok(window)
    }

    fn begin(&mut self, program: &Path) -> Result<()> {
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "webkitgtk:browserOptions": {"binary": program, "args": []}
        }}});
        let deadline = Instant::now() + PATIENCE;
        let answer = loop {
            match self.post("", &capabilities) {
                Ok(answer) => break answer,
                // The driver needs a moment until it listens.
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => std::thread::sleep(LOOK_AGAIN),
            }
        };
        let id = answer["sessionId"]
            .as_str()
            .ok_or_else(|| DriverError(format!("no session: {answer}")))?;
        self.session = format!("{}/{id}", self.session);
        Ok(())
    }

    /// Waits for an element by its `data-testid`.
    pub fn find(&self, testid: &str) -> Result<Element> {
        self.find_within(testid, PATIENCE)
    }

    /// Waits for an element, at most so long.
    pub fn find_within(&self, testid: &str, patience: Duration) -> Result<Element> {
        let selector = format!("[data-testid=\"{testid}\"]");
        self.until(patience, &format!("`{testid}` on screen"), || self.select(&selector))
    }

    /// The first element a CSS selector finds now.
    pub fn select(&self, selector: &str) -> Result<Option<Element>> {
        let found = self.post("/elements", &json!({"using": "css selector", "value": selector}))?;
        let first = found.as_array().and_then(|all| all.first());
        Ok(first.and_then(|e| e[ELEMENT].as_str()).map(|id| Element(id.to_owned())))
    }

    /// Waits until `look` finds something.
    pub fn until<T>(
        &self,
        patience: Duration,
        what: &str,
        mut look: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if Instant::now() > deadline {
                let shown = self.text_of_page().unwrap_or_default();
                return Err(DriverError(format!(
                    "waited {} s for {what}; the window shows:\n{shown}",
                    patience.as_secs()
                )));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Waits until an element's text satisfies `fits`, and returns it.
    pub fn until_text(
        &self,
        testid: &str,
        patience: Duration,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let selector = format!("[data-testid=\"{testid}\"]");
        self.until(patience, &format!("the text of `{testid}` to change"), || {
            let text = self.script(
                "const e = document.querySelector(arguments[0]); return e ? e.innerText : null",
                &[json!(selector)],
            )?;
            Ok(text.as_str().filter(|t| fits(t)).map(str::to_owned))
        })
    }

    /// Clicks an element once it is there.
    pub fn click(&self, testid: &str) -> Result<()> {
        let element = self.find(testid)?;
        self.click_on(&element)
    }

    /// Clicks.
    pub fn click_on(&self, element: &Element) -> Result<()> {
        self.post(&format!("/element/{}/click", element.0), &json!({})).map(|_| ())
    }

    /// Types into whatever has the focus, key by key.
    pub fn type_keys(&self, text: &str) -> Result<()> {
        let strokes: Vec<_> = text
            .chars()
            .map(|c| if c == '\n' { key::ENTER } else { c })
            .flat_map(|c| {
                let key = c.to_string();
                [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
            })
            .collect();
        self.keys(strokes)
    }

    /// Types with so much time between keys, as somebody does who thinks. Returns right after the last key.
    pub fn type_slowly(&self, text: &str, pause: Duration) -> Result<()> {
        let pause = json!({"type": "pause", "duration": pause.as_millis() as u64});
        let strokes = text.chars().flat_map(|c| {
            let key = c.to_string();
            let (down, up) =
                (json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key}));
            [pause.clone(), down, up]
        });
        self.keys(strokes.collect())
    }

    /// Presses one key while Control is held.
    pub fn press_control(&self, c: char) -> Result<()> {
        let held = key::CONTROL.to_string();
        let pressed = c.to_string();
        self.keys(vec![
            json!({"type": "keyDown", "value": held}),
            json!({"type": "keyDown", "value": pressed}),
            json!({"type": "keyUp", "value": pressed}),
            json!({"type": "keyUp", "value": held}),
        ])
    }

    fn keys(&self, strokes: Vec<Value>) -> Result<()> {
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]});
        self.post("/actions", &actions).map(|_| ())
    }

    /// Runs a script in the page.
    pub fn script(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        self.post("/execute/sync", &json!({"script": body, "args": arguments}))
    }

    /// Everything the page says.
    pub fn text_of_page(&self) -> Result<String> {
        let text = self.script("return document.body.innerText", &[])?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// A picture of the window, PNG.
    pub fn screenshot(&self) -> Result<Vec<u8>> {
        let answer = self.get("/screenshot")?;
        let text = answer.as_str().unwrap_or_default();
        BASE64_STANDARD.decode(text).map_err(|e| DriverError(format!("no picture: {e}")))
    }

    /// Sets the window's size.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({"width": width, "height": height, "x": 0, "y": 0});
        self.post("/window/rect", &size).map(|_| ())
    }

    /// Closes the program as a person would, and waits until it is gone.
    pub fn close(mut self) -> Result<()> {
        canary::check_bytes("what crossed to and from the page", self.take_trace()?.as_bytes());
        // The program merges its write-ahead log at its end.
        canary::check_folder(&self.data);
        self.end()
    }

    /// Ends the program as a crash would: it gets to do nothing more.
    #[cfg(target_os = "linux")]
    pub fn crash(mut self) -> Result<()> {
        let programs = children(self.driver.id());
        if programs.is_empty() {
            return Err(DriverError("the driver has started no program".to_owned()));
        }
        for program in programs {
            let killed = nix::sys::signal::kill(program, nix::sys::signal::Signal::SIGKILL);
            killed.map_err(|e| DriverError(format!("{program} could not be killed: {e}")))?;
        }
        self.driver.kill().map_err(|e| DriverError(e.to_string()))?;
        self.driver.wait().map_err(|e| DriverError(e.to_string()))?;
        self.check_left()
    }

    fn end(&mut self) -> Result<()> {
        let ended = self.agent.delete(&self.session).call();
        let ended = ended.map(|_| ()).map_err(|e| DriverError(e.to_string()));
        // It has nothing left to do; one that is gone already is as good.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        self.check_left()?;
        ended
    }

    /// Looks for the canary in what a program that is gone has left.
    fn check_left(&self) -> Result<()> {
        let printed = std::fs::read(self.printed.path()).map_err(|e| DriverError(e.to_string()))?;
        eprint!("{}", String::from_utf8_lossy(&printed));
        canary::check_bytes("what the program printed", &printed);
        canary::check_folder(&self.data);
        Ok(())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.agent.post(format!("{}{path}", self.session)).send_json(body);
        value(answer)
    }

    fn get(&self, path: &str) -> Result<Value> {
        value(self.agent.get(format!("{}{path}", self.session)).call())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // A window that a test closed has nothing left; errors of a second end say nothing.
        if matches!(self.driver.try_wait(), Ok(None)) {
            let trace = self.take_trace().unwrap_or_default();
            let _ = self.end();
            canary::check_bytes("what crossed to and from the page", trace.as_bytes());
        }
    }
}

type Answer = std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>;

fn value(answer: Answer) -> Result<Value> {
    let mut response = answer.map_err(|e| DriverError(e.to_string()))?;
    let ok = response.status().is_success();
    let text = response
        .body_mut()
        .with_config()
        .limit(64 * 1024 * 1024)
        .read_to_string()
        .map_err(|e| DriverError(e.to_string()))?;
    let body: Value = serde_json::from_str(&text).map_err(|e| DriverError(e.to_string()))?;
    if ok { Ok(body["value"].clone()) } else { Err(DriverError(body["value"].to_string())) }
}

/// The processes that a process started.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<nix::unistd::Pid> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |process: &i32| {
        // One that ended meanwhile is nobody's child any more.
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The name, in brackets, may hold anything; after it come the state and the parent.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.split_whitespace().nth(1).and_then(|id| id.parse().ok()) == Some(parent)
    };
    numbers.filter(is_child).map(nix::unistd::Pid::from_raw).collect()
}

/// The window's program.
pub fn program() -> Result<PathBuf> {
    built("assay-desktop")
}

/// A program of this workspace: in `$ASSAY_BIN_DIR`, else beside this test's own.
pub fn built(name: &str) -> Result<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    if let Some(folder) = std::env::var_os("ASSAY_BIN_DIR") {
        return Ok(Path::new(&folder).join(file));
    }
    let own = std::env::current_exe().map_err(|e| DriverError(e.to_string()))?;
    let found = own.ancestors().skip(1).take(2).map(|dir| dir.join(&file)).find(|p| p.is_file());
    found.ok_or_else(|| {
        DriverError(format!("there is no {name} beside this test; `cargo xtask test` builds it"))
    })
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| DriverError(e.to_string()))?;
    let address = listener.local_addr().map_err(|e| DriverError(e.to_string()))?;
    Ok(address.port())
}
