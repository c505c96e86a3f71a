//! Answering cells: what one worker of a lane does, one cell after the other.
//!
//! Every call is recorded before it leaves and its end before it counts. The end of a cell and the beginning of the
//! next are handed to the store together, so that both cost one commit; before a worker waits for anything else, what
//! it has is settled. A lane has a few more workers than calls under way, so that a call that is on the disk stands
//! ready when one ends: the disk costs no time between two calls.

use std::sync::Arc;
use std::time::Duration;

use assay_model::Rates;
use assay_store::{
    AttemptId, LanePause, Original, Pending, Stop, StopKind, StoreError, StoredScore,
};
use tokio_util::sync::CancellationToken;

use crate::budget::{Held, Short};
use crate::call::{Answer, Blame, CallContext, Next, Refusal, Tries, send};
use crate::cost;
use crate::driver::Driver;
use crate::lanes::{Flight, Lane, Load, Place, Ticket};
use crate::models::Target;
use crate::plan::Call;
use crate::progress::Ending;
use crate::record::{done, failed};
use crate::twins::Claim;

/// One of a lane's workers.
pub(crate) struct Worker {
    driver: Arc<Driver>,
    lane: Arc<Lane>,
    /// Cancelled when the lane stops.
    going: CancellationToken,
    place: Option<Place>,
    /// The cell before, whose end may not be on the disk yet.
    last: Option<Recorded>,
}

/// What a cell needs.
pub(crate) enum Work {
    /// A call, which no other cell makes meanwhile.
    Send(Box<Call>, Option<Claim>),
    /// Nothing: its answer is there. With what it cost then.
    Cached(Box<Call>, Answer, Option<f64>, Original),
    /// Nothing: it fails without a call.
    Refused(Option<Box<Call>>, Refusal),
    /// Nothing for now: another cell asks the same. It is set aside.
    Aside,
}

/// A cell whose end is on its way to the disk.
struct Recorded {
    cell: u32,
    ending: Ending,
    stored: Pending<()>,
    /// Held until its reply can be found.
    claim: Option<Claim>,
}

/// How far a cell got.
enum Ended {
    Recorded(Recorded),
    /// Its lane stopped before it could be sent, or sent again.
    Stopped,
    /// Another cell asks the same.
    Aside,
    /// Refused, as every other would be: its lane stops now for this reason, or has stopped before.
    Refused(Option<LanePause>),
}

/// What a call needs before its beginning is recorded.
struct Leave {
    money: Option<Held>,
    ticket: Ticket,
}

/// A call on its way, and the money held for it.
struct Sent {
    money: Option<Held>,
    flight: Flight,
}

impl Worker {
    pub fn new(driver: Arc<Driver>, lane: Arc<Lane>) -> Worker {
        let going = lane.going();
        Worker { driver, lane, going, place: None, last: None }
    }

    /// Answers cells until none is left or the lane stops.
    pub async fn run(mut self) {
        while let Some((column, cell)) = self.next().await {
            self.driver.progress.began(cell);
            match self.answer(column, cell).await {
                Ok(Ended::Recorded(recorded)) => self.last = Some(recorded),
                Ok(Ended::Stopped) => {
                    self.lane.put_back(column, cell);
                    self.driver.progress.ended(cell, Ending::Requeued);
                }
                Ok(Ended::Aside) => self.driver.progress.ended(cell, Ending::Requeued),
                Ok(Ended::Refused(pause)) => self.refused(column, cell, pause).await,
                Err(error) => self.driver.give_up(cell, &error),
            }
        }
        self.settle().await;
    }

    /// The next cell. What is set aside is waited for: it may be the reply to this worker's own last cell that it needs.
    async fn next(&mut self) -> Option<(u32, u32)> {
        loop {
            self.enter().await?;
            let next = self.lane.take();
            if next.is_some() || self.lane.is_exhausted() {
                return next;
            }
            self.place = None;
            self.settle().await;
        }
    }

    /// Takes a place, unless this worker has one that stands; none when the lane stops or has no cell left.
    async fn enter(&mut self) -> Option<()> {
        if self.going.is_cancelled() {
            // The lane may go on again by now: a cell that was put back late needs somebody to take it.
            self.going = self.lane.going();
        }
        if self.place.take_if(|place| !place.stands()).is_some() || self.place.is_none() {
            self.place = self.lane.try_enter();
        }
        if self.place.is_none() {
            self.settle().await;
            self.place = self.lane.enter(&self.going).await;
        }
        self.place.as_ref()?;
        (!self.going.is_cancelled()).then_some(())
    }

    /// The cell goes back before its lane is seen to be paused, so whoever retries it finds the cell there; behind the
    /// others, so they show whether it was the cell's own fault.
    async fn refused(&self, column: u32, cell: u32, pause: Option<LanePause>) {
        self.lane.put_last(column, cell);
        self.driver.progress.ended(cell, Ending::Requeued);
        if let Some(pause) = pause {
            self.driver.record_pause(pause).await;
        }
    }

