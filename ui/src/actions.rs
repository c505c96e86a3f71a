//! The one list of what can be done from anywhere: palette, shortcuts, buttons' hints and the help sheet come from it.

use assay_wire::{Rating, Theme};
use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use crate::{
    panes::{
        compare::Versus,
        edit::Bench,
        exchange::{Exporting, Importing},
        git::{Asking, Between, Branches, Past, Work},
        problems::Problems,
        ratings::Ratings,
        review::{Errand, Part, Reviews},
    },
    state::{
        Desk, Documents, Edits, GitTab, Place, Question, Runs, Session, Spending, Tab, Toasts,
        context,
    },
};

/// Something that can be done from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read prompts of another format.
    Import,
    /// Write the open prompt in another format.
    Export,
    /// Go on to the next problem.
    NextProblem,
    /// Start the next run.
    Run,
    /// Show what the next run would do.
    Plan,
    /// Stop the run that is going.
    Cancel,
    /// Bring everything typed to disk.
    Save,
    /// Make a prompt.
    NewPrompt,
    /// Give the open prompt another name.
    RenamePrompt,
    /// Copy the open prompt.
    DuplicatePrompt,
    /// Take the open prompt away.
    DeletePrompt,
    /// Give the open lone file a folder.
    ConvertPrompt,
    /// Copy the variant that has the keyboard.
    DuplicateVariant,
    /// Make a short variant.
    NewVariant,
    /// Give the variant that has the keyboard another name.
    RenameVariant,
    /// Take the variant that has the keyboard away.
    DeleteVariant,
    /// Show what is different in the variant that has the keyboard.
    Compare,
    /// Take the last edit of prompts or variants back.
    Undo,
    /// Open the palette.
    Palette,
    /// Open the sheet of shortcuts.
    Help,
    /// Go to the editor.
    Edit,
    /// Go to the forms: models, scorers, gates, schemas, parameters.
    Evals,
    /// Go to the matrix.
    Matrix,
    /// Go to the comparison.
    CompareRuns,
    /// Go to the charts.
    Charts,
    /// Go on to the next change between two outputs.
    NextChange,
    /// Go back to the change before.
    PreviousChange,
    /// Go to the list of runs.
    Runs,
    /// Go to the ratings: outputs without names, and what they come to.
    Ratings,
    /// Say that the output of the cell at the cursor is good enough.
    RatePass,
    /// Say that it is not.
    RateFail,
    /// Grade it, from 1 to 5.
    Grade(u8),
    /// Comment on it.
    RateComment,
    /// Take the last rating back.
    RateUndo,
    /// Show only cases with cells that are not reviewed, or all again.
    Unreviewed,
    /// Go to changes and commits.
    Git,
    /// Go to branches, tags, remotes and undo.
    Branches,
    /// Ask for the name of a branch, make it and go to it.
    NewBranch,
    /// Fetch, merge and send this branch.
    Sync,
    /// Stop the git command that is under way.
    StopGit,
    /// Show what the last git command was, to take it back.
    UndoGit,
    /// Show the commits of the open prompt.
    PromptHistory,
    /// Show what differs between two revisions.
    Differences,
    /// Go to the settings.
    Settings,
    /// Open or close the inspector.
    Inspector,
    /// Open or close the drawer.
    Drawer,
    /// Go on to the next appearance.
    Theme,
    /// Read everything from disk again.
    Reload,
    /// Trust the open repository.
    Trust,
    /// Close the workspace.
    Close,
    /// Go to the proposals.
    Reviews,
    /// Propose a branch.
    Propose,
    /// Choose the key that signs what one says.
    ChooseSigner,
    /// Approve the proposal on screen.
    Approve,
    /// Ask for changes of it.
    RequestChanges,
    /// Comment on it, or on the line the keyboard is at.
    CommentReview,
    /// Evaluate both sides of it.
    EvaluateProposal,
    /// Say that the file on screen was read.
    Viewed,
    /// Go on to the next conversation that is open.
    NextThread,
    /// Settle the conversation that has the keyboard.
    SettleThread,
    /// Show a part of the proposal.
    ReviewPart(Part),
    /// Merge it.
    MergeProposal,
}

/// A line of [`ACTIONS`].
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// Its name for people.
    pub title: &'static str,
    /// The heading it stands under in the help sheet.
    pub group: &'static str,
    /// Shortcuts, the first one shown. `Ctrl` is ⌘ on a Mac.
    pub keys: &'static [&'static str],
    /// Whether it means nothing without an open workspace.
    pub in_workspace: bool,
}

