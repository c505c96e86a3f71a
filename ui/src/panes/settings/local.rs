//! The embedded model: whether it is there, where, and how it gets there.

use assay_wire::LocalModelView;
use leptos::prelude::*;

use crate::{
    components::{Chip, Mark, Tone},
    state::{Session, context},
};

/// The embedded model.
#[component]
pub fn LocalModel() -> impl IntoView {
    let session = context::<Session>();
    move || session.models().map(|models| view! { <LocalCard local=models.local /> })
}

#[component]
fn LocalCard(local: LocalModelView) -> impl IntoView {
    let LocalModelView { id, installed, path } = local;
    let state = if installed {
        view! { <Chip tone=Tone::Ok icon=Mark::Check>"installed"</Chip> }.into_any()
    } else {
        view! { <Chip tone=Tone::Warn icon=Mark::Warning>"not installed"</Chip> }.into_any()
    };
    let place = if installed { "Its file:" } else { "Its file is looked for here:" };
    view! {
        <div class="card" data-testid="settings-local-model">
            <div class="card__head"><h3 class="mono clip">{id}</h3>{state}</div>
            <p class="card__line"><span class="quiet">{place}</span>" "<code class="card__path">{path}</code></p>
            {(!installed).then(|| view! {
                <p class="card__line">"Put the model's file there to run prompts on this machine. They can run on a provider until then."</p>
            })}
        </div>
    }
}
