//! From statuses, error objects and broken connections to one class of failure.
//!
//! Sources: the providers' error references (OpenAI "Error codes", Anthropic "Errors", Google "API errors") and what
//! their compatible endpoints were seen to send.

use std::time::Duration;

use assay_net::{NetError, Phase};
use serde_json::Value;

use crate::{Failure, FailureKind};

/// Codes and types that mean an empty account or a spent allowance, whatever the status.
const QUOTA_CODES: [&str; 10] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "enforced_spend_limit_reached",
    "insufficient_credits",
];

/// The type of error with which a LiteLLM proxy without a database refuses every key but its master key, in the words
/// "No connected db.": any other key it would look up there. Seen from version 1.106.2.
const KEY_UNKNOWN_TO_LITELLM: &str = "no_db_connection";

/// The words with which a LiteLLM proxy refuses a model that it does not have, on every wire with status 400 and a type
/// that says no more. Seen from version 1.106.2.
const MODEL_UNKNOWN_TO_LITELLM: &str = "Invalid model name passed in model=";

/// The longest piece of a server's own words to keep. What is shown is shorter by far, and cut only when the keys have
/// been taken out: a key that a cut goes through would not be known any more.
const LONGEST_QUOTE: usize = 16 << 10;

/// An exchange that the network layer ended. `headers_before_work` says that this wire answers with headers before it
/// generates (streams do), so that a connection lost before them has cost nothing.
pub(crate) fn of_network(error: &NetError, headers_before_work: bool) -> Failure {
    let kind = match error {
        NetError::Origin(_)
        | NetError::WrongOrigin { .. }
        | NetError::NotLoopback { .. }
        | NetError::Header { .. }
        | NetError::UnusableCredential { .. }
        | NetError::Setup { .. } => FailureKind::Rejected,
        NetError::Dns { .. }
        | NetError::Refused { .. }
        | NetError::Unreachable { .. }
        | NetError::Tls { .. }
        | NetError::TimedOut { phase: Phase::Connect, .. } => FailureKind::Unreachable,
        NetError::TimedOut { .. } => FailureKind::TimedOut,
        NetError::Reset { .. } => FailureKind::Reset,
        NetError::CutShort { .. } => FailureKind::Truncated,
        NetError::TooLarge { .. } => FailureKind::TooLarge,
        NetError::Redirected { .. } => FailureKind::Redirected,
        NetError::NotHttp { .. } => FailureKind::Malformed,
    };
    let free =
        headers_before_work && matches!(error, NetError::Reset { phase: Phase::Headers, .. });
    let status = match error {
        NetError::Redirected { status, .. } => Some(*status),
        _ => None,
    };
    Failure {
        status,
        maybe_billed: error.request_may_have_arrived() && !free,
        ..Failure::of_reply(kind, error.to_string())
    }
}

/// An answer whose status is not one of success.
pub(crate) fn of_status(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Failure {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let error = ErrorObject::of(&body);
    let kind = error.kind_whatever_the_status().unwrap_or_else(|| kind_of_status(status));
    Failure {
        status: Some(status),
        retry_after: retry_after.or_else(|| error.retry_delay()),
        maybe_billed: false,
        ..Failure::of_reply(kind, message(status, &error))
    }
}

/// An error that a server reports inside a reply of status 200. `begun` says that anything had come before it for which
/// it may charge: text, thinking, a call, a count of tokens.
pub(crate) fn of_reported(body: &Value, begun: bool) -> Failure {
    let error = ErrorObject::of(body);
    let kind = error.kind_whatever_the_status().unwrap_or_else(|| {
        error.status().map(kind_of_status).unwrap_or_else(|| error.kind_by_name())
    });
    Failure {
        status: error.status().or_else(|| error.names().find_map(status_of_name)),
        retry_after: error.retry_delay(),
        maybe_billed: begun,
        ..Failure::of_reply(kind, error.report())
    }
}

fn kind_of_status(status: u16) -> FailureKind {
    match status {
        401 | 403 => FailureKind::Unauthorized,
        402 => FailureKind::QuotaExhausted,
        404 => FailureKind::NotFound,
        408 => FailureKind::TimedOut,
        429 => FailureKind::RateLimited,
        400..=499 => FailureKind::Rejected,
        500..=599 => FailureKind::ServerError,
        // Neither an error nor a reply: 1xx and what lies beyond the standard.
        _ => FailureKind::Malformed,
    }
}

fn message(status: u16, error: &ErrorObject<'_>) -> String {
    match error.words() {
        words if words.is_empty() => format!("the server answered with status {status}"),
        words => format!("the server answered with status {status}: {words}"),
    }
}

/// The many shapes in which servers say what is wrong.
struct ErrorObject<'a> {
    error: &'a Value,
}

