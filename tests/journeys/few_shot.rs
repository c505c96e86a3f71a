//! Few-shot examples that are chosen for each case: previewed, planned, sent, looked at again.

use assay_testkit::ModelServer;
use assay_wire::*;

use crate::desk::{Desk, Models};

/// A server that names the queue of the first example it is shown.
fn copycat() -> ModelServer {
    ModelServer::start_blocking().reply_with(|request| {
        let messages = request["messages"].as_array().cloned().unwrap_or_default();
        let shown = messages.iter().find(|message| message["role"] == "assistant");
        shown.and_then(|message| message["content"].as_str()).unwrap_or_default().to_owned()
    })
}

fn desk(server: &ModelServer) -> Desk {
    let desk = Desk::in_data("triage", Models::Installed);
    desk.add_provider("server", &server.url(), None);
    desk
}

/// The examples whose answers are shown, in order.
fn shown(messages: &[MessageView]) -> Vec<&str> {
    let answers = messages.iter().filter(|message| message.role == "assistant");
    answers.filter_map(|m| m.content[0].from.strip_prefix("example ")).collect()
}

fn render(variant: &str, case: &str) -> RenderPrompt {
    RenderPrompt {
        prompt: "triage".to_owned(),
        variant: Some(variant.to_owned()),
        case: Some(case.to_owned()),
        input: None,
    }
}

#[test]
fn the_preview_shows_each_case_its_nearest_examples() {
    let desk = Desk::in_data("triage", Models::Installed);
    let parcel = desk.call(render("near", "c-parcel"));
    assert_eq!(shown(&parcel.messages), ["ex-parcel", "ex-late"]);
    let billed = desk.call(render("near", "c-billed"));
    assert_eq!(shown(&billed.messages), ["ex-charge", "ex-invoice"]);
    assert_eq!(parcel.content_id, billed.content_id, "one variant, whatever it shows");
    let fixed = desk.call(render("fixed", "c-billed"));
    assert_eq!(shown(&fixed.messages), ["ex-password", "ex-charge"]);

    let given = RenderPrompt {
        input: Some(r#"{"ticket":"My parcel has not arrived."}"#.to_owned()),
        case: None,
        ..render("near", "")
    };
    let given = desk.call(given);
    assert_eq!(shown(&given.messages)[0], "ex-late", "an example never answers for its own case");
}

#[test]
fn a_run_sends_what_the_preview_shows_and_shows_it_afterwards() {
    let server = copycat();
    let desk = desk(&server);
    let plan = desk.call(PlanRun { request: RunRequest::default() });
    assert_eq!((plan.cells, plan.cached, server.count()), (4, 0, 0));

    let run = desk.run(RunRequest::default());
    assert_eq!((run.summary.state, run.summary.counts.failed), (RunState::Done, 0));
    let outputs: Vec<_> = desk.cells(&run).into_iter().filter_map(|cell| cell.output).collect();
    assert_eq!(outputs, ["delivery", "account", "billing", "account"], "near, fixed, case by case");

    let again = desk.call(PlanRun { request: RunRequest::default() });
    assert_eq!(again.cached, 4, "the same examples make the same requests");

    let desk = desk.restart();
    let cells = desk.cells(&run);
    assert_eq!(shown(&cells[0].messages), ["ex-parcel", "ex-late"]);
    assert_eq!(shown(&cells[2].messages), ["ex-charge", "ex-invoice"]);
}

#[test]
fn a_run_that_is_taken_up_again_shows_the_examples_of_its_beginning() {
    let down = ModelServer::start_blocking();
    let desk = Desk::in_data("triage", Models::Installed);
    desk.add_provider("server", &down.url(), None);
    drop(down);
    let near = RunRequest { variants: vec!["near".to_owned()], ..RunRequest::default() };
    let failed = desk.run(near);
    assert_eq!(failed.summary.counts.done, 0);

    desk.workspace.write("prompts/triage/examples.jsonl", "");
    let server = copycat();
    desk.call(RemoveProvider { name: "server".to_owned() });
    desk.add_provider("server", &server.url(), None);
    let run = failed.summary.run;
    let resume = ResumeRun { run: run.clone(), retry_failed: true, consent: true, budget: None };
    desk.call(resume);
    desk.app.wait(&run, |_| {});
    let run = desk.call(ReadRun { run, rows: true });
    let outputs: Vec<_> = desk.cells(&run).into_iter().filter_map(|cell| cell.output).collect();
    assert_eq!(outputs, ["delivery", "billing"]);
}

#[test]
fn the_embedded_model_answers_what_the_embedding_model_chose() {
    let desk = Desk::in_data("triage", Models::Installed);
    let run = desk.run(RunRequest {
        models: vec!["local/smollm2-135m".to_owned()],
        variants: vec!["near".to_owned()],
        ..RunRequest::default()
    });
    assert_eq!((run.summary.state, run.summary.counts.done), (RunState::Done, 2));
    for cell in desk.cells(&run) {
        assert!(cell.output.is_some_and(|text| !text.trim().is_empty()));
    }
}

#[test]
fn without_the_embedding_model_only_what_needs_it_is_refused() {
    let server = copycat();
    let desk = Desk::in_data("triage", Models::None);
    desk.add_provider("server", &server.url(), None);
    for refused in [
        desk.refused(render("near", "c-parcel")),
        desk.refused(PlanRun { request: RunRequest::default() }),
    ] {
        assert_eq!(refused.code, Code::NoModel);
        assert!(refused.message.contains("all-MiniLM-L6-v2"), "{}", refused.message);
        assert!(!refused.hints.is_empty(), "it says the way out");
    }
    assert_eq!(shown(&desk.call(render("fixed", "c-parcel")).messages).len(), 2);
    let fixed = RunRequest { variants: vec!["fixed".to_owned()], ..RunRequest::default() };
    assert_eq!(desk.run(fixed).summary.counts.done, 2);
}

#[test]
fn a_run_can_be_stopped_while_its_examples_are_chosen() {
    let server = copycat();
    let desk = desk(&server);
    let many: String = (0..5_000)
        .map(|n| {
            format!(
                "{{\"id\":\"e{n}\",\"input\":{{\"ticket\":\"Ticket {n}\"}},\"output\":\"x\"}}\n"
            )
        })
        .collect();
    desk.workspace.write("prompts/triage/examples.jsonl", &many);
    let request = RunRequest { variants: vec!["near".to_owned()], ..RunRequest::default() };
    let started = desk.call(StartRun { request, consent: true });
    desk.call(CancelRun { run: started.run.clone() });
    desk.app.wait(&started.run, |_| {});
    let run = desk.call(ReadRun { run: started.run, rows: true });
    assert_eq!((run.summary.state, server.count()), (RunState::Cancelled, 0));
}

#[test]
fn a_run_whose_embedding_model_is_damaged_says_so_and_sends_nothing() {
    let server = copycat();
    let desk = Desk::in_data("triage", Models::None);
    desk.add_provider("server", &server.url(), None);
    let folder = desk.data.path().join("models/all-MiniLM-L6-v2");
    std::fs::create_dir_all(&folder).expect("a folder");
    for file in ["model.safetensors", "vocab.txt"] {
        std::fs::write(folder.join(file), "half").expect("writes");
    }
    let run = desk.run(RunRequest::default());
    assert_eq!((run.summary.state, server.count()), (RunState::Failed, 0));
    let reason = run.summary.reason.expect("a reason");
    assert!(reason.contains("vocab.txt") && reason.contains("SHA-256"), "{reason}");
}
