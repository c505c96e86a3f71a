//! Comparisons: two runs, two columns of one, or two revisions, on the same cases.
//!
//! A side is a run, or a part of one. Revisions become runs first ([`StartRevision`]): each is asked the cases and judged
//! by the scorers of the head. [`ReadComparison`] then says everything in one object, which the terminal, the window and
//! commits show alike; the cases come by the page ([`ReadComparedCases`]), and their outputs from the cells.

use serde::{Deserialize, Serialize};

use crate::run::{ColumnView, MeanView, PlanView, RunRequest};

/// One side of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SideRef {
    /// The run.
    pub run: String,
    /// What it is called, such as a revision; the run's id when `None`.
    #[serde(default)]
    pub label: Option<String>,
    /// Only this variant.
    #[serde(default)]
    pub variant: Option<String>,
    /// Only this model.
    #[serde(default)]
    pub model: Option<String>,
}

impl SideRef {
    /// A whole run.
    pub fn run(run: impl Into<String>) -> Self {
        Self { run: run.into(), ..Self::default() }
    }
}

/// Asks what a side is that a person named: `RUN`, `RUN/VARIANT`, `RUN/VARIANT@MODEL`, or a git revision; `A...B` is the
/// last commit that both have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResolveSide {
    /// As it was typed; `last` is the newest run.
    pub name: String,
}

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SideFound {
    /// A run, or a part of one.
    Run(SideRef),
    /// A commit of the open repository.
    Revision {
        /// As it was typed.
        name: String,
        /// The commit's whole id.
        commit: String,
    },
}

/// Runs the prompts as they were at a revision, with the cases, scorers and models of another. A run that has answered
/// exactly this before is given instead of a new one; what the cache knows is free.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartRevision {
    /// A commit's id or a name of one, or `A...B` for where both parted; the files on disk when `None`.
    pub revision: Option<String>,
    /// The revision whose cases, scorers and models are taken; the files on disk when `None`.
    pub judged_by: Option<String>,
    /// Which prompts, variants and cases; prompts that are the same at both revisions are left out when none is named.
    pub request: RunRequest,
    /// See [`crate::StartRun::consent`].
    pub consent: bool,
}

/// Asks what running what is missing of two revisions would do: the base and the head, both asked the head's cases and
/// judged by its scorers. Sends nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRevisions {
    /// The revision that stands.
    pub base: String,
    /// The revision that may replace it; the files on disk when `None`.
    pub head: Option<String>,
    /// Which prompts, variants and cases; prompts that are the same at both revisions are left out when none is named.
    pub request: RunRequest,
}

/// What it would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RevisionsPlan {
    /// Both runs together; `None` when nothing differs, or all of it was answered before.
    pub plan: Option<PlanView>,
    /// Whether the revisions differ in anything that can be asked.
    pub differ: bool,
    /// Prompts and variants that are there at one revision only, and prompts that are the same at both, in words.
    pub left_out: Vec<String>,
    /// What else is to be known: whose cases and scorers count where both have others, and what was renamed.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What became of a revision's run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRun {
    /// The run; `None` when there is nothing to run, because nothing differs.
    pub run: Option<String>,
    /// Whether it has begun now. One that had answered all of it before is not run again.
    pub started: bool,
    /// The keys of the prompts that are run, for the request of the other side.
    pub prompts: Vec<String>,
    /// The variants that are run, for the request of the other side.
    pub variants: Vec<String>,
    /// Prompts and variants that are there at one revision only, and prompts that are the same at both, in words.
    pub left_out: Vec<String>,
    /// What else is to be known: whose cases and scorers count where both have others, and what was renamed.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Asks for a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadComparison {
    /// The side that stands.
    pub base: SideRef,
    /// The side that may replace it.
    pub head: SideRef,
    /// Names or keys of prompts; all when empty.
    #[serde(default)]
    pub prompts: Vec<String>,
}

/// Everything that can be said of two sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonView {
    /// The side that stands.
    pub base: SideRef,
    /// The side that may replace it.
    pub head: SideRef,
    /// Whether a side is still being answered; the verdict is then about what is there.
    pub going: bool,
    /// What met, in the order of the head's columns.
    pub pairs: Vec<PairView>,
    /// What met nothing, in words.
    pub left_out: Vec<String>,
    /// Whether every gate that asks for a comparison holds.
    pub ok: bool,
    /// Whether a gate does not hold, by what is known.
    pub broken: bool,
    /// Whether too much is missing for a verdict.
    pub incomplete: bool,
}

