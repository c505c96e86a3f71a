//! Finding prompts and reading them, from the worktree and from the last commit.

use assay_repo::{RepoError, Workspace};
use assay_testkit::TestWorkspace;

use crate::{git, open};

const VARIANT: &str = "---\nname: a\n---\nuser:\nHello {{ who }}\n";
const MANIFEST: &str = "format: assay/1\nid: 01JTEST0000000000000000009\nvariants:\n  - {id: only, file: only.prompty}\n";

fn keys(files: &TestWorkspace) -> Vec<String> {
    let prompts = open(files).prompts().expect("prompts");
    prompts.into_iter().map(|prompt| prompt.key).collect()
}

#[test]
fn without_assay_yaml_the_whole_worktree_is_searched() {
    let files = TestWorkspace::empty();
    files.write("deep/down/triage/prompt.yaml", MANIFEST);
    files.write("deep/down/triage/only.prompty", VARIANT);
    files.write("web/chat-basic.prompty", VARIANT);
    files.write("top.prompty", VARIANT);
    files.write("notes.md", "not a prompt");
    assert_eq!(keys(&files), ["deep/down/triage", "top.prompty", "web/chat-basic.prompty"]);
}

#[test]
fn with_assay_yaml_its_folders_are_searched_and_no_others() {
    let files = TestWorkspace::empty();
    files
        .write("assay.yaml", "format: assay/1\nid: x\nprompts: [prompts, more/of-them, not-yet]\n");
    files.write("prompts/team/triage/prompt.yaml", MANIFEST);
    files.write("prompts/lone.prompty", VARIANT);
    files.write("more/of-them/b.prompty", VARIANT);
    files.write("more/other.prompty", VARIANT);
    files.write("elsewhere/prompt.yaml", MANIFEST);
    assert_eq!(
        keys(&files),
        ["more/of-them/b.prompty", "prompts/lone.prompty", "prompts/team/triage"]
    );
}

#[test]
fn a_folder_of_assay_yaml_outside_the_workspace_is_refused() {
    let files = TestWorkspace::empty();
    files.write("assay.yaml", "format: assay/1\nid: x\nprompts: [../..]\n");
    let error = open(&files).prompts().unwrap_err();
    assert!(matches!(error, RepoError::OutsideWorkspace { .. }), "{error}");
}

#[test]
fn what_git_ignores_is_no_prompt_unless_it_is_tracked() {
    let files = TestWorkspace::empty();
    files.write("kept/old.prompty", VARIANT);
    files.commit("before it was ignored");
    files.write(".gitignore", "scratch/\n*.tmp.prompty\nold.prompty\n");
    files.write("scratch/a.prompty", VARIANT);
    files.write("b.tmp.prompty", VARIANT);
    files.write("new.prompty", VARIANT);
    assert_eq!(keys(&files), ["kept/old.prompty", "new.prompty"]);
}

#[test]
fn a_tracked_prompt_is_found_in_an_ignored_folder_as_git_finds_its_changes() {
    let files = TestWorkspace::empty();
    files.write("drafts/old.prompty", VARIANT);
    files.commit("before it was ignored");
    files.write(".gitignore", "drafts/\n");
    files.write("drafts/new.prompty", VARIANT);
    assert_eq!(keys(&files), ["drafts/old.prompty"]);
}

#[test]
fn build_output_and_other_repositories_are_not_entered() {
    let files = TestWorkspace::empty();
    files.write("target/a.prompty", VARIANT);
    files.write("node_modules/b/b.prompty", VARIANT);
    files.write("vendored/c.prompty", VARIANT);
    git2::Repository::init(files.path().join("vendored")).unwrap();
    files.write("d.prompty", VARIANT);
    assert_eq!(keys(&files), ["d.prompty"]);
}

#[cfg(unix)]
#[test]
fn links_are_no_prompts() {
    let outside = TestWorkspace::empty();
    outside.write("triage/prompt.yaml", MANIFEST);
    outside.write("a.prompty", VARIANT);
    let files = TestWorkspace::empty();
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(outside.path().join(to), files.path().join(name)).unwrap();
    };
    link("triage", "triage");
    link("a.prompty", "a.prompty");
    link("", "everything");
    assert!(keys(&files).is_empty());
}

#[cfg(unix)]
#[test]
fn a_prompt_with_a_link_for_a_file_names_the_link() {
    let files = TestWorkspace::empty();
    files.write("triage/prompt.yaml", MANIFEST);
    std::os::unix::fs::symlink("/etc/passwd", files.path().join("triage/only.prompty")).unwrap();
    let workspace = open(&files);
    let triage = workspace.find_prompt("triage").unwrap();
    let error = workspace.load(&triage).unwrap_err();
    assert_eq!(error.to_string(), "triage/only.prompty is a link, and links are not followed");
}

