//! How much of one counted thing (requests, tokens) a server's last word leaves over until its own window ends.
//!
//! Exact in the cautious direction: no more is used than the server said was left. What a person has set is the
//! [`Quota`](super::quota::Quota)'s.

use std::time::Duration;

use tokio::time::Instant;

/// A server's reset further away than this is taken for a mistake, or for a quota that no run waits for.
const LONGEST_WINDOW: Duration = Duration::from_secs(300);

/// What may be used of one thing.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    window: Option<Window>,
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
    /// When `amount` may be used: `now`, or later.
    pub fn ready_at(&mut self, now: Instant, amount: u64) -> Instant {
        self.window.take_if(|window| window.until <= now);
        let window = self.window.as_ref().filter(|window| amount > window.remaining);
        window.map_or(now, |window| window.until)
    }

    /// Counts `amount` as used.
    pub fn take(&mut self, amount: u64) {
        if let Some(window) = &mut self.window {
            window.remaining = window.remaining.saturating_sub(amount);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn no_more_is_used_than_the_server_said_was_left_until_it_starts_over() {
        let now = Instant::now();
        let mut allowance = Allowance::default();
        let until = now + secs(20);
        allowance.read(now, Reading { sent: 4, remaining: 3, since: 1, until });
        allowance.take(2);
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
