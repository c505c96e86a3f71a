//! `assay models`: the embedded model, and the providers whose models can be run.

use std::path::Path;

use assay_app::App;
use assay_wire::{
    AddProvider, ApiError, Code, InstallModels, KeptIn, KeyView, LimitsView, ListModels,
    ModelsView, PresetView, ProviderTest, ProviderView, RemoveProvider, SetLoopbackOnly,
    TestProvider, TimesView,
};
use serde_json::{Value, json};

use crate::arguments::{AddModel, Models, Switch};
use crate::exit::Exit;
use crate::output::{Output, table};

pub(crate) fn execute(app: &App, arguments: &Models, output: &Output) -> Result<Exit, ApiError> {
    match arguments {
        Models::List(_) => list(&app.call(ListModels {})?, output),
        Models::Presets(_) => presets(&app.call(ListModels {})?.presets, output),
        Models::Add(add) => added(&app.call(provider(add)?)?, &add.name, output),
        Models::Install { from, .. } => install(app, from, output),
        Models::Remove { name } => remove(app, name, output),
        Models::Test { name, .. } => test(app, name, output),
        Models::LoopbackOnly { switch } => {
            list(&app.call(SetLoopbackOnly { on: *switch == Switch::On })?, output)
        }
    }
}

fn provider(add: &AddModel) -> Result<AddProvider, ApiError> {
    let spec = add.spec.as_ref().map(|file| {
        std::fs::read_to_string(file).map_err(|e| {
            ApiError::new(Code::BadInput, format!("{} cannot be read: {e}", file.display()))
        })
    });
    Ok(AddProvider {
        name: add.name.clone(),
        preset: add.preset.clone(),
        base_url: add.base_url.clone(),
        key_env: add.key_env.clone(),
        key_header: add.key_header.clone(),
        models: add.models.clone(),
        limits: LimitsView { concurrency: add.concurrency, rpm: add.rpm, tpm: add.tpm },
        times: TimesView { first_byte_ms: add.first_byte, idle_ms: add.idle, total_ms: add.total },
        custom: spec.transpose()?,
    })
}

fn list(models: &ModelsView, output: &Output) -> Result<Exit, ApiError> {
    let local = &models.local;
    let document = json!({
        "schema": "assay.models/1",
        "local": {"id": local.id, "installed": local.installed, "path": local.path},
        "providers": models.providers.iter().map(document).collect::<Vec<_>>(),
        "loopbackOnly": models.loopback_only,
    });
    output.show(&document, || text(models))?;
    Ok(Exit::Done)
}

fn document(p: &ProviderView) -> Value {
    let LimitsView { concurrency, rpm, tpm } = p.limits;
    json!({
        "name": p.name, "preset": p.preset, "wire": p.wire, "baseUrl": p.base_url,
        "keyEnv": p.key.env, "keyFound": p.key.place.is_some() || !p.key.needed,
        "key": {"needed": p.key.needed, "place": p.key.place, "hint": p.key.hint, "trouble": p.key.trouble},
        "models": p.models,
        "limits": {"concurrency": concurrency, "rpm": rpm, "tpm": tpm},
        "times": p.times,
    })
}

fn text(models: &ModelsView) -> String {
    let local = &models.local;
    let state = match local.installed {
        true => "installed".to_owned(),
        false => format!("not installed: its file belongs at {}", local.path),
    };
    let mut text = format!("{}  embedded, {state}", local.id);
    for p in &models.providers {
        text.push_str(&format!("\n{}/…  {}  {}", p.name, p.base_url, key_words(&p.name, &p.key)));
        if let Some(times) = p.times.words() {
            text.push_str(&format!("\n  {times}"));
        }
        for model in &p.models {
            text.push_str(&format!("\n  {}/{model}", p.name));
        }
    }
    if models.loopback_only {
        text.push_str("\nNothing but this machine is contacted: assay models loopback-only off");
    }
    text
}

