//! What each prompt of the open repository comes to, read once for as long as git says that its files are the same.
//!
//! The list of prompts and their problems are asked for after every change on disk. In a repository of thousands only the
//! prompts that the change touched are read for it; see [`assay_repo::Survey`].

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use assay_repo::{PromptKey, Survey, Surveyed, Workspace};
use assay_wire::PromptSummary;

use crate::check::{Checked, read};

/// A prompt that was read.
pub(crate) struct Reading {
    /// Its line in the list.
    pub summary: PromptSummary,
    /// What is wrong with it.
    pub checked: Checked,
    /// Whether it has no file but those that its id in git stands for.
    pub whole: bool,
}

/// The prompts of the survey before, by where they are and what git has there.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<(PromptKey, String), Arc<Reading>>>);

impl Known {
    /// Every prompt of a survey, in its order. Those that differ from the last commit are read, the others when they were
    /// not known.
    pub fn readings(&self, workspace: &Workspace, survey: &Survey) -> Vec<Arc<Reading>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let readings = on_all_processors(&survey.prompts, |surveyed| {
            let known = place(surveyed).and_then(|place| known.get(&place).map(Arc::clone));
            known.unwrap_or_else(|| Arc::new(read(workspace, &surveyed.key)))
        });
        let kept = survey.prompts.iter().zip(&readings).filter(|(_, reading)| reading.whole);
        let kept =
            kept.filter_map(|(surveyed, reading)| Some((place(surveyed)?, Arc::clone(reading))));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = kept.collect();
        readings
    }
}

fn place(surveyed: &Surveyed) -> Option<(PromptKey, String)> {
    Some((surveyed.key.clone(), surveyed.content.clone()?))
}

/// What `act` makes of each item, in their order.
pub(crate) fn on_all_processors<I: Sync, T: Send>(
    items: &[I],
    act: impl Fn(&I) -> T + Sync,
) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len().max(1));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, act(item)));
        }
    };
    let mut all = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for helper in helpers {
            // A panic in there is a defect of ours and goes on as one.
            all.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    });
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_on_all_processors_comes_back_in_order() {
        let numbers: Vec<u32> = (0..1_000).collect();
        let doubled = on_all_processors(&numbers, |number| number * 2);
        assert_eq!(doubled, numbers.iter().map(|number| number * 2).collect::<Vec<_>>());
        assert!(on_all_processors(&[] as &[u32], |number| *number).is_empty());
    }
}
