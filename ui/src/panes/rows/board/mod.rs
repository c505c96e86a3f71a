//! A grid as the person works on it: where the keyboard is, what is edited and filtered, and how a change reaches the
//! file.
//!
//! [`rows`], [`shown`] and [`clip`] are what else is done with it.

use std::sync::Arc;

use assay_prompt::{
    Prompt, Row,
    edit::{Changes, EditError},
};
use leptos::prelude::*;

use super::{
    change::{self, RowError},
    near::Near,
    pending::{Pending, Unkept},
    sheet::{Column, Finding, Line, Raw, RowKind, Sheet},
    shots,
};
use crate::{
    components::Spot,
    panes::edit::Bench,
    state::{Document, Documents, Toasts, context},
};

mod clip;
mod rows;
mod shown;

use clip::Clip;

/// One grid: the examples or the cases of the open prompt.
#[derive(Clone, Copy)]
pub struct Grid {
    /// Which rows.
    pub kind: RowKind,
    /// Words that rows must have to be shown.
    pub words: RwSignal<String>,
    /// The tag they must have; empty for any.
    pub tag: RwSignal<String>,
    /// What is to be pasted.
    pub clip: Clip,
    sheet: Memo<Option<Arc<Sheet>>>,
    columns: Memo<Vec<Column>>,
    seen: Memo<Vec<usize>>,
    at: RwSignal<Spot>,
    editing: RwSignal<bool>,
    trouble: RwSignal<Option<String>>,
    wanted: RwSignal<u32>,
    parsed: Signal<Option<Arc<Prompt>>>,
    documents: Documents,
    toasts: Toasts,
    bench: Bench,
    pending: Pending,
    near: Near,
}

/// What an edit is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A cell of the row of that id.
    Cell(String, Column),
    /// The text of a line that could not be read.
    Raw(Raw),
}

impl Target {
    /// Whether both are of the same cell, wherever an unreadable line stands by now.
    pub fn is_same(&self, other: &Target) -> bool {
        match (self, other) {
            (Target::Raw(raw), Target::Raw(other)) => raw.text == other.text,
            _ => self == other,
        }
    }

    /// Whether it is a cell of the row of that id.
    pub fn is_of_row(&self, row: &str) -> bool {
        matches!(self, Target::Cell(id, _) if id == row)
    }

    /// The same cell of a row that is called so now.
    pub fn rename(&mut self, row: &str) {
        if let Target::Cell(id, _) = self {
            *id = row.to_owned();
        }
    }

    /// The line it is on.
    pub fn line(&self, sheet: &Sheet) -> Option<usize> {
        match self {
            Target::Cell(id, _) => sheet.line_of(id),
            Target::Raw(raw) => sheet
                .lines
                .iter()
                .position(|line| matches!(line, Line::Raw(other) if other.text == raw.text)),
        }
    }
}

/// A change that was made.
struct Made<T> {
    document: Document,
    before: String,
    after: String,
    result: T,
}

impl Grid {
    /// The rows of the open prompt; `near` knows which of them mean nearly the same.
    pub fn new(kind: RowKind, near: Near) -> Self {
        let (documents, bench) = (context::<Documents>(), context::<Bench>());
        let parsed = documents.parsed();
        let sheet = Memo::new(move |_| sheet_of(kind, documents, parsed.get()?).map(Arc::new));
        let columns = Memo::new(move |_| {
            let shown = bench.shown().get();
            sheet.with(|sheet| sheet.as_ref().map(|s| s.columns(&shown)).unwrap_or_default())
        });
        let (words, tag) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        let seen = Memo::new(move |_| {
            let found =
                |sheet: &Arc<Sheet>| words.with(|words| tag.with(|t| sheet.found(words, t)));
            sheet.with(|sheet| sheet.as_ref().map(found).unwrap_or_default())
        });
        Self {
            kind,
            words,
            tag,
            clip: Clip::new(),
            sheet,
            columns,
            seen,
            at: RwSignal::new(Spot::default()),
            editing: RwSignal::new(false),
            trouble: RwSignal::new(None),
            wanted: RwSignal::new(0),
            parsed,
            documents,
            toasts: context(),
            bench,
            pending: context(),
            near,
        }
    }

