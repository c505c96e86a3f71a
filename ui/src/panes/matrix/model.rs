//! What the matrix shows where: the parts of a run, the window over its rows, and the words of a cell.
//!
//! Pure: numbers and records in, numbers and words out. A *sheet* is one prompt's part of the run; rows and columns are
//! counted from the sheet's own first ones, ordinals over the whole run.

use std::{collections::BTreeSet, ops::Range};

use assay_wire::{
    CellLine, CellState, CellView, GateView, RowView, RunState, RunSummary, RunView, ScoreLine,
};

use crate::{
    components::{Mark, Spot, Tone},
    money,
    panes::{
        runs::model::{ago, duration_words},
        toolbar::grouped,
    },
};

/// Height of a row in pixels, the same for all; `--matrix-row` in the stylesheet is the same number.
pub const ROW_HEIGHT: f64 = 76.0;

/// Cells asked for at once while looking for the next failure.
pub const SEARCH_PAGE: u32 = 2_000;

/// Different reasons told apart; beyond that each call has one of its own, and a list of them helps nobody.
pub const CAUSES: usize = 50;

/// One prompt's part of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The prompt's key.
    pub prompt: String,
    /// Its columns, as places in the run's; the first one is the baseline.
    pub columns: Vec<usize>,
    /// Its rows, as places in the run's.
    pub rows: Range<usize>,
}

impl Sheet {
    /// Its number of cells.
    pub fn cells(&self) -> u32 {
        (self.rows.len() * self.columns.len()) as u32
    }
}

/// The parts of a run, in the order of its rows.
pub fn sheets(run: &RunView) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = Vec::new();
    for (place, row) in run.rows.iter().enumerate() {
        match sheets.last_mut() {
            Some(sheet) if sheet.prompt == row.prompt => sheet.rows.end = place + 1,
            _ => sheets.push(Sheet {
                prompt: row.prompt.clone(),
                columns: columns_of(run, &row.prompt),
                rows: place..place + 1,
            }),
        }
    }
    sheets
}

fn columns_of(run: &RunView, prompt: &str) -> Vec<usize> {
    let places = run.columns.iter().enumerate();
    places.filter(|(_, stats)| stats.column.prompt == prompt).map(|(place, _)| place).collect()
}

/// The ordinal of the cell there, or `None` beyond the sheet's end.
pub fn ordinal(sheet: &Sheet, rows: &[RowView], spot: Spot) -> Option<u32> {
    let inside = spot.row < sheet.rows.len() && spot.column < sheet.columns.len();
    let row = inside.then(|| rows.get(sheet.rows.start + spot.row)).flatten()?;
    Some(row.first_cell + spot.column as u32)
}

/// Where a cell stands in a sheet, or `None` when it is another sheet's.
pub fn spot(sheet: &Sheet, rows: &[RowView], ordinal: u32) -> Option<Spot> {
    let rows = rows.get(sheet.rows.clone())?;
    let row = rows.partition_point(|row| row.first_cell <= ordinal).checked_sub(1)?;
    let column = (ordinal - rows[row].first_cell) as usize;
    (column < sheet.columns.len()).then_some(Spot { row, column })
}

/// The ordinals of some of a sheet's rows.
pub fn ordinals(sheet: &Sheet, all: &[RowView], rows: Range<usize>) -> Range<u32> {
    let first = Spot { row: rows.start, column: 0 };
    let last =
        Spot { row: rows.end.saturating_sub(1), column: sheet.columns.len().saturating_sub(1) };
    match (ordinal(sheet, all, first), ordinal(sheet, all, last)) {
        (Some(first), Some(last)) if !rows.is_empty() => first..last + 1,
        _ => 0..0,
    }
}

/// The rows that have a wanted cell, and the sheets over them; a sheet without rows is left out.
pub fn narrowed(
    rows: &[RowView],
    sheets: &[Sheet],
    wanted: &dyn Fn(u32) -> bool,
) -> (Vec<RowView>, Vec<Sheet>) {
    let (mut kept, mut over) = (Vec::new(), Vec::new());
    for sheet in sheets {
        let width = sheet.columns.len() as u32;
        let has_wanted = |row: &&RowView| (row.first_cell..row.first_cell + width).any(wanted);
        let from = kept.len();
        let own = rows.get(sheet.rows.clone()).unwrap_or_default();
        kept.extend(own.iter().filter(has_wanted).cloned());
        if kept.len() > from {
            over.push(Sheet { rows: from..kept.len(), ..sheet.clone() });
        }
    }
    (kept, over)
}

