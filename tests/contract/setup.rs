//! What stands in two places because two programs need it, and must be the same in both.

use crate::read;

/// The text of `const NAME: … = "…";` in a source.
fn constant(source: &str, name: &str) -> String {
    let after = source.split(&format!("const {name}: ")).nth(1).expect("the constant");
    after.split('"').nth(1).expect("its text").to_owned()
}

#[test]
fn set_up_fetches_the_models_that_the_application_looks_for() {
    let source = read("xtask/src/setup/model.rs");
    for (name, value) in [
        ("MODEL_FILE", assay_local::MODEL_FILE),
        ("MODEL_SHA256", assay_local::MODEL_SHA256),
        ("EMBEDDER_ID", assay_local::EMBEDDER_ID),
        ("EMBEDDER_WEIGHTS", assay_local::EMBEDDER_WEIGHTS),
        ("EMBEDDER_WEIGHTS_SHA256", assay_local::EMBEDDER_WEIGHTS_SHA256),
        ("EMBEDDER_PIECES", assay_local::EMBEDDER_PIECES),
        ("EMBEDDER_PIECES_SHA256", assay_local::EMBEDDER_PIECES_SHA256),
    ] {
        assert_eq!(constant(&source, name), value, "{name}");
    }
}

#[test]
fn set_up_fetches_the_wordnet_that_meteor_reads() {
    use assay_score::metrics::meteor::wordnet::{FILES, FOLDER};

    let source = read("xtask/src/setup/wordnet.rs");
    assert_eq!(constant(&source, "FOLDER"), FOLDER);
    let list = source.split("const FILES: ").nth(1).expect("the list");
    let list = list.split("];").next().expect("its end");
    let fetched: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(fetched, FILES);
}

#[test]
fn the_manifest_pins_the_wasm_bindgen_that_the_lockfile_names() {
    let manifest = read("Cargo.toml");
    let pin = manifest.split("\nwasm-bindgen = \"=").nth(1).expect("an exact version");
    let version = pin.split('"').next().expect("its end");
    let locked = format!("name = \"wasm-bindgen\"\nversion = \"{version}\"");
    assert!(read("Cargo.lock").contains(&locked), "Cargo.lock does not hold {version}");
}

#[test]
fn the_readme_and_ci_say_how_to_run_and_test() {
    let readme = read("README.md");
    let first_screen: String = readme.lines().take(40).collect::<Vec<_>>().join("\n");
    for command in ["cargo xtask run", "cargo xtask test"] {
        assert!(first_screen.contains(command), "the README's first screen lacks `{command}`");
    }
    assert!(read(".ci/run").contains("cargo xtask test"), "CI runs what people run");
}
