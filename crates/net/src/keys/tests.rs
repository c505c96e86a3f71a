use std::env::VarError;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::*;

const KEY: &str = "sk-canary-4f1d9c7e21b04a55";
const OTHER: &str = "sk-other-88aa4f1d9c7e21b0";

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// Keys in a folder of their own, with a passphrase that costs little to try.
fn in_folder(folder: &TempDir) -> Keys {
    Keys::open(KeysConfig::new(file_in(folder.path())).without_os().with_work(4))
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn with_variables(config: KeysConfig, variables: &'static [(&'static str, &'static str)]) -> Keys {
    let read = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
    };
    Keys::with_environment(config, Environment::reading(read))
}

#[track_caller]
fn holds(keys: &Keys, name: &str, expected: Option<(Place, &str)>) {
    let found = keys.find(name, Some("VARIABLE")).expect("an answer");
    let seen = found.as_ref().map(|found| (found.place(), found.secret.expose_secret()));
    assert_eq!(seen, expected, "{name}");
}

#[test]
fn a_key_in_memory_is_found_until_it_is_removed() {
    let keys = Keys::open(KeysConfig::memory());
    holds(&keys, "openai", None);
    keys.set("openai", secret(KEY), Place::Memory).expect("set");
    holds(&keys.clone(), "openai", Some((Place::Memory, KEY)));
    keys.set("openai", secret(OTHER), Place::Memory).expect("replaced");
    holds(&keys, "openai", Some((Place::Memory, OTHER)));
    assert_eq!(keys.remove("openai").expect("removed"), [Place::Memory]);
    assert_eq!(keys.remove("openai").expect("nothing to remove"), []);
    holds(&keys, "openai", None);
}

#[test]
fn a_stored_place_goes_before_the_environment_and_that_before_memory() {
    let folder = folder();
    let config = KeysConfig::new(file_in(folder.path())).without_os().with_work(4);
    let keys = with_variables(config, &[("VARIABLE", " from-variable\n")]);
    keys.set("p", secret("in-memory"), Place::Memory).expect("set");
    holds(&keys, "p", Some((Place::Environment, "from-variable")));
    keys.create_file(secret("words")).expect("created");
    keys.set("p", secret("in-file"), Place::File).expect("set");
    holds(&keys, "p", Some((Place::File, "in-file")));
    assert_eq!(keys.remove("p").expect("removed"), [Place::Memory, Place::File]);
    holds(&keys, "p", Some((Place::Environment, "from-variable")));
}

#[test]
fn a_place_that_may_not_serve_is_passed_over_even_if_it_has_a_key() {
    let folder = folder();
    let keys = in_folder(&folder);
    keys.create_file(secret("words")).expect("created");
    keys.set("p", secret("in-file"), Place::File).expect("set");
    keys.set("p", secret("in-memory"), Place::Memory).expect("set");
    let found = |serves: &dyn Fn(Place) -> bool| {
        let found = keys.find_where("p", None, serves).expect("an answer");
        found.map(|found| found.secret.expose_secret().to_owned())
    };
    assert_eq!(found(&|_| true).as_deref(), Some("in-file"));
    assert_eq!(found(&|place| place != Place::File).as_deref(), Some("in-memory"));
    assert_eq!(found(&|_| false), None);
    keys.lock();
    assert_eq!(found(&|place| place == Place::Memory).as_deref(), Some("in-memory"));
}

#[test]
fn a_variable_is_read_once_and_an_empty_one_is_none() {
    static READS: AtomicU32 = AtomicU32::new(0);
    let environment = Environment::reading(|name| {
        READS.fetch_add(1, Ordering::Relaxed);
        Ok(if name == "EMPTY" { " \n".to_owned() } else { KEY.to_owned() })
    });
    let keys = Keys::with_environment(KeysConfig::memory(), environment);
    for _ in 0..3 {
        assert!(keys.find("p", Some("SET")).expect("an answer").is_some());
        assert!(keys.find("p", Some("EMPTY")).expect("an answer").is_none());
        assert!(keys.find("p", None).expect("an answer").is_none());
    }
    assert_eq!(READS.load(Ordering::Relaxed), 2);
}

#[test]
fn a_variable_that_is_no_text_is_an_error_that_does_not_show_it() {
    let read = |_: &str| Err(VarError::NotUnicode(KEY.into()));
    let keys = Keys::with_environment(KeysConfig::memory(), Environment::reading(read));
    let error = keys.find("p", Some("BROKEN")).expect_err("no text");
    assert_eq!(error.to_string(), "the environment variable BROKEN does not hold text");
    assert!(!format!("{error:?}").contains(KEY));
}

