//! What tokens cost: a dated table that is compiled in, with the user's own prices over it.
//!
//! The table (`data/prices.json`) names for each entry the day and the page it was read from. A model that it does not
//! know has no price, which is "unknown" and never 0. A price is a provider's list price for text at its standard tier:
//! what a contract, a batch, a longer context or another region changes is the user's to set.
//!
//! ```
//! use assay_model::Usage;
//! use assay_model::prices::PriceTable;
//!
//! let prices = PriceTable::shipped();
//! let price = prices.find("gpt-4o-mini-2024-07-18").expect("listed");
//! let usage = Usage { input: Some(1_000_000), output: Some(100_000), ..Usage::default() };
//! assert_eq!(price.cost(&usage), Some(0.15 + 0.06));
//! assert!(prices.find("a-model-of-ones-own").is_none());
//! ```

use serde::{Deserialize, Serialize};

use crate::Usage;

const MILLION: f64 = 1_000_000.0;

/// Prices by model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceTable {
    /// The user's, later ones over earlier ones.
    own: Vec<Price>,
    shipped: Vec<Price>,
}

/// What a model's tokens cost, in US dollars a million.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// The model's name. One with `*` stands for any text there: `my-*`.
    pub model: String,
    /// Tokens read.
    pub input: f64,
    /// Of those, the ones from the server's cache. Without it they cost what others cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    /// Of those, the ones written to the server's cache. Without it they cost what others cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// Tokens generated, those of reasoning included.
    pub output: f64,
    /// The day of the source, such as `2026-03-21`.
    pub date: String,
    /// Where it was read; empty for a user's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// The least and the most that something may cost, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostRange {
    /// If all is short.
    pub low: f64,
    /// If every limit is reached.
    pub high: f64,
}

#[derive(Deserialize)]
struct File {
    prices: Vec<Price>,
}

impl PriceTable {
    /// The table that is compiled in.
    pub fn shipped() -> PriceTable {
        let file: File = serde_json::from_str(include_str!("../data/prices.json"))
            .expect("the table is checked by a test");
        PriceTable { own: Vec::new(), shipped: file.prices }
    }

    /// The same table with the user's prices over it. Of two for the same model the later one holds.
    #[must_use]
    pub fn with_own(mut self, own: impl IntoIterator<Item = Price>) -> PriceTable {
        self.own.extend(own);
        self
    }

    /// The price of a model, given by its name on the wire or as `provider/model`. The user's own go first; among equals
    /// the one that says the most.
    ///
    /// A listed name also stands for its dated snapshots (`gpt-4o` for `gpt-4o-2024-08-06`), and for nothing else: a
    /// variant of another name (`gpt-4o-audio-preview`) costs something else.
    pub fn find(&self, model: &str) -> Option<&Price> {
        let bare = model.rsplit_once('/').map_or(model, |(_, name)| name);
        let best = |prices: &[Price]| {
            let fitting = prices
                .iter()
                .enumerate()
                .filter(|(_, price)| fits(&price.model, model) || fits(&price.model, bare));
            fitting
                .max_by_key(|(place, price)| (said(&price.model), *place))
                .map(|(place, _)| place)
        };
        match best(&self.own) {
            Some(place) => self.own.get(place),
            None => self.shipped.get(best(&self.shipped)?),
        }
    }

    /// Every price, the user's first.
    pub fn prices(&self) -> impl Iterator<Item = &Price> {
        self.own.iter().chain(&self.shipped)
    }
}

impl Price {
    /// What an exchange cost, in US dollars. `None` when the server did not say how many tokens it was.
    pub fn cost(&self, usage: &Usage) -> Option<f64> {
        let (input, output) = (usage.input?, usage.output?);
        // A server that claims more than the whole is not believed beyond it.
        let cached = usage.cached.unwrap_or(0).min(input);
        let written = usage.cache_write.unwrap_or(0).min(input - cached);
        let fresh = input - cached - written;
        let sum = fresh as f64 * self.input
            + cached as f64 * self.cached.unwrap_or(self.input)
            + written as f64 * self.cache_write.unwrap_or(self.input)
            + output as f64 * self.output;
        Some(sum / MILLION)
    }

