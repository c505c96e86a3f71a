//! Talking to models: one thin client per wire protocol, and one way to say what went wrong.
//!
//! The clients are our own because an evaluation must know exactly what was sent and what came back: request bodies
//! are canonical bytes, replies keep the bytes as received, a reply that stops early is a [`Failure`] and never a short
//! answer, and every failure says whether it may have cost money and whether to try again.
//!
//! Connections, keys and caps are `assay-net`'s. *When* to try again, in how many lanes and within which budget is left
//! to the engine, which has the run in view; [`Failure::advice`] and [`backoff`] are what it goes by.
//!
//! [`Caller`] is the one exchange loop; [`wire`] holds the protocols as pure functions.
//!
//! ```
//! use assay_model::{Caller, CancellationToken, Endpoint, Message, Request, WireKind};
//! use assay_net::{Client, Limits, Url};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = assay_testkit::ModelServer::start().await.reply_with(|_| "Paris".to_owned());
//! # let base_url = Url::parse(&server.url())?;
//! let endpoint = Endpoint { base_url, credential: None };
//! let model = Caller::new(Client::new(Limits::default())?, endpoint, WireKind::OpenAiChat)?;
//! let request = Request {
//!     model: "test-model".to_owned(),
//!     messages: vec![Message::text("user", "The capital of France?")],
//!     ..Request::default()
//! };
//!
//! let mut seen = String::new();
//! let reply = model.generate(&request, &mut |piece| seen.push_str(piece), &CancellationToken::new()).await?;
//! assert_eq!((reply.text.as_str(), seen.as_str()), ("Paris", "Paris"));
//! # Ok(())
//! # }
//! ```

mod caller;
mod classify;
mod failure;
mod message;
mod presets;
pub mod prices;
mod rates;
mod reply;
mod request;
mod retry;
pub mod sse;
mod stream;
pub mod wire;

pub use caller::{Caller, Endpoint};
pub use failure::{Failure, FailureKind};
pub use message::{Media, Message, Part, ToolCall};
pub use presets::{PRESETS, Preset};
pub use prices::{CostRange, Price, PriceTable};
pub use rates::{Rates, Window};
pub use reply::{Content, Finish, Reply, TokenLogprob, Usage};
pub use request::{Request, Setting, Tool, ToolChoice, Unsupported};
pub use retry::{RetryAdvice, backoff};
pub use tokio_util::sync::CancellationToken;
pub use wire::{CustomSpec, CustomSpecError, ModelPage, Wire, WireKind};
