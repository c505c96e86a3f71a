//! The plan of a run, shown before it starts: cells, what is cached, what it costs, which hosts are contacted, and the
//! budget at which it stops.

use assay_wire::{HostShareView, PlanView};
use leptos::{ev::KeyboardEvent, prelude::*};

use super::toolbar::grouped;
use crate::{
    components::{Button, Dialog, ErrorNote, Keys, Kind, Mark, Note, Tone},
    money,
    state::{Desk, Keyring, Spending, context},
};

mod model;

/// The plan, while it waits for a yes.
#[component]
pub fn PlanSheet() -> impl IntoView {
    let spending = context::<Spending>();
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) && !event.is_composing()
        {
            event.prevent_default();
            spending.confirm();
        }
    };
    view! {
        <Dialog open=spending.open label="Plan of the run">
            <div class="plan" data-testid="plan-sheet" on:keydown=on_key>
                <div class="dialog__head"><h2>"Before this runs"</h2></div>
                <div class="dialog__body plan__body">
                    {move || spending.plan().map(|plan| view! { <Body plan /> })}
                </div>
                <Foot />
            </div>
        </Dialog>
    }
}

#[component]
fn Body(plan: PlanView) -> impl IntoView {
    let spending = context::<Spending>();
    let facts = model::facts(&plan);
    let nowhere = plan.hosts.is_empty();
    let unpriced = plan.unknown_prices.clone();
    view! {
        <p class="plan__cost" data-testid="plan-cost">{model::cost_line(&plan)}</p>
        <p class="quiet">{model::why_asked(&plan, spending.above())}</p>
        {spending.is_of_revisions().then(|| view! {
            <p class="quiet" data-testid="plan-revisions">{model::REVISIONS}</p>
        })}
        <dl class="facts__list">{facts.into_iter().map(|(name, value)| view! {
            <div class="facts__line"><dt class="quiet">{name}</dt><dd class="number">{value}</dd></div>
        }).collect_view()}</dl>
        {plan.power.iter().map(|power| view! { <p class="quiet number" data-testid="plan-power">{power.text.clone()}</p> }).collect_view()}
        {(!nowhere).then(|| view! { <Hosts shares=plan.per_host.clone() /> })}
        <MissingKeys providers=plan.missing_keys.clone() />
        {(!unpriced.is_empty()).then(|| view! { <Unpriced models=unpriced /> })}
        <LeftOut words=plan.left_out.clone() />
        <BudgetField bounded=plan.unknown_prices.is_empty() />
        <div data-testid="plan-error">{move || spending.refused().get().map(|error| view! { <ErrorNote error /> })}</div>
    }
}

/// What each host is sent.
#[component]
fn Hosts(shares: Vec<HostShareView>) -> impl IntoView {
    view! {
        <table class="plan__hosts" data-testid="plan-hosts">
            <caption class="field__label">"Contacts"</caption>
            <thead><tr>
                <th scope="col">"Host"</th><th scope="col" class="number">"Calls"</th>
                <th scope="col" class="number">"Input tokens, about"</th><th scope="col" class="number">"Cost"</th>
            </tr></thead>
            <tbody>{shares.into_iter().map(|share| {
                let cost = share.cost.as_ref().map_or("unknown".to_owned(), money::range_words);
                view! {
                    <tr>
                        <td class="mono">{share.host}</td>
                        <td class="number">{grouped(u64::from(share.cells) + share.judge_calls)}</td>
                        <td class="number">{grouped(share.input_tokens)}</td>
                        <td class="number">{cost}</td>
                    </tr>
                }
            }).collect_view()}</tbody>
        </table>
    }
}

