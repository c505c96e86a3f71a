//! An index of the ratings that people signed, so that asking what was said of an output opens no statement.
//!
//! The statements are the truth, and stand in git; whatever is here can be made anew from them. Rows are kept by
//! statement: one that was heard before is not read again, and one that was taken back, or is not believed any more,
//! goes with all it said. Whose key it is, and whether it counts, is not kept: that is said by the repository, and may
//! change without a statement.

use rusqlite::{Connection, Row, params};

use crate::error::{Fault, StoreError};
use crate::ratings::{RatingRecord, read_rating};
use crate::store::Store;

/// Numbers are never given twice, so that [`Store::heard_mark`] comes back only with what it marked.
pub(crate) const SCHEMA_6: &str = "
CREATE TABLE heard (
  seq       INTEGER PRIMARY KEY AUTOINCREMENT,
  clone     TEXT NOT NULL,
  statement TEXT NOT NULL,
  signer    TEXT NOT NULL,
  time_s    INTEGER NOT NULL,
  sequence  INTEGER NOT NULL,
  left_out  INTEGER NOT NULL CHECK (left_out >= 0),
  UNIQUE (clone, statement)
) STRICT;
CREATE TABLE heard_rating (
  heard         INTEGER NOT NULL REFERENCES heard (seq) ON DELETE CASCADE,
  place         INTEGER NOT NULL,
  prompt        TEXT NOT NULL,
  content_id    TEXT NOT NULL,
  case_digest   TEXT NOT NULL,
  output        TEXT NOT NULL,
  other_content TEXT,
  other_output  TEXT CHECK ((other_output IS NULL) = (other_content IS NULL)),
  rater         TEXT NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('pass', 'grade', 'comment', 'preference')),
  value         TEXT,
  at_ms         INTEGER NOT NULL,
  PRIMARY KEY (heard, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX heard_rating_of_prompt ON heard_rating (prompt, heard);
";

/// A statement with ratings, as it is indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardStatement {
    /// The statement's id.
    pub id: String,
    /// The key that signed it, in OpenSSH's form.
    pub signer: String,
    /// When, by the signer's clock: seconds since 1970.
    pub time_s: i64,
    /// Its place in the signer's log.
    pub sequence: u64,
    /// How many of its ratings could not be understood.
    pub left_out: u32,
    /// The others, in its order.
    pub ratings: Vec<RatingRecord>,
}

/// A rating that somebody signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardRating {
    /// The key that signed it, in OpenSSH's form.
    pub signer: String,
    /// When it was signed: seconds since 1970.
    pub signed_s: i64,
    /// What was said, by whom as the statement names them.
    pub rating: RatingRecord,
}

/// A statement of which not all was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The statement's id.
    pub statement: String,
    /// How many of its ratings are not here.
    pub ratings: u32,
}

impl Store {
    /// The statements of a clone that are in the index, in the order of their ids.
    pub fn heard_statements(&self, clone: &str) -> Result<Vec<String>, StoreError> {
        self.read(|connection| statements(connection, clone))
    }

    /// Takes statements into the index of a clone and others out of it, all or nothing. One that is there stays as it
    /// is.
    pub fn index_heard(
        &self,
        clone: &str,
        gone: Vec<String>,
        come: Vec<HeardStatement>,
    ) -> Result<(), StoreError> {
        let clone = clone.to_owned();
        self.write(move |connection| {
            gone.iter().try_for_each(|id| remove(connection, &clone, id))?;
            come.iter().try_for_each(|statement| add(connection, &clone, statement))
        })
        .wait()
    }

    /// What was signed of a prompt's outputs, or of all prompts', in the order it was signed.
    pub fn heard_ratings(
        &self,
        clone: &str,
        prompt: Option<&str>,
    ) -> Result<Vec<HeardRating>, StoreError> {
        self.read(|connection| ratings(connection, clone, prompt))
    }