impl<'a> ErrorObject<'a> {
    /// `{"error": {…}}` (OpenAI), `[{"error": {…}}]` (Gemini), `{"error": "…"}` (Ollama), `{"message": …}` or
    /// `{"detail": …}` (others).
    fn of(body: &'a Value) -> ErrorObject<'a> {
        let body = body.as_array().and_then(|list| list.first()).unwrap_or(body);
        ErrorObject { error: body.get("error").filter(|error| !error.is_null()).unwrap_or(body) }
    }

    fn words(&self) -> String {
        let text = self.error.as_str().map(str::to_owned).or_else(|| {
            let words = ["message", "detail"].iter().find_map(|field| self.error.get(field))?;
            Some(words.as_str().map_or_else(|| words.to_string(), str::to_owned))
        });
        text.unwrap_or_default().chars().take(LONGEST_QUOTE).collect()
    }

    fn report(&self) -> String {
        match self.words() {
            words if words.is_empty() => "the server reported an error".to_owned(),
            words => format!("the server reported: {words}"),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        const FIELDS: [&str; 4] = ["code", "type", "status", "error_code"];
        let details = self.error.get("details").into_iter();
        let places = std::iter::once(self.error).chain(details);
        places.flat_map(move |place| {
            FIELDS.iter().filter_map(move |field| place.get(field)?.as_str())
        })
    }

    /// What an error says of itself that its status does not: an empty account comes with 429, 400 or 403, and a wrong
    /// key with 400 from Gemini and from a LiteLLM proxy, as does a model that the proxy does not have.
    fn kind_whatever_the_status(&self) -> Option<FailureKind> {
        if self.is_quota() {
            Some(FailureKind::QuotaExhausted)
        } else if self.details().any(|detail| detail["reason"] == "API_KEY_INVALID")
            || self.names().any(|name| name == KEY_UNKNOWN_TO_LITELLM)
        {
            Some(FailureKind::Unauthorized)
        } else if self.words().contains(MODEL_UNKNOWN_TO_LITELLM) {
            Some(FailureKind::NotFound)
        } else {
            None
        }
    }

    fn is_quota(&self) -> bool {
        self.names().any(|name| QUOTA_CODES.contains(&name))
            || self.words().contains("You have reached your specified API usage limits")
            || self.quota_ids().any(|id| id.contains("PerDay"))
    }

    /// Gemini names the quota that was passed: `details[].violations[].quotaId`.
    fn quota_ids(&self) -> impl Iterator<Item = &'a str> {
        let violations =
            self.details().filter_map(|detail| detail.get("violations")?.as_array()).flatten();
        violations.filter_map(|violation| violation.get("quotaId")?.as_str())
    }

    /// Gemini's RetryInfo: `details[].retryDelay`, such as `34.07s`.
    fn retry_delay(&self) -> Option<Duration> {
        let delay = self.details().find_map(|detail| detail.get("retryDelay")?.as_str())?;
        Duration::try_from_secs_f64(delay.strip_suffix('s')?.parse().ok()?).ok()
    }

    fn details(&self) -> impl Iterator<Item = &'a Value> {
        self.error.get("details").and_then(Value::as_array).into_iter().flatten()
    }

    /// A numeric code that is a status (OpenRouter, Gemini).
    fn status(&self) -> Option<u16> {
        let code = self.error.get("code")?.as_u64()?;
        u16::try_from(code).ok().filter(|status| (400..600).contains(status))
    }

