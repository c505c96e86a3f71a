//! Runs from their plan to their end, against a model server that fails to order.
#![allow(clippy::unwrap_used)]

mod endpoints;
mod judges;
mod lanes;
mod money;
mod pictures;
mod shards;
mod support;
mod twins;
mod wires;
