//! `cargo xtask run`: from a clone to an open window.

use crate::failure::Failure;
use crate::page;
use crate::places::Places;
use crate::setup::{self, Purpose};
use crate::shell::Shell;

/// Sets up, builds and opens the window; returns when it is closed.
///
/// # Errors
/// When a step fails, or there is no screen to open a window on.
pub fn run(places: &Places, dev: bool, arguments: &[String]) -> Result<(), Failure> {
    setup::prepare(places, Purpose::Run)?;
    page::build(places)?;
    let profile = if dev { "debug" } else { "release" };
    Shell::cargo()
        .args(["build", "-p", "assay-desktop", "-p", "assay-cli"])
        .args((!dev).then_some("--release"))
        .inside(&places.root)
        .run()?;
    let terminal = places.built(profile, "assay");
    eprintln!("✓ {:<16} {}", "command line", terminal.display());
    if !has_screen() {
        return Err(Failure::Said(
            "Everything is built, but there is no screen to open a window on.\n\
             Start this from a desktop session, or try it unseen with `xvfb-run cargo xtask run`."
                .to_owned(),
        ));
    }
    eprintln!("✓ {:<16} opening", "window");
    // The model is where set-up put it, whatever the window would take for its usual place.
    Shell::new(places.built(profile, "assay-desktop"))
        .args(arguments)
        .env("ASSAY_MODELS_DIR", &places.models)
        .run()
}

fn has_screen() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
