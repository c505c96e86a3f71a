//! A key and a prompt reach the origin they are for and no other, whatever servers and addresses try.
//!
//! Each promise stands beside a control: the same attack on a client that is built as one would build it without
//! thinking, which must succeed. Without it, an attack that does nothing would look like a defence.

use assay_net::{Client, Credential, KeyPlace, Limits, NetError, Origin, Url};
use assay_testkit::{Fault, ModelServer};

const CANARY: &str = "sk-canary-4f1d9c7e21b04a55";
const PROMPT: &str = r#"{"prompt": "canary-of-the-body"}"#;

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

fn places() -> [KeyPlace; 5] {
    let custom = KeyPlace::Header("x-our-token".to_owned());
    [KeyPlace::Bearer, KeyPlace::XApiKey, KeyPlace::XGoogApiKey, KeyPlace::ApiKey, custom]
}

fn client() -> Client {
    Client::new(Limits::default()).expect("a client")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn chat(server: &ModelServer) -> Url {
    url(&format!("{}/chat/completions", server.url()))
}

/// Host and port of a server.
fn authority(server: &ModelServer) -> String {
    let address = chat(server);
    format!("127.0.0.1:{}", address.port().expect("a port"))
}

fn redirect(status: u16, location: &str) -> Fault {
    let headers = vec![("location".to_owned(), location.to_owned())];
    Fault::Status { status, body: String::new(), headers }
}

/// Whether any of the canaries is in what a server received.
fn leaked(server: &ModelServer) -> bool {
    server.requests().iter().any(|request| {
        let body = String::from_utf8_lossy(&request.body);
        body.contains("canary") || request.headers.iter().any(|(_, value)| value.contains("canary"))
    })
}

/// Where a server may point: itself, another port, another host, another scheme, and dressed as something else.
fn locations(first: &ModelServer, second: &ModelServer) -> Vec<String> {
    let (own, other) = (authority(first), authority(second));
    let port = other.rsplit(':').next().unwrap_or_default().to_owned();
    vec![
        "/v1/elsewhere".to_owned(),
        format!("http://{other}/v1/chat/completions"),
        format!("//{other}/v1/chat/completions"),
        format!("http://localhost:{port}/v1/chat/completions"),
        format!("http://[::ffff:127.0.0.1]:{port}/v1/chat/completions"),
        format!("https://{own}/v1/chat/completions"),
        format!("https://{other}/v1/chat/completions"),
        format!("http://{own}@{other}/v1/chat/completions"),
        format!("http:\\\\{other}\\@{own}/v1"),
        format!("ftp://{other}/"),
        "data:text/plain,hello".to_owned(),
        "http://[".to_owned(),
        String::new(),
    ]
}

#[tokio::test]
async fn no_redirect_of_any_kind_carries_a_key_or_a_prompt_anywhere() {
    let (first, second) = (ModelServer::start().await, ModelServer::start().await);
    let (client, target) = (client(), chat(&first));
    let mut sent = 0;
    for location in locations(&first, &second) {
        for status in STATUSES {
            for place in places() {
                first.fault_next(redirect(status, &location));
                let key = Credential::new(Origin::of(&target), CANARY).sent_as(place);
                let answer =
                    client.post_json(&target, Some(&key), &[], PROMPT.into(), "test").await;
                sent += 1;
                let error = answer.expect_err("a redirect is an error");
                assert!(
                    matches!(error, NetError::Redirected { status: seen, .. } if seen == status),
                    "{status} to {location:?}: {error:?}"
                );
                assert!(!error.to_string().contains("canary"), "{error}");
            }
        }
    }
    assert_eq!(first.count(), sent, "each request is sent once");
    assert_eq!(second.count(), 0, "nothing else is contacted");
}

#[tokio::test]
async fn a_client_with_default_redirects_does_leak_all_but_a_bearer_token() {
    let careless = reqwest::Client::builder().no_proxy().build().expect("a client");
    for place in places() {
        for status in [307, 308] {
            let (first, second) = (ModelServer::start().await, ModelServer::start().await);
            let port = chat(&second).port().expect("a port");
            first.fault_next(redirect(
                status,
                &format!("http://localhost:{port}/v1/chat/completions"),
            ));
            let value = match place {
                KeyPlace::Bearer => format!("Bearer {CANARY}"),
                _ => CANARY.to_owned(),
            };
            let request = careless.post(chat(&first)).header(place.header_name(), value);
            request.body(PROMPT).send().await.expect("followed");
            assert!(
                leaked(&second),
                "{place}: the attack does nothing, so the test proves nothing"
            );
            let key_came = second.requests()[0].header(place.header_name()).is_some();
            assert_eq!(key_came, place != KeyPlace::Bearer, "{place}");
        }
    }
}

/// Ways to write an address that leads to `127.0.0.1:port` or looks as if it led to `dressed`.
fn disguises(port: u16, dressed: &str) -> Vec<String> {
    let hosts = [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "ⓛocalhost",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "127。0。0。1",
        "%31%32%37.0.0.1",
    ];
    let mut texts = Vec::new();
    for host in hosts {
        for before in [
            "",
            "user@",
            "user:pass@",
            &format!("{dressed}@"),
            &format!("{dressed}%40"),
            &format!("{dressed}\\@"),
        ] {
            for after in [
                "/v1/chat/completions",
                "?x",
                "#x",
                &format!("/@{dressed}/"),
                &format!("\\@{dressed}/"),
            ] {
                for scheme in ["http://", "http:\\\\", "http:/", "HTTP://", "https://"] {
                    texts.push(format!("{scheme}{before}{host}:{port}{after}"));
                }
            }
        }
    }
    texts
}

#[tokio::test]
async fn no_disguise_of_an_address_gets_the_key_of_another_origin() {
    let (own, evil) = (ModelServer::start().await, ModelServer::start().await);
    let port = chat(&evil).port().expect("a port");
    let client = client();
    let mut tried = 0;
    for text in disguises(port, &authority(&own)) {
        // What is no URL for the parser that the sender uses cannot be asked for at all.
        let Ok(target) = Url::parse(&text) else { continue };
        for place in places() {
            let key = Credential::new(Origin::of(&chat(&own)), CANARY).sent_as(place);
            let answer = client.post_json(&target, Some(&key), &[], PROMPT.into(), "test").await;
            let reached_own = Origin::of(&target) == Origin::of(&chat(&own));
            assert!(answer.is_err() || reached_own, "{text} was contacted");
            tried += 1;
        }
    }
    assert!(tried > 1000, "only {tried} addresses were tried");
    assert_eq!(evil.count(), 0, "nothing was sent there");
    assert!(client.refused().iter().any(|entry| entry.requests > 100));
}

#[tokio::test]
async fn the_same_disguises_do_lead_to_the_other_server() {
    let (own, evil) = (ModelServer::start().await, ModelServer::start().await);
    let port = chat(&evil).port().expect("a port");
    let careless = reqwest::Client::builder().no_proxy().build().expect("a client");
    for text in disguises(port, &authority(&own)) {
        if text.starts_with("https") || text.contains(".localhost") || text.contains("localhost.") {
            continue;
        }
        if let Ok(target) = Url::parse(&text) {
            let request = careless.post(target).header("x-api-key", CANARY).body(PROMPT);
            // An address that leads nowhere is none of those that count below.
            let _ = request.send().await;
        }
    }
    assert!(evil.count() > 100, "{} requests arrived", evil.count());
    assert!(leaked(&evil));
}

#[test]
fn look_alike_hosts_never_share_an_origin() {
    let real = Origin::parse("https://api.example.com/v1").expect("valid");
    for other in [
        "https://api.example.com./v1",
        "https://api.example.com:8443/v1",
        "https://api-example.com/v1",
        "https://api.examp1e.com/v1",
        "https://аpi.example.com/v1", // a Cyrillic letter
        "https://xn--pi-7kc.example.com/v1",
        "https://api.example.com\u{2024}evil.example/v1", // a one-dot leader
        "https://evil.example/api.example.com",
        "https://evil.example\\@api.example.com",
        "https://evil.example#@api.example.com",
        "https://evil.example?@api.example.com",
    ] {
        // Refused or another: both keep the key where it is.
        assert_ne!(Origin::parse(other).ok(), Some(real.clone()), "{other}");
    }
    for same in
        ["https://API.example.com", "https://api.example.com:443/x", "https://ａpi.example.com/"]
    {
        assert_eq!(
            Origin::parse(same).ok(),
            Some(real.clone()),
            "{same}: browsers agree it is the same host"
        );
    }
}
