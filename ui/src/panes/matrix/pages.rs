//! Cells by the page: those in view, and those among which one that is wanted is looked for.

use std::ops::Range;

use assay_wire::{ApiError, CellLine, CellPage, ReadCells};

use super::{
    board::Layout,
    model::{self, Sheet, Wanted},
};
use crate::{components::Spot, ipc};

/// The next such cell of a sheet after a place, around its end.
pub async fn search(
    layout: &Layout,
    sheet: &Sheet,
    at: Spot,
    wanted: Wanted,
) -> Result<Option<Spot>, ApiError> {
    let all = model::ordinals(sheet, &layout.rows, 0..sheet.rows.len());
    let at = model::ordinal(sheet, &layout.rows, at).unwrap_or(all.start);
    for Range { start: from, end: to } in model::search_pages(&all, at) {
        let page = ipc::call(ReadCells { run: layout.run.clone(), from, to }).await?;
        let spot = |cell: &CellLine| model::spot(sheet, &layout.rows, cell.ordinal);
        // A row that is left out cannot be gone to.
        if let Some(spot) = page.cells.iter().filter(|cell| wanted.is(cell)).find_map(spot) {
            return Ok(Some(spot));
        }
    }
    Ok(None)
}

/// Reads ranges of cells into one page.
pub async fn read_parts(
    run: String,
    from: u32,
    parts: Vec<Range<u32>>,
) -> Result<CellPage, ApiError> {
    let mut all = CellPage { run: run.clone(), from, cells: Vec::new() };
    for Range { start: from, end: to } in parts {
        all.cells.extend(ipc::call(ReadCells { run: run.clone(), from, to }).await?.cells);
    }
    Ok(all)
}
