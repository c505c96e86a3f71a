//! Ratings that travel with the repository: `.assay/ratings/<rater>.jsonl`, a file for each rater.
//!
//! Each line is one rating, with its keys in order, and lines are only ever added; [`rater_files`](crate::rater_files)
//! reads and writes them. Outputs do not travel, only their hashes. A file may come from anybody: it may speak for the
//! rater in its name and nobody else, and a line that is not a rating is left out and told of.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError};

use assay_store::{Choice, OtherOutput, RatedOutput, RatingRecord, Said, standing_ratings};
use assay_wire::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MAX_COMMENT;
use super::rater::{is_name, slug};
use super::voices::name_of;
use crate::app::{App, Open};
use crate::error::Explain;
use crate::rater_files::{
    Kept, RATINGS as FOLDER, RaterFiles, add_lines, known_lines, read_lines, write_attributes,
};
use crate::router::Answer;

/// Names that one file may write its rater's name in: `Ada` and `ada` have the same file.
const MAX_NAMES: usize = 2;

/// Ratings that are taken of all files together.
const MAX_RATINGS: usize = 200_000;

/// What the files say.
#[derive(Default)]
pub(crate) struct SharedFiles {
    /// In the order they were said.
    pub ratings: Vec<RatingRecord>,
    /// What could not be read, and why.
    pub refused: Vec<String>,
}

/// The files as they were read last.
pub(crate) type SharedCache = Kept<SharedFiles>;

/// One line of a file. The fields are in the order of their names, and so are the keys.
#[derive(Serialize, Deserialize)]
struct Line {
    at: i64,
    case: String,
    content: String,
    kind: String,
    output: String,
    prompt: String,
    rater: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    than: Option<Than>,
    value: Value,
}

/// The other output of a preference.
#[derive(Serialize, Deserialize)]
struct Than {
    content: String,
    output: String,
}

impl Answer<ShareRatings> for App {
    fn answer(&self, _: ShareRatings) -> Result<SharedRatings, ApiError> {
        let open = self.workspace()?;
        let shared = self.share(&open)?;
        if shared.files.iter().any(|file| file.added > 0) {
            self.inner.notices.send(Notice::WorkspaceChanged);
        }
        Ok(shared)
    }
}

impl App {
    /// What the files of the open repository say; read again when one of them has changed.
    pub(super) fn shared_ratings(&self, open: &Open) -> Arc<SharedFiles> {
        let mut kept = self.inner.shared.lock().unwrap_or_else(PoisonError::into_inner);
        kept.read(open, FOLDER, read_files)
    }

    /// Writes what was said on this machine to the files of those who said it.
    pub(crate) fn share(&self, open: &Open) -> Result<SharedRatings, ApiError> {
        let history = self.inner.store.ratings(&open.id, None).map_err(|e| e.explain())?;
        let mut by_file: BTreeMap<String, Vec<RatingRecord>> = BTreeMap::new();
        for rating in history {
            let path = format!("{FOLDER}/{}.jsonl", slug(&rating.rater));
            by_file.entry(path).or_default().push(rating);
        }
        let labels = self.label_lines(open)?;
        if !by_file.is_empty() || !labels.is_empty() {
            write_attributes(&open.workspace)?;
        }
        let write = |(path, said): (String, Vec<RatingRecord>)| {
            let rater = said.last().map(|rating| rating.rater.clone()).unwrap_or_default();
            add_lines(&open.workspace, path, rater, |old| missing_lines(old, said))
        };
        let files: Result<Vec<_>, _> = by_file.into_iter().map(write).collect();
        let labels: Result<Vec<_>, _> =
            labels.into_iter().map(|file| file.write(&open.workspace)).collect();
        Ok(SharedRatings { files: [files?, labels?].concat() })
    }

    /// The paths a commit takes when it takes these: the ratings too, where they go along.
    pub(crate) fn with_ratings(
        &self,
        open: &Open,
        mut paths: Vec<String>,
    ) -> Result<Vec<String>, ApiError> {
        if !self.shares_on_commit()? {
            return Ok(paths);
        }
        self.share(open)?;
        if !paths.is_empty() {
            let changes = open.workspace.changes().map_err(|e| e.explain())?;
            let ratings = changes.into_iter().map(|change| change.path);
            let known: HashSet<String> = paths.iter().cloned().collect();
            paths.extend(ratings.filter(|p| p.starts_with(FOLDER) && !known.contains(p)));
        }
        Ok(paths)
    }
}

fn read_files(folder: RaterFiles<'_>) -> SharedFiles {
    let RaterFiles { workspace, paths, refused } = folder;
    let mut files = SharedFiles { refused, ..SharedFiles::default() };
    for path in &paths {
        if files.ratings.len() >= MAX_RATINGS {
            files.refused.push(format!("{path}: not read after {MAX_RATINGS} ratings"));
            continue;
        }
        match workspace.read_text(path) {
            Ok(file) => read_file(path, &file.text, &mut files),
            Err(error) => files.refused.push(error.to_string()),
        }
    }
    // A merge may have put lines in any order.
    files.ratings.sort_by_key(|rating| rating.at_ms);
    files
}

