use super::*;

fn file(path: &str, prompt: Option<&str>) -> ChangedFile {
    ChangedFile {
        path: path.into(),
        status: FileStatus::Edited,
        prompt: prompt.map(Into::into),
        items: Vec::new(),
    }
}

fn files() -> Vec<ChangedFile> {
    vec![
        file("assay.yaml", None),
        file("prompts/a/cases.jsonl", Some("prompts/a")),
        file("prompts/b/one.prompty", Some("prompts/b")),
        file("prompts/a/x.prompty", Some("prompts/a")),
    ]
}

fn line(side: DiffSide, new: Option<u32>, spans: &[(&str, bool)]) -> DiffLine {
    let spans = spans
        .iter()
        .map(|(text, changed)| DiffSpan {
            text: (*text).into(),
            role: "plain".into(),
            changed: *changed,
        })
        .collect();
    DiffLine { side, old: new, new, spans }
}

fn item(subject: &str, id: &str, summary: &str) -> ChangedItem {
    let (subject, id, summary) = (subject.into(), id.into(), summary.into());
    ChangedItem { subject, id, summary, status: FileStatus::Edited }
}

#[test]
fn files_stand_with_their_prompt_and_those_of_the_repository_last() {
    let groups = groups(&files());
    let prompts: Vec<_> = groups.iter().map(|g| g.prompt.as_deref()).collect();
    assert_eq!(prompts, [Some("prompts/a"), Some("prompts/b"), None]);
    assert_eq!(groups[0].paths, ["prompts/a/cases.jsonl", "prompts/a/x.prompty"]);
}

#[test]
fn arrows_follow_the_list_as_it_is_grouped_and_end_at_its_ends() {
    let paths = paths(&files());
    assert_eq!(step(&paths, "prompts/a/x.prompty", 1).as_deref(), Some("prompts/b/one.prompty"));
    assert_eq!(step(&paths, "assay.yaml", 1).as_deref(), Some("assay.yaml"));
    assert_eq!(step(&paths, "prompts/a/cases.jsonl", -1).as_deref(), Some("prompts/a/cases.jsonl"));
    assert_eq!(step(&paths, "gone", 1), None);
}

#[test]
fn a_file_is_named_below_its_prompt() {
    assert_eq!(short_path("prompts/a/in/x.md", Some("prompts/a")), "in/x.md");
    assert_eq!(short_path("lone.prompty", Some("lone.prompty")), "lone.prompty");
    assert_eq!(short_path("docs/x.md", None), "docs/x.md");
}

#[test]
fn every_file_is_chosen_until_it_is_taken_out() {
    assert_eq!(chosen(&files(), &BTreeSet::new()).len(), 4);
    let out = BTreeSet::from(["assay.yaml".to_owned()]);
    assert!(!chosen(&files(), &out).contains(&"assay.yaml".to_owned()));
}

#[test]
fn the_count_says_how_much_of_it_goes_in() {
    let words = [(0, 0), (0, 3), (1, 1), (3, 3), (2, 3)].map(|(c, a)| count_words(c, a));
    assert_eq!(
        words,
        ["Nothing to commit", "No file chosen", "1 file", "All 3 files", "2 of 3 files"]
    );
}

#[test]
fn a_commit_wants_a_file_and_a_summary() {
    assert!(obstacle("Be brief", 0).is_some());
    assert!(obstacle("  ", 1).is_some());
    assert_eq!(obstacle("Be brief", 1), None);
}

#[test]
fn the_body_stands_apart_from_the_summary() {
    assert_eq!(message(" Be brief ", " \n"), "Be brief");
    assert_eq!(message("Be brief", "It rambled.\n"), "Be brief\n\nIt rambled.");
}

#[test]
fn every_item_names_its_subject() {
    assert_eq!(
        item_words(&item("variant", "plain", "plain: 1 word added")),
        "variant plain: 1 word added"
    );
    assert_eq!(
        item_words(&item("case", "bob", "case bob: input edited")),
        "case bob: input edited"
    );
    assert_eq!(
        item_words(&item("manifest", "prompt.yaml", "prompt.yaml: text edited")),
        "prompt.yaml: text edited"
    );
    assert_eq!(item_words(&item("case", "bob", "")), "case bob: edited");
}

