//! The page's JavaScript: the editor, its bundler and wasm-opt, by the committed lockfile.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::places::Places;
use crate::setup::{Found, Purpose};
use crate::shell::Shell;

/// A copy of the lockfile that `node_modules` was installed by. npm keeps one of its own, but
/// rewrites it in a form that cannot be compared.
fn installed_by(places: &Places) -> PathBuf {
    places.ui().join("node_modules").join(".installed-by-lock.json")
}

fn lockfile(places: &Places) -> PathBuf {
    places.ui().join("package-lock.json")
}

pub(super) fn check(places: &Places, _: Purpose) -> Result<Found, Failure> {
    let path = lockfile(places);
    let wanted = std::fs::read(&path).map_err(Failure::io("read", path))?;
    let installed = std::fs::read(installed_by(places)).ok();
    Ok(if installed.as_deref() == Some(&wanted) {
        Found::There
    } else {
        Found::Missing("installing the editor, its bundler and wasm-opt".to_owned())
    })
}

pub(super) fn act(places: &Places, _: Purpose) -> Result<(), Failure> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    Shell::new(npm)
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .inside(&places.ui())
        .run_quietly()?;
    let stamp = installed_by(places);
    std::fs::copy(lockfile(places), &stamp).map_err(Failure::io("write", stamp)).map(drop)
}
