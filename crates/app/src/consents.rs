//! Programs among the scorers of the open repository: which there are, and which the person allowed.
//!
//! A consent is for the hash of one language and text. It is given here by that hash alone, and only for
//! a text that the repository has now, so that nobody allows what they could not have read.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use assay_engine::{ProgramScorer, Scripts, WorkerProgram};
use assay_store::{ConsentRecord, Store};
use assay_wire::*;

use crate::app::{App, Open};
use crate::at::At;
use crate::error::Explain;
use crate::router::Answer;

/// What a program is started with to be the worker that runs scripts. No command of a person's.
const WORKER: &str = "--script-worker";

/// Does the work of a script's process when this process was started for it, as its first argument
/// says. To be called first of all by every program that opens an [`App`]: the scripts of scorers run
/// in such processes of the same program.
#[must_use]
pub fn script_worker() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    (arguments.next()? == WORKER).then(|| assay_engine::worker(arguments))
}

/// Where scripts run: in processes of `program`, else of the running one. None where nobody knows which
/// that is.
pub(crate) fn place_for_scripts(program: Option<PathBuf>, store: &Store) -> Option<Arc<Scripts>> {
    let program = program.or_else(|| std::env::current_exe().ok())?;
    let worker = WorkerProgram { program, arguments: vec![WORKER.into()] };
    let store = store.clone();
    let consents =
        move |hash: &str| store.has_consent(hash).map_err(|error| format!("not run: {error}"));
    Some(Arc::new(Scripts::new(worker, consents)))
}

impl Answer<ListConsents> for App {
    fn answer(&self, _: ListConsents) -> Result<ConsentsView, ApiError> {
        let open = self.workspace()?;
        self.consents(&open)
    }
}

impl Answer<GiveConsent> for App {
    fn answer(&self, command: GiveConsent) -> Result<ConsentsView, ApiError> {
        let open = self.workspace()?;
        let before = self.consents(&open)?;
        let program = before.programs.iter().find(|program| program.hash == command.hash);
        let program = program.ok_or_else(|| no_program(&command.hash))?;
        let consent = ConsentRecord {
            hash: program.hash.clone(),
            kind: program.kind.clone(),
            workspace: open.id.clone(),
            at_ms: self.inner.environment.now_ms(),
        };
        self.inner.store.give_consent(consent).map_err(|e| e.explain())?;
        self.consents(&open)
    }
}

impl Answer<TakeConsent> for App {
    fn answer(&self, command: TakeConsent) -> Result<ConsentsView, ApiError> {
        let open = self.workspace()?;
        if !self.inner.store.take_consent(&command.hash).map_err(|e| e.explain())? {
            let message = format!("there is no consent for `{}`", command.hash);
            return Err(ApiError::new(Code::NotFound, message)
                .hint("`assay consent list` shows the whole hashes of those there are."));
        }
        self.consents(&open)
    }
}

impl App {
    fn consents(&self, open: &Open) -> Result<ConsentsView, ApiError> {
        let given = self.inner.store.consents().map_err(|e| e.explain())?;
        let allowed = |hash: &str| given.iter().any(|consent| consent.hash == hash);
        let mut programs = programs(open)?;
        for program in &mut programs {
            program.allowed = allowed(&program.hash);
        }
        let is_here = |hash: &str| programs.iter().any(|program| program.hash == hash);
        let others = given.iter().filter(|consent| !is_here(&consent.hash)).map(view).collect();
        Ok(ConsentsView { others, programs, trusted: self.is_trusted(open)? })
    }
}

/// The programs of the repository. A prompt that cannot be read cannot be run either, and has none.
fn programs(open: &Open) -> Result<Vec<ProgramView>, ApiError> {
    let keys = open.workspace.prompts().map_err(|e| e.explain())?;
    let at = At::Disk(&open.workspace);
    let sources = keys.iter().filter_map(|key| at.source(key).ok().flatten());
    let of = |source: assay_engine::PromptSource| {
        let programs = ProgramScorer::all(&source.parse()).into_iter();
        programs.map(move |program| ProgramView {
            prompt: source.key.clone(),
            scorer: program.scorer,
            kind: program.language.to_owned(),
            source: program.source,
            hash: program.hash,
            allowed: false,
        })
    };
    Ok(sources.flat_map(of).collect())
}

fn view(consent: &ConsentRecord) -> ConsentView {
    ConsentView {
        hash: consent.hash.clone(),
        kind: consent.kind.clone(),
        workspace: consent.workspace.clone(),
        at_ms: consent.at_ms,
    }
}

fn no_program(hash: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("no scorer of this repository has the script `{hash}`"))
        .hint("A changed script has another hash; `assay consent list` shows each with its text.")
}
