//! A key follows its way from the terminal to its server, and is found nowhere else.

use assay_testkit::canary::{self, KEY};
use assay_testkit::{Fault, ModelServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::process::{Left, Terminal, greeter};

const PASSPHRASE: &str = "correct horse battery staple";

/// A person whose keys are in the encrypted file: each command is told its passphrase.
struct Person {
    terminal: Terminal,
    said: Vec<(String, Left)>,
}

impl Person {
    fn with(server: &ModelServer) -> Person {
        let mut person = Person { terminal: Terminal::without_key(server), said: Vec::new() };
        let typed = format!("{PASSPHRASE}\n{KEY}\n");
        person.does(&["keys", "set", "server", "--place", "file"], &typed);
        person
    }

    /// Runs a command. The key is in the environment too, since a script cannot unlock the file for a run.
    fn does(&mut self, arguments: &[&str], typed: &str) -> &Left {
        let left = self.terminal.assay_typed(&self.terminal.path(), arguments, typed, &[]);
        self.said.push((arguments.join(" "), left));
        &self.said.last().expect("it was pushed").1
    }
}

// The terminal looks for the key in all that a command prints and leaves; here commands are given every chance to leak.

#[test]
fn a_key_set_in_the_terminal_is_found_in_no_file_and_no_output_in_any_form() {
    let server = greeter().require_key(KEY);
    let mut person = Person::with(&server);
    let url = server.url();
    let add = ["models", "add", "openai-compatible", "server", "--base-url", &url];
    person.does(&[&add[..], &["--key-env", "ASSAY_TEST_KEY"]].concat(), "");
    person.does(&["keys", "remove", "server"], "");
    person.does(&["keys", "unlock"], &format!("{PASSPHRASE}\n"));
    person.does(&["keys", "remove", "server"], "");
    std::fs::remove_file(person.terminal.data().join("keys.age")).expect("the key file is there");

    // A server that repeats the key in every shape it can is the likeliest leak.
    let base64 = STANDARD.encode(KEY);
    let echo = format!("{{\"error\":{{\"message\":\"bad key {KEY} {base64} \"}}}}");
    server.fault_next(Fault::status(401, echo.clone()));
    for arguments in [
        &["models", "test", "server", "--json"][..],
        &["models", "test", "server"],
        &["models", "list", "--json"],
        &["keys", "list"],
        &["keys", "list", "--json"],
        &["plan", "--json"],
    ] {
        person.does(arguments, "");
    }
    server.fault_next(Fault::status(400, echo));
    for arguments in [
        &["run", "--json", "out.json"][..],
        &["run", "--no-cache", "--json", "-"],
        &["show", "last", "--json"],
        &["show", "last"],
        &["runs", "--json"],
        &["export", "messages-jsonl", "greet", "--run", "last"],
        &["export", "promptfoo", "greet", "--out", "exported"],
        &["run", "--model", "nowhere/x"],
        &["commit", "-m", "what a run left"],
    ] {
        person.does(arguments, "");
    }

    assert!(server.requests().iter().any(|r| r.contains(KEY)), "otherwise this shows nothing");
    let run = person.said.iter().find(|(what, _)| what.starts_with("run --no-cache"));
    assert_eq!(run.map(|(_, left)| left.exit), Some(0), "otherwise this shows little");
    assert!(person.terminal.path().join("out.json").is_file(), "the results are among the files");
}

#[test]
fn a_server_that_puts_the_key_into_its_answers_has_it_taken_out() {
    let server = greeter().reply_with(|_| format!("Hello, your key is {KEY}"));
    let terminal = Terminal::with(&server);
    let run = terminal.assay(&["run", "--json", "-"]);
    assert!(run.out.contains("your key is [key]"), "{}{}", run.out, run.err);
}

#[test]
fn the_encrypted_file_holds_the_key_and_nobody_reads_it_there() {
    let server = greeter();
    let person = Person::with(&server);
    let data = person.terminal.data();
    assert!(data.join("keys.age").is_file());
    assert_eq!(canary::find_in_folder(data), [], "as an encrypted file it passes");
    let typed = format!("{PASSPHRASE}\n");
    let unlock = ["keys", "unlock", "--json"];
    let unlocked = person.terminal.assay_typed(&person.terminal.path(), &unlock, &typed, &[]);
    assert_eq!(unlocked.json()["keys"][0]["hint"], KEY[KEY.len() - 4..], "and it has the key");
}

#[test]
fn a_key_in_the_encrypted_file_is_listed_by_its_last_four_characters() {
    let server = greeter();
    let person = Person::with(&server);
    assert_eq!(person.said[0].1.exit, 0, "{}", person.said[0].1.err);
    assert!(person.said[0].1.out.contains("ends in Qz71"), "{}", person.said[0].1.out);
    let terminal = person.terminal;
    let listed = terminal.ok(&["keys", "list", "--json"]).json();
    assert_eq!(listed["schema"], "assay.keys/1");
    assert_eq!(listed["file"]["state"], "locked");
    let unlock = ["keys", "unlock", "--json"];
    let typed = format!("{PASSPHRASE}\n");
    let unlocked = terminal.assay_typed(&terminal.path(), &unlock, &typed, &[]).json();
    assert_eq!(unlocked["keys"][0]["name"], "server");
    assert_eq!(unlocked["keys"][0]["hint"], "Qz71");
    let wrong = terminal.assay_typed(&terminal.path(), &unlock, "another\n", &[]);
    assert_eq!(wrong.exit, 2, "{}", wrong.err);
}

#[test]
fn a_store_that_is_not_there_is_an_error_and_never_a_weaker_place() {
    let server = greeter();
    let terminal = Terminal::without_key(&server);
    let typed = format!("{KEY}\n");
    let set = ["keys", "set", "server"];
    let left = terminal.assay_typed(&terminal.path(), &set, &typed, &[]);
    assert_eq!(left.exit, 2, "the tests switch the system's store off: {}", left.out);
    assert!(left.err.contains("hint: "), "{}", left.err);
    assert_eq!(terminal.ok(&["keys", "list", "--json"]).json()["keys"], serde_json::json!([]));
    let nobody = terminal.assay_typed(
        &terminal.path(),
        &["keys", "set", "nobody", "--place", "file"],
        &typed,
        &[],
    );
    assert_eq!(nobody.exit, 2, "a key is for a provider that is there: {}", nobody.out);
    let empty = terminal.assay_typed(
        &terminal.path(),
        &["keys", "set", "server", "--place", "file"],
        "\n",
        &[],
    );
    assert_eq!(empty.exit, 2);
    assert!(!terminal.data().join("keys.age").exists(), "a file without a passphrase is none");
}
