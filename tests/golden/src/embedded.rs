//! Cosine and BERTScore, with the embedded model.

use assay_local::{Embedder, PieceStates};
use assay_score::semantic::{BertScore, Pieces, Rarity, bert_score, cosine};
use serde_json::Value;

use crate::file::{Golden, text, texts};
use crate::tally::Tally;

/// Sums of 32-bit numbers depend on their order, which is not the reference's.
const TOLERANCE_COSINE: f64 = 1e-4;
const TOLERANCE_BERT_SCORE: f64 = 2e-4;

/// The embedded model; where it is not installed, that is a difference.
fn embedder(tally: &mut Tally) -> Option<Embedder> {
    let folder = crate::models_folder();
    let loaded = folder.ok_or_else(|| "ASSAY_MODELS_DIR is not set".to_owned());
    let loaded =
        loaded.and_then(|folder| Embedder::load(&folder).map_err(|error| error.to_string()));
    loaded.map_err(|reason| tally.differ(format!("without the model: {reason}"))).ok()
}

/// Word pieces, the first numbers of embeddings, and cosines.
pub fn semantic_minilm(golden: &Golden, tally: &mut Tally) {
    let Some(model) = embedder(tally) else { return };
    for case in &golden.cases {
        let id = text(case, "id");
        let (output, reference) = (text(case, "hyp"), text(case, "ref"));
        let [ours, theirs] = &model.embed(&[output, reference])[..] else { continue };
        tally.equal(format!("{id} pieces"), &case["ids_hyp"], &model.pieces(output).into());
        let expected = case["emb8_hyp"].as_array().map_or(&[][..], Vec::as_slice);
        for (at, expected) in expected.iter().enumerate() {
            let ours = ours.get(at).map(|number| f64::from(*number));
            tally.number(format!("{id} {at}"), expected, ours, TOLERANCE_COSINE);
        }
        let what = format!("{id} cosine");
        tally.number(what, &case["cosine"], cosine(ours, theirs), TOLERANCE_COSINE);
    }
}

/// BERTScore without and with the rarity of pieces, which is that among all references of the file.
pub fn bertscore_minilm(golden: &Golden, tally: &mut Tally) {
    let Some(model) = embedder(tally) else { return };
    let references: Vec<Vec<Pieces>> =
        golden.cases.iter().map(|case| pieces(&model, &texts(&case["refs"]))).collect();
    let rarity = Rarity::among(references.iter().flatten().map(Pieces::ids));
    for (case, references) in golden.cases.iter().zip(&references) {
        let output = pieces(&model, &[text(case, "hyp")]);
        for (key, rarity) in [("prf", None), ("prf_idf", Some(&rarity))] {
            let ours = output.first().and_then(|output| bert_score(output, references, rarity));
            let what = format!("{} {key}", text(case, "id"));
            three(&what, &case[key], ours, tally);
        }
    }
}

fn pieces(model: &Embedder, texts: &[&str]) -> Vec<Pieces> {
    let fitting = |PieceStates { pieces, states }| Pieces::new(pieces, &states);
    model.piece_states(texts).into_iter().filter_map(fitting).collect()
}

fn three(what: &str, expected: &Value, ours: Option<BertScore>, tally: &mut Tally) {
    let parts: [fn(BertScore) -> f64; 3] = [|s| s.precision, |s| s.recall, |s| s.f1];
    for (at, part) in parts.into_iter().enumerate() {
        let what = format!("{what} {at}");
        tally.number(what, &expected[at], ours.map(part), TOLERANCE_BERT_SCORE);
    }
}
