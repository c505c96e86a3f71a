//! Where things are: this repository, the tools that set-up installs, the model files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::failure::Failure;

/// The folders that tasks work in.
#[derive(Debug, Clone)]
pub struct Places {
    /// The repository.
    pub root: PathBuf,
    /// Build output.
    pub target: PathBuf,
    /// Tools that set-up installs, each in a folder named after its version. Outside the
    /// repository, so that several clones share them, and apart from the person's own tools.
    pub tools: PathBuf,
    /// Model files, where the application looks for them.
    pub models: PathBuf,
}

impl Places {
    /// Finds them from the environment.
    ///
    /// # Errors
    /// When the person has no home folder to keep tools in.
    pub fn find() -> Result<Self, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let dirs = ProjectDirs::from("dev", "", "assay").ok_or_else(|| {
            Failure::Said("no folder is known to keep tools in: set HOME and start again".into())
        })?;
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        Ok(Self {
            root: root.to_owned(),
            target: set("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |t| root.join(t)),
            tools: dirs.cache_dir().join("tools"),
            models: set("ASSAY_MODELS_DIR").unwrap_or_else(|| dirs.data_dir().join("models")),
        })
    }

    /// The page's sources.
    pub fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// A program built by cargo.
    pub fn built(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The search path with `first` in front.
    ///
    /// # Errors
    /// When a folder's name cannot stand in a search path.
    pub fn path_with(first: &[PathBuf]) -> Result<OsString, Failure> {
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let all = first.iter().cloned().chain(std::env::split_paths(&rest));
        std::env::join_paths(all)
            .map_err(|error| Failure::Said(format!("PATH cannot be extended: {error}")))
    }
}

/// Where on the search path a program is.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let suffixes: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    std::env::split_paths(&path)
        .flat_map(|folder| suffixes.iter().map(move |s| folder.join(format!("{name}{s}"))))
        .find(|file| file.is_file())
}
