//! What the drawer decides: which problems there are, under which heading each stands, and what a fix would make of
//! the files.

use std::collections::BTreeMap;

use assay_prompt::{Diagnostic, Edit, Fix, REPOSITORY_FILE, apply_edits, codes};
use assay_wire::{FixOffer, Problem, PromptSummary, Severity};

/// Most problems that are drawn at once; the filters find the others.
pub const SHOWN: usize = 400;

/// One problem, in whichever prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Key of its prompt; `None` for what concerns the repository itself.
    pub prompt: Option<String>,
    /// Its file, below the prompt's folder or, without a prompt, below the root.
    pub file: String,
    /// Byte offset in the file.
    pub at: usize,
    /// One past its last byte.
    pub end: usize,
    /// 1-based line and column.
    pub place: (usize, usize),
    /// Such as `P0101`.
    pub code: String,
    /// Whether it stops a run.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What would mend it.
    pub fix: Option<Offer>,
}

/// A fix as it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// On its button.
    pub title: String,
    /// Whether it may be applied without being looked at.
    pub safe: bool,
    /// Whether it wants a fresh permanent id, which only the application can give.
    pub wants_id: bool,
}

impl Offer {
    fn of(fix: &Fix) -> Self {
        Self { title: fix.title.clone(), safe: fix.safe, wants_id: fix.wants_id() }
    }

    fn of_disk(fix: &FixOffer) -> Self {
        let wants_id = fix.edits.iter().any(|edit| edit.id_at.is_some());
        Self { title: fix.title.clone(), safe: fix.safe, wants_id }
    }
}

/// The problems of the open prompt, as its files are typed.
pub fn of_prompt(
    key: &str,
    found: &[Diagnostic],
    text_of: impl Fn(&str) -> String,
) -> Vec<Finding> {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    found
        .iter()
        .map(|d| {
            let text = texts.entry(&d.file).or_insert_with(|| text_of(&d.file));
            Finding {
                prompt: Some(key.to_owned()),
                file: d.file.clone(),
                at: d.span.start,
                end: d.span.end,
                place: assay_prompt::line_col(text, d.span.start.min(text.len())),
                code: d.code.to_owned(),
                severity: severity(d),
                message: d.message.clone(),
                hint: d.hint.as_deref().map(str::to_owned),
                fix: d.fix.as_deref().map(Offer::of),
            }
        })
        .collect()
}

/// Whether it stops a run.
fn severity(found: &Diagnostic) -> Severity {
    match found.severity {
        assay_prompt::Severity::Error => Severity::Error,
        assay_prompt::Severity::Warning => Severity::Warning,
    }
}

/// What was found on disk, each with the prompt it belongs to.
pub fn of_check(problems: &[Problem], prompts: &[PromptSummary]) -> Vec<Finding> {
    problems.iter().map(|problem| of_disk(problem, owner(&problem.file, prompts))).collect()
}

fn of_disk(problem: &Problem, prompt: Option<&str>) -> Finding {
    let folder = prompt.map(folder).unwrap_or_default();
    let below = problem.file.strip_prefix(folder).map(|rest| rest.trim_start_matches('/'));
    Finding {
        prompt: prompt.map(str::to_owned),
        file: below.filter(|rest| !rest.is_empty()).unwrap_or(&problem.file).to_owned(),
        at: problem.span.0 as usize,
        end: problem.span.1 as usize,
        place: (problem.line as usize, problem.column as usize),
        code: problem.code.clone(),
        severity: problem.severity,
        message: problem.message.clone(),
        hint: problem.hint.clone(),
        fix: problem.fix.as_ref().map(Offer::of_disk),
    }
}

/// The folder that a prompt's files are named below.
fn folder(key: &str) -> &str {
    match key.strip_suffix(".prompty") {
        Some(_) => key.rsplit_once('/').map_or("", |(folder, _)| folder),
        None if key == "." => "",
        None => key,
    }
}

