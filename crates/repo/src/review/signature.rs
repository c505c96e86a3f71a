//! SSH signatures of statements, as `ssh-keygen -Y sign` makes them.
//!
//! The keys are those people already have. The namespace is our own, so a signature of a git commit can
//! never be replayed as an approval, nor an approval as a commit. Only Ed25519, also on a security key, and
//! ECDSA on P-256 are accepted. What a key may decide is left to [`super::signers`].

use sha2::{Digest, Sha256};
use ssh_key::public::KeyData;
use ssh_key::{
    Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig,
    private::Ed25519Keypair,
};

use super::refusal::Refusal;

/// What signatures of statements are made for.
pub const NAMESPACE: &str = "statement@assay";

/// What git makes its signatures for.
pub const GIT_NAMESPACE: &str = "git";

/// The most bytes a signature may have.
const MAX_SIGNATURE: usize = 16_000;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is no key in OpenSSH's form.
    #[error("the key cannot be read: {source}")]
    Unreadable {
        /// What is wrong with it.
        source: ssh_key::Error,
    },
    /// The private key is locked, and no passphrase was given.
    #[error("the private key needs its passphrase")]
    Locked,
    /// The passphrase does not open it.
    #[error("the passphrase does not open the private key")]
    WrongPassphrase,
    /// A kind of key that is not accepted.
    #[error("keys of the kind {algorithm} are not accepted; use ed25519 or ecdsa-sha2-nistp256")]
    Kind {
        /// The kind.
        algorithm: String,
    },
    /// The key did not sign.
    #[error("signing failed: {reason}")]
    Signing {
        /// What the key's keeper said.
        reason: String,
    },
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    data: KeyData,
}

impl Key {
    /// Reads `ssh-ed25519 AAAA…`, with or without a comment.
    ///
    /// # Errors
    /// When it is no key, or not of a kind that is accepted.
    pub fn from_openssh(text: &str) -> Result<Self, KeyError> {
        let key =
            PublicKey::from_openssh(text).map_err(|source| KeyError::Unreadable { source })?;
        require_kind(&key.algorithm()).map_err(|algorithm| KeyError::Kind { algorithm })?;
        Ok(Self { data: key.key_data().clone() })
    }

    /// The fingerprint as `ssh-keygen -l` shows it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        self.public().fingerprint(HashAlg::Sha256).to_string()
    }

    /// The same fingerprint in hex, which may stand in the name of a reference or file.
    pub fn fingerprint_hex(&self) -> String {
        let blob = self.public().to_bytes().unwrap_or_default();
        Sha256::digest(&blob).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key as a line of `allowed_signers` has it.
    ///
    /// # Errors
    /// When it cannot be written, which no key that was read does.
    pub fn to_openssh(&self) -> Result<String, KeyError> {
        self.public().to_openssh().map_err(|source| KeyError::Unreadable { source })
    }

    fn public(&self) -> PublicKey {
        PublicKey::from(self.data.clone())
    }
}

/// Whoever signs: a key file, an agent, a security key.
pub trait Signer {
    /// The key it signs with.
    fn key(&self) -> Key;

    /// Signs `message` for `namespace`, in the armour that `ssh-keygen -Y sign` writes.
    ///
    /// # Errors
    /// When the keeper of the key refuses.
    fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, KeyError>;
}

/// A private key in memory. It is wiped when dropped.
pub struct KeyFile(PrivateKey);

impl KeyFile {
    /// Reads a private key file of OpenSSH.
    ///
    /// # Errors
    /// When it is no key of an accepted kind, or stays locked.
    pub fn from_openssh(text: &str, passphrase: Option<&str>) -> Result<Self, KeyError> {
        let key =
            PrivateKey::from_openssh(text).map_err(|source| KeyError::Unreadable { source })?;
        require_kind(&key.algorithm()).map_err(|algorithm| KeyError::Kind { algorithm })?;
        if !key.is_encrypted() {
            return Ok(Self(key));
        }
        let passphrase = passphrase.ok_or(KeyError::Locked)?;
        key.decrypt(passphrase).map(Self).map_err(|_| KeyError::WrongPassphrase)
    }

    /// The Ed25519 key that grows from 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(PrivateKey::from(Ed25519Keypair::from_seed(seed)))
    }
}

