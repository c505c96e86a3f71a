//! What of a proposal has the keyboard: a conversation, a line, a file.
//!
//! The page itself knows, so nothing is kept beside it that could be wrong.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Id of the proposal on the page.
pub const DETAIL: &str = "review-detail";

/// Id of the list of proposals on the page.
pub const LIST: &str = "review-list";

/// Id of the field for words on the page.
pub const WORDS: &str = "review-words";

/// Id of a conversation on the page.
pub fn thread_id(thread: &str) -> String {
    format!("thread:{thread}")
}

/// The conversation that has the keyboard.
pub fn thread() -> Option<String> {
    held("data-thread")
}

/// The file that has the keyboard.
pub fn file() -> Option<String> {
    held("data-file")
}

/// The line that has the keyboard: its file, and its number in the proposed file.
pub fn line() -> Option<(String, u32)> {
    Some((file()?, held("data-line")?.parse().ok()?))
}

/// Gives the keyboard to the first element that a selector finds.
pub fn select(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
        // What just left the page cannot take the focus, and need not.
        let _ = element.focus();
    }
}

/// What the element with the keyboard, or the nearest one around it, says under a name.
fn held(name: &str) -> Option<String> {
    let focused = document().active_element()?;
    let holder = focused.closest(&format!("[{name}]")).ok().flatten()?;
    holder.get_attribute(name)
}

/// Whether the proposal as a whole has the keyboard, and none of its parts.
pub fn is_at_rest(event: &leptos::ev::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| target.id() == DETAIL)
}

/// Moves the keyboard among the elements below the one that heard a key. Whether it did.
pub fn walk(event: &leptos::ev::KeyboardEvent, selector: &str) -> bool {
    let places = places_below(event, selector);
    let focused = document().active_element();
    let at = places.iter().position(|place| focused.as_ref() == Some(place.as_ref()));
    let Some(next) = super::lines::stepped(at, &event.key(), places.len()) else { return false };
    // What just left the page cannot take the focus, and need not.
    let _ = places[next].focus();
    true
}

fn places_below(event: &leptos::ev::KeyboardEvent, selector: &str) -> Vec<web_sys::HtmlElement> {
    let root = event.current_target().and_then(|root| root.dyn_into::<web_sys::Element>().ok());
    let Some(found) = root.and_then(|root| root.query_selector_all(selector).ok()) else {
        return Vec::new();
    };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}
