//! Canonical JSON (RFC 8785), the only form in which a statement is signed or believed.
//!
//! One meaning has exactly one spelling: keys in order, no spaces, one way to write a number or a string.
//! Whatever reads back differently than it was written (a reordered or repeated key, `1.0` for `1`, an
//! escape that was not needed) is refused, so two programs can never read one signature as two statements.
//! Whole numbers stay below 2^53, where every JSON reader agrees about them.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// The largest whole number that every JSON reader keeps exactly.
const MAX_WHOLE: u64 = (1 << 53) - 1;

/// Why bytes are not canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    /// They are not JSON at all.
    #[error("is not JSON: {reason}")]
    NotJson {
        /// What the parser said.
        reason: String,
    },
    /// An object names a key twice.
    #[error("names the key {key:?} twice")]
    RepeatedKey {
        /// The key.
        key: String,
    },
    /// The same meaning, spelled another way.
    #[error("is not in canonical form from byte {at} on")]
    OtherSpelling {
        /// The first byte that differs from the canonical form.
        at: usize,
    },
    /// A number that JSON readers disagree about.
    #[error("holds the number {number}, which not every reader keeps exactly")]
    Number {
        /// The number as it is written.
        number: String,
    },
}

/// Reads canonical JSON, and nothing else.
pub fn parse(bytes: &[u8]) -> Result<Value, NotCanonical> {
    let not_json = |error: serde_json::Error| NotCanonical::NotJson { reason: error.to_string() };
    let Checked { repeated } = serde_json::from_slice(bytes).map_err(not_json)?;
    if let Some(key) = repeated {
        return Err(NotCanonical::RepeatedKey { key });
    }
    let value: Value = serde_json::from_slice(bytes).map_err(not_json)?;
    let canonical = to_bytes(&value)?;
    if canonical != bytes {
        return Err(NotCanonical::OtherSpelling { at: first_difference(&canonical, bytes) });
    }
    Ok(value)
}

/// The canonical form of a value.
pub fn to_bytes(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out.into_bytes())
}

fn first_difference(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn write(value: &Value, out: &mut String) -> Result<(), NotCanonical> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&spell(number)?),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => write_list(items, out)?,
        Value::Object(fields) => write_map(fields, out)?,
    }
    Ok(())
}

/// serde_json escapes exactly what RFC 8785 asks for, and in its way.
fn write_text(text: &str, out: &mut String) {
    out.push_str(&Value::from(text).to_string());
}

fn write_list(items: &[Value], out: &mut String) -> Result<(), NotCanonical> {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(item, out)?;
    }
    out.push(']');
    Ok(())
}

fn write_map(
    fields: &serde_json::Map<String, Value>,
    out: &mut String,
) -> Result<(), NotCanonical> {
    let mut fields: Vec<_> = fields.iter().collect();
    // By UTF-16 units, as the standard has it: U+1F600 stands before U+FB33.
    fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (at, (key, value)) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_text(key, out);
        out.push(':');
        write(value, out)?;
    }
    out.push('}');
    Ok(())
}

fn spell(number: &Number) -> Result<String, NotCanonical> {
    let refused = || NotCanonical::Number { number: number.to_string() };
    if let Some(whole) = number.as_i64() {
        return if whole.unsigned_abs() <= MAX_WHOLE {
            Ok(whole.to_string())
        } else {
            Err(refused())
        };
    }
    match number.as_f64() {
        Some(float) if float.abs() <= MAX_WHOLE as f64 => Ok(spell_float(float)),
        _ => Err(refused()),
    }
}

/// A number as ECMAScript prints it, which is what the standard asks for.
fn spell_float(float: f64) -> String {
    if float == 0.0 {
        return "0".to_owned();
    }
    let sign = if float < 0.0 { "-" } else { "" };
    // The shortest digits that read back as the same number, and where the point stands in them.
    let scientific = format!("{:e}", float.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = mantissa.replace('.', "");
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    format!("{sign}{}", place_point(&digits, point))
}

fn place_point(digits: &str, point: i32) -> String {
    let count = digits.len() as i32;
    let zeros = |count: i32| "0".repeat(count.unsigned_abs() as usize);
    match point {
        _ if count <= point && point <= 21 => format!("{digits}{}", zeros(point - count)),
        1..=21 => {
            let (whole, rest) = digits.split_at(point as usize);
            format!("{whole}.{rest}")
        }
        -5..=0 => format!("0.{}{digits}", zeros(point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{first}{dot}{rest}e{:+}", point - 1)
        }
    }
}

/// Any JSON, read only to find a key that stands twice in one object.
#[derive(Default)]
struct Checked {
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Check)
    }
}

