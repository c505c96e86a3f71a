//! Whose key signs on this machine.
//!
//! A key stays where it is: in an SSH agent, which is also the way to security keys, or in a file without a passphrase,
//! as runners have. Assay keeps no key and asks for no passphrase; a locked file signs through the agent that holds it.

use std::io;
use std::path::{Path, PathBuf};

use assay_repo::review::refs::LOGS;
use assay_repo::review::{AgentKey, Key, KeyError, KeyFile, Rules, Signer, agent_keys};
use assay_wire::*;
use directories::UserDirs;
use serde::{Deserialize, Serialize};

use crate::app::{App, Open};
use crate::error::Explain;
use crate::router::Answer;

/// What the setting is called that holds the chosen key.
const SETTING: &str = "statement-signer";

/// The largest file that is read as a key.
const MAX_KEY: u64 = 100_000;

/// How keys of an agent are named.
const FINGERPRINT: &str = "SHA256:";

/// The key that was chosen; never the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Chosen {
    /// A path, or the fingerprint of a key of the agent.
    key: String,
    /// What the person is called here.
    name: String,
}

impl Answer<ReadSigner> for App {
    fn answer(&self, _: ReadSigner) -> Result<SignerChoiceView, ApiError> {
        let open = self.workspace()?;
        let rules = rules_here(&open);
        let mut keys: Vec<SignerKeyView> =
            kept_by_agent().iter().map(|key| key_view(key.fingerprint(), key, &rules)).collect();
        for path in usual_files() {
            if let Some(key) = public_half(&path) {
                keys.push(key_view(path.display().to_string(), &key, &rules));
            }
        }
        Ok(SignerChoiceView { signer: self.signer_view(&open)?, keys })
    }
}

impl Answer<SetSigner> for App {
    fn answer(&self, command: SetSigner) -> Result<SignerChoiceView, ApiError> {
        let key = command.key.trim();
        let key = match key.starts_with(FINGERPRINT) {
            true => key.to_owned(),
            false => private_path(key).display().to_string(),
        };
        // A key that cannot sign is told now, not at the first approval.
        keeper(&key)?;
        let chosen = Chosen { key, name: command.name.trim().to_owned() };
        let text = serde_json::json!(chosen).to_string();
        self.inner.store.set_setting(SETTING, &text).map_err(|e| e.explain())?;
        self.answer(ReadSigner {})
    }
}

