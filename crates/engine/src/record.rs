//! What the engine knows, in the store's words.

use assay_score::{Outcome, Score};
use assay_store::{
    AttemptOutcome, NewCell, NewColumn, NewRow, NewRun, Original, RunId, RunState, ScorerSignature,
    StoredScore,
};

use crate::call::{Answer, Next, Refusal};
use crate::error::EngineError;
use crate::judging::judge_signatures;
use crate::plan::{Column, Plan};
use crate::progress::State;
use crate::spec;

/// A run with its whole grid.
pub(crate) fn new_run(id: &RunId, plan: &Plan, created_ms: i64) -> Result<NewRun, EngineError> {
    Ok(NewRun {
        id: id.clone(),
        workspace: plan.spec.workspace.clone(),
        created_ms,
        title: plan.spec.title(),
        spec: stored_spec(id, plan)?,
        columns: columns(plan).collect(),
        rows: rows(plan).collect(),
        cells: plan.cells.iter().map(|&(column, row)| NewCell { column, row }).collect(),
        scorers: plan.scorers.clone(),
        budget: plan.spec.request.budget,
        shard: plan.spec.request.shard,
    })
}

/// What is stored of what a run was asked to do.
pub(crate) fn stored_spec(id: &RunId, plan: &Plan) -> Result<String, EngineError> {
    spec::to_stored(&plan.spec, &plan.endpoints())
        .map_err(|e| EngineError::UnreadableRun { run: id.to_string(), reason: e.to_string() })
}

/// The columns of a plan, in order.
pub(crate) fn columns(plan: &Plan) -> impl Iterator<Item = NewColumn> {
    plan.columns.iter().map(|column| NewColumn {
        prompt: plan.spec.prompts[column.prompt].key.clone(),
        variant: column.variant.clone(),
        content_id: column.content_id.clone(),
        model: column.target.id.clone(),
    })
}

/// What the scores of a plan are comparable with. Those of judges are among them: how their replies are read is this
/// version's, and a later one must not take them for its own.
pub(crate) fn signatures(plan: &Plan) -> Vec<ScorerSignature> {
    let of_column = |column: &Column| {
        let prompt = plan.spec.prompts[column.prompt].key.clone();
        let signatures = column.scorers.signatures().into_iter();
        let signature = |(scorer, signature): (&str, &str)| ScorerSignature {
            prompt: prompt.clone(),
            scorer: scorer.to_owned(),
            signature: signature.to_owned(),
        };
        signatures.map(signature).collect::<Vec<_>>()
    };
    let of_judge = |((prompt, scorer), signature)| ScorerSignature { prompt, scorer, signature };
    let judged = judge_signatures(&plan.spec).into_iter().map(of_judge);
    plan.columns.iter().flat_map(of_column).chain(judged).collect()
}

/// The rows of a plan, in order.
pub(crate) fn rows(plan: &Plan) -> impl Iterator<Item = NewRow> {
    plan.rows.iter().map(|row| NewRow {
        prompt: plan.spec.prompts[row.prompt].key.clone(),
        case_id: row.case.id.clone(),
        sample: row.sample,
        case_json: case_json(&row.case),
    })
}

/// A row has only text keys, so it can always be written.
fn case_json(case: &assay_prompt::Row) -> String {
    serde_json::to_string(case).unwrap_or_default()
}

/// The end of a call that was answered, or of a cell whose answer was there.
pub(crate) fn done(
    answer: Answer,
    cost: Option<f64>,
    original: Option<Original>,
) -> AttemptOutcome {
    AttemptOutcome::Done {
        output: answer.output,
        response: answer.raw,
        latency_ms: answer.latency_ms,
        first_token_ms: answer.first_token_ms,
        usage: answer.usage,
        finish: answer.finish,
        cost,
        original,
    }
}

/// The end of a call that brought nothing. Whether its cell waits for another follows from what is to be done next.
pub(crate) fn failed(refusal: Refusal) -> AttemptOutcome {
    AttemptOutcome::Failed {
        kind: refusal.kind.as_str().to_owned(),
        message: refusal.message,
        response: refusal.raw,
        maybe_billed: refusal.maybe_billed,
        cost: None,
        retry: refusal.next != Next::Fail,
    }
}

/// What a scorer said.
pub(crate) fn stored_score(score: Score) -> StoredScore {
    stored_outcome(score.scorer, score.outcome)
}

/// What a scorer of this id said.
pub(crate) fn stored_outcome(scorer: String, outcome: Outcome) -> StoredScore {
    match outcome {
        Outcome::Scored { value, pass, reason } => {
            StoredScore { scorer, value: Some(value), pass, reason }
        }
        Outcome::NotJudged { reason } => StoredScore { scorer, value: None, pass: None, reason },
    }
}

/// The state of a run.
pub(crate) fn stored_state(state: &State) -> RunState {
    match state {
        State::Running => RunState::Running,
        State::Done => RunState::Done,
        State::Cancelled => RunState::Cancelled,
        State::Failed(stop) => RunState::Failed(stop.clone()),
    }
}
