//! Branches and tags: looked at, made, deleted, gone to and merged.

use std::collections::BTreeMap;

use assay_repo::git::{
    BranchInfo, ConflictFile, Drafts, MergeRequest, MergeSide, Merged, RemoteInfo, Resolution,
    Resolutions, TagInfo,
};
use assay_wire::*;

use super::merger::MERGER;
use super::{Told, commit_view, undo_view};
use crate::app::{App, Open};
use crate::environment::commit_time;
use crate::error::Explain;
use crate::router::Answer;

impl Answer<ReadBranches> for App {
    fn answer(&self, _: ReadBranches) -> Result<BranchesView, ApiError> {
        let open = self.workspace()?;
        self.branches(&open)
    }
}

impl Answer<EditBranch> for App {
    fn answer(&self, command: EditBranch) -> Result<BranchesView, ApiError> {
        let open = self.workspace()?;
        {
            let _alone = self.inner.git.alone();
            let (workspace, now) = (&open.workspace, commit_time());
            match command {
                EditBranch::Create { name, at } => {
                    workspace.create_branch(&name, at.as_deref(), now)
                }
                EditBranch::Rename { name, to } => workspace.rename_branch(&name, &to, now),
                EditBranch::Delete { name, force } => workspace.delete_branch(&name, force, now),
            }
            .map_err(|e| e.explain())?;
        }
        self.inner.notices.send(Notice::WorkspaceChanged);
        self.branches(&open)
    }
}

impl Answer<EditTag> for App {
    fn answer(&self, command: EditTag) -> Result<BranchesView, ApiError> {
        let open = self.workspace()?;
        {
            let _alone = self.inner.git.alone();
            let (workspace, now) = (&open.workspace, commit_time());
            match command {
                EditTag::Create { name, at, message } => {
                    workspace.create_tag(&name, at.as_deref(), message.as_deref(), now, None)
                }
                EditTag::Delete { name } => workspace.delete_tag(&name, now),
            }
            .map_err(|e| e.explain())?;
        }
        self.branches(&open)
    }
}

impl Answer<SwitchBranch> for App {
    fn answer(&self, command: SwitchBranch) -> Result<SwitchView, ApiError> {
        let open = self.workspace()?;
        let _alone = self.inner.git.alone();
        let drafts = match command.drafts {
            DraftsChoice::Carry => Drafts::Carry,
            DraftsChoice::KeepIfInTheWay => Drafts::KeepIfInTheWay,
            DraftsChoice::Keep => Drafts::Keep,
        };
        let create = command.create.then_some(command.at.as_deref());
        let told = Told::new(self, self.inner.git.running.ask());
        let switched = open
            .workspace
            .switch(&command.name, create, drafts, commit_time(), &told)
            .map_err(|e| e.explain())?;
        self.inner.notices.send(Notice::WorkspaceChanged);
        Ok(SwitchView {
            from: switched.from,
            to: switched.to,
            kept: switched.kept,
            back: switched.back,
            waiting: switched.waiting,
        })
    }
}

impl Answer<MergeBranch> for App {
    fn answer(&self, command: MergeBranch) -> Result<MergeView, ApiError> {
        let open = self.workspace()?;
        let _alone = self.inner.git.alone();
        let told = Told::new(self, self.inner.git.running.ask());
        let request = MergeRequest {
            revision: &command.revision,
            message: command.message.as_deref(),
            resolutions: &resolutions(command.resolutions),
            merger: MERGER,
            when: commit_time(),
            fallback: None,
            follow: &told,
        };
        let merged = open.workspace.merge(&request).map_err(|e| e.explain())?;
        self.inner.notices.send(Notice::WorkspaceChanged);
        Ok(merge_view(merged))
    }
}

impl App {
    fn branches(&self, open: &Open) -> Result<BranchesView, ApiError> {
        let workspace = &open.workspace;
        let branches = workspace.branches().map_err(|e| e.explain())?;
        let tags = workspace.tags().map_err(|e| e.explain())?;
        let remotes = workspace.remotes().map_err(|e| e.explain())?;
        let confirmed = self.confirmed_addresses(&open.root())?;
        let undo = workspace.undo_steps().map_err(|e| e.explain())?.into_iter().next();
        Ok(BranchesView {
            current: workspace.branch(),
            branches: branches.into_iter().map(branch_view).collect(),
            tags: tags.into_iter().map(tag_view).collect(),
            remotes: remotes.into_iter().map(|remote| remote_view(remote, &confirmed)).collect(),
            undo: undo.map(undo_view),
        })
    }
}

fn branch_view(branch: BranchInfo) -> BranchView {
    BranchView {
        name: branch.name,
        remote: branch.remote,
        current: branch.current,
        tip: commit_view(branch.tip),
        upstream: branch.upstream,
        ahead: branch.ahead as u32,
        behind: branch.behind as u32,
        drafts: branch.drafts,
    }
}

fn tag_view(tag: TagInfo) -> TagView {
    TagView { name: tag.name, message: tag.message, commit: commit_view(tag.commit) }
}

fn remote_view(remote: RemoteInfo, confirmed: &[String]) -> RemoteView {
    let name = remote.name;
    match remote.address {
        Ok(address) => RemoteView {
            name,
            confirmed: confirmed.iter().any(|known| known == address.text()),
            address: Some(address.to_string()),
            problem: None,
        },
        Err(problem) => {
            RemoteView { name, address: None, confirmed: false, problem: Some(problem) }
        }
    }
}

pub(super) fn resolutions(given: BTreeMap<String, ResolutionChoice>) -> Resolutions {
    let resolution = |choice| match choice {
        ResolutionChoice::Text(text) => Resolution::Text(text),
        ResolutionChoice::Ours => Resolution::Ours,
        ResolutionChoice::Theirs => Resolution::Theirs,
    };
    given.into_iter().map(|(path, choice)| (path, resolution(choice))).collect()
}

pub(super) fn merge_view(merged: Merged) -> MergeView {
    match merged {
        Merged::UpToDate => MergeView::UpToDate,
        Merged::FastForward { to } => MergeView::FastForward { to: commit_view(to) },
        Merged::Commit { made } => MergeView::Merged { commit: commit_view(made) },
        Merged::Conflicts { files } => {
            MergeView::Conflicts { files: files.into_iter().map(conflict_view).collect() }
        }
    }
}

fn conflict_view(file: ConflictFile) -> ConflictView {
    let side = |side| match side {
        MergeSide::Absent => SideView::Absent,
        MergeSide::Text(text) => SideView::Text(text),
        MergeSide::Opaque { id } => SideView::Opaque(id),
    };
    ConflictView {
        path: file.path,
        base: side(file.base),
        ours: side(file.ours),
        theirs: side(file.theirs),
    }
}
