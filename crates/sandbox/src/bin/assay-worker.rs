//! The worker as a program of its own. `assay` and the window start themselves again instead; this
//! one is for the crate's tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    assay_sandbox::worker(std::env::args_os().skip(1))
}
