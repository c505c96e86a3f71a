//! Prompts and variants that come, go and change names; each step taken back.

use assay_testkit::TestWorkspace;
use assay_wire::*;

use crate::desk::Desk;

fn names(desk: &Desk) -> Vec<String> {
    desk.call(ReadWorkspace {}).prompts.into_iter().map(|p| p.name).collect()
}

fn variants(desk: &Desk) -> Vec<String> {
    desk.call(ReadWorkspace {}).prompts.remove(0).variants
}

fn undo(desk: &Desk, edited: &Edited) -> Edited {
    desk.call(UndoEdit { undo: edited.undo.clone() })
}

#[test]
fn a_new_prompt_has_no_problem_and_runs_by_its_name() {
    let desk = Desk::new();
    let made = desk.call(CreatePrompt { name: "welcome".to_owned() });
    assert_eq!(made.prompt.as_deref(), Some("prompts/welcome"));
    let check = desk.call(CheckPrompts { prompts: vec!["welcome".to_owned()] });
    assert_eq!(check.problems, []);
    let render =
        RenderPrompt { prompt: "welcome".to_owned(), variant: None, case: None, input: None };
    assert!(!desk.call(render).messages.is_empty());
}

#[test]
fn a_prompt_is_copied_renamed_and_deleted_and_each_is_taken_back() {
    let desk = Desk::new();
    let copy = desk.call(DuplicatePrompt { prompt: "greet".to_owned(), name: "hello".to_owned() });
    assert_eq!(names(&desk), ["greet", "hello"]);
    let ids: Vec<_> = ["greet", "hello"]
        .map(|name| desk.workspace.read(&format!("prompts/{name}/prompt.yaml")))
        .iter()
        .filter_map(|text| text.lines().find(|l| l.starts_with("id:")).map(str::to_owned))
        .collect();
    assert_ne!(ids[0], ids[1], "a copy is another prompt");

    let renamed = desk.call(RenamePrompt { prompt: "hello".to_owned(), name: "hail".to_owned() });
    assert_eq!(names(&desk), ["greet", "hail"]);
    let deleted = desk.call(DeletePrompt { prompt: "hail".to_owned() });
    assert_eq!(deleted.prompt, None);
    assert_eq!(names(&desk), ["greet"]);

    for (edit, left) in
        [(deleted, vec!["greet", "hail"]), (renamed, vec!["greet", "hello"]), (copy, vec!["greet"])]
    {
        undo(&desk, &edit);
        assert_eq!(names(&desk), left);
    }
}

#[test]
fn what_was_taken_back_can_be_done_again() {
    let desk = Desk::new();
    let renamed = desk.call(RenamePrompt { prompt: "greet".to_owned(), name: "hail".to_owned() });
    let back = undo(&desk, &renamed);
    assert_eq!(names(&desk), ["greet"]);
    undo(&desk, &back);
    assert_eq!(names(&desk), ["hail"]);
    let gone = desk.refused(UndoEdit { undo: back.undo });
    assert_eq!(gone.code, Code::NotFound);
}

#[test]
fn variants_are_added_beside_their_source_renamed_and_deleted() {
    let desk = Desk::new();
    let prompt = || "greet".to_owned();
    desk.call(AddVariant { prompt: prompt(), id: "brief".to_owned(), from: Some("plain".into()) });
    assert_eq!(variants(&desk), ["plain", "brief", "warm"]);
    let renamed = RenameVariant { prompt: prompt(), variant: "brief".into(), id: "terse".into() };
    desk.call(renamed);
    assert_eq!(variants(&desk), ["plain", "terse", "warm"]);
    let deleted = desk.call(DeleteVariant { prompt: prompt(), variant: "terse".into() });
    assert_eq!(variants(&desk), ["plain", "warm"]);
    undo(&desk, &deleted);
    assert_eq!(variants(&desk), ["plain", "terse", "warm"]);
}

#[test]
fn names_that_are_taken_or_unfit_are_refused_and_nothing_changes() {
    let desk = Desk::new();
    let before = desk.call(ReadChanges {}).files.len();
    for name in ["greet", "", "..", "a/../../b", "con", "a\\b", ".git"] {
        desk.refused(CreatePrompt { name: name.to_owned() });
    }
    desk.refused(RenamePrompt { prompt: "greet".to_owned(), name: "../out".to_owned() });
    desk.refused(AddVariant { prompt: "greet".into(), id: "plain".into(), from: None });
    assert_eq!(desk.call(ReadChanges {}).files.len(), before);
}

