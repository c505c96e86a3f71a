//! What the engine must not take from the world by itself.

/// Time, ids and randomness, passed in so that a test can fix all three.
pub trait Environment: Send + Sync + 'static {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
    /// An id no other run has, sortable by the time it was made.
    fn new_run_id(&self) -> String;
    /// A number in `0.0..1.0`, for spreading retries.
    fn jitter(&self) -> f64;
}
