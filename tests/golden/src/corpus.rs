//! BLEU, chrF, TER and their significance beside sacrebleu.

use assay_score::metrics::bleu::tokenizers::Tokenizer;
use assay_score::metrics::bleu::{Bleu, BleuScore, Smoothing};
use assay_score::metrics::chrf::Chrf;
use assay_score::metrics::corpus::{CorpusMetric, sum};
use assay_score::metrics::python::rstrip;
use assay_score::metrics::significance::{Resampled, approximate_randomization, paired_bootstrap};
use assay_score::metrics::ter::{Ter, TerStatistics};
use serde_json::{Map, Value};

use crate::file::{Golden, number, text, texts};
use crate::tally::Tally;

const TOLERANCE: f64 = 1e-9;
/// Counts are whole numbers.
const EXACT: f64 = 0.0;
/// What the Monte Carlo error of the reference leaves.
const P_TOLERANCE: f64 = 0.04;

/// `bleu_sentence`: score, counts and precisions under every configuration.
pub fn bleu_sentence(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let references = texts(&case["refs"]);
        for (name, expected) in object(&case["bleu"]) {
            let what = format!("{} {name}", text(case, "id"));
            let Some(bleu) = configured(golden, "cfgs", name, bleu, &what, tally) else { continue };
            let statistics = bleu.statistics(text(case, "hyp"), &references);
            let ours = statistics.map(|statistics| bleu.score_with_parts(&statistics));
            compare_bleu(&what, expected, ours.as_ref(), tally);
        }
    }
}

/// `sacrebleu_tokenizers`: the tokenized text, letter for letter.
pub fn tokenizers(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let named = object(case).filter(|(name, _)| !["id", "text"].contains(&name.as_str()));
        for (name, expected) in named {
            let what = format!("{} {name}", text(case, "id"));
            match Tokenizer::named(name) {
                Some(tokenizer) => {
                    let ours = tokenizer.tokenize(rstrip(text(case, "text")));
                    tally.equal(what, &expected.as_str(), &Some(ours.as_str()));
                }
                None => tally.differ(format!("{what}: we have no such tokenizer")),
            }
        }
    }
}

/// `chrf_sentence`: scores, and the counts by order of the configurations that list them.
pub fn chrf_sentence(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let (output, references) = (text(case, "hyp"), texts(&case["refs"]));
        for (name, expected) in object(&case["chrf"]) {
            let what = format!("{} {name}", text(case, "id"));
            let Some(chrf) = configured(golden, "cfgs", name, chrf, &what, tally) else { continue };
            tally.number(what, expected, chrf.sentence_score(output, &references), TOLERANCE);
        }
        for (key, expected) in object(case) {
            let Some(name) = key.strip_prefix("stats_") else { continue };
            let what = format!("{} {key}", text(case, "id"));
            let Some(chrf) = configured(golden, "cfgs", name, chrf, &what, tally) else { continue };
            let statistics = chrf.statistics(output, &references).unwrap_or_default();
            let ours = statistics.orders.iter();
            let ours = ours.flat_map(|order| [order.output, order.reference, order.matches]);
            compare_list(
                &what,
                expected,
                &ours.map(|n| n as f64).collect::<Vec<_>>(),
                EXACT,
                tally,
            );
        }
    }
}

/// `ter_sentence`: scores, edits, reference lengths and the tokenized output.
pub fn ter_sentence(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let (output, references) = (text(case, "hyp"), texts(&case["refs"]));
        for (name, expected) in object(&case["ter"]) {
            let what = format!("{} {name}", text(case, "id"));
            let Some(ter) = configured(golden, "cfgs", name, ter, &what, tally) else { continue };
            compare_ter(&what, expected, &ter, ter.statistics(output, &references), tally);
        }
        for (name, expected) in object(&case["tok"]) {
            let what = format!("{} tokens of {name}", text(case, "id"));
            let Some(ter) = configured(golden, "cfgs", name, ter, &what, tally) else { continue };
            let ours = ter.tokenizer.tokenize(rstrip(output));
            tally.equal(what, &expected.as_str(), &Some(ours.as_str()));
        }
    }
}

/// `sacrebleu_corpus`: scores of many outputs, and the mean of sentence scores beside them.
pub fn corpus(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let id = text(case, "id");
        let segments = Segments::of(case, "hyps");
        for (name, expected) in object(&case["bleu"]) {
            let what = format!("{id} {name}");
            let Some(bleu) = configured(golden, "bleu", name, bleu, &what, tally) else { continue };
            let ours = segments.sum(&bleu).map(|sum| bleu.score_with_parts(&sum));
            compare_bleu(&what, expected, ours.as_ref(), tally);
        }
        for (name, expected) in object(&case["chrf"]) {
            let what = format!("{id} {name}");
            let Some(chrf) = configured(golden, "chrf", name, chrf, &what, tally) else { continue };
            let ours = segments.sum(&chrf).map(|sum| chrf.score_of(&sum));
            tally.number(what, expected, ours, TOLERANCE);
        }
        for (name, expected) in object(&case["ter"]) {
            let what = format!("{id} {name}");
            let Some(ter) = configured(golden, "ter", name, ter, &what, tally) else { continue };
            compare_ter(&what, expected, &ter, segments.sum(&ter), tally);
        }
        if let Some(expected) = case.get("mean_sentence_bleu") {
            tally.number(format!("{id} mean"), expected, segments.mean_bleu(), TOLERANCE);
        }
    }
}

