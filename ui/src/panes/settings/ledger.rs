//! The network ledger: every host contacted since start.

use assay_wire::{LedgerView, Notice, ReadLedger, RunState};
use leptos::{prelude::*, task::spawn_local};

use super::model;
use crate::{
    components::{Blank, ErrorNote, Icon, Loading, Mark},
    ipc,
    panes::runs::{model as runs, now_ms},
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

/// Hosts, why they were contacted, how often and when last; those that a rule kept from being contacted too.
#[component]
pub fn LedgerTable() -> impl IntoView {
    let ledger = context::<Ledger>();
    view! {
        <div class="ledger" data-testid="settings-ledger">
            {move || match ledger.entries.get() {
                Load::Loading => view! { <Loading what="Reading the ledger" /> }.into_any(),
                Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
                Load::Ready(entries) if entries.is_empty() => view! {
                    <Blank mark=Mark::Shield title="Nothing was contacted since start" text="The first run on a provider or test of one appears here." />
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
            <thead><tr>
                <th scope="col">"Host"</th><th scope="col">"Why"</th><th scope="col">"How often"</th><th scope="col">"Last"</th>
            </tr></thead>
            <tbody>{entries.into_iter().map(|entry| view! { <Line entry /> }).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Line(entry: LedgerView) -> impl IntoView {
    let times = model::request_words(&entry);
    let last = runs::ago(now_ms(), entry.last_ms);
    let LedgerView { origin, purpose, refused, .. } = entry;
    view! {
        <tr class=("ledger__refused", refused)>
            <td class="mono">{origin}</td>
            <td>{purpose}</td>
            <td class="number">{refused.then(|| view! { <Icon mark=Mark::Shield /> })}{times}</td>
            <td class="number">{last}</td>
        </tr>
    }
}
