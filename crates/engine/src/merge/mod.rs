//! Joining shards into one run.
//!
//! The shards of a matrix have its whole grid, so joining them is putting each cell where it belongs. They may be runs of
//! this database or files that other machines handed over. Nothing is sent; cells of shards that are missing are left
//! to be answered, as in a run that was interrupted.
//!
//! What a run notes beside its cells comes along: how its scores were made, without which nothing can be compared with
//! them, and what its judges were answered, so that nobody pays for it twice.

mod file;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use assay_prompt::Row;
use assay_store::{
    CarriedCell, CellRecord, CellState, NewCell, NewRun, RunDetail, RunId, RunRecord, RunState,
    ScorerSignature, Shard,
};

use crate::error::EngineError;
use crate::judging::{JudgedScorer, PURPOSE};
use crate::plan::MAX_CELLS;
use crate::run::Engine;
use crate::spec::{Endpoints, RunRequest, RunSpec, stored_endpoints, to_stored};
use file::ShardFile;

/// Cells that are moved in one transaction.
const BATCH: u32 = 500;

/// Where a shard is.
#[derive(Debug, Clone)]
pub enum ShardSource<'a> {
    /// A run of this database.
    Run(RunId),
    /// A file that [`Engine::export_shard`] wrote.
    File(&'a Path),
}

/// What a part noted of how its scores were made, by the key of the prompt and the id of the scorer.
type Noted = BTreeMap<(String, String), String>;

/// A shard that can be read.
enum Part<'a> {
    Run(RunDetail),
    File(ShardFile<'a>),
}

/// What comes of a shard, piece by piece: its cells, then each run of its judges with its cells.
enum Carried {
    Cells(Vec<CarriedCell>),
    Child(Box<RunDetail>),
}

impl Part<'_> {
    fn detail(&self) -> &RunDetail {
        match self {
            Part::Run(detail) => detail,
            Part::File(file) => file.detail(),
        }
    }

    /// Reads a file to its end, so that one that is damaged is told before there is a run of it.
    fn check(&self) -> Result<(), EngineError> {
        match self {
            Part::Run(_) => Ok(()),
            Part::File(file) => file.check(),
        }
    }
}

