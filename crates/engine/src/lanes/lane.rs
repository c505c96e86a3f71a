//! One model's cells, and the waiting for a place, for the right moment and for room to leave.
//!
//! Whoever waits stands in a line and only its head looks, so admission is fair and one wake-up is enough. Everything
//! a waiter holds is given back when it is dropped: a run that is stopped leaves nobody waiting.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use assay_model::Rates;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ceiling::Ceiling;
use super::pace::{Load, Pace, Sent, Wait};
use super::queue::Queue;
use super::standing::Standing;

/// The lane of one model.
#[derive(Debug)]
pub(crate) struct Lane {
    model: String,
    state: Mutex<State>,
    ceiling: Option<Arc<Ceiling>>,
    /// Stops the run, and with it every lane.
    cancel: CancellationToken,
    /// The line for a place, and what its head waits for.
    place_line: tokio::sync::Mutex<()>,
    place_changed: Notify,
    /// What whoever finds no cell but those set aside waits for, in no line: the cell that they wait for needs a place.
    cells_changed: Notify,
    /// The line for the right moment, and what its head waits for beside the time.
    moment_line: tokio::sync::Mutex<()>,
    pace_changed: Notify,
    /// The line for room among the calls under way, and what its head waits for.
    room_line: tokio::sync::Mutex<()>,
    room_changed: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    pace: Pace,
    pub(super) queue: Queue,
    /// Cells that come back to the queue when something else has happened.
    aside: usize,
    /// Places taken.
    taken: usize,
    /// Cancelled while the lane stands still.
    going: CancellationToken,
    standing: Standing,
    /// Whether the ceiling counts this lane among those with cells left.
    counted: bool,
}

/// A place in the lane, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    lane: Arc<Lane>,
    _shared: Option<OwnedSemaphorePermit>,
}

/// A cell that waits for something else than the lane. Dropped, it is back in the lane's queue.
#[derive(Debug)]
pub(crate) struct Aside {
    lane: Arc<Lane>,
    column: u32,
    cell: u32,
}

/// What a call has that may leave as soon as there is room.
#[derive(Debug)]
pub(crate) struct Ticket {
    lane: Arc<Lane>,
    load: Load,
}

/// A call on its way. Dropped without an end, it failed for a reason nobody knows.
#[derive(Debug)]
pub(crate) struct Flight {
    lane: Arc<Lane>,
    sent: Option<Sent>,
}

impl Lane {
    /// A lane of `cells`, each with its column.
    pub fn new(
        model: &str,
        pace: Pace,
        ceiling: Option<Arc<Ceiling>>,
        cells: impl IntoIterator<Item = (u32, u32)>,
        cancel: &CancellationToken,
    ) -> Lane {
        let mut queue = Queue::default();
        for (column, cell) in cells {
            queue.push(column, cell);
        }
        let going = cancel.child_token();
        let lane = Lane {
            model: model.to_owned(),
            state: Mutex::new(State {
                pace,
                queue,
                aside: 0,
                taken: 0,
                going,
                standing: Standing::default(),
                counted: false,
            }),
            ceiling,
            cancel: cancel.clone(),
            place_line: tokio::sync::Mutex::default(),
            place_changed: Notify::new(),
            cells_changed: Notify::new(),
            moment_line: tokio::sync::Mutex::default(),
            pace_changed: Notify::new(),
            room_line: tokio::sync::Mutex::default(),
            room_changed: Notify::new(),
        };
        lane.recount(&mut lane.state());
        lane
    }

