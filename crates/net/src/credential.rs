//! A key, the one origin it may be sent to, and the header that carries it.

use std::fmt;
use std::str::FromStr;

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::redact::{self, SHORTEST_TELLING_SECRET};
use crate::{NetError, Origin};

/// The header that carries a key, which differs from provider to provider.
///
/// Written as a text in settings: `bearer`, or the name of the header (`x-api-key`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum KeyPlace {
    /// `Authorization: Bearer KEY` (RFC 6750): OpenAI and whatever is compatible with it.
    #[default]
    Bearer,
    /// `x-api-key: KEY`: Anthropic.
    XApiKey,
    /// `x-goog-api-key: KEY`: Gemini. Never `?key=`, which ends up in the logs of every proxy.
    XGoogApiKey,
    /// `api-key: KEY`: Azure OpenAI.
    ApiKey,
    /// Any other header, as a custom HTTP model wants it. A name that cannot carry a key is refused when it is sent
    /// with [`NetError::Header`]; [`KeyPlace::from_str`] refuses it at once.
    Header(String),
}

/// What a request needs to be whole: a key in one of these would break it, or show the key to whoever is between.
const NO_PLACE_FOR_KEYS: [&str; 14] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "accept",
    "user-agent",
    "referer",
];

impl KeyPlace {
    /// The header's name, in lower case for the known ones.
    pub fn header_name(&self) -> &str {
        match self {
            KeyPlace::Bearer => "authorization",
            KeyPlace::XApiKey => "x-api-key",
            KeyPlace::XGoogApiKey => "x-goog-api-key",
            KeyPlace::ApiKey => "api-key",
            KeyPlace::Header(name) => name,
        }
    }

    fn header(&self) -> Result<HeaderName, NetError> {
        let refused = || NetError::Header { name: self.header_name().to_owned() };
        let name: HeaderName = self.header_name().parse().map_err(|_| refused())?;
        if NO_PLACE_FOR_KEYS.contains(&name.as_str()) { Err(refused()) } else { Ok(name) }
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == KeyPlace::Bearer { "bearer" } else { self.header_name() })
    }
}

impl FromStr for KeyPlace {
    type Err = NetError;

    /// Reads what [`KeyPlace`]'s `Display` writes, in any case.
    fn from_str(text: &str) -> Result<KeyPlace, NetError> {
        let place = match text.trim().to_ascii_lowercase().as_str() {
            "bearer" => KeyPlace::Bearer,
            "x-api-key" => KeyPlace::XApiKey,
            "x-goog-api-key" => KeyPlace::XGoogApiKey,
            "api-key" => KeyPlace::ApiKey,
            other => KeyPlace::Header(other.to_owned()),
        };
        place.header().map(|_| place)
    }
}

/// A secret bound to exactly one [`Origin`]. Wiped from memory when dropped; `Debug` shows the origin only.
#[derive(Clone)]
pub struct Credential {
    origin: Origin,
    secret: SecretString,
    place: KeyPlace,
}

impl Credential {
    /// Binds `secret` to `origin`. White space around the secret, as pasting leaves it, is dropped.
    pub fn new(origin: Origin, secret: impl Into<String>) -> Credential {
        Credential::bind(origin, SecretString::from(secret.into()))
    }

    /// [`Credential::new`] for a secret that is one already.
    pub(crate) fn bind(origin: Origin, secret: SecretString) -> Credential {
        let secret = match secret.expose_secret() {
            text if text.trim().len() == text.len() => secret,
            text => SecretString::from(text.trim()),
        };
        Credential { origin, secret, place: KeyPlace::default() }
    }

    /// The same key, sent in another header than `Authorization: Bearer`.
    #[must_use]
    pub fn sent_as(self, place: KeyPlace) -> Credential {
        Credential { place, ..self }
    }

    /// The only origin this key may go to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The header that carries this key.
    pub fn place(&self) -> &KeyPlace {
        &self.place
    }

    /// The last four characters, for a person to recognise the key by; nothing of a key too short to spare four.
    pub fn hint(&self) -> String {
        redact::hint(&self.secret)
    }

    /// `text` with every occurrence of the secret taken out, for what a server sent back and we are about to keep.
    ///
    /// A secret too short to be told from an ordinary word (`ollama`, as some local servers want) is left alone.
    pub fn redact(&self, text: Vec<u8>) -> Vec<u8> {
        let secret = self.secret.expose_secret().as_bytes();
        if secret.len() < SHORTEST_TELLING_SECRET {
            return text;
        }
        let Some(first) = find(&text, secret) else { return text };
        let mut clean = text[..first].to_vec();
        let mut rest = &text[first..];
        while let Some(at) = find(rest, secret) {
            clean.extend_from_slice(&rest[..at]);
            clean.extend_from_slice(b"[key]");
            rest = &rest[at + secret.len()..];
        }
        clean.extend_from_slice(rest);
        clean
    }

