//! Bringing objects from and to another repository, with progress, cancel and no detours.
//!
//! A remote is always opened by an address the person confirmed, never by the name the repository's configuration has
//! for it. Redirects are not followed, because they would take a login along. `url.….insteadOf` of the user's own
//! configuration holds; one of the repository is refused. So is its proxy: proxies come from the environment or from
//! the user's own configuration.
//!
//! Each exchange is done [`apart`], so that whoever waits for it can stop at any time.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use git2::{
    AutotagOption, Config, ErrorClass, ErrorCode, FetchOptions, Oid, ProxyOptions, PushOptions,
    Remote, RemoteCallbacks, RemoteRedirect, Repository, RepositoryOpenFlags,
};

use super::apart::apart;
use super::credential::Logins;
use super::{Address, Follow, GitError, Progress, Stage, hooks};
use crate::RepoError;

/// One exchange with another repository.
pub(super) struct Transfer<'a> {
    pub(super) address: &'a Address,
    pub(super) follow: &'a dyn Follow,
}

/// A reference that the other side did not move, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reference: String,
    pub(super) reason: String,
}

/// What the other side has, by name.
pub(super) type Shown = Vec<(String, Oid)>;

/// What a push is ended with from inside libgit2, which asks nobody whether to go on.
struct Stopped;

