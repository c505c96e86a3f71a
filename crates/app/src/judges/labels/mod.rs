//! Labels as they stand: each rater's latest word on each output, said here or in the repository.
//!
//! What is said here is kept by the store and goes along with the repository when it is shared, in [`files`] of
//! their own. Whether a judge may be believed by them is its [`Standing`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use assay_score::judge::LABELS_NEEDED;
use assay_store::{CalibrationRecord, LabelRecord, LabelTopic};
use assay_wire::ApiError;

use super::Decided;
use crate::app::{App, Open};
use crate::error::Explain;
use crate::rater_files::{Kept, RATINGS};
use crate::ratings::{is_name, slug};

mod files;
mod standing;

pub(super) use standing::Standing;

use files::{FOLDER, LabelFile, Line, SharedLabels};

/// The files as they were read last.
pub(crate) type LabelCache = Kept<SharedLabels>;

impl App {
    /// Each rater's latest word on each output, by output and rater.
    pub(in crate::judges) fn labels_of(
        &self,
        topic: &LabelTopic,
    ) -> Result<Vec<LabelRecord>, ApiError> {
        let here = self.inner.store.labels(topic).map_err(|e| e.explain())?;
        let shared = self.shared_of(topic).map(|shared| shared.said_of(topic).labels);
        Ok(standing(shared.unwrap_or_default().into_iter().chain(here)))
    }

    /// Keeps words that are said now: each is later than what its rater said of the output before, on whichever machine
    /// and by whatever clock.
    pub(in crate::judges) fn say(
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
    pub(in crate::judges) fn standing_of(
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
            weak: same.and_then(|one| one.weak),
        })
    }

    /// Outputs that were labelled for another wording of the same scorer.
    pub(in crate::judges) fn older_labels(&self, topic: &LabelTopic) -> Result<u32, ApiError> {
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
    pub(in crate::judges) fn refused_labels(&self, topic: &LabelTopic) -> Vec<String> {
        self.shared_of(topic).map_or_else(Vec::new, |shared| shared.refused.clone())
    }

    /// Keeps that a judge was held against so many labels, and whether it came out weak, unless that is known.
    pub(in crate::judges) fn keep_calibration(
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
            same_judge && (one.labels, one.weak) == (labels, Some(weak))
        };
        if labels == 0 || known.iter().any(is_known) {
            return Ok(());
        }
        let at_ms = self.inner.environment.now_ms();
        let kept = CalibrationRecord {
            signature: signature.to_owned(),
            rater,
            labels,
            weak: Some(weak),
            at_ms,
        };
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn label(subject: u8, rater: &str, pass: Option<bool>, at_ms: i64) -> LabelRecord {
        LabelRecord { subject: [subject; 32], rater: rater.to_owned(), pass, at_ms }
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
}
