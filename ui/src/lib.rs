//! What a person sees, in wasm.
//!
//! * [`app`] is the frame; [`panes`] are what it holds, one folder each: the view in `mod.rs`, its
//!   decisions in `model.rs` (pure, tested on the host), its looks in the stylesheet beside them.
//! * [`state`] is what several panes share: named context types, each a handful of signals behind methods.
//! * [`actions`] is the one list of what can be done from the keyboard; palette, shortcuts and help sheet come from it.
//! * [`money`] puts amounts in words and reads typed ones.
//! * [`components`] are the small parts on native HTML.
//! * [`ipc`] is the only door to the application. Prompts are parsed and rendered here, with the same code as there.

#![warn(clippy::unwrap_used)]

pub mod actions;
pub mod app;
mod bridge;
pub mod components;
#[cfg(test)]
mod contrast;
pub mod ipc;
pub mod money;
pub mod panes;
pub mod state;

/// Draws the window.
pub fn start() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
