//! One cell's call: sent, brought to one shape, and judged when it failed.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use assay_local::{Finish as LocalFinish, Generation, LocalError};
use assay_model::{
    Caller, Failure, FailureKind, Message, Rates, Reply, Request, RetryAdvice, backoff,
};
use assay_store::Usage;
use tokio_util::sync::CancellationToken;

use crate::environment::Environment;
use crate::models::{Backend, LocalSlot, Target};
use crate::plan::Call;
use crate::progress::Progress;
use crate::tool_calls;

/// Calls of one cell that may fail, the first one included. Being told to slow down is not failing.
const MOST_FAILURES: u32 = 4;

/// How often a cell may be told to come later, before its lane is taken to be shut.
const MOST_LIMITED: u32 = 12;

/// Calls of one cell that may have been billed and brought nothing, the first one included, over all of its run's
/// resumes.
pub(crate) const MOST_LOST: u32 = 2;

/// Output tokens of the embedded model when no option says how many: a person waits for these.
const LOCAL_MAX_TOKENS: usize = 256;

/// What a call brought.
pub(crate) struct Answer {
    pub output: String,
    pub raw: Vec<u8>,
    pub finish: String,
    pub usage: Usage,
    pub latency_ms: u64,
    pub first_token_ms: Option<u64>,
    pub request_id: Option<String>,
    pub rates: Box<Rates>,
}

/// Why a call brought nothing.
pub(crate) struct Refusal {
    pub kind: Kind,
    pub message: String,
    pub raw: Vec<u8>,
    pub maybe_billed: bool,
    pub request_id: Option<String>,
    /// Whether the server said that there are too many calls, its own or all the world's.
    pub crowded: bool,
    /// How long the server wants to be left alone.
    pub delay: Option<Duration>,
    pub rates: Box<Rates>,
    pub next: Next,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of a call to an endpoint.
    Call(FailureKind),
    /// The case does not fit the template, so there was no call.
    Template,
    /// Of the embedded model.
    Local,
    /// Earlier calls were sent and lost, so there was no other.
    Lost,
}

impl Kind {
    /// The word it is stored as.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Call(kind) => kind.as_str(),
            Kind::Template => "template",
            Kind::Local => "local",
            Kind::Lost => "lost",
        }
    }
}

/// What to do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try the same cell again, after this long.
    Retry(Duration),
    /// This cell failed; others may do better.
    Fail,
    /// Every other call to this model would fail as well: its lane pauses, and the cell waits with it.
    PauseLane,
    /// The person stopped the run.
    Cancelled,
}

/// Whom a refusal tells of, as far as it can be known without the other calls of the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The cell alone.
    Cell,
    /// The request as it stands: this one, or all that go this way.
    Request,
    /// The key: for all calls, or for what this one says.
    Key,
    /// The server or the way to it, for a moment or for long.
    Server,
    /// The address, the account, the model or the crowd: every other call would fail as well.
    Lane,
}

/// What a call reports to, and what may stop it.
#[derive(Clone)]
pub(crate) struct CallContext {
    pub environment: Arc<dyn Environment>,
    pub progress: Arc<Progress>,
    pub cancel: CancellationToken,
    pub cell: u32,
    pub before: Tries,
}

/// What became of a cell's calls so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// Failed, for whatever reason but the next.
    pub failed: u32,
    /// Refused because there were too many at the time.
    pub limited: u32,
    /// Of both, those that may have been billed.
    pub lost: u32,
}

impl Tries {
    /// Counts one more.
    pub fn count(&mut self, refusal: &Refusal) {
        match refusal.crowded {
            true => self.limited += 1,
            false => self.failed += 1,
        }
        self.lost += u32::from(refusal.maybe_billed);
    }
}

impl Refusal {
    /// A cell that fails without a call.
    pub fn without_call(kind: Kind, message: String) -> Refusal {
        Refusal {
            kind,
            message,
            raw: Vec::new(),
            maybe_billed: false,
            request_id: None,
            crowded: false,
            delay: None,
            rates: Box::default(),
            next: Next::Fail,
        }
    }

    /// A call that was recorded and then not sent, because its lane stopped.
    pub fn not_sent() -> Refusal {
        let message = "not sent: the run stopped first".to_owned();
        let kind = Kind::Call(FailureKind::Cancelled);
        Refusal { next: Next::Cancelled, ..Refusal::without_call(kind, message) }
    }

