//! Random moments, by `kill -9`.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::witness::Witness;

/// In a run of the tests; a benchmark asks for more.
const KILLS: usize = 20;

/// What a child says before it is killed, at most.
const PATIENCE: u64 = 60;

#[test]
fn runs_survive_kills_at_random_moments() {
    let wanted = std::env::var("ASSAY_STORE_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let mut random = Random::of_the_clock();
    println!("seed {}", random.0);
    let (began, mut kills, mut runs) = (Instant::now(), 0, 0);
    while kills < wanted {
        kills += kill_one_run(&mut random, wanted - kills);
        runs += 1;
    }
    println!(
        "{kills} kills of {runs} runs in {:?}, nothing lost, nothing paid for twice",
        began.elapsed()
    );
}

/// Kills children of one run until it is done or there were `most`; returns how many it killed.
fn kill_one_run(random: &mut Random, most: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut witness = Witness::of("KILLED");
    let mut kills = 0;
    loop {
        let after = (kills < most).then(|| 1 + random.below(PATIENCE) as usize);
        let ended = witness.listen(witness.start(folder.path(), None), after);
        if ended.success() {
            witness.check_done(folder.path());
            return kills;
        }
        witness.check(folder.path());
        kills += 1;
    }
}

/// Marsaglia's xorshift: which moments, not how good.
struct Random(u64);

impl Random {
    /// The seed is printed, though the moments are the scheduler's as much as ours.
    fn of_the_clock() -> Random {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Random(now.as_nanos() as u64 | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
