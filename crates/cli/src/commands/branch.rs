//! `assay branch`: branches listed, made, renamed, deleted and merged.

use assay_app::App;
use assay_wire::{ApiError, BranchView, BranchesView, EditBranch, MergeBranch, ReadBranches};
use serde_json::json;

use super::short;
use super::sync::{decided, exit_of, following, merged_document, merged_text};
use crate::arguments::Branch;
use crate::exit::Exit;
use crate::output::{Output, table};

pub(crate) fn execute(app: &App, arguments: &Branch, output: &Output) -> Result<Exit, ApiError> {
    let Some(name) = &arguments.name else {
        return list(&app.call(ReadBranches {})?, output);
    };
    if arguments.merge {
        return merge(app, name, arguments, output);
    }
    let name = name.clone();
    let branches = app.call(match &arguments.rename {
        Some(to) => EditBranch::Rename { name, to: to.clone() },
        None if arguments.delete => EditBranch::Delete { name, force: arguments.force },
        None => EditBranch::Create { name, at: arguments.at.clone() },
    })?;
    list(&branches, output)
}

fn merge(app: &App, name: &str, arguments: &Branch, output: &Output) -> Result<Exit, ApiError> {
    let merged = following(app, output, || {
        app.call(MergeBranch {
            revision: name.to_owned(),
            message: None,
            resolutions: decided(&arguments.decisions),
        })
    })?;
    let document = json!({"schema": "assay.merge/1", "merged": merged_document(&merged)});
    output.show(&document, || merged_text(&merged))?;
    Ok(exit_of(&merged))
}

fn list(view: &BranchesView, output: &Output) -> Result<Exit, ApiError> {
    let branches: Vec<_> = view
        .branches
        .iter()
        .map(|branch| {
            json!({
                "name": branch.name, "remote": branch.remote, "current": branch.current,
                "commit": branch.tip.id, "upstream": branch.upstream,
                "ahead": branch.ahead, "behind": branch.behind, "drafts": branch.drafts,
            })
        })
        .collect();
    let document =
        json!({"schema": "assay.branch/1", "current": view.current, "branches": branches});
    output.show(&document, || table(&view.branches.iter().map(row).collect::<Vec<_>>()))?;
    Ok(Exit::Done)
}

fn row(branch: &BranchView) -> Vec<String> {
    let mut notes = Vec::new();
    if branch.ahead > 0 {
        notes.push(format!("{} ahead", branch.ahead));
    }
    if branch.behind > 0 {
        notes.push(format!("{} behind", branch.behind));
    }
    if branch.drafts {
        notes.push("changes kept".to_owned());
    }
    vec![
        if branch.current { "*" } else { "" }.to_owned(),
        branch.name.clone(),
        short(&branch.tip.id).to_owned(),
        notes.join(", "),
        branch.tip.summary.clone(),
    ]
}