/// The ordinals of a sheet's rows that begin in `seen`, as few ranges as there are.
pub fn parts(sheet: &Sheet, rows: &[RowView], seen: &Range<u32>) -> Vec<Range<u32>> {
    let width = sheet.columns.len() as u32;
    let mut parts: Vec<Range<u32>> = Vec::new();
    let own = rows.get(sheet.rows.clone()).unwrap_or_default();
    for row in own.iter().filter(|row| seen.contains(&row.first_cell)) {
        match parts.last_mut() {
            Some(part) if part.end == row.first_cell => part.end += width,
            _ => parts.push(row.first_cell..row.first_cell + width),
        }
    }
    parts
}

/// Whether any of the changed ranges reaches into the window.
pub fn touches(stale: &[(u32, u32)], window: &Range<u32>) -> bool {
    stale.iter().any(|(from, to)| *from < window.end && *to > window.start)
}

/// What is looked for by `N` and by the count of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A cell that failed.
    Failed,
    /// A cell that failed or did not pass.
    NotPassed,
}

impl Wanted {
    /// Whether it is this cell.
    pub fn is(self, cell: &CellLine) -> bool {
        let failed = cell.state == CellState::Failed;
        let not_passed = || cell.scores.iter().flatten().any(|score| score.pass == Some(false));
        failed || (self == Wanted::NotPassed && not_passed())
    }

    /// What is said when there is none.
    pub fn none(self) -> &'static str {
        match self {
            Wanted::Failed => "No cell failed",
            Wanted::NotPassed => "No cell failed or did not pass",
        }
    }
}

/// Pages to look through, from the cell after `at` around to it, in a sheet of the ordinals `all`.
pub fn search_pages(all: &Range<u32>, at: u32) -> Vec<Range<u32>> {
    let after = (at + 1).clamp(all.start, all.end);
    let halves = [after..all.end, all.start..after];
    halves.into_iter().flat_map(pages).collect()
}

fn pages(range: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let end = range.end;
    range.step_by(SEARCH_PAGE as usize).map(move |from| from..(from + SEARCH_PAGE).min(end))
}

/// Adds a piece of streamed text where it belongs; `false` when something before it was missed.
pub fn continued(text: &mut String, from: usize, piece: &str) -> bool {
    if from > text.len() || !text.is_char_boundary(from) {
        return false;
    }
    text.truncate(from);
    text.push_str(piece);
    true
}

/// How a cell's state looks. The word says it alone; mark and tone only say it faster.
pub fn cell_look(state: CellState) -> (Mark, Tone, &'static str) {
    match state {
        CellState::Queued => (Mark::Clock, Tone::Plain, "Queued"),
        CellState::Running => (Mark::Dots, Tone::Accent, "Running"),
        CellState::Done => (Mark::Check, Tone::Plain, "Done"),
        CellState::Failed => (Mark::Error, Tone::Danger, "Failed"),
        CellState::Cancelled => (Mark::Stop, Tone::Plain, "Not answered"),
        CellState::Skipped => (Mark::Dots, Tone::Plain, "Another shard's"),
    }
}

/// What stands where a cell has no output: whether one is to come.
pub fn no_output(state: CellState) -> &'static str {
    match state {
        CellState::Queued | CellState::Running => "Nothing yet.",
        CellState::Done => "The model answered with no text.",
        CellState::Failed => "There is no output.",
        CellState::Cancelled => {
            "It was not asked: the run stopped before. Resume the run to have it answered."
        }
        CellState::Skipped => "Another part of the run answers it.",
    }
}

/// A cell's state as tests and stylesheets know it.
pub fn cell_state_id(state: CellState) -> &'static str {
    match state {
        CellState::Queued => "queued",
        CellState::Running => "running",
        CellState::Done => "done",
        CellState::Failed => "failed",
        CellState::Cancelled => "cancelled",
        CellState::Skipped => "skipped",
    }
}

