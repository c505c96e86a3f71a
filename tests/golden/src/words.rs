//! ROUGE, stems, METEOR, error rates, SQuAD and edit distances.
//!
//! Configurations are the keys of a case, so other files may have other ones; a key that nothing
//! of ours answers to is a difference.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_score::metrics::edit::Measure;
use assay_score::metrics::meteor::wordnet::{FOLDER, WordNet, WordNetError};
use assay_score::metrics::meteor::{Matching, Meteor, Weights};
use assay_score::metrics::porter::{self, Variant};
use assay_score::metrics::words::{Counts, Preparation, Unit};
use assay_score::metrics::{python, rouge, squad};
use serde_json::{Map, Value};

use crate::file::{Golden, number, text, texts};
use crate::tally::Tally;

/// "Exact" of the files' README, for numbers that are computed in the reference's order.
const EXACT: f64 = 0.0;
const TOLERANCE: f64 = 1e-12;

/// The fields of an object; none where it is something else.
fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(key, value)| (key.as_str(), value))
}

/// The id of a case, to name it.
fn id(case: &Value) -> &str {
    text(case, "id")
}

/// ROUGE of every kind, with and without stems, against the first and the best reference.
pub fn rouge(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        for (config, scores) in fields(&case["rouge"]) {
            let what = format!("{} {config}", id(case));
            match config {
                "stem0" => rouge_config(case, scores, false, &what, tally),
                "stem1" => rouge_config(case, scores, true, &what, tally),
                _ => tally.differ(format!("{what}: an unknown configuration")),
            }
        }
        // Long texts come without.
        if let Some(expected) = case.get("tokens_stem1") {
            let ours = rouge::words(text(case, "hyp"), rouge::Words::Ascii { stems: true });
            tally.equal(format!("{} words", id(case)), expected, &ours.into());
        }
    }
}

fn rouge_config(case: &Value, scores: &Value, stems: bool, what: &str, tally: &mut Tally) {
    let all = texts(&case["refs"]);
    for (which, kinds) in fields(scores) {
        let references = match which {
            "single" => &all[..all.len().min(1)],
            "multi" => &all[..],
            _ => {
                tally.differ(format!("{what} {which}: unknown references"));
                continue;
            }
        };
        for (kind, expected) in fields(kinds) {
            let what = format!("{what} {which} {kind}");
            let words = rouge::Words::Ascii { stems };
            let scorer = rouge_kind(kind).and_then(|kind| rouge::Scorer::new(kind, words).ok());
            let Some(scorer) = scorer else {
                tally.differ(format!("{what}: an unknown kind"));
                continue;
            };
            let ours = scorer.score(text(case, "hyp"), references);
            let parts: [fn(rouge::Rouge) -> f64; 3] = [|r| r.precision, |r| r.recall, |r| r.f1];
            for (at, part) in parts.into_iter().enumerate() {
                tally.number(format!("{what} {at}"), &expected[at], ours.map(part), EXACT);
            }
        }
    }
}

fn rouge_kind(name: &str) -> Option<rouge::Kind> {
    match name.strip_prefix("rouge")? {
        "L" => Some(rouge::Kind::L),
        "Lsum" => Some(rouge::Kind::Lsum),
        n => Some(rouge::Kind::N(n.parse().ok()?)),
    }
}

/// Stems in three variants; a variant is given where it differs from NLTK's.
pub fn porter_stems(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let word = text(case, "w");
        for (key, expected) in fields(case).filter(|(key, _)| *key != "w") {
            let variant = match key {
                "nltk" => Variant::Nltk,
                "martin" => Variant::Martin,
                "orig" => Variant::Original,
                _ => {
                    tally.differ(format!("{word}: an unknown variant {key}"));
                    continue;
                }
            };
            tally.equal(format!("{word} {key}"), expected, &porter::stem(word, variant).into());
        }
    }
}

