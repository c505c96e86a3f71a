//! People rate outputs: by cell, blind one by one, blind two by two; it follows the output, and travels in git.

use std::process::Command;

use assay_testkit::ModelServer;
use assay_wire::*;
use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};

use crate::desk::Desk;

const ADA: &str = "Ada Tester";

/// A server whose answer is warm where the prompt is.
fn server() -> ModelServer {
    ModelServer::start_blocking().reply_with(|request| {
        let text = request["messages"].to_string();
        let person = ["Ada", "Bob", "Cleo"].into_iter().find(|p| text.contains(&format!("\"{p}")));
        let greeting = if text.contains("warmly") { "A warm hello" } else { "Hello" };
        format!("{greeting} {}", person.unwrap_or("you"))
    })
}

fn rate(desk: &Desk, run: &RunView, cell: u32, rating: Rating) -> Rated {
    desk.call(SetRating { run: run.summary.run.clone(), cell, rating })
}

fn said(desk: &Desk, run: &RunView) -> Vec<CellRatings> {
    desk.call(ListRatings { run: run.summary.run.clone(), from: 0, to: 99 }).cells
}

fn summary(desk: &Desk, run: &RunView) -> RatingSummary {
    desk.call(SummarizeRatings { run: run.summary.run.clone() })
}

fn rename(desk: &Desk, name: &str) -> RaterView {
    desk.call(SetRater { name: Some(name.to_owned()), share_by_itself: None })
}

#[test]
fn a_rating_follows_the_output_through_a_new_run_and_a_restart() {
    let server = server();
    let desk = Desk::with(&server);
    let first = desk.run(RunRequest::default());
    rate(&desk, &first, 0, Rating::Pass(true));
    rate(&desk, &first, 0, Rating::Grade(4));
    rate(&desk, &first, 0, Rating::Comment("polite".into()));
    let again = desk.run(RunRequest { no_cache: true, ..RunRequest::default() });
    let desk = desk.restart();
    for run in [&first, &again] {
        let [cell] = said(&desk, run).try_into().expect("one cell is rated");
        let own = RaterSaid {
            rater: ADA.into(),
            own: true,
            pass: Some(true),
            grade: Some(4),
            comment: Some("polite".into()),
            stranger: false,
        };
        assert_eq!(cell, CellRatings { cell: 0, raters: vec![own] }, "the name is git's");
    }
}

#[test]
fn every_cell_of_the_same_output_is_rated_at_once_and_no_other() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest { repeat: Some(2), ..RunRequest::default() });
    let rated = rate(&desk, &run, 0, Rating::Pass(false));
    let cells: Vec<u32> = rated.cells.iter().map(|cell| cell.cell).collect();
    let outputs = desk.cells(&run);
    let same = outputs
        .iter()
        .filter(|cell| cell.row.case == outputs[0].row.case && cell.column == outputs[0].column);
    assert_eq!(cells, same.map(|cell| cell.line.ordinal).collect::<Vec<_>>());
    assert_eq!(cells.len(), 2, "both samples, and not the other variant");
}

#[test]
fn the_last_word_counts_and_can_be_taken_back() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    assert_eq!(rate(&desk, &run, 2, Rating::Pass(true)).before, None);
    let second = rate(&desk, &run, 2, Rating::Pass(false));
    assert_eq!(second.before, Some(Rating::Pass(true)), "which is how it is taken back");
    assert_eq!(said(&desk, &run)[0].raters[0].pass, Some(false));
    let kind = RatingKind::Pass;
    let cleared = desk.call(ClearRating { run: run.summary.run.clone(), cell: 2, kind });
    assert_eq!(cleared.before, Some(Rating::Pass(false)));
    assert!(said(&desk, &run).is_empty());
}

#[test]
fn what_cannot_be_rated_is_refused_by_its_number() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    let id = run.summary.run.clone();
    let beyond = desk.refused(SetRating { run: id.clone(), cell: 99, rating: Rating::Pass(true) });
    assert_eq!(beyond.code, Code::NotFound);
    assert!(beyond.message.contains("99"), "{beyond}");
    let six = desk.refused(SetRating { run: id.clone(), cell: 0, rating: Rating::Grade(6) });
    assert_eq!(six.code, Code::BadInput);
    let unlike = desk.refused(PreferOutput { run: id, left: 0, right: 2, side: None });
    assert!(unlike.message.contains("different cases"), "{unlike}");
}