#[test]
fn an_edit_that_somebody_wrote_over_is_not_taken_back() {
    let desk = Desk::new();
    let added = desk.call(AddVariant {
        prompt: "greet".to_owned(),
        id: "brief".to_owned(),
        from: Some("plain".to_owned()),
    });
    let manifest = "prompts/greet/prompt.yaml";
    let theirs = desk.workspace.read(manifest) + "# theirs\n";
    desk.workspace.write(manifest, &theirs);
    desk.refused(UndoEdit { undo: added.undo });
    assert_eq!(desk.workspace.read(manifest), theirs);
}

#[test]
fn a_lone_file_becomes_a_folder_with_the_same_text() {
    let files = TestWorkspace::empty();
    let text = "---\nname: hi\n---\nuser:\nHi!\n";
    files.write("hi.prompty", text);
    let desk = Desk::at(files);
    let refused = desk.refused(AddVariant { prompt: "hi".into(), id: "b".into(), from: None });
    assert!(!refused.hints.is_empty(), "{refused}");
    let made = desk.call(ConvertPrompt { prompt: "hi".to_owned() });
    assert_eq!(made.prompt.as_deref(), Some("hi"));
    assert_eq!(desk.workspace.read("hi/hi.prompty"), text);
    assert_eq!(desk.call(CheckPrompts::default()).errors, 0);
}

#[test]
fn safe_fixes_are_applied_together_and_taken_back_together() {
    let desk = Desk::new();
    let manifest = "prompts/greet/prompt.yaml";
    let text: String = desk
        .workspace
        .read(manifest)
        .lines()
        .filter(|line| !line.starts_with("id:"))
        .map(|line| format!("{line}\n"))
        .collect();
    desk.workspace.write(manifest, &text);
    let fix = desk.call(FixProblems::default());
    assert_eq!((fix.fixed, fix.files.as_slice()), (1, [manifest.to_owned()].as_slice()));
    let fixed = desk.workspace.read(manifest);
    assert!(fixed.lines().any(|line| line.starts_with("id: ")), "a permanent id: {fixed}");
    assert!(!fixed.contains("new-id"), "and a fresh one: {fixed}");
    assert_eq!(fix.left.problems, []);
    desk.call(UndoEdit { undo: fix.undo });
    assert_eq!(desk.workspace.read(manifest), text);
}

#[test]
fn long_typing_is_kept_as_a_draft_that_survives() {
    let desk = Desk::new();
    let path = "prompts/greet/plain.prompty";
    desk.call(KeepDraft { path: path.to_owned(), text: "half a".to_owned(), base: None });
    let desk = desk.restart();
    let view = desk.call(ReadPrompt { prompt: "greet".to_owned() });
    let file = view.files.iter().find(|file| file.path == path).expect("it is there");
    assert_eq!(file.draft.as_deref(), Some("half a"));
}

#[test]
fn a_folder_that_was_copied_with_its_id_is_told() {
    let desk = Desk::new();
    for file in
        ["prompt.yaml", "plain.prompty", "warm.prompty", "inputs.yaml", "evals.yaml", "cases.jsonl"]
    {
        let text = desk.workspace.read(&format!("prompts/greet/{file}"));
        desk.workspace.write(&format!("prompts/greet-copy/{file}"), &text);
    }
    let problems = desk.call(CheckPrompts::default()).problems;
    let told: Vec<_> = problems.iter().map(|p| (p.code.as_str(), p.file.as_str())).collect();
    assert_eq!(told, [("P0702", "prompts/greet-copy/prompt.yaml")]);
}

