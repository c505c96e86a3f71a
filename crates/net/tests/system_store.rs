//! Keys in a real Secret Service: GNOME's keyring daemon, on a D-Bus session of its own with an empty home.
//!
//! Each test starts itself anew inside such a session, so the person's own keys are never in reach. Linux only; the
//! stores of macOS and Windows cannot be started apart from the person's.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Output};

use assay_net::SecretString;
use assay_net::keys::{FileStatus, Keys, KeysConfig, KeysError, OsStatus, Place};

const KEY: &str = "sk-canary-4f1d9c7e21b04a55";
const INSIDE: &str = "ASSAY_TEST_SESSION";

/// The daemon with an unlocked keyring, as after signing in.
const UNLOCKED: &str =
    "printf pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null";

/// The same keyring with another daemon that nobody gave the password to.
const LOCKED: &str = "gnome-keyring-daemon --start --components=secrets >/dev/null";

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// Runs one test of this file inside a session of its own whose shell runs `start` first, with `home` as home.
fn in_session(test: &str, start: &str, home: &Path) {
    let run = home.join("run");
    std::fs::create_dir_all(&run).expect("a folder");
    let this = std::env::current_exe().expect("this program");
    let output = Command::new("dbus-run-session")
        .args(["--", "sh", "-ec", &format!("{start}; exec \"$0\" \"$@\"")])
        .arg(this)
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, start)
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", &run)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output();
    check(output, test);
}

#[track_caller]
fn check(output: std::io::Result<Output>, test: &str) {
    let output =
        output.expect("dbus-run-session runs: `cargo xtask test` installs what is missing");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{test} in its session: {said}");
}

fn inside() -> Option<String> {
    std::env::var(INSIDE).ok()
}

fn keys() -> Keys {
    Keys::open(KeysConfig::new("no-such-folder/keys.age"))
}

#[test]
fn a_key_is_kept_found_listed_replaced_and_removed_in_the_systems_store() {
    if inside().is_none() {
        let home = tempfile::tempdir().expect("a folder");
        let test = "a_key_is_kept_found_listed_replaced_and_removed_in_the_systems_store";
        return in_session(test, UNLOCKED, home.path());
    }
    let keys = keys();
    assert_eq!(keys.status().os, OsStatus::Available);
    assert!(keys.find("openai", None).expect("an answer").is_none());
    // As long as a cloud provider's token.
    let long: String = (0..200).map(|n| format!("{:08x}", n * 2_654_435_761_u64)).collect();
    for (name, key) in [("openai", "first-0123456789ab"), ("other", &long), ("openai", KEY)] {
        keys.set(name, secret(key), Place::Os).expect("kept");
    }

    // Another connection, as another process has it.
    let next = self::keys();
    let found = next.find("openai", None).expect("an answer").expect("the key");
    assert_eq!((found.place(), found.hint()), (Place::Os, "4a55"));
    assert_eq!(next.secrets().redact_text(KEY), "[key]", "it is the key that was kept");
    assert!(next.find("other", None).expect("an answer").is_some());
    assert_eq!(next.secrets().redact_text(&long), "[key]");
    let listed: Vec<_> =
        next.list().expect("a list").into_iter().map(|e| (e.name, e.place)).collect();
    assert_eq!(listed, [("openai".to_owned(), Place::Os), ("other".to_owned(), Place::Os)]);

    assert_eq!(next.remove("openai").expect("removed"), [Place::Os]);
    assert_eq!(next.remove("openai").expect("nothing left"), []);
    assert!(keys.find("openai", None).expect("an answer").is_none());
    assert_eq!(keys.status().file, FileStatus::Absent, "nothing went to a file");
}

#[test]
fn a_locked_store_is_an_error_and_not_a_missing_key() {
    let test = "a_locked_store_is_an_error_and_not_a_missing_key";
    match inside().as_deref() {
        None => {
            let home = tempfile::tempdir().expect("a folder");
            in_session(test, UNLOCKED, home.path());
            in_session(test, LOCKED, home.path());
        }
        Some(UNLOCKED) => keys().set("openai", secret(KEY), Place::Os).expect("kept"),
        Some(_) => {
            let keys = keys();
            // Nobody is there to be asked for the password.
            let error = keys.find("openai", None).expect_err("locked");
            assert!(matches!(error, KeysError::Os { .. }), "{error:?}");
            let error = keys.set("openai", secret(KEY), Place::Os).expect_err("locked");
            assert!(matches!(error, KeysError::Os { .. }), "{error:?}");
            assert_eq!(keys.status().file, FileStatus::Absent, "nothing went to a file");
            keys.set("openai", secret(KEY), Place::Memory).expect("kept");
            let found = keys.find("openai", None).expect("an answer").expect("the key");
            assert_eq!(found.place(), Place::Memory);
        }
    }
}

#[test]
fn without_a_store_a_key_is_refused_with_the_way_out_and_other_places_work() {
    if inside().is_none() {
        let home = tempfile::tempdir().expect("a folder");
        let this = std::env::current_exe().expect("this program");
        let test = "without_a_store_a_key_is_refused_with_the_way_out_and_other_places_work";
        let output = Command::new(this)
            .args(["--exact", test, "--nocapture"])
            .env(INSIDE, "none")
            .env("HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .output();
        return check(output, test);
    }
    let keys = keys();
    assert!(matches!(keys.status().os, OsStatus::Unavailable { .. }));
    let error = keys.set("openai", secret(KEY), Place::Os).expect_err("no store");
    assert!(matches!(error, KeysError::OsUnavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("encrypted file"), "{error}");
    assert!(keys.find("openai", None).expect("an answer").is_none());
    assert!(keys.list().expect("a list").is_empty());
    keys.set("openai", secret(KEY), Place::Memory).expect("kept");
    assert_eq!(keys.remove("openai").expect("removed"), [Place::Memory]);
}
