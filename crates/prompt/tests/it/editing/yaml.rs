//! Single edits of YAML texts, each with the whole text that must come out.

use std::time::{Duration, Instant};

use assay_prompt::edit::{self, EditError, Step, YamlPart};
use serde_json::{Value, json};

/// `variants.0.id` as a path; a step of digits is an item.
fn path(steps: &str) -> Vec<Step> {
    let step = |step: &str| step.parse::<usize>().map_or(Step::from(step), Step::from);
    steps.split('.').filter(|step| !step.is_empty()).map(step).collect()
}

#[track_caller]
fn check_set(text: &str, at: &str, value: Value, expected: &str) {
    let edited = edit::set(text, YamlPart::File, &path(at), &value).unwrap();
    assert_eq!(edited, expected, "{at} = {value}");
}

#[track_caller]
fn check_insert(text: &str, list: &str, at: usize, value: Value, expected: &str) {
    let edited = edit::insert(text, YamlPart::File, &path(list), at, &value).unwrap();
    assert_eq!(edited, expected, "{list}[{at}] = {value}");
}

#[track_caller]
fn check_remove(text: &str, at: &str, expected: &str) {
    assert_eq!(edit::remove(text, YamlPart::File, &path(at)).unwrap(), expected, "without {at}");
}

#[track_caller]
fn check_write(text: &str, value: Value, expected: &str) {
    assert_eq!(edit::write(text, YamlPart::File, &value).unwrap(), expected, "{value}");
}

#[test]
fn a_scalar_is_replaced_in_place_with_its_quotes_and_comment() {
    check_set("a: 1 # one\nb: 2\n", "a", json!(5), "a: 5 # one\nb: 2\n");
    check_set("a:   \"x\"   # c\n", "a", json!("y"), "a:   \"y\"   # c\n");
    check_set("a: 'x'\n", "a", json!("it's"), "a: 'it''s'\n");
    check_set("a: 'x'\n", "a", json!("a\tb"), "a: \"a\\tb\"\n");
    check_set("a: x\n", "a", json!("yes"), "a: \"yes\"\n");
    check_set("a: x", "a", json!("y"), "a: y");
    check_set("a: one\n  two # c\nb: 1\n", "a", json!("p"), "a: p # c\nb: 1\n");
    check_set("\"k:\": x # c\n", "k:", json!("y"), "\"k:\": y # c\n");
    check_set("- a # x\n- b\n", "0", json!("c"), "- c # x\n- b\n");
    check_set("l:\n- - a # x\n  - b\n", "l.0.1", json!("c"), "l:\n- - a # x\n  - c\n");
}

#[test]
fn a_key_without_a_value_gets_one() {
    check_set("a:\nb: 1\n", "a", json!("x"), "a: x\nb: 1\n");
    check_set("a: # why\nb: 1\n", "a", json!("x"), "a: x # why\nb: 1\n");
    check_set("a: ~\n", "a", json!(1), "a: 1\n");
    check_set("a:\n", "a", json!(["x"]), "a: [x]\n");
    check_set("- \n- b\n", "0", json!("x"), "- x\n- b\n");
    check_set("v: {a, b: , c: 1}\n", "v.a", json!(2), "v: {a: 2, b: , c: 1}\n");
    check_set("v: {a, b: , c: 1}\n", "v.b", json!(2), "v: {a, b: 2 , c: 1}\n");
}

#[test]
fn texts_of_several_lines_are_blocks_and_go_back_to_one_line() {
    check_set(
        "m:\n    a: 1 # c\nb: 2\n",
        "m.a",
        json!("x\ny\n"),
        "m:\n    a: | # c\n        x\n        y\nb: 2\n",
    );
    check_set("m:\n  a: x\n", "m.a", json!("x\n\ny"), "m:\n  a: |-\n    x\n\n    y\n");
    check_set("a: | # c\n  x\n  y\nb: 1\n", "a", json!("one"), "a: one # c\nb: 1\n");
    check_set("a: >\n  x\n\nb: 1\n", "a", json!("p\nq\n"), "a: |\n  p\n  q\n\nb: 1\n");
    check_set("a: [x]\n", "a.0", json!("p\nq"), "a: [\"p\\nq\"]\n");
    check_set("a: |+\n  x\n\n\nb: 1\n", "c", json!(2), "a: |+\n  x\n\n\nb: 1\nc: 2\n");
}

