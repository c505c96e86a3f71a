//! Two sides on the same cases: the verdict, its cases page by page, the trend, and what a commit says of it.

use std::process::Command;

use assay_testkit::ModelServer;
use assay_wire::Command as _;
use assay_wire::*;

use crate::desk::{Desk, Models};

const BASELINE: &str = "prompts/support-triage/baseline.prompty";

/// A server that sorts as the ticket says, for the variant that its system message tells of.
fn sorter() -> ModelServer {
    ModelServer::start_blocking().reply_with(|request| {
        let text = request["messages"].to_string();
        let side = if text.contains("policy") { "head only" } else { "base only" };
        let right = text.contains("both") || text.contains(side);
        if right { "billing" } else { "other" }.to_owned()
    })
}

fn desk(server: &ModelServer) -> Desk {
    let desk = Desk::in_data("compare", Models::None);
    desk.add_provider("server", &server.url(), None);
    desk
}

fn variant(run: &RunView, variant: &str) -> SideRef {
    SideRef { variant: Some(variant.to_owned()), ..SideRef::run(run.summary.run.clone()) }
}

fn question(run: &RunView) -> ReadComparison {
    ReadComparison {
        base: variant(run, "baseline"),
        head: variant(run, "policy-first"),
        prompts: Vec::new(),
    }
}

#[test]
fn a_comparison_is_one_object_whose_cases_come_broken_first() {
    let server = sorter();
    let desk = desk(&server);
    let run = desk.run(RunRequest::default());
    let of = question(&run);

    // As the window asks: by name and JSON text, the page as bytes.
    let text = serde_json::json!({"base": of.base, "head": of.head}).to_string();
    let bytes = desk.app.dispatch("compare.read", &text).expect("an answer");
    let view: ComparisonView = ReadComparison::ENCODING.read(&bytes).expect("a comparison");
    assert_eq!(view, desk.call(of.clone()));
    assert!(view.ok && !view.going && !view.incomplete);
    let pair = &view.pairs[0];
    let verdict = &pair.verdicts[0];
    assert_eq!((verdict.fixed, verdict.broken, verdict.unchanged), (10, 3, 47));
    assert_eq!(verdict.word, VerdictWord::Inconclusive);
    assert!(verdict.text.contains("change **+11.7 points** [−0.1, +23.4]"), "{}", verdict.text);
    assert_eq!(pair.gates[0].word, ComparedGateWord::Holds);
    assert!(pair.spent.iter().any(|spent| spent.what == "latencyMs"));

    let page = |from, to| ReadComparedCases { of: of.clone(), pair: 0, verdict: 0, from, to };
    let first = desk.call(page(0, 14));
    assert_eq!((first.total, first.cases.len()), (60, 14));
    let turns: Vec<_> = first.cases.iter().map(|case| case.turn).collect();
    assert_eq!(turns[..3], [CaseTurn::Broken; 3]);
    assert_eq!(turns[3..13], [CaseTurn::Fixed; 10]);
    assert_eq!(turns[13], CaseTurn::Unchanged);
    let broken = &first.cases[0];
    let cells = desk.cells(&run);
    assert_eq!(cells[broken.base_cells[0] as usize].output.as_deref(), Some("billing"));
    assert_eq!(cells[broken.head_cells[0] as usize].output.as_deref(), Some("other"));
    assert_eq!(desk.call(page(58, 99)).cases.len(), 2);
    assert_eq!(desk.refused(page(0, 1_000_000)).code, Code::BadInput);
    let gone = ReadComparedCases { pair: 9, ..page(0, 1) };
    assert_eq!(desk.refused(gone).code, Code::NotFound);
}

#[test]
fn names_of_sides_are_runs_their_parts_or_revisions() {
    let server = sorter();
    let desk = desk(&server);
    let run = desk.run(RunRequest::default()).summary.run;
    let found = |name: &str| desk.call(ResolveSide { name: name.to_owned() });
    assert_eq!(found("last"), SideFound::Run(SideRef::run(run.clone())));
    let part = SideRef {
        variant: Some("baseline".to_owned()),
        model: Some("server/test-model".to_owned()),
        ..SideRef::run(run.clone())
    };
    assert_eq!(found(&format!("{run}/baseline@server/test-model")), SideFound::Run(part));
    assert!(matches!(found("HEAD"), SideFound::Revision { .. }));
    let unknown = desk.refused(ResolveSide { name: "nothing-of-that-name".to_owned() });
    assert_eq!(unknown.code, Code::NotFound);
}

