//! Lines in and lines out, one at a time.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use assay_wire::{ApiError, Code};
use serde_json::Value;

/// A longer line is refused: what is read at once must fit into memory.
const LONGEST_LINE: u64 = 64 << 20;

/// Text files that are read whole.
const LARGEST_TEXT: u64 = 4 << 20;

/// Reads a small text file.
pub(super) fn read_text(file: &Path) -> Result<String, ApiError> {
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(LARGEST_TEXT).read_to_string(&mut text));
    read.map_err(|error| unreadable(&file.display().to_string(), &error))?;
    Ok(text)
}

fn unreadable(name: &str, error: &io::Error) -> ApiError {
    ApiError::new(Code::BadInput, format!("cannot read {name}: {error}"))
}

/// The lines of a file, or of standard input, with their numbers from 1. Blank ones are skipped.
pub(super) struct Lines {
    name: String,
    from: Box<dyn BufRead>,
    number: usize,
}

impl Lines {
    pub(super) fn open(file: &Path) -> Result<Lines, ApiError> {
        if file == Path::new("-") {
            let from = Box::new(BufReader::new(io::stdin()));
            return Ok(Lines { name: "standard input".to_owned(), from, number: 0 });
        }
        let name = file.display().to_string();
        let opened = File::open(file).map_err(|error| unreadable(&name, &error))?;
        Ok(Lines { name, from: Box::new(BufReader::new(opened)), number: 0 })
    }

    /// The next few lines; none at the end.
    pub(super) fn next_batch(&mut self, most: usize) -> Result<Vec<(usize, String)>, ApiError> {
        let mut batch = Vec::new();
        while batch.len() < most {
            let mut line = Vec::new();
            let read = self.from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
            let read = read.map_err(|error| unreadable(&self.name, &error))?;
            self.number += 1;
            if read == 0 {
                break;
            }
            if read as u64 == LONGEST_LINE {
                return Err(self.problem(self.number, "the line is too long"));
            }
            let line = String::from_utf8(line)
                .map_err(|_| self.problem(self.number, "the line is not UTF-8"))?;
            let line = line.trim_start_matches('\u{feff}').trim();
            if !line.is_empty() {
                batch.push((self.number, line.to_owned()));
            }
        }
        Ok(batch)
    }

    /// What is wrong with a line.
    pub(super) fn problem(&self, number: usize, problem: &str) -> ApiError {
        ApiError::new(Code::BadInput, format!("{}, line {number}: {problem}", self.name))
    }
}

/// Where lines go. A file has its name only once it is whole.
pub(super) struct Sink {
    to: BufWriter<Box<dyn Write>>,
    name: String,
    /// The growing file and its name to be.
    file: Option<(PathBuf, PathBuf)>,
}

impl Sink {
    pub(super) fn create(file: &Path) -> Result<Sink, ApiError> {
        let name = file.display().to_string();
        if file == Path::new("-") {
            let to: Box<dyn Write> = Box::new(io::stdout());
            return Ok(Sink { to: BufWriter::new(to), name: "standard output".into(), file: None });
        }
        let mut growing = file.as_os_str().to_owned();
        growing.push(".part");
        let growing = PathBuf::from(growing);
        let opened = File::create(&growing).map_err(|error| unwritable(&name, &error))?;
        let to: Box<dyn Write> = Box::new(opened);
        Ok(Sink { to: BufWriter::new(to), name, file: Some((growing, file.to_owned())) })
    }

    pub(super) fn write(&mut self, line: &Value) -> Result<(), ApiError> {
        writeln!(self.to, "{line}").map_err(|error| unwritable(&self.name, &error))
    }

    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        let flushed = self.to.flush();
        let named = flushed.and_then(|()| match self.file.take() {
            Some((growing, file)) => fs::rename(growing, file),
            None => Ok(()),
        });
        named.map_err(|error| unwritable(&self.name, &error))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Half of the lines are of no use to anybody, and an error has been told.
        if let Some((growing, _)) = self.file.take() {
            let _ = fs::remove_file(growing);
        }
    }
}

fn unwritable(name: &str, error: &io::Error) -> ApiError {
    ApiError::new(Code::BadInput, format!("cannot write {name}: {error}"))
}
