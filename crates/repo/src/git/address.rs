//! Addresses of other repositories: which are used, and how they are shown.
//!
//! An address decides who gets a person's login, and git has addresses that run programs (`ext::`). So there is a short
//! list of kinds, and what is not on it is refused: `https`, `ssh` (also as `git@host:path`), `file` and folders, and
//! plain `http` on this computer only. Passwords do not belong into an address, where git writes them to disk.

use std::fmt;
use std::path::Path;

use url::{Host, Url};

use super::GitError;

/// The longest address that is read.
const MAX_LENGTH: usize = 2_000;

/// The address of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    host: Option<String>,
    is_loopback: bool,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`GitError::BadAddress`] with the reason.
    pub fn parse(text: &str) -> Result<Self, GitError> {
        let bad = |reason| GitError::BadAddress { url: shown(text), reason };
        if text.len() > MAX_LENGTH {
            return Err(bad("it is too long"));
        }
        if text.is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(bad("it is no address"));
        }
        if Path::new(text).is_absolute() {
            return Ok(Self::local(text));
        }
        if text.contains("://") {
            return of_url(text, &bad);
        }
        of_shorthand(text, &bad)
    }

    /// A folder of this computer.
    fn local(text: &str) -> Self {
        Self { text: text.to_owned(), host: None, is_loopback: true }
    }

    /// The address as git takes it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The other computer; none of a folder.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The other computer as a URL, without whom it is asked for; none of a folder.
    pub fn url(&self) -> Option<String> {
        let host = self.host()?;
        let Ok(url) = Url::parse(&self.text) else { return Some(format!("ssh://{host}/")) };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}://{host}{port}/", url.scheme()))
    }

    /// Whether nothing but this computer is asked.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// What messages name: the other computer, or the folder.
    pub(super) fn place(&self) -> String {
        self.host.clone().unwrap_or_else(|| self.text.clone())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&shown(&self.text))
    }
}

/// An address without what may be a password.
fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if url.password().is_some() => {
            // Only an address that cannot have a user refuses this, and then it has no password.
            let _ = url.set_password(None);
            url.into()
        }
        _ => text.chars().take(MAX_LENGTH).collect(),
    }
}

fn of_url(text: &str, bad: &dyn Fn(&'static str) -> GitError) -> Result<Address, GitError> {
    let url = Url::parse(text).map_err(|_| bad("it is no address"))?;
    if url.password().is_some() {
        return Err(bad(
            "a password in an address is written to disk; keep it in a credential store",
        ));
    }
    if url.scheme() == "file" {
        return Ok(Address::local(text));
    }
    let host = url.host().ok_or_else(|| bad("it names no host"))?;
    let is_loopback = is_loopback(&host);
    let host = host.to_string();
    require_host(&host, bad)?;
    match url.scheme() {
        "https" | "ssh" => {}
        "http" if is_loopback => {}
        "http" => return Err(bad("http sends logins in the clear; use https")),
        _ => return Err(bad("only https, ssh, file and folders are used")),
    }
    Ok(Address { text: text.to_owned(), host: Some(host), is_loopback })
}

/// `user@host:path`, as ssh has it.
fn of_shorthand(text: &str, bad: &dyn Fn(&'static str) -> GitError) -> Result<Address, GitError> {
    let no_address = || bad("only https, ssh, file and folders with their whole path are used");
    let (login, path) = text.split_once(':').ok_or_else(no_address)?;
    if path.is_empty() || path.starts_with(':') || login.contains('/') {
        return Err(no_address());
    }
    let (user, host) = login.split_once('@').ok_or_else(no_address)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if user.is_empty() || user.starts_with('-') || !user.chars().all(is_plain) {
        return Err(no_address());
    }
    if !host.chars().all(is_plain) {
        return Err(no_address());
    }
    require_host(host, bad)?;
    let is_loopback = Url::parse(&format!("ssh://{host}/"))
        .is_ok_and(|url| url.host().is_some_and(|host| is_loopback(&host)));
    Ok(Address { text: text.to_owned(), host: Some(host.to_owned()), is_loopback })
}

/// A host that begins with a dash would be an option of whatever program it is handed to.
fn require_host(host: &str, bad: &dyn Fn(&'static str) -> GitError) -> Result<(), GitError> {
    if host.is_empty() || host.starts_with('-') { Err(bad("it names no host")) } else { Ok(()) }
}

/// Schemes that are not the web's keep an address of numbers as a name.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check(text: &str, host: Option<&str>, loopback: bool) {
        let address = Address::parse(text).unwrap();
        assert_eq!((address.host(), address.is_loopback()), (host, loopback), "{text}");
    }

    fn refused(text: &str) -> String {
        Address::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_kinds_of_address_that_people_have_are_read() {
        check("https://git.example.com/a/b.git", Some("git.example.com"), false);
        check("ssh://git@git.example.com:2222/a.git", Some("git.example.com"), false);
        check("git@git.example.com:a/b.git", Some("git.example.com"), false);
        check("file:///srv/git/a.git", None, true);
        check("/srv/git/a.git", None, true);
        check("http://127.0.0.1:8080/a.git", Some("127.0.0.1"), true);
        check("ssh://git@127.0.0.1:2222/a.git", Some("127.0.0.1"), true);
        check("git@localhost:a.git", Some("localhost"), true);
    }

    #[test]
    fn addresses_that_run_programs_or_look_like_options_are_refused() {
        for text in [
            "ext::sh -c touch% /tmp/x",
            "fd::7",
            "--upload-pack=touch x",
            "ssh://-oProxyCommand=x/a",
            "git@-oProxyCommand=x:a",
            "-x@host:a",
            "git://git.example.com/a.git",
            "ftp://git.example.com/a.git",
            "../beside",
            "host:path",
            "",
            "https://git.example.com/a\nb",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_password_is_neither_taken_nor_repeated() {
        let message = refused("https://ada:s3cret@git.example.com/a.git");
        assert!(message.contains("credential store"), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }

    #[test]
    fn plain_http_leaves_no_computer() {
        assert!(refused("http://git.example.com/a.git").contains("https"));
    }
}