/// `sacrebleu_significance`: both systems' scores, p-values and resamples.
pub fn significance(golden: &Golden, tally: &mut Tally) {
    let about = text(&golden.meta, "reference");
    let samples = number_after(about, "n_samples=").unwrap_or(1000) as usize;
    let seed = number_after(about, "seed ").unwrap_or(12345);
    for case in &golden.cases {
        for (test, expected) in object(&case["out"]) {
            let what = format!("{} {test}", text(case, "id"));
            let ours = match test.split_once(':') {
                Some((method, "BLEU")) => outcome(case, method, samples, seed, &Bleu::default()),
                Some((method, "TER")) => outcome(case, method, samples, seed, &Ter::default()),
                Some((method, name)) => {
                    chrf_named(name).and_then(|chrf| outcome(case, method, samples, seed, &chrf))
                }
                None => None,
            };
            match ours {
                Some(ours) => compare_outcome(&what, expected, ours, tally),
                None => tally.differ(format!("{what}: we have no such test of these systems")),
            }
        }
    }
}

/// What a test says of the baseline and of the system, by the reference's names.
type Outcome = [Vec<(&'static str, Option<f64>)>; 2];

fn outcome<M: CorpusMetric>(
    case: &Value,
    method: &str,
    samples: usize,
    seed: u64,
    metric: &M,
) -> Option<Outcome> {
    let baseline = Segments::of(case, "base").statistics(metric)?;
    let system = Segments::of(case, "new").statistics(metric)?;
    let (test, of_baseline, of_system) = match method {
        "ar" => {
            let ours = approximate_randomization(metric, &baseline, &system, samples, seed)?;
            (ours.test, None, None)
        }
        "bs" => {
            let ours = paired_bootstrap(metric, &baseline, &system, samples, seed)?;
            (ours.test, Some(ours.baseline), Some(ours.system))
        }
        _ => return None,
    };
    let values = |score, p, resampled: Option<Resampled>| {
        let mean = resampled.map(|resampled| resampled.mean);
        let width = resampled.map(|resampled| resampled.half_width);
        vec![("score", Some(score)), ("p", p), ("mean", mean), ("ci", width)]
    };
    Some([values(test.baseline, None, of_baseline), values(test.system, Some(test.p), of_system)])
}

fn compare_outcome(what: &str, expected: &Value, ours: Outcome, tally: &mut Tally) {
    for (expected, ours) in expected.as_array().into_iter().flatten().zip(ours) {
        let width = number(&expected["ci"]).unwrap_or_default();
        for (key, expected) in object(expected) {
            let what = format!("{what} {key}");
            let Some((_, ours)) = ours.iter().find(|(name, _)| name == key) else {
                tally.differ(format!("{what}: we have no such value"));
                continue;
            };
            let tolerance = match key.as_str() {
                "p" => P_TOLERANCE,
                // 5 % of the interval; the tally takes it relative to values above 1.
                "mean" | "ci" => 0.05 * width / number(expected).unwrap_or_default().max(1.0),
                _ => TOLERANCE,
            };
            tally.number(what, expected, *ours, tolerance);
        }
    }
}

/// Outputs with their references.
struct Segments<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Segments<'a> {
    /// The references of an output are a list, or one text.
    fn of(case: &'a Value, outputs: &str) -> Segments<'a> {
        let references = case["refs"].as_array().into_iter().flatten();
        let references = references.map(|refs| match refs {
            Value::String(one) => vec![one.as_str()],
            many => texts(many),
        });
        Segments(texts(&case[outputs]).into_iter().zip(references).collect())
    }

    fn statistics<M: CorpusMetric>(&self, metric: &M) -> Option<Vec<M::Statistics>> {
        self.0.iter().map(|(output, references)| metric.statistics(output, references)).collect()
    }

    fn sum<M: CorpusMetric>(&self, metric: &M) -> Option<M::Statistics> {
        sum(&self.statistics(metric)?)
    }

    fn mean_bleu(&self) -> Option<f64> {
        let bleu = Bleu::of_sentences();
        let scores: Option<Vec<f64>> = self
            .0
            .iter()
            .map(|(output, references)| bleu.sentence_score(output, references))
            .collect();
        let scores = scores?;
        Some(scores.iter().sum::<f64>() / scores.len() as f64)
    }
}

fn compare_bleu(what: &str, expected: &Value, ours: Option<&BleuScore>, tally: &mut Tally) {
    let Some(ours) = ours else {
        return tally.differ(format!("{what}: ours is undefined"));
    };
    for (key, expected) in object(expected) {
        let what = format!("{what} {key}");
        match key.as_str() {
            "score" => tally.number(what, expected, Some(ours.score), TOLERANCE),
            "counts" => compare_list(&what, expected, &ours.matches, EXACT, tally),
            "totals" => compare_list(&what, expected, &ours.totals, EXACT, tally),
            "precisions" => compare_list(&what, expected, &ours.precisions, TOLERANCE, tally),
            "bp" => tally.number(what, expected, Some(ours.brevity_penalty), TOLERANCE),
            "sys_len" => tally.number(what, expected, Some(ours.output_length as f64), EXACT),
            "ref_len" => tally.number(what, expected, Some(ours.reference_length as f64), EXACT),
            _ => tally.differ(format!("{what}: we have no such value")),
        }
    }
}

fn compare_ter(
    what: &str,
    expected: &Value,
    ter: &Ter,
    ours: Option<TerStatistics>,
    tally: &mut Tally,
) {
    let Some(ours) = ours else {
        return tally.differ(format!("{what}: ours is undefined"));
    };
    for (key, expected) in object(expected) {
        let what = format!("{what} {key}");
        match key.as_str() {
            "score" => tally.number(what, expected, Some(ter.score_of(&ours)), TOLERANCE),
            "edits" => tally.number(what, expected, Some(ours.edits as f64), EXACT),
            "ref_len" => tally.number(what, expected, Some(ours.reference_length), TOLERANCE),
            _ => tally.differ(format!("{what}: we have no such value")),
        }
    }
}

fn compare_list(what: &str, expected: &Value, ours: &[f64], tolerance: f64, tally: &mut Tally) {
    let expected = expected.as_array().map(Vec::as_slice).unwrap_or_default();
    tally.equal(format!("{what}, how many"), &expected.len(), &ours.len());
    for (at, (expected, ours)) in expected.iter().zip(ours).enumerate() {
        tally.number(format!("{what} {at}"), expected, Some(*ours), tolerance);
    }
}

/// The metric of a configuration that the file's first line describes. What we do not know of it is
/// a difference.
fn configured<M>(
    golden: &Golden,
    list: &str,
    name: &str,
    metric: fn(&Map<String, Value>) -> Option<M>,
    what: &str,
    tally: &mut Tally,
) -> Option<M> {
    let metric = golden.meta[list][name].as_object().and_then(metric);
    if metric.is_none() {
        tally.differ(format!("{what}: we do not know this configuration"));
    }
    metric
}

fn bleu(settings: &Map<String, Value>) -> Option<Bleu> {
    let mut bleu = Bleu::default();
    let mut smoothing = None;
    for (key, value) in settings {
        match key.as_str() {
            "tokenize" => bleu.tokenizer = Tokenizer::named(value.as_str()?)?,
            "lowercase" => bleu.lowercase = value.as_bool()?,
            "effective_order" => bleu.effective_order = value.as_bool()?,
            "max_ngram_order" => {
                bleu.max_order = u8::try_from(value.as_u64()?).ok()?.try_into().ok()?
            }
            "smooth_method" => smoothing = Some(value.as_str()?),
            // Taken with the method.
            "smooth_value" => {}
            _ => return None,
        }
    }
    let value = settings.get("smooth_value").and_then(number);
    bleu.smoothing = Smoothing::named(smoothing.unwrap_or("exp"), value)?;
    Some(bleu)
}

fn chrf(settings: &Map<String, Value>) -> Option<Chrf> {
    let mut chrf = Chrf::default();
    for (key, value) in settings {
        match key.as_str() {
            "char_order" => chrf.char_order = u8::try_from(value.as_u64()?).ok()?,
            "word_order" => chrf.word_order = u8::try_from(value.as_u64()?).ok()?,
            "beta" => chrf.beta = value.as_f64()?,
            "lowercase" => chrf.lowercase = value.as_bool()?,
            "whitespace" => chrf.whitespace = value.as_bool()?,
            "eps_smoothing" => chrf.eps_smoothing = value.as_bool()?,
            _ => return None,
        }
    }
    Some(chrf)
}

fn ter(settings: &Map<String, Value>) -> Option<Ter> {
    let mut ter = Ter::default();
    for (key, value) in settings {
        let switch = match key.as_str() {
            "normalized" => &mut ter.tokenizer.normalized,
            "no_punct" => &mut ter.tokenizer.no_punct,
            "asian_support" => &mut ter.tokenizer.asian_support,
            "case_sensitive" => &mut ter.tokenizer.case_sensitive,
            _ => return None,
        };
        *switch = value.as_bool()?;
    }
    Some(ter)
}

/// `chrF2`, `chrF2++`: β, and a plus for each order of words.
fn chrf_named(name: &str) -> Option<Chrf> {
    let numbers = name.strip_prefix("chrF")?;
    let beta = numbers.trim_end_matches('+');
    let word_order = u8::try_from(numbers.len() - beta.len()).ok()?;
    Some(Chrf { beta: beta.parse().ok()?, word_order, ..Chrf::default() })
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The whole number that follows a word in the reference's own words.
fn number_after(text: &str, word: &str) -> Option<u64> {
    let (_, rest) = text.split_once(word)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}
