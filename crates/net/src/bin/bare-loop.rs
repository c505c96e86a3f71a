//! The floor of `cargo xtask bench engine`: the HTTP library alone, calling as fast as it may.
//!
//! `bare-loop --url BASE --calls N --at-once N` prints the wall time in milliseconds. It stands in
//! this crate because no other may use the HTTP library.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

const BODY: &str =
    r#"{"model":"model","messages":[{"role":"user","content":"case number 1"}],"stream":true}"#;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1)
    };
    let number = |name: &str| value(name).and_then(|v| v.parse::<u32>().ok());
    let (Some(url), Some(calls), Some(at_once)) =
        (value("--url"), number("--calls"), number("--at-once"))
    else {
        eprintln!("usage: bare-loop --url BASE --calls N --at-once N");
        return ExitCode::from(2);
    };
    match run(&format!("{url}/chat/completions"), calls, at_once) {
        Ok(millis) => {
            println!("{millis}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bare-loop: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(url: &str, calls: u32, at_once: u32) -> Result<u128, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let left = Arc::new(AtomicU32::new(calls));
        let begun = Instant::now();
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..at_once {
            workers.spawn(work(client.clone(), url.to_owned(), Arc::clone(&left)));
        }
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
        Ok(begun.elapsed().as_millis())
    })
}

async fn work(
    client: reqwest::Client,
    url: String,
    left: Arc<AtomicU32>,
) -> Result<(), reqwest::Error> {
    let take = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
    while take().is_ok() {
        let response =
            client.post(&url).header("content-type", "application/json").body(BODY).send().await?;
        response.error_for_status()?.bytes().await?;
    }
    Ok(())
}
