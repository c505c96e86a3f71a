//! `assay judge read`: one judgement, call by call.

use assay_app::App;
use assay_wire::{ApiError, JudgeCallView, JudgeMemberView, JudgementView, ReadJudgement};
use serde_json::{Value, json};

use super::super::show::run_id;
use crate::arguments::ReadJudge;
use crate::output::Output;

pub(super) fn show(app: &App, read: &ReadJudge, output: &Output) -> Result<(), ApiError> {
    let run = run_id(app, &read.run)?;
    let scorer = read.scorer.clone();
    let judgement = app.call(ReadJudgement { run, cell: read.cell, scorer })?;
    let document = json!({
        "schema": "assay.judgement/1",
        "scorer": judgement.scorer,
        "members": judgement.members.iter().map(member_document).collect::<Vec<_>>(),
    });
    output.show(&document, || text(&judgement))
}

fn member_document(member: &JudgeMemberView) -> Value {
    json!({
        "model": member.model, "value": member.value, "pass": member.pass, "reason": member.reason,
        "calls": member.calls.iter().map(call_document).collect::<Vec<_>>(),
    })
}

fn call_document(call: &JudgeCallView) -> Value {
    let messages = call.messages.iter().map(|message| {
        let text: String = message.content.iter().map(|piece| piece.text.as_str()).collect();
        json!({"role": message.role, "text": text})
    });
    json!({
        "prompt": call.prompt, "repair": call.is_repair, "messages": messages.collect::<Vec<_>>(),
        "said": call.said, "problem": call.problem,
    })
}

fn text(judgement: &JudgementView) -> String {
    judgement.members.iter().map(member_text).collect::<Vec<_>>().join("\n")
}

fn member_text(member: &JudgeMemberView) -> String {
    let vote = match (member.pass, member.value) {
        (Some(true), Some(value)) => format!("pass ({value})"),
        (Some(false), Some(value)) => format!("fail ({value})"),
        _ => "no verdict".to_owned(),
    };
    let reason = member.reason.as_deref().unwrap_or("not judged yet");
    let mut text = format!("{}: {vote}: {reason}\n", member.model);
    for call in &member.calls {
        let kind = if call.is_repair { ", asked once more" } else { "" };
        text.push_str(&format!("── {}{kind} ──\n", call.prompt));
        for message in &call.messages {
            let words: String = message.content.iter().map(|piece| piece.text.as_str()).collect();
            text.push_str(&format!("{}:\n{}\n\n", message.role, words.trim_end()));
        }
        let said = call.said.as_deref().or(call.problem.as_deref()).unwrap_or_default();
        text.push_str(&format!("reply:\n{said}\n"));
    }
    text
}
