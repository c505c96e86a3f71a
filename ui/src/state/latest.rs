//! Which answer counts where several were asked for: the last one.
//!
//! The application answers when it is done, not in the order in which it was asked. An answer about what was chosen, typed
//! or said before must not take the place of what is there by now.

use leptos::prelude::*;

/// Numbers questions, so that an answer which something later has overtaken is known.
#[derive(Clone, Copy)]
pub struct Latest(StoredValue<u64>);

impl Latest {
    /// With nothing asked.
    pub fn new() -> Self {
        Self(StoredValue::new(0))
    }

    /// Asks, or takes note of something that makes every answer under way an old one; the number of the question.
    pub fn ask(self) -> u64 {
        self.0
            .try_update_value(|asked| {
                *asked += 1;
                *asked
            })
            .unwrap_or_default()
    }

    /// The number of the last question.
    pub fn last(self) -> u64 {
        self.0.try_get_value().unwrap_or_default()
    }

    /// Whether nothing was asked since that question. Not once the view that asked it is gone.
    pub fn is_last(self, question: u64) -> bool {
        self.0.try_get_value() == Some(question)
    }
}

impl Default for Latest {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_until_something_else_is_asked() {
        Owner::new().with(|| {
            let latest = Latest::new();
            let first = latest.ask();
            assert!(latest.is_last(first));
            let second = latest.ask();
            assert!(!latest.is_last(first), "it comes late");
            assert!(latest.is_last(second) && latest.last() == second);
        });
    }

    #[test]
    fn no_answer_counts_for_a_view_that_is_gone() {
        let owner = Owner::new();
        let (latest, question) = owner.with(|| {
            let latest = Latest::new();
            (latest, latest.ask())
        });
        owner.cleanup();
        assert!(!latest.is_last(question));
        assert!(!latest.is_last(latest.ask()), "and asking anew is no mistake");
    }
}
