//! What a run costs, and what it may.

use assay_engine::{
    EngineError, Plan, Price, Provider, ProviderLimits, RunSpec, State, Stop, StopKind,
};
use assay_model::WireKind;
use assay_model::wire::CustomSpec;
use assay_store::{CellState, RunState};
use assay_testkit::{Fault, ModelServer};
use serde_json::{Value, json};

use crate::support::{Bench, Ended, FAST, SLOW, provider, server, spec};

/// A cent for a thousand tokens read, ten for a thousand written.
const PRICE: Price = Price { input: 10.0, cached_input: None, cache_write: None, output: 100.0 };

fn cost(run: &Ended) -> f64 {
    run.cells.iter().filter_map(|cell| cell.record.cost).sum()
}

#[test]
fn every_answer_shows_what_it_cost_and_a_cached_one_what_it_cost_then() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow).priced(PRICE);
    let first = bench.run(spec(5, &[FAST]));
    assert!(cost(&first) > 0.0);
    assert!((first.record.spent - cost(&first)).abs() < 1e-9);
    let second = bench.run(spec(5, &[FAST]));
    assert_eq!(cost(&second), cost(&first), "the original cost");
    assert_eq!(second.record.spent, 0.0, "and nothing spent");
    let cached = &second.cells[0];
    assert_eq!(cached.record.latency_ms, first.cells[0].record.latency_ms, "the original latency");
    assert!(cached.record.cached && cached.attempts[0].original.is_some());
}

#[test]
fn a_plan_says_between_what_and_what_it_costs_and_unknown_when_it_does() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow).priced(PRICE);
    let plan = Plan::new(spec(5, &[FAST, SLOW]), &bench.models).unwrap();
    let summary = plan.summary(&bench.store, &|| true).unwrap();
    let range = summary.cost.unwrap();
    assert_eq!(summary.cells, 20);
    assert!(range.low > 0.0 && range.high > 20.0 * 100.0 * 100.0 / 1e6, "{range:?}");
    assert_eq!(summary.per_host.len(), 2);
    assert!(summary.per_host.values().all(|host| host.cells == 10 && host.cost.is_some()));
    let run = bench.run(spec(5, &[FAST, SLOW]));
    assert!((range.low..=range.high).contains(&cost(&run)), "{} in {range:?}", cost(&run));
    assert_eq!(plan.summary(&bench.store, &|| true).unwrap().cached, 20, "all is there now");

    let unknown = Bench::new(&fast, &slow);
    let plan = Plan::new(spec(5, &[FAST]), &unknown.models).unwrap();
    let summary = plan.summary(&unknown.store, &|| true).unwrap();
    assert_eq!(summary.cost, None);
    assert!(summary.unpriced.contains(FAST));
}

#[test]
fn a_budget_without_prices_is_refused_with_the_model_and_the_way_out() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let mut spec = spec(5, &[FAST]);
    spec.request.budget = Some(1.0);
    let refused = Plan::new(spec.clone(), &bench.models).err().unwrap();
    assert!(matches!(refused, EngineError::UnknownPrice { .. }));
    let text = refused.to_string();
    assert!(text.contains(FAST) && text.contains("set its price"), "{text}");
    spec.request.budget = Some(f64::NAN);
    assert!(matches!(Plan::new(spec, &bench.models), Err(EngineError::BadBudget { .. })));
}

#[test]
fn a_budget_is_a_hard_stop_that_can_be_gone_on_from() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow).priced(PRICE);
    let budget = 0.03;
    let mut spec = spec(60, &[FAST]);
    spec.request.budget = Some(budget);
    let run = bench.run(spec);
    assert_eq!(run.reason(), "the budget of $0.03 is spent");
    let stop = Stop::new(StopKind::Budget, run.reason());
    assert_eq!(run.record.state, RunState::Failed(stop), "and nobody has to read it to know");
    let done = run.count(CellState::Done);
    assert!(done > 0 && done < 120, "{done}");
    assert!(run.record.spent <= budget, "{} of {budget}", run.record.spent);
    assert!(run.record.spent > budget / 2.0, "and it is made use of: {}", run.record.spent);

    let sent = fast.count();
    let again = bench.resume(&run.id, false);
    assert!(fast.count() <= sent + 1 && again.record.spent <= budget, "spent money stays spent");
    bench.store.set_budget(&run.id, Some(10.0)).unwrap();
    let ended = bench.resume(&run.id, false);
    assert_eq!((ended.state.clone(), ended.count(CellState::Done)), (State::Done, 120));
    assert!((ended.record.spent - cost(&ended)).abs() < 1e-9);
}

