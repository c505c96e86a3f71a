//! Plan, run, score, look, run again, stop, go on.

use std::time::Duration;

use assay_wire::*;

use crate::desk::{Desk, greeter};

fn mean(run: &RunView, column: usize, scorer: &str) -> f64 {
    let place = run.scorers.iter().position(|s| s == scorer).expect("the scorer is there");
    run.columns[column].means[place].expect("it judged").mean
}

#[test]
fn a_plan_counts_every_cell_and_names_the_host_and_sends_nothing() {
    let server = greeter();
    let desk = Desk::with(&server);
    let plan = desk.call(PlanRun { request: RunRequest::default() });
    assert_eq!((plan.cells, plan.rows, plan.cached), (6, 3, 0));
    assert_eq!(plan.output_tokens_max, Some(6 * 20));
    assert_eq!(plan.hosts, [server.url().trim_end_matches("/v1")]);
    assert!(plan.needs_consent, "nobody trusted this repository yet");
    assert_eq!(server.count(), 0, "a plan sends nothing");
}

#[test]
fn every_cell_of_a_run_is_answered_scored_and_kept() {
    let server = greeter();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    assert_eq!(run.summary.state, RunState::Done);
    assert_eq!((run.summary.counts.done, run.summary.counts.failed), (6, 0));
    assert!((mean(&run, 0, "exact") - 2.0 / 3.0).abs() < 1e-9, "Cleo expects another greeting");
    assert_eq!(mean(&run, 1, "polite"), 1.0);
    assert!(run.gates.iter().all(|g| g.ok), "{:?}", run.gates);

    let desk = desk.restart();
    let again = desk.call(ReadRun { run: run.summary.run.clone(), rows: true });
    assert_eq!(again.columns, run.columns, "a run is the same after a restart");
    let ada = &desk.cells(&again)[0];
    assert_eq!(ada.output.as_deref(), Some("Hello Ada"));
    assert_eq!(ada.messages.len(), 2, "system and user");
    assert_eq!(desk.call(ListRuns { limit: 5 })[0].run, run.summary.run);
}

#[test]
fn a_second_run_is_answered_from_the_cache_unless_asked_otherwise() {
    let server = greeter();
    let desk = Desk::with(&server);
    desk.run(RunRequest::default());
    let cached = desk.run(RunRequest::default());
    assert_eq!(cached.summary.counts.cached, 6);
    assert_eq!(server.count(), 6, "nothing was asked twice");
    assert_eq!(mean(&cached, 0, "polite"), 1.0, "a cached output is scored like any other");
    let fresh = desk.run(RunRequest { no_cache: true, ..RunRequest::default() });
    assert_eq!((fresh.summary.counts.cached, server.count()), (0, 12));
}

#[test]
fn samples_of_a_case_are_asked_each_on_its_own() {
    let server = greeter();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest { repeat: Some(3), ..RunRequest::default() });
    assert_eq!(run.summary.counts.done, 18);
    assert_eq!(server.count(), 18, "the cache never answers one sample with another");
}

#[test]
fn a_run_takes_only_what_was_selected() {
    let server = greeter();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest {
        variants: vec!["warm".to_owned()],
        tags: vec!["smoke".to_owned()],
        ..RunRequest::default()
    });
    assert_eq!(run.summary.counts.total, 1);
    assert_eq!(run.rows[0].case, "ada");
    assert_eq!(run.columns[0].column.variant, "warm");
}

