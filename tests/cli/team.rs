//! People who work together: a remote, and for each of them a data folder, a key and a clone.

use std::path::{Path, PathBuf};
use std::process::Command;

use assay_testkit::{DataFolder, ModelServer};
use serde_json::Value;
use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};

use crate::process::{Left, Terminal, greeter};

pub const PROMPT: &str = "prompts/greet/plain.prompty";

const POLICY: &str = "[approval]\nneeded = 1\n\n[evidence]\nrequired = true\n";

/// A remote with a policy, and a server that greets.
pub struct Team {
    server: ModelServer,
    pub folder: DataFolder,
    pub address: String,
}

/// Somebody with a data folder, a key and a clone.
pub struct Person {
    pub terminal: Terminal,
    pub place: PathBuf,
}

impl Team {
    pub fn new() -> Team {
        let (server, folder) = (greeter(), DataFolder::new());
        let origin = Terminal::in_data("greet");
        let allowed: String = [("ada", 1), ("bob", 2)]
            .into_iter()
            .map(|(name, seed)| format!("{name}@example.com {}\n", public(seed)))
            .collect();
        write(&origin.path(), ".assay/policy.toml", POLICY);
        write(&origin.path(), ".assay/allowed_signers", &allowed);
        origin.ok(&["commit", "-m", "who decides"]);
        let bare = folder.path().join("prompts.git");
        let bare = bare.to_str().expect("a path in UTF-8");
        git(&origin.path(), &["clone", "-q", "--bare", ".", bare]);
        let address = format!("file://{bare}");
        Team { server, folder, address }
    }

    /// Somebody who has cloned the repository, and signs with the key that grows from `seed`.
    pub fn person(&self, name: &str, seed: u8) -> Person {
        self.person_at(name, name, seed)
    }

    /// The same, in a clone of that name.
    pub fn person_at(&self, clone: &str, name: &str, seed: u8) -> Person {
        let person = self.clone_at(clone, name);
        let file = self.folder.path().join(format!("{clone}.key"));
        std::fs::write(&file, private(seed).as_bytes()).expect("a key");
        let file = file.to_str().expect("a path in UTF-8");
        let chosen = person.ok(&["signer", file, "--name", name]);
        assert_eq!(chosen["signer"]["publicKey"], public(seed));
        person
    }

    pub fn without_key(&self, name: &str) -> Person {
        self.clone_at(name, name)
    }

    fn clone_at(&self, clone: &str, name: &str) -> Person {
        let terminal = Terminal::in_data("greet");
        let url = self.server.url();
        terminal.ok(&["models", "add", "openai-compatible", "server", "--base-url", &url]);
        let place = self.folder.path().join(clone);
        let into = place.to_str().expect("a path in UTF-8");
        let left = terminal.assay_in(self.folder.path(), &["clone", &self.address, into]);
        assert_eq!(left.exit, 0, "{}", left.err);
        git(&place, &["config", "user.name", name]);
        git(&place, &["config", "user.email", &format!("{name}@example.com")]);
        Person { terminal, place }
    }
}

impl Person {
    fn assay(&self, arguments: &[&str]) -> Left {
        self.terminal.assay_in(&self.place, &[arguments, &["--json"]].concat())
    }

    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> Value {
        let left = self.assay(arguments);
        assert_eq!(left.exit, 0, "assay {}: {}{}", arguments.join(" "), left.out, left.err);
        left.json()
    }

    /// What a command says that ends otherwise.
    #[track_caller]
    pub fn ends_with(&self, exit: i32, arguments: &[&str]) -> Value {
        let left = self.assay(arguments);
        assert_eq!(left.exit, exit, "assay {}: {}{}", arguments.join(" "), left.out, left.err);
        left.json()
    }

    /// Makes the prompt say something else, and commits it on a branch of its own.
    pub fn change(&self, from: &str, to: &str) {
        let path = self.place.join(PROMPT);
        let text = std::fs::read_to_string(&path).expect("the prompt");
        assert!(text.contains(from), "{text}");
        std::fs::write(&path, text.replace(from, to)).expect("the prompt");
        self.ok(&["commit", "-m", to]);
    }

    /// Reads the proposal, and decides on what was shown.
    pub fn decides(&self, verdict: &[&str]) -> Value {
        self.ok(&["review", "show", "kind"]);
        self.ok(&[&["review"], verdict].concat())
    }

    /// Evaluates the branch against main and signs what came out.
    pub fn evaluate(&self) -> Value {
        self.ok(&["compare", "main", "kind"]);
        self.ok(&["attest", "last"])
    }
}

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

pub fn private(seed: u8) -> String {
    key(seed).to_openssh(LineEnding::LF).expect("a key").to_string()
}

fn public(seed: u8) -> String {
    key(seed).public_key().to_openssh().expect("a key")
}

pub fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("the git program");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}
