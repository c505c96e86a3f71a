//! `assay` in a repository, with its own data folder.
//!
//! What every command prints is looked through for the canary at once; the repository, the data folder and the folder for
//! reports of defects when the terminal closes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use assay_testkit::{DataFolder, ModelServer, TestWorkspace, canary};
use serde_json::Value;

use crate::window::built;

/// A terminal in a repository.
#[derive(Debug)]
pub struct Terminal {
    /// The repository.
    pub workspace: TestWorkspace,
    data: DataFolder,
    /// For temporary files, which is where a defect is reported.
    temporary: DataFolder,
}

/// What a command left.
#[derive(Debug)]
pub struct Left {
    /// Its exit code; -1 when a signal ended it.
    pub exit: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Left {
    /// What a process left when it ended.
    pub fn of(output: Output) -> Left {
        Left {
            exit: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// The document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }
}

impl Terminal {
    /// In a repository made from a template.
    pub fn in_template(name: &str) -> Terminal {
        Terminal::at(TestWorkspace::from_template(name))
    }

    /// In a workspace of `tests/data`.
    pub fn in_data(name: &str) -> Terminal {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
        Terminal::at(TestWorkspace::from_folder(&folder))
    }

    /// In a given repository.
    pub fn at(workspace: TestWorkspace) -> Terminal {
        Terminal { workspace, data: DataFolder::new(), temporary: DataFolder::new() }
    }

    /// In the workspace `greet`, whose alias `fast` answers from `server`, which is sent the canary.
    pub fn with(server: &ModelServer) -> Terminal {
        Terminal::with_server(server, &["--key-env", "ASSAY_TEST_KEY"])
    }

    /// Like [`Terminal::with`], before the person has set a key.
    pub fn without_key(server: &ModelServer) -> Terminal {
        Terminal::with_server(server, &[])
    }

    fn with_server(server: &ModelServer, options: &[&str]) -> Terminal {
        let terminal = Terminal::in_data("greet");
        let url = server.url();
        let add = ["models", "add", "openai-compatible", "server", "--base-url", &url];
        terminal.ok(&[&add[..], options].concat());
        terminal
    }

    /// Where its settings and its database are.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Where the repository is.
    pub fn path(&self) -> PathBuf {
        self.workspace.path()
    }

    /// Runs `assay` in the repository.
    pub fn assay(&self, arguments: &[&str]) -> Left {
        self.assay_in(&self.path(), arguments)
    }

    /// Runs `assay` in any folder.
    pub fn assay_in(&self, folder: &Path, arguments: &[&str]) -> Left {
        self.assay_typed(folder, arguments, "", &[])
    }

    /// Runs `assay` with lines on its standard input and further variables.
    #[track_caller]
    pub fn assay_typed(
        &self,
        folder: &Path,
        arguments: &[&str],
        typed: &str,
        variables: &[(&str, &str)],
    ) -> Left {
        let mut process = self.start(folder, arguments, variables);
        let mut input = process.stdin.take().expect("a pipe");
        // A program that refuses before it reads has closed its end.
        let _ = input.write_all(typed.as_bytes());
        drop(input);
        let output = process.wait_with_output().expect("it ends");
        let command = arguments.join(" ");
        canary::check_bytes(&format!("what `assay {command}` wrote"), &output.stdout);
        canary::check_bytes(&format!("what `assay {command}` said"), &output.stderr);
        if folder != self.path() {
            canary::check_folder(folder);
        }
        Left::of(output)
    }

    /// Starts `assay`, all its ends piped.
    pub fn start(&self, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
        Command::new(built("assay").expect("the command line is built"))
            .args(arguments)
            .current_dir(folder)
            .env("ASSAY_DATA_DIR", self.data.path())
            .envs(["TMPDIR", "TMP"].map(|variable| (variable, self.temporary.path())))
            // The system's key store belongs to the person, not to a test.
            .env("ASSAY_KEYS", "file")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts")
    }

    /// Runs `assay`, which must succeed.
    pub fn ok(&self, arguments: &[&str]) -> Left {
        let left = self.assay(arguments);
        assert_eq!(left.exit, 0, "assay {}: {}{}", arguments.join(" "), left.out, left.err);
        left
    }
}

/// A server that greets whoever the last message names.
pub fn greeter() -> ModelServer {
    ModelServer::start_blocking().reply_with(|request| {
        let messages = request["messages"].as_array().cloned().unwrap_or_default();
        let person = messages.last().and_then(|m| m["content"].as_str()).unwrap_or_default();
        format!("Hello {person}")
    })
}
