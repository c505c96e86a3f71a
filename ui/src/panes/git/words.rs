//! Words of two versions in one text: what went struck out, what came underlined, and what nobody could see drawn.

use assay_text::{Change, Piece};
use assay_wire::{DiffSide, RenderedPiece};
use leptos::prelude::*;

use super::model::{Glyphs, glyphs};

/// A text of two versions. The marks are elements of their own, so a screen reader tells them apart too.
#[component]
pub fn Words(pieces: Vec<RenderedPiece>) -> impl IntoView {
    let words = pieces.into_iter().map(|piece| {
        let text = drawn(&piece.text);
        match piece.side {
            DiffSide::Both => text.into_any(),
            DiffSide::Old => view! { <del>{text}</del> }.into_any(),
            DiffSide::New => view! { <ins>{text}</ins> }.into_any(),
        }
    });
    view! { <span class="words">{words.collect_view()}</span> }
}

/// Pieces that were compared here, as the application sends those it compares.
pub fn of_text(pieces: Vec<Piece>) -> Vec<RenderedPiece> {
    let side = |change| match change {
        Change::Equal => DiffSide::Both,
        Change::Removed => DiffSide::Old,
        Change::Added => DiffSide::New,
    };
    let piece = |piece: Piece| RenderedPiece { side: side(piece.change), text: piece.text };
    pieces.into_iter().map(piece).collect()
}

/// A text with every hidden character drawn in a box that says its name.
pub fn drawn(text: &str) -> impl IntoView + use<> {
    let parts = glyphs(text).into_iter().map(|part| match part {
        Glyphs::Text(text) => text.into_any(),
        Glyphs::Hidden { glyph, name } => {
            view! { <span class="diff__hidden" role="img" aria-label=name.clone() title=name>{glyph}</span> }.into_any()
        }
    });
    parts.collect_view()
}
