//! The command line: Assay without a window, for terminals and CI.
//!
//! Every command is a thin reader of arguments and writer of text around a command body of
//! `assay-app`; nothing is decided here that the window would decide otherwise. One file per
//! command stands in `commands/`.
//!
//! What scripts may rely on: exit codes ([`Exit`]), and with `--json` one versioned document on
//! standard output. Progress and messages go to standard error.

mod arguments;
mod commands;
mod defect;
mod exit;
mod git_arguments;
mod machine_arguments;
mod markdown;
mod output;
mod review_arguments;
mod terminal;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use assay_app::{App, AppOptions};
use assay_wire::{ApiError, OpenWorkspace};
use clap::Parser;

pub use arguments::{Arguments, Command};
pub use exit::Exit;
use output::Output;
use terminal::Terminal;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    if let Some(ended) = assay_app::script_worker() {
        return ended;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not mistakes; clap knows which is which.
            let exit = if error.use_stderr() { Exit::WrongUse } else { Exit::Done };
            if error.print().is_err() {
                return Exit::Internal.into();
            }
            return exit.into();
        }
    };
    assay_app::prepare_git();
    let output = Output::new(arguments.command.json());
    defect::report_to_a_file();
    match catch_unwind(AssertUnwindSafe(|| execute(&arguments, &output))) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => {
            output.error(&error);
            Exit::from(error.code).into()
        }
        Err(_) => Exit::Internal.into(),
    }
}

fn execute(arguments: &Arguments, output: &Output) -> Result<Exit, ApiError> {
    if let Some(done) = commands::execute_alone(arguments, output) {
        return done;
    }
    let app = App::open(AppOptions::default(), Arc::new(Terminal))?;
    if arguments.command.needs_workspace() {
        let path = arguments.directory.display().to_string();
        app.call(OpenWorkspace { path })?;
    }
    commands::execute(&app, arguments, output)
}