    /// The lane of a model of which something is known already.
    pub fn recalling(mut self, standing: Standing) -> Lane {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner).standing = standing;
        self
    }

    /// The model's id.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Workers that the lane can ever use at once.
    pub fn workers(&self) -> usize {
        let state = self.state();
        state.pace.most_places().min(state.queue.len() + state.aside)
    }

    /// The next cell, with its column; none when the lane is empty or stands still.
    pub fn take(&self) -> Option<(u32, u32)> {
        let mut state = self.state();
        if state.going.is_cancelled() {
            return None;
        }
        let next = state.queue.pop();
        self.recount(&mut state);
        if state.queue.is_empty() {
            self.place_changed.notify_one();
        }
        next
    }

    /// Puts a cell back that was not sent.
    pub fn put_back(&self, column: u32, cell: u32) {
        let mut state = self.state();
        state.queue.put_back(column, cell);
        self.recount(&mut state);
    }

    /// Puts a cell back that was refused: behind the others, which may fare better.
    pub fn put_last(&self, column: u32, cell: u32) {
        let mut state = self.state();
        state.queue.push(column, cell);
        self.recount(&mut state);
    }

    /// Sets aside a cell that was taken: whoever works here waits for it as for any other.
    pub fn set_aside(self: &Arc<Self>, column: u32, cell: u32) -> Aside {
        self.state().aside += 1;
        Aside { lane: Arc::clone(self), column, cell }
    }

    /// Whether no cell is left to be taken, now or later.
    pub fn is_exhausted(&self) -> bool {
        let state = self.state();
        state.queue.is_empty() && state.aside == 0
    }

    /// Stops the lane; what is in flight comes to its end. Says whether it was going.
    pub fn pause(&self) -> bool {
        let mut state = self.state();
        let was_going = !state.going.is_cancelled();
        state.going.cancel();
        self.recount(&mut state);
        was_going
    }

    /// Lets the lane go on. Says whether it stood still with cells left.
    pub fn resume(&self) -> bool {
        let mut state = self.state();
        let is_empty = state.queue.is_empty() && state.aside == 0;
        if !state.going.is_cancelled() || is_empty || self.cancel.is_cancelled() {
            return false;
        }
        state.going = self.cancel.child_token();
        state.standing.resumed();
        state.pace.resumed();
        self.recount(&mut state);
        true
    }

    /// What the model's replies say of it.
    pub fn standing<T>(&self, look: impl FnOnce(&mut Standing) -> T) -> T {
        look(&mut self.state().standing)
    }

    /// Is cancelled when the lane stops; a lane that goes on again has another.
    pub fn going(&self) -> CancellationToken {
        self.state().going.clone()
    }

    /// A place, when one is free and nobody else waits for it.
    pub fn try_enter(self: &Arc<Self>) -> Option<Place> {
        if self.has_only_cells_aside() {
            return None;
        }
        let _line = self.place_line.try_lock().ok()?;
        match self.ceiling {
            // Its permits are awaited in order, so there is nothing to try.
            Some(_) => None,
            None => self.take_place(None).ok(),
        }
    }

    /// A place for the next cell, once there is one. None when the lane stops or has no cell left.
    pub async fn enter(self: &Arc<Self>, going: &CancellationToken) -> Option<Place> {
        tokio::select! {
            biased;
            () = going.cancelled() => None,
            place = self.wait_for_next() => place,
        }
    }

    /// A place for a cell that was taken before, once there is one. None when the lane stops.
    pub async fn reenter(self: &Arc<Self>, going: &CancellationToken) -> Option<Place> {
        tokio::select! {
            biased;
            () = going.cancelled() => None,
            place = self.wait_for_place(false) => place,
        }
    }

    async fn wait_for_next(self: &Arc<Self>) -> Option<Place> {
        loop {
            // Made before the look, so that what comes back in between is not missed.
            let changed = self.cells_changed.notified();
            if self.has_only_cells_aside() {
                changed.await;
                continue;
            }
            let place = self.wait_for_place(true).await;
            if place.is_some() || self.is_exhausted() {
                return place;
            }
        }
    }

    async fn wait_for_place(self: &Arc<Self>, for_next: bool) -> Option<Place> {
        let _line = self.place_line.lock().await;
        loop {
            // A change between the look and the wait is kept for the wait.
            let shares = self.ceiling.as_ref().map(|ceiling| ceiling.changed());
            if for_next && self.state().queue.is_empty() {
                // The next in line has nothing to wait for either.
                self.place_changed.notify_one();
                return None;
            }
            if self.has_place() {
                let shared = match &self.ceiling {
                    Some(ceiling) => tokio::select! {
                        place = ceiling.place() => place,
                        () = self.place_changed.notified() => continue,
                    },
                    None => None,
                };
                if let Ok(place) = self.take_place(shared) {
                    return Some(place);
                }
                continue;
            }
            match shares {
                Some(shares) => tokio::select! {
                    () = self.place_changed.notified() => {}
                    () = shares => {}
                },
                None => self.place_changed.notified().await,
            }
        }
    }

    fn has_only_cells_aside(&self) -> bool {
        let state = self.state();
        state.queue.is_empty() && state.aside > 0
    }

    fn has_place(&self) -> bool {
        let state = self.state();
        state.taken < self.places(&state)
    }

    fn take_place(
        self: &Arc<Self>,
        shared: Option<OwnedSemaphorePermit>,
    ) -> Result<Place, Option<OwnedSemaphorePermit>> {
        let mut state = self.state();
        if state.taken >= self.places(&state) {
            return Err(shared);
        }
        state.taken += 1;
        Ok(Place { lane: Arc::clone(self), _shared: shared })
    }

    fn places(&self, state: &State) -> usize {
        match &self.ceiling {
            // A place taken here is one that another lane could use for a call.
            Some(ceiling) => state.pace.limit().min(ceiling.share()),
            None => state.pace.places(),
        }
    }

    /// Admits a call now, when that may be and nobody else waits.
    pub fn try_admit(self: &Arc<Self>, load: Load) -> Option<Ticket> {
        let _line = self.moment_line.try_lock().ok()?;
        self.admit_now(load).ok()
    }

    /// Admits a call once that may be. None when the lane stops.
    pub async fn admit(self: &Arc<Self>, load: Load, going: &CancellationToken) -> Option<Ticket> {
        tokio::select! {
            biased;
            () = going.cancelled() => None,
            ticket = self.wait_for_moment(load) => Some(ticket),
        }
    }

    async fn wait_for_moment(self: &Arc<Self>, load: Load) -> Ticket {
        let _line = self.moment_line.lock().await;
        loop {
            match self.admit_now(load) {
                Ok(ticket) => return ticket,
                Err(ready) => tokio::select! {
                    () = tokio::time::sleep_until(ready) => {}
                    () = self.pace_changed.notified() => {}
                },
            }
        }
    }

    fn admit_now(self: &Arc<Self>, load: Load) -> Result<Ticket, Instant> {
        self.state().pace.admit(Instant::now(), load)?;
        Ok(Ticket { lane: Arc::clone(self), load })
    }

    async fn wait_for_room(self: &Arc<Self>, load: Load) -> Sent {
        let _line = self.room_line.lock().await;
        loop {
            let wait = match self.state().pace.depart(Instant::now(), load) {
                Ok(sent) => return sent,
                Err(wait) => wait,
            };
            match wait {
                Wait::Until(ready) => tokio::time::sleep_until(ready).await,
                Wait::Room => self.room_changed.notified().await,
            }
        }
    }

    fn recount(&self, state: &mut State) {
        let Some(ceiling) = &self.ceiling else { return };
        let counts = !state.queue.is_empty() && !state.going.is_cancelled();
        match (state.counted, counts) {
            (false, true) => ceiling.join(),
            (true, false) => ceiling.leave(),
            _ => {}
        }
        state.counted = counts;
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // A run that was stopped leaves its share of the ceiling, which outlives it.
        if let (Some(ceiling), true) = (&self.ceiling, self.state().counted) {
            ceiling.leave();
        }
    }
}