    fn kind_by_name(&self) -> FailureKind {
        let kinds = self.names().filter_map(kind_of_name);
        kinds.min_by_key(|kind| *kind == FailureKind::Rejected).unwrap_or(FailureKind::ServerError)
    }
}

/// The names that errors go by where no status says more. `invalid_request_error` is OpenAI's type for many things, so
/// a more telling name beside it goes first.
fn kind_of_name(name: &str) -> Option<FailureKind> {
    match name {
        "rate_limit_exceeded"
        | "rate_limit_error"
        | "slow_down"
        | "RESOURCE_EXHAUSTED"
        | "requests"
        | "tokens" => Some(FailureKind::RateLimited),
        "invalid_api_key"
        | "authentication_error"
        | "permission_error"
        | "UNAUTHENTICATED"
        | "PERMISSION_DENIED" => Some(FailureKind::Unauthorized),
        "model_not_found" | "not_found_error" | "NOT_FOUND" => Some(FailureKind::NotFound),
        "invalid_request_error"
        | "context_length_exceeded"
        | "request_too_large"
        | "invalid_prompt"
        | "INVALID_ARGUMENT"
        | "FAILED_PRECONDITION" => Some(FailureKind::Rejected),
        _ => None,
    }
}

/// The status that Anthropic gives an error of this type where it can still give one, before a stream begins: of the
/// two that stand for a crowd, one is not told from a failure by its class.
fn status_of_name(name: &str) -> Option<u16> {
    match name {
        "rate_limit_error" => Some(429),
        "api_error" => Some(500),
        "timeout_error" => Some(504),
        "overloaded_error" => Some(529),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RetryAdvice;

    #[track_caller]
    fn check(status: u16, body: &str, kind: FailureKind, retried: bool) {
        let failure = of_status(status, None, body.as_bytes());
        assert_eq!(failure.kind, kind, "{status} {body}");
        assert_eq!(failure.advice() != RetryAdvice::Never, retried, "{status} {body}");
    }

    #[test]
    fn statuses_are_sorted_as_the_table_says() {
        for (status, kind, retried) in [
            (400, FailureKind::Rejected, false),
            (401, FailureKind::Unauthorized, false),
            (402, FailureKind::QuotaExhausted, false),
            (403, FailureKind::Unauthorized, false),
            (404, FailureKind::NotFound, false),
            (408, FailureKind::TimedOut, true),
            (409, FailureKind::Rejected, true),
            (413, FailureKind::Rejected, false),
            (422, FailureKind::Rejected, false),
            (429, FailureKind::RateLimited, true),
            (500, FailureKind::ServerError, true),
            (502, FailureKind::ServerError, true),
            (503, FailureKind::ServerError, true),
            (504, FailureKind::ServerError, true),
            (529, FailureKind::ServerError, true),
        ] {
            check(status, "", kind, retried);
        }
    }

    #[test]
    fn an_empty_account_is_not_a_rate_limit() {
        for body in [
            r#"{"error":{"message":"quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            r#"{"error":{"message":"spend","type":"x","code":"project_spend_limit_exceeded"}}"#,
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
            r#"[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]}}]"#,
        ] {
            check(429, body, FailureKind::QuotaExhausted, false);
        }
        let usage_limit = r#"{"error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-01-01."}}"#;
        check(400, usage_limit, FailureKind::QuotaExhausted, false);
    }

    #[test]
    fn a_wrong_key_is_one_whatever_its_status() {
        let gemini = r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#;
        check(400, gemini, FailureKind::Unauthorized, false);
        let litellm = r#"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#;
        check(400, litellm, FailureKind::Unauthorized, false);
    }

    #[test]
    fn a_model_that_a_litellm_proxy_does_not_have_is_not_found() {
        let body = r#"{"type":"error","error":{"type":"invalid_request_error","message":"anthropic_messages: Invalid model name passed in model=none. Call `/v1/models` to view available models for your key."}}"#;
        check(400, body, FailureKind::NotFound, false);
    }

    #[test]
    fn a_delay_in_the_body_is_honoured() {
        let body = r#"[{"error":{"code":429,"message":"slow","details":[{"@type":"RetryInfo","retryDelay":"34.5s"}]}}]"#;
        let failure = of_status(429, None, body.as_bytes());
        assert_eq!(
            failure.advice(),
            RetryAdvice::Retry { after: Some(Duration::from_millis(34_500)) }
        );
    }

    #[test]
    fn messages_carry_the_servers_words_in_any_shape() {
        for body in [
            r#"{"error":{"message":"no such thing"}}"#,
            r#"[{"error":{"message":"no such thing"}}]"#,
            r#"{"error":"no such thing"}"#,
            r#"{"error":null,"message":"no such thing"}"#,
            r#"{"detail":"no such thing"}"#,
        ] {
            let failure = of_status(404, None, body.as_bytes());
            assert_eq!(
                failure.message, "the server answered with status 404: no such thing",
                "{body}"
            );
        }
        assert_eq!(of_status(500, None, b"<html>").message, "the server answered with status 500");
    }

    #[test]
    fn an_error_inside_a_stream_has_the_status_it_would_have_had_before_it() {
        for (name, status, kind) in [
            ("overloaded_error", Some(529), FailureKind::ServerError),
            ("rate_limit_error", Some(429), FailureKind::RateLimited),
            ("api_error", Some(500), FailureKind::ServerError),
            ("timeout_error", Some(504), FailureKind::ServerError),
            ("some_new_error", None, FailureKind::ServerError),
        ] {
            let body =
                serde_json::json!({"type": "error", "error": {"type": name, "message": "x"}});
            let failure = of_reported(&body, false);
            assert_eq!((failure.status, failure.kind), (status, kind), "{name}");
            let asked_again = matches!(failure.advice(), RetryAdvice::Retry { .. });
            assert!(asked_again, "{name}: nothing had come, so it costs nothing");
        }
    }

    #[test]
    fn an_error_inside_a_reply_is_sorted_by_its_code() {
        let kind =
            |error: &str| of_reported(&serde_json::from_str(error).expect("JSON"), true).kind;
        assert_eq!(
            kind(r#"{"error":{"code":502,"message":"upstream"}}"#),
            FailureKind::ServerError
        );
        assert_eq!(kind(r#"{"error":{"code":429,"message":"slow"}}"#), FailureKind::RateLimited);
        assert_eq!(kind(r#"{"error":{"code":"rate_limit_exceeded"}}"#), FailureKind::RateLimited);
        assert_eq!(kind(r#"{"error":{"type":"insufficient_quota"}}"#), FailureKind::QuotaExhausted);
        assert_eq!(
            kind(r#"{"error":{"type":"server_error","message":"x"}}"#),
            FailureKind::ServerError
        );
        assert_eq!(kind(r#"{"error":"out of memory"}"#), FailureKind::ServerError);
        for (name, expected) in [
            ("overloaded_error", FailureKind::ServerError),
            ("api_error", FailureKind::ServerError),
            ("timeout_error", FailureKind::ServerError),
            ("rate_limit_error", FailureKind::RateLimited),
            ("billing_error", FailureKind::QuotaExhausted),
            ("authentication_error", FailureKind::Unauthorized),
            ("not_found_error", FailureKind::NotFound),
            ("request_too_large", FailureKind::Rejected),
            ("invalid_request_error", FailureKind::Rejected),
        ] {
            let anthropic =
                format!(r#"{{"type":"error","error":{{"type":"{name}","message":"x"}}}}"#);
            assert_eq!(kind(&anthropic), expected, "{name}");
        }
        let invalid_key = r#"{"error":{"type":"invalid_request_error","code":"invalid_api_key"}}"#;
        assert_eq!(kind(invalid_key), FailureKind::Unauthorized);
        let responses = r#"{"type":"error","code":"rate_limit_exceeded","message":"slow"}"#;
        assert_eq!(kind(responses), FailureKind::RateLimited);
    }
}
