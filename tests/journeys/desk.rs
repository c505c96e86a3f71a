//! A person's desk: an application with a workspace open and a model server in reach.
//!
//! What crosses between it and the application is looked through for the canary at once, as is its data folder after each
//! run, with the write-ahead log as it is then, and at the end.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use assay_app::{Answer, App, AppOptions, Host, KeysConfig, SecretString, Wanted};
use assay_testkit::{DataFolder, ModelServer, TestWorkspace, canary};
use assay_wire::*;
use serde::Serialize;

/// Which models lie on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Models {
    /// None.
    None,
    /// Those that set-up installs.
    Installed,
}

/// What the person has copied, for the next command that takes a key or a passphrase.
#[derive(Debug, Clone, Default)]
pub struct Clipboard(Arc<Mutex<Option<String>>>);

impl Clipboard {
    pub fn copy(&self, text: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

impl Host for Clipboard {
    fn is_window(&self) -> bool {
        false
    }

    fn choose_folder(&self) -> Option<PathBuf> {
        None
    }

    fn choose_file(&self) -> Option<PathBuf> {
        None
    }

    fn take_secret(&self, _: Wanted<'_>) -> Result<Option<SecretString>, ApiError> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(taken.map(SecretString::from))
    }
}

/// An application with the workspace `greet` of `tests/data` open.
pub struct Desk {
    pub app: App,
    pub clipboard: Clipboard,
    pub workspace: TestWorkspace,
    pub data: DataFolder,
    models: Models,
    notices: Notices,
}

/// The variable with the canary, set for every process of the tests.
pub const KEY_VARIABLE: &str = "ASSAY_TEST_KEY";

impl Desk {
    /// A desk with nothing to run on.
    pub fn new() -> Desk {
        Desk::at(fixture("greet"))
    }

    /// A desk with another workspace open.
    pub fn at(workspace: TestWorkspace) -> Desk {
        Desk::begin(workspace, DataFolder::new(), Models::None)
    }

    /// A desk with a workspace of `tests/data` open, and these models.
    pub fn in_data(name: &str, models: Models) -> Desk {
        Desk::begin(fixture(name), DataFolder::new(), models)
    }

    fn begin(workspace: TestWorkspace, data: DataFolder, models: Models) -> Desk {
        let clipboard = Clipboard::default();
        let (app, notices) = open(data.path(), models, Arc::new(clipboard.clone()));
        let path = workspace.path().display().to_string();
        app.call(OpenWorkspace { path }).expect("the workspace opens");
        Desk { app, clipboard, workspace, data, models, notices: Notices(Mutex::new(notices)) }
    }

    /// A desk whose alias `fast` answers from `server`, which is sent the canary.
    pub fn with(server: &ModelServer) -> Desk {
        let desk = Desk::new();
        desk.add_provider("server", &server.url(), Some(KEY_VARIABLE));
        desk
    }

    /// Like [`Desk::with`], before the person has set a key.
    pub fn without_key(server: &ModelServer) -> Desk {
        let desk = Desk::new();
        desk.add_provider("server", &server.url(), None);
        desk
    }

    pub fn add_provider(&self, name: &str, base_url: &str, key_env: Option<&str>) {
        self.call(AddProvider {
            name: name.to_owned(),
            preset: "openai-compatible".to_owned(),
            base_url: Some(base_url.to_owned()),
            key_env: key_env.map(str::to_owned),
            models: vec!["test-model".to_owned()],
            ..AddProvider::default()
        });
    }

    /// The reply; a refusal fails the test.
    pub fn call<C: Command>(&self, command: C) -> C::Reply
    where
        App: Answer<C>,
    {
        self.answer(command).unwrap_or_else(|e| panic!("{}: {e} {:?}", C::NAME, e.hints))
    }

    /// The refusal; a reply fails the test.
    pub fn refused<C: Command>(&self, command: C) -> ApiError
    where
        App: Answer<C>,
    {
        match self.answer(command) {
            Ok(_) => panic!("{} was expected to refuse", C::NAME),
            Err(error) => error,
        }
    }

    fn answer<C: Command>(&self, command: C) -> Result<C::Reply, ApiError>
    where
        App: Answer<C>,
    {
        check_crossing(&format!("what `{}` was asked", C::NAME), &command);
        let answer = self.app.call(command);
        check_crossing(&format!("what `{}` answered", C::NAME), &answer);
        answer
    }

    /// Starts a run with consent and waits for its end.
    pub fn run(&self, request: RunRequest) -> RunView {
        let started = self.call(StartRun { request, consent: true });
        self.app.wait(&started.run, |_| {});
        self.data.check();
        self.call(ReadRun { run: started.run, rows: true })
    }

    pub fn cells(&self, run: &RunView) -> Vec<CellView> {
        let all = 0..run.summary.counts.total;
        let cells = self.app.cells(&run.summary.run, all).expect("the cells are there");
        check_crossing("the cells", &cells);
        cells
    }

    /// Notices so far.
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.so_far()
    }

    /// Notices up to the first that is `last`, which must come.
    pub fn notices_until(&self, last: impl Fn(&Notice) -> bool) -> Vec<Notice> {
        self.notices.until(last)
    }

    /// The program ends and is started again.
    pub fn restart(self) -> Desk {
        let Desk { app, workspace, data, models, .. } = self;
        data.check();
        app.shut_down();
        drop(app);
        Desk::begin(workspace, data, models)
    }
}

/// What the application tells the window, in order.
struct Notices(Mutex<Receiver<Notice>>);

impl Notices {
    fn so_far(&self) -> Vec<Notice> {
        let notices: Vec<_> = self.receiver().try_iter().collect();
        check_crossing("a notice", &notices);
        notices
    }

