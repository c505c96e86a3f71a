//! Texts typed into cells that do not fit there: kept and marked until they are mended or taken back, wherever the
//! person goes meanwhile. They never reach the file.

use std::sync::Arc;

use leptos::prelude::*;

use super::{board::Target, sheet::Sheet};

/// A text that does not fit its cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unkept {
    /// What was typed.
    pub typed: String,
    /// Why it does not fit.
    pub why: String,
    file: Arc<str>,
    target: Target,
}

/// Texts of all grids that wait to be mended.
#[derive(Clone, Copy)]
pub struct Pending(RwSignal<Vec<Unkept>>);

impl Pending {
    /// With nothing that waits.
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// The text that waits in a cell of the file at that path.
    pub fn of(self, file: &str, target: &Target) -> Option<Unkept> {
        self.0.with(|all| found(all, file, target).map(|at| all[at].clone()))
    }

    /// Keeps a text that did not fit, instead of an earlier one of the same cell.
    pub fn put(self, file: Arc<str>, target: Target, typed: String, why: String) {
        self.drop(&file, &target);
        self.0.update(|all| all.push(Unkept { typed, why, file, target }));
    }

    /// Lets go of the text of a cell.
    pub fn drop(self, file: &str, target: &Target) {
        if self.0.with_untracked(|all| found(all, file, target).is_some()) {
            self.0.update(|all| all.retain(|one| !one.is_of(file, target)));
        }
    }

    /// A row has another id now, and its cells with it.
    pub fn rename(self, file: &str, old: &str, new: &str) {
        let concerned = |one: &Unkept| &*one.file == file && one.target.is_of_row(old);
        if old != new && self.0.with_untracked(|all| all.iter().any(concerned)) {
            self.0.update(|all| {
                all.iter_mut().filter(|one| concerned(one)).for_each(|one| one.target.rename(new));
            });
        }
    }

    /// The cells of a file that such texts wait in, without those whose rows are gone.
    pub fn waiting(self, file: &str, sheet: &Sheet) -> Vec<Target> {
        self.0.with(|all| waiting(all, file, sheet))
    }
}

impl Default for Pending {
    fn default() -> Self {
        Self::new()
    }
}

impl Unkept {
    fn is_of(&self, file: &str, target: &Target) -> bool {
        &*self.file == file && self.target.is_same(target)
    }
}

fn found(all: &[Unkept], file: &str, target: &Target) -> Option<usize> {
    all.iter().position(|one| one.is_of(file, target))
}

fn waiting(all: &[Unkept], file: &str, sheet: &Sheet) -> Vec<Target> {
    all.iter()
        .filter(|one| &*one.file == file && one.target.line(sheet).is_some())
        .map(|one| one.target.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{
        fixture::{CASES, cases},
        sheet::Column,
    };
    use super::*;

    fn cell(id: &str) -> Target {
        Target::Cell(id.to_owned(), Column::Input("count".into()))
    }

    fn typed(pending: Pending, id: &str) -> Option<String> {
        pending.of("cases.jsonl", &cell(id)).map(|unkept| unkept.typed)
    }

    fn put(pending: Pending, id: &str, typed: &str) {
        pending.put("cases.jsonl".into(), cell(id), typed.to_owned(), "no number".to_owned());
    }

    #[test]
    fn what_does_not_fit_waits_in_its_own_cell_until_it_is_let_go() {
        Owner::new().with(|| {
            let pending = Pending::new();
            put(pending, "c-1", "two");
            put(pending, "c-1", "three");
            assert_eq!(typed(pending, "c-1").as_deref(), Some("three"));
            assert_eq!(typed(pending, "c-2"), None);
            assert_eq!(pending.of("examples.jsonl", &cell("c-1")), None, "it is of one file");
            pending.drop("cases.jsonl", &cell("c-1"));
            assert_eq!(typed(pending, "c-1"), None);
        });
    }

    #[test]
    fn it_follows_its_row_under_a_new_id() {
        Owner::new().with(|| {
            let pending = Pending::new();
            put(pending, "c-1", "two");
            pending.rename("cases.jsonl", "c-1", "c-9");
            assert_eq!(typed(pending, "c-9").as_deref(), Some("two"));
            assert_eq!(typed(pending, "c-1"), None);
        });
    }

    #[test]
    fn a_row_that_is_gone_is_not_asked_about() {
        Owner::new().with(|| {
            let pending = Pending::new();
            put(pending, "c-2", "two");
            put(pending, "c-7", "two");
            assert_eq!(pending.waiting("cases.jsonl", &cases(CASES)), [cell("c-2")]);
        });
    }
}
