//! What people said of outputs: pass or fail, a grade, a comment, which of two is better.
//!
//! A rating is about an output, not about a cell: it names the prompt, the content the output came from, the
//! case and the output itself, each by digest. So it is there again after a re-run that brings the same output,
//! and in every cell that holds it. Nothing is overwritten: taking a rating back is a row of its own, and the
//! last of a rater counts.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Fault;
use crate::ids::RunId;
use crate::runs;

pub(crate) const SCHEMA_3: &str = "
CREATE TABLE rating (
  seq           INTEGER PRIMARY KEY,
  workspace     TEXT NOT NULL,
  prompt        TEXT NOT NULL,
  content_id    TEXT NOT NULL,
  case_digest   TEXT NOT NULL,
  output        TEXT NOT NULL,
  other_content TEXT,                     -- of a preference: the other output and what it came from
  other_output  TEXT CHECK ((other_output IS NULL) = (other_content IS NULL)),
  rater         TEXT NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('pass', 'grade', 'comment', 'preference')),
  value         TEXT,                     -- NULL takes back what was said before
  at_ms         INTEGER NOT NULL
) STRICT;
CREATE INDEX rating_of_prompt ON rating (workspace, prompt, seq);
";

/// What a rating is about: an output of a prompt for a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RatedOutput {
    /// The prompt's permanent id; its key where it has none.
    pub prompt: String,
    /// What the variant said when it gave the output.
    pub content_id: String,
    /// The case, by digest.
    pub case: String,
    /// The output, by [`output_hash`].
    pub output: String,
}

/// The other of two outputs that were compared; prompt and case are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OtherOutput {
    /// What its variant said.
    pub content_id: String,
    /// The output, by [`output_hash`].
    pub output: String,
}

/// Which of two outputs is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The rated one.
    First,
    /// The other one.
    Second,
    /// Neither.
    Tie,
}

impl Choice {
    /// The same choice when the two are named the other way around.
    #[must_use]
    pub fn turned(self) -> Choice {
        match self {
            Choice::First => Choice::Second,
            Choice::Second => Choice::First,
            Choice::Tie => Choice::Tie,
        }
    }
}

/// What somebody said. `None` takes back what they said before.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// Whether it is good enough.
    Pass(Option<bool>),
    /// From 1 to 5, the best.
    Grade(Option<u8>),
    /// In words.
    Comment(Option<String>),
    /// Whether it is better than another.
    Preference(OtherOutput, Option<Choice>),
}

impl Said {
    /// The kind of what was said, a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Said::Pass(_) => "pass",
            Said::Grade(_) => "grade",
            Said::Comment(_) => "comment",
            Said::Preference(..) => "preference",
        }
    }

    /// Whether it takes something back.
    pub fn is_withdrawal(&self) -> bool {
        self.value().is_none()
    }

    /// The output it was compared with.
    pub fn other(&self) -> Option<&OtherOutput> {
        match self {
            Said::Preference(other, _) => Some(other),
            _ => None,
        }
    }

    pub(crate) fn value(&self) -> Option<String> {
        match self {
            Said::Pass(pass) => pass.map(|pass| if pass { "pass" } else { "fail" }.to_owned()),
            Said::Grade(grade) => grade.map(|grade| grade.to_string()),
            Said::Comment(comment) => comment.clone(),
            Said::Preference(_, choice) => choice.map(|choice| choice_word(choice).to_owned()),
        }
    }

    /// What a row holds; nothing for one that this version does not understand.
    fn read(kind: &str, value: Option<String>, other: Option<OtherOutput>) -> Option<Said> {
        let read = match kind {
            "pass" => Said::Pass(value.map(|value| value == "pass")),
            "grade" => Said::Grade(match value {
                Some(value) => Some(value.parse().ok()?),
                None => None,
            }),
            "comment" => Said::Comment(value),
            "preference" => Said::Preference(other?, value.as_deref().map(choice_of)),
            _ => return None,
        };
        Some(read)
    }
}

fn choice_word(choice: Choice) -> &'static str {
    match choice {
        Choice::First => "first",
        Choice::Second => "second",
        Choice::Tie => "tie",
    }
}

fn choice_of(word: &str) -> Choice {
    match word {
        "first" => Choice::First,
        "second" => Choice::Second,
        _ => Choice::Tie,
    }
}

/// What one person said of one output, or of two.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RatingRecord {
    /// The output.
    pub rated: RatedOutput,
    /// Who said it.
    pub rater: String,
    /// What they said.
    pub said: Said,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

impl RatingRecord {
    /// The same rating with the two outputs of a preference in the order of their digests, so that a pair has
    /// one name whichever was shown first.
    #[must_use]
    pub fn ordered(mut self) -> RatingRecord {
        if let Said::Preference(other, choice) = &mut self.said
            && (&other.output, &other.content_id) < (&self.rated.output, &self.rated.content_id)
        {
            std::mem::swap(&mut other.output, &mut self.rated.output);
            std::mem::swap(&mut other.content_id, &mut self.rated.content_id);
            *choice = choice.map(Choice::turned);
        }
        self
    }

    /// What a later rating replaces: the same rater's of the same kind about the same output or pair.
    fn replaces(&self) -> (&RatedOutput, &str, &'static str, Option<&OtherOutput>) {
        (&self.rated, &self.rater, self.said.kind(), self.said.other())
    }
}

/// Of each rater, the last rating of each kind of each output; in their order, and without those that were
/// taken back.
pub fn standing_ratings(history: Vec<RatingRecord>) -> Vec<RatingRecord> {
    let mut last = HashMap::new();
    for (place, rating) in history.iter().enumerate() {
        last.insert(rating.replaces(), place);
    }
    let counts: Vec<bool> = history
        .iter()
        .enumerate()
        .map(|(place, rating)| {
            last.get(&rating.replaces()) == Some(&place) && !rating.said.is_withdrawal()
        })
        .collect();
    history
        .into_iter()
        .zip(counts)
        .filter_map(|(rating, counts)| counts.then_some(rating))
        .collect()
}

