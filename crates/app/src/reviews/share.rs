//! Statements on their way: which logs a sync fetches and sends, and what a clone brings.
//!
//! Only logs that were signed here are sent: nobody else moves a log forward, so no push of statements conflicts.

use assay_repo::Workspace;
use assay_repo::git::{Address, Follow, SyncRequest};
use assay_repo::review::refs::{fetch_refspec, push_refspec};
use assay_wire::ApiError;

use crate::app::{App, Open};
use crate::environment::commit_time;
use crate::error::Explain;
use crate::repository::MERGER;

/// The setting that holds the keys that signed in a repository on this machine.
pub(super) const KEYS_USED: Setting = Setting("statement-keys");

/// A setting of one repository.
pub(super) struct Setting(pub &'static str);

impl Setting {
    pub fn of(&self, root: &str) -> String {
        format!("{} {root}", self.0)
    }
}

/// What a sync carries beside the branch.
pub(crate) struct Carried {
    /// What is fetched.
    pub fetch: Vec<String>,
    /// What is sent.
    pub push: Vec<String>,
}

impl App {
    /// The statements that a sync with a remote carries.
    pub(crate) fn carried(&self, open: &Open, remote: &str) -> Result<Carried, ApiError> {
        let used = self.lines_of_setting(&KEYS_USED.of(&open.root()))?;
        let logs = open.workspace.logs().map_err(|e| e.explain())?;
        let own = logs.iter().filter(|log| used.contains(log));
        Ok(Carried {
            fetch: vec![fetch_refspec(remote)],
            push: own.map(|log| push_refspec(log)).collect(),
        })
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

    fn lines_of_setting(&self, setting: &str) -> Result<Vec<String>, ApiError> {
        let stored = self.inner.store.setting(setting).map_err(|e| e.explain())?;
        Ok(stored.unwrap_or_default().lines().map(str::to_owned).collect())
    }
}

/// Brings the statements of the repository that a clone was made from. A clone is whole without them: when they cannot
/// be had, the next sync brings them.
pub(crate) fn bring_statements(cloned: &Workspace, follow: &dyn Follow) {
    let Ok(remote) = cloned.remote_for(None) else { return };
    let request = SyncRequest {
        remote: Some(&remote),
        confirmed: &|_: &Address| true,
        push: false,
        also_fetch: &[fetch_refspec(&remote)],
        also_push: &[],
        resolutions: &Default::default(),
        // Fetching merges nothing.
        merger: MERGER,
        when: commit_time(),
        fallback: None,
        follow,
    };
    if cloned.fetch(&request).is_ok() {
        let _ = cloned.adopt_logs(&remote);
    }
}
