//! Single exchanges, for what a run does not show: streamed beside plain, and JSON Schema.

use assay_model::{
    Caller, CancellationToken, Endpoint, Failure, FailureKind, Finish, Message, Preset, Reply,
    Request,
};
use assay_net::{Client, Credential, Limits, Origin, Url};
use serde_json::{Value, json};

use crate::ways::{Lack, WAYS, Way, model, told};

fn caller(way: &Way) -> Caller {
    let url = way.base_url();
    let preset = Preset::named(way.preset).expect("a preset");
    let key = Credential::new(Origin::parse(&url).expect("an origin"), told(way.key_env));
    let endpoint = Endpoint {
        base_url: Url::parse(&url).expect("a URL"),
        credential: Some(key.sent_as(preset.key_place())),
    };
    let client = Client::loopback_only(Limits::default()).expect("a client");
    Caller::new(client, endpoint, preset.kind().expect("a wire")).expect("no declaration")
}

fn request(words: &str) -> Request {
    Request {
        model: model(),
        messages: vec![Message::text("user", words)],
        temperature: Some(0.0),
        max_output_tokens: Some(32),
        ..Request::default()
    }
}

/// A streamed reply, and in how many pieces its text came.
async fn streamed(caller: &Caller, request: &Request) -> Result<(Reply, usize), Failure> {
    let mut pieces = 0;
    let never = CancellationToken::new();
    let reply = caller.generate(request, &mut |_| pieces += 1, &never).await?;
    Ok((reply, pieces))
}

async fn plain(caller: &Caller, request: &Request) -> Result<Reply, Failure> {
    caller.generate_plain(request, &CancellationToken::new()).await
}

#[tokio::test]
async fn a_streamed_reply_is_the_plain_one_in_pieces() {
    for way in WAYS {
        let caller = caller(&way);
        let asked = request("Name three colours.");
        let whole = plain(&caller, &asked).await.unwrap_or_else(|e| panic!("{way:?}: {e}"));
        let (reply, pieces) =
            streamed(&caller, &asked).await.unwrap_or_else(|e| panic!("{way:?}: {e}"));
        assert_eq!(reply.text, whole.text, "{way:?}");
        assert_eq!(reply.finish, whole.finish, "{way:?}");
        assert!(pieces > 1, "{way:?}: {pieces}");
        assert!(whole.usage.input.is_some() && whole.usage.output.is_some(), "{way:?}");
        let exact = !way.lacks(Lack::StreamedUsage) && !way.lacks(Lack::ExactUsage);
        assert_eq!(reply.usage.input == whole.usage.input, exact, "{way:?}: {:?}", reply.usage);
        way.report("streamed beside plain", "the same text and finish reason");
        way.report("tokens of plain replies", "counted");
    }
}

#[tokio::test]
async fn a_reply_follows_a_json_schema_where_the_server_holds_it_to_one() {
    let schema = json!({
        "type": "object",
        "properties": {"colour": {"type": "string", "enum": ["red", "green"]}},
        "required": ["colour"],
        "additionalProperties": false,
    });
    for way in WAYS {
        let asked = Request {
            json_schema: Some(schema.clone()),
            ..request("Which colour has grass? Answer as JSON.")
        };
        match streamed(&caller(&way), &asked).await {
            Ok((reply, _)) if !way.lacks(Lack::JsonSchema) => {
                let said: Value = serde_json::from_str(&reply.text)
                    .unwrap_or_else(|e| panic!("{way:?}: {e}: {}", reply.text));
                assert!(said["colour"].is_string(), "{way:?}: {said}");
                assert_eq!(reply.finish, Finish::Stop, "{way:?}");
                way.report("JSON Schema", "followed");
            }
            Err(failure) if way.lacks(Lack::JsonSchema) => {
                let refused = [FailureKind::Rejected, FailureKind::ServerError];
                assert!(refused.contains(&failure.kind), "{way:?}: {failure}");
                let status = failure.status.map_or("no status".to_owned(), |s| s.to_string());
                way.report("JSON Schema", &format!("refused by the server ({status})"));
            }
            other => panic!("{way:?}: {other:?}"),
        }
    }
}
