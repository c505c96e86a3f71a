//! A run as files for others: JUnit XML for CI, Markdown for a pull request, one page of HTML for people without Assay.
//!
//! All three are made from what the window shows ([`RunView`], [`CellView`]) and decide nothing. Cells are looked through
//! once by the page, to know what became of each ([`Fate`]), and read one by one as they are written: a run may have more
//! than fit into memory. What a model or a repository wrote is escaped here, once for each language.

mod html;
mod junit;
mod markdown;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use assay_app::App;
use assay_wire::{
    ApiError, CellLine, CellState, CellView, Code, ColumnView, ReadCells, RunView, ScoreView,
};

use crate::arguments::ReportFiles;
use crate::commands::file_in;
use crate::commands::run::{check_writable, exit, unwritable};
use crate::exit::Exit;
use crate::output::Output;

/// Cells asked for at once.
const PAGE: u32 = 10_000;

/// How a report is written.
type Layout = fn(&Report, &mut dyn Write) -> Result<(), Stop>;

/// The reports that were asked for.
pub(crate) struct Reports(Vec<(PathBuf, Layout)>);

impl Reports {
    /// Looks whether each can be written, before a single call is paid for.
    ///
    /// # Errors
    /// When a file cannot be written, or two of them are standard output.
    pub(crate) fn new(
        directory: &Path,
        files: &ReportFiles,
        json: Option<&Path>,
    ) -> Result<Reports, ApiError> {
        let layouts: [(&Option<PathBuf>, Layout); 3] = [
            (&files.junit, junit::write),
            (&files.markdown, markdown::write),
            (&files.html, html::write),
        ];
        let asked = layouts
            .into_iter()
            .filter_map(|(file, layout)| Some((file_in(directory, file.as_ref()?), layout)));
        let reports = Reports(asked.collect());
        let streams = reports.0.iter().filter(|(file, _)| is_stream(file)).count();
        if streams + usize::from(json.is_some_and(is_stream)) > 1 {
            let message =
                "only one of --json, --junit, --markdown and --html can be standard output";
            return Err(ApiError::new(Code::BadInput, message));
        }
        reports.0.iter().try_for_each(|(file, _)| check_writable(file))?;
        Ok(reports)
    }

    /// Whether one of them is standard output, so that nothing else is.
    pub(crate) fn takes_stdout(&self) -> bool {
        self.0.iter().any(|(file, _)| is_stream(file))
    }

    /// Writes them.
    pub(crate) fn write(&self, app: &App, run: &RunView, output: &Output) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let report = Report::new(app, run)?;
        for (file, layout) in &self.0 {
            if is_stream(file) {
                output.stream(|to| settled(layout(&report, to)))?;
            } else {
                let failed = |error: io::Error| unwritable(file, &error);
                let mut to = BufWriter::new(File::create(file).map_err(failed)?);
                settled(layout(&report, &mut to))?.and_then(|()| to.flush()).map_err(failed)?;
            }
        }
        Ok(())
    }
}

fn is_stream(file: &Path) -> bool {
    file == Path::new("-")
}

/// Why a report ends before its end: where it goes, or what it is made from.
enum Stop {
    Stream(io::Error),
    Source(ApiError),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Stream(error)
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Stop {
        Stop::Source(error)
    }
}

fn settled(written: Result<(), Stop>) -> Result<io::Result<()>, ApiError> {
    match written {
        Ok(()) => Ok(Ok(())),
        Err(Stop::Stream(error)) => Ok(Err(error)),
        Err(Stop::Source(error)) => Err(error),
    }
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Answered, and no scorer that judged it says no.
    Passed,
    /// Answered, and a scorer says no.
    NotPassed,
    /// Answered, and a scorer could not judge it; none says no.
    NotJudged,
    /// The call failed.
    Failed,
    /// Not answered: the run was stopped before it, or it is another shard's.
    NotAnswered,
}

impl Fate {
    fn of(cell: &CellLine) -> Fate {
        let scores = || cell.scores.iter().flatten();
        match cell.state {
            CellState::Failed => Fate::Failed,
            CellState::Done if scores().any(|score| score.pass == Some(false)) => Fate::NotPassed,
            CellState::Done if scores().any(|score| score.value.is_none()) => Fate::NotJudged,
            CellState::Done => Fate::Passed,
            _ => Fate::NotAnswered,
        }
    }
}

/// A cell by its number.
struct Seen {
    ordinal: u32,
    column: u32,
    fate: Fate,
}

/// A run with the fate of each of its cells.
struct Report<'a> {
    app: &'a App,
    run: &'a RunView,
    exit: Exit,
    cells: Vec<Seen>,
}

