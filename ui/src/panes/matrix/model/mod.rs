//! What the matrix shows where, and in which words.
//!
//! Pure: numbers and records in, numbers and words out.

mod face;
mod facts;
#[cfg(test)]
mod sample;
mod search;
mod sheet;
mod standing;

pub use face::{ScoreChip, cell_look, cell_state_id, no_output, score_chip, verdict, verdict_look};
pub use facts::{continued, facts, failure_hint, latencies, latency_words, pretty, provenance};
pub use search::{CAUSES, Cause, SEARCH_PAGE, Wanted, gather, search_pages};
pub use sheet::{ROW_HEIGHT, Sheet, narrowed, ordinal, ordinals, parts, sheets, spot, touches};
pub use standing::{
    Offers, budget_words, gate_words, is_budget_spent, lane_hint, next_budget, offers, why_stopped,
};
