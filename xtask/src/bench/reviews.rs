//! `cargo xtask bench review`: what git and reviews promise, with the numbers of a release, then a large repository.
//!
//! The tests are those of the suite, which does one in a hundred of each. They wait for the disk most of their time, so
//! they get one in memory where the system has it; what survives a power failure is `bench durability`'s to show.

use std::ffi::OsString;
use std::path::Path;

use super::programs::measure;
use crate::failure::Failure;
use crate::places::Places;
use crate::shell::Shell;

/// A disk in memory.
const IN_MEMORY: &str = "/dev/shm";

/// Tests of a crate that are run with a number of their own.
struct Counted {
    package: &'static str,
    /// Which of its programs: `--lib`, or `--test NAME`.
    target: &'static [&'static str],
    /// Which of its tests.
    tests: &'static str,
    /// The variable that holds the number, where there is one.
    count: Option<(&'static str, &'static str)>,
}

const COUNTED: &[Counted] = &[
    Counted {
        package: "assay-repo",
        target: &["--test", "workspace"],
        tests: "together::",
        count: Some(("ASSAY_REVIEW_HISTORIES", "1000")),
    },
    Counted {
        package: "assay-repo",
        target: &["--test", "workspace"],
        tests: "rewrites::",
        count: Some(("ASSAY_REVIEW_REWRITES", "5000")),
    },
    Counted {
        package: "assay-repo",
        target: &["--test", "workspace"],
        tests: "sequences::",
        count: Some(("ASSAY_REVIEW_UNDOS", "10000")),
    },
    Counted {
        package: "assay-prompt",
        target: &["--test", "it"],
        tests: "merging::",
        count: Some(("ASSAY_REVIEW_MERGES", "5000")),
    },
    Counted {
        package: "assay-repo",
        target: &["--lib"],
        tests: "review::forgeries::",
        count: None,
    },
    Counted { package: "assay-repo", target: &["--lib"], tests: "review::forged::", count: None },
    Counted {
        package: "assay-repo",
        target: &["--test", "workspace"],
        tests: "forged::",
        count: None,
    },
];

/// All of it.
pub fn review(places: &Places) -> Result<(), Failure> {
    COUNTED.iter().try_for_each(|counted| counted.run(places))?;
    with_fast_disk(measure(places, "review")).run()
}

impl Counted {
    fn run(&self, places: &Places) -> Result<(), Failure> {
        let mut shell = Shell::cargo()
            .args(["test", "--release", "--quiet", "-p", self.package])
            .args(self.target)
            .args([self.tests, "--", "--nocapture"])
            .inside(&places.root);
        if let Some((name, count)) = self.count {
            println!("{name}={count} {}", self.tests);
            shell = shell.env(name, count);
        }
        with_fast_disk(shell).run()
    }
}

fn with_fast_disk(shell: Shell) -> Shell {
    let folder = Path::new(IN_MEMORY).is_dir().then(|| ("TMPDIR", OsString::from(IN_MEMORY)));
    shell.envs(folder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_test_that_is_counted_is_there() {
        let places = Places::find().unwrap();
        let crates = places.root.join("crates");
        for counted in COUNTED {
            let folder = crates.join(counted.package.trim_start_matches("assay-"));
            let tests = counted.tests.trim_end_matches("::").replace("::", "/");
            let below = match counted.target {
                [_, name] => folder.join("tests").join(name),
                _ => folder.join("src"),
            };
            let file = below.join(format!("{tests}.rs"));
            let text = std::fs::read_to_string(&file);
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            if let Some((name, _)) = counted.count {
                assert!(text.contains(name), "{} does not read {name}", file.display());
            }
        }
    }
}