#[test]
fn a_row_whose_fields_are_shown_is_not_told_twice() {
    let field = FieldDifference { row: "bob".into(), field: "q".into(), pieces: Vec::new() };
    let added = ChangedItem { status: FileStatus::Added, ..item("case", "cleo", "") };
    let items = vec![item("case", "bob", ""), added.clone(), item("evals", "x", "")];
    let left = beside_fields(items, &[field]);
    assert_eq!(left, [added, item("evals", "x", "")]);
}

#[test]
fn of_many_changes_the_first_are_told_and_the_rest_counted() {
    let items: Vec<_> = ["a", "b", "c"].iter().map(|id| item("case", id, "")).collect();
    assert_eq!(item_lines(&items, 2), ["case a: edited", "case b: edited", "and 1 more"]);
    assert_eq!(item_lines(&items, 3).len(), 3);
    assert_eq!(item_lines(&items, 1)[1], "and 2 more");
}

#[test]
fn lines_left_out_before_and_between_hunks_are_counted() {
    let one = DiffHunk {
        lines: vec![line(DiffSide::Both, Some(4), &[]), line(DiffSide::Old, None, &[])],
    };
    let two = DiffHunk { lines: vec![line(DiffSide::Both, Some(10), &[])] };
    assert_eq!(skipped(None, &one), 3);
    assert_eq!(skipped(Some(&one), &two), 5);
    assert_eq!(skipped_words(0), None);
    assert_eq!(line_counts(&[one, two]), (0, 1));
}

#[test]
fn a_line_that_only_moved_is_told_from_one_that_came_or_went() {
    let moved = Moved { from: vec![3], to: vec![7] };
    assert!(moved.has(&line(DiffSide::New, Some(7), &[])));
    assert!(!moved.has(&line(DiffSide::New, Some(3), &[])));
    assert!(!moved.has(&line(DiffSide::Both, Some(7), &[])));
    assert_eq!(moved_sign(DiffSide::Old).0, "<");
}

#[test]
fn a_long_diff_starts_with_whole_hunks_and_ends_inside_one() {
    let hunk = DiffHunk { lines: vec![line(DiffSide::New, None, &[]); 3] };
    let sizes: Vec<_> =
        start_of(&[hunk.clone(), hunk.clone(), hunk], 4).iter().map(|h| h.lines.len()).collect();
    assert_eq!(sizes, [3, 1]);
}

#[test]
fn words_stand_out_only_beside_words_that_stayed() {
    let part = [("Be ", false), ("brief", true)];
    assert!(emphasises(&line(DiffSide::New, None, &part)));
    assert!(!emphasises(&line(DiffSide::New, None, &[("All new", true)])));
    assert!(!emphasises(&line(DiffSide::New, None, &[("All new", false)])));
    assert!(
        emphasises(&line(DiffSide::New, None, &[("same", false), (" ", true)])),
        "a space at the end"
    );
}

#[test]
fn what_cannot_be_seen_is_drawn() {
    let parts = glyphs("a\u{202e}b\u{200b}");
    let drawn: Vec<_> = parts
        .iter()
        .map(|part| match part {
            Glyphs::Text(text) => text.clone(),
            Glyphs::Hidden { glyph, name } => format!("[{glyph} = {name}]"),
        })
        .collect();
    assert_eq!(
        drawn.concat(),
        "a[RLO = U+202E right-to-left override]b[ZWSP = U+200B zero width space]"
    );
}

#[test]
fn hidden_letters_are_spelled_out() {
    assert_eq!(hidden('\u{e0041}').map(|(glyph, _)| glyph).as_deref(), Some("TAG A"));
    assert_eq!(hidden('\u{1b}').map(|(glyph, _)| glyph).as_deref(), Some("␛"));
}

#[test]
fn emoji_and_joined_scripts_stay_as_they_are() {
    assert_eq!(glyphs("👩\u{200d}🚀 ❤\u{fe0f}\t").len(), 1);
    assert!(glyphs("").is_empty());
}

#[test]
fn times_are_told_as_people_say_them() {
    let told = [30, 60, 7_200, 86_400, 700_000].map(|s| ago(1_000_000 - s, 1_000_000));
    let told: Vec<_> = told.iter().map(Option::as_deref).collect();
    assert_eq!(
        told,
        [Some("just now"), Some("1 minute ago"), Some("2 hours ago"), Some("1 day ago"), None]
    );
    assert_eq!(ago(2_000_000, 1_000_000).as_deref(), Some("just now"), "a clock that is behind");
}
