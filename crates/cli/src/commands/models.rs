//! `assay models`: the embedded model and endpoints.

use assay_app::App;
use assay_wire::{AddProvider, ApiError, ListModels, ModelsView, RemoveProvider, TestProvider};
use serde_json::json;

use crate::arguments::Models;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &Models, output: &Output) -> Result<Exit, ApiError> {
    match arguments {
        Models::List(_) => list(&app.call(ListModels {})?, output),
        Models::Add(add) => list(
            &app.call(AddProvider {
                name: add.name.clone(),
                base_url: add.base_url.clone(),
                key_env: add.key_env.clone(),
                models: add.models.clone(),
            })?,
            output,
        ),
        Models::Remove { name } => list(&app.call(RemoveProvider { name: name.clone() })?, output),
        Models::Test { name } => test(app, name, output),
    }
}

fn list(models: &ModelsView, output: &Output) -> Result<Exit, ApiError> {
    let providers: Vec<_> = models
        .providers
        .iter()
        .map(|p| {
            json!({
                "name": p.name, "baseUrl": p.base_url, "keyEnv": p.key_env,
                "keyFound": p.key_found, "models": p.models,
            })
        })
        .collect();
    let local = &models.local;
    let document = json!({
        "schema": "assay.models/1",
        "local": {"id": local.id, "installed": local.installed, "path": local.path},
        "providers": providers,
    });
    output.show(&document, || text(models))?;
    Ok(Exit::Done)
}

fn text(models: &ModelsView) -> String {
    let local = &models.local;
    let state = match local.installed {
        true => "installed".to_owned(),
        false => format!("not installed: its file belongs at {}", local.path),
    };
    let mut text = format!("{}  embedded, {state}", local.id);
    for p in &models.providers {
        text.push_str(&format!("\n{}/…  {}", p.name, p.base_url));
        match (&p.key_env, p.key_found) {
            (Some(variable), true) => text.push_str(&format!("  key from ${variable}")),
            (Some(variable), false) => text.push_str(&format!("  ${variable} is not set")),
            (None, _) => text.push_str("  no key"),
        }
        for model in &p.models {
            text.push_str(&format!("\n  {}/{model}", p.name));
        }
    }
    text
}

fn test(app: &App, name: &str, output: &Output) -> Result<Exit, ApiError> {
    let test = app.call(TestProvider { name: name.to_owned() })?;
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
