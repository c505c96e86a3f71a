//! A run as it was planned: read once, and kept while its cells are looked at.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use assay_engine::{Neighbours, RunSpec};
use assay_prompt::{Prompt, Row};
use assay_score::Scorers;
use assay_store::{NewColumn, RunDetail};
use assay_wire::*;

use crate::prompts::message_view;
use crate::results::{preview, row_of};

/// A run as it was planned, with its prompts parsed once for however many cells are read.
pub(crate) struct PlannedRun {
    pub detail: RunDetail,
    /// By key. A run whose spec cannot be read back shows its cells without their messages.
    pub prompts: HashMap<String, Prompt>,
    /// Ordinal of each row's first cell.
    first_cells: Vec<u32>,
    /// What its scores are comparable with, once somebody asked.
    pub signatures: OnceLock<Vec<SignatureView>>,
}

impl PlannedRun {
    /// With what its specification says, as far as it can be read.
    pub(crate) fn new(detail: RunDetail) -> Self {
        let spec: Option<RunSpec> = serde_json::from_str(&detail.spec).ok();
        let prompts = spec
            .iter()
            .flat_map(|spec| &spec.prompts)
            .map(|s| (s.key.clone(), s.parse()))
            .collect();
        let first_cells = first_cells(&detail);
        Self { detail, prompts, first_cells, signatures: OnceLock::new() }
    }

    /// What the values of its scorers are comparable with, worked out anew.
    pub(crate) fn worked_out_signatures(&self) -> Vec<SignatureView> {
        let of_prompt = |(key, prompt): (&String, &Prompt)| {
            let outputs = prompt.variants.first().map_or(&[][..], |variant| &variant.outputs);
            let (scorers, _) = Scorers::compile(&prompt.evals.scorers, outputs);
            let view = |(scorer, signature): (&str, &str)| {
                self.signature_view(key, scorer, signature.to_owned())
            };
            scorers.signatures().into_iter().map(view).collect::<Vec<_>>()
        };
        self.prompts.iter().flat_map(of_prompt).collect()
    }

    /// A signature, with what the scorer is; nothing of that where the run's specification does not tell.
    pub(crate) fn signature_view(
        &self,
        prompt: &str,
        scorer: &str,
        signature: String,
    ) -> SignatureView {
        let scorers = self.prompts.get(prompt).map_or(&[][..], |prompt| &prompt.evals.scorers);
        let spec = scorers.iter().find(|spec| spec.id == scorer);
        let baseline = spec.and_then(|spec| spec.extra.get("baseline")?.as_str());
        SignatureView {
            prompt: prompt.to_owned(),
            scorer: scorer.to_owned(),
            kind: spec.map(|spec| spec.kind.clone()).unwrap_or_default(),
            signature,
            tags: spec.map(|spec| spec.tags.clone()).unwrap_or_default(),
            baseline: baseline.map(|variant| variant.trim().to_owned()),
        }
    }

    /// The plan.
    pub(crate) fn detail(&self) -> &RunDetail {
        &self.detail
    }

    /// A column of the plan.
    pub(crate) fn column(&self, place: u32) -> Option<&NewColumn> {
        self.detail.columns.get(place as usize)
    }

    /// The permanent id of a prompt as it was run; its key where it has none.
    pub(crate) fn prompt_id(&self, key: &str) -> String {
        let id = self.prompts.get(key).and_then(|prompt| prompt.id.clone());
        id.unwrap_or_else(|| key.to_owned())
    }

    /// The permanent ids of all its prompts.
    pub(crate) fn prompt_ids(&self) -> Vec<String> {
        let keys: BTreeSet<&str> = self.detail.columns.iter().map(|c| c.prompt.as_str()).collect();
        keys.into_iter().map(|key| self.prompt_id(key)).collect()
    }

    /// The cases of its rows, row by row.
    pub(crate) fn cases(&self) -> impl Iterator<Item = Row> {
        self.detail.rows.iter().map(|row| row_of(&row.case_json))
    }

    /// The case of a row.
    pub(crate) fn case(&self, row: u32) -> Option<Row> {
        self.detail.rows.get(row as usize).map(|row| row_of(&row.case_json))
    }

    /// A row as the matrix shows it.
    pub(crate) fn row(&self, place: u32) -> Option<RowView> {
        let row = self.detail.rows.get(place as usize)?;
        let case = row_of(&row.case_json);
        Some(RowView {
            prompt: row.prompt.clone(),
            case: row.case_id.clone(),
            sample: row.sample,
            first_cell: *self.first_cells.get(place as usize)?,
            preview: preview(&case),
            tags: case.tags,
        })
    }

    /// The messages as they were sent, from the prompt's files as they were.
    pub(crate) fn messages(
        &self,
        column: &NewColumn,
        case: &Row,
        neighbours: &Neighbours,
    ) -> Vec<MessageView> {
        let rendered = self.prompts.get(&column.prompt).and_then(|prompt| {
            let variant = prompt.variant(&column.variant)?;
            // A cell that could not be rendered failed with the reason; it has no messages.
            neighbours.render(prompt, variant, case).ok()
        });
        rendered.map_or_else(Vec::new, |r| r.messages.iter().map(message_view).collect())
    }
}

/// Rows come prompt by prompt, each with a cell per column of its prompt.
fn first_cells(detail: &RunDetail) -> Vec<u32> {
    let mut columns: HashMap<&str, u32> = HashMap::new();
    for column in &detail.columns {
        *columns.entry(column.prompt.as_str()).or_default() += 1;
    }
    let mut next = 0;
    let mut firsts = Vec::with_capacity(detail.rows.len());
    for row in &detail.rows {
        firsts.push(next);
        next += columns.get(row.prompt.as_str()).copied().unwrap_or_default();
    }
    firsts
}
