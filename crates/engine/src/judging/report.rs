//! What the judges of a run did, measured from their own replies: errors, positions, lengths.

use std::collections::BTreeMap;

use assay_prompt::Row;
use assay_score::judge::{
    Evidence, Judge, JudgeReport, Material, Question, QuestionId, Replies, Step, report,
};
use assay_store::{CellRecord, RunDetail, RunId};

use super::JudgedScorer;
use super::heard::Heard;
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
        let (detail, spec) = self.judged_run(run)?;
        let judges = spec
            .prompts
            .iter()
            .map(|source| (source.key.clone(), JudgedScorer::all(&source.parse())));
        let judges: BTreeMap<String, Vec<JudgedScorer>> = judges.collect();
        let heard = Heard::of_run(self.store(), run, false)?;
        let mut found = Found::new();
        for from in (0..detail.record.total).step_by(PAGE as usize) {
            let to = from.saturating_add(PAGE);
            let page = self.page_around(&detail, from, to)?;
            let mut judged = page.judged(&judges);
            judged.retain(|one| (from..to).contains(&one.cell));
            let mut replies = Replies::default();
            heard.follow(self.store(), &mut replies, |replies| {
                judged.iter().flat_map(|one| one.needs(replies)).collect()
            })?;
            for one in &judged {
                let evidence = one.judge.evidence(&one.material(), &replies);
                found.entry(one.of.clone()).or_default().extend(evidence);
            }
        }
        Ok(found.into_iter().map(|(judge, evidence)| (judge, report(&evidence))).collect())
    }

    /// A run, with what it was asked to do.
    pub(super) fn judged_run(&self, run: &RunId) -> Result<(RunDetail, RunSpec), EngineError> {
        let detail = self.store().run(run)?;
        let detail = detail.ok_or_else(|| EngineError::UnknownRun { run: run.to_string() })?;
        let spec = serde_json::from_str(&detail.spec).map_err(|error| {
            EngineError::UnreadableRun { run: run.to_string(), reason: error.to_string() }
        })?;
        Ok((detail, spec))
    }

    /// Some cells of a run, and their neighbours: the other of a pair answers the same case, and the cells of a row stand
    /// together.
    pub(super) fn page_around<'a>(
        &self,
        detail: &'a RunDetail,
        from: u32,
        to: u32,
    ) -> Result<Page<'a>, EngineError> {
        let around = detail.columns.len() as u32;
        self.page(detail, from.saturating_sub(around), to.saturating_add(around))
    }

    fn page<'a>(&self, detail: &'a RunDetail, from: u32, to: u32) -> Result<Page<'a>, EngineError> {
        let outputs = self.store().outputs(&detail.record.id, from, to)?;
        let outputs = outputs.into_iter().map(|found| (found.cell, found.output)).collect();
        Ok(Page { detail, cells: self.store().cells(&detail.record.id, from, to)?, outputs })
    }
}

/// Some cells of a run, with their outputs.
pub(super) struct Page<'a> {
    detail: &'a RunDetail,
    cells: Vec<CellRecord>,
    outputs: BTreeMap<u32, String>,
}

/// An output that a judge looks at.
pub(super) struct Judged<'a> {
    /// The key of its prompt, and the id of its scorer.
    of: (String, String),
    cell: u32,
    judge: &'a Judge,
    case: Row,
    output: &'a str,
    baseline: Option<&'a str>,
}

impl Judged<'_> {
    pub fn material(&self) -> Material<'_> {
        Material { case: &self.case, output: self.output, baseline: self.baseline }
    }

    /// What its judge would ask next.
    pub fn needs(&self, replies: &Replies) -> Vec<QuestionId> {
        match self.judge.next(&self.material(), replies) {
            Step::Ask(questions) => questions.iter().map(Question::id).collect(),
            Step::Done(_) => Vec::new(),
        }
    }

    pub fn judge(&self) -> &Judge {
        self.judge
    }

    /// Whether it is what this scorer says of this cell.
    pub fn is(&self, cell: u32, scorer: &str) -> bool {
        self.cell == cell && self.of.1 == scorer
    }
}

impl Page<'_> {
    /// What the judges of each prompt look at.
    pub fn judged<'p>(
        &'p self,
        judges: &'p BTreeMap<String, Vec<JudgedScorer>>,
    ) -> Vec<Judged<'p>> {
        let of_cell = |cell: &'p CellRecord| {
            let column = self.detail.columns.get(cell.column as usize);
            let judges = column.and_then(|column| judges.get(&column.prompt)).into_iter().flatten();
            judges.filter_map(move |scorer| self.judged_by(cell, scorer))
        };
        self.cells.iter().flat_map(of_cell).collect()
    }

    fn judged_by<'p>(&'p self, cell: &CellRecord, scorer: &'p JudgedScorer) -> Option<Judged<'p>> {
        let column = self.detail.columns.get(cell.column as usize)?;
        let output = self.outputs.get(&cell.ordinal)?;
        let judge = scorer.judge.as_ref().ok()?;
        let case = self.case(cell)?;
        if !scorer.looks_at(&case, &column.variant) {
            return None;
        }
        let baseline = judge.baseline().and_then(|variant| self.beside(cell, variant));
        let of = (column.prompt.clone(), scorer.id.clone());
        Some(Judged { of, cell: cell.ordinal, judge, case, output, baseline })
    }

    fn case(&self, cell: &CellRecord) -> Option<Row> {
        serde_json::from_str(&self.detail.rows.get(cell.row as usize)?.case_json).ok()
    }

    /// What a variant answered in the same row on the same model, when that is on this page.
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
