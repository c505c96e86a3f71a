//! The files in which labels travel: `.assay/ratings/labels/<rater>.jsonl`, a file for each rater.
//!
//! A line is one label, or that its rater held a judge against labels. Neither case nor output travels, only a digest of
//! both; nor does what a judge said, so labelling stays blind. A file speaks for the rater in its name and nobody else.

use std::collections::{HashMap, HashSet};

use assay_repo::Workspace;
use assay_store::{CalibrationRecord, LabelRecord, LabelTopic};
use assay_wire::{ApiError, Code, SharedFile};
use serde::{Deserialize, Serialize};

use super::super::{hex, unhex};
use crate::rater_files::{RATINGS, RaterFiles, add_lines, known_lines, read_lines};
use crate::ratings::{is_name, slug};

/// The folder of the files, in that of the ratings.
pub(super) const FOLDER: &str = "labels";

/// Lines that are taken of all files together.
const MAX_SAID: usize = 200_000;

/// Characters of a prompt's or scorer's name, and of a signature, that are read.
const MAX_NAME: usize = 400;
const MAX_SIGNATURE: usize = 4_000;

/// What the files of the open repository say.
#[derive(Default)]
pub(crate) struct SharedLabels {
    topics: HashMap<About, Said>,
    /// What could not be read, and why.
    pub(super) refused: Vec<String>,
    count: usize,
}

/// A prompt, a scorer, and a digest of what that asks.
type About = (String, String, String);

/// What is said of one topic.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Said {
    pub labels: Vec<LabelRecord>,
    pub calibrations: Vec<CalibrationRecord>,
}

/// One line of a file. The fields are in the order of their names, and so are the keys. A label without a `value` is one
/// that was taken back.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Line {
    asks: String,
    at: i64,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<u32>,
    prompt: String,
    pub rater: String,
    scorer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<bool>,
    /// Whether a calibrated judge came out weak; what earlier versions wrote of those that did not, or of any, has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    weak: Option<bool>,
}

const LABEL: &str = "label";
const CALIBRATION: &str = "calibration";

impl SharedLabels {
    pub(super) fn read(folder: RaterFiles<'_>) -> SharedLabels {
        let RaterFiles { workspace, paths, refused } = folder;
        let mut all = SharedLabels { refused, ..SharedLabels::default() };
        for path in &paths {
            match workspace.read_text(path) {
                Ok(file) => all.read_file(path, &file.text),
                Err(error) => all.refused.push(error.to_string()),
            }
        }
        all
    }

    fn read_file(&mut self, path: &str, text: &str) {
        let SharedLabels { topics, refused, count } = self;
        read_lines(path, text, "labels", refused, |line, stem| {
            if *count >= MAX_SAID {
                return Err(format!("not read after {MAX_SAID} labels"));
            }
            *count += 1;
            Line::read(line, stem)?.put(topics)
        });
    }

    pub(super) fn said_of(&self, topic: &LabelTopic) -> Said {
        let about = (topic.prompt.clone(), topic.scorer.clone(), topic.asks.clone());
        self.topics.get(&about).cloned().unwrap_or_default()
    }

    pub(super) fn topics_in(&self, workspace: &str) -> Vec<LabelTopic> {
        let topic = |(prompt, scorer, asks): &About| LabelTopic {
            workspace: workspace.to_owned(),
            prompt: prompt.clone(),
            scorer: scorer.clone(),
            asks: asks.clone(),
        };
        self.topics.keys().map(topic).collect()
    }
}

impl Line {
    fn of(topic: &LabelTopic, kind: &str, rater: &str, at: i64) -> Line {
        Line {
            asks: topic.asks.clone(),
            at,
            kind: kind.to_owned(),
            prompt: topic.prompt.clone(),
            rater: rater.to_owned(),
            scorer: topic.scorer.clone(),
            ..Line::default()
        }
    }

