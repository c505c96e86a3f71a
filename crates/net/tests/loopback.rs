//! The promises of the network layer, on real sockets.

use std::time::Duration;

use assay_net::{Client, Credential, KeyPlace, Limits, NetError, Origin, Phase, Url};
use assay_testkit::{Fault, ModelServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const CANARY: &str = "sk-canary-4f1d9c7e21b04a55";
const SECRET_PROMPT: &str = r#"{"prompt": "a private matter"}"#;

/// Small in size, and ample in time: a busy machine must not look like a silent server.
fn limits() -> Limits {
    Limits { body: 64 << 10, ..Limits::default() }
}

fn client() -> Client {
    Client::new(limits()).expect("a client")
}

fn impatient_client() -> Client {
    let moment = Duration::from_millis(400);
    Client::new(Limits { first_byte: moment, idle: moment, ..limits() }).expect("a client")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn chat(server: &ModelServer) -> Url {
    url(&format!("{}/chat/completions", server.url()))
}

fn key_for(target: &Url) -> Credential {
    Credential::new(Origin::of(target), CANARY)
}

async fn post(
    client: &Client,
    target: &Url,
    key: Option<&Credential>,
) -> Result<Vec<u8>, NetError> {
    client.post_json(target, key, &[], SECRET_PROMPT.into(), "test").await?.bytes().await
}

/// Posts to a server that fails in this way.
async fn fail(client: &Client, fault: Fault) -> NetError {
    let server = ModelServer::start().await;
    server.fault_next(fault);
    post(client, &chat(&server), None).await.expect_err("the server was told to fail")
}

#[tokio::test]
async fn a_key_goes_to_its_origin_as_a_bearer_token() {
    let server = ModelServer::start().await;
    let target = chat(&server);
    post(&client(), &target, Some(&key_for(&target))).await.expect("a reply");
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
    assert_eq!(requests[0].body, SECRET_PROMPT.as_bytes());
    assert_eq!(requests[0].header("cookie"), None);
    assert_eq!(requests[0].header("referer"), None);
}

#[tokio::test]
async fn a_key_is_sent_in_its_place_and_nowhere_else() {
    for (place, name) in [
        (KeyPlace::Bearer, "authorization"),
        (KeyPlace::XApiKey, "x-api-key"),
        (KeyPlace::XGoogApiKey, "x-goog-api-key"),
        (KeyPlace::ApiKey, "api-key"),
        (KeyPlace::Header("X-Our-Token".to_owned()), "x-our-token"),
    ] {
        let server = ModelServer::start().await;
        let target = chat(&server);
        let key = key_for(&target).sent_as(place);
        post(&client(), &target, Some(&key)).await.expect("a reply");
        let request = &server.requests()[0];
        let carriers: Vec<_> =
            request.headers.iter().filter(|(_, value)| value.contains(CANARY)).collect();
        assert_eq!(carriers.len(), 1, "{carriers:?}");
        assert!(carriers[0].0.eq_ignore_ascii_case(name), "{carriers:?}");
    }
}

#[tokio::test]
async fn a_key_that_was_sent_is_taken_out_of_what_is_kept() {
    let server = ModelServer::start().await;
    let (client, target) = (client(), chat(&server));
    assert_eq!(client.secrets().redact_text(CANARY), CANARY);
    post(&client.clone(), &target, Some(&key_for(&target))).await.expect("a reply");
    assert_eq!(client.secrets().redact_text(&format!("you sent {CANARY}")), "you sent [key]");
}

#[tokio::test]
async fn a_redirect_never_carries_key_or_body_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        for host in ["127.0.0.1", "localhost"] {
            let (first, second) = (ModelServer::start().await, ModelServer::start().await);
            let elsewhere = second.url().replace("127.0.0.1", host);
            first.fault_next(Fault::Status {
                status,
                body: String::new(),
                headers: vec![("location".to_owned(), format!("{elsewhere}/chat/completions"))],
            });
            let target = chat(&first);
            let error =
                post(&client(), &target, Some(&key_for(&target))).await.expect_err("not followed");
            assert_eq!(second.count(), 0, "status {status}: the second server was contacted");
            let NetError::Redirected { status: seen, to, .. } = error else { panic!("{error:?}") };
            assert_eq!((seen, to), (status, Origin::parse(&elsewhere).expect("valid").to_string()));
        }
    }
}

