//! The switch that keeps everything on this machine.

use assay_wire::{ApiError, SetLoopbackOnly};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::ErrorNote,
    ipc,
    state::{Session, context},
};

/// Lets nothing be contacted but this machine. A run that is going on keeps to it too.
#[component]
pub fn LoopbackSwitch() -> impl IntoView {
    let session = context::<Session>();
    let refused = RwSignal::new(None::<ApiError>);
    let busy = RwSignal::new(false);
    let on = Memo::new(move |_| session.models().is_some_and(|models| models.loopback_only));
    let turn = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let wanted = !on.get_untracked();
        spawn_local(async move {
            let answer = ipc::call(SetLoopbackOnly { on: wanted }).await;
            busy.try_set(false);
            match answer {
                Ok(models) => {
                    refused.try_set(None);
                    session.set_models(models);
                }
                Err(error) => drop(refused.try_set(Some(error))),
            }
        });
    };
    view! {
        <div class="card switch-line">
            <button
                type="button" role="switch" class="switch" id="loopback-switch" data-testid="settings-loopback"
                aria-checked=move || on.get().to_string() aria-busy=move || busy.get().to_string()
                aria-labelledby="loopback-name" aria-describedby="loopback-about" on:click=turn
            ><span class="switch__knob" aria-hidden="true"></span></button>
            <div>
                <label id="loopback-name" for="loopback-switch" class="switch-line__name">"Only this machine"</label>
                <p id="loopback-about" class="quiet">{move || if on.get() {
                    "On: whatever would leave this machine is refused, and listed below."
                } else {
                    "Off: providers are contacted when you run on them or test them."
                }}</p>
            </div>
        </div>
        {move || refused.get().map(|error| view! { <ErrorNote error /> })}
    }
}