/// METEOR, with WordNet where it is installed; where it is not, what needs it is a difference.
pub fn meteor(golden: &Golden, tally: &mut Tally) {
    let wordnet = match wordnet() {
        Ok(wordnet) => Some(Arc::new(wordnet)),
        Err(reason) => {
            tally.differ(format!("without WordNet: {reason}"));
            None
        }
    };
    for case in &golden.cases {
        for (config, scores) in fields(&case["meteor"]) {
            for (matching, expected) in fields(scores) {
                let what = format!("{} {config} {matching}", id(case));
                let ours = meteor_score(case, config, matching, wordnet.as_ref());
                match ours {
                    Some(ours) => tally.number(what, expected, ours, TOLERANCE),
                    None => tally.differ(format!("{what}: an unknown configuration")),
                }
            }
        }
        // Long texts come without.
        if let (Some(wordnet), Some(expected)) = (&wordnet, case.get("align_wn_ref0")) {
            let meteor = Meteor::new(Matching::Synonyms(wordnet.clone()));
            let first = texts(&case["ref_toks"][0]);
            let ours = meteor.matches(&texts(&case["hyp_tok"]), &first);
            let what = format!("{} alignment", id(case));
            tally.equal(what, expected, &serde_json::json!(ours));
        }
    }
}

/// The score by a configuration such as `tok`, `ws` or `tok_a85b2g6`; nothing for an unknown one.
fn meteor_score(
    case: &Value,
    config: &str,
    matching: &str,
    wordnet: Option<&Arc<WordNet>>,
) -> Option<Option<f64>> {
    let matching = match matching {
        "exact" => Matching::Exact,
        "stem" => Matching::Stems,
        "wn" => Matching::Synonyms(wordnet?.clone()),
        _ => return None,
    };
    let (words, weights) = config.split_once('_').unwrap_or((config, ""));
    let weights = if weights.is_empty() { Weights::default() } else { meteor_weights(weights)? };
    let meteor = Meteor { matching, weights };
    let references = case["ref_toks"].as_array().map_or(&[][..], Vec::as_slice);
    match words {
        "tok" => {
            let references: Vec<_> = references.iter().map(texts).collect();
            Some(meteor.score(&texts(&case["hyp_tok"]), &references))
        }
        "ws" => {
            let split = |text| python::split(text).collect::<Vec<_>>();
            let references: Vec<_> = texts(&case["refs"]).into_iter().map(split).collect();
            Some(meteor.score(&split(text(case, "hyp")), &references))
        }
        _ => None,
    }
}

/// `a85b2g6`: alpha 0.85, beta 2, gamma 0.6.
fn meteor_weights(config: &str) -> Option<Weights> {
    let (alpha, rest) = config.strip_prefix('a')?.split_once('b')?;
    let (beta, gamma) = rest.split_once('g')?;
    let fraction = |digits: &str| format!("0.{digits}").parse().ok();
    Some(Weights { alpha: fraction(alpha)?, beta: beta.parse().ok()?, gamma: fraction(gamma)? })
}

/// WordNet from where set-up puts it.
fn wordnet() -> Result<WordNet, String> {
    let folder = wordnet_folder();
    let read = |file: &str| {
        let file = folder.join(file);
        std::fs::read(&file).map_err(|error| Missing(format!("{}: {error}", file.display())))
    };
    WordNet::read(read).map_err(|Missing(reason)| reason)
}

/// Why there is no WordNet.
struct Missing(String);

impl From<WordNetError> for Missing {
    fn from(error: WordNetError) -> Missing {
        Missing(error.to_string())
    }
}

/// `wordnet` in the models folder, else where Debian's package has it.
fn wordnet_folder() -> PathBuf {
    let models = crate::models_folder().map(|folder| folder.join(FOLDER));
    let debian = Path::new("/usr/share/wordnet").to_owned();
    models.filter(|folder| folder.is_dir()).unwrap_or(debian)
}

/// Word and character error rates.
pub fn jiwer(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let references = texts(&case["refs"]);
        let Some(reference) = references.first() else {
            tally.differ(format!("{}: no reference", id(case)));
            continue;
        };
        for (key, expected) in fields(case).filter(|(_, value)| value.is_object()) {
            let what = format!("{} {key}", id(case));
            let unit = match key {
                "words" => Unit::Words(Preparation::AsIs),
                "wstd" => Unit::Words(Preparation::Standardised),
                "chars" => Unit::Characters,
                _ => {
                    tally.differ(format!("{what}: an unknown unit"));
                    continue;
                }
            };
            error_rates(expected, unit.counts(text(case, "hyp"), reference), &what, tally);
        }
    }
}

