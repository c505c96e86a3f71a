//! Logins from the user's own agents and stores, and from nowhere else.
//!
//! Ssh keys come from the agent. Names and passwords come from `git credential`, which asks the helpers of the user's own
//! configuration; a repository's `.git/config` may name helpers too, and they are programs. So git is started in a new,
//! empty folder that no repository is around, and is told nothing that would lead it back to one. It may not ask at a
//! terminal. Libgit2's own helper code is not used: it takes whatever configuration it is given.
//!
//! What is asked for is bound to the address that the person confirmed, not to what a server calls itself.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use git2::{Cred, CredentialType, ErrorClass, ErrorCode};
use url::Url;
use zeroize::Zeroizing;

use super::{Address, Follow};

/// How long a store may take; some ask the person.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether the person has stopped waiting.
const GLANCE: Duration = Duration::from_millis(100);
/// No login is longer.
const MAX_ANSWER: u64 = 64 << 10;

/// What would lead git to a repository, were it in the environment.
const REPOSITORY_VARIABLES: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
];

/// The logins that one connection may try, each once.
pub(super) struct Logins<'a> {
    address: &'a Address,
    follow: &'a dyn Follow,
    agent_asked: bool,
    store_asked: bool,
    /// What the store gave: it is told whether that was right.
    given: Option<Zeroizing<String>>,
}

impl<'a> Logins<'a> {
    pub(super) fn new(address: &'a Address, follow: &'a dyn Follow) -> Self {
        Self { address, follow, agent_asked: false, store_asked: false, given: None }
    }

    /// The next login to try. Libgit2 asks again for as long as the other side refuses.
    pub(super) fn next(
        &mut self,
        user: Option<&str>,
        allowed: CredentialType,
    ) -> Result<Cred, git2::Error> {
        if allowed.is_username() {
            return Cred::username(user.unwrap_or("git"));
        }
        if allowed.is_ssh_key() && !self.agent_asked {
            self.agent_asked = true;
            return Cred::ssh_key_from_agent(user.unwrap_or("git"));
        }
        if allowed.is_user_pass_plaintext() && !self.store_asked {
            self.store_asked = true;
            return self.stored(user).ok_or_else(none_left);
        }
        Err(none_left())
    }

    fn stored(&mut self, user: Option<&str>) -> Option<Cred> {
        let question = question(self.address, user)?;
        let answer = ask("fill", &question, self.follow)?;
        let name = field(&answer, "username")?;
        let cred = Cred::userpass_plaintext(name, field(&answer, "password")?).ok();
        self.given = Some(answer);
        cred
    }

    /// Tells the store whether what it gave was accepted, so that it keeps or forgets it.
    pub(super) fn settle(&mut self, accepted: bool) {
        if let Some(given) = self.given.take() {
            let verdict = if accepted { "approve" } else { "reject" };
            // A store that cannot be told gives the same login the next time, which harms nobody.
            let _ = ask(verdict, &given, self.follow);
        }
    }
}

fn none_left() -> git2::Error {
    git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, "no login is left to try")
}

/// What git's credential protocol wants to know. Only web addresses have passwords in stores.
fn question(address: &Address, user: Option<&str>) -> Option<Zeroizing<String>> {
    let url = Url::parse(address.text()).ok().filter(|url| url.scheme().starts_with("http"))?;
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    let path = url.path().trim_start_matches('/');
    let mut text = format!("protocol={}\nhost={host}\npath={path}\n", url.scheme());
    let user = user.filter(|user| !user.is_empty() && !user.chars().any(char::is_control));
    if let Some(user) = user {
        text.push_str(&format!("username={user}\n"));
    }
    text.push('\n');
    Some(Zeroizing::new(text))
}

/// The value of a line `name=value`.
fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

/// Asks `git credential`; nothing when it knows nothing, takes too long, or the person stopped waiting.
fn ask(action: &str, question: &str, follow: &dyn Follow) -> Option<Zeroizing<String>> {
    let nowhere = tempfile::tempdir().ok()?;
    let mut command = Command::new("git");
    command.args(["credential", action]).current_dir(nowhere.path());
    for variable in REPOSITORY_VARIABLES {
        command.env_remove(variable);
    }
    command
        // The folders above are not looked at either.
        .env("GIT_CEILING_DIRECTORIES", nowhere.path().parent()?)
        .env("GIT_TERMINAL_PROMPT", "0")
        // Set and empty: no other program that asks is looked for.
        .env("GIT_ASKPASS", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    child.stdin.take()?.write_all(question.as_bytes()).ok()?;
    let answer = wait(&mut child, follow);
    if answer.is_none() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
    }
    child.wait().ok().filter(std::process::ExitStatus::success)?;
    answer
}

/// What a child says until it ends.
fn wait(child: &mut Child, follow: &dyn Follow) -> Option<Zeroizing<String>> {
    let out = child.stdout.take()?;
    let (said, hear) = channel();
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(String::new());
        if out.take(MAX_ANSWER).read_to_string(&mut text).is_ok() {
            // Nobody listens any more when the person stopped waiting.
            let _ = said.send(text);
        }
    });
    let begun = Instant::now();
    loop {
        match hear.recv_timeout(GLANCE) {
            Ok(text) => return Some(text),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout)
                if follow.is_cancelled() || begun.elapsed() > PATIENCE =>
            {
                return None;
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_store_is_asked_for_the_confirmed_address() {
        let address = Address::parse("https://git.example.com:8443/a/b.git").unwrap();
        let text = question(&address, Some("ada")).unwrap();
        let expected = "protocol=https\nhost=git.example.com:8443\npath=a/b.git\nusername=ada\n\n";
        assert_eq!(text.as_str(), expected);
    }

    #[test]
    fn a_name_that_would_add_a_line_is_left_out() {
        let address = Address::parse("https://git.example.com/a").unwrap();
        let text = question(&address, Some("ada\nhost=evil.example")).unwrap();
        assert!(!text.contains("evil"), "{}", text.as_str());
    }

    #[test]
    fn no_store_is_asked_about_ssh() {
        let address = Address::parse("ssh://git@git.example.com/a").unwrap();
        assert!(question(&address, None).is_none());
    }

    #[test]
    fn an_answer_is_read_by_its_names() {
        let answer = "protocol=https\nusername=ada\npassword=a=b\n";
        assert_eq!(
            (field(answer, "username"), field(answer, "password")),
            (Some("ada"), Some("a=b"))
        );
        assert_eq!(field(answer, "user"), None);
    }
}
