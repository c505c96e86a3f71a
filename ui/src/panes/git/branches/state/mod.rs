//! What the window knows of branches, tags and remotes, and the commands that change them.
//!
//! What needs an answer first is an [`Asking`], which a dialog puts to the person. What a command came to is said by
//! [`Work`]; conflicts of a merge go to [`Merging`], which comes back here with the decisions.

use std::collections::BTreeMap;

use assay_wire::{
    ApiError, BranchesView, Code, DraftsChoice, EditBranch, EditTag, MergeBranch, MergeView,
    ReadBranches, ReadChanges, ReadUndos, ResolutionChoice, SwitchBranch, SwitchView, UndoGit,
    UndoView,
};
use leptos::{prelude::*, task::spawn_local};

use super::model;
use crate::{
    components::focus_on,
    ipc,
    panes::git::{
        VIEW,
        changes::{Changes, set_if_new},
        merging::{Merging, Source},
        work::{Said, Way, Work},
    },
    state::{Desk, Documents, GitTab, Load, Session, Toasts, context},
};

mod syncing;

/// Decisions on files in conflict, by path.
type Resolutions = BTreeMap<String, ResolutionChoice>;

/// What is asked before something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asking {
    /// The name of a branch to make: here, and to go to, or at a revision.
    NewBranch(Option<String>),
    /// Another name for this branch.
    RenameBranch(String),
    /// The name of a tag to make: on the last commit, or on a revision.
    NewTag(Option<String>),
    /// What becomes of changes when one goes to a branch.
    Switch {
        /// The branch.
        name: String,
        /// How many files changed.
        files: usize,
    },
    /// Whether this address of a remote is the right one.
    Confirm {
        /// The remote's name.
        remote: String,
        /// Where it leads.
        address: String,
        /// Whether what is new here is sent as well.
        push: bool,
    },
    /// Whether to take this command back.
    Undo(UndoView),
}

/// Branches, tags and remotes.
#[derive(Clone, Copy)]
pub struct Branches {
    view: RwSignal<Load<BranchesView>>,
    undos: RwSignal<Load<Vec<UndoView>>>,
    chosen: RwSignal<Option<String>>,
    asking: RwSignal<Option<Asking>>,
    refusal: RwSignal<Option<ApiError>>,
    tag_message: RwSignal<String>,
    synced: RwSignal<u64>,
    back: StoredValue<Option<String>>,
    asked: StoredValue<u64>,
    work: Work,
    changes: Changes,
    merging: Merging,
    desk: Desk,
    session: Session,
    documents: Documents,
    toasts: Toasts,
}

impl Branches {
    /// Knowing nothing yet.
    pub fn new() -> Self {
        let branches = Self {
            view: RwSignal::new(Load::Loading),
            undos: RwSignal::new(Load::Loading),
            chosen: RwSignal::new(None),
            asking: RwSignal::new(None),
            refusal: RwSignal::new(None),
            tag_message: RwSignal::new(String::new()),
            synced: RwSignal::new(0),
            back: StoredValue::new(None),
            asked: StoredValue::new(0),
            work: context(),
            changes: context(),
            merging: context(),
            desk: context(),
            session: context(),
            documents: context(),
            toasts: context(),
        };
        branches.changes.offer_undo(move || branches.ask_undo());
        branches
    }

    /// Branches, tags and remotes, as last read.
    pub fn view(self) -> Signal<Load<BranchesView>> {
        self.view.into()
    }

    /// Commands that can be taken back, the last one first.
    pub fn undos(self) -> Signal<Load<Vec<UndoView>>> {
        self.undos.into()
    }

    /// Name of the branch whose details are shown.
    pub fn chosen(self) -> RwSignal<Option<String>> {
        self.chosen
    }

    /// What is asked right now.
    pub fn asking(self) -> Signal<Option<Asking>> {
        self.asking.into()
    }

    /// Why what was asked for was not done.
    pub fn refusal(self) -> Signal<Option<ApiError>> {
        self.refusal.into()
    }

    /// What the tag that is being made says, if anything.
    pub fn tag_message(self) -> RwSignal<String> {
        self.tag_message
    }

    /// Moves with each sync that came to an end, so that whoever shows what came reads it again.
    pub fn synced(self) -> Signal<u64> {
        self.synced.into()
    }

    /// The branch that commits go to; a commit when there is none.
    pub fn current(self) -> String {
        let current = self.session.workspace().with(|w| w.as_ref().and_then(|w| w.branch.clone()));
        current.unwrap_or_else(|| "the commit you are on".to_owned())
    }

    /// Whether there is a command to take back.
    pub fn can_undo(self) -> bool {
        self.view.with(|view| view.ready().is_some_and(|view| view.undo.is_some()))
    }

    /// Forgets what belonged to another project.
    pub fn forget(self) {
        self.asked.update_value(|asked| *asked += 1);
        self.view.set(Load::Loading);
        self.undos.set(Load::Loading);
        self.chosen.set(None);
        self.asking.set(None);
    }

