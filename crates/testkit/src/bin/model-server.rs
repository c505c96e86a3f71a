//! The model server by itself, for benchmarks and trials by hand.
//!
//! `model-server [--port N] [--latency-ms N] [--word-delay-ms N]` prints its base URL and serves until it is ended.

use std::process::ExitCode;
use std::time::Duration;

use assay_testkit::ModelServer;

const USAGE: &str = "usage: model-server [--port N] [--latency-ms N] [--word-delay-ms N]";

#[derive(Default)]
struct Arguments {
    port: u16,
    latency_ms: u64,
    word_delay_ms: u64,
}

fn main() -> ExitCode {
    let Some(arguments) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match serve(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("model-server: port {}: {error}", arguments.port);
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut arguments = Arguments::default();
    while let Some(name) = words.next() {
        let value = words.next()?;
        match name.as_str() {
            "--port" => arguments.port = value.parse().ok()?,
            "--latency-ms" => arguments.latency_ms = value.parse().ok()?,
            "--word-delay-ms" => arguments.word_delay_ms = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(arguments)
}

fn serve(arguments: &Arguments) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = ModelServer::bind(arguments.port)
            .await?
            .latency(Duration::from_millis(arguments.latency_ms))
            .word_delay(Duration::from_millis(arguments.word_delay_ms))
            .keep_no_requests();
        println!("{}", server.url());
        std::future::pending::<()>().await;
        Ok(())
    })
}
