//! Cold start: from starting the program to a window that can be used.
//!
//! Measured from outside through WebDriver, so the driver's own start (some tenths of a second)
//! is in the number. Usable means that the welcome view's first button is on screen and enabled.

use std::time::Instant;

use assay_tests::window::Window;

const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    for round in 1..=ROUNDS {
        let data = tempfile::tempdir()?;
        let begun = Instant::now();
        let window = Window::open(data.path())?;
        window.find("welcome-sample")?;
        let millis = begun.elapsed().as_millis();
        window.close()?;
        println!("round {round}: {millis} ms from start to a usable window");
        times.push(millis);
    }
    times.sort_unstable();
    println!("median {} ms over {ROUNDS} starts, each with a new data folder", times[ROUNDS / 2]);
    Ok(())
}
