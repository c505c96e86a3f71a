//! Single exchanges, streamed and plain: what is the same in both, and what each server makes of what is asked.

use assay_model::{
    Caller, CancellationToken, Endpoint, Failure, FailureKind, Finish, Message, Preset, Reply,
    Request, Setting, Tool, ToolCall, ToolChoice, WireKind,
};
use assay_net::{Client, Credential, Limits, Origin, Url};
use serde_json::{Value, json};

use crate::ways::{
    HASTY_LLAMA, LITELLM, LLAMA, Lack, WAYS, WRONG_KEY, Way, hasty_model, model, told,
};

/// The two ways to come by a reply.
const HOW: [How; 2] = [How::Streamed, How::Plain];

#[derive(Debug, Clone, Copy)]
enum How {
    Streamed,
    Plain,
}

impl How {
    fn name(self) -> &'static str {
        match self {
            How::Streamed => "streamed",
            How::Plain => "plain",
        }
    }

    async fn ask(self, caller: &Caller, request: &Request) -> Result<Reply, Failure> {
        match self {
            How::Streamed => streamed(caller, request).await.map(|(reply, _)| reply),
            How::Plain => caller.generate_plain(request, &CancellationToken::new()).await,
        }
    }

    /// A reply, which there must be.
    async fn answer(self, way: &Way, request: &Request) -> Reply {
        let reply = self.ask(&caller(way), request).await;
        reply.unwrap_or_else(|failure| panic!("{way:?} {self:?}: {failure}"))
    }
}

/// A streamed reply, and in how many pieces its text came.
async fn streamed(caller: &Caller, request: &Request) -> Result<(Reply, usize), Failure> {
    let mut pieces = 0;
    let never = CancellationToken::new();
    let reply = caller.generate(request, &mut |_| pieces += 1, &never).await?;
    Ok((reply, pieces))
}

fn caller(way: &Way) -> Caller {
    caller_with(way, &told(way.key_env))
}

fn caller_with(way: &Way, key: &str) -> Caller {
    let url = way.base_url();
    let preset = Preset::named(way.preset).expect("a preset");
    let key = Credential::new(Origin::parse(&url).expect("an origin"), key);
    let endpoint = Endpoint {
        base_url: Url::parse(&url).expect("a URL"),
        credential: Some(key.sent_as(preset.key_place())),
    };
    let client = Client::loopback_only(Limits::default()).expect("a client");
    Caller::new(client, endpoint, preset.kind().expect("a wire")).expect("no declaration")
}

/// The likeliest answer to a question.
fn request(words: &str) -> Request {
    Request {
        model: model(),
        messages: vec![Message::text("user", words)],
        temperature: Some(0.0),
        max_output_tokens: Some(32),
        ..Request::default()
    }
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"colour": {"type": "string", "enum": ["red", "green"]}},
        "required": ["colour"],
        "additionalProperties": false,
    })
}

fn says_a_colour(text: &str) -> bool {
    serde_json::from_str::<Value>(text)
        .is_ok_and(|said| ["red", "green"].iter().any(|c| said["colour"] == *c))
}

#[tokio::test]
async fn a_streamed_reply_is_the_plain_one_in_pieces() {
    for way in WAYS {
        let asked = request("Name three colours.");
        let whole = How::Plain.answer(&way, &asked).await;
        let (reply, pieces) =
            streamed(&caller(&way), &asked).await.unwrap_or_else(|e| panic!("{way:?}: {e}"));
        assert_eq!(reply.text, whole.text, "{way:?}");
        assert_eq!(reply.finish, whole.finish, "{way:?}");
        assert!(pieces > 1, "{way:?}: {pieces}");
        assert!(reply.first_token_ms.is_some(), "{way:?}");
        way.report("text, streamed and plain", "the same text and finish reason");
    }
}

