//! Child processes: started with nothing of the user's environment, and never waited for too long.

use std::ffi::OsString;
use std::io::{BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::SandboxError;
use crate::protocol::{MOST_SAID, read_line};

/// Where the libraries of a program are that brought its own, as an AppImage does.
pub(crate) const LIBRARIES: &str = "LD_LIBRARY_PATH";
/// What a program may not start without; there is no secret in it. Windows starts none without the first.
const STARTS_WITH: [&str; 2] = ["SystemRoot", LIBRARIES];

/// The hidden command that calls [`worker`](crate::worker()).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerProgram {
    /// The program: usually the running one, `std::env::current_exe()`.
    pub program: PathBuf,
    /// What makes it the worker.
    pub arguments: Vec<OsString>,
}

impl WorkerProgram {
    /// The command with next to nothing as its environment, in the temporary folder, its streams piped. What
    /// arguments come behind is for the caller.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        for name in STARTS_WITH {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // A group of its own, so that what it starts can be stopped with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }
}

/// A started process that is asked and answers, line by line.
pub(crate) struct Talk {
    child: Child,
    /// To the thread that writes; its end closes the process's input.
    requests: Option<SyncSender<Vec<u8>>>,
    /// From the thread that reads; its end is the end of the process's output.
    replies: Receiver<Vec<u8>>,
}

impl Talk {
    pub fn start(mut command: Command) -> Result<Talk, SandboxError> {
        let program = PathBuf::from(command.get_program());
        let started = command.spawn();
        let mut child = started.map_err(|source| SandboxError::NotStarted { program, source })?;
        let (requests, to_write) = sync_channel(1);
        let (tell, replies) = sync_channel(1);
        // Threads, because neither a process that does not read nor one that does not answer may
        // hold up whoever asks. They end with the process.
        if let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) {
            std::thread::spawn(move || write_lines(input, &to_write));
            std::thread::spawn(move || read_lines(output, &tell));
        }
        Ok(Talk { child, requests: Some(requests), replies })
    }

    /// Sends a line and waits for the one that answers it. After an error nothing more can be asked.
    pub fn ask(&self, line: Vec<u8>, patience: Duration) -> Result<Vec<u8>, SandboxError> {
        self.send(line);
        self.answer(patience)
    }

    /// The same for a process that reads to the end before it answers.
    pub fn ask_once(mut self, line: Vec<u8>, patience: Duration) -> Result<Vec<u8>, SandboxError> {
        self.send(line);
        self.requests = None;
        self.answer(patience)
    }

    fn send(&self, line: Vec<u8>) {
        if let Some(requests) = &self.requests {
            // Whether it arrived shows in the answer.
            let _ = requests.send(line);
        }
    }

    fn answer(&self, patience: Duration) -> Result<Vec<u8>, SandboxError> {
        self.replies.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => SandboxError::TooSlow { seconds: patience.as_secs_f64() },
            RecvTimeoutError::Disconnected => SandboxError::Ended,
        })
    }
}

fn write_lines(mut input: ChildStdin, lines: &Receiver<Vec<u8>>) {
    for line in lines {
        if input.write_all(&line).and_then(|()| input.flush()).is_err() {
            return;
        }
    }
}

fn read_lines(output: ChildStdout, tell: &SyncSender<Vec<u8>>) {
    let mut output = BufReader::new(output);
    while let Ok(Some(line)) = read_line(&mut output, MOST_SAID) {
        if tell.send(line).is_err() {
            return;
        }
    }
}

impl Drop for Talk {
    /// Stops the process and all that it started.
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Ok(group) = i32::try_from(self.child.id()) {
            use nix::sys::signal::{Signal, killpg};
            // It may have ended by itself.
            let _ = killpg(nix::unistd::Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
