//! What the tests in this folder share: the window driven from outside, the command line as a
//! process, and the built programs.
//!
//! The tests themselves are the binaries `journeys`, `cli`, `contract`, `gui` and `interop`; the
//! benchmarks of whole programs are in `bench`.

pub mod process;
pub mod window;