impl Engine {
    /// Joins the shards of a matrix into a run of its own; the shards stay as they are. The new run is done when they
    /// are all there and done, and can be resumed otherwise.
    ///
    /// # Errors
    /// When there is no such run or file, one cannot be read or is still going, or they are not shards of one matrix.
    pub fn merge(&self, sources: &[ShardSource<'_>]) -> Result<RunId, EngineError> {
        let parts: Vec<_> = sources.iter().map(|s| self.part(s)).collect::<Result<_, _>>()?;
        refuse_strangers(&parts)?;
        for part in &parts {
            part.check()?;
        }
        let signatures = self.signatures(&parts)?;
        let run = self.merged(&parts)?;
        let (id, cells) = (run.id.clone(), run.cells.len() as u32);
        self.store().create_shard(run, (0..cells).collect())?;
        let noted = self.store().put_signatures(&id, signatures).map_err(EngineError::from);
        let taken = noted.and_then(|()| parts.iter().try_for_each(|part| self.take(&id, part)));
        let ended = self.end_merge(&id, taken.as_ref().err());
        taken.and(ended).map(|()| id)
    }

    /// Whatever kept a part from being taken, the run is one that can be resumed: what is missing is to be answered, and
    /// what no shard could judge is to be judged.
    fn end_merge(&self, id: &RunId, error: Option<&EngineError>) -> Result<(), EngineError> {
        self.store().queue_skipped(id)?;
        let record = self.record(id)?;
        let state = match error {
            Some(error) => {
                RunState::Failed(format!("it was not merged to the end: {error}").into())
            }
            None if has_ended(&record) && !self.is_unjudged(&record)? => RunState::Done,
            None => RunState::Interrupted,
        };
        Ok(self.store().set_run_state(id, state, self.now_ms())?)
    }

    /// Whether a judge has something to say yet, such as of a pair whose halves two machines had.
    fn is_unjudged(&self, record: &RunRecord) -> Result<bool, EngineError> {
        let Some(detail) = self.store().run(&record.id)? else { return Ok(false) };
        let sources = spec(&detail)?.prompts;
        let judges: BTreeMap<String, Vec<JudgedScorer>> = sources
            .iter()
            .map(|source| (source.key.clone(), JudgedScorer::all(&source.parse())))
            .filter(|(_, judges)| !judges.is_empty())
            .collect();
        if judges.is_empty() {
            return Ok(false);
        }
        for from in (0..record.total).step_by(BATCH as usize) {
            let cells = self.store().cells(&record.id, from, from.saturating_add(BATCH))?;
            if cells.iter().any(|cell| lacks_judgement(&detail, &judges, cell)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn take(&self, to: &RunId, part: &Part<'_>) -> Result<(), EngineError> {
        let mut taking = Taking { engine: self, to, child: None };
        match part {
            Part::Run(detail) => self.carry(detail, &mut |carried| taking.take(carried))?,
            Part::File(file) => file.carried(|carried| taking.take(carried))?,
        }
        taking.end_child()
    }

    /// Hands over the cells of a run, and the runs of its judges.
    fn carry(&self, detail: &RunDetail, take: file::Put<'_>) -> Result<(), EngineError> {
        self.carry_cells(detail, take)?;
        for child in self.store().children(&detail.record.id, PURPOSE)? {
            if let Some(detail) = self.store().run(&child)? {
                take(Carried::Child(Box::new(detail.clone())))?;
                self.carry_cells(&detail, take)?;
            }
        }
        Ok(())
    }

    fn carry_cells(&self, detail: &RunDetail, take: file::Put<'_>) -> Result<(), EngineError> {
        for from in (0..detail.record.total).step_by(BATCH as usize) {
            let to = from.saturating_add(BATCH);
            take(Carried::Cells(self.store().carried_cells(&detail.record.id, from, to)?))?;
        }
        Ok(())
    }

    /// Writes a run with all that stands behind it as one file, for another machine to merge.
    ///
    /// # Errors
    /// When there is no such run, it is still going, or the file cannot be written.
    pub fn export_shard(&self, run: &RunId, path: &Path) -> Result<(), EngineError> {
        let Part::Run(detail) = self.part(&ShardSource::Run(run.clone()))? else { return Ok(()) };
        let signatures = self.store().signatures(run)?;
        let children = !self.store().children(run, PURPOSE)?.is_empty();
        let head = file::Head { run: &detail, signatures: &signatures, children };
        file::write(path, &head, |put| self.carry(&detail, put))
    }

    /// How the scores of all parts were made. Scores of one scorer that were made differently never become one column,
    /// nor do those of a part that did not note it: nobody could tell whether they were made alike.
    fn signatures(&self, parts: &[Part<'_>]) -> Result<Vec<ScorerSignature>, EngineError> {
        let noted = parts.iter().map(|part| self.noted(part)).collect::<Result<Vec<_>, _>>()?;
        // The first to note something is the one that the others are held against.
        let all = noted.iter().rev().flatten();
        let all: Noted = all.map(|(of, how)| (of.clone(), how.clone())).collect();
        for (part, noted) in parts.iter().zip(&noted) {
            refuse_unlike(&part.detail().record.id, noted, &all)?;
        }
        let signature =
            |((prompt, scorer), signature)| ScorerSignature { prompt, scorer, signature };
        Ok(all.into_iter().map(signature).collect())
    }

    fn noted(&self, part: &Part<'_>) -> Result<Noted, EngineError> {
        let noted = match part {
            Part::Run(detail) => self.store().signatures(&detail.record.id)?,
            Part::File(file) => file.signatures().to_vec(),
        };
        Ok(noted.into_iter().map(|one| ((one.prompt, one.scorer), one.signature)).collect())
    }

    fn part<'a>(&self, source: &ShardSource<'a>) -> Result<Part<'a>, EngineError> {
        match source {
            ShardSource::File(path) => ShardFile::open(path).map(Part::File),
            ShardSource::Run(run) => {
                let detail = self.store().run(run)?;
                let detail =
                    detail.ok_or_else(|| EngineError::UnknownRun { run: run.to_string() })?;
                if detail.record.state.is_live() {
                    return Err(cannot(format!("run `{run}` is still going")));
                }
                Ok(Part::Run(detail))
            }
        }
    }

    /// The run that the parts are joined into, as yet without answers.
    fn merged(&self, parts: &[Part<'_>]) -> Result<NewRun, EngineError> {
        let Some(first) = parts.first().map(Part::detail) else {
            return Err(cannot("there are none".to_owned()));
        };
        let mut spec = spec(first)?;
        spec.request.shard = None;
        let budgets: Option<Vec<f64>> = parts.iter().map(|p| p.detail().record.budget).collect();
        Ok(NewRun {
            id: RunId::new(self.new_run_id()),
            workspace: spec.workspace.clone(),
            created_ms: self.now_ms(),
            title: spec.title(),
            spec: to_stored(&spec, &endpoints(parts)?).map_err(|e| cannot(e.to_string()))?,
            columns: first.columns.clone(),
            rows: first.rows.clone(),
            cells: grid(first),
            scorers: first.scorers.clone(),
            budget: budgets.map(|budgets| budgets.iter().sum()),
            shard: None,
        })
    }
}

/// A part on its way into a run.
struct Taking<'t> {
    engine: &'t Engine,
    to: &'t RunId,
    /// The run of its judges that cells are put into, once there is one.
    child: Option<RunId>,
}

impl Taking<'_> {
    fn take(&mut self, carried: Carried) -> Result<(), EngineError> {
        match carried {
            Carried::Cells(cells) => {
                let into = self.child.as_ref().unwrap_or(self.to);
                Ok(self.engine.store().put_cells(into, cells)?)
            }
            Carried::Child(detail) => {
                self.end_child()?;
                let child = self.engine.new_child(*detail)?;
                let id = child.id.clone();
                // Its cells are on their way.
                let all = (0..child.cells.len() as u32).collect();
                self.engine.store().create_child(child, all, self.to, PURPOSE)?;
                self.child = Some(id);
                Ok(())
            }
        }
    }

    /// What a judge was not answered is asked anew when the run goes on; its own runs never do.
    fn end_child(&mut self) -> Result<(), EngineError> {
        let Some(child) = self.child.take() else { return Ok(()) };
        let record = self.engine.record(&child)?;
        let state = if has_ended(&record) { RunState::Done } else { RunState::Interrupted };
        Ok(self.engine.store().set_run_state(&child, state, self.engine.now_ms())?)
    }
}

impl Engine {
    /// A run of a judge as it was, under another id.
    fn new_child(&self, detail: RunDetail) -> Result<NewRun, EngineError> {
        if !fits(&detail) {
            let id = &detail.record.id;
            return Err(cannot(format!("the cells of run `{id}` do not fit its rows and columns")));
        }
        Ok(NewRun {
            id: RunId::new(self.new_run_id()),
            created_ms: self.now_ms(),
            cells: grid(&detail),
            workspace: detail.record.workspace,
            title: detail.record.title,
            spec: detail.spec,
            columns: detail.columns,
            rows: detail.rows,
            scorers: detail.scorers,
            budget: detail.record.budget,
            shard: None,
        })
    }
}

fn has_ended(record: &RunRecord) -> bool {
    record.done + record.failed == record.total
}

/// Whether a judge that looks at an answer has said nothing of it.
fn lacks_judgement(
    detail: &RunDetail,
    judges: &BTreeMap<String, Vec<JudgedScorer>>,
    cell: &CellRecord,
) -> bool {
    let column = detail.columns.get(cell.column as usize);
    let row = detail.rows.get(cell.row as usize);
    let Some((column, row)) = column.zip(row).filter(|_| cell.state == CellState::Done) else {
        return false;
    };
    let Some(judges) = judges.get(&column.prompt) else { return false };
    let case: Row = serde_json::from_str(&row.case_json).unwrap_or_default();
    let is_open = |judge: &&JudgedScorer| {
        let place = detail.scorers.iter().position(|id| *id == judge.id);
        !cell.scores.iter().any(|score| Some(usize::from(score.scorer)) == place)
    };
    judges.iter().filter(is_open).any(|judge| judge.looks_at(&case, &column.variant))
}

/// Where models were when all of the parts began; one that was not at the same place for each is left out.
fn endpoints(parts: &[Part<'_>]) -> Result<Endpoints, EngineError> {
    let noted = parts.iter().map(|part| {
        let detail = part.detail();
        stored_endpoints(&detail.spec).map_err(|error| unreadable(detail, &error))
    });
    let noted: Vec<Endpoints> = noted.collect::<Result<_, _>>()?;
    let mut common = noted.first().cloned().unwrap_or_default();
    common.retain(|model, served| noted.iter().all(|other| other.get(model) == Some(served)));
    Ok(common)
}

/// Whether a run has the cells that its rows and columns make, and no more than a run may have. They are counted and not
/// laid out: what a file claims may be more than there is memory for.
fn fits(detail: &RunDetail) -> bool {
    let mut columns: HashMap<&str, u64> = HashMap::new();
    for column in &detail.columns {
        *columns.entry(column.prompt.as_str()).or_default() += 1;
    }
    let of_row = |prompt: &str| columns.get(prompt).copied().unwrap_or_default();
    let cells = detail.rows.iter().map(|row| of_row(&row.prompt)).fold(0, u64::saturating_add);
    cells == u64::from(detail.record.total) && cells <= MAX_CELLS
}

/// Rows come prompt by prompt, each with a cell for every column of its prompt. For a run that [`fits`].
fn grid(detail: &RunDetail) -> Vec<NewCell> {
    let columns = |prompt: &str| {
        let of_prompt = detail.columns.iter().enumerate().filter(move |(_, c)| c.prompt == prompt);
        of_prompt.map(|(place, _)| place as u32).collect::<Vec<_>>()
    };
    let mut cells = Vec::with_capacity(detail.record.total as usize);
    let mut last: Option<(&str, Vec<u32>)> = None;
    for (row, of) in detail.rows.iter().enumerate() {
        let places = match last.take() {
            Some((prompt, places)) if prompt == of.prompt => places,
            _ => columns(&of.prompt),
        };
        cells.extend(places.iter().map(|column| NewCell { column: *column, row: row as u32 }));
        last = Some((&of.prompt, places));
    }
    cells
}

/// Refuses a part whose scores were made otherwise than those of the others, or nobody knows how.
fn refuse_unlike(run: &RunId, noted: &Noted, all: &Noted) -> Result<(), EngineError> {
    for (of, known) in all {
        let scorer = &of.1;
        let reason = match noted.get(of) {
            Some(signature) if signature == known => continue,
            Some(signature) => {
                format!("made the scores of `{scorer}` differently: `{signature}`, not `{known}`")
            }
            None => format!(
                "did not note how it made the scores of `{scorer}`, and another did: `{known}`"
            ),
        };
        return Err(cannot(format!("run `{run}` {reason}")));
    }
    Ok(())
}

/// Refuses parts that do not belong together, and one that is there twice.
fn refuse_strangers(parts: &[Part<'_>]) -> Result<(), EngineError> {
    let Some(first) = parts.first().map(Part::detail) else {
        return Err(cannot("there are none".to_owned()));
    };
    let question = question(first)?;
    let mut seen: Vec<Shard> = Vec::new();
    for part in parts {
        let detail = part.detail();
        let id = &detail.record.id;
        if !fits(detail) {
            return Err(cannot(format!("the cells of run `{id}` do not fit its rows and columns")));
        }
        let Some(shard) = detail.record.shard else {
            return Err(cannot(format!("run `{id}` is no shard; it has the whole matrix")));
        };
        let same_grid = detail.columns == first.columns
            && detail.rows == first.rows
            && detail.scorers == first.scorers;
        if !same_grid || self::question(detail)? != question {
            return Err(cannot(format!("run `{id}` asked something else")));
        }
        match seen.iter().find(|other| other.index == shard.index || other.of != shard.of) {
            Some(other) if other.of != shard.of => {
                let (one, two) = (other.of, shard.of);
                return Err(cannot(format!("one is of {one} shards and another of {two}")));
            }
            Some(_) => {
                let Shard { index, of } = shard;
                return Err(cannot(format!("shard {index} of {of} is there twice")));
            }
            None => seen.push(shard),
        }
    }
    Ok(())
}

/// What a run asked, without how it was answered.
fn question(detail: &RunDetail) -> Result<RunSpec, EngineError> {
    let spec = spec(detail)?;
    let request = RunRequest {
        shard: None,
        budget: None,
        concurrency: None,
        no_cache: false,
        ..spec.request
    };
    Ok(RunSpec { request, ..spec })
}

fn spec(detail: &RunDetail) -> Result<RunSpec, EngineError> {
    serde_json::from_str(&detail.spec).map_err(|error| unreadable(detail, &error))
}

fn unreadable(detail: &RunDetail, error: &serde_json::Error) -> EngineError {
    EngineError::UnreadableRun { run: detail.record.id.to_string(), reason: error.to_string() }
}

fn cannot(reason: String) -> EngineError {
    EngineError::CannotMerge { reason }
}
