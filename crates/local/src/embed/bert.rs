//! The encoder: word pieces in, one state for each out, every piece seeing every other.
//!
//! BERT as in *BERT: Pre-training of Deep Bidirectional Transformers* (Devlin and others, 2019),
//! in the six layers of MiniLM. Its shape is fixed here, because the file names its tensors but
//! not its architecture; whatever has another shape is refused.
//!
//! The sums are those of `kernel`, so a text has the same bits whatever it is computed beside.

use super::safetensors::Weights;
use crate::LocalError;
use crate::kernel::{F32, Linear, add_scaled};
use crate::llama::{add, soften};

/// Numbers of a state, and of an embedding.
pub(super) const WIDTH: usize = 384;
const LAYERS: usize = 6;
const HIDDEN: usize = 1536;
const HEAD_SIZE: usize = 32;
/// Pieces that a text may have at most, because the file knows no more positions.
pub(super) const POSITIONS: usize = 512;
/// `layer_norm_eps` of the model.
const EPSILON: f32 = 1e-12;

/// The weights, ready to run. Nothing in it changes between calls.
pub(super) struct Bert {
    words: Vec<f32>,
    /// Position and the kind of the only segment, already added up.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    query: Dense,
    key: Dense,
    value: Dense,
    attended: Dense,
    attended_norm: Norm,
    hidden: Dense,
    output: Dense,
    output_norm: Norm,
}

/// Products and what is added to them.
struct Dense {
    weights: Linear<F32>,
    bias: Vec<f32>,
}

/// A row brought to mean 0 and variance 1, then scaled and shifted.
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Bert {
    pub(super) fn read(weights: &Weights<'_>, vocabulary: usize) -> Result<Self, LocalError> {
        let words = weights.numbers("embeddings.word_embeddings.weight", &[vocabulary, WIDTH])?;
        let mut positions =
            weights.numbers("embeddings.position_embeddings.weight", &[POSITIONS, WIDTH])?;
        let kinds = weights.numbers("embeddings.token_type_embeddings.weight", &[2, WIDTH])?;
        for position in positions.chunks_exact_mut(WIDTH) {
            add(position, &kinds[..WIDTH]);
        }
        let layers = (0..LAYERS).map(|index| Layer::read(weights, index));
        Ok(Self {
            words,
            positions,
            norm: Norm::read(weights, "embeddings")?,
            layers: layers.collect::<Result<_, _>>()?,
        })
    }

    /// The states of at most [`POSITIONS`] pieces, one behind the other.
    pub(super) fn states(&self, pieces: &[u32]) -> Vec<f32> {
        let word = |piece: &u32| &self.words[*piece as usize * WIDTH..][..WIDTH];
        let mut states = pieces.iter().flat_map(word).copied().collect::<Vec<_>>();
        add(&mut states, &self.positions);
        self.norm.apply(&mut states);
        for layer in &self.layers {
            layer.apply(&mut states);
        }
        states
    }
}

impl Layer {
    fn read(weights: &Weights<'_>, index: usize) -> Result<Self, LocalError> {
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let dense =
            |part: &str, inputs, outputs| Dense::read(weights, &name(part), inputs, outputs);
        Ok(Self {
            query: dense("attention.self.query", WIDTH, WIDTH)?,
            key: dense("attention.self.key", WIDTH, WIDTH)?,
            value: dense("attention.self.value", WIDTH, WIDTH)?,
            attended: dense("attention.output.dense", WIDTH, WIDTH)?,
            attended_norm: Norm::read(weights, &name("attention.output"))?,
            hidden: dense("intermediate.dense", WIDTH, HIDDEN)?,
            output: dense("output.dense", HIDDEN, WIDTH)?,
            output_norm: Norm::read(weights, &name("output"))?,
        })
    }

    fn apply(&self, states: &mut [f32]) {
        let [queries, keys, values] =
            [&self.query, &self.key, &self.value].map(|dense| dense.apply(states));
        add(states, &self.attended.apply(&attend(&queries, &keys, &values)));
        self.attended_norm.apply(states);
        let mut hidden = self.hidden.apply(states);
        hidden.iter_mut().for_each(|x| *x = gelu(*x));
        add(states, &self.output.apply(&hidden));
        self.output_norm.apply(states);
    }
}

impl Dense {
    fn read(
        weights: &Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, LocalError> {
        Ok(Self {
            weights: weights.linear(&format!("{name}.weight"), inputs, outputs)?,
            bias: weights.numbers(&format!("{name}.bias"), &[outputs])?,
        })
    }

    fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let mut out = self.weights.apply(rows);
        for row in out.chunks_exact_mut(self.bias.len()) {
            add(row, &self.bias);
        }
        out
    }
}

