//! How close `assay run` comes to the physical floor: 4,000 cells, 50 ms each, 100 at once.
//!
//! The floor is what the latency alone costs: cells / calls at once × latency. Beside it stands a
//! bare loop over the same server in the same run, which neither renders nor scores nor stores.
//! Prints both as ratios to the floor, and fails above the limits.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assay_tests::window::{DriverError, built};

const CELLS: u32 = 4_000;
const AT_ONCE: u32 = 100;
const LATENCY: Duration = Duration::from_millis(50);
const ROUNDS: usize = 3;

/// Wall time of the run, as a multiple of the floor.
const MOST_RATIO: f64 = 1.25;
/// Peak memory of the process.
const MOST_MEMORY_MB: f64 = 150.0;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let server = Server::start()?;
    let repository = folder.path().join("repository");
    write_repository(&repository)?;
    let data = folder.path().join("data");
    assay(
        &data,
        &repository,
        &["models", "add", "openai-compatible", "bench", "--base-url", &server.url],
    )?;

    let floor = LATENCY.as_secs_f64() * f64::from(CELLS) / f64::from(AT_ONCE);
    println!(
        "{CELLS} cells, {AT_ONCE} at once, {} ms each: floor {floor:.2} s",
        LATENCY.as_millis()
    );
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let bare = bare_loop(&server.url)?.as_secs_f64();
        let run = assay(
            &data,
            &repository,
            &["run", "many", "--no-cache", "-j", &AT_ONCE.to_string(), "--json", "-"],
        )?;
        let document: serde_json::Value = serde_json::from_slice(&run.output)?;
        if document["cells"]["done"] != CELLS {
            return Err(format!("not every cell was answered: {}", document["cells"]).into());
        }
        let engine = document["wallMs"].as_f64().unwrap_or(f64::NAN) / 1e3;
        ratios.push(engine / floor);
        println!(
            "round {round}: bare loop {bare:.2} s ({:.2} ×), run {engine:.2} s ({:.2} ×), process {:.2} s",
            bare / floor,
            engine / floor,
            run.wall.as_secs_f64(),
        );
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ROUNDS / 2];
    let memory = peak_memory_mb()?;
    println!(
        "median {ratio:.2} × the floor (limit {MOST_RATIO}), peak memory {memory:.0} MB (limit {MOST_MEMORY_MB})"
    );
    if ratio <= MOST_RATIO && memory <= MOST_MEMORY_MB {
        Ok(())
    } else {
        Err("the limits are not held".into())
    }
}

/// A prompt of one variant with as many cases as there are cells.
fn write_repository(folder: &Path) -> Result<(), Failure> {
    let prompt = folder.join("prompts/many");
    std::fs::create_dir_all(&prompt)?;
    let cases: String = (0..CELLS)
        .map(|n| format!("{{\"id\":\"c-{n}\",\"input\":{{\"text\":\"case number {n}\"}},\"expected\":\"x\"}}\n"))
        .collect();
    for (name, text) in [
        ("assay.yaml", "format: assay/1\nid: \"01JBENCH000000000000000000\"\nprompts: [prompts]\n"),
        (
            "prompts/many/prompt.yaml",
            "format: assay/1\nid: \"01JBENCH000000000000000001\"\nvariants:\n  - {id: only, file: only.prompty}\nevals: [evals.yaml]\n",
        ),
        (
            "prompts/many/only.prompty",
            "---\nname: many\ninputs:\n  - {name: text, kind: string, required: true}\n---\nsystem:\nRepeat what the user says.\n\nuser:\n{{ text }}\n",
        ),
        (
            "prompts/many/evals.yaml",
            "cases: cases.jsonl\nmodels:\n  - {id: bench/model}\nscorers:\n  - {id: says-case, type: contains, value: case}\n  - {id: fast, type: latency, max: 4000}\n",
        ),
        ("prompts/many/cases.jsonl", cases.as_str()),
    ] {
        std::fs::write(folder.join(name), text)?;
    }
    let init = Command::new("git").args(["init", "-q"]).current_dir(folder).status()?;
    if init.success() { Ok(()) } else { Err("git init failed".into()) }
}

struct Finished {
    output: Vec<u8>,
    wall: Duration,
}

fn assay(data: &Path, repository: &Path, arguments: &[&str]) -> Result<Finished, Failure> {
    let begun = Instant::now();
    let output = Command::new(built("assay")?)
        .args(arguments)
        .arg("--directory")
        .arg(repository)
        .env("ASSAY_DATA_DIR", data)
        .stderr(Stdio::null())
        .output()?;
    match output.status.success() {
        true => Ok(Finished { output: output.stdout, wall: begun.elapsed() }),
        false => Err(format!("assay {} ended with {}", arguments.join(" "), output.status).into()),
    }
}

/// The same calls without anything around them.
fn bare_loop(url: &str) -> Result<Duration, Failure> {
    let output = Command::new(built("bare-loop")?)
        .args(["--url", url, "--calls", &CELLS.to_string(), "--at-once", &AT_ONCE.to_string()])
        .output()?;
    let millis: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Duration::from_secs_f64(millis / 1e3))
}

/// The model server, until this is dropped.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Result<Server, Failure> {
        let mut process = Command::new(built("model-server")?)
            .args(["--latency-ms", &LATENCY.as_millis().to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or_else(|| DriverError("no output".to_owned()))?;
        let mut url = String::new();
        BufReader::new(out).read_line(&mut url)?;
        Ok(Server { process, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It serves until it is ended, and may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Of the largest process that has ended: all of them are `assay` or smaller.
#[cfg(unix)]
fn peak_memory_mb() -> Result<f64, Failure> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    // Linux counts kilobytes, macOS bytes.
    let unit = if cfg!(target_os = "macos") { 1e6 } else { 1e3 };
    Ok(usage.max_rss() as f64 / unit)
}

#[cfg(not(unix))]
fn peak_memory_mb() -> Result<f64, Failure> {
    Err("peak memory is measured on Unix only".into())
}
