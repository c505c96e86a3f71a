//! `assay judge`: judge prompts, labels of people, and how a judge does against them.

mod judgement;

use std::io::{BufRead, Read};
use std::path::Path;

use assay_app::App;
use assay_wire::{
    AddJudge, AgainstView, ApiError, Code, JudgeLine, JudgeModelView, JudgeView, KappaView,
    LabelItem, LabelLine, LabelTask, ListJudges, MeanView, NextToLabel, PeopleView, SetLabel,
    ShowJudge, TakeLabels,
};
use serde_json::{Value, json};

use crate::arguments::{Calibrate, Judge, ShowJudges};
use crate::exit::Exit;
use crate::output::{Output, counted, table};

/// Bytes of a file of labels at most.
const LARGEST_FILE: u64 = 32 << 20;

/// A line of an answer is longer only by mistake.
const LONGEST_LINE: u64 = 1 << 10;

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    judge: &Judge,
    output: &Output,
) -> Result<Exit, ApiError> {
    match judge {
        Judge::Add { name } => {
            let edited = app.call(AddJudge { name: name.clone() })?;
            output.tell(&edited.done)?;
        }
        Judge::List { prompt, .. } => list(app, prompt, output)?,
        Judge::Calibrate(calibrate) => self::calibrate(app, directory, calibrate, output)?,
        Judge::Show(show) => return self::show(app, show, output),
        Judge::Read(read) => judgement::show(app, read, output)?,
    }
    Ok(Exit::Done)
}

fn list(app: &App, prompt: &str, output: &Output) -> Result<(), ApiError> {
    let judges = app.call(ListJudges { prompt: prompt.to_owned() })?;
    let document = json!({
        "schema": "assay.judges/1",
        "judges": judges.iter().map(line_document).collect::<Vec<_>>(),
    });
    output.show(&document, || list_text(&judges))
}

fn list_text(judges: &[JudgeLine]) -> String {
    if judges.is_empty() {
        return "No scorer of this prompt asks a model.".to_owned();
    }
    let mut rows =
        vec![["SCORER", "TYPE", "MODELS", "PROMPTS", "LABELS"].map(str::to_owned).to_vec()];
    rows.extend(judges.iter().map(|judge| {
        let labels = judge.problem.clone().unwrap_or_else(|| label_words(judge));
        vec![
            judge.scorer.clone(),
            judge.kind.clone(),
            judge.models.join(", "),
            judge.prompts.join(", "),
            labels,
        ]
    }));
    table(&rows)
}

fn label_words(judge: &JudgeLine) -> String {
    match judge.is_calibrated() {
        true => format!("calibrated, {}", counted(judge.labels, "label")),
        false if judge.labels >= judge.needed => {
            format!("{}, but not calibrated", counted(judge.labels, "label"))
        }
        false => format!("{} of {}", judge.labels, judge.needed),
    }
}

fn line_document(judge: &JudgeLine) -> Value {
    json!({
        "scorer": judge.scorer, "type": judge.kind, "models": judge.models, "prompts": judge.prompts,
        "problem": judge.problem, "labels": judge.labels, "needed": judge.needed,
        "calibrated": judge.is_calibrated(), "uncalibrated": judge.uncalibrated,
    })
}

/// The scorer that was named, or the only judge.
fn scorer(app: &App, prompt: &str, named: Option<&String>) -> Result<String, ApiError> {
    if let Some(named) = named {
        return Ok(named.clone());
    }
    let judges = app.call(ListJudges { prompt: prompt.to_owned() })?;
    match judges.as_slice() {
        [only] => Ok(only.scorer.clone()),
        [] => Err(ApiError::new(Code::NotFound, format!("no scorer of `{prompt}` asks a model"))),
        several => {
            let names: Vec<_> = several.iter().map(|judge| judge.scorer.as_str()).collect();
            Err(ApiError::new(Code::BadInput, format!("`{prompt}` has {} judges", several.len()))
                .hint(format!("Name one with --scorer: {}.", names.join(", "))))
        }
    }
}

/// Who labels, unless they say so.
fn rater(named: Option<&String>) -> Result<String, ApiError> {
    let of_system = || ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.cloned().or_else(of_system).filter(|name| !name.trim().is_empty()).ok_or_else(|| {
        ApiError::new(Code::BadInput, "a label needs the name of who gives it")
            .hint("Give it with --rater NAME.")
    })
}

