//! Whether the intervals and verdicts keep what they promise, by simulation.
//!
//! Nominal 95 % intervals have to cover the truth in 93 to 97 of 100 runs, for 30 to 500 cases,
//! averaged over pass rates from 5 to 95 %, over bounded scores of several shapes, and over error rates of all outputs
//! together; and "Better"
//! has to be said in at most 5 of 100 runs in which nothing changed, over three gates together. Both
//! with one answer to a case and with several, and with cases that share a source.
//!
//! Every answer has a place `u` between 0 and 1, and a shape turns it into a value. Cases of one
//! source, both sides of a case and the answers of one side often share their place. So they are as
//! alike as real ones, and still each value has exactly the mean of its shape.

use std::error::Error;

use assay_score::stats::random::Random;
use assay_score::verdict::{
    Answers, ComparedScorer, Comparison, Kind, Measure, PairedCase, Rules, ScorerVerdict, Word,
    compare,
};

/// Runs for each line of the tables: 95 % of them are known to ±0.7 points.
const RUNS: usize = 4_000;
const COVERAGE: std::ops::RangeInclusive<f64> = 0.93..=0.97;
const FALSE_ALARMS: f64 = 0.05;
/// What is no difference: two points of a share.
const MARGIN: f64 = 0.02;
const CASES: [usize; 5] = [30, 60, 120, 250, 500];

/// How the cases of a run hang together.
#[derive(Clone, Copy)]
struct Design {
    name: &'static str,
    /// Cases that share a source.
    to_a_source: usize,
    /// Answers to a case.
    repeats: usize,
}

const DESIGNS: [Design; 4] = [
    Design { name: "one answer", to_a_source: 1, repeats: 1 },
    Design { name: "three answers", to_a_source: 1, repeats: 3 },
    Design { name: "three cases a source", to_a_source: 3, repeats: 1 },
    Design { name: "both", to_a_source: 3, repeats: 3 },
];

/// From a place between 0 and 1 to a value.
#[derive(Clone, Copy)]
enum Shape {
    /// 1 below the rate, else 0.
    Pass(f64),
    /// `u` to some power: skewed to either side, or even.
    Power(f64),
    /// The same in steps of a quarter, as judges give them.
    Steps(f64),
    /// 1 for some, any score for the others.
    OrPerfect(f64),
}

impl Shape {
    fn of_passes(random: &mut Random) -> Shape {
        Shape::Pass(between(0.05, 0.95, random))
    }

    fn of_scores(random: &mut Random) -> Shape {
        match random.below(3) {
            0 => Shape::Power(between(0.25, 4.0, random)),
            1 => Shape::Steps(between(0.25, 4.0, random)),
            _ => Shape::OrPerfect(between(0.05, 0.95, random)),
        }
    }

    fn value(self, u: f64) -> f64 {
        match self {
            Shape::Pass(rate) => f64::from(u8::from(u < rate)),
            Shape::Power(power) => u.powf(power),
            Shape::Steps(power) => (4.0 * u.powf(power)).round() / 4.0,
            Shape::OrPerfect(share) if u < share => 1.0,
            Shape::OrPerfect(share) => (u - share) / (1.0 - share),
        }
    }

    fn mean(self) -> f64 {
        match self {
            Shape::Pass(rate) => rate,
            Shape::Power(power) => 1.0 / (power + 1.0),
            Shape::Steps(power) => {
                // A step is reached from half a step below it on.
                let reached = |step: f64| 1.0 - ((step - 0.5) / 4.0).powf(1.0 / power);
                [1.0, 2.0, 3.0, 4.0].map(reached).iter().sum::<f64>() / 4.0
            }
            Shape::OrPerfect(share) => share + (1.0 - share) / 2.0,
        }
    }
}

fn between(low: f64, high: f64, random: &mut Random) -> f64 {
    low + (high - low) * random.unit()
}

fn main() -> Result<(), Box<dyn Error>> {
    let intervals = intervals();
    let alarms = false_alarms();
    if intervals && alarms {
        return Ok(());
    }
    Err("an interval or a verdict does not keep what it promises".into())
}

/// Prints how often intervals cover the truth, and says whether all do often enough.
fn intervals() -> bool {
    println!("share of nominal 95 % intervals that cover the truth, {RUNS} runs each\n");
    println!("{:<14}{:<22}{:>6}{:>10}{:>10}", "", "", "cases", "mean", "change");
    let mut all_hold = true;
    for measured in KINDS {
        for design in DESIGNS {
            let lines = in_parallel(CASES.map(|n| move || covered(n, design, measured)));
            for (n, [mean, change]) in CASES.into_iter().zip(lines) {
                let holds = COVERAGE.contains(&mean) && COVERAGE.contains(&change);
                let mark = if holds { "" } else { "  out of 93 to 97 %" };
                let (mean, change) = (100.0 * mean, 100.0 * change);
                let (name, design) = (measured.name, design.name);
                println!("{name:<14}{design:<22}{n:>6}{mean:>9.1}%{change:>9.1}%{mark}");
                all_hold &= holds;
            }
        }
    }
    all_hold
}

/// What is measured of the answers of a run.
#[derive(Clone, Copy)]
struct Measured {
    name: &'static str,
    measure: fn() -> Measure<'static>,
    /// How a shape of it is drawn.
    shape: fn(&mut Random) -> Shape,
}

const KINDS: [Measured; 3] = [
    Measured { name: "pass or fail", measure: || Measure::PassFail, shape: Shape::of_passes },
    Measured { name: "scores", measure: || Measure::Score, shape: Shape::of_scores },
    Measured {
        name: "error rates",
        measure: || Measure::Corpus(&error_rate),
        shape: |random| Shape::Power(between(0.5, 4.0, random)),
    },
];