    fn until(&self, last: impl Fn(&Notice) -> bool) -> Vec<Notice> {
        let receiver = self.receiver();
        let mut notices = Vec::new();
        while !notices.last().is_some_and(&last) {
            let next = receiver.recv_timeout(Duration::from_secs(30));
            notices.push(next.expect("the notice that was waited for"));
        }
        check_crossing("a notice", &notices);
        notices
    }

    fn receiver(&self) -> MutexGuard<'_, Receiver<Notice>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        // Those that the test did not ask for.
        self.so_far();
    }
}

/// Looks for the canary in what crosses between window and application.
fn check_crossing<T: Serialize>(place: &str, value: &T) {
    let text = serde_json::to_vec(value).expect("what crosses can be written");
    canary::check_bytes(place, &text);
}

/// A workspace of `tests/data`, committed once.
fn fixture(name: &str) -> TestWorkspace {
    TestWorkspace::from_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name))
}

fn open(data: &Path, models: Models, host: Arc<dyn Host>) -> (App, Receiver<Notice>) {
    let models_dir = (models == Models::None).then(|| data.join("models"));
    // Weak, because it protects nothing here, and without the system's store, which belongs to the person.
    let keys = KeysConfig::new(data.join("data/keys.age")).without_os().with_work(1);
    let data_dir = Some(data.join("data"));
    let worker = assay_tests::window::built("assay").ok();
    let options = AppOptions { data_dir, models_dir, keys: Some(keys), worker };
    let app = App::open(options, host).expect("the application opens");
    let (sender, notices) = channel();
    let sender = Mutex::new(sender);
    app.subscribe(Box::new(move |notice| {
        sender.lock().unwrap_or_else(PoisonError::into_inner).send(notice).is_ok()
    }));
    (app, notices)
}

/// A server that greets whoever the last message names.
pub fn greeter() -> ModelServer {
    ModelServer::start_blocking().reply_with(|request| {
        let messages = request["messages"].as_array().cloned().unwrap_or_default();
        let person = messages.last().and_then(|m| m["content"].as_str()).unwrap_or_default();
        format!("Hello {person}")
    })
}
