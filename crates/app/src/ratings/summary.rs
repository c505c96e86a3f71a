//! What the ratings of a run come to: passes and grades by column, whether people agree, who is preferred.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use assay_score::mean_score;
use assay_score::stats::agreement::{
    Level, Weights, cohens_kappa, cross_table, krippendorff_alpha,
};
use assay_score::stats::preference::{BradleyTerry, win_rates};
use assay_store::{Choice, NewColumn, Said};
use assay_wire::*;

use super::RatedRun;
use super::voices::Voice;
use crate::app::App;
use crate::router::Answer;

/// Standard errors on each side of a strength, for 95 %.
const CRITICAL: f64 = 1.959_963_984_540_054;

impl Answer<SummarizeRatings> for App {
    fn answer(&self, command: SummarizeRatings) -> Result<RatingSummary, ApiError> {
        Ok(self.rated_run(&command.run)?.summary())
    }
}

impl RatedRun {
    fn summary(&self) -> RatingSummary {
        let different: Vec<CellRatings> = self
            .outputs
            .different(&self.planned)
            .map(|(output, subject)| self.voices.cell(output.cell, &subject))
            .collect();
        let rated = different.iter().filter(|said| said.counted().any(RaterSaid::is_review));
        let games = self.games();
        let pass = |said: &RaterSaid| said.pass.map(usize::from);
        let grade = |said: &RaterSaid| said.grade.map(|grade| usize::from(grade.clamp(1, 5)) - 1);
        RatingSummary {
            run: self.run.clone(),
            outputs: different.len() as u32,
            rated: rated.count() as u32,
            columns: self.people_columns(),
            raters: self.rater_counts(&different),
            pass_agreement: agreement(&different, pass, &PASS),
            grade_agreement: agreement(&different, grade, &GRADE),
            preference: self.preference_views(&games),
            comparisons: games.len() as u32,
            refused: self.voices.refused().to_vec(),
        }
    }

    fn people_columns(&self) -> Vec<PeopleColumn> {
        let columns = &self.planned.detail().columns;
        let mut passes = vec![Vec::new(); columns.len()];
        let mut grades = vec![Vec::new(); columns.len()];
        for output in self.outputs.all() {
            let (Some(said), place) = (self.said_of(output), output.column as usize) else {
                continue;
            };
            let (passed, judged) = said.passes();
            if judged > 0 && place < columns.len() {
                passes[place].push(f64::from(passed) / f64::from(judged));
            }
            let given: Vec<f64> = said.counted().filter_map(|s| s.grade.map(f64::from)).collect();
            if !given.is_empty() && place < columns.len() {
                grades[place].push(given.iter().sum::<f64>() / given.len() as f64);
            }
        }
        let column =
            |((column, passes), grades): ((&NewColumn, &Vec<f64>), &Vec<f64>)| PeopleColumn {
                variant: column.variant.clone(),
                model: column.model.clone(),
                passed: share(passes),
                grade: grade_mean(grades),
            };
        columns.iter().zip(&passes).zip(&grades).map(column).collect()
    }

    fn rater_counts(&self, different: &[CellRatings]) -> Vec<RaterCount> {
        let mut counts: BTreeMap<(String, bool), RaterCount> = BTreeMap::new();
        let mut of = |rater: &str, stranger: bool, count: &dyn Fn(&mut RaterCount)| {
            let entry = counts.entry((rater.to_owned(), stranger)).or_insert_with(|| RaterCount {
                rater: rater.to_owned(),
                own: rater == self.voices.rater() && !stranger,
                stranger,
                ..RaterCount::default()
            });
            count(entry);
        };
        for said in different.iter().flat_map(|cell| &cell.raters) {
            of(&said.rater, said.stranger, &|count: &mut RaterCount| {
                count.passes += u32::from(said.pass.is_some());
                count.grades += u32::from(said.grade.is_some());
                count.comments += u32::from(said.comment.is_some());
            });
        }
        for voice in self.run_pairs() {
            of(&voice.rating.rater, false, &|count: &mut RaterCount| count.preferences += 1);
        }
        let mut counts: Vec<RaterCount> = counts.into_values().collect();
        counts.sort_by_key(|count| {
            (count.stranger, std::cmp::Reverse(count.passes + count.grades + count.preferences))
        });
        counts
    }

    /// The choices between two outputs that this run has.
    fn run_pairs(&self) -> impl Iterator<Item = &Voice> {
        let holders = self.holders();
        self.voices.pairs().iter().filter(move |voice| !holders.games_of(voice).is_empty())
    }

    /// Each choice as a game of two columns.
    fn games(&self) -> Vec<Vec<ColumnGame>> {
        let holders = self.holders();
        let games = self.voices.pairs().iter().map(|voice| holders.games_of(voice));
        games.filter(|games| !games.is_empty()).collect()
    }

    fn holders(&self) -> Holders {
        let mut columns: HashMap<(String, String, String), BTreeSet<usize>> = HashMap::new();
        if !self.voices.pairs().is_empty() {
            for output in self.outputs.all() {
                let subject = self.outputs.subject(&self.planned, output);
                let holder = (subject.case, subject.content_id, subject.output);
                columns.entry(holder).or_default().insert(output.column as usize);
            }
        }
        Holders { columns }
    }