#[test]
fn a_prompt_that_is_the_whole_repository_bears_its_folders_name() {
    let files = TestWorkspace::empty();
    files.write("prompt.yaml", MANIFEST);
    files.write("only.prompty", VARIANT);
    let workspace = open(&files);
    let prompts = workspace.prompts().unwrap();
    let name = files.path().file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!((prompts[0].key.as_str(), &prompts[0].name), (".", &name));
    let files_of_it = workspace.files(&prompts[0]).unwrap();
    assert_eq!(files_of_it.keys().collect::<Vec<_>>(), ["only.prompty", "prompt.yaml"]);
}

#[test]
fn a_prompt_is_found_by_key_name_folder_and_manifest() {
    let files = TestWorkspace::empty();
    files.write("prompts/triage/prompt.yaml", MANIFEST);
    files.write("web/chat.prompty", VARIANT);
    let workspace = open(&files);
    for wanted in ["triage", "prompts/triage", "./prompts/triage/", "prompts/triage/prompt.yaml"] {
        assert_eq!(workspace.find_prompt(wanted).unwrap().key, "prompts/triage");
    }
    assert_eq!(workspace.find_prompt("chat").unwrap().key, "web/chat.prompty");
}

#[test]
fn a_path_is_a_prompt_only_where_the_search_comes_by() {
    let files = TestWorkspace::empty();
    files.write("assay.yaml", "format: assay/1\nprompts: [in, also/in]\n");
    files.write(".gitignore", "scratch/\n");
    files.write("in/ok/prompt.yaml", MANIFEST);
    files.write("in/ok/below/prompt.yaml", MANIFEST);
    files.write("also/in/lone.prompty", VARIANT);
    let known = ["also/in/lone.prompty", "in/ok", "in/ok/below"];
    let others = ["in/ok/a.prompty", "in/target/b", "in/scratch/c", "in/vendored/d", "out/e"];
    for other in others {
        let place = if other.ends_with(".prompty") {
            other.to_owned()
        } else {
            format!("{other}/f.prompty")
        };
        files.write(&place, VARIANT);
    }
    git2::Repository::init(files.path().join("in/vendored")).unwrap();
    assert_eq!(keys(&files), known);
    let workspace = open(&files);
    for key in known {
        assert_eq!(workspace.find_prompt(key).unwrap().key, key);
    }
    for other in others {
        let lone = format!("{other}/f.prompty");
        assert!(workspace.find_prompt(other).is_err(), "{other}");
        assert!(workspace.find_prompt(&lone).is_err(), "{lone}");
    }
}

/// Keys with whether each is what the last commit has.
fn surveyed(workspace: &Workspace) -> Vec<(String, bool)> {
    let survey = workspace.survey().unwrap();
    assert_eq!(survey.changed_files, workspace.changes().unwrap().len());
    let keys: Vec<_> = survey.prompts.iter().map(|of| of.key.clone()).collect();
    assert_eq!(keys, workspace.prompts().unwrap(), "a search finds others");
    survey.prompts.into_iter().map(|of| (of.key.key, of.content.is_some())).collect()
}

#[test]
fn a_survey_tells_which_prompts_are_as_the_last_commit_has_them() {
    let files = TestWorkspace::empty();
    for name in ["edited", "gone", "ignored", "same", "staged"] {
        files.write(&format!("p/{name}/prompt.yaml"), MANIFEST);
        files.write(&format!("p/{name}/a.prompty"), VARIANT);
    }
    files.write("p/node_modules/x/prompt.yaml", MANIFEST);
    files.write("p/lone.prompty", VARIANT);
    files.write("p/lone-b.prompty", VARIANT);
    files.write(".gitignore", "*.local.yaml\nscratch/\n");
    files.commit("all");
    let workspace = open(&files);
    let keys = [
        "p/edited",
        "p/gone",
        "p/ignored",
        "p/lone-b.prompty",
        "p/lone.prompty",
        "p/same",
        "p/staged",
    ];
    assert_eq!(surveyed(&workspace), keys.map(|key| (key.to_owned(), true)));

    files.write("p/edited/a.prompty", "other\n");
    files.remove("p/gone/prompt.yaml");
    files.write("p/ignored/b.local.yaml", "a: 1\n");
    files.write("p/lone.prompty", "other\n");
    files.write("p/new/prompt.yaml", MANIFEST);
    files.write("p/scratch/prompt.yaml", MANIFEST);
    let expected = [
        ("p/edited", false),
        ("p/gone/a.prompty", true),
        ("p/ignored", false),
        ("p/lone-b.prompty", true),
        ("p/lone.prompty", false),
        ("p/new", false),
        ("p/same", true),
        ("p/staged", true),
    ];
    assert_eq!(surveyed(&workspace), expected.map(|(key, same)| (key.to_owned(), same)));

    files.write("p/staged/a.prompty", "staged\n");
    git(&files, &["add", "p/staged", "p/new"]);
    files.write("p/staged/a.prompty", VARIANT);
    let staged = surveyed(&workspace);
    assert!(staged.contains(&("p/staged".to_owned(), false)), "{staged:?}");
    git(&files, &["commit", "-q", "-m", "staged"]);
    let committed = surveyed(&workspace);
    assert!(committed.contains(&("p/new".to_owned(), true)), "{committed:?}");
    assert!(committed.contains(&("p/staged".to_owned(), false)), "{committed:?}");
}

