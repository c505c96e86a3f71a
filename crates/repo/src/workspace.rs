//! An opened workspace: the one door to its files, prompts, changes and commits.
//!
//! A [`Workspace`] keeps no handle and no cache. Each call opens the repository again (well under a
//! millisecond) and sees what is on disk now, whoever changed it, so it is shared between threads freely.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use assay_prompt::{Diagnostic, Files, Prompt, REPOSITORY_FILE, RepositoryConfig, Span};
use git2::{Repository, RepositoryInitOptions, RepositoryOpenFlags, Tree};
use serde::{Deserialize, Serialize};

use crate::change::{self, FileChange, FileStatus};
use crate::commit::{self, CommitInfo, Identity, Texts, When};
use crate::discover::{self, PromptKey};
use crate::edit::{self, Step};
use crate::file::{self, FileText, Listed, Written};
use crate::path::RelPath;
use crate::source::{self, Committed, Source, Worktree};
use crate::watch::{self, Watch};
use crate::{RepoError, fsync};

/// What a text was in the last commit and is on disk; the two sides of a diff view.
pub type Versions = (Option<String>, Option<String>);

/// A folder of prompts in a git worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Opens the worktree that `path` is or lies in.
    ///
    /// # Errors
    /// When there is none, when it has no files (a bare repository) or keeps them elsewhere, and when it
    /// belongs to another user.
    pub fn open(path: &Path) -> Result<Self, RepoError> {
        let root = find_root(path)?;
        open_repository(&root)?;
        Ok(Self { root })
    }

    /// Makes a new repository with the branch `main`, writes `files` and commits them.
    ///
    /// All or nothing: a new folder appears only with its first commit in it, and one that is there and
    /// empty becomes a repository only then.
    ///
    /// # Errors
    /// When the folder already holds something, or nobody is known to commit.
    pub fn create(
        dir: &Path,
        files: &[(String, Vec<u8>)],
        message: &str,
        when: When,
        fallback: Option<&Identity>,
    ) -> Result<Self, RepoError> {
        fsync::enable();
        require_empty(dir)?;
        let io = |source| RepoError::from_io(&dir.display().to_string(), source);
        let there = dir.is_dir();
        let beside = if there { dir } else { parent_of(dir) };
        fs::create_dir_all(beside).map_err(io)?;
        let unfinished = unfinished_folder(beside).map_err(io)?;
        let made = Self { root: unfinished.path().canonicalize().map_err(io)? };
        init(&made.root)?;
        for (path, bytes) in files {
            file::create(&made.root, &RelPath::parse(path)?, bytes)?;
        }
        // Its text is Assay's own, so nobody has to sign for it.
        made.write_commit(message, &[], &Texts::new(), when, fallback)?;
        if there {
            move_contents(&made.root, dir).map_err(io)?;
        } else {
            fs::rename(&made.root, dir).map_err(io)?;
        }
        // What it guarded has moved away.
        drop(unfinished);
        Self::open(dir)
    }

    /// The worktree's folder, without links in it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The branch that commits go to; none when HEAD is detached.
    pub fn branch(&self) -> Option<String> {
        let repository = self.repository().ok()?;
        let head = repository.find_reference("HEAD").ok()?;
        // Asked symbolically, so that a branch without commits has its name too.
        let target = head.symbolic_target().ok()??.to_owned();
        target.strip_prefix("refs/heads/").map(str::to_owned)
    }

    /// The last commit's id in hex; none before the first commit.
    pub fn head(&self) -> Option<String> {
        let repository = self.repository().ok()?;
        let head = commit::head_commit(&repository).ok()??;
        Some(head.id().to_string())
    }

    /// `assay.yaml` and what is wrong in it. Without one, the whole repository is searched for prompts.
    pub fn config(&self) -> (RepositoryConfig, Vec<Diagnostic>) {
        let text =
            RelPath::parse(REPOSITORY_FILE).and_then(|path| file::read_if_there(&self.root, &path));
        config_of(text.map(|found| found.map(|found| found.text)))
    }

    /// The prompts of the worktree, by key.
    pub fn prompts(&self) -> Result<Vec<PromptKey>, RepoError> {
        discover::prompts(&self.root, &self.repository()?, &self.folders())
    }

    /// The prompt that goes by this key, name, or path of its folder or manifest.
    pub fn find_prompt(&self, name_or_path: &str) -> Result<PromptKey, RepoError> {
        let (repository, folders) = (self.repository()?, self.folders());
        let path = discover::key_of(name_or_path);
        if let Some(found) = discover::prompt_at(&self.root, &repository, &folders, path)? {
            return Ok(found);
        }
        discover::find(&discover::prompts(&self.root, &repository, &folders)?, name_or_path)
    }

    /// The texts of a prompt in the worktree, by their path below its folder.
    pub fn files(&self, prompt: &PromptKey) -> Result<Files, RepoError> {
        let files = source::files(&Worktree { root: &self.root }, prompt)?;
        if files.is_empty() {
            return Err(RepoError::NotFound { path: prompt.key.clone() });
        }
        Ok(files)
    }

    /// A prompt as it is in the worktree, with what is wrong in it.
    pub fn load(&self, prompt: &PromptKey) -> Result<Prompt, RepoError> {
        Ok(change::parse(prompt, &self.files(prompt)?))
    }

    /// A prompt as it was in the last commit; none when it was not there.
    pub fn load_at_head(&self, prompt: &PromptKey) -> Result<Option<Prompt>, RepoError> {
        let repository = self.repository()?;
        let Some(tree) = head_tree(&repository)? else {
            return Ok(None);
        };
        let committed = Committed { repository: &repository, tree: &tree };
        let files = source::files(&committed, prompt)?;
        Ok((!files.is_empty()).then(|| change::parse(prompt, &files)))
    }

    /// A text file of the worktree.
    pub fn read_text(&self, rel: &str) -> Result<FileText, RepoError> {
        file::read(&self.root, &RelPath::parse(rel)?)
    }

    /// The regular files of a folder of the worktree, by name, at most `limit` of them, and how many more there
    /// are. A folder that is not there has none; what is a link or a folder itself is left out.
    ///
    /// # Errors
    /// When a link leads to the folder, or it cannot be read.
    pub fn list_files(
        &self,
        folder: &str,
        limit: usize,
    ) -> Result<(Vec<Listed>, usize), RepoError> {
        file::list(&self.root, &RelPath::parse(folder)?, limit)
    }

    /// Git's `user.name`, where it is set.
    pub fn user_name(&self) -> Option<String> {
        let config = self.repository().ok()?.config().ok()?;
        let name = config.get_string("user.name").ok()?;
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// The bytes of a regular file of the worktree that no link leads to, at most `limit` of them.
    ///
    /// # Errors
    /// When it is not there, is no such file, or is larger.
    pub fn read_bytes(&self, rel: &str, limit: u64) -> Result<Vec<u8>, RepoError> {
        file::read_bytes(&self.root, &RelPath::parse(rel)?, limit)
    }

    /// Replaces a text file at once, while the one on disk has the digest `base`.
    ///
    /// Without a base the file must not exist yet; its folders are made. When somebody else changed the
    /// file, nothing is written and what is there comes back.
    pub fn write_text(
        &self,
        rel: &str,
        text: &str,
        base: Option<&str>,
    ) -> Result<Written, RepoError> {
        file::write(&self.root, &RelPath::parse(rel)?, text, base)
    }

    /// Does all steps or none, and gives those that take them back, in the order to apply them.
    ///
    /// # Errors
    /// The first step that could not be done; [`RepoError::ChangedMeanwhile`] when a file is no longer
    /// the one that was read.
    pub fn apply(&self, steps: &[Step]) -> Result<Vec<Step>, RepoError> {
        edit::apply(&self.root, self.repository()?.path(), steps)
    }

    /// Calls `changed` a moment after prompts, `assay.yaml` or git's HEAD changed, whoever changed
    /// them, until the watch is dropped. Called on a thread of its own.
    ///
    /// # Errors
    /// [`RepoError::Unwatched`] where the system gives no notice.
    pub fn watch(&self, changed: impl Fn() + Send + 'static) -> Result<Watch, RepoError> {
        let workspace = self.clone();
        let folders = move || workspace.folders();
        watch::watch(&self.root, self.repository()?.path(), folders, changed)
    }

    /// Every file that differs from the last commit, and what changed inside it.
    pub fn changes(&self) -> Result<Vec<FileChange>, RepoError> {
        let repository = self.repository()?;
        let head = head_tree(&repository)?;
        let mut changes = change::files(&repository, head.as_ref())?;
        let folders = self.folders();
        change::describe(&repository, &self.root, head.as_ref(), &folders, &mut changes);
        Ok(changes)
    }

    /// A file's text in the last commit and on disk. A renamed file is followed to where it was.
    pub fn versions(&self, rel: &str) -> Result<Versions, RepoError> {
        let path = RelPath::parse(rel)?;
        let repository = self.repository()?;
        let head = head_tree(&repository)?;
        let disk = file::text_if_there(&self.root, &path)?;
        let Some(tree) = &head else {
            return Ok((None, disk));
        };
        let committed = Committed { repository: &repository, tree };
        let mut old = committed.text(&path)?;
        if old.is_none()
            && disk.is_some()
            && let Some(from) = renamed_from(&repository, tree, path.as_str())?
        {
            old = committed.text(&RelPath::parse(&from)?)?;
        }
        Ok((old, disk))
    }

    /// Commits the changes at `paths` (files or folders), or all changes when none is named.
    ///
    /// Git's own `user.name` and `user.email` sign it, else `fallback`. What others staged stays staged.
    pub fn commit(
        &self,
        message: &str,
        paths: &[String],
        when: When,
        fallback: Option<&Identity>,
    ) -> Result<CommitInfo, RepoError> {
        self.commit_texts(message, paths, &Texts::new(), when, fallback)
    }

    /// The same, with files named in `texts` as these texts; on disk they stay as they are.
    pub(crate) fn commit_texts(
        &self,
        message: &str,
        paths: &[String],
        texts: &Texts,
        when: When,
        fallback: Option<&Identity>,
    ) -> Result<CommitInfo, RepoError> {
        commit::require_no_signature(&self.repository()?.config()?, "commit.gpgsign")?;
        self.write_commit(message, paths, texts, when, fallback)
    }

    fn write_commit(
        &self,
        message: &str,
        paths: &[String],
        texts: &Texts,
        when: When,
        fallback: Option<&Identity>,
    ) -> Result<CommitInfo, RepoError> {
        let repository = self.repository()?;
        let head = head_tree(&repository)?;
        let changes = change::files(&repository, head.as_ref())?;
        let changes = change::select(changes, paths)?;
        commit::commit(&repository, &self.root, message, &changes, texts, when, fallback)
    }

    /// The newest commits that HEAD reaches, newest first; none before the first commit.
    pub fn log(&self, limit: usize) -> Result<Vec<CommitInfo>, RepoError> {
        commit::log(&self.repository()?, limit)
    }

    pub(crate) fn repository(&self) -> Result<Repository, RepoError> {
        open_repository(&self.root)
    }

    pub(crate) fn folders(&self) -> Vec<String> {
        self.config().0.prompts
    }
}

