//! The problems of the repository: what was found on disk, and in the open prompt as it is typed. Whatever counts or
//! lists problems asks here, so that all of it agrees.

use std::sync::Arc;

use assay_prompt::{Diagnostic, Fix, Prompt};
use assay_wire::{ApiError, CheckPrompts, CheckView, Edited, FixProblems, Notice};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::model::{self, Counts, Finding, Narrow};
use crate::{
    ipc,
    panes::edit::{Bench, Goal},
    state::{Desk, Document, Documents, Edits, Load, Notices, Session, Toasts, context},
};

/// Milliseconds of rest after a change on disk before everything is checked again.
const REST_MS: u32 = 300;

/// The file whose problems show beside its form; every other one without a column shows beside the list.
const EVALS: &str = "evals.yaml";

/// A problem that is gone to in a prompt that is still being read.
#[derive(Debug, Clone, PartialEq)]
struct Errand {
    finding: Finding,
    /// Whether it is to be mended as well.
    mend: bool,
}

/// All problems, and what can be done about them.
#[derive(Clone, Copy)]
pub struct Problems {
    /// Which ones are listed.
    pub narrow: RwSignal<Narrow>,
    /// The code whose page is shown.
    pub explained: RwSignal<Option<String>>,
    check: RwSignal<Option<Load<CheckView>>>,
    own: Memo<Vec<Finding>>,
    elsewhere: Memo<Vec<Finding>>,
    last: RwSignal<Option<Finding>>,
    errand: RwSignal<Option<Errand>>,
    beside: RwSignal<Option<String>>,
    fixing: RwSignal<bool>,
    refused: RwSignal<Option<ApiError>>,
    asked: StoredValue<u64>,
    documents: Documents,
    bench: Bench,
    desk: Desk,
    edits: Edits,
    toasts: Toasts,
}

impl Problems {
    /// Knowing what the open prompt shows, and nothing of the disk yet.
    pub fn new() -> Self {
        let (session, documents) = (context::<Session>(), context::<Documents>());
        let check = RwSignal::new(None::<Load<CheckView>>);
        let own = Memo::new(move |_| of_open(documents).unwrap_or_default());
        let elsewhere = Memo::new(move |_| of_disk(session, documents, check));
        let problems = Self {
            narrow: RwSignal::new(Narrow::All),
            explained: RwSignal::new(None),
            check,
            own,
            elsewhere,
            last: RwSignal::new(None),
            errand: RwSignal::new(None),
            beside: RwSignal::new(None),
            fixing: RwSignal::new(false),
            refused: RwSignal::new(None),
            asked: StoredValue::new(0),
            documents,
            bench: context(),
            desk: context(),
            edits: context(),
            toasts: context(),
        };
        problems.check_what_is_opened(session);
        problems.run_errands();
        problems
    }

    /// Checks again whenever something changed on disk.
    pub fn follow(self, notices: Notices) {
        notices.listen(move |notice| {
            if matches!(notice, Notice::WorkspaceChanged) {
                self.check_after(REST_MS);
            }
        });
    }

    /// All problems: those of the open prompt as it is typed, the others as they are on disk.
    pub fn all(self) -> Vec<Finding> {
        let mut all = self.own.get();
        all.extend(self.elsewhere.get());
        all
    }

    /// How many there are.
    pub fn counts(self) -> Counts {
        self.own.with(|own| Counts::of(own)).and(self.elsewhere.with(|other| Counts::of(other)))
    }

    /// Whether the disk was not looked at yet.
    pub fn is_checking(self) -> bool {
        self.check.with(|check| matches!(check, None | Some(Load::Loading)))
    }

    /// Why the disk could not be looked at.
    pub fn failure(self) -> Option<ApiError> {
        self.check.with(|check| match check {
            Some(Load::Failed(error)) => Some(error.clone()),
            _ => None,
        })
    }

    /// Whether fixes are being applied.
    pub fn is_fixing(self) -> Signal<bool> {
        self.fixing.into()
    }

    /// Why the last fix was not applied.
    pub fn refused(self) -> Signal<Option<ApiError>> {
        self.refused.into()
    }

    /// Takes the last refusal off the screen.
    pub fn forgive(self) {
        self.refused.set(None);
    }

    /// The problem that was gone to last.
    pub fn last(self) -> Signal<Option<Finding>> {
        self.last.into()
    }

