//! Command bodies, free of transport: what the window does, a terminal and CI can do.
//!
//! [`App`] is the whole application behind one door. [`App::call`] answers a command of
//! [`assay_wire`] with its reply type, for callers in the same process such as the command line;
//! [`App::dispatch`] answers it by name and JSON text, for the window. Both take the same path
//! through the same body, one per command, each in the module of its subject.
//!
//! Bodies are synchronous; whoever must not block runs them on a thread of its own. Runs go on in
//! the background, and tell of themselves through the notices of [`App::subscribe`].
//!
//! What the application knows of the world outside (folder chooser, clipboard, clock, folders) comes in
//! through [`Host`] and [`AppOptions`]. What it says passes the registry of loaded keys first, so that no error can
//! repeat one.

mod app;
mod at;
mod check;
mod column_numbers;
mod compare;
mod consents;
mod differences;
mod edits;
mod environment;
mod error;
mod evidence;
mod exchange;
mod fixes;
mod git;
mod highlight;
mod host;
mod install;
mod judges;
mod key_origins;
mod keys;
mod known;
mod latest;
mod machine;
mod media;
mod merge_driver;
mod models;
mod near;
mod network;
mod notices;
mod planned;
mod prefix;
mod prices;
mod prompts;
mod providers;
mod rater_files;
mod ratings;
mod repository;
mod results;
mod reviews;
mod revisions;
mod router;
mod runs;
mod score;
mod shards;
mod templates;
mod watched;
mod workspaces;

pub use app::{App, AppOptions};
pub use assay_net::SecretString;
pub use assay_net::keys::KeysConfig;
pub use assay_repo::prepare as prepare_git;
pub use assay_score::ColumnScore;
pub use consents::script_worker;
pub use host::{Headless, Host, Wanted};
pub use merge_driver::{DriverFiles, DriverReport, Undecided, merge_driver, undecided_of};
pub use router::Answer;
pub use score::{
    ScoreFiles, ScoreReport, ScorerReport, ScorersFrom, scorer_names, statistics_names,
};
