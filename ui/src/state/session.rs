//! The open workspace, and what the window knows before one is open.

use assay_wire::{
    ApiError, AppView, CloneWorkspace, CloseWorkspace, CreateWorkspace, ModelsView, OpenWorkspace,
    ReadApp, ReadWorkspace, SetTheme, SetTrust, Theme, WorkspaceView,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Latest, Load};
use crate::{bridge, ipc};

/// The application's state and the open workspace.
#[derive(Clone, Copy)]
pub struct Session {
    app: RwSignal<Load<AppView>>,
    workspace: RwSignal<Option<WorkspaceView>>,
    opening: RwSignal<Option<String>>,
    trouble: RwSignal<Option<ApiError>>,
    reading: StoredValue<bool>,
    again: StoredValue<bool>,
    /// The workspaces that were entered: an answer about one that was left does not bring it back.
    visits: Latest,
}

impl Session {
    /// Knowing nothing yet.
    pub fn new() -> Self {
        Self {
            app: RwSignal::new(Load::Loading),
            workspace: RwSignal::new(None),
            opening: RwSignal::new(None),
            trouble: RwSignal::new(None),
            reading: StoredValue::new(false),
            again: StoredValue::new(false),
            visits: Latest::new(),
        }
    }

    /// What the application said at start.
    pub fn app(self) -> Signal<Load<AppView>> {
        self.app.into()
    }

    /// The open workspace.
    pub fn workspace(self) -> Signal<Option<WorkspaceView>> {
        self.workspace.into()
    }

    /// What is being opened or made right now, in words.
    pub fn opening(self) -> Signal<Option<String>> {
        self.opening.into()
    }

    /// Why the last thing asked of the workspace did not happen.
    pub fn trouble(self) -> Signal<Option<ApiError>> {
        self.trouble.into()
    }

    /// Takes the last trouble off the screen.
    pub fn forgive(self) {
        self.trouble.set(None);
    }

    /// The chosen appearance.
    pub fn theme(self) -> Theme {
        self.app.with(|app| app.ready().map(|app| app.theme).unwrap_or_default())
    }

    /// What prompts can run on.
    pub fn models(self) -> Option<ModelsView> {
        self.app.with(|app| app.ready().map(|app| app.models.clone()))
    }

    /// Takes over what a command said about the models.
    pub fn set_models(self, models: ModelsView) {
        self.app.update(|app| {
            if let Load::Ready(app) = app {
                app.models = models;
            }
        });
    }

    /// Asks the application for everything it shows at start.
    pub fn load(self) {
        spawn_local(async move {
            let app: Load<AppView> = ipc::call(ReadApp {}).await.into();
            self.workspace.set(app.ready().and_then(|app| app.workspace.clone()));
            self.app.set(app);
        });
    }

    /// Opens the repository at `path`.
    pub fn open(self, path: String) {
        self.enter(format!("Opening {path}"), ipc::call(OpenWorkspace { path }));
    }

    /// Makes a repository from a template in the default folder and opens it.
    pub fn create(self, template: String) {
        let what = format!("Making a repository from “{template}”");
        self.enter(what, ipc::call(CreateWorkspace { template, path: None }));
    }

    /// Clones a repository to the default folder and opens it.
    pub fn clone_repository(self, address: String) {
        let what = format!("Cloning {address}");
        let command = CloneWorkspace { address, path: None, below: None, branch: None };
        self.enter(what, ipc::call(command));
    }

    /// Trusts the open repository to run, or stops to.
    pub fn trust(self, trusted: bool) {
        self.take(ipc::call(SetTrust { trusted }));
    }

    /// Reads the open workspace again. Asked several times at once, it is read once more after the first.
    pub fn refresh(self) {
        if self.reading.get_value() {
            self.again.set_value(true);
            return;
        }
        self.reading.set_value(true);
        let visit = self.visits.last();
        spawn_local(async move {
            let read = ipc::call(ReadWorkspace {}).await;
            self.reading.set_value(false);
            match read {
                _ if !self.visits.is_last(visit) => {}
                Ok(workspace) => self.workspace.set(Some(workspace)),
                Err(error) => self.trouble.set(Some(error)),
            }
            let again = self.again.try_update_value(std::mem::take) == Some(true);
            if again && self.workspace.with_untracked(Option::is_some) {
                self.refresh();
            }
        });
    }

    /// Goes back to the welcome view.
    pub fn close(self) {
        spawn_local(async move {
            match ipc::call(CloseWorkspace {}).await {
                Ok(app) => {
                    bridge::forget();
                    self.visits.ask();
                    self.workspace.set(None);
                    self.app.set(Load::Ready(app));
                }
                Err(error) => self.trouble.set(Some(error)),
            }
        });
    }

    /// Chooses an appearance; it shows at once and is kept by the application.
    pub fn set_theme(self, theme: Theme) {
        self.app.update(|app| {
            if let Load::Ready(app) = app {
                app.theme = theme;
            }
        });
        spawn_local(async move {
            if let Err(error) = ipc::call(SetTheme { theme }).await {
                self.trouble.set(Some(error));
            }
        });
    }

    /// Shows `what` until the workspace is there, or why it is not.
    fn enter(
        self,
        what: String,
        asked: impl Future<Output = Result<WorkspaceView, ApiError>> + 'static,
    ) {
        if self.opening.with_untracked(Option::is_some) {
            return;
        }
        self.opening.set(Some(what));
        self.trouble.set(None);
        spawn_local(async move {
            let answer = asked.await;
            self.opening.set(None);
            if answer.is_ok() {
                bridge::forget();
                self.visits.ask();
            }
            self.settle(answer);
        });
    }

    fn take(self, asked: impl Future<Output = Result<WorkspaceView, ApiError>> + 'static) {
        let visit = self.visits.last();
        spawn_local(async move {
            let answer = asked.await;
            if self.visits.is_last(visit) {
                self.settle(answer);
            }
        });
    }

    fn settle(self, answer: Result<WorkspaceView, ApiError>) {
        match answer {
            Ok(workspace) => {
                self.trouble.set(None);
                self.workspace.set(Some(workspace));
            }
            Err(error) => self.trouble.set(Some(error)),
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}
