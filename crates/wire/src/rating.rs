//! What people say of outputs, the queues in which they say it, and what it comes to.
//!
//! A rating is about an output: what is said of one cell is said of every cell of the same prompt content, case and
//! output. The queues show outputs without the names of variants and models; a cell's number is all that stands for
//! them.

use serde::{Deserialize, Serialize};

use crate::ScoreView;

/// The name under which people's passes stand among the scores of a run.
pub const PEOPLE: &str = "people";

/// Something that can be said of one output.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// Whether it is good enough.
    Pass(bool),
    /// From 1 to 5, the best.
    Grade(u8),
    /// In words.
    Comment(String),
}

impl Rating {
    /// Its kind.
    pub fn kind(&self) -> RatingKind {
        match self {
            Rating::Pass(_) => RatingKind::Pass,
            Rating::Grade(_) => RatingKind::Grade,
            Rating::Comment(_) => RatingKind::Comment,
        }
    }
}

/// The kind of a [`Rating`]; a rater has one of each kind for an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RatingKind {
    /// Pass or fail.
    Pass,
    /// 1 to 5.
    Grade,
    /// Words.
    Comment,
}

/// Rates the output of a cell, in place of what this rater said of that kind before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRating {
    /// The run.
    pub run: String,
    /// The cell, which must have an output.
    pub cell: u32,
    /// What is said.
    pub rating: Rating,
}

/// Takes back what this rater said of a cell's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearRating {
    /// The run.
    pub run: String,
    /// The cell.
    pub cell: u32,
    /// What of it.
    pub kind: RatingKind,
}

/// A rating was set or cleared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    /// What this rater said of that kind before: setting it again takes the change back.
    pub before: Option<Rating>,
    /// Every cell of the run that holds this output, with what is said of it now.
    pub cells: Vec<CellRatings>,
}

/// Asks what is said of a run's cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRatings {
    /// The run.
    pub run: String,
    /// First ordinal.
    pub from: u32,
    /// One past the last ordinal.
    pub to: u32,
}

/// What is said of a run's cells; those of which nothing is said are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingPage {
    /// The run.
    pub run: String,
    /// In the order of the cells.
    pub cells: Vec<CellRatings>,
}

/// What is said of one cell's output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellRatings {
    /// The cell.
    pub cell: u32,
    /// By rater, the present one first.
    pub raters: Vec<RaterSaid>,
}

impl CellRatings {
    /// What the present rater says of it.
    pub fn own(&self) -> Option<&RaterSaid> {
        self.raters.iter().find(|said| said.own)
    }

    /// What people say of it, as a score named [`PEOPLE`]: the share of raters who passed it. It passes when most
    /// of them did; where they are split it is not judged. None unless somebody passed or failed it.
    pub fn score(&self) -> Option<ScoreView> {
        let (passed, judged) = self.passes();
        let split = 2 * passed == judged;
        (judged > 0).then(|| ScoreView {
            scorer: PEOPLE.to_owned(),
            value: Some(f64::from(passed) / f64::from(judged)),
            pass: (!split).then_some(2 * passed > judged),
            reason: self.reason(),
            signature: String::new(),
        })
    }

    /// Who said what, in words.
    fn reason(&self) -> String {
        let word = |said: &RaterSaid| match said.pass {
            Some(true) => Some(format!("{} passed it", said.rater)),
            Some(false) => Some(format!("{} failed it", said.rater)),
            None => None,
        };
        self.counted().filter_map(word).collect::<Vec<_>>().join(", ")
    }

    /// The raters who count: all but strangers.
    pub fn counted(&self) -> impl Iterator<Item = &RaterSaid> {
        self.raters.iter().filter(|said| !said.stranger)
    }

    /// How many raters passed it, of how many who said pass or fail.
    pub fn passes(&self) -> (u32, u32) {
        let said: Vec<bool> = self.counted().filter_map(|said| said.pass).collect();
        (said.iter().filter(|pass| **pass).count() as u32, said.len() as u32)
    }
}

/// What one rater says of one output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaterSaid {
    /// Their name.
    pub rater: String,
    /// Whether it is the present rater, and was said on this machine or signed with a key of this machine.
    pub own: bool,
    /// Whether it was signed by a key that is nobody's in `.assay/allowed_signers`: it is shown, and counted nowhere.
    #[serde(default)]
    pub stranger: bool,
    /// Whether it is good enough.
    pub pass: Option<bool>,
    /// From 1 to 5.
    pub grade: Option<u8>,
    /// In words.
    pub comment: Option<String>,
}

