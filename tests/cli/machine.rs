//! What this machine has: `assay doctor`, `assay models install`, `assay trust`.

use serde_json::Value;

use crate::process::{Terminal, greeter};

#[test]
fn the_doctor_looks_at_everything_that_is_needed_and_contacts_nobody() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let document = terminal.ok(&["doctor", "--json"]).json();
    assert_eq!(document["ok"], true, "{document}");
    let findings = document["findings"].as_array().expect("findings");
    let fitness = |subject: &str| {
        let found = findings.iter().find(|finding| finding["subject"] == subject);
        found.map(|finding| finding["fitness"].clone())
    };
    for subject in ["database", "disk", "provider server"] {
        assert_eq!(fitness(subject), Some(Value::from("ok")), "{subject}: {document}");
    }
    for subject in ["system's key store", "key file", "embedded model", "embedding model", "git"] {
        assert!(fitness(subject).is_some(), "{subject}: {document}");
    }
    assert_eq!(server.count(), 0, "a look sends nothing");
    assert!(terminal.ok(&["doctor"]).out.contains("ok       database: "));
}

#[test]
fn a_file_of_another_content_is_not_installed_as_a_model() {
    let terminal = Terminal::with(&greeter());
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display().to_string();
    let empty = terminal.assay(&["models", "install", &place]);
    assert_eq!(empty.exit, 2, "{}{}", empty.out, empty.err);
    assert!(empty.err.contains(&place) && empty.err.contains("all-MiniLM-L6-v2"), "{}", empty.err);

    let name = "SmolLM2-135M-Instruct.Q4_1.gguf";
    std::fs::write(folder.path().join(name), "no model").expect("written");
    let wrong = terminal.assay(&["models", "install", &place]);
    assert_eq!(wrong.exit, 2, "{}{}", wrong.out, wrong.err);
    assert!(wrong.err.contains(name) && wrong.err.contains("differs"), "{}", wrong.err);
}

#[test]
fn a_repository_is_trusted_from_a_terminal_and_no_longer() {
    let terminal = Terminal::with(&greeter());
    let trusted = |arguments: &[&str]| {
        terminal.ok(&[&["trust"][..], arguments, &["--json"]].concat()).json()["trusted"].clone()
    };
    assert_eq!(trusted(&[]), false);
    assert_eq!(trusted(&["grant"]), true);
    assert_eq!(trusted(&["status"]), true);
    assert_eq!(trusted(&["revoke"]), false);
    assert_eq!(trusted(&[]), false);
    let other = terminal.assay(&["consent", "trust"]);
    assert_eq!(other.exit, 2, "trust is one command: {}", other.err);
    assert_eq!(trusted(&[]), false);
}
