//! A row of tabs. Arrow keys move between them; Tab goes on into what they show.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{Icon, Mark};

/// One tab.
#[derive(Debug, Clone)]
pub struct TabItem<T> {
    /// What is chosen with it.
    pub value: T,
    /// Its words.
    pub label: &'static str,
    /// Its icon.
    pub mark: Mark,
    /// Found by tests.
    pub testid: &'static str,
}

/// Tabs, of which `chosen` is one.
#[component]
pub fn Tabs<T>(
    /// What they choose between.
    #[prop(into)]
    label: String,
    /// They themselves.
    items: Vec<TabItem<T>>,
    /// The chosen one.
    #[prop(into)]
    chosen: Signal<T>,
    /// Chooses one.
    on_choose: impl Fn(T) + Copy + Send + Sync + 'static,
    /// Drawn at the end of the row.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    let row = NodeRef::<html::Div>::new();
    let values: Vec<T> = items.iter().map(|item| item.value).collect();
    let walk = move |event: KeyboardEvent| {
        let at = values.iter().position(|value| *value == chosen.get_untracked()).unwrap_or(0);
        let Some(next) = neighbour(at, values.len(), &event.key()) else { return };
        event.prevent_default();
        on_choose(values[next]);
        focus_tab(row, next);
    };
    let tabs = items
        .into_iter()
        .map(|item| {
            let selected = move || chosen.get() == item.value;
            view! {
                <button
                    type="button"
                    role="tab"
                    class="tab"
                    data-testid=item.testid
                    aria-selected=move || selected().to_string()
                    tabindex=move || if selected() { "0" } else { "-1" }
                    on:click=move |_| on_choose(item.value)
                >
                    <Icon mark=item.mark />
                    {item.label}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="tabs">
            <div class="tabs__row" role="tablist" aria-label=label node_ref=row on:keydown=walk>{tabs}</div>
            {children.map(|children| children())}
        </div>
    }
}

/// Where a key leads from tab `at` of `count`.
fn neighbour(at: usize, count: usize, key: &str) -> Option<usize> {
    match key {
        "ArrowRight" => Some((at + 1) % count),
        "ArrowLeft" => Some((at + count - 1) % count),
        "Home" => Some(0),
        "End" => Some(count - 1),
        _ => None,
    }
}

fn focus_tab(row: NodeRef<html::Div>, at: usize) {
    use wasm_bindgen::JsCast;
    let tab = row.get_untracked().and_then(|row| row.children().item(at as u32));
    if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok()) {
        // An element that left the page cannot take the focus, and need not.
        let _ = tab.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_around() {
        assert_eq!(neighbour(1, 2, "ArrowRight"), Some(0));
        assert_eq!(neighbour(0, 2, "ArrowLeft"), Some(1));
        assert_eq!(neighbour(0, 2, "Enter"), None);
    }
}