    /// The rows, when the prompt has a file of them.
    pub fn sheet(self) -> Option<Arc<Sheet>> {
        self.sheet.get()
    }

    /// The columns.
    pub fn columns(self) -> Vec<Column> {
        self.columns.get()
    }

    /// How many lines are shown.
    pub fn count(self) -> usize {
        self.seen.with(Vec::len)
    }

    /// How many lines there are.
    pub fn total(self) -> usize {
        self.sheet.with(|sheet| sheet.as_ref().map_or(0, |sheet| sheet.lines.len()))
    }

    /// The line that is shown in a place of the grid.
    pub fn line(self, row: usize) -> Option<usize> {
        self.seen.with(|seen| seen.get(row).copied())
    }

    /// The row that is shown in a place of the grid.
    pub fn row(self, row: usize) -> Option<Row> {
        let line = self.line(row)?;
        self.sheet.with(|sheet| sheet.as_ref()?.row(line).cloned())
    }

    /// The unreadable text that is shown in a place of the grid.
    pub fn raw(self, row: usize) -> Option<Raw> {
        let line = self.line(row)?;
        self.sheet.with(|sheet| match sheet.as_ref()?.lines.get(line)? {
            Line::Raw(raw) => Some(raw.clone()),
            Line::Row(_) => None,
        })
    }

    /// What was found about what is shown in a place of the grid.
    pub fn findings(self, row: usize) -> Vec<Finding> {
        let (Some(sheet), Some(line)) = (self.sheet(), self.line(row)) else { return Vec::new() };
        let mut findings = sheet.findings(line);
        if let Some(row) = sheet.row(line) {
            findings.extend(self.near.about(self.kind, &row.id));
        }
        findings
    }

    /// The text that was typed into a cell and does not fit there.
    pub fn unkept(self, target: &Target) -> Option<Unkept> {
        self.pending.of(&self.document()?.path, target)
    }

    /// The cells that hold a text which does not fit.
    pub fn waiting(self) -> Vec<Target> {
        let there = self.document().zip(self.sheet());
        there.map(|(file, sheet)| self.pending.waiting(&file.path, &sheet)).unwrap_or_default()
    }

    /// Goes to the first of them and edits it.
    pub fn mend(self) {
        let Some(target) = untrack(|| self.waiting()).into_iter().next() else { return };
        let columns = untrack(|| self.columns());
        let column = match &target {
            Target::Cell(_, column) => columns.iter().position(|own| own == column),
            Target::Raw(_) => Some(0),
        };
        self.clear_filter();
        let line = untrack(|| self.sheet()).and_then(|sheet| target.line(&sheet));
        let place = line.and_then(|line| self.place_of(line));
        match (place, column) {
            (Some(row), Some(column)) => {
                self.go(Spot { row, column });
                self.edit();
            }
            // A column that is not shown any more cannot be edited, so its text waits for nothing.
            _ => self.forget(&target),
        }
    }

    /// Where the keyboard is.
    pub fn at(self) -> Spot {
        let Spot { row, column } = self.at.get();
        let columns = self.columns.with(Vec::len);
        Spot {
            row: row.min(self.count().saturating_sub(1)),
            column: column.min(columns.saturating_sub(1)),
        }
    }

    /// Whether the cell under the keyboard is being edited.
    pub fn editing(self) -> bool {
        self.editing.get()
    }

    /// What was wrong with the last edit.
    pub fn trouble(self) -> Option<String> {
        self.trouble.get()
    }