impl App {
    fn chosen_key(&self) -> Result<Option<Chosen>, ApiError> {
        let stored = self.inner.store.setting(SETTING).map_err(|e| e.explain())?;
        Ok(stored.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Whoever signs here.
    pub(super) fn signer(&self) -> Result<Box<dyn Signer>, ApiError> {
        let chosen = self.chosen_key()?.ok_or_else(|| {
            ApiError::new(Code::BadInput, "no key is chosen to sign with")
                .hint("Choose one in Settings, or with: assay signer ~/.ssh/id_ed25519")
                .hint("`assay signer` lists the keys of your agent and of ~/.ssh.")
        })?;
        keeper(&chosen.key)
    }

    /// The fingerprint of the key that signs here; none when none is chosen, or it cannot be read any more.
    pub(super) fn own_fingerprint(&self) -> Result<Option<String>, ApiError> {
        Ok(self.chosen_key()?.and_then(|chosen| known_fingerprint(&chosen.key)))
    }

    pub(super) fn signer_view(&self, open: &Open) -> Result<Option<SignerView>, ApiError> {
        let Some(chosen) = self.chosen_key()? else { return Ok(None) };
        let key = match keeper(&chosen.key) {
            Ok(signer) => signer.key(),
            Err(error) => return Ok(Some(unusable(chosen, error))),
        };
        let now_s = self.inner.environment.now_ms().div_euclid(1_000);
        let rules = rules_here(open);
        let counted = rules.signers.person(&key, now_s, now_s);
        Ok(Some(SignerView {
            name: named(&chosen, rules.signers.owner(&key)),
            fingerprint: key.fingerprint(),
            public_key: key.to_openssh().map_err(|e| e.explain())?,
            place: place_of(&chosen.key),
            log: format!("{LOGS}{}", key.fingerprint_hex()),
            person: rules.signers.owner(&key).map(str::to_owned),
            problem: counted.err().map(|refusal| refusal.to_string()),
        }))
    }
}

fn named(chosen: &Chosen, owner: Option<&str>) -> String {
    match chosen.name.as_str() {
        "" => owner.unwrap_or(&chosen.key).to_owned(),
        name => name.to_owned(),
    }
}

fn place_of(key: &str) -> String {
    if key.starts_with(FINGERPRINT) { "agent".to_owned() } else { key.to_owned() }
}

/// A chosen key that cannot sign now.
fn unusable(chosen: Chosen, error: ApiError) -> SignerView {
    SignerView {
        name: named(&chosen, None),
        fingerprint: known_fingerprint(&chosen.key).unwrap_or_default(),
        public_key: String::new(),
        place: place_of(&chosen.key),
        log: String::new(),
        person: None,
        problem: Some(error.message),
    }
}

/// The rules of the last commit; none where they cannot be read, which the gate tells.
pub(super) fn rules_here(open: &Open) -> Rules {
    let head = open.workspace.head().and_then(|id| open.workspace.revision(&id).ok());
    let rules = head.and_then(|head| head.rules().ok());
    rules.unwrap_or(Rules { policy: None, signers: Default::default(), digest: String::new() })
}

fn key_view(name: String, key: &Key, rules: &Rules) -> SignerKeyView {
    let person = rules.signers.owner(key).map(str::to_owned);
    SignerKeyView { key: name, fingerprint: key.fingerprint(), person }
}

/// The fingerprint of a key, without asking anybody who might have to be unlocked.
fn known_fingerprint(key: &str) -> Option<String> {
    if key.starts_with(FINGERPRINT) {
        return Some(key.to_owned());
    }
    let path = Path::new(key);
    let opened = || Some(KeyFile::from_openssh(&read_key(path).ok()?, None).ok()?.key());
    Some(public_half(path).or_else(opened)?.fingerprint())
}

/// What signs with a key.
fn keeper(key: &str) -> Result<Box<dyn Signer>, ApiError> {
    if key.starts_with(FINGERPRINT) {
        return in_agent(key).ok_or_else(|| {
            ApiError::new(Code::NotFound, format!("the agent holds no key {key}"))
                .hint("Start your agent and add the key: ssh-add PATH")
        });
    }
    let path = Path::new(key);
    match KeyFile::from_openssh(&read_key(path)?, None) {
        Ok(file) => Ok(Box::new(file)),
        Err(KeyError::Locked) => {
            let held = public_half(path).and_then(|public| in_agent(&public.fingerprint()));
            held.ok_or_else(|| {
                ApiError::new(Code::BadInput, format!("{key} needs its passphrase"))
                    .hint(format!("Give it to your agent: ssh-add {key}"))
            })
        }
        Err(error) => Err(error.explain()),
    }
}

fn in_agent(fingerprint: &str) -> Option<Box<dyn Signer>> {
    let key = kept_by_agent().into_iter().find(|key| key.fingerprint() == fingerprint)?;
    Some(Box::new(AgentKey::new(key, agent::connect)))
}

/// The keys of the agent; none where no agent runs.
fn kept_by_agent() -> Vec<Key> {
    let connection = agent::connect();
    connection.ok().and_then(|mut agent| agent_keys(&mut agent).ok()).unwrap_or_default()
}

/// Files that SSH gives to keys of kinds that are accepted.
fn usual_files() -> Vec<PathBuf> {
    let Some(dirs) = UserDirs::new() else { return Vec::new() };
    let folder = dirs.home_dir().join(".ssh");
    ["id_ed25519", "id_ecdsa"]
        .map(|name| folder.join(name))
        .into_iter()
        .filter(|p| p.is_file())
        .collect()
}

/// The path of a private key as a person names it: `~` is the home folder, and the public half names its key.
fn private_path(text: &str) -> PathBuf {
    let text = text.strip_suffix(".pub").unwrap_or(text);
    let home = || Some(UserDirs::new()?.home_dir().to_owned());
    let path = match text.strip_prefix("~/").zip(home()) {
        Some((below, home)) => home.join(below),
        None => PathBuf::from(text),
    };
    std::path::absolute(&path).unwrap_or(path)
}

/// The public key that stands beside a private one.
fn public_half(path: &Path) -> Option<Key> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    Key::from_openssh(read_key(Path::new(&name)).ok()?.trim()).ok()
}

fn read_key(path: &Path) -> Result<String, ApiError> {
    let read = || -> io::Result<String> {
        let file = std::fs::File::open(path)?;
        if file.metadata()?.len() > MAX_KEY {
            return Err(io::Error::other("it is too large to be a key"));
        }
        // Secrets of CI lose their last line end, or come with those of Windows; a key has none of that.
        Ok(format!("{}\n", io::read_to_string(file)?.replace("\r\n", "\n").trim()))
    };
    read().map_err(|error| {
        ApiError::new(Code::NotFound, format!("{} cannot be read: {error}", path.display()))
            .hint("Name a private key of OpenSSH, such as ~/.ssh/id_ed25519.")
    })
}

#[cfg(unix)]
mod agent {
    //! The agent that the environment names.

    use std::io;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    /// Long enough for a person to find and touch a security key.
    const PATIENCE: Duration = Duration::from_secs(60);

    pub(super) fn connect() -> io::Result<UnixStream> {
        let socket = std::env::var_os("SSH_AUTH_SOCK")
            .ok_or_else(|| io::Error::other("no SSH agent runs"))?;
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }
}

#[cfg(not(unix))]
mod agent {
    //! The agent of OpenSSH for Windows, which listens on a pipe of its own.

    use std::fs::{File, OpenOptions};
    use std::io;

    pub(super) fn connect() -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(r"\\.\pipe\openssh-ssh-agent")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_public_half_names_its_private_key() {
        let path = private_path("keys/id_ed25519.pub");
        assert!(path.is_absolute(), "{}", path.display());
        assert!(path.ends_with("keys/id_ed25519"), "{}", path.display());
    }

    #[test]
    fn a_key_that_came_through_a_secret_of_ci_is_read() {
        use ssh_key::private::Ed25519Keypair;
        use ssh_key::{LineEnding, PrivateKey};

        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[3; 32]));
        let text = key.to_openssh(LineEnding::LF).unwrap().to_string();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runner");
        for spelled in [text.trim().to_owned(), format!("{text}\n"), text.replace('\n', "\r\n")] {
            std::fs::write(&file, spelled).unwrap();
            assert!(keeper(&file.display().to_string()).is_ok());
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        std::fs::write(&file, "no key").unwrap();
        let name = file.display().to_string();
        let refused = keeper(&name).err().unwrap();
        assert_eq!(refused.code, Code::BadInput);
        let missing = keeper(&format!("{name}.gone")).err().unwrap();
        assert_eq!(missing.code, Code::NotFound);
        assert!(missing.message.contains("notes.txt.gone"), "{missing}");
    }
}
