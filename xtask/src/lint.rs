//! `cargo xtask lint`: what must hold before a change is looked at.

use crate::failure::Failure;
use crate::page;
use crate::places::Places;
use crate::setup::{self, Purpose};
use crate::shell::Shell;

/// Formatting, clippy natively and for wasm, and the rules of `deny.toml` where cargo-deny is
/// installed.
///
/// # Errors
/// The first check that does not hold.
pub fn lint(places: &Places) -> Result<(), Failure> {
    cargo(places, &["fmt", "--all", "--check"]).run()?;
    setup::prepare(places, Purpose::Run)?;
    // The window's package embeds the page, so it cannot be looked at without one.
    page::build(places)?;
    cargo(places, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    let wasm = ["--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];
    cargo(places, &["clippy", "-p", "assay-ui"])
        .args(wasm)
        .envs(setup::wasm_environment(&setup::tool_folders(places))?)
        .run()?;
    if cargo(places, &["deny", "--version"]).answer().is_none() {
        eprintln!("licences and advisories were not looked at: cargo-deny is not installed");
        return Ok(());
    }
    cargo(places, &["deny", "check"]).run()
}

fn cargo(places: &Places, arguments: &[&str]) -> Shell {
    Shell::cargo().args(arguments).inside(&places.root)
}
