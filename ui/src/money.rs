//! Money, in words and out of what is typed. US dollars, which is what every price is in.

use assay_wire::CostRange;

use crate::panes::toolbar::grouped;

/// An amount, as exact as a person cares for: `$0`, `$0.0031`, `$0.42`, `$1,204`.
pub fn dollars(amount: f64) -> String {
    format!("${}", digits(amount))
}

/// A range: `$0.40–0.42`, or one amount where both ends read the same.
pub fn range_words(cost: &CostRange) -> String {
    let sign = if cost.currency == "USD" { "$" } else { &cost.currency };
    let (low, high) = (digits(cost.low), digits(cost.high));
    if low == high { format!("{sign}{high}") } else { format!("{sign}{low}–{high}") }
}

/// A price of a million tokens: `2.50`, `0.0375`.
pub fn price_words(price: f64) -> String {
    let exact = format!("{price:.6}");
    let short = exact.trim_end_matches('0');
    let decimals = short.rsplit_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals < 2 { format!("{price:.2}") } else { short.to_owned() }
}

/// What was typed as an amount; `None` where nothing was.
///
/// # Errors
/// What is wrong with it, for people.
pub fn amount(typed: &str) -> Result<Option<f64>, String> {
    let text = typed.trim().trim_start_matches('$').trim_start().replace(',', "");
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    read.map(Some).ok_or_else(|| format!("“{}” is no amount, such as 0.50", typed.trim()))
}

fn digits(amount: f64) -> String {
    let amount = amount.max(0.0);
    if amount == 0.0 {
        "0".to_owned()
    } else if amount >= 1_000.0 {
        grouped(amount.round() as u64)
    } else if amount >= 0.01 {
        format!("{amount:.2}")
    } else {
        // Two digits that say something, however small it is.
        let places = (1.0 - amount.log10().floor()).clamp(0.0, 9.0) as usize;
        format!("{amount:.places$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_as_exact_as_a_person_cares_for() {
        let said = [0.0, 0.000_012, 0.0031, 0.42, 3.999, 1_204.4].map(dollars);
        assert_eq!(said, ["$0", "$0.000012", "$0.0031", "$0.42", "$4.00", "$1,204"]);
    }

    #[test]
    fn a_range_whose_ends_read_the_same_is_one_amount() {
        let range = |low, high| range_words(&CostRange { low, high, currency: "USD".into() });
        assert_eq!(range(0.4, 0.42), "$0.40–0.42");
        assert_eq!(range(0.421, 0.423), "$0.42");
        assert_eq!(range(0.0, 0.0), "$0");
    }

    #[test]
    fn prices_keep_their_cents_and_what_is_behind_them() {
        assert_eq!([2.5, 15.0, 0.0375, 0.0].map(price_words), ["2.50", "15.00", "0.0375", "0.00"]);
    }

    #[test]
    fn an_amount_may_be_typed_with_its_sign_or_left_out() {
        assert_eq!(amount(" $1,200.50 "), Ok(Some(1200.5)));
        assert_eq!(amount("  "), Ok(None));
        for wrong in ["many", "-1", "inf", "NaN"] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }
}
