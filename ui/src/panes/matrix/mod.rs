//! The matrix: the cells of one run, and one of them in full.

use leptos::prelude::*;

use crate::components::{Blank, Mark};

/// Rows are cases, columns a variant on a model.
#[component]
pub fn MatrixPane() -> impl IntoView {
    view! { <Blank mark=Mark::Matrix title="No run to show" text="Run the open prompt: every case meets every variant here." /> }
}

/// One cell in full.
#[component]
pub fn CellInspector() -> impl IntoView {
    view! { <Blank mark=Mark::Eye title="No cell chosen" text="Choose a cell to read its whole output, its scores and what was sent." /> }
}
