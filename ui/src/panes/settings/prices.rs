//! What models cost: the dated prices that come with Assay, and the user's own over them.

use assay_wire::{ApiError, ListPrices, PriceView, PricesView, RemovePrice, SetPrice};
use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use super::model::{self, PriceDraft};
use crate::{
    components::{
        Blank, Button, Chip, ErrorNote, Kind, Loading, Mark, Note, TextField, Tone, focus_on,
    },
    ipc, money,
    state::{Load, Runs, Toasts, context},
};

/// Id of the form, to which the keyboard goes when it opens.
const FORM: &str = "price-form";

/// The prices as last read, and the form that sets one.
#[derive(Clone, Copy)]
pub struct Prices {
    prices: RwSignal<Load<PricesView>>,
    draft: RwSignal<Option<PriceDraft>>,
    sought: RwSignal<String>,
    refused: RwSignal<Option<ApiError>>,
    saving: RwSignal<bool>,
    runs: Runs,
    toasts: Toasts,
}

impl Prices {
    /// Read now.
    pub fn new() -> Self {
        let prices = Self {
            prices: RwSignal::new(Load::Loading),
            draft: RwSignal::new(None),
            sought: RwSignal::new(String::new()),
            refused: RwSignal::new(None),
            saving: RwSignal::new(false),
            runs: context(),
            toasts: context(),
        };
        prices.read();
        prices
    }

    fn read(self) {
        spawn_local(async move {
            let read = ipc::call(ListPrices {}).await;
            // The view may be gone before the answer.
            self.prices.try_set(read.into());
        });
    }

    fn show(self, draft: PriceDraft) {
        self.refused.set(None);
        self.draft.set(Some(draft));
    }

    fn change(self, write: impl FnOnce(&mut PriceDraft)) {
        self.draft.update(|draft| {
            if let Some(draft) = draft {
                write(draft);
            }
        });
    }

    fn of_draft(self, read: impl FnOnce(&PriceDraft) -> String) -> String {
        self.draft.with(|draft| draft.as_ref().map(read)).unwrap_or_default()
    }

    /// What keeps the form from being saved.
    fn objection(self) -> Option<String> {
        self.draft.with(|draft| draft.as_ref()?.request().err())
    }

    fn save(self) {
        let request = self.draft.with_untracked(|draft| draft.as_ref().map(PriceDraft::request));
        let Some(Ok(request)) = request else { return };
        if self.saving.get_untracked() {
            return;
        }
        self.saving.set(true);
        let said = format!("The price of {} is set", request.model);
        spawn_local(async move {
            let answer = ipc::call(request).await;
            self.saving.try_set(false);
            if self.take(answer) {
                self.draft.try_set(None);
                self.toasts.say(said);
            }
        });
    }

    /// Takes a price of the user's own away; the toast can bring it back.
    fn remove(self, price: PriceView) {
        spawn_local(async move {
            let answer = ipc::call(RemovePrice { model: price.model.clone() }).await;
            if self.take(answer) {
                let said = format!("Removed your price of {}", price.model);
                self.toasts.say_with_undo(said, move || self.put_back(&price));
            }
        });
    }

    fn put_back(self, price: &PriceView) {
        let PriceView { model, input, cached_input, cache_write, output, date, .. } = price.clone();
        let command =
            SetPrice { model, input, cached_input, cache_write, output, date: Some(date) };
        spawn_local(async move {
            let answer = ipc::call(command).await;
            self.take(answer);
        });
    }

    fn take(self, answer: Result<PricesView, ApiError>) -> bool {
        match answer {
            Ok(prices) => {
                self.prices.try_set(Load::Ready(prices));
                self.refused.try_set(None);
                self.runs.plan_again();
                true
            }
            Err(error) => {
                self.refused.try_set(Some(error));
                false
            }
        }
    }
}

