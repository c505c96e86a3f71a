//! Signing through an SSH agent: the private key never comes here.
//!
//! This is also the way to security keys, which only an agent can ask to be touched. Two requests of the
//! agent's protocol (draft-ietf-sshm-ssh-agent) are spoken: which keys are there, and sign this.

use std::io::{Read, Write};

use ssh_key::{HashAlg, LineEnding, PublicKey, Signature, SshSig};

use super::signature::{Key, KeyError, Signer};

const FAILURE: u8 = 5;
const LIST_KEYS: u8 = 11;
const KEYS: u8 = 12;
const SIGN: u8 = 13;
const SIGNED: u8 = 14;

/// The longest answer that is read.
const MAX_ANSWER: u32 = 1_000_000;

/// The most keys an agent is believed to hold.
const MAX_KEYS: u32 = 1_000;

/// A key that an agent keeps. `S` is the connection, one exchange at a time.
pub struct AgentKey<S> {
    key: Key,
    connect: Box<dyn Fn() -> std::io::Result<S> + Send>,
}

/// The keys of accepted kinds that an agent offers, in its order.
///
/// # Errors
/// When the agent cannot be reached, or does not answer as agents do.
pub fn agent_keys(connection: &mut (impl Read + Write)) -> Result<Vec<Key>, KeyError> {
    let answer = exchange(connection, &[LIST_KEYS], KEYS)?;
    let mut rest = &answer[..];
    let count = take_number(&mut rest).ok_or_else(odd)?.min(MAX_KEYS);
    let mut keys = Vec::new();
    for _ in 0..count {
        let blob = take_bytes(&mut rest).ok_or_else(odd)?;
        let _comment = take_bytes(&mut rest).ok_or_else(odd)?;
        // Certificates and kinds that are not accepted are passed over.
        if let Ok(key) = PublicKey::from_bytes(blob)
            && let Ok(text) = key.to_openssh()
            && let Ok(key) = Key::from_openssh(&text)
        {
            keys.push(key);
        }
    }
    Ok(keys)
}

impl<S: Read + Write> AgentKey<S> {
    /// A key of the agent that `connect` reaches. It is asked anew for every signature.
    pub fn new(key: Key, connect: impl Fn() -> std::io::Result<S> + Send + 'static) -> Self {
        Self { key, connect: Box::new(connect) }
    }
}

impl<S: Read + Write> Signer for AgentKey<S> {
    fn key(&self) -> Key {
        self.key.clone()
    }

    fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, KeyError> {
        let public = PublicKey::from_openssh(&self.key.to_openssh()?).map_err(refused)?;
        let data = SshSig::signed_data(namespace, HashAlg::Sha512, message).map_err(refused)?;
        let mut request = vec![SIGN];
        put_bytes(&mut request, &public.to_bytes().map_err(refused)?);
        put_bytes(&mut request, &data);
        put_number(&mut request, 0);
        let mut connection = (self.connect)().map_err(refused)?;
        let answer = exchange(&mut connection, &request, SIGNED)?;
        let signature = take_bytes(&mut &answer[..]).ok_or_else(odd)?;
        let signature = Signature::try_from(signature).map_err(refused)?;
        let signature =
            SshSig::new(public.key_data().clone(), namespace, HashAlg::Sha512, signature);
        signature.and_then(|signature| signature.to_pem(LineEnding::LF)).map_err(refused)
    }
}

fn refused(error: impl std::fmt::Display) -> KeyError {
    KeyError::Signing { reason: error.to_string() }
}

fn odd() -> KeyError {
    refused("the agent's answer cannot be read")
}

/// Sends one request and reads its answer, without the answer's kind, which must be `expected`.
fn exchange(
    connection: &mut (impl Read + Write),
    request: &[u8],
    expected: u8,
) -> Result<Vec<u8>, KeyError> {
    let mut framed = Vec::new();
    put_bytes(&mut framed, request);
    connection.write_all(&framed).and_then(|()| connection.flush()).map_err(refused)?;
    let mut length = [0; 4];
    connection.read_exact(&mut length).map_err(refused)?;
    let length = u32::from_be_bytes(length);
    if length == 0 || length > MAX_ANSWER {
        return Err(odd());
    }
    let mut answer = vec![0; length as usize];
    connection.read_exact(&mut answer).map_err(refused)?;
    match answer.remove(0) {
        kind if kind == expected => Ok(answer),
        FAILURE => Err(refused("the agent refused")),
        _ => Err(odd()),
    }
}

fn put_number(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_be_bytes());
}

/// Bytes after their length. Messages are far below the 4 GB that it can tell.
fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.extend(bytes);
}

fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*number))
}

fn take_bytes<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = take_number(rest)? as usize;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{self, Cursor};

    use super::super::fixtures::signer;
    use super::*;

    /// An agent that answers every request with the same bytes.
    struct Agent {
        answer: Cursor<Vec<u8>>,
    }

    impl Agent {
        fn new(kind: u8, body: &[u8]) -> Self {
            let mut answer = Vec::new();
            put_bytes(&mut answer, &[&[kind][..], body].concat());
            Self { answer: Cursor::new(answer) }
        }
    }

    impl Read for Agent {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.answer.read(out)
        }
    }

    impl Write for Agent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn blob(key: &Key) -> Vec<u8> {
        PublicKey::from_openssh(&key.to_openssh().unwrap()).unwrap().to_bytes().unwrap()
    }

    #[test]
    fn the_keys_of_an_agent_are_listed_without_kinds_that_are_not_accepted() {
        let key = signer(1).key();
        let mut body = 2_u32.to_be_bytes().to_vec();
        for bytes in [&blob(&key)[..], b"laptop", b"no key", b"other"] {
            put_bytes(&mut body, bytes);
        }
        assert_eq!(agent_keys(&mut Agent::new(KEYS, &body)).unwrap(), [key]);
    }

    #[test]
    fn an_agent_that_refuses_or_babbles_gives_no_signature() {
        let key = signer(1).key();
        let sign = |kind: u8, body: &'static [u8]| {
            let agent = AgentKey::new(key.clone(), move || Ok(Agent::new(kind, body)));
            agent.sign("statement@assay", b"words").unwrap_err().to_string()
        };
        assert_eq!(sign(FAILURE, b""), "signing failed: the agent refused");
        assert_eq!(sign(KEYS, b""), "signing failed: the agent's answer cannot be read");
        assert_eq!(
            sign(SIGNED, b"\xff\xff\xff\xff"),
            "signing failed: the agent's answer cannot be read"
        );
        assert!(sign(SIGNED, b"\0\0\0\x01x").starts_with("signing failed: "));
    }

    #[test]
    fn a_signature_of_an_agent_is_put_into_the_armour_of_ssh_keygen() {
        use super::super::signature::{NAMESPACE, verify};
        let ada = signer(1);
        let armoured = ada.sign(NAMESPACE, b"words").unwrap();
        let parsed = SshSig::from_pem(&armoured).unwrap();
        let mut body = Vec::new();
        let mut inner = Vec::new();
        put_bytes(&mut inner, b"ssh-ed25519");
        put_bytes(&mut inner, parsed.signature_bytes());
        put_bytes(&mut body, &inner);
        let agent = AgentKey::new(ada.key(), move || Ok(Agent::new(SIGNED, &body)));
        let signed = agent.sign(NAMESPACE, b"words").unwrap();
        assert_eq!(signed, armoured);
        assert_eq!(verify(b"words", &signed).unwrap(), ada.key());
    }
}
