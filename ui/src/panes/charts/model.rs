//! The four charts: how scores are distributed, what answers cost and how long they took, what changed, and the trend.

use std::collections::BTreeMap;

use assay_wire::{
    CellLine, CellState, ColumnView, ComparedCaseLine, ComparisonView, PairView, TrendPoint,
    VerdictView,
};

use super::figure::{Axis, Figure, Goal, Mark, Scale, Shape};

/// Bars of a distribution.
const BARS: usize = 10;

/// Dots that are drawn; more of them are one cloud.
pub const MOST_DOTS: usize = 2_000;

/// How often each score was given, base beside head.
pub fn distribution(pair: &PairView, verdict: &VerdictView, cases: &[ComparedCaseLine]) -> Figure {
    let bins = Bins::of(verdict, cases);
    let counts = bins.counts(cases);
    let most = counts.iter().flatten().map(Vec::len).max().unwrap_or(0).max(1);
    let names = [&pair.base_name, &pair.head_name];
    // Cases are counted in whole numbers, and so are the ticks.
    let y = Scale::whole([0.0, most.max(4) as f64], 4);
    let width = 0.4 / bins.count as f64;
    let bar = |bin: usize, side: usize| {
        let found = &counts[bin][side];
        let left = bin as f64 / bins.count as f64 + 0.1 / bins.count as f64 + width * side as f64;
        let value = bins.words(bin);
        Mark {
            shape: Shape::Bar { x: left, width, y: y.at(found.len() as f64) },
            series: side,
            label: format!("{}: {} of {value}", names[side], counted(found.len(), "case")),
            row: vec![value, names[side].clone(), found.len().to_string()],
            goal: found.first().map_or(Goal::None, |id| Goal::Case((*id).to_owned())),
        }
    };
    let marks = (0..bins.count).flat_map(|bin| [bar(bin, 0), bar(bin, 1)]).collect();
    let middle = |bin: usize| (bin as f64 + 0.5) / bins.count as f64;
    Figure {
        id: "distribution",
        title: format!("How often each score was given: {}", verdict.scorer),
        about: "Cases by their score; choose a bar for the first of its cases.".to_owned(),
        x: Axis {
            label: verdict.scorer.clone(),
            ticks: (0..bins.count).map(|bin| (middle(bin), bins.words(bin))).collect(),
        },
        y: Axis { label: "cases".to_owned(), ticks: y.ticks(4, |n| format!("{n:.0}")) },
        guide: None,
        band: None,
        series: names.into_iter().cloned().collect(),
        marks,
        columns: vec!["Score", "Side", "Cases"],
        none: "It fills once both sides have scores for the same cases.",
        lines: 0,
    }
}

/// Ranges of values that are counted together.
struct Bins {
    low: f64,
    high: f64,
    count: usize,
    is_rate: bool,
}

impl Bins {
    fn of(verdict: &VerdictView, cases: &[ComparedCaseLine]) -> Bins {
        let values = || cases.iter().flat_map(|case| [case.base, case.head]).flatten();
        let single = values().all(|value| value == 0.0 || value == 1.0);
        if verdict.is_rate && single {
            return Bins { low: 0.0, high: 1.0, count: 2, is_rate: true };
        }
        let low = values().fold(0.0_f64, f64::min);
        let high = values().fold(1.0_f64, f64::max);
        Bins { low, high, count: BARS, is_rate: false }
    }

    /// The cases of each bin, base and head.
    fn counts<'a>(&self, cases: &'a [ComparedCaseLine]) -> Vec<[Vec<&'a str>; 2]> {
        let mut counts: Vec<[Vec<&str>; 2]> = vec![Default::default(); self.count];
        for case in cases {
            for (side, value) in [case.base, case.head].into_iter().enumerate() {
                if let Some(bin) = value.and_then(|value| self.bin(value)) {
                    counts[bin][side].push(&case.case);
                }
            }
        }
        counts
    }

    fn bin(&self, value: f64) -> Option<usize> {
        let share = (value - self.low) / (self.high - self.low);
        let bin = (share * self.count as f64).floor();
        (bin >= 0.0).then(|| (bin as usize).min(self.count - 1))
    }

    fn words(&self, bin: usize) -> String {
        if self.is_rate {
            return if bin == 0 { "fail" } else { "pass" }.to_owned();
        }
        let from = self.low + (self.high - self.low) * bin as f64 / self.count as f64;
        format!("{from:.1}")
    }
}