    /// Reads everything again. What is on screen stays there until the answer.
    pub fn refresh(self) {
        self.asked.update_value(|asked| *asked += 1);
        let asked = self.asked.get_value();
        spawn_local(async move {
            let view = ipc::call(ReadBranches {}).await;
            let undos = ipc::call(ReadUndos {}).await;
            if self.asked.get_value() == asked {
                set_if_new(self.view, view.into());
                set_if_new(self.undos, undos.into());
                if let Some(back) = self.back.try_update_value(std::mem::take).flatten() {
                    request_animation_frame(move || settle_on(&back));
                }
            }
        });
    }

    /// Asks something.
    pub fn ask(self, asking: Asking) {
        self.refusal.set(None);
        self.tag_message.set(String::new());
        self.asking.set(Some(asking));
    }

    /// Leaves what is asked unanswered.
    pub fn dismiss(self) {
        if self.asking.with_untracked(Option::is_some) {
            self.asking.set(None);
        }
    }

    /// Gives what is asked for this name.
    pub fn answer(self, name: String) {
        let name = name.trim().to_owned();
        match self.asking.get_untracked() {
            Some(Asking::NewBranch(None)) => self.begin(name),
            Some(Asking::NewBranch(at)) => self.edit(EditBranch::Create { name, at }),
            Some(Asking::RenameBranch(from)) => {
                self.edit(EditBranch::Rename { name: from, to: name });
            }
            Some(Asking::NewTag(at)) => {
                let message = self.tag_message.with_untracked(|text| text.trim().to_owned());
                let message = Some(message).filter(|text| !text.is_empty());
                self.edit_tag(EditTag::Create { name, at, message });
            }
            _ => {}
        }
    }

    /// Makes a branch here and goes to it.
    fn begin(self, name: String) {
        spawn_local(async move {
            let what = format!("Making {name}");
            let command = SwitchBranch {
                name,
                create: true,
                at: None,
                // Nothing is in the way of a branch that begins here.
                drafts: DraftsChoice::Carry,
            };
            match self.work.run(what, command).await {
                Some(Ok(view)) => {
                    self.asking.set(None);
                    self.toasts.say(format!("Made {}, and went to it", view.to));
                    self.went(&view);
                }
                Some(Err(error)) => self.refusal.set(Some(error)),
                None => {}
            }
            self.refresh();
        });
    }

    fn edit(self, command: EditBranch) {
        let chosen = match &command {
            EditBranch::Create { name, .. } | EditBranch::Rename { to: name, .. } => {
                Some(name.clone())
            }
            EditBranch::Delete { .. } => None,
        };
        spawn_local(async move {
            match self.work.run("Changing branches", command).await {
                Some(Ok(view)) => {
                    self.take(view);
                    self.chosen.set(chosen);
                }
                Some(Err(error)) => self.refusal.set(Some(error)),
                None => {}
            }
        });
    }

    fn edit_tag(self, command: EditTag) {
        spawn_local(async move {
            match self.work.run("Making a tag", command).await {
                Some(Ok(view)) => self.take(view),
                Some(Err(error)) => self.refusal.set(Some(error)),
                None => {}
            }
        });
    }

    /// Shows what a command answered, and closes the dialog that asked for it.
    fn take(self, view: BranchesView) {
        self.asking.set(None);
        self.view.set(Load::Ready(view));
        self.refresh();
    }

    /// Deletes a branch; with `force` also when no other has its commits.
    pub fn delete(self, name: String, force: bool) {
        spawn_local(async move {
            let command = EditBranch::Delete { name: name.clone(), force };
            match self.work.run(format!("Deleting {name}"), command).await {
                Some(Ok(view)) => {
                    self.chosen.set(None);
                    self.return_to(&untrack(|| self.current()));
                    self.take(view);
                    self.confirm_deleted(&name);
                }
                Some(Err(error)) => self.refuse_deletion(error, name, force),
                None => {}
            }
        });
    }

    fn refuse_deletion(self, error: ApiError, name: String, force: bool) {
        let can_force = !force && error.code == Code::Git;
        let anyway = Way::new("Delete it all the same", move || self.delete(name.clone(), true));
        self.work.refuse(error, if can_force { vec![anyway] } else { Vec::new() });
    }

    /// Deletes a tag.
    pub fn delete_tag(self, name: String) {
        spawn_local(async move {
            match self
                .work
                .run(format!("Deleting {name}"), EditTag::Delete { name: name.clone() })
                .await
            {
                Some(Ok(view)) => {
                    self.take(view);
                    self.confirm_deleted(&name);
                }
                Some(Err(error)) => self.work.refuse(error, Vec::new()),
                None => {}
            }
        });
    }

    /// Once the list is read again, the keyboard goes to this branch, where what had it is gone by then.
    fn return_to(self, name: &str) {
        self.back.set_value(Some(model::line_id(name)));
    }

    fn confirm_deleted(self, name: &str) {
        self.toasts.say_with_undo(format!("Deleted {name}"), move || self.ask_undo());
    }

