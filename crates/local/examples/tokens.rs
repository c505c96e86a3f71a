//! How fast the embedded model is here: `cargo run --example tokens -- FOLDER [LANES]`.
//!
//! Prints the time to load, tokens per second of prompt and answer, and the time
//! of the sample's first run: two variants over six cases, a prefix of about 350
//! tokens for each variant, 60 more for each case, 60 tokens of answer.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use assay_local::{Generated, Generation, LocalError, LocalModel, calls_at_once, model_path};

const CASES: usize = 6;
const VARIANTS: usize = 2;

fn main() -> Result<(), LocalError> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "models".into()));
    let lanes = arguments.next().and_then(|lanes| lanes.parse().ok()).unwrap_or_else(calls_at_once);
    let started = Instant::now();
    let file = model_path(&folder).ok_or(LocalError::NotInstalled { looked_in: folder })?;
    let model = LocalModel::load(&file)?;
    println!("load      {:6.2} s", started.elapsed().as_secs_f64());

    rate("prompt", || {
        ask(&model, &system(9, 15), "Go on.", 1).map(|g| g.input_tokens - g.reused_tokens)
    })?;
    rate("answer", || ask(&model, "Count.", "Tell a long story.", 200).map(|g| g.output_tokens))?;

    let run = Instant::now();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let lane = || -> Result<(), LocalError> {
            loop {
                let cell = next.fetch_add(1, Ordering::Relaxed);
                if cell >= VARIANTS * CASES {
                    return Ok(());
                }
                let answer = ask(&model, &system(cell / CASES, 15), &case(cell % CASES), 60)?;
                println!(
                    "  cell {cell:2}: {} tokens in, {} reused, {} out",
                    answer.input_tokens, answer.reused_tokens, answer.output_tokens
                );
            }
        };
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().filter_map(|lane| lane.join().ok()).collect::<Result<(), _>>()
    })?;
    println!("first run {:6.2} s on {lanes} lanes", run.elapsed().as_secs_f64());
    println!("total     {:6.2} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn rate(what: &str, work: impl FnOnce() -> Result<usize, LocalError>) -> Result<(), LocalError> {
    let started = Instant::now();
    let tokens = work()?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{what}    {:6.1} tokens/s ({tokens} in {seconds:.2} s)", tokens as f64 / seconds);
    Ok(())
}

fn ask(
    model: &LocalModel,
    system: &str,
    user: &str,
    max_tokens: usize,
) -> Result<Generated, LocalError> {
    let messages = [("system", system), ("user", user)];
    let generation = Generation {
        messages: &messages,
        max_tokens,
        temperature: 0.0,
        top_p: None,
        seed: 0,
        stop: &[],
    };
    model.generate(&generation, &mut |_| ControlFlow::Continue(()))
}

/// About 17 tokens for each sentence.
fn system(variant: usize, sentences: usize) -> String {
    let rule = |n| {
        format!(
            "Rule {n} of set {variant}: answer the customer kindly, name the product and never promise a date. "
        )
    };
    (0..sentences).map(rule).collect()
}

/// About 60 tokens.
fn case(number: usize) -> String {
    format!(
        "Case {number}. I ordered a pair of running shoes two weeks ago and the parcel has not arrived yet. \
         The tracking page says that it is still in the warehouse. What should I do now, and could you send \
         me another pair in the meantime?"
    )
}