    pub fn label(topic: &LabelTopic, label: &LabelRecord) -> Line {
        let subject = Some(hex(&label.subject));
        Line { subject, value: label.pass, ..Line::of(topic, LABEL, &label.rater, label.at_ms) }
    }

    pub fn calibration(topic: &LabelTopic, one: &CalibrationRecord) -> Line {
        let (signature, labels) = (Some(one.signature.clone()), Some(one.labels));
        let line = Line::of(topic, CALIBRATION, &one.rater, one.at_ms);
        Line { signature, labels, weak: one.weak, ..line }
    }

    /// A line, if it is one and the file may say it.
    fn read(text: &str, stem: &str) -> Result<Line, String> {
        let line: Line =
            serde_json::from_str(text).map_err(|error| format!("no label: {error}"))?;
        if !is_name(&line.rater) || slug(&line.rater) != stem {
            return Err("the file is another rater's".to_owned());
        }
        let names = [&line.prompt, &line.scorer, &line.asks];
        if names.iter().any(|name| name.is_empty() || name.len() > MAX_NAME) || line.at < 0 {
            return Err("no prompt, no scorer or no time".to_owned());
        }
        Ok(line)
    }

    /// Adds what it says to its topic.
    fn put(self, topics: &mut HashMap<About, Said>) -> Result<(), String> {
        let Line { asks, at, kind, prompt, rater, scorer, .. } = self;
        let Line { labels, signature, subject, value, weak, .. } = self;
        let said = topics.entry((prompt, scorer, asks)).or_default();
        match (kind.as_str(), subject, signature, labels) {
            (LABEL, Some(subject), None, None) => {
                let subject = unhex(&subject).ok_or("a subject is 64 hexadecimal digits")?;
                said.labels.push(LabelRecord { subject, rater, pass: value, at_ms: at });
            }
            (CALIBRATION, None, Some(signature), Some(labels))
                if signature.len() <= MAX_SIGNATURE =>
            {
                let held = CalibrationRecord { signature, rater, labels, weak, at_ms: at };
                said.calibrations.push(held);
            }
            _ => return Err("no such kind, or not what it needs".to_owned()),
        }
        Ok(())
    }

    fn to_text(&self) -> Result<String, ApiError> {
        serde_json::to_string(self)
            .map_err(|e| ApiError::new(Code::Internal, format!("could not write a label: {e}")))
    }
}

/// What a rater's file is to hold.
#[derive(Default)]
pub(crate) struct LabelFile {
    pub(super) rater: String,
    pub(super) lines: Vec<Line>,
}

impl LabelFile {
    /// Adds what the file lacks.
    pub fn write(self, workspace: &Workspace) -> Result<SharedFile, ApiError> {
        let LabelFile { rater, lines } = self;
        let path = format!("{RATINGS}/{FOLDER}/{}.jsonl", slug(&rater));
        add_lines(workspace, path, rater, |old| missing(old, &lines))
    }
}