    /// Waits until the last cell's end is on the disk; only then it counts.
    async fn settle(&mut self) {
        let Some(Recorded { cell, ending, stored, claim }) = self.last.take() else { return };
        match stored.await {
            Ok(()) => self.driver.progress.ended(cell, ending),
            Err(error) => self.driver.give_up(cell, &error),
        }
        // Its twins find the reply from now on.
        drop(claim);
    }

    async fn answer(&mut self, column: u32, cell: u32) -> Result<Ended, StoreError> {
        let lane = Arc::clone(&self.lane);
        match self.driver.work_for(cell, || lane.set_aside(column, cell)).await? {
            Work::Send(call, claim) => Ok(match self.send(cell, &call).await? {
                Ended::Recorded(recorded) => Ended::Recorded(recorded.holding(claim)),
                unanswered => unanswered,
            }),
            Work::Aside => Ok(Ended::Aside),
            Work::Cached(call, answer, cost, original) => {
                let attempt = self.begin(cell, call.body, "cache", None).await?;
                let scores = self.driver.score(cell, &answer, cost);
                let outcome = done(answer, cost, Some(original));
                let stored = self.driver.finish(cell, attempt, None, outcome, scores, None);
                let ending = Ending::Done { cached: true };
                Ok(Ended::Recorded(Recorded { cell, ending, stored, claim: None }))
            }
            Work::Refused(call, refusal) => {
                let body = call.map_or_else(Vec::new, |call| call.body);
                let attempt = self.begin(cell, body, "none", None).await?;
                Ok(Ended::Recorded(self.failed(cell, attempt, refusal)))
            }
        }
    }

    /// Records a call before it leaves, together with the end of the cell before.
    async fn begin(
        &mut self,
        cell: u32,
        body: Vec<u8>,
        origin: &str,
        reserved: Option<f64>,
    ) -> Result<AttemptId, StoreError> {
        let attempt = self.driver.begin_attempt(cell, body, origin, reserved);
        self.settle().await;
        attempt.await
    }

    /// Calls until the cell has an ending, or its lane stops.
    async fn send(&mut self, cell: u32, call: &Call) -> Result<Ended, StoreError> {
        let target = self.driver.target(cell).clone();
        let most = target.price.as_ref().map(|price| cost::range(price, call.estimate).high);
        let mut tries = Tries { lost: self.driver.lost(cell), ..Tries::default() };
        loop {
            let Some(leave) = self.leave(call.estimate.load(), most).await else {
                return Ok(Ended::Stopped);
            };
            let attempt = self.begin(cell, call.body.clone(), &target.origin, most).await?;
            let Some(sent) = leave.depart(&self.going).await else {
                self.failed(cell, attempt, Refusal::not_sent()).stored.await?;
                return Ok(Ended::Stopped);
            };
            let refusal = match send(&target, call, &self.context(cell, tries)).await {
                Ok(answer) => {
                    let recorded = self.answered(cell, attempt, call, &target, answer, sent);
                    return Ok(Ended::Recorded(recorded));
                }
                Err(refusal) => refusal,
            };
            sent.refused(&refusal, most);
            tries.count(&refusal);
            self.driver.set_lost(cell, tries.lost);
            if let Some(ended) = self.after(cell, attempt, refusal).await? {
                return Ok(ended);
            }
        }
    }

    fn context(&self, cell: u32, before: Tries) -> CallContext {
        CallContext {
            environment: Arc::clone(&self.driver.environment),
            progress: Arc::clone(&self.driver.progress),
            cancel: self.driver.cancel.clone(),
            cell,
            before,
        }
    }

    /// The money and the right moment; none when the lane stops first.
    async fn leave(&mut self, load: Load, most: Option<f64>) -> Option<Leave> {
        let money = match self.driver.budget.clone() {
            Some(budget) => match budget.try_hold(most.unwrap_or(0.0)) {
                Ok(held) => Some(held),
                Err(Short::Spent) => return self.out_of_money(),
                Err(Short::ForNow) => {
                    self.settle().await;
                    tokio::select! {
                        biased;
                        () = self.going.cancelled() => return None,
                        held = budget.hold(most.unwrap_or(0.0)) => match held {
                            Some(held) => Some(held),
                            None => return self.out_of_money(),
                        },
                    }
                }
            },
            None => None,
        };
        let ticket = match self.lane.try_admit(load) {
            Some(ticket) => Some(ticket),
            None => {
                self.settle().await;
                self.lane.admit(load, &self.going).await
            }
        };
        match ticket {
            Some(ticket) => Some(Leave { money, ticket }),
            None => {
                if let Some(held) = money {
                    held.release();
                }
                None
            }
        }
    }

    /// Stops this lane for good; what costs nothing goes on in the others.
    fn out_of_money<T>(&self) -> Option<T> {
        if let Some(budget) = &self.driver.budget {
            self.driver.stop(Stop::new(StopKind::Budget, budget.reason()));
        }
        self.lane.pause();
        None
    }

