//! The numbers that NumPy's `default_rng` draws, so that a p-value of sacrebleu can be had to the
//! digit from the same seed.
//!
//! NumPy's generator is PCG64 (O'Neill, 2014: a 128-bit linear congruential generator with XSL-RR
//! output), seeded through `SeedSequence`; bounded integers come from 32-bit halves by Lemire's
//! method (2019). Checked against NumPy 2.4.6.

/// NumPy's default generator.
#[derive(Debug, Clone)]
pub struct NumpyGenerator {
    state: u128,
    increment: u128,
    /// The upper half of the last output, not yet handed out.
    half: Option<u32>,
}

const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

impl NumpyGenerator {
    /// `numpy.random.default_rng(seed)`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let [a, b, c, d] = seed_sequence(seed);
        let increment = (join(c, d) << 1) | 1;
        let mut generator = NumpyGenerator { state: 0, increment, half: None };
        generator.step();
        generator.state = generator.state.wrapping_add(join(a, b));
        generator.step();
        generator
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    fn next_u64(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    fn next_u32(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        let next = self.next_u64();
        self.half = Some((next >> 32) as u32);
        next as u32
    }

    /// A number below `bound`, each as likely; 0 where the bound is 0 or 1, which draws nothing.
    /// One element of `rng.integers(bound)` and of `rng.choice(bound)`.
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound <= 1 {
            return 0;
        }
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Flips coins: `rng.integers(2, dtype=bool)`, which takes one bit after the other out of 32.
    pub fn coins(&mut self) -> impl Iterator<Item = bool> {
        let (mut bits, mut left) = (0, 0);
        std::iter::repeat_with(move || {
            if left == 0 {
                (bits, left) = (self.next_u32(), u32::BITS);
            }
            let coin = bits & 1 == 1;
            bits >>= 1;
            left -= 1;
            coin
        })
    }
}

fn join(high: u64, low: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}

/// `SeedSequence(seed).generate_state(4, uint64)`.
fn seed_sequence(seed: u64) -> [u64; 4] {
    let pool = mixed_pool([seed as u32, (seed >> 32) as u32, 0, 0]);
    let mut hash = Hash { constant: 0x8b51_f9dd, multiplier: 0x58f3_8ded };
    let mut words = pool.iter().cycle().map(|word| u64::from(hash.of(*word)));
    std::array::from_fn(|_| {
        let mut word = || words.next().unwrap_or_default();
        word() | (word() << 32)
    })
}

fn mixed_pool(entropy: [u32; 4]) -> [u32; 4] {
    let mut hash = Hash { constant: 0x43b0_d7e5, multiplier: 0x931e_8875 };
    let mut pool = entropy.map(|word| hash.of(word));
    for from in 0..pool.len() {
        for to in (0..pool.len()).filter(|to| *to != from) {
            pool[to] = mix(pool[to], hash.of(pool[from]));
        }
    }
    pool
}

struct Hash {
    constant: u32,
    multiplier: u32,
}

impl Hash {
    fn of(&mut self, word: u32) -> u32 {
        let word = word ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.multiplier);
        let word = word.wrapping_mul(self.constant);
        word ^ (word >> 16)
    }
}

fn mix(a: u32, b: u32) -> u32 {
    let mixed = a.wrapping_mul(0xca01_f9dd).wrapping_sub(b.wrapping_mul(0x4973_f715));
    mixed ^ (mixed >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(seed: u64, bound: u32) -> Vec<u32> {
        let mut generator = NumpyGenerator::seeded(seed);
        (0..8).map(|_| generator.below(bound)).collect()
    }

    #[test]
    fn integers_are_those_of_numpy() {
        assert_eq!(below(12345, 25), [17, 5, 19, 7, 5, 19, 16, 16]);
        assert_eq!(below((1 << 40) + 7, 1000), [206, 829, 609, 255, 17, 153, 504, 674]);
        assert_eq!(below(1, 1), [0; 8]);
        assert_eq!(below(1, 0), [0; 8]);
    }

    #[test]
    fn coins_are_those_of_numpy() {
        let mut generator = NumpyGenerator::seeded(12345);
        let coins: String =
            generator.coins().take(20).map(|coin| if coin { '1' } else { '0' }).collect();
        assert_eq!(coins, "10111001100000111111");
    }
}
