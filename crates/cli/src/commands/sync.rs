//! `assay sync`: fetch, merge and send the branch that is checked out.

use std::collections::BTreeMap;

use assay_app::{App, undecided_of};
use assay_wire::{
    ApiError, ConflictView, MergeView, Notice, ResolutionChoice, SyncBranch, SyncView,
};
use serde_json::{Value, json};

use super::short;
use crate::arguments::{Decisions, SyncWith};
use crate::exit::Exit;
use crate::output::{Output, counted};

/// How many places of one file are listed.
const MOST_PLACES: usize = 20;

pub(crate) fn execute(app: &App, arguments: &SyncWith, output: &Output) -> Result<Exit, ApiError> {
    let synced = following(app, output, || {
        app.call(SyncBranch {
            remote: arguments.remote.clone(),
            push: !arguments.no_push,
            allow: arguments.allow.clone(),
            resolutions: decided(&arguments.decisions),
        })
    })?;
    let document = json!({
        "schema": "assay.sync/1",
        "remote": synced.remote,
        "address": synced.address,
        "branch": synced.branch,
        "merged": merged_document(&synced.merged),
        "sent": synced.sent,
        "statements": synced.statements,
        "notes": synced.notes,
    });
    output.show(&document, || text(&synced))?;
    Ok(exit_of(&synced.merged))
}

fn text(synced: &SyncView) -> String {
    let mut text = merged_text(&synced.merged);
    match sent(synced) {
        Some(sent) => {
            text.push_str(&format!("\n{sent} sent to {} ({})", synced.remote, synced.address));
        }
        None => text.push_str(&format!("\nnothing sent to {}", synced.remote)),
    }
    for note in &synced.notes {
        text.push_str(&format!("\n{note}"));
    }
    text
}

/// What went to the other side, counted.
fn sent(synced: &SyncView) -> Option<String> {
    let commits = synced.sent.map(|commits| counted(commits, "commit"));
    let statements = (synced.statements > 0).then(|| counted(synced.statements, "statement"));
    let sent: Vec<String> = commits.into_iter().chain(statements).collect();
    (!sent.is_empty()).then(|| sent.join(" and "))
}

/// Shows progress on a terminal while a git command goes on.
pub(super) fn following<T>(
    app: &App,
    output: &Output,
    call: impl FnOnce() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    if !output.has_live_progress() {
        return call();
    }
    let lines = Output::new(false);
    app.subscribe(Box::new(move |notice| {
        if let Notice::GitProgress { stage, done, total, .. } = notice {
            let of = if total == 0 { String::new() } else { format!(" {done} of {total}") };
            lines.progress(&format!("{stage}{of}"));
        }
        true
    }));
    let done = call();
    // From here on nobody listens.
    app.subscribe(Box::new(|_| false));
    output.end_progress();
    done
}

/// Decisions as they were typed.
pub(super) fn decided(decisions: &Decisions) -> BTreeMap<String, ResolutionChoice> {
    let ours = decisions.ours.iter().map(|path| (path.clone(), ResolutionChoice::Ours));
    let theirs = decisions.theirs.iter().map(|path| (path.clone(), ResolutionChoice::Theirs));
    ours.chain(theirs).collect()
}

/// What a merge became, for scripts.
pub(super) fn merged_document(merged: &MergeView) -> Value {
    match merged {
        MergeView::UpToDate => json!({"result": "up-to-date"}),
        MergeView::FastForward { to } => json!({"result": "fast-forward", "commit": to.id}),
        MergeView::Merged { commit } => json!({"result": "merged", "commit": commit.id}),
        MergeView::Conflicts { files } => {
            json!({"result": "conflicts", "files": paths(files)})
        }
    }
}

/// What a merge became, for people.
pub(super) fn merged_text(merged: &MergeView) -> String {
    match merged {
        MergeView::UpToDate => "nothing new to merge".to_owned(),
        MergeView::FastForward { to } => format!("moved to {} {}", short(&to.id), to.summary),
        MergeView::Merged { commit } => format!("merged as {}", short(&commit.id)),
        MergeView::Conflicts { files } => {
            let mut text = "nothing was changed: both sides changed".to_owned();
            for file in files {
                text.push_str(&format!("\n  {}", file.path));
                text.push_str(&places(file));
            }
            text.push_str("\nsay for each --ours PATH or --theirs PATH, or decide in the window");
            text
        }
    }
}

/// What each side has where both changed a file, as the merge driver tells it.
fn places(file: &ConflictView) -> String {
    let undecided = undecided_of(file);
    let mut text = String::new();
    for conflict in undecided.iter().take(MOST_PLACES) {
        let (place, ours, theirs) = (&conflict.place, &conflict.ours, &conflict.theirs);
        text.push_str(&format!("\n    {place}: ours {ours}, theirs {theirs}"));
    }
    match undecided.len().saturating_sub(MOST_PLACES) {
        0 => text,
        more => format!("{text}\n    and {more} more"),
    }
}

fn paths(files: &[ConflictView]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

/// Conflicts leave the command to be given again.
pub(super) fn exit_of(merged: &MergeView) -> Exit {
    match merged {
        MergeView::Conflicts { .. } => Exit::Incomplete,
        _ => Exit::Done,
    }
}
