//! `assay log`: who changed a prompt, file, example or case, and when.

use assay_app::App;
use assay_wire::{
    ApiError, BlamePart, BlameView, Code, CommitView, HistoryView, ReadBlame, ReadHistory,
    ReadRowHistory, RowVersionView,
};
use serde_json::{Value, json};

use super::short;
use super::sync::following;
use crate::arguments::Log;
use crate::exit::Exit;
use crate::output::{Output, counted, table};

pub(crate) fn execute(app: &App, arguments: &Log, output: &Output) -> Result<Exit, ApiError> {
    let path = arguments.of.clone().unwrap_or_default();
    match &arguments.row {
        Some(id) => {
            let (id, limit) = (id.clone(), arguments.limit);
            let versions = following(app, output, || app.call(ReadRowHistory { path, id, limit }))?;
            show_row(&versions, output)
        }
        None if arguments.blame => {
            show_blame(&following(app, output, || app.call(ReadBlame { path }))?, output)
        }
        None => {
            let (of, limit) = (arguments.of.clone(), arguments.limit);
            let history = following(app, output, || app.call(ReadHistory { of, limit }))?;
            if let Some(name) = arguments.of.as_ref().filter(|_| is_unknown(&history)) {
                let message = format!("no commit has touched `{name}`");
                return Err(ApiError::new(Code::NotFound, message)
                    .hint("Name a prompt, as `assay list` has it, or a file by its path."));
            }
            show_history(&history, output)
        }
    }
}

fn is_unknown(history: &HistoryView) -> bool {
    history.entries.is_empty() && history.more == 0 && !history.reading
}

fn show_history(history: &HistoryView, output: &Output) -> Result<Exit, ApiError> {
    let entries: Vec<_> = history
        .entries
        .iter()
        .map(|entry| json!({"commit": commit(&entry.commit), "paths": entry.paths}))
        .collect();
    let document = json!({
        "schema": "assay.log/1",
        "path": history.path, "entries": entries,
        "earlierNames": history.earlier_names, "more": history.more,
    });
    output.show(&document, || {
        let row = |commit: &CommitView| {
            vec![short(&commit.id).to_owned(), commit.author.clone(), commit.summary.clone()]
        };
        let rows: Vec<_> = history.entries.iter().map(|entry| row(&entry.commit)).collect();
        let mut text = table(&rows);
        if history.more > 0 {
            text.push_str(&format!("and {} more\n", counted(history.more, "commit")));
        }
        if !history.earlier_names.is_empty() {
            text.push_str(&format!("before: {}\n", history.earlier_names.join(", ")));
        }
        text
    })?;
    Ok(Exit::Done)
}

fn show_row(versions: &[RowVersionView], output: &Output) -> Result<Exit, ApiError> {
    let lines: Vec<_> = versions
        .iter()
        .map(|version| {
            json!({"commit": commit(&version.commit), "change": version.change, "row": version.row})
        })
        .collect();
    output.show(&json!({"schema": "assay.log/1", "versions": lines}), || {
        let row = |version: &RowVersionView| {
            vec![
                short(&version.commit.id).to_owned(),
                version.commit.author.clone(),
                version.change.clone(),
                version.row.clone().unwrap_or_default(),
            ]
        };
        table(&versions.iter().map(row).collect::<Vec<_>>())
    })?;
    Ok(Exit::Done)
}

fn show_blame(blame: &BlameView, output: &Output) -> Result<Exit, ApiError> {
    let parts: Vec<_> = blame
        .parts
        .iter()
        .map(|part| json!({"text": part.text, "commit": part.commit.as_ref().map(commit)}))
        .collect();
    let document =
        json!({"schema": "assay.log/1", "path": blame.path, "rows": blame.rows, "parts": parts});
    output.show(&document, || {
        let row = |part: &BlamePart| {
            let who = part.commit.as_ref();
            vec![
                who.map(|commit| short(&commit.id)).unwrap_or_default().to_owned(),
                who.map(|commit| commit.author.clone()).unwrap_or_default(),
                part.text.clone(),
            ]
        };
        table(&blame.parts.iter().map(row).collect::<Vec<_>>())
    })?;
    Ok(Exit::Done)
}

fn commit(commit: &CommitView) -> Value {
    json!({
        "id": commit.id, "author": commit.author,
        "summary": commit.summary, "timeS": commit.time_s,
    })
}
