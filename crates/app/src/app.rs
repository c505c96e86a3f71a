//! The application's state: what is open, what runs, and where things are kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use assay_engine::{Engine, Environment, Models, RunHandle};
use assay_net::keys::{Keys, KeysConfig, file_in};
use assay_net::{Client, Limits};
use assay_repo::review::Heard;
use assay_repo::{RepoError, Watch, Workspace};
use assay_store::Store;
use assay_wire::{ApiError, Code, Notice};
use directories::{ProjectDirs, UserDirs};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::compare::KeptComparison;
use crate::consents::place_for_scripts;
use crate::edits::Undos;
use crate::environment::System;
use crate::error::Explain;
use crate::host::Host;
use crate::judges::LabelCache;
use crate::key_origins::KeyOrigins;
use crate::known::Known;
use crate::latest::Latest;
use crate::notices::Notices;
use crate::planned::PlannedRun;
use crate::ratings::RunOutputs;
use crate::repository::GitWork;

/// Where things are, when they are not in the usual places.
#[derive(Debug, Clone, Default)]
pub struct AppOptions {
    /// Settings and database; else `$ASSAY_DATA_DIR`, else the platform's folder.
    pub data_dir: Option<PathBuf>,
    /// Model files; else `$ASSAY_MODELS_DIR`, else `models` in the platform's folder.
    pub models_dir: Option<PathBuf>,
    /// Where keys may be kept; else as `$ASSAY_KEYS` says, else everywhere, with the encrypted file beside the settings.
    pub keys: Option<KeysConfig>,
    /// The program whose processes run the scripts of scorers, which calls [`script_worker`](crate::script_worker); else
    /// the running one.
    pub worker: Option<PathBuf>,
}

/// Where things are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folders {
    /// Settings and database.
    pub data: PathBuf,
    /// Model files.
    pub models: PathBuf,
    /// Where new repositories are made unless the person says otherwise.
    pub workspaces: PathBuf,
}

/// The application.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub host: Arc<dyn Host>,
    pub environment: Arc<dyn Environment>,
    pub folders: Folders,
    pub store: Store,
    pub client: Client,
    pub keys: Keys,
    /// For which address each of them was set.
    pub key_origins: KeyOrigins,
    pub engine: Engine,
    /// The embedded model, which stays loaded; endpoints are read from the settings when needed.
    pub models: Models,
    pub notices: Notices,
    pub runs: Mutex<HashMap<String, RunHandle>>,
    /// Held while a run is begun or taken up, so that none is taken up twice.
    pub starting: Mutex<()>,
    /// What a run would come to.
    pub planning: Latest,
    /// Which rows mean nearly the same.
    pub looking: Latest,
    /// What goes on in the open repository.
    pub git: GitWork,
    /// The prompts of the open repository, as they were read last.
    pub known: Known,
    /// The run that was looked at last, as it was planned.
    pub read: Mutex<Option<Arc<PlannedRun>>>,
    /// The comparisons that were looked at last, the latest at the end.
    pub compared: Mutex<Vec<KeptComparison>>,
    /// What was said in the repository that was listened to last, and where it stood then.
    pub heard: Mutex<Option<(String, Arc<Heard>)>>,
    /// The outputs of the run that was rated last.
    pub outputs: Mutex<Option<Arc<RunOutputs>>>,
    /// The labels of judges that the open repository's files hold.
    pub labels: Mutex<LabelCache>,
    /// The edits that can be taken back.
    undos: Mutex<Undos>,
    open: RwLock<Option<Arc<Open>>>,
    /// `None` only while this is dropped.
    runtime: Option<Runtime>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The last owner may be a task of this very runtime, which must not wait for itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The workspace that is open.
pub(crate) struct Open {
    pub workspace: Workspace,
    /// Permanent id of the repository; its path where `assay.yaml` has none.
    pub id: String,
    /// What notices edits made outside, where there is a window to tell.
    pub watch: Option<Result<Watch, RepoError>>,
}

impl Open {
    pub(crate) fn root(&self) -> String {
        self.workspace.root().display().to_string()
    }
}

