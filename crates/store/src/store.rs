//! The store's front: every question and every write, each one line away from the table it concerns.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::attempts::{self, BeginAttempt, FinishAttempt};
use crate::cache::{self, CachedReply};
use crate::cells::{self, CellDetail, CellOutput, CellRecord};
use crate::column_stats::{self, ColumnStats};
use crate::connection::{Readers, open_writer};
use crate::drafts::{self, Draft};
use crate::error::{Fault, StoreError};
use crate::ids::{AttemptId, RunId};
use crate::lanes::{self, LanePause};
use crate::lease::{self, Lease, Owner};
use crate::pending::Pending;
use crate::prices::{self, PriceRecord};
use crate::providers::{self, ProviderRecord};
use crate::ratings::{self, OutputRecord, RatingRecord};
use crate::runs::{self, NewColumn, NewRun, RunDetail, RunRecord};
use crate::settings::{self, RecentWorkspace};
use crate::space::Space;
use crate::states::RunState;
use crate::tokens::{self, CellTokens};
use crate::transitions;
use crate::writer::Writer;

/// The database of one person, `assay.db` in a folder. Clones share it; several processes may open it.
///
/// Methods that write return once the write is on the disk, or hand out a [`Pending`] that does.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    // Dropped first: the writer finishes what is queued while the lease still stands.
    writer: Writer,
    readers: Readers,
    space: Space,
    leases: PathBuf,
    lease: Mutex<Option<(Owner, Lease)>>,
}

impl Store {
    /// Opens `assay.db` in `dir`; makes both when they are missing, and brings an older schema up to date.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] for a file of a later version, which stays untouched; [`StoreError::ReadOnly`],
    /// [`StoreError::Corrupt`], [`StoreError::Busy`] and [`StoreError::Full`] as they say.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        Store::open_prepared(dir, |_| Ok(()))
    }

    /// Opens, and has `prepare` change the settings of the connection that writes.
    pub(crate) fn open_prepared(
        dir: &Path,
        prepare: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<Store, StoreError> {
        let file: Arc<Path> = Arc::from(dir.join("assay.db"));
        let connection = open_writer(&file)?;
        prepare(&connection).map_err(|error| StoreError::from_sqlite(&file, error))?;
        let writer = Writer::start(connection, Arc::clone(&file))?;
        let readers = Readers::new(Arc::clone(&file));
        let (leases, lease) = (dir.join("leases"), Mutex::new(None));
        let shared = Shared { writer, readers, space: Space::beside(file), leases, lease };
        Ok(Store { shared: Arc::new(shared) })
    }

    /// Whether the disk has room for what calls under way may bring. Finishing attempts needs no asking.
    ///
    /// # Errors
    /// [`StoreError::Low`] when less than the reserve is free.
    pub fn check_space(&self) -> Result<(), StoreError> {
        self.shared.space.check()
    }

    /// What is damaged in the database, in SQLite's words; nothing where it is whole. Reads all of it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn damage(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut check = connection.prepare("PRAGMA quick_check(5)")?;
            let told = check.query_map([], |row| row.get::<_, String>(0))?;
            let told = told.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(told.into_iter().filter(|line| line != "ok").collect())
        })
    }

    /// Sets how many bytes of the disk are left free; 256 MiB unless told.
    pub fn keep_free(&self, bytes: u64) {
        self.shared.space.keep_free(bytes);
    }

    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.shared.readers.read(query)
    }

    pub(crate) fn write<T, F>(&self, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.shared.writer.submit(work)
    }
}

/// Runs.
impl Store {
    /// Stores a run with its whole grid in one transaction. This process holds it from then on.
    pub fn create_run(&self, run: NewRun) -> Result<(), StoreError> {
        let owner = self.owner()?;
        self.write(move |connection| runs::create(connection, &run, &[], owner)).wait()
    }

    /// A workspace's runs, latest first.
    pub fn runs(&self, workspace: &str, limit: usize) -> Result<Vec<RunRecord>, StoreError> {
        self.read(|connection| runs::list(connection, workspace, limit))
    }

    /// What a list shows of one run.
    pub fn run_record(&self, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
        self.read(|connection| runs::record(connection, run))
    }

    /// A run with its plan, cases included.
    pub fn run(&self, run: &RunId) -> Result<Option<RunDetail>, StoreError> {
        self.read(|connection| runs::detail(connection, run))
    }

