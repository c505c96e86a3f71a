//! Labels as they stand: each rater's latest word on each output, said here or in the repository.
//!
//! What is said here is kept by the store and goes along with the repository when it is shared:
//! `.assay/ratings/labels/<rater>.jsonl`, a file for each rater. A line is one label, or that its rater held a judge
//! against labels. Neither case nor output travels, only a digest of both; nor does what a judge said, so labelling stays
//! blind. A file speaks for the rater in its name and nobody else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use assay_repo::Workspace;
use assay_score::judge::{LABELS_NEEDED, WEAK_BELOW};
use assay_store::{CalibrationRecord, LabelRecord, LabelTopic};
use assay_wire::*;
use serde::{Deserialize, Serialize};

use super::{Decided, hex, unhex};
use crate::app::{App, Open};
use crate::error::Explain;
use crate::rater_files::{Kept, RATINGS, RaterFiles, add_lines, known_lines, read_lines};
use crate::ratings::{is_name, slug};

/// The folder of the files, in that of the ratings.
const FOLDER: &str = "labels";

/// Lines that are taken of all files together.
const MAX_SAID: usize = 200_000;

/// Characters of a prompt's or scorer's name, and of a signature, that are read.
const MAX_NAME: usize = 400;
const MAX_SIGNATURE: usize = 4_000;

/// The files as they were read last.
pub(crate) type LabelCache = Kept<SharedLabels>;

/// What the files of the open repository say.
#[derive(Default)]
pub(crate) struct SharedLabels {
    topics: HashMap<About, Said>,
    /// What could not be read, and why.
    refused: Vec<String>,
    count: usize,
}

/// A prompt, a scorer, and a digest of what that asks.
type About = (String, String, String);

/// What is said of one topic.
#[derive(Debug, Default, Clone, PartialEq)]
struct Said {
    labels: Vec<LabelRecord>,
    calibrations: Vec<CalibrationRecord>,
}

/// One line of a file. The fields are in the order of their names, and so are the keys. A label without a `value` is one
/// that was taken back.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Line {
    asks: String,
    at: i64,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<u32>,
    prompt: String,
    rater: String,
    scorer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<bool>,
    #[serde(skip_serializing_if = "is_false")]
    weak: bool,
}

/// A calibration of a judge that is not weak reads as it always did.
fn is_false(value: &bool) -> bool {
    !value
}

const LABEL: &str = "label";
const CALIBRATION: &str = "calibration";

/// How a judge stands to the labels of people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Outputs on which people agree by majority that they pass, or that they fail.
    pub labels: Decided,
    /// Of these, those that this very judge was held against: same prompt, same models, same settings.
    pub held: usize,
    /// Whether another judge was held against enough of them.
    pub other: bool,
    /// Whether these leave room for a judge that misses much, by the limit of the Judges view.
    pub weak: bool,
}

impl Standing {
    /// Why the judge is not calibrated, in the words of gates and verdicts; none when it is.
    pub fn uncalibrated(&self) -> Option<String> {
        let Standing { held, other, .. } = *self;
        let labels = self.labels.count();
        if labels < LABELS_NEEDED {
            return Some(format!("judge not calibrated ({labels} of {LABELS_NEEDED} labels)"));
        }
        if let Some(only) = self.labels.only() {
            return Some(format!(
                "judge not calibrated: its {labels} labels are only one kind of label, {only}"
            ));
        }
        if held >= LABELS_NEEDED {
            return None;
        }
        Some(match other {
            true => format!(
                "judge not calibrated: its prompt, model or settings are not those that were held against the {labels} labels"
            ),
            false => format!(
                "judge not calibrated: held against {held} of its {labels} labels, and {LABELS_NEEDED} are needed"
            ),
        })
    }

    /// What gates and verdicts must say beside a judge: that it is not calibrated, or that it is and is weak.
    pub fn caveat(&self) -> Option<String> {
        let weak =
            || format!("judge weak: one of its rates may lie below {:.0} %", 100.0 * WEAK_BELOW);
        self.uncalibrated().or_else(|| self.weak.then(weak))
    }
}

impl App {
    /// Each rater's latest word on each output, by output and rater.
    pub(super) fn labels_of(&self, topic: &LabelTopic) -> Result<Vec<LabelRecord>, ApiError> {
        let here = self.inner.store.labels(topic).map_err(|e| e.explain())?;
        let shared = self.shared_of(topic).map(|shared| shared.said_of(topic).labels);
        Ok(standing(shared.unwrap_or_default().into_iter().chain(here)))
    }

    /// Keeps words that are said now: each is later than what its rater said of the output before, on whichever machine
    /// and by whatever clock.
    pub(super) fn say(
        &self,
        topic: &LabelTopic,
        mut labels: Vec<LabelRecord>,
    ) -> Result<(), ApiError> {
        let here = self.inner.store.labels(topic).map_err(|e| e.explain())?;
        let shared = self.shared_of(topic).map(|shared| shared.said_of(topic).labels);
        follow(&mut labels, here.iter().chain(shared.iter().flatten()));
        self.inner.store.put_labels(topic, labels).map_err(|e| e.explain())
    }

