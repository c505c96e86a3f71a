//! Where the prompts of a workspace are.
//!
//! With an `assay.yaml`, its `prompts:` folders are searched; without one, the whole worktree. A folder
//! with a `prompt.yaml` is a prompt, and so is each `.prompty` file without a `prompt.yaml` beside it.
//! What git ignores, links, and folders of build output are not entered. The walk is bounded, because
//! the folder may be anything.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use assay_prompt::MANIFEST_FILE;
use git2::Repository;
use serde::{Deserialize, Serialize};

use crate::RepoError;
use crate::path::RelPath;
use crate::source::{Committed, Source};

/// What the names of variants end with.
pub(crate) const VARIANT: &str = ".prompty";

/// How many files and folders are looked at.
const MAX_ENTRIES: usize = 100_000;

/// How many folders deep prompts are looked for.
const MAX_DEPTH: usize = 16;

/// Folders that hold what tools make, entered by no search.
const SKIPPED: [&str; 3] = [".git", "target", "node_modules"];

/// The name of a prompt within its workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PromptKey {
    /// The path of its folder, or of its file when it is a lone one: `prompts/support-triage`,
    /// `web/chat-basic.prompty`. A prompt that is the whole repository has the key `.`.
    pub key: String,
    /// The last part of the key, without its extension: what people call it.
    pub name: String,
    /// Whether it is a single `.prompty` file.
    pub lone: bool,
}

impl PromptKey {
    /// The prompt in `folder`; the empty path is the root, whose name the caller knows.
    pub(crate) fn folder(folder: &str, root_name: &str) -> Self {
        let (key, name) = match folder.rsplit('/').next() {
            None | Some("") => (".", root_name),
            Some(name) => (folder, name),
        };
        Self { key: key.to_owned(), name: name.to_owned(), lone: false }
    }

    /// The prompt that is one `.prompty` file.
    pub(crate) fn lone(file: &str) -> Self {
        let name = file.rsplit('/').next().unwrap_or(file);
        Self {
            key: file.to_owned(),
            name: name.strip_suffix(VARIANT).unwrap_or(name).to_owned(),
            lone: true,
        }
    }

    /// The folder its files are relative to; empty for the root.
    pub(crate) fn base(&self) -> &str {
        match (self.lone, self.key.as_str()) {
            (true, key) => key.rsplit_once('/').map_or("", |(folder, _)| folder),
            (false, ".") => "",
            (false, key) => key,
        }
    }
}

/// `folder/name`, where the root is the empty folder.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The prompts below `folders`, in the order of their keys.
pub(crate) fn prompts(
    root: &Path,
    repository: &Repository,
    folders: &[String],
) -> Result<Vec<PromptKey>, RepoError> {
    let mut walk =
        Walk { root, repository, index: repository.index()?, seen: 0, found: BTreeSet::new() };
    for folder in folders {
        walk.start(folder)?;
    }
    Ok(walk.found.into_iter().collect())
}

/// The prompt at exactly this path, its folder's or its file's. It is one of [`prompts`], which need not be looked for.
pub(crate) fn prompt_at(
    root: &Path,
    repository: &Repository,
    folders: &[String],
    path: &str,
) -> Result<Option<PromptKey>, RepoError> {
    let Ok(path) = RelPath::parse(path) else { return Ok(None) };
    let walk =
        Walk { root, repository, index: repository.index()?, seen: 0, found: BTreeSet::new() };
    let mut searched = folders.iter().map(|folder| searched_folder(folder));
    Ok(searched.find_map(|folder| walk.reach(folder?, &path)))
}

/// A folder of `assay.yaml` as paths begin with it; the root is empty.
fn searched_folder(folder: &str) -> Option<String> {
    match folder {
        "" | "." | "./" => Some(String::new()),
        folder => Some(RelPath::parse(folder).ok()?.as_str().to_owned()),
    }
}

struct Walk<'a> {
    root: &'a Path,
    repository: &'a Repository,
    index: git2::Index,
    seen: usize,
    found: BTreeSet<PromptKey>,
}

