//! Bringing a branch and its remote together: the address is confirmed first, conflicts are decided in the window.

use assay_wire::{ApiError, ReadBranches, SyncBranch, SyncView};
use leptos::{prelude::*, task::spawn_local};

use super::{Asking, Branches, Resolutions};
use crate::{
    ipc,
    panes::git::{branches::model, merging::Source, work::Way},
    state::Load,
};

impl Branches {
    /// Fetches, merges and, if `push`, sends. An address that was never confirmed is shown first.
    pub fn sync(self, push: bool) {
        if untrack(|| self.work.is_busy()) {
            return;
        }
        // What the last command came to is not what this one will.
        self.work.clear();
        spawn_local(async move {
            // The list may be older than the configuration on disk, and was perhaps never read.
            match ipc::call(ReadBranches {}).await {
                Ok(view) => self.view.set(Load::Ready(view)),
                Err(error) => return self.work.refuse(error, Vec::new()),
            }
            match untrack(|| self.unconfirmed()) {
                Some((remote, address)) => self.ask(Asking::Confirm { remote, address, push }),
                None => self.sync_with(push, None, Resolutions::new()),
            }
        });
    }

    fn unconfirmed(self) -> Option<(String, String)> {
        self.view.with(|view| {
            let remote = model::remote_of(view.ready()?)?;
            let address = remote.address.clone().filter(|_| !remote.confirmed)?;
            Some((remote.name.clone(), address))
        })
    }

    /// The address is the right one: keeps it for this repository, and syncs.
    pub fn confirm(self, address: String, push: bool) {
        self.dismiss();
        self.sync_with(push, Some(address), Resolutions::new());
    }

    pub(super) fn sync_with(self, push: bool, allow: Option<String>, resolutions: Resolutions) {
        let remote = self.view.with_untracked(|view| {
            view.ready().and_then(model::remote_of).map(|remote| remote.name.clone())
        });
        spawn_local(async move {
            let command = SyncBranch { remote, push, allow, resolutions };
            match self.work.run("Syncing", command).await {
                Some(Ok(view)) => self.arrived(view, push),
                Some(Err(error)) => self.refuse_sync(error, push),
                None => {}
            }
            self.refresh();
        });
    }

    fn arrived(self, view: SyncView, push: bool) {
        match model::synced(&view, push) {
            Some(said) => self.settle(said),
            None => {
                let name = format!("{}/{}", view.remote, view.branch);
                self.decide(Source::Remote { name, push }, &view.branch, view.merged);
            }
        }
        self.synced.update(|rounds| *rounds += 1);
    }

    fn refuse_sync(self, error: ApiError, push: bool) {
        let mut ways = self.ways_of(&error);
        ways.push(Way::new("Try again", move || self.sync(push)));
        self.work.refuse(error, ways);
    }
}