impl Transfer<'_> {
    /// Brings what the references name here, and gives everything that the other side shows.
    pub(super) fn fetch(
        &self,
        repository: &Repository,
        specs: &[String],
    ) -> Result<Shown, GitError> {
        let specs = specs.to_vec();
        self.apart(repository, move |here, repository| here.fetch_here(repository, &specs))
    }

    /// Sends references to the remote of this name; what the other side refuses comes back.
    pub(super) fn push(
        &self,
        repository: &Repository,
        name: &str,
        specs: &[String],
    ) -> Result<Vec<Refusal>, GitError> {
        let (name, specs) = (name.to_owned(), specs.to_vec());
        self.apart(repository, move |here, repository| here.push_here(repository, &name, &specs))
    }

    /// Does an exchange on a thread of its own, with a handle of its own.
    fn apart<T: Send + 'static>(
        &self,
        repository: &Repository,
        exchange: impl FnOnce(&Transfer<'_>, &Repository) -> Result<T, GitError> + Send + 'static,
    ) -> Result<T, GitError> {
        let (address, folder) = (self.address.clone(), repository.path().to_owned());
        apart(self.follow, move |follow| {
            let no_ceiling: [&Path; 0] = [];
            let flags = RepositoryOpenFlags::NO_SEARCH;
            let repository = Repository::open_ext(folder, flags, no_ceiling)?;
            exchange(&Transfer { address: &address, follow }, &repository)
        })
    }

    fn fetch_here(&self, repository: &Repository, specs: &[String]) -> Result<Shown, GitError> {
        self.follow.progress(Progress::of(Stage::Connecting, 0, 0));
        let is_shallow = repository.is_shallow();
        if is_shallow && self.address.host().is_none() {
            // From a folder libgit2 would forget where the history of a shallow clone ends, and leave it broken.
            return Err(lacks_history());
        }
        let mut remote = self.remote(repository)?;
        let logins = RefCell::new(Logins::new(self.address, self.follow));
        let fetched = {
            let mut options = self.fetch_options(&logins);
            remote.fetch(specs, Some(&mut options), Some("assay: fetch"))
        };
        self.settled(fetched, &logins).map_err(|error| match error {
            // What stands on history that it does not have cannot be kept, which libgit2 says in its own words.
            GitError::Repo(RepoError::Git { source })
                if is_shallow && is_about_objects(&source) =>
            {
                lacks_history()
            }
            error => error,
        })?;
        Ok(shown_by(&remote)?)
    }

    fn push_here(
        &self,
        repository: &Repository,
        name: &str,
        specs: &[String],
    ) -> Result<Vec<Refusal>, GitError> {
        self.follow.progress(Progress::of(Stage::Connecting, 0, 0));
        let mut remote = self.remote(repository)?;
        self.require_no_hook(&remote, name, specs)?;
        let logins = RefCell::new(Logins::new(self.address, self.follow));
        let refused = RefCell::new(Vec::new());
        let pushed = {
            let mut options = PushOptions::new();
            options
                .remote_callbacks(self.push_callbacks(&logins, &refused))
                .follow_redirects(RemoteRedirect::None);
            if let Some(proxy) = proxy(self.address) {
                options.proxy_options(proxy);
            }
            catch_unwind(AssertUnwindSafe(|| remote.push(specs, Some(&mut options))))
        };
        let pushed = pushed.unwrap_or_else(|panic| match panic.downcast::<Stopped>() {
            Ok(_) => Err(git2::Error::from_str("cancelled")),
            Err(panic) => resume_unwind(panic),
        });
        self.settled(pushed, &logins)?;
        Ok(refused.into_inner())
    }

    /// Does not go past a hook that git would ask.
    fn require_no_hook(
        &self,
        remote: &Remote<'_>,
        name: &str,
        specs: &[String],
    ) -> Result<(), GitError> {
        let there = remote.pushurl_bytes().unwrap_or(remote.url_bytes());
        let there = Address::parse(&String::from_utf8_lossy(there))?;
        match hooks::deciding(&there).map_err(|error| self.explain(error))? {
            None => Ok(()),
            Some(hook) => Err(GitError::Hooked {
                hook: hook.display().to_string(),
                push: push_of_git(name, specs),
            }),
        }
    }

    fn push_callbacks<'b, 'l: 'b>(
        &'b self,
        logins: &'b RefCell<Logins<'l>>,
        refused: &'b RefCell<Vec<Refusal>>,
    ) -> RemoteCallbacks<'b> {
        let mut callbacks = self.callbacks(logins);
        callbacks
            .push_update_reference(move |name, reason| {
                refused.borrow_mut().extend(reason.map(|reason| Refusal {
                    reference: name.to_owned(),
                    reason: reason.to_owned(),
                }));
                Ok(())
            })
            .push_negotiation(move |_| match self.follow.is_cancelled() {
                true => Err(git2::Error::from_str("cancelled")),
                false => Ok(()),
            })
            .pack_progress(move |_, _, _| self.go_on())
            .push_transfer_progress(move |done, total, bytes| {
                self.follow.progress(Progress {
                    stage: Stage::Sending,
                    done: done as u64,
                    total: total as u64,
                    bytes: bytes as u64,
                });
                if done < total {
                    // The other side has not got all of it, and forgets what it has.
                    self.go_on();
                }
            });
        callbacks
    }

    /// Ends a push that the person has stopped. There is no other way out of these callbacks; libgit2's binding
    /// carries this one through the C code and on.
    fn go_on(&self) {
        if self.follow.is_cancelled() {
            resume_unwind(Box::new(Stopped));
        }
    }

    /// What both fetching and cloning want.
    pub(super) fn fetch_options<'b, 'l: 'b>(
        &'b self,
        logins: &'b RefCell<Logins<'l>>,
    ) -> FetchOptions<'b> {
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(self.callbacks(logins))
            .update_fetchhead(false)
            .download_tags(AutotagOption::Auto)
            .follow_redirects(RemoteRedirect::None);
        if let Some(proxy) = proxy(self.address) {
            options.proxy_options(proxy);
        }
        options
    }

    fn callbacks<'b, 'l: 'b>(&'b self, logins: &'b RefCell<Logins<'l>>) -> RemoteCallbacks<'b> {
        let mut callbacks = RemoteCallbacks::new();
        callbacks
            .credentials(move |_, user, allowed| logins.borrow_mut().next(user, allowed))
            .sideband_progress(move |_| !self.follow.is_cancelled())
            .transfer_progress(move |at| {
                let received = at.received_objects() as u64;
                let (stage, done, total) = if received < at.total_objects() as u64 {
                    (Stage::Receiving, received, at.total_objects() as u64)
                } else {
                    (Stage::Resolving, at.indexed_deltas() as u64, at.total_deltas() as u64)
                };
                let bytes = at.received_bytes() as u64;
                self.follow.progress(Progress { stage, done, total, bytes });
                !self.follow.is_cancelled()
            });
        callbacks
    }

    /// The remote, unless the repository leads it elsewhere.
    fn remote<'r>(&self, repository: &'r Repository) -> Result<Remote<'r>, GitError> {
        let remote = repository.remote_anonymous(self.address.text())?;
        // Made without a repository, it knows the user's own configuration only.
        let own = Remote::create_detached(self.address.text())?;
        let same =
            remote.url_bytes() == own.url_bytes() && remote.pushurl_bytes() == own.pushurl_bytes();
        if same {
            // What the user's own configuration leads to has to be an address of ours as well.
            let there = own.pushurl_bytes().unwrap_or(own.url_bytes());
            Address::parse(&String::from_utf8_lossy(there))?;
            return Ok(remote);
        }
        let to = remote.pushurl_bytes().unwrap_or(remote.url_bytes());
        let to = String::from_utf8_lossy(to).into_owned();
        Err(GitError::Rewritten { url: self.address.to_string(), to })
    }

    /// Tells the store, and says what went wrong in the words of a person.
    pub(super) fn settled(
        &self,
        done: Result<(), git2::Error>,
        logins: &RefCell<Logins<'_>>,
    ) -> Result<(), GitError> {
        let refused = done.as_ref().is_err_and(|error| error.code() == ErrorCode::Auth);
        if refused || done.is_ok() {
            logins.borrow_mut().settle(!refused);
        }
        done.map_err(|error| self.explain(error))
    }

    fn explain(&self, error: git2::Error) -> GitError {
        let host = self.address.place();
        if self.follow.is_cancelled() {
            return GitError::Cancelled;
        }
        match (error.code(), error.class()) {
            (ErrorCode::Auth, _) => GitError::NotAccepted { host },
            (ErrorCode::Certificate, _) => GitError::Untrusted { host },
            (ErrorCode::NotFastForward, _) => GitError::Rejected {
                host,
                reference: "the branch".to_owned(),
                reason: "it has commits that are not here".to_owned(),
            },
            (
                _,
                ErrorClass::Net
                | ErrorClass::Http
                | ErrorClass::Ssh
                | ErrorClass::Ssl
                | ErrorClass::Os,
            ) => GitError::Unreachable { host, reason: error.message().to_owned() },
            _ => error.into(),
        }
    }
}

