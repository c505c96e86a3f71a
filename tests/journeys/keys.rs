//! A key goes only to the origin the user set for it, and a hostile repository cannot change that.

use assay_testkit::{Fault, ModelServer};
use assay_wire::*;

use crate::desk::{Desk, greeter};

/// Set for every test process by the suite's configuration, and worth nothing anywhere.
const VARIABLE: &str = "ASSAY_TEST_KEY";

fn key() -> String {
    std::env::var(VARIABLE).expect(".cargo/config.toml sets the key of the tests")
}

fn saw_key(server: &ModelServer) -> bool {
    server.requests().iter().any(|r| r.contains(&key()))
}

fn desk_with_key(server: &ModelServer) -> Desk {
    let desk = Desk::new();
    desk.add_provider("server", &server.url(), Some(VARIABLE));
    desk
}

#[test]
fn the_endpoint_of_a_key_receives_it() {
    let server = greeter().require_key(&key());
    let desk = desk_with_key(&server);
    let run = desk.run(RunRequest::default());
    assert_eq!(run.summary.counts.done, 6);
}

#[test]
fn a_redirect_is_a_failure_and_its_target_sees_neither_key_nor_prompt() {
    let elsewhere = greeter();
    let server = greeter();
    let to = format!("{}/chat/completions", elsewhere.url());
    server.fault_when(|_| true, Fault::Redirect { location: to });
    let desk = desk_with_key(&server);
    let run = desk.run(RunRequest::default());
    assert_eq!(run.summary.state, RunState::Failed);
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn a_repository_that_names_an_address_gets_no_key_there() {
    let thief = greeter();
    let server = greeter();
    let desk = desk_with_key(&server);
    let connection = format!(
        "---\nname: greet\nmodel:\n  id: test-model\n  provider: server\n  connection:\n    kind: key\n    endpoint: {0}\n    apiKey: ${{env:{VARIABLE}}}\n  options:\n    additionalProperties:\n      base_url: {0}\ninputs: ${{file:inputs.yaml}}\n---\nuser:\n{{{{ person }}}}\n",
        thief.url(),
    );
    desk.workspace.write("prompts/greet/plain.prompty", &connection);
    desk.run(RunRequest { variants: vec!["plain".to_owned()], ..RunRequest::default() });
    assert_eq!(thief.count(), 0, "an address in a repository is never used");
    assert_eq!(server.count(), 3);
    let bodies_hold_key = server.requests().iter().any(|r| r.json().to_string().contains(&key()));
    assert!(!bodies_hold_key, "a key is never filled into a prompt");
}

#[test]
fn a_key_that_is_not_set_stops_the_run_before_anything_is_sent() {
    let server = greeter();
    let desk = Desk::new();
    desk.add_provider("server", &server.url(), Some("ASSAY_TEST_NO_SUCH_KEY"));
    let error = desk.refused(StartRun { request: RunRequest::default(), consent: true });
    assert_eq!(error.code, Code::NoModel);
    assert!(error.message.contains("ASSAY_TEST_NO_SUCH_KEY"), "{error}");
    assert_eq!(server.count(), 0);
}

#[test]
fn an_endpoint_without_encryption_off_this_machine_is_refused() {
    let desk = Desk::new();
    let error = desk.refused(AddProvider {
        name: "plain".to_owned(),
        base_url: "http://models.example.com/v1".to_owned(),
        key_env: None,
        models: vec![],
    });
    assert_eq!(error.code, Code::BadInput);
    assert!(desk.call(ListModels {}).providers.is_empty());
}

#[test]
fn no_key_is_found_in_anything_assay_keeps() {
    let server = greeter().require_key(&key());
    let desk = desk_with_key(&server);
    // An endpoint that repeats the key in its error is the likeliest leak.
    server
        .fault_next(Fault::status(401, format!("{{\"error\":{{\"message\":\"bad {}\"}}}}", key())));
    desk.run(RunRequest::default());
    assert!(saw_key(&server), "otherwise this test shows nothing");
    desk.app.shut_down();
    let key = key().into_bytes();
    for file in walk(desk.data.path()) {
        let bytes = std::fs::read(&file).expect("a readable file");
        let found = bytes.windows(key.len()).any(|w| w == key);
        assert!(!found, "{} holds the key", file.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder").flatten();
    entries.flat_map(|e| if e.path().is_dir() { walk(&e.path()) } else { vec![e.path()] }).collect()
}
