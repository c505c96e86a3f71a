//! What models cost: the dated table that comes with Assay, and the user's own prices over it.

use std::sync::Arc;

use assay_model::{Price, PriceTable};
use assay_store::PriceRecord;
use assay_wire::*;
use jiff::civil::Date;

use crate::app::App;
use crate::error::Explain;
use crate::models::PriceOf;
use crate::router::Answer;

/// The currency of every price.
pub(crate) const CURRENCY: &str = "USD";

/// No model costs as much; whoever types more has mistaken the unit.
const DEAREST: f64 = 100_000.0;

impl Answer<ListPrices> for App {
    fn answer(&self, _: ListPrices) -> Result<PricesView, ApiError> {
        self.prices_view()
    }
}

impl Answer<SetPrice> for App {
    fn answer(&self, command: SetPrice) -> Result<PricesView, ApiError> {
        let price = PriceRecord {
            pattern: pattern(&command.model)?,
            input: dollars("input", command.input)?,
            cached_input: command.cached_input.map(|p| dollars("cached input", p)).transpose()?,
            cache_write: command.cache_write.map(|p| dollars("cache write", p)).transpose()?,
            output: dollars("output", command.output)?,
            dated: self.day(command.date)?,
        };
        self.inner.store.put_price(price).map_err(|e| e.explain())?;
        self.prices_view()
    }
}

impl Answer<RemovePrice> for App {
    fn answer(&self, command: RemovePrice) -> Result<PricesView, ApiError> {
        let own = self.inner.store.prices().map_err(|e| e.explain())?;
        if !own.iter().any(|price| price.pattern == command.model) {
            let message = format!("there is no price of your own for `{}`", command.model);
            return Err(ApiError::new(Code::NotFound, message)
                .hint("`assay prices list` shows them; those that come with Assay can be set, not removed."));
        }
        self.inner.store.remove_price(&command.model).map_err(|e| e.explain())?;
        self.prices_view()
    }
}

impl App {
    /// Prices by model id, as they are now.
    pub(crate) fn prices(&self) -> Result<PriceOf, ApiError> {
        let table = self.price_table()?;
        Ok(Arc::new(move |model: &str| table.find(model).map(engine_price)))
    }

    fn price_table(&self) -> Result<PriceTable, ApiError> {
        let own = self.inner.store.prices().map_err(|e| e.explain())?;
        Ok(PriceTable::shipped().with_own(own.into_iter().map(own_price)))
    }

    fn prices_view(&self) -> Result<PricesView, ApiError> {
        let own = self.inner.store.prices().map_err(|e| e.explain())?.len();
        let table = self.price_table()?;
        let prices = table.prices().enumerate().map(|(place, price)| view(price, place < own));
        Ok(PricesView { prices: prices.collect(), currency: CURRENCY.to_owned() })
    }

    fn day(&self, date: Option<String>) -> Result<String, ApiError> {
        let Some(date) = date else { return Ok(crate::environment::today()) };
        let wrong =
            |_| ApiError::new(Code::BadInput, format!("`{date}` is no day such as 2026-03-21"));
        date.parse::<Date>().map(|day| day.to_string()).map_err(wrong)
    }
}

fn own_price(record: PriceRecord) -> Price {
    Price {
        model: record.pattern,
        input: record.input,
        cached: record.cached_input,
        cache_write: record.cache_write,
        output: record.output,
        date: record.dated,
        source: String::new(),
    }
}

fn engine_price(price: &Price) -> assay_engine::Price {
    assay_engine::Price {
        input: price.input,
        cached_input: price.cached,
        cache_write: price.cache_write,
        output: price.output,
    }
}

fn view(price: &Price, own: bool) -> PriceView {
    PriceView {
        model: price.model.clone(),
        input: price.input,
        cached_input: price.cached,
        cache_write: price.cache_write,
        output: price.output,
        date: price.date.clone(),
        source: price.source.clone(),
        own,
    }
}

fn pattern(model: &str) -> Result<String, ApiError> {
    let model = model.trim();
    let fits = |c: char| !c.is_control() && !c.is_whitespace();
    if model.is_empty() || model.len() > 200 || !model.chars().all(fits) {
        let message = format!("`{model}` cannot name a model");
        return Err(ApiError::new(Code::BadInput, message)
            .hint("A model's name or id, such as gpt-4o-mini or work/*."));
    }
    Ok(model.to_owned())
}

fn dollars(what: &str, price: f64) -> Result<f64, ApiError> {
    if price.is_finite() && (0.0..=DEAREST).contains(&price) {
        return Ok(price);
    }
    let message = format!("{what}: {price} is no price of a million tokens in US dollars");
    Err(ApiError::new(Code::BadInput, message))
}
