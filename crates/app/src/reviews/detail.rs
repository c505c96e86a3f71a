//! Everything a reviewer sees of one proposal, and the digest that names it.
//!
//! The difference is between what the target has and what it would have, so what is approved is what goes in. The
//! verdict is that of runs that have answered both sides with the same cases and scorers; reading it runs nothing.

use assay_repo::review::Gate;
use assay_repo::{FileChange, MAX_FILE, RepoError, Revision, digest};
use assay_wire::*;
use serde_json::json;

use super::hearing::{Hearing, Target};
use super::judged::{Judged, judge};
use super::proposal::Proposed;
use super::threads::{Homes, views};
use crate::app::App;
use crate::differences::file_difference;
use crate::error::Explain;
use crate::router::Answer;

/// The largest text that goes along whole, and the most of all of them together, in bytes.
const MAX_TEXT: u64 = 200_000;
const MAX_TEXTS: usize = 4_000_000;

/// Stands for the digest of a file that is not there.
const ABSENT: &str = "none";

/// The two sides of a proposal that can be merged.
pub(super) struct Sides<'a> {
    pub hearing: &'a Hearing,
    pub gate: &'a Gate,
    pub homes: Homes,
    changes: Vec<FileChange>,
}

impl<'a> Sides<'a> {
    pub fn of(hearing: &'a Hearing, gate: &'a Gate) -> Result<Self, ApiError> {
        let homes = Homes::of(&gate.merged, &gate.after)?;
        let changes = hearing
            .open
            .workspace
            .changes_between(&gate.base, Some(&gate.merged))
            .map_err(|e| e.explain())?;
        Ok(Self { hearing, gate, homes, changes })
    }

    fn files(&self) -> Vec<FileDifference> {
        let workspace = &self.hearing.open.workspace;
        let (base, merged) = (&self.gate.base, &self.gate.merged);
        let file =
            |change: &FileChange| file_difference(workspace, base, Some(merged), change.clone());
        self.changes.iter().map(file).collect()
    }

    /// The texts that would go in, as far as they are not very large.
    fn texts(&self) -> Vec<ProposedTextView> {
        let mut left = MAX_TEXTS;
        let text = |change: &FileChange| {
            let bytes = self.gate.merged.read_bytes(&change.path, MAX_TEXT).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            left = left.checked_sub(text.len())?;
            Some(ProposedTextView { path: change.path.clone(), text })
        };
        self.changes.iter().filter_map(text).collect()
    }

    /// Names what is shown: each file that differs with both of its contents, the evidence beside it, and the rules that
    /// it is judged by.
    pub fn shown(&self, prompts: &[ProposedPromptView]) -> Result<String, ApiError> {
        let mut files = Vec::new();
        for change in &self.changes {
            let old = content_at(&self.gate.base, change.from.as_deref().unwrap_or(&change.path))?;
            files.push(json!([change.path, old, content_at(&self.gate.merged, &change.path)?]));
        }
        let evidence: Vec<&str> = evidence(prompts).collect();
        Ok(digest(
            json!({"files": files, "evidence": evidence, "rules": self.gate.rules.digest})
                .to_string()
                .as_bytes(),
        ))
    }
}

/// The statements of runs that stand beside a proposal.
pub(super) fn evidence(prompts: &[ProposedPromptView]) -> impl Iterator<Item = &str> {
    prompts.iter().filter_map(|prompt| Some(prompt.evidence.as_ref()?.statement.as_str()))
}

fn content_at(revision: &Revision, path: &str) -> Result<String, ApiError> {
    match revision.read_bytes(path, MAX_FILE) {
        Ok(bytes) => Ok(digest(&bytes)),
        Err(RepoError::NotFound { .. }) => Ok(ABSENT.to_owned()),
        // A link or a very large file is shown as such, and still must be the same one when it is approved.
        Err(RepoError::NotAFile { .. } | RepoError::TooLarge { .. }) => {
            let object = revision.object_at(path).map_err(|e| e.explain())?;
            Ok(format!("git:{object}"))
        }
        Err(error) => Err(error.explain()),
    }
}

impl App {
    /// Everything about a proposal.
    pub(super) fn detail(
        &self,
        hearing: &Hearing,
        proposed: &Proposed<'_>,
    ) -> Result<ProposalDetailView, ApiError> {
        let judged = judge(hearing, proposed)?;
        let mut detail = blank(judged.view.clone());
        if let Some(target) = hearing.target(&proposed.words.target) {
            detail.base = target.tip.id();
            self.fill_in(hearing, proposed, target, &judged, &mut detail)?;
        }
        detail.conflicts = judged.conflicts().to_vec();
        Ok(detail)
    }

    fn fill_in(
        &self,
        hearing: &Hearing,
        proposed: &Proposed<'_>,
        target: &Target,
        judged: &Judged,
        into: &mut ProposalDetailView,
    ) -> Result<(), ApiError> {
        if let Some(head) = &judged.head {
            into.head = head.id();
            let found = hearing.open.workspace.merge_base(&target.tip, head);
            into.merge_base = found.map_err(|e| e.explain())?;
        }
        let sides = judged.gate().map(|gate| Sides::of(hearing, gate)).transpose()?;
        into.threads = views(hearing, proposed, target, sides.as_ref().map(|sides| &sides.homes));
        let Some(sides) = sides else { return Ok(()) };
        into.merged = Some(sides.gate.merged.id());
        into.files = sides.files();
        into.texts = sides.texts();
        into.shown = sides.shown(&judged.view.prompts)?;
        into.sides =
            self.evaluated(hearing, &proposed.words.target, &proposed.words.branch, &sides);
        into.verdicts = into.sides.clone().and_then(|(base, head)| {
            self.answer(ReadComparison { base, head, prompts: Vec::new() }).ok()
        });
        Ok(())
    }

    /// The runs of both sides, where both are evaluated. That a model is missing here or nothing can be asked is no
    /// reason to show no proposal.
    fn evaluated(
        &self,
        hearing: &Hearing,
        target: &str,
        branch: &str,
        sides: &Sides<'_>,
    ) -> Option<(SideRef, SideRef)> {
        let (base, head) = (sides.gate.base.id(), sides.gate.merged.id());
        let request = RunRequest::default();
        let (base, head) =
            self.answered_revisions(&hearing.open, &base, &head, &request).ok().flatten()?;
        let side =
            |run: String, name: &str| SideRef { label: Some(name.to_owned()), ..SideRef::run(run) };
        Some((side(base, target), side(head, branch)))
    }
}

fn blank(proposal: ProposalView) -> ProposalDetailView {
    ProposalDetailView {
        proposal,
        files: Vec::new(),
        shown: String::new(),
        threads: Vec::new(),
        verdicts: None,
        sides: None,
        merge_base: None,
        base: String::new(),
        head: String::new(),
        merged: None,
        conflicts: Vec::new(),
        texts: Vec::new(),
    }
}