/// The prices, those that are missing for the next run first.
#[component]
pub fn PriceTable() -> impl IntoView {
    let prices = context::<Prices>();
    let closed = Memo::new(move |_| prices.draft.with(Option::is_none));
    view! {
        <Missing />
        <Show when=move || closed.get() fallback=|| view! { <PriceForm /> }>
            <div class="prices__bar">
                <input
                    class="input" type="search" placeholder="Find a model" aria-label="Find a model" data-testid="prices-find"
                    prop:value=prices.sought on:input:target=move |event| prices.sought.set(event.target().value())
                />
                <span class="grow"></span>
                <Button icon=Mark::Plus testid="settings-add-price" on_press=move |_| prices.show(PriceDraft::default())>"Set a price…"</Button>
            </div>
            {move || prices.refused.get().map(|error| view! { <ErrorNote error /> })}
        </Show>
        <div class="ledger prices" data-testid="settings-prices-table" tabindex="0" role="region" aria-label="Prices">
            {move || match prices.prices.get() {
                Load::Loading => view! { <Loading what="Reading the prices" /> }.into_any(),
                Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
                Load::Ready(view) => view! { <Found view /> }.into_any(),
            }}
        </div>
    }
}

/// Models of the next run whose price nobody knows.
#[component]
fn Missing() -> impl IntoView {
    let (prices, runs) = (context::<Prices>(), context::<Runs>());
    let missing = Memo::new(move |_| match runs.plan() {
        Some(Ok(plan)) => plan.unknown_prices,
        Some(Err(_)) | None => Vec::new(),
    });
    let line = move |id: String| {
        let name = StoredValue::new(id.clone());
        view! {
            <Note tone=Tone::Info mark=Mark::Info actions=move || view! {
                <Button small=true on_press=move |_| prices.show(PriceDraft::for_model(&name.get_value()))>"Set its price…"</Button>
            }>{format!("The next run uses {id}, whose price is unknown.")}</Note>
        }
    };
    move || missing.get().into_iter().map(line).collect_view()
}

#[component]
fn Found(view: PricesView) -> impl IntoView {
    let prices = context::<Prices>();
    let all = StoredValue::new(view.prices);
    let found = Memo::new(move |_| {
        prices.sought.with(|typed| all.with_value(|all| model::shown(all, typed)))
    });
    move || {
        let lines = found.get();
        if lines.is_empty() {
            return view! {
                <Blank
                    mark=Mark::Search title="No price for that"
                    text="A model without a price runs all the same; what it costs says unknown, and no budget can hold it. Set a price of your own."
                />
            }
            .into_any();
        }
        view! { <Lines lines /> }.into_any()
    }
}