/// What each answer of a run cost, against how long it took.
pub fn spending(columns: &[ColumnView], cells: &[CellLine]) -> Figure {
    let known = |cell: &&CellLine| cell.state == CellState::Done && cell.latency_ms.is_some();
    let answered = cells.iter().filter(known).count();
    let all: Vec<&CellLine> =
        cells.iter().filter(known).filter(|cell| cell.cost.is_some()).collect();
    let priced = &all[..all.len().min(MOST_DOTS)];
    let latency = |cell: &CellLine| f64::from(cell.latency_ms.unwrap_or_default());
    let cost = |cell: &CellLine| f64::from(cell.cost.unwrap_or_default());
    let x = Scale::whole(priced.iter().map(|cell| latency(cell)).chain([0.0]), 6);
    let y = Scale::whole(priced.iter().map(|cell| cost(cell)).chain([0.0]), 4);
    let name = |place: u32| {
        columns
            .get(place as usize)
            .map_or_else(String::new, |c| format!("{} on {}", c.variant, c.model))
    };
    let dot = |cell: &&CellLine| {
        let (ms, usd, name) = (latency(cell), cost(cell), name(cell.column));
        Mark {
            shape: Shape::Dot { x: x.at(ms), y: y.at(usd) },
            series: cell.column as usize,
            label: format!("{name}: {ms:.0} ms, ${usd:.5}"),
            row: vec![name, format!("{ms:.0} ms"), format!("${usd:.5}")],
            goal: Goal::Cell(cell.ordinal),
        }
    };
    Figure {
        id: "spending",
        title: "Cost against latency".to_owned(),
        about: spending_words(all.len()),
        x: Axis { label: "milliseconds".to_owned(), ticks: x.ticks(6, |ms| format!("{ms:.0}")) },
        y: Axis { label: "US dollars".to_owned(), ticks: y.ticks(4, short) },
        guide: None,
        band: None,
        series: columns.iter().enumerate().map(|(place, _)| name(place as u32)).collect(),
        marks: priced.iter().map(dot).collect(),
        columns: vec!["Column", "Latency", "Cost"],
        none: match answered {
            0 => "It fills as answers come in.",
            _ => {
                "What these answers cost is not known: their models have no price. Prices are under Settings."
            }
        },
        lines: 0,
    }
}

fn spending_words(answers: usize) -> String {
    let which = match answers > MOST_DOTS {
        true => format!("The first {MOST_DOTS} answers of the run"),
        false => "Each answer of the run".to_owned(),
    };
    format!("{which}; choose one to open its cell in the matrix.")
}

