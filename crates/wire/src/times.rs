//! How long a call to a provider may take, and how such times are typed and shown: the same in the terminal and in the
//! window.

use serde::{Deserialize, Serialize};

/// Units, the longest first, in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// How long a call may take, in milliseconds. What is `None` is as it is for every provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TimesView {
    /// Until the first byte of a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// Of silence in the middle of a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
    /// In all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<u64>,
}

impl TimesView {
    /// What is set, in words; `None` where nothing is.
    pub fn words(&self) -> Option<String> {
        let named = [
            self.first_byte_ms.map(|ms| format!("{} for the first byte", shown_time(ms))),
            self.idle_ms.map(|ms| format!("{} of silence", shown_time(ms))),
            self.total_ms.map(|ms| format!("{} in all", shown_time(ms))),
        ];
        let words: Vec<_> = named.into_iter().flatten().collect();
        (!words.is_empty()).then(|| format!("A call may take {}", words.join(", ")))
    }
}

/// Reads `30s`, `500ms`, `10m`, `1h`, `1m30s`, or a whole number of seconds; in milliseconds.
///
/// # Errors
/// What would be right, when it is none of these.
pub fn read_time(typed: &str) -> Result<u64, String> {
    let text: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let time = match text.parse::<u64>() {
        Ok(seconds) => seconds.checked_mul(1_000),
        Err(_) => parts(&text),
    };
    time.ok_or_else(|| format!("“{}” is no time, such as 30s, 500ms or 10m", typed.trim()))
}

/// The sum of numbers with their units.
fn parts(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0_u64;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, after) =
            after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

/// A time as [`read_time`] reads it, in the fewest units.
pub fn shown_time(ms: u64) -> String {
    let mut left = ms;
    let mut text = String::new();
    for (unit, factor) in UNITS {
        let count = left / factor;
        left %= factor;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_the_ways_people_type_it() {
        for (typed, ms) in [
            ("30s", 30_000),
            (" 500ms ", 500),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("1m30s", 90_000),
            ("2 m", 120_000),
            ("45", 45_000),
            ("0", 0),
        ] {
            assert_eq!(read_time(typed), Ok(ms), "{typed}");
        }
        for typed in ["", "s", "-1s", "1.5s", "10 apples", "1m30", "18446744073709551615h", "9e9"] {
            assert!(read_time(typed).is_err(), "{typed:?} is {:?}", read_time(typed));
        }
    }

    #[test]
    fn a_shown_time_is_read_as_the_same() {
        for ms in [1, 500, 1_000, 61_500, 90_000, 600_000, 86_400_000, 3_723_004] {
            assert_eq!(read_time(&shown_time(ms)), Ok(ms), "{}", shown_time(ms));
        }
        assert_eq!(shown_time(90_000), "1m30s");
        assert_eq!(shown_time(0), "0s");
    }

    #[test]
    fn only_times_that_are_set_are_named() {
        assert_eq!(TimesView::default().words(), None);
        let times =
            TimesView { first_byte_ms: Some(30_000), idle_ms: None, total_ms: Some(600_000) };
        let words = "A call may take 30s for the first byte, 10m in all";
        assert_eq!(times.words().as_deref(), Some(words));
    }
}