#[test]
fn a_cancelled_run_keeps_what_is_done_and_goes_on_later() {
    let server = greeter().latency(Duration::from_millis(300));
    let desk = Desk::with(&server);
    let request = RunRequest { concurrency: Some(1), ..RunRequest::default() };
    let started = desk.call(StartRun { request, consent: true });
    let run = started.run.clone();
    desk.app.wait(&run, |progress| {
        let (_, counts) = progress.now();
        if counts.done > 0 {
            desk.call(CancelRun { run: run.clone() });
        }
    });
    let stopped = desk.call(ReadRun { run: run.clone(), rows: true });
    assert_eq!(stopped.summary.state, RunState::Cancelled);
    let done = stopped.summary.counts.done;
    assert!((1..6).contains(&done), "{done} of 6 were done");

    let desk = desk.restart();
    desk.call(ResumeRun { run: run.clone(), consent: true, retry_failed: false, budget: None });
    desk.app.wait(&run, |_| {});
    let ended = desk.call(ReadRun { run, rows: true });
    assert_eq!(ended.summary.state, RunState::Done);
    assert_eq!(ended.summary.counts.done, 6);
    let calls: u32 = desk.cells(&ended).iter().map(|c| c.attempts).sum();
    assert!(calls <= 7, "only what was in flight is asked again: {calls} calls for 6 cells");
}

#[test]
fn resuming_uses_the_prompt_as_it_was_when_the_run_began() {
    let server = greeter().latency(Duration::from_millis(40));
    let desk = Desk::with(&server);
    let request = RunRequest { concurrency: Some(1), ..RunRequest::default() };
    let run = desk.call(StartRun { request, consent: true }).run;
    desk.call(CancelRun { run: run.clone() });
    desk.app.wait(&run, |_| {});
    desk.workspace.write("prompts/greet/plain.prompty", "---\nname: other\n---\nuser:\nChanged");
    desk.call(ResumeRun { run: run.clone(), consent: true, retry_failed: false, budget: None });
    desk.app.wait(&run, |_| {});
    let ended = desk.call(ReadRun { run, rows: true });
    let ada = &desk.cells(&ended)[0];
    assert_eq!(ada.output.as_deref(), Some("Hello Ada"));
}

#[test]
fn notices_tell_of_progress_and_stay_few() {
    let server = greeter();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest { repeat: Some(50), ..RunRequest::default() });
    assert_eq!(run.summary.counts.done, 300);
    let notices = desk.notices_until(is_end);
    let seqs: Vec<_> = notices
        .iter()
        .filter_map(|n| match n {
            Notice::RunChanged { seq, .. } => Some(*seq),
            _ => None,
        })
        .collect();
    assert!(seqs.len() < 300, "{} notices for 300 cells", seqs.len());
    assert!(seqs.is_sorted(), "{seqs:?}");
}

fn is_end(notice: &Notice) -> bool {
    matches!(notice, Notice::RunChanged { state: RunState::Done, .. })
}

#[test]
fn the_watched_cell_streams_its_text_from_the_start() {
    let server = greeter().word_delay(Duration::from_millis(400));
    // With a key: short as the reply is, nothing of it is held back, since no key begins like it.
    let desk = Desk::with(&server);
    let request = RunRequest {
        variants: vec!["plain".to_owned()],
        cases: vec!["ada".to_owned()],
        ..RunRequest::default()
    };
    let run = desk.call(StartRun { request, consent: true }).run;
    desk.call(WatchCell { run: run.clone(), cell: Some(0) });
    desk.app.wait(&run, |_| {});
    let mut text = String::new();
    for notice in desk.notices() {
        if let Notice::CellText { from, text: piece, .. } = notice {
            text.truncate(from as usize);
            text.push_str(&piece);
        }
    }
    assert!(!text.is_empty() && "Hello Ada".starts_with(&text), "{text:?}");
}

#[test]
fn a_page_holds_exactly_the_cells_asked_for() {
    let server = greeter();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default()).summary.run;
    let page = desk.call(ReadCells { run: run.clone(), from: 2, to: 5 });
    let ordinals: Vec<_> = page.cells.iter().map(|c| c.ordinal).collect();
    assert_eq!(ordinals, [2, 3, 4]);
    assert!(page.cells.iter().all(|c| c.state == CellState::Done && !c.preview.is_empty()));
    let refused = desk.refused(ReadCells { run, from: 0, to: u32::MAX });
    assert_eq!(refused.code, Code::BadInput, "no page takes the whole of a large run");
}
