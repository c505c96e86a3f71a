//! The dependency direction of `docs/architecture.md`, held against `cargo metadata`.

use std::collections::BTreeMap;
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::{entries, files_beneath, name, read, root};

/// Which of our crates each may use, from the top of the drawing to its foot. A crate that is not
/// here has no place in the drawing yet.
const MAY_USE: &[(&str, &[&str])] = &[
    ("assay-desktop", &["app", "wire"]),
    ("assay-cli", &["app", "wire"]),
    ("assay-ui", &["wire", "prompt", "text"]),
    (
        "assay-app",
        &[
            "wire", "engine", "interop", "repo", "store", "model", "local", "net", "score",
            "prompt", "text",
        ],
    ),
    ("assay-interop", &["score", "prompt", "text"]),
    (
        "assay-engine",
        &["repo", "store", "model", "local", "sandbox", "net", "score", "prompt", "text"],
    ),
    ("assay-repo", &["score", "prompt", "text"]),
    ("assay-store", &["score", "prompt", "text"]),
    ("assay-model", &["net"]),
    ("assay-local", &[]),
    ("assay-sandbox", &[]),
    ("assay-net", &[]),
    ("assay-score", &["prompt", "text"]),
    ("assay-prompt", &["text"]),
    ("assay-text", &[]),
    ("assay-wire", &[]),
    ("assay-testkit", &["repo", "prompt"]),
];

/// Not shipped: the tests may use everything, xtask is not about the product's code.
const OUTSIDE_THE_DRAWING: &[&str] = &["assay-tests", "assay-fuzz", "assay-golden", "xtask"];

/// A heavy library and the one crate that may name it.
const OWNERS: &[(&str, &str)] = &[
    ("reqwest", "assay-net"),
    ("hyper", "assay-net"),
    ("secrecy", "assay-net"),
    ("rusqlite", "assay-store"),
    ("git2", "assay-repo"),
    ("libgit2-sys", "assay-repo"),
    ("notify", "assay-repo"),
    ("ssh-key", "assay-repo"),
    ("candle-core", "assay-local"),
    ("tokenizers", "assay-local"),
    ("rhai", "assay-sandbox"),
    ("jsonschema", "assay-score"),
    ("syntect", "assay-app"),
    ("clap", "assay-cli"),
    ("rpassword", "assay-cli"),
    ("arboard", "assay-desktop"),
    ("tauri", "assay-desktop"),
    ("webkit2gtk", "assay-desktop"),
    ("leptos", "assay-ui"),
    ("web-sys", "assay-ui"),
];

/// Whose own business it is that these use another's library: the first builds the repositories
/// that tests open, the second is a program of its own.
const GUESTS: &[(&str, &str)] = &[("assay-testkit", "git2"), ("xtask", "clap")];

const WASM_SAFE: &[&str] = &["prompt", "text", "wire"];

/// What no wasm-safe crate may bring along, however far down: files, sockets, threads,
/// randomness, time.
const NOT_IN_WASM: &[&str] = &[
    "candle-core",
    "chrono",
    "fastrand",
    "getrandom",
    "git2",
    "jiff",
    "mio",
    "rand",
    "rand_core",
    "rayon",
    "reqwest",
    "rusqlite",
    "rustix",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "ulid",
    "uuid",
];

#[derive(Debug, Clone)]
struct Edge {
    from: String,
    to: String,
    kind: DependencyKind,
}

