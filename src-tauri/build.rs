//! Declares the two commands the page may call, so that every other one is refused, and embeds
//! the page.

use std::path::Path;

use tauri_build::{AppManifest, Attributes};

/// Must equal the handlers in `src/main.rs`; `capabilities/main.json` allows each by name.
const COMMANDS: &[&str] = &["rpc", "subscribe"];

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/build.rs");
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=ui/dist");
    assert!(
        Path::new("ui/dist/index.html").exists(),
        "ui/dist/index.html is not there: `cargo xtask ui` builds the page that the window shows"
    );
    let attributes = Attributes::new()
        .app_manifest(AppManifest::new().commands(COMMANDS))
        .capabilities_path_pattern("src-tauri/capabilities/**/*");
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("tauri.conf.json or src-tauri/capabilities cannot be used: {error:#}");
    }
}
