//! Signatures of scorers that are wholly described by their keys: `equals|path:$.category|v:1`.

use assay_prompt::ScorerSpec;

/// So many characters of a value stand as they are; longer ones are named by their digest.
const LONGEST: usize = 48;

/// What decides about the values of a scorer, in a fixed order. Its id, weight and tags do not.
pub(super) fn of(spec: &ScorerSpec) -> String {
    let text = |value: &Option<String>| value.as_deref().map(shown);
    let number = |value: Option<f64>| value.map(|number| number.to_string());
    let options = (!spec.options.is_empty())
        .then(|| shown(&serde_json::Value::Object(spec.options.clone()).to_string()));
    let parts = [
        ("path", text(&spec.path)),
        ("expected", text(&spec.expected)),
        ("value", spec.value.as_ref().map(|value| shown(&value.to_string()))),
        ("schema", text(&spec.schema)),
        ("threshold", number(spec.threshold)),
        ("min", number(spec.min)),
        ("max", number(spec.max)),
        ("options", options),
        ("negate", spec.negate.then(|| "yes".to_owned())),
    ];
    let mut signature = spec.kind.clone();
    for (name, value) in parts {
        if let Some(value) = value {
            signature.push_str(&format!("|{name}:{value}"));
        }
    }
    signature + "|v:1"
}

/// A value that can stand in a signature: short, on one line and without its separator.
fn shown(value: &str) -> String {
    let plain = |c: char| c != '|' && !c.is_control();
    if value.chars().nth(LONGEST).is_none() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("#{:016x}", digest(value.as_bytes()))
}

/// FNV-1a, which is the same everywhere and for ever. It tells honest values apart, and nothing more
/// is asked of it.
fn digest(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}
