//! The problems of a list: which row and key each is about, and whether an edit would lose what only the text says.

use assay_prompt::edit::{self, Step, YamlPart};
use assay_prompt::{Diagnostic, Files, Severity, codes};

use super::{Home, Section, evals_files};

/// A problem of a list, as its form shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The row it is about; the list as a whole when `None`.
    pub row: Option<usize>,
    /// The key it is about.
    pub key: Option<String>,
    /// Whether it stops a run.
    pub is_error: bool,
    /// Whether the text says something that the form cannot show, so that writing the list anew
    /// would lose it.
    pub is_lossy: bool,
    /// What is wrong, and what to do.
    pub words: String,
    /// Line in its file.
    pub line: usize,
}

/// Most problems of one list that are looked up.
const MOST_FINDINGS: usize = 100;

/// Problems that mean: something is written there that was not understood.
const LOSSY: &[&str] = &[
    codes::NOT_A_MAP,
    codes::WRONG_TYPE,
    codes::SCHEMA_NOT_A_LIST,
    codes::PROPERTY_WITHOUT_NAME,
    codes::UNKNOWN_KIND,
    codes::SCHEMA_TOO_DEEP,
    codes::MISSING_KEY,
    codes::NO_MARGIN,
];

/// The problems of a list, each with the row and the key it is about.
pub fn findings(
    found: &[Diagnostic],
    files: &Files,
    homes: &[Home],
    section: Section,
) -> Vec<Finding> {
    let placed = found.iter().filter_map(|diagnostic| {
        let home = homes.iter().find(|home| home.file == diagnostic.file)?;
        finding(diagnostic, files.get(&home.file)?, home, section)
    });
    placed.take(MOST_FINDINGS).collect()
}

fn finding(found: &Diagnostic, text: &str, home: &Home, section: Section) -> Option<Finding> {
    let path = edit::path_at(text, home.part, found.span);
    let mut way = path.iter();
    if home.keyed {
        way.next().filter(|step| **step == Step::Key(section.key().to_owned()))?;
    }
    let (row, key) = match (section, way.next()) {
        (Section::Parameters, Some(Step::Key(key))) => {
            let option = way.next().filter(|_| key == "options").map(Step::to_string);
            (Some(0), Some(option.unwrap_or_else(|| key.clone())))
        }
        (Section::Models, Some(entry)) => {
            let key = way.next();
            let option = way.next().filter(|_| key == Some(&Step::from("options")));
            (row_of(home, entry), option.or(key).map(Step::to_string))
        }
        (_, Some(entry)) => (row_of(home, entry), way.next().map(Step::to_string)),
        (_, None) => (None, None),
    };
    let hint = found.hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
    Some(Finding {
        row,
        key: row.and(key),
        is_error: found.severity == Severity::Error,
        is_lossy: LOSSY.contains(&found.code),
        words: format!("{}{hint}", found.message),
        line: assay_prompt::line_col(text, found.span.start.min(text.len())).0,
    })
}

/// What is wrong with a single setting of the evals, such as `repeat`.
pub fn setting_trouble(found: &[Diagnostic], files: &Files, key: &str) -> Option<String> {
    let evals = evals_files(files).ok()?;
    let about = found.iter().filter(|diagnostic| evals.contains(&diagnostic.file));
    let mut about = about.filter(|diagnostic| {
        let text = files.get(&diagnostic.file).map(String::as_str).unwrap_or_default();
        edit::path_at(text, YamlPart::File, diagnostic.span).first() == Some(&Step::from(key))
    });
    about.next().map(|diagnostic| diagnostic.message.clone())
}

fn row_of(home: &Home, entry: &Step) -> Option<usize> {
    let at = match entry {
        Step::Item(at) => *at,
        Step::Key(name) => home.names.iter().position(|known| known == name)?,
    };
    home.rows.get(at).copied().flatten()
}

/// Which part of a list an edit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched<'a> {
    /// The list: a row was added, moved.
    List,
    /// A whole row, which goes away.
    Row(usize),
    /// One key of a row.
    Key(usize, &'a str),
}

/// Why an edit would lose what is written elsewhere in the list, if it would.
pub fn loss(findings: &[Finding], touched: Touched) -> Option<String> {
    let elsewhere = |finding: &&Finding| match touched {
        Touched::List => true,
        Touched::Row(at) => finding.row != Some(at),
        Touched::Key(at, key) => {
            finding.row != Some(at) || finding.key.as_deref().is_some_and(|known| known != key)
        }
    };
    let found = findings.iter().filter(|finding| finding.is_lossy).find(elsewhere)?;
    Some(format!(
        "line {} is not understood ({}). Put it right in the text first, so that nothing is lost.",
        found.line, found.words
    ))
}
