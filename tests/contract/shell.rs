//! What the webview may load and call, read from the files that decide it.

use serde_json::Value;

use crate::{entries, name, read};

/// The policy that was decided. Changing it is a decision, and this line is where it is made.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self' ipc: http://ipc.localhost; object-src 'none'; \
     base-uri 'none'; frame-src 'none'";

fn configuration() -> Value {
    serde_json::from_str(&read("tauri.conf.json")).expect("JSON")
}

/// The names in `const COMMANDS: &[&str] = &["rpc", …]` of the build script.
fn declared_commands() -> Vec<String> {
    let source = read("src-tauri/build.rs");
    let list = source.split("COMMANDS: &[&str] = &[").nth(1).expect("the list of commands");
    let list = list.split(']').next().expect("its end");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_page_is_held_by_one_strict_policy() {
    let security = &configuration()["app"]["security"];
    assert_eq!(security["csp"], POLICY);
    assert!(security["devCsp"].is_null(), "development and release must agree");
    assert_eq!(security["freezePrototype"], true);
}

#[test]
fn nothing_of_the_policy_is_switched_off() {
    let text = read("tauri.conf.json");
    assert!(!text.contains("dangerous"), "a dangerous… key weakens the policy");
    assert!(!text.contains("unsafe-inline"), "inline code or style would run");
}

#[test]
fn the_page_has_no_global_door_to_the_application() {
    assert_eq!(configuration()["app"]["withGlobalTauri"], false);
}

#[test]
fn dragging_within_the_page_belongs_to_the_page() {
    for window in configuration()["app"]["windows"].as_array().expect("windows") {
        assert_eq!(window["dragDropEnabled"], false);
    }
}

#[test]
fn the_page_may_call_our_commands_and_nothing_else() {
    let files = entries("src-tauri/capabilities");
    assert_eq!(files.len(), 1, "one capability file says it all: {files:?}");
    let capability: Value = serde_json::from_str(&read(&files[0])).expect("JSON");
    let allowed: Vec<_> = declared_commands().iter().map(|c| format!("allow-{c}")).collect();
    assert_eq!(capability["permissions"], serde_json::to_value(allowed).expect("JSON"));
    assert_eq!(capability["windows"], serde_json::json!(["main"]));
    assert!(capability["remote"].is_null(), "no page from elsewhere may call anything");
    let named = &configuration()["app"]["security"]["capabilities"];
    assert_eq!(*named, serde_json::json!([capability["identifier"]]));
}

#[test]
fn every_declared_command_has_its_handler() {
    let source = read("src-tauri/src/main.rs");
    let list = source.split("generate_handler![").nth(1).expect("the handlers");
    let list = list.split(']').next().expect("their end");
    let handlers: Vec<_> =
        list.split(',').map(|h| h.trim().trim_start_matches("commands::")).collect();
    assert_eq!(handlers, declared_commands());
}

#[test]
fn no_plugin_opens_files_programs_or_the_network_to_the_page() {
    let manifest = read("Cargo.toml");
    for plugin in ["fs", "shell", "http", "process", "store", "websocket", "upload"] {
        let line = format!("\ntauri-plugin-{plugin} ");
        assert!(!manifest.contains(&line), "tauri-plugin-{plugin} has no place in the window");
    }
}

#[test]
fn every_icon_is_there() {
    let icons = configuration()["bundle"]["icon"].clone();
    let there: Vec<_> = entries("src-tauri/icons").iter().map(|p| name(p)).collect();
    for icon in icons.as_array().expect("icons") {
        let file = icon.as_str().expect("a path").trim_start_matches("src-tauri/icons/");
        assert!(there.iter().any(|name| name == file), "{icon} is not there");
    }
}
