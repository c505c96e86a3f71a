//! The network ledger: every host contacted since start.

use assay_wire::{LedgerView, Notice, ReadLedger, RunState};
use leptos::{prelude::*, task::spawn_local};

use super::model;
use crate::{
    components::{Blank, ErrorNote, Loading, Mark},
    ipc,
    state::{Load, Notices, context},
};

/// What was contacted, as far as it was read.
#[derive(Clone, Copy)]
pub struct Ledger {
    entries: RwSignal<Load<Vec<LedgerView>>>,
}

impl Ledger {
    /// Read now, and again whenever a run is over.
    pub fn new() -> Self {
        let ledger = Self { entries: RwSignal::new(Load::Loading) };
        ledger.refresh();
        context::<Notices>().listen(move |notice| {
            if matches!(notice, Notice::RunChanged { state, .. } if *state != RunState::Running) {
                ledger.refresh();
            }
        });
        ledger
    }

    /// Reads it again.
    pub fn refresh(self) {
        spawn_local(async move {
            let entries = ipc::call(ReadLedger {}).await;
            // The view may be gone before the answer.
            self.entries.try_set(entries.into());
        });
    }
}

/// Hosts, why they were contacted and how often.
#[component]
pub fn LedgerTable() -> impl IntoView {
    let ledger = context::<Ledger>();
    view! {
        <div class="ledger" data-testid="settings-ledger">
            {move || match ledger.entries.get() {
                Load::Loading => view! { <Loading what="Reading the ledger" /> }.into_any(),
                Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
                Load::Ready(entries) if entries.is_empty() => view! {
                    <Blank mark=Mark::Shield title="Nothing was contacted since start" text="The first run or test of an endpoint appears here." />
                }.into_any(),
                Load::Ready(entries) => view! { <Entries entries /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Entries(entries: Vec<LedgerView>) -> impl IntoView {
    view! {
        <table class="ledger__table">
            <thead><tr><th scope="col">"Host"</th><th scope="col">"Why"</th><th scope="col">"How often"</th></tr></thead>
            <tbody>
                {entries.into_iter().map(|entry| view! {
                    <tr>
                        <td class="mono">{entry.origin}</td>
                        <td>{entry.purpose}</td>
                        <td class="number">{model::request_words(entry.requests)}</td>
                    </tr>
                }).collect_view()}
            </tbody>
        </table>
    }
}