    /// A mark that is another one once the index of a clone has changed; none while it is empty.
    pub fn heard_mark(&self, clone: &str) -> Result<Option<(i64, i64)>, StoreError> {
        self.read(|connection| mark(connection, clone))
    }

    /// The statements of a clone of which not all could be understood.
    pub fn heard_left_out(&self, clone: &str) -> Result<Vec<LeftOut>, StoreError> {
        self.read(|connection| left_out(connection, clone))
    }
}

fn statements(connection: &Connection, clone: &str) -> Result<Vec<String>, Fault> {
    let mut select = connection
        .prepare_cached("SELECT statement FROM heard WHERE clone = ? ORDER BY statement")?;
    let ids = select.query_map([clone], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn remove(connection: &Connection, clone: &str, statement: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM heard WHERE clone = ? AND statement = ?")?
        .execute(params![clone, statement])?;
    Ok(())
}

fn add(connection: &Connection, clone: &str, statement: &HeardStatement) -> Result<(), Fault> {
    let added = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO heard (clone, statement, signer, time_s, sequence, left_out)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            clone,
            statement.id,
            statement.signer,
            statement.time_s,
            // Larger than any log; such a place has no order that matters.
            i64::try_from(statement.sequence).unwrap_or(i64::MAX),
            statement.left_out
        ])?;
    if added == 0 {
        return Ok(());
    }
    let heard = connection.last_insert_rowid();
    for (place, rating) in (0_i64..).zip(&statement.ratings) {
        add_rating(connection, (heard, place), rating)?;
    }
    Ok(())
}

fn add_rating(
    connection: &Connection,
    (heard, place): (i64, i64),
    rating: &RatingRecord,
) -> Result<(), Fault> {
    let (rated, other) = (&rating.rated, rating.said.other());
    connection
        .prepare_cached(
            "INSERT INTO heard_rating (heard, place, prompt, content_id, case_digest, output, other_content,
               other_output, rater, kind, value, at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            heard,
            place,
            rated.prompt,
            rated.content_id,
            rated.case,
            rated.output,
            other.map(|other| &other.content_id),
            other.map(|other| &other.output),
            rating.rater,
            rating.said.kind(),
            rating.said.value(),
            rating.at_ms
        ])?;
    Ok(())
}

fn ratings(
    connection: &Connection,
    clone: &str,
    prompt: Option<&str>,
) -> Result<Vec<HeardRating>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT r.prompt, r.content_id, r.case_digest, r.output, r.other_content, r.other_output, r.rater, r.kind,
           r.value, r.at_ms, h.signer, h.time_s
         FROM heard h JOIN heard_rating r ON r.heard = h.seq
         WHERE h.clone = ?1 AND (?2 IS NULL OR r.prompt = ?2)
         ORDER BY h.time_s, h.signer, h.sequence, r.place",
    )?;
    let heard = select.query_map(params![clone, prompt], read_heard)?;
    Ok(heard.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Nothing for a row that this version does not understand.
fn read_heard(row: &Row<'_>) -> rusqlite::Result<Option<HeardRating>> {
    let (signer, signed_s) = (row.get(10)?, row.get(11)?);
    Ok(read_rating(row)?.map(|rating| HeardRating { signer, signed_s, rating }))
}

/// The newest number alone would not tell of an older statement that is gone, nor the count of one that came for it.
fn mark(connection: &Connection, clone: &str) -> Result<Option<(i64, i64)>, Fault> {
    let mut select =
        connection.prepare_cached("SELECT max(seq), count(*) FROM heard WHERE clone = ?")?;
    let (newest, count): (Option<i64>, i64) =
        select.query_row([clone], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(newest.map(|newest| (newest, count)))
}

fn left_out(connection: &Connection, clone: &str) -> Result<Vec<LeftOut>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT statement, left_out FROM heard WHERE clone = ? AND left_out > 0 ORDER BY seq",
    )?;
    let lines = select
        .query_map([clone], |row| Ok(LeftOut { statement: row.get(0)?, ratings: row.get(1)? }))?;
    Ok(lines.collect::<Result<_, _>>()?)
}