impl ComparisonView {
    /// Whether there is something that both sides were asked, or a gate that waits for it. Where there is not, nothing
    /// was compared, and that no gate is broken says nothing.
    pub fn meets(&self) -> bool {
        self.pairs.iter().any(|pair| pair.cases > 0 || !pair.gates.is_empty())
    }
}

/// Two columns of one prompt, held against each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairView {
    /// The prompt's key.
    pub prompt: String,
    /// What is compared, in words.
    pub subject: String,
    /// What the base is called.
    pub base_name: String,
    /// What the head is called.
    pub head_name: String,
    /// The base's column.
    pub base: ColumnView,
    /// The head's.
    pub head: ColumnView,
    /// Cases that both sides were asked.
    pub cases: u32,
    /// What each scorer says.
    pub verdicts: Vec<VerdictView>,
    /// Scorers that could not be compared.
    pub refused: Vec<RefusedView>,
    /// The gates that ask for a comparison.
    pub gates: Vec<ComparedGateView>,
    /// Money, time and tokens.
    pub spent: Vec<SpentView>,
    /// What a provider's prompt cache can keep on both sides; none where nothing of the requests changed, or too few cases
    /// tell.
    #[serde(default)]
    pub prefix: Option<PrefixView>,
    /// Cases of the same id that are not the same on both sides, and so stand in no number.
    pub differing: Vec<String>,
    /// Cases that one side only was asked.
    pub unpaired: Vec<String>,
}

/// The verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerdictWord {
    /// Better.
    Better,
    /// Worse.
    Worse,
    /// The change is too small to matter.
    Equivalent,
    /// More cases are needed.
    Inconclusive,
    /// Too many answers failed or were not judged.
    Incomplete,
}

impl VerdictWord {
    /// As a person reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Better => "Better",
            Self::Worse => "Worse",
            Self::Equivalent => "Equivalent",
            Self::Inconclusive => "Inconclusive",
            Self::Incomplete => "Incomplete",
        }
    }
}

/// An interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct IntervalView {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What one scorer says of two columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerdictView {
    /// Scorer id.
    pub scorer: String,
    /// How its scores were made.
    pub signature: String,
    /// Whether its values are passes and failures, so that 0.117 is 11.7 points.
    pub is_rate: bool,
    /// Whether lower values are better.
    pub lower_is_better: bool,
    /// Whether a release hangs on it.
    pub gate: bool,
    /// The verdict.
    pub word: VerdictWord,
    /// Which way an inconclusive change points.
    pub leaning: Option<VerdictWord>,
    /// Cases that were judged on both sides.
    pub cases: u32,
    /// Sources they come from, where several share one.
    pub sources: Option<u32>,
    /// The base's mean.
    pub base: MeanView,
    /// The head's.
    pub head: MeanView,
    /// Head less base.
    pub change: f64,
    /// Its 95 % interval.
    pub interval: Option<IntervalView>,
    /// The test's name.
    pub test: String,
    /// Its p-value.
    pub p: Option<f64>,
    /// After Holm's adjustment over the gates.
    pub p_adjusted: Option<f64>,
    /// What counts as no difference.
    pub margin: f64,
    /// The smallest change that so many cases find in 80 of 100 runs.
    pub detectable: Option<f64>,
    /// About how many more cases would settle it.
    pub rows_needed: Option<u32>,
    /// Cases that pass now and did not, or got better.
    pub fixed: u32,
    /// Cases that passed and do not any more, or got worse.
    pub broken: u32,
    /// All others.
    pub unchanged: u32,
    /// The fixed cases, those that gained most first; at most [`MOST_NAMED`].
    pub fixed_cases: Vec<String>,
    /// The broken cases, those that lost most first; at most [`MOST_NAMED`].
    pub broken_cases: Vec<String>,
    /// Answers of base and head that failed or were not judged.
    pub errors: (u32, u32),
    /// The same for the cases of each tag.
    pub slices: Vec<SliceView>,
    /// The verdict in words, three lines, in Markdown.
    pub text: String,
    /// The verdict on one line, without Markdown.
    pub line: String,
}

/// Cases that a verdict names at most on each of its lists; all of them come by the page.
pub const MOST_NAMED: usize = 100;

/// The cases with one tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceView {
    /// The tag.
    pub tag: String,
    /// Cases that have it.
    pub cases: u32,
    /// The base's mean.
    pub base: MeanView,
    /// The head's.
    pub head: MeanView,
    /// Head less base.
    pub change: f64,
    /// Its 95 % interval.
    pub interval: Option<IntervalView>,
    /// The p-value, adjusted for the number of tags.
    pub p_adjusted: Option<f64>,
    /// Cases fixed.
    pub fixed: u32,
    /// Cases broken.
    pub broken: u32,
}