/// A cell's scores in one chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreChip {
    /// Its shape.
    pub mark: Mark,
    /// Its colour.
    pub tone: Tone,
    /// `4/6 pass`; the value of a measure that asks for nothing.
    pub words: String,
    /// Every scorer's verdict, a line each.
    pub hint: String,
}

/// A cell's scores in one chip; `None` when there are none.
pub fn score_chip(scorers: &[String], scores: &[Option<ScoreLine>]) -> Option<ScoreChip> {
    let judged: Vec<bool> = scores.iter().flatten().filter_map(|score| score.pass).collect();
    let passed = judged.iter().filter(|pass| **pass).count();
    let measured: Vec<f32> = scores.iter().flatten().filter_map(|score| score.value).collect();
    let (mark, tone) = match (passed, judged.len()) {
        (_, 0) if measured.is_empty() => (Mark::Info, Tone::Plain),
        (_, 0) => (Mark::Gauge, Tone::Plain),
        (p, n) if p == n => (Mark::Check, Tone::Ok),
        (0, _) => (Mark::Cross, Tone::Danger),
        _ => (Mark::Warning, Tone::Warn),
    };
    let words = match (judged.len(), measured.as_slice()) {
        (0, []) => "not judged".to_owned(),
        (0, [only]) => verdict(None, Some(f64::from(*only))),
        (0, all) => format!("{} measures", all.len()),
        (n, _) => format!("{passed}/{n} pass"),
    };
    let hint = verdicts(scorers, scores);
    (!hint.is_empty()).then_some(ScoreChip { mark, tone, words, hint })
}

