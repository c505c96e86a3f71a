//! Tools that cargo installs: Trunk, and the wasm-bindgen that fits `Cargo.lock`.
//!
//! A version that the person has on the search path is used as it is. Any other goes into a
//! folder of our own, so that nobody's tools are replaced by ours.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::places::{Places, program};
use crate::setup::{Found, Purpose};
use crate::shell::Shell;

/// A program from crates.io, in exactly one version.
struct Tool {
    package: &'static str,
    program: &'static str,
    version: String,
    /// With the dependencies its author released it with.
    locked: bool,
    takes: &'static str,
}

impl Tool {
    fn trunk() -> Self {
        Self {
            package: "trunk",
            program: "trunk",
            version: "0.21.14".to_owned(),
            locked: true,
            takes: "about 5 minutes",
        }
    }

    /// The generated code and the crate speak a format of their own, equal only at one version.
    fn wasm_bindgen(places: &Places) -> Result<Self, Failure> {
        let path = places.root.join("Cargo.lock");
        let lock = std::fs::read_to_string(&path).map_err(Failure::io("read", path))?;
        let version = locked_version(&lock, "wasm-bindgen").ok_or_else(|| {
            Failure::Said("Cargo.lock does not name a version of wasm-bindgen".to_owned())
        })?;
        Ok(Self {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version,
            locked: false,
            takes: "about 2 minutes",
        })
    }

    /// Where set-up puts it.
    fn home(&self, places: &Places) -> PathBuf {
        places.tools.join(format!("{}-{}", self.package, self.version))
    }

    fn is_on_path(&self) -> bool {
        program(self.program).is_some()
            && Shell::new(self.program)
                .args(["--version"])
                .answer()
                .is_some_and(|answer| version_of(&answer) == Some(self.version.as_str()))
    }

    fn is_at_home(&self, places: &Places) -> bool {
        let name = format!("{}{}", self.program, std::env::consts::EXE_SUFFIX);
        self.home(places).join("bin").join(name).is_file()
    }

    fn check(&self, places: &Places) -> Found {
        if self.is_at_home(places) || self.is_on_path() {
            return Found::There;
        }
        Found::Missing(format!("building {} ({})", self.version, self.takes))
    }

    fn install(&self, places: &Places) -> Result<(), Failure> {
        let locked = self.locked.then_some("--locked");
        Shell::cargo()
            .args(["install", "--quiet", self.package, "--version", &self.version])
            .args(locked)
            .arg_path("--root", &self.home(places))
            .run()
    }
}

pub(super) fn check_trunk(places: &Places, _: Purpose) -> Result<Found, Failure> {
    Ok(Tool::trunk().check(places))
}

pub(super) fn act_trunk(places: &Places, _: Purpose) -> Result<(), Failure> {
    Tool::trunk().install(places)
}

pub(super) fn check_wasm_bindgen(places: &Places, _: Purpose) -> Result<Found, Failure> {
    Ok(Tool::wasm_bindgen(places)?.check(places))
}

pub(super) fn act_wasm_bindgen(places: &Places, _: Purpose) -> Result<(), Failure> {
    Tool::wasm_bindgen(places)?.install(places)
}

/// The folders of the tools that set-up installed.
pub(super) fn folders(places: &Places) -> Vec<PathBuf> {
    let tools = [Some(Tool::trunk()), Tool::wasm_bindgen(places).ok()];
    let installed = tools.into_iter().flatten().filter(|tool| tool.is_at_home(places));
    installed.map(|tool| tool.home(places).join("bin")).collect()
}

/// The version in what a program says of itself: `trunk 0.21.14`, `wasm-bindgen 0.2.130 (1234)`.
fn version_of(answer: &str) -> Option<&str> {
    answer.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

/// The version of a package in the text of a `Cargo.lock`.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_a_program_says_of_itself() {
        assert_eq!(version_of("trunk 0.21.14"), Some("0.21.14"));
        assert_eq!(version_of("wasm-bindgen 0.2.130 (a1b2c3)"), Some("0.2.130"));
        assert_eq!(version_of("command not found"), None);
    }

    #[test]
    fn the_locked_version_is_of_that_package_and_no_longer_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.50\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }

    #[test]
    fn this_repository_locks_a_wasm_bindgen() {
        let places = Places::find().expect("a home");
        let tool = Tool::wasm_bindgen(&places).expect("a locked version");
        assert!(tool.version.starts_with("0.2."), "{}", tool.version);
    }
}
