//! The worker's side: what the hidden command of a program does.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;

use crate::limits::{Limits, address_space};
use crate::native;
use crate::protocol::{MOST_ASKED, Reply, Request, read_line};
use crate::script::Scripts;

/// Bytes that the worker may take beside those it begins with: a request, its JSON, and what a script
/// makes of it. The attacks that limits of the language let through need gigabytes.
const MEMORY: u64 = 512 << 20;
const STACK: usize = 32 << 20;
/// A worker that nobody stops ends some day.
const CPU_SECONDS: u64 = 3_600;
/// From here on nothing can be opened: no file, no pipe, no socket.
const OPEN_FILES: u64 = 3;

/// What the hidden command does, with the arguments behind its name: without one it judges what it
/// is asked on the standard input until that ends; with those that [`native`] gives, it takes limits
/// upon itself and becomes another program.
pub fn worker(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let ended = match arguments.as_slice() {
        [] => on_a_large_stack(judge_until_the_end),
        _ => native::become_program(&arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Scripts nest, and the stack of the first thread is small on some systems. The thread is started
/// before limits forbid it.
fn on_a_large_stack(work: fn() -> io::Result<()>) -> io::Result<()> {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work)?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the worker panicked")))
}

fn judge_until_the_end() -> io::Result<()> {
    let limits = Limits {
        memory: Some(address_space().saturating_add(MEMORY)),
        cpu_seconds: Some(CPU_SECONDS),
        open_files: Some(OPEN_FILES),
        processes: Some(0),
    };
    limits.apply()?;
    serve(BufReader::new(io::stdin().lock()), io::stdout().lock())
}

/// Answers requests, one JSON text on a line each way, until the input ends.
///
/// # Errors
/// When the streams fail, or a line is longer than a request may be.
pub fn serve(mut requests: impl BufRead, mut replies: impl Write) -> io::Result<()> {
    let mut scripts = Scripts::new();
    while let Some(line) = read_line(&mut requests, MOST_ASKED)? {
        let reply = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => scripts.judge(&request),
            Err(error) => Reply::Failed(format!("the request cannot be read: {error}")),
        };
        serde_json::to_writer(&mut replies, &reply)?;
        replies.write_all(b"\n")?;
        replies.flush()?;
    }
    Ok(())
}
