//! What a server has done before it reports an error, by the one event that tells of it: text, thinking, a call or a
//! count of tokens may be charged for; a greeting is not.

use assay_model::Failure;
use assay_model::sse::Decoder;
use assay_net::Url;

use crate::common::Spoken;

const ERROR: &str = r#"{"type":"error","error":{"type":"server_error","code":"server_error","message":"overloaded"}}"#;

/// The failure of a stream of these payloads, the last of which is an error.
fn failure_of(wire: Spoken, payloads: &[&str]) -> Failure {
    let base_url = Url::parse("https://api.example.com/v1").expect("a URL");
    let mut assembly = wire.kind().wire(&base_url).expect("a wire").assembly();
    let stream: String = payloads.iter().map(|payload| format!("data: {payload}\n\n")).collect();
    let mut outcome = Ok(());
    let mut decoder = Decoder::new(1 << 20);
    let fed = decoder.feed(stream.as_bytes(), |event| {
        if outcome.is_ok() {
            outcome = assembly.take(&event, &mut |_| {});
        }
    });
    fed.expect("short lines");
    outcome.expect_err("the last event is an error")
}

#[track_caller]
fn check(wire: Spoken, billed: bool, before: &str) {
    let failure = failure_of(wire, &[before, ERROR]);
    assert_eq!(failure.maybe_billed, billed, "{wire:?} after {before}: {failure}");
}

#[test]
fn whatever_was_generated_before_an_error_may_have_been_paid_for() {
    for (wire, before) in [
        (Spoken::Chat, r#"{"choices":[{"delta":{"content":"x"}}]}"#),
        (Spoken::Chat, r#"{"choices":[{"delta":{"reasoning":"x"}}]}"#),
        (Spoken::Chat, r#"{"choices":[{"delta":{"refusal":"x"}}]}"#),
        (
            Spoken::Chat,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}"#,
        ),
        (Spoken::Chat, r#"{"choices":[],"usage":{"prompt_tokens":9}}"#),
        (Spoken::Responses, r#"{"type":"response.output_item.added","item":{"type":"reasoning"}}"#),
        (Spoken::Responses, r#"{"type":"response.function_call_arguments.delta","delta":"{"}"#),
        (Spoken::Responses, r#"{"type":"response.output_text.delta","delta":"x"}"#),
        (Spoken::Anthropic, r#"{"type":"message_start","message":{"usage":{"input_tokens":9}}}"#),
        (
            Spoken::Anthropic,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking"}}"#,
        ),
        (
            Spoken::Anthropic,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta"}}"#,
        ),
        (Spoken::Gemini, r#"{"candidates":[{"content":{"parts":[{"text":"x","thought":true}]}}]}"#),
        (
            Spoken::Gemini,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]}"#,
        ),
        (Spoken::Gemini, r#"{"usageMetadata":{"promptTokenCount":9}}"#),
        (Spoken::Custom, r#"{"status":"looking things up"}"#),
    ] {
        check(wire, true, before);
    }
}

#[test]
fn a_greeting_before_an_error_was_free() {
    for (wire, before) in [
        (Spoken::Chat, r#"{"choices":[{"delta":{"role":"assistant","content":""}}],"usage":null}"#),
        (Spoken::Responses, r#"{"type":"response.created","response":{"status":"in_progress"}}"#),
        (Spoken::Responses, r#"{"type":"response.in_progress","response":{}}"#),
        (Spoken::Responses, r#"{"type":"keepalive"}"#),
        (Spoken::Anthropic, r#"{"type":"ping"}"#),
        (Spoken::Anthropic, r#"{"type":"message_start","message":{}}"#),
        (Spoken::Gemini, r#"{"responseId":"x"}"#),
    ] {
        check(wire, false, before);
    }
}

#[test]
fn a_response_that_failed_may_have_been_paid_for_whatever_was_heard_of_it() {
    let wire = Spoken::Responses.kind().wire(&Url::parse("https://a.example/v1").expect("a URL"));
    let mut assembly = wire.expect("a wire").assembly();
    let failed = r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error"}}}"#;
    let mut decoder = Decoder::new(1 << 20);
    let stream = format!("data: {failed}\n\n");
    let fed = decoder.feed(stream.as_bytes(), |event| {
        assembly.take(&event, &mut |_| {}).expect("it is read at the end");
    });
    fed.expect("short lines");
    assert!(assembly.end().expect_err("failed").maybe_billed);
}