#[test]
fn a_copy_with_a_shared_id_gets_one_of_its_own_when_that_is_asked_for() {
    let desk = Desk::new();
    let manifest = desk.workspace.read("prompts/greet/prompt.yaml");
    for file in
        ["prompt.yaml", "plain.prompty", "warm.prompty", "inputs.yaml", "evals.yaml", "cases.jsonl"]
    {
        let text = desk.workspace.read(&format!("prompts/greet/{file}"));
        desk.workspace.write(&format!("prompts/greet-copy/{file}"), &text);
    }
    let safe = desk.call(FixProblems::default());
    assert_eq!((safe.fixed, safe.left.errors), (0, 1), "which is the copy is for someone to see");
    let codes = vec!["P0702".to_owned()];
    let first = vec!["prompts/greet".to_owned()];
    let kept = desk.call(FixProblems { prompts: first, codes: codes.clone() });
    assert_eq!(kept.fixed, 0, "the first keeps its id");
    let copy = vec!["prompts/greet-copy".to_owned()];
    let fix = desk.call(FixProblems { prompts: copy, codes });
    assert_eq!(
        (fix.fixed, fix.files.as_slice()),
        (1, ["prompts/greet-copy/prompt.yaml".to_owned()].as_slice())
    );
    assert_eq!(desk.call(CheckPrompts::default()).problems, []);
    assert_eq!(desk.workspace.read("prompts/greet/prompt.yaml"), manifest);
    let fixed = desk.workspace.read("prompts/greet-copy/prompt.yaml");
    let differ = fixed.lines().zip(manifest.lines()).filter(|(a, b)| a != b).count();
    assert_eq!((differ, fixed.lines().count()), (1, manifest.lines().count()), "{fixed}");
    desk.call(UndoEdit { undo: fix.undo });
    assert_eq!(desk.workspace.read("prompts/greet-copy/prompt.yaml"), manifest);
}

#[test]
fn a_draft_follows_its_variant_to_another_name_and_back() {
    let desk = Desk::new();
    let drafts = || {
        let view = desk.call(ReadPrompt { prompt: "greet".to_owned() });
        let draft = |file: FileView| file.draft.map(|text| (file.name, text));
        view.files.into_iter().filter_map(draft).collect::<Vec<_>>()
    };
    let kept = |name: &str| vec![(name.to_owned(), "half a".to_owned())];
    let path = "prompts/greet/plain.prompty".to_owned();
    desk.call(KeepDraft { path, text: "half a".to_owned(), base: None });
    let renamed = desk.call(RenameVariant {
        prompt: "greet".to_owned(),
        variant: "plain".to_owned(),
        id: "bare".to_owned(),
    });
    assert_eq!(drafts(), kept("bare.prompty"));
    let back = desk.call(UndoEdit { undo: renamed.undo });
    assert_eq!(drafts(), kept("plain.prompty"));
    desk.call(UndoEdit { undo: back.undo });
    assert_eq!(drafts(), kept("bare.prompty"), "and again");
}

#[test]
fn a_draft_follows_its_prompt_to_another_name_and_back() {
    let desk = Desk::new();
    let draft = |prompt: &str| {
        let view = desk.call(ReadPrompt { prompt: prompt.to_owned() });
        view.files.into_iter().find_map(|file| file.draft.map(|text| (file.name, text)))
    };
    let kept = Some(("plain.prompty".to_owned(), "half a".to_owned()));
    let path = "prompts/greet/plain.prompty".to_owned();
    desk.call(KeepDraft { path, text: "half a".to_owned(), base: None });
    let renamed = desk.call(RenamePrompt { prompt: "greet".to_owned(), name: "hail".to_owned() });
    assert_eq!(draft("hail"), kept);
    undo(&desk, &renamed);
    assert_eq!(draft("greet"), kept);
}

#[test]
fn a_prompt_that_cannot_be_read_keeps_no_other_from_being_fixed() {
    let desk = Desk::new();
    let files = &desk.workspace;
    files.write_bytes("prompts/broken/prompt.yaml", &[0xff]);
    files.write("prompts/ends.prompty", "---\r\nname: ends\r\n---\r\nuser:\r\nHi!\r\n");
    let fix = desk.call(FixProblems::default());
    assert_eq!(fix.files, ["prompts/ends.prompty"]);
    assert_eq!(files.read("prompts/ends.prompty"), "---\nname: ends\n---\nuser:\nHi!\n");
    assert!(fix.left.problems.iter().any(|p| p.file.contains("broken")), "{:?}", fix.left);
}

#[test]
fn an_import_that_was_taken_back_can_be_made_again_under_its_name() {
    let desk = Desk::new();
    desk.workspace.write("old/chat.prompty", "---\nname: chat\n---\nuser:\nHi!\n");
    let file = desk.workspace.path().join("old/chat.prompty").display().to_string();
    let import = || {
        desk.call(WriteImport { format: None, file: file.clone(), into: None, keep: Vec::new() })
    };
    let first = import();
    assert_eq!(first.keys, ["prompts/chat"]);
    desk.call(UndoEdit { undo: first.undo });
    assert_eq!(import().keys, ["prompts/chat"]);
}
