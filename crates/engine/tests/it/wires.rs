//! One matrix on providers of different protocols.

use assay_engine::{Plan, Provider, ProviderLimits};
use assay_model::WireKind;
use assay_store::CellState;
use serde_json::json;

use crate::support::{Bench, FAST, SLOW, provider, server, spec};

#[test]
fn a_seed_is_left_out_where_the_protocol_has_none_and_the_plan_says_so() {
    let (fast, slow) = (server(), server());
    let mut bench = Bench::new(&fast, &slow);
    let limits = ProviderLimits::default();
    let anthropic = Provider { wire: WireKind::Anthropic, ..provider("slow", &slow, limits) };
    bench.models = bench.models.with_providers(vec![provider("fast", &fast, limits), anthropic]);
    let mut spec = spec(2, &[FAST, SLOW]);
    spec.options.0.insert("seed".to_owned(), json!(7));

    let plan = Plan::new(spec.clone(), &bench.models).unwrap();
    let summary = plan.summary(&bench.store, &|| true).unwrap();
    assert_eq!((summary.cells, summary.unsendable), (8, 0));
    let left_out: Vec<_> = summary.left_out.into_iter().collect();
    assert_eq!(left_out, ["`slow/model` takes no seed, so it is asked without one"]);

    assert_eq!(bench.run(spec).count(CellState::Done), 8);
    let seeds = |server: &assay_testkit::ModelServer| {
        server.requests().iter().filter(|request| request.json()["seed"] == 7).count()
    };
    assert_eq!((seeds(&fast), seeds(&slow)), (4, 0));
}

#[test]
fn a_model_that_is_named_twice_is_one_column() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let mut twice = spec(2, &["quick", FAST, FAST, SLOW]);
    twice.aliases.insert("quick".to_owned(), FAST.to_owned());
    let plan = Plan::new(twice.clone(), &bench.models).unwrap();
    let columns: Vec<_> = plan.columns.iter().map(|c| (&*c.variant, &*c.target.id)).collect();
    assert_eq!(columns, [("warm", FAST), ("warm", SLOW), ("cold", FAST), ("cold", SLOW)]);
    bench.run(twice);
    assert_eq!((fast.count(), slow.count()), (4, 4));
}
