//! How fast outputs are judged, beside what has to be reached: 10,000 outputs of 300 characters
//! (median) by BLEU, chrF, ROUGE-L, token F1 and a JSON schema on two cores, and BLEU, chrF, TER and
//! ROUGE on one core beside the Python reference on the same texts.
//!
//! `ASSAY_REFERENCE_PYTHON` names an interpreter that has the references; `cargo xtask bench score`
//! makes one. The sums of both sides' scores are compared as well: a fast wrong number is no feat.

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use assay_prompt::{Row, ScorerSpec};
use assay_score::metrics::bleu::Bleu;
use assay_score::metrics::chrf::Chrf;
use assay_score::metrics::corpus::CorpusMetric;
use assay_score::metrics::rouge::{Kind, Scorer, Words};
use assay_score::metrics::squad::{Version, token_f1};
use assay_score::metrics::ter::Ter;
use assay_score::stats::random::Random;
use assay_score::{Scorers, Subject};
use serde_json::{Value, json};

const OUTPUTS: usize = 10_000;
/// The reference takes milliseconds for one, so it judges a part of them.
const BESIDE: usize = 400;
const CORES: usize = 2;
/// A measurement shorter than this is repeated.
const LONG_ENOUGH: Duration = Duration::from_millis(300);

/// What has to be reached.
const ALL_OF_THEM: Duration = Duration::from_secs(3);
const TIMES_AS_FAST: f64 = 20.0;

/// A metric's name, as the reference's program has it, and its score of an output.
type Metric = (&'static str, Box<dyn Fn(&Pair) -> f64 + Sync>);

/// An output and its reference.
struct Pair {
    output: String,
    reference: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let pairs = pairs(OUTPUTS);
    let whole = judge_all(&pairs)?;
    println!(
        "{OUTPUTS} outputs of {} characters by BLEU, chrF, ROUGE-L, token F1 and JSON schema on {CORES} cores: {:.2} s, at most {:.0} s",
        median_length(&pairs),
        whole.as_secs_f64(),
        ALL_OF_THEM.as_secs_f64()
    );
    let slowest = beside_the_reference(&pairs[..BESIDE])?;
    if whole > ALL_OF_THEM || slowest < TIMES_AS_FAST {
        return Err("slower than it has to be".into());
    }
    Ok(())
}

/// The time to judge all outputs by everything.
fn judge_all(pairs: &[Pair]) -> Result<Duration, Box<dyn Error>> {
    let metrics = [bleu(), chrf(), rouge("ROUGE-L", Kind::L)?, token_f1_metric()];
    let schema = schema()?;
    let case = Row::default();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for part in pairs.chunks(pairs.len().div_ceil(CORES)) {
            let (metrics, schema, case) = (&metrics, &schema, &case);
            scope.spawn(move || part.iter().for_each(|pair| judge(pair, metrics, schema, case)));
        }
    });
    Ok(begun.elapsed())
}

fn judge(pair: &Pair, metrics: &[Metric], schema: &Scorers, case: &Row) {
    for (_, score) in metrics {
        black_box(score(pair));
    }
    black_box(schema.score(&Subject::new(&pair.output, case)));
}

/// Prints a line for each metric, and says by how much the slowest of them is faster.
fn beside_the_reference(pairs: &[Pair]) -> Result<f64, Box<dyn Error>> {
    let metrics =
        [bleu(), chrf(), ter(), rouge("ROUGE-1", Kind::N(1))?, rouge("ROUGE-L", Kind::L)?];
    let reference = reference(pairs)?;
    println!("\n{:<10} {:>12} {:>12} {:>8}", "", "ours", "reference", "times");
    let mut slowest = f64::INFINITY;
    for (name, score) in metrics {
        let (ours, sum) = timed(pairs, &score);
        let theirs = &reference[name];
        let number = |key: &str| theirs[key].as_f64().ok_or(format!("no {key} of {name}"));
        same_scores(name, sum, number("sum")?)?;
        let theirs = number("seconds")? / pairs.len() as f64;
        println!(
            "{name:<10} {:>9.1} µs {:>9.1} µs {:>8.0}",
            ours * 1e6,
            theirs * 1e6,
            theirs / ours
        );
        slowest = slowest.min(theirs / ours);
    }
    println!("on one core, for one output; at least {TIMES_AS_FAST} times");
    Ok(slowest)
}

/// Seconds for one output, and the sum of all scores.
fn timed(pairs: &[Pair], score: &dyn Fn(&Pair) -> f64) -> (f64, f64) {
    let mut rounds = 0;
    let begun = Instant::now();
    loop {
        let sum: f64 = pairs.iter().map(score).sum();
        rounds += 1;
        if begun.elapsed() > LONG_ENOUGH {
            let each = begun.elapsed().as_secs_f64() / (rounds * pairs.len()) as f64;
            return (each, sum);
        }
    }
}

fn same_scores(name: &str, ours: f64, theirs: f64) -> Result<(), String> {
    if (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0) {
        return Ok(());
    }
    Err(format!("{name}: our scores sum up to {ours}, the reference's to {theirs}"))
}

