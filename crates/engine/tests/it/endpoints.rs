//! A model whose provider is another than before: what was answered there is not taken for its own.

use assay_engine::{EngineError, Models, Provider, ProviderLimits, RunHandle, RunSpec, State};
use assay_model::wire::CustomSpec;
use assay_model::{Endpoint, WireKind};
use assay_net::Url;
use assay_store::CellState;
use assay_testkit::{Fault, ModelServer};
use serde_json::json;

use crate::support::{Bench, FAST, SLOW, of_case, provider, server, spec};

/// Models of which `fast/…` is at another address of the same server, or at another server.
fn moved(bench: &Bench, fast: &ModelServer, slow: &ModelServer, query: &str) -> Models {
    let at = Url::parse(&format!("{}{query}", fast.url())).unwrap();
    let endpoint = Endpoint { base_url: at, credential: None };
    let limits = ProviderLimits::default();
    let fast = Provider { endpoint, ..provider("fast", fast, limits) };
    bench.models.with_providers(vec![fast, provider("slow", slow, limits)])
}

#[test]
fn endpoints_of_one_host_do_not_answer_each_other_from_the_cache() {
    let (fast, slow) = (server(), server());
    let mut bench = Bench::new(&fast, &slow);
    for (query, sent) in [("?tenant=a", 4), ("?tenant=b", 8), ("?tenant=a", 8), ("?tenant=b", 8)] {
        bench.models = moved(&bench, &fast, &slow, query);
        assert_eq!(bench.run(spec(2, &[FAST])).count(CellState::Done), 4);
        assert_eq!(fast.count(), sent, "{query}");
    }
}

#[test]
fn a_protocol_that_is_declared_otherwise_is_asked_anew() {
    let (fast, slow) = (server(), server());
    let mut bench = Bench::new(&fast, &slow);
    let declared = |output: &str, header: &str| CustomSpec {
        path: "chat/completions".to_owned(),
        request: json!({"model": "{{model}}", "messages": "{{messages}}"}),
        output: output.to_owned(),
        headers: [("x-tenant".to_owned(), header.to_owned())].into(),
        ..CustomSpec::default()
    };
    let text = "/choices/0/message/content";
    let asked = [("/model", "a", 2), (text, "a", 4), (text, "b", 6), (text, "a", 6)];
    for (output, header, sent) in asked {
        let wire = WireKind::Custom(Box::new(declared(output, header)));
        let custom = Provider { wire, ..provider("fast", &fast, ProviderLimits::default()) };
        bench.models = bench.models.with_providers(vec![custom]);
        let run = bench.run(spec(1, &[FAST]));
        assert_eq!((run.count(CellState::Done), fast.count()), (2, sent), "{output} {header}");
        let expected = if output == text { "an answer" } else { "model" };
        assert_eq!(run.cells[0].output.as_deref(), Some(expected));
    }
}

/// A run that stopped with some cells answered by `fast` and others not.
fn half_done(bench: &Bench, fast: &ModelServer) -> RunHandle {
    fast.fault_when(of_case(3), Fault::insufficient_quota());
    let mut half: RunSpec = spec(4, &[FAST]);
    half.request.concurrency = Some(1);
    let handle = bench.start(half);
    let run = bench.end(&handle);
    assert!(run.count(CellState::Done) > 0 && run.count(CellState::Queued) > 0);
    fast.no_faults();
    handle
}

#[test]
fn a_run_is_not_gone_on_with_where_another_server_would_answer_half_of_a_column() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let run = half_done(&bench, &fast);
    let sent = (fast.count(), slow.count());
    let refused = |models: &Models| bench.engine.resume(&run.id, models, false).err().unwrap();
    let elsewhere = refused(&moved(&bench, &slow, &slow, ""));
    assert!(matches!(elsewhere, EngineError::ModelMoved { .. }), "{elsewhere}");
    let (before, now) = (fast.url(), slow.url());
    for said in [FAST, before.trim_end_matches("/v1"), now.trim_end_matches("/v1")] {
        assert!(elsewhere.to_string().contains(said), "{elsewhere}");
    }
    let otherwise = refused(&moved(&bench, &fast, &slow, "?tenant=b"));
    assert!(matches!(otherwise, EngineError::ModelMoved { .. }), "{otherwise}");
    assert_eq!((fast.count(), slow.count()), sent, "nothing was sent");

    let ended = bench.resume(&run.id, false);
    assert_eq!((ended.state.clone(), ended.count(CellState::Done)), (State::Done, 8));
}

#[test]
fn a_model_that_has_answered_nothing_may_be_put_right_and_stays_where_it_is_then() {
    let (wrong, right) = (server(), server());
    wrong.fault_when(|_| true, Fault::insufficient_quota());
    let mut bench = Bench::new(&wrong, &right);
    let mut one_by_one = spec(2, &[FAST]);
    one_by_one.request.concurrency = Some(1);
    let run = bench.run(one_by_one);
    assert_eq!(run.count(CellState::Done), 0);
    let before =
        bench.models.with_providers(vec![provider("fast", &wrong, ProviderLimits::default())]);
    right.fault_when(of_case(1), Fault::insufficient_quota());
    bench.models = moved(&bench, &right, &right, "");
    let half = bench.resume(&run.id, false);
    let (done, left) = (half.count(CellState::Done), half.count(CellState::Queued));
    assert!(done > 0 && left > 0, "{done} done, {left} left: {:?}", half.state);
    let back = bench.engine.resume(&run.id, &before, false).err().unwrap();
    assert!(matches!(back, EngineError::ModelMoved { .. }), "{back}");
    right.no_faults();
    assert_eq!(bench.resume(&run.id, false).state, State::Done);
}

#[test]
fn a_run_whose_prompts_are_read_otherwise_now_is_not_gone_on_with() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let run = half_done(&bench, &fast);
    let stored = bench.store.run(&run.id).unwrap().unwrap().spec;
    // As if another version of the program understood the files in another way.
    for (was, is) in [("Answer warmly", "Reply warmly"), ("number 3", "number three")] {
        let altered = stored.replace(was, is);
        assert_ne!(altered, stored);
        bench.store.set_run_spec(&run.id, altered).unwrap();
        let refused = bench.engine.resume(&run.id, &bench.models, false).err().unwrap();
        assert!(matches!(refused, EngineError::UnreadableRun { .. }), "{refused}");
    }
    bench.store.set_run_spec(&run.id, stored).unwrap();
    assert_eq!(bench.resume(&run.id, false).state, State::Done);
    assert!(bench.run(spec(1, &[SLOW])).state == State::Done);
}
