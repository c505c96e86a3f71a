//! Starting programs: one type that knows how a command looks when it must be shown.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::failure::Failure;

/// A program about to be started.
pub struct Shell {
    command: Command,
}

impl Shell {
    /// A program by name or path. What cargo told this program about its own package is not
    /// passed on: some build scripts would take it for a change and build again.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("CARGO_PKG_") || name_text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        Self { command }
    }

    /// The cargo that started this program's kind: rustup's own choice of toolchain.
    pub fn cargo() -> Self {
        Self::new("cargo")
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Adds an option and the path it takes.
    #[must_use]
    pub fn arg_path(mut self, option: &str, path: &Path) -> Self {
        self.command.arg(option).arg(path);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Sets variables.
    #[must_use]
    pub fn envs(mut self, variables: impl IntoIterator<Item = (&'static str, OsString)>) -> Self {
        self.command.envs(variables);
        self
    }

    /// Starts it in a folder.
    #[must_use]
    pub fn inside(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it to its end, its output shown.
    ///
    /// # Errors
    /// When it cannot be started or ends with an error.
    pub fn run(mut self) -> Result<(), Failure> {
        let command = self.to_string();
        match self.command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::Ended { command, code: status.code() }),
            Err(source) => Err(Failure::NotStarted { command, source }),
        }
    }

    /// Runs it with its output kept back; shows the output only when it fails.
    ///
    /// # Errors
    /// When it cannot be started or ends with an error.
    pub fn run_quietly(mut self) -> Result<String, Failure> {
        let command = self.to_string();
        match self.command.stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            }
            Ok(output) => {
                eprint!("{}", String::from_utf8_lossy(&output.stdout));
                eprint!("{}", String::from_utf8_lossy(&output.stderr));
                Err(Failure::Ended { command, code: output.status.code() })
            }
            Err(source) => Err(Failure::NotStarted { command, source }),
        }
    }

    /// What it prints, or nothing when it cannot be started or fails: for questions.
    pub fn answer(mut self) -> Option<String> {
        let output = self.command.stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Starts it with both outputs piped to the caller.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn piped(mut self) -> Result<Child, Failure> {
        let command = self.to_string();
        self.command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| Failure::NotStarted { command, source })
    }

    /// Starts it with its output piped and its errors dropped: for servers.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn serve(mut self) -> Result<Child, Failure> {
        let command = self.to_string();
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| Failure::NotStarted { command, source })
    }

    /// Starts it with all that it says written to a file: for servers whose words explain a failure.
    ///
    /// # Errors
    /// When the file cannot be written or the program not be started.
    pub fn logged(mut self, file: &Path) -> Result<Child, Failure> {
        let command = self.to_string();
        let out = File::create(file).map_err(Failure::io("write", file))?;
        let err = out.try_clone().map_err(Failure::io("write", file))?;
        self.command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|source| Failure::NotStarted { command, source })
    }
}

/// As typed.
impl std::fmt::Display for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.command.get_program().to_string_lossy())?;
        for argument in self.command.get_args() {
            write!(f, " {}", argument.to_string_lossy())?;
        }
        Ok(())
    }
}
