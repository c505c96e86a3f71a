//! Drafts, settings, workspaces, trust, consents and providers.

use assay_store::{ConsentRecord, Draft, ProviderRecord, Store};

use crate::support::*;

#[test]
fn what_is_a_persons_own_survives_reopening() {
    let (store, folder) = store();
    store.keep_draft("w", "prompts/a/base.prompty", "half a wo", Some("sha256:1"), 5).unwrap();
    store.keep_draft("w", "prompts/a/base.prompty", "half a word", Some("sha256:1"), 6).unwrap();
    store.keep_draft("other", "x", "y", None, 7).unwrap();
    store.set_setting("theme", "dark").unwrap();
    store.remember_workspace("/a", "a", 1).unwrap();
    store.remember_workspace("/b", "b", 2).unwrap();
    store.remember_workspace("/a", "a again", 3).unwrap();
    store.set_trusted("/a", true, 4).unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    let draft = Draft {
        path: "prompts/a/base.prompty".into(),
        text: "half a word".into(),
        base: Some("sha256:1".into()),
        at_ms: 6,
    };
    assert_eq!(store.drafts("w").unwrap(), [draft]);
    assert_eq!(store.setting("theme").unwrap().as_deref(), Some("dark"));
    assert_eq!(store.setting("unset").unwrap(), None);
    let names: Vec<_> =
        store.recent_workspaces(10).unwrap().into_iter().map(|opened| opened.name).collect();
    assert_eq!(names, ["a again", "b"]);
    assert_eq!(store.recent_workspaces(1).unwrap().len(), 1);
    assert!(store.trusted("/a").unwrap());
    assert!(!store.trusted("/b").unwrap(), "opening a workspace does not trust it");
}

#[test]
fn what_is_taken_back_is_gone() {
    let (store, _folder) = store();
    store.keep_draft("w", "a", "text", None, 5).unwrap();
    store.drop_draft("w", "a").unwrap();
    store.set_trusted("/a", true, 1).unwrap();
    store.set_trusted("/a", false, 2).unwrap();
    store.remember_workspace("/a", "a", 1).unwrap();
    store.forget_workspace("/a").unwrap();
    assert!(store.drafts("w").unwrap().is_empty());
    assert!(!store.trusted("/a").unwrap());
    assert!(store.recent_workspaces(10).unwrap().is_empty());
}

fn consent(hash: &str, at_ms: i64) -> ConsentRecord {
    ConsentRecord { hash: hash.into(), kind: "python".into(), workspace: "w".into(), at_ms }
}

#[test]
fn a_consent_is_for_one_text_until_it_is_taken_back() {
    let (store, folder) = store();
    store.give_consent(consent("a1", 1)).unwrap();
    store.give_consent(consent("b2", 2)).unwrap();
    store.give_consent(consent("a1", 3)).unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.consents().unwrap(), [consent("b2", 2), consent("a1", 1)], "the first stands");
    assert!(store.has_consent("a1").unwrap());
    assert!(!store.has_consent("a").unwrap() && !store.has_consent("A1").unwrap());
    assert!(store.take_consent("a1").unwrap());
    assert!(!store.take_consent("a1").unwrap(), "there is nothing left to take");
    assert!(!store.has_consent("a1").unwrap() && store.has_consent("b2").unwrap());
}

#[test]
fn a_provider_added_again_replaces_the_one_of_its_name() {
    let (store, _folder) = store();
    let provider = |models: &[&str]| ProviderRecord {
        name: "house".into(),
        kind: "openai-chat".into(),
        base_url: "http://127.0.0.1:8080/v1".into(),
        key_env: Some("HOUSE_KEY".into()),
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        preset: None,
        options: serde_json::json!({}),
    };
    store.put_provider(provider(&["a"])).unwrap();
    store.put_provider(provider(&["z", "a"])).unwrap();
    assert_eq!(store.providers().unwrap(), [provider(&["z", "a"])]);
    store.remove_provider("house").unwrap();
    assert!(store.providers().unwrap().is_empty());
}
