//! `assay prices`: what models cost, in US dollars for a million tokens.

use assay_app::App;
use assay_wire::{ApiError, ListPrices, PriceView, PricesView, RemovePrice, SetPrice};
use serde_json::{Value, json};

use crate::arguments::Prices;
use crate::exit::Exit;
use crate::output::{Output, table};

pub(crate) fn execute(app: &App, arguments: &Prices, output: &Output) -> Result<Exit, ApiError> {
    let prices = match arguments {
        Prices::List(_) => app.call(ListPrices {})?,
        Prices::Set(set) => app.call(SetPrice {
            model: set.model.clone(),
            input: set.input,
            cached_input: set.cached_input,
            cache_write: set.cache_write,
            output: set.output,
            date: set.date.clone(),
        })?,
        Prices::Remove { model } => app.call(RemovePrice { model: model.clone() })?,
    };
    output.show(&document(&prices), || text(&prices))?;
    Ok(Exit::Done)
}

fn document(view: &PricesView) -> Value {
    let price = |p: &PriceView| {
        json!({
            "model": p.model, "input": p.input, "cachedInput": p.cached_input,
            "cacheWrite": p.cache_write, "output": p.output, "date": p.date,
            "source": p.source, "own": p.own,
        })
    };
    json!({
        "schema": "assay.prices/1",
        "currency": view.currency,
        "per": 1_000_000,
        "prices": view.prices.iter().map(price).collect::<Vec<_>>(),
    })
}

fn text(view: &PricesView) -> String {
    let mut rows =
        vec![["MODEL", "INPUT", "CACHED", "OUTPUT", "AS OF", "FROM"].map(str::to_owned).to_vec()];
    rows.extend(view.prices.iter().map(row));
    format!(
        "{}US dollars for a million tokens, at list price. Unknown models cost \"unknown\".",
        table(&rows)
    )
}

fn row(price: &PriceView) -> Vec<String> {
    vec![
        price.model.clone(),
        price.input.to_string(),
        price.cached_input.map_or_else(|| "-".to_owned(), |p| p.to_string()),
        price.output.to_string(),
        price.date.clone(),
        if price.own { "you".to_owned() } else { price.source.clone() },
    ]
}
