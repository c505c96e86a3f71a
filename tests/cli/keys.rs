//! A key follows its way from the terminal to its server, and is found nowhere else.

use std::path::{Path, PathBuf};

use assay_testkit::{Fault, ModelServer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::process::{Left, Terminal, greeter};

/// Has what each encoding changes: `+`, `/`, `"`, `%` and a space would not be in a key, so the first two do.
const CANARY: &str = "sk-canary+5d/1f7a93c6e08b24Qz71";

const PASSPHRASE: &str = "correct horse battery staple";

/// The canary as it is, and as a program on the way may have written it.
fn forms() -> Vec<String> {
    let bytes = CANARY.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent = CANARY.replace('+', "%2B").replace('/', "%2F");
    let whole: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let json = CANARY.replace('/', "\\/");
    let mut forms = vec![CANARY.to_owned(), hex.to_uppercase(), hex, percent, whole, json];
    for lead in 0..3 {
        // In the middle of a longer text, base64 shifts by the bytes before; its ends mix with what is around.
        let shifted: Vec<u8> = b"xxx"[..lead].iter().chain(bytes).copied().collect();
        for text in [STANDARD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            forms.push(text[4..text.len() - 4].to_owned());
        }
    }
    forms.push(STANDARD_NO_PAD.encode(bytes));
    forms
}

fn files_beneath(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder").flatten();
    let files = entries.filter(|entry| !entry.path().is_symlink());
    files
        .flat_map(|e| if e.path().is_dir() { files_beneath(&e.path()) } else { vec![e.path()] })
        .collect()
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[track_caller]
fn check_clean(what: &str, bytes: &[u8]) {
    for form in forms() {
        assert!(!holds(bytes, &form), "{what} holds the key as {form}");
    }
}

/// A person whose keys are in the encrypted file: each command is told its passphrase.
struct Person {
    terminal: Terminal,
    said: Vec<(String, Left)>,
}

impl Person {
    fn with(server: &ModelServer) -> Person {
        let mut person = Person { terminal: Terminal::with(server), said: Vec::new() };
        let typed = format!("{PASSPHRASE}\n{CANARY}\n");
        person.does(&["keys", "set", "server", "--place", "file"], &typed, &[]);
        person
    }

    /// Runs a command with the key in the environment too, since a script cannot unlock the file for a run.
    fn does(&mut self, arguments: &[&str], typed: &str, variables: &[(&str, &str)]) -> &Left {
        let left = self.terminal.assay_typed(&self.terminal.path(), arguments, typed, variables);
        self.said.push((arguments.join(" "), left));
        &self.said.last().expect("it was pushed").1
    }
}

#[test]
fn a_key_set_in_the_terminal_is_found_in_no_file_and_no_output_in_any_form() {
    let server = greeter().require_key(CANARY);
    let mut person = Person::with(&server);
    let url = server.url();
    let canary = [("ASSAY_CANARY", CANARY)];
    let add = [
        "models",
        "add",
        "openai-compatible",
        "server",
        "--base-url",
        &url,
        "--key-env",
        "ASSAY_CANARY",
    ];
    person.does(&add, "", &canary);
    person.does(&["keys", "remove", "server"], "", &canary);
    person.does(&["keys", "unlock"], &format!("{PASSPHRASE}\n"), &canary);
    person.does(&["keys", "remove", "server"], "", &canary);
    std::fs::remove_file(person.terminal.data().join("keys.age")).expect("the key file is there");

    // A server that repeats the key in every shape it can is the likeliest leak.
    let base64 = STANDARD.encode(CANARY);
    let echo = format!("{{\"error\":{{\"message\":\"bad key {CANARY} {base64} \"}}}}");
    server.fault_next(Fault::status(401, echo.clone()));
    for arguments in [
        &["models", "test", "server", "--json"][..],
        &["models", "test", "server"],
        &["models", "list", "--json"],
        &["keys", "list"],
        &["keys", "list", "--json"],
        &["plan", "--json"],
    ] {
        person.does(arguments, "", &canary);
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
        person.does(arguments, "", &canary);
    }

    assert!(server.requests().iter().any(|r| r.contains(CANARY)), "otherwise this shows nothing");
    let run = person.said.iter().find(|(what, _)| what.starts_with("run --no-cache"));
    assert_eq!(run.map(|(_, left)| left.exit), Some(0), "otherwise this shows little");
    for (what, left) in &person.said {
        check_clean(&format!("what `assay {what}` wrote"), left.out.as_bytes());
        check_clean(&format!("what `assay {what}` said"), left.err.as_bytes());
    }
    let folders = [person.terminal.data().to_owned(), person.terminal.path()];
    let files: Vec<_> = folders.iter().flat_map(|folder| files_beneath(folder)).collect();
    assert!(files.iter().any(|file| file.ends_with("out.json")), "the results are among them");
    for file in files {
        check_clean(&file.display().to_string(), &std::fs::read(&file).expect("a readable file"));
    }
}

#[test]
fn a_server_that_puts_the_key_into_its_answers_has_it_taken_out() {
    let server = greeter().reply_with(|_| format!("Hello, your key is {CANARY}"));
    let terminal = Terminal::with(&server);
    let url = server.url();
    terminal.ok(&[
        "models",
        "add",
        "openai-compatible",
        "server",
        "--base-url",
        &url,
        "--key-env",
        "ASSAY_CANARY",
    ]);
    let canary = [("ASSAY_CANARY", CANARY)];
    let run = terminal.assay_typed(&terminal.path(), &["run", "--json", "-"], "", &canary);
    assert!(run.out.contains("your key is [key]"), "{}{}", run.out, run.err);
    check_clean("the document", run.out.as_bytes());
    for file in files_beneath(terminal.data()) {
        check_clean(&file.display().to_string(), &std::fs::read(&file).expect("a readable file"));
    }
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
    let terminal = Terminal::with(&server);
    let typed = format!("{CANARY}\n");
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
