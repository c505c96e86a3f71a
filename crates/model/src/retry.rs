//! Whether and when to try again.
//!
//! Not every 429 heals by waiting, and not every lost reply was free, so the advice goes by the class of the failure
//! and by whether the work may have been billed. The table is the union of the providers' documented error codes and
//! their own SDKs' rules (`openai-python` and `anthropic-sdk-python`, `_base_client.py`: 408, 409, 429 and 5xx, delays
//! of 0.5 s doubled up to 8 s with up to a quarter taken off), except that those SDKs also repeat exhausted quotas.

use std::time::Duration;

use crate::{Failure, FailureKind};

/// A server that asks for more than this is not asking for a pause within a run.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAdvice {
    /// Try again, after the server's own delay if it gave one, else after [`backoff`].
    Retry {
        /// The server's delay.
        after: Option<Duration>,
    },
    /// Try again once: the work may have been done and charged for already.
    RetryOnce,
    /// Trying again changes nothing, or costs money for nothing.
    Never,
}

impl Failure {
    /// Whether to try again.
    pub fn advice(&self) -> RetryAdvice {
        if self.retry_after.is_some_and(|wait| wait > LONGEST_WAIT) {
            return RetryAdvice::Never;
        }
        match self.kind {
            FailureKind::QuotaExhausted
            | FailureKind::Unauthorized
            | FailureKind::NotFound
            | FailureKind::Redirected
            | FailureKind::TooLarge
            | FailureKind::Cancelled => RetryAdvice::Never,
            // 409 is a lock held for a moment.
            FailureKind::Rejected if self.status != Some(409) => RetryAdvice::Never,
            _ if self.maybe_billed => RetryAdvice::RetryOnce,
            FailureKind::Rejected
            | FailureKind::Unreachable
            | FailureKind::TimedOut
            | FailureKind::Reset
            | FailureKind::Truncated
            | FailureKind::RateLimited
            | FailureKind::ServerError
            | FailureKind::Malformed => RetryAdvice::Retry { after: self.retry_after },
        }
    }
}

/// How long to wait before try `attempt + 1` (0 for the first repeat) when the server named no delay: half a second,
/// doubled each time up to eight, less up to a quarter by `jitter` (0 to 1), so that many cells do not return at once.
pub fn backoff(attempt: u32, jitter: f64) -> Duration {
    let doubled = FIRST_DELAY.saturating_mul(2_u32.saturating_pow(attempt));
    let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
    doubled.min(LONGEST_DELAY).mul_f64(1.0 - jitter / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_eight_seconds() {
        let millis: Vec<u128> = (0..6).map(|attempt| backoff(attempt, 0.0).as_millis()).collect();
        assert_eq!(millis, [500, 1000, 2000, 4000, 8000, 8000]);
        assert_eq!(backoff(u32::MAX, 0.0), LONGEST_DELAY);
    }

    #[test]
    fn jitter_takes_off_a_quarter_at_most() {
        assert_eq!(backoff(1, 1.0), Duration::from_millis(750));
        assert_eq!(backoff(1, 0.5), Duration::from_millis(875));
        assert_eq!(backoff(1, 7.0), Duration::from_millis(750));
        assert_eq!(backoff(1, f64::NAN), Duration::from_secs(1));
    }

    #[test]
    fn a_server_that_asks_for_an_hour_is_not_waited_for() {
        let waits = |seconds| Failure {
            kind: FailureKind::RateLimited,
            retry_after: Some(Duration::from_secs(seconds)),
            maybe_billed: false,
            ..Failure::cancelled(false)
        };
        assert_eq!(
            waits(300).advice(),
            RetryAdvice::Retry { after: Some(Duration::from_secs(300)) }
        );
        assert_eq!(waits(3600).advice(), RetryAdvice::Never);
    }
}
