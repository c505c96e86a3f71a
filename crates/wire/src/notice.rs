//! What the application tells the window unasked.

use serde::{Deserialize, Serialize};

/// Something on screen may be out of date. Sent at most twenty times a second, each below 8 KB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Notice {
    /// Cells of a run changed.
    RunChanged {
        /// The run.
        run: String,
        /// Rises by one with every notice of this run.
        seq: u64,
        /// Its state now.
        state: crate::RunState,
        /// Cells by outcome, now.
        counts: crate::CellCounts,
        /// Half-open ranges of cell ordinals that changed since the last notice, merged.
        stale: Vec<(u32, u32)>,
        /// Models that are asked nothing more for now; why is in [`crate::RunView::paused`].
        paused: Vec<String>,
    },
    /// More text of the watched cell. `from` is the byte offset at which `text` continues; 0 starts anew.
    CellText {
        /// The run.
        run: String,
        /// The cell's ordinal.
        cell: u32,
        /// Byte offset of `text` in the whole output.
        from: u32,
        /// What was added.
        text: String,
    },
    /// A git command goes on.
    GitProgress {
        /// `connecting`, `receiving`, `resolving`, `sending`, `files` or `history`.
        stage: String,
        /// Objects, files or commits that are done.
        done: u64,
        /// Of how many; 0 while that is not known.
        total: u64,
        /// Bytes that came or went, where that is counted.
        bytes: u64,
    },
    /// Files of the workspace changed, through Assay or outside.
    WorkspaceChanged,
    /// The person dropped files on the window.
    Dropped {
        /// Where they are on this machine.
        paths: Vec<String>,
    },
}
