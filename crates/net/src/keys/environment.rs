//! Keys from environment variables, each read once.
//!
//! Once, so that what a variable holds when it is first asked for is what counts, whatever changes later.

use std::collections::HashMap;
use std::env::VarError;
use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};

use super::KeysError;

type Read = dyn Fn(&str) -> Result<String, VarError> + Send + Sync;

/// What was read so far, `None` for a variable that is not set.
pub(super) struct Environment {
    read: Box<Read>,
    seen: Mutex<HashMap<String, Option<SecretString>>>,
}

impl Environment {
    pub(super) fn of_process() -> Environment {
        Environment::reading(|variable| std::env::var(variable))
    }

    /// An environment that answers as `read` does.
    pub(super) fn reading(
        read: impl Fn(&str) -> Result<String, VarError> + Send + Sync + 'static,
    ) -> Environment {
        Environment { read: Box::new(read), seen: Mutex::default() }
    }

    /// The variable's value without white space around it; `None` when it is not set, or set to nothing.
    pub(super) fn get(&self, variable: &str) -> Result<Option<SecretString>, KeysError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen.get(variable) {
            return Ok(known.clone());
        }
        let value = match (self.read)(variable) {
            Ok(value) => Some(SecretString::from(value)),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                return Err(KeysError::Environment { variable: variable.to_owned() });
            }
        };
        let trimmed = value.map(|value| SecretString::from(value.expose_secret().trim()));
        let secret = trimmed.filter(|value| !value.expose_secret().is_empty());
        seen.insert(variable.to_owned(), secret.clone());
        Ok(secret)
    }
}