/// Takes labels, holds the judge against all there are, and says how it stands.
fn calibrate(
    app: &App,
    directory: &Path,
    calibrate: &Calibrate,
    output: &Output,
) -> Result<(), ApiError> {
    let scorer = scorer(app, &calibrate.prompt, calibrate.scorer.as_ref())?;
    let taken = match &calibrate.labels {
        Some(file) => take(app, &directory.join(file), calibrate, &scorer, output),
        None => label(app, calibrate, &scorer, output),
    };
    let view = app.call(ShowJudge { prompt: calibrate.prompt.clone(), scorer })?;
    output.tell(&format!("{}: {}", view.line.scorer, standing(&view)))?;
    taken
}

/// Shows one output after the other and takes a word for each.
fn label(app: &App, calibrate: &Calibrate, scorer: &str, output: &Output) -> Result<(), ApiError> {
    let rater = rater(calibrate.rater.as_ref())?;
    let mut skip = Vec::new();
    let mut given = 0;
    loop {
        let next = NextToLabel {
            prompt: calibrate.prompt.clone(),
            scorer: scorer.to_owned(),
            rater: rater.clone(),
            seed: calibrate.seed,
            skip: skip.clone(),
        };
        let task = app.call(next)?;
        let Some(item) =
            task.item.as_ref().filter(|_| calibrate.limit.is_none_or(|most| given < most))
        else {
            return output.tell(&farewell(&task, &rater));
        };
        output.tell(&shown(item, &task))?;
        let pass = match answer()? {
            Said::Pass => Some(true),
            Said::Fail => Some(false),
            Said::Skip => None,
            Said::Quit => return output.tell(&farewell(&task, &rater)),
        };
        skip.push(item.subject.clone());
        if pass.is_some() {
            let subject = item.subject.clone();
            let (prompt, scorer, rater) =
                (calibrate.prompt.clone(), scorer.to_owned(), rater.clone());
            app.call(SetLabel { prompt, scorer, rater, subject, pass })?;
            given += 1;
        }
    }
}

enum Said {
    Pass,
    Fail,
    Skip,
    Quit,
}

/// The next word that is one; the end of the input is the end of the work.
fn answer() -> Result<Said, ApiError> {
    loop {
        let mut line = String::new();
        let mut input = std::io::stdin().lock().take(LONGEST_LINE);
        let read = input.read_line(&mut line).map_err(|error| {
            ApiError::new(Code::BadInput, format!("the terminal could not be read: {error}"))
        })?;
        match line.trim().to_lowercase().as_str() {
            _ if read == 0 => return Ok(Said::Quit),
            "p" | "pass" | "y" => return Ok(Said::Pass),
            "f" | "fail" | "n" => return Ok(Said::Fail),
            "s" | "skip" => return Ok(Said::Skip),
            "q" | "quit" => return Ok(Said::Quit),
            _ => {}
        }
    }
}

fn shown(item: &LabelItem, task: &LabelTask) -> String {
    let mut text = format!(
        "── {} labelled, {} outputs, {} needed ──\n\nThe question: {}\n\nAsked:\n{}\n",
        task.labelled, task.outputs, task.needed, item.question, item.input
    );
    if let Some(expected) = &item.expected {
        text.push_str(&format!("\nExpected:\n{expected}\n"));
    }
    for (context, number) in item.contexts.iter().zip(1..) {
        text.push_str(&format!("\nContext {number}:\n{context}\n"));
    }
    if let Some(baseline) = &item.baseline {
        text.push_str(&format!("\nThe baseline's answer:\n{baseline}\n"));
    }
    text.push_str(&format!("\nThe answer:\n{}\n\n[p]ass, [f]ail, [s]kip, [q]uit", item.output));
    text
}

fn farewell(task: &LabelTask, rater: &str) -> String {
    let labelled = counted(task.labelled, "output");
    match task.outputs {
        0 => "There is no output to label yet; run the prompt first.".to_owned(),
        all => format!("{rater} has labelled {labelled} of {all}; {} are needed.", task.needed),
    }
}

