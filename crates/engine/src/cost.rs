//! What calls cost: estimated before they are made, counted after.

use assay_model::Request;
use assay_store::Usage;

use crate::lanes::Load;
use crate::media;

/// Output tokens that are planned for where no option limits them. With a budget they are the limit that is sent.
pub(crate) const ASSUMED_OUTPUT: u64 = 4_096;

const MILLION: f64 = 1e6;

/// What a million tokens of a model cost, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Price {
    /// Input.
    pub input: f64,
    /// Input that the provider reads from its cache; as `input` when not told apart.
    pub cached_input: Option<f64>,
    /// Input that the provider writes to its cache; as `input` when not told apart.
    pub cache_write: Option<f64>,
    /// Output.
    pub output: f64,
}

/// A range of money, in US dollars. It is an estimate: inputs are counted before the provider counts them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CostRange {
    /// At least: inputs as long as estimated, all from the provider's cache where that is cheaper, and nothing generated.
    pub low: f64,
    /// Hardly more: inputs a quarter longer than estimated, and every output as long as it may be. Where neither an
    /// option nor a budget limits the output, 4,096 tokens are reckoned with, and a reply may be longer.
    pub high: f64,
}

impl CostRange {
    pub(crate) fn add(&mut self, more: CostRange) {
        self.low += more.low;
        self.high += more.high;
    }
}

/// The tokens of a call, before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Estimate {
    pub input: u64,
    pub output_max: Option<u64>,
}

impl Estimate {
    pub fn of(request: &Request) -> Estimate {
        let texts = request.messages.iter().map(|message| message.joined_text());
        let said: u64 = texts.map(|text| assay_prompt::estimate_tokens(&text) as u64).sum();
        let parts = request.messages.iter().flat_map(|message| &message.parts);
        let input = said + parts.map(media::estimate_tokens).sum::<u64>();
        Estimate { input, output_max: request.max_output_tokens }
    }

    /// What it counts for against limits in tokens.
    pub fn load(self) -> Load {
        let output = self.output_max.unwrap_or(0);
        let assumed = if self.output_max.is_some() { 0 } else { ASSUMED_OUTPUT };
        Load { input: self.input, output, assumed }
    }
}

/// What a call that was answered cost; unknown when its tokens are.
pub(crate) fn of_usage(price: &Price, usage: &Usage) -> Option<f64> {
    let (input, output) = usage.input.zip(usage.output)?;
    let cached = usage.cached.unwrap_or(0).min(input);
    let written = usage.cache_write.unwrap_or(0).min(input - cached);
    let fresh = input - cached - written;
    let dollars = fresh as f64 * price.input
        + cached as f64 * price.cached_input.unwrap_or(price.input)
        + written as f64 * price.cache_write.unwrap_or(price.input)
        + output as f64 * price.output;
    Some(dollars / MILLION)
}

/// Between what and what a call may cost.
pub(crate) fn range(price: &Price, estimate: Estimate) -> CostRange {
    let input = estimate.input as f64;
    let dearest = price.input.max(price.cache_write.unwrap_or(price.input));
    let output = estimate.output_max.unwrap_or(ASSUMED_OUTPUT) as f64;
    CostRange {
        low: input * price.cached_input.unwrap_or(price.input).min(price.input) / MILLION,
        high: (input * 1.25 * dearest + output * price.output) / MILLION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price =
        Price { input: 2.0, cached_input: Some(0.5), cache_write: Some(2.5), output: 8.0 };

    #[test]
    fn each_kind_of_token_has_its_price() {
        let usage = Usage {
            input: Some(1_000_000),
            output: Some(500_000),
            cached: Some(400_000),
            cache_write: Some(100_000),
            reasoning: Some(100_000),
        };
        let expected = 0.5 * 2.0 + 0.4 * 0.5 + 0.1 * 2.5 + 0.5 * 8.0;
        assert!((of_usage(&PRICE, &usage).expect("all is known") - expected).abs() < 1e-9);
    }

    #[test]
    fn tokens_that_were_not_told_cost_something_unknown_and_nonsense_costs_no_less_than_nothing() {
        let silent = Usage { input: Some(5), ..Usage::default() };
        assert_eq!(of_usage(&PRICE, &silent), None);
        let nonsense = Usage {
            input: Some(10),
            output: Some(0),
            cached: Some(u64::MAX),
            cache_write: Some(u64::MAX),
            ..Usage::default()
        };
        assert!(of_usage(&PRICE, &nonsense).is_some_and(|cost| cost >= 0.0));
    }

    #[test]
    fn an_output_that_nothing_limits_counts_against_a_limit_in_tokens() {
        let load = |output_max| Estimate { input: 10, output_max }.load();
        assert_eq!(load(None), Load { input: 10, output: 0, assumed: ASSUMED_OUTPUT });
        assert_eq!(load(Some(20)), Load { input: 10, output: 20, assumed: 0 });
    }

    #[test]
    fn what_a_call_costs_lies_in_the_range_it_was_planned_with() {
        let estimate = Estimate { input: 1_000, output_max: Some(200) };
        let range = range(&PRICE, estimate);
        for (input, output, cached) in [(1_000, 0, 1_000), (1_250, 200, 0), (1_100, 20, 500)] {
            let usage = Usage {
                input: Some(input),
                output: Some(output),
                cached: Some(cached),
                ..Usage::default()
            };
            let cost = of_usage(&PRICE, &usage).expect("all is known");
            assert!(range.low <= cost + 1e-12 && cost <= range.high + 1e-12, "{cost} in {range:?}");
        }
    }
}
