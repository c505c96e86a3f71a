//! Edits of several files at once, each of which can be taken back.
//!
//! A structural edit (a prompt renamed, a variant removed) is a list of [`Step`]s. [`apply`] does all
//! of them or none, and gives the steps that undo them. Nothing is ever deleted: what a person
//! discards moves to a folder inside git's own, where undo, or a person, finds it again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::RepoError;
use crate::file::{self, Written};
use crate::path::RelPath;

/// The folder inside git's own that keeps what was discarded.
const DISCARDED: &str = "assay-discarded";
/// Folders in folders that are copied to another disk at most: more than any prompt has.
const MAX_COPIED_DEPTH: usize = 64;

/// One change of the worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes a text file, while the one on disk has the digest `base` (`None`: while there is none).
    Write {
        /// Path below the root.
        path: String,
        /// The whole new text.
        text: String,
        /// Digest of what it replaces.
        base: Option<String>,
    },
    /// Moves a file or folder to a name that is free.
    Move {
        /// Path below the root.
        from: String,
        /// Path below the root.
        to: String,
    },
    /// Takes a file or folder away, to where [`Step::Recover`] finds it.
    Discard {
        /// Path below the root.
        path: String,
    },
    /// Brings back what was discarded.
    Recover {
        /// Path below the root, where it was.
        path: String,
        /// Where it is kept, as [`apply`] named it.
        kept: String,
    },
}

/// Does all steps in order and gives those that take them back, in the order to apply them. When one
/// fails, those before it are taken back.
pub(crate) fn apply(root: &Path, git: &Path, steps: &[Step]) -> Result<Vec<Step>, RepoError> {
    let mut undo = Vec::new();
    for step in steps {
        match take(root, git, step) {
            Ok(inverse) => undo.push(inverse),
            Err(error) => {
                for back in undo.iter().rev() {
                    // What cannot be taken back is still kept: nothing was deleted.
                    let _ = take(root, git, back);
                }
                return Err(error);
            }
        }
    }
    undo.reverse();
    Ok(undo)
}

/// Does one step; what takes it back.
fn take(root: &Path, git: &Path, step: &Step) -> Result<Step, RepoError> {
    match step {
        Step::Write { path, text, base } => write(root, path, text, base.as_deref()),
        Step::Move { from, to } => {
            rename(root, from, to)?;
            Ok(Step::Move { from: to.clone(), to: from.clone() })
        }
        Step::Discard { path } => {
            let kept = discard(root, git, path)?;
            Ok(Step::Recover { path: path.clone(), kept })
        }
        Step::Recover { path, kept } => {
            recover(root, git, path, kept)?;
            Ok(Step::Discard { path: path.clone() })
        }
    }
}

fn write(root: &Path, path: &str, text: &str, base: Option<&str>) -> Result<Step, RepoError> {
    let place = RelPath::parse(path)?;
    let old = file::read_if_there(root, &place)?;
    let Written::Saved { digest } = file::write(root, &place, text, base)? else {
        return Err(RepoError::ChangedMeanwhile { path: path.to_owned() });
    };
    Ok(match old {
        Some(old) => Step::Write { path: path.to_owned(), text: old.text, base: Some(digest) },
        None => Step::Discard { path: path.to_owned() },
    })
}

fn rename(root: &Path, from: &str, to: &str) -> Result<(), RepoError> {
    let source = existing(root, from)?;
    let target = RelPath::parse(to)?.beneath(root)?;
    let respelled = from.to_lowercase() == to.to_lowercase() && is_one_file(&source, &target);
    if !respelled && fs::symlink_metadata(&target).is_ok() {
        return Err(RepoError::Exists { path: to.to_owned() });
    }
    move_to(&source, &target).map_err(|error| RepoError::from_io(to, error))?;
    prune(root, from);
    Ok(())
}

/// Whether two names lead to one file. Names that differ in case do where the system ignores it;
/// elsewhere the second is another file, which a rename would replace.
#[cfg(unix)]
fn is_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |place| fs::symlink_metadata(place).map(|found| (found.dev(), found.ino())).ok();
    identity(one).is_some_and(|found| identity(other) == Some(found))
}

/// The system gives both names in the spelling that is on disk.
#[cfg(not(unix))]
fn is_one_file(one: &Path, other: &Path) -> bool {
    let real = |place: &Path| place.canonicalize().ok();
    real(one).is_some_and(|found| real(other) == Some(found))
}

/// Removes the folders above `path` that were left empty: git knows none, and here one would keep
/// its name taken.
fn prune(root: &Path, path: &str) {
    let above = Path::new(path).ancestors().skip(1);
    for folder in above.take_while(|folder| !folder.as_os_str().is_empty()) {
        // The first that holds something ends it: a folder that is not empty stays.
        if fs::remove_dir(root.join(folder)).is_err() {
            return;
        }
    }
}

fn discard(root: &Path, git: &Path, path: &str) -> Result<String, RepoError> {
    let source = existing(root, path)?;
    let io = |error| RepoError::from_io(path, error);
    let shelf = shelf(git)?;
    fs::create_dir_all(&shelf).map_err(io)?;
    let kept = free_number(&shelf).map_err(io)?;
    let name = source.file_name().unwrap_or_default();
    move_to(&source, &shelf.join(&kept).join(name)).map_err(io)?;
    prune(root, path);
    Ok(kept)
}

/// Where discarded things are kept. A link in its place could lead anywhere.
fn shelf(git: &Path) -> Result<PathBuf, RepoError> {
    let shelf = git.join(DISCARDED);
    match fs::symlink_metadata(&shelf) {
        Ok(found) if found.is_symlink() => {
            Err(RepoError::Link { path: format!(".git/{DISCARDED}") })
        }
        _ => Ok(shelf),
    }
}

