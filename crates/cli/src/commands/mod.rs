//! One file per command.

mod attest;
mod branch;
mod check;
mod clone;
mod commit;
mod compare;
mod consent;
mod diff;
mod doctor;
mod evidence;
mod export;
mod import;
mod init;
mod judge;
mod keys;
mod list;
mod log;
mod merge;
mod merge_driver;
mod models;
mod plan;
mod prices;
mod prompt;
mod propose;
mod rate;
mod ratings;
mod render;
mod reports;
mod review;
mod run;
mod runs;
mod score;
mod show;
mod signer;
mod stats;
mod switch;
mod sync;
mod tag;
mod trust;
mod undo;
mod verify;

use std::path::{Path, PathBuf};

use assay_app::App;
use assay_wire::{ApiError, Code, RunRequest};

use crate::arguments::{Arguments, Command, Selection};
use crate::exit::Exit;
use crate::output::Output;

/// Does what needs no application, its settings and its database; nothing for any other command.
pub(crate) fn execute_alone(
    arguments: &Arguments,
    output: &Output,
) -> Option<Result<Exit, ApiError>> {
    match &arguments.command {
        Command::MergeDriver(a) => Some(merge_driver::execute(&arguments.directory, a, output)),
        _ => None,
    }
}

pub(crate) fn execute(app: &App, arguments: &Arguments, output: &Output) -> Result<Exit, ApiError> {
    match &arguments.command {
        Command::Init(init) => init::execute(app, &arguments.directory, init, output),
        Command::List(_) => list::execute(app, output),
        Command::Check(arguments) => check::execute(app, arguments, output),
        Command::Render(arguments) => render::execute(app, arguments, output),
        Command::Plan(arguments) => plan::execute(app, arguments, output),
        Command::Run(a) => run::execute(app, &arguments.directory, a, output),
        Command::Runs(arguments) => runs::execute(app, arguments, output),
        Command::Show(arguments) => show::execute(app, arguments, output),
        Command::Score(a) => score::execute(app, &arguments.directory, a, output),
        Command::Stats(a) => stats::execute(app, &arguments.directory, a, output),
        Command::Compare(a) => compare::execute(app, &arguments.directory, a, output),
        Command::Diff(arguments) => diff::execute(app, arguments, output),
        Command::Rate(arguments) => rate::execute(app, arguments, output),
        Command::Ratings(arguments) => ratings::execute(app, arguments, output),
        Command::Clone(a) => clone::execute(app, &arguments.directory, a, output),
        Command::Commit(arguments) => commit::execute(app, arguments, output),
        Command::Log(arguments) => log::execute(app, arguments, output),
        Command::Branch(arguments) => branch::execute(app, arguments, output),
        Command::Switch(arguments) => switch::execute(app, arguments, output),
        Command::Tag(arguments) => tag::execute(app, arguments, output),
        Command::Sync(arguments) => sync::execute(app, arguments, output),
        Command::Undo(arguments) => undo::execute(app, arguments, output),
        Command::Propose(arguments) => propose::execute(app, arguments, output),
        Command::Review(arguments) => review::execute(app, arguments, output),
        Command::Attest(arguments) => attest::execute(app, arguments, output),
        Command::Evidence(arguments) => evidence::execute(app, arguments, output),
        Command::Verify(a) => verify::execute(app, &arguments.directory, a, output),
        Command::Signer(arguments) => signer::execute(app, arguments, output),
        Command::Prompt(edit) => prompt::prompt(app, edit, output),
        Command::Variant(edit) => prompt::variant(app, edit, output),
        Command::Import(a) => import::execute(app, &arguments.directory, a, output),
        Command::Export(a) => export::execute(app, &arguments.directory, a, output),
        Command::Judge(judge) => judge::execute(app, &arguments.directory, judge, output),
        Command::Consent(consent) => consent::execute(app, consent, output),
        Command::Merge(a) => merge::execute(app, &arguments.directory, a, output),
        Command::MergeDriver(a) => merge_driver::execute(&arguments.directory, a, output),
        Command::Models(arguments) => models::execute(app, arguments, output),
        Command::Keys(arguments) => keys::execute(app, arguments, output),
        Command::Prices(arguments) => prices::execute(app, arguments, output),
        Command::Trust(arguments) => trust::execute(app, arguments, output),
        Command::Doctor(_) => doctor::execute(app, output),
    }
}

/// A file as it was named, seen from the folder that the command is about; `-` is a stream.
fn file_in(directory: &Path, file: &Path) -> PathBuf {
    if file == Path::new("-") || directory == Path::new(".") {
        file.to_owned()
    } else {
        directory.join(file)
    }
}

/// Refuses `A..B`, which names no commit, with the command that names both.
fn require_no_range(name: &str, command: &str) -> Result<(), ApiError> {
    let Some((base, head)) = name.split_once("..") else { return Ok(()) };
    let is_path = base.is_empty() || base.ends_with('/') || head.starts_with('/');
    if is_path || head.is_empty() || head.starts_with('.') {
        return Ok(());
    }
    let message = format!("`{name}` is a range, and no revision");
    Err(ApiError::new(Code::BadInput, message)
        .hint(format!("Name both apart: assay {command} {base} {head}")))
}

/// The beginning of a commit's id, as people name it.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// A sum of dollars, to the cent where it is larger than one, else to the place where it begins.
fn dollars(sum: f64) -> String {
    match sum {
        sum if sum >= 1.0 || sum == 0.0 => format!("${sum:.2}"),
        sum if sum >= 0.0001 => format!("${sum:.4}"),
        _ => "less than $0.0001".to_owned(),
    }
}

fn request(selection: &Selection) -> RunRequest {
    RunRequest {
        prompts: selection.prompts.clone(),
        variants: selection.variants.clone(),
        models: selection.models.clone(),
        cases: selection.cases.clone(),
        tags: selection.tags.clone(),
        repeat: selection.repeat,
        concurrency: selection.concurrency,
        no_cache: selection.no_cache,
        budget: None,
        shard: selection.shard,
    }
}
