//! `assay compare`: which of two runs, variants or revisions is better.
//!
//! Revisions are run first, the base and then the head: what both ask alike, the second has from the cache. What differs
//! between them stands beside the verdict, and so does whose cases and scorers count.

mod document;
mod text;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use assay_app::App;
use assay_wire::{
    ApiError, Code, ComparisonView, FileDifference, PlanRevisions, ReadComparison, ReadDifference,
    ReadRun, ResolveSide, RevisionRun, RunRequest, RunState, SideFound, SideRef, StartRevision,
};

use crate::arguments::Compare;
use crate::commands::require_no_range;
use crate::commands::run::{check_writable, follow, stop_on_interrupt, unwritable};
use crate::exit::Exit;
use crate::markdown::escaped;
use crate::output::Output;

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &Compare,
    output: &Output,
) -> Result<Exit, ApiError> {
    let markdown = arguments.markdown.as_ref().map(|file| match file.as_os_str() == "-" {
        true => file.clone(),
        false => directory.join(file),
    });
    if let Some(file) = &markdown {
        check_writable(file)?;
    }
    require_no_range(&arguments.base, "compare")?;
    let base = app.call(ResolveSide { name: arguments.base.clone() })?;
    let named = arguments.head.clone().or_else(|| side_that_left(&arguments.base));
    let head = named.map(|name| app.call(ResolveSide { name })).transpose()?;
    let sides = match (base, head) {
        (SideFound::Run(base), None) => Sides::runs(of_one_run(base, arguments)?),
        (SideFound::Run(base), Some(SideFound::Run(head))) => {
            Sides::runs((narrowed(base, arguments)?, narrowed(head, arguments)?))
        }
        (SideFound::Revision { commit: base, .. }, Some(SideFound::Revision { commit, .. }))
            if base == commit =>
        {
            Sides::Same(vec!["both are the same commit".to_owned()])
        }
        (SideFound::Revision { name, .. }, head @ (None | Some(SideFound::Revision { .. }))) => {
            let head = match head {
                Some(SideFound::Revision { name, .. }) => Some(name),
                _ => None,
            };
            if arguments.plan {
                return plan(app, name, head, arguments, output);
            }
            run_both(app, &name, head, arguments, output)?
        }
        _ => return Err(mixed(arguments)),
    };
    if arguments.plan {
        let error = ApiError::new(Code::BadInput, "only revisions have something to plan");
        return Err(error.hint("Runs were made already: compare them without --plan."));
    }
    let (base, head, beside) = match sides {
        Sides::Both(sides) => *sides,
        Sides::Same(left_out) => {
            return tell_same(arguments, &left_out, markdown.as_deref(), output);
        }
    };
    let comparison = ReadComparison { base, head, prompts: arguments.prompts.clone() };
    let view = app.call(comparison)?;
    report(app, arguments, &Told { view: &view, beside: &beside }, markdown.as_deref(), output)
}

/// What is to be compared.
enum Sides {
    Both(Box<(SideRef, SideRef, Beside)>),
    /// Nothing differs; why each prompt was left out.
    Same(Vec<String>),
}

impl Sides {
    fn runs((base, head): (SideRef, SideRef)) -> Sides {
        Sides::Both(Box::new((base, head, Beside::default())))
    }
}

/// What of two revisions stands beside the verdict; nothing for two runs.
#[derive(Default)]
struct Beside {
    /// What differs between them, by file.
    files: Vec<FileDifference>,
    /// Whose cases and scorers count, and what was renamed.
    notes: Vec<String>,
    /// What is compared with nothing, in words.
    left_out: Vec<String>,
}

/// A comparison with what stands beside it.
struct Told<'a> {
    view: &'a ComparisonView,
    beside: &'a Beside,
}

/// Of `A...B` the side that left: `B`, or the last commit.
fn side_that_left(name: &str) -> Option<String> {
    let (_, head) = name.split_once("...")?;
    Some(if head.is_empty() { "HEAD".to_owned() } else { head.to_owned() })
}

/// Says what is missing on both sides, and sends nothing.
fn plan(
    app: &App,
    base: String,
    head: Option<String>,
    arguments: &Compare,
    output: &Output,
) -> Result<Exit, ApiError> {
    let planned = app.call(PlanRevisions { base, head, request: request(arguments) })?;
    let document = document::of_plan(arguments, &planned);
    output.show(&document, || text::plan(&planned))?;
    Ok(Exit::Done)
}

fn request(arguments: &Compare) -> RunRequest {
    RunRequest {
        prompts: arguments.prompts.clone(),
        variants: arguments.variants.clone(),
        models: arguments.models.clone(),
        budget: arguments.budget,
        ..RunRequest::default()
    }
}

/// Two columns of one run, by two variants or two models.
fn of_one_run(run: SideRef, arguments: &Compare) -> Result<(SideRef, SideRef), ApiError> {
    let Compare { variants, models, .. } = arguments;
    let part = |variant: Option<&String>, model: Option<&String>| SideRef {
        variant: variant.or(run.variant.as_ref()).cloned(),
        model: model.or(run.model.as_ref()).cloned(),
        ..run.clone()
    };
    match (variants.as_slice(), models.as_slice()) {
        ([base, head], models) if models.len() < 2 => {
            Ok((part(Some(base), models.first()), part(Some(head), models.first())))
        }
        (variants, [base, head]) if variants.len() < 2 => {
            Ok((part(variants.first(), Some(base)), part(variants.first(), Some(head))))
        }
        _ => {
            Err(ApiError::new(Code::BadInput, "one run is compared by two variants or two models")
                .hint(format!("assay compare {} --variant BASE --variant HEAD", arguments.base)))
        }
    }
}