    /// Whom it tells of.
    pub fn blames(&self) -> Blame {
        match self.kind {
            Kind::Call(_) if self.crowded => Blame::Lane,
            Kind::Call(kind) => blame(kind),
            Kind::Template | Kind::Local | Kind::Lost => Blame::Cell,
        }
    }
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
            .map_err(|failure| refusal(failure, context.before, context.environment.jitter())),
    }
}

async fn send_remote(
    caller: &Caller,
    call: &Call,
    context: &CallContext,
) -> Result<Answer, Failure> {
    let mut on_text = |piece: &str| context.progress.text(context.cell, piece);
    let reply = caller.generate(&call.request, &mut on_text, &context.cancel).await?;
    Ok(answer(reply))
}

fn answer(mut reply: Reply) -> Answer {
    Answer {
        output: tool_calls::output(&mut reply),
        raw: reply.raw,
        finish: reply.finish.as_str().to_owned(),
        usage: Usage {
            input: reply.usage.input,
            output: reply.usage.output,
            cached: reply.usage.cached,
            cache_write: reply.usage.cache_write,
            reasoning: reply.usage.reasoning,
        },
        latency_ms: reply.latency_ms,
        first_token_ms: reply.first_token_ms,
        request_id: reply.request_id,
        rates: Box::new(reply.rates),
    }
}

fn refusal(failure: Failure, before: Tries, jitter: f64) -> Refusal {
    Refusal {
        kind: Kind::Call(failure.kind),
        message: failure.to_string(),
        next: next(&failure, before, jitter),
        crowded: is_crowded(&failure),
        raw: failure.raw,
        maybe_billed: failure.maybe_billed,
        request_id: failure.request_id,
        delay: failure.retry_after,
        rates: failure.rates,
    }
}

fn next(failure: &Failure, before: Tries, jitter: f64) -> Next {
    let limited = is_crowded(failure);
    match failure.advice() {
        _ if failure.kind == FailureKind::Cancelled => Next::Cancelled,
        RetryAdvice::Retry { after } if limited && before.limited + 1 < MOST_LIMITED => {
            Next::Retry(after.unwrap_or_else(|| backoff(before.limited, jitter)))
        }
        RetryAdvice::Retry { after } if !limited && before.failed + 1 < MOST_FAILURES => {
            Next::Retry(after.unwrap_or_else(|| backoff(before.failed, jitter)))
        }
        RetryAdvice::RetryOnce if before.lost + 1 < MOST_LOST => {
            let after = failure.retry_after;
            Next::Retry(after.unwrap_or_else(|| backoff(before.failed + before.limited, jitter)))
        }
        // Paid for twice: whatever the lane does, this cell is not sent again unasked.
        RetryAdvice::RetryOnce => Next::Fail,
        _ if limited || matches!(blame(failure.kind), Blame::Key | Blame::Lane) => Next::PauseLane,
        _ => Next::Fail,
    }
}

/// Whether the server says that it has too many calls. `overloaded` (529) is that of all its callers together, and so
/// is a 503 that comes with the time to return.
fn is_crowded(failure: &Failure) -> bool {
    match (failure.kind, failure.status) {
        (FailureKind::RateLimited, _) | (FailureKind::ServerError, Some(529)) => true,
        (FailureKind::ServerError, Some(503)) => failure.retry_after.is_some(),
        _ => false,
    }
}

fn blame(kind: FailureKind) -> Blame {
    match kind {
        FailureKind::Unauthorized => Blame::Key,
        FailureKind::Rejected => Blame::Request,
        FailureKind::ServerError
        | FailureKind::TimedOut
        | FailureKind::Reset
        | FailureKind::Truncated
        | FailureKind::Malformed => Blame::Server,
        FailureKind::Unreachable
        | FailureKind::QuotaExhausted
        | FailureKind::RateLimited
        | FailureKind::NotFound
        | FailureKind::Redirected => Blame::Lane,
        FailureKind::TooLarge | FailureKind::Cancelled => Blame::Cell,
    }
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
    let model = slot.model().map_err(|e| local_refusal(e.to_string(), Next::PauseLane))?;
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
        usage: Usage {
            input: Some(generated.input_tokens as u64),
            output: Some(generated.output_tokens as u64),
            ..Usage::default()
        },
        latency_ms: elapsed(),
        first_token_ms,
        request_id: None,
        rates: Box::default(),
    })
}

