//! A model server on loopback that speaks the protocols of the large providers, and fails to order.
//!
//! It speaks OpenAI chat completions, OpenAI Responses, Anthropic Messages (all below `/v1`) and Gemini's
//! `generateContent` (below `/v1beta`, and below a project's location as in Vertex AI), streamed and plain, with tools, usage and lists of models. A fault takes each
//! protocol's own shape.
//!
//! It exists because no mock can tear a TCP connection, stall in the middle of a line or announce a length it does not
//! keep. Replies follow from the request alone: the same request gets the same bytes. What a fault means for a client
//! is left to the tests of that client.
//!
//! ```
//! use assay_testkit::{Fault, ModelServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let server = ModelServer::start().await.reply_with(|_request| "42".to_owned());
//! server.fault_next(Fault::rate_limited("1"));
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(server.count(), 0);
//! # }
//! ```

mod connection;
mod dialect;
mod fault;
mod http;
mod reply;
mod request;
mod script;
mod state;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::canary;
pub use fault::{Fault, Problem};
pub use request::RecordedRequest;
use state::State;

/// A running server. It stops, and every connection with it, when this is dropped; then what it received is looked through
/// for the canary, which one header of a request may hold.
pub struct ModelServer {
    address: SocketAddr,
    state: Arc<State>,
    host: Host,
}

/// What keeps the server going.
enum Host {
    Task(JoinHandle<()>),
    Thread { stop: Option<oneshot::Sender<()>>, thread: Option<thread::JoinHandle<()>> },
}

impl ModelServer {
    /// Starts on a free port, as a task of the current tokio runtime.
    ///
    /// # Panics
    /// When no loopback port can be had.
    pub async fn start() -> ModelServer {
        ModelServer::bind(0).await.expect("a loopback port is free")
    }

    /// Starts on a given port (0 for any free one), as a task of the current tokio runtime.
    pub async fn bind(port: u16) -> io::Result<ModelServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(ModelServer { address, state, host: Host::Task(task) })
    }

    /// Starts on a free port in a thread of its own, for callers outside any runtime.
    ///
    /// # Panics
    /// When no loopback port or thread can be had.
    pub fn start_blocking() -> ModelServer {
        let state = Arc::new(State::default());
        let (stop, stopped) = oneshot::channel();
        let (started, address) = std::sync::mpsc::channel();
        let served = Arc::clone(&state);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime starts");
            runtime.block_on(async move {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                    .await
                    .expect("a loopback port is free");
                let address = listener.local_addr().expect("a bound socket has an address");
                if started.send(address).is_ok() {
                    tokio::select! {
                        _ = stopped => {}
                        () = accept(listener, served) => {}
                    }
                }
            });
        });
        let address = address.recv().expect("the server's thread starts");
        ModelServer {
            address,
            state,
            host: Host::Thread { stop: Some(stop), thread: Some(thread) },
        }
    }

    /// Answers with what `reply` makes of the request's JSON. Without this, the reply names the model and repeats the
    /// last message.
    pub fn reply_with(self, reply: impl Fn(&Value) -> String + Send + Sync + 'static) -> Self {
        self.state.settings().reply = Some(Arc::new(reply));
        self
    }

    /// Asks for these tools, by name and arguments, in every reply to a request that has tools.
    pub fn calls_tools(self, calls: &[(&str, Value)]) -> Self {
        let calls = calls.iter().map(|(name, arguments)| ((*name).to_owned(), arguments.clone()));
        self.state.settings().calls = calls.collect();
        self
    }

    /// Sends these headers with every answer.
    pub fn headers(self, headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.state.settings().headers = headers.iter().map(owned).collect();
        self
    }

    /// Waits this long before each answer.
    pub fn latency(self, latency: Duration) -> Self {
        self.state.settings().latency = latency;
        self
    }

    /// Waits this long between the words of a streamed answer.
    pub fn word_delay(self, delay: Duration) -> Self {
        self.state.settings().word_delay = delay;
        self
    }

    /// The models that are listed.
    pub fn models(self, ids: &[&str]) -> Self {
        self.state.settings().models = ids.iter().map(ToString::to_string).collect();
        self
    }

    /// Cuts the list of models into pages of so many, as each protocol pages.
    pub fn models_a_page(self, count: usize) -> Self {
        self.state.settings().page = count;
        self
    }

    /// Refuses whoever does not send this key, in any of the headers that providers look in.
    pub fn require_key(self, key: &str) -> Self {
        self.state.settings().required_key = Some(key.to_owned());
        self
    }

    /// Counts requests but keeps none, for long benchmarks.
    pub fn keep_no_requests(self) -> Self {
        self.state.settings().keep_requests = false;
        self
    }

    /// Fails the next request that no earlier order takes.
    pub fn fault_next(&self, fault: Fault) {
        self.state.fault_next(fault);
    }

    /// Fails every request whose JSON the predicate picks (`null` for a request without a body), until
    /// [`ModelServer::no_faults`].
    pub fn fault_when(
        &self,
        predicate: impl Fn(&Value) -> bool + Send + Sync + 'static,
        fault: Fault,
    ) {
        self.state.fault_when(Box::new(predicate), fault);
    }

    /// Forgets all faults ordered so far.
    pub fn no_faults(&self) {
        self.state.no_faults();
    }

    /// The base URL a client is configured with: `http://127.0.0.1:PORT/v1`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The base URL of a client that speaks Gemini's protocol: `http://127.0.0.1:PORT/v1beta`.
    pub fn gemini_url(&self) -> String {
        format!("http://{}/v1beta", self.address)
    }

    /// The base URL of a client that speaks Gemini's protocol to Vertex AI.
    pub fn vertex_url(&self) -> String {
        let below = "v1/projects/test/locations/global/publishers/google";
        format!("http://{}/{below}", self.address)
    }

    /// Requests received so far, those that were failed included.
    pub fn count(&self) -> usize {
        self.state.count()
    }

    /// The largest number of requests that were being answered at one time.
    pub fn most_at_once(&self) -> usize {
        self.state.most_at_once()
    }

    /// Connections accepted so far. Fewer than requests when a client reuses them.
    pub fn connections(&self) -> usize {
        self.state.connections()
    }

    /// What was received, in the order of arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.requests()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        match &mut self.host {
            Host::Task(task) => task.abort(),
            Host::Thread { stop, thread } => {
                drop(stop.take());
                if let Some(thread) = thread.take() {
                    // A panic in the thread has been printed there; a second one here would hide the test's own.
                    let _ = thread.join();
                }
            }
        }
        self.requests().iter().for_each(canary::check_request);
    }
}

/// Serves until dropped; the connections are tasks of this one and end with it.
async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    // A failed accept (too many open files) says nothing about the next one.
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            state.count_connection();
            connections.spawn(connection::serve(stream, Arc::clone(&state)));
        }
        while connections.try_join_next().is_some() {}
    }
}
