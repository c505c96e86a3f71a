//! The choice of the next token.

/// Chooses tokens; the same seed and logits give the same choices.
pub(crate) struct Sampler {
    temperature: f64,
    top_p: f64,
    random: SplitMix64,
}

impl Sampler {
    pub(crate) fn new(temperature: f64, top_p: Option<f64>, seed: u64) -> Self {
        Self { temperature, top_p: top_p.unwrap_or(1.0), random: SplitMix64(seed) }
    }

    /// The likeliest token at temperature 0, else a draw from the nucleus.
    pub(crate) fn choose(&mut self, logits: &[f32]) -> u32 {
        let best = likeliest(logits);
        if self.temperature > 0.0 {
            let mut weights = self.weights(logits, logits[best]);
            keep_nucleus(&mut weights, self.top_p);
            draw(&weights, self.random.unit()) as u32
        } else {
            best as u32
        }
    }

    /// Unnormalised probabilities with their tokens.
    fn weights(&self, logits: &[f32], max: f32) -> Vec<(usize, f64)> {
        let weight = |logit: &f32| (f64::from(logit - max) / self.temperature).exp();
        logits.iter().map(weight).enumerate().collect()
    }
}

/// The first of the greatest.
fn likeliest(logits: &[f32]) -> usize {
    let mut best = 0;
    for (index, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = index;
        }
    }
    best
}

/// Cuts to the smallest set of likeliest tokens whose share reaches `top_p`.
fn keep_nucleus(weights: &mut Vec<(usize, f64)>, top_p: f64) {
    if top_p >= 1.0 {
        return;
    }
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    // Tokens below an even share of the rest cannot be in the set; without them
    // there is little to sort.
    let least = (1.0 - top_p) * total / weights.len() as f64;
    weights.retain(|(_, weight)| *weight >= least);
    weights.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut share = 0.0;
    let reached = weights.iter().position(|(_, weight)| {
        share += weight;
        share >= top_p * total
    });
    weights.truncate(reached.map_or(weights.len(), |last| last + 1));
}

/// The token at `point` (0 to 1) of the summed weights.
fn draw(weights: &[(usize, f64)], point: f64) -> usize {
    let mut left = point * weights.iter().map(|(_, weight)| weight).sum::<f64>();
    for (token, weight) in weights {
        left -= weight;
        if left < 0.0 {
            return *token;
        }
    }
    weights.last().map_or(0, |(token, _)| *token)
}

/// Steele, Lea and Flood's SplitMix64: fixed for ever, unlike a library's default generator.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1, 1 excluded.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperature_zero_takes_the_likeliest_token() {
        assert_eq!(Sampler::new(0.0, None, 7).choose(&[0.1, 2.0, -1.0, 2.0]), 1);
    }

    #[test]
    fn the_same_seed_draws_the_same_tokens_and_another_seed_others() {
        let logits = [1.0; 100];
        let drawn = |seed| {
            let mut sampler = Sampler::new(1.0, None, seed);
            (0..20).map(|_| sampler.choose(&logits)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn the_nucleus_is_the_smallest_set_that_reaches_top_p() {
        let mut weights = vec![(0, 0.1), (1, 0.5), (2, 0.3), (3, 0.1)];
        keep_nucleus(&mut weights, 0.75);
        assert_eq!(weights, [(1, 0.5), (2, 0.3)]);
    }

    #[test]
    fn the_generator_gives_its_published_sequence() {
        let mut random = SplitMix64(1_234_567);
        assert_eq!(
            [random.next(), random.next()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]
        );
    }
}