    /// How the judge of this signature stands to the labels of a topic. Without a signature it is none that was ever
    /// held against anything.
    pub(super) fn standing_of(
        &self,
        topic: &LabelTopic,
        signature: Option<&str>,
    ) -> Result<Standing, ApiError> {
        let labels = Decided::of(&self.labels_of(topic)?);
        let mut held = self.inner.store.calibrations(topic).map_err(|e| e.explain())?;
        held.extend(self.shared_of(topic).into_iter().flat_map(|s| s.said_of(topic).calibrations));
        let (same, others): (Vec<_>, Vec<_>) =
            held.iter().partition(|one| Some(one.signature.as_str()) == signature);
        // Of two that saw as many labels, the later one saw them as people say now.
        let same = same.into_iter().max_by_key(|one| (one.labels, one.at_ms));
        let held = same.map_or(0, |one| one.labels as usize);
        Ok(Standing {
            labels,
            held: held.min(labels.count()),
            other: others.iter().any(|one| one.labels as usize >= LABELS_NEEDED),
            weak: same.is_some_and(|one| one.weak),
        })
    }

    /// Outputs that were labelled for another wording of the same scorer.
    pub(super) fn older_labels(&self, topic: &LabelTopic) -> Result<u32, ApiError> {
        let store = &self.inner.store;
        let mut topics = store.label_topics(&topic.workspace).map_err(|e| e.explain())?;
        if let Some(shared) = self.shared_of(topic) {
            topics.extend(shared.topics_in(&topic.workspace));
        }
        topics.sort();
        topics.dedup();
        let mut subjects = HashSet::new();
        for other in topics.iter().filter(|other| {
            (&other.prompt, &other.scorer) == (&topic.prompt, &topic.scorer)
                && other.asks != topic.asks
        }) {
            subjects.extend(self.labels_of(other)?.into_iter().map(|label| label.subject));
        }
        Ok(subjects.len() as u32)
    }

    /// What of the repository's files of labels could not be read.
    pub(super) fn refused_labels(&self, topic: &LabelTopic) -> Vec<String> {
        self.shared_of(topic).map_or_else(Vec::new, |shared| shared.refused.clone())
    }

    /// Keeps that a judge was held against so many labels, and whether it came out weak, unless that is known.
    pub(super) fn keep_calibration(
        &self,
        open: &Open,
        topic: &LabelTopic,
        signature: &str,
        (labels, weak): (usize, bool),
    ) -> Result<(), ApiError> {
        let store = &self.inner.store;
        let (rater, labels) = (self.rater(open)?, labels as u32);
        let known = store.calibrations(topic).map_err(|e| e.explain())?;
        let is_known = |one: &CalibrationRecord| {
            let same_judge = one.signature == signature && one.rater == rater;
            same_judge && (one.labels, one.weak) == (labels, weak)
        };
        if labels == 0 || known.iter().any(is_known) {
            return Ok(());
        }
        let at_ms = self.inner.environment.now_ms();
        let kept =
            CalibrationRecord { signature: signature.to_owned(), rater, labels, weak, at_ms };
        store.put_calibration(topic, kept).map_err(|e| e.explain())
    }

    /// What was said here, as the lines of the files of those who said it.
    pub(crate) fn label_lines(&self, open: &Open) -> Result<Vec<LabelFile>, ApiError> {
        let store = &self.inner.store;
        let mut by_rater: BTreeMap<String, LabelFile> = BTreeMap::new();
        for topic in store.label_topics(&open.id).map_err(|e| e.explain())? {
            let labels = store.labels(&topic).map_err(|e| e.explain())?;
            let held = store.calibrations(&topic).map_err(|e| e.explain())?;
            let labels = labels.iter().map(|label| Line::label(&topic, label));
            let lines = labels.chain(held.iter().map(|one| Line::calibration(&topic, one)));
            for line in lines.filter(|line| is_name(&line.rater)) {
                let file = by_rater.entry(slug(&line.rater)).or_default();
                file.rater.clone_from(&line.rater);
                file.lines.push(line);
            }
        }
        Ok(by_rater.into_values().collect())
    }

    /// What the files say, when the topic is one of the open repository's.
    fn shared_of(&self, topic: &LabelTopic) -> Option<Arc<SharedLabels>> {
        let open = self.workspace().ok().filter(|open| open.id == topic.workspace)?;
        let mut kept = self.inner.labels.lock().unwrap_or_else(PoisonError::into_inner);
        Some(kept.read(&open, &format!("{RATINGS}/{FOLDER}"), SharedLabels::read))
    }
}

/// Puts words that are said now behind those that were said before. A clock that was set back, or another machine's that
/// is ahead, must not leave a correction without effect.
fn follow<'l>(now: &mut [LabelRecord], before: impl Iterator<Item = &'l LabelRecord>) {
    let mut latest: HashMap<([u8; 32], String), i64> = HashMap::new();
    for label in before {
        let at = latest.entry((label.subject, label.rater.clone())).or_insert(label.at_ms);
        *at = label.at_ms.max(*at);
    }
    for label in now {
        if let Some(at) = latest.get(&(label.subject, label.rater.clone())) {
            label.at_ms = label.at_ms.max(at.saturating_add(1));
        }
    }
}

