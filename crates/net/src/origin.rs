//! Where a request goes: scheme, host and port, the unit to which a key is bound.

use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};
use url::{Host, Url};

/// Scheme, host and port of a URL, compared exactly: `https://a.example` and `https://a.example.` are two origins.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
    loopback: bool,
}

/// Why a text or URL is not an origin that Assay talks to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a URL at all.
    #[error("`{text}` is not a URL: {reason}")]
    NotAUrl {
        /// What was given.
        text: String,
        /// What the URL parser found wrong.
        reason: String,
    },
    /// Plain HTTP to another machine, or a scheme that is not HTTP.
    #[error("`{origin}` must use https (plain http is for this machine only)")]
    Insecure {
        /// The refused origin.
        origin: Origin,
    },
    /// A user name or password in the URL, which a client would send as a credential of its own.
    #[error("the URL of `{origin}` holds a user name or password; keys are set apart from URLs")]
    UserInfo {
        /// The origin behind the user name.
        origin: Origin,
    },
}

impl Origin {
    /// The origin of a URL given as text, if it is one that Assay talks to: `https`, or anything on this machine.
    pub fn parse(text: &str) -> Result<Origin, OriginError> {
        let url = Url::parse(text.trim()).map_err(|error| OriginError::NotAUrl {
            text: text.to_owned(),
            reason: error.to_string(),
        })?;
        Origin::allowed(&url)
    }

    /// The origin of any URL, allowed or not.
    pub fn of(url: &Url) -> Origin {
        Origin {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
            loopback: url.host().is_some_and(|host| is_loopback(&host)),
        }
    }

    /// Whether the host is this machine: 127.0.0.0/8, ::1, `localhost` and names below it.
    ///
    /// The names are safe to trust because the client never asks a resolver about them.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The origin of `url`, unless the URL may not be contacted.
    pub(crate) fn allowed(url: &Url) -> Result<Origin, OriginError> {
        let origin = Origin::of(url);
        let secure = origin.scheme == "https" || (origin.scheme == "http" && origin.loopback);
        if !secure || origin.host.is_empty() {
            return Err(OriginError::Insecure { origin });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::UserInfo { origin });
        }
        Ok(origin)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    fn default_port(&self) -> Option<u16> {
        match self.scheme.as_str() {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) if self.port != self.default_port() => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a name is one that RFC 6761 reserves for this machine.
pub(crate) fn is_localhost_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_localhost_name(name),
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.is_loopback(),
            None => address.is_loopback(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn accepts(text: &str, expected: &str) {
        match Origin::parse(text) {
            Ok(origin) => assert_eq!(origin.to_string(), expected),
            Err(error) => panic!("{text} was refused: {error}"),
        }
    }

    #[track_caller]
    fn refuses(text: &str) {
        assert!(Origin::parse(text).is_err(), "{text} must be refused");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_without_the_path() {
        accepts("https://api.example.com/v1", "https://api.example.com");
        accepts("https://API.example.com:443/", "https://api.example.com");
        accepts("https://api.example.com:8443/v1?x=1", "https://api.example.com:8443");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        accepts("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080");
        accepts("http://localhost/v1", "http://localhost");
        accepts("http://api.localhost:1/", "http://api.localhost:1");
        accepts("http://[::1]:9/", "http://[::1]:9");
        refuses("http://api.example.com/v1");
        refuses("http://localhost.example.com/");
        refuses("http://127.0.0.1.example.com/");
        refuses("http://0.0.0.0:80/");
        refuses("http://192.168.0.1/");
        refuses("http://[::ffff:10.0.0.1]/");
        refuses("ftp://127.0.0.1/");
        refuses("file:///etc/passwd");
        refuses("api.example.com/v1");
    }

    #[test]
    fn a_user_name_cannot_dress_one_host_as_another() {
        refuses("https://api.example.com@evil.example/v1");
        refuses("https://user:pass@api.example.com/v1");
    }

    #[test]
    fn look_alikes_are_other_origins() {
        let real = Origin::parse("https://api.example.com/v1").expect("valid");
        for other in [
            "https://api.example.com./v1",
            "https://api.example.com:444/v1",
            "https://api.example.com.evil.example/v1",
            "https://аpi.example.com/v1", // a Cyrillic letter
            "https:\\\\evil.example\\api.example.com",
        ] {
            assert_ne!(Origin::parse(other).expect(other), real, "{other}");
        }
    }
}
