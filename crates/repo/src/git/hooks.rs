//! Whether a repository in a folder has a hook that decides what comes in.
//!
//! Libgit2 moves the references of a folder itself and asks no hook, where `git push` starts one that may refuse.
//! Nothing of a repository runs here, so it is only looked whether there is such a hook: what it guards is left to git.

use std::path::{Path, PathBuf};

use git2::{Error, ErrorCode, Repository};
use url::Url;

use super::Address;

/// The hooks that can refuse what is sent. Those that are only told of it afterwards decide nothing.
const DECIDING: [&str; 4] = ["pre-receive", "update", "reference-transaction", "proc-receive"];

/// The first hook that git would ask about what is sent to an address; none where another computer asks its own.
pub(super) fn deciding(address: &Address) -> Result<Option<PathBuf>, Error> {
    if address.host().is_some() {
        return Ok(None);
    }
    let repository = Repository::open(folder_of(address)?)?;
    let hooks = hooks_of(&repository)?;
    Ok(DECIDING.iter().map(|name| hooks.join(name)).find(|hook| is_run(hook)))
}

/// The folder that libgit2 reads an address as. To it, unlike to a browser, no sign ends the path.
fn folder_of(address: &Address) -> Result<PathBuf, Error> {
    let text = address.text();
    if Path::new(text).is_absolute() {
        return Ok(PathBuf::from(text));
    }
    let path = text.replace('#', "%23").replace('?', "%3F");
    let folder = Url::parse(&path).ok().and_then(|url| url.to_file_path().ok());
    folder.ok_or_else(|| Error::from_str("the address names no folder of this computer"))
}

/// Where git looks for the hooks of a repository: it counts whose setting it is as little as git does.
fn hooks_of(repository: &Repository) -> Result<PathBuf, Error> {
    match repository.config()?.get_path("core.hooksPath") {
        // Git receives in the repository's own folder.
        Ok(path) => Ok(repository.path().join(path)),
        Err(error) if error.code() == ErrorCode::NotFound => {
            Ok(repository.commondir().join("hooks"))
        }
        Err(error) => Err(error),
    }
}

/// Whether git would start it. Samples have another name.
#[cfg(unix)]
fn is_run(hook: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    hook.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Whether git would start it. Samples have another name.
#[cfg(not(unix))]
fn is_run(hook: &Path) -> bool {
    hook.is_file() || hook.with_extension("exe").is_file()
}