/// Where a key is, and never the key.
pub(crate) fn key_words(name: &str, key: &KeyView) -> String {
    let hint = if key.hint.is_empty() { String::new() } else { format!(", ends in {}", key.hint) };
    match (key.place, &key.trouble, &key.env) {
        (Some(KeptIn::Env), _, Some(variable)) => format!("key from ${variable}{hint}"),
        (Some(place), ..) => format!("key in {}{hint}", place_words(place)),
        (None, Some(trouble), _) => format!("no key: {trouble}"),
        (None, None, Some(variable)) if key.needed => {
            format!("no key: ${variable} is not set; or assay keys set {name}")
        }
        (None, None, _) => "no key".to_owned(),
    }
}

pub(crate) fn place_words(place: KeptIn) -> &'static str {
    match place {
        KeptIn::Os => "the system's key store",
        KeptIn::File => "the encrypted file",
        KeptIn::Env => "the environment",
        KeptIn::Memory => "memory",
    }
}

fn added(models: &ModelsView, name: &str, output: &Output) -> Result<Exit, ApiError> {
    list(models, output)?;
    let lacks = |p: &&ProviderView| p.name == name && p.key.needed && p.key.place.is_none();
    if models.providers.iter().any(|p| lacks(&p)) {
        output.note(&format!("next: assay keys set {name}"));
    }
    Ok(Exit::Done)
}

fn install(app: &App, from: &Path, output: &Output) -> Result<Exit, ApiError> {
    let from = super::import::absolute(&from.to_path_buf())?;
    list(&app.call(InstallModels { from })?, output)
}

fn remove(app: &App, name: &str, output: &Output) -> Result<Exit, ApiError> {
    let before = app.call(ListModels {})?;
    list(&app.call(RemoveProvider { name: name.to_owned() })?, output)?;
    let kept = before.providers.iter().find(|p| p.name == name).and_then(|p| p.key.place);
    if kept.is_some_and(|place| place != KeptIn::Env) {
        output.note(&format!("its key is still kept; to remove it: assay keys remove {name}"));
    }
    Ok(Exit::Done)
}

fn presets(presets: &[PresetView], output: &Output) -> Result<Exit, ApiError> {
    let each = |p: &PresetView| {
        json!({
            "name": p.name, "title": p.title, "wire": p.wire, "baseUrl": p.base_url,
            "baseUrlForm": p.base_url_form, "keyEnv": p.key_env, "needsKey": p.needs_key, "docs": p.docs,
        })
    };
    let document = json!({
        "schema": "assay.models.presets/1",
        "presets": presets.iter().map(each).collect::<Vec<_>>(),
    });
    output.show(&document, || {
        let mut rows = vec![["PRESET", "WHAT", "ADDRESS", "KEY FROM"].map(str::to_owned).to_vec()];
        rows.extend(presets.iter().map(|p| {
            let variable = p.key_env.as_ref().map_or("none".to_owned(), |v| format!("${v}"));
            vec![p.name.clone(), p.title.clone(), p.base_url_form.clone(), variable]
        }));
        table(&rows)
    })?;
    Ok(Exit::Done)
}

fn test(app: &App, name: &str, output: &Output) -> Result<Exit, ApiError> {
    let calls = app.call(ListModels {})?.providers.iter().any(|p| p.name == name && p.test_calls);
    if calls {
        output.note(
            "A list of models would not prove it, so it is sent one small call, which may cost something.",
        );
    }
    let test: ProviderTest = app.call(TestProvider { name: name.to_owned() })?;
    let document = json!({
        "schema": "assay.models.test/1",
        "ok": test.ok, "message": test.message, "models": test.models,
    });
    output.show(&document, || {
        let mut text = test.message.clone();
        for model in &test.models {
            text.push_str(&format!("\n  {name}/{model}"));
        }
        text
    })?;
    Ok(if test.ok { Exit::Done } else { Exit::Failed })
}