#[tokio::test]
async fn what_a_reply_took_is_told_or_unknown_and_never_0() {
    for way in WAYS {
        let asked = request("Name three colours.");
        let whole = How::Plain.answer(&way, &asked).await.usage;
        assert!(whole.input.is_some() && whole.output.is_some(), "{way:?}: {whole:?}");
        way.report("tokens, plain", "counted");

        let streamed = How::Streamed.answer(&way, &asked).await.usage;
        if way.lacks(Lack::StreamedUsage) {
            assert_eq!((streamed.input, streamed.output), (None, None), "{way:?} tells now");
            way.report("tokens, streamed", "not told: unknown, never 0");
        } else if way.lacks(Lack::ExactUsage) {
            assert!(streamed.input.is_some() && streamed.output.is_some(), "{way:?}");
            assert_ne!(streamed.input, whole.input, "{way:?} counts now: {streamed:?}");
            way.report("tokens, streamed", "the proxy's estimate");
        } else {
            assert_eq!(streamed, whole, "{way:?}");
            way.report("tokens, streamed", "counted");
        }
    }
}

#[tokio::test]
async fn each_finish_reason_is_the_one_that_the_server_means() {
    for way in WAYS {
        for how in HOW {
            let cut = Request { max_output_tokens: Some(3), ..request("Name three colours.") };
            assert_eq!(how.answer(&way, &cut).await.finish, Finish::Length, "{way:?} {how:?}");
            let short = request("Say only the word yes.");
            let reply = how.answer(&way, &Request { max_output_tokens: Some(200), ..short }).await;
            assert_eq!(reply.finish, Finish::Stop, "{way:?} {how:?}: {}", reply.text);
        }
        way.report("finish reasons", "`length` at a limit of 3 tokens, else `stop`");
    }
}

#[tokio::test]
async fn a_reply_follows_a_json_schema_where_the_server_holds_it_to_one() {
    for way in WAYS {
        for how in HOW {
            let asked = Request {
                json_schema: Some(schema()),
                ..request("Which colour has grass? Answer as JSON.")
            };
            let question = format!("JSON Schema, {}", how.name());
            match how.ask(&caller(&way), &asked).await {
                Ok(reply) if way.lacks(Lack::JsonSchema) => {
                    assert!(!says_a_colour(&reply.text), "{way:?} holds to it now: {}", reply.text);
                    way.report(&question, "not heeded by the server");
                }
                Ok(reply) => {
                    assert!(says_a_colour(&reply.text), "{way:?} {how:?}: {}", reply.text);
                    assert_eq!(reply.finish, Finish::Stop, "{way:?} {how:?}");
                    way.report(&question, "followed");
                }
                Err(failure) => {
                    assert!(way.lacks(Lack::JsonSchema), "{way:?} {how:?}: {failure}");
                    way.report(&question, &refused(&failure));
                }
            }
        }
    }
}

/// A failure for the report, which is one of those that a server that does not know a field has.
fn refused(failure: &Failure) -> String {
    let kinds = [FailureKind::Rejected, FailureKind::ServerError, FailureKind::NotFound];
    assert!(kinds.contains(&failure.kind), "{failure:?}");
    let status = failure.status.map_or("in the stream".to_owned(), |status| status.to_string());
    format!("refused by the server ({status})")
}

fn painter() -> Tool {
    Tool {
        name: "paint".to_owned(),
        description: "Paints a wall in a colour.".to_owned(),
        parameters: schema(),
    }
}

#[tokio::test]
async fn a_tool_that_must_be_called_is_called_with_its_arguments() {
    for way in WAYS {
        for how in HOW {
            let asked = Request {
                tools: vec![painter()],
                tool_choice: Some(ToolChoice::Named("paint".to_owned())),
                ..request("Paint the wall green.")
            };
            let answer = how.ask(&caller(&way), &asked).await;
            way.report(
                &format!("a tool that must be called, {}", how.name()),
                called(&way, how, answer),
            );
        }
    }
}

