//! A window over any number of rows of one height: a fixed pool of slots that show one row after another.
//!
//! Only what is seen, and a little more, is in the page, so ten thousand rows scroll like ten.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};

/// Rows kept drawn above and below what is seen, so that a step of the wheel finds them there.
const OVERSCAN: usize = 3;

/// What part of the rows is seen. The scroller's first child is its head, which stays in view.
#[derive(Clone, Copy)]
pub struct Slots {
    /// The element that scrolls.
    pub scroller: NodeRef<html::Div>,
    row_height: f64,
    top: RwSignal<f64>,
    height: RwSignal<f64>,
    head: RwSignal<f64>,
    pool: Memo<usize>,
    first: Memo<usize>,
}

impl Slots {
    /// Over so many rows of that height, measured as soon as the scroller is in the page.
    pub fn new(row_height: f64, rows: Signal<usize>) -> Self {
        let (top, height) = (RwSignal::new(0.0), RwSignal::new(0.0));
        let pool = Memo::new(move |_| pool(height.get(), row_height, rows.get()));
        let first = Memo::new(move |_| first_row(top.get(), row_height, pool.get(), rows.get()));
        let head = RwSignal::new(0.0);
        let slots = Self { scroller: NodeRef::new(), row_height, top, height, head, pool, first };
        slots.measure();
        slots
    }

    /// How many slots there are.
    pub fn pool(self) -> usize {
        self.pool.get()
    }

    /// The first row that is drawn.
    pub fn first(self) -> usize {
        self.first.get()
    }

    /// The row that a slot shows.
    pub fn row(self, slot: usize) -> usize {
        slot_row(self.first.get(), slot, self.pool.get())
    }

    /// Height of the head in pixels.
    pub fn head(self) -> f64 {
        self.head.get()
    }

    /// How many whole rows fit into the view.
    pub fn page(self) -> usize {
        (self.room() / self.row_height) as usize
    }

    /// The scroller moved.
    pub fn follow_scroll(self) {
        if let Some(scroller) = self.scroller.get_untracked() {
            self.top.set(scroller.scroll_top().into());
        }
    }

    /// Brings a row into view.
    pub fn scroll_to_row(self, row: usize) {
        let top = scroll_to(row, self.row_height, self.top.get_untracked(), self.room());
        let (Some(scroller), Some(top)) = (self.scroller.get_untracked(), top) else { return };
        scroller.set_scroll_top(top as i32);
        self.follow_scroll();
    }

    fn room(self) -> f64 {
        self.height.get_untracked() - self.head.get_untracked()
    }

    fn remeasure(self) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        self.height.set(scroller.client_height().into());
        let head = scroller
            .first_element_child()
            .and_then(|head| head.dyn_into::<web_sys::HtmlElement>().ok());
        self.head.set(head.map_or(0.0, |head| head.offset_height().into()));
    }

    /// Keeps the measured sizes at what they are.
    fn measure(self) {
        let watch = StoredValue::new_local(None);
        Effect::new(move || {
            let Some(scroller) = self.scroller.get() else { return };
            let resized = Closure::<dyn FnMut()>::new(move || self.remeasure());
            let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref())
            else {
                return;
            };
            observer.observe(&scroller);
            if let Some(head) = scroller.first_element_child() {
                observer.observe(&head);
            }
            watch.set_value(Some((observer, resized)));
        });
        on_cleanup(move || {
            if let Some(Some((observer, _))) = watch.try_update_value(Option::take) {
                observer.disconnect();
            }
        });
    }
}

/// A cell of a grid, by its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spot {
    /// Its row.
    pub row: usize,
    /// Its column.
    pub column: usize,
}

/// Where a key leads on a grid of that many rows and columns; `None` for a key that does not move.
pub fn moved(
    at: Spot,
    key: &str,
    ctrl: bool,
    page: usize,
    rows: usize,
    columns: usize,
) -> Option<Spot> {
    let (last_row, last_column) = (rows.saturating_sub(1), columns.saturating_sub(1));
    let Spot { row, column } = at;
    let spot = match key {
        "ArrowUp" => Spot { row: row.saturating_sub(1), column },
        "ArrowDown" => Spot { row: row + 1, column },
        "ArrowLeft" => Spot { row, column: column.saturating_sub(1) },
        "ArrowRight" => Spot { row, column: column + 1 },
        "PageUp" => Spot { row: row.saturating_sub(page.max(1)), column },
        "PageDown" => Spot { row: row + page.max(1), column },
        "Home" if ctrl => Spot { row: 0, column: 0 },
        "End" if ctrl => Spot { row: last_row, column: last_column },
        "Home" => Spot { row, column: 0 },
        "End" => Spot { row, column: last_column },
        _ => return None,
    };
    Some(Spot { row: spot.row.min(last_row), column: spot.column.min(last_column) })
}

