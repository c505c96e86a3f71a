//! Statements on their way: which logs a sync sends, and what a person is told of them.
//!
//! Only logs that were signed here are sent: nobody else moves a log forward, so no push of statements conflicts.

use assay_repo::git::Statements;
use assay_repo::review::refs::Adopted;
use assay_wire::ApiError;

use crate::app::{App, Open};
use crate::error::Explain;

/// How much of a key's fingerprint a sentence shows.
const SHOWN_OF_LOG: usize = 8;

/// The setting that holds the keys that signed in a repository on this machine.
pub(super) const KEYS_USED: Setting = Setting("statement-keys");

/// A setting of one repository.
pub(super) struct Setting(pub &'static str);

impl Setting {
    pub fn of(&self, root: &str) -> String {
        format!("{} {root}", self.0)
    }
}

impl App {
    /// The logs that keys signed in here, on this machine: those that a sync sends.
    pub(crate) fn own_logs(&self, open: &Open) -> Result<Vec<String>, ApiError> {
        let used = self.lines_of_setting(&KEYS_USED.of(&open.root()))?;
        let logs = open.workspace.logs().map_err(|e| e.explain())?;
        Ok(logs.into_iter().filter(|log| used.contains(log)).collect())
    }

    /// Adds a line to a setting that holds several, once.
    pub(super) fn add_to_setting(&self, setting: &str, line: &str) -> Result<(), ApiError> {
        let mut lines = self.lines_of_setting(setting)?;
        if lines.iter().any(|known| known == line) {
            return Ok(());
        }
        lines.push(line.to_owned());
        self.inner.store.set_setting(setting, &lines.join("\n")).map_err(|e| e.explain())
    }

    pub(super) fn lines_of_setting(&self, setting: &str) -> Result<Vec<String>, ApiError> {
        let stored = self.inner.store.setting(setting).map_err(|e| e.explain())?;
        Ok(stored.unwrap_or_default().lines().map(str::to_owned).collect())
    }
}

/// What a person is told of statements after a sync. Nothing where everything went as always.
pub(crate) fn statement_notes(statements: &Statements) -> Vec<String> {
    let mut notes = Vec::new();
    if statements.followed {
        notes.push("from now on plain `git fetch` brings signed statements too: they were added to what this repository fetches".to_owned());
    }
    if let Some(reason) = &statements.on_branches {
        notes.push(format!(
            "your statements are on branches `assay/log/…` there, because it refuses references of their own: {reason}"
        ));
    }
    if let Some(reason) = &statements.unsent {
        notes.push(format!("your statements could not be sent: {reason}"));
    }
    notes.extend(statements.alarms.iter().filter_map(|(log, found)| alarm(log, *found)));
    notes
}

/// What is wrong with a log on the other side.
fn alarm(log: &str, found: Adopted) -> Option<String> {
    let log: String = log.chars().take(SHOWN_OF_LOG).collect();
    Some(match found {
        Adopted::Nothing | Adopted::Forward => return None,
        Adopted::RolledBack => {
            format!(
                "statements of the key {log}… are gone there that were there before; they are still here"
            )
        }
        Adopted::Forged => {
            format!(
                "the log of the key {log}… holds there what its owner did not sign; that was not taken"
            )
        }
        Adopted::Diverged => format!("the log of the key {log}… has another past there than here"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_like_any_other_says_nothing_of_statements() {
        let usual = Statements { taken: 2, sent: 1, ..Statements::default() };
        assert!(statement_notes(&usual).is_empty());
    }

    #[test]
    fn what_is_unusual_about_statements_is_told_in_a_sentence_each() {
        let statements = Statements {
            on_branches: Some("hook declined".to_owned()),
            unsent: Some("cancelled".to_owned()),
            alarms: vec![("ab".repeat(32), Adopted::RolledBack), ("x".into(), Adopted::Diverged)],
            followed: true,
            ..Statements::default()
        };
        let notes = statement_notes(&statements);
        assert_eq!(notes.len(), 5);
        assert!(notes[1].ends_with("hook declined"), "{notes:?}");
        assert!(notes[3].contains("key abababab… are gone"), "{notes:?}");
    }
}
