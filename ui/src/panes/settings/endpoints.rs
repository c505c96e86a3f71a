//! The endpoints that are there: their addresses, whether their keys are set, and what they answer to a test.

use std::collections::BTreeMap;

use assay_wire::{
    ApiError, ListModels, ModelsView, ProviderTest, ProviderView, RemoveProvider, TestProvider,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    ledger::Ledger,
    model::{self, Draft},
};
use crate::{
    components::{Button, Chip, Dialog, ErrorNote, Kind, Loading, Mark, Note, Tone},
    ipc,
    state::{Load, Session, Toasts, context},
};

/// The endpoints, what was asked of them, and the form that adds one.
#[derive(Clone, Copy)]
pub struct Endpoints {
    session: Session,
    toasts: Toasts,
    ledger: Ledger,
    tests: RwSignal<BTreeMap<String, Load<ProviderTest>>>,
    trouble: RwSignal<Option<ApiError>>,
    draft: RwSignal<Draft>,
    refused: RwSignal<Option<ApiError>>,
    saving: RwSignal<bool>,
}

impl Endpoints {
    /// As the application knows them now: the terminal may have added some meanwhile.
    pub fn new(ledger: Ledger) -> Self {
        let endpoints = Self {
            session: context(),
            toasts: context(),
            ledger,
            tests: RwSignal::new(BTreeMap::new()),
            trouble: RwSignal::new(None),
            draft: RwSignal::new(Draft::default()),
            refused: RwSignal::new(None),
            saving: RwSignal::new(false),
        };
        spawn_local(async move { endpoints.take(ipc::call(ListModels {}).await) });
        endpoints
    }

    /// The endpoints, by name.
    pub fn all(self) -> Vec<ProviderView> {
        self.session.models().map(|models| models.providers).unwrap_or_default()
    }

    /// What is typed in the form.
    pub fn draft(self) -> RwSignal<Draft> {
        self.draft
    }

    /// Why the form was not taken.
    pub fn refused(self) -> Signal<Option<ApiError>> {
        self.refused.into()
    }

    /// Whether the form is on its way.
    pub fn is_saving(self) -> bool {
        self.saving.get()
    }

    /// Adds the endpoint in the form, or replaces the one of its name.
    pub fn save(self) {
        let draft = self.draft.get_untracked();
        if self.saving.get_untracked() || !draft.is_filled() {
            return;
        }
        let replaced = untrack(|| draft.replaces(&self.all()));
        self.saving.set(true);
        self.refused.set(None);
        spawn_local(async move {
            let request = draft.request();
            let name = request.name.clone();
            let answer = ipc::call(request).await;
            self.saving.try_set(false);
            match answer {
                Ok(models) => {
                    self.session.set_models(models);
                    self.toasts.say(if replaced {
                        format!("Replaced {name}")
                    } else {
                        format!("Added {name}")
                    });
                    self.draft.try_set(Draft::default());
                    self.tests.try_update(|tests| tests.remove(&name));
                }
                Err(error) => drop(self.refused.try_set(Some(error))),
            }
        });
    }

    /// Asks an endpoint which models it has.
    fn test(self, name: String) {
        self.tests.update(|tests| {
            tests.insert(name.clone(), Load::Loading);
        });
        spawn_local(async move {
            let answer = ipc::call(TestProvider { name: name.clone() }).await;
            // The view may be gone by the time a slow host answers.
            self.tests.try_update(|tests| tests.insert(name, answer.into()));
            self.ledger.refresh();
        });
    }

    /// Takes an endpoint away; the toast can bring it back.
    fn remove(self, provider: ProviderView) {
        spawn_local(async move {
            let answer = ipc::call(RemoveProvider { name: provider.name.clone() }).await;
            if answer.is_ok() {
                let said = format!("Removed {}", provider.name);
                self.toasts.say_with_undo(said, move || self.put_back(&provider));
            }
            self.take(answer);
        });
    }

    fn put_back(self, provider: &ProviderView) {
        let request = Draft::of(provider).request();
        spawn_local(async move { self.take(ipc::call(request).await) });
    }

    fn take(self, answer: Result<ModelsView, ApiError>) {
        match answer {
            Ok(models) => {
                self.session.set_models(models);
                self.trouble.try_set(None);
            }
            Err(error) => drop(self.trouble.try_set(Some(error))),
        }
    }
}

