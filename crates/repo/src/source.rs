//! The texts of one prompt, from the worktree or from the last commit.
//!
//! Both sides obey the same rules, so that a comparison shows changes and nothing else: regular text
//! files only, below the prompt's folder, up to the size cap, without the folders of other prompts.

use std::fs;
use std::path::Path;

use assay_prompt::{Files, MANIFEST_FILE};
use git2::{ObjectType, Repository, Tree, TreeEntry};

use crate::RepoError;
use crate::discover::{PromptKey, VARIANT, join};
use crate::file::{self, MAX_FILE};
use crate::path::RelPath;

/// How many files one prompt may have.
const MAX_FILES: usize = 1_000;

/// How many folders deep a prompt's files may stand.
const MAX_DEPTH: usize = 6;

/// Files with these endings belong to the prompt, so one that cannot be read is an error. Others
/// (a picture, a notebook) are taken when they are small texts, and left out when not.
const REQUIRED: [&str; 6] = [VARIANT, ".yaml", ".yml", ".json", ".jsonl", ".csv"];

/// One side of a comparison.
pub(crate) trait Source {
    /// The file's text, or `None` when it is not there.
    fn text(&self, path: &RelPath) -> Result<Option<String>, RepoError>;

    /// Whether there is a regular file at the path, readable or not.
    fn holds(&self, path: &str) -> bool;

    /// What a folder holds; nothing when it is not there.
    fn list(&self, folder: &str) -> Result<Vec<Listed>, RepoError>;
}

/// An entry of a folder.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) is_folder: bool,
}

/// The files on disk.
pub(crate) struct Worktree<'a> {
    pub(crate) root: &'a Path,
}

impl Source for Worktree<'_> {
    fn text(&self, path: &RelPath) -> Result<Option<String>, RepoError> {
        file::text_if_there(self.root, path)
    }

    fn holds(&self, path: &str) -> bool {
        let place = RelPath::parse(path).and_then(|path| path.beneath(self.root));
        place.is_ok_and(|place| place.is_file())
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, RepoError> {
        let io = |source| RepoError::from_io(folder, source);
        let place = match folder {
            "" => self.root.to_owned(),
            _ => RelPath::parse(folder)?.beneath(self.root)?,
        };
        if !place.is_dir() {
            return Ok(Vec::new());
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(place).map_err(io)? {
            let entry = entry.map_err(io)?;
            if let Ok(name) = entry.file_name().into_string() {
                let is_folder = entry.file_type().map_err(io)?.is_dir();
                entries.push(Listed { name, is_folder });
            }
        }
        Ok(entries)
    }
}

/// The files of one commit.
pub(crate) struct Committed<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) tree: &'a Tree<'a>,
}

impl Committed<'_> {
    /// Whether an entry is a regular file.
    pub(crate) fn is_file(&self, entry: &TreeEntry<'_>) -> bool {
        entry.kind() == Some(ObjectType::Blob) && entry.filemode() != LINK
    }
}

impl Source for Committed<'_> {
    fn text(&self, path: &RelPath) -> Result<Option<String>, RepoError> {
        let Ok(entry) = self.tree.get_path(Path::new(path.as_str())) else {
            return Ok(None);
        };
        if entry.filemode() == LINK {
            return Err(RepoError::Link { path: path.to_string() });
        }
        if entry.kind() != Some(ObjectType::Blob) {
            return Err(RepoError::NotAFile { path: path.to_string() });
        }
        // The header is asked first, so that a huge blob is never unpacked.
        let (size, _) = self.repository.odb()?.read_header(entry.id())?;
        if size as u64 > MAX_FILE {
            return Err(RepoError::TooLarge { path: path.to_string(), limit: MAX_FILE });
        }
        let blob = self.repository.find_blob(entry.id())?;
        file::into_text(path.as_str(), blob.content().to_vec()).map(Some)
    }

    fn holds(&self, path: &str) -> bool {
        self.tree.get_path(Path::new(path)).is_ok_and(|entry| self.is_file(&entry))
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, RepoError> {
        let below;
        let tree = if folder.is_empty() {
            self.tree
        } else {
            let Ok(entry) = self.tree.get_path(Path::new(folder)) else {
                return Ok(Vec::new());
            };
            let Some(found) = entry.to_object(self.repository)?.into_tree().ok() else {
                return Ok(Vec::new());
            };
            below = found;
            &below
        };
        Ok(tree
            .iter()
            .filter_map(|entry| {
                Some(Listed {
                    name: entry.name().ok()?.to_owned(),
                    is_folder: entry.kind() == Some(ObjectType::Tree),
                })
            })
            .collect())
    }
}

