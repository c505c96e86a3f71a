//! How far a run is, for whoever shows it.
//!
//! Workers write here as cells change; the window's notices and the terminal's progress line
//! drain it at their own pace. That is what keeps a thousand cells a second from becoming a
//! thousand messages a second.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use assay_store::{LanePause, Stop};

/// Bytes of text in one change at most; the rest comes with the next.
const MAX_PIECE: usize = 4096;

/// Ranges of cells in one change at most; where more apart changed, what lies between is stale too. Asking for cells that
/// did not change costs less than a notice that no longer crosses to the window in one piece.
const MAX_RANGES: usize = 256;

/// The state of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Cells are being sent.
    Running,
    /// Every cell has an outcome.
    Done,
    /// The person stopped it.
    Cancelled,
    /// It stopped by itself.
    Failed(Stop),
}

/// Cells by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub total: u32,
    /// With an output; includes cached ones.
    pub done: u32,
    /// With a reason instead.
    pub failed: u32,
    /// Done without a call.
    pub cached: u32,
    /// Being answered now.
    pub running: u32,
    /// Left out on purpose: another shard's.
    pub skipped: u32,
    /// Calls of judges, as far as they are known; 0 while nothing is judged.
    pub judge_calls: u32,
    /// Of these, those that have ended.
    pub judge_calls_done: u32,
}

impl Counts {
    /// Whether every cell has come to its end.
    pub(crate) fn is_complete(&self) -> bool {
        self.done + self.failed + self.skipped == self.total
    }
}

/// What changed since the last drain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// State now.
    pub state: State,
    /// Counts now.
    pub counts: Counts,
    /// Half-open ranges of ordinals, merged, in order; at most so many that they stay a small message.
    pub stale: Vec<(u32, u32)>,
    /// Models that are asked nothing more for now, by id.
    pub paused: Vec<LanePause>,
}

/// New text of the watched cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextChange {
    /// The cell.
    pub cell: u32,
    /// Byte offset of `text` in the whole output.
    pub from: usize,
    /// What was added.
    pub text: String,
}

/// How a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Done {
        cached: bool,
    },
    Failed,
    /// Not answered; it waits for another try or for the run to be resumed.
    Requeued,
}

/// How far a run is.
#[derive(Debug)]
pub struct Progress(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    state: State,
    counts: Counts,
    changed: bool,
    stale: BTreeSet<u32>,
    /// Text so far of the cells being answered, so that opening one shows it from the start.
    texts: HashMap<u32, String>,
    watched: Option<u32>,
    sent: usize,
    paused: BTreeMap<String, LanePause>,
}

impl Progress {
    pub(crate) fn new(counts: Counts) -> Self {
        Self(Mutex::new(Inner {
            state: State::Running,
            counts,
            changed: true,
            stale: BTreeSet::new(),
            texts: HashMap::new(),
            watched: None,
            sent: 0,
            paused: BTreeMap::new(),
        }))
    }

    /// State and counts now.
    pub fn now(&self) -> (State, Counts) {
        let inner = self.lock();
        (inner.state.clone(), inner.counts)
    }

    /// What changed since the last call; `None` when nothing did.
    pub fn drain(&self) -> Option<Changes> {
        let mut inner = self.lock();
        if !std::mem::take(&mut inner.changed) {
            return None;
        }
        let stale = ranges(std::mem::take(&mut inner.stale));
        let paused = inner.paused.values().cloned().collect();
        Some(Changes { state: inner.state.clone(), counts: inner.counts, stale, paused })
    }

    /// Models that are asked nothing more for now, and why; by id.
    pub fn paused(&self) -> Vec<LanePause> {
        self.lock().paused.values().cloned().collect()
    }

    /// Follows the text of one cell from its start, or of none.
    pub fn watch(&self, cell: Option<u32>) {
        let mut inner = self.lock();
        inner.watched = cell;
        inner.sent = 0;
    }

    /// New text of the watched cell.
    pub fn drain_text(&self) -> Option<TextChange> {
        let mut inner = self.lock();
        let cell = inner.watched?;
        let from = inner.sent;
        let rest = inner.texts.get(&cell)?.get(from..)?;
        let text = rest[..rest.floor_char_boundary(MAX_PIECE)].to_owned();
        if text.is_empty() {
            return None;
        }
        inner.sent += text.len();
        Some(TextChange { cell, from, text })
    }

    pub(crate) fn began(&self, cell: u32) {
        self.change(|inner| {
            inner.counts.running += 1;
            inner.texts.insert(cell, String::new());
            inner.stale.insert(cell);
            if inner.watched == Some(cell) {
                inner.sent = 0;
            }
        });
    }

    /// The cell is asked again: what came of the call before is not part of its output.
    pub(crate) fn restarted(&self, cell: u32) {
        let mut inner = self.lock();
        if let Some(text) = inner.texts.get_mut(&cell) {
            text.clear();
        }
        if inner.watched == Some(cell) {
            inner.sent = 0;
        }
    }

    pub(crate) fn text(&self, cell: u32, piece: &str) {
        if let Some(text) = self.lock().texts.get_mut(&cell) {
            text.push_str(piece);
        }
    }

    pub(crate) fn ended(&self, cell: u32, ending: Ending) {
        self.change(|inner| {
            if inner.texts.remove(&cell).is_some() {
                inner.counts.running = inner.counts.running.saturating_sub(1);
            }
            match ending {
                Ending::Done { cached } => {
                    inner.counts.done += 1;
                    inner.counts.cached += u32::from(cached);
                }
                Ending::Failed => inner.counts.failed += 1,
                Ending::Requeued => {}
            }
            inner.stale.insert(cell);
        });
    }

