//! The asking side of Rhai scripts: a worker that is started when it is needed, stopped when it
//! takes too long, and started again for the next answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::process::{Talk, WorkerProgram};
use crate::protocol::{Reply, Request, line};
use crate::{SandboxError, Verdict};

/// The worker stops a script after a second; who waits longer than this waits for a worker that hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// Judges answers with Rhai scripts in a process of its own. Calls may come from several threads;
/// they are answered one after the other, in microseconds each.
#[derive(Debug)]
pub struct Sandbox {
    worker: WorkerProgram,
    patience: Duration,
    running: Mutex<Running>,
}

/// The worker, when there is one.
#[derive(Default)]
struct Running(Option<Talk>);

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "running" } else { "not started" })
    }
}

impl Sandbox {
    /// A sandbox whose worker is started with the first script.
    #[must_use]
    pub fn new(worker: WorkerProgram) -> Sandbox {
        Sandbox { worker, patience: PATIENCE, running: Mutex::default() }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Sandbox {
        Sandbox { patience, ..self }
    }

    /// What a script says of an answer.
    ///
    /// # Errors
    /// When the script is wrong, exceeds a limit or gives no verdict, and when there is no worker.
    /// The next call starts afresh.
    pub fn judge(&self, request: &Request) -> Result<Verdict, SandboxError> {
        let line = line(request)?;
        // A panic of another caller leaves nothing half done here: the worker it used is gone.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let talk = match running.0.take() {
            Some(talk) => talk,
            None => Talk::start(self.worker.command())?,
        };
        let reply = talk.ask(line, self.patience)?;
        let reply: Reply = serde_json::from_slice(&reply)
            .map_err(|error| SandboxError::Unreadable(error.to_string()))?;
        // Only a worker that answered in good order is asked again.
        running.0 = Some(talk);
        reply.into_result()
    }
}