#[test]
fn a_new_key_stands_at_the_indentation_of_its_map() {
    check_set("a: 1\n# tail\n", "b", json!("x"), "a: 1\nb: x\n# tail\n");
    check_set(
        "m:\n    a: 1 # c\n    # tail\nz: 1\n",
        "m.b",
        json!(2),
        "m:\n    a: 1 # c\n    b: 2\n    # tail\nz: 1\n",
    );
    check_set(
        "v:\n  - id: a # c\n  - b\n",
        "v.0.n",
        json!(1),
        "v:\n  - id: a # c\n    n: 1\n  - b\n",
    );
    check_set("a: 1", "b", json!(2), "a: 1\nb: 2");
    check_set("", "a", json!(1), "a: 1\n");
    check_set("# head", "a.b.c", json!(1), "# head\na:\n  b: {c: 1}\n");
    check_set("---\na: 1\n...\n", "b", json!(2), "---\na: 1\nb: 2\n...\n");
    check_set("a: {}\n", "a.b", json!(1), "a:\n  b: 1\n");
}

#[test]
fn brackets_stay_brackets() {
    let text = "v:\n  - {id: a, file: b} # c\n";
    check_set(text, "v.0.file", json!("x, y"), "v:\n  - {id: a, file: \"x, y\"} # c\n");
    check_set(text, "v.0.n", json!({"k": [1]}), "v:\n  - {id: a, file: b, n: {k: [1]}} # c\n");
    check_remove(text, "v.0.id", "v:\n  - {file: b} # c\n");
    check_insert("v: [a,b]\n", "v", 1, json!("n"), "v: [a,n,b]\n");
    check_insert("v: [ a ]\n", "v", 0, json!("n"), "v: [ n, a ]\n");
    check_remove("v: [a, b, c]\n", "v.2", "v: [a, b]\n");
    check_remove("v: [a]\n", "v.0", "v: []\n");
}

#[test]
fn brackets_over_several_lines_keep_their_lines_and_comments() {
    let text = "v: [\n  a, # first\n  b # last\n]\n";
    check_insert(text, "v", 2, json!("c"), "v: [\n  a, # first\n  b, # last\n  c\n]\n");
    check_insert(text, "v", 0, json!("c"), "v: [\n  c,\n  a, # first\n  b # last\n]\n");
    check_remove(text, "v.0", "v: [\n  b # last\n]\n");
    check_remove(text, "v.1", "v: [\n  a # first\n]\n");
    check_write(text, json!({"v": ["b", "a"]}), "v: [\n  b, # last\n  a # first\n]\n");
    check_insert("v: [\n  a,\n]\n", "v", 1, json!("b"), "v: [\n  a,\n  b,\n]\n");
}

#[test]
fn items_are_added_where_they_are_asked_for() {
    let text = "v:\n  # about a\n  - {id: a} # c\n  # about b\n  - b\nz: 1\n";
    check_insert(
        text,
        "v",
        0,
        json!("n"),
        "v:\n  # about a\n  - n\n  - {id: a} # c\n  # about b\n  - b\nz: 1\n",
    );
    check_insert(
        text,
        "v",
        1,
        json!({"id": "n"}),
        "v:\n  # about a\n  - {id: a} # c\n  - {id: n}\n  # about b\n  - b\nz: 1\n",
    );
    check_insert(
        text,
        "v",
        2,
        json!(["n"]),
        "v:\n  # about a\n  - {id: a} # c\n  # about b\n  - b\n  - [n]\nz: 1\n",
    );
    check_insert(
        "v:\n- id: a\n  n: 1\n",
        "v",
        1,
        json!({"id": "b", "n": 2}),
        "v:\n- id: a\n  n: 1\n- id: b\n  n: 2\n",
    );
    check_insert("v: []\n", "v", 0, json!({"id": "b"}), "v:\n  - {id: b}\n");
    check_insert("v: []\n", "v", 0, json!("b"), "v: [b]\n");
    check_insert(
        "a:\n- x\nv: [] # c\n",
        "v",
        0,
        json!({"id": "b"}),
        "a:\n- x\nv: # c\n- {id: b}\n",
    );
}

#[test]
fn what_is_removed_takes_its_own_comments_along() {
    check_remove("a: 1\n# about b\nb: 2 # x\nc: 3\n", "b", "a: 1\nc: 3\n");
    check_remove("# head\na: 1\nb: 2\n", "a", "# head\nb: 2\n");
    check_remove(
        "a: 1\n\n# group\n\n# about b\nb: 2\n\nc: 3\n",
        "b",
        "a: 1\n\n# group\n\n\nc: 3\n",
    );
    check_remove("a: 1\n\n# group\n\nb: 2\n", "b", "a: 1\n\n# group\n");
    check_remove("v:\n  - id: a # c\n    n: 1\n  - b\n", "v.0", "v:\n  - b\n");
    check_remove("v:\n  - a # c\nz: 1\n", "v.0", "v: []\nz: 1\n");
    check_remove("a: 1\n", "a", "{}\n");
}

