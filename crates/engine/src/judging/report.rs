//! What the judges of a run did, measured from their own replies: errors, positions, lengths.

use std::collections::BTreeMap;

use assay_prompt::Row;
use assay_score::judge::{Evidence, JudgeReport, Material, Replies, report};
use assay_store::{CellRecord, RunDetail, RunId};

use super::JudgedScorer;
use super::rounds::{PURPOSE, take};
use crate::error::EngineError;
use crate::run::Engine;
use crate::spec::RunSpec;

/// Cells read at once.
const PAGE: u32 = 1_000;

/// Reports by the key of the prompt and the id of the scorer.
type Reports = BTreeMap<(String, String), Vec<JudgeReport>>;

/// What each judge did, cell by cell.
type Found = BTreeMap<(String, String), Vec<Evidence>>;

impl Engine {
    /// How often the judges of a run failed, and what those of pairs lean to; model by model.
    ///
    /// # Errors
    /// When there is no such run, or it cannot be read back.
    pub fn judge_reports(&self, run: &RunId) -> Result<Reports, EngineError> {
        let detail = self.store().run(run)?;
        let detail = detail.ok_or_else(|| EngineError::UnknownRun { run: run.to_string() })?;
        let spec: RunSpec = serde_json::from_str(&detail.spec).map_err(|error| {
            EngineError::UnreadableRun { run: run.to_string(), reason: error.to_string() }
        })?;
        let judges = spec
            .prompts
            .iter()
            .map(|source| (source.key.clone(), JudgedScorer::all(&source.parse())));
        let judges: BTreeMap<String, Vec<JudgedScorer>> = judges.collect();
        let mut replies = Replies::default();
        for answer in self.store().child_answers(run, PURPOSE)? {
            take(&mut replies, answer);
        }
        let mut found = Found::new();
        for from in (0..detail.record.total).step_by(PAGE as usize) {
            let page = self.page(&detail, from)?;
            page.add_to(&mut found, &judges, &replies);
        }
        Ok(found.into_iter().map(|(judge, evidence)| (judge, report(&evidence))).collect())
    }

    fn page<'a>(&self, detail: &'a RunDetail, from: u32) -> Result<Page<'a>, EngineError> {
        let to = from.saturating_add(PAGE);
        let outputs = self.store().outputs(&detail.record.id, from, to)?;
        let outputs = outputs.into_iter().map(|found| (found.cell, found.output)).collect();
        Ok(Page { detail, cells: self.store().cells(&detail.record.id, from, to)?, outputs })
    }
}

/// Some cells of a run, with their outputs.
struct Page<'a> {
    detail: &'a RunDetail,
    cells: Vec<CellRecord>,
    outputs: BTreeMap<u32, String>,
}

impl Page<'_> {
    fn add_to(
        &self,
        found: &mut Found,
        judges: &BTreeMap<String, Vec<JudgedScorer>>,
        replies: &Replies,
    ) {
        for cell in &self.cells {
            let Some(column) = self.detail.columns.get(cell.column as usize) else { continue };
            let Some(output) = self.outputs.get(&cell.ordinal) else { continue };
            let Some(case) = self.case(cell) else { continue };
            for scorer in judges.get(&column.prompt).into_iter().flatten() {
                let Ok(judge) = &scorer.judge else { continue };
                if !scorer.looks_at(&case, &column.variant) {
                    continue;
                }
                let baseline = judge.baseline().and_then(|variant| self.beside(cell, variant));
                let material = Material { case: &case, output, baseline };
                let of = (column.prompt.clone(), scorer.id.clone());
                found.entry(of).or_default().extend(judge.evidence(&material, replies));
            }
        }
    }

    fn case(&self, cell: &CellRecord) -> Option<Row> {
        serde_json::from_str(&self.detail.rows.get(cell.row as usize)?.case_json).ok()
    }

    /// What a variant answered in the same row on the same model, when that is on this page: the cells of a row are
    /// neighbours, so hardly any are parted.
    fn beside(&self, cell: &CellRecord, variant: &str) -> Option<&str> {
        let model = &self.detail.columns.get(cell.column as usize)?.model;
        let other = self.cells.iter().find(|other| {
            let column = self.detail.columns.get(other.column as usize);
            other.row == cell.row
                && column.is_some_and(|column| column.variant == variant && column.model == *model)
        })?;
        self.outputs.get(&other.ordinal).map(String::as_str)
    }
}
