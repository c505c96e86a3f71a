//! How close `assay run` comes to the physical floor, and what it needs for it.
//!
//! - **Latency**: 10,000 cells, 50 ms each, 100 at once. The floor is what the latency alone costs: cells / calls at
//!   once × latency. Beside it stands a bare loop over the same server in the same run, which neither renders nor
//!   scores nor stores.
//! - **Throughput**: cells a second that are on the disk, from a server that answers at once, 256 at once.
//! - **Memory**: the peak of the first, and what each of 100,000 cells adds to it.
//! - **Resume**: the time from starting the process to the first call of a run of 100,000 cells that was killed.
//!
//! Fails above the limits.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use assay_tests::window::{DriverError, built};

const CELLS: u32 = 10_000;
/// A case of the large run is asked so many times.
const SAMPLES: u32 = 5;
const MANY_CELLS: u32 = 100_000;
const AT_ONCE: u32 = 100;
const LATENCY: Duration = Duration::from_millis(50);
const ROUNDS: usize = 3;
/// Calls at once where the server answers at once.
const CROWD: u32 = 256;

/// Wall time of the run, as a multiple of the floor.
const MOST_RATIO: f64 = 1.10;
/// Cells a second that are on the disk.
const LEAST_RATE: f64 = 2_000.0;
/// Peak memory of the process.
const MOST_MEMORY_MB: f64 = 120.0;
/// What a cell more costs in memory.
const MOST_BYTES_A_CELL: f64 = 1_000.0;
/// How long a run that should go on is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// From the start of the process to the first call.
const MOST_RESUME: Duration = Duration::from_secs(1);

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let (ratio, memory) = bench.latency()?;
    let rate = bench.throughput()?;
    let bytes = bench.memory(memory)?;
    let resume = bench.resume()?;
    let held = [
        told("times the floor", ratio, MOST_RATIO, ratio <= MOST_RATIO),
        told("MB at most", memory, MOST_MEMORY_MB, memory <= MOST_MEMORY_MB),
        told("durable cells a second", rate, LEAST_RATE, rate >= LEAST_RATE),
        told("bytes more for each cell", bytes, MOST_BYTES_A_CELL, bytes <= MOST_BYTES_A_CELL),
        told(
            "s until a resumed run sends",
            resume.as_secs_f64(),
            MOST_RESUME.as_secs_f64(),
            resume <= MOST_RESUME,
        ),
    ];
    if held.iter().all(|held| *held) { Ok(()) } else { Err("the limits are not held".into()) }
}

fn told(what: &str, value: f64, limit: f64, held: bool) -> bool {
    println!("{} {value:.2} {what} (limit {limit:.2})", if held { "held" } else { "NOT HELD" });
    held
}

