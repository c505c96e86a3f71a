//! The providers that are there, what was asked of them, and the form that adds or changes one.

use std::collections::BTreeMap;

use assay_wire::{
    ApiError, ListModels, ModelsView, PresetView, ProviderTest, ProviderView, RemoveProvider,
    TestProvider, TimesView,
};
use leptos::{prelude::*, task::spawn_local};

use super::{ledger::Ledger, model::Draft};
use crate::{
    ipc,
    state::{Keyring, Load, Session, Toasts, context},
};

/// The providers, their tests and the form.
#[derive(Clone, Copy)]
pub struct Providers {
    session: Session,
    toasts: Toasts,
    keyring: Keyring,
    ledger: Ledger,
    tests: RwSignal<BTreeMap<String, Load<ProviderTest>>>,
    trouble: RwSignal<Option<ApiError>>,
    draft: RwSignal<Option<Draft>>,
    refused: RwSignal<Option<ApiError>>,
    saving: RwSignal<bool>,
}

impl Providers {
    /// As the application knows them now: the terminal may have added some meanwhile.
    pub fn new(ledger: Ledger) -> Self {
        let providers = Self {
            session: context(),
            toasts: context(),
            keyring: context(),
            ledger,
            tests: RwSignal::new(BTreeMap::new()),
            trouble: RwSignal::new(None),
            draft: RwSignal::new(None),
            refused: RwSignal::new(None),
            saving: RwSignal::new(false),
        };
        spawn_local(async move { providers.take(ipc::call(ListModels {}).await) });
        providers
    }

    /// The providers, by name.
    pub fn all(self) -> Vec<ProviderView> {
        self.session.models().map(|models| models.providers).unwrap_or_default()
    }

    /// What one can be set up from.
    pub fn presets(self) -> Vec<PresetView> {
        self.session.models().map(|models| models.presets).unwrap_or_default()
    }

    /// How long calls may take where the user says nothing.
    pub fn usual_times(self) -> TimesView {
        self.session.models().map(|models| models.usual_times).unwrap_or_default()
    }

    /// The form, where it is open.
    pub fn draft(self) -> RwSignal<Option<Draft>> {
        self.draft
    }

    /// A field of the form; empty while it is closed.
    pub fn of_draft<T: Default>(self, read: impl FnOnce(&Draft) -> T) -> T {
        self.draft.with(|draft| draft.as_ref().map(read)).unwrap_or_default()
    }

    /// Changes the form.
    pub fn change(self, write: impl FnOnce(&mut Draft)) {
        self.draft.update(|draft| {
            if let Some(draft) = draft {
                write(draft);
            }
        });
    }

    /// Why the form was not taken.
    pub fn refused(self) -> Signal<Option<ApiError>> {
        self.refused.into()
    }

    /// Why the last thing asked of the list did not happen.
    pub fn trouble(self) -> Signal<Option<ApiError>> {
        self.trouble.into()
    }

    /// Whether the form is on its way.
    pub fn is_saving(self) -> bool {
        self.saving.get()
    }

    /// What a provider answered to the last test.
    pub fn test_of(self, name: &str) -> Option<Load<ProviderTest>> {
        self.tests.with(|tests| tests.get(name).cloned())
    }

    /// Opens the form for a new provider.
    pub fn begin(self) {
        let first = untrack(|| self.presets()).into_iter().next();
        let taken = untrack(|| self.all());
        self.show(first.map(|preset| Draft::new(&preset, &taken)).unwrap_or_default());
    }

    /// Opens the form for a provider that is there.
    pub fn edit(self, provider: &ProviderView) {
        self.show(Draft::of(provider));
    }

    fn show(self, draft: Draft) {
        self.refused.set(None);
        self.draft.set(Some(draft));
    }

    /// Adds the provider in the form, or replaces the one of its name.
    pub fn save(self) {
        let presets = untrack(|| self.presets());
        let draft = self.draft.get_untracked().filter(|draft| draft.is_filled(&presets));
        let Some(draft) = draft else { return };
        if self.saving.get_untracked() {
            return;
        }
        let replaced = untrack(|| draft.replaces(&self.all()));
        self.saving.set(true);
        self.refused.set(None);
        spawn_local(async move {
            let request = draft.request(&presets);
            let name = request.name.clone();
            let answer = ipc::call(request).await;
            self.saving.try_set(false);
            match answer {
                Ok(models) => self.saved(models, &name, replaced),
                Err(error) => drop(self.refused.try_set(Some(error))),
            }
        });
    }

    fn saved(self, models: ModelsView, name: &str, replaced: bool) {
        let keyless = models.providers.iter().any(|provider| {
            provider.name == name && provider.key.needed && provider.key.place.is_none()
        });
        self.session.set_models(models);
        self.toasts.say(if replaced { format!("Changed {name}") } else { format!("Added {name}") });
        self.draft.try_set(None);
        self.tests.try_update(|tests| tests.remove(name));
        if keyless && !replaced {
            self.keyring.ask(name.to_owned());
        }
    }

    /// Asks a provider which models it has, or for a word where it keeps no list.
    pub fn test(self, name: String) {
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

    /// Offers models that a test named, beside those that are offered.
    pub fn offer(self, provider: &ProviderView, models: Vec<String>) {
        let mut draft = Draft::of(provider);
        let mut all = provider.models.clone();
        all.extend(models.into_iter().filter(|model| !provider.models.contains(model)));
        draft.models = all.join("\n");
        let request = draft.request(&untrack(|| self.presets()));
        spawn_local(async move { self.take(ipc::call(request).await) });
    }

    /// Takes a provider away; the toast can bring it back. Its key stays until that is removed too.
    pub fn remove(self, provider: ProviderView) {
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
        let request = Draft::of(provider).request(&untrack(|| self.presets()));
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