fn read_file(path: &str, text: &str, files: &mut SharedFiles) {
    let SharedFiles { ratings, refused } = files;
    let mut names = Vec::new();
    read_lines(path, text, "ratings", refused, |line, stem| {
        let rating = read_line(line, stem)?;
        ratings.push(within_names(rating, &mut names)?);
        Ok(())
    });
}

/// The rating, unless its file speaks for too many. A crowd out of one file would be a majority of one's own making,
/// and everybody is held against everybody.
fn within_names(rating: RatingRecord, names: &mut Vec<String>) -> Result<RatingRecord, String> {
    match names.contains(&rating.rater) {
        true => Ok(rating),
        false if names.len() == MAX_NAMES => Err(format!("more than {MAX_NAMES} raters' names")),
        false => {
            names.push(rating.rater.clone());
            Ok(rating)
        }
    }
}

/// A rating, if the line is one and the file may say it.
fn read_line(line: &str, stem: &str) -> Result<RatingRecord, String> {
    let line: Line = serde_json::from_str(line).map_err(|error| format!("no rating: {error}"))?;
    if !is_name(&line.rater) || slug(&line.rater) != stem {
        return Err("the file is another rater's".to_owned());
    }
    let than = line.than.iter().flat_map(|than| [&than.content, &than.output]);
    if ![&line.case, &line.content, &line.output].into_iter().chain(than).all(|d| is_digest(d)) {
        return Err("a digest is `sha256:` and 64 hexadecimal digits".to_owned());
    }
    if line.prompt.is_empty() || line.prompt.len() > 400 || line.at < 0 {
        return Err("no prompt or no time".to_owned());
    }
    let said = read_said(&line).ok_or("no such kind or value")?;
    let Line { at, case, content, output, prompt, rater, .. } = line;
    let rated = RatedOutput { prompt, content_id: content, case, output };
    Ok(RatingRecord { rated, rater, said, at_ms: at }.ordered())
}

