//! `cargo xtask test`: every test there is, and one line with the sum.
//!
//! The tests run in cargo-nextest where it is installed, else in cargo's own runner; examples in
//! documentation and the builds for wasm are counted with them. Tests that drive the window need
//! the page, the programs and a screen, so those come first; on Linux the screen is a virtual
//! one, whatever the person is looking at.

mod interop;
mod screen;
mod tally;

use std::ffi::OsString;

use crate::failure::Failure;
use crate::page;
use crate::places::{Places, program};
use crate::setup::{self, Purpose};
use crate::shell::Shell;
pub use screen::Screen;
use tally::{Tally, follow};

/// Crates that must build for wasm, where nothing may read a file, a clock or randomness.
const WASM_SAFE: &[&str] = &["assay-prompt", "assay-text", "assay-wire"];

/// The feature of `assay-tests` that adds the tests which drive the window.
const WINDOW_TESTS: &str = "assay-tests/window";

/// Which tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// Every test that needs nothing but this repository.
    All,
    /// Those that need neither page nor screen.
    Fast,
    /// Those that need servers which others wrote.
    Interop,
}

/// Runs the tests of a suite whose names contain one of `filter`, or all of them.
///
/// # Errors
/// When set-up or the build fails, or any test does.
pub fn test(places: &Places, suite: Suite, filter: &[String]) -> Result<(), Failure> {
    setup::prepare(places, if suite == Suite::All { Purpose::Test } else { Purpose::Run })?;
    let mut tally = Tally::default();
    let outcome = match suite {
        Suite::All => all_tests(places, filter, &mut tally),
        Suite::Fast => fast_tests(places, filter, &mut tally),
        Suite::Interop => interop::tests(places, filter, &mut tally),
    };
    if let Err(failure) = &outcome {
        // A build that fails has run no test, which must not read as none having failed.
        eprintln!("\n{failure}");
        tally.failed += 1;
    }
    println!("\n{tally}");
    if tally.failed == 0 { Ok(()) } else { Err(Failure::TestsFailed) }
}

/// Everything that needs neither page nor screen.
fn fast_tests(places: &Places, filter: &[String], tally: &mut Tally) -> Result<(), Failure> {
    let selection = ["--workspace", "--exclude", "assay-desktop"];
    let runner = runner(places, &selection, filter);
    follow(runner, tally)?;
    wasm_checks(places, tally)
}

fn all_tests(places: &Places, filter: &[String], tally: &mut Tally) -> Result<(), Failure> {
    page::build(places)?;
    let selection = ["--workspace", "--features", WINDOW_TESTS];
    // Programs and tests in one build, so that both are made of the same dependencies.
    cargo(places).args(["build", "--bins", "--lib", "--tests"]).args(selection).run()?;
    let screen = Screen::open()?;
    let runner = runner(places, &selection, filter).envs(environment(places, screen.as_ref()));
    follow(runner, tally)?;
    follow(
        cargo(places)
            .args(["test", "--doc", "--no-fail-fast"])
            .args(selection)
            .args(["--"])
            .args(filter),
        tally,
    )?;
    if filter.is_empty() { wasm_checks(places, tally) } else { Ok(()) }
}

/// The test runner, with its filter and without a screen.
fn runner(places: &Places, selection: &[&str], filter: &[String]) -> Shell {
    let shell = if cfg!(target_os = "linux") && program("dbus-run-session").is_some() {
        // A bus of its own: the window under test must not find the one the person has open.
        Shell::new("dbus-run-session").args(["--", "cargo"]).inside(&places.root)
    } else {
        cargo(places)
    };
    if program("cargo-nextest").is_some() {
        let none_is_fine = "--no-tests=pass";
        return shell
            .args(["nextest", "run", "--no-fail-fast", none_is_fine])
            .args(selection)
            .args(filter);
    }
    // Its runner takes several filters only behind the dashes.
    shell
        .args(["test", "--lib", "--bins", "--tests", "--no-fail-fast"])
        .args(selection)
        .args(["--"])
        .args(filter)
}

/// What the tests find in their environment.
fn environment(places: &Places, screen: Option<&Screen>) -> Vec<(&'static str, OsString)> {
    let mut variables = vec![
        ("ASSAY_MODELS_DIR", places.models.clone().into()),
        // Where the programs are that the tests start.
        ("ASSAY_BIN_DIR", places.target.join("debug").into()),
    ];
    if let Some(screen) = screen {
        variables.push(("DISPLAY", screen.name().into()));
        // WebKitGTK without a graphics card draws a frame in 9 ms this way and in 32 ms without.
        // For tests only: on a machine with a card it does the opposite.
        variables.push(("WEBKIT_DISABLE_DMABUF_RENDERER", "1".into()));
        variables.push(("GDK_BACKEND", "x11".into()));
    }
    variables
}

fn wasm_checks(places: &Places, tally: &mut Tally) -> Result<(), Failure> {
    let environment = setup::wasm_environment(&setup::tool_folders(places))?;
    for name in WASM_SAFE {
        let check = cargo(places)
            .args(["check", "--quiet", "--target", "wasm32-unknown-unknown", "-p", name])
            .envs(environment.clone());
        match check.run() {
            Ok(()) => tally.passed += 1,
            Err(failure) => {
                eprintln!("{name} does not build for wasm: {failure}");
                tally.failed += 1;
            }
        }
    }
    Ok(())
}

fn cargo(places: &Places) -> Shell {
    Shell::cargo().inside(&places.root)
}