/// What changed, scorer by scorer, with its interval: a forest plot. Scores of different scales stand in one picture
/// because each change is drawn as a multiple of what counts as no difference for its scorer.
pub fn forest(view: &ComparisonView) -> Figure {
    let all: Vec<(usize, usize, &PairView, &VerdictView)> = view
        .pairs
        .iter()
        .enumerate()
        .flat_map(|(at, pair)| {
            pair.verdicts.iter().enumerate().map(move |(place, verdict)| (at, place, pair, verdict))
        })
        .collect();
    let ends = |verdict: &VerdictView| match verdict.interval {
        Some(interval) => [interval.low, interval.high, verdict.change],
        None => [verdict.change; 3],
    };
    let in_margins = |verdict: &VerdictView| ends(verdict).map(|value| value / margin_of(verdict));
    let x =
        Scale::over(all.iter().flat_map(|(.., verdict)| in_margins(verdict)).chain([-1.0, 1.0]));
    let height = |place: usize| 1.0 - (place as f64 + 0.5) / all.len().max(1) as f64;
    let mark = |(place, (pair_at, at, pair, verdict)): (
        usize,
        &(usize, usize, &PairView, &VerdictView),
    )| {
        let [low, high, change] = ends(verdict);
        let name = format!("{} · {}", pair.subject, verdict.scorer);
        let interval = match verdict.interval {
            Some(_) => format!("[{}, {}]", points(verdict, low), points(verdict, high)),
            None => "no interval".to_owned(),
        };
        let word = verdict.word.as_str();
        Mark {
            shape: Shape::Across {
                x: in_margins(verdict).map(|value| x.at(value)),
                y: height(place),
            },
            series: *pair_at,
            label: format!(
                "{name}: {} {interval}, margin {}, {word}",
                points(verdict, change),
                margin_words(verdict)
            ),
            row: vec![
                name,
                points(verdict, change),
                interval,
                margin_words(verdict),
                word.to_owned(),
            ],
            goal: Goal::Verdict(*pair_at, *at),
        }
    };
    let ticks = all
        .iter()
        .enumerate()
        .map(|(place, (.., verdict))| (height(place), verdict.scorer.clone()));
    Figure {
        id: "forest",
        title: "What changed, with its 95 % interval".to_owned(),
        about: "Right of the line the head is higher; within the band, one margin wide, the change is too small to matter.".to_owned(),
        y: Axis { label: "scorer".to_owned(), ticks: ticks.collect() },
        guide: Some(x.at(0.0)),
        band: Some((x.at(-1.0), x.at(1.0))),
        series: view.pairs.iter().map(|p| format!("{} against {}", p.head_name, p.base_name)).collect(),
        marks: all.iter().enumerate().map(mark).collect(),
        columns: vec!["Scorer", "Change", "95 % interval", "Margin", "Verdict"],
        x: Axis { label: "change, in margins".to_owned(), ticks: x.ticks(6, margins) },
        none: "No scorer has judged both sides on the same cases yet.",
        lines: all.len(),
    }
}

/// A multiple of a margin, with its sign.
fn margins(value: f64) -> String {
    let rounded = (value * 1e3).round() / 1e3;
    if rounded == 0.0 { "0".to_owned() } else { format!("{rounded:+}").replace('-', "−") }
}

/// What counts as no difference, in the scorer's own measure.
fn margin_words(verdict: &VerdictView) -> String {
    match verdict.margin > 0.0 {
        true => points(verdict, verdict.margin).replace('+', "±"),
        false => "none".to_owned(),
    }
}

/// What counts as no difference. A gate may allow none at all, and a picture needs some.
fn margin_of(verdict: &VerdictView) -> f64 {
    const USUAL: f64 = 0.02;
    if verdict.margin > 0.0 { verdict.margin } else { USUAL }
}

/// The means of one scorer from run to run.
pub fn trend(scorer: &str, points: &[TrendPoint]) -> Figure {
    let of_scorer: Vec<&TrendPoint> = points.iter().filter(|p| p.scorer == scorer).collect();
    let mut runs: Vec<&str> = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for point in &of_scorer {
        if !runs.contains(&point.run.as_str()) {
            runs.push(&point.run);
        }
        let next = names.len();
        names.entry(series_name(point)).or_insert(next);
    }
    let y = Scale::whole(of_scorer.iter().flat_map(|p| [p.mean.low, p.mean.high]), 4);
    let place = |run: &str| {
        let at = runs.iter().position(|known| *known == run).unwrap_or_default();
        (at as f64 + 0.5) / runs.len().max(1) as f64
    };
    let mark = |point: &&TrendPoint| {
        let (name, mean) = (series_name(point), point.mean);
        let series = names.get(&name).copied().unwrap_or_default();
        // Columns of one run stand side by side, so that their intervals do not hide each other.
        let aside = (series as f64 - (names.len() as f64 - 1.0) / 2.0) * 0.02;
        let content: String =
            point.column.content_id.trim_start_matches("sha256:").chars().take(8).collect();
        let interval = format!("[{:.3}, {:.3}]", mean.low, mean.high);
        Mark {
            shape: Shape::Up {
                x: (place(&point.run) + aside).clamp(0.0, 1.0),
                y: [mean.low, mean.high, mean.mean].map(|value| y.at(value)),
            },
            series,
            label: format!("{name}, content {content}: {:.3} {interval}", mean.mean),
            row: vec![tail(&point.run), name, content, format!("{:.3}", mean.mean), interval],
            goal: Goal::Run(point.run.clone()),
        }
    };
    let marks = of_scorer.iter().map(mark).collect();
    let mut series: Vec<(usize, String)> =
        names.iter().map(|(name, at)| (*at, name.clone())).collect();
    series.sort();
    let title = "Trend over runs";
    Figure {
        id: "trend",
        title: if scorer.is_empty() { title.to_owned() } else { format!("{title}: {scorer}") },
        about: "The mean of each column with its 95 % interval, oldest run first; choose one to open its run.".to_owned(),
        x: Axis { label: "run".to_owned(), ticks: runs.iter().map(|run| (place(run), tail(run))).collect() },
        y: Axis { label: "mean".to_owned(), ticks: y.ticks(4, |value| format!("{value:.2}")) },
        guide: None,
        band: None,
        series: series.into_iter().map(|(_, name)| name).collect(),
        marks,
        columns: vec!["Run", "Column", "Content", "Mean", "95 % interval"],
        none: "It fills once runs of the open prompt have scores.",
        lines: 0,
    }
}

