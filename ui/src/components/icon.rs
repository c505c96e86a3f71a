//! The window's own icons: line drawings on a 16 × 16 grid.

use leptos::prelude::*;

macro_rules! icons {
    ($($(#[$about:meta])* $name:ident = $path:literal;)+) => {
        /// An icon.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mark { $($(#[$about])* $name,)+ }

        impl Mark {
            /// Its strokes, as SVG path data.
            pub fn path(self) -> &'static str {
                match self { $(Mark::$name => $path,)+ }
            }
        }
    };
}

icons! {
    /// The A that is a balance: Assay itself, as on the program's icon.
    Assay = "M5.2 13.4 8 2.6l2.8 10.8M2.7 6.4l10.6 1.2M1.3 9.8 2.7 6.4l1.4 3.4a1.6 1.5 0 0 1-2.8 0zM11.9 11l1.4-3.4 1.4 3.4a1.6 1.5 0 0 1-2.8 0z";
    /// Prompts.
    Prompts = "M3 2.5h7l3 3v8H3zM10 2.5v3h3M5.5 8h5M5.5 10.5h3.5";
    /// Runs.
    Runs = "M2.5 8a5.5 5.5 0 1 0 1.6-3.9M2.5 2.5v2.8h2.8M8 5v3.2l2 1.3";
    /// Git: a branch.
    Branch = "M4.5 5.7v4.6M4.5 5.7a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM4.5 13.5a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM11.5 6.7a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM11.5 6.7c0 2.6-4 2-6.4 3.8";
    /// Settings: two sliders.
    Settings = "M2.5 5h6M12.5 5h1M10.5 6.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM2.5 11h1M7.5 11h6M5.5 12.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z";
    /// Start.
    Play = "M5 3.2v9.6l7.6-4.8z";
    /// Stop.
    Stop = "M4 4h8v8H4z";
    /// Paused.
    Pause = "M5 3.5v9M11 3.5v9";
    /// Edit tab: two columns of text.
    Columns = "M2.5 3h11v10h-11zM8 3v10M4.5 6h1.5M4.5 8.5h1.5M10 6h1.5M10 8.5h1.5";
    /// Evals tab: a gauge.
    Gauge = "M2.5 11.5a5.5 5.5 0 0 1 11 0M8 11.5l2.6-3.6M8 12.3a.8.8 0 1 0 0-1.6.8.8 0 0 0 0 1.6z";
    /// Matrix tab: a grid.
    Matrix = "M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.7h11M6.2 3v10M9.8 3v10";
    /// Search.
    Search = "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2";
    /// A folder.
    Folder = "M2 4.2c0-.6.4-1 1-1h3.2l1.6 1.6H13c.6 0 1 .4 1 1v6c0 .6-.4 1-1 1H3c-.6 0-1-.4-1-1z";
    /// Something to try.
    Spark = "M8 2.2 9.4 6.6 13.8 8 9.4 9.4 8 13.8 6.6 9.4 2.2 8l4.4-1.4z";
    /// Add.
    Plus = "M8 3v10M3 8h10";
    /// Close.
    Close = "M4 4l8 8M12 4l-8 8";
    /// Delete.
    Bin = "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v3.6M9.2 7v3.6";
    /// Duplicate.
    Copy = "M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2";
    /// Move up.
    Up = "M8 12.5v-9M4.5 7 8 3.5 11.5 7";
    /// Move down.
    Down = "M8 3.5v9M4.5 9 8 12.5 11.5 9";
    /// Opens downwards.
    ChevronDown = "M4.5 6.2 8 9.8l3.5-3.6";
    /// Opens to the right.
    ChevronRight = "M6.2 4.5 9.8 8l-3.6 3.5";
    /// Passed, saved.
    Check = "M3 8.5 6.5 12 13 4.5";
    /// Failed.
    Cross = "M4.5 4.5l7 7M11.5 4.5l-7 7";
    /// A warning.
    Warning = "M8 2.5 14.2 13H1.8zM8 6.5v3.2M8 11.3v.1";
    /// An error.
    Error = "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.6M8 10.8v.1";
    /// A remark.
    Info = "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.4V11M8 5.1v.1";
    /// Trust.
    Shield = "M8 1.8 13 3.6v4c0 3-2 5.2-5 6.6-3-1.4-5-3.6-5-6.6v-4z";
    /// Light.
    Sun = "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1";
    /// Dark.
    Moon = "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z";
    /// The system's appearance.
    Screen = "M2 3h12v8H2zM6 13.5h4M8 11v2.5";
    /// The side panel on the right.
    PanelRight = "M2.5 3h11v10h-11zM10 3v10";
    /// The panel at the bottom.
    PanelBottom = "M2.5 3h11v10h-11zM2.5 9.5h11";
    /// A model.
    Chip = "M4.5 4.5h7v7h-7zM6.5 2.5v2M9.5 2.5v2M6.5 11.5v2M9.5 11.5v2M2.5 6.5h2M2.5 9.5h2M11.5 6.5h2M11.5 9.5h2";
    /// Waits.
    Clock = "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6";
    /// Goes on.
    Dots = "M3.5 8h.1M8 8h.1M12.4 8h.1";
    /// Answered from memory.
    Bolt = "M9 1.8 3.8 9H8l-1 5.2L12.2 7H8z";
    /// A commit.
    Commit = "M8 10.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM1.5 8h3.9M10.6 8h3.9";
    /// Not saved yet.
    Dot = "M8 9.6a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2z";
    /// Reload.
    Reload = "M13 8a5 5 0 1 1-1.5-3.5M13 2.5v2.8h-2.8";
    /// Shortcuts.
    Keyboard = "M1.8 4h12.4v8H1.8zM4.2 6.6h.1M6.7 6.6h.1M9.2 6.6h.1M11.7 6.6h.1M5 9.4h6";
    /// Contacted hosts.
    Globe = "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM2 8h12M8 2c2.2 2 2.2 10 0 12M8 2c-2.2 2-2.2 10 0 12";
    /// Rename: a pencil.
    Pencil = "M3 13l.6-2.8 7-7a1.2 1.2 0 0 1 1.7 0l.5.5a1.2 1.2 0 0 1 0 1.7l-7 7zM9.4 4.4l2.2 2.2";
    /// Compare: two sides.
    Compare = "M8 2v12M2.5 4.5H6v7H2.5zM10 4.5h3.5v7H10z";
    /// Turn two sides round.
    Swap = "M2.5 5.5h10M9.8 2.8l2.7 2.7-2.7 2.7M13.5 10.5h-10M6.2 7.8l-2.7 2.7 2.7 2.7";
    /// Charts: axes and bars.
    Chart = "M2.5 2.5v11h11M5.5 11V8M8.5 11V4.5M11.5 11V6.5";
    /// Import: into a tray.
    Import = "M8 2v7.5M4.8 6.5 8 9.7l3.2-3.2M2.5 10.5v3h11v-3";
    /// Export: out of a tray.
    Export = "M8 9.7V2.2M4.8 5.4 8 2.2l3.2 3.2M2.5 10.5v3h11v-3";
    /// Somebody who rates.
    Person = "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 13.6c.5-2.6 2.6-3.8 5.2-3.8s4.7 1.2 5.2 3.8";
    /// Reviews: something said, and a check in it.
    Review = "M2 3h12v8.2H7.4L4.4 14v-2.8H2zM5.4 7l1.9 1.9 3.4-3.6";
    /// Something said.
    Said = "M2 3h12v8.2H7.4L4.4 14v-2.8H2z";
    /// Seen, shown.
    Eye = "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z";
}

/// An icon beside words. It says nothing to a screen reader; the words do.
#[component]
pub fn Icon(
    /// Which one.
    mark: Mark,
    /// 20 px instead of 16.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    view! {
        <svg class="icon" class:icon--large=large viewBox="0 0 16 16" aria-hidden="true">
            <path d=mark.path() />
        </svg>
    }
}
