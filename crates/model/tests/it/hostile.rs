//! Whatever bytes a server sends, every wire answers with a reply or a failure: no panic, no growth beyond what came.

use crate::common::{Spoken, WIRES};
use assay_model::sse::Decoder;
use assay_model::wire::Wire;
use assay_net::Url;
use proptest::prelude::*;

fn wires() -> Vec<(Spoken, std::sync::Arc<dyn Wire>)> {
    let base_url = Url::parse("https://api.example.com/v1").expect("a URL");
    WIRES.map(|wire| (wire, wire.kind().wire(&base_url).expect("a wire"))).into()
}

/// Reads a body as every wire would, plain and streamed. Says how much text came of it.
fn read_everywhere(body: &[u8]) -> usize {
    let mut longest = 0;
    for (_, wire) in wires() {
        let plain = wire.decode(body).map_or(0, |content| content.text.len());
        let _ = wire.decode_models(body);
        longest = longest.max(plain).max(read_stream(wire.as_ref(), body));
    }
    longest
}

fn read_stream(wire: &dyn Wire, body: &[u8]) -> usize {
    let mut assembly = wire.assembly();
    let (mut heard, mut failed) = (0, false);
    let mut decoder = Decoder::new(1 << 20);
    let fed = decoder.feed(body, |event| {
        if !failed && !assembly.is_done() {
            failed = assembly.take(&event, &mut |text| heard += text.len()).is_err();
        }
    });
    if fed.is_ok() && !failed {
        let _ = assembly.end();
    }
    heard
}

/// Pieces of every protocol, whole and broken, in any order.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("data: "),
        Just("event: error\n"),
        Just("event: message_delta\n"),
        Just("event: response.completed\n"),
        Just("\n\n"),
        Just("[DONE]"),
        Just(
            r#"{"choices":[{"index":0,"delta":{"content":"x","tool_calls":[{"index":18446744073709551615,"function":{"arguments":{"a":1}}}]},"finish_reason":"stop"}]}"#
        ),
        Just(
            r#"{"choices":[{"message":{"content":[{"text":"x"},{}],"tool_calls":[{}],"function_call":{}},"finish_reason":"stop","logprobs":{"content":[{"token":"x","logprob":-1e308}]}}],"usage":{"prompt_tokens":1e400}}"#
        ),
        Just(r#"{"type":"message_start","message":{}}"#),
        Just(
            r#"{"type":"content_block_start","index":9,"content_block":{"type":"tool_use","input":[1]}}"#
        ),
        Just(
            r#"{"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"{"}}"#
        ),
        Just(
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":-1}}"#
        ),
        Just(r#"{"type":"message_stop"}"#),
        Just(
            r#"{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text"}]},{"type":"reasoning"}]}}"#
        ),
        Just(
            r#"{"candidates":[{"content":{"parts":[{"text":"x","thought":true},{"functionCall":{}}]},"finishReason":"STOP","logprobsResult":{"topCandidates":[{}]}}]}"#
        ),
        Just(
            r#"[{"error":{"code":999999999999,"details":[{"retryDelay":"1e308s"},{"violations":[{}]},7]}}]"#
        ),
        Just(r#"{"error":[]}"#),
        Just(r#"{"error":{"code":429,"message":{"x":1}}}"#),
        Just("null"),
        Just("[[[[[[[["),
        Just("\u{feff}"),
        Just("źdźbło"),
    ];
    let noise = proptest::collection::vec(any::<u8>(), 0..30);
    let part = prop_oneof![8 => piece.prop_map(|text| text.as_bytes().to_vec()), 1 => noise];
    proptest::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_too_odd_and_no_text_is_longer_than_what_came(body in bodies()) {
        // A byte that is no UTF-8 becomes a mark of three.
        prop_assert!(read_everywhere(&body) <= 3 * body.len());
    }
}

#[test]
fn deep_nesting_and_long_lists_are_no_danger() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    read_everywhere(deep.as_bytes());
    read_everywhere(format!("data: {deep}\n\n").as_bytes());
    let nested =
        format!(r#"{{"choices":{}1{}}}"#, r#"[{"message":"#.repeat(5000), "}]".repeat(5000));
    read_everywhere(nested.as_bytes());
    let calls = r#"{"index":1,"function":{"name":"f","arguments":"x"}},"#.repeat(10_000);
    let many = format!(r#"data: {{"choices":[{{"delta":{{"tool_calls":[{calls}{{}}]}}}}]}}"#);
    read_everywhere(format!("{many}\n\ndata: [DONE]\n\n").as_bytes());
}
