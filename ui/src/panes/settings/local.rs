//! The embedded model: whether it is there, where, and how it gets there.

use assay_wire::{ApiError, ChooseFolder, InstallModels, LocalModelView};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{Button, Chip, ErrorNote, Mark, Tone},
    ipc,
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
            {(!installed).then(|| view! { <Install /> })}
        </div>
    }
}

/// Takes the files from a folder of the person's choice.
#[component]
fn Install() -> impl IntoView {
    let session = context::<Session>();
    let refused = RwSignal::new(None::<ApiError>);
    let busy = RwSignal::new(false);
    let install = move |_| {
        busy.set(true);
        spawn_local(async move {
            let answer = from_chosen_folder(session).await;
            busy.try_set(false);
            refused.try_set(answer.err());
        });
    };
    view! {
        <p class="card__line">"Without it prompts run on providers only. Its file can be taken from a folder that has it; nothing is fetched."</p>
        <Button small=true icon=Mark::Folder disabled=busy testid="settings-local-install" on_press=install>
            "Install from a folder…"
        </Button>
        {move || refused.get().map(|error| view! { <ErrorNote error /> })}
    }
}

async fn from_chosen_folder(session: Session) -> Result<(), ApiError> {
    if let Some(from) = ipc::call(ChooseFolder {}).await? {
        session.set_models(ipc::call(InstallModels { from }).await?);
    }
    Ok(())
}
