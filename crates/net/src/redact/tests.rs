use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::Origin;

/// With what base64, URLs and JSON write differently, and 30 bytes long; cut to take every length modulo three.
const CANARY: &str = "sk-Kanarie/7+9?~>\u{ff}\"\\&=<x\u{1F426}z";
const ALPHANUMERIC: &str = "sk-canary-4f1d9c7e21b04a55";

fn holding(keys: &[&str]) -> Secrets {
    let secrets = Secrets::new();
    for key in keys {
        secrets.add_text(&SecretString::from(*key));
    }
    secrets
}

fn keys() -> Vec<&'static str> {
    vec![ALPHANUMERIC, &ALPHANUMERIC[1..], &ALPHANUMERIC[2..], CANARY, &CANARY[1..], &CANARY[2..]]
}

/// Every encoding of `key` between `before` and `after`, by encoders other than those of [`encodings`] where there are.
fn encoded(key: &str, before: &str, after: &str) -> Vec<String> {
    let whole = format!("{before}{key}{after}");
    let percent: String = url::form_urlencoded::byte_serialize(whole.as_bytes()).collect();
    let everything: String = whole.bytes().map(|b| format!("%{b:02x}")).collect();
    let ascii_json: String = whole
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(b'"') => "\\\"".to_owned(),
            Ok(b'\\') => "\\\\".to_owned(),
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let json = serde_json::to_string(&whole).expect("JSON");
    let mut texts = vec![
        json.replace('/', "\\/"),
        json,
        ascii_json,
        percent,
        everything.to_uppercase(),
        everything,
        whole.bytes().map(|b| format!("{b:02x}")).collect(),
        whole.bytes().map(|b| format!("{b:02X}")).collect(),
        whole.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect(),
        whole.clone(),
    ];
    for base64 in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        let text = base64.encode(&whole);
        texts.push(text.replace('/', "\\/"));
        texts.push(text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"));
        texts.push(text);
    }
    texts
}

#[test]
fn every_encoding_at_every_alignment_is_taken_out() {
    for key in keys() {
        let secrets = holding(&[key]);
        for before in ["", "u", "us", "use", "user"] {
            for after in ["", "x", "xy", "xyz"] {
                for text in encoded(key, before, after) {
                    let clean = secrets.redact_text(&text);
                    assert_eq!(clean.matches(MARK).count(), 1, "{key:?} in {text:?}: {clean:?}");
                    // What stood around it, in the longest of the encodings, and a character at either end.
                    let left = (before.len() + after.len()) * 6 + MARK.len() + 8;
                    assert!(clean.len() <= left, "{key:?} in {text:?} leaves {clean:?}");
                }
            }
        }
    }
}

#[test]
fn a_text_without_a_key_is_not_copied() {
    let secrets = holding(&[ALPHANUMERIC]);
    for text in ["", "hello", &ALPHANUMERIC[1..], &ALPHANUMERIC[..25], &ALPHANUMERIC.to_uppercase()]
    {
        assert!(matches!(secrets.redact_text(text), Cow::Borrowed(same) if same == text), "{text}");
    }
    assert!(matches!(Secrets::new().redact(b"any"), Cow::Borrowed(_)));
}

#[test]
fn bytes_that_are_no_text_are_redacted_too() {
    let secrets = holding(&[ALPHANUMERIC]);
    let bytes = [b"\xff\x00", ALPHANUMERIC.as_bytes(), b"\xfe"].concat();
    assert_eq!(*secrets.redact(&bytes), *b"\xff\x00[key]\xfe");
}

#[test]
fn of_overlapping_keys_nothing_stays() {
    let long = format!("{ALPHANUMERIC}-and-its-longer-sister");
    for keys in [[ALPHANUMERIC, &long], [&long, ALPHANUMERIC]] {
        let secrets = holding(&keys);
        assert_eq!(secrets.redact_text(&format!("<{long}>")), "<[key]>");
        assert_eq!(secrets.redact_text(&format!("<{ALPHANUMERIC}>")), "<[key]>");
        assert_eq!(secrets.redact_text(&format!("{ALPHANUMERIC}{long}")), "[key][key]");
    }
    // The end of one is the beginning of the other: the first goes whole, and of the second what is left is no key.
    let (first, second) = ("abcdefghijklmnop-tail", "-tail-qrstuvwxyz-0123");
    let clean =
        holding(&[first, second]).redact_text("abcdefghijklmnop-tail-qrstuvwxyz-0123").into_owned();
    assert_eq!(clean, "[key]-qrstuvwxyz-0123");
}