    /// Moves a run to another state.
    ///
    /// `Running` leases it to this process, which is also how a run is resumed; cancelled cells are queued
    /// again. A state that ends it lets go of it: attempts under way become unknown, their cells queued, or
    /// cancelled when the run is.
    ///
    /// # Errors
    /// [`StoreError::NotLeased`] while another process holds the run.
    pub fn set_run_state(
        &self,
        run: &RunId,
        state: RunState,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        let owner = match state.is_live() {
            true => Some(self.owner()?),
            false => self.known_owner(),
        };
        let run = run.clone();
        self.write(move |connection| transitions::set_state(connection, &run, &state, at_ms, owner))
            .wait()
    }

    /// Sets what a run may cost, or that nothing limits it. What it has spent stays.
    pub fn set_budget(&self, run: &RunId, budget: Option<f64>) -> Result<(), StoreError> {
        let run = run.clone();
        self.write(move |connection| transitions::set_budget(connection, &run, budget)).wait()
    }

    /// Replaces the specification of a run, when it is taken up in another way than it was created.
    pub fn set_run_spec(&self, run: &RunId, spec: String) -> Result<(), StoreError> {
        let run = run.clone();
        self.write(move |connection| transitions::set_spec(connection, &run, &spec)).wait()
    }

    /// Pauses one of a run's models, with the reason. This process must hold the run.
    pub fn pause_lane(&self, run: &RunId, pause: LanePause) -> Result<(), StoreError> {
        let (run, owner) = (run.clone(), self.known_owner());
        self.write(move |connection| lanes::pause(connection, &run, &pause, owner)).wait()
    }

    /// Lets one of a run's models go on. This process must hold the run.
    pub fn resume_lane(&self, run: &RunId, model: &str) -> Result<(), StoreError> {
        let (run, model, owner) = (run.clone(), model.to_owned(), self.known_owner());
        self.write(move |connection| lanes::resume(connection, &run, &model, owner)).wait()
    }

    /// A run's paused models.
    pub fn lane_pauses(&self, run: &RunId) -> Result<Vec<LanePause>, StoreError> {
        self.read(|connection| lanes::list(connection, run))
    }

    /// Takes over the runs whose processes are gone: they are interrupted, their open attempts unknown, the
    /// cells of these queued. Finished cells and runs of living processes stay as they are.
    ///
    /// Returns the runs taken over. Called at start.
    pub fn recover(&self, now_ms: i64) -> Result<Vec<RunId>, StoreError> {
        let own = self.known_owner();
        let mut recovered = Vec::new();
        for owner in self.read(transitions::owners)? {
            if Some(owner) == own {
                continue;
            }
            // Held until the runs are marked, so that two processes starting at once do not both take them.
            if let Some(_lease) = Lease::try_take(&self.shared.leases, owner)? {
                recovered.extend(
                    self.write(move |connection| transitions::interrupt(connection, owner, now_ms))
                        .wait()?,
                );
            }
        }
        Ok(recovered)
    }

    /// This process's owner number; taken, and its lock with it, when it is first needed.
    pub(crate) fn owner(&self) -> Result<Owner, StoreError> {
        let mut held = self.shared.lease.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((owner, _)) = &*held {
            return Ok(*owner);
        }
        loop {
            let owner = self.write(lease::new_owner).wait()?;
            // A number is taken only where the database was removed under a living process and made anew.
            if let Some(lease) = Lease::try_take(&self.shared.leases, owner)? {
                *held = Some((owner, lease));
                return Ok(owner);
            }
        }
    }

    pub(crate) fn known_owner(&self) -> Option<Owner> {
        let held = self.shared.lease.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|(owner, _)| *owner)
    }
}

/// Cells and attempts.
impl Store {
    /// Records an attempt before it is made. Send the request only once the answer is there.
    ///
    /// # Errors
    /// [`StoreError::NotLeased`] unless this process holds the run, [`StoreError::NotQueued`] unless the cell is
    /// queued, [`StoreError::Low`] when the disk is nearly full: what cannot be stored must not be paid for.
    pub fn begin_attempt(&self, run: &RunId, mut begin: BeginAttempt) -> Pending<AttemptId> {
        let (run, owner) = (run.clone(), self.known_owner());
        let (request, space) = (begin.take_request(), self.check_space());
        self.write(move |connection| {
            space?;
            attempts::begin(connection, &run, &begin, &request, owner)
        })
    }

