//! A virtual screen for the tests that drive the window.

use std::io::{BufRead, BufReader};
use std::process::Child;

use crate::failure::Failure;
use crate::shell::Shell;

/// Xvfb, for as long as this lives.
pub struct Screen {
    server: Child,
    name: String,
}

impl Screen {
    /// Opens a screen of a size that the window fits; none where windows need no X server.
    ///
    /// # Errors
    /// When Xvfb cannot be started or never says that it is ready.
    pub fn open() -> Result<Option<Self>, Failure> {
        if !cfg!(target_os = "linux") {
            return Ok(None);
        }
        // It picks a free number and says which once it answers, so nothing has to be guessed
        // or waited for.
        let mut server = Shell::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
            .serve()?;
        let mut number = String::new();
        let said = server.stdout.take().map(|out| BufReader::new(out).read_line(&mut number));
        let screen = Self { server, name: format!(":{}", number.trim()) };
        match said {
            Some(Ok(1..)) => Ok(Some(screen)),
            _ => Err(Failure::Said("Xvfb ended before it opened a screen".to_owned())),
        }
    }

    /// What `DISPLAY` is to be.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