/// What became of a call, for the report.
#[track_caller]
fn called(way: &Way, how: How, answer: Result<Reply, Failure>) -> &'static str {
    match answer {
        Ok(reply) if way.lacks(Lack::NamedTool) => {
            assert!(reply.tool_calls.is_empty(), "{way:?} makes it call now");
            assert!(!reply.text.is_empty(), "{way:?} {how:?}: {reply:?}");
            "not called: the proxy passes on that one must be called, not which"
        }
        Err(failure) if way.lacks(Lack::StreamedCalls) && matches!(how, How::Streamed) => {
            assert_eq!(failure.kind, FailureKind::ServerError, "{way:?}: {failure:?}");
            assert!(failure.maybe_billed, "{way:?}: it came after some of the reply");
            "the proxy fails in the stream, and that is told"
        }
        Ok(reply) => {
            let [call] = &reply.tool_calls[..] else { panic!("{way:?} {how:?}: {reply:?}") };
            assert_eq!(call.name, "paint", "{way:?} {how:?}");
            assert!(says_a_colour(&call.arguments), "{way:?} {how:?}: {call:?}");
            assert!(!call.id.is_empty(), "{way:?} {how:?}");
            assert_eq!(reply.finish, Finish::ToolCalls, "{way:?} {how:?}");
            "called, its arguments whole"
        }
        Err(failure) => panic!("{way:?} {how:?}: {failure}"),
    }
}

/// A conversation in which a tool was called, with or without words, and has answered.
fn answered(words: &str) -> Request {
    let call = ToolCall {
        id: "call_0".to_owned(),
        name: "paint".to_owned(),
        arguments: r#"{"colour":"green"}"#.to_owned(),
        ..ToolCall::default()
    };
    let mut asked = Request { tools: vec![painter()], ..request("Paint the wall green.") };
    let parts = if words.is_empty() { Vec::new() } else { Message::text("", words).parts };
    let result = Message {
        tool_call_id: Some(call.id.clone()),
        name: Some(call.name.clone()),
        ..Message::text("tool", "The wall is green now.")
    };
    let role = "assistant".to_owned();
    asked.messages.push(Message { role, parts, tool_calls: vec![call], ..Message::default() });
    asked.messages.push(result);
    asked
}

#[tokio::test]
async fn what_a_tool_answered_is_taken_on_every_wire() {
    for way in WAYS {
        for how in HOW {
            let reply = how.answer(&way, &answered("I will.")).await;
            assert!(!reply.text.trim().is_empty(), "{way:?} {how:?}: {reply:?}");
        }
        way.report("a tool's answer, streamed and plain", "taken");
    }
}