/// Key of the prompt that a file belongs to: that of its own file, of the nearest folder above it, or of a lone file
/// beside it that refers to it.
fn owner<'a>(file: &str, prompts: &'a [PromptSummary]) -> Option<&'a str> {
    if file == REPOSITORY_FILE || file == "." {
        return None;
    }
    let keys = || prompts.iter().map(|prompt| prompt.key.as_str());
    let within = |key: &&str| {
        let folder = folder(key);
        folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    let own = keys().find(|key| *key == file);
    let of_folder = || keys().filter(|key| !key.ends_with(".prompty")).filter(within);
    let beside = || keys().filter(|key| key.ends_with(".prompty")).filter(within);
    own.or_else(|| of_folder().max_by_key(|key| folder(key).len()))
        .or_else(|| beside().max_by_key(|key| folder(key).len()))
}

/// How many problems there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Those that stop a run.
    pub errors: usize,
    /// The others.
    pub warnings: usize,
    /// Those that a safe fix mends.
    pub safe: usize,
}

impl Counts {
    /// All of them.
    pub fn all(self) -> usize {
        self.errors + self.warnings
    }

    /// Counts.
    pub fn of(findings: &[Finding]) -> Self {
        let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
        let safe = findings.iter().filter(|f| f.fix.as_ref().is_some_and(|fix| fix.safe)).count();
        Self { errors, warnings: findings.len() - errors, safe }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            warnings: self.warnings + other.warnings,
            safe: self.safe + other.safe,
        }
    }
}

/// Which problems are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Narrow {
    /// All.
    #[default]
    All,
    /// What stops a run.
    Errors,
    /// What does not.
    Warnings,
}

impl Narrow {
    fn admits(self, finding: &Finding) -> bool {
        match self {
            Narrow::All => true,
            Narrow::Errors => finding.severity == Severity::Error,
            Narrow::Warnings => finding.severity == Severity::Warning,
        }
    }
}

/// The problems of one prompt, or of the repository itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Key of the prompt.
    pub prompt: Option<String>,
    /// How many of its problems are shown.
    pub count: usize,
    /// Its files with their problems, in the order they are found.
    pub files: Vec<(String, Vec<Finding>)>,
}

impl Section {
    /// Its heading.
    pub fn title(&self) -> &str {
        match self.prompt.as_deref() {
            None => "This repository",
            Some(".") => "The prompt of this repository",
            Some(key) => key,
        }
    }
}

/// Problems under headings, and how many are not drawn. The repository's own come first, then those of the open
/// prompt: what one can see while one mends it.
pub fn sections(findings: &[Finding], open: Option<&str>, narrow: Narrow) -> (Vec<Section>, usize) {
    let wanted: Vec<&Finding> = findings.iter().filter(|f| narrow.admits(f)).collect();
    let hidden = wanted.len().saturating_sub(SHOWN);
    let mut sections: Vec<Section> = Vec::new();
    for finding in wanted.into_iter().take(SHOWN) {
        let at = sections.iter().position(|section| section.prompt == finding.prompt);
        let at = at.unwrap_or_else(|| {
            let prompt = finding.prompt.clone();
            sections.push(Section { prompt, count: 0, files: Vec::new() });
            sections.len() - 1
        });
        put(&mut sections[at], finding);
    }
    let rank = |prompt: &Option<String>| match prompt.as_deref() {
        None => 0,
        key if key == open => 1,
        Some(_) => 2,
    };
    sections.sort_by_key(|section| rank(&section.prompt));
    (sections, hidden)
}

fn put(section: &mut Section, finding: &Finding) {
    section.count += 1;
    match section.files.iter_mut().find(|(file, _)| *file == finding.file) {
        Some((_, all)) => all.push(finding.clone()),
        None => section.files.push((finding.file.clone(), vec![finding.clone()])),
    }
}

/// The problem in `found` that `finding` told of, if it still stands as it did.
pub fn still<'a>(finding: &Finding, found: &'a [Diagnostic]) -> Option<&'a Diagnostic> {
    found.iter().find(|d| {
        d.code == finding.code
            && d.file == finding.file
            && (d.span.start, d.span.end) == (finding.at, finding.end)
            && d.message == finding.message
    })
}

/// Whether a problem only shows beside the other prompts, so that an open prompt's own check cannot find it.
pub fn shows_beside_others(finding: &Finding) -> bool {
    [codes::SHARED_ID, codes::MISSING_JUDGE_PROMPT].contains(&finding.code.as_str())
}