#[test]
fn items_that_move_take_their_comments_along() {
    check_write(
        "v:\n  - {id: a} # x\n  # about b\n  - {id: b} # y\n  - {id: c}\n",
        json!({"v": [{"id": "c"}, {"id": "b", "n": 1}, {"id": "a"}]}),
        "v:\n  - {id: c}\n  # about b\n  - {id: b, n: 1} # y\n  - {id: a} # x\n",
    );
}

#[test]
fn line_ends_stay_as_they_are() {
    check_set(
        "a:\r\n  b: 1\r\nc: 2\r\n",
        "a.d",
        json!("x\ny"),
        "a:\r\n  b: 1\r\n  d: |-\r\n    x\r\n    y\r\nc: 2\r\n",
    );
    check_insert("v:\r\n  - a\r\n", "v", 1, json!("b"), "v:\r\n  - a\r\n  - b\r\n");
    check_remove("a: 1\r\n# about\r\nb: 2\r\nc: 3\r\n", "b", "a: 1\r\nc: 3\r\n");
    check_insert(
        "v: [\r\n  a, # x\r\n  b # y\r\n]\r\n",
        "v",
        2,
        json!("c"),
        "v: [\r\n  a, # x\r\n  b, # y\r\n  c\r\n]\r\n",
    );
}

#[test]
fn front_matter_is_edited_and_the_body_is_not() {
    let text = "---\nname: x # c\n---\nsystem:\n---\nmodel: y\n";
    let set = |at: &str, value| edit::set(text, YamlPart::FrontMatter, &path(at), &value).unwrap();
    assert_eq!(
        set("model.options.temperature", json!(0.5)),
        "---\nname: x # c\nmodel:\n  options: {temperature: 0.5}\n---\nsystem:\n---\nmodel: y\n"
    );
    let empty = edit::set("---\n---\nhi", YamlPart::FrontMatter, &path("a"), &json!(1)).unwrap();
    assert_eq!(empty, "---\na: 1\n---\nhi");
    let error = edit::set("hi", YamlPart::FrontMatter, &path("a"), &json!(1)).unwrap_err();
    assert_eq!(error, EditError::NoFrontMatter);
}

#[test]
fn what_is_shared_or_unreadable_is_refused() {
    let refused = |text: &str, at: &str| {
        edit::set(text, YamlPart::File, &path(at), &json!("new")).unwrap_err()
    };
    let anchored = "a: &x {k: 1}\nb: *x\nc: 1\n";
    assert_eq!(refused(anchored, "b.k"), EditError::Shared { line: 2 });
    assert_eq!(refused(anchored, "a.k"), EditError::Shared { line: 1 });
    check_set(anchored, "c", json!(2), "a: &x {k: 1}\nb: *x\nc: 2\n");
    check_set("a: &x p\nb: *x # c\n", "b", json!("q"), "a: &x p\nb: q # c\n");
    assert_eq!(refused("? a\n: b\n", "a"), EditError::Unsupported { line: 1 });
    assert!(matches!(refused("a: [1", "a"), EditError::BadYaml { .. }));
    assert!(matches!(refused("a: 1\na: 2\n", "a"), EditError::BadYaml { .. }));
    assert_eq!(refused("a: 1\n", "a.b"), EditError::NoSuchPlace { place: "b".into() });
    assert_eq!(refused("a: [1]\n", "a.2"), EditError::NoSuchPlace { place: "2".into() });
}

/// The shortest of three, so that a busy computer counts less.
fn shortest(mut work: impl FnMut()) -> Duration {
    let mut timed = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..3).map(|_| timed()).min().unwrap()
}

/// Sets `at` in a long line of such parts, within a few times what reading it takes.
#[track_caller]
fn check_time(open: &str, part: fn(usize) -> String, close: &str, at: &str) {
    let parts: String = (0..8_000).map(part).collect();
    let text = format!("k: 1\nl: {open}{parts}z{close}\n");
    let read = shortest(|| drop(edit::value(&text, YamlPart::File).unwrap()));
    let (path, value) = (path(at), json!("changed"));
    let edited = shortest(|| drop(edit::set(&text, YamlPart::File, &path, &value).unwrap()));
    println!("{open}{}: read in {read:?}, edited in {edited:?}", part(0));
    assert!(edited < read * 8, "{open}{}: read in {read:?}, edited in {edited:?}", part(0));
}

#[test]
fn a_long_line_in_brackets_is_edited_in_a_few_times_what_reading_it_takes() {
    check_time("{", |n| format!("k{n}, "), "}", "k");
    let levels = 44;
    let (open, close) = ("[".repeat(levels), "]".repeat(levels));
    check_time(&open, |n| format!("a{n}, "), &close, &format!("l{}", ".0".repeat(levels)));
}
