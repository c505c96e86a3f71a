//! Where the person is in the window, what is open around them, and how wide it is.

use leptos::prelude::*;

/// A place of the activity bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The list of prompts, with the editor and the matrix.
    Prompts,
    /// All runs.
    Runs,
    /// Outputs to rate without names, and what ratings come to.
    Ratings,
    /// Changes, diffs and commits.
    Git,
    /// Proposals, and what people say of them.
    Reviews,
    /// Providers, keys, prices, appearance, privacy.
    Settings,
}

/// A tab of the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Variants side by side.
    Edit,
    /// Models, scorers, gates, schemas and parameters as forms.
    Evals,
    /// The cells of a run.
    Matrix,
    /// Scorers that ask a model, against labels of people.
    Judges,
    /// Two sides on the same cases.
    Compare,
    /// Distributions, spending, differences and the trend.
    Charts,
}

/// A part of the Git view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GitTab {
    /// What changed since the last commit, and the commit box.
    #[default]
    Changes,
    /// Branches, tags, remotes and undo.
    Branches,
    /// The past of a prompt, a file or a row.
    History,
    /// Two revisions.
    Differences,
    /// A merge that waits for decisions.
    Merge,
}

/// What is open and how large it is. Sizes are kept per project in the browser's own storage.
#[derive(Clone, Copy)]
pub struct Desk {
    /// Chosen in the activity bar.
    pub place: RwSignal<Place>,
    /// Chosen above the centre.
    pub tab: RwSignal<Tab>,
    /// Chosen in the Git view.
    pub git: RwSignal<GitTab>,
    /// Whether the inspector is open.
    pub inspector: RwSignal<bool>,
    /// Whether the drawer is open.
    pub drawer: RwSignal<bool>,
    /// Whether the palette is open.
    pub palette: RwSignal<bool>,
    /// Whether the sheet of shortcuts is open.
    pub help: RwSignal<bool>,
    /// The part of the settings to go to, by its id on the page.
    pub part: RwSignal<Option<&'static str>>,
}

impl Desk {
    /// As the window starts: at the prompts, drawer closed, inspector open where it does not cover the middle.
    pub fn new() -> Self {
        Self {
            place: RwSignal::new(Place::Prompts),
            tab: RwSignal::new(Tab::Edit),
            git: RwSignal::new(GitTab::Changes),
            inspector: RwSignal::new(is_wide()),
            drawer: RwSignal::new(false),
            palette: RwSignal::new(false),
            help: RwSignal::new(false),
            part: RwSignal::new(None),
        }
    }

    /// Goes to the editor.
    pub fn show_edit(self) {
        self.place.set(Place::Prompts);
        self.tab.set(Tab::Edit);
    }

    /// Goes to the forms.
    pub fn show_evals(self) {
        self.place.set(Place::Prompts);
        self.tab.set(Tab::Evals);
    }

    /// Goes to the matrix.
    pub fn show_matrix(self) {
        self.place.set(Place::Prompts);
        self.tab.set(Tab::Matrix);
    }

    /// Goes to the comparison.
    pub fn show_compare(self) {
        self.place.set(Place::Prompts);
        self.tab.set(Tab::Compare);
    }

    /// Goes to the charts.
    pub fn show_charts(self) {
        self.place.set(Place::Prompts);
        self.tab.set(Tab::Charts);
    }

    /// Goes to a part of the Git view.
    pub fn show_git(self, tab: GitTab) {
        self.place.set(Place::Git);
        self.git.set(tab);
    }

    /// Goes to a part of the settings, by its id on the page.
    pub fn show_settings(self, part: &'static str) {
        self.part.set(Some(part));
        self.place.set(Place::Settings);
    }

    /// A size in pixels that the person may change, kept under `name` for `project`.
    pub fn size(project: &str, name: &str, usual: f64) -> RwSignal<f64> {
        let key = format!("assay:size:{project}:{name}");
        let kept = storage().and_then(|s| s.get_item(&key).ok().flatten());
        let size = RwSignal::new(kept.and_then(|text| text.parse().ok()).unwrap_or(usual));
        Effect::new(move || {
            let now = size.get();
            if let Some(storage) = storage() {
                // A full or forbidden storage only means that the size is not remembered.
                let _ = storage.set_item(&key, &now.to_string());
            }
        });
        size
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the inspector has a place of its own; the same width as in `layout.css`.
fn is_wide() -> bool {
    window().inner_width().ok().and_then(|width| width.as_f64()).is_none_or(|width| width > 1200.0)
}

/// The browser's own storage, where there is one.
pub(super) fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
