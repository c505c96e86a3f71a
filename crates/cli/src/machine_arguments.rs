//! What can be typed after `trust`.

use clap::{Args, ValueEnum};

use crate::arguments::Json;

/// Whether this repository is trusted on this computer: the window runs its prompts, and programs that are allowed run.
#[derive(Debug, Args)]
pub struct Trust {
    /// What to do
    #[arg(value_name = "WHAT", default_value = "status")]
    pub verb: TrustVerb,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What can be done with trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrustVerb {
    /// Say whether it is trusted
    Status,
    /// Trust it
    Grant,
    /// Trust it no longer
    Revoke,
}
