//! A person's desk: an application with a workspace open and a model server in reach.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assay_app::{Answer, App, AppOptions, Host, KeysConfig, SecretString, Wanted};
use assay_testkit::{ModelServer, TestWorkspace};
use assay_wire::*;
use tempfile::TempDir;

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
    pub data: TempDir,
    models: Models,
    notices: Mutex<Receiver<Notice>>,
}

impl Desk {
    /// A desk with nothing to run on.
    pub fn new() -> Desk {
        Desk::at(fixture("greet"))
    }

    /// A desk with another workspace open.
    pub fn at(workspace: TestWorkspace) -> Desk {
        Desk::begin(workspace, tempfile::tempdir().expect("a folder"), Models::None)
    }

    /// A desk with a workspace of `tests/data` open, and these models.
    pub fn in_data(name: &str, models: Models) -> Desk {
        Desk::begin(fixture(name), tempfile::tempdir().expect("a folder"), models)
    }

    fn begin(workspace: TestWorkspace, data: TempDir, models: Models) -> Desk {
        let clipboard = Clipboard::default();
        let (app, notices) = open(data.path(), models, Arc::new(clipboard.clone()));
        let path = workspace.path().display().to_string();
        app.call(OpenWorkspace { path }).expect("the workspace opens");
        Desk { app, clipboard, workspace, data, models, notices: Mutex::new(notices) }
    }

    /// A desk whose alias `fast` answers from `server`.
    pub fn with(server: &ModelServer) -> Desk {
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
        self.app.call(command).unwrap_or_else(|e| panic!("{}: {e} {:?}", C::NAME, e.hints))
    }

    /// The refusal; a reply fails the test.
    pub fn refused<C: Command>(&self, command: C) -> ApiError
    where
        App: Answer<C>,
    {
        match self.app.call(command) {
            Ok(_) => panic!("{} was expected to refuse", C::NAME),
            Err(error) => error,
        }
    }

    /// Starts a run with consent and waits for its end.
    pub fn run(&self, request: RunRequest) -> RunView {
        let started = self.call(StartRun { request, consent: true });
        self.app.wait(&started.run, |_| {});
        self.call(ReadRun { run: started.run })
    }

    pub fn cells(&self, run: &RunView) -> Vec<CellView> {
        self.app.cells(&run.summary.run, 0..run.summary.counts.total).expect("the cells are there")
    }

    /// Notices so far.
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).try_iter().collect()
    }

    /// Notices up to the first that is `last`, which must come.
    pub fn notices_until(&self, last: impl Fn(&Notice) -> bool) -> Vec<Notice> {
        let receiver = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notices = Vec::new();
        while !notices.last().is_some_and(&last) {
            let next = receiver.recv_timeout(Duration::from_secs(30));
            notices.push(next.expect("the notice that was waited for"));
        }
        notices
    }

    /// The program ends and is started again.
    pub fn restart(self) -> Desk {
        let Desk { app, workspace, data, models, .. } = self;
        app.shut_down();
        drop(app);
        Desk::begin(workspace, data, models)
    }
}

/// A workspace of `tests/data`, committed once.
fn fixture(name: &str) -> TestWorkspace {
    TestWorkspace::from_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name))
}

fn open(data: &Path, models: Models, host: Arc<dyn Host>) -> (App, Receiver<Notice>) {
    let models_dir = (models == Models::None).then(|| data.join("models"));
    // Weak, because it protects nothing here, and without the system's store, which belongs to the person.
    let keys = KeysConfig::new(data.join("data/keys.age")).without_os().with_work(1);
    let options = AppOptions { data_dir: Some(data.join("data")), models_dir, keys: Some(keys) };
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
