//! Fetching, sending and cloning, at addresses that the person has confirmed.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use assay_repo::Workspace;
use assay_repo::git::{Address, CloneRequest, Pushed, SyncRequest, Synced};
use assay_wire::*;

use super::Told;
use super::branches::{merge_view, resolutions};
use super::merger::MERGER;
use crate::app::App;
use crate::environment::commit_time;
use crate::error::Explain;
use crate::reviews::statement_notes;
use crate::router::Answer;

/// Why git contacts somebody, in the ledger's words.
const PURPOSE: &str = "git";

/// What the setting is called that holds the addresses confirmed for a repository.
fn setting_of(root: &str) -> String {
    format!("git-addresses {root}")
}

impl Answer<SyncBranch> for App {
    fn answer(&self, command: SyncBranch) -> Result<SyncView, ApiError> {
        let open = self.workspace()?;
        let shared = if command.push { self.share_with_sync(&open)? } else { None };
        let _alone = self.inner.git.alone();
        if let Some(allowed) = &command.allow {
            let address = Address::parse(allowed).map_err(|e| e.explain())?;
            self.confirm_address(&open.root(), &address)?;
        }
        let known = self.confirmed_addresses(&open.root())?;
        let is_kept_here = Cell::new(false);
        let told = Told::new(self, self.inner.git.running.ask());
        let remote = open.workspace.remote_for(command.remote.as_deref());
        let remote = remote.map_err(|e| e.explain())?;
        let logs = self.own_logs(&open)?;
        let request = SyncRequest {
            remote: Some(&remote),
            confirmed: &|address: &Address| {
                let is_known = known.iter().any(|known| known == address.text());
                let is_allowed = self.may_contact(address);
                is_kept_here.set(is_known && !is_allowed);
                if is_known && is_allowed {
                    self.note_contact(address);
                }
                is_known && is_allowed
            },
            push: command.push,
            logs: &logs,
            resolutions: &resolutions(command.resolutions),
            merger: MERGER,
            when: commit_time(),
            fallback: None,
            follow: &told,
        };
        let synced = open.workspace.sync(&request);
        if is_kept_here.get() {
            return Err(loopback_only());
        }
        let synced = synced.map_err(|e| e.explain())?;
        self.inner.notices.send(Notice::WorkspaceChanged);
        let mut view = sync_view(synced);
        view.notes.extend(shared);
        Ok(view)
    }
}

impl Answer<CloneWorkspace> for App {
    fn answer(&self, command: CloneWorkspace) -> Result<WorkspaceView, ApiError> {
        let address = Address::parse(&command.address).map_err(|e| e.explain())?;
        if !self.may_contact(&address) {
            return Err(loopback_only());
        }
        let below =
            command.below.map_or_else(|| self.inner.folders.workspaces.clone(), PathBuf::from);
        let into = command.path.map_or_else(|| below.join(name_of(&address)), PathBuf::from);
        self.note_contact(&address);
        let cloned = {
            let _alone = self.inner.git.alone();
            let told = Told::new(self, self.inner.git.running.ask());
            Workspace::clone_from(&CloneRequest {
                address: &address,
                into: &into,
                branch: command.branch.as_deref(),
                follow: &told,
            })
            .map_err(|e| e.explain())?
        };
        self.confirm_address(&cloned.root().display().to_string(), &address)?;
        self.answer(OpenWorkspace { path: cloned.root().display().to_string() })
    }
}

impl App {
    /// The addresses that the person has confirmed for the repository at `root`.
    pub(super) fn confirmed_addresses(&self, root: &str) -> Result<Vec<String>, ApiError> {
        let stored = self.inner.store.setting(&setting_of(root)).map_err(|e| e.explain())?;
        // No address has a line end in it: those are refused.
        Ok(stored.unwrap_or_default().lines().map(str::to_owned).collect())
    }

    fn confirm_address(&self, root: &str, address: &Address) -> Result<(), ApiError> {
        let mut known = self.confirmed_addresses(root)?;
        if known.iter().any(|known| known == address.text()) {
            return Ok(());
        }
        known.push(address.text().to_owned());
        self.inner.store.set_setting(&setting_of(root), &known.join("\n")).map_err(|e| e.explain())
    }

    /// The switch that keeps everything on this machine holds for git as well.
    fn may_contact(&self, address: &Address) -> bool {
        address.is_loopback() || !self.inner.client.is_loopback_only()
    }

    fn note_contact(&self, address: &Address) {
        if let Some(url) = address.url() {
            self.inner.client.note_contact(&url, PURPOSE);
        }
    }
}

fn loopback_only() -> ApiError {
    ApiError::new(Code::Git, "nothing but this machine is contacted")
        .hint("Switch it off in Settings, or with `assay models loopback-only off`.")
}

/// The folder that a clone gets: the last part of the address.
fn name_of(address: &Address) -> String {
    let text = address.text().trim_end_matches('/').trim_end_matches(".git");
    let name = text.rsplit(['/', ':', '\\']).next().unwrap_or_default();
    let is_plain = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name.chars().filter(is_plain).collect();
    let name = name.trim_start_matches('.');
    let is_taken = |name: &str| name.is_empty() || Path::new(name).components().count() != 1;
    if is_taken(name) { "prompts".to_owned() } else { name.to_owned() }
}

fn sync_view(synced: Synced) -> SyncView {
    SyncView {
        remote: synced.remote,
        address: synced.address.to_string(),
        branch: synced.branch,
        merged: merge_view(synced.merged),
        sent: match synced.pushed {
            Pushed::Sent { commits } => Some(commits as u32),
            Pushed::Not | Pushed::Nothing => None,
        },
        statements: synced.statements.sent as u32,
        notes: statement_notes(&synced.statements),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check(address: &str, expected: &str) {
        assert_eq!(name_of(&Address::parse(address).unwrap()), expected, "{address}");
    }

    #[test]
    fn a_clone_is_named_after_its_address_and_stays_where_clones_go() {
        check("https://git.example.com/team/prompts.git", "prompts");
        check("git@git.example.com:our-prompts.git", "our-prompts");
        check("file:///srv/git/a/", "a");
        check("https://git.example.com/a/..", "prompts");
        check("https://git.example.com/", "git.example.com");
    }
}
