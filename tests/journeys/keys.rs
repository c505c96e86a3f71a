//! A key goes only to the origin the user set for it, and a hostile repository cannot change that.

use assay_testkit::canary::KEY;
use assay_testkit::{Fault, ModelServer};
use assay_wire::*;

use crate::desk::{Desk, KEY_VARIABLE, greeter};

fn saw_key(server: &ModelServer) -> bool {
    server.requests().iter().any(|r| r.contains(KEY))
}

#[test]
fn the_endpoint_of_a_key_receives_it() {
    let server = greeter().require_key(KEY);
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    assert_eq!(run.summary.counts.done, 6);
}

#[test]
fn a_redirect_is_a_failure_and_its_target_sees_neither_key_nor_prompt() {
    let elsewhere = greeter();
    let server = greeter();
    let to = format!("{}/chat/completions", elsewhere.url());
    server.fault_when(|_| true, Fault::Redirect { location: to });
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    assert_eq!(run.summary.state, RunState::Paused);
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn a_repository_that_names_an_address_gets_no_key_there() {
    let thief = greeter();
    let server = greeter();
    let desk = Desk::with(&server);
    let connection = format!(
        "---\nname: greet\nmodel:\n  id: test-model\n  provider: server\n  connection:\n    kind: key\n    endpoint: {0}\n    apiKey: ${{env:{KEY_VARIABLE}}}\n  options:\n    additionalProperties:\n      base_url: {0}\ninputs: ${{file:inputs.yaml}}\n---\nuser:\n{{{{ person }}}}\n",
        thief.url(),
    );
    desk.workspace.write("prompts/greet/plain.prompty", &connection);
    desk.run(RunRequest { variants: vec!["plain".to_owned()], ..RunRequest::default() });
    assert_eq!(thief.count(), 0, "an address in a repository is never used");
    assert_eq!(server.count(), 3);
    let bodies_hold_key = server.requests().iter().any(|r| r.json().to_string().contains(KEY));
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
        preset: "openai-compatible".to_owned(),
        base_url: Some("http://models.example.com/v1".to_owned()),
        ..AddProvider::default()
    });
    assert_eq!(error.code, Code::BadInput);
    assert!(desk.call(ListModels {}).providers.is_empty());
}

#[test]
fn no_key_is_found_in_anything_assay_keeps() {
    let server = greeter().require_key(KEY);
    let desk = Desk::with(&server);
    // An endpoint that repeats the key in its error is the likeliest leak.
    let echo = format!("{{\"error\":{{\"message\":\"bad {KEY}\"}}}}");
    server.fault_next(Fault::status(401, echo));
    desk.run(RunRequest::default());
    assert!(saw_key(&server), "otherwise this test shows nothing");
    desk.app.shut_down();
    desk.data.check();
}

/// Set by hand, unlike the one in the environment.
const COPIED: &str = concat!(env!("ASSAY_TEST_KEY"), "-copied-a0c6");

fn key_of(models: &ModelsView, name: &str) -> KeyView {
    let provider = models.providers.iter().find(|p| p.name == name).expect("it was added");
    provider.key.clone()
}

fn set_key(desk: &Desk, place: KeptIn) -> ModelsView {
    desk.clipboard.copy(COPIED);
    desk.call(SetKey { provider: "server".to_owned(), place })
}

#[test]
fn a_copied_key_is_taken_used_and_shown_by_its_last_four_characters() {
    let server = greeter().require_key(COPIED);
    let desk = Desk::without_key(&server);
    let key = key_of(&set_key(&desk, KeptIn::Memory), "server");
    assert_eq!((key.place, key.hint.as_str()), (Some(KeptIn::Memory), "a0c6"));
    assert!(desk.clipboard.is_empty(), "a key that was taken is no longer there for others");
    assert_eq!(desk.run(RunRequest::default()).summary.counts.done, 6);
    let gone = desk.call(RemoveKey { provider: "server".to_owned() });
    assert_eq!(key_of(&gone, "server").place, None);
}