#[component]
fn Lines(lines: Vec<PriceView>) -> impl IntoView {
    view! {
        <table class="ledger__table">
            <caption class="prices__caption">"US dollars for a million tokens"</caption>
            <thead><tr>
                <th scope="col">"Model"</th>
                <th scope="col" class="number">"Read"</th>
                <th scope="col" class="number">"From cache"</th>
                <th scope="col" class="number">"To cache"</th>
                <th scope="col" class="number">"Written"</th>
                <th scope="col">"Date and source"</th>
                <th scope="col"><span class="unseen">"What can be done"</span></th>
            </tr></thead>
            <tbody>{lines.into_iter().map(|price| view! { <PriceLine price /> }).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn PriceLine(price: PriceView) -> impl IntoView {
    let amount = |price: Option<f64>| price.map_or("as read".to_owned(), money::price_words);
    let testid = format!("price-{}", price.model);
    let source = if price.own { "yours".to_owned() } else { price.source.clone() };
    view! {
        <tr data-testid=testid>
            <th scope="row" class="mono">{price.model.clone()}</th>
            <td class="number">{money::price_words(price.input)}</td>
            <td class="number">{amount(price.cached_input)}</td>
            <td class="number">{amount(price.cache_write)}</td>
            <td class="number">{money::price_words(price.output)}</td>
            <td>
                <span class="number">{price.date.clone()}</span>
                {price.own.then(|| view! { <Chip tone=Tone::Accent>"yours"</Chip> })}
                {(!price.own).then(|| view! { <span class="prices__source">{source}</span> })}
            </td>
            <td><PriceVerbs price /></td>
        </tr>
    }
}

#[component]
fn PriceVerbs(price: PriceView) -> impl IntoView {
    let prices = context::<Prices>();
    let own = price.own;
    let name = price.model.clone();
    let price = StoredValue::new(price);
    let edit = move |_| price.with_value(|price| prices.show(PriceDraft::of(price)));
    let label = if own { "Edit" } else { "Set your own…" };
    view! {
        <span class="prices__verbs">
            <Button small=true kind=Kind::Quiet testid=format!("price-edit-{name}") on_press=edit>{label}</Button>
            {own.then(|| view! {
                <Button
                    small=true kind=Kind::Quiet testid=format!("price-remove-{name}")
                    on_press=move |_| prices.remove(price.get_value())
                >"Remove"</Button>
            })}
        </span>
    }
}

/// A price of the user's own.
#[component]
fn PriceForm() -> impl IntoView {
    let prices = context::<Prices>();
    request_animation_frame(|| focus_on(FORM));
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" if !event.ctrl_key() && !event.is_composing() => {
            event.prevent_default();
            prices.save();
        }
        "Escape" => prices.draft.set(None),
        _ => {}
    };
    view! {
        <form id=FORM tabindex="-1" class="card provider-form" aria-label="Set a price" on:submit=|event| event.prevent_default() on:keydown=on_key>
            <h3 class="provider-form__wide">"A price of your own"</h3>
            <Field
                label="Model" about="A name or an id such as ours/large; * stands for any text." testid="price-model"
                read=|draft| draft.model.clone() write=|draft, text| draft.model = text
            />
            <Field
                label="A million tokens read" about="In US dollars." testid="price-input"
                read=|draft| draft.input.clone() write=|draft, text| draft.input = text
            />
            <Field
                label="A million tokens written" about="In US dollars." testid="price-output"
                read=|draft| draft.output.clone() write=|draft, text| draft.output = text
            />
            <Field
                label="… read from its cache" about="As read when empty." testid="price-cached"
                read=|draft| draft.cached_input.clone() write=|draft, text| draft.cached_input = text
            />
            <Field
                label="… written to its cache" about="As read when empty." testid="price-cache-write"
                read=|draft| draft.cache_write.clone() write=|draft, text| draft.cache_write = text
            />
            <FormFoot />
        </form>
    }
}

#[component]
fn FormFoot() -> impl IntoView {
    let prices = context::<Prices>();
    let disabled = Signal::derive(move || prices.saving.get() || prices.objection().is_some());
    view! {
        <div class="provider-form__wide" data-testid="price-error">
            {move || prices.refused.get().map(|error| view! { <ErrorNote error /> })}
        </div>
        <div class="provider-form__wide provider-form__foot">
            <span class="quiet grow" aria-live="polite">{move || prices.objection()}</span>
            <Button kind=Kind::Quiet on_press=move |_| prices.draft.set(None)>"Cancel"</Button>
            <Button kind=Kind::Primary testid="price-save" disabled on_press=move |_| prices.save()>"Set the price"</Button>
        </div>
    }
}

#[component]
fn Field(
    label: &'static str,
    about: &'static str,
    testid: &'static str,
    read: fn(&PriceDraft) -> String,
    write: fn(&mut PriceDraft, String),
) -> impl IntoView {
    let prices = context::<Prices>();
    view! {
        <TextField
            label about testid
            value=Signal::derive(move || prices.of_draft(read))
            take=Box::new(move |text| { prices.change(|draft| write(draft, text)); Ok(()) })
        />
    }
}
