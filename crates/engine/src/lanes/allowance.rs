//! How much of one counted thing (requests, tokens) may be used now.
//!
//! Two limits are kept side by side: so much a minute, which a person has set, and what a server's last word left over
//! until its own window ends. Both are exact in the cautious direction: in no minute is more used than was set, and no
//! more than the server said was left.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// Uses closer together than this are kept as one, so that a minute is at most 600 entries.
const SLOT: Duration = Duration::from_millis(100);

/// A server's reset further away than this is taken for a mistake, or for a quota that no run waits for.
const LONGEST_WINDOW: Duration = Duration::from_secs(300);

/// What may be used of one thing.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    minute: Option<Minute>,
    window: Option<Window>,
}

/// So much in any minute.
#[derive(Debug)]
struct Minute {
    limit: u64,
    used: VecDeque<(Instant, u64)>,
    sum: u64,
}

/// So much until then, by the server's word.
#[derive(Debug)]
struct Window {
    /// Which request's reply said so.
    sent: u64,
    remaining: u64,
    until: Instant,
}

/// What a reply's headers say of one thing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// Which request was answered; later ones have higher numbers.
    pub sent: u64,
    /// What the server had left when it answered.
    pub remaining: u64,
    /// What was used after that request left, which the server may not have counted.
    pub since: u64,
    /// When the server starts over.
    pub until: Instant,
}

impl Allowance {
    /// At most `limit` in any minute; without one, only the server limits.
    pub fn per_minute(limit: Option<u64>) -> Allowance {
        let minute = limit.map(|limit| Minute { limit, used: VecDeque::new(), sum: 0 });
        Allowance { minute, window: None }
    }

    /// When `amount` may be used: `now`, or later. More than a whole limit may be used alone.
    pub fn ready_at(&mut self, now: Instant, amount: u64) -> Instant {
        self.window.take_if(|window| window.until <= now);
        let window = self.window.as_ref().filter(|window| amount > window.remaining);
        let minute = self.minute.as_mut().map_or(now, |minute| minute.ready_at(now, amount));
        window.map_or(minute, |window| minute.max(window.until))
    }

    /// Counts `amount` as used.
    pub fn take(&mut self, now: Instant, amount: u64) {
        if let Some(minute) = &mut self.minute {
            minute.take(now, amount);
        }
        if let Some(window) = &mut self.window {
            window.remaining = window.remaining.saturating_sub(amount);
        }
    }

    /// Puts right what was taken on an estimate. The server's own count needs no help.
    pub fn settle(&mut self, now: Instant, taken: u64, used: u64) {
        let Some(minute) = &mut self.minute else { return };
        match used > taken {
            true => minute.take(now, used - taken),
            false => minute.give_back(taken - used),
        }
    }

    /// Takes the server's word, unless a later request's reply has been read in the same window.
    pub fn read(&mut self, now: Instant, reading: Reading) {
        self.window.take_if(|window| window.until <= now);
        if self.window.as_ref().is_some_and(|window| window.sent > reading.sent) {
            return;
        }
        self.window = Some(Window {
            sent: reading.sent,
            remaining: reading.remaining.saturating_sub(reading.since),
            until: reading.until.min(now + LONGEST_WINDOW),
        });
    }
}

impl Minute {
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
    fn use_all(
        allowance: &mut Allowance,
        start: Instant,
        end: Instant,
        amount: u64,
    ) -> Vec<Instant> {
        let mut uses = Vec::new();
        let mut now = start;
        while now < end {
            let ready = allowance.ready_at(now, amount);
            if ready <= now {
                allowance.take(now, amount);
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
            let mut allowance = Allowance::per_minute(Some(limit));
            let uses = use_all(&mut allowance, start, start + secs(600), 1);
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
        let mut allowance = Allowance::per_minute(Some(100));
        allowance.take(now, 90);
        assert!(allowance.ready_at(now, 50) > now);
        allowance.settle(now, 90, 40);
        assert_eq!(allowance.ready_at(now, 50), now);
        allowance.settle(now, 40, 95);
        assert!(allowance.ready_at(now, 50) > now);
    }

    #[test]
    fn more_than_the_whole_limit_goes_alone_and_not_never() {
        let now = Instant::now();
        let mut allowance = Allowance::per_minute(Some(100));
        assert_eq!(allowance.ready_at(now, 5_000), now);
        allowance.take(now, 5_000);
        let next = allowance.ready_at(now, 1);
        assert!(next > now && next <= now + MINUTE + SLOT);
    }

    #[test]
    fn no_more_is_used_than_the_server_said_was_left_until_it_starts_over() {
        let now = Instant::now();
        let mut allowance = Allowance::default();
        let until = now + secs(20);
        allowance.read(now, Reading { sent: 4, remaining: 3, since: 1, until });
        allowance.take(now, 2);
        assert_eq!(allowance.ready_at(now, 1), until);
        assert_eq!(allowance.ready_at(until, 1), until, "a new window is free");
    }

    #[test]
    fn the_reply_to_an_earlier_request_says_nothing_new() {
        let now = Instant::now();
        let mut allowance = Allowance::default();
        let until = now + secs(20);
        allowance.read(now, Reading { sent: 9, remaining: 0, since: 0, until });
        allowance.read(now, Reading { sent: 4, remaining: 5, since: 0, until });
        assert_eq!(allowance.ready_at(now, 1), until);
        allowance.read(now, Reading { sent: 10, remaining: 5, since: 0, until });
        assert_eq!(allowance.ready_at(now, 1), now);
    }

    #[test]
    fn a_server_that_starts_over_next_year_is_asked_again_in_minutes() {
        let now = Instant::now();
        let mut allowance = Allowance::default();
        let until = now + secs(31_536_000);
        allowance.read(now, Reading { sent: 1, remaining: 0, since: 0, until });
        assert_eq!(allowance.ready_at(now, 1), now + LONGEST_WINDOW);
    }
}
