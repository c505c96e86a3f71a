//! What is wrong with a prompt, as data: a code, a place, a message and where possible a hint.
//!
//! A prompt under someone's hands is wrong most of the time, so nothing here is a Rust error.
//! The meaning of each code stands in [`crate::codes`].

use serde::Serialize;

use crate::{Fix, Span};

/// How bad a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The prompt cannot be run as it stands.
    Error,
    /// It can be run, but probably does not do what was meant.
    Warning,
}

/// One finding, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// A code of [`crate::codes`], for example `P0101`.
    pub code: &'static str,
    /// Whether it stops a run.
    pub severity: Severity,
    /// One sentence that names the thing in question.
    pub message: String,
    /// The file it stands in, relative to the prompt's folder.
    pub file: String,
    /// Where in that file.
    pub span: Span,
    /// What to do about it, where one thing is right.
    pub hint: Option<Box<str>>,
    /// A change that puts it right, where one is right.
    pub fix: Option<Box<Fix>>,
    /// The other thing it is about, as a row that this one repeats: its file and place.
    #[serde(skip)]
    pub other: Option<Box<(String, Span)>>,
}

impl Diagnostic {
    /// A finding that stops a run.
    pub fn error(code: &'static str, file: &str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            file: file.to_owned(),
            span,
            hint: None,
            fix: None,
            other: None,
        }
    }

    /// A finding that does not stop a run.
    pub fn warning(code: &'static str, file: &str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, file, span, message) }
    }

    /// The same finding with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into().into());
        self
    }

    /// The same finding, which is as much about a place of another file or row.
    #[must_use]
    pub fn with_other(mut self, file: &str, span: Span) -> Self {
        self.other = Some(Box::new((file.to_owned(), span)));
        self
    }

    /// The same finding with a change that puts it right.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(Box::new(fix));
        self
    }
}

/// Collects the findings of one file, so that readers need not repeat its name.
pub(crate) struct Report<'a> {
    pub file: &'a str,
    pub found: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    pub fn new(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    pub fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::error(code, self.file, span, message))
    }

    pub fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::warning(code, self.file, span, message))
    }

    fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        let at = self.found.len();
        self.found.push(diagnostic);
        &mut self.found[at]
    }
}

impl Diagnostic {
    /// Adds advice in place; pairs with [`Report`], whose methods lend the new finding.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into().into());
        self
    }

    /// Adds a fix in place.
    pub(crate) fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(Box::new(fix));
        self
    }
}

/// More names than this help nobody to find the right one.
const MOST_NAMES: usize = 20;

/// `a`, `b` and `c`, for messages that name what exists; "none" when there is nothing to name.
pub(crate) fn name_list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut names = names.into_iter();
    let first = names.by_ref().take(MOST_NAMES);
    let mut first: Vec<String> = first.map(|name| format!("`{}`", name.as_ref())).collect();
    match names.count() {
        0 => {}
        more => first.push(format!("{more} more")),
    }
    match first.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
