//! Faults before there is a connection: nothing was sent, so nothing was paid, and it is the way that is to be mended.

use std::time::Duration;

use assay_model::{Failure, FailureKind};
use assay_net::{Client, Limits};
use assay_testkit::ModelServer;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::{Retry, retry};
use crate::common::{MODES, Mode, PATIENT, Spoken, WIRES, call, caller, limits, request};

/// A client that soon gives up on a connection, and on nothing else.
fn hurried() -> Client {
    let limits = Limits { connect: Duration::from_millis(300), ..limits() };
    Client::new(limits).expect("a client")
}

async fn failing(client: &Client, wire: Spoken, mode: Mode, base_url: &str) -> Failure {
    let caller = caller(client, wire, base_url, None);
    call(&caller, &request(), mode).await.0.expect_err("there is nobody")
}

/// On every wire, streamed and plain.
async fn is_unreachable_and_free(client: &Client, base_url: &str) {
    for (wire, mode) in WIRES.into_iter().flat_map(|wire| MODES.map(|mode| (wire, mode))) {
        let failure = failing(client, wire, mode, base_url).await;
        let got = (failure.kind, failure.maybe_billed, retry(failure.advice()));
        assert_eq!(got, (FailureKind::Unreachable, false, Retry::Again), "{wire:?}: {failure}");
    }
}

#[tokio::test]
async fn nobody_at_home_is_unreachable_and_free_on_every_wire() {
    let gone = ModelServer::start().await.url();
    is_unreachable_and_free(&PATIENT, &gone).await;
}

#[tokio::test]
async fn a_name_without_an_address_is_unreachable_and_free_on_every_wire() {
    // RFC 6761 reserves `.invalid`. A resolver that does not answer at all ends at the limit for connections.
    is_unreachable_and_free(&hurried(), "https://nobody.invalid/v1").await;
}

#[tokio::test]
async fn a_server_without_tls_is_unreachable_over_https_on_every_wire() {
    let server = ModelServer::start().await;
    is_unreachable_and_free(&PATIENT, &server.url().replace("http://", "https://")).await;
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_handshake_without_an_answer_is_unreachable_and_free_on_every_wire() {
    // The system completes the connection, and nobody takes it.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    is_unreachable_and_free(&hurried(), &format!("https://{address}/v1")).await;
    let (mut first, _) = listener.accept().await.expect("it had connected");
    let mut said = [0];
    assert_eq!(first.read(&mut said).await.expect("it had spoken"), 1);
    assert_eq!(said[0], 22, "a handshake, and nothing of the request");
}

/// Linux leaves a connection unanswered when the queue before a listener is full; other systems refuse it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_is_never_accepted_is_unreachable_and_free_on_every_wire() {
    let (listener, waiting) = full().await;
    let address = listener.local_addr().expect("an address");
    is_unreachable_and_free(&hurried(), &format!("http://{address}/v1")).await;
    drop(waiting);
}

/// A listener that accepts nothing, and the connections that fill its queue.
#[cfg(target_os = "linux")]
async fn full() -> (TcpListener, Vec<TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut waiting = Vec::new();
    let a_moment = Duration::from_millis(500);
    while let Ok(stream) = tokio::time::timeout(a_moment, TcpStream::connect(address)).await {
        waiting.push(stream.expect("a place in the queue"));
        assert!(waiting.len() < 64, "the queue has no end");
    }
    (listener, waiting)
}
