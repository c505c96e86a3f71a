//! What a server's headers say about its limits.
//!
//! Sources: OpenAI "Rate limits" (`x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, a reset being a duration such
//! as `6m0s` or `12ms`), Anthropic "Rate limits" (`anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-…`,
//! a reset being an RFC 3339 time), OpenRouter "Limits" (`x-ratelimit-{limit,remaining,reset}`, a reset being
//! milliseconds since 1970). Gemini sends none of these; it names a delay in an error's body. Whoever speaks a wire may
//! use any of these names, so they are read whatever the wire.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// What is left, window by window. Everything is `None` where a server does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// Requests.
    pub requests: Option<Window>,
    /// Tokens, read and generated.
    pub tokens: Option<Window>,
    /// Tokens read, where they are limited apart.
    pub input_tokens: Option<Window>,
    /// Tokens generated, where they are limited apart.
    pub output_tokens: Option<Window>,
    /// How long the server asks us to wait before the next request.
    pub retry_after: Option<Duration>,
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// How much may be used in all.
    pub limit: Option<u64>,
    /// How much is left.
    pub remaining: Option<u64>,
    /// How long until all of it is there again.
    pub reset: Option<Duration>,
}

impl Rates {
    /// Reads a reply's headers. `now` is for resets that are given as a time; a reply's own `date` goes before it, so
    /// that a wrong clock on either side does no harm.
    pub fn of<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        retry_after: Option<Duration>,
        now: SystemTime,
    ) -> Rates {
        let headers: Vec<(&str, &str)> = headers
            .into_iter()
            .filter(|(name, _)| *name == "date" || name.contains("ratelimit"))
            .collect();
        let mut rates = Rates { retry_after, ..Rates::default() };
        let Some(clock) = clock(&headers, now) else { return rates };
        for (name, value) in headers {
            rates.take(name, value.trim(), clock);
        }
        rates
    }

    fn take(&mut self, name: &str, value: &str, clock: Timestamp) {
        let rest =
            name.strip_prefix("x-ratelimit-").or_else(|| name.strip_prefix("anthropic-ratelimit-"));
        let Some(rest) = rest else { return };
        let Some((field, resource)) = split(rest) else { return };
        let window = match resource {
            "" | "requests" => &mut self.requests,
            "tokens" => &mut self.tokens,
            "input-tokens" => &mut self.input_tokens,
            "output-tokens" => &mut self.output_tokens,
            _ => return,
        };
        let window = window.get_or_insert_default();
        match field {
            "limit" => window.limit = value.parse().ok(),
            "remaining" => window.remaining = value.parse().ok(),
            _ => window.reset = reset(value, clock),
        }
    }
}

/// `limit-requests`, `requests-limit` and `limit` as (field, resource).
fn split(name: &str) -> Option<(&str, &str)> {
    const FIELDS: [&str; 3] = ["limit", "remaining", "reset"];
    let is_field = |word: &&str| FIELDS.contains(word);
    let (first, rest) = name.split_once('-').unwrap_or((name, ""));
    if is_field(&first) {
        return Some((first, rest));
    }
    let (resource, last) = name.rsplit_once('-')?;
    is_field(&last).then_some((last, resource))
}

fn clock(headers: &[(&str, &str)], now: SystemTime) -> Option<Timestamp> {
    let date = headers.iter().find(|(name, _)| *name == "date");
    let date = date.and_then(|(_, value)| {
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()
    });
    date.or_else(|| Timestamp::try_from(now).ok())
}

/// A duration (`1h2m3.5s`, `12ms`), seconds (`60`), milliseconds since 1970, or an RFC 3339 time.
fn reset(value: &str, clock: Timestamp) -> Option<Duration> {
    if let Ok(number) = value.parse::<f64>() {
        return match Timestamp::from_millisecond(number as i64) {
            Ok(time) if number >= 1e12 => Some(until(time, clock)),
            _ => Duration::try_from_secs_f64(number).ok(),
        };
    }
    if let Ok(time) = value.parse::<Timestamp>() {
        return Some(until(time, clock));
    }
    go_duration(value)
}

fn until(time: Timestamp, clock: Timestamp) -> Duration {
    Duration::try_from(time.duration_since(clock)).unwrap_or(Duration::ZERO)
}

/// The form in which Go's `time.Duration` prints, which OpenAI's headers use.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let unit = match &after[..letters] {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        sum = sum.checked_add(Duration::try_from_secs_f64(number * unit).ok()?)?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00Z.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
    }

    fn of(headers: &[(&str, &str)]) -> Rates {
        Rates::of(headers.iter().copied(), None, now())
    }

    fn window(limit: u64, remaining: u64, reset_ms: u64) -> Option<Window> {
        Some(Window {
            limit: Some(limit),
            remaining: Some(remaining),
            reset: Some(Duration::from_millis(reset_ms)),
        })
    }

    #[test]
    fn openai_headers_are_read() {
        let rates = of(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ]);
        assert_eq!(rates.requests, window(60, 59, 1000));
        assert_eq!(rates.tokens, window(150_000, 149_984, 360_000));
        assert_eq!((rates.input_tokens, rates.output_tokens), (None, None));
    }

    #[test]
    fn anthropic_headers_are_read_against_the_servers_own_clock() {
        let rates = of(&[
            ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-11-21T12:00:30Z"),
            ("anthropic-ratelimit-input-tokens-limit", "40000"),
            ("anthropic-ratelimit-input-tokens-remaining", "39000"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-11-21T12:00:01Z"),
            ("anthropic-ratelimit-output-tokens-remaining", "7000"),
        ]);
        assert_eq!(rates.requests, window(50, 49, 30_000));
        assert_eq!(rates.input_tokens, window(40_000, 39_000, 1000));
        let output = Window { remaining: Some(7000), ..Window::default() };
        assert_eq!(rates.output_tokens, Some(output));
    }

    #[test]
    fn every_form_of_a_reset_is_understood() {
        for (text, millis) in [
            ("12ms", 12),
            ("1h2m3.5s", 3_723_500),
            ("7.66s", 7_660),
            ("60", 60_000),
            ("0", 0),
            ("2026-01-01T00:00:05Z", 5_000),
            ("2025-12-31T23:59:59Z", 0),
            ("1767225602000", 2_000),
        ] {
            let rates = of(&[("x-ratelimit-reset", text)]);
            assert_eq!(
                rates.requests.and_then(|w| w.reset),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn nonsense_is_unknown() {
        for text in
            ["", "soon", "-1", "5 parsecs", "NaN", "1e400", "9".repeat(400).as_str(), "5", "é1s"]
        {
            let rates = of(&[("x-ratelimit-limit-weather", text), ("x-ratelimit", text)]);
            assert_eq!(rates, Rates::default(), "{text}");
            let rates = of(&[("x-ratelimit-reset-tokens", text)]);
            let known = rates.tokens.and_then(|w| w.reset).is_some();
            assert_eq!(known, text == "5", "{text}");
        }
    }
}
