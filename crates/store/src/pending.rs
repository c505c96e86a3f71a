//! A write on its way: a value that is there once the write is on the disk.
//!
//! Own type rather than a channel of an async runtime, because the same value is awaited by tasks and waited for
//! by plain threads, inside a runtime or out of it, and a runtime's blocking receive panics within one.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::StoreError;

/// The answer to a write. `.await` it in a task or [`wait`](Pending::wait) for it in a thread.
///
/// The write is queued already: dropping this only means that nobody looks at the answer.
#[must_use = "a write is durable only once its answer is there"]
pub struct Pending<T> {
    slot: Arc<Slot<T>>,
}

impl<T> Pending<T> {
    /// Blocks this thread until the write is durable or refused.
    pub fn wait(self) -> Result<T, StoreError> {
        let mut state = self.slot.lock();
        loop {
            if let Some(answer) = state.answer.take() {
                return answer;
            }
            state = self.slot.answered.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, StoreError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.slot.lock();
        match state.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// The writer's end. Dropped without an answer, it answers that the writer has stopped.
pub(crate) struct Promise<T> {
    slot: Arc<Slot<T>>,
    file: Arc<Path>,
    answered: bool,
}

impl<T> Promise<T> {
    /// Answers, and wakes whoever waits.
    pub(crate) fn answer(mut self, answer: Result<T, StoreError>) {
        self.answered = true;
        self.slot.fill(answer);
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if !self.answered {
            self.slot.fill(Err(StoreError::Stopped { file: self.file.to_path_buf() }));
        }
    }
}

/// Both ends of one answer about the database at `file`.
pub(crate) fn pending<T>(file: Arc<Path>) -> (Promise<T>, Pending<T>) {
    let slot = Arc::new(Slot {
        state: Mutex::new(State { answer: None, waker: None }),
        answered: Condvar::new(),
    });
    (Promise { slot: Arc::clone(&slot), file, answered: false }, Pending { slot })
}

struct Slot<T> {
    state: Mutex<State<T>>,
    answered: Condvar,
}

struct State<T> {
    answer: Option<Result<T, StoreError>>,
    waker: Option<Waker>,
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, answer: Result<T, StoreError>) {
        let waker = {
            let mut state = self.lock();
            state.answer = Some(answer);
            state.waker.take()
        };
        self.answered.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn file() -> Arc<Path> {
        Arc::from(Path::new("assay.db"))
    }

    #[test]
    fn an_answer_wakes_the_task_that_polled() {
        let (promise, mut answer) = pending::<u8>(file());
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);
        assert!(Pin::new(&mut answer).poll(&mut context).is_pending());
        promise.answer(Ok(7));
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(matches!(Pin::new(&mut answer).poll(&mut context), Poll::Ready(Ok(7))));
    }

    #[test]
    fn an_answer_reaches_a_thread_that_waits() {
        let (promise, answer) = pending::<u8>(file());
        let waiting = std::thread::spawn(move || answer.wait());
        promise.answer(Ok(7));
        assert_eq!(waiting.join().expect("the thread ends").expect("the answer is good"), 7);
    }

    #[test]
    fn a_writer_that_dies_answers_that_it_stopped() {
        let (promise, answer) = pending::<u8>(file());
        drop(promise);
        assert!(matches!(answer.wait(), Err(StoreError::Stopped { .. })));
    }
}