/// The name of an output: `sha256:` and the digest of its text.
pub fn output_hash(output: &str) -> String {
    let hex: String =
        Sha256::digest(output.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// The output of one cell, by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRecord {
    /// The cell's place in the run.
    pub cell: u32,
    /// Its column's place.
    pub column: u32,
    /// Its row's place.
    pub row: u32,
    /// The output, by [`output_hash`].
    pub hash: String,
}

/// Adds ratings to a workspace's history, in this order.
pub(crate) fn add(
    connection: &Connection,
    workspace: &str,
    ratings: &[RatingRecord],
) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO rating (workspace, prompt, content_id, case_digest, output, other_content, other_output,
           rater, kind, value, at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for rating in ratings {
        let (rated, other) = (&rating.rated, rating.said.other());
        insert.execute(params![
            workspace,
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
    }
    Ok(())
}

/// Everything that was said of a prompt's outputs, or of all prompts', in the order it was said.
pub(crate) fn history(
    connection: &Connection,
    workspace: &str,
    prompt: Option<&str>,
) -> Result<Vec<RatingRecord>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT prompt, content_id, case_digest, output, other_content, other_output, rater, kind, value, at_ms
         FROM rating WHERE workspace = ?1 AND (?2 IS NULL OR prompt = ?2) ORDER BY seq",
    )?;
    let ratings = select.query_map(params![workspace, prompt], read_rating)?;
    Ok(ratings.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// A mark that is another one once somebody has said something of the workspace's outputs; none while nobody has. It is
/// read from the ends of two indexes, however long the history is. What is said elsewhere changes it too.
pub(crate) fn mark(connection: &Connection, workspace: &str) -> Result<Option<i64>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM rating WHERE workspace = ?)
         THEN (SELECT max(seq) FROM rating) END",
    )?;
    Ok(select.query_row(params![workspace], |row| row.get(0))?)
}

/// A rating from the columns that every table of ratings begins with; nothing for one that this version does not
/// understand.
pub(crate) fn read_rating(row: &Row<'_>) -> rusqlite::Result<Option<RatingRecord>> {
    let other = match (row.get(4)?, row.get(5)?) {
        (Some(content_id), Some(output)) => Some(OtherOutput { content_id, output }),
        _ => None,
    };
    let Some(said) = Said::read(&row.get::<_, String>(7)?, row.get(8)?, other) else {
        return Ok(None);
    };
    let rated = RatedOutput {
        prompt: row.get(0)?,
        content_id: row.get(1)?,
        case: row.get(2)?,
        output: row.get(3)?,
    };
    Ok(Some(RatingRecord { rated, rater: row.get(6)?, said, at_ms: row.get(9)? }))
}

/// The outputs of the done cells `from..to` of a run, by their hashes.
pub(crate) fn outputs(
    connection: &Connection,
    run: &RunId,
    from: u32,
    to: u32,
) -> Result<Vec<OutputRecord>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut select = connection.prepare_cached(
        "SELECT c.ordinal, c.column_at, c.row_at, a.output
         FROM cell c JOIN attempt a ON a.id = c.attempt
         WHERE c.run = ? AND c.ordinal >= ? AND c.ordinal < ? AND c.state = 'done' AND a.output IS NOT NULL
         ORDER BY c.ordinal",
    )?;
    let outputs = select.query_map(params![seq, from, to], |row| {
        Ok(OutputRecord {
            cell: row.get(0)?,
            column: row.get(1)?,
            row: row.get(2)?,
            hash: output_hash(row.get_ref(3)?.as_str()?),
        })
    })?;
    Ok(outputs.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rating(rater: &str, said: Said, at_ms: i64) -> RatingRecord {
        let rated = RatedOutput {
            prompt: "p".into(),
            content_id: "sha256:c".into(),
            case: "sha256:k".into(),
            output: "sha256:m".into(),
        };
        RatingRecord { rated, rater: rater.into(), said, at_ms }
    }

    #[test]
    fn the_last_word_of_each_rater_counts_kind_by_kind() {
        let history = vec![
            rating("ada", Said::Pass(Some(true)), 1),
            rating("ada", Said::Grade(Some(2)), 2),
            rating("bob", Said::Pass(Some(true)), 3),
            rating("ada", Said::Pass(Some(false)), 4),
        ];
        let standing = standing_ratings(history.clone());
        assert_eq!(standing, [&history[1], &history[2], &history[3]].map(Clone::clone));
    }

    #[test]
    fn what_was_taken_back_does_not_count() {
        let history =
            vec![rating("ada", Said::Pass(Some(true)), 1), rating("ada", Said::Pass(None), 2)];
        assert!(standing_ratings(history).is_empty());
    }

    #[test]
    fn a_pair_has_one_name_whichever_was_first() {
        let other = OtherOutput { content_id: "sha256:d".into(), output: "sha256:a".into() };
        let turned = rating("ada", Said::Preference(other, Some(Choice::First)), 1).ordered();
        assert_eq!(turned.rated.output, "sha256:a");
        let expected = OtherOutput { content_id: "sha256:c".into(), output: "sha256:m".into() };
        assert_eq!(turned.said, Said::Preference(expected, Some(Choice::Second)));
        assert_eq!(turned.clone().ordered(), turned);
    }

    #[test]
    fn an_outputs_name_is_the_digest_of_its_text() {
        assert_eq!(
            output_hash(""),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