/// Errors over words.
fn error_rate(sums: &[f64]) -> Option<f64> {
    Some(sums.first()? / sums.get(1)?)
}

/// How often the intervals of the base's mean and of the change cover the truth.
fn covered(n: usize, design: Design, measured: Measured) -> [f64; 2] {
    let mut random = Random::new(n as u64);
    let mut covered = [0_usize; 2];
    for _ in 0..RUNS {
        let (base, head) = ((measured.shape)(&mut random), (measured.shape)(&mut random));
        let measure = (measured.measure)();
        let cases = measured_cases(n, design, [base, head], measure.kind(), &mut random);
        let scorer = ComparedScorer::new("s", measure, cases);
        // The p-value is not looked at.
        let Some(verdict) = verdicts(vec![scorer], 9).pop() else { continue };
        let holds = |low: f64, high: f64, truth: f64| low - 1e-9 <= truth && truth <= high + 1e-9;
        let change = head.mean() - base.mean();
        let of_change = verdict.interval.is_some_and(|i| holds(i.low, i.high, change));
        covered[0] += usize::from(holds(verdict.base.low, verdict.base.high, base.mean()));
        covered[1] += usize::from(of_change);
    }
    covered.map(|covered| covered as f64 / RUNS as f64)
}

/// Cases as a measure of that kind has them.
fn measured_cases(
    n: usize,
    design: Design,
    [base, head]: [Shape; 2],
    kind: Kind,
    random: &mut Random,
) -> Vec<PairedCase> {
    let mut cases = cases(n, design, base, head, random);
    if kind == Kind::Corpus {
        cases.iter_mut().for_each(|case| in_words(case, random));
    }
    cases
}

/// Gives a case a number of words, of which its values are the share of errors.
fn in_words(case: &mut PairedCase, random: &mut Random) {
    let words = (5 + random.below(26)) as f64;
    for side in [&mut case.base, &mut case.head] {
        let values = std::mem::take(&mut side.values).into_iter();
        side.statistics = values.map(|value| vec![(0, value * words), (1, words)]).collect();
    }
}

/// Prints how often three gates say "Better" where nothing changed, and says whether that is rare.
fn false_alarms() -> bool {
    println!("\nshare of runs without any change in which one of three gates says so\n");
    println!("{:<36}{:>6}{:>10}{:>10}", "", "cases", "Better", "Worse");
    let mut all_hold = true;
    for design in DESIGNS {
        let lines = in_parallel(CASES.map(|n| move || alarms(n, design)));
        for (n, [better, worse]) in CASES.into_iter().zip(lines) {
            let holds = better <= FALSE_ALARMS;
            let mark = if holds { "" } else { "  more than 5 %" };
            let (better, worse) = (100.0 * better, 100.0 * worse);
            println!("{:<36}{n:>6}{better:>9.1}%{worse:>9.1}%{mark}", design.name);
            all_hold &= holds;
        }
    }
    all_hold
}

/// How often a gate says "Better", and "Worse".
fn alarms(n: usize, design: Design) -> [f64; 2] {
    let mut random = Random::new(7 + n as u64);
    let mut alarms = [0_usize; 2];
    for _ in 0..RUNS {
        let gates = KINDS.map(|measured| {
            let (shape, measure) = ((measured.shape)(&mut random), (measured.measure)());
            let cases = measured_cases(n, design, [shape; 2], measure.kind(), &mut random);
            // An error rate is no score of 0 to 100, whose usual margin would call everything equivalent.
            ComparedScorer { margin: MARGIN, ..ComparedScorer::new("s", measure, cases) }
        });
        let verdicts = verdicts(gates.into(), 199);
        let said = |word: Word| verdicts.iter().any(|verdict| verdict.word == word);
        alarms[0] += usize::from(said(Word::Better));
        alarms[1] += usize::from(said(Word::Worse));
    }
    alarms.map(|alarms| alarms as f64 / RUNS as f64)
}

fn verdicts(scorers: Vec<ComparedScorer<'_>>, draws: usize) -> Vec<ScorerVerdict> {
    let rules = Rules { draws, ..Rules::default() };
    let comparison = Comparison { rules, ..Comparison::new("p", "base", "head", scorers) };
    compare(&comparison).map_or(Vec::new(), |verdict| verdict.scorers)
}

/// Cases of which both sides share their places, as answers to one question do.
fn cases(
    n: usize,
    design: Design,
    base: Shape,
    head: Shape,
    random: &mut Random,
) -> Vec<PairedCase> {
    let mut of_source = 0.0;
    let mut case = |number: usize| {
        if number.is_multiple_of(design.to_a_source) {
            of_source = random.unit();
        }
        let place = near(of_source, random);
        let mut answers = |shape: Shape| {
            let values: Vec<f64> =
                (0..design.repeats).map(|_| shape.value(near(place, random))).collect();
            Answers::scores(&values)
        };
        let source = number / design.to_a_source;
        PairedCase {
            source: (design.to_a_source > 1).then(|| source.to_string()),
            base: answers(base),
            head: answers(head),
            ..PairedCase::new(number.to_string())
        }
    };
    (0..n).map(&mut case).collect()
}

/// The same place in half of the cases, any other in the rest: always evenly spread.
fn near(place: f64, random: &mut Random) -> f64 {
    if random.below(2) == 0 { place } else { random.unit() }
}

/// The results of independent pieces of work, on all cores.
fn in_parallel<T: Send, const N: usize>(work: [impl FnOnce() -> T + Send; N]) -> Vec<T> {
    std::thread::scope(|scope| {
        let started = work.map(|piece| scope.spawn(piece));
        started.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}