    /// Records several attempts in one transaction, all or none, in their order.
    pub fn begin_attempts(
        &self,
        run: &RunId,
        begin: Vec<BeginAttempt>,
    ) -> Result<Vec<AttemptId>, StoreError> {
        self.check_space()?;
        let (run, owner) = (run.clone(), self.known_owner());
        let with_request = |mut begin: BeginAttempt| (begin.take_request(), begin);
        let begin: Vec<_> = begin.into_iter().map(with_request).collect();
        self.write(move |connection| {
            let begin = begin.iter();
            begin
                .map(|(request, one)| attempts::begin(connection, &run, one, request, owner))
                .collect()
        })
        .wait()
    }

    /// Records an attempt's end: what was received, the cell, the scores and the cache in one transaction.
    ///
    /// What was received is kept even when the run was cancelled or taken over meanwhile.
    ///
    /// # Errors
    /// [`StoreError::NotOpen`] when its end is recorded already.
    pub fn finish_attempt(&self, mut finish: FinishAttempt) -> Pending<()> {
        let response = finish.take_response();
        let work = move |connection: &Connection| attempts::finish(connection, &finish, &response);
        self.shared.writer.submit_paid(work)
    }

    /// Queues the failed cells of a run that this process holds again; their attempts stay on record.
    pub fn requeue_failed(&self, run: &RunId) -> Result<(), StoreError> {
        let (run, owner) = (run.clone(), self.known_owner());
        self.write(move |connection| transitions::requeue_failed(connection, &run, owner)).wait()
    }

    /// Ordinals of the cells still to be done, queued or under way.
    pub fn pending_cells(&self, run: &RunId) -> Result<Vec<u32>, StoreError> {
        self.read(|connection| cells::unfinished(connection, run))
    }

    /// The cells with ordinals in `from..to`, as far as the run has them.
    pub fn cells(&self, run: &RunId, from: u32, to: u32) -> Result<Vec<CellRecord>, StoreError> {
        self.read(|connection| cells::page(connection, run, from, to))
    }

    /// Everything about one cell, `None` when the run has no such cell.
    pub fn cell(&self, run: &RunId, ordinal: u32) -> Result<Option<CellDetail>, StoreError> {
        self.read(|connection| cells::detail(connection, run, ordinal))
    }

    /// What the cells `from..to` answered, by ordinal; those without an output are left out.
    pub fn outputs(&self, run: &RunId, from: u32, to: u32) -> Result<Vec<CellOutput>, StoreError> {
        self.read(|connection| cells::outputs(connection, run, from, to))
    }

    /// Every column summed up, by place.
    pub fn column_stats(&self, run: &RunId) -> Result<Vec<ColumnStats>, StoreError> {
        self.read(|connection| column_stats::column_stats(connection, run))
    }

    /// The columns of a run, without its rows, which may be many.
    pub fn columns(&self, run: &RunId) -> Result<Vec<NewColumn>, StoreError> {
        self.read(|connection| runs::columns_of(connection, run))
    }

    /// The scorers of a run, by place.
    pub fn scorers(&self, run: &RunId) -> Result<Vec<String>, StoreError> {
        self.read(|connection| runs::scorers_of(connection, run))
    }

    /// What the cells with an output read and wrote, by ordinal.
    pub fn tokens(&self, run: &RunId) -> Result<Vec<CellTokens>, StoreError> {
        self.read(|connection| tokens::of_run(connection, run))
    }

    /// Whether a reply was received before under this key.
    pub fn is_cached(&self, key: &[u8; 32]) -> Result<bool, StoreError> {
        self.read(|connection| cache::contains(connection, key))
    }

    /// A reply received before under this key.
    pub fn cache_get(&self, key: &[u8; 32]) -> Result<Option<CachedReply>, StoreError> {
        self.read(|connection| cache::get(connection, key))
    }
}

/// Ratings.
impl Store {
    /// Adds what people said of outputs to a workspace's history, all or none, in this order.
    pub fn add_ratings(
        &self,
        workspace: &str,
        ratings: Vec<RatingRecord>,
    ) -> Result<(), StoreError> {
        let workspace = workspace.to_owned();
        let ratings: Vec<_> = ratings.into_iter().map(RatingRecord::ordered).collect();
        self.write(move |connection| ratings::add(connection, &workspace, &ratings)).wait()
    }

    /// Everything that was said of a prompt's outputs, or of all prompts', in the order it was said.
    ///
    /// What counts of it, [`standing_ratings`](crate::standing_ratings) says.
    pub fn ratings(
        &self,
        workspace: &str,
        prompt: Option<&str>,
    ) -> Result<Vec<RatingRecord>, StoreError> {
        self.read(|connection| ratings::history(connection, workspace, prompt))
    }

