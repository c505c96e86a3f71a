//! Counts tests over several runners, from what they print.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;
use crate::shell::Shell;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Tally {
    /// Counts a line, if it is a runner's closing one.
    fn read(&mut self, line: &str) {
        if let Some(counts) = counts(line) {
            self.add(counts);
        }
    }

    fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// How long a runner's last words may take to arrive after it has ended.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs a test runner, shows what it prints and counts its tests. A runner that fails without
/// naming a failed test counts as one.
///
/// # Errors
/// When it cannot be started.
pub fn follow(runner: Shell, tally: &mut Tally) -> Result<(), Failure> {
    follow_for(runner, tally, LAST_WORDS)
}

fn follow_for(runner: Shell, tally: &mut Tally, last_words: Duration) -> Result<(), Failure> {
    let command = runner.to_string();
    let mut child = runner.piped()?;
    let found = Arc::new(Mutex::new(Tally::default()));
    let (closed, closing) = mpsc::channel();
    let streams = usize::from(child.stdout.is_some()) + usize::from(child.stderr.is_some());
    if let Some(out) = child.stdout.take() {
        pass_on(out, std::io::stdout(), found.clone(), closed.clone());
    }
    if let Some(err) = child.stderr.take() {
        pass_on(err, std::io::stderr(), found.clone(), closed);
    }
    let ended =
        child.wait().map_err(|source| Failure::NotStarted { command: command.clone(), source })?;
    for _ in 0..streams {
        // A service that a test's session bus started may outlive it and hold the pipe open for ever: whoever waited
        // for its end would wait until somebody looks.
        if closing.recv_timeout(last_words).is_err() {
            break;
        }
    }
    let found = *found.lock().unwrap_or_else(PoisonError::into_inner);
    tally.add(found);
    if !ended.success() && found.failed == 0 {
        eprintln!("{}", Failure::Ended { command, code: ended.code() });
        tally.failed += 1;
    }
    Ok(())
}

/// Shows and counts what is read, line by line, until the end of the stream, which is told to `closed`.
fn pass_on(
    from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    found: Arc<Mutex<Tally>>,
    closed: mpsc::Sender<()>,
) {
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .read(&String::from_utf8_lossy(&line));
            // The count must not depend on somebody watching.
            let _ =
                to.write_all(&line).and_then(|()| to.write_all(b"\n")).and_then(|()| to.flush());
        }
        // Nobody may be waiting any more.
        let _ = closed.send(());
    });
}

/// The counts in a closing line of cargo-nextest or of cargo's own runner. nextest indents what a failed test printed,
/// the line with which that test's own process closed included.
fn counts(line: &str) -> Option<Tally> {
    let line = line.trim_end();
    let parts = if let Some(rest) = line.strip_prefix("test result: ") {
        rest.split_once(". ")?.1.split(';').collect::<Vec<_>>()
    } else {
        let rest = line.trim_start().strip_prefix("Summary [")?;
        rest.split_once(" run: ")?.1.split(',').collect()
    };
    let count = |word: &str| {
        parts.iter().find_map(|part| {
            let (number, what) = part.trim().split_once(' ')?;
            what.starts_with(word).then(|| number.parse().ok()).flatten()
        })
    };
    let failed: usize = ["failed", "timed out", "exec failed"].into_iter().filter_map(count).sum();
    Some(Tally { passed: count("passed").unwrap_or_default(), failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(usize, usize)>) {
        let expected = expected.map(|(passed, failed)| Tally { passed, failed });
        assert_eq!(counts(line), expected, "{line}");
    }

    #[test]
    fn closing_lines_of_nextest_are_counted() {
        check("     Summary [   1.005s] 12 tests run: 12 passed, 3 skipped", Some((12, 0)));
        check(
            "Summary [   1.005s] 12 tests run: 9 passed (1 slow), 3 failed, 0 skipped",
            Some((9, 3)),
        );
        check(
            "Summary [ 99.005s] 4 tests run: 2 passed, 1 failed, 1 timed out, 0 skipped",
            Some((2, 2)),
        );
        check("Summary [   0.005s] 1 test run: 1 passed, 0 skipped", Some((1, 0)));
    }

    #[test]
    fn closing_lines_of_cargo_test_are_counted() {
        let ok = "test result: ok. 31 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s";
        check(ok, Some((31, 0)));
        let failed =
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out";
        check(failed, Some((2, 1)));
    }

    #[test]
    fn other_lines_are_not() {
        check("test scores::passed ... ok", None);
        check("        PASS [   0.005s] assay-text words::a_summary", None);
        check("    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured", None);
        check("", None);
    }

    /// Where a stream is shown, for a test to look at.
    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_counted_is_also_shown() {
        let printed = b"running\nSummary [ 0.1s] 2 tests run: 1 passed, 1 failed, 0 skipped\n";
        let (shown, found) = (Shown::default(), Arc::new(Mutex::new(Tally::default())));
        let (closed, closing) = mpsc::channel();
        pass_on(printed.as_slice(), shown.clone(), found.clone(), closed);
        assert_eq!(closing.recv(), Ok(()));
        assert_eq!(found.lock().map(|tally| *tally).ok(), Some(Tally { passed: 1, failed: 1 }));
        assert_eq!(
            shown.0.lock().map(|bytes| bytes.clone()).ok().as_deref(),
            Some(printed.as_slice())
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_runner_whose_servant_outlives_it_is_not_waited_for() {
        let (told, ended) = mpsc::channel();
        thread::spawn(move || {
            let mut tally = Tally::default();
            let words = "sleep 600 & echo 'Summary [ 0.1s] 1 test run: 1 passed, 0 skipped'";
            let outcome = follow_for(
                Shell::new("sh").args(["-c", words]),
                &mut tally,
                Duration::from_millis(200),
            );
            let _ = told.send((outcome.is_ok(), tally));
        });
        let answer = ended.recv_timeout(Duration::from_secs(60));
        assert_eq!(answer, Ok((true, Tally { passed: 1, failed: 0 })));
    }

    #[test]
    fn the_sum_is_one_plain_line() {
        assert_eq!(Tally { passed: 412, failed: 0 }.to_string(), "412 passed, 0 failed");
    }
}