const fn entry(
    action: Action,
    group: &'static str,
    title: &'static str,
    keys: &'static [&'static str],
    in_workspace: bool,
) -> Entry {
    Entry { action, title, group, keys, in_workspace }
}

/// The heading of what rates the cell at the matrix's cursor. Its keys are bare letters, so they mean something only
/// while the grid has the keyboard.
const RATE: &str = "Rate, in the matrix";

/// The heading of what is done to the proposal on screen. Its keys are bare letters too, so they mean something only while
/// the review has the keyboard.
const REVIEW: &str = "Review, of a proposal";

/// Everything there is, in the order of the help sheet.
pub const ACTIONS: &[Entry] = &[
    entry(Action::Run, "Run", "Run the open prompt", &["Ctrl+Enter"], true),
    entry(Action::Plan, "Run", "Show the plan of the next run", &["Ctrl+Shift+Enter"], true),
    entry(Action::Cancel, "Run", "Stop the run", &["Ctrl+."], true),
    entry(Action::NewPrompt, "Prompt", "New prompt", &["Ctrl+N"], true),
    entry(Action::RenamePrompt, "Prompt", "Rename the open prompt", &["F2"], true),
    entry(Action::DuplicatePrompt, "Prompt", "Duplicate the open prompt", &[], true),
    entry(Action::DeletePrompt, "Prompt", "Delete the open prompt", &[], true),
    entry(Action::ConvertPrompt, "Prompt", "Make a folder of the open file", &[], true),
    entry(Action::DuplicateVariant, "Variant", "Duplicate as variant", &["Ctrl+Shift+D"], true),
    entry(Action::NewVariant, "Variant", "New variant", &[], true),
    entry(Action::RenameVariant, "Variant", "Rename the variant", &[], true),
    entry(Action::DeleteVariant, "Variant", "Delete the variant", &[], true),
    entry(
        Action::Compare,
        "Variant",
        "Compare with the baseline or the last commit",
        &["Alt+D"],
        true,
    ),
    entry(
        Action::Undo,
        "Files",
        "Undo the last change of prompts or variants",
        &["Ctrl+Alt+Z"],
        true,
    ),
    entry(Action::Import, "Files", "Import prompts…", &[], true),
    entry(Action::Export, "Files", "Export the open prompt…", &[], true),
    entry(Action::Save, "Files", "Save now", &["Ctrl+S"], true),
    entry(Action::Reload, "Files", "Read everything from disk again", &["Ctrl+Shift+R"], true),
    entry(Action::Edit, "Go to", "Edit: variants side by side", &["Ctrl+1"], true),
    entry(Action::Matrix, "Go to", "Matrix: the cells of a run", &["Ctrl+2"], true),
    entry(Action::Evals, "Go to", "Evals: models, scorers and gates", &["Ctrl+Shift+E"], true),
    entry(Action::CompareRuns, "Go to", "Compare: two sides on the same cases", &["Ctrl+4"], true),
    entry(Action::Charts, "Go to", "Charts: scores, cost and differences", &["Ctrl+6"], true),
    entry(Action::NextChange, "Go to", "The next change between two outputs", &["F7"], true),
    entry(
        Action::PreviousChange,
        "Go to",
        "The change before between two outputs",
        &["Shift+F7"],
        true,
    ),
    entry(Action::Runs, "Go to", "Runs", &["Ctrl+3"], true),
    entry(Action::Ratings, "Go to", "Ratings: outputs without names", &["Ctrl+Shift+G"], true),
    entry(Action::Git, "Go to", "Git: changes and commits", &["Ctrl+5"], true),
    entry(Action::Branches, "Git", "Branches, tags and remotes", &["Ctrl+Shift+B"], true),
    entry(Action::NewBranch, "Git", "New branch…", &[], true),
    entry(Action::Sync, "Git", "Sync this branch with its remote", &["Ctrl+Shift+S"], true),
    entry(Action::StopGit, "Git", "Stop what git is doing", &[], true),
    entry(Action::UndoGit, "Git", "Take the last git command back…", &[], true),
    entry(Action::PromptHistory, "Git", "History of the open prompt", &["Ctrl+Shift+H"], true),
    entry(Action::Differences, "Git", "What differs between two revisions", &[], true),
    entry(Action::Settings, "Go to", "Settings", &["Ctrl+,"], true),
    entry(Action::NextProblem, "Go to", "The next problem", &["F8"], true),
    entry(Action::Reviews, "Go to", "Reviews: proposals and their approvals", &["Ctrl+7"], true),
    entry(Action::RatePass, RATE, "Pass the output of the cell", &["P"], true),
    entry(Action::RateFail, RATE, "Fail the output of the cell", &["F"], true),
    entry(Action::Grade(1), RATE, "Grade the output 1 of 5", &["1"], true),
    entry(Action::Grade(2), RATE, "Grade the output 2 of 5", &["2"], true),
    entry(Action::Grade(3), RATE, "Grade the output 3 of 5", &["3"], true),
    entry(Action::Grade(4), RATE, "Grade the output 4 of 5", &["4"], true),
    entry(Action::Grade(5), RATE, "Grade the output 5 of 5, the best", &["5"], true),
    entry(Action::RateComment, RATE, "Comment on the output of the cell", &["C"], true),
    entry(Action::RateUndo, RATE, "Take the last rating back", &["U"], true),
    entry(Action::Unreviewed, RATE, "Only cases that are not reviewed", &["V"], true),
    entry(Action::Propose, REVIEW, "Propose a branch…", &[], true),
    entry(Action::ChooseSigner, REVIEW, "Choose the key that signs…", &[], true),
    entry(Action::Approve, REVIEW, "Approve the proposal", &["A"], true),
    entry(Action::RequestChanges, REVIEW, "Ask for changes of the proposal", &["R"], true),
    entry(Action::CommentReview, REVIEW, "Comment on the line, or the proposal", &["C"], true),
    entry(Action::EvaluateProposal, REVIEW, "Evaluate base and head", &["E"], true),
    entry(Action::Viewed, REVIEW, "The file was read, or was not", &["V"], true),
    entry(Action::NextThread, REVIEW, "The next open conversation", &["N"], true),
    entry(Action::SettleThread, REVIEW, "Settle the conversation", &["X"], true),
    entry(Action::ReviewPart(Part::Conversation), REVIEW, "What was said", &["1"], true),
    entry(Action::ReviewPart(Part::Changes), REVIEW, "What differs", &["2"], true),
    entry(Action::ReviewPart(Part::Messages), REVIEW, "The messages of both sides", &["3"], true),
    entry(Action::ReviewPart(Part::Verdict), REVIEW, "What runs of both sides say", &["4"], true),
    entry(Action::MergeProposal, REVIEW, "Merge the proposal…", &["M"], true),
    entry(Action::Palette, "Window", "Find a command or a prompt", &["Ctrl+K"], false),
    entry(Action::Inspector, "Window", "Show or hide the inspector", &["Ctrl+I"], true),
    entry(Action::Drawer, "Window", "Show or hide the drawer", &["Ctrl+J"], true),
    entry(Action::Theme, "Window", "Change the appearance", &[], false),
    entry(Action::Help, "Window", "Shortcuts", &["Ctrl+/", "?"], false),
    entry(Action::Trust, "Workspace", "Trust this repository to run", &[], true),
    entry(Action::Close, "Workspace", "Close the workspace", &["Ctrl+W"], true),
];

