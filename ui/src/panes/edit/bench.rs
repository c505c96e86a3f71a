//! What is chosen while editing: columns, the case, values tried out, and the place to show next.

use std::{collections::BTreeMap, sync::Arc};

use assay_prompt::Prompt;
use leptos::prelude::*;

use super::{
    comparison::{self, Against},
    head, model,
};
use crate::components::catch_focus;
use crate::state::{Desk, Documents, Edits, VariantNews, context};

/// Choices of the edit view. The inspector and the drawer follow them too.
#[derive(Clone, Copy)]
pub struct Bench {
    chosen: RwSignal<Vec<String>>,
    shown: Memo<Vec<String>>,
    case: RwSignal<Option<String>>,
    values: RwSignal<BTreeMap<String, String>>,
    focused: RwSignal<Option<String>>,
    goal: RwSignal<Option<Goal>>,
    compared: RwSignal<BTreeMap<String, Against>>,
    parsed: Signal<Option<Arc<Prompt>>>,
    desk: Desk,
}

/// A place in a file that is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// Path below the prompt's folder.
    pub file: String,
    /// Byte offset.
    pub at: usize,
}

impl Bench {
    /// With nothing chosen: the first two variants, the first case.
    pub fn new() -> Self {
        let parsed = context::<Documents>().parsed();
        let chosen = RwSignal::new(Vec::new());
        let shown = Memo::new(move |_| {
            parsed.with(|p| {
                p.as_ref()
                    .map(|p| chosen.with(|chosen| model::shown(p, chosen)))
                    .unwrap_or_default()
            })
        });
        let bench = Self {
            chosen,
            shown,
            case: RwSignal::new(None),
            values: RwSignal::new(BTreeMap::new()),
            focused: RwSignal::new(None),
            goal: RwSignal::new(None),
            compared: RwSignal::new(BTreeMap::new()),
            parsed,
            desk: context(),
        };
        bench.follow(context());
        bench.forget_elsewhere(context(), context());
        bench
    }

    /// A variant that is made gets a column and the keyboard; one that is renamed keeps its column.
    fn follow(self, edits: Edits) {
        let awaited = RwSignal::new(None::<String>);
        let renamed = RwSignal::new(None::<String>);
        Effect::new(move || match edits.news().get() {
            Some(VariantNews::Added(id)) => {
                self.add_column(id.clone());
                awaited.set(Some(id));
            }
            Some(VariantNews::Renamed(old, new)) => {
                self.also_show(&old, new.clone());
                renamed.set(Some(new));
            }
            None => {}
        });
        // It is there once its file is read.
        Effect::new(move || {
            let Some(id) = awaited.get() else { return };
            let goal = self.parsed.with(|p| {
                let variant = p.as_ref()?.variant(&id)?;
                Some(Goal { file: variant.file.clone(), at: variant.body_span.start })
            });
            if let Some(goal) = goal {
                awaited.set(None);
                self.go_to(goal);
            }
        });
        // Its column is another one, so the keyboard is given to the same button there.
        Effect::new(move || {
            let here = renamed.get().filter(|id| self.shown.with(|shown| shown.contains(id)));
            if let Some(id) = here {
                renamed.set(None);
                catch_focus(head::menu_id(&id));
            }
        });
    }

    /// Comparisons and values tried out are of the prompt they were made in; one that was renamed keeps them.
    fn forget_elsewhere(self, documents: Documents, edits: Edits) {
        Effect::new(move |before: Option<Option<String>>| {
            let now = documents.key().get();
            let moved = edits.moved().get_untracked();
            if let Some(before) = before.filter(|before| *before != now)
                && moved != before.zip(now.clone())
            {
                self.compared.set(BTreeMap::new());
                self.values.set(BTreeMap::new());
            }
            now
        });
    }

    /// Whether the open prompt would still have a variant without one.
    pub fn can_delete(self) -> bool {
        self.parsed.with(|p| p.as_ref().is_some_and(|p| p.variants.len() > 1))
    }

    /// Ids of all variants, the baseline first.
    pub fn all(self) -> Vec<String> {
        self.parsed.with(|p| p.as_ref().map(|p| model::ids(p)).unwrap_or_default())
    }

    /// What a variant is compared with, if it is.
    pub fn comparison(self, variant: &str) -> Option<Against> {
        let chosen = self.compared.with(|all| all.get(variant).cloned())?;
        Some(comparison::standing(chosen, &self.all()))
    }

