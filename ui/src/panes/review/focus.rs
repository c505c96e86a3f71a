//! What of a proposal has the keyboard, or is selected: a conversation, a line, a file, words.
//!
//! The page itself knows, so nothing is kept beside it that could be wrong.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::components::focus_on;

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

/// Id of the number of a line on the page, which can be commented on.
pub fn say_id(file: &str, line: u32) -> String {
    format!("say:{file}:{line}")
}

/// Id of the conversation or line that has the keyboard.
pub fn place() -> Option<String> {
    let line = || line().map(|(file, line)| say_id(&file, line));
    thread().map(|thread| thread_id(&thread)).or_else(line)
}

/// Gives the keyboard to the element of that id; to the proposal where it is not on the page.
pub fn go_to(id: Option<&str>) {
    let there = id.filter(|id| document().get_element_by_id(id).is_some());
    focus_on(there.unwrap_or(DETAIL));
}

/// Brings the element of that id into sight, with as little scrolling as that takes.
pub fn show(id: &str) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    if let Some(element) = document().get_element_by_id(id) {
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// What would be lost when the proposal is drawn anew: how far it was read, and what had the keyboard.
pub struct Kept {
    read: i32,
    place: Option<String>,
    is_inside: bool,
}

impl Kept {
    /// As it is on the page.
    pub fn now() -> Self {
        let focused = document().active_element();
        let is_inside =
            focused.is_some_and(|f| f.closest(&format!("#{DETAIL}")).ok().flatten().is_some());
        Self { read: part().map_or(0, |part| part.scroll_top()), place: place(), is_inside }
    }

    /// Once it is drawn. Somebody who went elsewhere meanwhile stays there.
    pub fn restore(self) {
        request_animation_frame(move || {
            if let Some(part) = part() {
                part.set_scroll_top(self.read);
            }
            let is_lost =
                document().active_element().is_none_or(|focused| focused.tag_name() == "BODY");
            if self.is_inside && is_lost {
                go_to(self.place.as_deref());
            }
        });
    }
}

/// The part of the proposal that scrolls.
fn part() -> Option<web_sys::Element> {
    document().query_selector(".review__part").ok().flatten()
}

/// A place in a line of a proposed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The line, from 1.
    pub line: u32,
    /// How many characters of it stand before the place.
    pub before: usize,
}

/// Words that are selected in lines of a proposed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The file.
    pub file: String,
    /// Where they begin.
    pub from: Spot,
    /// Where they end; nowhere in a line when the selection goes on below the file.
    pub to: Option<Spot>,
}

/// What is selected of a proposed file.
pub fn selected() -> Option<Selected> {
    let selection = window().get_selection().ok().flatten().filter(|s| !s.is_collapsed())?;
    let range = selection.get_range_at(0).ok()?;
    let (file, from) = spot(&range.start_container().ok()?, range.start_offset().ok()?)?;
    let end = spot(&range.end_container().ok()?, range.end_offset().ok()?);
    let to = end.filter(|(other, _)| *other == file).map(|(_, to)| to);
    Some(Selected { file, from, to })
}

/// The file and the place in it of a point of the page.
fn spot(node: &web_sys::Node, offset: u32) -> Option<(String, Spot)> {
    let element = node.dyn_ref::<web_sys::Element>().cloned().or_else(|| node.parent_element())?;
    let cell = element.closest("[data-new]").ok().flatten()?;
    let file = cell.closest("[data-file]").ok().flatten()?.get_attribute("data-file")?;
    let line = cell.get_attribute("data-new")?.parse().ok()?;
    let before = document().create_range().ok()?;
    before.set_start(&cell, 0).ok()?;
    before.set_end(node, offset).ok()?;
    Some((file, Spot { line, before: characters(&before.clone_contents().ok()?.into()) }))
}

/// How many characters of a line some of its pieces stand for. One that is drawn in a box is one, whatever the box says.
fn characters(node: &web_sys::Node) -> usize {
    let is_box = |element: &web_sys::Element| element.class_list().contains("diff__hidden");
    if node.dyn_ref::<web_sys::Element>().is_some_and(is_box) {
        return 1;
    }
    if node.node_type() == web_sys::Node::TEXT_NODE {
        return node.text_content().unwrap_or_default().chars().count();
    }
    let children = node.child_nodes();
    (0..children.length()).filter_map(|at| children.item(at)).map(|child| characters(&child)).sum()
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