#[test]
fn the_queue_shows_each_output_once_without_names_and_goes_on_where_one_left() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest { repeat: Some(2), ..RunRequest::default() });
    let id = run.summary.run.clone();
    let turn = |desk: &Desk, seek| desk.call(NextOutput { run: id.clone(), seek });
    let first = turn(&desk, Seek::Open);
    assert_eq!((first.total, first.rated), (6, 0), "twelve cells hold six different outputs");
    let shown = serde_json::to_string(&first).expect("JSON");
    for name in ["plain", "warm\"", "test-model", "server/"] {
        assert!(!shown.contains(name), "the names stay hidden: {shown}");
    }
    let mut seen = Vec::new();
    let mut next = first;
    while let (Some(output), true) = (&next.output, seen.len() < 3) {
        seen.push(output.output.clone());
        rate(&desk, &run, output.cell, Rating::Grade(3));
        next = turn(&desk, Seek::After(output.place));
    }
    let desk = desk.restart();
    let resumed = turn(&desk, Seek::Open);
    assert_eq!(resumed.rated, 3);
    assert_eq!(resumed.output, next.output, "the order is the same as before");
    let back = turn(&desk, Seek::At(0)).output.expect("the first output");
    assert_eq!((back.output, back.said.grade), (seen[0].clone(), Some(3)));

    rename(&desk, "Bob");
    assert_eq!(turn(&desk, Seek::Open).rated, 0, "another rater has a queue of their own");
}

#[test]
fn pairs_are_blind_on_drawn_sides_and_come_to_a_preference() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    let id = run.summary.run.clone();
    let turn = |seek| desk.call(NextPair { run: id.clone(), seek });
    for _ in 0..3 {
        let open = turn(Seek::Open);
        assert_eq!(open, turn(Seek::Open), "sides do not change when one looks again");
        let pair = open.pair.expect("a pair is left");
        let is_warm = pair.left.contains("warm");
        assert_ne!(is_warm, pair.right.contains("warm"), "both variants of one case");
        let side = Some(if is_warm { Side::Left } else { Side::Right });
        let (left, right) = (pair.left_cell, pair.right_cell);
        desk.call(PreferOutput { run: id.clone(), left, right, side });
        assert_eq!(turn(Seek::At(pair.place)).pair.expect("the pair").said, side);
    }
    let done = turn(Seek::Open);
    assert_eq!((done.total, done.rated, done.pair), (3, 3, None));
    let summary = summary(&desk, &run);
    assert_eq!(summary.comparisons, 3);
    let best = &summary.preference[0];
    assert_eq!((best.variant.as_str(), best.win_rate), ("warm", Some(1.0)));
    assert_eq!(best.strength, None, "who never lost has no strength that can be told");
}

#[test]
fn sides_are_drawn_for_each_rater_anew() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    let mut warm_lefts = 0;
    for rater in 0..16 {
        rename(&desk, &format!("Rater {rater}"));
        for place in 0..3 {
            let (run, seek) = (run.summary.run.clone(), Seek::At(place));
            let pair = desk.call(NextPair { run, seek }).pair.expect("a pair");
            warm_lefts += u32::from(pair.left.contains("warm"));
        }
    }
    // 48 tosses of a fair coin: all alike once in 10^14.
    assert!((1..48).contains(&warm_lefts), "{warm_lefts} of 48 on the left");
}

#[test]
fn two_raters_agree_as_far_as_kappa_says() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    let verdicts = |rater: &str, passes: [bool; 6]| {
        rename(&desk, rater);
        for (cell, pass) in (0..).zip(passes) {
            rate(&desk, &run, cell, Rating::Pass(pass));
        }
    };
    verdicts("Zoe", [true, true, true, false, false, false]);
    assert_eq!(summary(&desk, &run).pass_agreement, None, "one alone agrees with nobody");
    verdicts("Bob", [true, true, false, false, false, false]);
    let summary = summary(&desk, &run);
    let agreement = summary.pass_agreement.expect("two raters");
    assert_eq!((agreement.raters, agreement.outputs), (2, 6));
    assert!((agreement.kappa.expect("kappa") - 2.0 / 3.0).abs() < 1e-9, "{agreement:?}");
    let passed = summary.columns[0].passed.expect("a rate");
    assert_eq!(passed.n, 3, "three outputs of the first variant");
    assert!((passed.mean - 0.5).abs() < 1e-9, "1, a half, 0: {passed:?}");
    let names = summary.raters.iter().map(|rater| (rater.rater.as_str(), rater.passes));
    let names: Vec<_> = names.collect();
    assert!(names.contains(&("Bob", 6)) && names.contains(&("Zoe", 6)), "{names:?}");
}