/// The counts are compared as well: ours takes the reference's choice among the shortest alignments.
fn error_rates(expected: &Value, ours: Counts, what: &str, tally: &mut Tally) {
    for (key, expected) in fields(expected) {
        let ours = match key {
            "wer" | "cer" => ours.error_rate(),
            "mer" => ours.match_error_rate(),
            "wil" => ours.information_lost(),
            "wip" => ours.information_preserved(),
            "hits" => ours.hits as f64,
            "sub" => ours.substitutions as f64,
            "ins" => ours.insertions as f64,
            "del" => ours.deletions as f64,
            _ => {
                tally.differ(format!("{what} {key}: an unknown rate"));
                continue;
            }
        };
        tally.number(format!("{what} {key}"), expected, Some(ours), TOLERANCE);
    }
}

/// Exact match, token F1, and the normalised texts.
pub fn squad(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let (output, references) = (text(case, "hyp"), texts(&case["refs"]));
        let id = id(case);
        tally.equal(format!("{id} output"), &case["norm_hyp"], &squad::normalise(output).into());
        let ours: Vec<String> = references.iter().map(|one| squad::normalise(one)).collect();
        tally.equal(format!("{id} references"), &case["norm_refs"], &ours.into());
        let exact = squad::exact_match(output, &references).map(|yes| f64::from(u8::from(yes)));
        tally.number(format!("{id} em"), &case["em"], exact, EXACT);
        for (key, version) in [("f1", squad::Version::V2), ("f1_v11", squad::Version::V1)] {
            let ours = squad::token_f1(output, &references, version);
            tally.number(format!("{id} {key}"), &case[key], ours, TOLERANCE);
        }
    }
}

/// Edit distances and ratios.
pub fn edit(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let output = text(case, "hyp");
        let references = texts(&case["refs"]);
        let reference = references.first().copied().unwrap_or_default();
        for (key, expected) in fields(&case["edit"]) {
            let what = format!("{} {key}", id(case));
            let Some(ours) = edit_value(key, output, reference) else {
                tally.differ(format!("{what}: an unknown measure"));
                continue;
            };
            // A distance is a whole number, and then no tolerance is as good as one.
            let exact = number(expected).is_some_and(|number| number.fract() == 0.0);
            tally.number(what, expected, ours, if exact { EXACT } else { TOLERANCE });
        }
    }
}

/// A measure by the name it has in the file; nothing for an unknown one.
fn edit_value(key: &str, output: &str, reference: &str) -> Option<Option<f64>> {
    let measure = match key {
        "len_ref" => return Some(Some(reference.chars().count() as f64)),
        "len_hyp" => return Some(Some(output.chars().count() as f64)),
        "difflib_rev" => return Some(Measure::Difflib.of(reference, output)),
        "levenshtein" => Measure::Levenshtein,
        "lev_norm_sim" => Measure::LevenshteinSimilarity,
        // Despite its name it holds the distance with weights 1, 1, 2: a substitution counts two.
        "indel" | "lev_w121" => Measure::Indel,
        "indel_norm_sim" => Measure::IndelSimilarity,
        "fuzz_ratio" => Measure::Ratio,
        "osa" => Measure::Osa,
        "damerau" => Measure::Damerau,
        "jaro" => Measure::Jaro,
        "jaro_winkler" => Measure::JaroWinkler,
        "lcsseq" => Measure::Lcs,
        "partial_ratio" => Measure::PartialRatio,
        "token_sort_ratio" => Measure::TokenSortRatio,
        "token_set_ratio" => Measure::TokenSetRatio,
        "wratio" => Measure::WeightedRatio,
        "difflib" => Measure::Difflib,
        "difflib_noautojunk" => Measure::DifflibWithoutJunk,
        _ => return None,
    };
    Some(measure.of(output, reference))
}