#[test]
fn a_plan_says_what_its_cases_can_show_and_the_trend_what_runs_showed() {
    let server = sorter();
    let desk = desk(&server);
    let plan = |desk: &Desk| desk.call(PlanRun { request: RunRequest::default() }).power;
    let before = plan(&desk);
    assert_eq!((before[0].cases, before[0].told_by.clone()), (60, None));
    assert!(before[0].text.ends_with("if one case in five changes"), "{}", before[0].text);
    let run = desk.run(RunRequest::default());
    let after = plan(&desk);
    assert_eq!(after[0].told_by, Some(run.summary.run.clone()));
    assert!(after[0].text.contains("60 cases can detect ±16.7 points"), "{}", after[0].text);

    let prompt = "prompts/support-triage".to_owned();
    let trend = desk.call(ReadTrend { prompt, limit: 9 });
    let means: Vec<_> =
        trend.iter().map(|p| (p.column.variant.as_str(), (p.mean.mean * 60.0).round())).collect();
    assert_eq!(means, [("baseline", 42.0), ("policy-first", 49.0)]);
    assert_eq!(desk.call(ReadTrend { prompt: "prompts/none".to_owned(), limit: 9 }), []);
}

#[test]
fn a_commit_tells_the_verdict_of_exactly_what_it_brings() {
    let server = sorter();
    let desk = desk(&server);
    let trailers = || {
        let output = Command::new("git")
            .args(["log", "-1", "--format=%(trailers)"])
            .current_dir(desk.workspace.path())
            .output()
            .expect("git is installed");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let commit = |message: &str| {
        desk.call(Commit { message: message.to_owned(), ..Commit::default() });
        trailers()
    };
    desk.run(RunRequest::default());
    let text = desk.workspace.read(BASELINE);
    desk.workspace.write(BASELINE, &text.replace("Name the", "By the policy, name the"));
    desk.run(RunRequest::default());
    let told = commit("Follow the policy");
    let lines: Vec<_> = told.lines().collect();
    assert!(
        lines[0].starts_with("Prompt-Content: prompts/support-triage/baseline sha256:"),
        "{told}"
    );
    assert!(lines[1].starts_with("Eval-Evidence: support-triage · this commit against "), "{told}");
    assert!(lines[1].contains("70.0 % [57.5, 80.1] → 81.7 % [70.1, 89.4]"), "{told}");
    assert_eq!(lines.iter().filter(|line| line.contains(": ")).count(), 2, "{told}");

    // What nobody ran is not told of.
    let text = desk.workspace.read(BASELINE);
    desk.workspace.write(BASELINE, &text.replace("By the", "Following the"));
    assert_eq!(commit("Say it otherwise").trim(), "");
}

#[test]
fn two_revisions_are_planned_before_anything_is_sent_and_cost_nothing_once_they_are_answered() {
    let server = sorter();
    let desk = desk(&server);
    let of = PlanRevisions { base: "HEAD".to_owned(), head: None, request: RunRequest::default() };
    let same = desk.call(of.clone());
    assert!(!same.differ && same.plan.is_none() && !same.left_out.is_empty(), "{same:?}");

    let text = desk.workspace.read(BASELINE);
    desk.workspace.write(BASELINE, &text.replace("Name the", "By the policy, name the"));
    let before = server.count();
    let plan = desk.call(of.clone()).plan.expect("there is something to send");
    assert_eq!((plan.cells, plan.rows, plan.columns.len()), (120, 60, 2), "one variant, twice");
    assert_eq!(server.count(), before, "a plan sends nothing");

    let start = |revision: Option<&str>, request: RunRequest| {
        let revision = revision.map(str::to_owned);
        let begun = desk.call(StartRevision { revision, judged_by: None, request, consent: true });
        desk.app.wait(begun.run.as_deref().expect("a run"), |_| {});
        begun
    };
    let ours = start(Some("HEAD"), RunRequest::default());
    let narrowed =
        RunRequest { prompts: ours.prompts, variants: ours.variants, ..RunRequest::default() };
    start(None, narrowed);
    let again = desk.call(of);
    assert!(again.differ && again.plan.is_none(), "all of it is answered: {again:?}");
}