/// The files a fix changes, with their new texts. Nothing when it does not fit the texts, or one of its files is not
/// there.
pub fn fixed(fix: &Fix, text_of: impl Fn(&str) -> Option<String>) -> Option<Vec<(String, String)>> {
    let mut edits: BTreeMap<&str, Vec<Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        edits.entry(&edit.file).or_default().push(edit.clone());
    }
    let changed = |(file, edits): (&str, Vec<Edit>)| {
        Some((file.to_owned(), apply_edits(&text_of(file)?, &edits)?))
    };
    edits.into_iter().map(changed).collect()
}

/// The problem after `last` in the order of the list, or the first.
pub fn next<'a>(findings: &'a [Finding], last: Option<&Finding>) -> Option<&'a Finding> {
    let at = last.and_then(|last| findings.iter().position(|finding| finding == last));
    at.and_then(|at| findings.get(at + 1)).or(findings.first())
}

/// What was done, for the confirmation.
pub fn fixed_words(count: u32) -> String {
    if count == 1 { "Fixed 1 problem".to_owned() } else { format!("Fixed {count} problems") }
}

/// How many problems, in words.
pub fn count_words(counts: Counts) -> String {
    let several = |count: usize, thing: &str| match count {
        1 => format!("1 {thing}"),
        n => format!("{n} {thing}s"),
    };
    match (counts.errors, counts.warnings) {
        (0, 0) => "No problems".to_owned(),
        (0, n) => several(n, "warning"),
        (n, 0) => several(n, "error"),
        (e, w) => format!("{}, {}", several(e, "error"), several(w, "warning")),
    }
}

#[cfg(test)]
mod tests {
    use assay_prompt::Span;

    use super::*;

    fn summary(key: &str) -> PromptSummary {
        PromptSummary {
            key: key.to_owned(),
            name: key.to_owned(),
            description: None,
            variants: Vec::new(),
            cases: 0,
            examples: 0,
            errors: 0,
            warnings: 0,
        }
    }

    fn problem(file: &str, severity: Severity) -> Problem {
        Problem {
            code: "P0101".into(),
            severity,
            message: "bad".into(),
            hint: None,
            file: file.into(),
            span: (1, 2),
            line: 1,
            column: 2,
            fix: None,
        }
    }

    fn keys(files: &[&str], prompts: &[&str]) -> Vec<(Option<String>, String)> {
        let problems: Vec<_> = files.iter().map(|file| problem(file, Severity::Error)).collect();
        let prompts: Vec<_> = prompts.iter().map(|key| summary(key)).collect();
        of_check(&problems, &prompts).into_iter().map(|f| (f.prompt, f.file)).collect()
    }

    fn some(prompt: &str, file: &str) -> (Option<String>, String) {
        (Some(prompt.to_owned()), file.to_owned())
    }

    #[test]
    fn a_file_belongs_to_the_nearest_prompt_above_it() {
        let prompts = ["prompts/a", "prompts/a/inner", "prompts/ab", "chat/basic.prompty"];
        let files = ["prompts/a/x.prompty", "prompts/a/inner/x.prompty", "prompts/ab/cases.jsonl"];
        let found = keys(&files, &prompts);
        assert_eq!(found[0], some("prompts/a", "x.prompty"));
        assert_eq!(found[1], some("prompts/a/inner", "x.prompty"));
        assert_eq!(found[2], some("prompts/ab", "cases.jsonl"));
    }

    #[test]
    fn a_lone_file_owns_itself_and_what_it_refers_to_beside_it() {
        let prompts = ["chat/basic.prompty", "chat/other.prompty"];
        let found = keys(&["chat/other.prompty", "chat/inputs.yaml"], &prompts);
        assert_eq!(found[0], some("chat/other.prompty", "other.prompty"));
        assert_eq!(found[1].1, "inputs.yaml");
        assert!(found[1].0.is_some());
    }

    #[test]
    fn what_is_wrong_with_the_repository_is_no_prompts() {
        let found = keys(&["assay.yaml", ".", "nowhere/x"], &["."]);
        assert_eq!(found[0], (None, "assay.yaml".to_owned()));
        assert_eq!(found[1].0, None);
        assert_eq!(found[2], some(".", "nowhere/x"), "the root's prompt owns every other file");
        assert_eq!(keys(&["nowhere/x"], &["prompts/a"])[0], (None, "nowhere/x".to_owned()));
    }