/// How many rows are drawn for a view that high.
fn pool(height: f64, row_height: f64, rows: usize) -> usize {
    if height <= 0.0 {
        return 0;
    }
    // A view that shows parts of two rows at its edges needs one more than fit into it.
    let seen = (height / row_height).ceil() as usize + 1;
    (seen + 2 * OVERSCAN).min(rows)
}

/// The first drawn row when the view begins `top` pixels below the first one.
fn first_row(top: f64, row_height: f64, pool: usize, rows: usize) -> usize {
    let seen = (top.max(0.0) / row_height) as usize;
    seen.saturating_sub(OVERSCAN).min(rows.saturating_sub(pool))
}

/// The row that a slot of the pool shows. A row keeps its slot for as long as it is drawn, so scrolling by one row
/// changes one slot.
fn slot_row(first: usize, slot: usize, pool: usize) -> usize {
    if pool == 0 {
        return first;
    }
    first + (slot + pool - first % pool) % pool
}

/// Where to scroll so that a row is seen whole, in a view `height` high below the heads; `None` when it is. Of a row that
/// is higher than the view, or in a view that is not laid out yet, the beginning is what is seen.
fn scroll_to(row: usize, row_height: f64, top: f64, height: f64) -> Option<f64> {
    let from = row as f64 * row_height;
    let to = from + row_height;
    if from < top {
        Some(from)
    } else if to > top + height {
        Some((to - height).min(from)).filter(|now| *now != top)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: f64 = 76.0;

    #[test]
    fn the_window_covers_what_is_seen_at_every_scroll_position() {
        let (rows, height) = (1_000, 500.0);
        let pool = pool(height, ROW, rows);
        for step in 0..2_000 {
            let top = (f64::from(step) * 37.0).min(rows as f64 * ROW - height);
            let first = first_row(top, ROW, pool, rows);
            assert!(first as f64 * ROW <= top, "a gap above at {top}");
            assert!((first + pool) as f64 * ROW >= top + height, "a gap below at {top}");
            assert!(first + pool <= rows, "rows beyond the end at {top}");
        }
    }

    #[test]
    fn a_step_of_one_row_changes_one_slot() {
        let rows_at = |first| (0..9).map(|slot| slot_row(first, slot, 9)).collect::<Vec<_>>();
        let (before, after) = (rows_at(20), rows_at(21));
        let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        assert_eq!(changed, 1);
        let mut sorted = before.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (20..29).collect::<Vec<_>>(), "every row of the window has one slot");
    }

    #[test]
    fn few_rows_need_few_slots_and_an_unmeasured_view_none() {
        assert_eq!(pool(900.0, ROW, 3), 3);
        assert_eq!(pool(0.0, ROW, 3), 0);
        assert_eq!(first_row(500.0, ROW, 3, 3), 0);
        assert_eq!(slot_row(0, 0, 0), 0);
    }

    #[test]
    fn a_row_that_is_seen_does_not_scroll() {
        assert_eq!(scroll_to(2, ROW, 0.0, 400.0), None);
        assert_eq!(scroll_to(1, ROW, 300.0, 400.0), Some(ROW));
        assert_eq!(scroll_to(9, ROW, 0.0, 400.0), Some(10.0 * ROW - 400.0));
        assert_eq!(scroll_to(0, ROW, 0.0, -26.0), None, "nothing is measured yet");
        assert_eq!(scroll_to(3, ROW, 0.0, 40.0), Some(3.0 * ROW));
    }

    #[test]
    fn keys_stay_on_the_grid() {
        let go = |row, column, key, ctrl| moved(Spot { row, column }, key, ctrl, 5, 10, 3);
        let at = |row, column| Some(Spot { row, column });
        assert_eq!(go(0, 0, "ArrowUp", false), at(0, 0));
        assert_eq!(go(9, 2, "ArrowDown", false), at(9, 2));
        assert_eq!(go(2, 2, "ArrowRight", false), at(2, 2));
        assert_eq!(go(7, 1, "PageDown", false), at(9, 1));
        assert_eq!(go(7, 1, "PageUp", false), at(2, 1));
        assert_eq!(go(7, 1, "Home", false), at(7, 0));
        assert_eq!(go(7, 1, "End", true), at(9, 2));
        assert_eq!(go(7, 1, "Home", true), at(0, 0));
        assert_eq!(go(7, 1, "x", false), None);
    }
}
