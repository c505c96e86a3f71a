//! Work with another computer, on a thread of its own.
//!
//! Libgit2 asks whether to stop only when something arrives, and a server may say nothing at all. So such work goes on
//! elsewhere, and whoever waits for it is free a moment after they stopped waiting. Work that is left behind changes
//! nothing: it is told to stop at its next sign of life, and libgit2 gives up a silent server by itself (see
//! [`crate::prepare`]).

use std::cell::Cell;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Follow, GitError, Progress, Stage};

/// How often it is looked whether the person has stopped waiting.
const GLANCE: Duration = Duration::from_millis(50);
/// How long work may take to come to an end by itself once it is to stop.
const GRACE: Duration = Duration::from_millis(500);
/// Between two tellings of how far a stage is.
const TELL_EVERY: Duration = Duration::from_millis(20);

/// What the work says.
enum News<T> {
    Progress(Progress),
    Done(Result<T, GitError>),
}

/// Does work that follows `follow` from another thread.
///
/// # Errors
/// Those of the work; [`GitError::Cancelled`] when the person stopped it.
pub(super) fn apart<T: Send + 'static>(
    follow: &dyn Follow,
    work: impl FnOnce(&dyn Follow) -> Result<T, GitError> + Send + 'static,
) -> Result<T, GitError> {
    if follow.is_cancelled() {
        return Err(GitError::Cancelled);
    }
    let (tell, hear) = channel();
    let (answer, answers) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let relay =
        Relay { tell: tell.clone(), answers, stop: Arc::clone(&stop), told: Cell::new(None) };
    let worker = thread::spawn(move || {
        let done = work(&relay);
        // Nobody listens any more when the person stopped waiting.
        let _ = tell.send(News::Done(done));
    });
    let listener = Listener { follow, hear, answer, stop, since: Cell::new(None) };
    match listener.listen() {
        Some(done) => done,
        // It ended without a word.
        None => match worker.join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => Err(GitError::Cancelled),
        },
    }
}

/// The side that waits.
struct Listener<'a, T> {
    follow: &'a dyn Follow,
    hear: Receiver<News<T>>,
    answer: Sender<()>,
    stop: Arc<AtomicBool>,
    /// When the work was told to stop.
    since: Cell<Option<Instant>>,
}

impl<T> Listener<'_, T> {
    /// Passes on how far the work is until it is over; nothing when it ended without a word.
    fn listen(&self) -> Option<Result<T, GitError>> {
        loop {
            match self.hear.recv_timeout(GLANCE) {
                Ok(News::Done(done)) => return Some(done),
                Ok(News::Progress(progress)) => {
                    self.follow.progress(progress);
                    self.look();
                    // The work is over where nobody takes the answer, and says so next.
                    let _ = self.answer.send(());
                }
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
            if self.since.get().is_some_and(|since| since.elapsed() > GRACE) {
                return Some(Err(GitError::Cancelled));
            }
        }
    }

    fn look(&self) {
        if self.since.get().is_none() && self.follow.is_cancelled() {
            self.stop.store(true, Ordering::Relaxed);
            self.since.set(Some(Instant::now()));
        }
    }
}

/// Follows the work on its own thread, for whoever waits on the other.
struct Relay<T> {
    tell: Sender<News<T>>,
    answers: Receiver<()>,
    stop: Arc<AtomicBool>,
    told: Cell<Option<(Stage, Instant)>>,
}

impl<T> Follow for Relay<T> {
    fn progress(&self, progress: Progress) {
        let is_early = |(stage, at): (Stage, Instant)| {
            stage == progress.stage && progress.done != progress.total && at.elapsed() < TELL_EVERY
        };
        if self.told.get().is_some_and(is_early) {
            return;
        }
        self.told.set(Some((progress.stage, Instant::now())));
        // Answered, so that the wish to stop is known before the next step.
        let is_heard =
            self.tell.send(News::Progress(progress)).is_ok() && self.answers.recv().is_ok();
        if !is_heard {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::Unfollowed;
    use super::*;

    /// Stops the work once it has told this often how far it is.
    struct StopsAfter(Cell<usize>);

    impl Follow for StopsAfter {
        fn progress(&self, _: Progress) {
            self.0.set(self.0.get().saturating_sub(1));
        }

        fn is_cancelled(&self) -> bool {
            self.0.get() == 0
        }
    }

    #[test]
    fn work_that_is_over_gives_what_it_made() {
        assert_eq!(apart(&Unfollowed, |_| Ok(7)).unwrap(), 7);
        let failed = apart(&Unfollowed, |_| Err::<(), _>(GitError::NoCommit));
        assert!(matches!(failed, Err(GitError::NoCommit)));
    }

    #[test]
    fn the_wish_to_stop_is_known_before_the_next_step() {
        let steps = apart(&StopsAfter(Cell::new(3)), |follow| {
            let mut steps = 0;
            while !follow.is_cancelled() {
                steps += 1;
                follow.progress(Progress::of(Stage::Receiving, steps, steps));
            }
            Ok(steps)
        });
        assert_eq!(steps.unwrap(), 3);
    }

    #[test]
    fn work_that_gives_no_sign_of_life_is_left_behind_and_told_to_stop() {
        let (end, wait) = channel::<()>();
        let (tell, hear) = channel();
        let stopped = apart(&StopsAfter(Cell::new(1)), move |follow| {
            follow.progress(Progress::of(Stage::Connecting, 0, 0));
            // As long as a silent server: until the test lets it go.
            let _ = wait.recv();
            tell.send(follow.is_cancelled()).unwrap();
            Ok(())
        });
        assert!(matches!(stopped, Err(GitError::Cancelled)));
        drop(end);
        assert!(hear.recv().unwrap());
    }

    #[test]
    fn what_was_stopped_before_it_began_is_not_begun() {
        let begun =
            apart(&StopsAfter(Cell::new(0)), |_| -> Result<(), GitError> { panic!("begun") });
        assert!(matches!(begun, Err(GitError::Cancelled)));
    }

    #[test]
    #[should_panic(expected = "a fault of ours")]
    fn a_fault_of_the_work_is_not_hidden() {
        let _ = apart(&Unfollowed, |_| -> Result<(), GitError> { panic!("a fault of ours") });
    }
}