impl Walk<'_> {
    fn start(&mut self, folder: &str) -> Result<(), RepoError> {
        if matches!(folder, "" | "." | "./") {
            return self.enter("", 0);
        }
        let path = RelPath::parse(folder)?;
        // A folder that assay.yaml names but nobody has made yet holds no prompts.
        if path.beneath(self.root)?.is_dir() {
            self.enter(path.as_str(), 0)?;
        }
        Ok(())
    }

    fn enter(&mut self, folder: &str, depth: usize) -> Result<(), RepoError> {
        let entries = self.entries(folder)?;
        let is_prompt = entries.iter().any(|entry| entry.is_file && entry.name == MANIFEST_FILE)
            && self.is_kept(&join(folder, MANIFEST_FILE));
        if is_prompt {
            let key = PromptKey::folder(folder, &root_name(self.root));
            self.found.insert(key);
        }
        for entry in entries {
            let path = join(folder, &entry.name);
            if entry.is_file {
                if !is_prompt && path.ends_with(VARIANT) && self.is_kept(&path) {
                    self.found.insert(PromptKey::lone(&path));
                }
            } else if depth < MAX_DEPTH && self.is_entered(&path, &entry.name) {
                self.enter(&path, depth + 1)?;
            }
        }
        Ok(())
    }

    /// The prompt at `path`, if the way there from a searched folder is one that the search takes.
    fn reach(&self, searched: String, path: &RelPath) -> Option<PromptKey> {
        let path = path.as_str();
        let below = match searched.as_str() {
            "" => path,
            folder if path == folder => "",
            folder => path.strip_prefix(folder)?.strip_prefix('/')?,
        };
        let names: Vec<&str> = below.split('/').filter(|name| !name.is_empty()).collect();
        let is_lone = path.ends_with(VARIANT) && self.is_file(path);
        let (file, folders) = if is_lone { names.split_last()? } else { (&"", names.as_slice()) };
        let mut folder = searched;
        for name in folders {
            folder = join(&folder, name);
            if !self.is_entered(&folder, name) {
                return None;
            }
        }
        let is_reached = folders.len() <= MAX_DEPTH && self.is_folder(&folder);
        let manifest = join(&folder, MANIFEST_FILE);
        let is_prompt = self.is_file(&manifest) && self.is_kept(&manifest);
        match is_lone {
            _ if !is_reached => None,
            true => {
                let is_one = !is_prompt && self.is_kept(&join(&folder, file));
                is_one.then(|| PromptKey::lone(path))
            }
            false => is_prompt.then(|| PromptKey::folder(path, &root_name(self.root))),
        }
    }

    /// Whether there is a regular file, with no link on the way to it.
    fn is_file(&self, path: &str) -> bool {
        let found = RelPath::parse(path).and_then(|path| path.beneath(self.root));
        found.is_ok_and(|place| place.is_file())
    }

    fn is_folder(&self, path: &str) -> bool {
        let found = RelPath::parse(path).and_then(|path| path.beneath(self.root));
        path.is_empty() || found.is_ok_and(|place| place.is_dir())
    }

    /// The regular files and folders of a folder; links and special files are left out.
    fn entries(&mut self, folder: &str) -> Result<Vec<Entry>, RepoError> {
        let io = |source| RepoError::from_io(if folder.is_empty() { "." } else { folder }, source);
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.root.join(folder)).map_err(io)? {
            let entry = entry.map_err(io)?;
            self.count(folder)?;
            let kind = entry.file_type().map_err(io)?;
            // A name that is not UTF-8 cannot be named in a prompt either.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if kind.is_file() || kind.is_dir() {
                entries.push(Entry { name, is_file: kind.is_file() });
            }
        }
        Ok(entries)
    }

    fn count(&mut self, folder: &str) -> Result<(), RepoError> {
        self.seen += 1;
        if self.seen > MAX_ENTRIES {
            return Err(RepoError::TooManyFiles {
                path: if folder.is_empty() { "." } else { folder }.to_owned(),
                limit: MAX_ENTRIES,
            });
        }
        Ok(())
    }

    fn is_entered(&self, path: &str, name: &str) -> bool {
        // A folder with its own `.git` is another repository.
        !SKIPPED.contains(&name)
            && (self.holds_tracked(path) || !self.is_ignored(&format!("{path}/")))
            && !self.root.join(path).join(".git").exists()
    }

    /// Whether a file is tracked, or would be if somebody added everything.
    fn is_kept(&self, path: &str) -> bool {
        // The index answers at once; the ignore rules are looked for in every folder on the way.
        self.index.get_path(Path::new(path), 0).is_some() || !self.is_ignored(path)
    }

    /// Whether a tracked file stands below a folder: then git does not ignore it as a whole.
    fn holds_tracked(&self, folder: &str) -> bool {
        self.index.find_prefix(Path::new(&format!("{folder}/"))).is_ok()
    }

    fn is_ignored(&self, path: &str) -> bool {
        self.repository.is_path_ignored(path).unwrap_or(false)
    }
}