    fn answered(
        &self,
        cell: u32,
        attempt: AttemptId,
        call: &Call,
        target: &Target,
        mut answer: Answer,
        sent: Sent,
    ) -> Recorded {
        let usage = answer.usage;
        let cost = target.price.as_ref().and_then(|price| cost::of_usage(price, &usage));
        sent.answered(cost, &answer);
        let key = (!self.driver.plan.spec.request.no_cache).then_some(call.cache_key);
        let scores = self.driver.score(cell, &answer, cost);
        let request_id = answer.request_id.take();
        let outcome = done(answer, cost, None);
        let stored = self.driver.finish(cell, attempt, request_id, outcome, scores, key);
        Recorded { cell, ending: Ending::Done { cached: false }, stored, claim: None }
    }

    fn failed(&self, cell: u32, attempt: AttemptId, mut refusal: Refusal) -> Recorded {
        let ending = match refusal.next {
            Next::Fail => Ending::Failed,
            _ => Ending::Requeued,
        };
        let request_id = refusal.request_id.take();
        let stored =
            self.driver.finish(cell, attempt, request_id, failed(refusal), Vec::new(), None);
        Recorded { cell, ending, stored, claim: None }
    }

    /// What follows a refusal: an ending, or nothing when the same cell is to be sent again now.
    async fn after(
        &mut self,
        cell: u32,
        attempt: AttemptId,
        mut refusal: Refusal,
    ) -> Result<Option<Ended>, StoreError> {
        refusal.next = self.judged(cell, &refusal);
        match refusal.next {
            Next::Fail | Next::Cancelled => {
                Ok(Some(Ended::Recorded(self.failed(cell, attempt, refusal))))
            }
            Next::PauseLane => {
                // Nothing more leaves from now on. A call that left before the lane was paused and taken up again says
                // nothing new.
                let pauses = !self.going.is_cancelled() && self.lane.pause();
                let pause = pauses.then(|| self.driver.pause_of(&self.lane, &refusal));
                self.failed(cell, attempt, refusal).stored.await?;
                Ok(Some(Ended::Refused(pause)))
            }
            Next::Retry(delay) => {
                self.failed(cell, attempt, refusal).stored.await?;
                let goes_on = self.sit_out(delay).await;
                if goes_on {
                    self.driver.progress.restarted(cell);
                }
                Ok((!goes_on).then_some(Ended::Stopped))
            }
        }
    }

    /// What to do next, in the light of what the lane's other calls brought.
    fn judged(&self, cell: u32, refusal: &Refusal) -> Next {
        let next = refusal.next;
        self.lane.standing(|standing| match refusal.blames() {
            Blame::Request if next == Next::Fail && standing.rejected() => Next::PauseLane,
            Blame::Server if standing.unanswered(cell) && next == Next::Fail => Next::PauseLane,
            Blame::Key if standing.shut_out(cell) => Next::Fail,
            _ => next,
        })
    }

    /// Waits without a place, which others may use meanwhile. Says whether the lane goes on.
    async fn sit_out(&mut self, delay: Duration) -> bool {
        self.place = None;
        if tokio::time::timeout(delay, self.going.cancelled()).await.is_ok() {
            return false;
        }
        self.place = self.lane.reenter(&self.going).await;
        self.place.is_some()
    }
}

impl Recorded {
    /// With the claim of its call: given up where there is no reply to find.
    fn holding(self, claim: Option<Claim>) -> Recorded {
        match (self.ending, claim) {
            (Ending::Failed, Some(claim)) => {
                claim.in_vain();
                self
            }
            (_, claim) => Recorded { claim, ..self },
        }
    }
}

impl Leave {
    /// Lets the call go once there is room. None when the lane stops first: nothing was sent.
    async fn depart(self, going: &CancellationToken) -> Option<Sent> {
        let Leave { money, ticket } = self;
        match ticket.depart(going).await {
            Some(flight) => Some(Sent { money, flight }),
            None => {
                if let Some(held) = money {
                    held.release();
                }
                None
            }
        }
    }
}

impl Sent {
    fn answered(self, cost: Option<f64>, answer: &Answer) {
        let used = answer.usage.input.zip(answer.usage.output);
        let used = used.map(|(input, output)| Load { input, output, assumed: 0 });
        self.flight.answered(used, &answer.rates);
        // A reply that does not tell its tokens counts with all that was held.
        if let (Some(held), Some(cost)) = (self.money, cost) {
            held.settle(cost);
        }
    }

    fn refused(self, refusal: &Refusal, most: Option<f64>) {
        let rates: &Rates = &refusal.rates;
        match refusal.crowded {
            true => self.flight.limited(refusal.delay, rates),
            false => self.flight.failed(rates),
        }
        if let Some(held) = self.money {
            held.settle(if refusal.maybe_billed { most.unwrap_or(0.0) } else { 0.0 });
        }
    }
}

/// The scores of an output, as the store keeps them.
pub(crate) type Scores = Vec<StoredScore>;
