//! What the window knows of proposals: the list, the one on screen, and what was read of it.
//!
//! What is on the screen changes only when the person asks for it: a proposal that has become another meanwhile waits in
//! [`Reviews::newer`] until then, because whoever approves signs what they see.

use std::sync::Arc;

use assay_wire::{
    ApiError, FileDifference, ListProposals, Notice, ProposalDetailView, ProposalView,
    ProposalsView, ReadProposal, SignerView,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    errand::Writing, evaluating::Evaluating, focus, lines, model, proposing::Proposing,
    signing::Signing, viewed::Viewed,
};
use crate::{
    ipc,
    panes::{compare::Versus, git::Branches},
    state::{Desk, Documents, Load, Notices, Place, Session, Toasts, context},
};

/// A part of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What was said.
    Conversation,
    /// What differs, file by file.
    Changes,
    /// What the messages would be.
    Messages,
    /// What runs of both sides say.
    Verdict,
}

/// The proposals of the open workspace. It outlives the view, so that what is half written is there after a look elsewhere.
#[derive(Clone, Copy)]
pub struct Reviews {
    /// Chosen above the proposal.
    pub part: RwSignal<Part>,
    /// The words of what is being written.
    pub words: RwSignal<String>,
    /// Whether the gate is unfolded.
    pub gate: RwSignal<bool>,
    /// Whether lines stand side by side.
    pub beside: RwSignal<bool>,
    /// Of the words on the line that is commented on, those that are meant; all when empty.
    pub only: RwSignal<String>,
    pub(super) writing: RwSignal<Option<Writing>>,
    pub(super) back: StoredValue<Option<String>>,
    pub(super) busy: RwSignal<bool>,
    pub(super) trouble: RwSignal<Option<ApiError>>,
    pub(super) signing: Signing,
    pub(super) proposing: Proposing,
    pub(super) evaluating: Evaluating,
    pub(super) session: Session,
    pub(super) toasts: Toasts,
    project: StoredValue<String>,
    list: RwSignal<Load<Arc<ProposalsView>>>,
    chosen: RwSignal<Option<String>>,
    detail: RwSignal<Option<Load<Arc<ProposalDetailView>>>>,
    newer: RwSignal<Option<Arc<ProposalDetailView>>>,
    viewed: RwSignal<Viewed>,
    versus: Versus,
    asked: StoredValue<u64>,
    at_once: StoredValue<bool>,
    documents: Documents,
    pub(super) branches: Branches,
    pub(super) desk: Desk,
}

impl Reviews {
    /// Knowing nothing yet.
    pub fn new() -> Self {
        let reviews = Self {
            part: RwSignal::new(Part::Conversation),
            words: RwSignal::new(String::new()),
            gate: RwSignal::new(is_wide()),
            beside: RwSignal::new(is_wide()),
            only: RwSignal::new(String::new()),
            writing: RwSignal::new(None),
            back: StoredValue::new(None),
            busy: RwSignal::new(false),
            trouble: RwSignal::new(None),
            signing: Signing::new(),
            proposing: Proposing::new(),
            evaluating: Evaluating::new(),
            session: context(),
            toasts: context(),
            project: StoredValue::new(String::new()),
            list: RwSignal::new(Load::Loading),
            chosen: RwSignal::new(None),
            detail: RwSignal::new(None),
            newer: RwSignal::new(None),
            viewed: RwSignal::new(Viewed::default()),
            versus: Versus::blank(),
            asked: StoredValue::new(0),
            at_once: StoredValue::new(false),
            documents: context(),
            branches: context(),
            desk: context(),
        };
        reviews.evaluating.follow_starts(move || reviews.refresh());
        reviews.follow_syncs();
        reviews
    }

    /// A sync brings what others said.
    fn follow_syncs(self) {
        let synced = self.branches.synced();
        Effect::new(move |before: Option<u64>| {
            let now = synced.get();
            if before.is_some_and(|before| before != now) {
                self.refresh();
            }
            now
        });
    }

