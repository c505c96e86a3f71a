//! Opening, editing and saving files of prompts.

use assay_testkit::TestWorkspace;
use assay_wire::*;

use crate::desk::Desk;

const PLAIN: &str = "prompts/greet/plain.prompty";

fn file(desk: &Desk) -> FileView {
    let view = desk.call(ReadPrompt { prompt: "greet".to_owned() });
    view.files.into_iter().find(|f| f.path == PLAIN).expect("the variant is there")
}

fn save(desk: &Desk, text: &str, base: &str) -> SaveOutcome {
    desk.call(SaveFile {
        path: PLAIN.to_owned(),
        text: text.to_owned(),
        base: Some(base.to_owned()),
    })
}

#[test]
fn the_sample_is_a_repository_with_a_first_commit_that_is_trusted_to_run() {
    let desk = Desk::new();
    let made = desk.call(CreateWorkspace { template: "support-triage".to_owned(), path: None });
    assert!(made.trusted, "its content came with Assay");
    assert_eq!(made.prompts[0].name, "support-triage");
    assert_eq!(made.prompts[0].variants, ["baseline", "policy-first"]);
    assert_eq!(made.prompts[0].errors, 0);
    assert_eq!(made.changed_files, 0);
    assert_eq!(desk.call(ReadLog { limit: 5 }).len(), 1);
    let second = desk.call(CreateWorkspace { template: "support-triage".to_owned(), path: None });
    assert_ne!(second.path, made.path, "a sample never lands in the one before");
}

#[test]
fn a_saved_file_is_on_disk_and_leaves_no_draft() {
    let desk = Desk::new();
    let before = file(&desk);
    let text = before.text.replace("Greet", "Welcome");
    assert!(matches!(save(&desk, &text, &before.digest), SaveOutcome::Saved { .. }));
    assert_eq!(desk.workspace.read(PLAIN), text);
    assert_eq!(file(&desk).draft, None);
}

#[test]
fn what_somebody_else_saved_is_never_overwritten_and_what_was_typed_is_kept() {
    let desk = Desk::new();
    let before = file(&desk);
    let theirs = before.text.replace("Greet", "Hail");
    desk.workspace.write(PLAIN, &theirs);
    let mine = before.text.replace("Greet", "Welcome");
    let SaveOutcome::Conflict { text, digest } = save(&desk, &mine, &before.digest) else {
        panic!("a conflict was expected");
    };
    assert_eq!(text, theirs);
    assert_eq!(desk.workspace.read(PLAIN), theirs);

    let desk = desk.restart();
    assert_eq!(file(&desk).draft.as_deref(), Some(mine.as_str()), "kept across a restart");
    assert!(matches!(save(&desk, &mine, &digest), SaveOutcome::Saved { .. }), "keeping mine");
    assert_eq!(file(&desk).draft, None);
}

#[test]
fn a_file_that_is_gone_is_a_conflict_that_can_be_settled() {
    let desk = Desk::new();
    let before = file(&desk);
    desk.workspace.remove(PLAIN);
    let SaveOutcome::Conflict { text, digest } = save(&desk, &before.text, &before.digest) else {
        panic!("a conflict was expected");
    };
    assert_eq!((text.as_str(), digest.as_str()), ("", ""));
    assert!(matches!(save(&desk, &before.text, &digest), SaveOutcome::Saved { .. }));
    assert_eq!(desk.workspace.read(PLAIN), before.text);
}

#[test]
fn a_draft_that_is_dropped_is_forgotten() {
    let desk = Desk::new();
    let before = file(&desk);
    desk.workspace.write(PLAIN, "---\n---\nuser:\nHail");
    save(&desk, "---\n---\nuser:\nMine", &before.digest);
    assert!(file(&desk).draft.is_some());
    desk.call(DropDraft { path: PLAIN.to_owned() });
    assert_eq!(file(&desk).draft, None);
}

#[test]
fn a_lone_prompty_file_opens_as_a_prompt_of_one_variant_and_renders_its_defaults() {
    let workspace = TestWorkspace::empty();
    workspace.write(
        "chat/basic.prompty",
        "---\nname: basic\nmodel:\n  id: gpt-4o-mini\n  provider: openai\ninputs:\n  - name: question\n    kind: string\n    default: What is Prompty?\n---\nsystem:\nBe brief.\n\nuser:\n{{question}}\n",
    );
    let desk = Desk::at(workspace);
    let view = desk.call(ReadWorkspace {});
    assert_eq!(view.prompts[0].key, "chat/basic.prompty");
    let rendered = desk.call(RenderPrompt {
        prompt: "basic".to_owned(),
        variant: None,
        case: None,
        input: None,
    });
    let user = &rendered.messages[1];
    assert_eq!(user.content[0].text, "What is Prompty?");
    assert_eq!(user.content[0].from, "question");
}

#[test]
fn the_preview_names_where_every_word_came_from() {
    let desk = Desk::new();
    let rendered = desk.call(RenderPrompt {
        prompt: "greet".to_owned(),
        variant: Some("warm".to_owned()),
        case: Some("bob".to_owned()),
        input: None,
    });
    assert_eq!(rendered.messages[0].content[0].from, "template");
    assert_eq!(rendered.messages[1].content[0].from, "person");
    assert!(rendered.content_id.starts_with("sha256:"));
    let given = desk.call(RenderPrompt {
        prompt: "greet".to_owned(),
        variant: None,
        case: None,
        input: Some(r#"{"person":"Dora"}"#.to_owned()),
    });
    assert_eq!(given.messages[1].content[0].text, "Dora");
}

#[test]
fn the_chosen_appearance_is_still_chosen_after_a_restart() {
    let desk = Desk::new();
    desk.call(SetTheme { theme: Theme::Dark });
    let desk = desk.restart();
    let app = desk.call(ReadApp {});
    assert_eq!(app.theme, Theme::Dark);
    assert_eq!(app.recent.len(), 1);
    assert!(app.recent[0].exists);
}
