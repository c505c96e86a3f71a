//! Bad input and bad luck: a clear message each time, and nothing lost.

use std::time::Duration;

use assay_testkit::{Fault, TestWorkspace};
use assay_wire::*;

use crate::desk::{Desk, greeter};

#[test]
fn a_repository_nobody_trusted_runs_nothing_without_consent() {
    let server = greeter();
    let desk = Desk::with(&server);
    let error = desk.refused(StartRun { request: RunRequest::default(), consent: false });
    assert_eq!(error.code, Code::NotTrusted);
    assert_eq!(server.count(), 0);
    desk.call(SetTrust { trusted: true });
    desk.call(StartRun { request: RunRequest::default(), consent: false });
}

#[test]
fn a_folder_that_is_no_repository_is_refused_by_name() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    let error = desk.refused(OpenWorkspace { path: path.clone() });
    assert_eq!(error.code, Code::NotARepository);
    assert!(error.message.contains(&path) && !error.hints.is_empty(), "{error:?}");
}

#[test]
fn a_broken_front_matter_is_named_with_its_line_and_runs_nothing() {
    let server = greeter();
    let desk = Desk::with(&server);
    desk.workspace
        .write("prompts/greet/plain.prompty", "---\nname: greet\nmodel: [\n---\nuser:\nHi\n");
    let error = desk.refused(StartRun { request: RunRequest::default(), consent: true });
    assert_eq!(error.code, Code::InvalidPrompt);
    assert!(error.message.starts_with("prompts/greet/plain.prompty:"), "{error}");
    let check = desk.call(CheckPrompts::default());
    assert!(check.errors > 0);
    assert_eq!(server.count(), 0);
}

#[test]
fn an_unknown_variable_names_itself_and_the_inputs_there_are() {
    let desk = Desk::new();
    desk.workspace.write(
        "prompts/greet/plain.prompty",
        "---\nname: greet\ninputs: ${file:inputs.yaml}\n---\nuser:\n{{ persn }}\n",
    );
    let error = desk.refused(RenderPrompt {
        prompt: "greet".to_owned(),
        variant: Some("plain".to_owned()),
        case: None,
        input: None,
    });
    assert_eq!(error.code, Code::InvalidPrompt);
    let whole = format!("{error} {:?}", error.hints);
    assert!(whole.contains("persn") && whole.contains("person"), "{whole}");
    assert!(whole.contains("plain.prompty:6:"), "{whole}");
}

#[test]
fn no_model_to_run_on_says_which_there_are() {
    let desk = Desk::new();
    let error = desk.refused(StartRun { request: RunRequest::default(), consent: true });
    assert_eq!(error.code, Code::NoModel);
    assert!(error.message.contains("server") && error.message.contains("local"), "{error}");
    assert!(!error.hints.is_empty());
}

#[test]
fn an_embedded_model_that_is_not_installed_says_where_it_was_looked_for() {
    let desk = Desk::new();
    let request =
        RunRequest { models: vec!["local/smollm2-135m".to_owned()], ..RunRequest::default() };
    let error = desk.refused(PlanRun { request });
    assert_eq!(error.code, Code::NoModel);
    assert!(error.message.contains("models"), "{error}");
}

#[test]
fn an_unreachable_endpoint_stops_the_lane_with_its_reason_and_loses_nothing() {
    let server = greeter();
    let desk = Desk::with(&server);
    let url = server.url();
    drop(server);
    let run = desk.run(RunRequest { concurrency: Some(1), ..RunRequest::default() });
    assert_eq!(run.summary.state, RunState::Paused);
    let reason = run.summary.reason.clone().expect("it says why");
    assert!(reason.contains(url.trim_end_matches("/v1").trim_start_matches("http://")), "{reason}");
    let failed = &desk.cells(&run)[0];
    assert!(failed.error.is_some(), "the cell that was tried shows its reason");

    let better = greeter();
    desk.add_provider("server", &better.url(), None);
    let id = run.summary.run;
    desk.call(ResumeRun { run: id.clone(), consent: true, retry_failed: true, budget: None });
    desk.app.wait(&id, |_| {});
    let ended = desk.call(ReadRun { run: id, rows: true });
    assert_eq!((ended.summary.state, ended.summary.counts.done), (RunState::Done, 6));
    assert_eq!(ended.summary.counts.failed, 0);
}

