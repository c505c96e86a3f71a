//! How long a server asks us to wait.
//!
//! Three forms are in use: `retry-after-ms` (OpenAI), `retry-after` in seconds, and `retry-after` as an HTTP date
//! (RFC 9110, section 10.2.3). A date is measured against the reply's own `date` header where it has one, so that a
//! wrong clock on either side does not turn a second into an hour.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::HeaderMap;

/// The wait the headers ask for, or `None` when they ask for none that makes sense.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(wait) = text("retry-after-ms").and_then(|ms| seconds(ms, 1e-3)) {
        return Some(wait);
    }
    let value = text("retry-after")?;
    seconds(value, 1.0).or_else(|| {
        let until = http_date(value)?;
        let now = match text("date").and_then(http_date) {
            Some(server_time) => server_time,
            None => Timestamp::try_from(now).ok()?,
        };
        Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
    })
}

fn seconds(text: &str, unit: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse::<f64>().ok()? * unit).ok()
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], expected: Option<f64>) {
        let map = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480); // 21 Oct 2015 07:28:00
        assert_eq!(retry_after(&map, now), expected.map(Duration::from_secs_f64), "{headers:?}");
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_understood() {
        check(&[("retry-after", "2")], Some(2.0));
        check(&[("retry-after", " 0.25 ")], Some(0.25));
        check(&[("retry-after-ms", "150"), ("retry-after", "9")], Some(0.15));
        check(&[("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")], Some(30.0));
    }

    #[test]
    fn a_date_is_measured_against_the_servers_own_clock() {
        let skewed = [
            ("retry-after", "Thu, 22 Oct 2015 07:28:05 GMT"),
            ("date", "Thu, 22 Oct 2015 07:28:00 GMT"),
        ];
        check(&skewed, Some(5.0));
    }

    #[test]
    fn a_date_that_has_passed_means_now() {
        check(&[("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT")], Some(0.0));
    }

    #[test]
    fn nonsense_is_no_wait() {
        for value in ["", "soon", "-1", "NaN", "1e400", "99999999999999999999999999"] {
            check(&[("retry-after", value)], None);
        }
        check(&[], None);
    }
}
