//! The parts of a run, and the window over their rows.
//!
//! A *sheet* is one prompt's part of the run; rows and columns are counted from the sheet's own first ones, ordinals over
//! the whole run.

use std::ops::Range;

use assay_wire::{RowView, RunView};

use crate::components::Spot;

/// Height of a row in pixels, the same for all; `--matrix-row` in the stylesheet is the same number.
pub const ROW_HEIGHT: f64 = 76.0;

/// One prompt's part of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The prompt's key.
    pub prompt: String,
    /// Its columns, as places in the run's; the first one is the baseline.
    pub columns: Vec<usize>,
    /// Its rows, as places in the run's.
    pub rows: Range<usize>,
}

impl Sheet {
    /// Its number of cells.
    pub fn cells(&self) -> u32 {
        (self.rows.len() * self.columns.len()) as u32
    }
}

/// The parts of a run, in the order of its rows.
pub fn sheets(run: &RunView) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = Vec::new();
    for (place, row) in run.rows.iter().enumerate() {
        match sheets.last_mut() {
            Some(sheet) if sheet.prompt == row.prompt => sheet.rows.end = place + 1,
            _ => sheets.push(Sheet {
                prompt: row.prompt.clone(),
                columns: columns_of(run, &row.prompt),
                rows: place..place + 1,
            }),
        }
    }
    sheets
}

fn columns_of(run: &RunView, prompt: &str) -> Vec<usize> {
    let places = run.columns.iter().enumerate();
    places.filter(|(_, stats)| stats.column.prompt == prompt).map(|(place, _)| place).collect()
}

/// The ordinal of the cell there, or `None` beyond the sheet's end.
pub fn ordinal(sheet: &Sheet, rows: &[RowView], spot: Spot) -> Option<u32> {
    let inside = spot.row < sheet.rows.len() && spot.column < sheet.columns.len();
    let row = inside.then(|| rows.get(sheet.rows.start + spot.row)).flatten()?;
    Some(row.first_cell + spot.column as u32)
}

/// Where a cell stands in a sheet, or `None` when it is another sheet's.
pub fn spot(sheet: &Sheet, rows: &[RowView], ordinal: u32) -> Option<Spot> {
    let rows = rows.get(sheet.rows.clone())?;
    let row = rows.partition_point(|row| row.first_cell <= ordinal).checked_sub(1)?;
    let column = (ordinal - rows[row].first_cell) as usize;
    (column < sheet.columns.len()).then_some(Spot { row, column })
}

/// The ordinals of some of a sheet's rows.
pub fn ordinals(sheet: &Sheet, all: &[RowView], rows: Range<usize>) -> Range<u32> {
    let first = Spot { row: rows.start, column: 0 };
    let last =
        Spot { row: rows.end.saturating_sub(1), column: sheet.columns.len().saturating_sub(1) };
    match (ordinal(sheet, all, first), ordinal(sheet, all, last)) {
        (Some(first), Some(last)) if !rows.is_empty() => first..last + 1,
        _ => 0..0,
    }
}

/// The rows that have a wanted cell, and the sheets over them; a sheet without rows is left out.
pub fn narrowed(
    rows: &[RowView],
    sheets: &[Sheet],
    wanted: &dyn Fn(u32) -> bool,
) -> (Vec<RowView>, Vec<Sheet>) {
    let (mut kept, mut over) = (Vec::new(), Vec::new());
    for sheet in sheets {
        let width = sheet.columns.len() as u32;
        let has_wanted = |row: &&RowView| (row.first_cell..row.first_cell + width).any(wanted);
        let from = kept.len();
        let own = rows.get(sheet.rows.clone()).unwrap_or_default();
        kept.extend(own.iter().filter(has_wanted).cloned());
        if kept.len() > from {
            over.push(Sheet { rows: from..kept.len(), ..sheet.clone() });
        }
    }
    (kept, over)
}

