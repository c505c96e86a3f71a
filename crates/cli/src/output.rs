//! Where text goes: documents to standard output, progress and messages to standard error.

use std::io::{IsTerminal, Write};

use assay_wire::ApiError;
use serde_json::{Value, json};

/// The process' two streams.
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// For people, or as a document for scripts.
    pub fn show(&self, document: &Value, text: impl FnOnce() -> String) -> Result<(), ApiError> {
        if self.json { self.write(&pretty(document)) } else { self.write(&text()) }
    }

    /// Whether standard output gets a document.
    pub fn is_document(&self) -> bool {
        self.json
    }

    /// A document that is too long to be held: it is written as it is made. The inner error is the stream's, the outer
    /// one the maker's.
    pub fn stream(
        &self,
        make: impl FnOnce(&mut dyn Write) -> Result<std::io::Result<()>, ApiError>,
    ) -> Result<(), ApiError> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let written = make(&mut out)?;
        refused(written.and_then(|()| out.flush()))
    }

    /// For people, where no document was asked for.
    pub fn tell(&self, text: &str) -> Result<(), ApiError> {
        self.write(text)
    }

    /// A text that is a file of its own, whose writer has made it harmless: where it has signs that nobody sees, they
    /// belong there.
    pub fn copy(&self, text: &str) -> Result<(), ApiError> {
        let mut out = std::io::stdout().lock();
        refused(writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()))
    }

    /// A line about what is going on.
    pub fn note(&self, line: &str) {
        // Nothing is left to tell a person whose standard error is closed.
        let _ = writeln!(std::io::stderr(), "{}", printable(line));
    }

    /// Replaces the progress line on a terminal; elsewhere progress is told by [`Output::note`].
    pub fn progress(&self, line: &str) {
        if self.has_live_progress() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K{}", printable(line));
        }
    }

    /// Clears the progress line.
    pub fn end_progress(&self) {
        self.progress("");
    }

    pub fn has_live_progress(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// What went wrong, and what to do; for scripts also as a document.
    pub fn error(&self, error: &ApiError) {
        if self.json {
            let document = json!({
                "schema": "assay.error/1",
                "code": error.code,
                "message": error.message,
                "hints": error.hints,
            });
            // The exit code and standard error tell whoever closed standard output.
            let _ = self.write(&pretty(&document));
        }
        self.note(&format!("error: {error}"));
        for hint in &error.hints {
            self.note(&format!("hint: {hint}"));
        }
    }

    fn write(&self, text: &str) -> Result<(), ApiError> {
        let mut out = std::io::stdout().lock();
        let text = if self.json { text.to_owned() } else { printable(text) };
        refused(writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()))
    }
}

fn refused(written: std::io::Result<()>) -> Result<(), ApiError> {
    match written {
        // Whoever read us has seen enough, as `head` does.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(ApiError::new(
            assay_wire::Code::Storage,
            format!("could not write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}

/// A document, indented.
pub(crate) fn pretty(document: &Value) -> String {
    format!("{document:#}")
}

/// Text from a repository or a model, without what a terminal would obey: control characters and
/// characters that reorder or hide what is around them are shown as their code.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || is_invisible(c) => {
                safe.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Whether nobody sees a character, or it reorders what stands around it.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Words of somebody else within a line of ours: they begin no line of their own.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if ends_line(c) { ' ' } else { c }).collect()
}

/// Words of somebody else on lines of their own, each with a mark before it, so that none of them passes for ours.
pub(crate) fn quoted(mark: &str, text: &str) -> String {
    text.split('\n').map(|line| format!("{mark}{line}\n")).collect()
}

fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `1 error`, `2 errors`.
pub(crate) fn counted(n: u32, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// Left-aligned columns, two spaces apart.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_output_cannot_steer_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\r\n\u{202e}c"), "a\\u{1b}[2Jb\\u{d}\n\\u{202e}c");
    }

    #[test]
    fn a_table_lines_up() {
        let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        assert_eq!(table(&[row("é", "x"), row("long", "y")]), "é     x\nlong  y\n");
    }
}