#[test]
fn a_call_that_may_have_been_billed_counts_with_all_that_was_held_for_it() {
    let (fast, slow) = (server(), server());
    fast.fault_when(|_| true, Fault::ResetMidBody);
    let bench = Bench::new(&fast, &slow).priced(PRICE);
    let mut spec = spec(100, &[FAST]);
    // The most that one call may cost is a cent for 100 tokens of output, and a little for its input.
    spec.request.budget = Some(0.1);
    spec.request.concurrency = Some(4);
    let run = bench.run(spec);
    assert!(run.reason().contains("budget"), "{:?}", run.state);
    assert!(run.record.spent <= 0.1 + 1e-9, "{}", run.record.spent);
    assert!(fast.count() <= 9, "{} calls of a cent each", fast.count());
}

#[test]
fn a_reply_that_does_not_tell_its_tokens_counts_with_all_that_was_held() {
    let (fast, slow) = (server(), server());
    fast.fault_when(|_| true, Fault::MissingUsage);
    let bench = Bench::new(&fast, &slow).priced(PRICE);
    let mut spec = spec(100, &[FAST]);
    spec.request.budget = Some(0.1);
    let run = bench.run(spec);
    assert!(run.reason().contains("budget"), "{:?}", run.state);
    assert!(run.record.spent > 0.08 && run.record.spent <= 0.1 + 1e-9, "{}", run.record.spent);
    assert!(run.cells.iter().all(|cell| cell.record.cost.is_none()), "what it cost is unknown");
}

/// Two cases whose replies no option limits.
fn unlimited(models: &[&str]) -> RunSpec {
    let mut spec = spec(2, models);
    for text in spec.prompts[0].files.values_mut() {
        *text = text.replace("options: {maxOutputTokens: 100}", "options: {}");
    }
    spec
}

/// What each request said of the longest reply.
fn limits(server: &ModelServer) -> Vec<Value> {
    let limit = |body: Value| match &body["max_tokens"] {
        Value::Null => body["max_completion_tokens"].clone(),
        limit => limit.clone(),
    };
    server.requests().iter().map(|request| limit(request.json())).collect()
}

#[test]
fn with_a_budget_no_reply_may_be_longer_than_what_is_held_for_it() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow).priced(PRICE);
    let free = unlimited(&[FAST]);
    let summary = Plan::new(free.clone(), &bench.models).unwrap();
    let summary = summary.summary(&bench.store, &|| true).unwrap();
    assert_eq!((summary.output_tokens_max, summary.left_out.len()), (None, 0));
    bench.run(free.clone());
    assert_eq!(limits(&fast), vec![Value::Null; 4], "nothing is changed without a budget");

    let mut held = free;
    held.request.budget = Some(10.0);
    let summary = Plan::new(held.clone(), &bench.models).unwrap();
    let summary = summary.summary(&bench.store, &|| true).unwrap();
    assert_eq!(summary.output_tokens_max, Some(4 * 4_096));
    let said: Vec<_> = summary.left_out.iter().collect();
    assert!(
        said.len() == 1 && said[0].contains("`fast/model` is asked for at most 4096"),
        "{said:?}"
    );
    let run = bench.run(held.clone());
    assert_eq!(run.count(CellState::Done), 4);
    assert_eq!(limits(&fast)[4..], vec![json!(4_096); 4]);

    held.options.0.insert("maxOutputTokens".to_owned(), json!(50_000));
    let summary = Plan::new(held.clone(), &bench.models).unwrap();
    assert!(summary.summary(&bench.store, &|| true).unwrap().left_out.is_empty());
    bench.run(held);
    assert_eq!(limits(&fast)[8..], vec![json!(50_000); 4], "who says a limit is asked for that");
}

#[test]
fn a_plan_says_where_a_budget_cannot_be_told_to_the_model() {
    let (fast, slow) = (server(), server());
    let mut bench = Bench::new(&fast, &slow).priced(PRICE);
    let declared = |request: Value| {
        let output = "/choices/0/message/content".to_owned();
        let path = "chat/completions".to_owned();
        let wire = CustomSpec { path, request, output, ..CustomSpec::default() };
        let wire = WireKind::Custom(Box::new(wire));
        Provider { wire, ..provider("fast", &fast, ProviderLimits::default()) }
    };
    let mut held = unlimited(&[FAST]);
    held.request.budget = Some(10.0);
    let told = json!({"messages": "{{messages}}", "max_tokens": "{{max_output_tokens}}"});
    let untold = json!({"messages": "{{messages}}"});
    for (request, words) in [(told, "is asked for at most"), (untold, "takes no limit")] {
        bench.models = bench.models.with_providers(vec![declared(request)]);
        let plan = Plan::new(held.clone(), &bench.models).unwrap();
        let said = plan.summary(&bench.store, &|| true).unwrap().left_out;
        assert!(said.len() == 1 && said.iter().all(|said| said.contains(words)), "{said:?}");
    }
}