    /// A file without a column of its own whose text is shown beside the list.
    pub fn beside(self) -> Signal<Option<String>> {
        self.beside.into()
    }

    /// Shows no text beside the list any more.
    pub fn close_beside(self) {
        self.beside.set(None);
    }

    /// Shows where a problem stands, in whichever prompt.
    pub fn go_to(self, finding: Finding) {
        self.last.set(Some(finding.clone()));
        self.send(Errand { finding, mend: false });
    }

    /// Goes on to the next problem.
    pub fn go_on(self) {
        self.desk.drawer.set(true);
        let all = untrack(|| self.all());
        if let Some(next) = self.last.with_untracked(|last| model::next(&all, last.as_ref())) {
            self.go_to(next.clone());
        }
    }

    /// Applies the fix of a problem, in whichever prompt.
    pub fn mend(self, finding: Finding) {
        self.refused.set(None);
        if finding.fix.as_ref().is_some_and(|fix| fix.wants_id) {
            return self.mend_with_id(finding.prompt, &finding.code);
        }
        self.send(Errand { finding, mend: true });
    }

    /// Applies the fix of the open prompt's problem that the editor marked: see [`Squiggle::fix`].
    ///
    /// [`Squiggle::fix`]: crate::panes::edit::Squiggle
    pub fn mend_marked(self, file: &str, code: &str, at: usize) {
        let found = self.documents.parsed().with_untracked(|prompt| {
            let found = &prompt.as_ref()?.diagnostics;
            found.iter().find(|d| d.file == file && d.code == code && d.span.start == at).cloned()
        });
        if let Some(found) = found {
            self.refused.set(None);
            self.apply(&found);
        }
    }

    /// Applies every safe fix there is.
    pub fn mend_all(self) {
        self.mend_on_disk(FixProblems::default());
    }

    fn send(self, errand: Errand) {
        // What is wrong with the repository itself stands in no file of a prompt; its line says all there is.
        let Some(key) = errand.finding.prompt.clone() else { return };
        if self.documents.key().get_untracked().as_ref() != Some(&key) {
            self.documents.open(key);
        }
        self.errand.set(Some(errand));
    }

    /// Does what was chosen in the list, once its prompt is read.
    fn run_errands(self) {
        Effect::new(move || {
            let Some(errand) = self.errand.get() else { return };
            let Some(prompt) = self.documents.parsed().get() else { return };
            let ready = self.documents.open_prompt().with_untracked(|open| {
                let open = open.as_ref().and_then(Load::ready);
                open.is_some_and(|open| Some(&open.key) == errand.finding.prompt.as_ref())
            });
            if ready {
                self.errand.set(None);
                untrack(|| self.run(&errand, &prompt));
            }
        });
    }

    fn run(self, errand: &Errand, prompt: &Prompt) {
        if errand.mend {
            match model::still(&errand.finding, &prompt.diagnostics) {
                Some(found) => self.apply(found),
                None => self.refused.set(Some(gone())),
            }
            return;
        }
        let Finding { file, at, .. } = &errand.finding;
        let goal = Goal { file: file.clone(), at: *at };
        if prompt.variants.iter().any(|variant| variant.file == *file) || file == EVALS {
            self.beside.set(None);
            self.bench.go_to(goal);
        } else if self.documents.document(file).is_some() {
            self.desk.drawer.set(true);
            self.beside.set(Some(file.clone()));
            self.bench.show(goal);
        }
    }

    /// Applies a fix to the files as they are typed. What wants a permanent id goes through the application.
    fn apply(self, found: &Diagnostic) {
        let Some(fix) = found.fix.as_deref() else { return };
        if fix.wants_id() {
            return self.mend_with_id(self.documents.key().get_untracked(), found.code);
        }
        let text_of = |file: &str| untrack(|| self.documents.document(file)).map(|d| d.text_now());
        match model::fixed(fix, text_of) {
            Some(texts) => self.write(fix, texts),
            None => self.refused.set(Some(gone())),
        }
    }

    fn write(self, fix: &Fix, texts: Vec<(String, String)>) {
        let mut undo: Vec<(Document, String, String)> = Vec::new();
        for (file, after) in texts {
            if let Some(document) = untrack(|| self.documents.document(&file)) {
                let before = document.text_now();
                document.edit(after.clone());
                undo.push((document, before, after));
            }
        }
        self.toasts.say_with_undo(fix.title.clone(), move || {
            for (document, before, after) in &undo {
                // What was typed since is worth more than the undo.
                if document.text_now() == *after {
                    document.edit(before.clone());
                }
            }
        });
    }

