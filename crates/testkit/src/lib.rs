//! What the tests of Assay stand on: temporary workspaces, and a model server that fails to order.
//!
//! Never shipped. Everything here is deterministic, and nothing here leaves loopback.

pub mod model_server;
pub mod workspace;

pub use model_server::{Fault, ModelServer, Problem, RecordedRequest};
pub use workspace::TestWorkspace;
