//! One window per person: a second start brings the first one forward.
//!
//! `ASSAY_DATA_DIR` makes an Assay of its own, with its own database, window and place on the
//! screen; such a start neither looks for others nor is found by them.

use std::path::{Path, PathBuf};

use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, Builder, Manager, Wry};

use crate::arguments::Arguments;
use crate::backend::Backend;
use crate::{host, window};

/// The folder that sets this Assay apart, if one was named.
pub fn data_dir() -> Option<PathBuf> {
    let named = std::env::var_os("ASSAY_DATA_DIR").filter(|name| !name.is_empty())?;
    let named = PathBuf::from(named);
    Some(std::path::absolute(&named).unwrap_or(named))
}

/// Hands later starts over to this one, unless it is set apart.
pub fn only_one(builder: Builder<Wry>, data_dir: Option<&Path>) -> Builder<Wry> {
    match data_dir {
        Some(_) => builder,
        None => builder.plugin(tauri_plugin_single_instance::init(started_again)),
    }
}

/// Somebody started Assay again, perhaps with another folder.
fn started_again(app: &AppHandle, command_line: Vec<String>, directory: String) {
    window::bring_forward(app);
    let arguments = Arguments::parse(command_line.into_iter().skip(1).map(Into::into));
    let folder = arguments.ok().and_then(|given| given.typed_in(Path::new(&directory)).folder);
    if let Some(folder) = folder {
        let app = app.clone();
        spawn_blocking(move || show_folder(&app, &folder));
    }
}

fn show_folder(app: &AppHandle, folder: &Path) {
    // Nothing is there yet while the first start is still opening its database.
    let Some(backend) = app.try_state::<Backend>() else { return };
    match backend.open_if_free(folder) {
        Ok(()) => window::reload(app),
        Err(error) => host::tell(app, &error),
    }
}
