//! `cargo xtask bench`: what is measured, by name.
//!
//! A benchmark prints its numbers beside the ones it has to reach, and fails when it does not
//! reach them. Each is a module of its own and a line of [`BENCHMARKS`].

mod programs;
mod reviews;
mod scores;

use crate::failure::Failure;
use crate::places::Places;

/// Something that can be measured.
struct Benchmark {
    name: &'static str,
    about: &'static str,
    run: fn(&Places) -> Result<(), Failure>,
}

const BENCHMARKS: &[Benchmark] = &[
    Benchmark {
        name: "check",
        about: "5,000 prompt files checked, and one change checked again, beside only reading them",
        run: programs::check,
    },
    Benchmark {
        name: "coverage",
        about: "95 % intervals cover 93 to 97 %, and \"Better\" is a false alarm in at most 5 %",
        run: scores::coverage,
    },
    Benchmark {
        name: "durability",
        about: "100,000 cells through the store; 1,000 kills and 2,000 power failures lose nothing",
        run: programs::durability,
    },
    Benchmark {
        name: "engine",
        about: "10,000 cells beside a bare loop; 100,000 in memory, and resumed after a kill",
        run: programs::engine,
    },
    Benchmark {
        name: "review",
        about: "clones that meet, rewrites, undos, merges and forgeries in full; 5,000 prompts and 50,000 commits",
        run: reviews::review,
    },
    Benchmark {
        name: "score",
        about: "10,000 outputs by five scorers; BLEU, chrF, TER and ROUGE beside the Python references",
        run: scores::score,
    },
    Benchmark {
        name: "start",
        about: "from starting the program to a window that can be used",
        run: programs::start,
    },
];

/// Runs the benchmark of that name, or lists them.
///
/// # Errors
/// When there is none of that name, it cannot run, or its numbers are not reached.
pub fn bench(places: &Places, name: Option<&str>) -> Result<(), Failure> {
    let Some(name) = name else {
        print!("{}", list());
        return Ok(());
    };
    match BENCHMARKS.iter().find(|benchmark| benchmark.name == name) {
        Some(benchmark) => (benchmark.run)(places),
        None => Err(Failure::Said(format!("unknown benchmark `{name}`; there are:\n{}", list()))),
    }
}

fn list() -> String {
    BENCHMARKS.iter().map(|b| format!("  {:<10} {}\n", b.name, b.about)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_benchmark_is_named() {
        let places = Places::find().expect("a home");
        let error = bench(&places, Some("speed")).expect_err("no such benchmark").to_string();
        assert!(error.contains("unknown benchmark `speed`"), "{error}");
    }
}