impl Place {
    /// Whether the next cell may use this place too. Not when the lane was told to slow down, and not when other
    /// lanes may be waiting for it.
    pub fn stands(&self) -> bool {
        let state = self.lane.state();
        self.lane.ceiling.is_none() && state.taken <= self.lane.places(&state)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lane.state().taken -= 1;
        self.lane.place_changed.notify_one();
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let mut state = self.lane.state();
        state.aside -= 1;
        state.queue.put_back(self.column, self.cell);
        self.lane.recount(&mut state);
        drop(state);
        self.lane.cells_changed.notify_waiters();
    }
}

impl Ticket {
    /// Leaves once there is room. None when the lane stops first.
    pub async fn depart(self, going: &CancellationToken) -> Option<Flight> {
        let sent = tokio::select! {
            biased;
            () = going.cancelled() => return None,
            sent = self.lane.wait_for_room(self.load) => sent,
        };
        Some(Flight { lane: self.lane, sent: Some(sent) })
    }
}

impl Flight {
    /// The call was answered; `used` is what the server counted, when it did.
    pub fn answered(mut self, used: Option<Load>, rates: &Rates) {
        self.lane.standing(Standing::answered);
        self.end(|pace, now, sent| pace.answered(now, sent, used, rates));
    }

    /// The server said that there are too many calls.
    pub fn limited(mut self, delay: Option<Duration>, rates: &Rates) {
        self.end(|pace, now, sent| pace.limited(now, sent, delay, rates));
    }

    /// The call failed for another reason.
    pub fn failed(mut self, rates: &Rates) {
        self.end(|pace, now, sent| pace.failed(now, sent, rates));
    }

    fn end(&mut self, tell: impl FnOnce(&mut Pace, Instant, &Sent)) {
        let Some(sent) = self.sent.take() else { return };
        tell(&mut self.lane.state().pace, Instant::now(), &sent);
        // More places, an earlier moment, or room.
        self.lane.place_changed.notify_one();
        self.lane.pace_changed.notify_one();
        self.lane.room_changed.notify_one();
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.end(|pace, now, sent| pace.failed(now, sent, &Rates::default()));
    }
}
