//! Cells that ask the same, at one time.

use std::time::Duration;

use assay_engine::{Price, ProviderLimits, RunSpec, State};
use assay_store::CellState;
use assay_testkit::{Fault, ModelServer};

use crate::support::{Bench, Ended, FAST, SLOW, of_case, server, spec};

/// `cases` cases of two variants that say the same: each call is asked for by two cells.
fn equal_variants(cases: usize, models: &[&str]) -> RunSpec {
    let mut spec = spec(cases, models);
    let files = &mut spec.prompts[0].files;
    let warm = files["warm.prompty"].clone();
    files.insert("cold.prompty".to_owned(), warm);
    spec
}

fn slow_server() -> ModelServer {
    server().latency(Duration::from_millis(100))
}

fn cached(run: &Ended) -> usize {
    run.cells.iter().filter(|cell| cell.record.cached).count()
}

#[track_caller]
fn check_all_done(run: &Ended, cells: usize) {
    assert_eq!((run.state.clone(), run.count(CellState::Done)), (State::Done, cells));
}

#[test]
fn equal_cells_under_way_at_one_time_are_asked_once_and_the_second_is_shown_as_cached() {
    let server = slow_server();
    let bench = Bench::new(&server, &server);
    let run = bench.run(equal_variants(20, &[FAST]));
    check_all_done(&run, 40);
    assert_eq!((server.count(), cached(&run)), (20, 20));
    let outputs: Vec<_> = run.cells.iter().map(|cell| cell.output.clone()).collect();
    assert!(outputs.iter().all(|output| output.as_deref() == Some("an answer")), "{outputs:?}");
}

#[test]
fn one_model_under_two_names_is_asked_once_although_each_has_a_lane_of_its_own() {
    let server = slow_server();
    let bench = Bench::new(&server, &server);
    let run = bench.run(equal_variants(20, &[FAST, SLOW]));
    check_all_done(&run, 80);
    assert_eq!((server.count(), cached(&run)), (20, 60));
}

#[test]
fn samples_stay_independent_of_one_another() {
    let server = slow_server();
    let bench = Bench::new(&server, &server);
    let mut spec = equal_variants(5, &[FAST]);
    spec.request.repeat = Some(3);
    let run = bench.run(spec);
    check_all_done(&run, 30);
    assert_eq!((server.count(), cached(&run)), (15, 15));
}

#[test]
fn without_the_cache_every_cell_is_asked() {
    let server = slow_server();
    let bench = Bench::new(&server, &server);
    let mut spec = equal_variants(5, &[FAST]);
    spec.request.no_cache = true;
    let run = bench.run(spec);
    check_all_done(&run, 10);
    assert_eq!((server.count(), cached(&run)), (10, 0));
}

#[test]
fn a_cell_whose_twin_failed_is_asked_itself() {
    let server = slow_server();
    let bench = Bench::new(&server, &server);
    server.fault_next(Fault::bad_request());
    let run = bench.run(equal_variants(1, &[FAST]));
    assert_eq!((run.count(CellState::Failed), run.count(CellState::Done)), (1, 1));
    assert_eq!(server.count(), 2);
}

#[test]
fn a_cell_that_waits_takes_no_place_from_the_twin_that_is_asked_again() {
    let server = server();
    let limits = ProviderLimits { concurrency: Some(2), ..ProviderLimits::default() };
    let bench = Bench::with_limits(&server, &server, limits);
    server.fault_when(of_case(0), Fault::status(500, "{}"));
    let handle = bench.start(equal_variants(3, &[FAST]));
    bench.runtime.block_on(async {
        while handle.progress.now().1.done < 4 {
            tokio::task::yield_now().await;
        }
    });
    server.no_faults();
    let run = bench.end(&handle);
    check_all_done(&run, 6);
    assert_eq!(cached(&run), 3);
}

#[test]
fn cells_whose_twin_stands_still_go_on_with_its_lane() {
    let server = slow_server();
    let bench = Bench::new(&server, &server);
    server.fault_when(|_| true, Fault::insufficient_quota());
    let run = bench.run(equal_variants(5, &[FAST]));
    assert_eq!(run.count(CellState::Queued), 10);
    assert!(run.reason().contains("quota"), "{:?}", run.state);
    let before = server.count();
    server.no_faults();
    check_all_done(&bench.resume(&run.id, false), 10);
    assert_eq!(server.count() - before, 5);
}

#[test]
fn a_run_that_is_stopped_does_not_wait_for_what_was_set_aside() {
    let server = server();
    server.fault_when(|_| true, Fault::StallBeforeHeaders);
    let bench = Bench::new(&server, &server);
    let handle = bench.start(equal_variants(4, &[FAST]));
    bench.runtime.block_on(async {
        while server.count() < 4 {
            tokio::task::yield_now().await;
        }
    });
    handle.cancel();
    let run = bench.end(&handle);
    assert_eq!((run.state.clone(), run.count(CellState::Done)), (State::Cancelled, 0));
    assert_eq!(server.count(), 4);
}

#[test]
fn a_budget_that_ends_leaves_twins_to_be_gone_on_with() {
    let price = Price { input: 10.0, cached_input: None, cache_write: None, output: 100.0 };
    let server = slow_server();
    let bench = Bench::new(&server, &server).priced(price);
    let mut spec = equal_variants(30, &[FAST]);
    // A call costs less than a tenth of a cent, and one cent is held for it: about ten of thirty are paid for.
    spec.request.budget = Some(0.015);
    let run = bench.run(spec);
    assert_eq!(run.reason(), "the budget of $0.015 is spent");
    let done = run.count(CellState::Done);
    assert!(0 < done && done < 60, "{done}");
    bench.store.set_budget(&run.id, Some(10.0)).unwrap();
    check_all_done(&bench.resume(&run.id, false), 60);
    assert_eq!(server.count(), 30);
}
