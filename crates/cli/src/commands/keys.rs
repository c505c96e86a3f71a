//! `assay keys`: whose keys are kept, and where. A key is taken in and never given out.

use assay_app::App;
use assay_wire::{
    ApiError, CreateKeyFile, KeptIn, KeyFileView, KeysView, ListKeys, ListModels, ModelsView,
    RemoveKey, SetKey, UnlockKeys,
};
use serde_json::{Value, json};

use crate::arguments::{KeyPlace, Keys};
use crate::commands::models::{key_words, place_words};
use crate::exit::Exit;
use crate::output::{Output, table};

pub(crate) fn execute(app: &App, arguments: &Keys, output: &Output) -> Result<Exit, ApiError> {
    match arguments {
        Keys::Set { name, place } => set(app, name, *place, output),
        Keys::List(_) => list(app, output),
        Keys::Remove { name } => {
            let models = app.call(RemoveKey { provider: name.clone() })?;
            output.tell(&format!("removed; {}", now(&models, name)))?;
            Ok(Exit::Done)
        }
        Keys::Unlock(_) => {
            app.call(UnlockKeys {})?;
            list(app, output)
        }
    }
}

fn set(app: &App, name: &str, place: KeyPlace, output: &Output) -> Result<Exit, ApiError> {
    let place = match place {
        KeyPlace::Os => KeptIn::Os,
        KeyPlace::File => {
            open_file(app, name)?;
            KeptIn::File
        }
    };
    let models = app.call(SetKey { provider: name.to_owned(), place })?;
    output.tell(&format!("kept; {}", now(&models, name)))?;
    Ok(Exit::Done)
}

/// The encrypted file, made or unlocked: its passphrase is asked for before the key. For a provider that is not there,
/// nothing is: what is wrong is said when the key is set.
fn open_file(app: &App, name: &str) -> Result<(), ApiError> {
    let models = app.call(ListModels {})?;
    if !models.providers.iter().any(|provider| provider.name == name) {
        return Ok(());
    }
    match models.keys.file {
        KeyFileView::Absent => app.call(CreateKeyFile {}).map(drop),
        KeyFileView::Locked => app.call(UnlockKeys {}).map(drop),
        KeyFileView::Unlocked | KeyFileView::Unusable(_) => Ok(()),
    }
}

/// What a provider's key is now, in words.
fn now(models: &ModelsView, name: &str) -> String {
    let provider = models.providers.iter().find(|p| p.name == name);
    provider.map_or_else(
        || "there is no such provider now".to_owned(),
        |p| format!("{name}: {}", key_words(name, &p.key)),
    )
}

fn list(app: &App, output: &Output) -> Result<Exit, ApiError> {
    let (models, kept) = (app.call(ListModels {})?, app.call(ListKeys {})?);
    let document = document(&models, &kept);
    output.show(&document, || text(&models, &kept))?;
    Ok(Exit::Done)
}

fn document(models: &ModelsView, kept: &KeysView) -> Value {
    let keys: Vec<_> = kept
        .keys
        .iter()
        .map(|k| json!({"name": k.provider, "place": k.place, "hint": k.hint, "origin": k.origin}))
        .collect();
    let providers: Vec<_> = models
        .providers
        .iter()
        .map(|p| {
            json!({
                "name": p.name, "needed": p.key.needed, "place": p.key.place,
                "hint": p.key.hint, "env": p.key.env, "trouble": p.key.trouble,
            })
        })
        .collect();
    let status = &kept.status;
    json!({
        "schema": "assay.keys/1",
        "keys": keys,
        "providers": providers,
        "os": {"available": status.os.available, "reason": status.os.reason},
        "file": {"state": file_word(&status.file), "path": status.path},
    })
}

fn file_word(file: &KeyFileView) -> &'static str {
    match file {
        KeyFileView::Absent => "absent",
        KeyFileView::Locked => "locked",
        KeyFileView::Unlocked => "unlocked",
        KeyFileView::Unusable(_) => "unusable",
    }
}

fn text(models: &ModelsView, kept: &KeysView) -> String {
    let mut rows = vec![["PROVIDER", "KEY"].map(str::to_owned).to_vec()];
    rows.extend(models.providers.iter().map(|p| vec![p.name.clone(), key_words(&p.name, &p.key)]));
    let is_known = |name: &str| models.providers.iter().any(|p| p.name == name);
    rows.extend(kept.keys.iter().filter(|k| !is_known(&k.provider)).map(|k| {
        let words = format!("in {}, of a provider that is gone", place_words(k.place));
        vec![k.provider.clone(), words]
    }));
    let mut text = if rows.len() > 1 { table(&rows) } else { "No provider yet.\n".to_owned() };
    text.push_str(&status(kept));
    text
}

fn status(kept: &KeysView) -> String {
    let status = &kept.status;
    let os = match (&status.os.available, &status.os.reason) {
        (true, _) => "available".to_owned(),
        (false, Some(reason)) => format!("not available: {reason}"),
        (false, None) => "not available".to_owned(),
    };
    let file = match (&status.file, &status.path) {
        (KeyFileView::Unusable(reason), _) => reason.clone(),
        (state, Some(path)) => format!("{}, {path}", file_word(state)),
        (state, None) => file_word(state).to_owned(),
    };
    format!("the system's key store: {os}\nthe encrypted file: {file}\n")
}
