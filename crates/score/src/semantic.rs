//! Likeness of meaning, from what an embedding model makes of texts: cosine and BERTScore.
//!
//! Models stand elsewhere; their numbers come in. The names of the scores say which model it was,
//! because values of different models have nothing to do with each other: with the embedded model
//! they are *cosine (MiniLM-L6)* and *BERTScore (MiniLM-L6, layer 6)*, not the figures of the
//! literature, whose English BERTScore comes from layer 17 of roberta-large.
//!
//! **Cosine** of the angle between two embeddings, −1 to 1, more is alike. It misleads on what
//! matters most: an answer with a wrong number or a negation keeps about 0.8, so it is never a gate
//! on its own. The embedded model reads 256 word pieces, and what stands behind them has no say.
//!
//! **BERTScore** matches each piece of one text with the most similar piece of the other. Precision
//! is the mean over the output's pieces, recall over the reference's, F1 their harmonic mean. Range
//! 0 to 1, in practice a narrow high band, so look at differences within one set of outputs. Source:
//! Zhang and others, *BERTScore: evaluating text generation with BERT*, 2020; equal to bert-score
//! 0.3.13 without rescaling. Of several references each of the three has its own best.

use std::collections::{HashMap, HashSet};

/// The cosine of the angle between two embeddings of one length, -1 to 1. `None` when one is empty,
/// all zeros, or of another length.
///
/// ```
/// use assay_score::semantic::cosine;
///
/// assert_eq!(cosine(&[1.0, 0.0], &[2.0, 0.0]), Some(1.0));
/// assert_eq!(cosine(&[1.0, 0.0], &[0.0, 0.0]), None);
/// ```
pub fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    let lengths = (product(a, a) * product(b, b)).sqrt();
    let cosine = product(a, b) / lengths;
    // The rounding of the sums may lead a hair beyond 1.
    (a.len() == b.len() && cosine.is_finite()).then(|| cosine.clamp(-1.0, 1.0))
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

/// A text as word pieces, with a state of the model for each. The first and the last piece frame the
/// text and stand for no word.
#[derive(Debug, Clone, PartialEq)]
pub struct Pieces {
    ids: Vec<u32>,
    /// One row for each piece, of length 1.
    states: Vec<Vec<f32>>,
}

impl Pieces {
    /// The pieces of a text and their states, one behind the other. `None` when the states are not
    /// equally many numbers for each piece.
    pub fn new(ids: Vec<u32>, states: &[f32]) -> Option<Pieces> {
        let width = states.len().checked_div(ids.len()).filter(|width| *width > 0)?;
        if width * ids.len() != states.len() {
            return None;
        }
        let states = states.chunks_exact(width).map(of_length_1).collect();
        Some(Pieces { ids, states })
    }

    /// The word pieces.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Whether nothing stands between the pieces that frame the text.
    fn is_empty(&self) -> bool {
        self.ids.len() <= 2
    }

    /// The weight of each piece: equal for all but the frame, or how rare it is among the references.
    fn weights(&self, rarity: Option<&Rarity>) -> Vec<f64> {
        let last = self.ids.len().saturating_sub(1);
        let plain = |at: usize| if at == 0 || at == last { 0.0 } else { 1.0 };
        let weight = |(at, id): (usize, &u32)| rarity.map_or(plain(at), |rarity| rarity.of(*id));
        self.ids.iter().enumerate().map(weight).collect()
    }
}

fn of_length_1(state: &[f32]) -> Vec<f32> {
    let length = product(state, state).sqrt();
    state.iter().map(|x| (f64::from(*x) / length) as f32).collect()
}

/// How rare word pieces are among references: the inverse document frequency of BERTScore.
///
/// It depends on **all** references of a comparison, so scores of different sets of cases are not
/// comparable.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rarity {
    references: usize,
    having: HashMap<u32, usize>,
}

impl Rarity {
    /// From the word pieces of each reference, those that frame it included.
    pub fn among<'a>(references: impl IntoIterator<Item = &'a [u32]>) -> Rarity {
        let mut rarity = Rarity::default();
        for pieces in references {
            rarity.references += 1;
            for piece in pieces.iter().copied().collect::<HashSet<_>>() {
                *rarity.having.entry(piece).or_default() += 1;
            }
        }
        rarity
    }

    fn of(&self, piece: u32) -> f64 {
        let having = self.having.get(&piece).copied().unwrap_or(0);
        ((self.references + 1) as f64 / (having + 1) as f64).ln()
    }
}

/// BERTScore's three numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BertScore {
    /// How well the output's pieces are found in the reference.
    pub precision: f64,
    /// How well the reference's pieces are found in the output.
    pub recall: f64,
    /// Their harmonic mean: the score.
    pub f1: f64,
}

impl BertScore {
    const ZERO: BertScore = BertScore { precision: 0.0, recall: 0.0, f1: 0.0 };

    fn of(precision: f64, recall: f64) -> BertScore {
        let f1 = 2.0 * precision * recall / (precision + recall);
        // Two zeros have no harmonic mean; the reference says 0.
        BertScore { precision, recall, f1: if f1.is_finite() { f1 } else { 0.0 } }
    }

    fn best(self, other: BertScore) -> BertScore {
        BertScore {
            precision: self.precision.max(other.precision),
            recall: self.recall.max(other.recall),
            f1: self.f1.max(other.f1),
        }
    }
}

/// BERTScore of an output against its references, the pieces weighted by their rarity if it is given.
///
/// An empty text on either side gives 0, as in the reference. `None` without a reference, when states
/// are not of one width, or when all pieces of a text weigh nothing, because every reference has them.
pub fn bert_score(
    output: &Pieces,
    references: &[Pieces],
    rarity: Option<&Rarity>,
) -> Option<BertScore> {
    let scores = references.iter().map(|reference| against(output, reference, rarity));
    let scores: Option<Vec<BertScore>> = scores.collect();
    scores?.into_iter().reduce(BertScore::best)
}