    /// The header to send, marked as sensitive so that no log of the transport shows it.
    pub(crate) fn to_header(&self) -> Result<(HeaderName, HeaderValue), NetError> {
        let name = self.place.header()?;
        let secret = self.secret.expose_secret();
        let value = match self.place {
            KeyPlace::Bearer => HeaderValue::try_from(format!("Bearer {secret}")),
            _ => HeaderValue::try_from(secret),
        };
        let mut value =
            value.map_err(|_| NetError::UnusableCredential { origin: self.origin.clone() })?;
        value.set_sensitive(true);
        Ok((name, value))
    }

    /// The secret itself. Stays inside this crate.
    pub(crate) fn secret(&self) -> &SecretString {
        &self.secret
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("origin", &self.origin)
            .field("place", &self.place)
            .field("secret", &"[redacted]")
            .finish()
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    // Looking for the first byte alone is fast, and keys start with few letters.
    while let Some(at) = haystack[from..].iter().position(|byte| *byte == first) {
        let start = from + at;
        if haystack[start..].starts_with(needle) {
            return Some(start);
        }
        from = start + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(secret: &str) -> Credential {
        Credential::new(Origin::parse("https://api.example.com").expect("valid"), secret)
    }

    #[test]
    fn debug_shows_the_origin_and_never_the_secret() {
        let text = format!("{:?}", bound("sk-canary-0123456789"));
        assert!(text.contains("https://api.example.com"), "{text}");
        assert!(!text.contains("canary") && !text.contains("6789"), "{text}");
    }

    #[test]
    fn a_pasted_line_end_is_no_part_of_the_key() {
        assert_eq!(bound(" sk-canary\n").secret().expose_secret(), "sk-canary");
    }

    #[test]
    fn a_hint_is_the_last_four_characters_of_a_long_key_only() {
        assert_eq!(bound("sk-canary-0123456789").hint(), "6789");
        assert_eq!(bound("short-key").hint(), "");
    }

    #[test]
    fn an_echoed_key_is_taken_out_of_what_is_kept() {
        let key = bound("sk-canary-0123456789");
        let redact = |text: &str| String::from_utf8(key.redact(text.into())).expect("text");
        assert_eq!(redact("no key, sk-canary-012345678"), "no key, sk-canary-012345678");
        assert_eq!(
            redact("a sk-canary-0123456789 b ssk-canary-0123456789sk-canary-0123456789"),
            "a [key] b s[key][key]"
        );
        assert_eq!(bound("ollama").redact(b"ollama".to_vec()), b"ollama");
    }

    #[track_caller]
    fn sends(place: KeyPlace, name: &str, value: &str) {
        let (header, sent) = bound("sk-canary").sent_as(place).to_header().expect("a header");
        assert_eq!((header.as_str(), sent.to_str().expect("text")), (name, value));
        assert!(sent.is_sensitive(), "{name} would show in the transport's logs");
    }

    #[test]
    fn each_place_is_one_header() {
        sends(KeyPlace::default(), "authorization", "Bearer sk-canary");
        sends(KeyPlace::XApiKey, "x-api-key", "sk-canary");
        sends(KeyPlace::XGoogApiKey, "x-goog-api-key", "sk-canary");
        sends(KeyPlace::ApiKey, "api-key", "sk-canary");
        sends(KeyPlace::Header("X-Token".to_owned()), "x-token", "sk-canary");
    }

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for place in [
            KeyPlace::Bearer,
            KeyPlace::XApiKey,
            KeyPlace::XGoogApiKey,
            KeyPlace::ApiKey,
            KeyPlace::Header("x-token".to_owned()),
        ] {
            assert_eq!(place.to_string().parse::<KeyPlace>().expect("its own text"), place);
        }
        assert_eq!(" X-API-Key".parse::<KeyPlace>().expect("any case"), KeyPlace::XApiKey);
    }

    #[test]
    fn what_makes_a_request_whole_is_no_place_for_a_key() {
        for name in ["", "two words", "x:y", "line\nend", "Host", "Content-Length", "expect"] {
            assert!(name.parse::<KeyPlace>().is_err(), "{name:?} was taken");
            let unchecked = bound("sk-canary").sent_as(KeyPlace::Header(name.to_owned()));
            assert!(matches!(unchecked.to_header(), Err(NetError::Header { .. })), "{name:?}");
        }
    }
}
