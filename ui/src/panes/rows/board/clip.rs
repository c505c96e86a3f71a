//! What is pasted: one cell's text, or a table that is asked about first.

use leptos::prelude::*;

use super::Grid;
use crate::panes::rows::paste::{self, Plan, Table};

/// A table on its way into the grid.
#[derive(Clone, Copy)]
pub struct Clip {
    /// Whether the sheet that asks about it is open.
    pub open: RwSignal<bool>,
    /// Its text.
    pub text: RwSignal<String>,
    /// Whether its first row names columns, where the person has said so.
    pub header: RwSignal<Option<bool>>,
    /// The column on which its first one goes when nothing names them.
    from: RwSignal<usize>,
}

impl Clip {
    /// With nothing on its way.
    pub(super) fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            text: RwSignal::new(String::new()),
            header: RwSignal::new(None),
            from: RwSignal::new(0),
        }
    }
}

impl Grid {
    /// Takes what was pasted: one cell goes into the cell under the keyboard, a table is asked about.
    pub fn paste(self, text: String) {
        let table = Table::read(&text);
        if table.cells.is_empty() {
            return;
        }
        if let (true, Some(target)) = (table.is_one_cell(), untrack(|| self.target())) {
            self.keep(&target, text.trim_end_matches(['\n', '\r']));
            return;
        }
        self.ask_to_paste(text);
    }

    /// Opens the sheet that says what a table becomes.
    pub fn ask_to_paste(self, text: String) {
        self.clip.from.set(untrack(|| self.at()).column);
        self.clip.header.set(None);
        self.clip.text.set(text);
        self.clip.open.set(true);
    }

    /// What the table becomes, and whether its first row names columns.
    pub fn plan(self) -> Option<(Plan, bool)> {
        let (sheet, columns) = (self.sheet()?, self.columns());
        let table = self.clip.text.with(|text| Table::read(text));
        let header = self.clip.header.get().unwrap_or_else(|| table.names_columns(&columns));
        Some((paste::plan(&sheet, &columns, &table, header, self.clip.from.get()), header))
    }

    /// Adds the planned rows; a confirmation takes them out again.
    pub fn paste_planned(self) {
        let Some((plan, _)) = untrack(|| self.plan()) else { return };
        self.clip.open.set(false);
        self.clear_filter();
        let (count, first) = (plan.rows.len(), plan.rows.first().map(|row| row.id.clone()));
        let made = self.change(|text, sheet| Ok((paste::pasted(text, sheet, &plan.rows)?, ())));
        let Some(made) = made else { return };
        self.go_to(&first.unwrap_or_default(), 0);
        let words = if count == 1 { self.kind.word() } else { self.kind.words() };
        self.toasts.say_with_undo(format!("Added {count} {words}"), move || {
            if !self.take_back(&made) {
                self.not_back();
            }
        });
    }
}
