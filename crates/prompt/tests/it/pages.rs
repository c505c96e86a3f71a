//! The pages about problems: each says what its code means, and its examples do what they say.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use assay_prompt::{
    Diagnostic, Files, Severity, codes, judge_prompts, parse_folder, parse_repository, render,
    rhai_scripts, shared_ids,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/problems")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fenced blocks of a text under the file names that stand above them.
fn files_of(text: &str) -> Files {
    let mut files = Files::new();
    let mut lines = text.lines();
    let mut name = None;
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            let content: String = block.map(|line| format!("{line}\n")).collect();
            let name: String = name.take().expect("a block stands under the name of its file");
            files.insert(name, visible(&content));
        } else if let Some(file) = line.strip_prefix('`').and_then(|line| line.strip_suffix('`')) {
            name = Some(file.to_owned());
        }
    }
    files
}

/// The text that is meant where `<U+200B>` stands for a character nobody sees.
fn visible(text: &str) -> String {
    let mut parts = text.split("<U+");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('>').unwrap();
        shown.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        shown.push_str(rest);
    }
    shown
}

/// Everything found in a folder, and where it can be rendered what that finds for its first case.
fn found(files: &Files) -> Vec<Diagnostic> {
    if let Some(config) = files.get("assay.yaml") {
        return parse_repository(config).1;
    }
    if files.keys().any(|file| file.contains('/')) {
        return found_between(files);
    }
    let prompt = parse_folder("p", files);
    let mut found = prompt.diagnostics.clone();
    // The language is another crate's; for the page it is enough that what is opened is closed.
    let count = |text: &str, bracket: char| text.chars().filter(|c| *c == bracket).count();
    let scripts = rhai_scripts(&prompt, files).into_iter();
    let broken = scripts.filter(|script| count(&script.text, '(') != count(&script.text, ')'));
    found.extend(broken.map(|script| script.broken("what is opened is not closed", None)));
    if let Some(variant) = prompt.variants.first()
        && prompt.errors().next().is_none()
    {
        found.extend(render(&prompt, variant, &prompt.run_cases()[0]).err());
    }
    found
}

/// What is found between the prompts of a repository: those whose folders the names begin with.
fn found_between(files: &Files) -> Vec<Diagnostic> {
    let mut folders: BTreeMap<&str, Files> = BTreeMap::new();
    for (path, text) in files {
        if let Some((folder, file)) = path.split_once('/') {
            folders.entry(folder).or_default().insert(file.to_owned(), text.clone());
        }
    }
    let prompts: Vec<_> =
        folders.iter().map(|(folder, files)| (*folder, parse_folder(folder, files))).collect();
    let ids: Vec<_> = prompts
        .iter()
        .filter_map(|(folder, prompt)| Some((*folder, prompt.id.as_deref()?, prompt.id_span)))
        .collect();
    let shared = shared_ids(&ids).into_iter().map(|(_, found)| found);
    let asked = prompts.iter().flat_map(|(folder, prompt)| judge_prompts(prompt, &folders[folder]));
    let missing = asked.filter(|asked| !folders.contains_key(asked.name.as_str()));
    shared.chain(missing.map(|asked| asked.missing())).collect()
}

/// The folder that examples differ from, with what a section of a page shows on top.
fn laid_over(under: &Files, section: &str) -> Files {
    let mut files = under.clone();
    files.extend(files_of(section));
    files
}

#[test]
fn every_code_has_a_page_of_the_same_meaning_and_shape() {
    for (code, meaning) in codes::TABLE {
        let page = read(&format!("{code}.md"));
        assert_eq!(page.lines().next(), Some(&*format!("# {code}: {meaning}")));
        let headings: Vec<_> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings, ["## What to do", "## Not like this", "## Like this"], "{code}");
    }
}

#[test]
fn the_index_lists_every_code_and_no_page_is_left_over() {
    let index = read("README.md");
    for (code, meaning) in codes::TABLE {
        assert!(index.contains(&format!("* [{code}]({code}.md): {meaning}\n")), "{code}");
    }
    let pages = fs::read_dir(folder()).unwrap().count();
    assert_eq!(pages, codes::TABLE.len() + 1, "a page for each code, and the index");
    assert_eq!(found(&files_of(&index)).iter().find(|d| d.code != codes::MISSING_INPUT), None);
}

#[test]
fn the_bad_examples_have_the_problem_and_the_good_ones_have_none() {
    let base = files_of(&read("README.md"));
    for (code, _) in codes::TABLE {
        let page = read(&format!("{code}.md"));
        let (_, examples) = page.split_once("## Not like this").unwrap();
        let (bad, good) = examples.split_once("## Like this").unwrap();
        let bad = laid_over(&base, bad);
        let found_bad = found(&bad);
        assert!(found_bad.iter().any(|d| d.code == *code), "{code} fires: {found_bad:?}");
        let found_good = found(&laid_over(&bad, good));
        // A prompt without cases and defaults can be written, but not rendered.
        let rest: Vec<_> = found_good
            .iter()
            .filter(|d| d.code != codes::MISSING_INPUT || *code == d.code)
            .collect();
        let wrong = rest.iter().find(|d| d.code == *code || d.severity == Severity::Error);
        assert_eq!(wrong, None, "{code}: the good example is in order");
        assert!(rest.is_empty(), "{code}: {rest:?}");
    }
}
