//! Fixing problems: the linter's fixes, applied to the files on disk. Safe ones all at once, others
//! where somebody asks for them.

use std::collections::BTreeMap;

use assay_prompt::{Diagnostic, Edit, Files, Fix, REPOSITORY_FILE, apply_edits, codes};
use assay_repo::{PromptKey, Step};
use assay_wire::*;

use crate::app::{App, Open};
use crate::environment::new_id;
use crate::prompts::{folder, join};
use crate::router::Answer;

/// How often a prompt is fixed and checked again: one fix may uncover the next.
const ROUNDS: usize = 4;

impl Answer<FixProblems> for App {
    fn answer(&self, command: FixProblems) -> Result<FixView, ApiError> {
        let open = self.workspace()?;
        let mut fixing = Fixing::new(&command.codes, &new_id);
        if command.prompts.is_empty() {
            fix_repository(&open, &mut fixing);
        }
        let keys = self.selected(&open, &command.prompts)?;
        for key in &keys {
            fix_prompt(&open, key, &mut fixing);
        }
        if fixing.wants(codes::SHARED_ID, false) {
            fix_shared_ids(&open, &keys, &self.selected(&open, &[])?, &mut fixing);
        }
        let files: Vec<String> = fixing.changed.keys().cloned().collect();
        let (fixed, steps) = (fixing.fixed, fixing.steps());
        let mut undo = String::new();
        if !steps.is_empty() {
            let done = format!("Fixed {fixed} problems");
            undo = self.edit(&open, None, None, done, &steps)?.undo;
        }
        let left = self.answer(CheckPrompts { prompts: command.prompts })?;
        Ok(FixView { fixed, files, left, undo })
    }
}

/// Files that are being fixed, by their path. Two prompts may share one.
struct Fixing<'a> {
    /// Those to fix; every safe one when empty.
    codes: &'a [String],
    /// Makes a fresh permanent id.
    new_id: &'a dyn Fn() -> String,
    fixed: u32,
    changed: BTreeMap<String, Changed>,
}

struct Changed {
    /// Digest of the text on disk; none for a file that is not there yet.
    base: Option<String>,
    text: String,
}

impl<'a> Fixing<'a> {
    fn new(codes: &'a [String], new_id: &'a dyn Fn() -> String) -> Self {
        Self { codes, new_id, fixed: 0, changed: BTreeMap::new() }
    }

    /// Whether fixes of this code are to be applied.
    fn wants(&self, code: &str, safe: bool) -> bool {
        if self.codes.is_empty() { safe } else { self.codes.iter().any(|wanted| wanted == code) }
    }

    fn steps(self) -> Vec<Step> {
        let step = |(path, Changed { base, text })| Step::Write { path, text, base };
        self.changed.into_iter().map(step).collect()
    }

    /// Takes up what earlier fixes made of files that are read again.
    fn take_up(&self, folder: &str, files: &mut Files) {
        for (name, text) in files {
            if let Some(changed) = self.changed.get(&join(folder, name)) {
                text.clone_from(&changed.text);
            }
        }
    }

    fn keep(&mut self, folder: &str, before: &Files, after: Files) {
        for (name, text) in after.into_iter().filter(|(name, text)| before.get(name) != Some(text))
        {
            let base = before.get(&name).map(|old| assay_repo::digest(old.as_bytes()));
            // The base of a file that was changed before is what is on disk.
            let changed = Changed { base, text: String::new() };
            self.changed.entry(join(folder, &name)).or_insert(changed).text = text;
        }
    }
}

/// What cannot be read is not fixed, here and below: the check that follows tells of it.
fn fix_repository(open: &Open, fixing: &mut Fixing) {
    let Ok(read) = open.workspace.read_text(REPOSITORY_FILE) else {
        return;
    };
    let before: Files = [(REPOSITORY_FILE.to_owned(), read.text)].into();
    let check = |files: &Files| assay_prompt::parse_repository(&files[REPOSITORY_FILE]).1;
    fix_files("", before, &check, fixing);
}

fn fix_prompt(open: &Open, key: &PromptKey, fixing: &mut Fixing) {
    let Ok(before) = open.workspace.files(key) else {
        return;
    };
    let check = |files: &Files| assay_repo::parse(key, files).diagnostics;
    fix_files(&folder(key), before, &check, fixing);
}

/// Gives those of `keys` an id of their own that have the id of another prompt. `all` are the
/// repository's: which of two is the first does not depend on what is asked for.
fn fix_shared_ids(open: &Open, keys: &[PromptKey], all: &[PromptKey], fixing: &mut Fixing) {
    for (key, id) in crate::check::sharing(&open.workspace, all) {
        let Some(before) = open.workspace.files(&key).ok().filter(|_| keys.contains(&key)) else {
            continue;
        };
        let check = |files: &Files| {
            let prompt = assay_repo::parse(&key, files);
            let (own, span) = (prompt.id.unwrap_or_default(), prompt.id_span);
            let both = [("", id.as_str(), span), (key.key.as_str(), own.as_str(), span)];
            assay_prompt::shared_ids(&both).into_iter().map(|(_, found)| found).collect()
        };
        fix_files(&folder(&key), before, &check, fixing);
    }
}

