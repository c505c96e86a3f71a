//! Metrics of a text against reference texts, each equal to its reference implementation.
//!
//! | metric | range | better | reference | module |
//! |---|---|---|---|---|
//! | BLEU | 0–100 | higher | sacrebleu 2.6.0 | [`bleu`] |
//! | chrF, chrF++ | 0–100 | higher | sacrebleu 2.6.0 | [`chrf`] |
//! | TER | 0–∞ (0–100 as a rule) | lower | sacrebleu 2.6.0 | [`ter`] |
//! | ROUGE-1 to -9, -L, -Lsum | 0–1 | higher | rouge-score 0.1.2 | [`rouge`] |
//! | METEOR | 0–1 | higher | nltk 3.10.4 | [`meteor`] |
//! | WER, MER, WIL, CER | 0–∞, MER and WIL 0–1 | lower | jiwer 4.0.0 | [`words`] |
//! | exact match, token F1 | 0–1 | higher | SQuAD `evaluate-v1.1.py`, `-v2.0.py` | [`squad`] |
//! | edit distances, ratios | 0–∞; 0–1; 0–100 | distances lower, ratios higher | rapidfuzz 3.14.6, CPython 3.11 | [`edit`] |
//!
//! Three things hold for all. Lengths count Unicode code points, never bytes or graphemes. Nothing
//! is normalised (NFC against NFD scores low), and nothing is lowercased unless the metric's
//! settings say so. What cannot be known, such as a score without a reference, is `None`: never 0,
//! never NaN. A score travels with the signature of its metric, and two scores with different
//! signatures are never compared.
//!
//! BLEU, chrF and TER of many outputs are computed from sums over them ([`corpus`]); their means
//! over outputs are other numbers. Whether two systems differ in them is [`significance`]'s to say.

pub mod bleu;
pub mod chrf;
pub mod corpus;
pub mod edit;
pub mod meteor;
mod ngrams;
pub mod porter;
pub mod python;
pub mod rouge;
pub mod significance;
pub mod squad;
pub mod ter;
pub mod words;
