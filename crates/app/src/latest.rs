//! Questions that take long, of which only the latest matters.
//!
//! Whoever asks again, opens another repository or leaves does not want the answer before any more;
//! it stops at its next chance instead of keeping a processor busy for minutes.

use std::sync::atomic::{AtomicU64, Ordering};

/// The latest question of one kind.
#[derive(Debug, Default)]
pub(crate) struct Latest(AtomicU64);

impl Latest {
    /// Asks, and stops the question before. The answer is wanted as long as this says so.
    pub fn ask(&self) -> impl Fn() -> bool + '_ {
        let mine = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        move || self.0.load(Ordering::Relaxed) == mine
    }

    /// Stops the question that is being answered.
    pub fn stop(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_again_or_leaving_stops_the_question_before() {
        let latest = Latest::default();
        let first = latest.ask();
        assert!(first());
        let second = latest.ask();
        assert_eq!((first(), second()), (false, true));
        latest.stop();
        assert!(!second());
    }
}
