//! Numbers about the columns of a run: what all outputs come to together, over all cells and over
//! those that a gate asks about. The outputs are read once, a page at a time.

use std::collections::{BTreeMap, HashMap};

use assay_prompt::{Prompt, Row};
use assay_score::{Column, ColumnScore, GateColumn, Resources, Scorers, Subject};
use assay_store::{CellState, RunDetail, Store, StoreError};

use crate::results::row_of;

/// Outputs read at once.
const PAGE: u32 = 500;

/// The numbers of each column of a run, by place; for each list of tags that one of its gates names,
/// and for all cells, which come first. A column without any has no entry.
pub(crate) type Numbers = BTreeMap<u32, Vec<GateColumn>>;

/// Sums up every column that has something to sum up.
pub(crate) fn numbers(
    store: &Store,
    detail: &RunDetail,
    prompts: &HashMap<String, Prompt>,
    resources: &Resources,
) -> Result<Numbers, StoreError> {
    let compile = |(key, prompt): (&String, &Prompt)| {
        let outputs = prompt.variants.first().map_or(&[][..], |variant| &variant.outputs);
        (key.clone(), Scorers::compile(&prompt.evals.scorers, outputs).0)
    };
    let scorers: HashMap<String, Scorers> = prompts.iter().map(compile).collect();
    let mut sums = BTreeMap::new();
    for (place, column) in detail.columns.iter().enumerate() {
        let prompt = prompts.get(&column.prompt).zip(scorers.get(&column.prompt));
        let Some((prompt, scorers)) = prompt.filter(|(_, scorers)| !scorers.column().is_empty())
        else {
            continue;
        };
        sums.insert(place as u32, Sums::new(prompt, scorers));
    }
    if !sums.is_empty() {
        add_outputs(store, detail, resources, &mut sums)?;
    }
    Ok(sums.into_iter().map(|(place, sums)| (place, sums.finish())).collect())
}

/// The sums of one column, by tags.
struct Sums<'s>(Vec<(Vec<String>, Column<'s>)>);

impl<'s> Sums<'s> {
    fn new(prompt: &Prompt, scorers: &'s Scorers) -> Self {
        let mut all: Vec<Vec<String>> = vec![Vec::new()];
        for gate in &prompt.evals.gates {
            if !all.contains(&gate.tags) {
                all.push(gate.tags.clone());
            }
        }
        Self(all.into_iter().map(|tags| (tags, scorers.column())).collect())
    }

    /// The sums that a case belongs to.
    fn of_case(&mut self, case: &Row) -> impl Iterator<Item = &mut Column<'s>> {
        let belongs =
            |tags: &[String]| tags.is_empty() || tags.iter().any(|t| case.tags.contains(t));
        self.0.iter_mut().filter(move |(tags, _)| belongs(tags)).map(|(_, column)| column)
    }

    fn finish(self) -> Vec<GateColumn> {
        let done =
            |(tags, column): (Vec<String>, Column)| GateColumn { tags, scores: column.scores() };
        self.0.into_iter().map(done).collect()
    }
}

/// The cases of a run, read one at a time: a run may have a hundred thousand, and the cells of a row follow each other.
struct Cases<'d> {
    detail: &'d RunDetail,
    last: Option<(u32, Row)>,
}

impl Cases<'_> {
    fn of(&mut self, row: u32) -> Option<&Row> {
        if self.last.as_ref().is_none_or(|(known, _)| *known != row) {
            let line = &self.detail.rows.get(row as usize)?.case_json;
            self.last = Some((row, row_of(line)));
        }
        self.last.as_ref().map(|(_, case)| case)
    }
}

fn add_outputs(
    store: &Store,
    detail: &RunDetail,
    resources: &Resources,
    sums: &mut BTreeMap<u32, Sums>,
) -> Result<(), StoreError> {
    let (run, total) = (&detail.record.id, detail.record.total);
    let mut cases = Cases { detail, last: None };
    for from in (0..total).step_by(PAGE as usize) {
        let to = from.saturating_add(PAGE).min(total);
        for cell in store.outputs(run, from, to)? {
            let case = cases.of(cell.row).zip(sums.get_mut(&cell.column));
            let Some((case, sums)) = case else { continue };
            let finish = cell.finish.as_deref();
            let subject = Subject { finish, resources, ..Subject::new(&cell.output, case) };
            sums.of_case(case).for_each(|column| column.add(&subject));
        }
        for cell in store.cells(run, from, to)? {
            let failed = cell.state == CellState::Failed;
            let case = cases.of(cell.row).zip(sums.get_mut(&cell.column));
            if let Some((case, sums)) = case.filter(|_| failed) {
                sums.of_case(case).for_each(|column| column.add_failed(case));
            }
        }
    }
    Ok(())
}

/// The numbers over all cells of a column.
pub(crate) fn of_all(numbers: &Numbers, column: u32) -> &[ColumnScore] {
    numbers.get(&column).and_then(|all| all.first()).map_or(&[], |all| &all.scores)
}
