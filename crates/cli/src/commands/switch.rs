//! `assay switch`: to another branch, with what was not committed.

use assay_app::App;
use assay_wire::{ApiError, DraftsChoice, SwitchBranch, SwitchView};
use serde_json::json;

use super::sync::following;
use crate::arguments::SwitchTo;
use crate::exit::Exit;
use crate::output::{Output, counted};

pub(crate) fn execute(app: &App, arguments: &SwitchTo, output: &Output) -> Result<Exit, ApiError> {
    let drafts = match (arguments.keep, arguments.carry) {
        (true, _) => DraftsChoice::Keep,
        (_, true) => DraftsChoice::Carry,
        _ => DraftsChoice::KeepIfInTheWay,
    };
    let switched = following(app, output, || {
        app.call(SwitchBranch {
            name: arguments.name.clone(),
            create: arguments.create,
            at: arguments.at.clone(),
            drafts,
        })
    })?;
    let document = json!({
        "schema": "assay.switch/1",
        "from": switched.from, "to": switched.to,
        "kept": switched.kept, "back": switched.back, "waiting": switched.waiting,
    });
    output.show(&document, || text(&switched))?;
    Ok(Exit::Done)
}

fn text(switched: &SwitchView) -> String {
    let files = |paths: &[String]| counted(paths.len() as u32, "file");
    let mut text = format!("on {}", switched.to);
    if !switched.kept.is_empty() {
        let from = switched.from.as_deref().unwrap_or("the commit that was left");
        text.push_str(&format!("\nchanges of {} stay with {from}", files(&switched.kept)));
    }
    if !switched.back.is_empty() {
        text.push_str(&format!("\nchanges of {} came back", files(&switched.back)));
    }
    if switched.waiting {
        text.push_str("\nchanges wait for this branch: their files differ by now");
    }
    text
}