#[test]
fn one_refused_call_fails_its_cell_and_no_other() {
    let server = greeter();
    server.fault_when(|request| request.to_string().contains("Bob"), Fault::bad_request());
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    assert_eq!(run.summary.state, RunState::Done);
    assert_eq!((run.summary.counts.done, run.summary.counts.failed), (4, 2));
    let failed: Vec<_> = desk.cells(&run).into_iter().filter(|c| c.error.is_some()).collect();
    assert!(failed.iter().all(|c| c.row.case == "bob" && c.attempts == 1), "400 is not retried");
}

#[test]
fn a_server_error_is_tried_again_and_then_answered() {
    let server = greeter();
    server.fault_next(Fault::rate_limited("0"));
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    assert_eq!(run.summary.counts.done, 6);
    assert_eq!(server.count(), 7);
}

#[test]
fn a_save_that_fails_keeps_what_was_typed() {
    let desk = Desk::new();
    let path = "prompts/greet/plain.prompty".to_owned();
    let view = desk.call(ReadPrompt { prompt: "greet".to_owned() });
    let file = view.files.iter().find(|f| f.path == path).expect("it is there");
    // A folder in the way of the file cannot be written over, whoever runs this test.
    desk.workspace.remove(&path);
    std::fs::create_dir(desk.workspace.path().join(&path)).expect("a folder");
    let error = desk.refused(SaveFile {
        path: path.clone(),
        text: "typed".to_owned(),
        base: Some(file.digest.clone()),
    });
    assert!(error.hints.iter().any(|h| h.contains("draft")), "{error:?}");
    std::fs::remove_dir(desk.workspace.path().join(&path)).expect("empty");
    desk.workspace.write(&path, &file.text);
    let again = desk.call(ReadPrompt { prompt: "greet".to_owned() });
    let draft = again.files.iter().find(|f| f.path == path).and_then(|f| f.draft.as_deref());
    assert_eq!(draft, Some("typed"));
}

#[test]
fn a_prompt_of_the_first_prompty_version_is_refused_at_its_line() {
    let workspace = TestWorkspace::empty();
    workspace.write(
        "old.prompty",
        "---\nname: old\nmodel:\n  api: chat\n  configuration:\n    type: azure_openai\n---\nsystem:\nHi\n",
    );
    let desk = Desk::at(workspace);
    let check = desk.call(CheckPrompts::default());
    let error = check.problems.iter().find(|p| p.severity == Severity::Error).expect("an error");
    assert_eq!((error.file.as_str(), error.line), ("old.prompty", 4), "{}", error.message);
}

#[test]
fn a_repository_cannot_lead_a_chosen_model_elsewhere() {
    let server = greeter();
    let desk = Desk::with(&server);
    let config = desk.workspace.read("assay.yaml");
    let hostile = config.replace("fast: server", "\"local/smollm2-135m\": server");
    assert_ne!(hostile, config);
    desk.workspace.write("assay.yaml", &hostile);
    let models = vec!["local/smollm2-135m".to_owned()];
    let request = RunRequest { models, ..RunRequest::default() };
    desk.refused(StartRun { request, consent: true });
    assert_eq!(server.count(), 0);
}

#[test]
fn a_matrix_without_bounds_is_refused_before_it_is_made() {
    let server = greeter();
    let desk = Desk::with(&server);
    let request = RunRequest { repeat: Some(u32::MAX), ..RunRequest::default() };
    let error = desk.refused(PlanRun { request });
    assert_eq!(error.code, Code::BadInput);
    assert!(!error.hints.is_empty(), "{error}");
}

#[test]
fn a_run_of_another_repository_is_not_taken_up_with_this_ones_trust() {
    let server = greeter();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default()).summary.run;
    desk.call(CreateWorkspace { template: "extract".to_owned(), path: None });
    let error = desk.refused(ResumeRun { run, consent: false, retry_failed: true, budget: None });
    assert_eq!(error.code, Code::NotFound);
}

#[test]
fn a_prompt_that_is_named_twice_runs_once() {
    let server = greeter();
    let desk = Desk::with(&server);
    let prompts = vec!["greet".to_owned(), "prompts/greet".to_owned()];
    let run = desk.run(RunRequest { prompts, ..RunRequest::default() });
    assert_eq!(run.summary.counts.total, 6);
}

#[test]
fn a_run_in_progress_is_not_started_twice() {
    let server = greeter().latency(Duration::from_millis(200));
    let desk = Desk::with(&server);
    let run = desk.call(StartRun { request: RunRequest::default(), consent: true }).run;
    let error = desk.refused(ResumeRun {
        run: run.clone(),
        consent: true,
        retry_failed: false,
        budget: None,
    });
    assert_eq!(error.code, Code::BadInput);
    desk.call(CancelRun { run });
}