fn local_refusal(message: String, next: Next) -> Refusal {
    Refusal { next, ..Refusal::without_call(Kind::Local, message) }
}

/// The words of `assay_model::Finish`, which every backend's reasons are brought to.
fn local_finish_word(finish: LocalFinish) -> &'static str {
    match finish {
        LocalFinish::Stop | LocalFinish::Stopped => "stop",
        LocalFinish::Length => "length",
        LocalFinish::Cancelled => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: FailureKind, maybe_billed: bool) -> Failure {
        Failure { maybe_billed, ..Failure::of_reply(kind, "it failed") }
    }

    fn decide(kind: FailureKind, maybe_billed: bool, before: Tries) -> Next {
        next(&failure(kind, maybe_billed), before, 0.0)
    }

    #[test]
    fn a_call_that_may_have_been_billed_is_made_once_more_and_never_a_third_time() {
        let once = Tries { failed: 1, lost: 1, limited: 0 };
        for kind in [FailureKind::Reset, FailureKind::Truncated, FailureKind::TimedOut] {
            assert!(matches!(decide(kind, true, Tries::default()), Next::Retry(_)), "{kind:?}");
            assert_eq!(decide(kind, true, once), Next::Fail, "{kind:?}");
        }
    }

    #[test]
    fn a_limit_that_is_told_of_after_text_may_have_been_billed_like_any_other_loss() {
        let mut tries = Tries::default();
        let told = || failure(FailureKind::RateLimited, true);
        assert!(matches!(next(&told(), tries, 0.0), Next::Retry(_)));
        tries.count(&refusal(told(), tries, 0.0));
        assert_eq!((tries.limited, tries.lost), (1, 1));
        assert_eq!(next(&told(), tries, 0.0), Next::Fail, "it was paid for twice");
    }

    #[test]
    fn a_server_with_too_much_to_do_is_asked_as_often_as_one_that_limits() {
        let crowded = |status, seconds: Option<u64>| Failure {
            status: Some(status),
            retry_after: seconds.map(Duration::from_secs),
            ..failure(FailureKind::ServerError, false)
        };
        let many = Tries { limited: 10, failed: 3, lost: 0 };
        for failure in [crowded(529, None), crowded(529, Some(2)), crowded(503, Some(2))] {
            assert!(matches!(next(&failure, many, 0.0), Next::Retry(_)), "{failure:?}");
            let refused = refusal(failure, many, 0.0);
            assert!(refused.crowded);
            let mut after = many;
            after.count(&refused);
            assert_eq!((after.limited, after.failed), (11, 3));
        }
        assert_eq!(
            next(&crowded(503, None), many, 0.0),
            Next::Fail,
            "it failed, as far as it says"
        );
        let shut = Tries { limited: 11, ..many };
        assert_eq!(next(&crowded(529, None), shut, 0.0), Next::PauseLane, "it never ends");
    }

    #[test]
    fn a_free_failure_is_tried_four_times_in_all() {
        let after =
            |failed| decide(FailureKind::ServerError, false, Tries { failed, ..Tries::default() });
        assert!((0..3).all(|failed| matches!(after(failed), Next::Retry(_))));
        assert_eq!(after(3), Next::Fail);
    }

    #[test]
    fn being_told_to_slow_down_does_not_use_up_the_tries() {
        let limited = |limited| {
            decide(FailureKind::RateLimited, false, Tries { limited, ..Tries::default() })
        };
        assert!((0..11).all(|n| matches!(limited(n), Next::Retry(_))));
        assert_eq!(limited(11), Next::PauseLane, "it never ends");
        let mut tries = Tries::default();
        tries.count(&refusal(failure(FailureKind::RateLimited, false), tries, 0.0));
        assert_eq!((tries.failed, tries.limited), (0, 1));
    }

    #[test]
    fn what_is_wrong_with_the_account_pauses_the_lane_and_what_is_wrong_with_the_cell_does_not() {
        for kind in [
            FailureKind::Unauthorized,
            FailureKind::QuotaExhausted,
            FailureKind::NotFound,
            FailureKind::Redirected,
        ] {
            assert_eq!(decide(kind, false, Tries::default()), Next::PauseLane, "{kind:?}");
        }
        for kind in [FailureKind::Rejected, FailureKind::TooLarge] {
            assert_eq!(decide(kind, false, Tries::default()), Next::Fail, "{kind:?}");
        }
    }
}