/// A repository of a few cases and one of many, and a place for the database.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Result<Bench, Failure> {
        let bench = Bench { folder: tempfile::tempdir()? };
        write_repository(&bench.few(), CELLS)?;
        write_repository(&bench.many(), MANY_CELLS / SAMPLES)?;
        Ok(bench)
    }

    fn few(&self) -> PathBuf {
        self.folder.path().join("few")
    }

    fn many(&self) -> PathBuf {
        self.folder.path().join("many")
    }

    fn assay(&self, repository: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(built("assay").unwrap_or_else(|_| "assay".into()));
        command
            .args(arguments)
            .arg("--directory")
            .arg(repository)
            .env("ASSAY_DATA_DIR", self.folder.path().join("data"))
            .stderr(Stdio::null());
        command
    }

    fn at(&self, url: &str) -> Result<(), Failure> {
        let add = ["models", "add", "openai-compatible", "bench", "--base-url", url];
        finished(self.assay(&self.few(), &add)).map(drop)
    }

    /// Runs a repository; every cell must be answered. Says how long the run took by its own clock.
    fn run(&self, repository: &Path, samples: u32, at_once: u32) -> Result<Duration, Failure> {
        let (at_once, repeat) = (at_once.to_string(), samples.to_string());
        let arguments =
            ["run", "many", "--no-cache", "-j", &at_once, "--repeat", &repeat, "--json", "-"];
        let cells = if samples == SAMPLES { MANY_CELLS } else { CELLS };
        // Through a file: a child that is forked off a process which holds a large document begins with its memory.
        let result = self.folder.path().join("result.json");
        let ended = self.assay(repository, &arguments).stdout(File::create(&result)?).status()?;
        let told: Told = serde_json::from_reader(BufReader::new(File::open(&result)?))?;
        if !ended.success() || told.cells.done != cells {
            return Err(
                format!("{ended}: {} of {cells} cells were answered", told.cells.done).into()
            );
        }
        Ok(Duration::from_secs_f64(told.wall_ms / 1e3))
    }

    /// The median of some rounds as a multiple of the floor, and the peak memory in MB.
    fn latency(&self) -> Result<(f64, f64), Failure> {
        let server = Server::start(LATENCY)?;
        self.at(&server.url)?;
        let floor = LATENCY.as_secs_f64() * f64::from(CELLS) / f64::from(AT_ONCE);
        let millis = LATENCY.as_millis();
        println!("{CELLS} cells, {AT_ONCE} at once, {millis} ms each: floor {floor:.2} s");
        let mut ratios = Vec::new();
        for round in 1..=ROUNDS {
            let bare = bare_loop(&server.url)?.as_secs_f64();
            let run = self.run(&self.few(), 1, AT_ONCE)?.as_secs_f64();
            ratios.push(run / floor);
            println!(
                "round {round}: bare loop {bare:.2} s ({:.2} ×), run {run:.2} s ({:.2} ×)",
                bare / floor,
                run / floor
            );
        }
        ratios.sort_by(f64::total_cmp);
        Ok((ratios[ROUNDS / 2], peak_memory_mb()?))
    }

    /// The best of some rounds: others may use the machine, nobody makes it faster.
    fn throughput(&self) -> Result<f64, Failure> {
        let server = Server::start(Duration::ZERO)?;
        self.at(&server.url)?;
        let mut best: f64 = 0.0;
        for round in 1..=ROUNDS {
            let took = self.run(&self.few(), 1, CROWD)?;
            let rate = f64::from(CELLS) / took.as_secs_f64();
            println!("round {round}: {CELLS} cells, {CROWD} at once: {rate:.0} cells a second");
            best = best.max(rate);
        }
        Ok(best)
    }

    /// What each cell adds to the peak. The peak is that of the largest process so far, so the larger run comes last.
    fn memory(&self, few_mb: f64) -> Result<f64, Failure> {
        let server = Server::start(Duration::ZERO)?;
        self.at(&server.url)?;
        let took = self.run(&self.many(), SAMPLES, AT_ONCE)?;
        let many_mb = peak_memory_mb()?;
        println!(
            "{MANY_CELLS} cells in {:.1} s: peak {many_mb:.0} MB, after {few_mb:.0} MB for {CELLS}",
            took.as_secs_f64()
        );
        Ok((many_mb - few_mb) * 1e6 / f64::from(MANY_CELLS - CELLS))
    }

    /// Kills a large run on its way, and takes the time until the next process calls.
    fn resume(&self) -> Result<Duration, Failure> {
        let server = Server::start(LATENCY)?;
        self.at(&server.url)?;
        let (at_once, repeat) = (AT_ONCE.to_string(), SAMPLES.to_string());
        let run = ["run", "many", "--no-cache", "-j", &at_once, "--repeat", &repeat];
        let mut killed = self.assay(&self.many(), &run).stdout(Stdio::null()).spawn()?;
        std::thread::sleep(Duration::from_secs(20));
        killed.kill()?;
        killed.wait()?;
        let id = finished(self.assay(&self.many(), &["runs", "--json"]))?;
        let runs: serde_json::Value = serde_json::from_slice(&id)?;
        let id = runs["runs"][0]["run"].as_str().ok_or("there is no run")?.to_owned();
        println!("a run was killed with {} cells done", runs["runs"][0]["cells"]["done"]);

        // A run goes on only where it began, so the next call comes to this very address.
        let address = server.address()?;
        drop(server);
        let listener = TcpListener::bind(&address)?;
        let (called, calls) = mpsc::channel();
        std::thread::spawn(move || called.send(listener.accept().map(|_| Instant::now())));
        let begun = Instant::now();
        let resume = ["run", "--resume", &id, "-j", &at_once];
        let mut resumed = self.assay(&self.many(), &resume).stdout(Stdio::null()).spawn()?;
        let call = calls.recv_timeout(PATIENCE);
        resumed.kill()?;
        resumed.wait()?;
        Ok(call??.duration_since(begun))
    }
}

/// What is read of a run's result.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    cells: Counted,
    wall_ms: f64,
}

#[derive(serde::Deserialize)]
struct Counted {
    done: u32,
}

fn finished(mut command: Command) -> Result<Vec<u8>, Failure> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!("{command:?} ended with {}", output.status).into()),
    }
}

/// A prompt of one variant with as many cases as there are cells.
fn write_repository(folder: &Path, cells: u32) -> Result<(), Failure> {
    let prompt = folder.join("prompts/many");
    std::fs::create_dir_all(&prompt)?;
    let cases: String = (0..cells)
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
    fn start(latency: Duration) -> Result<Server, Failure> {
        let mut process = Command::new(built("model-server")?)
            .args(["--latency-ms", &latency.as_millis().to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or_else(|| DriverError("no output".to_owned()))?;
        let mut url = String::new();
        BufReader::new(out).read_line(&mut url)?;
        Ok(Server { process, url: url.trim().to_owned() })
    }
}

impl Server {
    /// Host and port.
    fn address(&self) -> Result<String, Failure> {
        let rest = self.url.strip_prefix("http://").ok_or("the server is not on loopback")?;
        Ok(rest.split('/').next().unwrap_or_default().to_owned())
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