#[test]
fn a_key_is_a_text_and_not_a_pattern() {
    for key in
        [".*.*.*.*.*.*.*.*", "$&$&$&$&$&$&$&$&", "[a-z]{16}(\\w+)|$", "${key}$1$0$$\\1\\0\\n"]
    {
        let secrets = holding(&[key]);
        assert_eq!(secrets.redact_text(&format!("a{key}b")), "a[key]b");
        let innocent = "abcdefghijklmnopqrstuvwxyz $1 .* \n";
        assert_eq!(secrets.redact_text(innocent), innocent);
    }
}

#[test]
fn words_and_short_keys_are_left() {
    let secrets = holding(&["ollama", "fifteen-bytes-x", ""]);
    assert_eq!(secrets.redact_text("ollama, fifteen-bytes-x"), "ollama, fifteen-bytes-x");
    assert_eq!(format!("{secrets:?}"), "Secrets(0 keys)");
}

#[test]
fn a_key_added_to_one_handle_is_taken_out_by_all() {
    let secrets = Secrets::new();
    let handle = secrets.clone();
    let origin = Origin::parse("https://api.example.com").expect("valid");
    for _ in 0..3 {
        secrets.add(&Credential::new(origin.clone(), format!(" {ALPHANUMERIC}\n")));
    }
    assert_eq!(handle.redact_text(ALPHANUMERIC), MARK);
    assert_eq!(format!("{handle:?}"), "Secrets(1 keys)");
}

/// Everything that a stream may hold: keys, encoded, overlapping, cut off, beside one another.
fn stream() -> (Secrets, Vec<u8>) {
    let long = format!("{ALPHANUMERIC}-and-its-longer-sister");
    let secrets = holding(&[ALPHANUMERIC, &long, CANARY]);
    let text = [
        "data: ",
        ALPHANUMERIC,
        &long,
        ALPHANUMERIC,
        "\n",
        &long[..long.len() - 1],
        "\n",
        &STANDARD.encode(format!("Basic u:{CANARY}")),
        CANARY,
        &ALPHANUMERIC[..20],
    ];
    (secrets, text.concat().into_bytes())
}

#[test]
fn a_key_split_at_any_place_is_taken_out_of_a_stream() {
    let (secrets, whole) = stream();
    let expected = secrets.redact(&whole);
    assert!(expected.len() < whole.len() / 2, "the stream holds keys");
    for first in 0..=whole.len() {
        for second in [first, (first + 1).min(whole.len()), (first + 17).min(whole.len())] {
            let mut redactor = secrets.redactor();
            let mut clean = redactor.push(&whole[..first]);
            clean.extend(redactor.push(&whole[first..second]));
            clean.extend(redactor.push(&whole[second..]));
            clean.extend(redactor.finish());
            assert_eq!(clean, *expected, "split at {first} and {second}");
        }
    }
}

#[test]
fn a_stream_in_single_bytes_comes_out_as_the_whole() {
    let (secrets, whole) = stream();
    let mut redactor = secrets.redactor();
    let mut clean: Vec<u8> = whole.iter().flat_map(|byte| redactor.push(&[*byte])).collect();
    clean.extend(redactor.finish());
    assert_eq!(clean, *secrets.redact(&whole));
}

#[test]
fn only_an_end_that_may_go_on_as_a_key_is_held_back() {
    let mut redactor = holding(&[ALPHANUMERIC]).redactor();
    for (piece, shown) in [
        ("Billing", "Billing"),
        (" asks", " ask"),
        // `s` and `sk` begin the key; `sky` does not.
        ("k", ""),
        ("y: ", "sky: "),
        (&ALPHANUMERIC[..25], ""),
        (&ALPHANUMERIC[25..], "[key]"),
        (" and then", " and then"),
    ] {
        assert_eq!(String::from_utf8_lossy(&redactor.push(piece.as_bytes())), shown, "{piece:?}");
    }
    assert_eq!(redactor.finish(), b"");
    assert_eq!(holding(&[]).redactor().push(b"at once"), b"at once");
}

