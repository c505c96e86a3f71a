//! Cells of a run that ask the same: while one of them is asked, the others are set aside, and then answered from the
//! cache with its reply.
//!
//! Two variants may be equal, two cases may be, and two ids may name one model. The cache answers for what is done; this
//! is for what is under way. A cell that is set aside holds nothing that the asking one could need: no place in its lane,
//! no money, no turn.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::lanes::Aside;

/// The key of a reply in the cache.
type Key = [u8; 32];

/// What is being asked, by the key of its reply.
#[derive(Debug, Default)]
pub(crate) struct Twins {
    asked: Mutex<HashMap<Key, Asked>>,
}

#[derive(Debug)]
enum Asked {
    /// By one cell, for which these wait.
    Once(Vec<Aside>),
    /// In vain: from now on by each cell for itself.
    InVain,
}

/// The right to ask. When it is dropped, whoever waits goes back to its lane, to find the reply or to ask itself.
#[derive(Debug)]
pub(crate) struct Claim {
    twins: Arc<Twins>,
    key: Key,
    in_vain: bool,
}

/// Whose turn it is.
#[derive(Debug)]
pub(crate) enum Turn {
    /// This cell's, with the claim to hold until its end is on the disk.
    Own(Claim),
    /// Everybody's.
    Free,
    /// Another cell's: this one waits.
    Other,
}

impl Twins {
    /// Says whether a cell may ask; one that may not is set aside.
    pub fn claim(self: &Arc<Self>, key: &Key, set_aside: impl FnOnce() -> Aside) -> Turn {
        match self.asked().entry(*key) {
            Entry::Vacant(free) => {
                free.insert(Asked::Once(Vec::new()));
                Turn::Own(Claim { twins: Arc::clone(self), key: *key, in_vain: false })
            }
            Entry::Occupied(mut other) => match other.get_mut() {
                Asked::Once(waiting) => {
                    waiting.push(set_aside());
                    Turn::Other
                }
                Asked::InVain => Turn::Free,
            },
        }
    }

    /// What waited goes back when this is dropped, which must be without the lock.
    fn release(&self, key: &Key, in_vain: bool) -> Option<Asked> {
        match in_vain {
            true => self.asked().insert(*key, Asked::InVain),
            false => self.asked().remove(key),
        }
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<Key, Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// The cell failed for good. Its twins need not wait for one another, each in turn for the same failure.
    pub fn in_vain(mut self) {
        self.in_vain = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        drop(self.twins.release(&self.key, self.in_vain));
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::lanes::{Bounds, Lane, Pace, ProviderLimits};

    const KEY: Key = [1; 32];

    fn lane() -> Arc<Lane> {
        let limits = ProviderLimits::default();
        let pace = Pace::new(Some(4), &limits, Bounds::default().quota("a/b", &limits));
        let cells = (0..4).map(|cell| (0, cell));
        Arc::new(Lane::new("a/b", pace, None, cells, &CancellationToken::new()))
    }

    /// The next cell of the lane claims the key.
    fn next(twins: &Arc<Twins>, lane: &Arc<Lane>, key: Key) -> (u32, Turn) {
        let (column, cell) = lane.take().expect("a cell");
        (cell, twins.claim(&key, || lane.set_aside(column, cell)))
    }

    #[test]
    fn one_asks_and_the_others_are_back_in_their_lane_once_it_is_done() {
        let (twins, lane) = (Arc::new(Twins::default()), lane());
        let (_, Turn::Own(claim)) = next(&twins, &lane, KEY) else { panic!("nobody asks yet") };
        assert!(matches!(next(&twins, &lane, KEY), (1, Turn::Other)));
        assert!(matches!(next(&twins, &lane, KEY), (2, Turn::Other)));
        assert!(matches!(next(&twins, &lane, [2; 32]), (3, Turn::Own(_))), "another question");
        assert!(lane.take().is_none() && !lane.is_exhausted());
        drop(claim);
        assert!(matches!(next(&twins, &lane, KEY), (1 | 2, Turn::Own(_))), "it may ask itself");
    }

    #[test]
    fn a_question_that_failed_is_asked_by_all_its_cells_without_waiting() {
        let (twins, lane) = (Arc::new(Twins::default()), lane());
        let (_, Turn::Own(claim)) = next(&twins, &lane, KEY) else { panic!("nobody asks yet") };
        assert!(matches!(next(&twins, &lane, KEY), (1, Turn::Other)));
        claim.in_vain();
        for cell in [1, 2, 3] {
            assert!(matches!(next(&twins, &lane, KEY), (at, Turn::Free) if at == cell));
        }
    }
}
