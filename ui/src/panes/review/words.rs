//! Words of others, with what nobody could see drawn: a reviewer must not approve a character that hides.

use assay_wire::{DiffSide, RenderedPiece};
use leptos::prelude::*;

use crate::panes::git::{Glyphs, glyphs};

/// Words of both sides in one: what only the target has is struck out, what only the proposal has is underlined.
#[component]
pub(super) fn Pieces(pieces: Vec<RenderedPiece>) -> impl IntoView {
    let piece = |RenderedPiece { text, side }: RenderedPiece| match side {
        DiffSide::Both => drawn(&text),
        DiffSide::Old => view! { <del>{drawn(&text)}</del> }.into_any(),
        DiffSide::New => view! { <ins>{drawn(&text)}</ins> }.into_any(),
    };
    pieces.into_iter().map(piece).collect_view()
}

/// A text with every hidden character in a box that says its name.
pub(super) fn drawn(text: &str) -> AnyView {
    let parts = glyphs(text).into_iter().map(|part| match part {
        Glyphs::Text(text) => text.into_any(),
        Glyphs::Hidden { glyph, name } => view! {
            <span class="diff__hidden" role="img" aria-label=name.clone() title=name>{glyph}</span>
        }
        .into_any(),
    });
    parts.collect_view().into_any()
}