/// What the list says of an action.
pub fn about(action: Action) -> &'static Entry {
    ACTIONS.iter().find(|entry| entry.action == action).unwrap_or(&ACTIONS[0])
}

/// Where actions happen.
#[derive(Clone, Copy)]
pub struct Stage {
    session: Session,
    desk: Desk,
    reviews: Reviews,
    documents: Documents,
    runs: Runs,
    spending: Spending,
    toasts: Toasts,
    edits: Edits,
    bench: Bench,
    versus: Versus,
    problems: Problems,
    importing: Importing,
    exporting: Exporting,
    ratings: Ratings,
    branches: Branches,
    past: Past,
    between: Between,
    work: Work,
}

impl Stage {
    /// The window the calling component is in.
    pub fn here() -> Self {
        Self {
            session: context(),
            desk: context(),
            reviews: context(),
            documents: context(),
            runs: context(),
            spending: context(),
            toasts: context(),
            edits: context(),
            bench: context(),
            versus: context(),
            problems: context(),
            importing: context(),
            exporting: context(),
            ratings: context(),
            branches: context(),
            past: context(),
            between: context(),
            work: context(),
        }
    }

    /// Whether an action means something now.
    pub fn offers(self, entry: &Entry) -> bool {
        let open = self.session.workspace().with(|workspace| workspace.as_ref().map(|w| w.trusted));
        match entry.action {
            Action::Trust => open == Some(false),
            Action::Cancel => self.runs.is_running(),
            Action::StopGit => self.work.is_busy(),
            Action::NextProblem => self.problems.counts().all() > 0,
            Action::NextChange | Action::PreviousChange => self.outputs().is_some(),
            Action::Run
            | Action::Plan
            | Action::Export
            | Action::PromptHistory
            | Action::RenamePrompt
            | Action::DuplicatePrompt
            | Action::DeletePrompt => self.documents.key().with(Option::is_some),
            Action::ConvertPrompt => self.documents.is_lone(),
            Action::DuplicateVariant
            | Action::NewVariant
            | Action::RenameVariant
            | Action::Compare => self.bench.focused().is_some(),
            Action::DeleteVariant => self.bench.focused().is_some() && self.bench.can_delete(),
            Action::Undo => self.edits.can_undo(),
            Action::RatePass | Action::RateFail | Action::Grade(_) | Action::RateComment => {
                self.shows_matrix() && self.ratings.can_rate()
            }
            Action::RateUndo => self.shows_matrix() && self.ratings.can_undo(),
            Action::Unreviewed => self.shows_matrix() && self.runs.shown().with(Option::is_some),
            Action::Approve | Action::RequestChanges | Action::CommentReview => {
                self.shows_reviews() && self.reviews.can_say()
            }
            Action::EvaluateProposal => self.shows_reviews() && self.reviews.can_evaluate(),
            Action::Viewed => self.shows_reviews() && self.reviews.shows_file(),
            Action::SettleThread => self.shows_reviews() && self.reviews.can_say(),
            Action::ReviewPart(_) => self.shows_reviews() && self.reviews.detail_now().is_some(),
            Action::NextThread => self.shows_reviews() && self.reviews.has_open_threads(),
            Action::MergeProposal => self.shows_reviews() && self.reviews.can_merge(),
            _ => open.is_some() || !entry.in_workspace,
        }
    }

