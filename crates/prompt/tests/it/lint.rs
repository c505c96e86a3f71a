//! False alarms and speed: what is in order stays without a finding, and checking it takes no time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use assay_prompt::{
    Edit, Files, Prompt, Row, apply_edits, parse_folder, parse_repository, row_to_line,
};
use proptest::prelude::*;
use serde_json::json;

use crate::sample::{files, files_with};

fn read_folder(folder: &Path) -> Files {
    let mut files = Files::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        files.insert(name, fs::read_to_string(&path).unwrap());
    }
    files
}

#[test]
fn the_templates_have_no_findings() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
    let mut seen = 0;
    for entry in fs::read_dir(&templates).unwrap() {
        let template = entry.unwrap().path();
        if template.ends_with("judges") {
            seen += judges_without_findings(&template);
            continue;
        }
        let config = fs::read_to_string(template.join("assay.yaml")).unwrap();
        assert_eq!(parse_repository(&config).1, [], "{}", template.display());
        for prompt in fs::read_dir(template.join("prompts")).unwrap() {
            let folder = prompt.unwrap().path();
            let prompt = parse_folder("p", &read_folder(&folder));
            assert_eq!(prompt.diagnostics, [], "{}", folder.display());
            seen += 1;
        }
    }
    assert_eq!(seen, 3 + 11);
}

/// The prompts that judges ask with, each a folder.
fn judges_without_findings(judges: &Path) -> usize {
    let folders = fs::read_dir(judges).unwrap().map(|entry| entry.unwrap().path());
    let found = |folder: PathBuf| (parse_folder("p", &read_folder(&folder)).diagnostics, folder);
    folders.map(found).map(|(found, at)| assert_eq!(found, [], "{}", at.display())).count()
}

/// A folder of three variants, with examples and cases of some length that differ.
fn typical(examples: usize, cases: usize) -> Files {
    let mut files = files();
    let third = files["baseline.prompty"].clone();
    files.insert("third.prompty".to_owned(), third);
    let manifest = files.get_mut("prompt.yaml").unwrap();
    let at = manifest.find("variants:\n").unwrap() + "variants:\n".len();
    manifest.insert_str(at, "  - {id: third, file: third.prompty}\n");
    let ticket = |n: usize| {
        let words = (0..40).map(|at| format!("word{}", (at * at + n * 7919 + n * at) % 10_007));
        json!(words.collect::<Vec<_>>().join(" "))
    };
    let rows = |name: &str, from: usize, count: usize| -> String {
        let row = |n: usize| {
            let mut row = Row { id: format!("{name}-{n}"), ..Row::default() };
            row.input.insert("ticket".into(), ticket(n));
            let answer = json!({"category": "billing", "urgent": false, "reason": "It says so."});
            row.output = Some(answer.clone());
            row.expected = Some(answer);
            row.tags = vec!["safety".into(), "urgent".into()];
            row_to_line(&row) + "\n"
        };
        (from..from + count).map(row).collect()
    };
    files.insert("examples.jsonl".to_owned(), rows("ex", 0, examples));
    files.insert("cases.jsonl".to_owned(), rows("c", examples, cases));
    files
}

fn timed(files: &Files) -> (Prompt, Duration) {
    let start = Instant::now();
    let prompt = parse_folder("p", files);
    (prompt, start.elapsed())
}

#[test]
fn a_prompt_of_thousands_of_rows_is_checked_without_comparing_all_pairs() {
    let files = typical(2_000, 2_000);
    let (prompt, took) = timed(&files);
    assert_eq!(prompt.diagnostics, []);
    println!("4,000 rows: {took:?}");
    // A debug build on a busy computer; comparing 16 million pairs takes minutes.
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_finding_names_the_row_that_is_alike_among_thousands() {
    let mut files = typical(500, 500);
    let line = files["examples.jsonl"].lines().nth(77).unwrap().replace("ex-77", "c-copy");
    let copy = line.replacen("word", "another", 1);
    files.get_mut("cases.jsonl").unwrap().push_str(&(copy + "\n"));
    let found = parse_folder("p", &files).diagnostics;
    let messages: Vec<_> = found.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["case `c-copy` has nearly the same input as example `ex-77`"]);
}