    /// Compares a variant with something, or with nothing any more.
    pub fn compare(self, variant: &str, against: Option<Against>) {
        self.compared.update(|all| match against {
            Some(against) => drop(all.insert(variant.to_owned(), against)),
            None => drop(all.remove(variant)),
        });
    }

    /// Compares a variant with the baseline, and the baseline with the last commit; or stops to.
    pub fn toggle_comparison(self, variant: &str) {
        let against = match untrack(|| self.comparison(variant)) {
            Some(_) => None,
            None => Some(comparison::usual(variant, &untrack(|| self.all()))),
        };
        self.compare(variant, against);
    }

    /// Ids of the variants that have a column.
    pub fn shown(self) -> Signal<Vec<String>> {
        self.shown.into()
    }

    /// Ids of the variants that have none.
    pub fn hidden(self) -> Vec<String> {
        self.shown.with(|shown| self.all().into_iter().filter(|id| !shown.contains(id)).collect())
    }

    /// Gives a variant a column of its own; the last one makes room.
    pub fn add_column(self, variant: String) {
        let mut columns = self.shown.get_untracked();
        columns.truncate(model::MOST_COLUMNS - 1);
        columns.push(variant);
        self.chosen.set(columns);
    }

    /// Puts a variant beside another, for as long as the other is not gone.
    fn also_show(self, beside: &str, variant: String) {
        let mut columns = self.shown.get_untracked();
        if let Some(at) = columns.iter().position(|id| *id == beside) {
            columns.insert(at + 1, variant);
            self.chosen.set(columns);
        }
    }

    /// Puts another variant in a column.
    pub fn swap_column(self, old: &str, new: String) {
        let mut columns = self.shown.get_untracked();
        if let Some(place) = columns.iter_mut().find(|id| *id == old) {
            *place = new;
        }
        self.chosen.set(columns);
    }

    /// Takes a column away; the last one stays.
    pub fn close_column(self, variant: &str) {
        let mut columns = self.shown.get_untracked();
        if columns.len() > 1 {
            columns.retain(|id| id != variant);
            self.chosen.set(columns);
        }
    }

    /// Id of the case that feeds the previews.
    pub fn case(self) -> Option<String> {
        self.parsed.with(|p| self.case.with(|case| model::case_id(p.as_deref()?, case.as_deref())))
    }

    /// Feeds the previews with another case, and forgets the values tried out.
    pub fn choose_case(self, case: String) {
        self.values.set(BTreeMap::new());
        self.case.set(Some(case));
    }

    /// Values tried out instead of the case's, by input, as typed.
    pub fn values(self) -> Signal<BTreeMap<String, String>> {
        self.values.into()
    }

    /// Tries out a value.
    pub fn try_value(self, input: String, text: String) {
        self.values.update(|values| {
            values.insert(input, text);
        });
    }

    /// Goes back to the case's own values.
    pub fn drop_values(self) {
        self.values.set(BTreeMap::new());
    }

    /// Id of the variant that last had the keyboard, or the first.
    pub fn focused(self) -> Option<String> {
        let kept = self.focused.get();
        self.shown
            .with(|shown| kept.filter(|id| shown.contains(id)).or_else(|| shown.first().cloned()))
    }

    /// A variant got the keyboard.
    pub fn focus(self, variant: String) {
        self.focused.set(Some(variant));
    }

    /// The place to be shown.
    pub fn goal(self) -> Signal<Option<Goal>> {
        self.goal.into()
    }

    /// Shows a place of a file in whatever shows that file.
    pub fn show(self, goal: Goal) {
        self.goal.set(Some(goal));
    }

    /// Shows a place: of a variant's file in a column for it, of a file of settings beside its form.
    pub fn go_to(self, goal: Goal) {
        let variant =
            self.parsed.with_untracked(|p| model::variant_of_file(p.as_deref()?, &goal.file));
        let Some(variant) = variant else {
            if model::is_yaml(&goal.file) {
                self.desk.show_evals();
                self.goal.set(Some(goal));
            }
            return;
        };
        if !self.shown.with_untracked(|shown| shown.contains(&variant)) {
            self.add_column(variant.clone());
        }
        self.focus(variant);
        self.desk.show_edit();
        self.goal.set(Some(goal));
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}
