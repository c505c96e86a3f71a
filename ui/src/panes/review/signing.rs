//! Who signs here: a key of the agent, or one in a file. Keys stay where they are.

use assay_wire::{
    ApiError, ChooseFile, ReadSigner, SetSigner, SignerChoiceView, SignerKeyView, SignerView,
};
use leptos::{prelude::*, task::spawn_local};

use super::{model, reviews::Reviews};
use crate::{
    components::{
        Button, Chip, Dialog, ErrorNote, Icon, Kind, Loading, Mark, Note, Tone, focus_on,
    },
    ipc,
    state::{Load, context},
};

/// Id of the key's field on the page.
const KEY: &str = "signer-key";

/// The sheet that chooses a key, and what is filled in there.
#[derive(Clone, Copy)]
pub struct Signing {
    open: RwSignal<bool>,
    choice: RwSignal<Load<SignerChoiceView>>,
    key: RwSignal<String>,
    name: RwSignal<String>,
    busy: RwSignal<bool>,
    refused: RwSignal<Option<ApiError>>,
}

impl Signing {
    /// Closed.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            choice: RwSignal::new(Load::Loading),
            key: RwSignal::new(String::new()),
            name: RwSignal::new(String::new()),
            busy: RwSignal::new(false),
            refused: RwSignal::new(None),
        }
    }

    /// Opens the sheet.
    pub fn ask(self) {
        self.choice.set(Load::Loading);
        self.refused.set(None);
        self.open.set(true);
        spawn_local(async move {
            let read = ipc::call(ReadSigner {}).await;
            if let Ok(choice) = &read {
                self.fill_in(choice);
            }
            self.choice.set(read.into());
            request_animation_frame(|| focus_on(KEY));
        });
    }

    fn fill_in(self, choice: &SignerChoiceView) {
        let own = choice.signer.as_ref();
        let place = |signer: &SignerView| match signer.place.as_str() {
            "agent" => signer.fingerprint.clone(),
            path => path.to_owned(),
        };
        let first = || choice.keys.first().map(|key| key.key.clone());
        self.key.set(own.map(place).or_else(first).unwrap_or_default());
        self.name.set(own.map(|signer| signer.name.clone()).unwrap_or_default());
    }

    fn browse(self) {
        spawn_local(async move {
            match ipc::call(ChooseFile {}).await {
                Ok(Some(path)) => self.key.set(path),
                Ok(None) => {}
                Err(error) => self.refused.set(Some(error)),
            }
        });
    }

    /// Chooses the key that is filled in. The sheet stays where what it signs would not count yet, to say why.
    fn confirm(self, reviews: Reviews) {
        let key = self.key.with_untracked(|key| key.trim().to_owned());
        if key.is_empty() || self.busy.get_untracked() {
            return;
        }
        let name = self.name.with_untracked(|name| name.trim().to_owned());
        self.busy.set(true);
        self.refused.set(None);
        spawn_local(async move {
            let set = ipc::call(SetSigner { key, name }).await;
            self.busy.set(false);
            match set {
                Ok(choice) => {
                    let counts = choice.signer.as_ref().is_some_and(|s| s.problem.is_none());
                    self.choice.set(Load::Ready(choice));
                    self.open.set(!counts);
                    reviews.refresh();
                }
                Err(error) => self.refused.set(Some(error)),
            }
        });
    }
}

/// The sheet.
#[component]
pub fn SignerSheet() -> impl IntoView {
    let reviews = context::<Reviews>();
    let signing = reviews.signing;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        signing.confirm(reviews);
    };
    view! {
        <Dialog open=signing.open label="Who signs here">
            <form class="signer" data-testid="signer-sheet" on:submit=submit>
                <div class="dialog__head"><h2>"Who signs here"</h2></div>
                <div class="dialog__body signer__body">
                    <p class="quiet">"What you say of proposals is signed with an SSH key you have. It stays in its file or its agent; Assay keeps neither the key nor a passphrase."</p>
                    {move || match signing.choice.get() {
                        Load::Loading => view! { <Loading what="Looking for keys" /> }.into_any(),
                        Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
                        Load::Ready(choice) => view! { <Choices choice /> }.into_any(),
                    }}
                    <div data-testid="signer-error">{move || signing.refused.get().map(|error| view! { <ErrorNote error /> })}</div>
                </div>
                <Foot />
            </form>
        </Dialog>
    }
}