/// The nearest folder at or above `path` that holds a `.git`.
///
/// Looked for here and not by libgit2's discovery, which also takes a bare repository that is
/// committed inside another for the one to open.
fn find_root(path: &Path) -> Result<PathBuf, RepoError> {
    let not_one = || RepoError::NotARepository { path: path.to_owned() };
    let start = path.canonicalize().map_err(|error| match error.kind() {
        ErrorKind::NotFound => RepoError::NoFolder { path: path.to_owned() },
        _ => not_one(),
    })?;
    for folder in start.ancestors() {
        if folder.join(".git").exists() {
            return Ok(folder.to_owned());
        }
        if is_bare(folder) {
            return Err(RepoError::Bare { path: folder.to_owned() });
        }
    }
    Err(not_one())
}

/// Whether a folder has the shape of git's own folder.
fn is_bare(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

fn open_repository(root: &Path) -> Result<Repository, RepoError> {
    fsync::enable();
    let no_ceiling: [&Path; 0] = [];
    let repository = Repository::open_ext(root, RepositoryOpenFlags::NO_SEARCH, no_ceiling)
        .map_err(|error| match error.code() {
            git2::ErrorCode::NotFound => RepoError::NotARepository { path: root.to_owned() },
            _ => RepoError::from_git(root, error),
        })?;
    let files = repository.workdir().ok_or_else(|| RepoError::Bare { path: root.to_owned() })?;
    // `core.worktree` of a hostile repository may name any folder of this machine.
    if files.canonicalize().ok().as_deref() != Some(root) {
        return Err(RepoError::WorktreeElsewhere { path: root.to_owned() });
    }
    Ok(repository)
}

pub(crate) fn head_tree(repository: &Repository) -> Result<Option<Tree<'_>>, RepoError> {
    match commit::head_commit(repository)? {
        Some(head) => Ok(Some(head.tree()?)),
        None => Ok(None),
    }
}