/// What the reference needed for the same pairs, and the sum of its scores, by metric.
fn reference(pairs: &[Pair]) -> Result<Value, Box<dyn Error>> {
    let python = std::env::var_os("ASSAY_REFERENCE_PYTHON")
        .ok_or("ASSAY_REFERENCE_PYTHON is not set: start this with `cargo xtask bench score`")?;
    let texts = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("score-bench.json");
    let list: Vec<Value> = pairs.iter().map(|pair| json!([pair.output, pair.reference])).collect();
    std::fs::write(&texts, Value::from(list).to_string())?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/reference.py");
    let ended = Command::new(python).arg(program).arg(texts).output()?;
    if !ended.status.success() {
        return Err(String::from_utf8_lossy(&ended.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&ended.stdout)?)
}

fn bleu() -> Metric {
    corpus_metric("BLEU", Bleu::of_sentences())
}

fn chrf() -> Metric {
    corpus_metric("chrF", Chrf::default())
}

fn ter() -> Metric {
    corpus_metric("TER", Ter::default())
}

fn corpus_metric<M: CorpusMetric + Sync + 'static>(name: &'static str, metric: M) -> Metric {
    let score = move |pair: &Pair| metric.sentence_score(&pair.output, &[&pair.reference]);
    (name, Box::new(move |pair| score(pair).unwrap_or(f64::NAN)))
}

fn rouge(name: &'static str, kind: Kind) -> Result<Metric, Box<dyn Error>> {
    let scorer = Scorer::new(kind, Words::Ascii { stems: false })?;
    let score = move |pair: &Pair| scorer.score(&pair.output, &[&pair.reference]);
    Ok((name, Box::new(move |pair| score(pair).map_or(f64::NAN, |rouge| rouge.f1))))
}

fn token_f1_metric() -> Metric {
    let score = |pair: &Pair| token_f1(&pair.output, &[&pair.reference], Version::V2);
    ("token F1", Box::new(move |pair| score(pair).unwrap_or(f64::NAN)))
}

fn schema() -> Result<Scorers, Box<dyn Error>> {
    let schema = json!({
        "type": "object",
        "required": ["category", "urgent", "answer"],
        "properties": {
            "category": {"enum": ["billing", "bug", "other"]},
            "urgent": {"type": "boolean"},
            "answer": {"type": "string", "minLength": 1},
        },
    });
    let spec = ScorerSpec { value: Some(schema), ..ScorerSpec::new("shape", "json-schema") };
    let (scorers, problems) = Scorers::compile(&[spec], &[]);
    match problems.first() {
        None => Ok(scorers),
        Some(problem) => Err(problem.message.clone().into()),
    }
}

fn median_length(pairs: &[Pair]) -> usize {
    let mut lengths: Vec<usize> = pairs.iter().map(|pair| pair.output.chars().count()).collect();
    lengths.sort_unstable();
    lengths[lengths.len() / 2]
}

/// Words of the answers. The order of a sentence does not matter to any metric, how often words come
/// again does.
const WORDS: &str = "the a of to and in is your our we you it for on with that this was be have \
    refund invoice payment order parcel account password router customer support team address \
    email number warehouse delivery monday friday month morning minute light cable update window \
    please restart check send receive confirm charge ship open close wait contact change \
    twice again already soon later yesterday today tomorrow quickly politely usually 12.50 3 24 \
    Müller café e.g. don't re-send";

/// Outputs of 150 to 450 characters, and references that say the same in somewhat other words.
fn pairs(count: usize) -> Vec<Pair> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut random = Random::new(42);
    let mut pair = || {
        let length = 101 + random.below(301);
        let ours = sentence(&words, length, &mut random);
        let theirs = reworded(&ours, &words, &mut random);
        let category = ["billing", "bug", "other"][random.below(3)];
        let [output, reference] = [ours, theirs].map(|words| {
            json!({"category": category, "urgent": false, "answer": words.join(" ") + "."})
                .to_string()
        });
        Pair { output, reference }
    };
    (0..count).map(|_| pair()).collect()
}

fn sentence<'w>(words: &[&'w str], length: usize, random: &mut Random) -> Vec<&'w str> {
    let mut sentence = Vec::new();
    let mut long = 0;
    while long < length {
        // Two draws, the smaller counts: the words in front come more often, as in any language.
        let word = words[random.below(words.len()).min(random.below(words.len()))];
        long += word.chars().count() + 1;
        sentence.push(word);
    }
    sentence
}

/// Some words others, some left out, and a few moved, which is what TER looks for.
fn reworded<'w>(sentence: &[&'w str], words: &[&'w str], random: &mut Random) -> Vec<&'w str> {
    let mut changed = Vec::new();
    for word in sentence {
        match random.below(10) {
            0 => changed.push(words[random.below(words.len())]),
            1 => {}
            _ => changed.push(word),
        }
    }
    let near = random.below(changed.len().max(1));
    let moved = &mut changed[near..];
    let reach = moved.len().min(12);
    moved[..reach].rotate_left(reach / 3);
    changed
}