/// The mode git gives symbolic links.
const LINK: i32 = 0o120_000;

/// The texts of a prompt, by their path below its folder; none when it is not there.
pub(crate) fn files(source: &dyn Source, prompt: &PromptKey) -> Result<Files, RepoError> {
    let mut files = Files::new();
    if prompt.lone {
        let name = prompt.key.rsplit('/').next().unwrap_or(&prompt.key);
        gather_lone(source, prompt.base(), name, &mut files)?;
    } else {
        gather(source, prompt.base(), "", 0, &mut files)?;
    }
    Ok(files)
}

/// The files of a prompt folder, without the prompts that stand deeper inside it.
fn gather(
    source: &dyn Source,
    base: &str,
    below: &str,
    depth: usize,
    files: &mut Files,
) -> Result<(), RepoError> {
    let folder = if below.is_empty() { base.to_owned() } else { join(base, below) };
    let entries = source.list(&folder)?;
    if depth > 0 && entries.iter().any(|entry| entry.name == MANIFEST_FILE) {
        return Ok(());
    }
    for entry in entries {
        let name = join(below, &entry.name);
        if entry.is_folder {
            if depth < MAX_DEPTH && !entry.name.starts_with('.') {
                gather(source, base, &name, depth + 1, files)?;
            }
        } else if let Some(text) = text_of_prompt(source, base, &name)? {
            files.insert(name, text);
            if files.len() > MAX_FILES {
                return Err(RepoError::TooManyFiles { path: base.to_owned(), limit: MAX_FILES });
            }
        }
    }
    Ok(())
}

fn text_of_prompt(
    source: &dyn Source,
    base: &str,
    name: &str,
) -> Result<Option<String>, RepoError> {
    if file::is_unfinished(name) {
        return Ok(None);
    }
    let required = REQUIRED.iter().any(|ending| name.ends_with(ending));
    match RelPath::parse(&join(base, name)).and_then(|path| source.text(&path)) {
        Err(_) if !required => Ok(None),
        read => read,
    }
}

/// A lone `.prompty` and whatever it refers to as `${file:name}`, directly or through another.
fn gather_lone(
    source: &dyn Source,
    base: &str,
    name: &str,
    files: &mut Files,
) -> Result<(), RepoError> {
    let mut wanted = vec![name.to_owned()];
    while let Some(name) = wanted.pop() {
        if files.contains_key(&name) || files.len() >= MAX_FILES {
            continue;
        }
        // A reference that leaves the folder is the parser's to report.
        let Ok(path) = RelPath::parse(&join(base, &name)) else {
            continue;
        };
        if let Some(text) = source.text(&path)? {
            wanted.extend(references(&text).map(str::to_owned));
            files.insert(name, text);
        }
    }
    Ok(())
}

/// The names in every `${file:name}` of a text.
pub(crate) fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("${file:")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.is_empty() && !name.contains('\n'))
}

#[cfg(test)]
mod tests {
    use super::references;

    #[test]
    fn references_are_found_wherever_they_stand() {
        let text =
            "inputs: ${file:inputs.yaml}\noutputs: \"${file: schema/out.yaml }\"\n${file:\n}";
        assert_eq!(references(text).collect::<Vec<_>>(), ["inputs.yaml", "schema/out.yaml"]);
    }
}
