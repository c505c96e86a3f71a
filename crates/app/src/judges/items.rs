//! The outputs that a judge is held against people on: those of the latest runs, each once.

use std::collections::HashMap;

use assay_engine::{RunSpec, judge_signatures};
use assay_prompt::Row;
use assay_score::judge::Judge;
use assay_store::{CellState, RunDetail, RunId};
use assay_wire::ApiError;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::Explain;
use crate::ratings::case_digest;
use crate::results::row_of;

/// How many runs are looked through.
const RUNS: usize = 20;

/// How many outputs are enough to choose from, so that a key press waits for no run of a hundred thousand cells.
pub(crate) const OUTPUTS: usize = 5_000;

/// Cells read at once.
const PAGE: u32 = 1_000;

/// An output with all that a label, and nothing that a rater, must know.
pub(crate) struct Item {
    /// A digest of case and output.
    pub subject: [u8; 32],
    pub case: Row,
    pub output: String,
    /// What the baseline answered, for a judge of pairs.
    pub baseline: Option<String>,
    /// Which columns gave it: variant and model.
    pub columns: Vec<(String, String)>,
    /// What the judge says, as it judges in the latest run.
    pub verdict: Option<bool>,
}

/// Outputs of a judge.
#[derive(Default)]
pub(crate) struct Items {
    pub all: Vec<Item>,
    places: HashMap<[u8; 32], usize>,
    /// The latest run that it judged.
    pub run: Option<RunId>,
    /// What makes its scores comparable, in that run.
    pub signature: Option<String>,
}

/// Which judge, of which prompt.
pub(crate) struct Wanted<'a> {
    pub workspace: &'a str,
    pub key: &'a str,
    pub judge: &'a Judge,
    /// So many outputs are enough. Without a limit, all of the run that reaches [`OUTPUTS`] are read.
    pub most: usize,
}

impl App {
    /// The outputs of the latest runs that a judge looks at.
    pub(crate) fn judge_items(&self, wanted: &Wanted<'_>) -> Result<Items, ApiError> {
        let mut items = Items::default();
        for record in self.inner.store.runs(wanted.workspace, RUNS).map_err(|e| e.explain())? {
            let detail = self.inner.store.run(&record.id).map_err(|e| e.explain())?;
            if let Some(detail) = detail.filter(|_| items.all.len() < OUTPUTS) {
                self.add_items(&detail, wanted, &mut items)?;
            }
        }
        Ok(items)
    }

    fn add_items(
        &self,
        detail: &RunDetail,
        wanted: &Wanted<'_>,
        items: &mut Items,
    ) -> Result<(), ApiError> {
        if !detail.columns.iter().any(|column| column.prompt == wanted.key) {
            return Ok(());
        }
        let scorer = detail.scorers.iter().position(|id| id == wanted.judge.id());
        let signature = signature(detail, wanted);
        if items.signature.is_none() && scorer.is_some() && signature.is_some() {
            items.signature.clone_from(&signature);
            items.run = Some(detail.record.id.clone());
        }
        let same = signature.is_some() && signature == items.signature;
        for from in (0..detail.record.total).step_by(PAGE as usize) {
            if items.all.len() >= wanted.most {
                break;
            }
            let to = detail.record.total.min(from + PAGE);
            for cell in self.judged_page(detail, wanted, scorer, (from, to))? {
                items.add(Item { verdict: cell.verdict.filter(|_| same), ..cell });
            }
        }
        Ok(())
    }

    /// How many outputs a judge passed in a run, and of how many it has a verdict.
    pub(crate) fn judged(
        &self,
        run: &RunId,
        wanted: &Wanted<'_>,
    ) -> Result<(usize, usize), ApiError> {
        let store = &self.inner.store;
        let Some(detail) = store.run(run).map_err(|e| e.explain())? else { return Ok((0, 0)) };
        let scorer = detail.scorers.iter().position(|id| id == wanted.judge.id());
        let of_prompt: Vec<bool> =
            detail.columns.iter().map(|column| column.prompt == wanted.key).collect();
        let (mut passed, mut judged) = (0, 0);
        for from in (0..detail.record.total).step_by(PAGE as usize) {
            let to = detail.record.total.min(from + PAGE);
            let cells = store.cells(run, from, to).map_err(|e| e.explain())?;
            let meant = cells.iter().filter(|cell| {
                cell.state == CellState::Done && of_prompt.get(cell.column as usize) == Some(&true)
            });
            let scores = meant.flat_map(|cell| &cell.scores);
            let verdicts = scores.filter(|score| Some(usize::from(score.scorer)) == scorer);
            for pass in verdicts.filter_map(|score| score.pass) {
                passed += usize::from(pass);
                judged += 1;
            }
        }
        Ok((passed, judged))
    }

