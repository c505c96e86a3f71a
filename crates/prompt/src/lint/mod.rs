//! Findings that need more than one file, or a template and its data side by side.
//!
//! One module for each thing that is looked at. Checks run on every key stroke, so they look at
//! rows only as far as they must, and find narrow places only for what they report.

mod answer;
mod cache;
mod evals;
mod fixes;
mod folder;
mod judges;
mod place;
mod portable;
mod roles;
mod rows;
mod scripts;
mod siblings;
mod similar;
mod variables;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

pub use evals::{METRICS, SCORER_TYPES, scorer_options};
pub(crate) use fixes::add_fixes;
pub use judges::{JUDGE_TYPES, JudgePrompt, judge_prompts};
use place::Place;
pub use scripts::{RhaiScript, rhai_scripts};
pub use siblings::shared_ids;

use crate::diagnostic::Report;
use crate::files::Files;
use crate::template::{self, Use};
use crate::yaml::Node;
use crate::{Prompt, Property, Row, Template, Variant};

/// Everything that can be said about a prompt once all its files are read, and the fixes of what
/// was said before.
pub(crate) fn lint(prompt: &mut Prompt, files: &Files) {
    let subject = Subject::of(prompt, files);
    let mut found = Vec::new();
    for (variant, uses) in prompt.variants.iter().zip(&subject.uses) {
        let mut report = Report::new(&variant.file);
        // Without its schema every variable of a variant would be unknown.
        if prompt.unreadable(variant).is_none() {
            variables::check(&subject, variant, uses, &mut report);
            cache::check(variant, &mut report);
        }
        portable::check(variant, &mut report);
        roles::check(variant, &mut report);
        found.extend(report.found);
    }
    found.extend(rows::check(&subject));
    found.extend(similar::check(&subject));
    found.extend(evals::check(&subject));
    found.extend(folder::check(&subject));
    prompt.diagnostics.extend(found);
    add_fixes(&mut prompt.diagnostics, files);
}

/// What may be read again to find narrow places, in bytes.
const BUDGET: usize = 4 << 20;
/// What looking something up in a tree counts for.
const TREE_LOOK: usize = 8 << 10;
/// At most this many findings of one kind of thing in one file. Who has more than these does not
/// read them one by one.
const MOST_FINDINGS: usize = 500;

/// A prompt with what several checks want to know about it.
struct Subject<'p> {
    prompt: &'p Prompt,
    files: &'p Files,
    /// For each variant, the variables its template uses.
    uses: Vec<Vec<Use>>,
    /// The template of the user turn of examples.
    user_turn: Option<Template>,
    /// The inputs of all variants by name.
    inputs: BTreeMap<&'p str, &'p Property>,
    /// False when a schema could not be read, so that nothing can be said about what is absent.
    complete: bool,
    /// Bytes that may still be read again to find narrow places. However much is wrong with a
    /// prompt, saying so takes bounded time.
    budget: Cell<usize>,
    trees: RefCell<BTreeMap<String, Option<Rc<Node>>>>,
}

impl<'p> Subject<'p> {
    fn of(prompt: &'p Prompt, files: &'p Files) -> Self {
        let variants = &prompt.variants;
        let readable = |variant: &Variant| prompt.unreadable(variant).is_none();
        let inputs = variants.iter().flat_map(|variant| &variant.inputs);
        Self {
            prompt,
            files,
            uses: variants.iter().map(|variant| template::uses(&variant.template)).collect(),
            user_turn: prompt.few_shot.as_ref().map(|few_shot| Template::parse(&few_shot.user, 0)),
            inputs: inputs.map(|input| (input.name.as_str(), input)).collect(),
            complete: !variants.is_empty() && variants.iter().all(readable),
            budget: Cell::new(BUDGET),
            trees: RefCell::default(),
        }
    }

    /// The names of the variables that any template of a variant uses.
    fn used(&self) -> HashSet<&str> {
        self.uses.iter().flatten().map(|used| used.name.as_str()).collect()
    }

    /// Whether reading so many bytes again is still allowed.
    fn may_read(&self, bytes: usize) -> bool {
        let left = self.budget.get().checked_sub(bytes);
        self.budget.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Where an entry of a row of a file stands.
    fn place_in_row(&self, file: &str, row: &Row, path: &[&str]) -> Option<Place> {
        let length = row.span.end.saturating_sub(row.span.start);
        self.may_read(length).then(|| place::in_row(self.text(file), row, path))?
    }

    /// The tree of a YAML file, or of the front matter of a variant.
    fn tree(&self, file: &str) -> Option<Rc<Node>> {
        if !self.may_read(TREE_LOOK) {
            return None;
        }
        let mut trees = self.trees.borrow_mut();
        let read = || place::tree(self.files, file).map(Rc::new);
        trees.entry(file.to_owned()).or_insert_with(read).clone()
    }

    /// The text of a file; empty when there is none.
    fn text(&self, file: &str) -> &'p str {
        self.files.get(file).map_or("", String::as_str)
    }
}
