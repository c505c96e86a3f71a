//! The standard library for wasm32, which the page is built with.
//!
//! rustup fetches it in seconds. Where rustup cannot download, Debian's own Rust can: its
//! `rustc-web` packages carry the sources, from which the library is built once; the page is then
//! built by that toolchain, linked into rustup under the name `debian`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::places::{Places, program};
use crate::setup::{Found, Purpose, system};
use crate::shell::Shell;

/// The target's name, for rustc and cargo.
const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN: &str = "debian";
const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/wasm32-unknown-unknown/lib";

pub(super) fn check(_: &Places, _: Purpose) -> Result<Found, Failure> {
    let sysroot = sysroot()?;
    if has_library(&own_library(&sysroot)) || debian_is_ready() {
        return Ok(Found::There);
    }
    Ok(Found::Missing(format!("adding {TARGET}")))
}

pub(super) fn act(places: &Places, _: Purpose) -> Result<(), Failure> {
    let added = match program("rustup") {
        Some(rustup) => Shell::new(rustup).args(["target", "add", TARGET]).run_quietly().map(drop),
        None => Err(Failure::Said("this Rust was not installed by rustup".to_owned())),
    };
    let Err(why) = added else { return Ok(()) };
    eprintln!("  {why}; trying Debian's Rust instead (about 2 minutes)");
    build_on_debian(places).map_err(|other| {
        Failure::Said(format!(
            "The Rust target {TARGET} is missing, and neither way to it worked.\n\
             rustup: {why}\nDebian's packages: {other}\n\
             Please add it as your Rust was installed, usually by `rustup target add {TARGET}`."
        ))
    })
}

/// What a build for wasm needs in its environment: nothing, or the choice of Debian's toolchain.
///
/// # Errors
/// When rustc cannot be asked where its library is.
pub fn environment(first: &[PathBuf]) -> Result<Vec<(&'static str, OsString)>, Failure> {
    let sysroot = sysroot()?;
    if has_library(&own_library(&sysroot)) {
        return Ok(vec![("PATH", Places::path_with(first)?)]);
    }
    let mut folders = first.to_owned();
    folders.extend(linker_folder(&sysroot));
    Ok(vec![("PATH", Places::path_with(&folders)?), ("RUSTUP_TOOLCHAIN", DEBIAN.into())])
}

fn sysroot() -> Result<PathBuf, Failure> {
    let answer = Shell::new("rustc").args(["--print", "sysroot"]).answer();
    answer
        .map(PathBuf::from)
        .ok_or_else(|| Failure::Said("rustc could not be asked for its folder".to_owned()))
}

fn own_library(sysroot: &Path) -> PathBuf {
    sysroot.join("lib").join("rustlib").join(TARGET).join("lib")
}

/// Whether a folder holds a standard library, and not only what a broken download left.
fn has_library(folder: &Path) -> bool {
    let Ok(mut entries) = std::fs::read_dir(folder) else { return false };
    entries.any(|entry| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libstd-") && name.ends_with(".rlib")
        })
    })
}

fn debian_is_ready() -> bool {
    has_library(Path::new(DEBIAN_LIBRARY))
        && Shell::new("rustup")
            .args(["toolchain", "list"])
            .answer()
            .is_some_and(|list| list.lines().any(|l| l.split(' ').next() == Some(DEBIAN)))
}

/// rustup's toolchain brings the linker for wasm that Debian's does not.
fn linker_folder(sysroot: &Path) -> Option<PathBuf> {
    let hosts = std::fs::read_dir(sysroot.join("lib").join("rustlib")).ok()?;
    let folders = hosts.flatten().map(|host| host.path().join("bin"));
    folders.into_iter().find(|folder| folder.join("rust-lld").is_file())
}

fn build_on_debian(places: &Places) -> Result<(), Failure> {
    system::install_on_debian(DEBIAN_PACKAGES)?;
    let scratch = places.target.join("xtask").join("wasm-std");
    let built = build_library(&scratch)?;
    install_library(&built, Path::new(DEBIAN_LIBRARY))?;
    Shell::new("rustup").args(["toolchain", "link", DEBIAN, "/usr"]).run_quietly().map(drop)
}

/// Builds the standard library as a by-product of an empty crate; the folder that holds it.
fn build_library(scratch: &Path) -> Result<PathBuf, Failure> {
    let source = scratch.join("src");
    std::fs::create_dir_all(&source).map_err(Failure::io("make", &source))?;
    // `[workspace]` keeps cargo from looking for one in the folders above.
    let manifest = "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[workspace]\n";
    for (path, text) in [(scratch.join("Cargo.toml"), manifest), (source.join("lib.rs"), "")] {
        std::fs::write(&path, text).map_err(Failure::io("write", path))?;
    }
    let folders: Vec<PathBuf> = linker_folder(&sysroot()?).into_iter().collect();
    let target = scratch.join("target");
    Shell::new("/usr/bin/cargo")
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .args(["-Zbuild-std=std,panic_abort,panic_unwind,proc_macro"])
        .arg_path("--target-dir", &target)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", "/usr/bin/rustc")
        .env("PATH", Places::path_with(&folders)?)
        .inside(scratch)
        .run_quietly()?;
    Ok(target.join(TARGET).join("release").join("deps"))
}

fn install_library(built: &Path, library: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(library).map_err(Failure::io("make", library))?;
    for entry in std::fs::read_dir(built).map_err(Failure::io("read", built))? {
        let from = entry.map_err(Failure::io("read", built))?.path();
        let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_library_file(&name) {
            std::fs::copy(&from, library.join(&name)).map_err(Failure::io("copy", &from))?;
        }
    }
    Ok(())
}

/// The standard library's own files, without the empty crate's.
fn is_library_file(name: &str) -> bool {
    (name.ends_with(".rlib") || name.ends_with(".rmeta")) && !name.starts_with("libempty-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_standard_library_is_no_target() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!has_library(&folder.path().join("absent")));
        std::fs::write(folder.path().join("libcore-1.rlib"), "").expect("writes");
        assert!(!has_library(folder.path()), "a broken download must not pass for a target");
        std::fs::write(folder.path().join("libstd-1.rlib"), "").expect("writes");
        assert!(has_library(folder.path()));
    }

    #[test]
    fn only_the_standard_library_is_installed() {
        assert!(is_library_file("libstd-0a1b.rlib"));
        assert!(is_library_file("libcore-0a1b.rmeta"));
        assert!(!is_library_file("libempty-0a1b.rlib"));
        assert!(!is_library_file("std-0a1b.d"));
    }
}
