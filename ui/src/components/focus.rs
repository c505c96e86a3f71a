//! The keyboard, brought back where what had it left the page.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Gives the keyboard to the element of that id, if it is on the page.
pub fn focus_on(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        // What just left the page cannot take the focus, and need not.
        let _ = element.focus();
    }
}

/// Gives the keyboard to the element of that id once the page is drawn, where nothing else has it: somebody who went
/// elsewhere stays there.
pub fn catch_focus(id: String) {
    request_animation_frame(move || {
        let body = document().body().map(web_sys::Element::from);
        if document().active_element().is_none_or(|focused| Some(focused) == body) {
            focus_on(&id);
        }
    });
}