fn fix_files(
    folder: &str,
    mut before: Files,
    check: &dyn Fn(&Files) -> Vec<Diagnostic>,
    fixing: &mut Fixing,
) {
    fixing.take_up(folder, &mut before);
    let mut files = before.clone();
    for _ in 0..ROUNDS {
        let found = check(&files);
        let fixed = fix_round(&mut files, &found, fixing);
        fixing.fixed += fixed;
        if fixed == 0 {
            break;
        }
    }
    fixing.keep(folder, &before, files);
}

/// Applies the wanted fixes that do not touch the same places; how many.
fn fix_round(files: &mut Files, found: &[Diagnostic], fixing: &Fixing) -> u32 {
    let mut edits: BTreeMap<&str, Vec<Edit>> = BTreeMap::new();
    let mut fixed = 0;
    for fix in found.iter().filter_map(|finding| wanted(finding, fixing)) {
        let clear = |edit: &Edit| {
            let others = edits.get(edit.file.as_str());
            others.is_none_or(|all| all.iter().all(|other| !touches(other, edit)))
        };
        if !fix.edits.iter().all(clear) {
            continue;
        }
        for edit in &fix.edits {
            edits.entry(&edit.file).or_default().push(edit.clone().with_id(fixing.new_id));
        }
        fixed += 1;
    }
    for (file, edits) in edits {
        let text = files.get(file).map_or("", String::as_str);
        if let Some(text) = apply_edits(text, &edits) {
            files.insert(file.to_owned(), text);
        }
    }
    fixed
}

fn wanted<'f>(finding: &'f Diagnostic, fixing: &Fixing) -> Option<&'f Fix> {
    finding.fix.as_deref().filter(|fix| fixing.wants(finding.code, fix.safe))
}

fn touches(a: &Edit, b: &Edit) -> bool {
    a.span.start <= b.span.end && b.span.start <= a.span.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_lone(file: &str, files: &Files, fixing: &mut Fixing) {
        let check = |files: &Files| assay_prompt::parse_lone("a", file, files).diagnostics;
        fix_files("", files.clone(), &check, fixing);
    }

    fn id() -> String {
        "01J8ZQ4V7NFRESH".to_owned()
    }

    #[test]
    fn what_looks_like_the_place_of_an_id_in_somebodys_text_stays() {
        let text = "---\r\nname: a\r\n---\r\nuser:\r\nAbout {new-id} here\r\n";
        let mut fixing = Fixing::new(&[], &id);
        of_lone("a.prompty", &[("a.prompty".to_owned(), text.to_owned())].into(), &mut fixing);
        assert_eq!(fixing.changed["a.prompty"].text, text.replace("\r\n", "\n"));
    }

    #[test]
    fn a_fix_that_wants_an_id_gets_the_one_that_is_passed_in() {
        let files: Files = [
            ("prompt.yaml", "format: assay/1\nvariants: [{id: a, file: a.prompty}]\n"),
            ("a.prompty", "---\nname: a\n---\nuser:\nHi\n"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
        let check = |files: &Files| assay_prompt::parse_folder("a", files).diagnostics;
        let mut fixing = Fixing::new(&[], &id);
        fix_files("a", files, &check, &mut fixing);
        let manifest = &fixing.changed["a/prompt.yaml"].text;
        assert!(manifest.contains("\nid: \"01J8ZQ4V7NFRESH\"\n"), "{manifest}");
    }

    #[test]
    fn a_file_that_two_prompts_share_is_fixed_once_on_what_is_on_disk() {
        let prompt = "---\nname: a\ninputs: ${file:inputs.yaml}\n---\nuser:\n{{ x }}\n";
        let shared = "- name: x\r\n  kind: string\r\n";
        let files: Files = [("a.prompty", prompt), ("b.prompty", prompt), ("inputs.yaml", shared)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into();
        let mut fixing = Fixing::new(&[], &id);
        of_lone("a.prompty", &files, &mut fixing);
        of_lone("b.prompty", &files, &mut fixing);
        assert_eq!(fixing.fixed, 1);
        let base = Some(assay_repo::digest(shared.as_bytes()));
        let step = Step::Write {
            path: "inputs.yaml".to_owned(),
            text: shared.replace("\r\n", "\n"),
            base,
        };
        assert_eq!(fixing.steps(), [step]);
    }
}
