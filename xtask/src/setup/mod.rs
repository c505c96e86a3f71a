//! What a machine needs before it can build, run and test, and how each part gets there.
//!
//! Every part is a [`Step`]: a question that is cheap to ask and an action for when the answer is
//! no. All questions are asked on every run; nothing remembers that set-up was done, so a tool
//! that was removed or outgrown since is put back.

mod model;
mod npm;
mod system;
mod tools;
mod wasm;
mod wordnet;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::places::Places;

pub use model::{MODEL_FILE, PYTHON};
pub use wasm::environment as wasm_environment;

/// What the machine is set up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Building and opening the window.
    Run,
    /// All of that, and every test.
    Test,
}

/// One thing that must be in place.
struct Step {
    name: &'static str,
    check: fn(&Places, Purpose) -> Result<Found, Failure>,
    act: fn(&Places, Purpose) -> Result<(), Failure>,
}

/// The answer to a step's question.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// It is there.
    There,
    /// It is not; these words say what will be done, and how long it may take.
    Missing(String),
}

/// In this order: what comes later may need what stands before it.
const STEPS: &[Step] = &[
    Step { name: "system packages", check: system::check, act: system::act },
    Step { name: "wasm target", check: wasm::check, act: wasm::act },
    Step { name: "trunk", check: tools::check_trunk, act: tools::act_trunk },
    Step { name: "wasm-bindgen", check: tools::check_wasm_bindgen, act: tools::act_wasm_bindgen },
    Step { name: "npm packages", check: npm::check, act: npm::act },
    Step {
        name: "embedded model",
        check: |places, _| model::ANSWERING.check(places),
        act: |places, _| model::ANSWERING.act(places),
    },
    EMBEDDER,
    WORDNET,
];

const EMBEDDER: Step = Step {
    name: "embedding model",
    check: |places, _| model::EMBEDDING.check(places),
    act: |places, _| model::EMBEDDING.act(places),
};

const WORDNET: Step = Step { name: "WordNet", check: wordnet::check, act: wordnet::act };

/// Puts in place what is missing, with a line for each step.
///
/// # Errors
/// The first step that cannot be done, with what to do about it.
pub fn prepare(places: &Places, purpose: Purpose) -> Result<(), Failure> {
    for step in STEPS {
        take(step, places, purpose)?;
    }
    Ok(())
}

/// Puts in place what metrics look things up in, and nothing else.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_metrics(places: &Places) -> Result<(), Failure> {
    [EMBEDDER, WORDNET].iter().try_for_each(|step| take(step, places, Purpose::Test))
}

fn take(step: &Step, places: &Places, purpose: Purpose) -> Result<(), Failure> {
    let what = match (step.check)(places, purpose)? {
        Found::There => {
            say('✓', step.name, "already there");
            return Ok(());
        }
        Found::Missing(what) => what,
    };
    say('…', step.name, &what);
    let began = Instant::now();
    if let Err(failure) = (step.act)(places, purpose) {
        say('✗', step.name, "could not be put in place");
        return Err(failure);
    }
    // Asked again, so that a step which did nothing useful is found here and not in the build.
    if let Found::Missing(still) = (step.check)(places, purpose)? {
        say('✗', step.name, "could not be put in place");
        return Err(Failure::Said(format!("{} still missing after set-up: {still}", step.name)));
    }
    say('✓', step.name, &format!("put in place in {}", duration(began.elapsed())));
    Ok(())
}

fn say(mark: char, name: &str, what: &str) {
    // Standard error, because what a task prints may be read by another program.
    let mut out = std::io::stderr().lock();
    let (colour, plain) = match (out.is_terminal(), mark) {
        (true, '✓') => ("\x1b[32m", "\x1b[0m"),
        (true, '✗') => ("\x1b[31m", "\x1b[0m"),
        _ => ("", ""),
    };
    // A terminal that is gone is no reason to stop.
    let _ = writeln!(out, "{colour}{mark}{plain} {name:<16} {what}");
}

/// A duration as people say it.
pub fn duration(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Folders that go in front of the search path for building the page.
pub fn tool_folders(places: &Places) -> Vec<PathBuf> {
    let mut folders = tools::folders(places);
    folders.push(places.ui().join("node_modules").join(".bin"));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_name_of_its_own() {
        for (at, step) in STEPS.iter().enumerate() {
            assert!(STEPS[..at].iter().all(|s| s.name != step.name), "{} stands twice", step.name);
        }
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration(Duration::from_millis(4_250)), "4.2 s");
        assert_eq!(duration(Duration::from_secs(272)), "4 min 32 s");
    }
}
