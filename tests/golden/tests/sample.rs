//! The runner on the sample in `tests/data/golden`, whose values `reference.py` took from the
//! reference packages for texts and numbers of our own.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/golden")
}

/// The models folder: `$ASSAY_MODELS_DIR` or the platform's.
fn models() -> PathBuf {
    std::env::var_os("ASSAY_MODELS_DIR").map(PathBuf::from).unwrap_or_else(|| {
        let platform = directories::ProjectDirs::from("dev", "", "assay").unwrap();
        platform.data_dir().join("models")
    })
}

fn golden(folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_golden"))
        .arg(folder)
        .env("ASSAY_MODELS_DIR", models())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}

/// A folder with one file of the sample, changed, under a name.
fn changed(name: &str, change: impl Fn(String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(sample().join("jiwer.jsonl")).unwrap();
    std::fs::write(folder.path().join(name), change(text)).unwrap();
    folder
}

#[test]
fn every_value_of_the_committed_sample_is_the_references() {
    let output = golden(&sample());
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_value_that_differs_is_named_and_fails() {
    let folder = changed("jiwer.jsonl", |text| text.replacen("\"wer\": ", "\"wer\": 9", 1));
    let output = golden(folder.path());
    let said = said(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains(" 1 differences") && said.contains("own-0 words wer"), "{said}");
}

#[test]
fn a_file_that_nobody_compares_fails() {
    let output = golden(changed("juwer.jsonl", |text| text).path());
    assert!(!output.status.success());
    assert!(said(&output).contains("juwer.jsonl"), "{}", said(&output));
}

#[test]
fn a_file_of_which_nothing_was_compared_fails() {
    let only_about = |text: String| text.split_inclusive('\n').take(1).collect();
    let output = golden(changed("jiwer.jsonl", only_about).path());
    assert!(!output.status.success(), "{}", said(&output));
}