    fn preference_views(&self, games: &[Vec<ColumnGame>]) -> Vec<PreferenceView> {
        let all = games.iter().flatten();
        let compared: BTreeSet<usize> = all.flat_map(|game| [game.first, game.second]).collect();
        let compared: Vec<usize> = compared.into_iter().collect();
        let place = |column: usize| compared.binary_search(&column).unwrap_or_default();
        let mut wins = vec![vec![0.0; compared.len()]; compared.len()];
        let mut counts = vec![0; compared.len()];
        for choice in games {
            // An output that several columns hold stands for all of them, and is one choice all the same.
            let weight = 1.0 / choice.len() as f64;
            for game in choice {
                let (first, second) = (place(game.first), place(game.second));
                wins[first][second] += weight * game.score;
                wins[second][first] += weight * (1.0 - game.score);
            }
            let columns: BTreeSet<usize> =
                choice.iter().flat_map(|g| [g.first, g.second]).collect();
            columns.into_iter().for_each(|column| counts[place(column)] += 1);
        }
        let (fit, rates) = (BradleyTerry::fit(&wins), win_rates(&wins));
        let columns = &self.planned.detail().columns;
        let view = |(place, column): (usize, &usize)| {
            let named = columns.get(*column);
            let strength = fit.as_ref().and_then(|fit| against_first(fit, place));
            PreferenceView {
                column: *column as u32,
                variant: named.map_or_else(String::new, |c| c.variant.clone()),
                model: named.map_or_else(String::new, |c| c.model.clone()),
                comparisons: counts[place],
                win_rate: rates.get(place).copied().flatten(),
                strength: strength.map(|(strength, _)| strength),
                low: strength
                    .and_then(|(strength, se)| (place > 0).then_some(strength - CRITICAL * se)),
                high: strength
                    .and_then(|(strength, se)| (place > 0).then_some(strength + CRITICAL * se)),
            }
        };
        let mut views: Vec<PreferenceView> = compared.iter().enumerate().map(view).collect();
        let rank = |view: &PreferenceView| view.strength.or(view.win_rate).unwrap_or(f64::MIN);
        views.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        views
    }
}

/// A strength against the first item's, with its standard error.
fn against_first(fit: &BradleyTerry, place: usize) -> Option<(f64, f64)> {
    let strength = fit.strengths.get(place)? - fit.strengths.first()?;
    Some((strength, *fit.se_against_first.get(place)?))
}

/// A choice between the outputs of two columns, and what the first got of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ColumnGame {
    first: usize,
    second: usize,
    score: f64,
}

/// Which columns hold an output: by case, content and output.
struct Holders {
    columns: HashMap<(String, String, String), BTreeSet<usize>>,
}

impl Holders {
    fn of(&self, case: &str, content_id: &str, output: &str) -> Vec<usize> {
        let name = (case.to_owned(), content_id.to_owned(), output.to_owned());
        self.columns.get(&name).into_iter().flatten().copied().collect()
    }

    /// A choice as a game of each column that holds its first output with each that holds its second.
    fn games_of(&self, voice: &Voice) -> Vec<ColumnGame> {
        let rated = &voice.rating.rated;
        let Said::Preference(other, Some(choice)) = &voice.rating.said else { return Vec::new() };
        let score = match choice {
            Choice::First => 1.0,
            Choice::Second => 0.0,
            Choice::Tie => 0.5,
        };
        let seconds = self.of(&rated.case, &other.content_id, &other.output);
        let firsts = self.of(&rated.case, &rated.content_id, &rated.output);
        let games = firsts.into_iter().flat_map(|first| {
            let others = seconds.iter().filter(move |second| **second != first);
            others.map(move |second| ColumnGame { first, second: *second, score })
        });
        games.collect()
    }
}

fn share(values: &[f64]) -> Option<ShareView> {
    let mean = mean_score(values)?;
    Some(ShareView { mean: mean.mean, low: mean.low, high: mean.high, n: mean.n as u32 })
}

/// A grade of 1 is no failed pass, so the interval is always that of a mean.
fn grade_mean(values: &[f64]) -> Option<ShareView> {
    let mean = assay_score::mean(values)?;
    let within = |end: f64| end.clamp(1.0, 5.0);
    Some(ShareView {
        mean: mean.mean,
        low: within(mean.low),
        high: within(mean.high),
        n: mean.n as u32,
    })
}

/// How a kind of rating is compared between raters.
struct Scale {
    categories: usize,
    weights: Weights,
    level: Level,
    kappa: &'static str,
}

const PASS: Scale =
    Scale { categories: 2, weights: Weights::Unweighted, level: Level::Nominal, kappa: "kappa" };

const GRADE: Scale = Scale {
    categories: 5,
    weights: Weights::Quadratic,
    level: Level::Ordinal,
    kappa: "quadratic kappa",
};