    /// Does it.
    pub fn perform(self, action: Action) {
        match action {
            Action::Import => self.importing.show(),
            Action::Export => self.with_prompt(|key| self.exporting.show(key)),
            Action::NextProblem => self.problems.go_on(),
            Action::Run => self.spending.run(),
            Action::Plan => self.spending.look(),
            Action::Cancel => self.cancel(),
            Action::Save => self.save(),
            Action::NewPrompt => self.edits.ask(Question::NewPrompt),
            Action::RenamePrompt => self.ask_of_prompt(Question::RenamePrompt),
            Action::DuplicatePrompt => self.ask_of_prompt(Question::DuplicatePrompt),
            Action::DeletePrompt => self.with_prompt(|key| self.edits.delete_prompt(key)),
            Action::ConvertPrompt => self.with_prompt(|key| self.edits.convert(key)),
            Action::DuplicateVariant => self.ask_of_variant(Question::DuplicateVariant),
            Action::NewVariant => self.edits.ask(Question::NewVariant),
            Action::RenameVariant => self.ask_of_variant(Question::RenameVariant),
            Action::DeleteVariant => self.with_variant(|id| self.edits.delete_variant(id)),
            Action::Compare => self.with_variant(|id| self.compare(&id)),
            Action::Undo => self.edits.undo_last(),
            Action::Palette => self.desk.palette.update(|open| *open = !*open),
            Action::Help => self.desk.help.update(|open| *open = !*open),
            Action::Edit => self.desk.show_edit(),
            Action::Evals => self.desk.show_evals(),
            Action::Matrix => self.desk.show_matrix(),
            Action::CompareRuns => self.desk.show_compare(),
            Action::Charts => self.desk.show_charts(),
            Action::NextChange => self.step_change(1),
            Action::PreviousChange => self.step_change(-1),
            Action::Runs => self.desk.place.set(Place::Runs),
            Action::Ratings => self.desk.place.set(Place::Ratings),
            Action::RatePass => self.ratings.rate(Rating::Pass(true)),
            Action::RateFail => self.ratings.rate(Rating::Pass(false)),
            Action::Grade(grade) => self.ratings.rate(Rating::Grade(grade)),
            Action::RateComment => self.ratings.comment(),
            Action::RateUndo => self.ratings.undo(),
            Action::Unreviewed => self.ratings.toggle_unreviewed(),
            Action::Git => self.desk.place.set(Place::Git),
            Action::Branches => self.desk.show_git(GitTab::Branches),
            Action::NewBranch => self.branches.ask(Asking::NewBranch(None)),
            Action::Sync => self.sync(),
            Action::StopGit => self.work.stop(),
            Action::UndoGit => self.undo_git(),
            Action::PromptHistory => self.with_prompt(|key| self.show_history(key)),
            Action::Differences => self.show_differences(),
            Action::Settings => self.desk.place.set(Place::Settings),
            Action::Inspector => self.desk.inspector.update(|open| *open = !*open),
            Action::Drawer => self.desk.drawer.update(|open| *open = !*open),
            Action::Theme => self.session.set_theme(next_theme(untrack(|| self.session.theme()))),
            Action::Reload => self.reload(),
            Action::Trust => self.session.trust(true),
            Action::Close => self.close(),
            Action::Reviews => self.reviews.go_there(),
            Action::Propose => self.reviews.ask_to_propose(),
            Action::ChooseSigner => self.reviews.ask_for_signer(),
            Action::Approve => self.reviews.begin(Errand::Approve),
            Action::RequestChanges => self.reviews.begin(Errand::RequestChanges),
            Action::CommentReview => self.reviews.comment(),
            Action::EvaluateProposal => self.reviews.evaluate(),
            Action::Viewed => self.reviews.toggle_viewed(),
            Action::NextThread => self.reviews.next_thread(),
            Action::SettleThread => self.reviews.settle(),
            Action::ReviewPart(part) => self.reviews.part.set(part),
            Action::MergeProposal => self.reviews.begin(Errand::Merge),
        }
    }

