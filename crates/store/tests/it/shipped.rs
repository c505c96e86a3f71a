//! What only tests may have stays out of the product.

use std::fs;
use std::path::Path;

#[test]
fn no_other_crate_turns_on_the_places_where_a_process_dies() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let root = crates.parent().unwrap();
    let beside = ["", "ui", "tests", "xtask"].map(|folder| root.join(folder));
    let ours = fs::read_dir(crates).unwrap().map(|entry| entry.unwrap().path());
    let mut seen = 0;
    for folder in ours.chain(beside) {
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        let allowed = if folder.ends_with("store") { 2 } else { 0 };
        assert_eq!(manifest.matches("failpoints").count(), allowed, "{}", folder.display());
        assert!(!manifest.contains("default = [\"failpoints"), "{}", folder.display());
        seen += 1;
    }
    assert!(seen > 10, "{seen} manifests");
}
