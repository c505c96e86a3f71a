//! A shard as one file: JSON lines, the run first, then a cell on each line; then each run that its judges asked for, with
//! a cell on each line in turn.
//!
//! Whoever hands over the file is trusted with what its cells say and with nothing else: a line is read only up to a
//! length, and a cell that the run does not have is refused when it is put.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use assay_store::{CarriedCell, RunDetail, ScorerSignature};
use serde::{Deserialize, Serialize};

use super::{Carried, fits};
use crate::error::EngineError;

const SCHEMA: &str = "assay.shard/1";
/// What knows the first only would take a judge's cells for the run's own.
const SCHEMA_WITH_CHILDREN: &str = "assay.shard/2";
/// How the line of a judge's run begins, which nothing else does.
const CHILD: &[u8] = b"{\"child\":";

/// The longest line: a request and a reply, each at most 32 MB on the wire, escaped, for a few attempts; or the run.
const LONGEST_LINE: u64 = 512 << 20;

/// Cells that are handed on together.
const BATCH: usize = 500;

#[derive(Serialize)]
struct HeadOut<'a> {
    schema: &'static str,
    run: &'a RunDetail,
    signatures: &'a [ScorerSignature],
}

#[derive(Serialize)]
struct ChildOut<'a> {
    child: &'a RunDetail,
}

#[derive(Deserialize)]
struct ChildIn {
    child: Box<RunDetail>,
}

#[derive(Deserialize)]
struct HeadIn {
    schema: String,
    run: RunDetail,
    /// An older file has none.
    #[serde(default)]
    signatures: Vec<ScorerSignature>,
}

/// A shard's file, whose first line has been read.
pub(super) struct ShardFile<'a> {
    path: &'a Path,
    detail: RunDetail,
    signatures: Vec<ScorerSignature>,
}

impl<'a> ShardFile<'a> {
    pub fn open(path: &'a Path) -> Result<ShardFile<'a>, EngineError> {
        let mut lines = Lines::open(path)?;
        let head: HeadIn = lines.next()?.ok_or_else(|| unusable(path, "it is empty"))?;
        if ![SCHEMA, SCHEMA_WITH_CHILDREN].contains(&head.schema.as_str()) {
            return Err(unusable(path, &format!("it is `{}`, not `{SCHEMA}`", head.schema)));
        }
        Ok(ShardFile { path, detail: head.run, signatures: head.signatures })
    }

    /// How the scores of the run were made, as far as it was noted.
    pub fn signatures(&self) -> &[ScorerSignature] {
        &self.signatures
    }

    pub fn detail(&self) -> &RunDetail {
        &self.detail
    }

    /// Whether every line can be read, and is of a cell that its run has and that no other line is of.
    pub fn check(&self) -> Result<(), EngineError> {
        let mut seen = vec![false; self.detail.record.total as usize];
        self.carried(|carried| match carried {
            Carried::Cells(cells) => {
                cells.iter().try_for_each(|cell| self.check_cell(cell.ordinal, &mut seen))
            }
            Carried::Child(child) if fits(&child) => {
                seen = vec![false; child.record.total as usize];
                Ok(())
            }
            Carried::Child(child) => {
                let id = &child.record.id;
                Err(self.unusable(&format!("the cells of run `{id}` do not fit its rows")))
            }
        })
    }

    fn check_cell(&self, ordinal: u32, seen: &mut [bool]) -> Result<(), EngineError> {
        match seen.get_mut(ordinal as usize) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(self.unusable(&format!("cell {ordinal} is there twice"))),
            None => return Err(self.unusable(&format!("its run has no cell {ordinal}"))),
        }
        Ok(())
    }

    fn unusable(&self, reason: &str) -> EngineError {
        unusable(self.path, reason)
    }

    /// Hands over what stands in the file, some cells at a time.
    pub fn carried(
        &self,
        mut take: impl FnMut(Carried) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut lines = Lines::open(self.path)?;
        lines.skip()?;
        let mut batch = Vec::new();
        while lines.skip()? {
            if lines.line.starts_with(CHILD) {
                take(Carried::Cells(std::mem::take(&mut batch)))?;
                take(Carried::Child(lines.parse::<ChildIn>()?.child))?;
                continue;
            }
            batch.push(lines.parse::<CarriedCell>()?);
            if batch.len() == BATCH {
                take(Carried::Cells(std::mem::take(&mut batch)))?;
            }
        }
        take(Carried::Cells(batch))
    }
}

/// The first line of a file.
pub(super) struct Head<'a> {
    pub run: &'a RunDetail,
    pub signatures: &'a [ScorerSignature],
    /// Whether runs of judges follow.
    pub children: bool,
}

/// What is written, piece by piece.
pub(super) type Put<'p> = &'p mut dyn FnMut(Carried) -> Result<(), EngineError>;

/// Writes a shard, whose pieces `carry` hands over in order. The file is there whole or not at all.
pub(super) fn write(
    path: &Path,
    head: &Head,
    carry: impl FnOnce(Put<'_>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let beside = path.with_added_extension("part");
    let failed = |error: io::Error| unusable(path, &error.to_string());
    let mut file = BufWriter::new(File::create(&beside).map_err(failed)?);
    let schema = if head.children { SCHEMA_WITH_CHILDREN } else { SCHEMA };
    let first = HeadOut { schema, run: head.run, signatures: head.signatures };
    put_line(&mut file, &first).map_err(failed)?;
    carry(&mut |carried| {
        let put = match carried {
            Carried::Cells(cells) => cells.iter().try_for_each(|cell| put_line(&mut file, cell)),
            Carried::Child(child) => put_line(&mut file, &ChildOut { child: &child }),
        };
        put.map_err(failed)
    })?;
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
        if self.skip()? { self.parse().map(Some) } else { Ok(None) }
    }

    /// What stands in the line that was read last.
    fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, EngineError> {
        let read = serde_json::from_slice(&self.line);
        read.map_err(|e| unusable(self.path, &format!("line {}: {e}", self.number)))
    }
}

fn unusable(path: &Path, reason: &str) -> EngineError {
    EngineError::ShardFile { file: path.to_owned(), reason: reason.to_owned() }
}
