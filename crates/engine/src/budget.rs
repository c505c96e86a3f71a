//! What a run may cost: held before a call leaves, settled when it has come back.
//!
//! What is held is the most that the call may cost: a run with a budget tells every model how long a reply may be. So a
//! budget is passed by no more than the inputs of the calls in flight are estimated wrong. A call that nobody knows the end of has cost all that was held for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Sums of dollars are compared no more exactly than this.
const DUST: f64 = 1e-9;

/// The budget of a run, in US dollars.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: f64,
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Debug)]
struct State {
    spent: f64,
    held: f64,
}

/// Money held for one call. Dropped, it is spent.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    amount: f64,
    settled: bool,
}

/// Why nothing can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Short {
    /// Calls in flight may leave enough.
    ForNow,
    /// Nothing in flight can change it.
    Spent,
}

impl Budget {
    /// A budget of `limit`, of which `spent` is gone.
    pub fn new(limit: f64, spent: f64) -> Budget {
        Budget { limit, state: Mutex::new(State { spent, held: 0.0 }), settled: Notify::new() }
    }

    /// Holds `amount`, if it is there.
    pub fn try_hold(self: &Arc<Self>, amount: f64) -> Result<Held, Short> {
        let mut state = self.state();
        let fits = |sum: f64| sum + amount <= self.limit + DUST;
        if amount > 0.0 && !fits(state.spent + state.held) {
            // Of what is in flight everything may come back.
            let hopeless = state.held <= DUST || !fits(state.spent);
            return Err(if hopeless { Short::Spent } else { Short::ForNow });
        }
        state.held += amount;
        Ok(Held { budget: Arc::clone(self), amount, settled: false })
    }

    /// Holds `amount` once it is there; none when it never will be.
    pub async fn hold(self: &Arc<Self>, amount: f64) -> Option<Held> {
        loop {
            // Made before the look, so that what settles in between is not missed.
            let settled = self.settled.notified();
            match self.try_hold(amount) {
                Ok(held) => return Some(held),
                Err(Short::Spent) => return None,
                Err(Short::ForNow) => settled.await,
            }
        }
    }

    /// Why a run stops, for people.
    pub fn reason(&self) -> String {
        format!("the budget of ${} is spent", dollars(self.limit))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The call has cost so much.
    pub fn settle(mut self, cost: f64) {
        self.end(cost);
    }

    /// The call was not made.
    pub fn release(mut self) {
        self.end(0.0);
    }

    fn end(&mut self, cost: f64) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let mut state = self.budget.state();
        state.held = (state.held - self.amount).max(0.0);
        state.spent += cost;
        drop(state);
        self.budget.settled.notify_waiters();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.end(self.amount);
    }
}

/// `2`, `0.5`, `0.0125`: at least as exact as it was given, without a tail of zeros.
fn dollars(amount: f64) -> String {
    let text = format!("{amount:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limit: f64, spent: f64) -> Arc<Budget> {
        Arc::new(Budget::new(limit, spent))
    }

    #[test]
    fn no_more_is_held_than_is_left() {
        let budget = budget(1.0, 0.4);
        let first = budget.try_hold(0.3).expect("it is there");
        assert_eq!(budget.try_hold(0.4).expect_err("it is not"), Short::ForNow);
        first.settle(0.1);
        budget.try_hold(0.5).expect("less was spent than held").settle(0.5);
        assert_eq!(budget.try_hold(0.01).expect_err("it is spent"), Short::Spent);
        budget.try_hold(0.0).expect("what is free needs no budget").release();
    }

    #[test]
    fn what_nobody_knows_the_end_of_is_spent() {
        let budget = budget(1.0, 0.0);
        drop(budget.try_hold(0.9));
        assert_eq!(budget.try_hold(0.2).expect_err("nine tenths are gone"), Short::Spent);
        budget.try_hold(0.1).expect("a tenth is left").release();
        budget.try_hold(0.1).expect("nothing was sent").settle(0.0);
    }

    #[tokio::test]
    async fn a_call_waits_for_those_in_flight_and_gives_up_when_they_leave_nothing() {
        let budget = budget(1.0, 0.0);
        let first = budget.try_hold(0.8).expect("it is there");
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.hold(0.5).await }
        });
        tokio::task::yield_now().await;
        first.settle(0.3);
        let second = waiting.await.expect("no panic").expect("enough came back");
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.hold(0.5).await.is_none() }
        });
        tokio::task::yield_now().await;
        second.settle(0.5);
        assert!(waiting.await.expect("no panic"), "nothing came back");
    }

    #[test]
    fn the_reason_names_the_sum_as_a_person_would() {
        for (limit, text) in [(2.0, "$2"), (0.5, "$0.5"), (0.0125, "$0.0125"), (10.0, "$10")] {
            assert_eq!(Budget::new(limit, 0.0).reason(), format!("the budget of {text} is spent"));
        }
    }
}
