//! `cargo xtask`: everything that is done to this repository rather than by it.
//!
//! `run` and `test` start from a machine with git and Rust and nothing else: [`setup`] puts in
//! place what is missing, then the page is built, then the rest. A second run finds everything
//! there and goes straight to work, so the only way to run and to test is also the quick one.
//!
//! Nothing here is shipped, and nothing shipped depends on it.

mod bench;
mod failure;
mod fuzz;
mod golden;
mod lint;
mod page;
mod places;
mod run;
mod setup;
mod shell;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::places::Places;
use crate::setup::Purpose;
use crate::test::Suite;

/// Set-up, build and checks of this repository
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Put in place what building and testing need; `run` and `test` do it by themselves
    Setup,
    /// Build the application and open its window
    Run {
        /// Build without optimisation: sooner ready, slower to use
        #[arg(long)]
        dev: bool,
        /// What the window is started with: a folder, --safe-graphics
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run every test, the ones that drive the window included
    Test {
        /// Leave out the window, its tests and the documentation's examples
        #[arg(long)]
        fast: bool,
        /// Instead of the others: the wires against real servers, which are installed first
        #[arg(long, conflicts_with = "fast")]
        interop: bool,
        /// Only tests whose name contains one of these
        filter: Vec<String>,
    },
    /// Formatting, clippy with warnings as errors, licences and advisories
    Lint,
    /// Build the page that the window shows, if its sources changed
    Ui,
    /// Fuzz the readers of files that may come from anybody
    Fuzz {
        /// Targets by name; all when none is named
        names: Vec<String>,
        /// How long each is fuzzed
        #[arg(long, default_value_t = 600)]
        seconds: u64,
    },
    /// Compare the metrics with the values that reference implementations gave
    Golden {
        /// The folder of golden files
        folder: PathBuf,
    },
    /// Measure; without a name, list what can be measured
    Bench {
        /// Which benchmark
        name: Option<String>,
    },
}

fn main() -> ExitCode {
    match carry_out(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        // Their count stands last, and must stay the last line.
        Err(Failure::TestsFailed) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(task: Task) -> Result<(), Failure> {
    let places = Places::find()?;
    match task {
        Task::Setup => setup::prepare(&places, Purpose::Test),
        Task::Run { dev, arguments } => run::run(&places, dev, &arguments),
        Task::Test { fast, interop, filter } => {
            let suite = match (fast, interop) {
                (true, _) => Suite::Fast,
                (_, true) => Suite::Interop,
                _ => Suite::All,
            };
            test::test(&places, suite, &filter)
        }
        Task::Lint => lint::lint(&places),
        Task::Ui => {
            setup::prepare(&places, Purpose::Run)?;
            page::build(&places)
        }
        Task::Fuzz { names, seconds } => fuzz::fuzz(&places, &names, seconds),
        Task::Golden { folder } => golden::golden(&places, &folder),
        Task::Bench { name } => bench::bench(&places, name.as_deref()),
    }
}