    #[test]
    fn the_repository_comes_first_and_the_open_prompt_next() {
        let problems = ["a/x", "b/x", "b/y", "assay.yaml"].map(|f| problem(f, Severity::Error));
        let findings = of_check(&problems, &[summary("a"), summary("b")]);
        let (sections, hidden) = sections(&findings, Some("b"), Narrow::All);
        let titles: Vec<_> = sections.iter().map(Section::title).collect();
        assert_eq!((titles, hidden), (vec!["This repository", "b", "a"], 0));
        assert_eq!((sections[1].count, sections[1].files.len()), (2, 2));
    }

    #[test]
    fn narrowing_leaves_out_the_other_kind_and_empty_headings() {
        let problems = [problem("a/x", Severity::Error), problem("b/x", Severity::Warning)];
        let findings = of_check(&problems, &[summary("a"), summary("b")]);
        let titles = |narrow| {
            let (sections, _) = sections(&findings, None, narrow);
            sections.iter().map(|s| s.title().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(titles(Narrow::Errors), ["a"]);
        assert_eq!(titles(Narrow::Warnings), ["b"]);
        assert_eq!(count_words(Counts::of(&findings)), "1 error, 1 warning");
    }

    #[test]
    fn a_flood_of_problems_is_counted_and_not_all_drawn() {
        let problems = vec![problem("a/x", Severity::Warning); SHOWN + 7];
        let findings = of_check(&problems, &[summary("a")]);
        let (sections, hidden) = sections(&findings, None, Narrow::All);
        assert_eq!((sections[0].count, hidden), (SHOWN, 7));
        assert_eq!(Counts::of(&findings).all(), SHOWN + 7);
    }

    fn fix(edits: &[(&str, usize, usize, &str)]) -> Fix {
        let edit = |&(file, start, end, text): &(&str, usize, usize, &str)| Edit {
            file: file.to_owned(),
            span: Span::new(start, end),
            text: text.to_owned(),
            id_at: None,
        };
        Fix { title: "Mend".into(), safe: true, edits: edits.iter().map(edit).collect() }
    }

    #[test]
    fn a_fix_changes_every_file_it_names_or_none() {
        let text_of = |file: &str| (file != "gone").then(|| "abc".to_owned());
        let both = fixed(&fix(&[("a", 0, 1, "X"), ("b", 3, 3, "!")]), text_of);
        assert_eq!(both, Some(vec![("a".into(), "Xbc".into()), ("b".into(), "abc!".into())]));
        assert_eq!(fixed(&fix(&[("a", 0, 1, ""), ("gone", 0, 0, "x")]), text_of), None);
        assert_eq!(fixed(&fix(&[("a", 2, 9, "")]), text_of), None, "it does not fit the text");
    }

    #[test]
    fn a_fresh_id_is_asked_of_the_application() {
        let typed = Offer::of(&fix(&[("a", 0, 0, "id: {new-id}")]));
        assert!(!typed.wants_id, "whatever a text looks like");
        let mut fresh = fix(&[("a", 0, 0, "id: \"\"")]);
        fresh.edits[0].id_at = Some(5);
        assert!(Offer::of(&fresh).wants_id);
    }

    #[test]
    fn a_problem_is_known_again_only_where_it_stood() {
        let found = [Diagnostic::error("P0101", "x", Span::new(1, 2), "bad")];
        let findings = of_prompt("a", &found, |_| "ab\ncd".to_owned());
        assert_eq!(findings[0].place, (1, 2));
        assert!(still(&findings[0], &found).is_some());
        let moved = [Diagnostic::error("P0101", "x", Span::new(2, 3), "bad")];
        assert!(still(&findings[0], &moved).is_none());
    }

    #[test]
    fn the_next_problem_goes_around() {
        let problems = [problem("a/x", Severity::Error), problem("a/y", Severity::Error)];
        let findings = of_check(&problems, &[summary("a")]);
        assert_eq!(next(&findings, None), findings.first());
        assert_eq!(next(&findings, findings.first()), findings.get(1));
        assert_eq!(next(&findings, findings.get(1)), findings.first());
        assert_eq!(next(&[], None), None);
    }
}
