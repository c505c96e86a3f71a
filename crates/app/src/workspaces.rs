//! The window at start, and opening, making, trusting and closing a workspace.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use assay_engine::{Trust, untrusted};
use assay_repo::{Identity, RepoError, Watch, Workspace};
use assay_wire::*;

use crate::app::{App, Open};
use crate::check::of_repository;
use crate::environment::commit_time;
use crate::error::Explain;
use crate::router::Answer;
use crate::templates;

/// How many workspaces the welcome view offers.
const RECENT: usize = 8;

const THEME: &str = "theme";

impl Answer<ReadApp> for App {
    fn answer(&self, _: ReadApp) -> Result<AppView, ApiError> {
        let workspace = match self.open_workspace() {
            Some(open) => Some(self.workspace_view(&open)?),
            None => None,
        };
        let recent = self.inner.store.recent_workspaces(RECENT).map_err(|e| e.explain())?;
        Ok(AppView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            workspace,
            recent: recent
                .into_iter()
                .map(|r| RecentWorkspace {
                    exists: Path::new(&r.path).is_dir(),
                    path: r.path,
                    name: r.name,
                })
                .collect(),
            templates: templates::list(),
            models: self.models_at_a_glance()?,
            theme: self.theme()?,
            default_folder: self.inner.folders.workspaces.display().to_string(),
        })
    }
}

impl Answer<SetTheme> for App {
    fn answer(&self, command: SetTheme) -> Result<AppView, ApiError> {
        let name = match command.theme {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        self.inner.store.set_setting(THEME, name).map_err(|e| e.explain())?;
        self.answer(ReadApp {})
    }
}

impl Answer<ChooseFolder> for App {
    fn answer(&self, _: ChooseFolder) -> Result<Option<String>, ApiError> {
        Ok(self.inner.host.choose_folder().map(|path| path.display().to_string()))
    }
}

impl Answer<OpenWorkspace> for App {
    fn answer(&self, command: OpenWorkspace) -> Result<WorkspaceView, ApiError> {
        let workspace = Workspace::open(Path::new(&command.path)).map_err(|e| e.explain())?;
        self.use_workspace(workspace)
    }
}

impl Answer<CreateWorkspace> for App {
    fn answer(&self, command: CreateWorkspace) -> Result<WorkspaceView, ApiError> {
        let files = templates::files(&command.template)?;
        let dir = match command.path {
            Some(path) => PathBuf::from(path),
            None => free_folder(&self.inner.folders.workspaces, &command.template),
        };
        let message = format!("Start from the template {}", command.template);
        // The first commit is Assay's own text; who has no git identity yet can still try it.
        let assay =
            Identity { name: "Assay".to_owned(), email: "assay@localhost.invalid".to_owned() };
        let workspace = Workspace::create(&dir, &files, &message, commit_time(), Some(&assay))
            .map_err(|e| e.explain())?;
        let root = workspace.root().display().to_string();
        // Its content came with the program the person is running.
        let now = self.inner.environment.now_ms();
        self.inner.store.set_trusted(&root, true, now).map_err(|e| e.explain())?;
        self.use_workspace(workspace)
    }
}

impl Answer<ReadWorkspace> for App {
    fn answer(&self, _: ReadWorkspace) -> Result<WorkspaceView, ApiError> {
        let open = self.workspace()?;
        self.workspace_view(&open)
    }
}

impl Answer<SetTrust> for App {
    fn answer(&self, command: SetTrust) -> Result<WorkspaceView, ApiError> {
        let open = self.workspace()?;
        let now = self.inner.environment.now_ms();
        self.inner
            .store
            .set_trusted(&open.root(), command.trusted, now)
            .map_err(|e| e.explain())?;
        self.workspace_view(&open)
    }
}

impl Answer<CloseWorkspace> for App {
    fn answer(&self, _: CloseWorkspace) -> Result<AppView, ApiError> {
        self.set_workspace(None);
        self.answer(ReadApp {})
    }
}

impl App {
    /// Whether the person trusts the open repository to run.
    pub(crate) fn is_trusted(&self, open: &Open) -> Result<bool, ApiError> {
        self.inner.store.trusted(&open.root()).map_err(|e| e.explain())
    }

