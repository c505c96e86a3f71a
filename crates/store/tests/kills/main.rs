//! A process is killed at every named place of the write path, and at random moments; another one goes on with
//! its run. Nothing that was acknowledged may be lost, and no call may be paid for twice unless it was under way.
//!
//! The child is this same program, told by its environment to work. It tells its pipe of each call it makes,
//! which is the moment a provider would charge for it, and of each end that was acknowledged to it.
//!
//! `ASSAY_STORE_KILLS` sets the number of random kills.
#![allow(clippy::unwrap_used)]

mod beside;
mod child;
mod places;
mod random;
mod witness;
