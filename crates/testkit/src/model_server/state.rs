//! What the connections share: settings, ordered faults and the record of requests.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::fault::Fault;
use super::reply::Call;
use super::request::RecordedRequest;

/// What to say to a request; `None` for the default.
type MakeReply = Option<Arc<dyn Fn(&Value) -> String + Send + Sync>>;
type Predicate = Box<dyn Fn(&Value) -> bool + Send + Sync>;

#[derive(Clone)]
pub(super) struct Settings {
    pub reply: MakeReply,
    pub latency: Duration,
    pub word_delay: Duration,
    pub calls: Vec<Call>,
    pub headers: Vec<(String, String)>,
    pub models: Vec<String>,
    /// Models on a page of the list; 0 for all of them.
    pub page: usize,
    pub required_key: Option<String>,
    pub keep_requests: bool,
}

#[derive(Default)]
struct Faults {
    next: VecDeque<Fault>,
    standing: Vec<(Predicate, Fault)>,
}

pub(super) struct State {
    settings: Mutex<Settings>,
    faults: Mutex<Faults>,
    requests: Mutex<Vec<RecordedRequest>>,
    count: AtomicUsize,
    in_flight: AtomicUsize,
    most_at_once: AtomicUsize,
    connections: AtomicUsize,
}

/// Counts a request as being answered for as long as it lives.
pub(super) struct InFlight<'a>(&'a State);

impl State {
    pub fn settings(&self) -> MutexGuard<'_, Settings> {
        lock(&self.settings)
    }

    pub fn fault_next(&self, fault: Fault) {
        lock(&self.faults).next.push_back(fault);
    }

    pub fn fault_when(&self, predicate: Predicate, fault: Fault) {
        lock(&self.faults).standing.push((predicate, fault));
    }

    pub fn no_faults(&self) {
        *lock(&self.faults) = Faults::default();
    }

    pub fn take_fault(&self, body: &Value) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        if let Some(fault) = faults.next.pop_front() {
            return Some(fault);
        }
        faults
            .standing
            .iter()
            .find(|(predicate, _)| predicate(body))
            .map(|(_, fault)| fault.clone())
    }

    pub fn record(&self, request: &RecordedRequest) -> InFlight<'_> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_at_once.fetch_max(now, Ordering::Relaxed);
        if self.settings().keep_requests {
            lock(&self.requests).push(request.clone());
        }
        InFlight(self)
    }

    pub fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::Relaxed)
    }

    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.requests).clone()
    }
}

impl Default for State {
    fn default() -> Self {
        State {
            settings: Mutex::new(Settings {
                reply: None,
                latency: Duration::ZERO,
                word_delay: Duration::ZERO,
                calls: Vec::new(),
                headers: Vec::new(),
                models: vec!["test-model".to_owned()],
                page: 0,
                required_key: None,
                keep_requests: true,
            }),
            faults: Mutex::default(),
            requests: Mutex::default(),
            count: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A test's closure may panic under the lock; what it guards is whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