    /// A mark that is another one once somebody has said something of a workspace's outputs; none while nobody has.
    ///
    /// It costs nothing to read: as long as it is the same, what was made of [`Store::ratings`] need not be made again.
    /// It may change without need, never stay when it must not.
    pub fn ratings_mark(&self, workspace: &str) -> Result<Option<i64>, StoreError> {
        self.read(|connection| ratings::mark(connection, workspace))
    }

    /// The outputs of the done cells with ordinals in `from..to`, by their hashes.
    pub fn output_hashes(
        &self,
        run: &RunId,
        from: u32,
        to: u32,
    ) -> Result<Vec<OutputRecord>, StoreError> {
        self.read(|connection| ratings::outputs(connection, run, from, to))
    }
}

/// What is a person's own.
impl Store {
    /// Keeps what was typed into a file and not yet saved. `base` is the digest of the file typed over.
    pub fn keep_draft(
        &self,
        workspace: &str,
        path: &str,
        text: &str,
        base: Option<&str>,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        let workspace = workspace.to_owned();
        let draft = Draft {
            path: path.to_owned(),
            text: text.to_owned(),
            base: base.map(str::to_owned),
            at_ms,
        };
        self.write(move |connection| drafts::keep(connection, &workspace, &draft)).wait()
    }

    /// A workspace's drafts, by path.
    pub fn drafts(&self, workspace: &str) -> Result<Vec<Draft>, StoreError> {
        self.read(|connection| drafts::list(connection, workspace))
    }

    /// Forgets a draft, once its text is in the file.
    pub fn drop_draft(&self, workspace: &str, path: &str) -> Result<(), StoreError> {
        let (workspace, path) = (workspace.to_owned(), path.to_owned());
        self.write(move |connection| drafts::forget(connection, &workspace, &path)).wait()
    }

    /// A setting's value.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| settings::get(connection, key))
    }

    /// Sets a setting.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write(move |connection| settings::set(connection, &key, &value)).wait()
    }

    /// Notes that a workspace was opened.
    pub fn remember_workspace(&self, path: &str, name: &str, at_ms: i64) -> Result<(), StoreError> {
        let opened = RecentWorkspace { path: path.to_owned(), name: name.to_owned(), at_ms };
        self.write(move |connection| settings::remember_workspace(connection, &opened)).wait()
    }

    /// Takes a workspace off the list.
    pub fn forget_workspace(&self, path: &str) -> Result<(), StoreError> {
        let path = path.to_owned();
        self.write(move |connection| settings::forget_workspace(connection, &path)).wait()
    }

    /// The workspaces opened, latest first.
    pub fn recent_workspaces(&self, limit: usize) -> Result<Vec<RecentWorkspace>, StoreError> {
        self.read(|connection| settings::recent_workspaces(connection, limit))
    }

    /// Whether the person trusts a repository, named by its folder.
    pub fn trusted(&self, repository: &str) -> Result<bool, StoreError> {
        self.read(|connection| settings::is_trusted(connection, repository))
    }

    /// Grants trust to a repository, or takes it back.
    pub fn set_trusted(
        &self,
        repository: &str,
        trusted: bool,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        let repository = repository.to_owned();
        self.write(move |connection| match trusted {
            true => settings::trust(connection, &repository, at_ms),
            false => settings::distrust(connection, &repository),
        })
        .wait()
    }

    /// The providers a person has added, by name.
    pub fn providers(&self) -> Result<Vec<ProviderRecord>, StoreError> {
        self.read(providers::list)
    }

    /// Adds a provider, or replaces the one of that name.
    pub fn put_provider(&self, provider: ProviderRecord) -> Result<(), StoreError> {
        self.write(move |connection| providers::put(connection, &provider)).wait()
    }

    /// The prices a person has set, by pattern.
    pub fn prices(&self) -> Result<Vec<PriceRecord>, StoreError> {
        self.read(prices::list)
    }

    /// Sets a price, or replaces the one of that pattern.
    pub fn put_price(&self, price: PriceRecord) -> Result<(), StoreError> {
        self.write(move |connection| prices::put(connection, &price)).wait()
    }

    /// Removes a price, if there is one of that pattern.
    pub fn remove_price(&self, pattern: &str) -> Result<(), StoreError> {
        let pattern = pattern.to_owned();
        self.write(move |connection| prices::remove(connection, &pattern)).wait()
    }

    /// Removes a provider, if there is one of that name.
    pub fn remove_provider(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |connection| providers::remove(connection, &name)).wait()
    }
}