#[test]
fn an_unknown_prompt_names_the_known_ones() {
    let files = TestWorkspace::empty();
    files.write("prompts/triage/prompt.yaml", MANIFEST);
    files.write("web/chat.prompty", VARIANT);
    let error = open(&files).find_prompt("triag").unwrap_err();
    assert_eq!(error.to_string(), "there is no prompt \"triag\"");
    assert_eq!(error.hint().unwrap(), "known prompts: prompts/triage, web/chat.prompty");
}

#[test]
fn a_name_that_two_prompts_bear_asks_which_one() {
    let files = TestWorkspace::empty();
    files.write("a/triage/prompt.yaml", MANIFEST);
    files.write("b/triage/prompt.yaml", MANIFEST);
    let error = open(&files).find_prompt("triage").unwrap_err();
    assert_eq!(error.hint().unwrap(), "name one of: a/triage, b/triage");
}

#[test]
fn a_prompts_files_are_its_texts_without_the_prompts_inside_it() {
    let files = TestWorkspace::empty();
    files.write("p/prompt.yaml", MANIFEST);
    files.write("p/only.prompty", VARIANT);
    files.write("p/schemas/in.yaml", "- name: who\n");
    files.write("p/inner/prompt.yaml", MANIFEST);
    files.write("p/inner/only.prompty", VARIANT);
    files.write_bytes("p/logo.png", b"\x89PNG\xff");
    let workspace = open(&files);
    let texts = workspace.files(&workspace.find_prompt("p").unwrap()).unwrap();
    assert_eq!(
        texts.keys().collect::<Vec<_>>(),
        ["only.prompty", "prompt.yaml", "schemas/in.yaml"]
    );
}

#[test]
fn a_lone_prompt_comes_with_what_it_refers_to_and_nothing_else() {
    let files = TestWorkspace::empty();
    files.write(
        "web/chat.prompty",
        "---\nname: chat\ninputs: ${file:schemas/in.yaml}\noutputs: ${file:../secret.yaml}\n---\nuser:\nHi\n",
    );
    files.write("web/schemas/in.yaml", "- {name: who, kind: string}\n");
    files.write("web/unrelated.yaml", "x: 1\n");
    files.write("secret.yaml", "x: 1\n");
    let workspace = open(&files);
    let chat = workspace.find_prompt("chat").unwrap();
    let texts = workspace.files(&chat).unwrap();
    assert_eq!(texts.keys().collect::<Vec<_>>(), ["chat.prompty", "schemas/in.yaml"]);
    let prompt = workspace.load(&chat).unwrap();
    assert_eq!(prompt.variants.len(), 1);
    assert_eq!(prompt.variants[0].id, "chat");
}

#[test]
fn a_prompt_is_read_from_the_worktree_and_from_the_last_commit() {
    let files = TestWorkspace::from_template("support-triage");
    let workspace = open(&files);
    let triage = workspace.find_prompt("support-triage").unwrap();
    let before = workspace.load_at_head(&triage).unwrap().unwrap();
    assert_eq!(before, workspace.load(&triage).unwrap());

    let path = "prompts/support-triage/baseline.prompty";
    files.write(path, &files.read(path).replace("route", "send"));
    assert_ne!(before, workspace.load(&triage).unwrap());
    assert_eq!(before, workspace.load_at_head(&triage).unwrap().unwrap());
}

#[test]
fn a_prompt_that_was_never_committed_has_no_last_version() {
    let files = TestWorkspace::empty();
    files.write("a.prompty", VARIANT);
    let workspace = open(&files);
    let lone = workspace.find_prompt("a").unwrap();
    assert_eq!(workspace.load_at_head(&lone).unwrap(), None, "before any commit");
    files.remove("a.prompty");
    files.write("other.txt", "other");
    files.commit("without it");
    assert_eq!(workspace.load_at_head(&lone).unwrap(), None, "after one without it");
}

#[test]
fn a_broken_assay_yaml_is_told_and_does_not_stop_the_workspace() {
    let files = TestWorkspace::empty();
    files.write_bytes("assay.yaml", b"format: \xff");
    let (_, problems) = open(&files).config();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("not UTF-8"), "{problems:?}");
}