impl RaterSaid {
    /// Whether it says how good the output is; a comment alone does not.
    pub fn is_review(&self) -> bool {
        self.pass.is_some() || self.grade.is_some()
    }

    /// What is said of one kind.
    pub fn of(&self, kind: RatingKind) -> Option<Rating> {
        match kind {
            RatingKind::Pass => self.pass.map(Rating::Pass),
            RatingKind::Grade => self.grade.map(Rating::Grade),
            RatingKind::Comment => self.comment.clone().map(Rating::Comment),
        }
    }
}

/// Where to go in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seek {
    /// The first one that is open: where the rater left.
    Open,
    /// The next open one after this place, from the beginning again where there is none.
    After(u32),
    /// This place, rated or not; past the end the first one that is open.
    At(u32),
}

/// Asks for an output to rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextOutput {
    /// The run.
    pub run: String,
    /// Which one.
    pub seek: Seek,
}

/// A place in the queue of outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputTurn {
    /// Different outputs in the queue.
    pub total: u32,
    /// Those the present rater has passed, failed or graded.
    pub rated: u32,
    /// The output; none when none is open.
    pub output: Option<BlindOutput>,
}

/// An output without the names of what gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlindOutput {
    /// Its place in the queue.
    pub place: u32,
    /// A cell that holds it; named when it is rated, never shown.
    pub cell: u32,
    /// What it answers.
    pub asked: BlindCase,
    /// The whole output.
    pub output: String,
    /// What the present rater says of it.
    pub said: RaterSaid,
}

/// The case that blind outputs answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlindCase {
    /// The prompt's name.
    pub prompt: String,
    /// The case's id.
    pub case: String,
    /// The inputs by name, as text.
    pub inputs: Vec<(String, String)>,
    /// What the case expects, as text.
    pub expected: Option<String>,
}

/// Asks for two outputs to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextPair {
    /// The run.
    pub run: String,
    /// Which ones.
    pub seek: Seek,
}

/// A place in the queue of pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairTurn {
    /// Different pairs in the queue.
    pub total: u32,
    /// Those the present rater has chosen from.
    pub rated: u32,
    /// The pair; none when none is open.
    pub pair: Option<BlindPair>,
}

/// Two outputs for the same case, on sides that say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlindPair {
    /// Its place in the queue.
    pub place: u32,
    /// What both answer.
    pub asked: BlindCase,
    /// A cell that holds the left output.
    pub left_cell: u32,
    /// The left output.
    pub left: String,
    /// A cell that holds the right output.
    pub right_cell: u32,
    /// The right output.
    pub right: String,
    /// What the present rater has chosen.
    pub said: Option<Side>,
}

/// Which of two outputs is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The left one.
    Left,
    /// The right one.
    Right,
    /// Neither is better.
    Neither,
}

/// Says which of two outputs is better, in place of what this rater said of the pair before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferOutput {
    /// The run.
    pub run: String,
    /// The cell on the left.
    pub left: u32,
    /// The cell on the right, of the same case.
    pub right: u32,
    /// The choice; none takes it back.
    pub side: Option<Side>,
}

/// Asks what the ratings of a run come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummarizeRatings {
    /// The run.
    pub run: String,
}

/// What the ratings of a run come to. All shares are from 0 to 1, all intervals of 95 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RatingSummary {
    /// The run.
    pub run: String,
    /// Different outputs of the run.
    pub outputs: u32,
    /// Those of which somebody said how good they are.
    pub rated: u32,
    /// One entry per column of the run, in that order.
    pub columns: Vec<PeopleColumn>,
    /// Who said how much, the most first.
    pub raters: Vec<RaterCount>,
    /// Whether those who said pass or fail of the same outputs agree; none unless two did.
    pub pass_agreement: Option<AgreementView>,
    /// Whether those who graded the same outputs agree; none unless two did.
    pub grade_agreement: Option<AgreementView>,
    /// Who was preferred, one entry per column with a comparison, the strongest first.
    pub preference: Vec<PreferenceView>,
    /// Choices between two outputs of different columns.
    pub comparisons: u32,
    /// What was signed and could not be understood, and files of ratings that are not read.
    pub refused: Vec<String>,
}

/// What people say of one column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PeopleColumn {
    /// The variant.
    pub variant: String,
    /// The model.
    pub model: String,
    /// The share of passes among the cells that somebody passed or failed, an output counting as its share of
    /// passing raters.
    pub passed: Option<ShareView>,
    /// The mean grade, an output counting as the mean of its raters.
    pub grade: Option<ShareView>,
}

