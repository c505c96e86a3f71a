//! What is done to whole rows: new, copied, moved, removed, and turned into the other kind.

use leptos::prelude::*;

use super::{Grid, Made, sheet_now};
use crate::{
    components::Spot,
    panes::rows::{
        change::{self, RowError},
        sheet::{RowKind, Sheet},
    },
};

impl Grid {
    /// Adds an empty row at the end and edits its first value.
    pub fn add(self) {
        self.clear_filter();
        if let Some(made) = self.change(change::added) {
            self.go_to(&made.result, 1);
            self.edit();
        }
    }

    /// Copies the row under the keyboard.
    pub fn duplicate(self) {
        let Spot { row, column } = untrack(|| self.at());
        let Some(row) = untrack(|| self.row(row)) else { return };
        if let Some(made) = self.change(|text, sheet| change::duplicated(text, sheet, &row.id)) {
            self.go_to(&made.result, column);
        }
    }

    /// Moves the row under the keyboard past its neighbour.
    pub fn shift(self, down: bool) {
        let Spot { row, column } = untrack(|| self.at());
        let to = if down { row.checked_add(1) } else { row.checked_sub(1) };
        let neighbour = to.and_then(|to| untrack(|| self.row(to)));
        let (Some(own), Some(other)) = (untrack(|| self.row(row)), neighbour) else { return };
        let moved = |text: &str, sheet: &Sheet| {
            change::moved(text, sheet, &own.id, &other.id).map(|text| (text, ()))
        };
        if self.change(moved).is_some() {
            self.go_to(&own.id, column);
        }
    }

    /// Removes the line under the keyboard; a confirmation offers it back.
    pub fn remove(self) {
        let spot = untrack(|| self.at());
        let Some(line) = untrack(|| self.line(spot.row)) else { return };
        let gone = untrack(|| self.row(spot.row));
        let place =
            gone.as_ref().and_then(|row| untrack(|| self.sheet())?.named(&row.id).map(|n| n.0));
        let removed = |text: &str, sheet: &Sheet| Ok((change::removed(text, sheet, line)?, ()));
        let Some(made) = self.change(removed) else { return };
        self.go(spot);
        let name = gone.as_ref().map_or("a line", |row| &row.id);
        let text = format!("Removed {} {name}", self.kind.word());
        self.toasts.say_with_undo(text, move || {
            let back = self.take_back(&made);
            if let (false, Some(row), Some(at)) = (back, &gone, place) {
                self.change(|text, sheet| change::inserted(text, sheet, at, row));
            } else if !back {
                self.not_back();
            }
        });
    }

    /// Makes an example of a case, or a case of an example: in both it would give its answer away.
    pub fn turn(self) {
        let spot = untrack(|| self.at());
        let Some(row) = untrack(|| self.row(spot.row)) else { return };
        let other = match self.kind {
            RowKind::Example => RowKind::Case,
            RowKind::Case => RowKind::Example,
        };
        let ready = untrack(|| sheet_now(other, self.documents)).is_some() || self.start(other);
        let there = untrack(|| sheet_now(other, self.documents)).filter(|_| ready);
        let Some((sheet, document)) = there else { return };
        let new = change::turned(&row, self.kind, sheet.rows());
        let before = document.text_now();
        let added = match change::inserted(&before, &sheet, sheet.rows().len(), &new) {
            Ok((after, result)) => Made { document, before, after, result },
            Err(error) => return self.trouble.set(Some(error.to_string())),
        };
        let gone = self.change(|text, sheet| {
            let removed = sheet.format.remove(text, &row.id);
            removed.map(|text| (text, ())).ok_or_else(|| RowError::Gone(row.id.clone()))
        });
        let Some(gone) = gone else { return };
        added.document.edit(added.after.clone());
        self.go(spot);
        let text = format!("{} is {} now: {}", row.id, an(other), added.result);
        self.toasts.say_with_undo(text, move || {
            let (here, there) = (self.take_back(&gone), self.take_back(&added));
            if !(here && there) {
                self.not_back();
            }
        });
    }
}

fn an(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Example => "an example",
        RowKind::Case => "a case",
    }
}
