//! What a person says that a provider allows in a minute, of requests and of tokens.
//!
//! Exact in the cautious direction: in no minute is more used than was set, whichever lane of whichever run uses it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::limits::ProviderLimits;

const MINUTE: Duration = Duration::from_secs(60);

/// Uses closer together than this are kept as one, so that a minute is at most 600 entries.
const SLOT: Duration = Duration::from_millis(100);

/// What one model may be asked in any minute, by all that ask it.
#[derive(Debug, Default)]
pub(crate) struct Quota(Mutex<Minutes>);

#[derive(Debug, Default)]
struct Minutes {
    requests: Option<Minute>,
    tokens: Option<Minute>,
}

/// So much of one thing in any minute.
#[derive(Debug)]
struct Minute {
    limit: u64,
    used: VecDeque<(Instant, u64)>,
    sum: u64,
}

impl Quota {
    /// Allows so much from now on. What the last minute used stays used.
    pub fn allow(&self, limits: &ProviderLimits) {
        let mut minutes = self.minutes();
        set(&mut minutes.requests, limits.requests_per_minute);
        set(&mut minutes.tokens, limits.tokens_per_minute);
    }

    /// Counts a request of so many tokens as used, or says when to ask again. More than a whole limit may be used
    /// alone.
    pub fn take(&self, now: Instant, tokens: u64) -> Result<(), Instant> {
        let mut minutes = self.minutes();
        let ready = |minute: &mut Option<Minute>, amount| {
            minute.as_mut().map_or(now, |minute| minute.ready_at(now, amount))
        };
        let ready = ready(&mut minutes.requests, 1).max(ready(&mut minutes.tokens, tokens));
        if ready > now {
            return Err(ready);
        }
        let Minutes { requests, tokens: of_tokens } = &mut *minutes;
        for (minute, amount) in [(requests, 1), (of_tokens, tokens)] {
            if let Some(minute) = minute {
                minute.take(now, amount);
            }
        }
        Ok(())
    }

    /// Puts right what was taken on an estimate.
    pub fn settle(&self, now: Instant, taken: u64, used: u64) {
        if let Some(tokens) = &mut self.minutes().tokens {
            tokens.settle(now, taken, used);
        }
    }

    fn minutes(&self) -> MutexGuard<'_, Minutes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set(minute: &mut Option<Minute>, limit: Option<u64>) {
    match (minute.as_mut(), limit) {
        (Some(minute), Some(limit)) => minute.limit = limit,
        (None, Some(limit)) => *minute = Some(Minute::new(limit)),
        (_, None) => *minute = None,
    }
}

impl Minute {
    fn new(limit: u64) -> Minute {
        Minute { limit, used: VecDeque::new(), sum: 0 }
    }

    fn ready_at(&mut self, now: Instant, amount: u64) -> Instant {
        self.forget_before(now);
        let (mut ready, mut left) = (now, self.sum);
        for (at, used) in &self.used {
            if left == 0 || left.saturating_add(amount) <= self.limit {
                break;
            }
            left -= used;
            ready = *at + MINUTE;
        }
        ready
    }

    /// Counted as of the end of its slot, so that rounding never allows too much.
    fn take(&mut self, now: Instant, amount: u64) {
        self.sum = self.sum.saturating_add(amount);
        match self.used.back_mut() {
            Some((at, used)) if now < *at => *used = used.saturating_add(amount),
            _ => self.used.push_back((now + SLOT, amount)),
        }
    }

    fn settle(&mut self, now: Instant, taken: u64, used: u64) {
        match used > taken {
            true => self.take(now, used - taken),
            false => self.give_back(taken - used),
        }
    }

    fn give_back(&mut self, amount: u64) {
        let mut rest = amount.min(self.sum);
        self.sum -= rest;
        for (_, used) in self.used.iter_mut().rev() {
            let part = rest.min(*used);
            *used -= part;
            rest -= part;
        }
    }

    fn forget_before(&mut self, now: Instant) {
        while let Some((_, used)) = self.used.pop_front_if(|(at, _)| *at + MINUTE <= now) {
            self.sum = self.sum.saturating_sub(used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Uses `amount` whenever it is allowed, until `end`; says when each use was.
    fn use_all(minute: &mut Minute, start: Instant, end: Instant, amount: u64) -> Vec<Instant> {
        let mut uses = Vec::new();
        let mut now = start;
        while now < end {
            let ready = minute.ready_at(now, amount);
            if ready <= now {
                minute.take(now, amount);
                uses.push(now);
                now += Duration::from_millis(7);
            } else {
                now = ready;
            }
        }
        uses
    }

    #[test]
    fn no_minute_sees_more_than_its_limit_and_none_is_wasted() {
        for limit in [1, 3, 60, 500] {
            let start = Instant::now();
            let mut minute = Minute::new(limit);
            let uses = use_all(&mut minute, start, start + secs(600), 1);
            for first in &uses {
                let within =
                    uses.iter().filter(|at| *at >= first && **at < *first + MINUTE).count();
                assert!(within as u64 <= limit, "{within} in a minute of {limit}");
            }
            assert!(
                uses.len() as u64 >= limit * 9,
                "{} of {} in ten minutes",
                uses.len(),
                limit * 10
            );
        }
    }

    #[test]
    fn what_was_estimated_too_high_is_given_back_and_too_low_is_counted() {
        let now = Instant::now();
        let mut minute = Minute::new(100);
        minute.take(now, 90);
        assert!(minute.ready_at(now, 50) > now);
        minute.settle(now, 90, 40);
        assert_eq!(minute.ready_at(now, 50), now);
        minute.settle(now, 40, 95);
        assert!(minute.ready_at(now, 50) > now);
    }

    #[test]
    fn more_than_the_whole_limit_goes_alone_and_not_never() {
        let now = Instant::now();
        let mut minute = Minute::new(100);
        assert_eq!(minute.ready_at(now, 5_000), now);
        minute.take(now, 5_000);
        let next = minute.ready_at(now, 1);
        assert!(next > now && next <= now + MINUTE + SLOT);
    }

    #[test]
    fn a_request_that_waits_for_tokens_uses_up_nothing() {
        let now = Instant::now();
        let quota = Quota::default();
        let (requests_per_minute, tokens_per_minute) = (Some(2), Some(100));
        let limits =
            ProviderLimits { requests_per_minute, tokens_per_minute, ..ProviderLimits::default() };
        quota.allow(&limits);
        assert_eq!(quota.take(now, 90), Ok(()));
        assert!((0..10).all(|_| quota.take(now, 50).is_err()));
        assert_eq!(quota.take(now, 10), Ok(()), "it is the second request");
        assert!(quota.take(now, 0).is_err(), "and there is no third");
    }

    #[test]
    fn another_limit_holds_at_once_and_forgets_nothing() {
        let now = Instant::now();
        let quota = Quota::default();
        let limits = |n| ProviderLimits { requests_per_minute: n, ..ProviderLimits::default() };
        quota.allow(&limits(Some(1)));
        assert_eq!(quota.take(now, 0), Ok(()));
        quota.allow(&limits(Some(2)));
        assert_eq!(quota.take(now, 0), Ok(()));
        assert!(quota.take(now, 0).is_err());
        quota.allow(&limits(None));
        assert!((0..100).all(|_| quota.take(now, 1_000).is_ok()));
    }
}