    pub(crate) fn lane_paused(&self, pause: LanePause) {
        self.change(|inner| {
            inner.paused.insert(pause.model.clone(), pause);
        });
    }

    pub(crate) fn lane_resumed(&self, model: &str) {
        self.change(|inner| {
            inner.paused.remove(model);
        });
    }

    /// So many calls of judges have ended, of so many.
    pub(crate) fn judging(&self, done: u32, of: u32) {
        let (_, counts) = self.now();
        if (counts.judge_calls_done, counts.judge_calls) != (done, of) {
            self.change(|inner| {
                inner.counts.judge_calls_done = done;
                inner.counts.judge_calls = of;
            });
        }
    }

    /// These cells have scores that they had not.
    pub(crate) fn judged(&self, cells: impl Iterator<Item = u32>) {
        self.change(|inner| inner.stale.extend(cells));
    }

    pub(crate) fn finish(&self, state: State) {
        self.change(|inner| inner.state = state);
    }

    fn change(&self, apply: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        inner.changed = true;
        apply(&mut inner);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A panic of another thread leaves at worst a count that is off by one, never a torn value.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ranges(ordinals: BTreeSet<u32>) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for ordinal in ordinals {
        match ranges.last_mut() {
            Some((_, to)) if *to == ordinal => *to += 1,
            _ => ranges.push((ordinal, ordinal + 1)),
        }
    }
    coarse(ranges)
}

/// The same cells in at most [`MAX_RANGES`] ranges: the narrowest gaps are closed.
fn coarse(ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    if ranges.len() <= MAX_RANGES {
        return ranges;
    }
    let mut gaps: Vec<u32> = ranges.windows(2).map(|pair| pair[1].0 - pair[0].1).collect();
    let (_, widest_closed, _) = gaps.select_nth_unstable_by(MAX_RANGES - 1, |a, b| b.cmp(a));
    let closed = *widest_closed;
    let mut fewer: Vec<(u32, u32)> = Vec::with_capacity(MAX_RANGES);
    for (from, to) in ranges {
        match fewer.last_mut() {
            Some((_, end)) if from - *end <= closed => *end = to,
            _ => fewer.push((from, to)),
        }
    }
    fewer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress::new(Counts { total: 10, ..Counts::default() })
    }

    #[test]
    fn neighbours_merge_into_one_range() {
        assert_eq!(ranges([1, 2, 3, 7, 9, 10].into()), [(1, 4), (7, 8), (9, 11)]);
    }

    #[test]
    fn however_scattered_the_changed_cells_are_a_change_stays_small_and_misses_none() {
        let scattered: BTreeSet<u32> = (0..20_000).map(|n| n * n / 8).collect();
        let found = ranges(scattered.clone());
        assert!((2..=MAX_RANGES).contains(&found.len()), "{} ranges", found.len());
        let is_in = |cell: &u32| found.iter().any(|(from, to)| (*from..*to).contains(cell));
        assert!(scattered.iter().all(is_in));
        assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0), "in order and apart");
    }

    #[test]
    fn of_too_many_ranges_those_nearest_to_each_other_become_one() {
        let far = |n: u32| n * 1_000;
        let mut cells: BTreeSet<u32> = (0..MAX_RANGES as u32).map(far).collect();
        cells.insert(far(3) + 2);
        let found = ranges(cells);
        assert_eq!(found.len(), MAX_RANGES);
        assert_eq!(found[3], (far(3), far(3) + 3));
    }

    #[test]
    fn a_quiet_run_sends_nothing() {
        let progress = progress();
        assert!(progress.drain().is_some(), "the first drain tells the initial counts");
        assert_eq!(progress.drain(), None);
    }

    #[test]
    fn a_watcher_who_comes_late_gets_the_text_from_its_start() {
        let progress = progress();
        progress.began(4);
        progress.text(4, "Hello");
        progress.watch(Some(4));
        let first = progress.drain_text().expect("text is there");
        assert_eq!((first.from, first.text.as_str()), (0, "Hello"));
        progress.text(4, " there");
        let second = progress.drain_text().expect("more text is there");
        assert_eq!((second.from, second.text.as_str()), (5, " there"));
        assert_eq!(progress.drain_text(), None);
    }

    #[test]
    fn a_second_try_streams_its_text_anew() {
        let progress = progress();
        progress.began(4);
        progress.watch(Some(4));
        progress.text(4, "Hello wo");
        progress.drain_text();
        progress.restarted(4);
        progress.text(4, "Hello");
        let again = progress.drain_text().expect("text is there");
        assert_eq!((again.from, again.text.as_str()), (0, "Hello"));
    }

    #[test]
    fn a_long_text_comes_in_pieces_that_join_again() {
        let progress = progress();
        let whole = "é".repeat(MAX_PIECE);
        progress.began(1);
        progress.text(1, &whole);
        progress.watch(Some(1));
        let pieces: Vec<_> = std::iter::from_fn(|| progress.drain_text()).collect();
        assert!(pieces.iter().all(|p| p.text.len() <= MAX_PIECE));
        assert_eq!(pieces.iter().map(|p| p.text.as_str()).collect::<String>(), whole);
    }

    #[test]
    fn a_requeued_cell_counts_as_nothing() {
        let progress = progress();
        progress.began(1);
        progress.ended(1, Ending::Requeued);
        let (_, counts) = progress.now();
        assert_eq!((counts.running, counts.done, counts.failed), (0, 0, 0));
    }
}
