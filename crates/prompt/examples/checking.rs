//! How long reading and checking prompts takes: `cargo run --release -p assay-prompt --example checking`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use assay_prompt::{Checker, Files, parse_folder};

fn main() {
    let small = folder(20);
    report("a folder of 20 cases", 2_000, || parse_folder("p", &small));
    let large = folder(2_000);
    report("a folder of 2,000 cases", 20, || parse_folder("p", &large));
    for file in ["baseline.prompty", "inputs.yaml", "prompt.yaml", "cases.jsonl"] {
        again(&large, file);
    }
}

/// The sample folder of the tests with so many cases.
fn folder(cases: usize) -> Files {
    macro_rules! sample {
        ($($name:literal)*) => {
            [$(($name, include_str!(concat!("../tests/data/support-triage/", $name)))),*]
        };
    }
    let files = sample!(
        "prompt.yaml" "baseline.prompty" "policy-first.prompty" "inputs.yaml" "outputs.yaml"
        "examples.jsonl" "evals.yaml"
    );
    let mut files: Files =
        files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    files.insert("cases.jsonl".to_owned(), (0..cases).map(case).collect());
    files
}

fn case(number: usize) -> String {
    let words = "The export of our notes fails since the last update and we need it today";
    let text: Vec<&str> = words.split(' ').cycle().skip(number % 15).take(30).collect();
    let text = text.join(" ");
    format!(
        "{{\"id\":\"c-{number}\",\"input\":{{\"ticket\":\"{number}: {text}\"}},\
         \"expected\":{{\"category\":\"bug\",\"urgent\":true}},\"tags\":[\"smoke\"]}}\n"
    )
}

/// Checking a folder again after each of many changes at the end of one file.
fn again(files: &Files, file: &str) {
    let mut checker = Checker::new();
    let (mut files, text) = (files.clone(), files[file].clone());
    let mut number = 0;
    report(&format!("of it, again after a change to {file}"), 50, || {
        number += 1;
        files.insert(file.to_owned(), text.clone() + &"\n".repeat(number));
        checker.check_folder("p", &files)
    });
}

/// The median of so many runs.
fn report<T>(what: &str, runs: usize, mut run: impl FnMut() -> T) {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("{:>9.1} µs  {what}", times[runs / 2].as_secs_f64() * 1e6);
}
