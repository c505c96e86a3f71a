//! A matrix that several machines answer.

use std::collections::BTreeMap;

use assay_engine::{EngineError, Plan, Price, RunSpec, Shard, ShardSource, State};
use assay_store::{CellState, RunState};
use assay_testkit::Fault;

use crate::support::{Bench, Ended, FAST, SLOW, of_case, server, spec};

fn shard(index: u32, of: u32) -> RunSpec {
    let mut spec = spec(30, &[FAST, SLOW]);
    spec.request.shard = Some(Shard { index, of });
    spec
}

/// Ordinal, state, output, number of scores and cost: what is the same on every machine.
type Content = (u32, CellState, Option<String>, usize, Option<f64>);

fn content(run: &Ended) -> Vec<Content> {
    let cells = run.cells.iter();
    cells
        .map(|cell| {
            let record = &cell.record;
            let scores = cell.scores.len();
            (record.ordinal, record.state, cell.output.clone(), scores, record.cost)
        })
        .collect()
}

#[test]
fn shards_are_disjoint_and_together_the_whole() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    for of in [1, 2, 3, 7] {
        let mut held: BTreeMap<u32, u32> = BTreeMap::new();
        for index in 1..=of {
            let mut spec = spec(100, &[FAST, SLOW]);
            spec.request.shard = Some(Shard { index, of });
            let plan = Plan::new(spec, &bench.models).unwrap();
            let cells: Vec<_> = (0..400).filter(|cell| plan.holds(*cell)).collect();
            let summary = plan.summary(&bench.store, &|| true).unwrap();
            assert_eq!(summary.cells as usize, cells.len(), "a plan counts its own cells");
            let even = 400.0 / f64::from(of);
            assert!((cells.len() as f64 - even).abs() < even * 0.35, "{} of {even}", cells.len());
            for cell in cells {
                *held.entry(cell).or_default() += 1;
            }
        }
        assert_eq!(held.len(), 400);
        assert!(held.values().all(|times| *times == 1), "in {of} shards");
    }
}

#[test]
fn a_shard_answers_its_own_cells_and_leaves_the_others_out() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let mut spec = spec(30, &[FAST]);
    spec.request.shard = Some(Shard { index: 2, of: 3 });
    let run = bench.run(spec);
    assert_eq!(run.state, State::Done);
    assert_eq!(run.count(CellState::Done), fast.count());
    assert_eq!(run.count(CellState::Done) + run.count(CellState::Skipped), 60);
    assert_eq!(run.record.shard, Some(Shard { index: 2, of: 3 }));
    let again = bench.resume(&run.id, true);
    assert_eq!((again.state, fast.count()), (State::Done, run.count(CellState::Done)));
}

#[test]
fn a_shard_that_does_not_exist_is_refused() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    for (index, of) in [(0, 3), (4, 3), (1, 0)] {
        let mut spec = spec(3, &[FAST]);
        spec.request.shard = Some(Shard { index, of });
        let refused = Plan::new(spec, &bench.models).err();
        assert!(matches!(refused, Some(EngineError::BadShard { .. })), "{index} of {of}");
    }
}

const PRICE: Price = Price { input: 10.0, cached_input: None, cache_write: None, output: 100.0 };

#[test]
fn merged_shards_are_the_run_that_one_machine_would_have_made() {
    let (fast, slow) = (server(), server());
    let whole = Bench::new(&fast, &slow).priced(PRICE);
    let whole = whole.run(spec(30, &[FAST, SLOW]));
    let (a, b) = (Bench::new(&fast, &slow).priced(PRICE), Bench::new(&fast, &slow).priced(PRICE));
    let one = a.run(shard(1, 3));
    let two = a.run(shard(2, 3));
    let three = b.run(shard(3, 3));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("three.jsonl");
    b.engine.export_shard(&three.id, &file).unwrap();

    let sources = [ShardSource::Run(one.id), ShardSource::File(&file), ShardSource::Run(two.id)];
    let sent = fast.count();
    let id = a.engine.merge(&sources).unwrap();
    let merged = a.ended(&id);
    assert_eq!(fast.count(), sent, "merging sends nothing");
    assert_eq!(content(&merged), content(&whole));
    assert_eq!((merged.record.state.clone(), merged.record.done), (RunState::Done, 120));
    assert!((merged.record.spent - whole.record.spent).abs() < 1e-9);
    let cell = &merged.cells[7];
    assert!(cell.request.is_some() && cell.response == whole.cells[7].response, "byte by byte");
}