fn read_said(line: &Line) -> Option<Said> {
    let value = &line.value;
    match line.kind.as_str() {
        "pass" if value.is_null() => Some(Said::Pass(None)),
        "pass" => Some(Said::Pass(Some(value.as_bool()?))),
        "grade" if value.is_null() => Some(Said::Grade(None)),
        "grade" => {
            let grade = u8::try_from(value.as_u64()?).ok()?;
            (1..=5).contains(&grade).then_some(Said::Grade(Some(grade)))
        }
        "comment" if value.is_null() => Some(Said::Comment(None)),
        "comment" => {
            let text = value.as_str()?;
            let fits = text.chars().count() <= MAX_COMMENT;
            fits.then(|| Said::Comment(Some(text.to_owned())))
        }
        "preference" => {
            let than = line.than.as_ref()?;
            let other =
                OtherOutput { content_id: than.content.clone(), output: than.output.clone() };
            let choice: Option<Choice> = serde_json::from_value(value.clone()).ok()?;
            Some(Said::Preference(other, choice))
        }
        _ => None,
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn line_of(rating: &RatingRecord) -> Line {
    let value = match &rating.said {
        Said::Pass(pass) => serde_json::json!(pass),
        Said::Grade(grade) => serde_json::json!(grade),
        Said::Comment(comment) => serde_json::json!(comment),
        Said::Preference(_, choice) => serde_json::json!(choice),
    };
    let than = rating
        .said
        .other()
        .map(|other| Than { content: other.content_id.clone(), output: other.output.clone() });
    Line {
        at: rating.at_ms,
        case: rating.rated.case.clone(),
        content: rating.rated.content_id.clone(),
        kind: rating.said.kind().to_owned(),
        output: rating.rated.output.clone(),
        prompt: rating.rated.prompt.clone(),
        rater: rating.rater.clone(),
        than,
        value,
    }
}

/// The lines a file lacks: what counts now, and what was taken back of what it holds.
fn missing_lines(old: &str, said: Vec<RatingRecord>) -> Result<Vec<String>, ApiError> {
    let known = known_lines(old);
    let is_known = |rating: &&RatingRecord| {
        !rating.said.is_withdrawal()
            && to_text(rating).is_ok_and(|line| known.contains(line.as_str()))
    };
    let shared: HashSet<_> = said.iter().filter(is_known).map(name_of).collect();
    let mut missing: Vec<RatingRecord> = standing_ratings(said.clone());
    let taken_back = said.into_iter().filter(|rating| rating.said.is_withdrawal());
    missing.extend(taken_back.filter(|rating| shared.contains(&name_of(rating))));
    missing.sort_by_key(|rating| rating.at_ms);
    let lines = missing.iter().map(to_text).collect::<Result<Vec<_>, _>>()?;
    Ok(lines.into_iter().filter(|line| !known.contains(line.as_str())).collect())
}

fn to_text(rating: &RatingRecord) -> Result<String, ApiError> {
    serde_json::to_string(&line_of(rating))
        .map_err(|e| ApiError::new(Code::Internal, format!("could not write a rating: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(of: &str) -> String {
        assay_repo::digest(of.as_bytes())
    }

    fn rating(rater: &str, said: Said, at_ms: i64) -> RatingRecord {
        let rated = RatedOutput {
            prompt: "01J".into(),
            content_id: digest("c"),
            case: digest("k"),
            output: digest("o"),
        };
        RatingRecord { rated, rater: rater.into(), said, at_ms }
    }

    fn every_kind() -> Vec<RatingRecord> {
        let other = OtherOutput { content_id: digest("d"), output: digest("p") };
        [
            Said::Pass(Some(true)),
            Said::Pass(None),
            Said::Grade(Some(4)),
            Said::Comment(Some("ends\n\"too early\"".into())),
            Said::Preference(other.clone(), Some(Choice::Tie)),
            Said::Preference(other, None),
        ]
        .into_iter()
        .map(|said| rating("Ada", said, 7).ordered())
        .collect()
    }

    #[test]
    fn every_kind_of_rating_survives_the_trip() {
        for rating in every_kind() {
            let line = to_text(&rating).expect("writes");
            assert!(!line.contains('\n'), "{line}");
            assert_eq!(read_line(&line, "ada"), Ok(rating));
        }
    }

    #[test]
    fn the_keys_of_a_line_are_in_order() {
        for rating in every_kind() {
            let line = to_text(&rating).expect("writes");
            let sorted: Value = serde_json::from_str(&line).expect("JSON");
            let keys: Vec<_> = sorted.as_object().expect("an object").keys().cloned().collect();
            let mut places: Vec<_> = keys.iter().map(|k| line.find(&format!("\"{k}\":"))).collect();
            let mut names = keys.clone();
            names.sort();
            places.sort();
            let by_name: Vec<_> = names.iter().map(|k| line.find(&format!("\"{k}\":"))).collect();
            assert_eq!(by_name, places, "{line}");
        }
    }

    fn refused(line: &str, stem: &str) -> String {
        read_line(line, stem).expect_err("is no rating")
    }

    #[test]
    fn hostile_lines_are_refused_with_a_reason() {
        let good = to_text(&rating("Ada", Said::Grade(Some(4)), 7)).expect("writes");
        assert!(refused(&good, "bob").contains("another rater"), "a file speaks for one rater");
        assert!(refused(&good.replace(":4", ":9"), "ada").contains("value"));
        assert!(refused(&good.replace(":4", ":4.5"), "ada").contains("value"));
        assert!(refused(&good.replace("grade", "judge"), "ada").contains("kind"));
        assert!(refused(&good.replace("sha256:", "sha256:../"), "ada").contains("digest"));
        assert!(refused(&good.replace(":7", ":-7"), "ada").contains("time"));
        assert!(refused(&"[".repeat(10_000), "ada").contains("no rating"));
        let comment = rating("Ada", Said::Comment(Some("x".repeat(MAX_COMMENT + 1))), 7);
        assert!(refused(&to_text(&comment).expect("writes"), "ada").contains("value"));
    }

    #[test]
    fn a_file_is_no_crowd() {
        let lines = ["Ada", "ada", "ADA", "(ada)", "Ada"]
            .map(|name| to_text(&rating(name, Said::Pass(Some(true)), 7)).expect("writes") + "\n");
        let mut files = SharedFiles::default();
        read_file(".assay/ratings/ada.jsonl", &lines.concat(), &mut files);
        let names: Vec<_> = files.ratings.iter().map(|rating| rating.rater.as_str()).collect();
        assert_eq!(names, ["Ada", "ada", "Ada"]);
        assert_eq!(files.refused.len(), 2, "{:?}", files.refused);
    }

    #[test]
    fn sharing_again_adds_nothing() {
        let said = vec![rating("Ada", Said::Pass(Some(true)), 7)];
        let first = missing_lines("", said.clone()).expect("lines");
        assert_eq!(first.len(), 1);
        assert_eq!(missing_lines(&first.join("\n"), said).expect("lines"), Vec::<String>::new());
    }

    #[test]
    fn what_was_taken_back_is_told_only_where_it_was_shared() {
        let said =
            vec![rating("Ada", Said::Pass(Some(true)), 7), rating("Ada", Said::Pass(None), 8)];
        assert!(missing_lines("", said.clone()).expect("lines").is_empty());
        let shared = to_text(&said[0]).expect("writes");
        let told = missing_lines(&shared, said.clone()).expect("lines");
        assert_eq!(told, [to_text(&said[1]).expect("writes")]);
    }
}
