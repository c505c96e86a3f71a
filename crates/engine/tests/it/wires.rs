//! One matrix on providers of different protocols.

use assay_engine::{MediaFile, Plan, Provider, ProviderLimits, RunSpec};
use assay_model::WireKind;
use assay_store::CellState;
use assay_testkit::ModelServer;
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
    assert_eq!(left_out, ["`slow/model` cannot be given a seed, so it is asked without"]);

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

/// The prompt with this front matter more, and this for what the user says.
fn changed(mut spec: RunSpec, front: &str, says: &str) -> RunSpec {
    for text in spec.prompts[0].files.values_mut() {
        *text = text.replace("name: many\n", &format!("name: many\n{front}\n"));
        *text = text.replace("{{ text }}", says);
    }
    spec
}

const TOOLS: &str =
    "tools:\n  - {name: weather, kind: function, parameters: [{name: city, kind: string}]}";

#[test]
fn a_reply_of_tool_calls_is_the_output_on_every_protocol_and_is_scored() {
    let call = [("weather", json!({"unit": "C", "city": "Paris, an answer"}))];
    let calling = || ModelServer::start_blocking().reply_with(|_| String::new()).calls_tools(&call);
    let (fast, slow) = (calling(), calling());
    let mut bench = Bench::new(&fast, &slow);
    let limits = ProviderLimits::default();
    let anthropic = Provider { wire: WireKind::Anthropic, ..provider("slow", &slow, limits) };
    bench.models = bench.models.with_providers(vec![provider("fast", &fast, limits), anthropic]);
    let ended = bench.run(changed(spec(1, &[FAST, SLOW]), TOOLS, "{{ text }}"));
    assert_eq!(ended.count(CellState::Done), 4);
    let expected = r#"[{"name":"weather","arguments":{"city":"Paris, an answer","unit":"C"}}]"#;
    for cell in &ended.cells {
        assert_eq!(cell.output.as_deref(), Some(expected));
        assert_eq!(cell.scores[0].pass, Some(true));
        assert_eq!(cell.attempts[0].finish.as_deref(), Some("tool_calls"));
    }
    let sent = fast.requests()[0].json();
    assert_eq!(sent["tools"][0]["function"]["name"], "weather");
    assert_eq!(slow.requests()[0].json()["tools"][0]["name"], "weather");
}

#[test]
fn a_picture_of_a_case_is_sent_is_part_of_the_cache_key_and_survives_the_folder() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let with = |bytes: &[u8]| {
        let mut spec = changed(spec(1, &[FAST]), "description: pictures", "See {{ text }}!");
        for text in spec.prompts[0].files.values_mut() {
            *text = text.replace("kind: string", "kind: image").replace("number 0", "cat.png");
        }
        let png = [b"\x89PNG\r\n\x1a\n", bytes].concat();
        spec.prompts[0].media = [("cat.png".to_owned(), MediaFile(png.into()))].into();
        spec
    };
    assert_eq!(bench.run(with(b"one")).count(CellState::Done), 2);
    let content = fast.requests()[0].json()["messages"][1]["content"].clone();
    assert_eq!(
        content,
        json!([
            {"type": "text", "text": "See "},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgpvbmU="}},
            {"type": "text", "text": "!"},
        ])
    );
    bench.run(with(b"one"));
    assert_eq!(fast.count(), 2, "the same picture is answered from the cache");
    let ended = bench.run(with(b"two"));
    assert_eq!(fast.count(), 4, "another picture is another question");

    let stored = bench.store.run(&ended.id).unwrap().unwrap().spec;
    let stored: RunSpec = serde_json::from_str(&stored).unwrap();
    assert_eq!(stored, with(b"two"));
}

#[test]
fn a_picture_that_cannot_be_sent_fails_its_cell_with_the_reason() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let mut spec = changed(spec(1, &[FAST]), "description: pictures", "{{ text }}");
    for text in spec.prompts[0].files.values_mut() {
        *text = text.replace("kind: string", "kind: image").replace("number 0", "cat.png");
    }
    let ended = bench.run(spec);
    assert_eq!((ended.count(CellState::Failed), fast.count()), (2, 0));
    let reason = ended.cells[0].record.error.as_deref().unwrap();
    assert!(reason.contains("[image: cat.png] is not among the files of the run"), "{reason}");
}
