//! The embedding model against its reference, and against itself.

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::testing::{embedder, models_dir};

/// Embeddings may differ this much from the reference, whose products are summed otherwise.
const TOLERANCE: f64 = 1e-4;

const TEXTS: [&str; 6] = [
    "I was charged twice in May.",
    "",
    "Where is my parcel?",
    "The same invoice was billed two times.",
    "Grüße aus Zürich, 東京 and \u{1f600}!",
    "How do I reset my password? I have tried the link in the mail, and nothing happens at all.",
];

/// Pairs of texts with what the reference makes of them: pieces, similarity and first numbers.
fn check_reference(lines: &str) -> usize {
    let samples: Vec<Value> = lines
        .split('\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|sample: &Value| sample["hyp"].is_string())
        .collect();
    let text = |sample: &'static str| samples.iter().filter_map(move |s| s[sample].as_str());
    let [firsts, seconds] =
        ["hyp", "ref"].map(|which| embedder().embed(&text(which).collect::<Vec<_>>()));
    assert_eq!((firsts.len(), seconds.len()), (samples.len(), samples.len()));
    for (sample, (first, second)) in samples.iter().zip(firsts.iter().zip(&seconds)) {
        check_sample(sample, first, second);
    }
    samples.len()
}

fn check_sample(sample: &Value, first: &Embedding, second: &Embedding) {
    let text = sample["hyp"].as_str().unwrap_or_default();
    assert_eq!(Value::from(embedder().pieces(text)), sample["ids_hyp"], "pieces of {text:?}");
    let near = |a: f32, b: &Value| (f64::from(a) - b.as_f64().unwrap_or(9.0)).abs() < TOLERANCE;
    assert!(near(similarity(first, second), &sample["cosine"]), "{sample}");
    let numbers = sample["emb8_hyp"].as_array().expect("numbers");
    assert!(numbers.iter().zip(first).all(|(b, a)| near(*a, b)), "{text:?}");
}

#[test]
fn embeddings_are_those_of_the_reference() {
    let own = check_reference(include_str!("../../tests/data/minilm.jsonl"));
    assert_eq!(own, 4);
    let shared =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/golden/semantic_minilm.jsonl");
    match std::fs::read_to_string(shared) {
        Ok(lines) => println!("{} pairs of texts of {shared}", check_reference(&lines)),
        Err(_) => println!("{own} pairs of texts; there are no others here"),
    }
}

#[test]
fn texts_that_mean_the_same_are_nearer_than_others() {
    let points = embedder().embed(&TEXTS);
    assert!(similarity(&points[0], &points[3]) > 0.5);
    assert!(similarity(&points[0], &points[2]) < 0.3);
}

#[test]
fn a_text_has_the_same_bits_whatever_is_embedded_beside_it() {
    let together = embedder().embed(&TEXTS);
    for (text, point) in TEXTS.iter().zip(&together) {
        assert_eq!(&embedder().embed(&[text])[0], point, "{text:?}");
    }
    std::thread::scope(|scope| {
        let calls = [(); 3].map(|()| scope.spawn(|| embedder().embed(&TEXTS)));
        for call in calls {
            assert_eq!(call.join().expect("no panic"), together);
        }
    });
}

#[test]
fn a_point_has_the_length_one() {
    for point in embedder().embed(&TEXTS) {
        assert_eq!(point.len(), 384);
        assert!((similarity(&point, &point) - 1.0).abs() < 1e-5);
    }
}

#[test]
fn of_a_long_text_the_first_256_pieces_count() {
    let long = "word ".repeat(1_000_000);
    assert_eq!(embedder().pieces(&long).len(), 256);
    let points = embedder().embed(&[&long, &"word ".repeat(254), &"word ".repeat(253)]);
    assert_eq!(points[0], points[1]);
    assert_ne!(points[1], points[2]);
}

#[test]
fn every_piece_has_a_state_and_their_mean_is_the_embedding() {
    let [text] = &embedder().piece_states(&TEXTS[..1])[..] else { panic!("one text") };
    assert_eq!(text.pieces, embedder().pieces(TEXTS[0]));
    assert_eq!(text.states.len(), 384 * text.pieces.len());
    let mut sum = vec![0.0; 384];
    text.states.chunks_exact(384).for_each(|state| crate::llama::add(&mut sum, state));
    let length = similarity(&sum, &sum).sqrt();
    let point = &embedder().embed(&TEXTS[..1])[0];
    assert!(sum.iter().zip(point).all(|(sum, number)| sum / length == *number));
}

#[test]
fn of_a_long_text_512_pieces_have_a_state() {
    let long = "word ".repeat(1_000);
    assert_eq!(embedder().piece_states(&[&long])[0].states.len(), 384 * 512);
}

#[test]
fn no_text_becomes_a_control_piece() {
    let text = "[SEP] [CLS] [PAD] [MASK] [UNK]";
    for pieces in [embedder().pieces(text), embedder().piece_states(&[text])[0].pieces.clone()] {
        let inner = &pieces[1..pieces.len() - 1];
        assert!(inner.iter().all(|piece| ![0, 100, 101, 102, 103].contains(piece)), "{inner:?}");
    }
}

#[test]
fn of_a_code_point_that_is_no_character_only_the_fast_tokenizer_makes_a_piece() {
    let text = "\u{10ffff}";
    assert_eq!(embedder().pieces(text), [101, 100, 102]);
    assert_eq!(embedder().piece_states(&[text])[0].pieces, [101, 102]);
}

#[test]
fn hostile_text_is_only_text() {
    let texts = ["\0\u{202e}\u{feff}", "\u{10ffff}", "a\u{301}".repeat(40_000).leak(), "\n\r\t  "];
    for point in embedder().embed(&texts) {
        assert!(point.iter().all(|number| number.is_finite()));
    }
}

#[test]
fn files_that_are_missing_or_changed_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = Embedder::load(folder.path()).expect_err("nothing there");
    assert!(matches!(missing, LocalError::EmbedderNotInstalled { .. }), "{missing}");

    let copy = folder.path().join(EMBEDDER_ID);
    std::fs::create_dir(&copy).expect("a folder");
    let installed = models_dir().join(EMBEDDER_ID);
    std::fs::copy(installed.join(EMBEDDER_PIECES), copy.join(EMBEDDER_PIECES)).expect("copies");
    std::fs::write(copy.join(EMBEDDER_WEIGHTS), "half").expect("writes");
    let changed = Embedder::load(folder.path()).expect_err("another file").to_string();
    assert!(changed.contains(EMBEDDER_WEIGHTS) && changed.contains("SHA-256"), "{changed}");
}

#[test]
fn the_installed_files_are_the_ones_the_name_stands_for() {
    let folder = embedder_path(&models_dir()).expect("run cargo xtask setup");
    let check = |name: &str, digest| read(&Path::new(&folder).join(name), digest).map(|_| ());
    check(EMBEDDER_WEIGHTS, EMBEDDER_WEIGHTS_SHA256).expect("the weights");
    check(EMBEDDER_PIECES, EMBEDDER_PIECES_SHA256).expect("the word pieces");
}
