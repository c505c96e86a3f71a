//! `cargo xtask golden DIR`: our metrics beside the values of their reference implementations.
//!
//! A golden file is JSONL: line 1 is `{"_meta": …}` with the reference, its call and its
//! configurations; every other line is one case with its inputs and the values that the reference
//! gave. What a file is, its name says (`bleu_sentence.jsonl`); [`FAMILIES`] says who reads it.
//! One line is printed for each file, and the program fails on any value out of tolerance, on a
//! file that nobody reads, and on a folder without files.

mod corpus;
mod embedded;
mod file;
mod labels;
mod rag;
mod statistics;
mod tally;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use file::{Golden, GoldenError};
use tally::Tally;

/// Compares a file's cases with what our code gives, and notes every value in the tally.
type Compare = fn(&Golden, &mut Tally);

/// File name without `.jsonl`, and who compares it.
const FAMILIES: &[(&str, Compare)] = &[
    ("bleu_sentence", corpus::bleu_sentence),
    ("sacrebleu_tokenizers", corpus::tokenizers),
    ("chrf_sentence", corpus::chrf_sentence),
    ("ter_sentence", corpus::ter_sentence),
    ("sacrebleu_corpus", corpus::corpus),
    ("sacrebleu_significance", corpus::significance),
    ("classification", labels::classification),
    ("rag_judge_arithmetic", rag::arithmetic),
    ("stats_agreement", statistics::agreement),
    ("stats_bootstrap", statistics::bootstrap),
    ("stats_ci", statistics::ci),
    ("stats_cluster", statistics::cluster),
    ("stats_correlation", statistics::correlation),
    ("stats_multiple", statistics::multiple),
    ("stats_paired", statistics::paired),
    ("stats_pairwise", statistics::pairwise),
    ("stats_planning", statistics::planning),
    ("stats_unpaired", statistics::unpaired),
    ("bertscore_minilm", embedded::bertscore_minilm),
    ("edit", words::edit),
    ("jiwer", words::jiwer),
    ("meteor", words::meteor),
    ("porter_stems", words::porter_stems),
    ("rouge", words::rouge),
    ("semantic_minilm", embedded::semantic_minilm),
    ("squad", words::squad),
];

/// Of text drift; there is no scorer for it yet.
const LATER: &str = "drift_";

/// The folder of models and other data that set-up installs, where it is named.
fn models_folder() -> Option<PathBuf> {
    std::env::var_os("ASSAY_MODELS_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: golden DIR");
        return ExitCode::FAILURE;
    };
    match compare_all(&folder) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(differences) => {
            println!("{differences} values differ");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line for each file of the folder, and counts the differences of all.
fn compare_all(folder: &std::path::Path) -> Result<usize, GoldenError> {
    let mut differences = 0;
    for path in file::golden_files(folder)? {
        let golden = Golden::read(&path)?;
        let Some((_, compare)) = FAMILIES.iter().find(|(name, _)| *name == golden.name) else {
            if golden.name.starts_with(LATER) {
                println!(
                    "{:<24} {:>6} cases, left out: drift is not measured yet",
                    golden.name,
                    golden.cases.len()
                );
                continue;
            }
            return Err(GoldenError::Unknown(path));
        };
        let mut tally = Tally::default();
        compare(&golden, &mut tally);
        println!("{:<24} {:>6} cases, {tally}", golden.name, golden.cases.len());
        for example in tally.examples() {
            println!("    {example}");
        }
        differences += tally.differences();
    }
    Ok(differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_a_file_in_the_committed_sample() {
        let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/golden");
        for (name, _) in FAMILIES {
            assert!(sample.join(format!("{name}.jsonl")).is_file(), "no sample of {name}");
        }
    }
}