/// Each rater's latest word on each output; of two at the same time the later one here. What was taken back is gone.
fn standing(said: impl Iterator<Item = LabelRecord>) -> Vec<LabelRecord> {
    let mut latest: BTreeMap<([u8; 32], String), LabelRecord> = BTreeMap::new();
    for label in said {
        let key = (label.subject, label.rater.clone());
        if latest.get(&key).is_none_or(|before| before.at_ms <= label.at_ms) {
            latest.insert(key, label);
        }
    }
    latest.into_values().filter(|label| label.pass.is_some()).collect()
}

impl SharedLabels {
    fn read(folder: RaterFiles<'_>) -> SharedLabels {
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

    fn said_of(&self, topic: &LabelTopic) -> Said {
        let about = (topic.prompt.clone(), topic.scorer.clone(), topic.asks.clone());
        self.topics.get(&about).cloned().unwrap_or_default()
    }

    fn topics_in(&self, workspace: &str) -> Vec<LabelTopic> {
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

    fn label(topic: &LabelTopic, label: &LabelRecord) -> Line {
        let subject = Some(hex(&label.subject));
        Line { subject, value: label.pass, ..Line::of(topic, LABEL, &label.rater, label.at_ms) }
    }

    fn calibration(topic: &LabelTopic, one: &CalibrationRecord) -> Line {
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
    rater: String,
    lines: Vec<Line>,
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
        CalibrationRecord { signature, rater, labels, weak: labels % 2 == 1, at_ms: 9 }
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
        let mut lines: Vec<_> =
            labels.iter().map(|one| Line::label(&topic(), one).to_text().unwrap()).collect();
        let texts = [&calibration, &weak].map(|one| Line::calibration(&topic(), one).to_text());
        lines.extend(texts.map(Result::unwrap));
        assert!(!lines[2].contains("weak") && lines[3].ends_with("\"weak\":true}"), "{lines:?}");
        let all = read(".assay/ratings/labels/ada.jsonl", &lines);
        assert_eq!(all.refused, Vec::<String>::new());
        let said = Said { labels: labels.to_vec(), calibrations: vec![calibration, weak] };
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
    fn the_latest_word_of_each_rater_counts_wherever_it_was_said() {
        let said = [
            label(1, "ann", Some(true), 5),
            label(1, "ben", Some(false), 5),
            label(1, "ann", Some(false), 4),
            label(2, "ann", Some(true), 1),
            label(2, "ann", None, 2),
        ];
        let stands = standing(said.into_iter());
        assert_eq!(stands, [label(1, "ann", Some(true), 5), label(1, "ben", Some(false), 5)]);
    }

    #[test]
    fn what_is_said_now_counts_though_another_clock_is_ahead() {
        let before = [label(1, "ann", Some(true), 9_000), label(1, "ben", Some(true), 9_500)];
        let mut now = [label(1, "ann", Some(false), 5_000), label(2, "ann", None, 5_000)];
        follow(&mut now, before.iter());
        assert_eq!(now.each_ref().map(|label| label.at_ms), [9_001, 5_000]);
        let stands = standing(before.into_iter().chain(now));
        assert_eq!(stands[0], label(1, "ann", Some(false), 9_001));
        let mut never = [label(1, "ann", None, 5_000)];
        follow(&mut never, [label(1, "ann", Some(true), i64::MAX)].iter());
        assert_eq!(never[0].at_ms, i64::MAX, "a file may claim any time");
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

    #[test]
    fn a_judge_is_calibrated_by_labels_that_it_was_held_against_itself() {
        let words = |count: usize, held, other| {
            let labels = Decided { passes: count - 5, failures: 5 };
            Standing { labels, held, other, weak: false }.caveat()
        };
        assert_eq!(words(50, 50, false), None);
        assert_eq!(words(12, 12, true).unwrap(), "judge not calibrated (12 of 50 labels)");
        assert!(words(60, 0, true).unwrap().contains("prompt, model or settings"));
        assert!(words(60, 40, false).unwrap().contains("40 of its 60 labels"));
    }

    #[test]
    fn labels_of_one_kind_calibrate_no_judge_and_a_weak_one_is_said_to_be_weak() {
        let stands = |passes, failures, weak| {
            let labels = Decided { passes, failures };
            Standing { labels, held: passes + failures, other: false, weak }
        };
        for (one_kind, only) in [(stands(60, 0, true), "passes"), (stands(0, 60, true), "failures")]
        {
            let words = one_kind.uncalibrated().unwrap();
            assert!(words.contains("only one kind of label") && words.ends_with(only), "{words}");
            assert_eq!(one_kind.caveat(), Some(words), "one remark is enough");
        }
        let weak = stands(40, 20, true);
        assert_eq!(weak.uncalibrated(), None);
        assert_eq!(weak.caveat().unwrap(), "judge weak: one of its rates may lie below 80 %");
        assert_eq!(stands(40, 20, false).caveat(), None);
    }
}
