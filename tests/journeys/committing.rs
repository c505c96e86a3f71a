//! From an edit to a commit that git itself shows.

use std::collections::BTreeMap;
use std::process::Command;

use assay_wire::*;

use crate::desk::Desk;

const PLAIN: &str = "prompts/greet/plain.prompty";
const CASES: &str = "prompts/greet/cases.jsonl";

fn git(desk: &Desk, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(desk.workspace.path())
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn edited() -> Desk {
    let desk = Desk::new();
    let text = desk.workspace.read(PLAIN).replace("Greet the person.", "Greet the person briefly.");
    desk.workspace.write(PLAIN, &text);
    let cases = desk.workspace.read(CASES).replace("Hello Bob", "Hello Robert");
    desk.workspace.write(CASES, &cases);
    desk
}

#[test]
fn changes_are_told_in_words_of_prompts() {
    let desk = edited();
    let changes = desk.call(ReadChanges {});
    let items: Vec<_> = changes
        .files
        .iter()
        .flat_map(|f| &f.items)
        .map(|i| (i.subject.as_str(), i.id.as_str(), i.status))
        .collect();
    assert_eq!(
        items,
        [("case", "bob", FileStatus::Edited), ("variant", "plain", FileStatus::Edited)]
    );
}

#[test]
fn a_diff_marks_the_words_that_changed_and_colours_the_rest() {
    let desk = edited();
    let diff = desk.call(ReadDiff { path: PLAIN.to_owned() });
    let spans: Vec<_> = diff
        .hunks
        .iter()
        .flat_map(|h| &h.lines)
        .flat_map(|l| l.spans.iter().map(move |s| (l, s)))
        .collect();
    let changed: String = spans
        .iter()
        .filter(|(l, s)| l.side == DiffSide::New && s.changed)
        .map(|(_, s)| s.text.as_str())
        .collect();
    assert_eq!(changed.trim(), "briefly");
    assert!(spans.iter().any(|(_, s)| s.role == "tag"), "the role line has its colour");
}

#[test]
fn a_commit_holds_the_chosen_files_and_git_shows_it() {
    let desk = edited();
    let commit = desk.call(Commit {
        message: "Be brief".to_owned(),
        paths: vec![PLAIN.to_owned()],
        ..Commit::default()
    });
    assert!(
        git(&desk, &["log", "-1", "--format=%H %s"])
            .starts_with(&format!("{} Be brief", commit.id))
    );
    assert!(git(&desk, &["show", &format!("HEAD:{PLAIN}")]).contains("briefly"));
    let left = desk.call(ReadChanges {});
    assert_eq!(left.files.len(), 1, "what was not chosen is still there to commit");
    assert_eq!(desk.call(ReadLog { limit: 1 })[0].summary, "Be brief");
}

#[test]
fn a_commit_can_hold_one_row_and_leave_the_others_to_the_next() {
    let desk = edited();
    let text = desk.workspace.read(CASES);
    desk.workspace.write(CASES, &text.replace("Good day Cleo", "Welcome Cleo"));
    let rows = BTreeMap::from([(CASES.to_owned(), vec!["cleo".to_owned()])]);
    desk.call(Commit { message: "Cleo".to_owned(), paths: vec![CASES.to_owned()], rows });
    let committed = git(&desk, &["show", &format!("HEAD:{CASES}")]);
    assert!(committed.contains("Welcome Cleo"), "{committed}");
    let left = desk.call(ReadChanges {});
    let items: Vec<_> = left.files.iter().flat_map(|f| &f.items).map(|i| i.id.as_str()).collect();
    assert_eq!(items, ["bob", "plain"], "the row that was not chosen waits");
}

#[test]
fn nothing_to_commit_and_an_empty_message_are_refused() {
    let desk = edited();
    let empty = desk.refused(Commit { message: "  \n".to_owned(), ..Commit::default() });
    assert_eq!(empty.code, Code::BadInput);
    desk.call(Commit { message: "All".to_owned(), ..Commit::default() });
    let nothing = desk.refused(Commit { message: "Again".to_owned(), ..Commit::default() });
    assert_eq!(nothing.code, Code::Git);
}