/// A mean with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShareView {
    /// The mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Cells in it.
    pub n: u32,
}

/// How much one rater said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaterCount {
    /// Their name.
    pub rater: String,
    /// Whether it is the present rater.
    pub own: bool,
    /// Whether nothing of it counts, see [`RaterSaid::stranger`].
    pub stranger: bool,
    /// Outputs passed or failed.
    pub passes: u32,
    /// Outputs graded.
    pub grades: u32,
    /// Outputs commented.
    pub comments: u32,
    /// Pairs chosen from.
    pub preferences: u32,
}

/// Whether raters agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementView {
    /// How many raters.
    pub raters: u32,
    /// Outputs that at least two of them rated.
    pub outputs: u32,
    /// The share of pairs of raters that said the same.
    pub observed: Option<f64>,
    /// Cohen's kappa, of exactly two raters; with quadratic weights for grades.
    pub kappa: Option<f64>,
    /// Krippendorff's alpha, nominal for pass and fail, ordinal for grades.
    pub alpha: Option<f64>,
    /// In words, and why a number is missing.
    pub text: String,
}

/// How a column did in comparisons of two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreferenceView {
    /// The column's place in the run.
    pub column: u32,
    /// The variant.
    pub variant: String,
    /// The model.
    pub model: String,
    /// Comparisons it was in.
    pub comparisons: u32,
    /// Its share of wins, a tie being half.
    pub win_rate: Option<f64>,
    /// Its strength by Bradley and Terry against the first column compared; none where the wins do not connect all.
    pub strength: Option<f64>,
    /// Lower end of the strength's interval; the first column has none.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Asks who rates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRater {}

/// Changes who rates, and whether ratings are shared without being told to. What is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRater {
    /// The name; empty for git's own `user.name` again.
    pub name: Option<String>,
    /// Whether every sync signs the ratings that were not shared yet, and every commit takes the labels along.
    pub share_by_itself: Option<bool>,
}

/// Who rates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaterView {
    /// The name that ratings get.
    pub name: String,
    /// Whether it is git's `user.name`, not one that was set.
    pub from_git: bool,
    /// Names that have rated in this repository on this machine.
    pub known: Vec<String>,
    /// Whether every sync signs the ratings that were not shared yet, and every commit takes the labels along.
    pub share_by_itself: bool,
}

/// Signs what the present rater said and did not share yet, for the next sync to send; labels of judges, which travel as
/// files, are written to theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareRatings {}

/// What was signed and written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedRatings {
    /// Whose ratings were signed.
    pub rater: String,
    /// Ratings that were signed now; what was taken back since the last time is one too.
    pub signed: u32,
    /// The statements that hold them.
    pub statements: Vec<String>,
    /// Ratings that were given here under other names. A key speaks for one person, so these stay here.
    pub others: u32,
    /// The files with labels, one per rater.
    pub files: Vec<SharedFile>,
}

/// One rater's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFile {
    /// Its path in the repository.
    pub path: String,
    /// Whose labels it holds.
    pub rater: String,
    /// Lines that were added.
    pub added: u32,
    /// Lines it has now.
    pub total: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_by(passes: &[bool]) -> CellRatings {
        let raters = passes.iter().zip(["Ada", "Bob", "Cy"]).map(|(pass, rater)| RaterSaid {
            rater: rater.to_owned(),
            pass: Some(*pass),
            ..RaterSaid::default()
        });
        CellRatings { cell: 0, raters: raters.collect() }
    }

    #[test]
    fn most_raters_decide_and_a_split_decides_nothing() {
        assert_eq!(said_by(&[]).score(), None, "nobody is no failure");
        let two_of_three = said_by(&[true, false, true]).score().expect("a score");
        assert_eq!((two_of_three.value, two_of_three.pass), (Some(2.0 / 3.0), Some(true)));
        assert_eq!(two_of_three.reason, "Ada passed it, Bob failed it, Cy passed it");
        assert_eq!(said_by(&[true, false]).score().expect("a score").pass, None);
        assert_eq!(said_by(&[false]).score().expect("a score").pass, Some(false));
    }

    #[test]
    fn a_stranger_is_shown_and_decides_nothing() {
        let mut cell = said_by(&[false, true]);
        cell.raters[0].stranger = true;
        let score = cell.score().expect("a score");
        assert_eq!((score.value, score.reason.as_str()), (Some(1.0), "Bob passed it"));
        cell.raters[1].stranger = true;
        assert_eq!((cell.score(), cell.raters.len()), (None, 2));
    }
}
