//! One side of a comparison, read from the store.

use std::collections::HashMap;

use assay_prompt::{Prompt, Row};
use assay_store::{CellRecord, CellTokens, NewColumn, RunDetail, Store};

use super::SideOf;
use super::signature::{Made, Noted};
use crate::error::EngineError;
use crate::spec::RunSpec;

/// A run with everything that was measured in it.
pub(super) struct ReadSide {
    /// What was asked for.
    pub of: SideOf,
    pub detail: RunDetail,
    /// Columns that are meant, by their place in the run.
    pub meant: Vec<usize>,
    prompts: HashMap<String, Prompt>,
    cases: Vec<Row>,
    /// Of each column, its cells.
    cells: Vec<Vec<CellRecord>>,
    tokens: HashMap<u32, CellTokens>,
    noted: Noted,
}

/// One column of a side.
pub(super) struct Column<'a> {
    pub column: &'a NewColumn,
    /// The prompt as it was run, where that can be read back.
    pub prompt: Option<&'a Prompt>,
    pub side: &'a ReadSide,
    /// Its place in the run.
    pub place: u32,
    /// How its scores were made.
    pub made: Made<'a>,
    cells: &'a [CellRecord],
}

impl ReadSide {
    pub fn read(store: &Store, of: &SideOf, prompts: &[String]) -> Result<ReadSide, EngineError> {
        let detail = store.run(&of.run)?;
        let detail = detail.ok_or_else(|| EngineError::UnknownRun { run: of.run.to_string() })?;
        let spec = serde_json::from_str(&detail.spec);
        let spec: RunSpec = spec.map_err(|error| EngineError::UnreadableRun {
            run: of.run.to_string(),
            reason: error.to_string(),
        })?;
        let mut cells = vec![Vec::new(); detail.columns.len()];
        for cell in store.cells(&of.run, 0, detail.record.total)? {
            if let Some(column) = cells.get_mut(cell.column as usize) {
                column.push(cell);
            }
        }
        let tokens = store.tokens(&of.run)?;
        Ok(ReadSide {
            of: of.clone(),
            meant: meant(of, &detail, &spec, prompts),
            prompts: spec.prompts.iter().map(|s| (s.key.clone(), s.parse())).collect(),
            // A damaged line shows as an empty case, as it does in the matrix.
            cases: detail.rows.iter().map(|row| case(&row.case_json)).collect(),
            cells,
            tokens: tokens.into_iter().map(|of| (of.cell, of)).collect(),
            noted: Noted::read(store, &of.run, &spec)?,
            detail,
        })
    }

    pub fn column(&self, place: usize) -> Column<'_> {
        let column = &self.detail.columns[place];
        let prompt = self.prompts.get(&column.prompt);
        let made = Made::of(&self.noted, &column.prompt, prompt, &column.variant);
        let cells = &self.cells[place];
        Column { column, prompt, side: self, place: place as u32, made, cells }
    }

    /// The name of a prompt by its key.
    pub fn prompt_name(&self, key: &str) -> String {
        self.prompts.get(key).map_or_else(|| key.to_owned(), |prompt| prompt.name.clone())
    }

    pub fn tokens(&self, cell: u32) -> Option<&CellTokens> {
        self.tokens.get(&cell)
    }
}

impl<'a> Column<'a> {
    /// Its cells with their cases, in the order of the rows.
    pub fn cells(&self) -> impl Iterator<Item = (&'a Row, &'a CellRecord)> {
        let side = self.side;
        self.cells.iter().filter_map(move |cell| Some((side.cases.get(cell.row as usize)?, cell)))
    }

    /// The case of a row.
    pub fn case(&self, row: u32) -> Option<&'a Row> {
        self.side.cases.get(row as usize)
    }

    /// How often each of its cases is asked.
    pub fn samples(&self) -> u32 {
        let rows = self.side.detail.rows.iter();
        let own = rows.filter(|row| row.prompt == self.column.prompt);
        own.map(|row| row.sample.saturating_add(1)).max().unwrap_or(1)
    }
}

fn case(json: &str) -> Row {
    serde_json::from_str(json).unwrap_or_default()
}

fn meant(of: &SideOf, detail: &RunDetail, spec: &RunSpec, prompts: &[String]) -> Vec<usize> {
    let is_named = |key: &str| {
        let named = |prompt: &String| {
            prompt == key || spec.prompts.iter().any(|p| p.key == key && p.name == *prompt)
        };
        prompts.is_empty() || prompts.iter().any(named)
    };
    let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|w| w == found);
    let columns = detail.columns.iter().enumerate();
    columns
        .filter(|(_, c)| {
            is_named(&c.prompt) && is(&of.variant, &c.variant) && is(&of.model, &c.model)
        })
        .map(|(place, _)| place)
        .collect()
}
