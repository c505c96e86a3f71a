//! Benchmarks of whole programs, in `tests/bench`: built as they are shipped, then measured.

use crate::failure::Failure;
use crate::page;
use crate::places::Places;
use crate::setup::{self, Purpose};
use crate::shell::Shell;
use crate::test::Screen;

/// A run against a loopback server.
pub fn engine(places: &Places) -> Result<(), Failure> {
    let programs = ["-p", "assay-cli", "-p", "assay-testkit", "-p", "assay-net", "--bins"];
    Shell::cargo().args(["build", "--release"]).args(programs).inside(&places.root).run()?;
    measure(places, "engine").run()
}

/// Checks of a large repository; the application runs inside the benchmark.
pub fn check(places: &Places) -> Result<(), Failure> {
    measure(places, "check").run()
}

/// The store's speed, then its own tests of kills and power failures with the numbers of a release.
pub fn durability(places: &Places) -> Result<(), Failure> {
    Shell::cargo()
        .args(["run", "--release", "--quiet", "-p", "assay-store", "--example", "throughput"])
        .inside(&places.root)
        .run()?;
    Shell::cargo()
        .args(["test", "--release", "--quiet", "-p", "assay-store"])
        .args(["--test", "kills", "--test", "power", "--", "--nocapture"])
        .env("ASSAY_STORE_KILLS", "1000")
        .env("ASSAY_STORE_IMAGES", "2000")
        .inside(&places.root)
        .run()
}

/// From starting the program to a usable window.
pub fn start(places: &Places) -> Result<(), Failure> {
    setup::prepare(places, Purpose::Test)?;
    page::build(places)?;
    // The same selection as `cargo xtask run`, so that both share what they build.
    let programs = ["build", "--release", "-p", "assay-desktop", "-p", "assay-cli"];
    Shell::cargo().args(programs).inside(&places.root).run()?;
    let screen = Screen::open()?;
    let mut measure = measure(places, "start");
    if let Some(screen) = &screen {
        measure = measure.env("DISPLAY", screen.name()).env("GDK_BACKEND", "x11");
    }
    measure.run()
}

pub(super) fn measure(places: &Places, name: &str) -> Shell {
    Shell::cargo()
        .args(["bench", "--quiet", "-p", "assay-tests", "--bench", name])
        .env("ASSAY_BIN_DIR", places.target.join("release"))
        .env("ASSAY_MODELS_DIR", &places.models)
        .inside(&places.root)
}