#[test]
fn nothing_copied_is_no_key() {
    let server = greeter();
    let desk = Desk::without_key(&server);
    let error = desk.refused(SetKey { provider: "server".to_owned(), place: KeptIn::Memory });
    assert_eq!(error.code, Code::BadInput);
    let error = desk.refused(SetKey { provider: "server".to_owned(), place: KeptIn::Env });
    assert!(error.message.contains("only read"), "{error}");
}

#[test]
fn a_key_in_the_encrypted_file_is_there_again_once_it_is_unlocked() {
    let server = greeter().require_key(COPIED);
    let desk = Desk::without_key(&server);
    let refused = desk.refused(SetKey { provider: "server".to_owned(), place: KeptIn::File });
    assert_eq!(refused.code, Code::BadInput, "there is no file yet: {refused}");
    desk.clipboard.copy("correct horse");
    assert_eq!(desk.call(CreateKeyFile {}).keys.file, KeyFileView::Unlocked);
    set_key(&desk, KeptIn::File);

    let desk = desk.restart();
    let models = desk.call(ListModels {});
    assert_eq!(models.keys.file, KeyFileView::Locked);
    assert!(key_of(&models, "server").trouble.is_some_and(|t| t.contains("locked")));
    desk.clipboard.copy("wrong horse");
    assert_eq!(desk.refused(UnlockKeys {}).code, Code::BadInput);
    desk.clipboard.copy("correct horse");
    let models = desk.call(UnlockKeys {});
    assert_eq!(key_of(&models, "server").place, Some(KeptIn::File));
    assert_eq!(desk.run(RunRequest::default()).summary.counts.done, 6);
}

#[test]
fn a_key_set_anew_elsewhere_is_kept_there_alone() {
    let server = greeter();
    let desk = Desk::without_key(&server);
    desk.clipboard.copy("correct horse");
    desk.call(CreateKeyFile {});
    set_key(&desk, KeptIn::File);
    set_key(&desk, KeptIn::Memory);
    let places: Vec<_> = desk.call(ListKeys {}).keys.into_iter().map(|k| k.place).collect();
    assert_eq!(places, [KeptIn::Memory]);
}

#[test]
fn a_provider_set_up_anew_keeps_its_key_at_the_same_address_only() {
    let (server, elsewhere) = (greeter(), greeter());
    let desk = Desk::without_key(&server);
    set_key(&desk, KeptIn::Memory);
    desk.add_provider("server", &server.url(), None);
    let kept = key_of(&desk.call(ListModels {}), "server");
    assert_eq!(kept.place, Some(KeptIn::Memory), "the same address");

    desk.add_provider("server", &elsewhere.url(), None);
    assert_eq!(key_of(&desk.call(ListModels {}), "server").place, None);
    desk.run(RunRequest::default());
    assert!(!elsewhere.requests().iter().any(|r| r.contains(COPIED)));
    assert!(elsewhere.count() > 0, "otherwise this test shows nothing");
}

#[test]
fn a_removed_providers_key_does_not_go_to_the_next_of_its_name() {
    let (server, elsewhere) = (greeter(), greeter());
    let desk = Desk::without_key(&server);
    set_key(&desk, KeptIn::Memory);
    desk.call(RemoveProvider { name: "server".to_owned() });
    desk.add_provider("server", &elsewhere.url(), None);
    let key = key_of(&desk.call(ListModels {}), "server");
    assert!(key.place.is_none() && key.trouble.is_some(), "{key:?}");
    desk.call(TestProvider { name: "server".to_owned() });
    assert!(!elsewhere.requests().iter().any(|r| r.contains(COPIED)));
    assert!(elsewhere.count() > 0, "otherwise this test shows nothing");
}