    /// Applies a prompt's fix that wants a fresh permanent id.
    fn mend_with_id(self, prompt: Option<String>, code: &str) {
        // No prompt named would be all of them.
        let Some(prompt) = prompt else { return };
        self.mend_on_disk(FixProblems { prompts: vec![prompt], codes: vec![code.to_owned()] });
    }

    /// Applies fixes to what is on disk.
    fn mend_on_disk(self, command: FixProblems) {
        if self.fixing.get_untracked() {
            return;
        }
        self.fixing.set(true);
        self.refused.set(None);
        spawn_local(async move {
            self.documents.flush().await;
            match ipc::call(command).await {
                Ok(view) if view.fixed == 0 => self.refused.set(Some(nothing_safe())),
                Ok(view) => {
                    let done = model::fixed_words(view.fixed);
                    let prompt = self.documents.key().get_untracked();
                    self.edits.did(Edited { prompt, done, undo: view.undo });
                }
                Err(error) => self.refused.set(Some(error)),
            }
            self.fixing.set(false);
            self.check_after(0);
        });
    }

    fn check_what_is_opened(self, session: Session) {
        let root =
            Memo::new(move |_| session.workspace().with(|w| w.as_ref().map(|w| w.path.clone())));
        Effect::new(move || {
            let open = root.get().is_some();
            self.check.set(open.then_some(Load::Loading));
            self.last.set(None);
            self.errand.set(None);
            self.beside.set(None);
            self.refused.set(None);
            if open {
                self.check_after(0);
            }
        });
        Effect::new(move || {
            // A text that is shown beside the list belongs to the prompt it was opened in.
            self.documents.key().track();
            self.beside.set(None);
        });
    }

    /// Checks once nothing else asked for it within so many milliseconds. What is known stays until the answer is there.
    fn check_after(self, rest_ms: u32) {
        let asked = self.asked.get_value() + 1;
        self.asked.set_value(asked);
        spawn_local(async move {
            TimeoutFuture::new(rest_ms).await;
            if self.asked.get_value() != asked {
                return;
            }
            let answer = ipc::call(CheckPrompts::default()).await;
            if self.asked.get_value() == asked && self.check.with_untracked(Option::is_some) {
                self.check.set(Some(answer.into()));
            }
        });
    }
}

impl Default for Problems {
    fn default() -> Self {
        Self::new()
    }
}

/// The problems of the open prompt as it is typed; `None` while it is being read.
fn of_open(documents: Documents) -> Option<Vec<Finding>> {
    let key = documents.open_prompt().with(|open| Some(open.as_ref()?.ready()?.key.clone()))?;
    let text_of =
        |file: &str| untrack(|| documents.document(file)).map(|d| d.text_now()).unwrap_or_default();
    documents.parsed().with(|prompt: &Option<Arc<Prompt>>| {
        Some(model::of_prompt(&key, &prompt.as_ref()?.diagnostics, text_of))
    })
}

/// The problems that are not of the open prompt, and those of the repository itself.
fn of_disk(
    session: Session,
    documents: Documents,
    check: RwSignal<Option<Load<CheckView>>>,
) -> Vec<Finding> {
    let open = documents.open_prompt().with(|open| Some(open.as_ref()?.ready()?.key.clone()));
    session.workspace().with(|workspace| {
        let Some(workspace) = workspace else { return Vec::new() };
        let mut all = model::of_check(&workspace.problems, &[]);
        let checked = check.with(|check| {
            let problems = &check.as_ref()?.ready()?.problems;
            Some(model::of_check(problems, &workspace.prompts))
        });
        let others = checked.into_iter().flatten();
        // Those without a prompt are told with the workspace, which knows more of them.
        let own =
            |f: &Finding| open.is_some() && f.prompt == open && !model::shows_beside_others(f);
        all.extend(others.filter(|f| f.prompt.is_some() && !own(f)));
        all
    })
}

fn gone() -> ApiError {
    ApiError::new(assay_wire::Code::Conflict, "this problem no longer stands as it was found")
        .hint("Look at the list again; it shows what is left.")
}

fn nothing_safe() -> ApiError {
    ApiError::new(assay_wire::Code::BadInput, "nothing here can be fixed without being looked at")
        .hint("Apply the fixes one at a time, with the button beside each problem.")
}