impl Signer for KeyFile {
    fn key(&self) -> Key {
        Key { data: self.0.public_key().key_data().clone() }
    }

    fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, KeyError> {
        let signed = self.0.sign(namespace, HashAlg::Sha512, message);
        let armoured = signed.and_then(|signature| signature.to_pem(LineEnding::LF));
        armoured.map_err(|error| KeyError::Signing { reason: error.to_string() })
    }
}

/// The key whose signature of `message`, as a statement, `armoured` is.
pub(super) fn verify(message: &[u8], armoured: &str) -> Result<Key, Refusal> {
    if armoured.len() > MAX_SIGNATURE {
        return Err(Refusal::SignatureMalformed);
    }
    let signature = SshSig::from_pem(armoured).map_err(|_| Refusal::SignatureMalformed)?;
    require_one_spelling(&signature, armoured)?;
    if signature.namespace() != NAMESPACE {
        return Err(Refusal::OtherNamespace { namespace: signature.namespace().to_owned() });
    }
    let key = Key { data: signature.public_key().clone() };
    let public = key.public();
    require_kind(&public.algorithm()).map_err(|algorithm| Refusal::KeyKind { algorithm })?;
    public.verify(NAMESPACE, message, &signature).map_err(|_| Refusal::BadSignature)?;
    require_touch(&signature)?;
    Ok(key)
}

/// A security key says whether somebody touched it, in the flags before the counter that end its signature.
fn require_touch(signature: &SshSig) -> Result<(), Refusal> {
    const TOUCHED: u8 = 1;
    let bytes = signature.signature_bytes();
    let flags = bytes.len().checked_sub(5).and_then(|at| bytes.get(at)).copied();
    let is_by_hand = flags.is_some_and(|flags| flags & TOUCHED != 0);
    if signature.algorithm() == Algorithm::SkEd25519 && !is_by_hand {
        return Err(Refusal::Untouched);
    }
    Ok(())
}

/// Base64 and line breaks have several spellings, and the format a field that means nothing. One of them is
/// accepted, so that no byte of a stored signature can change without notice.
fn require_one_spelling(signature: &SshSig, armoured: &str) -> Result<(), Refusal> {
    let bare = |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned();
    let written = signature.to_pem(LineEnding::LF).map_err(|_| Refusal::SignatureMalformed)?;
    let is_plain = signature.version() == SshSig::VERSION && signature.reserved().is_empty();
    if is_plain && bare(&written) == bare(armoured) {
        Ok(())
    } else {
        Err(Refusal::SignatureMalformed)
    }
}

