//! What a comparison is made of.

use serde::{Deserialize, Serialize};

use super::Kind;

/// Two variants, and what each scorer found in their answers to the same cases.
pub struct Comparison<'a> {
    /// What is compared: a prompt's name.
    pub subject: String,
    /// The variant or revision that stands.
    pub base: String,
    /// The one that may replace it.
    pub head: String,
    /// The scorers.
    pub scorers: Vec<ComparedScorer<'a>>,
    /// What is set before looking.
    pub rules: Rules,
}

impl<'a> Comparison<'a> {
    /// A comparison by the usual [`Rules`].
    pub fn new(
        subject: impl Into<String>,
        base: impl Into<String>,
        head: impl Into<String>,
        scorers: Vec<ComparedScorer<'a>>,
    ) -> Comparison<'a> {
        let (subject, base, head) = (subject.into(), base.into(), head.into());
        Comparison { subject, base, head, scorers, rules: Rules::default() }
    }
}

/// What is set before looking.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// The chance of a false "better" or "worse" over all gates together: 0.05.
    pub alpha: f64,
    /// The chance to find a change of the detectable size: 0.8.
    pub power: f64,
    /// The share of answers that may be without a value: 0.02.
    pub most_errors: f64,
    /// How many random flips and samples are drawn where not all are gone through: 9,999.
    pub draws: usize,
    /// The seed of these draws.
    pub seed: u64,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { alpha: 0.05, power: 0.8, most_errors: crate::MOST_UNJUDGED, draws: 9_999, seed: 1 }
    }
}

/// One scorer's values of both variants.
pub struct ComparedScorer<'a> {
    /// The scorer's id.
    pub scorer: String,
    /// How the base's scores were made: metric, settings, version.
    pub base_signature: String,
    /// How the head's scores were made.
    pub head_signature: String,
    /// What kind of values they are, which decides the test.
    pub measure: Measure<'a>,
    /// Whether higher or lower is better.
    pub direction: Direction,
    /// What counts as no difference, in the measure's own unit.
    pub margin: f64,
    /// Whether a release hangs on it.
    pub gate: bool,
    /// The cases.
    pub cases: Vec<PairedCase>,
}

impl<'a> ComparedScorer<'a> {
    /// A gate where higher is better, with the usual margin: 2 points of a share or a score of 0 to
    /// 1, a tenth of a step of a rating, half a point of a corpus score, which is taken for one of 0 to 100.
    pub fn new(
        scorer: impl Into<String>,
        measure: Measure<'a>,
        cases: Vec<PairedCase>,
    ) -> ComparedScorer<'a> {
        let margin = match measure.kind() {
            Kind::PassFail | Kind::Score => 0.02,
            Kind::Rating => 0.1,
            Kind::Corpus => 0.5,
        };
        ComparedScorer {
            scorer: scorer.into(),
            base_signature: String::new(),
            head_signature: String::new(),
            measure,
            direction: Direction::HigherIsBetter,
            margin,
            gate: true,
            cases,
        }
    }
}

/// The corpus score of summed statistics; none where it is undefined. A place that no answer adds to may be missing at
/// the end of the sum.
pub type CorpusScore<'a> = &'a dyn Fn(&[f64]) -> Option<f64>;

/// What one answer adds to the sum of a corpus: places of the sum, each once, and how much is added there. So a label
/// among hundreds of classes is one entry and no long row of zeros.
pub type Statistics = Vec<(usize, f64)>;

/// What kind of values a scorer gives.
#[derive(Clone, Copy)]
pub enum Measure<'a> {
    /// 1 for a pass, 0 for a failure.
    PassFail,
    /// Any scale on which distances mean something.
    Score,
    /// A few steps in an order, such as 1 to 5.
    Rating,
    /// One score of all outputs together, from the sums of [`Answers::statistics`].
    Corpus(CorpusScore<'a>),
}

impl Measure<'_> {
    /// The kind without the function.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Measure::PassFail => Kind::PassFail,
            Measure::Score => Kind::Score,
            Measure::Rating => Kind::Rating,
            Measure::Corpus(_) => Kind::Corpus,
        }
    }
}

/// Whether higher or lower values are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// As for accuracy.
    HigherIsBetter,
    /// As for an error rate.
    LowerIsBetter,
}

impl Direction {
    /// The sign that turns a change into a gain.
    pub(super) fn sign(self) -> f64 {
        match self {
            Direction::HigherIsBetter => 1.0,
            Direction::LowerIsBetter => -1.0,
        }
    }
}

/// One case under both variants.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairedCase {
    /// The case's id.
    pub id: String,
    /// What it shares with other cases: a document, a conversation, an author.
    pub source: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The base's answers.
    pub base: Answers,
    /// The head's answers.
    pub head: Answers,
}

impl PairedCase {
    /// A case without answers.
    pub fn new(id: impl Into<String>) -> PairedCase {
        PairedCase { id: id.into(), ..PairedCase::default() }
    }
}

/// What one variant's answers to one case were worth.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answers {
    /// A value for each answer that was judged.
    pub values: Vec<f64>,
    /// Whether each of them passed, where the scorer says so. Not needed for [`Measure::PassFail`].
    pub passed: Vec<bool>,
    /// What a corpus score sums up, for each answer; for [`Measure::Corpus`] only.
    pub statistics: Vec<Statistics>,
    /// How many answers failed or were not judged.
    pub errors: usize,
}

impl Answers {
    /// Answers that passed or failed.
    #[must_use]
    pub fn passes(passed: &[bool]) -> Answers {
        let values = passed.iter().map(|passed| f64::from(u8::from(*passed))).collect();
        Answers { values, passed: passed.to_vec(), ..Answers::default() }
    }

    /// Answers with scores or ratings.
    #[must_use]
    pub fn scores(values: &[f64]) -> Answers {
        Answers { values: values.to_vec(), ..Answers::default() }
    }

    /// One answer of a corpus, by its statistics from the first place on.
    #[must_use]
    pub fn statistics(statistics: Vec<f64>) -> Answers {
        let statistics = statistics.into_iter().enumerate().collect();
        Answers { statistics: vec![statistics], ..Answers::default() }
    }
}
