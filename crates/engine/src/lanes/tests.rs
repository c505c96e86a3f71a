//! Lanes against a server that is only pretended, in a time that only passes when everybody waits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_model::{Rates, Window};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::ceiling::Ceiling;
use super::*;

const LOAD: Load = Load { input: 10, output: 10, assumed: 0 };

/// A server that answers so many calls at once and refuses more.
struct Server {
    at_once: usize,
    latency: Duration,
    delay: Duration,
    in_flight: AtomicUsize,
    refused: AtomicUsize,
    /// When each call came, and whether it was answered.
    calls: Mutex<Vec<(Instant, bool)>>,
}

impl Server {
    fn new(at_once: usize, latency_ms: u64, delay_ms: u64) -> Arc<Server> {
        Arc::new(Server {
            at_once,
            latency: Duration::from_millis(latency_ms),
            delay: Duration::from_millis(delay_ms),
            in_flight: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            calls: Mutex::default(),
        })
    }

    async fn call(&self) -> Result<(), Duration> {
        let accepted = self.in_flight.load(Ordering::SeqCst) < self.at_once;
        if accepted {
            self.in_flight.fetch_add(1, Ordering::SeqCst);
        }
        self.calls.lock().expect("no panic").push((Instant::now(), accepted));
        // A refusal comes sooner than an answer, but not at once.
        tokio::time::sleep(if accepted { self.latency } else { self.latency / 10 }).await;
        if accepted {
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::SeqCst);
        Err(self.delay)
    }

    fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

fn lane(cells: u32, columns: u32, at_once: Option<usize>) -> Arc<Lane> {
    lane_with(cells, columns, at_once, &ProviderLimits::default(), None, &CancellationToken::new())
}

fn lane_with(
    cells: u32,
    columns: u32,
    at_once: Option<usize>,
    limits: &ProviderLimits,
    ceiling: Option<Arc<Ceiling>>,
    cancel: &CancellationToken,
) -> Arc<Lane> {
    let pace = Pace::new(at_once, limits, Bounds::default().quota("a/b", limits));
    let cells = (0..cells).map(|cell| (cell % columns, cell));
    Arc::new(Lane::new("a/b", pace, ceiling, cells, cancel))
}

/// Answers cells like the driver's workers do; says which, in the order of their ends.
async fn answer_all(lane: Arc<Lane>, server: Arc<Server>) -> Vec<(u32, u32)> {
    let answered = Arc::new(Mutex::new(Vec::new()));
    let mut workers = JoinSet::new();
    for _ in 0..lane.workers() {
        let (lane, server, answered) =
            (Arc::clone(&lane), Arc::clone(&server), Arc::clone(&answered));
        workers.spawn(async move { work(&lane, &server, &answered).await });
    }
    while let Some(ended) = workers.join_next().await {
        ended.expect("no worker panics");
    }
    std::mem::take(&mut *answered.lock().expect("no panic"))
}

async fn work(lane: &Arc<Lane>, server: &Server, answered: &Mutex<Vec<(u32, u32)>>) {
    let going = lane.going();
    while let Some(place) = lane.enter(&going).await {
        let Some((column, cell)) = lane.take() else { return };
        let mut place = Some(place);
        while place.is_some() {
            let Some(flight) = leave(lane, &going).await else {
                return lane.put_back(column, cell);
            };
            match server.call().await {
                Ok(()) => {
                    flight.answered(Some(LOAD), &Rates::default());
                    answered.lock().expect("no panic").push((column, cell));
                    place = None;
                }
                Err(delay) => {
                    flight.limited(Some(delay), &Rates::default());
                    // Others may have the place meanwhile, if there still is one.
                    drop(place.take());
                    place = lane.reenter(&going).await;
                    if place.is_none() {
                        return lane.put_back(column, cell);
                    }
                }
            }
        }
    }
}

/// A call that leaves, as soon as it may.
async fn leave(lane: &Arc<Lane>, going: &CancellationToken) -> Option<Flight> {
    lane.admit(LOAD, going).await?.depart(going).await
}

async fn elapsed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let done = work.await;
    (done, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_lane_finds_out_how_much_its_server_bears() {
    for at_once in [3, 12, 20, 50] {
        let server = Server::new(at_once, 100, 0);
        let (answered, took) = elapsed(answer_all(lane(6_000, 1, None), Arc::clone(&server))).await;
        assert_eq!(answered.len(), 6_000);
        let ideal = 6_000.0 / at_once as f64 * 0.1;
        let ratio = took.as_secs_f64() / ideal;
        assert!(ratio < 1.6, "{ratio:.2} times as long as a server of {at_once} needs");
        let refused = server.refused() as f64 / 6_000.0;
        // A server of three is found out from below three times as often as one of twelve.
        let most = if at_once < 10 { 0.25 } else { 0.04 };
        assert!(refused < most, "{:.1} % refused by a server of {at_once}", refused * 100.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_limits_gets_what_the_ceiling_allows() {
    let server = Server::new(usize::MAX, 100, 0);
    let (_, took) = elapsed(answer_all(lane(20_000, 1, None), Arc::clone(&server))).await;
    assert_eq!(server.refused(), 0);
    let ideal = 20_000.0 / 64.0 * 0.1;
    assert!(took.as_secs_f64() < ideal * 1.25, "{took:?} of {ideal}");
}

#[tokio::test(start_paused = true)]
async fn a_number_that_was_given_is_kept_from_the_first_call_on() {
    let server = Server::new(usize::MAX, 100, 0);
    let (_, took) = elapsed(answer_all(lane(1_000, 1, Some(100)), server)).await;
    assert_eq!(took, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn nothing_leaves_before_the_servers_own_delay_is_over() {
    let server = Server::new(4, 50, 3_000);
    answer_all(lane(300, 1, None), Arc::clone(&server)).await;
    let calls = server.calls.lock().expect("no panic");
    for (refused_at, _) in calls.iter().filter(|(_, accepted)| !accepted) {
        let too_early = calls
            .iter()
            .filter(|(at, _)| at > refused_at && *at < *refused_at + Duration::from_secs(3));
        assert_eq!(too_early.count(), 0);
    }
    assert!(server.refused() > 0, "the server was asked for too much once");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_ready_when_another_ends_and_no_more_are_under_way() {
    let lane = lane(200, 1, Some(8));
    let going = lane.going();
    let places: Vec<_> = std::iter::from_fn(|| lane.try_enter()).collect();
    assert_eq!(places.len(), 10, "eight under way, two made ready");
    let mut flights = Vec::new();
    for _ in 0..8 {
        flights.push(leave(&lane, &going).await.expect("it goes"));
    }
    let ready = lane.admit(LOAD, &going).await.expect("it is admitted");
    let mut departing = Box::pin(ready.depart(&going));
    assert!(timeout(Duration::from_secs(60), &mut departing).await.is_err(), "there is no room");
    flights.pop().expect("eight").answered(None, &Rates::default());
    assert!(timeout(Duration::ZERO, departing).await.is_ok(), "it leaves at that moment");
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_keeps_to_the_servers_delay_too() {
    let lane = lane(20, 1, Some(2));
    let going = lane.going();
    let refused = leave(&lane, &going).await.expect("it goes");
    let ready = lane.admit(LOAD, &going).await.expect("it is admitted");
    refused.limited(Some(Duration::from_secs(7)), &Rates::default());
    let begun = Instant::now();
    ready.depart(&going).await.expect("it goes");
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_wants_to_be_left_alone_for_ever_is_asked_again_in_minutes() {
    for delay in [Duration::from_secs(7_200), Duration::from_secs(u64::MAX), Duration::MAX] {
        let lane = lane(20, 1, Some(2));
        let going = lane.going();
        leave(&lane, &going).await.expect("it goes").limited(Some(delay), &Rates::default());
        let (flight, took) = elapsed(leave(&lane, &going)).await;
        assert!(flight.is_some());
        assert_eq!(took, Duration::from_secs(300));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_somebody_has_go_on_does_so_at_once() {
    let lane = lane(20, 1, Some(2));
    let refused = leave(&lane, &lane.going()).await.expect("it goes");
    refused.limited(Some(Duration::from_secs(7_200)), &Rates::default());
    assert!(lane.pause() && lane.resume());
    let (flight, took) = elapsed(leave(&lane, &lane.going())).await;
    assert!(flight.is_some());
    assert_eq!(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn one_crowd_is_cut_once() {
    let lane = lane(200, 1, Some(64));
    let going = lane.going();
    let mut flights = Vec::new();
    for _ in 0..64 {
        flights.push(leave(&lane, &going).await.expect("it goes"));
    }
    for flight in flights {
        flight.limited(None, &Rates::default());
    }
    let mut left = Vec::new();
    while let Ok(flight) = timeout(Duration::from_secs(60), leave(&lane, &going)).await {
        left.push(flight.expect("it goes"));
    }
    assert_eq!(left.len(), 32, "64 refusals of one crowd halve it once");
}

#[tokio::test(start_paused = true)]
async fn variants_are_answered_in_turn_at_any_moment() {
    let server = Server::new(10, 70, 0);
    let answered = answer_all(lane(900, 3, None), server).await;
    let mut counts = BTreeMap::new();
    for (column, _) in answered {
        *counts.entry(column).or_insert(0_i32) += 1;
        let (least, most) = (counts.values().min(), counts.values().max());
        let apart = most.zip(least).map_or(0, |(most, least)| most - least);
        assert!(counts.len() < 3 || apart <= 30, "{counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_minute_sees_more_requests_than_the_provider_allows() {
    let limits = ProviderLimits { requests_per_minute: Some(30), ..ProviderLimits::default() };
    let lane = lane_with(120, 2, None, &limits, None, &CancellationToken::new());
    let server = Server::new(usize::MAX, 20, 0);
    let (answered, took) = elapsed(answer_all(lane, Arc::clone(&server))).await;
    assert_eq!(answered.len(), 120);
    assert!(took < Duration::from_secs(190), "{took:?} for four minutes' worth, the first at once");
    let calls = server.calls.lock().expect("no panic");
    for (first, _) in calls.iter() {
        let end = *first + Duration::from_secs(60);
        let within = calls.iter().filter(|(at, _)| at >= first && *at < end).count();
        assert!(within <= 30, "{within} in a minute");
    }
}

#[tokio::test(start_paused = true)]
async fn an_output_that_nothing_limits_uses_up_tokens_until_it_is_counted() {
    let limits = ProviderLimits { tokens_per_minute: Some(10_000), ..ProviderLimits::default() };
    let lane = lane_with(20, 1, Some(50), &limits, None, &CancellationToken::new());
    let load = Load { input: 10, output: 0, assumed: 4_000 };
    let first = lane.try_admit(load).expect("there is enough");
    let _second = lane.try_admit(load).expect("there is enough");
    assert!(lane.try_admit(load).is_none(), "three may be too many");
    let flight = first.depart(&lane.going()).await.expect("it goes");
    flight.answered(Some(Load { input: 10, output: 90, assumed: 0 }), &Rates::default());
    assert!(lane.try_admit(load).is_some(), "it was less than assumed");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_says_is_left_is_not_exceeded() {
    let lane = lane(100, 1, Some(50));
    let going = lane.going();
    let rates = Rates {
        requests: Some(Window {
            limit: Some(10),
            remaining: Some(5),
            reset: Some(Duration::from_secs(30)),
        }),
        ..Rates::default()
    };
    leave(&lane, &going).await.expect("it goes").answered(None, &rates);
    let begun = Instant::now();
    let mut flights = Vec::new();
    for place in 0..6 {
        flights.push(leave(&lane, &going).await.expect("it goes"));
        let waited = begun.elapsed() >= Duration::from_secs(30);
        assert_eq!(waited, place == 5, "five go at once, the sixth in the next window");
    }
}

/// A lane of one more run, under limits that the runs have in common.
fn lane_of_a_run(bounds: &Bounds, cells: u32, limits: &ProviderLimits) -> Arc<Lane> {
    let pace = Pace::new(None, limits, bounds.quota("a/b", limits));
    let cells = (0..cells).map(|cell| (0, cell));
    let ceiling = bounds.ceiling("a", limits);
    Arc::new(Lane::new("a/b", pace, ceiling, cells, &CancellationToken::new()))
}

#[tokio::test(start_paused = true)]
async fn two_runs_side_by_side_are_one_caller_to_their_provider() {
    let bounds = Bounds::default();
    let limits = ProviderLimits {
        concurrency: Some(6),
        requests_per_minute: Some(30),
        ..ProviderLimits::default()
    };
    // It refuses a seventh call at once.
    let server = Server::new(6, 100, 0);
    let runs: Vec<_> = (0..2)
        .map(|_| lane_of_a_run(&bounds, 60, &limits))
        .map(|lane| tokio::spawn(answer_all(lane, Arc::clone(&server))))
        .collect();
    for run in runs {
        assert_eq!(run.await.expect("no panic").len(), 60);
    }
    assert_eq!(server.refused(), 0, "six at once, never more");
    let calls = server.calls.lock().expect("no panic");
    for (first, _) in calls.iter() {
        let end = *first + Duration::from_secs(60);
        let within = calls.iter().filter(|(at, _)| at >= first && *at < end).count();
        assert!(within <= 30, "{within} in a minute");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_and_begun_anew_is_no_new_caller() {
    let bounds = Bounds::default();
    let limits = ProviderLimits {
        concurrency: Some(6),
        requests_per_minute: Some(12),
        ..ProviderLimits::default()
    };
    let server = Server::new(usize::MAX, 100, 0);
    let first = lane_of_a_run(&bounds, 60, &limits);
    tokio::spawn(answer_all(Arc::clone(&first), Arc::clone(&server)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(first.pause());
    drop(first);
    let (_, took) = elapsed(answer_all(lane_of_a_run(&bounds, 12, &limits), server)).await;
    assert!(took >= Duration::from_secs(59), "the minute is used up: {took:?}");
    drop(lane_of_a_run(&bounds, 6, &limits));
    let all = lane_of_a_run(&bounds, 6, &limits);
    assert_eq!(bounds.ceiling("a", &limits).expect("there is one").share(), 6, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_model_does_not_hold_up_a_fast_one_of_the_same_provider() {
    let ceiling = Arc::new(Ceiling::new(8));
    let limits = ProviderLimits { concurrency: Some(8), ..ProviderLimits::default() };
    let cancel = CancellationToken::new();
    let lane = |cells| lane_with(cells, 1, None, &limits, Some(Arc::clone(&ceiling)), &cancel);
    let (slow, fast) = (lane(64), lane(400));
    let (slow_server, fast_server) = (Server::new(99, 60_000, 0), Server::new(99, 100, 0));
    let slow = tokio::spawn(elapsed(answer_all(slow, slow_server)));
    let (_, fast_took) = elapsed(answer_all(fast, fast_server)).await;
    assert_eq!(fast_took, Duration::from_secs(10), "half of the places are its own");
    let (answered, slow_took) = slow.await.expect("no panic");
    assert_eq!(answered.len(), 64);
    assert!(slow_took <= Duration::from_secs(60 * 9), "it has all places later: {slow_took:?}");
}

#[tokio::test(start_paused = true)]
async fn more_models_than_places_take_turns() {
    let ceiling = Arc::new(Ceiling::new(2));
    let limits = ProviderLimits { concurrency: Some(2), ..ProviderLimits::default() };
    let cancel = CancellationToken::new();
    let server = Server::new(2, 100, 0);
    let lanes: Vec<_> = (0..5)
        .map(|_| lane_with(20, 1, None, &limits, Some(Arc::clone(&ceiling)), &cancel))
        .collect();
    let all: Vec<_> = lanes
        .into_iter()
        .map(|lane| tokio::spawn(elapsed(answer_all(lane, Arc::clone(&server)))))
        .collect();
    for lane in all {
        let (answered, took) = lane.await.expect("no panic");
        assert_eq!(answered.len(), 20);
        assert!(took > Duration::from_secs(4), "nobody is done while others wait: {took:?}");
    }
    assert_eq!(server.refused(), 0, "two at once, never more");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_leaves_nobody_waiting_and_no_cell_lost() {
    let cancel = CancellationToken::new();
    let limits = ProviderLimits { requests_per_minute: Some(5), ..ProviderLimits::default() };
    let lane = lane_with(100, 4, None, &limits, None, &cancel);
    let server = Server::new(usize::MAX, 10, 0);
    let all = tokio::spawn(answer_all(Arc::clone(&lane), server));
    tokio::time::sleep(Duration::from_secs(1)).await;
    cancel.cancel();
    let (answered, took) = elapsed(all).await;
    assert_eq!(took, Duration::ZERO, "they wake at once");
    assert_eq!(answered.expect("no panic").len(), 5);
    assert_eq!(lane.state().queue.len(), 95);
    assert!(!lane.resume(), "a stopped run is not gone on with");
}

#[tokio::test(start_paused = true)]
async fn a_paused_lane_keeps_its_cells_and_goes_on_when_told() {
    let lane = lane(50, 1, Some(5));
    let server = Server::new(usize::MAX, 100, 0);
    let all = tokio::spawn(answer_all(Arc::clone(&lane), Arc::clone(&server)));
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert!(lane.pause() && !lane.pause(), "it is paused once");
    let first = all.await.expect("no panic");
    assert_eq!(first.len(), 15, "what was in flight came to its end");
    assert!(lane.resume() && !lane.resume(), "and goes on once");
    let second = answer_all(lane, server).await;
    assert_eq!(first.len() + second.len(), 50);
}

/// Numbers that look random and are the same every time.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_the_server_does_every_cell_is_answered_once() {
    for seed in 0..60 {
        let mut number = numbers(seed);
        let cells = 50 + number(300) as u32;
        let limits = ProviderLimits {
            concurrency: (number(3) == 0).then(|| 1 + number(20) as u32),
            requests_per_minute: (number(3) == 0).then(|| 30 + number(300)),
            tokens_per_minute: (number(3) == 0).then(|| 15 + number(20_000)),
            ..ProviderLimits::default()
        };
        let ceiling = limits.concurrency.map(|n| Arc::new(Ceiling::new(n as usize)));
        let at_once = (number(2) == 0).then(|| 1 + number(40) as usize);
        let cancel = CancellationToken::new();
        let lane = lane_with(cells, 1 + number(4) as u32, at_once, &limits, ceiling, &cancel);
        let server = Server::new(1 + number(30) as usize, 1 + number(500), number(2_000));
        let pauser = tokio::spawn(pause_now_and_then(Arc::clone(&lane), number(2_000)));
        let mut answered = Vec::new();
        while !lane.state().queue.is_empty() {
            lane.resume();
            let day = Duration::from_secs(86_400);
            let some = answer_all(Arc::clone(&lane), Arc::clone(&server));
            answered.extend(tokio::time::timeout(day, some).await.expect("no deadlock"));
        }
        pauser.abort();
        answered.sort_unstable_by_key(|(_, cell)| *cell);
        let answered: Vec<_> = answered.into_iter().map(|(_, cell)| cell).collect();
        assert!(answered.iter().copied().eq(0..cells), "seed {seed}");
    }
}

async fn pause_now_and_then(lane: Arc<Lane>, millis: u64) {
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1 + millis)).await;
        lane.pause();
    }
}
