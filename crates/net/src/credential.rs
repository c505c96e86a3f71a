//! A key and the one origin it may be sent to.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::Origin;

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
        if length < 16 {
            return String::new();
        }
        secret.chars().skip(length - 4).collect()
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
}