/// A scorer that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedView {
    /// Scorer id.
    pub scorer: String,
    /// Whether a release hangs on it.
    pub gate: bool,
    /// Why, in words.
    pub reason: String,
}

/// What became of a gate that asks for a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ComparedGateWord {
    /// Not worse than it allows.
    Holds,
    /// Worse.
    Broken,
    /// Too few cases show that it is not.
    NotShown,
    /// Too much is missing.
    Incomplete,
}

/// A gate that asks for a comparison, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedGateView {
    /// Scorer id or metric.
    pub subject: String,
    /// It is about cases with one of these tags; about all when empty.
    pub tags: Vec<String>,
    /// How much worse the head may be.
    pub margin: f64,
    /// What became of it.
    pub word: ComparedGateWord,
    /// In words.
    pub reason: String,
}

/// What both sides spend on an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpentView {
    /// `cost` in US dollars, `latencyMs`, `inputTokens` or `outputTokens`.
    pub what: String,
    /// The base's mean over cases.
    pub base: f64,
    /// The head's.
    pub head: f64,
    /// Head less base with its 95 % interval.
    pub change: MeanView,
}

/// What a provider's prompt cache can keep: the beginning that the requests of all cases share, in tokens, estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixView {
    /// The base's.
    pub base: u32,
    /// The head's.
    pub head: u32,
    /// How much of the base's the head's begins with: what is in a cache now and stays of use.
    pub kept: u32,
}

impl PrefixView {
    /// Tokens of the base's that no cache has any more after the change.
    pub fn lost(&self) -> u32 {
        self.base.saturating_sub(self.kept)
    }

    /// In words.
    pub fn words(&self) -> String {
        let Self { base, head, kept } = self;
        let lost = match self.lost() {
            0 => "nothing cached is lost".to_owned(),
            lost => format!("the first {kept} stay, {lost} cached are lost"),
        };
        format!("about {base} → {head} tokens; {lost}")
    }
}

/// Asks for a page of the cases of one pair: broken first, then fixed, then the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadComparedCases {
    /// The comparison.
    pub of: ReadComparison,
    /// Place among [`ComparisonView::pairs`].
    pub pair: u32,
    /// Place among [`PairView::verdicts`] of the scorer that says what is broken and fixed.
    pub verdict: u32,
    /// First case.
    pub from: u32,
    /// One past the last.
    pub to: u32,
}

/// A page of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedCasePage {
    /// All cases of the pair.
    pub total: u32,
    /// Place of the first one here.
    pub from: u32,
    /// The cases.
    pub cases: Vec<ComparedCaseLine>,
}

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseTurn {
    /// It passed and does not any more, or got worse.
    Broken,
    /// It passes now, or got better.
    Fixed,
    /// Neither.
    Unchanged,
    /// Not judged on both sides.
    Unjudged,
}

/// A case of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedCaseLine {
    /// Case id.
    pub case: String,
    /// Start of its longest text input, on one line.
    pub preview: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// What became of it.
    pub turn: CaseTurn,
    /// The base's mean value.
    pub base: Option<f64>,
    /// The head's.
    pub head: Option<f64>,
    /// The base's cells in its run, one for each sample.
    pub base_cells: Vec<u32>,
    /// The head's.
    pub head_cells: Vec<u32>,
}

/// Asks how the columns of a prompt did in the latest runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadTrend {
    /// The prompt's key.
    pub prompt: String,
    /// Runs at most.
    pub limit: u32,
}

/// The mean of one scorer in one column of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// The run.
    pub run: String,
    /// When it was started, in milliseconds since 1970.
    pub created_ms: i64,
    /// The column.
    pub column: ColumnView,
    /// Scorer id.
    pub scorer: String,
    /// Its mean.
    pub mean: MeanView,
}

/// What the cases of a plan can show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PowerView {
    /// The prompt's key.
    pub prompt: String,
    /// Cases.
    pub cases: u32,
    /// Sources they come from, where several share one.
    pub sources: Option<u32>,
    /// The smallest change of a pass rate found in 80 of 100 runs, from 0 to 1.
    pub detectable: f64,
    /// The run that told how much answers differ; none where that is assumed.
    pub told_by: Option<String>,
    /// In words: `60 cases can detect ±16.7 points`.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cache_loses_is_told_in_tokens() {
        let prefix = PrefixView { base: 800, head: 640, kept: 120 };
        assert_eq!(
            prefix.words(),
            "about 800 → 640 tokens; the first 120 stay, 680 cached are lost"
        );
        let longer = PrefixView { base: 120, head: 640, kept: 120 };
        assert_eq!(longer.words(), "about 120 → 640 tokens; nothing cached is lost");
    }
}