    fn shows_matrix(self) -> bool {
        self.desk.place.get() == Place::Prompts && self.desk.tab.get() == Tab::Matrix
    }

    /// The comparison whose outputs are on screen.
    fn outputs(self) -> Option<Versus> {
        match self.desk.place.get() {
            Place::Prompts if self.desk.tab.get() == Tab::Compare => Some(self.versus),
            Place::Reviews if self.reviews.shows_outputs() => Some(self.reviews.versus()),
            _ => None,
        }
    }

    fn step_change(self, by: i32) {
        if let Some(outputs) = untrack(|| self.outputs()) {
            outputs.step(by);
        }
    }

    fn shows_reviews(self) -> bool {
        self.desk.place.get() == Place::Reviews
    }

    fn with_prompt(self, f: impl FnOnce(String)) {
        if let Some(key) = self.documents.key().get_untracked() {
            f(key);
        }
    }

    fn with_variant(self, f: impl FnOnce(String)) {
        if let Some(variant) = untrack(|| self.bench.focused()) {
            f(variant);
        }
    }

    fn ask_of_prompt(self, question: impl FnOnce(String) -> Question) {
        self.with_prompt(|key| self.edits.ask(question(key)));
    }

    fn ask_of_variant(self, question: impl FnOnce(String) -> Question) {
        self.with_variant(|variant| self.edits.ask(question(variant)));
    }

    fn compare(self, variant: &str) {
        self.desk.show_edit();
        self.bench.toggle_comparison(variant);
    }

    fn sync(self) {
        // Where progress, and what is asked on the way, can be seen.
        self.desk.place.set(Place::Git);
        self.branches.sync(true);
    }

    fn undo_git(self) {
        self.desk.show_git(GitTab::Branches);
        self.branches.ask_undo();
    }

    fn show_history(self, prompt: String) {
        self.past.look_at(Some(prompt));
        self.past.refresh();
        self.desk.show_git(GitTab::History);
    }

    fn show_differences(self) {
        self.desk.show_git(GitTab::Differences);
        self.between.read();
    }

    fn cancel(self) {
        if let Some(progress) = self.runs.progress().get_untracked() {
            self.runs.cancel(progress.run);
        }
    }

    fn save(self) {
        spawn_local(async move { self.documents.flush().await });
    }

    fn reload(self) {
        self.session.refresh();
        self.documents.reload();
        self.toasts.say("Read from disk again");
    }

    fn close(self) {
        spawn_local(async move {
            self.documents.flush().await;
            self.documents.close();
            self.session.close();
        });
    }
}

/// The appearance after this one.
pub fn next_theme(theme: Theme) -> Theme {
    match theme {
        Theme::System => Theme::Light,
        Theme::Light => Theme::Dark,
        Theme::Dark => Theme::System,
    }
}