    /// Says of the repository that is open now, whenever it is asked, whether the person trusts it to run; of none that
    /// nobody does.
    pub(crate) fn trust_of_open(&self) -> Arc<Trust> {
        let Ok(open) = self.workspace() else { return untrusted() };
        let (store, root) = (self.inner.store.clone(), open.root());
        Arc::new(move || store.trusted(&root).map_err(|error| format!("not run: {error}")))
    }

    fn theme(&self) -> Result<Theme, ApiError> {
        let stored = self.inner.store.setting(THEME).map_err(|e| e.explain())?;
        Ok(match stored.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        })
    }

    fn use_workspace(&self, workspace: Workspace) -> Result<WorkspaceView, ApiError> {
        let root = workspace.root().display().to_string();
        let id = workspace.config().0.id.unwrap_or_else(|| root.clone());
        let (watch, prompts) = thread::scope(|scope| {
            // Thousands of folders take a while to be watched.
            let watch = scope.spawn(|| self.watch(&workspace));
            let prompts = self.read_prompts(&workspace);
            // A panic in there is a defect of ours and goes on as one.
            (watch.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), prompts)
        });
        let open = Open { workspace, id, watch };
        let view = self.view_of(&open, prompts?)?;
        let now = self.inner.environment.now_ms();
        self.inner.store.remember_workspace(&root, &view.name, now).map_err(|e| e.explain())?;
        self.set_workspace(Some(open));
        if self.inner.host.is_window()
            && let Some(open) = self.open_workspace()
        {
            self.read_history_in_background(&open);
        }
        Ok(view)
    }

    /// Tells the window of edits made outside. A terminal's command is over before there are any.
    fn watch(&self, workspace: &Workspace) -> Option<Result<Watch, RepoError>> {
        let notices = Arc::downgrade(&self.inner);
        let tell = move || {
            if let Some(inner) = notices.upgrade() {
                inner.notices.send(Notice::WorkspaceChanged);
            }
        };
        self.inner.host.is_window().then(|| workspace.watch(tell))
    }

    /// Problems of the repository itself, whichever prompt is open.
    fn standing_problems(&self, open: &Open) -> Vec<Problem> {
        let mut problems = of_repository(&open.workspace);
        if let Some(Err(error)) = &open.watch {
            problems.push(Problem {
                code: "R0003".to_owned(),
                severity: Severity::Warning,
                message: format!(
                    "edits made outside are noticed only when you read again: {error}"
                ),
                hint: error.hint(),
                file: ".".to_owned(),
                span: (0, 0),
                line: 1,
                column: 1,
                fix: None,
            });
        }
        problems
    }

    fn workspace_view(&self, open: &Open) -> Result<WorkspaceView, ApiError> {
        self.view_of(open, self.read_prompts(&open.workspace)?)
    }

    fn read_prompts(&self, workspace: &Workspace) -> Result<PromptList, ApiError> {
        let survey = workspace.survey().map_err(|e| e.explain())?;
        let readings = self.inner.known.readings(workspace, &survey);
        let prompts = readings.iter().map(|reading| reading.summary.clone()).collect();
        Ok(PromptList { prompts, changed_files: survey.changed_files as u32 })
    }

    fn view_of(&self, open: &Open, read: PromptList) -> Result<WorkspaceView, ApiError> {
        let workspace = &open.workspace;
        Ok(WorkspaceView {
            path: open.root(),
            name: folder_name(workspace.root()),
            branch: workspace.branch(),
            head: workspace.head().map(|id| id.chars().take(8).collect()),
            trusted: self.is_trusted(open)?,
            changed_files: read.changed_files,
            prompts: read.prompts,
            problems: self.standing_problems(open),
        })
    }
}

/// What was read of a repository's prompts.
struct PromptList {
    prompts: Vec<PromptSummary>,
    /// Files that differ from the last commit.
    changed_files: u32,
}

fn folder_name(root: &Path) -> String {
    root.file_name()
        .map_or_else(|| root.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// `name`, else `name-2`, `name-3`, … below `parent`.
fn free_folder(parent: &Path, name: &str) -> PathBuf {
    std::iter::once(name.to_owned())
        .chain((2..).map(|n| format!("{name}-{n}")))
        .map(|name| parent.join(name))
        .find(|path| !path.exists())
        .unwrap_or_else(|| parent.join(name))
}