/// Keys are asked for when they are first needed: now.
#[component]
fn MissingKeys(providers: Vec<String>) -> impl IntoView {
    let (spending, keyring) = (context::<Spending>(), context::<Keyring>());
    let line = move |provider: String| {
        let name = StoredValue::new(provider.clone());
        let set = move |_| {
            spending.open.set(false);
            keyring.ask(name.get_value());
        };
        view! {
            <Note tone=Tone::Warn mark=Mark::Shield actions=move || view! {
                <Button small=true testid=format!("plan-key-{}", name.get_value()) on_press=set>"Set key…"</Button>
            }>{format!("{provider} has no key, so its calls cannot be sent.")}</Note>
        }
    };
    providers.into_iter().map(line).collect_view()
}

/// What is asked for and will not be sent.
#[component]
fn LeftOut(words: Vec<String>) -> impl IntoView {
    let line = |words: String| view! { <Note tone=Tone::Info mark=Mark::Info>{words}</Note> };
    words.into_iter().map(line).collect_view()
}

/// Models whose price nobody set.
#[component]
fn Unpriced(models: Vec<String>) -> impl IntoView {
    let (spending, desk) = (context::<Spending>(), context::<Desk>());
    let set = move |_| {
        spending.open.set(false);
        desk.show_settings("settings-prices");
    };
    view! {
        <Note tone=Tone::Info mark=Mark::Info actions=move || view! {
            <Button small=true testid="plan-set-price" on_press=set>"Set a price…"</Button>
        }>{model::unpriced_words(&models)}</Note>
    }
}

/// Where the run stops. Without a price for every model it could not be held.
#[component]
fn BudgetField(bounded: bool) -> impl IntoView {
    let spending = context::<Spending>();
    let wrong = move || spending.budget_trouble();
    view! {
        <label class="field plan__budget">
            <span class="field__label">"Stop at, in US dollars"</span>
            <input
                class="input number" type="text" inputmode="decimal" autocomplete="off" placeholder="no limit" data-testid="plan-budget"
                aria-describedby="plan-budget-about" aria-invalid=move || wrong().is_some().then_some("true")
                disabled=!bounded prop:value=spending.budget
                on:input:target=move |event| spending.budget.set(event.target().value())
            />
        </label>
        <p
            id="plan-budget-about" class="field__about" class=("field__about--wrong", move || wrong().is_some())
            aria-live="polite"
        >{move || wrong().unwrap_or_else(|| model::budget_about(bounded).to_owned())}</p>
    }
}

#[component]
fn Foot() -> impl IntoView {
    let (spending, desk) = (context::<Spending>(), context::<Desk>());
    let disabled = Signal::derive(move || {
        let keyless = spending.plan().is_some_and(|plan| !plan.missing_keys.is_empty());
        keyless || spending.is_starting() || spending.budget_trouble().is_some()
    });
    let change = move |_| {
        spending.open.set(false);
        desk.show_settings("settings-spending");
    };
    view! {
        <div class="dialog__foot">
            <Button kind=Kind::Quiet on_press=change>"When to ask…"</Button>
            <span class="grow"></span>
            <Button testid="plan-cancel" on_press=move |_| spending.open.set(false)>"Do not run"</Button>
            <Button kind=Kind::Primary icon=Mark::Play testid="plan-go" disabled on_press=move |_| spending.confirm()>
                {move || if spending.is_starting() { "Starting" } else { "Run it" }}
                <Keys chord="Ctrl+Enter" />
            </Button>
        </div>
    }
}

/// The amount above which a run is asked about.
#[component]
pub fn AskAbove() -> impl IntoView {
    let spending = context::<Spending>();
    let take = move |typed: String| match money::amount(&typed)? {
        Some(amount) => {
            spending.ask_above(amount);
            Ok(())
        }
        None => Err("Type an amount; 0 asks before every run that costs something".to_owned()),
    };
    view! {
        <div class="plan__above">
            <crate::components::TextField
                label="Show the plan before a run that may cost more than, in US dollars" testid="settings-ask-above"
                value=Signal::derive(move || money::price_words(spending.above())) take=Box::new(take)
                about="Also shown where the cost is not known and something leaves this machine, where a key is missing, and in a repository that you do not trust."
            />
        </div>
    }
}
