//! Which part of a matrix a machine answers.
//!
//! A cell belongs to one of `n` shards by a hash of what it is, not of where it stands: the prompt, the variant with
//! its content, the model, the case and the sample. So the shards of one matrix are disjoint and together the whole,
//! whichever machine works them out, and a case that is added moves no other to another shard.

use assay_store::Shard;

use crate::digest;
use crate::plan::{Column, PlannedRow};

/// Whether there is such a shard.
pub(crate) fn is_valid(shard: Shard) -> bool {
    (1..=shard.of).contains(&shard.index)
}

/// Whether a cell of `prompt` belongs to a shard.
pub(crate) fn holds(shard: Shard, prompt: &str, column: &Column, row: &PlannedRow) -> bool {
    let place = place(&[
        prompt,
        &column.variant,
        &column.content_id,
        &column.target.id,
        &row.case.id,
        &row.sample.to_string(),
    ]);
    place % u64::from(shard.of.max(1)) == u64::from(shard.index.saturating_sub(1))
}

/// A number that depends on nothing but the parts, in this version and every other.
fn place(parts: &[&str]) -> u64 {
    let parts: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
    digest::of(&parts).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_in_its_shard_from_version_to_version() {
        let place_of = place(&["prompts/a", "base", "sha256:0", "local/m", "c-1", "0"]);
        assert_eq!(place_of, 6_550_228_255_751_256_246);
    }

    #[test]
    fn shards_count_from_one() {
        let valid = |index, of| is_valid(Shard { index, of });
        assert!(valid(1, 1) && valid(3, 3));
        assert!(!valid(0, 3) && !valid(4, 3) && !valid(1, 0));
    }
}
