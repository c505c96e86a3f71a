//! Menus: a button that opens a list of things to do, after the ARIA menu button pattern.
//!
//! The list is a native `popover`, which nothing cuts off and a click beside closes. Arrows move in it, letters jump,
//! Enter chooses, Escape and Tab leave; the focus goes back to where it was. The same menu opens at the pointer on a
//! right click, and by the menu key or Shift+F10, on whatever listens with [`Menu::on_key`] and [`Menu::on_context`].

use std::sync::Arc;

use leptos::{
    ev::{KeyboardEvent, MouseEvent},
    html,
    prelude::*,
};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{Icon, Keys, Mark};

/// Pixels kept free between a menu and the window's edge.
const MARGIN: f64 = 8.0;
/// Pixels between a button and its menu.
const GAP: f64 = 4.0;

type Act = Arc<dyn Fn() + Send + Sync>;

/// One thing to do.
#[derive(Clone)]
pub struct MenuItem {
    label: String,
    mark: Mark,
    testid: &'static str,
    keys: Option<&'static str>,
    danger: bool,
    refused: Option<&'static str>,
    act: Act,
}

impl MenuItem {
    /// Does `act` when it is chosen.
    pub fn new(
        testid: &'static str,
        mark: Mark,
        label: impl Into<String>,
        act: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            label: label.into(),
            mark,
            testid,
            keys: None,
            danger: false,
            refused: None,
            act: Arc::new(act),
        }
    }

    /// Says which keys do the same.
    #[must_use]
    pub fn keys(self, keys: &'static str) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// Takes something away.
    #[must_use]
    pub fn danger(self) -> Self {
        Self { danger: true, ..self }
    }

    /// Cannot be done while `refused` holds, and says why.
    #[must_use]
    pub fn refused_if(self, refused: bool, why: &'static str) -> Self {
        Self { refused: refused.then_some(why), ..self }
    }
}

/// Where a menu opens.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spot {
    /// Below its button.
    Button,
    /// At a point of the window.
    Point(f64, f64),
}

/// Whether a menu is open, and where.
#[derive(Clone, Copy)]
pub struct Menu {
    open: RwSignal<Option<Spot>>,
    opener: StoredValue<Option<SendWrapper<HtmlElement>>, LocalStorage>,
}

impl Menu {
    /// Closed.
    pub fn new() -> Self {
        Self { open: RwSignal::new(None), opener: StoredValue::new_local(None) }
    }

    /// Opens it by the menu key or Shift+F10; whether it was one of them.
    pub fn on_key(self, event: &KeyboardEvent) -> bool {
        let asked = event.key() == "ContextMenu" || (event.shift_key() && event.key() == "F10");
        if asked {
            event.prevent_default();
            self.open_at(Spot::Button);
        }
        asked
    }

    /// Opens it at the pointer.
    pub fn on_context(self, event: &MouseEvent) {
        event.prevent_default();
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        // The keyboard asks for it without a pointer.
        let by_pointer = x > 0.0 || y > 0.0;
        self.open_at(if by_pointer { Spot::Point(x, y) } else { Spot::Button });
    }

    fn open_at(self, spot: Spot) {
        let focused = document().active_element().and_then(|e| e.dyn_into::<HtmlElement>().ok());
        self.opener.set_value(focused.map(SendWrapper::new));
        self.open.set(Some(spot));
    }

    /// Closes it; the focus goes back to where it was.
    fn close(self) {
        if self.open.get_untracked().is_none() {
            return;
        }
        self.open.set(None);
        if let Some(Some(opener)) = self.opener.try_update_value(Option::take) {
            // What left the page meanwhile cannot take the focus, and need not.
            let _ = opener.focus();
        }
    }
}

impl Default for Menu {
    fn default() -> Self {
        Self::new()
    }
}