#[component]
fn Choices(choice: SignerChoiceView) -> impl IntoView {
    let signing = context::<Reviews>().signing;
    let SignerChoiceView { signer, keys } = choice;
    let none = keys.is_empty();
    let lines = keys.into_iter().enumerate().map(|(at, key)| view! { <KeyLine at key /> });
    let lines = lines.collect_view();
    view! {
        {signer.map(|signer| view! { <Present signer /> })}
        {none.then(|| view! {
            <Note tone=Tone::Info mark=Mark::Info>"No SSH key was found in the agent or its usual folder. `ssh-keygen -t ed25519` makes one."</Note>
        })}
        {(!none).then(|| view! {
            <fieldset class="signer__keys">
                <legend class="field__label">"Keys found here"</legend>
                {lines}
            </fieldset>
        })}
        <label class="field">
            <span class="field__label">"Path of a private key, or fingerprint of a key of the agent"</span>
            <span class="signer__path">
                <input
                    id=KEY class="input mono" type="text" autocomplete="off" spellcheck="false" data-testid="signer-key"
                    prop:value=signing.key on:input:target=move |event| signing.key.set(event.target().value())
                />
                <Button icon=Mark::Folder on_press=move |_| signing.browse()>"File…"</Button>
            </span>
        </label>
        <label class="field">
            <span class="field__label">"Your name here (empty: as in .assay/allowed_signers)"</span>
            <input
                class="input" type="text" autocomplete="off" data-testid="signer-name"
                prop:value=signing.name on:input:target=move |event| signing.name.set(event.target().value())
            />
        </label>
    }
}

/// A key that could sign.
#[component]
fn KeyLine(at: usize, key: SignerKeyView) -> impl IntoView {
    let signing = context::<Reviews>().signing;
    let SignerKeyView { key, fingerprint, person } = key;
    let own = StoredValue::new(key.clone());
    let person = match person {
        Some(person) => view! { <Chip tone=Tone::Ok icon=Mark::Person>{person}</Chip> }.into_any(),
        None => view! { <Chip>"nobody's yet"</Chip> }.into_any(),
    };
    view! {
        <label class="signer__line">
            <input
                type="radio" name="signer" class="theme__radio" data-testid=format!("signer-key-{at}")
                prop:checked=move || own.with_value(|own| signing.key.with(|key| key == own))
                on:change=move |_| signing.key.set(own.get_value())
            />
            <span class="mono clip grow" title=fingerprint>{key}</span>
            {person}
        </label>
    }
}

/// Who signs now, and what is missing before it counts.
#[component]
fn Present(signer: SignerView) -> impl IntoView {
    let line = model::allowed_line(&signer);
    let place = if signer.place == "agent" { "the agent".to_owned() } else { signer.place.clone() };
    let problem = signer.problem.clone().map(|problem| {
        view! {
            <Note tone=Tone::Warn mark=Mark::Warning>
                <p>{problem}</p>
                <p class="note__hints">"This line in .assay/allowed_signers of the target branch makes it count:"</p>
                <pre class="signer__allowed mono" tabindex="0">{line.clone()}</pre>
            </Note>
        }
    });
    view! {
        <p class="signer__now" data-testid="signer-now">
            <Icon mark=Mark::Person />
            <span class="clip">{signer.name.clone()}" signs with "<code>{signer.fingerprint.clone()}</code>" in "{place}</span>
        </p>
        {problem}
    }
}

#[component]
fn Foot() -> impl IntoView {
    let signing = context::<Reviews>().signing;
    let disabled =
        Signal::derive(move || signing.busy.get() || signing.key.with(|key| key.trim().is_empty()));
    view! {
        <div class="dialog__foot">
            <Button kind=Kind::Quiet on_press=move |_| signing.open.set(false)>"Close"</Button>
            <button type="submit" class="button button--primary" data-testid="signer-set" disabled=disabled>
                {move || if signing.busy.get() { "Trying the key" } else { "Sign with this key" }}
            </button>
        </div>
    }
}