/// Takes the labels of a file, one JSON object a line.
fn take(
    app: &App,
    file: &Path,
    calibrate: &Calibrate,
    scorer: &str,
    output: &Output,
) -> Result<(), ApiError> {
    let labels = read_labels(file)?;
    let taken = app.call(TakeLabels {
        prompt: calibrate.prompt.clone(),
        scorer: scorer.to_owned(),
        // Lines may say it themselves; those that do not are refused.
        rater: rater(calibrate.rater.as_ref()).unwrap_or_default(),
        labels,
    })?;
    for (line, reason) in &taken.refused {
        output.note(&format!("{}:{line}: {reason}", file.display()));
    }
    output.tell(&format!("{} labelled", counted(taken.labelled, "output")))?;
    match taken.refused.len() as u32 {
        0 => Ok(()),
        refused => Err(ApiError::new(
            Code::BadInput,
            format!("{} of {} not taken", counted(refused, "line"), file.display()),
        )),
    }
}

fn read_labels(file: &Path) -> Result<Vec<LabelLine>, ApiError> {
    let wrong = |reason: String| {
        ApiError::new(Code::BadInput, format!("{}{reason}", file.display())).hint(
            "A line is {\"case\": ID, \"pass\": true}, with variant, model, output or rater where they are needed.",
        )
    };
    let opened =
        std::fs::File::open(file).map_err(|error| wrong(format!(" cannot be read: {error}")))?;
    let mut text = String::new();
    let read = opened.take(LARGEST_FILE + 1).read_to_string(&mut text);
    let read = read.map_err(|error| wrong(format!(" cannot be read: {error}")))?;
    if read as u64 > LARGEST_FILE {
        return Err(wrong(" is larger than 32 MiB".to_owned()));
    }
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let label = |(line, number): (&str, u32)| {
        serde_json::from_str(line).map_err(|error| wrong(format!(":{number}: {error}")))
    };
    lines.map(label).collect()
}