/// The `⋯` that opens a menu.
#[component]
pub fn MenuButton(
    /// The menu.
    menu: Menu,
    /// What the menu is about, for a screen reader and on hover.
    #[prop(into)]
    label: Signal<String>,
    /// What can be done, asked each time it opens.
    items: impl Fn() -> Vec<MenuItem> + Send + Sync + 'static,
    /// Its id on the page; found by tests.
    #[prop(into)]
    testid: String,
    /// Whether the Tab key stops at it.
    #[prop(into, default = true.into())]
    stops: Signal<bool>,
) -> impl IntoView {
    let button = NodeRef::<html::Button>::new();
    let items = Arc::new(items);
    // A press beside an open menu closes it, also one on this button, before the click arrives.
    let was_open = StoredValue::new(false);
    let press = move |_| {
        if was_open.try_update_value(std::mem::take) == Some(true) {
            menu.close();
        } else {
            menu.open_at(Spot::Button);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "ArrowDown" | "ArrowUp") {
            event.prevent_default();
            event.stop_propagation();
            menu.open_at(Spot::Button);
        }
    };
    view! {
        <button
            type="button" node_ref=button class="button button--quiet button--icon button--small menu-button"
            aria-label=label title=label aria-haspopup="menu" id=testid.clone() data-testid=testid
            aria-expanded=move || menu.open.get().is_some().to_string()
            tabindex=move || if stops.get() { "0" } else { "-1" }
            on:pointerdown=move |_| was_open.set_value(menu.open.get_untracked().is_some())
            on:click=press on:keydown=on_key
        >
            <Icon mark=Mark::Dots />
        </button>
        {move || menu.open.get().map(|spot| view! {
            <MenuList menu spot button label=label.get_untracked() items=items() />
        })}
    }
}

/// The open menu.
#[component]
fn MenuList(
    menu: Menu,
    spot: Spot,
    button: NodeRef<html::Button>,
    label: String,
    items: Vec<MenuItem>,
) -> impl IntoView {
    let list = NodeRef::<html::Ul>::new();
    Effect::new(move || {
        if let Some(list) = list.get() {
            show(&list, spot, button);
        }
    });
    let on_toggle = move |_| {
        let closed = list.get_untracked().is_some_and(|list| !is_shown(&list));
        if closed {
            menu.close();
        }
    };
    let on_key = move |event: KeyboardEvent| {
        // No key of a menu means anything outside it.
        event.stop_propagation();
        if let Some(list) = list.get_untracked() {
            walk(&event, &list, menu);
        }
    };
    view! {
        <ul
            node_ref=list class="menu" role="menu" popover="auto" aria-label=label
            on:toggle=on_toggle on:keydown=on_key
            on:contextmenu=|event| { event.prevent_default(); event.stop_propagation(); }
        >
            {items.into_iter().map(|item| view! { <MenuLine menu item /> }).collect_view()}
        </ul>
    }
}

#[component]
fn MenuLine(menu: Menu, item: MenuItem) -> impl IntoView {
    let MenuItem { label, mark, testid, keys, danger, refused, act } = item;
    let choose = move |event: MouseEvent| {
        event.stop_propagation();
        if refused.is_none() {
            menu.close();
            act();
        }
    };
    view! {
        <li role="none">
            <button
                type="button" role="menuitem" tabindex="-1" class="menu__item" class=("menu__item--danger", danger)
                data-testid=testid title=refused aria-disabled=refused.map(|_| "true") aria-keyshortcuts=keys
                on:click=choose
                on:mousemove=|event| focus_target(&event)
            >
                <Icon mark />
                <span class="menu__label">
                    {label}
                    {refused.map(|why| view! { <span class="menu__why">{why}</span> })}
                </span>
                {keys.map(|chord| view! { <Keys chord /> })}
            </button>
        </li>
    }
}

/// The line under the pointer is the one that Enter chooses.
fn focus_target(event: &MouseEvent) {
    let line = event.current_target().and_then(|line| line.dyn_into::<HtmlElement>().ok());
    if let Some(line) = line {
        // It is on the page: the pointer is over it.
        let _ = line.focus();
    }
}

/// Brings the list on screen, beside its button or at the pointer, wholly within the window.
fn show(list: &HtmlElement, spot: Spot, button: NodeRef<html::Button>) {
    // Only a list that left the page meanwhile refuses.
    let _ = list.show_popover();
    let size = (f64::from(list.offset_width()), f64::from(list.offset_height()));
    let (x, y) = match (spot, button.get_untracked()) {
        (Spot::Point(x, y), _) => fit((x, y), y, size, window_size()),
        (Spot::Button, Some(button)) => {
            let at = button.get_bounding_client_rect();
            fit((at.left(), at.bottom() + GAP), at.top() - GAP, size, window_size())
        }
        (Spot::Button, None) => (MARGIN, MARGIN),
    };
    // Through the object model: the page's policy drops style attributes.
    for (side, at) in [("left", x), ("top", y)] {
        // A length is a valid value of both.
        let _ = list.style().set_property(side, &format!("{at}px"));
    }
    focus_item(&lines(list), 0);
}