fn verdicts(scorers: &[String], scores: &[Option<ScoreLine>]) -> String {
    let lines = scorers.iter().zip(scores).filter_map(|(scorer, score)| {
        let score = score.as_ref()?;
        Some(format!("{scorer}: {}", verdict(score.pass, score.value.map(f64::from))))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A verdict in words: `pass`, `fail`, with the value where it is more than the verdict.
pub fn verdict(pass: Option<bool>, value: Option<f64>) -> String {
    let word = match (pass, value) {
        (Some(true), _) => "pass",
        (Some(false), _) => "fail",
        // A metric without a limit measures and asks for nothing.
        (None, Some(value)) => return format!("{value:.2}"),
        (None, None) => return "not judged".to_owned(),
    };
    match value {
        Some(value) if value != 0.0 && value != 1.0 => format!("{word}, {value:.2}"),
        _ => word.to_owned(),
    }
}

/// How a verdict looks beside its words.
pub fn verdict_look(pass: Option<bool>) -> (Mark, Tone) {
    match pass {
        Some(true) => (Mark::Check, Tone::Ok),
        Some(false) => (Mark::Cross, Tone::Danger),
        None => (Mark::Info, Tone::Plain),
    }
}

/// A latency: `640 ms`, `1.2 s`.
pub fn latency_words(ms: u64) -> String {
    duration_words(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// A column's latencies: `p50 1.2 s · p95 4.0 s`.
pub fn latencies(p50: Option<u64>, p95: Option<u64>) -> String {
    let named = [("p50", p50), ("p95", p95)];
    let words =
        named.iter().filter_map(|(name, ms)| Some(format!("{name} {}", latency_words((*ms)?))));
    words.collect::<Vec<_>>().join(" · ")
}

/// The gates in a few words, and whether all hold; `None` without gates.
pub fn gate_words(gates: &[GateView]) -> Option<(bool, String)> {
    let failed = gates.iter().filter(|gate| !gate.ok).count();
    let words = match (gates.len(), failed) {
        (0, _) => return None,
        (1, 0) => "The gate holds".to_owned(),
        (n, 0) => format!("All {n} gates hold"),
        (1, _) => "The gate fails".to_owned(),
        (n, 1) => format!("1 of {n} gates fails"),
        (n, f) => format!("{f} of {n} gates fail"),
    };
    Some((failed == 0, words))
}

/// What can be asked of a run that is not going on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offers {
    /// Cells without an outcome can be sent.
    pub resume: bool,
    /// Cells that failed can be sent again.
    pub retry: bool,
}

/// What can be asked of a run in that state, with `waiting` cells without an outcome and `failed` ones.
pub fn offers(state: RunState, waiting: u32, failed: u32) -> Offers {
    let ended = state != RunState::Running;
    Offers { resume: ended && waiting > 0, retry: ended && failed > 0 }
}

/// Why a run stopped before its end, for people; `None` for one that did not.
pub fn why_stopped(state: RunState, reason: Option<&str>, waiting: u32) -> Option<String> {
    let left = match waiting {
        0 => {
            return matches!(state, RunState::Paused | RunState::Spent | RunState::Failed)
                .then(|| reason.unwrap_or("The run failed.").to_owned());
        }
        1 => "1 cell has no answer yet".to_owned(),
        n => format!("{n} cells have no answer yet"),
    };
    match state {
        RunState::Running | RunState::Done => None,
        RunState::Cancelled => Some(format!("You stopped this run; {left}.")),
        RunState::Interrupted => Some(format!("Assay ended while this run was going on; {left}.")),
        RunState::Paused | RunState::Spent | RunState::Failed => {
            Some(format!("{} {left}.", sentence(reason.unwrap_or("The run failed"))))
        }
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text};") }
}

/// What to do about a failed cell.
pub fn failure_hint(error: &str, attempts: u32) -> String {
    let said = error.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let what = if has(&["401", "403", "unauthorized", "api key"]) {
        "Check the provider's key in Settings, then retry what failed."
    } else if has(&["429", "rate limit", "too many requests"]) {
        "The provider asks for a slower pace; retry what failed in a while."
    } else if has(&["connect", "unreachable", "refused", "resolve"]) {
        "Check that the provider is running and that its address in Settings is right, then retry what failed."
    } else if has(&["timed out", "timeout"]) {
        "The provider took too long; retry what failed, or give the model a smaller output limit."
    } else {
        "Retry what failed once the reason is gone; cells that are done are not sent again."
    };
    match attempts {
        0 | 1 => what.to_owned(),
        n => format!("Tried {n} times. {what}"),
    }
}

/// The facts of a cell, named, in the order of reading; what is not known is left out. Latency and cost of a cached
/// output are those of the call that it repeats.
pub fn facts(cell: &CellView, now_ms: i64) -> Vec<(&'static str, String)> {
    let latency = cell.line.latency_ms.map(|ms| latency_words(ms.into()));
    let then =
        |words: String| if cell.line.cached { format!("{words} then, $0 now") } else { words };
    let named = [
        ("answer", cell.output.as_ref().map(|_| freshness(cell, now_ms))),
        ("latency", latency),
        ("first token", cell.first_token_ms.map(latency_words)),
        (
            "input tokens",
            tokens(cell.input_tokens, cell.cached_tokens, "from the provider's cache"),
        ),
        ("output tokens", tokens(cell.output_tokens, cell.reasoning_tokens, "of reasoning")),
        ("cost", cell.cost.map(|cost| then(money::dollars(cost)))),
        ("finish", finish(cell)),
        ("attempts", (!cell.line.cached).then(|| cell.attempts.to_string())),
        ("request id", cell.request_id.clone()),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Why the model stopped.
fn finish(cell: &CellView) -> Option<String> {
    match cell.is_tool_call() {
        true => Some("a tool call".to_owned()),
        false => cell.finish.clone(),
    }
}

/// Whether an output is new or repeats one, and since when that one is there.
fn freshness(cell: &CellView, now_ms: i64) -> String {
    match (cell.line.cached, cell.received_ms) {
        (false, _) => "fresh".to_owned(),
        (true, Some(then)) => format!("from cache, received {}", ago(now_ms, then)),
        (true, None) => "from cache".to_owned(),
    }
}

/// A count of tokens, and how many of them are of a kind.
fn tokens(all: Option<u64>, some: Option<u64>, kind: &str) -> Option<String> {
    let all = grouped(all?);
    match some.filter(|n| *n > 0) {
        Some(some) => Some(format!("{all}, {} {kind}", grouped(some))),
        None => Some(all),
    }
}

/// Whether a run stopped because its budget was spent.
pub fn is_budget_spent(summary: &RunSummary) -> bool {
    summary.state == RunState::Spent
}

/// A budget to go on with: twice the one that was spent, in cents that can be typed.
pub fn next_budget(summary: &RunSummary) -> String {
    let twice = summary.budget.unwrap_or_default().max(summary.spent) * 2.0;
    money::price_words(twice)
}

/// What to do about a paused lane, by the kind of its failure.
pub fn lane_hint(kind: &str) -> &'static str {
    match kind {
        "unauthorized" => "Set another key in Settings, then retry.",
        "quota_exhausted" => "Raise the limit or the credit at the provider, then retry.",
        "not_found" => "Check the model's name and the provider's address, then retry.",
        "unreachable" | "reset" | "timed_out" => "Check that the provider is running, then retry.",
        "redirected" => "Use the address that it points to, if you trust it, then retry.",
        _ => "Retry once the reason is gone; the other models go on.",
    }
}

/// Failures that say the same, with where the first of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What they say.
    pub reason: String,
    /// How many there are.
    pub cells: u32,
    /// The ordinal of the first.
    pub first: u32,
    /// The columns they are in.
    pub columns: BTreeSet<u32>,
}

/// Adds the failures of a page to what is known of causes.
pub fn gather(causes: &mut Vec<Cause>, page: &[CellLine]) {
    for cell in page.iter().filter(|cell| cell.state == CellState::Failed) {
        let reason = if cell.preview.is_empty() { "no reason was kept" } else { &cell.preview };
        let known = causes.iter_mut().find(|cause| cause.reason == reason);
        if let Some(cause) = known {
            cause.cells += 1;
            cause.columns.insert(cell.column);
        } else if causes.len() < CAUSES {
            causes.push(Cause {
                reason: reason.to_owned(),
                cells: 1,
                first: cell.ordinal,
                columns: BTreeSet::from([cell.column]),
            });
        }
    }
}

/// The class and the hover of a piece of a message, by where it came from.
pub fn provenance(from: &str) -> (&'static str, Option<String>) {
    match from {
        "template" => ("from from--template", None),
        example if example.starts_with("example ") => {
            ("from from--example", Some(example.to_owned()))
        }
        input => ("from from--input", Some(format!("input {input}"))),
    }
}

/// JSON text over several lines; any other text as it is.
pub fn pretty(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
mod tests {
    use assay_wire::{ColumnStats, ColumnView, StopKind};

    use super::*;

    fn row(prompt: &str, first_cell: u32) -> RowView {
        let case = format!("case-{first_cell}");
        RowView {
            prompt: prompt.into(),
            case,
            sample: 0,
            first_cell,
            preview: String::new(),
            tags: Vec::new(),
        }
    }

    fn column(prompt: &str) -> ColumnStats {
        let column = ColumnView {
            prompt: prompt.into(),
            variant: "v".into(),
            model: "m".into(),
            content_id: String::new(),
        };
        ColumnStats {
            column,
            done: 0,
            failed: 0,
            cached: 0,
            means: Vec::new(),
            numbers: Vec::new(),
            cost: None,
            p50_ms: None,
            p95_ms: None,
        }
    }

    /// Two rows of a prompt with two columns, then two of one with a single column.
    fn run() -> RunView {
        RunView {
            summary: RunSummary {
                run: "r".into(),
                title: String::new(),
                created_ms: 0,
                wall_ms: None,
                state: RunState::Running,
                reason: None,
                stop: None,
                counts: assay_wire::CellCounts::default(),
                budget: None,
                spent: 0.0,
                shard: None,
            },
            signatures: Vec::new(),
            scorers: Vec::new(),
            columns: vec![column("a"), column("a"), column("b")],
            rows: vec![row("a", 0), row("a", 2), row("b", 4), row("b", 5)],
            gates: Vec::new(),
            paused: Vec::new(),
        }
    }

    #[test]
    fn only_rows_with_a_wanted_cell_stay_and_cells_keep_their_numbers() {
        let run = run();
        let (rows, over) = narrowed(&run.rows, &sheets(&run), &|cell| cell == 3 || cell == 5);
        let firsts: Vec<u32> = rows.iter().map(|row| row.first_cell).collect();
        assert_eq!(firsts, [2, 5]);
        assert_eq!(over.iter().map(|sheet| sheet.rows.clone()).collect::<Vec<_>>(), [0..1, 1..2]);
        assert_eq!(ordinal(&over[0], &rows, Spot { row: 0, column: 1 }), Some(3));
        assert_eq!(narrowed(&run.rows, &sheets(&run), &|_| false), (Vec::new(), Vec::new()));
    }

    #[test]
    fn rows_that_are_left_out_are_not_read() {
        let run = RunView { rows: vec![row("a", 0), row("a", 2), row("a", 8)], ..run() };
        let sheet = &sheets(&run)[0];
        assert_eq!(parts(sheet, &run.rows, &(0..10)), [0..4, 8..10]);
        assert_eq!(parts(sheet, &run.rows, &(2..4)).first(), Some(&(2..4)));
    }

    fn line(state: CellState, passes: &[bool]) -> CellLine {
        let score = |pass: &bool| {
            Some(ScoreLine { value: Some(f32::from(u8::from(*pass))), pass: Some(*pass) })
        };
        CellLine { state, scores: passes.iter().map(score).collect(), ..CellLine::queued(0, 0, 0) }
    }

    #[test]
    fn each_prompt_of_a_run_has_its_sheet() {
        let sheets = sheets(&run());
        assert_eq!(sheets.len(), 2);
        assert_eq!((sheets[0].rows.clone(), sheets[0].columns.clone()), (0..2, vec![0, 1]));
        assert_eq!((sheets[1].rows.clone(), sheets[1].columns.clone()), (2..4, vec![2]));
    }

    #[test]
    fn places_and_ordinals_lead_to_each_other() {
        let run = run();
        for sheet in sheets(&run) {
            for row in 0..sheet.rows.len() {
                for column in 0..sheet.columns.len() {
                    let there = Spot { row, column };
                    let cell = ordinal(&sheet, &run.rows, there).expect("inside the sheet");
                    assert_eq!(spot(&sheet, &run.rows, cell), Some(there));
                }
            }
        }
    }

    #[test]
    fn a_cell_of_another_sheet_is_nowhere_on_this_one() {
        let run = run();
        let sheets = sheets(&run);
        assert_eq!(spot(&sheets[0], &run.rows, 4), None);
        assert_eq!(spot(&sheets[1], &run.rows, 3), None);
        assert_eq!(ordinal(&sheets[0], &run.rows, Spot { row: 2, column: 0 }), None);
        assert_eq!(ordinals(&sheets[1], &run.rows, 0..2), 4..6);
        assert_eq!(ordinals(&sheets[0], &run.rows, 1..1), 0..0);
    }

    #[test]
    fn only_changes_inside_the_window_ask_for_it_again() {
        assert!(touches(&[(0, 3), (8, 9)], &(8..20)));
        assert!(!touches(&[(0, 8), (20, 30)], &(8..20)), "ranges are half open");
    }

    #[test]
    fn not_passing_is_wanted_by_n_and_failing_by_the_count() {
        let (failed, missed) =
            (line(CellState::Failed, &[]), line(CellState::Done, &[true, false]));
        assert!(Wanted::Failed.is(&failed) && Wanted::NotPassed.is(&failed));
        assert!(!Wanted::Failed.is(&missed) && Wanted::NotPassed.is(&missed));
        assert!(!Wanted::NotPassed.is(&line(CellState::Done, &[true])));
        assert!(!Wanted::NotPassed.is(&line(CellState::Queued, &[])));
    }

    #[test]
    fn a_search_looks_at_every_cell_once_and_at_the_current_one_last() {
        let all = 4_000..9_000;
        let pages = search_pages(&all, 6_499);
        let order: Vec<u32> = pages.iter().cloned().flatten().collect();
        assert_eq!(order.len(), 5_000);
        assert_eq!((order.first(), order.last()), (Some(&6_500), Some(&6_499)));
        assert!(pages.iter().all(|page| page.len() <= SEARCH_PAGE as usize));
        assert_eq!(search_pages(&all, 8_999).first(), Some(&(4_000..6_000)));
    }

    #[test]
    fn streamed_text_continues_where_it_belongs() {
        let mut text = String::new();
        assert!(continued(&mut text, 0, "Grü"));
        assert!(continued(&mut text, 4, "ße"));
        assert_eq!(text, "Grüße");
        assert!(continued(&mut text, 0, "New"), "0 starts anew");
        assert_eq!(text, "New");
        assert!(!continued(&mut text, 9, "!"), "a piece was missed");
    }

    #[test]
    fn a_chip_counts_passes_and_leaves_out_what_was_not_judged() {
        let scorers = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let mut scores = line(CellState::Done, &[true, false]).scores;
        scores.push(Some(ScoreLine { value: None, pass: None }));
        let chip = score_chip(&scorers, &scores).expect("has scores");
        assert_eq!(
            (chip.words.as_str(), chip.tone, chip.mark),
            ("1/2 pass", Tone::Warn, Mark::Warning)
        );
        assert_eq!(chip.hint, "a: pass\nb: fail\nc: not judged");
    }

    #[test]
    fn a_chip_differs_in_shape_too_not_only_in_colour() {
        let scorers = ["a".to_owned()];
        let chip = |passes: &[bool]| score_chip(&scorers, &line(CellState::Done, passes).scores);
        assert_eq!(chip(&[true]).map(|c| c.mark), Some(Mark::Check));
        assert_eq!(chip(&[false]).map(|c| c.mark), Some(Mark::Cross));
        assert_eq!(chip(&[]), None);
    }

    #[test]
    fn the_chip_of_a_measure_is_its_value() {
        let measure = |value| Some(ScoreLine { value, pass: None });
        let scorers = ["a".to_owned(), "b".to_owned()];
        let words = |scores: &[Option<ScoreLine>]| score_chip(&scorers, scores).map(|c| c.words);
        assert_eq!(words(&[measure(Some(34.216))]).as_deref(), Some("34.22"));
        let both = [measure(Some(1.0)), measure(Some(0.5))];
        assert_eq!(words(&both).as_deref(), Some("2 measures"));
        assert_eq!(words(&[measure(None)]).as_deref(), Some("not judged"));
    }

    #[test]
    fn a_value_between_zero_and_one_is_named_with_its_verdict() {
        assert_eq!(verdict(Some(true), Some(0.75)), "pass, 0.75");
        assert_eq!(verdict(None, Some(34.216)), "34.22");
        assert_eq!(verdict(Some(false), Some(0.0)), "fail");
        assert_eq!(verdict(None, None), "not judged");
    }

    #[test]
    fn a_cell_without_output_says_whether_one_is_to_come() {
        let waits = |state| no_output(state) == "Nothing yet.";
        assert!(waits(CellState::Queued) && waits(CellState::Running));
        assert!(
            ![CellState::Done, CellState::Cancelled, CellState::Skipped].map(waits).contains(&true)
        );
        assert!(no_output(CellState::Cancelled).contains("Resume"));
    }

    #[test]
    fn gates_are_summed_up_in_a_sentence() {
        let gate = |ok| GateView {
            column: 0,
            tags: Vec::new(),
            subject: "s".into(),
            ok,
            value: None,
            limit: String::new(),
            reason: String::new(),
        };
        assert_eq!(gate_words(&[]), None);
        assert_eq!(gate_words(&[gate(true)]), Some((true, "The gate holds".to_owned())));
        let mixed = [gate(true), gate(false), gate(true)];
        assert_eq!(gate_words(&mixed), Some((false, "1 of 3 gates fails".to_owned())));
    }

    #[test]
    fn a_run_that_goes_on_offers_neither_resume_nor_retry() {
        assert_eq!(offers(RunState::Running, 5, 2), Offers::default());
        assert_eq!(offers(RunState::Cancelled, 5, 0), Offers { resume: true, retry: false });
        assert_eq!(offers(RunState::Paused, 5, 0), Offers { resume: true, retry: false });
        assert_eq!(offers(RunState::Done, 0, 2), Offers { resume: false, retry: true });
    }

    #[test]
    fn a_run_that_stopped_says_why_and_what_is_left() {
        assert_eq!(
            why_stopped(RunState::Cancelled, None, 3).as_deref(),
            Some("You stopped this run; 3 cells have no answer yet.")
        );
        assert_eq!(
            why_stopped(RunState::Failed, Some("the disk is full"), 1).as_deref(),
            Some("the disk is full; 1 cell has no answer yet.")
        );
        assert_eq!(
            why_stopped(RunState::Paused, Some("The key was refused."), 2).as_deref(),
            Some("The key was refused. 2 cells have no answer yet.")
        );
        assert_eq!(why_stopped(RunState::Done, None, 0), None);
    }

    #[test]
    fn a_refused_key_leads_to_the_settings() {
        assert!(
            failure_hint("the provider answered 401 Unauthorized", 1).contains("key in Settings")
        );
        assert!(failure_hint("something new", 3).starts_with("Tried 3 times."));
    }

    #[test]
    fn a_cell_says_whether_it_is_fresh_and_what_it_cost_then() {
        let run = run();
        let cell = CellView {
            line: line(CellState::Done, &[]),
            column: run.columns[0].column.clone(),
            row: run.rows[0].clone(),
            messages: Vec::new(),
            output: Some("yes".into()),
            error: None,
            finish: None,
            input_tokens: Some(1_200),
            output_tokens: Some(300),
            cached_tokens: Some(800),
            reasoning_tokens: None,
            first_token_ms: None,
            cost: Some(0.42),
            received_ms: Some(0),
            request_id: None,
            attempts: 1,
            scores: Vec::new(),
            expected: None,
        };
        let said = |cell: &CellView, name: &str| {
            facts(cell, 7_200_000)
                .into_iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value)
        };
        assert_eq!(said(&cell, "answer").as_deref(), Some("fresh"));
        let calls = CellView { finish: Some("tool_calls".into()), ..cell.clone() };
        assert_eq!(said(&calls, "finish").as_deref(), Some("a tool call"));
        assert_eq!(said(&cell, "cost").as_deref(), Some("$0.42"));
        assert_eq!(
            said(&cell, "input tokens").as_deref(),
            Some("1,200, 800 from the provider's cache")
        );
        assert_eq!(said(&cell, "output tokens").as_deref(), Some("300"));
        let cached = CellView { line: CellLine { cached: true, ..cell.line.clone() }, ..cell };
        assert_eq!(said(&cached, "answer").as_deref(), Some("from cache, received 2 h ago"));
        assert_eq!(said(&cached, "cost").as_deref(), Some("$0.42 then, $0 now"));
    }

    #[test]
    fn failures_that_say_the_same_are_one_cause() {
        let failed = |ordinal, preview: &str| CellLine {
            state: CellState::Failed,
            preview: preview.into(),
            ..CellLine::queued(ordinal, ordinal % 2, 0)
        };
        let mut causes = Vec::new();
        gather(&mut causes, &[failed(3, "401"), CellLine::queued(4, 0, 0), failed(5, "500")]);
        gather(&mut causes, &[failed(8, "401")]);
        let said: Vec<_> =
            causes.iter().map(|c| (c.reason.as_str(), c.cells, c.first, c.columns.len())).collect();
        assert_eq!(said, [("401", 2, 3, 2), ("500", 1, 5, 1)]);
    }

    #[test]
    fn a_thousand_reasons_are_not_a_list_to_read() {
        let mut causes = Vec::new();
        for n in 0..1_000 {
            let cell = CellLine {
                state: CellState::Failed,
                preview: n.to_string(),
                ..CellLine::queued(n, 0, 0)
            };
            gather(&mut causes, &[cell]);
        }
        assert_eq!(causes.len(), CAUSES);
    }

    #[test]
    fn a_spent_budget_is_no_failure_like_others() {
        let spent = RunSummary {
            state: RunState::Spent,
            reason: Some("nothing is left".into()),
            stop: Some(StopKind::Budget),
            budget: Some(0.5),
            spent: 0.49,
            ..run().summary
        };
        assert!(is_budget_spent(&spent));
        assert_eq!(next_budget(&spent), "1.00");
        let other = RunSummary {
            state: RunState::Failed,
            reason: Some("the disk is full, whatever the budget".into()),
            stop: Some(StopKind::Other),
            ..spent.clone()
        };
        assert!(!is_budget_spent(&other), "words do not decide it");
        assert!(!is_budget_spent(&RunSummary { state: RunState::Running, ..spent }));
    }

    #[test]
    fn expected_values_are_laid_out_and_plain_text_is_kept() {
        assert_eq!(pretty(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(pretty("Hello"), "Hello");
    }
}
