//! How a judge came to what it says of a cell: what each of its models was asked, and what it said to the letter.

use assay_engine::{JudgeCall, PanelMember};
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::prompts::message_view;
use crate::router::Answer;

impl Answer<ReadJudgement> for App {
    fn answer(&self, command: ReadJudgement) -> Result<JudgementView, ApiError> {
        let ReadJudgement { run, cell, scorer } = command;
        let record = self.record(&run)?;
        let judgement = self.inner.engine.judgement(&record.id, cell, &scorer);
        let members = judgement.map_err(|e| e.explain())?;
        if members.is_empty() {
            let message = format!("no judge `{scorer}` looks at cell {cell} of run `{run}`");
            return Err(ApiError::new(Code::NotFound, message).hint(
                "It judges answers only, of cases with its tags, and not its own baseline.",
            ));
        }
        Ok(JudgementView { scorer, members: members.into_iter().map(member).collect() })
    }
}

fn member(member: PanelMember) -> JudgeMemberView {
    let outcome = member.outcome.as_ref();
    JudgeMemberView {
        value: outcome.and_then(|outcome| outcome.value()),
        pass: outcome.and_then(|outcome| outcome.pass()),
        reason: outcome.map(|outcome| outcome.reason().to_owned()),
        model: member.model,
        calls: member.calls.into_iter().map(call).collect(),
    }
}

fn call(call: JudgeCall) -> JudgeCallView {
    JudgeCallView {
        prompt: call.prompt,
        is_repair: call.is_repair,
        messages: call.messages.iter().map(message_view).collect(),
        said: call.said,
        problem: call.problem,
    }
}