fn series_name(point: &TrendPoint) -> String {
    format!("{} on {}", point.column.variant, point.column.model)
}

/// The end of a run's id, which tells runs of one day apart.
fn tail(run: &str) -> String {
    let skipped = run.chars().count().saturating_sub(6);
    format!("…{}", run.chars().skip(skipped).collect::<String>())
}

fn points(verdict: &VerdictView, value: f64) -> String {
    let text = match verdict.is_rate {
        true => format!("{:+.1} points", 100.0 * value),
        false => format!("{value:+.3}"),
    };
    text.replace('-', "−")
}

fn short(value: f64) -> String {
    let text = format!("{value:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use assay_wire::{CaseTurn, IntervalView, MeanView, SideRef, VerdictWord};

    use super::*;

    fn mean(mean: f64) -> MeanView {
        MeanView { mean, low: mean - 0.1, high: mean + 0.1, n: 10 }
    }

    fn column() -> ColumnView {
        ColumnView {
            prompt: "p".into(),
            variant: "a".into(),
            model: "m".into(),
            content_id: "sha256:0123456789".into(),
        }
    }

    fn verdict(change: f64) -> VerdictView {
        VerdictView {
            scorer: "category".into(),
            signature: String::new(),
            is_rate: true,
            lower_is_better: false,
            gate: true,
            word: VerdictWord::Better,
            leaning: None,
            cases: 10,
            sources: None,
            base: mean(0.5),
            head: mean(0.6),
            change,
            interval: Some(IntervalView { low: change - 0.05, high: change + 0.05 }),
            test: "exact McNemar".into(),
            p: Some(0.01),
            p_adjusted: None,
            margin: 0.02,
            detectable: None,
            rows_needed: None,
            fixed: 1,
            broken: 0,
            unchanged: 9,
            fixed_cases: Vec::new(),
            broken_cases: Vec::new(),
            errors: (0, 0),
            slices: Vec::new(),
            text: String::new(),
            line: String::new(),
        }
    }

    fn pair(verdicts: Vec<VerdictView>) -> PairView {
        PairView {
            prompt: "p".into(),
            subject: "triage".into(),
            base_name: "a".into(),
            head_name: "b".into(),
            base: column(),
            head: column(),
            cases: 10,
            verdicts,
            refused: Vec::new(),
            gates: Vec::new(),
            spent: Vec::new(),
            prefix: None,
            differing: Vec::new(),
            unpaired: Vec::new(),
        }
    }

    fn case(id: &str, base: f64, head: f64) -> ComparedCaseLine {
        ComparedCaseLine {
            case: id.into(),
            preview: String::new(),
            tags: Vec::new(),
            turn: CaseTurn::Unchanged,
            base: Some(base),
            head: Some(head),
            base_cells: vec![0],
            head_cells: vec![1],
        }
    }

    #[test]
    fn passes_and_failures_are_two_bars_a_side_that_lead_to_their_first_case() {
        let cases = [case("x", 0.0, 1.0), case("y", 1.0, 1.0), case("z", 0.0, 1.0)];
        let figure = distribution(&pair(vec![]), &verdict(0.1), &cases);
        let rows: Vec<_> = figure.marks.iter().map(|mark| mark.row.join(" ")).collect();
        assert_eq!(rows, ["fail a 2", "fail b 0", "pass a 1", "pass b 3"]);
        assert_eq!(figure.marks[0].goal, Goal::Case("x".into()));
        assert_eq!(figure.marks[1].goal, Goal::None);
    }

    #[test]
    fn graded_scores_fall_into_ten_bins_with_the_best_in_the_last() {
        let graded = VerdictView { is_rate: false, ..verdict(0.1) };
        let cases = [case("x", 0.04, 1.0), case("y", 0.51, 0.99)];
        let figure = distribution(&pair(vec![]), &graded, &cases);
        assert_eq!(figure.marks.len(), 2 * BARS);
        let last = &figure.marks[2 * BARS - 1];
        assert_eq!(last.row, ["0.9", "b", "2"]);
    }

    #[test]
    fn the_forest_has_a_line_for_each_scorer_around_no_difference() {
        let view = ComparisonView {
            base: SideRef::run("r"),
            head: SideRef::run("r"),
            going: false,
            pairs: vec![pair(vec![verdict(0.1), verdict(-0.2)])],
            left_out: Vec::new(),
            ok: true,
            broken: false,
            incomplete: false,
        };
        let figure = forest(&view);
        assert_eq!(figure.marks[1].goal, Goal::Verdict(0, 1));
        assert_eq!(figure.marks[1].row[1..3], ["−20.0 points", "[−25.0 points, −15.0 points]"]);
        assert_eq!(figure.marks[1].row[3], "±2.0 points");
        assert_eq!(figure.columns.len(), figure.marks[1].row.len());
        assert_eq!(figure.lines, 2, "each has room of its own");
        let guide = figure.guide.expect("a line");
        let (low, high) = figure.band.expect("a band");
        assert!(low < guide && guide < high);
        let Shape::Across { x, .. } = figure.marks[0].shape else { panic!("an interval") };
        assert!(guide < x[0] && x[0] < x[2] && x[2] < x[1], "it lies right of the line");
        let nothing = ComparisonView { pairs: Vec::new(), ..view };
        assert_eq!(forest(&nothing).marks, []);
    }

    #[test]
    fn a_change_is_told_in_margins_with_its_sign() {
        let words = [-2.0, -0.000_1, 0.0, 1.5].map(margins);
        assert_eq!(words, ["−2", "0", "0", "+1.5"]);
        let strict = VerdictView { margin: 0.0, ..verdict(0.1) };
        assert_eq!(margin_words(&strict), "none", "a gate may allow none");
    }

    #[test]
    fn answers_without_a_price_are_not_said_to_be_on_their_way() {
        let answered =
            CellLine { state: CellState::Done, latency_ms: Some(9), ..CellLine::queued(0, 0, 0) };
        assert!(spending(&[column()], &[answered]).none.contains("no price"));
        assert!(spending(&[column()], &[CellLine::queued(0, 0, 0)]).none.contains("come in"));
    }

    #[test]
    fn cost_against_latency_leaves_out_what_is_not_known() {
        let done = |ordinal, cost| CellLine {
            state: CellState::Done,
            latency_ms: Some(100 * (ordinal + 1)),
            cost,
            ..CellLine::queued(ordinal, 0, ordinal)
        };
        let cells = [done(0, Some(0.001)), done(1, None), CellLine::queued(2, 0, 2)];
        let figure = spending(&[column()], &cells);
        assert_eq!(figure.marks.len(), 1);
        assert_eq!(figure.marks[0].label, "a on m: 100 ms, $0.00100");
        assert_eq!(figure.marks[0].goal, Goal::Cell(0));
    }

    #[test]
    fn the_trend_goes_from_run_to_run_with_the_content_of_each() {
        let point = |run: &str, scorer: &str, value: f64| TrendPoint {
            run: run.into(),
            created_ms: 1,
            column: column(),
            scorer: scorer.into(),
            mean: mean(value),
        };
        let points = [
            point("run-aaaaaa", "s", 0.4),
            point("run-aaaaaa", "t", 0.1),
            point("run-bbbbbb", "s", 0.6),
        ];
        let figure = trend("s", &points);
        assert_eq!(figure.marks.len(), 2);
        assert_eq!(
            figure.marks[0].row,
            ["…aaaaaa", "a on m", "01234567", "0.400", "[0.300, 0.500]"]
        );
        assert_eq!(figure.series, ["a on m"]);
        assert!(figure.marks[0].shape.centre().0 < figure.marks[1].shape.centre().0);
    }
}