#[test]
fn an_input_that_only_a_scorer_uses_is_used() {
    let mut files =
        files_with("inputs.yaml", "- name: ticket", "- {name: city, kind: string}\n- name: ticket");
    let evals = files.get_mut("evals.yaml").unwrap();
    *evals = evals.replacen(
        "scorers:\n",
        "scorers:\n  - {id: city, type: contains, value: '{{ city }}'}\n",
        1,
    );
    assert_eq!(parse_folder("p", &files).diagnostics, []);
}

#[test]
fn however_much_is_wrong_saying_so_is_bounded() {
    let names: Vec<String> = (0..3_000).map(|n| format!("input{n}")).collect();
    let inputs: Vec<String> =
        names.iter().map(|name| format!("- {{name: {name}, required: true}}")).collect();
    let body: String = names.iter().map(|name| format!("{{{{ {name}x }}}}")).collect();
    let row = |n: usize| {
        let extra: Vec<String> =
            names.iter().take(50).map(|name| format!("\"{name}y\":{n}")).collect();
        format!("{{\"id\":\"c{n}\",\"input\":{{{}}}}}\n", extra.join(","))
    };
    let files = Files::from([
        (
            "prompt.yaml".to_owned(),
            "format: assay/1\nid: x\nvariants:\n  - {id: a, file: a.prompty}\n".to_owned(),
        ),
        ("a.prompty".to_owned(), format!("---\ninputs: ${{file:i.yaml}}\n---\nuser:\n{body}")),
        ("i.yaml".to_owned(), inputs.join("\n")),
        ("cases.jsonl".to_owned(), (0..3_000).map(row).collect()),
    ]);
    let (prompt, took) = timed(&files);
    let shown: usize = prompt.diagnostics.iter().map(|d| format!("{d:?}").len()).sum();
    println!("{} findings of {shown} bytes in {took:?}", prompt.diagnostics.len());
    assert!(prompt.diagnostics.len() < 5_000, "{}", prompt.diagnostics.len());
    assert!(shown < 4 << 20, "{shown}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// The sample folder with pieces of all that checks look for thrown into it.
fn disturbed() -> impl Strategy<Value = Files> {
    let piece = prop::sample::select(vec![
        "é",
        "\u{200b}",
        "\u{feff}",
        "\r\n",
        "\n",
        "\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "- ",
        "  ",
        "id",
        "id: ",
        "{\"id\":",
        "User:\n",
        "{{ tikcet }}",
        "{% if a is defined %}",
        "x",
        "\\",
        "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        "2025-01-31T10:20",
        "---\n",
        "tags: [a]",
        "#",
    ]);
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..12_usize, piece);
    prop::collection::vec(change, 1..6).prop_map(|changes| {
        let mut files = files();
        for (file, at, cut, piece) in changes {
            let name = file.get(&files.keys().cloned().collect::<Vec<_>>()).clone();
            let text = files.get_mut(&name).unwrap();
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((start + cut).min(text.len())).max(start);
            text.replace_range(start..end, piece);
        }
        files
    })
}

fn with_ids(edits: &[Edit]) -> Vec<Edit> {
    edits.iter().map(|edit| edit.clone().with_id(|| "01J8ZQ4V7N".to_owned())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_place_and_every_fix_lies_in_its_file(files in disturbed()) {
        for found in parse_folder("p", &files).diagnostics {
            let text = files.get(&found.file).map_or("", String::as_str);
            prop_assert!(text.get(found.span.start..found.span.end).is_some(), "{found:?}");
            if let Some(fix) = &found.fix {
                prop_assert!(fix.edits.iter().all(|edit| edit.file == found.file), "{found:?}");
                let fixed = apply_edits(text, &with_ids(&fix.edits));
                prop_assert!(fixed.is_some_and(|fixed| fixed != *text), "{found:?}");
            }
        }
    }

    #[test]
    fn what_a_safe_fix_put_right_stays_right(files in disturbed()) {
        let mut files = files;
        for _ in 0..40 {
            let found = parse_folder("p", &files).diagnostics;
            let fixes = found.into_iter().filter_map(|found| Some((found.code, found.file, found.fix?)));
            let Some((_, file, fix)) = fixes.into_iter().find(|(_, _, fix)| fix.safe) else {
                return Ok(());
            };
            let fixed = apply_edits(&files[&file], &with_ids(&fix.edits)).unwrap();
            files.insert(file, fixed);
        }
        prop_assert!(false, "safe fixes come to an end");
    }
}
