//! How a program may have written a key.
//!
//! Wider than what the product takes out of replies: that list is what honest servers write, this one also holds what
//! our own code could by mistake, such as a list of numbers.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::KEY;

/// This many characters of the canary in a row are always found, wherever they are cut out of it.
pub const TELLING: usize = 12;

/// Characters of a piece that is looked for, and from one piece to the next: whatever is as long as [`TELLING`] holds a
/// whole piece. Every piece in every form is a text to look for, so fewer pieces make a faster search.
const PIECE: usize = 8;
const STEP: usize = TELLING - PIECE + 1;

/// A text that stands for part of the canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Of the way it is written.
    pub name: &'static str,
    /// What to look for.
    pub bytes: Vec<u8>,
}

/// Every form of every piece of the canary, each once.
pub fn forms() -> Vec<Form> {
    let pieces = KEY.as_bytes().windows(PIECE).step_by(STEP);
    let mut forms: Vec<_> = pieces.flat_map(forms_of).collect();
    // The first name stays: what needs no escapes is found as plain wherever it stands.
    let mut seen = std::collections::HashSet::new();
    forms.retain(|form| seen.insert(form.bytes.clone()));
    forms
}

fn forms_of(piece: &[u8]) -> Vec<Form> {
    let mut forms = vec![
        form("plain", piece.to_vec()),
        form("in upper case", piece.to_ascii_uppercase()),
        form("in lower case", piece.to_ascii_lowercase()),
        form("reversed", piece.iter().rev().copied().collect()),
        form("as UTF-16", utf16(piece)),
        form("as hex", each(piece, "", |byte| format!("{byte:02x}"))),
        form("as hex", each(piece, "", |byte| format!("{byte:02X}"))),
        form("as numbers", each(piece, ",", |byte| byte.to_string())),
        form("as numbers", each(piece, ", ", |byte| byte.to_string())),
        form("as JSON escapes", each(piece, "", |byte| format!("\\u{byte:04x}"))),
        form("as JSON escapes", each(piece, "", |byte| format!("\\u{byte:04X}"))),
        form("as JSON", each(piece, "", json_slash)),
    ];
    forms.extend(percent(piece).map(|bytes| form("percent-encoded", bytes)));
    for shift in 0..3 {
        forms.extend(base64(piece, shift).map(|bytes| form("as base64", bytes)));
    }
    forms
}

fn form(name: &'static str, bytes: Vec<u8>) -> Form {
    Form { name, bytes }
}

fn each(piece: &[u8], between: &str, written: impl Fn(u8) -> String) -> Vec<u8> {
    let parts: Vec<_> = piece.iter().copied().map(written).collect();
    parts.join(between).into_bytes()
}

/// Little- and big-endian differ in the zeros at the ends only, which are left out.
fn utf16(piece: &[u8]) -> Vec<u8> {
    each(piece, "\0", |byte| char::from(byte).to_string())
}

fn json_slash(byte: u8) -> String {
    if byte == b'/' { "\\/".to_owned() } else { char::from(byte).to_string() }
}

/// What is no letter or digit, and everything, in either case.
fn percent(piece: &[u8]) -> [Vec<u8>; 4] {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let partly = |byte: u8, escape: String| match kept(byte) {
        true => char::from(byte).to_string(),
        false => escape,
    };
    [
        each(piece, "", |byte| partly(byte, format!("%{byte:02X}"))),
        each(piece, "", |byte| partly(byte, format!("%{byte:02x}"))),
        each(piece, "", |byte| format!("%{byte:02X}")),
        each(piece, "", |byte| format!("%{byte:02x}")),
    ]
}

/// What stands before a key shifts base64 by nought, one or two bytes. Only characters that hold bits of the piece alone
/// are looked for, so it does not matter what surrounds it.
fn base64(piece: &[u8], shift: usize) -> [Vec<u8>; 2] {
    let shifted = [&[0; 2][..shift], piece].concat();
    let own = [0, 2, 3][shift]..shifted.len() * 8 / 6;
    [STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .map(|alphabet| alphabet.encode(&shifted)[own.clone()].as_bytes().to_vec())
}