/// A desk whose key for `server` lies in a locked file, and whose provider of that name is elsewhere by now.
fn desk_with_a_key_out_of_reach(server: &ModelServer, elsewhere: &ModelServer) -> Desk {
    let desk = Desk::without_key(server);
    desk.clipboard.copy("correct horse");
    desk.call(CreateKeyFile {});
    set_key(&desk, KeptIn::File);
    let desk = desk.restart();
    desk.add_provider("server", &elsewhere.url(), None);
    desk
}

/// The key of the provider's next address.
const ANOTHER: &str = concat!(env!("ASSAY_TEST_KEY"), "-another-49a8");

#[test]
fn a_key_that_was_out_of_reach_while_another_was_set_does_not_go_to_the_others_address() {
    let (server, elsewhere) = (greeter(), greeter());
    let desk = desk_with_a_key_out_of_reach(&server, &elsewhere);
    desk.clipboard.copy(ANOTHER);
    desk.call(SetKey { provider: "server".to_owned(), place: KeptIn::Memory });
    desk.clipboard.copy("correct horse");
    let key = key_of(&desk.call(UnlockKeys {}), "server");
    assert_eq!((key.place, key.hint.as_str()), (Some(KeptIn::Memory), "49a8"));
    desk.run(RunRequest::default());
    assert!(elsewhere.requests().iter().any(|r| r.contains(ANOTHER)), "it has a key");
    assert!(!elsewhere.requests().iter().any(|r| r.contains(COPIED)), "and not this one");

    let gone = desk.restart();
    gone.clipboard.copy("correct horse");
    let key = key_of(&gone.call(UnlockKeys {}), "server");
    assert_eq!(key.place, None, "nobody knows where the key in the file may go");
    assert!(key.trouble.is_some_and(|t| t.contains("not set for this address")));
}

#[test]
fn a_key_that_was_out_of_reach_while_its_provider_moved_is_good_for_its_own_address_only() {
    let (server, elsewhere) = (greeter().require_key(COPIED), greeter());
    let desk = desk_with_a_key_out_of_reach(&server, &elsewhere);
    desk.clipboard.copy("correct horse");
    let key = key_of(&desk.call(UnlockKeys {}), "server");
    assert_eq!(key.place, None);
    let home = server.url().trim_end_matches("/v1").to_owned();
    assert!(key.trouble.is_some_and(|t| t.contains(&format!("{home} only"))));
    desk.call(RemoveProvider { name: "server".to_owned() });
    desk.add_provider("server", &server.url(), None);
    assert_eq!(key_of(&desk.call(ListModels {}), "server").place, Some(KeptIn::File));
    assert_eq!(desk.run(RunRequest::default()).summary.counts.done, 6);
}

#[test]
fn a_plan_needs_no_key_and_says_whose_is_missing() {
    let server = greeter();
    let desk = Desk::new();
    desk.add_provider("server", &server.url(), Some("ASSAY_TEST_NO_SUCH_KEY"));
    let plan = desk.call(PlanRun { request: RunRequest::default() });
    assert_eq!(plan.missing_keys, ["server"]);
    set_key(&desk, KeptIn::Memory);
    let plan = desk.call(PlanRun { request: RunRequest::default() });
    assert!(plan.missing_keys.is_empty());
    assert_eq!(server.count(), 0);
}

#[test]
fn with_the_network_off_nothing_beyond_this_machine_is_tried_and_the_ledger_says_so() {
    let desk = Desk::new();
    desk.add_provider("far", "https://models.example.com/v1", None);
    assert!(desk.call(SetLoopbackOnly { on: true }).loopback_only);
    let test = desk.call(TestProvider { name: "far".to_owned() });
    assert!(!test.ok && test.message.contains("this machine"), "{}", test.message);
    let ledger = desk.call(ReadLedger {});
    assert!(ledger.iter().all(|line| line.refused), "{ledger:?}");
    assert_eq!(ledger[0].origin, "https://models.example.com");
    let desk = desk.restart();
    assert!(desk.call(ListModels {}).loopback_only, "it stays off");
}