    /// What requests may cost that read `input` tokens and generate up to `output_max`: nothing generated and all input
    /// from the cache at the least; all of it fresh, or written to the cache where that is dearer, at the most.
    pub fn cost_range(&self, input: u64, output_max: u64) -> CostRange {
        let dearest = self.cache_write.unwrap_or(self.input).max(self.input);
        let cheapest = self.cached.unwrap_or(self.input).min(self.input);
        let high = input as f64 * dearest + output_max as f64 * self.output;
        CostRange { low: input as f64 * cheapest / MILLION, high: high / MILLION }
    }
}

/// Whether a listed name stands for a model.
fn fits(listed: &str, model: &str) -> bool {
    if listed.contains('*') {
        return matches_glob(listed, model);
    }
    model.strip_prefix(listed).is_some_and(|rest| rest.is_empty() || is_snapshot(rest))
}

/// `-2024-08-06`, `-20250514`, `-001`, `@20250514`, `-latest`, `-0`.
fn is_snapshot(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix(['-', '@']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_day = || {
        let parts: Vec<&str> = rest.split('-').collect();
        parts.iter().map(|part| part.len()).eq([4, 2, 2])
            && parts.iter().all(|part| is_number(part))
    };
    // A single digit is a version: `claude-opus-4-1` is no snapshot of `claude-opus-4`, but `-0` is that very model.
    let is_count = || is_number(rest) && matches!(rest.len(), 3 | 8);
    matches!(rest, "latest" | "0") || is_count() || is_day()
}

/// `*` stands for any text. Linear in the model's name for each star.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// How much a pattern says: a whole name more than any pattern, a longer one more than a shorter one.
fn said(pattern: &str) -> (bool, usize) {
    (!pattern.contains('*'), pattern.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(model: &str, input: f64) -> Price {
        Price {
            model: model.to_owned(),
            input,
            cached: None,
            cache_write: None,
            output: 2.0 * input,
            date: "2026-11-21".to_owned(),
            source: String::new(),
        }
    }

    fn found<'a>(table: &'a PriceTable, model: &str) -> Option<&'a str> {
        table.find(model).map(|price| price.model.as_str())
    }

    #[test]
    fn every_shipped_price_is_dated_sourced_and_sensible() {
        let table = PriceTable::shipped();
        let mut names: Vec<&str> = table.prices().map(|price| price.model.as_str()).collect();
        for price in table.prices() {
            let name = &price.model;
            assert!(price.date.parse::<jiff::civil::Date>().is_ok(), "{name}: {}", price.date);
            assert!(price.source.starts_with("https://"), "{name}: {}", price.source);
            assert!(price.input > 0.0 && price.output >= price.input, "{name}");
            assert!(
                price.cached.is_none_or(|cached| cached > 0.0 && cached < price.input),
                "{name}"
            );
            assert!(price.cache_write.is_none_or(|written| written >= price.input), "{name}");
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "a model is listed twice");
    }

    /// A line of the guide's table.
    fn documented(price: &Price) -> String {
        let dollars = |price: Option<f64>| price.map_or("same".to_owned(), |sum| format!("{sum}"));
        format!(
            "| `{}` | {} | {} | {} | {} | {} | <{}> |",
            price.model,
            price.input,
            dollars(price.cached),
            dollars(price.cache_write),
            price.output,
            price.date,
            price.source
        )
    }

    #[test]
    fn the_guide_lists_every_shipped_price_and_no_other() {
        let page = include_str!("../../../docs/guide/prices.md");
        let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let shipped: Vec<String> = PriceTable::shipped().prices().map(documented).collect();
        assert_eq!(listed, shipped, "the lines of docs/guide/prices.md should be these");
    }

    #[test]
    fn a_name_stands_for_its_snapshots_and_for_no_other_model() {
        let table = PriceTable::shipped();
        for (model, listed) in [
            ("gpt-4o", Some("gpt-4o")),
            ("gpt-4o-2024-08-06", Some("gpt-4o")),
            ("openai/gpt-4o-mini-2024-07-18", Some("gpt-4o-mini")),
            ("gpt-4o-audio-preview", None),
            ("gpt-4o-mini-tts", None),
            ("gpt-5-codex", None),
            ("gpt-5.5-pro", None),
            ("claude-sonnet-4-20250514", Some("claude-sonnet-4")),
            ("claude-sonnet-4-0", Some("claude-sonnet-4")),
            ("claude-sonnet-4-5-20250929", Some("claude-sonnet-4-5")),
            ("claude-sonnet-4-5@20250929", Some("claude-sonnet-4-5")),
            ("claude-3-5-haiku-latest", Some("claude-3-5-haiku")),
            ("gemini-2.5-flash", Some("gemini-2.5-flash")),
            ("gemini-2.5-flash-001", Some("gemini-2.5-flash")),
            ("gemini-2.5-flash-image", None),
            ("llama-3.3-70b", None),
            ("", None),
        ] {
            assert_eq!(found(&table, model), listed, "{model}");
        }
    }

    #[test]
    fn a_later_version_is_not_a_snapshot_of_an_earlier_one() {
        let table = PriceTable::shipped();
        assert_eq!(found(&table, "claude-opus-4-0"), Some("claude-opus-4"));
        assert_eq!(found(&table, "claude-opus-4-9"), None);
    }

    #[test]
    fn the_users_own_prices_go_first_and_the_most_telling_of_them() {
        let table = PriceTable::shipped().with_own([
            own("*", 1.0),
            own("my-*", 2.0),
            own("my-model", 3.0),
            own("my-*-large", 4.0),
            own("gpt-4o", 5.0),
            own("gpt-4o", 6.0),
        ]);
        let input = |model: &str| table.find(model).map(|price| price.input);
        assert_eq!(input("anything"), Some(1.0));
        assert_eq!(input("provider/my-small"), Some(2.0));
        assert_eq!(input("my-model"), Some(3.0));
        assert_eq!(input("my-very-large"), Some(4.0));
        assert_eq!(input("gpt-4o-2024-08-06"), Some(6.0), "the later of two holds");
    }

    #[test]
    fn cost_tells_cached_written_and_fresh_tokens_apart() {
        let price = Price { cached: Some(0.1), cache_write: Some(1.25), ..own("m", 1.0) };
        let usage = Usage {
            input: Some(1_000_000),
            output: Some(500_000),
            cached: Some(600_000),
            cache_write: Some(200_000),
            reasoning: Some(400_000),
        };
        let cost = price.cost(&usage).expect("counted");
        assert!((cost - (0.2 + 0.06 + 0.25 + 1.0)).abs() < 1e-12, "{cost}");
        let plain = own("m", 1.0).cost(&usage).expect("counted");
        assert!(
            (plain - 2.0).abs() < 1e-12,
            "without prices of their own they cost the same: {plain}"
        );
    }

    #[test]
    fn tokens_that_were_not_counted_have_no_cost() {
        assert_eq!(own("m", 1.0).cost(&Usage::default()), None);
        let half = Usage { input: Some(1), ..Usage::default() };
        assert_eq!(own("m", 1.0).cost(&half), None);
    }

    #[test]
    fn more_cached_tokens_than_tokens_are_not_believed() {
        let usage = Usage {
            input: Some(10),
            output: Some(0),
            cached: Some(u64::MAX),
            cache_write: Some(u64::MAX),
            reasoning: None,
        };
        let price = Price { cached: Some(0.5), ..own("m", 1.0) };
        assert_eq!(price.cost(&usage), Some(5.0 / MILLION));
    }

    #[test]
    fn every_cost_lies_within_its_range() {
        let price = Price { cached: Some(0.1), cache_write: Some(1.25), ..own("m", 1.0) };
        let range = price.cost_range(1000, 500);
        for (cached, written, output) in
            [(0, 0, 500), (1000, 0, 0), (0, 1000, 500), (300, 300, 200)]
        {
            let usage = Usage {
                input: Some(1000),
                output: Some(output),
                cached: Some(cached),
                cache_write: Some(written),
                reasoning: None,
            };
            let cost = price.cost(&usage).expect("counted");
            assert!(range.low <= cost + 1e-15 && cost <= range.high + 1e-15, "{cost} in {range:?}");
        }
    }
}
