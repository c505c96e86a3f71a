//! Keys, as far as the window takes part: whose, where, and when to take one from the clipboard. Never a key.
//!
//! The program behind the window takes what was copied; nothing of it comes into the page.

use assay_wire::{
    ApiError, Command, CreateKeyFile, KeptIn, KeptKeyView, KeyFileView, KeysStatusView, ListKeys,
    ModelsView, ProviderView, RemoveKey, SetKey, UnlockKeys,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Load, Session, Toasts, context};
use crate::ipc;

/// What is going on with a key or the key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyWork {
    /// A key is being kept.
    Keeping,
    /// A key is being removed.
    Removing,
    /// The file is being unlocked or made.
    Opening,
}

/// Whose key is asked for, and where keys are kept.
#[derive(Clone, Copy)]
pub struct Keyring {
    /// Whether a key is asked for.
    pub asking: RwSignal<bool>,
    /// Where it is to be kept.
    pub place: RwSignal<KeptIn>,
    provider: RwSignal<Option<String>>,
    kept: RwSignal<Load<Vec<KeptKeyView>>>,
    work: RwSignal<Option<KeyWork>>,
    refused: RwSignal<Option<ApiError>>,
    session: Session,
    toasts: Toasts,
}

impl Keyring {
    /// Asking for none.
    pub fn new() -> Self {
        Self {
            asking: RwSignal::new(false),
            place: RwSignal::new(KeptIn::Os),
            provider: RwSignal::new(None),
            kept: RwSignal::new(Load::Loading),
            work: RwSignal::new(None),
            refused: RwSignal::new(None),
            session: context(),
            toasts: context(),
        }
    }

    /// The provider whose key is asked for.
    pub fn provider(self) -> Option<ProviderView> {
        let name = self.provider.get()?;
        self.session.models()?.providers.into_iter().find(|provider| provider.name == name)
    }

    /// Where keys can be kept now.
    pub fn status(self) -> Option<KeysStatusView> {
        self.session.models().map(|models| models.keys)
    }

    /// Every key that is kept.
    pub fn kept(self) -> Signal<Load<Vec<KeptKeyView>>> {
        self.kept.into()
    }

    /// What is going on.
    pub fn work(self) -> Option<KeyWork> {
        self.work.get()
    }

    /// Why the last thing asked did not happen.
    pub fn refused(self) -> Signal<Option<ApiError>> {
        self.refused.into()
    }

    /// Takes the last refusal off the screen.
    pub fn forgive(self) {
        self.refused.set(None);
    }

    /// Asks for the key of a provider.
    pub fn ask(self, provider: String) {
        self.forgive();
        let place = untrack(|| self.status()).map_or(KeptIn::Memory, |status| best_place(&status));
        self.place.set(place);
        self.provider.set(Some(provider));
        self.asking.set(true);
    }

    /// Has the program keep the key that was copied.
    pub fn keep(self) {
        let (Some(provider), place) = (self.provider.get_untracked(), self.place.get_untracked())
        else {
            return;
        };
        let said = format!("The key of {provider} is kept {}", place_words(place));
        self.ask_for(KeyWork::Keeping, SetKey { provider, place }, said, move || {
            self.asking.set(false);
        });
    }

    /// Removes a key from every place that keeps it.
    pub fn remove(self, provider: String) {
        let said = format!("The key of {provider} is removed");
        self.ask_for(KeyWork::Removing, RemoveKey { provider }, said, || {});
    }

    /// Has the program unlock the file with the passphrase that was copied.
    pub fn unlock(self) {
        self.ask_for(
            KeyWork::Opening,
            UnlockKeys {},
            "The key file is unlocked".into(),
            move || {
                self.place.set(KeptIn::File);
            },
        );
    }

    /// Has the program make a file with the passphrase that was copied.
    pub fn make_file(self) {
        self.ask_for(
            KeyWork::Opening,
            CreateKeyFile {},
            "The key file is made".into(),
            move || {
                self.place.set(KeptIn::File);
            },
        );
    }

    /// Reads the list of keys, also of those whose provider is gone.
    pub fn read(self) {
        spawn_local(async move {
            let kept = ipc::call(ListKeys {}).await;
            self.kept.set(kept.map(|view| view.keys).into());
        });
    }

    fn ask_for<C: Command<Reply = ModelsView>>(
        self,
        work: KeyWork,
        command: C,
        said: String,
        then: impl FnOnce() + 'static,
    ) {
        if self.work.get_untracked().is_some() {
            return;
        }
        self.work.set(Some(work));
        self.forgive();
        spawn_local(async move {
            let answer = ipc::call(command).await;
            self.work.set(None);
            match answer {
                Ok(models) => {
                    self.session.set_models(models);
                    self.toasts.say(said);
                    then();
                    self.read();
                }
                Err(error) => self.refused.set(Some(error)),
            }
        });
    }
}

impl Default for Keyring {
    fn default() -> Self {
        Self::new()
    }
}

/// The first place that can be used now.
pub fn best_place(status: &KeysStatusView) -> KeptIn {
    match (status.os.available, &status.file) {
        (true, _) => KeptIn::Os,
        (false, KeyFileView::Unlocked) => KeptIn::File,
        (false, _) => KeptIn::Memory,
    }
}

/// Where a key is, as the end of a sentence.
pub fn place_words(place: KeptIn) -> &'static str {
    match place {
        KeptIn::Os => "in the system store",
        KeptIn::File => "in the encrypted file",
        KeptIn::Env => "in the environment",
        KeptIn::Memory => "until Assay ends",
    }
}

#[cfg(test)]
mod tests {
    use assay_wire::OsKeysView;

    use super::*;

    #[test]
    fn the_place_that_is_proposed_is_one_that_can_be_used() {
        let status = |available, file| KeysStatusView {
            os: OsKeysView { available, reason: None },
            file,
            path: None,
        };
        assert_eq!(best_place(&status(true, KeyFileView::Locked)), KeptIn::Os);
        assert_eq!(best_place(&status(false, KeyFileView::Unlocked)), KeptIn::File);
        assert_eq!(best_place(&status(false, KeyFileView::Locked)), KeptIn::Memory);
    }
}