    /// Follows the application's notices.
    pub fn follow(self, notices: Notices) {
        notices.listen(move |notice| match notice {
            Notice::RunChanged { run, state, counts, .. }
                if self.evaluating.heard(run, *state, *counts) =>
            {
                self.refresh();
            }
            Notice::WorkspaceChanged if self.desk.place.get_untracked() == Place::Reviews => {
                self.refresh();
            }
            _ => {}
        });
    }

    /// The view of this project opens. What belonged to another one is forgotten.
    pub fn enter(self, project: &str) {
        if self.project.with_value(|before| before != project) {
            self.project.set_value(project.to_owned());
            self.list.set(Load::Loading);
            self.chosen.set(None);
            self.detail.set(None);
            self.newer.set(None);
            self.viewed.set(Viewed::kept(project));
            self.evaluating.forget();
            self.put_away();
        }
        self.refresh();
    }

    /// The proposals, and who signs here.
    pub fn list(self) -> Signal<Load<Arc<ProposalsView>>> {
        self.list.into()
    }

    /// The proposals as far as they are known.
    pub fn proposals(self) -> Vec<ProposalView> {
        self.list.with(|list| list.ready().map(|list| list.proposals.clone()).unwrap_or_default())
    }

    /// Who signs here.
    pub fn signer(self) -> Option<SignerView> {
        self.list.with(|list| list.ready().and_then(|list| list.signer.clone()))
    }

    /// The id of the proposal on screen.
    pub fn chosen(self) -> Signal<Option<String>> {
        self.chosen.into()
    }

    /// The proposal on screen; `None` while none is chosen.
    pub fn detail(self) -> Signal<Option<Load<Arc<ProposalDetailView>>>> {
        self.detail.into()
    }

    /// The proposal on screen, once it is read.
    pub fn detail_now(self) -> Option<Arc<ProposalDetailView>> {
        self.detail.with(|detail| detail.as_ref()?.ready().cloned())
    }

    pub(super) fn on_screen(self) -> Option<Arc<ProposalDetailView>> {
        untrack(|| self.detail_now())
    }

    /// What it has become meanwhile, where that is another.
    pub fn newer(self) -> Signal<Option<Arc<ProposalDetailView>>> {
        self.newer.into()
    }

    /// Why the last thing asked of it did not happen.
    pub fn trouble(self) -> Signal<Option<ApiError>> {
        self.trouble.into()
    }

    /// Whether something of it is being signed or merged.
    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// The comparison of its sides.
    pub fn versus(self) -> Versus {
        self.versus
    }

    /// Chooses a proposal. What was being written about another is put away.
    pub fn choose(self, id: String) {
        if self.chosen.with_untracked(|chosen| chosen.as_ref() != Some(&id)) {
            self.put_away();
            self.evaluating.forget();
            self.part.set(Part::Conversation);
            self.chosen.set(Some(id));
            self.newer.set(None);
            self.detail.set(Some(Load::Loading));
        }
        self.read_detail();
    }

    /// Reads everything again. What is on screen stays there until the answer, and as long as it can still be read.
    pub fn refresh(self) {
        spawn_local(async move {
            self.documents.flush().await;
            let read: Load<_> = ipc::call(ListProposals {}).await.map(Arc::new).into();
            self.choose_one_of(&read);
            if self.list.with_untracked(|now| *now != read) {
                self.list.set(read);
            }
            self.read_detail();
        });
    }

    /// Reads everything again and shows it, whatever it has become: the person has just changed it themselves.
    pub fn take_as_it_is(self) {
        // Until an answer is there, also where somebody asks once more meanwhile.
        self.at_once.set_value(true);
        self.refresh();
    }

    /// Shows what the proposal has become.
    pub fn show_newer(self) {
        if let Some(newer) = self.newer.get_untracked() {
            self.put_on_screen(newer);
        }
    }

