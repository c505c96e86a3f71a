//! Benchmarks of `assay-score`: its speed beside the reference implementations, and whether its
//! intervals keep what they promise.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::places::Places;
use crate::setup::PYTHON;
use crate::shell::Shell;

/// What the golden values were made with: the same versions are what we are compared with.
const PINNED: &str = include_str!("../../../tests/golden/requirements.txt");
/// Of these, what the speed benchmark runs.
const REFERENCES: [&str; 2] = ["sacrebleu", "rouge-score"];

/// Metrics beside their references, which are installed first.
pub fn score(places: &Places) -> Result<(), Failure> {
    let python = references(places)?;
    measure(places, "score").env("ASSAY_REFERENCE_PYTHON", python).run()
}

/// Intervals and verdicts by simulation.
pub fn coverage(places: &Places) -> Result<(), Failure> {
    measure(places, "coverage").run()
}

fn measure(places: &Places, name: &str) -> Shell {
    Shell::cargo()
        .args(["bench", "--quiet", "-p", "assay-score", "--bench", name])
        .inside(&places.root)
}

/// An interpreter that has the references: a virtual environment below the build output, made once
/// for these versions.
fn references(places: &Places) -> Result<PathBuf, Failure> {
    let packages = packages();
    let folder = places.target.join("references").join(packages.join("-"));
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    // Written last, so that a half-made environment is made again.
    let made = folder.join("made");
    if !made.is_file() {
        println!("installing {} into {}", packages.join(" and "), folder.display());
        Shell::new(PYTHON).args(["-m", "venv"]).args([&folder]).run_quietly()?;
        Shell::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(&packages)
            .run_quietly()?;
        std::fs::write(&made, "").map_err(Failure::io("write", &made))?;
    }
    Ok(python)
}

/// The references with their versions, as pip takes them.
fn packages() -> Vec<&'static str> {
    let wanted = |line: &&str| {
        line.split_once("==").is_some_and(|(package, _)| REFERENCES.contains(&package))
    };
    PINNED.lines().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_references_have_the_versions_of_the_golden_values() {
        assert_eq!(packages(), ["sacrebleu==2.6.0", "rouge-score==0.1.2"]);
    }
}