    fn judged_page(
        &self,
        detail: &RunDetail,
        wanted: &Wanted<'_>,
        scorer: Option<usize>,
        (from, to): (u32, u32),
    ) -> Result<Vec<Item>, ApiError> {
        let (store, id) = (&self.inner.store, &detail.record.id);
        let outputs = store.outputs(id, from, to).map_err(|e| e.explain())?;
        let cells = store.cells(id, from, to).map_err(|e| e.explain())?;
        let outputs: HashMap<u32, String> =
            outputs.into_iter().map(|found| (found.cell, found.output)).collect();
        let done = cells.iter().filter(|cell| cell.state == CellState::Done);
        let beside: HashMap<(u32, &str, &str), u32> = cells
            .iter()
            .filter_map(|cell| {
                let column = detail.columns.get(cell.column as usize)?;
                Some(((cell.row, column.variant.as_str(), column.model.as_str()), cell.ordinal))
            })
            .collect();
        let item = |cell: &assay_store::CellRecord| {
            let column = detail.columns.get(cell.column as usize)?;
            let case = row_of(&detail.rows.get(cell.row as usize)?.case_json);
            let is_baseline = wanted.judge.baseline() == Some(column.variant.as_str());
            if column.prompt != wanted.key || is_baseline || !wanted.judge.looks_at(&case) {
                return None;
            }
            let said = cell.scores.iter().find(|score| Some(usize::from(score.scorer)) == scorer);
            let baseline = wanted.judge.baseline().and_then(|variant| {
                outputs.get(beside.get(&(cell.row, variant, column.model.as_str()))?).cloned()
            });
            let output = outputs.get(&cell.ordinal)?.clone();
            Some(Item {
                subject: subject(&case, &output, baseline.as_deref()),
                case,
                output,
                baseline,
                columns: vec![(column.variant.clone(), column.model.clone())],
                verdict: said.and_then(|said| said.pass),
            })
        };
        Ok(done.filter_map(item).collect())
    }
}

impl Items {
    /// What the judge says of an output.
    pub fn verdict(&self, subject: &[u8; 32]) -> Option<bool> {
        self.all[*self.places.get(subject)?].verdict
    }

    /// Adds an output, or what is new of one that is there.
    fn add(&mut self, item: Item) {
        let Some(place) = self.places.get(&item.subject) else {
            self.places.insert(item.subject, self.all.len());
            self.all.push(item);
            return;
        };
        let known = &mut self.all[*place];
        known.verdict = known.verdict.or(item.verdict);
        for column in item.columns {
            if !known.columns.contains(&column) {
                known.columns.push(column);
            }
        }
    }
}

fn signature(detail: &RunDetail, wanted: &Wanted<'_>) -> Option<String> {
    let spec: RunSpec = serde_json::from_str(&detail.spec).ok()?;
    let scorer = (wanted.key.to_owned(), wanted.judge.id().to_owned());
    judge_signatures(&spec).remove(&scorer)
}

/// What a label holds for: all that is shown of the case, the output, and what it is compared with. With other contexts
/// or another expected answer, the same output is another thing to judge.
fn subject(case: &Row, output: &str, baseline: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let case = case_digest(case);
    for part in [case.as_str(), output, baseline.unwrap_or_default()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_holds_for_what_was_shown_of_the_case() {
        let case = Row { id: "a".to_owned(), ..Row::default() };
        let other = Row { contexts: vec!["another text".to_owned()], ..case.clone() };
        let renamed = Row { id: "b".to_owned(), ..case.clone() };
        assert_eq!(subject(&case, "x", None), subject(&renamed, "x", None));
        assert_ne!(subject(&case, "x", None), subject(&other, "x", None));
        assert_ne!(subject(&case, "x", None), subject(&case, "x", Some("y")));
        assert_ne!(subject(&case, "xy", Some("z")), subject(&case, "x", Some("yz")));
    }
}