/// The prompts below `folders` by the same rules, where the manifests and variants that are kept are known already.
pub(crate) fn prompts_among(
    root: &Path,
    folders: &[String],
    files: &[String],
) -> Result<BTreeSet<PromptKey>, RepoError> {
    let mut searched = Vec::new();
    for folder in folders {
        if matches!(folder.as_str(), "" | "." | "./") {
            searched.push(String::new());
        } else {
            let path = RelPath::parse(folder)?;
            path.beneath(root)?;
            searched.push(path.as_str().to_owned());
        }
    }
    let reached = files.iter().filter(|file| is_reached(file, &searched));
    let of_prompts = reached.filter(|file| is_telling(file));
    let (manifests, variants): (Vec<_>, Vec<_>) = of_prompts.partition(|file| is_manifest(file));
    let manifests: BTreeSet<&str> = manifests.into_iter().map(|file| around(file)).collect();
    let lone = variants.into_iter().filter(|file| !manifests.contains(around(file)));
    let lone = lone.map(|file| PromptKey::lone(file));
    let name = root_name(root);
    Ok(manifests.iter().map(|folder| PromptKey::folder(folder, &name)).chain(lone).collect())
}

/// Whether a file says by its name that a prompt is there.
pub(crate) fn is_telling(file: &str) -> bool {
    file.ends_with(VARIANT) || is_manifest(file)
}

fn is_manifest(file: &str) -> bool {
    file.strip_suffix(MANIFEST_FILE)
        .is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// The folder a file stands in; the root is empty.
fn around(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a search of one of these folders comes to a file.
fn is_reached(file: &str, searched: &[String]) -> bool {
    searched.iter().any(|folder| {
        let below = match folder.as_str() {
            "" => Some(file),
            folder => file.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')),
        };
        below.is_some_and(|below| {
            let mut folders = around(below).split('/').filter(|name| !name.is_empty());
            folders.clone().count() <= MAX_DEPTH && folders.all(|name| !SKIPPED.contains(&name))
        })
    })
}

/// The prompts of a commit below `folder`, by the same rules; what a commit holds is kept by definition.
pub(crate) fn committed_prompts(
    source: &Committed<'_>,
    root_name: &str,
    folder: &str,
    found: &mut BTreeSet<PromptKey>,
) -> Result<(), RepoError> {
    let folder = match folder {
        "" | "." | "./" => String::new(),
        folder => RelPath::parse(folder)?.as_str().to_owned(),
    };
    enter_committed(source, root_name, &folder, 0, &mut 0, found)
}

fn enter_committed(
    source: &Committed<'_>,
    root_name: &str,
    folder: &str,
    depth: usize,
    seen: &mut usize,
    found: &mut BTreeSet<PromptKey>,
) -> Result<(), RepoError> {
    let entries = source.list(folder)?;
    *seen += entries.len();
    if *seen > MAX_ENTRIES {
        return Err(RepoError::TooManyFiles { path: folder.to_owned(), limit: MAX_ENTRIES });
    }
    let is_prompt = source.holds(&join(folder, MANIFEST_FILE));
    if is_prompt {
        found.insert(PromptKey::folder(folder, root_name));
    }
    for entry in entries {
        let path = join(folder, &entry.name);
        if entry.is_folder {
            if depth < MAX_DEPTH && !SKIPPED.contains(&entry.name.as_str()) {
                enter_committed(source, root_name, &path, depth + 1, seen, found)?;
            }
        } else if !is_prompt && path.ends_with(VARIANT) && source.holds(&path) {
            found.insert(PromptKey::lone(&path));
        }
    }
    Ok(())
}

struct Entry {
    name: String,
    is_file: bool,
}

/// What a prompt is called that is the whole repository.
pub(crate) fn root_name(root: &Path) -> String {
    root.file_name().map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The key that somebody means who names a prompt by its path or its manifest's.
pub(crate) fn key_of(wanted: &str) -> &str {
    let path = wanted.strip_prefix("./").unwrap_or(wanted);
    let path = path.trim_end_matches('/');
    path.strip_suffix("/prompt.yaml").unwrap_or(path)
}

/// The one prompt that `wanted` names: by key, by a file in it, or by name.
pub(crate) fn find(prompts: &[PromptKey], wanted: &str) -> Result<PromptKey, RepoError> {
    let path = key_of(wanted);
    if let Some(found) = prompts.iter().find(|prompt| prompt.key == path) {
        return Ok(found.clone());
    }
    let named: Vec<_> = prompts.iter().filter(|prompt| prompt.name == wanted).collect();
    match named.as_slice() {
        [found] => Ok((*found).clone()),
        [] => Err(RepoError::UnknownPrompt { name: wanted.to_owned(), known: keys(prompts) }),
        several => Err(RepoError::AmbiguousPrompt {
            name: wanted.to_owned(),
            keys: keys(several.iter().copied()),
        }),
    }
}

fn keys<'a>(prompts: impl IntoIterator<Item = &'a PromptKey>) -> Vec<String> {
    prompts.into_iter().map(|prompt| prompt.key.clone()).collect()
}
