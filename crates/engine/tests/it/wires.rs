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
