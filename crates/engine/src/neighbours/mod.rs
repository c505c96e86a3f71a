//! What the embedding model is for: the examples nearest to a case, and rows that say much the
//! same.
//!
//! A variant with `select: {nearest: n}` shows each case the examples whose few-shot user turn lies
//! closest to the one the case would have: the highest cosine first, and of equals the one that
//! stands first in the file. An example with the very turn of the case is never shown, because its
//! answer would give the case's away.
//!
//! The model is loaded when the first text is embedded, and kept. What was embedded is kept too, by
//! the text's digest, so that after an edit only what changed is computed again.

mod duplicates;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assay_local::{Embedder, Embedding, LocalError, PieceStates, embedder_path, similarity};
use assay_prompt::{Diagnostic, Prompt, Rendered, Row, Variant, render_with, shot_query};
use sha2::{Digest, Sha256};

pub use self::duplicates::{NearDuplicate, RowPlace, Table};
use crate::error::EngineError;

/// Rows of a prompt that are embedded at most: more would take minutes, and a file could hold
/// millions.
const MAX_ROWS: usize = 10_000;
/// Embedded texts that are kept: 1.5 KB each.
const MAX_KEPT: usize = 20_000;
/// Variants whose examples are kept ready to choose from.
const MAX_READY: usize = 8;
/// Texts embedded between two chances to stop.
const BATCH: usize = 16;

/// The examples chosen for one case, or why there are none: a case that the few-shot turn does not
/// fit.
pub(crate) type Shots = Result<Vec<usize>, Box<Diagnostic>>;

/// Chooses the nearest examples and finds near-duplicates.
pub struct Neighbours {
    models_dir: PathBuf,
    embedder: Mutex<Option<Arc<Embedder>>>,
    kept: Mutex<HashMap<TextDigest, Arc<Embedding>>>,
    /// By content id, which covers the examples and how they are shown.
    ready: Mutex<HashMap<String, Arc<Candidates>>>,
}

type TextDigest = [u8; 32];
/// A text, and where it lies.
type Point = (TextDigest, Arc<Embedding>);

/// The examples that a variant chooses from.
struct Candidates {
    /// The user turn of each.
    turns: Vec<Point>,
    /// How many each case is shown.
    count: usize,
}

impl Neighbours {
    /// With the embedding model in `models_dir`, which need not be there until it is used.
    pub(crate) fn new(models_dir: PathBuf) -> Self {
        Self {
            models_dir,
            embedder: Mutex::default(),
            kept: Mutex::default(),
            ready: Mutex::default(),
        }
    }

    /// The messages of a case, whatever way its variant selects examples. Blocks while texts are
    /// embedded that were not before.
    ///
    /// # Errors
    /// When the case or an example does not fit the template, there are too many examples, or the
    /// embedding model cannot be used.
    pub fn render(
        &self,
        prompt: &Prompt,
        variant: &Variant,
        case: &Row,
    ) -> Result<Rendered, EngineError> {
        let shots = self.shots(prompt, variant, case)?;
        render_with(prompt, variant, case, &shots).map_err(unrenderable)
    }

    /// The examples nearest to a case, as places in the prompt's examples, in the order they are
    /// shown; none for a variant that does not select by nearness.
    ///
    /// # Errors
    /// As [`Neighbours::render`].
    pub fn shots(
        &self,
        prompt: &Prompt,
        variant: &Variant,
        case: &Row,
    ) -> Result<Vec<usize>, EngineError> {
        let mut shots = self.shots_of_all(prompt, variant, &[case], &|| true)?;
        shots.pop().unwrap_or(Ok(Vec::new())).map_err(|found| unrenderable(*found))
    }