impl<'a> Report<'a> {
    fn new(app: &'a App, run: &'a RunView) -> Result<Report<'a>, ApiError> {
        let total = run.summary.counts.total;
        let mut cells = Vec::new();
        for from in (0..total).step_by(PAGE as usize) {
            let to = (from + PAGE).min(total);
            let page = app.call(ReadCells { run: run.summary.run.clone(), from, to })?;
            let seen = |cell: &CellLine| Seen {
                ordinal: cell.ordinal,
                column: cell.column,
                fate: Fate::of(cell),
            };
            cells.extend(page.cells.iter().map(seen));
        }
        Ok(Report { app, run, exit: exit(run), cells })
    }

    /// Everything about a cell.
    fn cell(&self, ordinal: u32) -> Result<CellView, ApiError> {
        let cell = self.app.cells(&self.run.summary.run, ordinal..ordinal + 1)?.pop();
        cell.ok_or_else(|| ApiError::new(Code::NotFound, format!("the run has no cell {ordinal}")))
    }

    fn count(&self, fate: Fate) -> usize {
        self.cells.iter().filter(|cell| cell.fate == fate).count()
    }

    fn column(&self, place: u32) -> Option<&ColumnView> {
        self.run.columns.get(place as usize).map(|stats| &stats.column)
    }

    /// How it ended, in a few words.
    fn verdict(&self) -> &'static str {
        match self.exit {
            Exit::Done if self.run.gates.is_empty() => "done, without gates",
            Exit::Done => "all gates hold",
            Exit::Failed => "a gate does not hold",
            _ => "incomplete",
        }
    }
}

/// A column's name: `plain › openai/gpt-4.1`.
fn column_name(column: &ColumnView) -> String {
    format!("{} › {}", column.variant, column.model)
}

/// A cell's case, and which of its samples it is.
fn case_name(cell: &CellView) -> String {
    match cell.row.sample {
        0 => cell.row.case.clone(),
        sample => format!("{} (sample {})", cell.row.case, sample + 1),
    }
}

/// What a scorer says of a cell: `exact: "a" is not "b"`.
fn score_line(score: &ScoreView) -> String {
    format!("{}: {}", score.scorer, score.reason)
}

/// A verdict in a word.
fn score_word(score: &ScoreView) -> &'static str {
    match (score.pass, score.value) {
        (Some(true), _) => "pass",
        (Some(false), _) => "fail",
        (None, Some(_)) => "measured",
        (None, None) => "not judged",
    }
}

/// The beginning of a text, with how much of it is left out.
fn beginning(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let left = text[end..].chars().count();
            format!("{}… ({left} more characters)", &text[..end])
        }
    }
}

/// Text for XML and HTML, inside of elements and of attributes alike. What XML cannot hold is shown as a replacement
/// character.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use assay_wire::ScoreLine;

    use super::*;

    fn fate(state: CellState, scores: &[(Option<f32>, Option<bool>)]) -> Fate {
        let score = |(value, pass): &(Option<f32>, Option<bool>)| {
            Some(ScoreLine { value: *value, pass: *pass })
        };
        let scores = scores.iter().map(score).collect();
        Fate::of(&CellLine { state, scores, ..CellLine::queued(0, 0, 0) })
    }

    #[test]
    fn what_nobody_judged_has_not_passed() {
        let (pass, fail, open) = ((Some(1.0), Some(true)), (Some(0.0), Some(false)), (None, None));
        assert_eq!(fate(CellState::Done, &[pass]), Fate::Passed);
        assert_eq!(fate(CellState::Done, &[pass, (Some(0.3), None)]), Fate::Passed, "it measures");
        assert_eq!(fate(CellState::Done, &[pass, open]), Fate::NotJudged);
        assert_eq!(fate(CellState::Done, &[open, fail]), Fate::NotPassed);
        assert_eq!(fate(CellState::Failed, &[]), Fate::Failed);
        assert_eq!(fate(CellState::Skipped, &[]), Fate::NotAnswered);
    }

    #[test]
    fn an_output_cannot_leave_its_element() {
        assert_eq!(
            escaped("]]></a><b c='d\">&\u{0}\u{1b}\r\n"),
            "]]&gt;&lt;/a&gt;&lt;b c=&#39;d&quot;&gt;&amp;\u{fffd}\u{fffd}\u{fffd}\n"
        );
    }

    #[test]
    fn a_long_text_says_how_much_of_it_is_left_out() {
        assert_eq!(beginning("äöü", 3), "äöü");
        assert_eq!(beginning("äöüß!", 3), "äöü… (2 more characters)");
    }
}