/// llama-cpp-python 0.3.36 takes no message without a text, and so refuses a call without words. A LiteLLM proxy makes
/// empty replies of the streams that its server broke off, and says in most of them that nothing was generated.
#[tokio::test]
async fn a_call_without_words_is_refused_and_an_empty_stream_of_the_proxy_is_no_reply() {
    for way in WAYS {
        for how in HOW {
            let question = format!("a call without words and its answer, {}", how.name());
            match how.ask(&caller(&way), &answered("")).await {
                Err(failure) if failure.kind == FailureKind::Truncated => {
                    assert!(matches!(how, How::Streamed), "{way:?} {how:?}: {failure}");
                    way.report(&question, "the proxy streams an empty reply; told as cut short");
                }
                Err(failure) => way.report(&question, &refused(&failure)),
                Ok(reply) => {
                    assert!(way.lacks(Lack::ErrorsInStreams), "{way:?} {how:?}: {reply:?}");
                    assert_eq!((&*reply.text, reply.usage.output), ("", None), "{way:?} {how:?}");
                    way.report(&question, "the proxy streams an empty reply and says it is whole");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_seed_repeats_a_reply_where_the_server_heeds_it() {
    for way in WAYS {
        let asked = |seed| Request {
            seed: Some(seed),
            temperature: Some(1.5),
            ..request("Tell me a story.")
        };
        let wire = WireKind::named(way.wire).expect("a wire");
        let wire = wire.wire(&Url::parse(&way.base_url()).expect("a URL")).expect("a wire");
        if !wire.takes(Setting::Seed) {
            let failure = How::Plain.ask(&caller(&way), &asked(1)).await.expect_err("no seed");
            assert_eq!((failure.kind, failure.status), (FailureKind::Rejected, None), "{way:?}");
            way.report("a seed", "the wire has none; said before anything is sent");
            continue;
        }
        let mut texts = Vec::new();
        for (seed, how) in [(7, How::Plain), (7, How::Plain), (8, How::Plain), (7, How::Streamed)] {
            texts.push(how.answer(&way, &asked(seed)).await.text);
        }
        let heeded = texts[0] == texts[1] && texts[0] == texts[3] && texts[0] != texts[2];
        assert_eq!(heeded, !way.lacks(Lack::Seeds), "{way:?}: {texts:#?}");
        let repeats = "repeats the reply, streamed and plain";
        way.report("a seed", if heeded { repeats } else { "not passed on by the proxy" });
    }
}

#[tokio::test]
async fn a_wrong_key_is_a_wrong_key_streamed_plain_and_in_a_listing() {
    for way in WAYS {
        let stranger = caller_with(&way, WRONG_KEY);
        for how in HOW {
            let failure = how.ask(&stranger, &request("Hello")).await.expect_err("a wrong key");
            assert_eq!(failure.kind, FailureKind::Unauthorized, "{way:?} {how:?}: {failure:?}");
            assert!(!failure.maybe_billed, "{way:?} {how:?}");
        }
        if !way.lacks(Lack::ModelList) {
            let failure = stranger.list_models().await;
            let failure = failure.expect_err("a wrong key");
            assert_eq!(failure.kind, FailureKind::Unauthorized, "{way:?}: {failure:?}");
        }
        way.report("a wrong key", "told as that: streamed, plain, and for the list of models");
    }
}

#[tokio::test]
async fn an_unknown_model_is_told_where_the_server_minds() {
    for way in WAYS {
        for how in HOW {
            let asked = Request { model: "no-such-model".to_owned(), ..request("Hello") };
            let question = format!("an unknown model, {}", how.name());
            match how.ask(&caller(&way), &asked).await {
                Ok(reply) => {
                    assert!(way.lacks(Lack::ModelCheck), "{way:?} {how:?}: {reply:?}");
                    way.report(&question, "the server answers with the model it has");
                }
                Err(failure) => {
                    assert!(!way.lacks(Lack::ModelCheck), "{way:?} minds now: {failure}");
                    assert_eq!(failure.kind, FailureKind::NotFound, "{way:?} {how:?}: {failure:?}");
                    assert!(failure.message.contains("no-such-model"), "{way:?}: {failure}");
                    way.report(&question, "told as that");
                }
            }
        }
    }
}

/// A story that is cut short by another question to the server that tells it, as soon as it has begun.
async fn interrupted(way: &Way, asked: &Request) -> Result<Reply, Failure> {
    let (begun, beginning) = tokio::sync::oneshot::channel();
    let caller = caller(way);
    // Owns its end, so that nobody waits for the beginning of what has failed.
    let story = async move {
        let mut begun = Some(begun);
        let mut on_text = |_: &str| {
            // The other end has gone only when the test has failed.
            let _ = begun.take().map(|begun| begun.send(()));
        };
        caller.generate(asked, &mut on_text, &CancellationToken::new()).await
    };
    let other = async {
        beginning.await.expect("it begins");
        let short = Request { max_output_tokens: Some(1), ..request("Hello") };
        How::Plain.answer(&HASTY_LLAMA, &short).await
    };
    tokio::join!(story, other).0
}

#[tokio::test]
async fn a_stream_that_is_cut_short_is_told_unless_a_proxy_calls_it_whole() {
    let question = "a stream that the server breaks off";
    let story = Request { max_output_tokens: Some(300), ..request("Tell me a long story.") };
    let failure = interrupted(&HASTY_LLAMA, &story).await.expect_err("it is cut short");
    assert_eq!(failure.kind, FailureKind::Truncated, "{failure:?}");
    HASTY_LLAMA.report(question, "told as cut short");

    let behind = Request { model: hasty_model(), ..story.clone() };
    let cut = interrupted(&LITELLM, &behind).await.expect("the proxy calls it whole");
    let whole = How::Streamed.answer(&LLAMA, &story).await;
    assert_eq!(cut.finish, Finish::Stop, "{}", cut.text);
    assert!(whole.text.starts_with(&cut.text) && cut.text.len() < whole.text.len(), "{}", cut.text);
    LITELLM.report(question, "the proxy gives it the finish reason `stop`: it cannot be told");
}
