//! Sharing what was said on this machine: ratings are signed, for the next sync to send; labels of judges are written
//! to files, for the next commit to take.
//!
//! Nobody signs by a key stroke. What was said is kept, and signed together when the rater shares it, or with a sync
//! where they asked for that. Only what is new is signed, and a key speaks for one person: what was rated here under
//! another name waits until that name and a key of theirs are chosen.

use std::collections::{HashMap, HashSet};

use assay_store::{RatingRecord, standing_ratings};
use assay_wire::*;

use super::heard::Whose;
use super::signed::to_sign;
use super::voices::{NameOf, name_of};
use crate::app::{App, Open};
use crate::error::Explain;
use crate::rater_files::{RATINGS as FOLDER, write_attributes};
use crate::router::Answer;

impl Answer<ShareRatings> for App {
    fn answer(&self, _: ShareRatings) -> Result<SharedRatings, ApiError> {
        let open = self.workspace()?;
        let files = self.write_labels(&open)?;
        if files.iter().any(|file| file.added > 0) {
            self.inner.notices.send(Notice::WorkspaceChanged);
        }
        Ok(SharedRatings { files, ..self.sign_unshared(&open)? })
    }
}

impl App {
    /// Signs what a sync is to take along, where the rater asked for that. What keeps it from being signed keeps no
    /// commit from being sent, and is told.
    pub(crate) fn share_with_sync(&self, open: &Open) -> Result<Option<String>, ApiError> {
        if !self.shares_by_itself()? {
            return Ok(None);
        }
        let refused = self.sign_unshared(open).err();
        Ok(refused.map(|error| {
            let hints = error.hints.join(" ");
            format!("your ratings were not shared: {}. {hints}", error.message)
                .trim_end()
                .to_owned()
        }))
    }

    /// The paths a commit takes when it takes these: the files of labels too, where they go along.
    pub(crate) fn with_labels(
        &self,
        open: &Open,
        mut paths: Vec<String>,
    ) -> Result<Vec<String>, ApiError> {
        if !self.shares_by_itself()? {
            return Ok(paths);
        }
        self.write_labels(open)?;
        if !paths.is_empty() {
            let changes = open.workspace.changes().map_err(|e| e.explain())?;
            let labels = changes.into_iter().map(|change| change.path);
            let known: HashSet<String> = paths.iter().cloned().collect();
            paths.extend(labels.filter(|p| p.starts_with(FOLDER) && !known.contains(p)));
        }
        Ok(paths)
    }

    fn write_labels(&self, open: &Open) -> Result<Vec<SharedFile>, ApiError> {
        let labels = self.label_lines(open)?;
        if !labels.is_empty() {
            write_attributes(&open.workspace)?;
        }
        labels.into_iter().map(|file| file.write(&open.workspace)).collect()
    }

    /// Signs what the present rater said and did not share yet.
    fn sign_unshared(&self, open: &Open) -> Result<SharedRatings, ApiError> {
        let rater = self.rater(open)?;
        self.follow_logs(open)?;
        let own = self.heard(open, None)?.into_iter().filter(|heard| heard.whose == Whose::Own);
        let shared: Vec<RatingRecord> = own.map(|heard| heard.rating).collect();
        let here = self.inner.store.ratings(&open.id, None).map_err(|e| e.explain())?;
        let (ours, others): (Vec<_>, Vec<_>) =
            unshared(here, &shared).into_iter().partition(|rating| rating.rater == rater);
        let statements = match ours.is_empty() {
            true => Vec::new(),
            false => self.sign_ratings(to_sign(&rater, &ours))?,
        };
        Ok(SharedRatings {
            rater,
            signed: ours.len() as u32,
            statements,
            others: others.len() as u32,
            files: Vec::new(),
        })
    }
}

/// What was said and is not told by what was shared: what counts now, and what was taken back of it.
fn unshared(said: Vec<RatingRecord>, shared: &[RatingRecord]) -> Vec<RatingRecord> {
    let told: HashMap<NameOf, &RatingRecord> =
        shared.iter().map(|rating| (name_of(rating), rating)).collect();
    let stands: HashSet<NameOf> = standing_ratings(said.clone()).iter().map(name_of).collect();
    let mut latest: HashMap<NameOf, RatingRecord> = HashMap::new();
    for rating in said {
        latest.insert(name_of(&rating), rating);
    }
    let is_new = |(name, rating): &(NameOf, RatingRecord)| match told.get(name) {
        // A later word from another machine is not taken back by an earlier one from here.
        Some(told) => told.said != rating.said && told.at_ms <= rating.at_ms,
        None => stands.contains(name),
    };
    let new = latest.into_iter().filter(is_new);
    let mut new: Vec<RatingRecord> = new.map(|(_, rating)| rating).collect();
    new.sort_by(|a, b| (a.at_ms, &a.rated, &a.rater).cmp(&(b.at_ms, &b.rated, &b.rater)));
    new
}

#[cfg(test)]
mod tests {
    use assay_store::{RatedOutput, Said};

    use super::*;

    fn rating(output: &str, said: Said, at_ms: i64) -> RatingRecord {
        let rated = RatedOutput {
            prompt: "p".into(),
            content_id: "c".into(),
            case: "k".into(),
            output: output.into(),
        };
        RatingRecord { rated, rater: "Ada".into(), said, at_ms }
    }

    fn pass(output: &str, pass: Option<bool>, at_ms: i64) -> RatingRecord {
        rating(output, Said::Pass(pass), at_ms)
    }

    #[test]
    fn only_the_last_word_is_shared_and_only_once() {
        let said = vec![pass("o", Some(false), 1), pass("o", Some(true), 2)];
        let first = unshared(said.clone(), &[]);
        assert_eq!(first, [pass("o", Some(true), 2)]);
        assert!(unshared(said.clone(), &first).is_empty(), "sharing again adds nothing");
        let more = [said, vec![rating("o", Said::Grade(Some(2)), 3), pass("m", Some(true), 4)]];
        let next = unshared(more.concat(), &first);
        assert_eq!(next, [rating("o", Said::Grade(Some(2)), 3), pass("m", Some(true), 4)]);
    }

    #[test]
    fn what_was_taken_back_is_told_only_where_it_was_shared() {
        let said = vec![pass("o", Some(true), 1), pass("o", None, 2)];
        assert!(unshared(said.clone(), &[]).is_empty());
        let told = unshared(said.clone(), &said[..1]);
        assert_eq!(told, [pass("o", None, 2)]);
        assert!(unshared(said.clone(), &said).is_empty(), "it was told");
    }

    #[test]
    fn an_earlier_word_from_here_does_not_take_back_a_later_one_from_elsewhere() {
        let elsewhere = [pass("o", Some(true), 5)];
        assert!(unshared(vec![pass("o", Some(false), 4)], &elsewhere).is_empty());
        assert_eq!(unshared(vec![pass("o", Some(false), 6)], &elsewhere).len(), 1);
    }
}