impl Norm {
    fn read(weights: &Weights<'_>, part: &str) -> Result<Self, LocalError> {
        Ok(Self {
            weight: weights.numbers(&format!("{part}.LayerNorm.weight"), &[WIDTH])?,
            bias: weights.numbers(&format!("{part}.LayerNorm.bias"), &[WIDTH])?,
        })
    }

    fn apply(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(WIDTH) {
            let mean = row.iter().sum::<f32>() / WIDTH as f32;
            row.iter_mut().for_each(|x| *x -= mean);
            let variance = product(row, row) / WIDTH as f32;
            let factor = 1.0 / (variance + EPSILON).sqrt();
            for ((x, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                *x = (*x * factor).mul_add(*weight, *bias);
            }
        }
    }
}

/// The scalar product of two rows, whose lengths are multiples of 16.
pub(super) fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    for (a, b) in a.as_chunks().0.iter().zip(b.as_chunks().0) {
        add_scaled(&mut sums, a, b);
    }
    sums.iter().sum()
}

/// Every row's values of all rows, weighted by how well its query fits their keys, head by head.
fn attend(queries: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
    let mut attended = vec![0.0; queries.len()];
    for head in (0..WIDTH).step_by(HEAD_SIZE) {
        let part = |rows: &[f32], row: usize| -> [f32; HEAD_SIZE] {
            std::array::from_fn(|at| rows[row * WIDTH + head + at])
        };
        let rows = queries.len() / WIDTH;
        let keys = turned((0..rows).map(|row| part(keys, row)), rows);
        let values: Vec<_> = (0..rows).map(|row| part(values, row)).collect();
        let mut weights = vec![0.0; rows];
        for row in 0..rows {
            score(&part(queries, row), &keys, &mut weights);
            soften(&mut weights);
            attended[row * WIDTH + head..][..HEAD_SIZE].copy_from_slice(&blend(&weights, &values));
        }
    }
    attended
}

/// The keys of one head with all first numbers first, so that one number of a query meets those
/// of many keys at once.
fn turned(keys: impl Iterator<Item = [f32; HEAD_SIZE]>, rows: usize) -> Vec<f32> {
    let mut turned = vec![0.0; HEAD_SIZE * rows];
    for (row, key) in keys.enumerate() {
        for (at, number) in key.iter().enumerate() {
            turned[at * rows + row] = *number;
        }
    }
    turned
}

/// Scaled products of a query with every key.
fn score(query: &[f32; HEAD_SIZE], keys: &[f32], weights: &mut [f32]) {
    let scale = 1.0 / (HEAD_SIZE as f32).sqrt();
    weights.fill(0.0);
    for (number, keys) in query.iter().zip(keys.chunks_exact(weights.len())) {
        for (weight, key) in weights.iter_mut().zip(keys) {
            *weight = key.mul_add(*number * scale, *weight);
        }
    }
}

/// The values, weighted.
fn blend(weights: &[f32], values: &[[f32; HEAD_SIZE]]) -> [f32; HEAD_SIZE] {
    let mut sum = [0.0; HEAD_SIZE];
    for (weight, value) in weights.iter().zip(values) {
        add_scaled(&mut sum, value, &[*weight; HEAD_SIZE]);
    }
    sum
}

/// The Gaussian error linear unit, exact: `x` times the share of a normal distribution below it.
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// The error function within 3e-7: the quotient of polynomials of Eigen's `generic_fast_erf`,
/// which unlike a library's becomes vector code and rounds the same everywhere.
fn erf(x: f32) -> f32 {
    // Beyond 4 it is 1 to the last bit.
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let polynomial = |coefficients: &[f32]| {
        coefficients.iter().fold(0.0_f32, |sum, next| sum.mul_add(square, *next))
    };
    let above = polynomial(&[
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_5e-5,
        -7.349_906e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ]);
    let below = polynomial(&[
        -1.456_607_2e-5,
        -2.133_740_6e-4,
        -1.682_827e-3,
        -7.373_329e-3,
        -1.426_473_9e-2,
    ]);
    x * above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_is_that_of_the_textbook() {
        for step in -600..=600 {
            let x = step as f32 / 100.0;
            let exact = candle_core::cpu::erf::erf_f64(f64::from(x));
            assert!((f64::from(erf(x)) - exact).abs() < 3e-7, "erf({x}) is {exact}");
        }
    }

    #[test]
    fn a_normalised_row_has_mean_zero_and_variance_one() {
        let norm = Norm { weight: vec![1.0; WIDTH], bias: vec![0.0; WIDTH] };
        let mut row: Vec<f32> = (0..WIDTH).map(|n| (n * n % 97) as f32).collect();
        norm.apply(&mut row);
        let mean = row.iter().sum::<f32>() / WIDTH as f32;
        assert!(mean.abs() < 1e-5 && (product(&row, &row) / WIDTH as f32 - 1.0).abs() < 1e-4);
    }
}
