//! Which examples each variant shows.

use assay_prompt::{Row, Select, edit};
use leptos::prelude::*;

use super::Grid;
use crate::panes::rows::shots::{self, Way};

impl Grid {
    /// Which examples a variant shows.
    pub fn select(self, variant: &str) -> Option<Select> {
        self.parsed.with(|p| Some(p.as_ref()?.variant(variant)?.select.clone()))
    }

    /// Whether a variant shows an example; `None` where that depends on the case.
    pub fn shows(self, variant: &str, row: &Row) -> Option<bool> {
        let select = self.select(variant)?;
        self.sheet.with(|sheet| shots::shows(&select, row, sheet.as_ref()?.rows()))
    }

    /// Lets a variant select in another way.
    pub fn choose_way(self, variant: &str, way: Way) {
        self.reselect(variant, |select, rows| shots::changed(select, way, rows));
    }

    /// Lets a variant show so many.
    pub fn choose_count(self, variant: &str, count: usize) {
        self.reselect(variant, |select, _| shots::counted(select, count));
    }

    /// Shows an example in a variant, or no more.
    pub fn toggle(self, variant: &str, id: &str) {
        self.reselect(variant, |select, rows| shots::toggled(select, id, rows));
    }

    fn reselect(self, variant: &str, make: impl FnOnce(&Select, &[Row]) -> Select) {
        let (select, sheet) = (untrack(|| self.select(variant)), untrack(|| self.sheet()));
        let (Some(select), Some(sheet)) = (select, sheet) else { return };
        let new = make(&select, sheet.rows());
        if new != select {
            let files = untrack(|| self.documents.files());
            self.apply(edit::set_select(&files, Some(variant), &new));
        }
    }
}