/// The same push as a command of git's, which is to be typed as it is.
fn push_of_git(remote: &str, specs: &[String]) -> String {
    let mut command = format!("git push {}", for_shell(remote));
    for spec in specs {
        let short = match spec.split_once(':') {
            Some((from, to)) if from == to => from.strip_prefix("refs/heads/").unwrap_or(from),
            _ => spec.as_str(),
        };
        command.push(' ');
        command.push_str(&for_shell(short));
    }
    command
}

/// A name as one word of a shell: who made a repository has named its branches.
fn for_shell(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

fn lacks_history() -> GitError {
    RepoError::Shallow { what: "what the other side has".to_owned() }.into()
}

fn is_about_objects(error: &git2::Error) -> bool {
    matches!(error.class(), ErrorClass::Reference | ErrorClass::Odb)
        || error.code() == ErrorCode::NotFound
}

/// What a remote has said that it has. It is still known when the connection is over.
fn shown_by(remote: &Remote<'_>) -> Result<Shown, git2::Error> {
    let heads = remote.list()?;
    Ok(heads.iter().map(|head| (head.name().to_owned(), head.oid())).collect())
}

/// The proxy of the user's own configuration or of the environment. Nothing on this computer is behind one.
fn proxy(address: &Address) -> Option<ProxyOptions<'static>> {
    if address.is_loopback() || !address.text().starts_with("http") {
        return None;
    }
    let configured =
        Config::open_default().ok().and_then(|config| config.get_string("http.proxy").ok());
    let named = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let from_environment = || named.iter().find_map(|name| std::env::var(name).ok());
    let url = configured.or_else(from_environment)?;
    // A zero byte would end the text early for libgit2.
    if url.is_empty() || url.contains('\0') {
        return None;
    }
    let mut options = ProxyOptions::new();
    options.url(&url);
    Some(options)
}
