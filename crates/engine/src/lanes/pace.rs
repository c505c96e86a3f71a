//! How fast a lane may go: how many calls at once, and not before when.
//!
//! Calls at once grow by one for each full round of answers and are halved when the server says that there are too
//! many: what keeps TCP fair and full, for the same reason. All replies to requests that left before a cut tell of the
//! same crowd, so they cut no further. The server's own delay is kept for the whole lane, whoever was told.
//!
//! A call is admitted first, which uses up what a minute allows, and leaves once there is room. Between the two its
//! beginning is written to the disk. So that no room stays empty meanwhile, more calls are worked on than may be
//! under way: [`Pace::places`].
//!
//! The time is passed in.

use std::sync::Arc;
use std::time::Duration;

use assay_model::Rates;
use tokio::time::Instant;

use super::allowance::{Allowance, Reading};
use super::limits::ProviderLimits;
use super::quota::Quota;

/// Calls at once of a lane that nobody has told how many.
const START: usize = 8;

/// So many calls at once are a crowd. Where a server takes equally long for each, its calls end together: were fewer ready
/// than that, the rest would leave together once the disk is through with them, and so for ever. So as many are made
/// ready as may be under way, up to [`MOST_READY`]. Of fewer, one for each [`FOR_ONE_READY`]: the disk keeps up with
/// them, and a lane that has to stop leaves less behind that was begun and not sent.
const CROWD: usize = 32;
const FOR_ONE_READY: usize = 4;
const MOST_READY: usize = 128;

/// A server that wants to be left alone for longer has its lane paused by its own refusal; what it says may be any
/// number.
const LONGEST_DELAY: Duration = Duration::from_secs(300);

/// What a call uses of what is counted: an estimate before it is made, the server's count after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub input: u64,
    /// As many as there may be, where an option says so.
    pub output: u64,
    /// As many as are assumed, where no option does. Counted against what a person has set; a server that counts by
    /// its own assumption says so.
    pub assumed: u64,
}

impl Load {
    /// What counts against what a person has set.
    fn with_assumed(self) -> u64 {
        self.tokens().saturating_add(self.assumed)
    }

    fn tokens(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// Why a call does not leave now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The server wants to be left alone until then.
    Until(Instant),
    /// As many calls as may be are under way.
    Room,
}

/// A call that has left.
#[derive(Debug)]
pub(crate) struct Sent {
    seq: u64,
    load: Load,
    /// What was used in all when it left, itself included.
    so_far: Load,
}

/// The speed of one lane.
#[derive(Debug)]
pub(crate) struct Pace {
    limit: usize,
    ceiling: usize,
    in_flight: usize,
    /// Answers since the limit last changed, and whether all of it was in use meanwhile.
    answers: usize,
    was_full: bool,
    /// Number of the latest request.
    sent: u64,
    /// The latest request when the limit was last cut.
    cut: u64,
    used: Load,
    not_before: Option<Instant>,
    quota: Arc<Quota>,
    requests: Allowance,
    tokens: Allowance,
    input: Allowance,
    output: Allowance,
}

impl Pace {
    /// `at_once` calls when it is given, which is the ceiling then too; else a few, growing to the provider's ceiling.
    /// In a minute, what `quota` leaves over.
    pub fn new(at_once: Option<usize>, limits: &ProviderLimits, quota: Arc<Quota>) -> Pace {
        let ceiling = at_once.unwrap_or(limits.ceiling()).max(1);
        Pace {
            limit: at_once.unwrap_or(START).clamp(1, ceiling),
            ceiling,
            in_flight: 0,
            answers: 0,
            was_full: false,
            sent: 0,
            cut: 0,
            used: Load::default(),
            not_before: None,
            quota,
            requests: Allowance::default(),
            tokens: Allowance::default(),
            input: Allowance::default(),
            output: Allowance::default(),
        }
    }

    /// Calls that may be made at once now.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Calls that may be worked on at once: those under way, and those that are ready to leave when one of them ends.
    pub fn places(&self) -> usize {
        self.limit + ready(self.limit)
    }

    /// As [`Pace::places`], with all the calls that there may ever be.
    pub fn most_places(&self) -> usize {
        self.ceiling + ready(self.ceiling)
    }