fn renamed_from(
    repository: &Repository,
    head: &Tree<'_>,
    path: &str,
) -> Result<Option<String>, RepoError> {
    let changes = change::files(repository, Some(head))?;
    Ok(changes
        .into_iter()
        .find(|change| change.path == path && change.status == FileStatus::Renamed)
        .and_then(|change| change.from))
}

/// What the text of `assay.yaml` says.
pub(crate) fn config_of(
    text: Result<Option<String>, RepoError>,
) -> (RepositoryConfig, Vec<Diagnostic>) {
    match text {
        Ok(Some(text)) => assay_prompt::parse_repository(&text),
        Ok(None) => (whole_repository(), Vec::new()),
        Err(error) => (whole_repository(), vec![unreadable_config(&error)]),
    }
}

/// What holds without an `assay.yaml`.
fn whole_repository() -> RepositoryConfig {
    RepositoryConfig { prompts: vec![".".to_owned()], ..RepositoryConfig::default() }
}

fn unreadable_config(error: &RepoError) -> Diagnostic {
    Diagnostic::error("R0001", REPOSITORY_FILE, Span { start: 0, end: 0 }, error.to_string())
}

pub(crate) fn require_empty(dir: &Path) -> Result<(), RepoError> {
    let not_empty = || RepoError::NotEmpty { path: dir.to_owned() };
    match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().map_or(Ok(()), |_| Err(not_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Err(not_empty()),
        Err(error) => Err(RepoError::from_io(&dir.display().to_string(), error)),
    }
}

pub(crate) fn unfinished_folder(parent: &Path) -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(file::UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process' umask takes away what the user does not want to give.
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(parent)
}

fn init(root: &Path) -> Result<(), RepoError> {
    let mut options = RepositoryInitOptions::new();
    options
        .initial_head("main")
        .no_reinit(true)
        // A user's template may hold hooks, which this project never runs anyway.
        .external_template(false);
    Repository::init_opts(root, &options).map_err(|error| RepoError::from_git(root, error))?;
    Ok(())
}

/// Moves what was made into a folder that is there, and may be somebody's current one. Git's own
/// folder comes last: until then the folder is no repository.
fn move_contents(made: &Path, dir: &Path) -> std::io::Result<()> {
    let git = std::ffi::OsStr::new(".git");
    for entry in fs::read_dir(made)? {
        let name = entry?.file_name();
        if name != git {
            fs::rename(made.join(&name), dir.join(&name))?;
        }
    }
    fs::rename(made.join(git), dir.join(git))
}

pub(crate) fn parent_of(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
