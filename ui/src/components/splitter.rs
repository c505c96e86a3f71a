//! The line between two parts of the window, which moves them by mouse and by keyboard.

use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    prelude::*,
};
use wasm_bindgen::JsCast;

/// Which side of the line has the size that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The part on the left.
    Left,
    /// The part on the right.
    Right,
    /// The part below.
    Bottom,
}

impl Edge {
    /// The size after the pointer moved by (`x`, `y`).
    fn grown(self, size: f64, x: f64, y: f64) -> f64 {
        match self {
            Edge::Left => size + x,
            Edge::Right => size - x,
            Edge::Bottom => size - y,
        }
    }

    /// The size after a key, or `None` for a key that means nothing here.
    fn stepped(self, size: f64, key: &str, range: (f64, f64)) -> Option<f64> {
        const STEP: f64 = 16.0;
        let size = match (key, self) {
            ("ArrowLeft", Edge::Left | Edge::Right) => self.grown(size, -STEP, 0.0),
            ("ArrowRight", Edge::Left | Edge::Right) => self.grown(size, STEP, 0.0),
            ("ArrowUp", Edge::Bottom) => self.grown(size, 0.0, -STEP),
            ("ArrowDown", Edge::Bottom) => self.grown(size, 0.0, STEP),
            ("Home", _) => range.0,
            ("End", _) => range.1,
            _ => return None,
        };
        Some(size.clamp(range.0, range.1))
    }
}

/// A separator that can be dragged, or moved with the arrow keys, Home and End.
#[component]
pub fn Splitter(
    /// What it resizes.
    #[prop(into)]
    label: String,
    /// Which side of it that is.
    edge: Edge,
    /// Its size in pixels.
    size: RwSignal<f64>,
    /// Smallest and largest size.
    range: (f64, f64),
    /// A class of its own.
    #[prop(optional, into)]
    class: String,
) -> impl IntoView {
    let held = StoredValue::new(None::<(f64, f64, f64)>);
    let take = move |event: PointerEvent| {
        event.prevent_default();
        if let Some(line) = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
            // Without capture the drag only ends when the pointer leaves the line.
            let _ = line.set_pointer_capture(event.pointer_id());
        }
        held.set_value(Some((
            event.client_x().into(),
            event.client_y().into(),
            size.get_untracked(),
        )));
    };
    let drag = move |event: PointerEvent| {
        if let Some((x, y, from)) = held.get_value() {
            let (x, y) = (f64::from(event.client_x()) - x, f64::from(event.client_y()) - y);
            size.set(edge.grown(from, x, y).clamp(range.0, range.1));
        }
    };
    let step = move |event: KeyboardEvent| {
        if let Some(stepped) = edge.stepped(size.get_untracked(), &event.key(), range) {
            event.prevent_default();
            size.set(stepped);
        }
    };
    let orientation = if edge == Edge::Bottom { "horizontal" } else { "vertical" };
    view! {
        <div
            class=format!("splitter {class}")
            role="separator"
            tabindex="0"
            aria-label=label
            aria-orientation=orientation
            aria-valuenow=move || size.get().round().to_string()
            aria-valuemin=range.0.to_string()
            aria-valuemax=range.1.to_string()
            on:pointerdown=take
            on:pointermove=drag
            on:pointerup=move |_| held.set_value(None)
            on:pointercancel=move |_| held.set_value(None)
            on:keydown=step
        ></div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_moves_the_line_where_it_points() {
        assert_eq!(Edge::Left.stepped(200.0, "ArrowRight", (100.0, 400.0)), Some(216.0));
        assert_eq!(Edge::Right.stepped(200.0, "ArrowRight", (100.0, 400.0)), Some(184.0));
        assert_eq!(Edge::Bottom.stepped(200.0, "ArrowUp", (100.0, 400.0)), Some(216.0));
    }

    #[test]
    fn keys_stay_within_the_range() {
        assert_eq!(Edge::Left.stepped(110.0, "ArrowLeft", (100.0, 400.0)), Some(100.0));
        assert_eq!(Edge::Left.stepped(200.0, "End", (100.0, 400.0)), Some(400.0));
    }

    #[test]
    fn keys_across_the_line_are_left_alone() {
        assert_eq!(Edge::Left.stepped(200.0, "ArrowUp", (100.0, 400.0)), None);
        assert_eq!(Edge::Bottom.stepped(200.0, "a", (100.0, 400.0)), None);
    }
}
