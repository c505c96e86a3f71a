//! Every command that is declared is answered, and no other is.

use std::sync::Arc;

use assay_app::{App, AppOptions, Headless, KeysConfig};
use assay_testkit::DataFolder;
use assay_wire::{COMMANDS, Code};

/// An application that has never been used, and the folder it lives in.
fn application() -> (App, DataFolder) {
    let folder = DataFolder::new();
    let options = AppOptions {
        data_dir: Some(folder.path().join("data")),
        models_dir: Some(folder.path().join("models")),
        keys: Some(KeysConfig::memory()),
        ..AppOptions::default()
    };
    (App::open(options, Arc::new(Headless)).expect("opens"), folder)
}

#[test]
fn every_declared_command_is_answered_by_the_application() {
    let (app, _folder) = application();
    for command in COMMANDS {
        // No command takes a number, so each is found and none does anything.
        let error = app.dispatch(command.name, "42").expect_err("no command takes a number");
        assert_eq!(error.code, Code::BadInput, "{}: {error}", command.name);
        assert!(error.message.contains(command.name), "{error}");
    }
}

#[test]
fn a_name_that_is_not_declared_is_refused_by_name() {
    let (app, _folder) = application();
    for name in ["", "app", "app.State", "app.state ", "fs.read", "plugin:dialog|open"] {
        let error = app.dispatch(name, "null").expect_err("not a command");
        assert_eq!(error.code, Code::UnknownCommand, "{name}");
        assert!(error.message.contains(name), "{error}");
    }
}

#[test]
fn arguments_that_are_not_json_are_refused() {
    let (app, _folder) = application();
    let error = app.dispatch("app.state", "{").expect_err("half an object");
    assert_eq!(error.code, Code::BadInput);
}