    /// Rises whenever the cell under the keyboard is to be shown and focused.
    pub fn wanted(self) -> Signal<u32> {
        self.wanted.into()
    }

    /// The file of the rows.
    pub fn document(self) -> Option<Document> {
        let file = self.parsed.with(|p| self.kind.rows(p.as_ref()?).file.clone())?;
        self.documents.document(&file)
    }

    /// Puts the keyboard on a cell.
    pub fn go(self, spot: Spot) {
        self.stay(spot);
        self.wanted.update(|times| *times += 1);
    }

    /// A cell got the keyboard by itself.
    pub fn stay(self, spot: Spot) {
        self.editing.set(false);
        self.trouble.set(None);
        self.at.set(spot);
        self.feed(spot.row);
    }

    /// A case that is gone to feeds the previews.
    fn feed(self, row: usize) {
        if self.kind != RowKind::Case {
            return;
        }
        let case = untrack(|| self.row(row)).map(|row| row.id);
        if let Some(case) = case.filter(|id| untrack(|| self.bench.case()).as_ref() != Some(id)) {
            self.bench.choose_case(case);
        }
    }

    /// The case that feeds the previews.
    pub fn is_fed(self, id: &str) -> bool {
        self.kind == RowKind::Case && self.bench.case().as_deref() == Some(id)
    }

    /// Edits the cell under the keyboard.
    pub fn edit(self) {
        let target = untrack(|| self.target());
        let unkept = target.as_ref().and_then(|target| untrack(|| self.unkept(target)));
        self.trouble.set(unkept.map(|unkept| unkept.why));
        self.editing.set(target.is_some());
    }

    /// What would be edited now.
    pub fn target(self) -> Option<Target> {
        let Spot { row, column } = self.at();
        if let Some(raw) = self.raw(row) {
            return Some(Target::Raw(raw));
        }
        let column = self.columns.with(|all| all.get(column).cloned()).filter(Column::is_text)?;
        Some(Target::Cell(self.row(row)?.id, column))
    }

    /// Ends an edit, wherever the keyboard goes.
    pub fn stop(self) {
        self.trouble.set(None);
        self.editing.set(false);
    }

    /// Ends an edit and gives the keyboard back to the cell.
    pub fn let_go(self) {
        self.stop();
        self.wanted.update(|times| *times += 1);
    }

    /// Keeps what was typed; whether it fitted.
    pub fn keep(self, target: &Target, typed: &str) -> bool {
        let made = self.change(|text, sheet| match target {
            Target::Cell(id, column) => change::edited(text, sheet, id, column, typed),
            Target::Raw(raw) => {
                change::raw_edited(text, raw.span, &raw.text, typed).map(|t| (t, String::new()))
            }
        });
        if let Some(made) = &made {
            self.editing.set(false);
            self.forget(target);
            if let Target::Cell(id, Column::Id) = target {
                self.pending.rename(&made.document.path, id, &made.result);
            }
        }
        made.is_some()
    }

    /// Keeps what was typed and does not fit for later, and ends the edit.
    pub fn put_off(self, target: &Target, typed: String) {
        let why = self.trouble.get_untracked().unwrap_or_default();
        if let Some(file) = untrack(|| self.document()) {
            self.pending.put(file.path.clone(), target.clone(), typed, why);
        }
        self.stop();
    }

    /// Lets go of a text that did not fit a cell.
    pub fn forget(self, target: &Target) {
        if let Some(file) = untrack(|| self.document()) {
            self.pending.drop(&file.path, target);
        }
    }