#[test]
fn what_a_longer_key_may_swallow_waits_for_it() {
    let long = format!("{ALPHANUMERIC}-and-its-longer-sister");
    let secrets = holding(&[ALPHANUMERIC, &long]);
    let mut redactor = secrets.redactor();
    assert_eq!(redactor.push(ALPHANUMERIC.as_bytes()), b"", "the longer key begins with this one");
    assert_eq!(redactor.push(b"-and-no"), b"[key]-and-no");
    assert_eq!(redactor.push(long.as_bytes()), MARK.as_bytes());
}

/// A key of what keys are made of and of what encodings write differently; without the brackets of the mark, beside which
/// a rest of the text could spell it anew.
fn any_key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c-]{16,20}", "[A-Za-z0-9+/=_.~%&<>\"\\\\éß🐦 -]{16,40}"]
        .prop_map(|key| key.replace(' ', "+"))
}

/// A text of words, of keys in every encoding, whole and cut off, and of any characters.
fn any_text(keys: Vec<String>) -> impl Strategy<Value = String> {
    let forms: Vec<String> = keys.iter().flat_map(|key| encoded(key, "u", "x")).collect();
    let whole = prop::sample::select(forms.clone());
    let cut = (prop::sample::select(forms), any::<prop::sample::Index>()).prop_map(|(form, at)| {
        let ends: Vec<usize> = form.char_indices().map(|(place, _)| place).collect();
        form[..*at.get(&ends)].to_owned()
    });
    let part = prop_oneof![2 => whole, 2 => cut, 2 => "[a-c -]{0,9}", 1 => ".{0,9}"];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn keys_and_text() -> impl Strategy<Value = (Vec<String>, String)> {
    prop::collection::vec(any_key(), 1..3)
        .prop_flat_map(|keys| (Just(keys.clone()), any_text(keys)))
}

/// Whether some needle begins with `part` and is longer, found by looking at each.
fn may_go_on(needles: &[zeroize::Zeroizing<String>], part: &[u8]) -> bool {
    needles.iter().any(|needle| needle.len() > part.len() && needle.as_bytes().starts_with(part))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn of_any_text_in_any_pieces_no_key_is_shown_and_nothing_is_held_that_begins_none(
        (keys, text) in keys_and_text(),
        sizes in prop::collection::vec(1..40_usize, 1..6),
    ) {
        let secrets = holding(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        let needles: Vec<_> = keys.iter().flat_map(|key| encodings::of(key)).collect();
        let (mut redactor, mut shown, mut received) = (secrets.redactor(), Vec::new(), 0);
        for size in sizes.iter().cycle() {
            let upto = (received + size).min(text.len());
            shown.extend(redactor.push(&text.as_bytes()[received..upto]));
            received = upto;
            let so_far = &text.as_bytes()[..received];
            let held = redactor.held.len();
            let end = &so_far[received - held..];
            let expected = secrets.redact(&so_far[..received - held]);
            prop_assert_eq!(&shown[..], &expected[..]);
            prop_assert!(held == 0 || may_go_on(&needles, end), "{:?} begins no key", end);
            if received == text.len() {
                break;
            }
        }
        shown.extend(redactor.finish());
        let expected = secrets.redact(text.as_bytes());
        prop_assert_eq!(&shown[..], &expected[..]);
        for needle in &needles {
            let key = needle.as_bytes();
            prop_assert!(!shown.windows(key.len()).any(|part| part == key), "{:?}", shown);
        }
    }
}

#[test]
fn the_longest_key_is_taken_up_at_once_however_it_repeats_itself() {
    let repeating = "k".repeat(4096);
    let secrets = holding(&[&repeating]);
    assert_eq!(secrets.redact_text(&format!("<{repeating}>")), "<[key]>");
}