    /// Goes to a branch. Where files changed, it is asked first what becomes of them.
    pub fn go_to(self, name: String) {
        if untrack(|| self.work.is_busy()) {
            return;
        }
        spawn_local(async move {
            self.documents.flush().await;
            // Asked anew: the list on screen may be older than what another program has written.
            match ipc::call(ReadChanges {}).await.map(|changes| changes.files.len()) {
                Ok(0) => self.switch(name, DraftsChoice::KeepIfInTheWay),
                Ok(files) => self.ask(Asking::Switch { name, files }),
                Err(error) => self.work.refuse(error, Vec::new()),
            }
        });
    }

    /// Goes to a branch.
    pub fn switch(self, name: String, drafts: DraftsChoice) {
        self.dismiss();
        spawn_local(async move {
            let what = format!("Switching to {name}");
            let command = SwitchBranch { name: name.clone(), create: false, at: None, drafts };
            match self.work.run(what, command).await {
                Some(Ok(view)) => {
                    self.went(&view);
                    self.return_to(&view.to);
                }
                Some(Err(error)) => self.refuse_switch(error, name, drafts),
                None => {}
            }
            self.refresh();
            self.changes.refresh();
        });
    }

    /// Says what a switch did. A merge that waited was one into the branch that was left.
    fn went(self, view: &SwitchView) {
        self.merging.forget();
        self.chosen.set(Some(view.to.clone()));
        self.work.say(model::switched(view));
    }

    fn refuse_switch(self, error: ApiError, name: String, drafts: DraftsChoice) {
        let leave = Way::new("Leave the changes here and switch", move || {
            self.switch(name.clone(), DraftsChoice::Keep);
        });
        let can_leave = drafts == DraftsChoice::Carry && error.code == Code::Conflict;
        let ways =
            if can_leave { vec![leave, self.way_to_changes()] } else { self.ways_of(&error) };
        self.work.refuse(error, ways);
    }

    /// What helps where files are in the way.
    fn ways_of(self, error: &ApiError) -> Vec<Way> {
        if error.code == Code::Conflict { vec![self.way_to_changes()] } else { Vec::new() }
    }

    fn way_to_changes(self) -> Way {
        Way::new("Look at the changes", move || self.desk.show_git(GitTab::Changes))
    }

    /// Merges a branch or tag into the one that is checked out.
    pub fn merge(self, revision: String) {
        self.merge_with(revision, Resolutions::new());
    }

    fn merge_with(self, revision: String, resolutions: Resolutions) {
        let into = untrack(|| self.current());
        spawn_local(async move {
            let command = MergeBranch { revision: revision.clone(), message: None, resolutions };
            match self.work.run(format!("Merging {revision} into {into}"), command).await {
                Some(Ok(view)) => self.merged(revision, &into, view),
                Some(Err(error)) => {
                    let ways = self.ways_of(&error);
                    self.work.refuse(error, ways);
                }
                None => {}
            }
            self.refresh();
        });
    }

    fn merged(self, revision: String, into: &str, view: MergeView) {
        match model::merged(&revision, into, &view) {
            Some(said) => self.settle(said),
            None => self.decide(Source::Revision(revision), into, view),
        }
    }

    fn settle(self, said: Said) {
        let was_open = untrack(|| self.merging.is_open());
        self.merging.forget();
        if was_open {
            self.desk.show_git(GitTab::Branches);
        }
        self.work.say(said);
        self.changes.refresh();
    }

    fn decide(self, source: Source, into: &str, view: MergeView) {
        if let MergeView::Conflicts { files } = view {
            self.merging.open(source, into.to_owned(), files);
            self.desk.show_git(GitTab::Merge);
        }
    }

    /// Makes the merge that was decided.
    pub fn finish_merge(self) {
        let Some((source, resolutions)) = self.merging.decided() else { return };
        match source {
            Source::Revision(revision) => self.merge_with(revision, resolutions),
            Source::Remote { push, .. } => self.sync_with(push, None, resolutions),
        }
    }

    /// Shows which command an undo would take back, and what would stay.
    pub fn ask_undo(self) {
        spawn_local(async move {
            match ipc::call(ReadUndos {}).await {
                Ok(steps) => {
                    if let Some(last) = steps.first() {
                        self.ask(Asking::Undo(last.clone()));
                    }
                    self.undos.set(Load::Ready(steps));
                }
                Err(error) => self.work.refuse(error, Vec::new()),
            }
        });
    }

    /// Takes the last command back.
    pub fn undo(self) {
        self.dismiss();
        spawn_local(async move {
            match self.work.run("Taking back", UndoGit {}).await {
                Some(Ok(view)) => {
                    self.merging.forget();
                    self.work.say(model::undone(&view));
                    self.return_to(&untrack(|| self.current()));
                }
                Some(Err(error)) => {
                    let ways = self.ways_of(&error);
                    self.work.refuse(error, ways);
                }
                None => {}
            }
            self.refresh();
            self.changes.refresh();
        });
    }
}

/// Gives the keyboard to the element of that id, where nothing but the view as a whole has it.
fn settle_on(id: &str) {
    let is_free = |focused: web_sys::Element| focused.tag_name() == "BODY" || focused.id() == VIEW;
    if document().active_element().is_none_or(is_free) {
        focus_on(id);
    }
}

impl Default for Branches {
    fn default() -> Self {
        Self::new()
    }
}