/// The ordinals of a sheet's rows that begin in `seen`, as few ranges as there are.
pub fn parts(sheet: &Sheet, rows: &[RowView], seen: &Range<u32>) -> Vec<Range<u32>> {
    let width = sheet.columns.len() as u32;
    let mut parts: Vec<Range<u32>> = Vec::new();
    let own = rows.get(sheet.rows.clone()).unwrap_or_default();
    for row in own.iter().filter(|row| seen.contains(&row.first_cell)) {
        match parts.last_mut() {
            Some(part) if part.end == row.first_cell => part.end += width,
            _ => parts.push(row.first_cell..row.first_cell + width),
        }
    }
    parts
}

/// Whether any of the changed ranges reaches into the window.
pub fn touches(stale: &[(u32, u32)], window: &Range<u32>) -> bool {
    stale.iter().any(|(from, to)| *from < window.end && *to > window.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::matrix::model::sample::{row, run};

    #[test]
    fn only_rows_with_a_wanted_cell_stay_and_cells_keep_their_numbers() {
        let run = run();
        let (rows, over) = narrowed(&run.rows, &sheets(&run), &|cell| cell == 3 || cell == 5);
        let firsts: Vec<u32> = rows.iter().map(|row| row.first_cell).collect();
        assert_eq!(firsts, [2, 5]);
        assert_eq!(over.iter().map(|sheet| sheet.rows.clone()).collect::<Vec<_>>(), [0..1, 1..2]);
        assert_eq!(ordinal(&over[0], &rows, Spot { row: 0, column: 1 }), Some(3));
        assert_eq!(narrowed(&run.rows, &sheets(&run), &|_| false), (Vec::new(), Vec::new()));
    }

    #[test]
    fn rows_that_are_left_out_are_not_read() {
        let run = RunView { rows: vec![row("a", 0), row("a", 2), row("a", 8)], ..run() };
        let sheet = &sheets(&run)[0];
        assert_eq!(parts(sheet, &run.rows, &(0..10)), [0..4, 8..10]);
        assert_eq!(parts(sheet, &run.rows, &(2..4)).first(), Some(&(2..4)));
    }

    #[test]
    fn each_prompt_of_a_run_has_its_sheet() {
        let sheets = sheets(&run());
        assert_eq!(sheets.len(), 2);
        assert_eq!((sheets[0].rows.clone(), sheets[0].columns.clone()), (0..2, vec![0, 1]));
        assert_eq!((sheets[1].rows.clone(), sheets[1].columns.clone()), (2..4, vec![2]));
    }

    #[test]
    fn places_and_ordinals_lead_to_each_other() {
        let run = run();
        for sheet in sheets(&run) {
            for row in 0..sheet.rows.len() {
                for column in 0..sheet.columns.len() {
                    let there = Spot { row, column };
                    let cell = ordinal(&sheet, &run.rows, there).expect("inside the sheet");
                    assert_eq!(spot(&sheet, &run.rows, cell), Some(there));
                }
            }
        }
    }

    #[test]
    fn a_cell_of_another_sheet_is_nowhere_on_this_one() {
        let run = run();
        let sheets = sheets(&run);
        assert_eq!(spot(&sheets[0], &run.rows, 4), None);
        assert_eq!(spot(&sheets[1], &run.rows, 3), None);
        assert_eq!(ordinal(&sheets[0], &run.rows, Spot { row: 2, column: 0 }), None);
        assert_eq!(ordinals(&sheets[1], &run.rows, 0..2), 4..6);
        assert_eq!(ordinals(&sheets[0], &run.rows, 1..1), 0..0);
    }

    #[test]
    fn only_changes_inside_the_window_ask_for_it_again() {
        assert!(touches(&[(0, 3), (8, 9)], &(8..20)));
        assert!(!touches(&[(0, 8), (20, 30)], &(8..20)), "ranges are half open");
    }
}