    /// Goes on to the next text cell to the right or left, into the next row at the end, and edits it.
    pub fn edit_next(self, back: bool) {
        let Spot { row, column } = untrack(|| self.at());
        let columns = untrack(|| self.columns());
        let texts: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].is_text()).collect();
        let rows = untrack(|| self.count());
        let next = if back {
            let before = texts.iter().rev().find(|at| **at < column).map(|at| (row, *at));
            before.or_else(|| Some((row.checked_sub(1)?, *texts.last()?)))
        } else {
            let after = texts.iter().find(|at| **at > column).map(|at| (row, *at));
            after.or_else(|| Some((row + 1, *texts.first()?)).filter(|_| row + 1 < rows))
        };
        match next {
            Some((row, column)) => {
                self.stay(Spot { row, column });
                self.edit();
            }
            None => self.let_go(),
        }
    }

    /// Puts the keyboard on the row of that id, which the filter must not hide.
    pub fn reveal(self, id: &str) {
        self.clear_filter();
        self.go_to(id, 0);
    }

    /// Puts the keyboard on the row of that id.
    fn go_to(self, id: &str, column: usize) {
        let line = untrack(|| self.sheet()).and_then(|sheet| sheet.line_of(id));
        if let Some(row) = line.and_then(|line| self.place_of(line)) {
            self.go(Spot { row, column });
        }
    }

    /// Where a line is shown.
    fn place_of(self, line: usize) -> Option<usize> {
        self.seen.with_untracked(|seen| seen.iter().position(|own| *own == line))
    }

    /// Applies a change to the file's text.
    fn change<T>(
        self,
        make: impl FnOnce(&str, &Sheet) -> Result<(String, T), RowError>,
    ) -> Option<Made<T>> {
        let (document, sheet) = untrack(|| Some((self.document()?, self.sheet()?)))?;
        let before = document.text_now();
        match make(&before, &sheet) {
            Ok((after, result)) => {
                self.trouble.set(None);
                document.edit(after.clone());
                Some(Made { document, before, after, result })
            }
            Err(error) => {
                self.trouble.set(Some(error.to_string()));
                None
            }
        }
    }

    /// Brings back what was before a change; not where the same lines changed since.
    fn take_back<T>(self, made: &Made<T>) -> bool {
        let now = made.document.text_now();
        let back = change::taken_back(&now, &made.before, &made.after);
        let found = back.is_some();
        if let Some(text) = back {
            made.document.edit(text);
        }
        found
    }

    fn not_back(self) {
        self.toasts.say("It was not taken back, because the same lines changed since");
    }

    /// Shows every row.
    pub fn clear_filter(self) {
        self.words.set(String::new());
        self.tag.set(String::new());
    }

    /// Gives the prompt the file for such rows, and what else they need; whether that went well.
    pub fn start(self, kind: RowKind) -> bool {
        let files = untrack(|| self.documents.files());
        let Some(prompt) = self.parsed.get_untracked() else { return false };
        let named = kind.rows(&prompt).file.clone();
        let changes = match (kind, named) {
            // The prompt names a file; only the file is missing.
            (_, Some(file)) if !files.contains_key(&file) => {
                Ok(Changes::from([(file, Some(String::new()))]))
            }
            (RowKind::Example, _) => shots::started(&prompt, &files),
            (RowKind::Case, _) => shots::cases_started(&files),
        };
        self.apply(changes)
    }

    fn apply(self, changes: Result<Changes, EditError>) -> bool {
        match changes {
            Ok(changes) => {
                self.trouble.set(None);
                self.documents.apply(changes, self.toasts);
                true
            }
            Err(error) => {
                self.trouble.set(Some(error.to_string()));
                false
            }
        }
    }
}

fn sheet_of(kind: RowKind, documents: Documents, prompt: Arc<Prompt>) -> Option<Sheet> {
    let file = kind.rows(&prompt).file.clone()?;
    let text = documents.document(&file)?.text();
    Sheet::new(kind, prompt, &text)
}

/// The sheet as the files are now, with its file.
fn sheet_now(kind: RowKind, documents: Documents) -> Option<(Sheet, Document)> {
    let sheet = sheet_of(kind, documents, documents.parsed().get()?)?;
    let document = documents.document(&sheet.file)?;
    Some((sheet, document))
}