struct Check;

impl<'de> Visitor<'de> for Check {
    type Value = Checked;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Checked, E> {
        Ok(Checked::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
        Ok(Checked::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
        Ok(Checked::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
        Ok(Checked::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
        Ok(Checked::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
        Ok(Checked::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Checked, A::Error> {
        let mut repeated = None;
        while let Some(item) = items.next_element::<Checked>()? {
            repeated = repeated.or(item.repeated);
        }
        Ok(Checked { repeated })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Checked, A::Error> {
        let mut seen = HashSet::new();
        let mut repeated = None;
        while let Some(key) = fields.next_key::<String>()? {
            let value: Checked = fields.next_value()?;
            repeated = repeated.or(value.repeated);
            if repeated.is_none() && seen.contains(&key) {
                repeated = Some(key);
            } else {
                seen.insert(key);
            }
        }
        Ok(Checked { repeated })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(value: &Value, expected: &str) {
        let bytes = to_bytes(value).unwrap();
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);
        assert_eq!(to_bytes(&parse(&bytes).unwrap()).unwrap(), bytes);
    }

    fn refused(text: &str) -> NotCanonical {
        parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn keys_stand_in_the_order_of_their_utf16_units() {
        // The example of RFC 8785, section 3.2.3.
        let value = json!({
            "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7
        });
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
        check(&value, expected);
    }

    #[test]
    fn texts_are_escaped_where_they_must_be_and_nowhere_else() {
        check(&json!("\u{20ac}$\u{f}\nA'B\"\\\\\"/"), r#""€$\u000f\nA'B\"\\\\\"/""#);
        check(&json!("\u{7f}\u{2028}"), "\"\u{7f}\u{2028}\"");
    }

    #[test]
    fn numbers_are_spelled_as_ecmascript_spells_them() {
        // From appendix B of RFC 8785.
        for (float, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (295_147_905_179_352_830_000.0, "295147905179352830000"),
            (1e21, "1e+21"),
            (1e23, "1e+23"),
            (9.999_999_999_999_997e22, "9.999999999999997e+22"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (333_333_333.333_333_3, "333333333.3333333"),
            (-0.000_003_333_333_333_333_333_3, "-0.0000033333333333333333"),
            (4.5, "4.5"),
            (10.0, "10"),
        ] {
            assert_eq!(spell_float(float), expected);
        }
    }

    #[test]
    fn a_number_that_readers_disagree_about_is_refused() {
        for number in ["9007199254740992", "-9007199254740993", "18446744073709551616", "1e300"] {
            assert!(matches!(refused(number), NotCanonical::Number { .. }), "{number}");
        }
        check(&json!(9_007_199_254_740_991_u64), "9007199254740991");
    }

    #[test]
    fn another_spelling_of_the_same_meaning_is_refused() {
        for text in [
            r#"{"b":1,"a":2}"#,
            "[1, 2]",
            "1.0",
            "1e0",
            "-0",
            r#""\u0041""#,
            r#""\/""#,
            "0 ",
            "\n0",
        ] {
            assert!(matches!(refused(text), NotCanonical::OtherSpelling { .. }), "{text}");
        }
        assert_eq!(refused(r#"{"a":1, "b":2}"#), NotCanonical::OtherSpelling { at: 7 });
    }

    #[test]
    fn a_repeated_key_is_named_however_deep_it_stands() {
        let found = refused(r#"{"a":[{"b":1,"b":1}]}"#);
        assert_eq!(found, NotCanonical::RepeatedKey { key: "b".into() });
        // Spelled differently, read the same.
        let found = refused(r#"{"a":1,"\u0061":2}"#);
        assert_eq!(found, NotCanonical::RepeatedKey { key: "a".into() });
    }

    #[test]
    fn what_is_no_json_or_nests_without_end_is_refused() {
        for text in ["", "{", "nul", "{}{}", "\u{feff}{}", "NaN"] {
            assert!(matches!(refused(text), NotCanonical::NotJson { .. }), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(refused(&deep), NotCanonical::NotJson { .. }));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 52)..(1 << 52)).prop_map(Value::from),
            (-1e9..1e9).prop_map(|float: f64| json!(float)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_form_reads_back_as_itself(value in any_json()) {
            let bytes = to_bytes(&value).unwrap();
            prop_assert_eq!(to_bytes(&parse(&bytes).unwrap()).unwrap(), bytes);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = parse(&bytes) {
                prop_assert_eq!(to_bytes(&value).unwrap(), bytes);
            }
        }
    }
}