/// Whether keys of the kind are accepted; else what the kind is called.
fn require_kind(algorithm: &Algorithm) -> Result<(), String> {
    match algorithm {
        Algorithm::Ed25519
        | Algorithm::SkEd25519
        | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 } => Ok(()),
        // Also `sk-ecdsa`: the library does not write its signatures as OpenSSH reads them.
        other => Err(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixtures::signer;
    use super::*;

    #[test]
    fn a_signature_gives_back_the_key_that_made_it() {
        let ada = signer(1);
        let armoured = ada.sign(NAMESPACE, b"words").unwrap();
        assert_eq!(verify(b"words", &armoured).unwrap(), ada.key());
        assert!(armoured.starts_with("-----BEGIN SSH SIGNATURE-----\n"), "{armoured}");
    }

    #[test]
    fn other_words_have_another_signature() {
        let armoured = signer(1).sign(NAMESPACE, b"words").unwrap();
        assert_eq!(verify(b"swords", &armoured).unwrap_err(), Refusal::BadSignature);
    }

    #[test]
    fn a_signature_of_a_commit_is_no_statement() {
        let armoured = signer(1).sign(GIT_NAMESPACE, b"words").unwrap();
        let refusal = verify(b"words", &armoured).unwrap_err();
        assert_eq!(refusal, Refusal::OtherNamespace { namespace: "git".into() });
    }

    #[test]
    fn every_changed_byte_of_a_signature_is_noticed() {
        let armoured = signer(1).sign(NAMESPACE, b"words").unwrap();
        for at in 0..armoured.len() {
            for bit in [1, 2, 32] {
                let mut bytes = armoured.clone().into_bytes();
                bytes[at] ^= bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                assert!(verify(b"words", &changed).is_err(), "byte {at} became {changed:?}");
            }
        }
    }

    #[test]
    fn what_is_no_signature_is_refused_without_a_panic() {
        for text in ["", "-----BEGIN SSH SIGNATURE-----", "x", "\0", "-----END SSH SIGNATURE-----"]
        {
            assert_eq!(verify(b"", text).unwrap_err(), Refusal::SignatureMalformed);
        }
        let huge = "A".repeat(MAX_SIGNATURE + 1);
        assert_eq!(verify(b"", &huge).unwrap_err(), Refusal::SignatureMalformed);
    }

    #[test]
    fn a_key_reads_back_and_keeps_its_fingerprint() {
        let key = signer(7).key();
        let again = Key::from_openssh(&key.to_openssh().unwrap()).unwrap();
        assert_eq!(again, key);
        assert!(key.fingerprint().starts_with("SHA256:"), "{}", key.fingerprint());
        assert_eq!(key.fingerprint_hex().len(), 64);
    }

    #[test]
    fn a_key_of_a_weak_kind_is_refused_by_name() {
        let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDe01FZZXuIPCTJu9Q6gIaNG4N/e1vHo8Mx7yu92G7iGmLsvNQen5zilep/GsbEd5wHnLNPTtG35EUIkA7v0mEotg2K8kuBz0i4H+x/BwzA7NkJHsrZMQk4+oVN692LySkZP1Zkf+R8P0wfe0X1N35YnP4rfMZoQWwHDOjWiDqFDw==";
        let error = Key::from_openssh(rsa).unwrap_err();
        assert!(
            matches!(&error, KeyError::Kind { algorithm } if algorithm == "ssh-rsa"),
            "{error}"
        );
    }

    /// What `ssh-keygen -Y sign -n statement@assay` wrote for the text `words`.
    const BY_SSH_KEYGEN: [(&str, &str); 2] = [
        (
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIFFaFfCTub1kjQ/5u81Yqt/dYtdxP9K9LBasDF4UVh9 ada@example.com",
            "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAggUVoV8JO5vWSND/m7zViq391i1
3E/0r0sFqwMXhRWH0AAAAPc3RhdGVtZW50QGFzc2F5AAAAAAAAAAZzaGE1MTIAAABTAAAA
C3NzaC1lZDI1NTE5AAAAQOIrd3fmlMY+BrcRFw88FjlGBdtrdEimfC0Jsx8Oq3m7WbVi/S
vk3hfw859Q3rATKQGMTiplrviFaB+E/BgTPwI=
-----END SSH SIGNATURE-----
",
        ),
        (
            "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBO2QlsVgdEH+Ljq/OsqiMHLF73Sb6F2mKdHU+LvvCzbrEOaq0FQqyhWPB6p7Rqrx3WrmroViWE/MDgaEMHzF4ug=",
            "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE
EE7ZCWxWB0Qf4uOr86yqIwcsXvdJvoXaYp0dT4u+8LNusQ5qrQVCrKFY8HqntGqvHdauau
hWJYT8wOBoQwfMXi6AAAAA9zdGF0ZW1lbnRAYXNzYXkAAAAAAAAABnNoYTUxMgAAAGQAAA
ATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAEkAAAAhAKGOl7vrwH+hIO6JOMWQFKLN1wQHp+fz
WasCQ/VjqcwaAAAAIAl4e+Latsu9Hg8RE7pMxm+tH7/SPqw/GwMg8OvpSFGv
-----END SSH SIGNATURE-----
",
        ),
    ];

    #[test]
    fn what_ssh_keygen_signs_is_believed() {
        for (key, armoured) in BY_SSH_KEYGEN {
            let key = Key::from_openssh(key).unwrap();
            assert_eq!(verify(b"words", armoured).unwrap(), key);
        }
        let (ed25519, _) = BY_SSH_KEYGEN[0];
        // As `ssh-keygen -l` shows it.
        let fingerprint = "SHA256:+y8RFVW9rHLS9XzbYbEx82DkWK0j7zsZnRmrEUs3rSA";
        assert_eq!(Key::from_openssh(ed25519).unwrap().fingerprint(), fingerprint);
    }
}