    /// Stays with the proposal on screen while there is one, else begins with the first that waits.
    fn choose_one_of(self, list: &Load<Arc<ProposalsView>>) {
        let Some(list) = list.ready() else { return };
        if self.chosen.with_untracked(Option::is_none)
            && let Some(first) = list.proposals.iter().find(|one| model::is_live(one.state))
        {
            self.choose(first.id.clone());
        }
    }

    fn read_detail(self) {
        let Some(id) = self.chosen.get_untracked() else { return };
        let asked = self.asked.get_value() + 1;
        self.asked.set_value(asked);
        spawn_local(async move {
            let read = ipc::call(ReadProposal { id }).await.map(Arc::new);
            // An answer that was overtaken is of no use.
            if self.asked.get_value() == asked {
                let at_once = self.at_once.try_update_value(std::mem::take) == Some(true);
                self.take(read.into(), at_once);
            }
        });
    }

    fn take(self, read: Load<Arc<ProposalDetailView>>, at_once: bool) {
        let now = self.on_screen();
        let new = match read {
            Load::Ready(new) => new,
            // What is on screen is still worth reading.
            Load::Failed(error) if now.is_some() => return self.trouble.set(Some(error)),
            other => return self.detail.set(Some(other)),
        };
        let is_other = now.is_some_and(|now| now.files != new.files);
        // Of one that is merged or taken back nothing can be signed any more.
        match is_other && !at_once && model::is_live(new.proposal.state) {
            true => self.newer.set(Some(new)),
            false => self.put_on_screen(new),
        }
    }

    /// Shows what a command said the proposal is now.
    pub(super) fn show_now(self, detail: ProposalDetailView) {
        self.put_on_screen(Arc::new(detail));
    }

    fn put_on_screen(self, detail: Arc<ProposalDetailView>) {
        self.newer.set(None);
        if let Some(verdicts) = &detail.verdicts {
            self.versus.show(Arc::new(verdicts.clone()));
        }
        let is_same = self.on_screen().is_some_and(|now| now == detail);
        if !is_same {
            let kept = focus::Kept::now();
            self.detail.set(Some(Load::Ready(detail)));
            kept.restore();
        }
    }

    /// Whether the file as it is on screen was read.
    pub fn is_viewed(self, file: &FileDifference) -> bool {
        let id = self.chosen.get().unwrap_or_default();
        let fingerprint = lines::fingerprint(file);
        self.viewed.with(|viewed| viewed.has(&id, &file.file.path, fingerprint))
    }

    /// How many files of the proposal on screen were read.
    pub fn viewed_count(self) -> usize {
        let Some(detail) = self.detail_now() else { return 0 };
        detail.files.iter().filter(|file| self.is_viewed(file)).count()
    }

    /// Says that a file was read, or was not.
    pub fn set_viewed(self, file: &FileDifference, viewed: bool) {
        let id = self.chosen.get_untracked().unwrap_or_default();
        self.viewed.update(|all| match viewed {
            true => all.add(&id, &file.file.path, lines::fingerprint(file)),
            false => all.remove(&id, &file.file.path),
        });
        self.project.with_value(|project| self.viewed.with_untracked(|all| all.keep(project)));
    }

    /// Says that the file the keyboard is at, else the first unread one, was read, or was not.
    pub fn toggle_viewed(self) {
        let Some(detail) = self.on_screen() else { return };
        let at = focus::file();
        let find = |path: &String| detail.files.iter().find(|file| file.file.path == *path);
        let unread = || detail.files.iter().find(|file| !untrack(|| self.is_viewed(file)));
        if let Some(file) = at.as_ref().and_then(find).or_else(unread) {
            self.set_viewed(file, !untrack(|| self.is_viewed(file)));
        }
    }
}

impl Default for Reviews {
    fn default() -> Self {
        Self::new()
    }
}

/// Below this width of the window, lines stand below each other instead of side by side.
const WIDE: f64 = 1_100.0;

/// Whether lines side by side have room.
pub fn is_wide() -> bool {
    window().inner_width().ok().and_then(|width| width.as_f64()).is_none_or(|width| width >= WIDE)
}