#[test]
fn every_key_that_was_seen_is_redacted() {
    let keys = with_variables(KeysConfig::memory(), &[("VARIABLE", OTHER)]);
    keys.set("p", secret(KEY), Place::Memory).expect("set");
    assert_eq!(keys.secrets().redact_text(KEY), "[key]");
    keys.find("q", Some("VARIABLE")).expect("an answer");
    assert_eq!(keys.secrets().redact_text(OTHER), "[key]");
}

#[test]
fn names_and_keys_that_cannot_be_ones_are_refused_everywhere() {
    let keys = Keys::open(KeysConfig::memory());
    let long = "x".repeat(65);
    for name in ["", "a b", "a/b", "../x", "a.b", "é", "a\0", &long] {
        assert!(matches!(keys.find(name, None), Err(KeysError::Name { .. })), "{name:?}");
        assert!(matches!(keys.remove(name), Err(KeysError::Name { .. })), "{name:?}");
        let set = keys.set(name, secret(KEY), Place::Memory);
        assert!(matches!(set, Err(KeysError::Name { .. })), "{name:?}");
    }
    for text in ["", " \n", &"k".repeat(4097), "two\nlines-4f1d9c7e"] {
        let error = keys.set("p", secret(text), Place::Memory).expect_err("no key");
        assert!(matches!(error, KeysError::Secret { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("4f1d"));
    }
}

#[test]
fn a_place_that_is_off_or_only_read_refuses_a_key_and_does_not_pass_it_on() {
    let keys = Keys::open(KeysConfig::memory());
    for place in [Place::Os, Place::File, Place::Environment] {
        let error = keys.set("p", secret(KEY), place).expect_err("refused");
        assert!(matches!(error, KeysError::NotKeptThere { .. }), "{error:?}");
    }
    assert!(keys.list().expect("a list").is_empty());
    let status = KeysStatus { os: OsStatus::Off, file: FileStatus::Off, path: None };
    assert_eq!(keys.status(), status);
}

#[test]
fn a_key_file_is_absent_then_unlocked_then_locked_for_the_next_process() {
    let folder = folder();
    let keys = in_folder(&folder);
    assert_eq!(keys.status().file, FileStatus::Absent);
    let error = keys.set("p", secret(KEY), Place::File).expect_err("no file yet");
    assert!(matches!(error, KeysError::NoFile { .. }), "{error:?}");
    assert!(matches!(keys.unlock(secret("words")), Err(KeysError::NoFile { .. })));
    assert!(matches!(keys.create_file(secret("")), Err(KeysError::EmptyPassphrase)));
    keys.create_file(secret("words")).expect("created");
    keys.set("p", secret(KEY), Place::File).expect("kept");
    assert_eq!(keys.status().file, FileStatus::Unlocked);

    let next = in_folder(&folder);
    assert_eq!(next.status().file, FileStatus::Locked);
    for error in [
        next.find("p", None).map(drop).expect_err("locked"),
        next.set("p", secret(KEY), Place::File).expect_err("locked"),
        next.remove("p").map(drop).expect_err("locked"),
    ] {
        assert!(matches!(error, KeysError::Locked { .. }), "{error:?}");
        assert!(error.to_string().contains("unlock it with its passphrase"), "{error}");
    }
    assert!(matches!(next.unlock(secret("wrong")), Err(KeysError::WrongPassphrase { .. })));
    assert!(matches!(next.create_file(secret("new")), Err(KeysError::FileExists { .. })));
    next.unlock(secret("words")).expect("unlocked");
    holds(&next, "p", Some((Place::File, KEY)));
    next.lock();
    assert_eq!(next.status().file, FileStatus::Locked);
}

#[test]
fn a_locked_file_does_not_hide_a_key_that_another_place_has() {
    let folder = folder();
    in_folder(&folder).create_file(secret("words")).expect("created");
    let next = in_folder(&folder);
    next.set("p", secret(KEY), Place::Memory).expect("kept");
    holds(&next, "p", Some((Place::Memory, KEY)));
    assert_eq!(next.list().expect("what can be seen").len(), 1);
}

#[test]
fn the_list_names_each_key_with_its_place_and_last_four_characters() {
    let folder = folder();
    let keys = in_folder(&folder);
    keys.create_file(secret("words")).expect("created");
    keys.set("b", secret(KEY), Place::File).expect("kept");
    keys.set("a", secret("short"), Place::Memory).expect("kept");
    keys.set("b", secret(OTHER), Place::Memory).expect("kept");
    let entry = |name: &str, place, hint: &str| KeyEntry {
        name: name.to_owned(),
        place,
        hint: hint.to_owned(),
    };
    let expected = [
        entry("a", Place::Memory, ""),
        entry("b", Place::File, "4a55"),
        entry("b", Place::Memory, "21b0"),
    ];
    assert_eq!(keys.list().expect("a list"), expected);
}

#[test]
fn the_file_shows_neither_names_nor_keys_and_only_its_owner_may_read_it() {
    let folder = folder();
    let keys = in_folder(&folder);
    keys.create_file(secret("words")).expect("created");
    keys.set("provider-name", secret(KEY), Place::File).expect("kept");
    for file in fs::read_dir(folder.path()).expect("a folder") {
        let path = file.expect("a file").path();
        let bytes = fs::read(&path).expect("readable");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("canary") && !text.contains("provider-name"), "{path:?}");
        let names: Vec<_> = path.file_name().into_iter().collect();
        assert!(names == ["keys.age"] || names == ["keys.age.lock"], "{names:?} was left behind");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file_in(folder.path())).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_another_process_kept_or_removed_is_seen_and_not_lost() {
    let folder = folder();
    let (one, two) = (in_folder(&folder), in_folder(&folder));
    one.create_file(secret("words")).expect("created");
    two.unlock(secret("words")).expect("unlocked");
    one.set("a", secret(KEY), Place::File).expect("kept");
    two.set("b", secret(OTHER), Place::File).expect("kept");
    for keys in [&one, &two] {
        holds(keys, "a", Some((Place::File, KEY)));
        holds(keys, "b", Some((Place::File, OTHER)));
    }
    assert_eq!(two.remove("a").expect("removed"), [Place::File]);
    holds(&one, "a", None);
}

#[test]
fn of_keys_that_are_kept_at_once_none_is_lost() {
    let folder = folder();
    let first = in_folder(&folder);
    first.create_file(secret("words")).expect("created");
    let writers: Vec<_> = (0..4).map(|_| in_folder(&folder)).collect();
    std::thread::scope(|scope| {
        for (number, keys) in writers.iter().enumerate() {
            scope.spawn(move || {
                keys.unlock(secret("words")).expect("unlocked");
                for turn in 0..5 {
                    keys.set(&format!("p-{number}-{turn}"), secret(KEY), Place::File)
                        .expect("kept");
                }
            });
        }
    });
    assert_eq!(first.list().expect("a list").len(), 20);
}

#[test]
fn a_file_that_another_process_made_anew_is_locked_again() {
    let folder = folder();
    let one = in_folder(&folder);
    one.create_file(secret("words")).expect("created");
    fs::remove_file(file_in(folder.path())).expect("removed");
    assert_eq!(one.status().file, FileStatus::Absent);
    in_folder(&folder).create_file(secret("other words")).expect("created");
    assert_eq!(one.status().file, FileStatus::Locked);
    one.unlock(secret("other words")).expect("unlocked");
}

#[test]
fn what_is_no_key_file_is_said_to_be_none_and_is_never_written_over() {
    let folder = folder();
    let keys = in_folder(&folder);
    keys.create_file(secret("words")).expect("created");
    keys.set("p", secret(KEY), Place::File).expect("kept");
    let path = file_in(folder.path());
    let whole = fs::read(&path).expect("the file");
    let cut = whole[..whole.len() - 1].to_vec();
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    let huge = vec![b'x'; (1 << 20) + 1];
    for bytes in [Vec::new(), b"{}".to_vec(), cut, flipped, huge] {
        fs::write(&path, &bytes).expect("written");
        let next = in_folder(&folder);
        let error = next.unlock(secret("words")).expect_err("no key file");
        assert!(matches!(error, KeysError::BadFile { .. }), "{error:?}");
        next.create_file(secret("words")).expect_err("something is there");
        assert_eq!(fs::read(&path).expect("the file"), bytes);
    }
}

#[test]
fn places_follow_the_setting() {
    let config = |value: &str| KeysConfig::from_setting("keys.age".into(), value);
    for (value, os, file) in
        [("", true, true), ("os", true, true), ("file", false, true), ("memory", false, false)]
    {
        let config = config(value).expect("known");
        assert_eq!((config.os, config.file.is_some()), (os, file), "{value}");
    }
    let error = config("none").expect_err("unknown").to_string();
    assert_eq!(error, "ASSAY_KEYS is `none`; it may be `os`, `file` or `memory`");
}
