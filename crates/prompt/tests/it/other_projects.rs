//! Files of other projects, where present: they must parse without a panic, and ordinary chat
//! prompts must render unchanged.

use std::fs;
use std::path::{Path, PathBuf};

use assay_prompt::{Files, Prompt, codes, parse_lone, render};

fn root() -> Option<PathBuf> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/realworld/microsoft--prompty");
    if !root.is_dir() {
        println!("no files of other projects here; nothing to check");
        return None;
    }
    Some(root)
}

fn prompty_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            prompty_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "prompty") {
            found.push(path);
        }
    }
}

fn load(path: &Path) -> Prompt {
    let mut files = Files::new();
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap().path();
        if let Ok(text) = fs::read_to_string(&entry) {
            files.insert(entry.file_name().unwrap().to_str().unwrap().to_owned(), text);
        }
    }
    let file = path.file_name().unwrap().to_str().unwrap();
    parse_lone(file, file, &files)
}

#[test]
fn every_file_parses_without_a_panic() {
    let Some(root) = root() else { return };
    let mut found = Vec::new();
    prompty_files(&root, &mut found);
    assert!(!found.is_empty());
    for path in found {
        let prompt = load(&path);
        assert_eq!(prompt.variants.len(), 1, "{}", path.display());
        for finding in &prompt.diagnostics {
            println!("{} {} {}", path.display(), finding.code, finding.message);
        }
    }
}

#[test]
fn chat_prompts_render_with_their_defaults() {
    let Some(root) = root() else { return };
    for name in ["chat-basic", "streaming-chat", "chat-agent", "structured-output"] {
        let path = root.join(format!("web/docs-examples/prompts/{name}.prompty"));
        let prompt = load(&path);
        assert_eq!(prompt.diagnostics, [], "{name}");
        let rendered = render(&prompt, &prompt.variants[0], &prompt.run_cases()[0]).unwrap();
        let roles: Vec<_> = rendered.messages.iter().map(|m| m.role.as_str()).collect();
        assert_eq!(roles, ["system", "user"], "{name}");
    }
}

#[test]
fn what_is_not_chat_says_so_and_does_not_render() {
    let Some(root) = root() else { return };
    for name in ["image-gen", "embedding"] {
        let path = root.join(format!("web/docs-examples/prompts/{name}.prompty"));
        let prompt = load(&path);
        let error = render(&prompt, &prompt.variants[0], &prompt.run_cases()[0]).unwrap_err();
        assert_eq!(error.code, codes::NOT_CHAT, "{name}");
    }
}
