//! What a code means, in full: its page of the guide, in a sheet over the window.
//!
//! Pages are plain Markdown of ours, so as much of it is read as they use: headings, paragraphs, lists, code.

use assay_prompt::codes;
use leptos::prelude::*;

use super::Problems;
use crate::{
    components::{Dialog, IconButton, Mark},
    state::context,
};

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    /// A heading below the title.
    Heading(String),
    /// A paragraph.
    Text(Vec<Piece>),
    /// An entry of a list.
    Item(Vec<Piece>),
    /// Lines as they stand in a file.
    Code(String),
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    Code(String),
}

/// The parts of a page, without its title.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().filter(|line| !line.starts_with("# ")).peekable();
    while let Some(line) = lines.next() {
        if let Some(fence) = fence(line) {
            let code: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
            blocks.push(Block::Code(code.join("\n")));
        } else if let Some(words) = line.strip_prefix("## ") {
            blocks.push(Block::Heading(words.to_owned()));
        } else if !line.trim().is_empty() {
            let mut text = line.to_owned();
            while let Some(more) = lines.next_if(|line| goes_on(line)) {
                text = format!("{text} {}", more.trim());
            }
            blocks.push(match text.strip_prefix("- ") {
                Some(item) => Block::Item(pieces(item)),
                None => Block::Text(pieces(&text)),
            });
        }
    }
    blocks
}

/// What closes the code that a line opens.
fn fence(line: &str) -> Option<&str> {
    let ticks = line.len() - line.trim_start_matches('`').len();
    (ticks >= 3).then(|| &line[..ticks])
}

/// Whether a line belongs to the paragraph above it.
fn goes_on(line: &str) -> bool {
    !line.trim().is_empty()
        && !line.starts_with("## ")
        && !line.starts_with("- ")
        && fence(line).is_none()
}

/// Words, and between them what stands in backticks. As many as open a piece close it.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('`') {
        let ticks = rest[open..].len() - rest[open..].trim_start_matches('`').len();
        let (before, after) = (&rest[..open], &rest[open + ticks..]);
        let Some(close) = after.find(&rest[open..open + ticks]) else { break };
        push_words(&mut pieces, before);
        let code = &after[..close];
        pieces.push(Piece::Code(if ticks > 1 { code.trim() } else { code }.to_owned()));
        rest = &after[close + ticks..];
    }
    push_words(&mut pieces, rest);
    pieces
}

fn push_words(pieces: &mut Vec<Piece>, words: &str) {
    if !words.is_empty() {
        pieces.push(Piece::Words(words.to_owned()));
    }
}

/// The page of the code that is asked about.
#[component]
pub fn CodePage() -> impl IntoView {
    let problems = context::<Problems>();
    let open = RwSignal::new(false);
    // Each of the two follows the other, and only where they differ: to be told of no change would never end.
    Effect::new(move || {
        let wanted = problems.explained.with(Option::is_some);
        if open.get_untracked() != wanted {
            open.set(wanted);
        }
    });
    // Escape, or a click beside it, closed the sheet.
    Effect::new(move || {
        if !open.get() && problems.explained.with_untracked(Option::is_some) {
            problems.explained.set(None);
        }
    });
    view! { <Dialog open label="What the problem means" top=true><Page open /></Dialog> }
}

#[component]
fn Page(open: RwSignal<bool>) -> impl IntoView {
    let code = context::<Problems>().explained.get_untracked().unwrap_or_default();
    let page = codes::page(&code).unwrap_or_default();
    view! {
        <div class="dialog__head problems__page-head" data-testid="problem-page">
            <h2 class="grow"><span class="mono">{code.clone()}</span>" "{codes::meaning(&code)}</h2>
            <IconButton small=true mark=Mark::Close label="Close" on_press=move |_| open.set(false) />
        </div>
        <div class="dialog__body problems__page" tabindex="0" role="region" aria-label=format!("The page of {code}")>
            {blocks(page).into_iter().map(block_view).collect_view()}
        </div>
    }
}

fn block_view(block: Block) -> AnyView {
    match block {
        Block::Heading(words) => view! { <h3>{words}</h3> }.into_any(),
        Block::Text(pieces) => view! { <p>{piece_views(pieces)}</p> }.into_any(),
        Block::Item(pieces) => {
            view! { <p class="problems__page-item">{piece_views(pieces)}</p> }.into_any()
        }
        Block::Code(text) => view! { <pre class="mono">{text}</pre> }.into_any(),
    }
}

fn piece_views(pieces: Vec<Piece>) -> impl IntoView {
    let piece = |piece| match piece {
        Piece::Words(words) => words.into_any(),
        Piece::Code(code) => view! { <code>{code}</code> }.into_any(),
    };
    pieces.into_iter().map(piece).collect_view()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Piece {
        Piece::Words(text.to_owned())
    }

    fn code(text: &str) -> Piece {
        Piece::Code(text.to_owned())
    }

    #[test]
    fn a_page_falls_into_what_is_drawn() {
        let page = "# P1: Title\n\nTwo\nlines with `a b`.\n\n## Like this\n\n- one\n- two\n  more\n\n```text\n---\n\nuser:\n```\n";
        let expected = [
            Block::Text(vec![words("Two lines with "), code("a b"), words(".")]),
            Block::Heading("Like this".to_owned()),
            Block::Item(vec![words("one")]),
            Block::Item(vec![words("two more")]),
            Block::Code("---\n\nuser:".to_owned()),
        ];
        assert_eq!(blocks(page), expected);
    }

    #[test]
    fn a_backtick_that_nothing_closes_is_a_backtick() {
        assert_eq!(pieces("it's ` only"), [words("it's ` only")]);
        assert_eq!(pieces("`` ` `` closes"), [code("`"), words(" closes")]);
    }

    #[test]
    fn the_page_of_every_code_says_something_and_leaves_no_mark_over() {
        for (code, _) in codes::TABLE {
            let page = codes::page(code).unwrap_or_default();
            let blocks = blocks(page);
            assert!(matches!(blocks.first(), Some(Block::Text(_))), "{code}: {blocks:?}");
            assert!(blocks.iter().any(|block| matches!(block, Block::Code(_))), "{code}");
            let left = blocks.iter().find(|block| match block {
                Block::Text(pieces) | Block::Item(pieces) => pieces.iter().any(
                    |piece| matches!(piece, Piece::Words(words) if words.contains(['`', '[']) || words.contains("**")),
                ),
                _ => false,
            });
            assert_eq!(left, None, "{code} uses Markdown that is not drawn");
        }
    }
}
