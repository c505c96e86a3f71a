//! What this machine has of what Assay needs: its folder and disk, places for keys, models, who commits.
//!
//! Only looks: nothing is sent, and nothing is mended. Whether a provider answers is a test of its own, because it may
//! cost something.

use std::path::Path;

use assay_local::{EMBEDDER_ID, MODEL_ID};
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

/// What installs the embedded models.
const INSTALL: &str =
    "`assay models install FOLDER` takes their files from a folder that has them.";

impl Answer<ReadMachine> for App {
    fn answer(&self, _: ReadMachine) -> Result<MachineView, ApiError> {
        let models = self.models_view()?;
        let mut findings = vec![
            self.database(),
            self.disk(),
            os_keys(&models.keys.os),
            key_file(&models.keys),
            answering(&models.local),
            embedding(&self.inner.folders.models),
            committer(),
        ];
        findings.extend(models.providers.iter().map(provider));
        Ok(MachineView { findings })
    }
}

impl App {
    fn database(&self) -> FindingView {
        let folder = self.inner.folders.data.display();
        match self.inner.store.damage() {
            Ok(damage) if damage.is_empty() => found(
                "database",
                Fitness::Ok,
                format!("runs and settings are in {folder}, and whole"),
            ),
            Ok(damage) => {
                found("database", Fitness::Broken, format!("it is damaged: {}", damage.join("; ")))
                    .hint(format!("Keep a copy of {folder} before anything else is done."))
            }
            Err(error) => of_error("database", error.explain()),
        }
    }

    fn disk(&self) -> FindingView {
        match self.inner.store.check_space() {
            Ok(()) => found("disk", Fitness::Ok, "there is room for runs"),
            Err(error) => of_error("disk", error.explain()),
        }
    }
}

fn os_keys(os: &OsKeysView) -> FindingView {
    const SUBJECT: &str = "system's key store";
    if os.available {
        return found(SUBJECT, Fitness::Ok, "it answers, and keeps keys");
    }
    found(SUBJECT, Fitness::Missing, os.reason.as_deref().unwrap_or("it does not answer"))
        .hint("Keys can be kept in an encrypted file: `assay keys set NAME --place file`.")
}

fn key_file(keys: &KeysStatusView) -> FindingView {
    const SUBJECT: &str = "key file";
    let Some(place) = &keys.path else {
        return found(SUBJECT, Fitness::Ok, "key files are switched off");
    };
    match &keys.file {
        KeyFileView::Absent => {
            found(SUBJECT, Fitness::Ok, format!("there is none; it would be {place}"))
        }
        KeyFileView::Locked => {
            found(SUBJECT, Fitness::Ok, format!("{place} waits for its passphrase"))
        }
        KeyFileView::Unlocked => found(SUBJECT, Fitness::Ok, format!("{place} is unlocked")),
        KeyFileView::Unusable(why) => found(SUBJECT, Fitness::Broken, format!("{place}: {why}")),
    }
}

fn answering(local: &LocalModelView) -> FindingView {
    const SUBJECT: &str = "embedded model";
    match local.installed {
        true => found(SUBJECT, Fitness::Ok, format!("{MODEL_ID} is at {}", local.path)),
        false => found(SUBJECT, Fitness::Missing, format!("{MODEL_ID} is not at {}", local.path))
            .hint(INSTALL),
    }
}

fn embedding(models: &Path) -> FindingView {
    const SUBJECT: &str = "embedding model";
    match assay_local::embedder_path(models) {
        Some(folder) => {
            found(SUBJECT, Fitness::Ok, format!("{EMBEDDER_ID} is in {}", folder.display()))
        }
        None => {
            let message = format!("{EMBEDDER_ID} is not in {}", models.display());
            found(SUBJECT, Fitness::Missing, message).hint(INSTALL)
        }
    }
}

fn committer() -> FindingView {
    match assay_repo::known_identity() {
        Some(who) => {
            found("git", Fitness::Ok, format!("commits are by {} <{}>", who.name, who.email))
        }
        None => found("git", Fitness::Missing, "nobody is known to commit")
            .hint("git config --global user.name \"Your Name\", and user.email you@example.com"),
    }
}

fn provider(provider: &ProviderView) -> FindingView {
    let ProviderView { name, base_url, key, .. } = provider;
    let subject = format!("provider {name}");
    match (&key.trouble, key.place.is_some() || !key.needed) {
        (Some(trouble), _) => found(subject, Fitness::Broken, trouble),
        (None, true) => {
            let message = format!("{base_url}; `assay models test {name}` asks it");
            found(subject, Fitness::Ok, message)
        }
        (None, false) => found(subject, Fitness::Missing, format!("{base_url} has no key"))
            .hint(format!("`assay keys set {name}`")),
    }
}

fn found(subject: impl Into<String>, fitness: Fitness, message: impl Into<String>) -> FindingView {
    FindingView::new(subject, fitness, message)
}

fn of_error(subject: &str, error: ApiError) -> FindingView {
    FindingView {
        hint: error.hints.into_iter().next(),
        ..found(subject, Fitness::Broken, error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_its_key_is_missing_one_and_says_how_to_set_it() {
        let found = provider(&ProviderView {
            name: "work".to_owned(),
            preset: "anthropic".to_owned(),
            wire: "anthropic".to_owned(),
            base_url: "https://api.example.com/v1".to_owned(),
            key: KeyView { needed: true, ..KeyView::default() },
            models: Vec::new(),
            limits: LimitsView::default(),
            times: TimesView::default(),
            custom: None,
            key_header: None,
            test_calls: false,
        });
        assert_eq!((found.subject.as_str(), found.fitness), ("provider work", Fitness::Missing));
        assert_eq!(found.hint.as_deref(), Some("`assay keys set work`"));
    }

    #[test]
    fn a_key_file_that_cannot_be_used_is_broken_and_one_that_is_not_there_is_not() {
        let file = |file: KeyFileView| {
            let os = OsKeysView { available: true, reason: None };
            key_file(&KeysStatusView { os, file, path: Some("/k.age".to_owned()) })
        };
        assert_eq!(file(KeyFileView::Absent).fitness, Fitness::Ok);
        let damaged = file(KeyFileView::Unusable("it is damaged".to_owned()));
        assert_eq!(damaged.fitness, Fitness::Broken);
        assert_eq!(damaged.message, "/k.age: it is damaged");
    }
}