/// The lines a file lacks. That a label was taken back is told only where the label was.
fn missing(old: &str, lines: &[Line]) -> Result<Vec<String>, ApiError> {
    let known = known_lines(old);
    let told: HashSet<_> = old
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok())
        .map(|line| (line.prompt, line.scorer, line.asks, line.rater, line.subject))
        .collect();
    let was_told = |line: &Line| {
        let Line { prompt, scorer, asks, rater, subject, .. } = line;
        told.contains(&(
            prompt.clone(),
            scorer.clone(),
            asks.clone(),
            rater.clone(),
            subject.clone(),
        ))
    };
    let is_worth = |line: &&Line| line.kind != LABEL || line.value.is_some() || was_told(line);
    let mut texts = Vec::new();
    for line in lines.iter().filter(is_worth) {
        let text = line.to_text()?;
        if !known.contains(text.as_str()) {
            texts.push(text);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn topic() -> LabelTopic {
        LabelTopic {
            workspace: "w".to_owned(),
            prompt: "01J".to_owned(),
            scorer: "fits".to_owned(),
            asks: "abc".to_owned(),
        }
    }

    fn label(subject: u8, rater: &str, pass: Option<bool>, at_ms: i64) -> LabelRecord {
        LabelRecord { subject: [subject; 32], rater: rater.to_owned(), pass, at_ms }
    }

    fn held(signature: &str, labels: u32) -> CalibrationRecord {
        let (signature, rater) = (signature.to_owned(), "Ada".to_owned());
        CalibrationRecord {
            signature,
            rater,
            labels,
            weak: (labels != 62).then_some(labels % 2 == 1),
            at_ms: 9,
        }
    }

    fn read(path: &str, lines: &[String]) -> SharedLabels {
        let mut all = SharedLabels::default();
        all.read_file(path, &lines.join("\n"));
        all
    }

    #[test]
    fn labels_and_calibrations_survive_the_trip() {
        let labels = [label(1, "Ada", Some(true), 5), label(2, "Ada", None, 6)];
        let (calibration, weak) = (held("llm-rubric|model:a/b", 60), held("another", 61));
        let unknown = held("of an earlier version", 62);
        let mut lines: Vec<_> =
            labels.iter().map(|one| Line::label(&topic(), one).to_text().unwrap()).collect();
        let texts =
            [&calibration, &weak, &unknown].map(|one| Line::calibration(&topic(), one).to_text());
        lines.extend(texts.map(Result::unwrap));
        assert!(lines[2].ends_with("\"weak\":false}") && lines[3].ends_with("\"weak\":true}"));
        assert!(!lines[4].contains("weak"), "{lines:?}");
        let all = read(".assay/ratings/labels/ada.jsonl", &lines);
        assert_eq!(all.refused, Vec::<String>::new());
        let said = Said { labels: labels.to_vec(), calibrations: vec![calibration, weak, unknown] };
        assert_eq!(all.said_of(&topic()), said);
        assert_eq!(all.topics_in("w"), [topic()]);
        for line in lines {
            let keys: Vec<_> = line.split('"').skip(1).step_by(2).collect();
            assert!(line.starts_with("{\"asks\":"), "{keys:?}");
        }
    }

    #[test]
    fn hostile_lines_are_refused_with_a_reason() {
        let good = Line::label(&topic(), &label(1, "Ada", Some(true), 5)).to_text().unwrap();
        let refused = |line: &str, stem: &str| {
            let all = read(&format!("x/{stem}.jsonl"), &[line.to_owned()]);
            assert_eq!(all.said_of(&topic()).labels, [], "{line}");
            all.refused.join("; ")
        };
        assert!(refused(&good, "bob").contains("another rater"), "a file speaks for one rater");
        assert!(refused(&good.replace("0101", "zz01"), "ada").contains("hexadecimal"));
        assert!(refused(&good.replace("\"label\"", "\"verdict\""), "ada").contains("kind"));
        assert!(refused(&good.replace(":5,", ":-5,"), "ada").contains("no time"));
        assert!(refused(&good.replace("true", "1"), "ada").contains("no label"));
        assert!(refused(&"[".repeat(10_000), "ada").contains("no label"));
        assert!(refused(&good.replace("fits", &"x".repeat(500)), "ada").contains("no scorer"));
    }

    #[test]
    fn sharing_again_adds_nothing_and_what_was_taken_back_is_told_where_it_was_shared() {
        let line = |pass, at| Line::label(&topic(), &label(1, "Ada", pass, at));
        let first = missing("", &[line(Some(true), 5)]).unwrap();
        assert_eq!(first.len(), 1);
        let file = first.join("\n");
        assert_eq!(missing(&file, &[line(Some(true), 5)]).unwrap(), Vec::<String>::new());
        assert_eq!(missing("", &[line(None, 6)]).unwrap(), Vec::<String>::new());
        assert_eq!(missing(&file, &[line(None, 6)]).unwrap(), [line(None, 6).to_text().unwrap()]);
    }
}