impl App {
    /// Opens the database and takes back what an ended process left running.
    ///
    /// # Errors
    /// When no folder is known to keep things in, or the database cannot be used.
    pub fn open(options: AppOptions, host: Arc<dyn Host>) -> Result<App, ApiError> {
        let (config, worker) = (options.keys.clone(), options.worker.clone());
        let folders = Folders::find(options)?;
        let keys = Keys::open(match config {
            Some(config) => config,
            None => {
                KeysConfig::from_environment(file_in(&folders.data)).map_err(|e| e.explain())?
            }
        });
        let environment: Arc<dyn Environment> = Arc::new(System);
        let store = Store::open(&folders.data).map_err(|e| e.explain())?;
        store.recover(environment.now_ms()).map_err(|e| e.explain())?;
        let runtime = Builder::new_multi_thread().enable_all().build().map_err(|e| {
            ApiError::new(Code::Internal, format!("could not start worker threads: {e}"))
        })?;
        let client = Client::new(Limits::default()).map_err(|e| e.explain())?;
        let client = client.with_secrets(keys.secrets().clone());
        client.set_loopback_only(crate::network::is_loopback_only(&store)?);
        let engine = Engine::new(store.clone(), Arc::clone(&environment), runtime.handle().clone());
        let mut models = Models::new(folders.models.clone(), client.clone(), Vec::new());
        if let Some(scripts) = place_for_scripts(worker, &store) {
            models = models.with_scripts(scripts);
        }
        Ok(App {
            inner: Arc::new(Inner {
                host,
                environment,
                folders,
                key_origins: KeyOrigins::new(store.clone()),
                store,
                client,
                keys,
                engine,
                models,
                notices: Notices::default(),
                runs: Mutex::default(),
                starting: Mutex::default(),
                planning: Latest::default(),
                looking: Latest::default(),
                git: GitWork::default(),
                known: Known::default(),
                read: Mutex::default(),
                compared: Mutex::default(),
                heard: Mutex::default(),
                outputs: Mutex::default(),
                labels: Mutex::default(),
                undos: Mutex::default(),
                open: RwLock::default(),
                runtime: Some(runtime),
            }),
        })
    }

    /// Tells `listener` of changes from now on, in place of the one before, until it returns false.
    pub fn subscribe(&self, listener: Box<dyn Fn(Notice) -> bool + Send + Sync>) {
        self.inner.notices.subscribe(listener);
    }

    /// Tells the listener of something that only the program around the application saw.
    pub fn pass_on(&self, notice: Notice) {
        self.inner.notices.send(notice);
    }

    pub(crate) fn open_workspace(&self) -> Option<Arc<Open>> {
        self.inner.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The open workspace, or the error that says how to get one.
    pub(crate) fn workspace(&self) -> Result<Arc<Open>, ApiError> {
        self.open_workspace().ok_or_else(|| {
            ApiError::new(Code::NoWorkspace, "no prompts repository is open")
                .hint("Open a folder that is under git, or try the sample.")
        })
    }

    pub(crate) fn set_workspace(&self, open: Option<Open>) {
        self.stop_asking();
        *self.inner.open.write().unwrap_or_else(PoisonError::into_inner) = open.map(Arc::new);
    }

    /// Stops the long questions that are being answered.
    pub(crate) fn stop_asking(&self) {
        self.inner.planning.stop();
        self.inner.looking.stop();
        self.inner.git.stop();
    }

    pub(crate) fn undos(&self) -> MutexGuard<'_, Undos> {
        self.inner.undos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn runtime(&self) -> &Handle {
        self.inner.engine.runtime()
    }

    pub(crate) fn live_runs(&self) -> MutexGuard<'_, HashMap<String, RunHandle>> {
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Folders {
    /// What the options say, then the environment, then the platform's custom.
    fn find(options: AppOptions) -> Result<Folders, ApiError> {
        let from_variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let platform = ProjectDirs::from("dev", "", "assay").map(|d| d.data_dir().to_owned());
        let moved = options.data_dir.or_else(|| from_variable("ASSAY_DATA_DIR"));
        let models = options
            .models_dir
            .or_else(|| from_variable("ASSAY_MODELS_DIR"))
            .or_else(|| platform.as_ref().map(|d| d.join("models")));
        let workspaces = match &moved {
            Some(data) => data.join("workspaces"),
            None => documents().join("Assay"),
        };
        let data = moved.or(platform).ok_or_else(no_home)?;
        let models = models.ok_or_else(no_home)?;
        Ok(Folders { data, models, workspaces })
    }
}

fn documents() -> PathBuf {
    let dirs = UserDirs::new();
    dirs.as_ref()
        .and_then(|d| d.document_dir().filter(|p| p.is_dir()))
        .or_else(|| dirs.as_ref().map(|d| d.home_dir()))
        .unwrap_or(Path::new("."))
        .to_owned()
}

fn no_home() -> ApiError {
    ApiError::new(Code::Storage, "no folder is known to keep settings in")
        .hint("Set HOME, or ASSAY_DATA_DIR to a folder of your choice.")
}
