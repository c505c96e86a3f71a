//! The only way out of Assay: whatever leaves the machine leaves through here.
//!
//! This crate owns `reqwest` and keys. It exists so that four promises have one place to hold:
//!
//! - **A key goes to one origin.** A [`Credential`] is made for an [`Origin`], and only [`Client`] can read it. A URL of
//!   another origin is refused before anything is sent, and callers cannot smuggle a key in as a header.
//! - **Nothing is followed.** A redirect is an error that names where it pointed. `reqwest`'s own policy would strip
//!   `Authorization` on the way to another host, but forward the body and every other header.
//! - **Nothing is unbounded.** [`Limits`] hold while the reply streams in: sizes, silence, and the whole.
//! - **Nothing is hidden.** The ledger names every origin that was contacted, why, and how often.
//! - **No key is kept by accident.** [`redact`] takes every key that was sent, as it is or encoded, out of what is stored.
//!
//! Cookies, referrers and proxies from the environment are off. What replies mean, and when to try again, is left to
//! `assay-model`; this crate never sends a request twice.
//!
//! ```
//! use assay_net::{Client, Credential, Limits, NetError, Origin, Url};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::loopback_only(Limits::default())?;
//! let key = Credential::new(Origin::parse("https://api.example.com/v1")?, "sk-secret");
//! assert!(!format!("{key:?}").contains("sk-secret"));
//!
//! let elsewhere = Url::parse("http://127.0.0.1:9/v1/models")?;
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! let refused = runtime.block_on(client.get_json(&elsewhere, Some(&key), &[], "list models"));
//! assert!(matches!(refused, Err(NetError::WrongOrigin { .. })));
//! assert!(client.ledger().is_empty(), "nothing was sent");
//! # Ok(())
//! # }
//! ```

mod client;
mod credential;
mod departure;
mod error;
pub mod keys;
mod ledger;
mod limits;
mod origin;
pub mod redact;
mod resolver;
mod response;
mod retry_after;

pub use bytes::Bytes;
pub use client::Client;
pub use credential::{Credential, KeyPlace};
pub use error::{NetError, Phase};
pub use ledger::LedgerEntry;
pub use limits::Limits;
pub use origin::{Origin, OriginError};
pub use response::Response;
pub use secrecy::SecretString;
pub use url::Url;