fn window_size() -> (f64, f64) {
    let pixels = |value: Result<wasm_bindgen::JsValue, _>| {
        value.ok().and_then(|value: wasm_bindgen::JsValue| value.as_f64()).unwrap_or(1024.0)
    };
    (pixels(window().inner_width()), pixels(window().inner_height()))
}

/// Where a box of `size` goes that wants to hang from `at`, or else to stand on the height `above`.
fn fit(at: (f64, f64), above: f64, size: (f64, f64), window: (f64, f64)) -> (f64, f64) {
    let x = at.0.min(window.0 - size.0 - MARGIN).max(MARGIN);
    let hangs = at.1 + size.1 + MARGIN <= window.1;
    let y = if hangs { at.1 } else { (above - size.1).max(MARGIN) };
    (x, y)
}

fn is_shown(list: &HtmlElement) -> bool {
    list.matches(":popover-open").unwrap_or(false)
}

fn lines(list: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(found) = list.query_selector_all("[role=menuitem]") else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}

fn focus_item(lines: &[HtmlElement], at: usize) {
    if let Some(line) = lines.get(at) {
        // A line of a list on screen takes the focus.
        let _ = line.focus();
    }
}

fn walk(event: &KeyboardEvent, list: &HtmlElement, menu: Menu) {
    let lines = lines(list);
    let now = document().active_element();
    let at = lines.iter().position(|line| now.as_ref() == Some(line.as_ref())).unwrap_or(0);
    let words: Vec<String> = lines.iter().map(HtmlElement::inner_text).collect();
    match event.key().as_str() {
        "Escape" | "Tab" => {
            event.prevent_default();
            menu.close();
        }
        key => {
            if let Some(next) = neighbour(at, &words, key) {
                event.prevent_default();
                focus_item(&lines, next);
            }
        }
    }
}

/// Where a key leads from line `at` of those with `words`; a letter goes on to the next that begins with it.
fn neighbour(at: usize, words: &[String], key: &str) -> Option<usize> {
    let count = words.len();
    let mut letters = key.chars();
    match (key, letters.next(), letters.next()) {
        _ if count == 0 => None,
        ("ArrowDown", ..) => Some((at + 1) % count),
        ("ArrowUp", ..) => Some((at + count - 1) % count),
        ("Home", ..) => Some(0),
        ("End", ..) => Some(count - 1),
        (_, Some(letter), None) if letter.is_alphanumeric() => {
            let begins = |i: &usize| words[*i].to_lowercase().starts_with(&key.to_lowercase());
            (1..=count).map(|step| (at + step) % count).find(begins)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_around_and_letters_jump() {
        let words = ["Rename", "Duplicate", "Delete"].map(ToOwned::to_owned);
        assert_eq!(neighbour(2, &words, "ArrowDown"), Some(0));
        assert_eq!(neighbour(0, &words, "ArrowUp"), Some(2));
        assert_eq!(neighbour(0, &words, "d"), Some(1));
        assert_eq!(neighbour(1, &words, "D"), Some(2), "the next one that begins with it");
        assert_eq!(neighbour(0, &words, "x"), None);
        assert_eq!(neighbour(0, &words, "Enter"), None);
        assert_eq!(neighbour(0, &[], "ArrowDown"), None);
    }

    #[test]
    fn a_menu_stays_within_the_window() {
        let window = (1000.0, 600.0);
        assert_eq!(fit((20.0, 40.0), 10.0, (200.0, 100.0), window), (20.0, 40.0));
        assert_eq!(fit((990.0, 40.0), 10.0, (200.0, 100.0), window), (792.0, 40.0));
        assert_eq!(
            fit((20.0, 580.0), 550.0, (200.0, 100.0), window),
            (20.0, 450.0),
            "it stands on its button where it cannot hang from it"
        );
    }
}
