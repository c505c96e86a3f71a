//! How a program on the way may have written a key.
//!
//! Plain; base64 in both alphabets, wherever in a longer text the key stood; percent-encoded; escaped as in JSON; hex.
//! Not covered, because nothing between us and a provider writes it: compression, encryption, UTF-16, reversal.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

/// Every text that stands for `secret`, each once. Wiped when dropped.
pub(super) fn of(secret: &str) -> Vec<Zeroizing<String>> {
    let mut texts = vec![secret.to_owned()];
    for shift in 0..3 {
        texts.extend(base64(secret.as_bytes(), shift));
    }
    texts.extend(percent(secret));
    texts.extend(json(secret));
    texts.push(each_byte(secret, |byte| format!("{byte:02x}")));
    texts.push(each_byte(secret, |byte| format!("{byte:02X}")));
    texts.sort_unstable();
    texts.dedup();
    texts.into_iter().map(Zeroizing::new).collect()
}

/// Base64 takes three bytes at a time, so what stands before a key shifts it by nought, one or two. The characters that
/// hold bits of the key alone are the same whatever surrounds it; they are looked for. At most four bits at either end
/// stay behind. Where the key ends the text, its last character and the padding are known, and go too.
fn base64(secret: &[u8], shift: usize) -> Vec<String> {
    let shifted = Zeroizing::new([&[0; 2][..shift], secret].concat());
    // Characters that hold bits of what stands before, and characters that are full before what comes after.
    let (first, full) = ([0, 2, 3][shift], shifted.len() * 8 / 6);
    let mut texts = Vec::new();
    for alphabet in [STANDARD, URL_SAFE] {
        let padded = Zeroizing::new(alphabet.encode(&*shifted));
        let unpadded = padded.trim_end_matches('=');
        for form in [&padded[first..full], &unpadded[first..], &padded[first..]] {
            texts.push(form.to_owned());
            texts.push(form.replace('/', "\\/"));
            texts.extend(percent_all_but("-._~", form));
        }
    }
    texts
}

/// What is kept beside letters and digits by RFC 3986, by a browser's `encodeURIComponent`, by forms, and in paths.
const KEPT_IN_URLS: [&str; 4] = ["-._~", "-._~!*'()", "-._*", "-._~/"];

/// Percent-encoded by each set of rules, and throughout; hex digits in either case.
fn percent(secret: &str) -> Vec<String> {
    let mut texts: Vec<_> =
        KEPT_IN_URLS.iter().flat_map(|kept| percent_all_but(kept, secret)).collect();
    texts.extend(percent_all_but("-._*", secret).map(|form| form.replace("%20", "+")));
    texts.push(each_byte(secret, |byte| format!("%{byte:02X}")));
    texts.push(each_byte(secret, |byte| format!("%{byte:02x}")));
    texts
}

fn percent_all_but(kept: &str, text: &str) -> [String; 2] {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte);
    let written = |byte: u8, escape: String| match keeps(byte) {
        true => char::from(byte).to_string(),
        false => escape,
    };
    [
        each_byte(text, |byte| written(byte, format!("%{byte:02X}"))),
        each_byte(text, |byte| written(byte, format!("%{byte:02x}"))),
    ]
}

/// What JSON wants escaped (RFC 8259), and what some writers escape beyond that: `/`, whatever is not ASCII, `<`, `>` and
/// `&`, or every character.
fn json(secret: &str) -> Vec<String> {
    let beyond: [fn(char) -> bool; 4] =
        [|_| false, |c| !c.is_ascii(), |c| "<>&".contains(c), |_| true];
    let mut texts = Vec::new();
    for escaped in beyond {
        for unit in [|unit: u16| format!("\\u{unit:04x}"), |unit: u16| format!("\\u{unit:04X}")] {
            let text = json_string(secret, escaped, unit);
            texts.push(text.replace('/', "\\/"));
            texts.push(text);
        }
    }
    texts
}

fn json_string(text: &str, beyond: fn(char) -> bool, unit: fn(u16) -> String) -> String {
    let written = |c: char| match c {
        _ if beyond(c) || c < ' ' => {
            c.encode_utf16(&mut [0; 2]).iter().copied().map(unit).collect()
        }
        '"' | '\\' => format!("\\{c}"),
        _ => c.to_string(),
    };
    text.chars().map(written).collect()
}

fn each_byte(text: &str, written: impl Fn(u8) -> String) -> String {
    text.bytes().map(written).collect()
}
