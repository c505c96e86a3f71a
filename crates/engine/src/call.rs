//! One cell's call: sent, tried again where that helps, and brought to one shape.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use assay_local::{Finish as LocalFinish, Generation, LocalError};
use assay_model::{Caller, Failure, FailureKind, Message, Request, RetryAdvice, backoff};
use tokio_util::sync::CancellationToken;

use crate::environment::Environment;
use crate::models::{Backend, LocalSlot, Target};
use crate::plan::Call;
use crate::progress::Progress;

/// Calls of one cell at most, the first one included.
pub(crate) const MAX_ATTEMPTS: u32 = 4;

/// Output tokens of the embedded model when no option says how many: a person waits for these.
const LOCAL_MAX_TOKENS: usize = 256;

/// What a call brought.
pub(crate) struct Answer {
    pub output: String,
    pub raw: Vec<u8>,
    pub finish: String,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub latency_ms: u64,
    pub first_token_ms: Option<u64>,
}

/// Why a call brought nothing.
pub(crate) struct Refusal {
    pub kind: &'static str,
    pub message: String,
    pub raw: Vec<u8>,
    pub maybe_billed: bool,
    pub next: Next,
}

/// What to do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try the same cell again, after this long.
    Retry(Duration),
    /// This cell failed; others may do better.
    Fail,
    /// This cell failed, and so would every other on this model: stop its lane.
    StopLane,
    /// The person stopped the run.
    Cancelled,
}

/// What a call reports to, and what may stop it.
#[derive(Clone)]
pub(crate) struct CallContext {
    pub environment: Arc<dyn Environment>,
    pub progress: Arc<Progress>,
    pub cancel: CancellationToken,
    pub cell: u32,
    /// 1 for the first call of the cell.
    pub attempt: u32,
}

/// Sends one call.
pub(crate) async fn send(
    target: &Target,
    call: &Call,
    context: &CallContext,
) -> Result<Answer, Refusal> {
    match &target.backend {
        Backend::Local(slot) => send_local(slot, call, context).await,
        Backend::Remote(caller) => send_remote(caller, call, context)
            .await
            .map_err(|failure| refusal(failure, context.attempt, context.environment.jitter())),
    }
}

async fn send_remote(
    caller: &Caller,
    call: &Call,
    context: &CallContext,
) -> Result<Answer, Failure> {
    let mut on_text = |piece: &str| context.progress.text(context.cell, piece);
    let reply = caller.generate(&call.request, &mut on_text, &context.cancel).await?;
    Ok(Answer {
        output: reply.text,
        raw: reply.raw,
        finish: reply.finish.as_str().to_owned(),
        input_tokens: reply.usage.input,
        output_tokens: reply.usage.output,
        latency_ms: reply.latency_ms,
        first_token_ms: reply.first_token_ms,
    })
}

fn refusal(failure: Failure, attempt: u32, jitter: f64) -> Refusal {
    let next = match failure.advice() {
        _ if failure.kind == FailureKind::Cancelled => Next::Cancelled,
        RetryAdvice::Retry { after } if attempt < MAX_ATTEMPTS => {
            Next::Retry(after.unwrap_or_else(|| backoff(attempt - 1, jitter)))
        }
        RetryAdvice::RetryOnce if attempt < 2 => Next::Retry(backoff(attempt - 1, jitter)),
        _ if stops_lane(failure.kind) => Next::StopLane,
        _ => Next::Fail,
    };
    Refusal {
        kind: failure.kind.as_str(),
        message: failure.to_string(),
        raw: failure.raw,
        maybe_billed: failure.maybe_billed,
        next,
    }
}

/// Failures that say something about the endpoint or the key, not about the cell.
fn stops_lane(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Unreachable
            | FailureKind::Unauthorized
            | FailureKind::QuotaExhausted
            | FailureKind::NotFound
            | FailureKind::Redirected
    )
}

async fn send_local(
    slot: &Arc<LocalSlot>,
    call: &Call,
    context: &CallContext,
) -> Result<Answer, Refusal> {
    let slot = Arc::clone(slot);
    let request = call.request.clone();
    let context = context.clone();
    // Generation is pure computation, seconds long: it must not hold a thread of the runtime.
    let generated = tokio::task::spawn_blocking(move || generate_local(&slot, &request, &context));
    match generated.await {
        Ok(result) => result,
        Err(panic) => {
            Err(local_refusal(format!("the embedded model stopped: {panic}"), Next::Fail))
        }
    }
}

fn generate_local(
    slot: &LocalSlot,
    request: &Request,
    context: &CallContext,
) -> Result<Answer, Refusal> {
    let model = slot.model().map_err(|e| local_refusal(e.to_string(), Next::StopLane))?;
    let texts: Vec<String> = request.messages.iter().map(Message::joined_text).collect();
    let messages: Vec<_> = request
        .messages
        .iter()
        .zip(&texts)
        .map(|(m, text)| (m.role.as_str(), text.as_str()))
        .collect();
    let generation = Generation {
        messages: &messages,
        max_tokens: request.max_output_tokens.map_or(LOCAL_MAX_TOKENS, |n| n as usize),
        temperature: request.temperature.unwrap_or(0.0),
        top_p: request.top_p,
        seed: request.seed.unwrap_or(0),
        stop: &request.stop,
    };
    let begun = context.environment.now_ms();
    let elapsed = || context.environment.now_ms().saturating_sub(begun).unsigned_abs();
    let mut first_token_ms = None;
    let generated = model
        .generate(&generation, &mut |piece| {
            // While the prompt is read, empty pieces come, so that it can be stopped.
            if !piece.is_empty() {
                first_token_ms.get_or_insert_with(elapsed);
            }
            context.progress.text(context.cell, piece);
            if context.cancel.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .map_err(|e: LocalError| local_refusal(e.to_string(), Next::Fail))?;
    if generated.finish == LocalFinish::Cancelled {
        return Err(local_refusal("cancelled".to_owned(), Next::Cancelled));
    }
    Ok(Answer {
        raw: generated.text.clone().into_bytes(),
        output: generated.text,
        finish: local_finish_word(generated.finish).to_owned(),
        input_tokens: Some(generated.input_tokens as u64),
        output_tokens: Some(generated.output_tokens as u64),
        latency_ms: elapsed(),
        first_token_ms,
    })
}

fn local_refusal(message: String, next: Next) -> Refusal {
    Refusal { kind: "local", message, raw: Vec::new(), maybe_billed: false, next }
}

/// The words of `assay_model::Finish`, which every backend's reasons are brought to.
fn local_finish_word(finish: LocalFinish) -> &'static str {
    match finish {
        LocalFinish::Stop | LocalFinish::Stopped => "stop",
        LocalFinish::Length => "length",
        LocalFinish::Cancelled => "cancelled",
    }
}
