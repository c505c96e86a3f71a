//! The small parts that panes are made of, on native HTML and the ARIA patterns.
//!
//! Looks: `styles/components.css`, one block per component.

mod ask;
mod blank;
mod button;
mod chip;
mod dialog;
mod field;
mod focus;
mod icon;
mod keys;
mod menu;
mod note;
mod slots;
mod splitter;
mod tabs;
mod toasts;

pub use ask::{AskName, NameWords, Objection};
pub use blank::{Blank, Loading};
pub use button::{Button, IconButton, Kind};
pub use chip::{Chip, Tone};
pub use dialog::Dialog;
pub use field::{CheckField, Choice, ChoiceField, Take, TextField};
pub use focus::{catch_focus, focus_on};
pub use icon::{Icon, Mark};
pub use keys::Keys;
pub use menu::{Menu, MenuButton, MenuItem};
pub use note::{ErrorNote, Note};
pub use slots::{Slots, Spot, moved};
pub use splitter::{Edge, Splitter};
pub use tabs::{TabItem, Tabs};
pub use toasts::ToastList;