    /// Takes what a call needs of what is counted by the minute, or says when to ask again.
    pub fn admit(&mut self, now: Instant, load: Load) -> Result<(), Instant> {
        let ready = self.ready_at(now, load);
        if ready > now {
            return Err(ready);
        }
        self.quota.take(now, load.with_assumed())?;
        self.requests.take(1);
        self.tokens.take(load.tokens());
        self.input.take(load.input);
        self.output.take(load.output);
        Ok(())
    }

    /// Lets a call leave that was admitted, or says what it has to wait for.
    pub fn depart(&mut self, now: Instant, load: Load) -> Result<Sent, Wait> {
        if let Some(until) = self.not_before.filter(|until| *until > now) {
            return Err(Wait::Until(until));
        }
        if self.in_flight >= self.limit {
            return Err(Wait::Room);
        }
        self.sent += 1;
        self.in_flight += 1;
        self.was_full |= self.in_flight >= self.limit;
        self.used.input = self.used.input.saturating_add(load.input);
        self.used.output = self.used.output.saturating_add(load.output);
        Ok(Sent { seq: self.sent, load, so_far: self.used })
    }

    fn ready_at(&mut self, now: Instant, load: Load) -> Instant {
        let asked = self.not_before.unwrap_or(now).max(now);
        [
            self.requests.ready_at(now, 1),
            self.tokens.ready_at(now, load.tokens()),
            self.input.ready_at(now, load.input),
            self.output.ready_at(now, load.output),
        ]
        .into_iter()
        .fold(asked, Instant::max)
    }

    /// A call was answered; `used` is what the server counted.
    pub fn answered(&mut self, now: Instant, sent: &Sent, used: Option<Load>, rates: &Rates) {
        self.ended(now, sent, rates);
        if let Some(used) = used {
            self.quota.settle(now, sent.load.with_assumed(), used.tokens());
        }
        self.answers += 1;
        if self.answers >= self.limit {
            if self.was_full && self.limit < self.ceiling {
                self.limit += 1;
            }
            self.start_round();
        }
    }

    /// The server said that there are too many calls; `delay` is how long it wants to be left alone.
    pub fn limited(&mut self, now: Instant, sent: &Sent, delay: Option<Duration>, rates: &Rates) {
        let crowd = self.in_flight.min(self.limit);
        self.ended(now, sent, rates);
        self.quota.settle(now, sent.load.with_assumed(), 0);
        if let Some(delay) = delay.or(rates.retry_after) {
            let until = now + delay.min(LONGEST_DELAY);
            self.not_before = Some(self.not_before.map_or(until, |before| before.max(until)));
        }
        if sent.seq > self.cut {
            self.cut = self.sent;
            self.limit = (crowd / 2).max(1);
            self.start_round();
        }
    }

    /// A call failed for a reason that says nothing of the crowd, or nobody knows how it ended.
    pub fn failed(&mut self, now: Instant, sent: &Sent, rates: &Rates) {
        self.ended(now, sent, rates);
    }

    /// Somebody has the lane go on now, whatever the server had asked for.
    pub fn resumed(&mut self) {
        self.not_before = None;
    }

    fn start_round(&mut self) {
        self.answers = 0;
        self.was_full = self.in_flight >= self.limit;
    }

    fn ended(&mut self, now: Instant, sent: &Sent, rates: &Rates) {
        self.in_flight -= 1;
        let since = Load {
            input: self.used.input.saturating_sub(sent.so_far.input),
            output: self.used.output.saturating_sub(sent.so_far.output),
            assumed: 0,
        };
        let windows = [
            (&mut self.requests, &rates.requests, self.sent - sent.seq),
            (&mut self.tokens, &rates.tokens, since.tokens()),
            (&mut self.input, &rates.input_tokens, since.input),
            (&mut self.output, &rates.output_tokens, since.output),
        ];
        for (allowance, window, since) in windows {
            let Some((remaining, reset)) = window.as_ref().and_then(|w| w.remaining.zip(w.reset))
            else {
                continue;
            };
            let until = now.checked_add(reset).unwrap_or(now);
            allowance.read(now, Reading { sent: sent.seq, remaining, since, until });
        }
    }
}

/// How many calls are made ready beside those that may be under way.
fn ready(at_once: usize) -> usize {
    if at_once < CROWD { at_once / FOR_ONE_READY } else { at_once.min(MOST_READY) }
}