/// Whether the raters of the same outputs agree; none unless two of them rated one.
fn agreement(
    outputs: &[CellRatings],
    category: impl Fn(&RaterSaid) -> Option<usize>,
    scale: &Scale,
) -> Option<AgreementView> {
    let units: Vec<BTreeMap<&str, usize>> = outputs
        .iter()
        .map(|cell| {
            let said = cell.counted();
            said.filter_map(|said| Some((said.rater.as_str(), category(said)?))).collect()
        })
        .filter(|unit: &BTreeMap<_, _>| unit.len() >= 2)
        .collect();
    let raters: BTreeSet<&str> = units.iter().flat_map(|unit| unit.keys().copied()).collect();
    if units.is_empty() {
        return None;
    }
    let of = |rater: &&str| -> Vec<Option<f64>> {
        units.iter().map(|unit| unit.get(rater).map(|category| *category as f64)).collect()
    };
    let table: Vec<Vec<Option<f64>>> = raters.iter().map(of).collect();
    let alpha = krippendorff_alpha(&table, scale.level);
    let kappa = two_rater_kappa(&units, scale).filter(|_| raters.len() == 2);
    let observed = observed(&units);
    let text = agreement_text(raters.len(), units.len(), observed, kappa, alpha, scale);
    Some(AgreementView {
        raters: raters.len() as u32,
        outputs: units.len() as u32,
        observed,
        kappa,
        alpha,
        text,
    })
}

fn two_rater_kappa(units: &[BTreeMap<&str, usize>], scale: &Scale) -> Option<f64> {
    let nth = |n: usize| -> Vec<usize> {
        units.iter().filter_map(|unit| unit.values().nth(n).copied()).collect()
    };
    cohens_kappa(&cross_table(&nth(0), &nth(1), scale.categories), scale.weights)
}

/// The share of pairs of raters that said the same of the same output.
fn observed(units: &[BTreeMap<&str, usize>]) -> Option<f64> {
    let (mut same, mut pairs) = (0usize, 0usize);
    for unit in units {
        let said: Vec<usize> = unit.values().copied().collect();
        for (place, a) in said.iter().enumerate() {
            pairs += said.len() - place - 1;
            same += said[place + 1..].iter().filter(|b| *b == a).count();
        }
    }
    (pairs > 0).then(|| same as f64 / pairs as f64)
}

fn agreement_text(
    raters: usize,
    outputs: usize,
    observed: Option<f64>,
    kappa: Option<f64>,
    alpha: Option<f64>,
    scale: &Scale,
) -> String {
    let plural = if outputs == 1 { "" } else { "s" };
    let same =
        observed.map_or_else(String::new, |same| format!(", the same in {:.0} %", same * 100.0));
    let beyond = match (kappa, alpha) {
        (Some(kappa), _) => format!("{} {kappa:.2}", scale.kappa),
        (None, Some(alpha)) => format!("Krippendorff's alpha {alpha:.2}"),
        (None, None) => {
            "agreement beyond chance cannot be told where all ratings are the same".to_owned()
        }
    };
    format!("{raters} raters of {outputs} output{plural}{same}; {beyond}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(said: &[(&str, bool)]) -> CellRatings {
        let raters = said.iter().map(|(rater, pass)| RaterSaid {
            rater: (*rater).to_owned(),
            pass: Some(*pass),
            ..RaterSaid::default()
        });
        CellRatings { cell: 0, raters: raters.collect() }
    }

    fn passes(cells: &[CellRatings]) -> Option<AgreementView> {
        agreement(cells, |said| said.pass.map(usize::from), &PASS)
    }

    #[test]
    fn one_rater_alone_agrees_with_nobody() {
        assert_eq!(passes(&[cell(&[("ada", true)]), cell(&[("bob", true)])]), None);
    }

    #[test]
    fn two_raters_get_cohens_kappa() {
        // 20 both pass, 5 only Ada, 10 only Bob, 15 both fail: kappa is 0.4.
        let mut cells = vec![cell(&[("ada", true), ("bob", true)]); 20];
        cells.extend(vec![cell(&[("ada", true), ("bob", false)]); 5]);
        cells.extend(vec![cell(&[("ada", false), ("bob", true)]); 10]);
        cells.extend(vec![cell(&[("ada", false), ("bob", false)]); 15]);
        let view = passes(&cells).expect("two raters");
        assert!((view.kappa.expect("kappa") - 0.4).abs() < 1e-12, "{view:?}");
        assert_eq!(view.observed, Some(0.7));
        assert_eq!(view.text, "2 raters of 50 outputs, the same in 70 %; kappa 0.40");
    }

    #[test]
    fn three_raters_get_alpha_alone() {
        let cells =
            [cell(&[("ada", true), ("bob", true)]), cell(&[("ada", false), ("zoe", false)])];
        let view = passes(&cells).expect("raters");
        assert_eq!((view.raters, view.kappa, view.alpha), (3, None, Some(1.0)));
    }

    #[test]
    fn agreement_on_everything_alike_is_not_called_perfect() {
        let view = passes(&[cell(&[("ada", true), ("bob", true)])]).expect("two raters");
        assert_eq!((view.kappa, view.alpha), (None, None));
        assert!(view.text.contains("cannot be told"), "{}", view.text);
    }
}