fn against(output: &Pieces, reference: &Pieces, rarity: Option<&Rarity>) -> Option<BertScore> {
    if output.is_empty() || reference.is_empty() {
        return Some(BertScore::ZERO);
    }
    if output.states[0].len() != reference.states[0].len() {
        return None;
    }
    // A piece that is unlike all of the other text counts 0 and not less: the reference fills texts
    // up to one length before it takes the best, and its filling is at 0.
    let mut ours = vec![0.0_f64; output.ids.len()];
    let mut theirs = vec![0.0_f64; reference.ids.len()];
    for (state, best) in output.states.iter().zip(&mut ours) {
        for (other, other_best) in reference.states.iter().zip(&mut theirs) {
            let alike = product(state, other);
            *best = best.max(alike);
            *other_best = other_best.max(alike);
        }
    }
    let precision = weighted_mean(&ours, &output.weights(rarity))?;
    Some(BertScore::of(precision, weighted_mean(&theirs, &reference.weights(rarity))?))
}

fn weighted_mean(values: &[f64], weights: &[f64]) -> Option<f64> {
    let sum: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
    let mean = sum / weights.iter().sum::<f64>();
    mean.is_finite().then_some(mean)
}

/// What goes with every cosine of a model: two scores with different signatures are not compared.
pub fn cosine_signature(model: &str) -> String {
    format!("cosine|model:{model}|pool:mean|v:1")
}

/// What goes with every BERTScore of a model's layer.
pub fn bert_score_signature(model: &str, layer: usize, rarity: Option<&Rarity>) -> String {
    let idf = rarity.map_or("no".to_owned(), |rarity| format!("refs-{}", rarity.references));
    format!("bertscore|model:{model}|layer:{layer}|idf:{idf}|rescale:no|v:1")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// A frame around one piece for each state.
    fn pieces(ids: &[u32], states: &[[f32; 2]]) -> Pieces {
        let ids = [&[101], ids, &[102]].concat();
        let states = [&[[1.0, 0.0]], states, &[[1.0, 0.0]]].concat().concat();
        Pieces::new(ids, &states).unwrap()
    }

    #[test]
    fn precision_and_recall_are_means_over_their_own_pieces() {
        let output = pieces(&[1], &[[0.0, 3.0]]);
        let reference = pieces(&[1, 2], &[[0.0, 1.0], [-1.0, 0.0]]);
        let score = bert_score(&output, &[reference], None).unwrap();
        // The second piece of the reference is at right angles to the output's only word.
        assert_eq!((score.precision, score.recall), (1.0, 0.5));
        assert_eq!(score.f1, 2.0 / 3.0);
    }

    #[test]
    fn a_piece_that_is_unlike_everything_counts_0() {
        let apart = Pieces::new(vec![101, 1, 102], &[-1.0, 0.0].repeat(3)).unwrap();
        let score = bert_score(&apart, &[pieces(&[2], &[[1.0, 0.0]])], None).unwrap();
        assert_eq!(score, BertScore::ZERO);
    }

    #[test]
    fn a_piece_that_every_reference_has_weighs_nothing() {
        let rarity = Rarity::among([&[101, 1, 102][..], &[101, 1, 2, 102]]);
        assert_eq!((rarity.of(1), rarity.of(101)), (0.0, 0.0));
        assert!(rarity.of(2) < rarity.of(77));
        let only_common = pieces(&[1], &[[0.0, 1.0]]);
        assert_eq!(
            bert_score(&only_common, std::slice::from_ref(&only_common), Some(&rarity)),
            None
        );
    }

    #[test]
    fn an_empty_text_is_0_and_no_reference_is_no_score() {
        let text = pieces(&[1], &[[0.0, 1.0]]);
        assert_eq!(
            bert_score(&pieces(&[], &[]), std::slice::from_ref(&text), None),
            Some(BertScore::ZERO)
        );
        assert_eq!(bert_score(&text, &[], None), None);
    }

    #[test]
    fn states_must_fit_their_pieces() {
        assert_eq!(Pieces::new(vec![1, 2], &[0.5; 3]), None);
        assert_eq!(Pieces::new(vec![], &[]), None);
        assert_eq!(cosine(&[1.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn signatures_name_model_layer_and_idf() {
        let rarity = Rarity::among([&[1][..]]);
        assert_ne!(bert_score_signature("m", 6, Some(&rarity)), bert_score_signature("m", 6, None));
        assert_eq!(cosine_signature("m"), "cosine|model:m|pool:mean|v:1");
    }

    proptest! {
        #[test]
        fn likeness_is_bounded_and_symmetric(
            a in proptest::collection::vec(-9.0_f32..9.0, 4),
            b in proptest::collection::vec(-9.0_f32..9.0, 4),
        ) {
            if let Some(alike) = cosine(&a, &b) {
                prop_assert!((-1.0..=1.0).contains(&alike));
                prop_assert_eq!(Some(alike), cosine(&b, &a));
            }
            let [a, b] = [a, b].map(|x| pieces(&[1, 2], &[[x[0], x[1]], [x[2], x[3]]]));
            if let (Some(there), Some(back)) =
                (bert_score(&a, std::slice::from_ref(&b), None), bert_score(&b, std::slice::from_ref(&a), None))
            {
                prop_assert!((there.precision - back.recall).abs() < 1e-9);
                prop_assert!(there.precision <= 1.0 + 1e-6 && there.recall <= 1.0 + 1e-6);
            }
        }
    }
}