/// The endpoints that are there.
#[component]
pub fn EndpointList() -> impl IntoView {
    let endpoints = context::<Endpoints>();
    let all = Memo::new(move |_| endpoints.all());
    view! {
        {move || endpoints.trouble.get().map(|error| view! { <ErrorNote error /> })}
        <ul class="settings__list" data-testid="settings-endpoints">
            <For each=move || all.get() key=|provider| format!("{provider:?}") let:provider>
                <Endpoint provider />
            </For>
        </ul>
        <Show when=move || all.with(Vec::is_empty)>
            <p class="settings__none">"No endpoints yet. Add one to run prompts on a service, or on a server of your own."</p>
        </Show>
    }
}

/// One endpoint, with what can be done about it.
#[component]
fn Endpoint(provider: ProviderView) -> impl IntoView {
    let endpoints = context::<Endpoints>();
    let asked = RwSignal::new(false);
    let own = StoredValue::new(provider.clone());
    let name = provider.name.clone();
    let (tone, key) = model::key_words(&provider);
    let mark = if tone == Tone::Warn { Mark::Warning } else { Mark::Shield };
    let models = provider.models.iter().map(|model| format!("{name}/{model}")).collect::<Vec<_>>();
    view! {
        <li class="card" data-testid=format!("settings-endpoint-{name}")>
            <div class="card__head">
                <h3 class="mono clip">{name.clone()}</h3>
                <Chip tone icon=mark>{key}</Chip>
                <span class="grow"></span>
                <Button
                    small=true icon=Mark::Globe hint="Asks the endpoint which models it has" testid=format!("settings-test-{name}")
                    on_press=move |_| endpoints.test(own.with_value(|own| own.name.clone()))
                >"Test"</Button>
                <Button small=true kind=Kind::Quiet on_press=move |_| endpoints.draft.set(own.with_value(Draft::of))>"Edit"</Button>
                <Button small=true kind=Kind::Quiet testid=format!("settings-remove-{name}") on_press=move |_| asked.set(true)>"Remove"</Button>
            </div>
            <p class="card__line mono card__path">{provider.base_url}</p>
            {(!models.is_empty()).then(|| view! { <ModelIds ids=models more=0 /> })}
            <TestResult name=name.clone() />
            <RemoveDialog open=asked provider=own />
        </li>
    }
}

/// What the endpoint answered to the last test.
#[component]
fn TestResult(name: String) -> impl IntoView {
    let endpoints = context::<Endpoints>();
    let testid = format!("settings-test-result-{name}");
    let result = move || {
        let test = endpoints.tests.with(|tests| tests.get(&name).cloned())?;
        Some(match test {
            Load::Loading => view! { <Loading what="Asking for its models" /> }.into_any(),
            Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
            Load::Ready(test) => view! { <Answer name=name.clone() test /> }.into_any(),
        })
    };
    view! { <div data-testid=testid>{result}</div> }
}

#[component]
fn Answer(name: String, test: ProviderTest) -> impl IntoView {
    let (ids, more) = model::offered(&name, &test);
    let (tone, mark) = if test.ok { (Tone::Ok, Mark::Check) } else { (Tone::Danger, Mark::Error) };
    view! {
        <Note tone mark><p>{test.message}</p></Note>
        {(!ids.is_empty()).then(|| view! { <ModelIds ids more /> })}
    }
}

/// Ids of models, to read and to copy.
#[component]
fn ModelIds(ids: Vec<String>, more: usize) -> impl IntoView {
    view! {
        <ul class="card__models">
            {ids.into_iter().map(|id| view! { <li class="chip mono">{id}</li> }).collect_view()}
            {(more > 0).then(|| view! { <li class="quiet">{format!("and {more} more")}</li> })}
        </ul>
    }
}

/// Asks before an endpoint is taken away.
#[component]
fn RemoveDialog(open: RwSignal<bool>, provider: StoredValue<ProviderView>) -> impl IntoView {
    let endpoints = context::<Endpoints>();
    let name = move || provider.with_value(|provider| provider.name.clone());
    let remove = move |_| {
        open.set(false);
        endpoints.remove(provider.get_value());
    };
    view! {
        <Dialog open label="Remove an endpoint">
            <h2 class="dialog__head">{move || format!("Remove {}?", name())}</h2>
            <div class="dialog__body">
                <p>"Prompts that name its models cannot run on them until it is added again. Runs that are done stay as they are, and so does the environment variable."</p>
            </div>
            <div class="dialog__foot">
                <Button on_press=move |_| open.set(false)>"Keep it"</Button>
                <Button kind=Kind::Danger testid="settings-remove-confirm" on_press=remove>"Remove"</Button>
            </div>
        </Dialog>
    }
}