#[tokio::test]
async fn a_redirect_within_the_same_origin_is_not_followed_either() {
    let server = ModelServer::start().await;
    server.fault_next(Fault::Redirect { location: "/v1/elsewhere".to_owned() });
    let error = post(&client(), &chat(&server), None).await.expect_err("not followed");
    assert!(matches!(error, NetError::Redirected { status: 307, .. }), "{error:?}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_key_of_another_origin_sends_nothing_at_all() {
    let server = ModelServer::start().await;
    let target = chat(&server);
    let by_name = url(&target.as_str().replace("127.0.0.1", "localhost"));
    let other_port = url("http://127.0.0.1:9/v1");
    let client = client();
    for key_origin in [&by_name, &other_port, &url("https://api.example.com/v1")] {
        let error = post(&client, &target, Some(&key_for(key_origin))).await.expect_err("refused");
        assert!(matches!(error, NetError::WrongOrigin { .. }), "{error:?}");
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
    assert_eq!(server.count(), 0);
    assert!(client.ledger().is_empty());
}

#[tokio::test]
async fn a_key_cannot_be_smuggled_in_as_a_header_or_in_the_url() {
    let server = ModelServer::start().await;
    let target = chat(&server);
    for name in [
        "Authorization",
        "x-api-key",
        "X-Goog-Api-Key",
        "api-key",
        "Cookie",
        "Proxy-Authorization",
        "Host",
    ] {
        let sent = client().post_json(&target, None, &[(name, CANARY)], Vec::new(), "test").await;
        assert!(matches!(sent, Err(NetError::Header { .. })), "{name}: {sent:?}");
    }
    let with_user = url(&target.as_str().replace("127.0.0.1", &format!("user:{CANARY}@127.0.0.1")));
    let error = post(&client(), &with_user, None).await.expect_err("refused");
    assert!(matches!(error, NetError::Origin(_)), "{error:?}");
    assert!(!error.to_string().contains(CANARY), "{error}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_refused_without_showing_it() {
    let server = ModelServer::start().await;
    let target = chat(&server);
    let broken = Credential::new(Origin::of(&target), format!("{CANARY}\nX-Evil: 1"));
    let error = post(&client(), &target, Some(&broken)).await.expect_err("refused");
    assert!(matches!(error, NetError::UnusableCredential { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(CANARY));
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused() {
    let error =
        post(&client(), &url("http://api.example.com/v1"), None).await.expect_err("refused");
    assert!(matches!(error, NetError::Origin(_)), "{error:?}");
}

#[tokio::test]
async fn loopback_only_contacts_nobody_else() {
    let client = Client::loopback_only(limits()).expect("a client");
    let error = post(&client, &url("https://api.example.com/v1"), None).await.expect_err("refused");
    assert!(matches!(error, NetError::NotLoopback { .. }), "{error:?}");
    let server = ModelServer::start().await;
    post(&client, &chat(&server), None).await.expect("this machine is allowed");
    assert_eq!(client.ledger().len(), 1);
}

#[tokio::test]
async fn the_network_can_be_switched_off_and_on_while_running() {
    let (client, remote) = (client(), url("https://nobody.invalid/v1"));
    let clone = client.clone();
    client.set_loopback_only(true);
    let error = post(&clone, &remote, None).await.expect_err("switched off");
    assert!(matches!(error, NetError::NotLoopback { .. }), "{error:?}");
    assert!(clone.is_loopback_only() && clone.ledger().is_empty());
    clone.set_loopback_only(false);
    let error = post(&client, &remote, None).await.expect_err("no such host");
    assert!(!matches!(error, NetError::NotLoopback { .. }), "{error:?}");
}

#[tokio::test]
async fn a_refused_contact_is_kept_apart_from_those_that_were_made() {
    let client = Client::loopback_only(limits()).expect("a client");
    for address in ["https://api.example.com/v1", "http://api.example.com/v1"] {
        post(&client, &url(address), None).await.expect_err("refused");
    }
    let refused: Vec<_> = client
        .refused()
        .into_iter()
        .map(|entry| (entry.origin.to_string(), entry.requests))
        .collect();
    assert_eq!(
        refused,
        [("http://api.example.com".to_owned(), 1), ("https://api.example.com".to_owned(), 1)]
    );
    assert!(client.ledger().is_empty());
}

#[tokio::test]
async fn localhost_is_this_machine_by_any_of_its_names() {
    let server = ModelServer::start().await;
    for name in ["localhost", "LOCALHOST", "models.localhost"] {
        let target = url(&chat(&server).as_str().replace("127.0.0.1", name));
        post(&client(), &target, None).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test]
async fn the_ledger_names_each_origin_and_purpose_with_its_count() {
    let server = ModelServer::start().await;
    let client = client();
    for _ in 0..3 {
        post(&client, &chat(&server), None).await.expect("a reply");
    }
    client
        .get_json(&url(&format!("{}/models", server.url())), None, &[], "list models")
        .await
        .expect("a reply");
    let seen: Vec<_> = client
        .ledger()
        .into_iter()
        .map(|entry| (entry.origin.to_string(), entry.purpose, entry.requests))
        .collect();
    let origin = Origin::of(&chat(&server)).to_string();
    assert_eq!(seen, [(origin.clone(), "list models", 1), (origin, "test", 3)]);
}

#[tokio::test]
async fn a_failed_contact_is_in_the_ledger_too() {
    let client = client();
    let target = url(&format!("http://127.0.0.1:{}/v1", closed_port().await));
    let error = post(&client, &target, None).await.expect_err("nobody listens");
    assert!(matches!(error, NetError::Refused { .. }), "{error:?}");
    assert!(!error.request_may_have_arrived());
    assert_eq!(client.ledger().len(), 1);
}

#[tokio::test]
async fn silence_ends_at_the_limit_wherever_it_falls() {
    for (fault, expected) in [
        (Fault::StallBeforeHeaders, Phase::Headers),
        (Fault::StallAfterHeaders, Phase::Body),
        (Fault::StallMidBody, Phase::Body),
    ] {
        let error = fail(&impatient_client(), fault.clone()).await;
        let NetError::TimedOut { phase, .. } = &error else { panic!("{fault:?}: {error:?}") };
        assert_eq!(*phase, expected, "{fault:?}");
        assert!(error.request_may_have_arrived());
    }
}

#[tokio::test]
async fn a_connection_that_takes_longer_than_the_wait_for_an_answer_has_carried_nothing() {
    // It is there, and never says a word of TLS.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let target = url(&format!("https://{}/v1", silent.local_addr().expect("an address")));
    let error = post(&impatient_client(), &target, None).await.expect_err("no connection");
    assert!(matches!(error, NetError::TimedOut { phase: Phase::Connect, .. }), "{error:?}");
    assert!(!error.request_may_have_arrived(), "so nobody can ask money for it");
}

#[tokio::test]
async fn limits_are_a_clients_own_and_its_connections_are_not() {
    let server = ModelServer::start().await;
    let patient = client();
    let moment = Duration::from_millis(400);
    let impatient = patient.clone().with_limits(Limits { first_byte: moment, ..limits() });
    post(&patient, &chat(&server), None).await.expect("a reply");
    post(&impatient, &chat(&server), None).await.expect("a reply");
    assert_eq!(server.connections(), 1);
    server.fault_next(Fault::StallBeforeHeaders);
    let error = post(&impatient, &chat(&server), None).await.expect_err("silence");
    let NetError::TimedOut { phase: Phase::Headers, limit, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*limit, moment);
    assert!(error.request_may_have_arrived());
    assert_eq!(patient.limits().first_byte, limits().first_byte);
}

#[tokio::test]
async fn a_body_goes_out_with_its_length() {
    let server = ModelServer::start().await;
    post(&client(), &chat(&server), None).await.expect("a reply");
    let request = &server.requests()[0];
    assert_eq!(request.header("content-length"), Some(SECRET_PROMPT.len().to_string().as_str()));
    assert_eq!(request.header("transfer-encoding"), None);
}

#[tokio::test]
async fn a_reply_that_trickles_in_ends_at_the_total() {
    let server = ModelServer::start().await;
    server.fault_next(Fault::Drip { every: Duration::from_millis(5) });
    let limits = Limits { total: Duration::from_millis(200), ..Limits::default() };
    let client = Client::new(limits).expect("a client");
    let error = post(&client, &chat(&server), None).await.expect_err("too slow");
    let expected = Duration::from_millis(200);
    assert!(
        matches!(error, NetError::TimedOut { phase: Phase::Body, limit, .. } if limit == expected),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_body_is_cut_at_its_cap() {
    let error = fail(&client(), Fault::HugeBody { bytes: 1 << 20 }).await;
    assert!(matches!(error, NetError::TooLarge { limit: 65_536, .. }), "{error:?}");
}

#[tokio::test]
async fn a_torn_connection_says_when_it_was_torn() {
    for (fault, expected) in [
        (Fault::ResetBeforeHeaders, Phase::Headers),
        (Fault::CloseBeforeHeaders, Phase::Headers),
        (Fault::ResetAfterHeaders, Phase::Body),
        (Fault::ResetMidBody, Phase::Body),
    ] {
        let error = fail(&client(), fault.clone()).await;
        assert!(
            matches!(error, NetError::Reset { phase, .. } if phase == expected),
            "{fault:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_cut_short_and_never_whole() {
    for fault in [Fault::CloseMidBody, Fault::ContentLengthTooLong] {
        let error = fail(&client(), fault.clone()).await;
        assert!(matches!(error, NetError::CutShort { .. }), "{fault:?}: {error:?}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_called_so() {
    let error = fail(&client(), Fault::NotHttp).await;
    assert!(matches!(error, NetError::NotHttp { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_without_tls_fails_as_tls() {
    let server = ModelServer::start().await;
    let target = url(&chat(&server).as_str().replace("http:", "https:"));
    let error = post(&client(), &target, Some(&key_for(&target))).await.expect_err("no TLS there");
    assert!(matches!(error, NetError::Tls { .. }), "{error:?}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_name_without_an_address_fails_as_dns() {
    // RFC 6761 reserves `.invalid`: no resolver has an address for it.
    let error =
        post(&client(), &url("https://nobody.invalid/v1"), None).await.expect_err("no such host");
    assert!(
        matches!(error, NetError::Dns { .. } | NetError::TimedOut { phase: Phase::Connect, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_request_is_sent_once_whatever_happens() {
    for fault in [
        Fault::ResetBeforeHeaders,
        Fault::CloseMidBody,
        Fault::overloaded(),
        Fault::rate_limited("0"),
    ] {
        let server = ModelServer::start().await;
        server.fault_when(|_| true, fault.clone());
        let outcome = post(&client(), &chat(&server), None).await;
        assert_eq!(server.count(), 1, "{fault:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn connections_are_reused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let target = url(&format!("http://{}/", listener.local_addr().expect("an address")));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut answered = 0;
        let mut buffer = [0; 4096];
        while answered < 3 && stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                .await
                .expect("written");
            answered += 1;
        }
        answered
    });
    let client = client();
    for _ in 0..3 {
        assert_eq!(
            client
                .get_json(&target, None, &[], "test")
                .await
                .expect("a reply")
                .bytes()
                .await
                .expect("a body"),
            b"{}"
        );
    }
    assert_eq!(server.await.expect("the server ends"), 3);
}

async fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}
