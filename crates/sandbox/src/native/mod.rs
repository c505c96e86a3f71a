//! JavaScript and Python assertions of other tools, which are programs with all that a user may do.
//!
//! A [`NativeScript`] can only be named and shown. What runs is a [`Consented`] one, and the only way
//! to it is to look up the [hash](NativeScript::hash) of exactly this language and text among those
//! that the user consented to. A changed script has another hash and needs another consent; trust in
//! a repository is none.
//!
//! Even then it runs with care: of the environment it sees the search path only, so no key, in the temporary folder,
//! with limits of computing time, memory and file sizes where the system has them, and no longer
//! than somebody waits. It **can** read the user's files and reach the network. Nothing portable
//! prevents that, and the page for users says so.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::limits::Limits;
use crate::process::{LIBRARIES, Talk, WorkerProgram};
use crate::protocol::{Facts, line};
use crate::{SandboxError, Verdict};

/// A script may load modules of its own; more than this is no assertion.
const PATIENCE: Duration = Duration::from_secs(20);
const CPU_SECONDS: u64 = 20;
const PYTHON_MEMORY: u64 = 2 << 30;

/// A language that assertions are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Run by Node.
    JavaScript,
    /// Run by Python 3.
    Python,
}

impl Language {
    /// As `evals.yaml` calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Language::JavaScript => "javascript",
            Language::Python => "python",
        }
    }

    /// Its interpreter, as found on the search path.
    fn interpreter(self) -> Result<PathBuf, SandboxError> {
        let (names, title): (&[&str], _) = match self {
            Language::JavaScript => (&["node"], "Node"),
            Language::Python => (&["python3", "python"], "Python"),
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let suffix = std::env::consts::EXE_SUFFIX;
        // A relative folder on the path would be one of the repository's.
        let folders: Vec<PathBuf> =
            std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
        let mut places = names.iter().flat_map(|name| {
            folders.iter().map(move |folder| folder.join(format!("{name}{suffix}")))
        });
        places.find(|file| file.is_file()).ok_or(SandboxError::NoInterpreter(title))
    }

    /// What the interpreter is given: the program around the script, and nothing of the user's own.
    fn arguments(self) -> [&'static str; 4] {
        match self {
            Language::JavaScript => {
                ["--max-old-space-size=512", "--no-warnings", "-e", include_str!("around.js")]
            }
            Language::Python => ["-I", "-B", "-c", include_str!("around.py")],
        }
    }

    /// Node reserves far more addresses than it uses, so its memory is limited by its own option.
    fn memory(self) -> Option<u64> {
        match self {
            Language::JavaScript => None,
            Language::Python => Some(PYTHON_MEMORY),
        }
    }
}

/// A script that came with a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeScript {
    /// Its language.
    pub language: Language,
    /// Its text: an expression, or the body of a function of `output` and `context`.
    pub source: String,
}

impl NativeScript {
    /// What a consent is for: SHA-256 over language and text, in hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.language.name());
        // No language's name holds a zero byte, so no two scripts have the same bytes.
        hasher.update([0_u8]);
        hasher.update(&self.source);
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The script to be run, if the user consented to this hash.
    #[must_use]
    pub fn consented(self, is_consented: impl FnOnce(&str) -> bool) -> Option<Consented> {
        is_consented(&self.hash()).then_some(Consented { script: self, patience: PATIENCE })
    }
}

/// A script that the user wants to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consented {
    script: NativeScript,
    patience: Duration,
}

/// What the program around a script reads.
#[derive(Serialize)]
struct Asked<'a> {
    source: &'a str,
    facts: &'a Facts,
}

impl Consented {
    /// The same script, waited for no longer than this: 20 seconds unless somebody says otherwise.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Consented {
        Consented { patience, ..self }
    }

    /// Runs it once, in a process of its own that `worker` starts and limits.
    ///
    /// # Errors
    /// When its language is not installed, when it fails, takes too long or gives no verdict.
    pub fn judge(&self, facts: &Facts, worker: &WorkerProgram) -> Result<Verdict, SandboxError> {
        let NativeScript { language, source } = &self.script;
        let asked = line(&Asked { source, facts })?;
        let mut command = worker.command();
        command
            .arg(language.memory().unwrap_or(0).to_string())
            .arg(language.interpreter()?)
            .args(language.arguments());
        // Interpreters that are themselves scripts need it; there is no secret in it.
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let said = Talk::start(command)?.ask_once(asked, self.patience)?;
        read(&said)
    }
}

/// `{"given": …}` or `{"failed": "…"}`.
fn read(said: &[u8]) -> Result<Verdict, SandboxError> {
    let said: Value = serde_json::from_slice(said)
        .map_err(|error| SandboxError::Unreadable(error.to_string()))?;
    if let Some(failed) = said["failed"].as_str() {
        return Err(SandboxError::Script(failed.to_owned()));
    }
    Verdict::read(&said["given"]).map_err(SandboxError::Script)
}

/// In the worker: takes the limits upon itself and becomes the interpreter. The arguments are the
/// bytes of memory (0 for any), the program and what it is given.
pub(crate) fn become_program(arguments: &[OsString]) -> io::Result<()> {
    let unknown = || io::Error::new(io::ErrorKind::InvalidInput, "the worker was started wrongly");
    let [memory, program, rest @ ..] = arguments else { return Err(unknown()) };
    let memory = memory.to_str().and_then(|text| text.parse::<u64>().ok()).ok_or_else(unknown)?;
    let limits = Limits {
        memory: Some(memory).filter(|memory| *memory > 0),
        cpu_seconds: Some(CPU_SECONDS),
        ..Limits::default()
    };
    limits.apply()?;
    let mut command = Command::new(program);
    // The worker's own libraries are none of the interpreter's.
    command.args(rest).env_remove(LIBRARIES);
    run_instead(command)
}

#[cfg(unix)]
fn run_instead(mut command: Command) -> io::Result<()> {
    // Comes back only when it fails.
    Err(std::os::unix::process::CommandExt::exec(&mut command))
}

#[cfg(not(unix))]
fn run_instead(mut command: Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(language: Language, source: &str) -> NativeScript {
        NativeScript { language, source: source.to_owned() }
    }

    #[test]
    fn a_hash_is_for_one_language_and_one_text() {
        let python = script(Language::Python, "True");
        assert_eq!(python.hash().len(), 64);
        assert_ne!(python.hash(), script(Language::JavaScript, "True").hash());
        assert_ne!(python.hash(), script(Language::Python, "True ").hash());
    }

    #[test]
    fn without_consent_there_is_nothing_to_run() {
        let known = script(Language::Python, "True").hash();
        let changed = script(Language::Python, "True or os.remove('x')");
        assert_eq!(changed.consented(|hash| hash == known), None);
        assert!(script(Language::Python, "True").consented(|hash| hash == known).is_some());
    }

    #[test]
    fn a_program_says_what_came_of_its_script() {
        assert!(read(br#"{"given": true}"#).is_ok_and(|verdict| verdict.pass == Some(true)));
        let failed = read(br#"{"failed": "name 'x' is not defined"}"#).map_err(|e| e.to_string());
        assert_eq!(failed, Err("name 'x' is not defined".to_owned()));
        assert!(matches!(read(b"nonsense"), Err(SandboxError::Unreadable(_))));
    }
}
