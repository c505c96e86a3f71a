//! The wires against servers that others wrote: llama.cpp's, and a LiteLLM proxy in front of it.
//!
//! `cargo xtask test --interop` installs and starts them, and says where they are. What the tests
//! find is printed, a line for each server, wire and question; the table in `docs/guide/models.md`
//! is made of these lines. What a server lacks is tested too, so that the table does not outlive it.

mod exchanges;
mod runs;
mod ways;

use assay_tests::process;
