//! What the tests of Assay stand on: temporary workspaces, a model server that fails to order, a git server, and the
//! search for a key that must be found nowhere.
//!
//! Never shipped. Everything here is deterministic, and nothing here leaves loopback.

pub mod canary;
pub mod data_folder;
pub mod git_server;
pub mod model_server;
pub mod workspace;

pub use data_folder::DataFolder;
pub use git_server::GitServer;
pub use model_server::{Fault, ModelServer, Problem, RecordedRequest};
pub use workspace::TestWorkspace;
