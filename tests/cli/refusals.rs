//! Wrong use and bad input: exit code 2, what is wrong, and what to do.

use assay_testkit::TestWorkspace;

use crate::process::{Terminal, greeter};

fn check_refused(terminal: &Terminal, arguments: &[&str], expected: &[&str]) {
    let left = terminal.assay(arguments);
    assert_eq!(left.exit, 2, "assay {}: {}{}", arguments.join(" "), left.out, left.err);
    assert_eq!(left.out, "", "nothing stands where a document was expected");
    for text in expected {
        assert!(left.err.contains(text), "{text:?} is not in:\n{}", left.err);
    }
}

#[test]
fn outside_a_repository_the_folder_is_named() {
    let terminal = Terminal::at(TestWorkspace::empty());
    let folder = tempfile::tempdir().expect("a folder");
    let left = terminal.assay_in(folder.path(), &["list"]);
    assert_eq!(left.exit, 2);
    assert!(left.err.contains("is not in a git repository"), "{}", left.err);
    assert!(left.err.contains("hint: "), "{}", left.err);
}

#[test]
fn a_folder_that_is_not_there_is_named_with_a_way_out() {
    let terminal = Terminal::at(TestWorkspace::empty());
    let missing = ["-C", "/nowhere/at/all"];
    let expected = ["there is no folder /nowhere/at/all", "hint: ", "assay init DIR"];
    check_refused(&terminal, &[&missing[..], &["list"]].concat(), &expected);
    check_refused(&terminal, &[&missing[..], &["run"]].concat(), &expected);
}

#[test]
fn names_that_are_not_there_are_answered_with_those_that_are() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    check_refused(&terminal, &["run", "nobody"], &["nobody", "prompts/greet"]);
    check_refused(&terminal, &["run", "--variant", "cold"], &["`cold`", "`plain` and `warm`"]);
    check_refused(&terminal, &["run", "--tag", "slow"], &["`slow`", "`smoke`"]);
    check_refused(&terminal, &["run", "--case", "dora"], &["`dora`"]);
    check_refused(&terminal, &["run", "--model", "nowhere/x"], &["nowhere", "local", "server"]);
    check_refused(&terminal, &["show", "01NORUN"], &["01NORUN"]);
    check_refused(&terminal, &["log", "nope"], &["no commit has touched `nope`", "assay list"]);
    check_refused(&terminal, &["attest", "nope"], &["no run `nope`", "assay runs"]);
    check_refused(&terminal, &["verify", "HEAD~1..HEAD"], &["assay verify HEAD~1 HEAD"]);
    check_refused(&terminal, &["compare", "HEAD..main"], &["assay compare HEAD main"]);
    check_refused(&terminal, &["models", "test", "nowhere"], &["nowhere"]);
}

#[test]
fn wrong_use_is_explained_on_standard_error() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    check_refused(&terminal, &["run", "-j", "0"], &["0"]);
    check_refused(&terminal, &["fly"], &["fly"]);
}

#[test]
fn a_broken_front_matter_is_refused_at_its_line() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    terminal
        .workspace
        .write("prompts/greet/plain.prompty", "---\nname: greet\nmodel: [\n---\nuser:\nHi\n");
    check_refused(&terminal, &["run", "greet"], &["prompts/greet/plain.prompty:"]);
    assert_eq!(server.count(), 0);
}

#[test]
fn a_result_file_that_cannot_be_written_is_refused_before_anything_is_paid_for() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    check_refused(&terminal, &["run", "--json", "no/such/folder/out.json"], &["out.json"]);
    assert_eq!(server.count(), 0);
}

#[test]
fn a_prompt_in_the_place_of_a_result_file_is_refused() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    check_refused(&terminal, &["run", "--json", "greet"], &["takes a file", "`greet`"]);
    assert!(!terminal.path().join("greet").exists());
    assert_eq!(server.count(), 0);
}

#[test]
fn a_full_disk_is_named_where_the_system_has_one_to_offer() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let left = terminal.assay(&["run", "--json", "/dev/full"]);
    assert_eq!(left.exit, 2, "{}", left.err);
    assert!(left.err.contains("/dev/full"), "{}", left.err);
    let kept = terminal.ok(&["runs", "--json"]).json();
    assert_eq!(kept["runs"][0]["cells"]["done"], 6, "the run itself is kept");
}
