//! Lanes: how the cells of a run reach their models, each model at its own speed.
//!
//! A lane holds the cells of one model. It lets as many calls leave at once as the model bears, finds out how many
//! that is, keeps to what the provider allows in a minute and to the delays it asks for, and takes its cells in turn
//! from the variants. Lanes know nothing of one another but for the ceiling their provider may have, so a slow
//! model holds up nobody.
//!
//! What a cell is, what a call costs and what to do after a failure are the driver's.

mod allowance;
mod bounds;
mod ceiling;
mod lane;
mod limits;
mod pace;
mod queue;
mod quota;
mod standing;
#[cfg(test)]
mod tests;

pub(crate) use bounds::Bounds;
pub(crate) use lane::{Aside, Flight, Lane, Place, Ticket};
pub use limits::{LONGEST_CALL, ProviderLimits};
pub(crate) use pace::{Load, Pace};
pub(crate) use standing::{ShutOut, Standing};
