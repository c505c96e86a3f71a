//! `assay rate`: say how good a cell's output is.

use assay_app::App;
use assay_wire::{ApiError, CellRatings, ClearRating, Rated, Rating, RatingKind, SetRating};
use serde_json::json;

use super::{ratings, show};
use crate::arguments::Rate;
use crate::exit::Exit;
use crate::output::{Output, counted};

pub(crate) fn execute(app: &App, arguments: &Rate, output: &Output) -> Result<Exit, ApiError> {
    let run = show::run_id(app, &arguments.run)?;
    let rated = match arguments.clear {
        true => clear(app, &run, arguments.cell)?,
        false => set(app, &run, arguments)?,
    };
    let cell = rated.cells.iter().find(|said| said.cell == arguments.cell).cloned();
    let cell = cell.unwrap_or(CellRatings { cell: arguments.cell, raters: Vec::new() });
    let document = json!({
        "schema": "assay.rate/1",
        "run": run,
        "cell": cell.cell,
        "cells": rated.cells.iter().map(|said| said.cell).collect::<Vec<_>>(),
        "ratings": cell.raters.iter().map(ratings::said).collect::<Vec<_>>(),
    });
    output.show(&document, || text(&cell, rated.cells.len()))?;
    Ok(Exit::Done)
}

/// Says everything that was given; the last answer tells how it stands then.
fn set(app: &App, run: &str, arguments: &Rate) -> Result<Rated, ApiError> {
    let pass = (arguments.pass || arguments.fail).then_some(Rating::Pass(arguments.pass));
    let grade = arguments.score.map(Rating::Grade);
    let note = arguments.note.clone().map(Rating::Comment);
    let mut rated = Rated { before: None, cells: Vec::new() };
    for rating in [pass, grade, note].into_iter().flatten() {
        rated = app.call(SetRating { run: run.to_owned(), cell: arguments.cell, rating })?;
    }
    Ok(rated)
}

fn clear(app: &App, run: &str, cell: u32) -> Result<Rated, ApiError> {
    for kind in [RatingKind::Pass, RatingKind::Grade] {
        app.call(ClearRating { run: run.to_owned(), cell, kind })?;
    }
    app.call(ClearRating { run: run.to_owned(), cell, kind: RatingKind::Comment })
}

fn text(cell: &CellRatings, cells: usize) -> String {
    let mut lines: Vec<String> = cell.raters.iter().map(ratings::words).collect();
    if lines.is_empty() {
        lines.push("nobody says anything of this output".to_owned());
    }
    if cells > 1 {
        lines.push(format!("{} of this run hold the same output", counted(cells as u32, "cell")));
    }
    lines.join("\n")
}
