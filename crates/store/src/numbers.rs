//! SQLite's integers are signed, ours count from zero.

/// For storing. What does not fit, no real count or time, is stored as the largest number.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// For reading what [`signed`] stored.
pub(crate) fn unsigned(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// An amount to be added up. What is unknown counts nothing, nor does what is no number: SQLite has none such,
/// and a sum must not be lost to it.
pub(crate) fn dollars(amount: Option<f64>) -> f64 {
    amount.filter(|amount| amount.is_finite()).unwrap_or(0.0)
}