/// A side with the variant and the model that both are narrowed to.
fn narrowed(side: SideRef, arguments: &Compare) -> Result<SideRef, ApiError> {
    let one = |what: &str, named: &[String]| match named {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => Err(ApiError::new(
            Code::BadInput,
            format!("two sides take one --{what}; name others as RUN/VARIANT@MODEL"),
        )),
    };
    let variant = one("variant", &arguments.variants)?;
    let model = one("model", &arguments.models)?;
    Ok(SideRef { variant: side.variant.or(variant), model: side.model.or(model), ..side })
}

fn mixed(arguments: &Compare) -> ApiError {
    let head = arguments.head.as_deref().unwrap_or_default();
    let message = format!(
        "`{}` and `{head}` are a run and a revision; compare two of a kind",
        arguments.base
    );
    ApiError::new(Code::BadInput, message).hint(
        "A revision is run first: assay compare BASE HEAD with two branches, tags or commits.",
    )
}

/// Runs what is missing of two revisions.
fn run_both(
    app: &App,
    base: &str,
    head: Option<String>,
    arguments: &Compare,
    output: &Output,
) -> Result<Sides, ApiError> {
    let going = Arc::new(Mutex::new(String::new()));
    stop_on_interrupt(app, &going)?;
    let request = request(arguments);
    let of = (base.to_owned(), head.clone());
    let planned = app.call(PlanRevisions { base: of.0, head: of.1, request: request.clone() })?;
    planned.plan.iter().for_each(|plan| output.note(&text::missing(plan)));
    let run = |revision: Option<&str>, request: RunRequest| -> Result<RevisionRun, ApiError> {
        let called = revision.unwrap_or("the files on disk");
        let revision = revision.map(str::to_owned);
        let judged_by = head.clone();
        // Typing the command is consent, for this call.
        let asked = app.call(StartRevision { revision, judged_by, request, consent: true })?;
        if let Some(run) = asked.run.as_ref().filter(|_| asked.started) {
            output.note(&format!("running {called}"));
            going.lock().unwrap_or_else(PoisonError::into_inner).clone_from(run);
            follow(app, run, output);
        }
        Ok(asked)
    };
    let ours = run(Some(base), request.clone())?;
    let Some(base_run) = ours.run else { return Ok(Sides::Same(ours.left_out)) };
    ours.notes.iter().for_each(|note| output.note(note));
    let theirs = run(
        head.as_deref(),
        RunRequest { prompts: ours.prompts, variants: ours.variants, ..request },
    )?;
    let Some(head_run) = theirs.run else { return Ok(Sides::Same(theirs.left_out)) };
    let side =
        |run: String, name: &str| SideRef { label: Some(name.to_owned()), ..SideRef::run(run) };
    let difference = ReadDifference { base: Some(base.to_owned()), head: head.clone() };
    let files = app.call(difference)?.files;
    let beside = Beside { files, notes: ours.notes, left_out: ours.left_out };
    let head = head.as_deref().unwrap_or("worktree");
    Ok(Sides::Both(Box::new((side(base_run, base), side(head_run, head), beside))))
}

/// Nothing differs, so there is nothing to ask and nothing to say.
fn tell_same(
    arguments: &Compare,
    left_out: &[String],
    markdown: Option<&Path>,
    output: &Output,
) -> Result<Exit, ApiError> {
    let text = format!("nothing to compare: {}", left_out.join("; "));
    if let Some(file) = markdown {
        write(file, &format!("### Prompts: nothing to compare\n\n{}\n", escaped(&text)), output)?;
    }
    if markdown != Some(Path::new("-")) {
        output.show(&document::of_nothing(arguments, left_out), || text)?;
    }
    Ok(Exit::Done)
}

fn report(
    app: &App,
    arguments: &Compare,
    told: &Told<'_>,
    markdown: Option<&Path>,
    output: &Output,
) -> Result<Exit, ApiError> {
    let view = told.view;
    if let Some(file) = markdown {
        write(file, &text::markdown(told), output)?;
    }
    if markdown != Some(Path::new("-")) {
        output.show(&document::of(arguments, told), || text::of(told))?;
    }
    let unfinished = [&view.base.run, &view.head.run].into_iter().find_map(|run| {
        let read = app.call(ReadRun { run: run.clone(), rows: false }).ok()?;
        (read.summary.state != RunState::Done).then(|| run.clone())
    });
    if let Some(run) = &unfinished {
        output.note(&format!("run {run} is not finished; continue with: assay run --resume {run}"));
    }
    let meets = view.meets();
    if !meets {
        output.note("nothing to compare: no case was asked alike on both sides");
    }
    Ok(match view.broken {
        true => Exit::Failed,
        false if view.incomplete || unfinished.is_some() => Exit::Incomplete,
        false if !meets => Exit::WrongUse,
        false => Exit::Done,
    })
}

fn write(file: &Path, text: &str, output: &Output) -> Result<(), ApiError> {
    match file == Path::new("-") {
        true => output.copy(text),
        false => std::fs::write(file, text).map_err(|error| unwritable(file, &error)),
    }
}