/// Listens to shortcuts for as long as the window lives.
pub fn listen_to_keys(stage: Stage) {
    let handle = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if event.default_prevented() || event.is_composing() {
            return;
        }
        let pressed = Pressed::of(&event);
        let typing = is_typing(&event);
        let found = ACTIONS.iter().find(|entry| {
            entry.keys.iter().any(|chord| pressed.is(chord, typing))
                && (entry.group != RATE || is_within(&event, ".matrix__scroll"))
                && (entry.group != REVIEW || is_within(&event, ".review"))
                && untrack(|| stage.offers(entry))
        });
        if let Some(entry) = found {
            event.prevent_default();
            stage.perform(entry.action);
        }
    });
    on_cleanup(move || handle.remove());
}

/// Keys that are down. `code` is kept beside `key`, because a modifier may turn a letter into another character.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pressed {
    key: String,
    code: String,
    ctrl: bool,
    shift: bool,
    alt: bool,
}

impl Pressed {
    fn of(event: &KeyboardEvent) -> Self {
        Self {
            key: event.key(),
            code: event.code(),
            ctrl: event.ctrl_key() || event.meta_key(),
            shift: event.shift_key(),
            alt: event.alt_key(),
        }
    }

    /// Whether they are `chord`. A chord without Ctrl or Alt is text while somebody types.
    fn is(&self, chord: &str, typing: bool) -> bool {
        let mut wanted = (false, false, false);
        let mut key = "";
        for part in chord.split('+') {
            match part {
                "Ctrl" => wanted.0 = true,
                "Shift" => wanted.1 = true,
                "Alt" => wanted.2 = true,
                _ => key = part,
            }
        }
        let bare = !wanted.0 && !wanted.2;
        // Where Shift is needed to type a sign depends on the keyboard, so a sign does not ask for it.
        let shift_fits = wanted.1 == self.shift || !key.chars().all(char::is_alphanumeric);
        !(bare && typing)
            && wanted.0 == self.ctrl
            && wanted.2 == self.alt
            && shift_fits
            && self.is_key(key)
    }

    fn is_key(&self, key: &str) -> bool {
        let by_code = match key.chars().next() {
            Some(letter) if key.len() == 1 && letter.is_ascii_uppercase() => {
                self.code == format!("Key{letter}")
            }
            Some(digit) if key.len() == 1 && digit.is_ascii_digit() => {
                self.code == format!("Digit{digit}")
            }
            _ => false,
        };
        by_code || self.key.eq_ignore_ascii_case(key)
    }
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
    element.is_some_and(|element| {
        element.is_content_editable()
            || matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
    })
}

/// Whether a part of the window has the keyboard.
fn is_within(event: &KeyboardEvent, part: &str) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.closest(part).is_ok_and(|found| found.is_some()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn pressed(key: &str, code: &str, ctrl: bool, shift: bool) -> Pressed {
        Pressed { key: key.into(), code: code.into(), ctrl, shift, alt: false }
    }

    #[test]
    fn no_two_actions_share_a_shortcut() {
        // What rates and what reviews never has the keyboard at once, so these two may share letters.
        for apart in [RATE, REVIEW] {
            let mut seen = HashSet::new();
            for chord in ACTIONS.iter().filter(|e| e.group != apart).flat_map(|entry| entry.keys) {
                assert!(
                    seen.insert(chord),
                    "{chord} is bound twice, so one of the two never happens"
                );
            }
        }
    }

    #[test]
    fn every_action_is_listed_once() {
        let mut seen = HashSet::new();
        for entry in ACTIONS {
            assert!(seen.insert(entry.action), "{:?} is listed twice", entry.action);
        }
    }

    #[test]
    fn a_letter_is_found_by_its_place_on_the_keyboard() {
        assert!(
            pressed("˚", "KeyK", true, false).is("Ctrl+K", false),
            "a modifier changed the character"
        );
        assert!(
            pressed("k", "KeyK", true, false).is("Ctrl+K", true),
            "a chord with Ctrl works while typing"
        );
        assert!(!pressed("k", "KeyK", false, false).is("Ctrl+K", false));
        assert!(
            !pressed("K", "KeyK", true, true).is("Ctrl+K", false),
            "Shift makes it another chord"
        );
    }

    #[test]
    fn a_bare_key_is_text_while_typing() {
        assert!(pressed("?", "Slash", false, true).is("?", false));
        assert!(!pressed("?", "Slash", false, true).is("?", true));
    }

    #[test]
    fn appearances_go_around() {
        let seen = [Theme::System, Theme::Light, Theme::Dark].map(next_theme);
        assert_eq!(seen, [Theme::Light, Theme::Dark, Theme::System]);
    }
}
