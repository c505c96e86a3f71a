//! A key and the one origin it may be sent to.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::Origin;

/// Keys of hosted providers are longer; what local servers take as a key is mostly shorter, and often a word.
const SHORTEST_TELLING_SECRET: usize = 16;

/// A secret bound to exactly one [`Origin`]. Wiped from memory when dropped; `Debug` shows the origin only.
#[derive(Clone)]
pub struct Credential {
    origin: Origin,
    secret: SecretString,
}

impl Credential {
    /// Binds `secret` to `origin`. White space around the secret, as pasting leaves it, is dropped.
    pub fn new(origin: Origin, secret: impl Into<String>) -> Credential {
        let secret = SecretString::from(secret.into());
        Credential {
            origin,
            secret: match secret.expose_secret() {
                text if text.trim().len() == text.len() => secret,
                text => SecretString::from(text.trim()),
            },
        }
    }

    /// The only origin this key may go to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The last four characters, for a person to recognise the key by; nothing of a key too short to spare four.
    pub fn hint(&self) -> String {
        let secret = self.secret.expose_secret();
        let length = secret.chars().count();
        if length < SHORTEST_TELLING_SECRET {
            return String::new();
        }
        secret.chars().skip(length - 4).collect()
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

    /// The secret itself. Stays inside this crate: only the sender may read it.
    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("origin", &self.origin)
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
        assert_eq!(bound(" sk-canary\n").expose(), "sk-canary");
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
}