    /// The examples nearest to each of several cases.
    ///
    /// # Errors
    /// As [`Neighbours::shots`], but for cases that do not fit the few-shot turn; and when `go_on`
    /// says no.
    pub(crate) fn shots_of_all(
        &self,
        prompt: &Prompt,
        variant: &Variant,
        cases: &[&Row],
        go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Shots>, EngineError> {
        let Some(count) = assay_prompt::shots_wanted(prompt, variant) else {
            return Ok(vec![Ok(Vec::new()); cases.len()]);
        };
        let candidates = self.candidates(prompt, variant, count, go_on)?;
        let mut shots = Vec::with_capacity(cases.len());
        for cases in cases.chunks(BATCH) {
            shots.extend(self.choose(prompt, variant, &candidates, cases, go_on)?);
        }
        Ok(shots)
    }

    /// Whether the embedding model's files are there.
    pub(crate) fn check_installed(&self) -> Result<(), LocalError> {
        let missing = || LocalError::EmbedderNotInstalled { looked_in: self.models_dir.clone() };
        embedder_path(&self.models_dir).map(|_| ()).ok_or_else(missing)
    }

    /// The variant's examples, embedded.
    fn candidates(
        &self,
        prompt: &Prompt,
        variant: &Variant,
        count: usize,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Arc<Candidates>, EngineError> {
        if let Some(ready) = lock(&self.ready).get(&variant.content_id) {
            return Ok(Arc::clone(ready));
        }
        let examples = &prompt.examples.rows;
        refuse_too_many(prompt, examples.len())?;
        let turns = examples.iter().map(|row| shot_query(prompt, variant, row));
        let turns = turns.collect::<Result<Vec<_>, _>>().map_err(unrenderable)?;
        let turns = self.embed(&turns, go_on)?;
        let candidates = Arc::new(Candidates { turns, count });
        let mut ready = lock(&self.ready);
        if ready.len() >= MAX_READY {
            ready.clear();
        }
        ready.insert(variant.content_id.clone(), Arc::clone(&candidates));
        Ok(candidates)
    }

    fn choose(
        &self,
        prompt: &Prompt,
        variant: &Variant,
        candidates: &Candidates,
        cases: &[&Row],
        go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Shots>, EngineError> {
        let turns: Vec<_> = cases.iter().map(|case| turn_of(prompt, variant, case)).collect();
        let texts: Vec<_> = turns.iter().flatten().flatten().cloned().collect();
        let mut points = self.embed(&texts, go_on)?.into_iter();
        let shots = turns.into_iter().map(|turn| {
            let point = turn?.and_then(|_| points.next());
            Ok(point.map_or_else(Vec::new, |point| candidates.nearest(&point)))
        });
        Ok(shots.collect())
    }

    /// The texts as points, with their digests. Computes what is not kept, in batches.
    fn embed(&self, texts: &[String], go_on: &dyn Fn() -> bool) -> Result<Vec<Point>, EngineError> {
        let digests: Vec<TextDigest> = texts.iter().map(|t| Sha256::digest(t).into()).collect();
        let mut points: HashMap<_, _> = {
            let kept = lock(&self.kept);
            digests.iter().filter_map(|d| Some((*d, Arc::clone(kept.get(d)?)))).collect()
        };
        let mut seen = HashSet::new();
        let missing: Vec<_> = digests
            .iter()
            .zip(texts)
            .filter(|(digest, _)| !points.contains_key(*digest) && seen.insert(**digest))
            .collect();
        for batch in missing.chunks(BATCH) {
            stop_unless(go_on)?;
            let texts: Vec<_> = batch.iter().map(|(_, text)| text.as_str()).collect();
            let embedded = self.embedder()?.embed(&texts).into_iter().map(Arc::new);
            let embedded: Vec<_> = batch.iter().map(|(digest, _)| **digest).zip(embedded).collect();
            self.keep(&embedded);
            points.extend(embedded);
        }
        Ok(digests.into_iter().filter_map(|d| Some((d, Arc::clone(points.get(&d)?)))).collect())
    }

    /// The texts as points, kept for the next who asks.
    pub(crate) fn points(&self, texts: &[String]) -> Result<Vec<Arc<Embedding>>, EngineError> {
        Ok(self.embed(texts, &|| true)?.into_iter().map(|(_, point)| point).collect())
    }

    /// The word pieces of a text with their states.
    pub(crate) fn piece_states(&self, text: &str) -> Result<PieceStates, EngineError> {
        let states = self.embedder()?.piece_states(&[text]).pop();
        Ok(states.unwrap_or(PieceStates { pieces: Vec::new(), states: Vec::new() }))
    }

    fn keep(&self, embedded: &[Point]) {
        let mut kept = lock(&self.kept);
        if kept.len() + embedded.len() > MAX_KEPT {
            kept.clear();
        }
        kept.extend(embedded.iter().cloned());
    }

    /// The loaded model. Blocks while it loads.
    fn embedder(&self) -> Result<Arc<Embedder>, LocalError> {
        let mut embedder = lock(&self.embedder);
        if let Some(loaded) = embedder.as_ref() {
            return Ok(Arc::clone(loaded));
        }
        let loaded = Arc::new(Embedder::load(&self.models_dir)?);
        *embedder = Some(Arc::clone(&loaded));
        Ok(loaded)
    }
}

impl Candidates {
    /// The places of the examples nearest to a user turn, but for those with this very turn.
    fn nearest(&self, (turn, point): &Point) -> Vec<usize> {
        let others = self.turns.iter().enumerate().filter(|(_, (other, _))| other != turn);
        let mut others: Vec<_> =
            others.map(|(place, (_, other))| (similarity(point, other), place)).collect();
        others.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        others.into_iter().take(self.count).map(|(_, place)| place).collect()
    }
}

/// The user turn the case would have as an example; nothing where the thread is given, and no
/// example is shown.
fn turn_of(
    prompt: &Prompt,
    variant: &Variant,
    case: &Row,
) -> Result<Option<String>, Box<Diagnostic>> {
    let thread = prompt.few_shot.as_ref().map_or("", |few_shot| &few_shot.input);
    let has_default = || variant.input(thread).is_some_and(|input| input.default.is_some());
    if case.input.contains_key(thread) || has_default() {
        return Ok(None);
    }
    shot_query(prompt, variant, case).map(Some).map_err(Box::new)
}

fn refuse_too_many(prompt: &Prompt, rows: usize) -> Result<(), EngineError> {
    if rows <= MAX_ROWS {
        return Ok(());
    }
    Err(EngineError::TooManyRows { prompt: prompt.name.clone(), rows, limit: MAX_ROWS })
}

/// A chance to stop between two parts of something long.
pub(crate) fn stop_unless(go_on: &dyn Fn() -> bool) -> Result<(), EngineError> {
    if go_on() { Ok(()) } else { Err(EngineError::Stopped) }
}

fn unrenderable(diagnostic: Diagnostic) -> EngineError {
    EngineError::Unrenderable { diagnostic: Box::new(diagnostic) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept is whole after every step, so a call that panicked left it usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