/// Chooses the key that grows from `seed` to sign with.
fn sign_with(desk: &Desk, seed: u8) {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
    let text = key.to_openssh(LineEnding::LF).expect("a key");
    // Within git's own folder, where no commit finds it.
    let file = desk.workspace.path().join(".git").join(format!("{seed}.key"));
    std::fs::write(&file, text.as_bytes()).expect("a key");
    desk.call(SetSigner { key: file.display().to_string(), name: String::new() });
}

fn git(desk: &Desk, arguments: &[&str]) -> String {
    let folder = desk.workspace.path();
    let done = Command::new("git").args(arguments).current_dir(folder).output().expect("git");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

#[test]
fn shared_ratings_reach_another_machine_without_the_outputs() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    rate(&desk, &run, 0, Rating::Pass(false));
    rate(&desk, &run, 1, Rating::Comment("stiff".into()));
    sign_with(&desk, 1);
    let shared = desk.call(ShareRatings {});
    assert_eq!((shared.rater.as_str(), shared.signed, shared.statements.len()), (ADA, 2, 1));
    assert_eq!(desk.call(ShareRatings {}).signed, 0, "sharing again signs nothing");
    assert!(desk.call(ReadChanges {}).files.is_empty(), "and no file is written");

    // The same repository where nobody has rated or signed yet. Nobody knows whose key it was.
    let other = Desk::at(desk.workspace);
    other.add_provider("server", &server.url(), None);
    let run = other.run(RunRequest::default());
    rename(&other, "Bob");
    rate(&other, &run, 0, Rating::Pass(true));
    let cells = said(&other, &run);
    let [bob, stranger] = cells[0].raters.clone().try_into().expect("two raters");
    assert_eq!((bob.rater.as_str(), bob.own, bob.pass), ("Bob", true, Some(true)));
    assert!(stranger.rater.starts_with("Ada Tester <SHA256:"), "{stranger:?}");
    assert_eq!((stranger.stranger, stranger.pass), (true, Some(false)));
    assert!(summary(&other, &run).pass_agreement.is_none(), "a stranger agrees with nobody");

    // Once the repository says whose it is, they are two.
    let public = PrivateKey::from(Ed25519Keypair::from_seed(&[1; 32])).public_key().to_openssh();
    let line = format!("ada@example.com {}\n", public.expect("a key"));
    other.workspace.write(".assay/allowed_signers", &line);
    other.call(Commit { message: "who is who".into(), ..Commit::default() });
    let cells = said(&other, &run);
    let raters: Vec<_> =
        cells[0].raters.iter().map(|s| (s.rater.as_str(), s.own, s.stranger)).collect();
    let ada = "Ada Tester <ada@example.com>";
    assert_eq!(raters, [("Bob", true, false), (ada, false, false)]);
    assert_eq!(cells[1].raters[0].comment.as_deref(), Some("stiff"));
    assert!(summary(&other, &run).pass_agreement.is_some(), "both rated one output");
    assert_eq!(other.call(ReadRater {}).known, ["Bob"]);
}

#[test]
fn rating_goes_on_where_statements_cannot_be_read_and_files_of_before_are_told_of() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    rate(&desk, &run, 0, Rating::Pass(true));
    sign_with(&desk, 1);
    desk.call(ShareRatings {});
    desk.workspace.write(".assay/ratings/bob.jsonl", &"[".repeat(100_000));
    // A log that holds something else than statements.
    let log = format!("refs/assay/log/{}", "0".repeat(64));
    git(&desk, &["update-ref", &log, "HEAD"]);
    rate(&desk, &run, 0, Rating::Grade(4));
    let [cell] = said(&desk, &run).try_into().expect("one cell");
    let own = cell.own().expect("one's own word");
    assert_eq!((own.pass, own.grade, cell.raters.len()), (Some(true), Some(4), 1));
    let refused = summary(&desk, &run).refused;
    assert!(refused.iter().any(|line| line.contains("bob.jsonl: unsigned")), "{refused:#?}");
}

#[test]
fn a_key_stroke_signs_nothing() {
    let server = server();
    let desk = Desk::with(&server);
    let run = desk.run(RunRequest::default());
    sign_with(&desk, 1);
    rate(&desk, &run, 0, Rating::Pass(true));
    let edit = |text: &str| desk.workspace.write("prompts/greet/notes.md", text);
    edit("one");
    desk.call(SetRater { name: None, share_by_itself: Some(true) });
    desk.call(Commit { message: "one".into(), ..Commit::default() });
    assert_eq!(git(&desk, &["for-each-ref", "refs/assay/log"]), "");
    assert_eq!(desk.call(ShareRatings {}).signed, 1);
    assert!(git(&desk, &["for-each-ref", "refs/assay/log"]).contains("refs/assay/log/"));
}
