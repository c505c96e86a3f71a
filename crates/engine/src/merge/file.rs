//! A shard as one file: JSON lines, the run first, then a cell on each line.
//!
//! Whoever hands over the file is trusted with what its cells say and with nothing else: a line is read only up to a
//! length, and a cell that the run does not have is refused when it is put.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use assay_store::{CarriedCell, RunDetail};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

const SCHEMA: &str = "assay.shard/1";

/// The longest line: a request and a reply, each at most 32 MB on the wire, escaped, for a few attempts; or the run.
const LONGEST_LINE: u64 = 512 << 20;

/// Cells that are handed on together.
const BATCH: usize = 500;

#[derive(Serialize)]
struct HeadOut<'a> {
    schema: &'static str,
    run: &'a RunDetail,
}

#[derive(Deserialize)]
struct HeadIn {
    schema: String,
    run: RunDetail,
}

/// A shard's file, whose first line has been read.
pub(super) struct ShardFile<'a> {
    path: &'a Path,
    detail: RunDetail,
}

impl<'a> ShardFile<'a> {
    pub fn open(path: &'a Path) -> Result<ShardFile<'a>, EngineError> {
        let mut lines = Lines::open(path)?;
        let head: HeadIn = lines.next()?.ok_or_else(|| unusable(path, "it is empty"))?;
        if head.schema != SCHEMA {
            return Err(unusable(path, &format!("it is `{}`, not `{SCHEMA}`", head.schema)));
        }
        Ok(ShardFile { path, detail: head.run })
    }

    pub fn detail(&self) -> &RunDetail {
        &self.detail
    }

    /// Whether every line can be read, and is of a cell that the run has and that no other line is of.
    pub fn check(&self) -> Result<(), EngineError> {
        let mut seen = vec![false; self.detail.record.total as usize];
        self.cells(|cells| {
            for CarriedCell { ordinal, .. } in cells {
                match seen.get_mut(ordinal as usize) {
                    Some(seen) if !*seen => *seen = true,
                    Some(_) => return Err(self.unusable(&format!("cell {ordinal} is there twice"))),
                    None => return Err(self.unusable(&format!("its run has no cell {ordinal}"))),
                }
            }
            Ok(())
        })
    }

    fn unusable(&self, reason: &str) -> EngineError {
        unusable(self.path, reason)
    }

    /// Hands over the cells, some at a time.
    pub fn cells(
        &self,
        mut take: impl FnMut(Vec<CarriedCell>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut lines = Lines::open(self.path)?;
        lines.skip()?;
        let mut batch = Vec::new();
        while let Some(cell) = lines.next()? {
            batch.push(cell);
            if batch.len() == BATCH {
                take(std::mem::take(&mut batch))?;
            }
        }
        take(batch)
    }
}

/// Writes a shard; `cells` gives those from an ordinal on, some at a time. The file is there whole or not at all.
pub(super) fn write(
    path: &Path,
    detail: &RunDetail,
    cells: impl Fn(u32) -> Result<Vec<CarriedCell>, EngineError>,
) -> Result<(), EngineError> {
    let beside = path.with_added_extension("part");
    let failed = |error: io::Error| unusable(path, &error.to_string());
    let mut file = BufWriter::new(File::create(&beside).map_err(failed)?);
    put_line(&mut file, &HeadOut { schema: SCHEMA, run: detail }).map_err(failed)?;
    for from in (0..detail.record.total).step_by(BATCH) {
        for cell in cells(from)? {
            put_line(&mut file, &cell).map_err(failed)?;
        }
    }
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}

fn put_line(file: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    file.write_all(b"\n")
}

/// The lines of a file, each no longer than one may be.
struct Lines<'a> {
    path: &'a Path,
    file: BufReader<File>,
    number: usize,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Lines<'a>, EngineError> {
        let file = File::open(path).map_err(|error| unusable(path, &error.to_string()))?;
        Ok(Lines { path, file: BufReader::new(file), number: 0, line: Vec::new() })
    }

    /// Reads the next line; says whether there was one.
    fn skip(&mut self) -> Result<bool, EngineError> {
        self.line.clear();
        self.number += 1;
        let mut rest = (&mut self.file).take(LONGEST_LINE);
        let read = rest.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| unusable(self.path, &error.to_string()))? as u64;
        if read == LONGEST_LINE {
            return Err(unusable(self.path, &format!("line {} is too long", self.number)));
        }
        Ok(read > 0)
    }

    fn next<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, EngineError> {
        if !self.skip()? {
            return Ok(None);
        }
        let read = serde_json::from_slice(&self.line);
        read.map(Some).map_err(|e| unusable(self.path, &format!("line {}: {e}", self.number)))
    }
}

fn unusable(path: &Path, reason: &str) -> EngineError {
    EngineError::ShardFile { file: path.to_owned(), reason: reason.to_owned() }
}