/// Makes the next free numbered folder. Made, not looked for: two programs may ask at once.
fn free_number(shelf: &Path) -> io::Result<String> {
    let mut number = fs::read_dir(shelf)?.count() + 1;
    loop {
        let name = number.to_string();
        match fs::create_dir(shelf.join(&name)) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn recover(root: &Path, git: &Path, path: &str, kept: &str) -> Result<(), RepoError> {
    let place = RelPath::parse(path)?;
    let target = place.beneath(root)?;
    let name = target.file_name().unwrap_or_default();
    let numbered = kept.bytes().all(|byte| byte.is_ascii_digit());
    let folder = shelf(git)?.join(kept);
    let source = folder.join(name);
    if !numbered || fs::symlink_metadata(&source).is_err() {
        return Err(RepoError::NotFound { path: path.to_owned() });
    }
    if fs::symlink_metadata(&target).is_ok() {
        return Err(RepoError::Exists { path: path.to_owned() });
    }
    move_to(&source, &target).map_err(|error| RepoError::from_io(path, error))?;
    // An empty folder that stays is of no harm.
    let _ = fs::remove_dir(folder);
    Ok(())
}

/// The place of something that is there and is no link.
fn existing(root: &Path, path: &str) -> Result<PathBuf, RepoError> {
    let place = RelPath::parse(path)?.beneath(root)?;
    match fs::symlink_metadata(&place) {
        Ok(_) => Ok(place),
        Err(error) => Err(RepoError::from_io(path, error)),
    }
}

fn move_to(from: &Path, to: &Path) -> io::Result<()> {
    move_by(from, to, |from, to| fs::rename(from, to))
}

/// Moves with `rename`, or where the two places are on different disks by a copy that is on its disk
/// before the original goes.
fn move_by(
    from: &Path,
    to: &Path,
    rename: impl Fn(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    match rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy(from, to, 0).inspect_err(|_| {
                // Half a copy must not stand for the whole; the original is still there.
                let _ = remove(to);
            })?;
            remove(from)
        }
        renamed => renamed,
    }
}

/// Copies a file or folder, permissions and all, and waits until it is on its disk.
fn copy(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    let found = fs::symlink_metadata(from)?;
    if found.is_dir() {
        if depth == MAX_COPIED_DEPTH {
            return Err(io::Error::other("its folders are nested too deeply"));
        }
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name), depth + 1)?;
        }
        fs::set_permissions(to, found.permissions())?;
        return sync_folder(to);
    }
    if !found.is_file() {
        let what = format!("{} is a link or a device, and only files are copied", from.display());
        return Err(io::Error::other(what));
    }
    let mut target = fs::File::create_new(to)?;
    io::copy(&mut fs::File::open(from)?, &mut target)?;
    target.set_permissions(found.permissions())?;
    target.sync_all()
}

/// Makes the names in a folder last.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// The system keeps names by itself.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// What the system answers when the two places are on different disks.
    fn elsewhere(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::CrossesDevices.into())
    }

    fn prompt(root: &Path) -> PathBuf {
        let prompt = root.join("greet");
        fs::create_dir_all(prompt.join("rows")).unwrap();
        fs::write(prompt.join("prompt.yaml"), "format: assay/1\n").unwrap();
        fs::write(prompt.join("rows/cases.jsonl"), "{}\n").unwrap();
        prompt
    }

    #[test]
    fn what_goes_to_another_disk_is_copied_whole_before_it_goes() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (prompt(root.path()), root.path().join("kept/1/greet"));
        move_by(&from, &to, elsewhere).unwrap();
        assert_eq!(fs::read_to_string(to.join("prompt.yaml")).unwrap(), "format: assay/1\n");
        assert_eq!(fs::read_to_string(to.join("rows/cases.jsonl")).unwrap(), "{}\n");
        assert!(!from.exists());
        move_by(&to.join("prompt.yaml"), &root.path().join("back.yaml"), elsewhere).unwrap();
        assert_eq!(fs::read_to_string(root.path().join("back.yaml")).unwrap(), "format: assay/1\n");
        assert!(!to.join("prompt.yaml").exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_copied_to_another_disk_stays_and_leaves_no_half() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (prompt(root.path()), root.path().join("kept/1/greet"));
        std::os::unix::fs::symlink("/", from.join("rows/link")).unwrap();
        move_by(&from, &to, elsewhere).unwrap_err();
        assert!(from.join("rows/cases.jsonl").exists());
        assert!(!to.exists());
    }

    /// The same with two real disks, where this computer has them.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_is_discarded_to_another_disk_and_comes_back() {
        use std::os::unix::fs::MetadataExt;
        let root = tempfile::tempdir().unwrap();
        let Ok(git) = tempfile::tempdir_in("/dev/shm") else {
            println!("no second disk here: /dev/shm cannot be written");
            return;
        };
        let device = |path: &Path| fs::metadata(path).unwrap().dev();
        println!("two disks: {}", device(root.path()) != device(git.path()));
        prompt(root.path());
        let discard = [Step::Discard { path: "greet".to_owned() }];
        let undo = apply(root.path(), git.path(), &discard).unwrap();
        assert!(!root.path().join("greet").exists());
        apply(root.path(), git.path(), &undo).unwrap();
        let back = fs::read_to_string(root.path().join("greet/rows/cases.jsonl")).unwrap();
        assert_eq!(back, "{}\n");
    }
}
