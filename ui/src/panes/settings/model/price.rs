//! The form of a price, and which prices are shown.

use assay_wire::{PriceView, SetPrice};

use crate::money;

/// The form of a price, as typed; amounts are for a million tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceDraft {
    /// A model's name or id.
    pub model: String,
    /// Read.
    pub input: String,
    /// Read from the provider's cache.
    pub cached_input: String,
    /// Written to the provider's cache.
    pub cache_write: String,
    /// Generated.
    pub output: String,
}

impl PriceDraft {
    /// A price that is there, to be changed or set over.
    pub fn of(price: &PriceView) -> Self {
        let words = |price: Option<f64>| price.map(money::price_words).unwrap_or_default();
        Self {
            model: price.model.clone(),
            input: money::price_words(price.input),
            cached_input: words(price.cached_input),
            cache_write: words(price.cache_write),
            output: money::price_words(price.output),
        }
    }

    /// A model without a price.
    pub fn for_model(model: &str) -> Self {
        Self { model: model.to_owned(), ..Self::default() }
    }

    /// What is asked of the application.
    ///
    /// # Errors
    /// What is wrong, or missing.
    pub fn request(&self) -> Result<SetPrice, String> {
        let needed = |typed: &str, what: &str| {
            money::amount(typed)?.ok_or_else(|| format!("Say what a million tokens {what} cost"))
        };
        let model = self.model.trim();
        if model.is_empty() {
            return Err("Name a model, such as openai/gpt-4.1-mini".to_owned());
        }
        Ok(SetPrice {
            model: model.to_owned(),
            input: needed(&self.input, "read")?,
            cached_input: money::amount(&self.cached_input)?,
            cache_write: money::amount(&self.cache_write)?,
            output: needed(&self.output, "written")?,
            date: None,
        })
    }
}

/// The prices whose model has all the words that were typed, the user's own first.
pub fn shown(prices: &[PriceView], typed: &str) -> Vec<PriceView> {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let fits = |price: &&PriceView| {
        let model = price.model.to_lowercase();
        words.iter().all(|word| model.contains(word))
    };
    prices.iter().filter(fits).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(model: &str) -> PriceView {
        PriceView {
            model: model.into(),
            input: 2.5,
            cached_input: Some(0.25),
            cache_write: None,
            output: 10.0,
            date: "2026-01-02".into(),
            source: String::new(),
            own: false,
        }
    }

    #[test]
    fn a_price_taken_into_the_form_and_out_again_is_the_same() {
        let set = PriceDraft::of(&price("gpt-4o")).request().expect("whole");
        assert_eq!((set.model.as_str(), set.input, set.output), ("gpt-4o", 2.5, 10.0));
        assert_eq!((set.cached_input, set.cache_write), (Some(0.25), None));
        assert_eq!(set.date, None, "it is of today");
    }

    #[test]
    fn what_is_missing_is_named() {
        let draft = PriceDraft { input: "1".into(), ..PriceDraft::for_model("a/b") };
        assert!(draft.request().expect_err("no output").contains("written"));
        assert!(PriceDraft { model: " ".into(), ..draft.clone() }.request().is_err());
        assert!(PriceDraft { output: "much".into(), ..draft }.request().is_err());
    }

    #[test]
    fn prices_are_found_by_any_words_of_their_model() {
        let prices = [price("gpt-4o-mini"), price("claude-haiku")];
        let found =
            |typed: &str| shown(&prices, typed).into_iter().map(|p| p.model).collect::<Vec<_>>();
        assert_eq!(found("MINI gpt"), ["gpt-4o-mini"]);
        assert_eq!(found("").len(), 2);
        assert!(found("grok").is_empty());
    }
}
