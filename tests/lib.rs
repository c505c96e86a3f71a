//! What the tests in this folder share: the window driven from outside, and the built programs.
//!
//! The tests themselves are the binaries `journeys`, `cli`, `contract` and `gui`; the benchmarks
//! of whole programs are in `bench`.

pub mod window;