#[test]
fn dependencies_run_in_the_direction_of_the_drawing() {
    let wrong = against_the_drawing(&our_edges());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_dependency_that_runs_upward_is_found() {
    let edge = |from: &str, to: &str, kind| {
        let edges = [Edge { from: from.into(), to: to.into(), kind }];
        against_the_drawing(&edges).len()
    };
    assert_eq!(edge("assay-engine", "assay-app", DependencyKind::Normal), 1);
    assert_eq!(edge("assay-cli", "assay-engine", DependencyKind::Normal), 1);
    assert_eq!(edge("assay-new", "assay-text", DependencyKind::Normal), 1);
    assert_eq!(edge("assay-app", "assay-testkit", DependencyKind::Normal), 1);
    assert_eq!(edge("assay-app", "assay-testkit", DependencyKind::Development), 0);
    assert_eq!(edge("assay-app", "assay-engine", DependencyKind::Normal), 0);
}

#[test]
fn the_drawing_holds_every_crate_and_no_other() {
    let mut drawn: Vec<_> = MAY_USE.iter().map(|(name, _)| name.to_string()).collect();
    drawn.extend(OUTSIDE_THE_DRAWING.iter().map(ToString::to_string));
    drawn.sort();
    let mut there: Vec<_> = packages().iter().map(|p| p.name.to_string()).collect();
    there.sort();
    assert_eq!(there, drawn, "the workspace and the table above have drifted apart");
}

#[test]
fn each_heavy_library_has_one_owner() {
    let mut wrong = Vec::new();
    for package in packages() {
        for dependency in shipped(&package) {
            let from = package.name.as_str();
            let owner = OWNERS.iter().find(|(library, _)| *library == dependency);
            let is_guest = GUESTS.contains(&(from, dependency.as_str()));
            if let Some((library, owner)) = owner.filter(|(_, owner)| *owner != from && !is_guest) {
                wrong.push(format!("{from} uses {library}, which is {owner}'s alone"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn wasm_safe_crates_bring_no_files_clocks_or_randomness_along() {
    for crate_name in WASM_SAFE {
        let package = format!("assay-{crate_name}");
        let brought = tree(&package, "wasm32-unknown-unknown");
        assert!(brought.contains(&package), "cargo tree says nothing about {package}");
        let wrong: Vec<_> = brought.iter().filter(|n| NOT_IN_WASM.contains(&n.as_str())).collect();
        assert!(
            wrong.is_empty(),
            "{package} brings {wrong:?} along; `cargo tree -p {package} -i NAME --target \
             wasm32-unknown-unknown` says by which way"
        );
    }
}

#[test]
fn wasm_safe_crates_name_no_files_clocks_or_processes() {
    const FORBIDDEN: &[&str] = &[
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "std::thread",
        "std::time",
        "SystemTime",
        "Instant::now",
        "println!",
        "eprintln!",
    ];
    for crate_name in WASM_SAFE {
        for file in sources(crate_name) {
            let code = without_tests(&read(&file));
            for (number, line) in code.lines().enumerate().filter(|(_, line)| is_code(line)) {
                let found = FORBIDDEN.iter().find(|word| line.contains(**word));
                assert!(found.is_none(), "{}:{}: {line}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn the_page_alone_is_what_a_browser_must_carry() {
    let heavy = ["jsonschema", "reqwest", "rusqlite", "syntect", "tokio"];
    let carried = tree("assay-ui", "wasm32-unknown-unknown");
    let wrong: Vec<_> = heavy.iter().filter(|n| carried.iter().any(|c| c == *n)).collect();
    assert!(wrong.is_empty(), "the page carries {wrong:?}, which belong in the application");
}

#[test]
fn no_crate_is_an_empty_shell() {
    for folder in entries("crates") {
        let crate_name = name(&folder);
        let lines: usize = sources(&crate_name)
            .iter()
            .map(|file| read(file).lines().filter(|line| is_code(line)).count())
            .sum();
        assert!(
            lines >= 60,
            "crates/{crate_name} has {lines} lines of code: too few to stand alone"
        );
    }
}

#[test]
fn every_crate_is_described_in_the_architecture() {
    let text = read("docs/architecture.md");
    for folder in entries("crates") {
        let crate_name = format!("assay-{}", name(&folder));
        assert!(text.contains(&crate_name), "docs/architecture.md does not mention {crate_name}");
    }
}

/// What is wrong with each edge that the drawing does not allow.
fn against_the_drawing(edges: &[Edge]) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let describe = |edge: &Edge| {
        let Edge { from, to, kind } = edge;
        if OUTSIDE_THE_DRAWING.contains(&from.as_str()) {
            return None;
        }
        if to == "assay-testkit" {
            return (*kind != DependencyKind::Development)
                .then(|| format!("{from} ships {to}, which is for tests"));
        }
        let Some(allowed) = allowed.get(from.as_str()) else {
            return Some(format!("{from} stands nowhere in the drawing"));
        };
        let short = to.strip_prefix("assay-").unwrap_or(to);
        (!allowed.contains(&short)).then(|| format!("{from} may not use {to}"))
    };
    edges.iter().filter_map(describe).collect()
}

fn our_edges() -> Vec<Edge> {
    let packages = packages();
    let edges = packages.iter().flat_map(|package| {
        // A crate that names itself turns on a feature for its own tests.
        let others = package.dependencies.iter().filter(|d| d.name != package.name.as_str());
        let ours = others.filter(|d| d.name.starts_with("assay-"));
        ours.map(|d| Edge { from: package.name.to_string(), to: d.name.clone(), kind: d.kind })
    });
    edges.collect()
}

fn packages() -> Vec<Package> {
    let manifest = root().join("Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .expect("cargo metadata")
        .packages
}

/// The libraries a package uses when it is not being tested.
fn shipped(package: &Package) -> Vec<String> {
    let kinds = package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development);
    kinds.map(|d| d.name.clone()).collect()
}

/// Every crate that a package needs on a target, itself included. `cargo metadata` cannot say
/// this: it joins the features of the whole workspace, and with them crates that are never built.
fn tree(package: &str, target: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{lib}|{p}"])
        .args(["--package", package, "--target", target])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let names = text.lines().filter_map(|line| line.split_once('|')?.1.split(' ').next());
    names.map(str::to_owned).collect()
}

fn sources(crate_name: &str) -> Vec<std::path::PathBuf> {
    let files = files_beneath(root().join("crates").join(crate_name).join("src"));
    files.into_iter().filter(|file| file.extension().is_some_and(|e| e == "rs")).collect()
}

/// A file up to its tests, which by custom stand at its end.
fn without_tests(source: &str) -> String {
    source.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}
