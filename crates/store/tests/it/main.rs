//! What the store promises, on real files.
#![allow(clippy::unwrap_used)]

mod cells;
mod durability;
mod heard;
mod judging;
mod large;
mod migrating;
mod money;
mod opening;
mod own;
mod ratings;
mod sharing;
mod shipped;
mod space;
mod support;