fn show(app: &App, show: &ShowJudges, output: &Output) -> Result<Exit, ApiError> {
    let names = match &show.scorer {
        Some(scorer) => vec![scorer.clone()],
        None => {
            let judges = app.call(ListJudges { prompt: show.prompt.clone() })?;
            judges
                .into_iter()
                .filter(|judge| judge.problem.is_none())
                .map(|judge| judge.scorer)
                .collect()
        }
    };
    let views = names
        .into_iter()
        .map(|scorer| app.call(ShowJudge { prompt: show.prompt.clone(), scorer }))
        .collect::<Result<Vec<_>, _>>()?;
    let document = json!({
        "schema": "assay.judge/1",
        "judges": views.iter().map(document).collect::<Vec<_>>(),
    });
    output.show(&document, || match views.is_empty() {
        true => "No scorer of this prompt asks a model.".to_owned(),
        false => views.iter().map(text).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(Exit::Done)
}

fn document(view: &JudgeView) -> Value {
    let mut document = line_document(&view.line);
    document["signature"] = json!(view.signature);
    document["run"] = json!(view.run);
    document["undecided"] = json!(view.undecided);
    document["unseen"] = json!(view.unseen);
    document["older"] = json!(view.older);
    document["weak"] = json!(view.is_weak);
    document["people"] = view.people.as_ref().map_or(Value::Null, |people| {
        json!({
            "raters": people.raters, "outputs": people.outputs, "agreement": people.agreement,
            "kappa": people.kappa.as_ref().map(kappa_document),
        })
    });
    document["tuning"] = against_document(&view.tuning);
    document["heldOut"] = against_document(&view.held_out);
    document["told"] = json!(view.told.as_ref().map(mean_document));
    document["corrected"] = json!(view.corrected.as_ref().map(mean_document));
    document["models"] = view.models.iter().map(model_document).collect();
    document["refused"] = json!(view.refused);
    document
}

fn mean_document(mean: &MeanView) -> Value {
    json!({"mean": mean.mean, "low": mean.low, "high": mean.high, "n": mean.n})
}

fn kappa_document(kappa: &KappaView) -> Value {
    let (low, high) = kappa.interval.unzip();
    json!({"name": kappa.name, "value": kappa.value, "low": low, "high": high})
}

fn against_document(against: &AgainstView) -> Value {
    json!({
        "outputs": against.outputs,
        "tpr": against.passes.as_ref().map(mean_document),
        "tnr": against.failures.as_ref().map(mean_document),
        "kappa": against.kappa.as_ref().map(kappa_document),
    })
}

fn model_document(model: &JudgeModelView) -> Value {
    let share = |mean: &Option<MeanView>| json!(mean.as_ref().map(mean_document));
    json!({
        "model": model.model, "asked": model.asked, "failed": model.failed,
        "pairs": model.pairs.as_ref().map(|pairs| json!({
            "pairs": pairs.pairs, "consistent": share(&pairs.consistent), "first": share(&pairs.first),
            "longer": share(&pairs.longer), "won": share(&pairs.won), "leanings": pairs.leanings,
        })),
    })
}

fn text(view: &JudgeView) -> String {
    let mut text = format!("{} · {}\n", view.line.scorer, view.line.kind);
    text.push_str(&format!("  labels: {}\n", standing(view)));
    text.push_str(&format!(
        "  people: {}\n",
        view.people.as_ref().map_or_else(|| "no output has two labels".to_owned(), people)
    ));
    text.push_str(&format!("  judge, held out: {}\n", against(&view.held_out)));
    text.push_str(&format!("  judge, for tuning: {}\n", against(&view.tuning)));
    text.push_str(&format!("  pass rate: {}\n", rate(view)));
    for model in &view.models {
        text.push_str(&format!("  {}\n", model_words(model)));
    }
    for refused in &view.refused {
        text.push_str(&format!("  not read: {refused}\n"));
    }
    text
}

fn standing(view: &JudgeView) -> String {
    let mut words = label_words(&view.line);
    match (view.line.is_calibrated(), view.is_weak) {
        (false, _) if view.line.labels >= view.line.needed => {
            words = view.line.uncalibrated.clone().unwrap_or_default();
        }
        (false, _) => words.push_str(", not calibrated"),
        (true, true) => words.push_str(", but weak: its rates may lie below 80 %"),
        (true, false) => {}
    }
    for (count, what) in [
        (view.undecided, "undecided"),
        (view.unseen, "without a verdict"),
        (view.older, "of another wording"),
    ] {
        if count > 0 {
            words.push_str(&format!(", {count} {what}"));
        }
    }
    words
}

fn people(people: &PeopleView) -> String {
    let agreement = people.agreement.map_or_else(|| "undefined".to_owned(), percent);
    let kappa = people.kappa.as_ref().map_or_else(|| "kappa undefined".to_owned(), kappa);
    let outputs = counted(people.outputs, "output");
    format!("{} on {outputs}: agree on {agreement}, {kappa}", people.raters.join(", "))
}

fn against(against: &AgainstView) -> String {
    if against.outputs == 0 {
        return "no output with a label and a verdict".to_owned();
    }
    let kappa = against.kappa.as_ref().map_or_else(|| "kappa undefined".to_owned(), kappa);
    let outputs = counted(against.outputs, "output");
    format!(
        "{outputs}: TPR {}, TNR {}, {kappa}",
        share(against.passes.as_ref()),
        share(against.failures.as_ref())
    )
}

fn rate(view: &JudgeView) -> String {
    match (&view.told, &view.corrected) {
        (None, _) => "not judged yet".to_owned(),
        (told, None) => format!("{} told, no correction known", share(told.as_ref())),
        (told, corrected) => {
            format!("{} told, {} corrected", share(told.as_ref()), share(corrected.as_ref()))
        }
    }
}

fn model_words(model: &JudgeModelView) -> String {
    let mut words =
        format!("{}: {} asked, {} judge errors", model.model, model.asked, model.failed);
    if let Some(pairs) = &model.pairs {
        words.push_str(&format!(
            "; {}: both orders agree {}, first preferred {}, longer wins {}",
            counted(pairs.pairs, "pair"),
            share(pairs.consistent.as_ref()),
            share(pairs.first.as_ref()),
            share(pairs.longer.as_ref())
        ));
        for leaning in &pairs.leanings {
            words.push_str(&format!("; {leaning}"));
        }
    }
    words
}

fn kappa(kappa: &KappaView) -> String {
    let interval =
        kappa.interval.map_or_else(String::new, |(low, high)| format!(" [{low:.2}, {high:.2}]"));
    format!("{} {:.2}{interval}", kappa.name, kappa.value)
}

fn share(mean: Option<&MeanView>) -> String {
    mean.map_or_else(
        || "undefined".to_owned(),
        |mean| {
            format!("{} [{:.1}, {:.1}]", percent(mean.mean), 100.0 * mean.low, 100.0 * mean.high)
        },
    )
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