#[test]
fn a_merge_without_a_shard_leaves_its_cells_to_be_answered() {
    let (fast, slow) = (server(), server());
    fast.fault_when(of_case(4), Fault::bad_request());
    let bench = Bench::new(&fast, &slow);
    let runs = [bench.run(shard(1, 3)), bench.run(shard(3, 3))];
    let sources: Vec<_> = runs.iter().map(|run| ShardSource::Run(run.id.clone())).collect();
    let merged = bench.ended(&bench.engine.merge(&sources).unwrap());
    assert_eq!(merged.record.state, RunState::Interrupted);
    let left = merged.count(CellState::Queued);
    assert!(left > 20, "{left}");
    let (before, failed) = (fast.count() + slow.count(), merged.count(CellState::Failed));
    let ended = bench.resume(&merged.id, false);
    assert_eq!(ended.state, State::Done);
    assert_eq!(fast.count() + slow.count(), before + left, "only what was missing is sent");
    assert!(ended.count(CellState::Failed) >= failed);
}

#[test]
fn runs_that_do_not_belong_together_are_not_merged() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let run = |spec| ShardSource::Run(bench.run(spec).id);
    let mut other = shard(2, 2);
    other.request.cases = vec!["c-1".to_owned()];
    let (one, one_again) = (run(shard(1, 2)), run(shard(1, 2)));
    let refused =
        |sources: &[ShardSource<'_>]| bench.engine.merge(sources).err().unwrap().to_string();
    assert!(refused(&[one.clone(), run(other)]).contains("asked something else"));
    assert!(refused(&[one.clone(), one_again]).contains("shard 1 of 2 is there twice"));
    assert!(refused(&[one.clone(), run(shard(2, 3))]).contains("of 2 shards and another of 3"));
    assert!(refused(&[one, run(spec(30, &[FAST, SLOW]))]).contains("is no shard"));
    assert!(refused(&[]).contains("there are none"));
}

#[test]
fn a_file_that_is_no_shard_is_refused_by_name_and_line() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shard.jsonl");
    let run = bench.run(shard(1, 2));
    bench.engine.export_shard(&run.id, &file).unwrap();
    let sound = std::fs::read_to_string(&file).unwrap();
    let half = sound.len() / 2;
    for broken in ["", "{}", "not json", "{\"schema\":\"assay.shard/9\"}", &sound[..half]] {
        std::fs::write(&file, broken).unwrap();
        let refused = bench.engine.merge(&[ShardSource::File(&file)]).err().unwrap();
        assert!(refused.to_string().contains("shard.jsonl"), "{refused}");
    }
    let twice = format!("{sound}{}\n", sound.lines().last().unwrap());
    let strange = sound.replacen("\"ordinal\":", "\"ordinal\":4000000", 1);
    let vast = sound.replacen("\"total\":120", "\"total\":4294967295", 1);
    assert_ne!(vast, sound);
    for (broken, said) in [
        (twice, "is there twice"),
        (strange, "has no cell 4000000"),
        (vast, "do not fit its rows and columns"),
    ] {
        std::fs::write(&file, broken).unwrap();
        let refused = bench.engine.merge(&[ShardSource::File(&file)]).err().unwrap();
        assert!(refused.to_string().contains(said), "{refused}");
    }
    assert_eq!(bench.store.runs("bench", 10).unwrap().len(), 1, "nothing half merged is left");
}

#[test]
fn a_merge_that_fails_halfway_leaves_a_run_that_can_be_finished() {
    let (fast, slow) = (server(), server());
    let bench = Bench::new(&fast, &slow);
    let (one, two) = (bench.run(shard(1, 2)), bench.run(shard(2, 2)));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shard.jsonl");
    bench.engine.export_shard(&two.id, &file).unwrap();
    // Well formed, but a score is of a scorer that the run does not have, which only the store can tell.
    let text = std::fs::read_to_string(&file).unwrap();
    let (head, cells) = text.split_once('\n').unwrap();
    let wrong = cells.replacen("\"scorer\":\"answers\"", "\"scorer\":\"nobody\"", 1);
    assert_ne!(wrong, cells);
    std::fs::write(&file, format!("{head}\n{wrong}")).unwrap();
    let sources = [ShardSource::Run(one.id.clone()), ShardSource::File(&file)];
    let refused = bench.engine.merge(&sources).err().unwrap();
    assert!(refused.to_string().contains("nobody"), "{refused}");

    let left = bench.store.runs("bench", 10).unwrap();
    let half = left.iter().find(|run| run.id != one.id && run.id != two.id).unwrap();
    assert!(matches!(&half.state, RunState::Failed(stop) if stop.reason.contains("nobody")));
    assert_eq!(half.done, one.record.done, "what was taken stays");
    let ended = bench.resume(&half.id, false);
    assert_eq!((ended.state.clone(), ended.count(CellState::Done)), (State::Done, 120));
}
