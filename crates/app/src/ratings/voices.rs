//! Everything that is said of the outputs of some prompts, by the people of this machine and in shared files.
//!
//! A file of the repository may be written by anybody. So what it says under the name of somebody who rated here is
//! taken only where they said nothing here, and it is never shown as the present rater's own.

use std::collections::{HashMap, HashSet};

use assay_store::{RatedOutput, RatingRecord, Said, standing_ratings};
use assay_wire::*;

use crate::app::{App, Open};
use crate::error::Explain;

/// One rating that counts.
pub(crate) struct Voice {
    /// The rating.
    pub rating: RatingRecord,
    /// Whether it was given on this machine.
    pub here: bool,
}

/// The ratings that count.
pub(crate) struct Voices {
    rater: String,
    /// Of single outputs, by the output's hash.
    outputs: HashMap<String, Vec<Voice>>,
    /// Of pairs.
    pairs: Vec<Voice>,
    /// What shared files hold that cannot be read.
    refused: Vec<String>,
}

impl App {
    /// What is said of the outputs of these prompts.
    pub(super) fn voices(&self, open: &Open, prompts: &[String]) -> Result<Voices, ApiError> {
        let mut here = Vec::new();
        for prompt in prompts {
            let said = self.inner.store.ratings(&open.id, Some(prompt));
            here.extend(said.map_err(|e| e.explain())?);
        }
        let shared = self.shared_ratings(open);
        let wanted: HashSet<&String> = prompts.iter().collect();
        let there = shared.ratings.iter().filter(|rating| wanted.contains(&rating.rated.prompt));
        let mut voices = Voices::new(self.rater(open)?, here, there.cloned().collect());
        voices.refused.clone_from(&shared.refused);
        Ok(voices)
    }
}

impl Voices {
    fn new(rater: String, here: Vec<RatingRecord>, there: Vec<RatingRecord>) -> Voices {
        let known: HashSet<_> = here.iter().map(name_of).collect();
        let there = there.into_iter().filter(|rating| !known.contains(&name_of(rating))).collect();
        let voices = [(here, true), (there, false)].into_iter().flat_map(|(history, here)| {
            standing_ratings(history).into_iter().map(move |rating| Voice { rating, here })
        });
        let (mut outputs, mut pairs) = (HashMap::<String, Vec<Voice>>::new(), Vec::new());
        for voice in voices {
            match voice.rating.said {
                Said::Preference(..) => pairs.push(voice),
                _ => outputs.entry(voice.rating.rated.output.clone()).or_default().push(voice),
            }
        }
        Voices { rater, outputs, pairs, refused: Vec::new() }
    }

    /// Who rates at present.
    pub fn rater(&self) -> &str {
        &self.rater
    }

    /// Whether nobody says anything of an output.
    pub fn is_silent(&self) -> bool {
        self.outputs.is_empty()
    }

    /// Whether somebody says something of an output of this hash.
    pub fn know(&self, hash: &str) -> bool {
        self.outputs.contains_key(hash)
    }

    /// The choices between two outputs.
    pub fn pairs(&self) -> &[Voice] {
        &self.pairs
    }

    /// What shared files hold that cannot be read.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// Whether a voice is the present rater's own.
    pub fn is_own(&self, voice: &Voice) -> bool {
        voice.here && voice.rating.rater == self.rater
    }

    /// What is said of an output, told of the cell that holds it; the present rater first, then by name.
    pub fn cell(&self, cell: u32, subject: &RatedOutput) -> CellRatings {
        let mut raters: Vec<RaterSaid> = Vec::new();
        let voices = self.outputs.get(&subject.output).into_iter().flatten();
        for voice in voices.filter(|voice| voice.rating.rated == *subject) {
            let (rating, own) = (&voice.rating, self.is_own(voice));
            let place = match raters
                .iter()
                .position(|said| (&said.rater, said.own) == (&rating.rater, own))
            {
                Some(place) => place,
                None => {
                    raters.push(RaterSaid {
                        rater: rating.rater.clone(),
                        own,
                        ..RaterSaid::default()
                    });
                    raters.len() - 1
                }
            };
            let said = &mut raters[place];
            match &rating.said {
                Said::Pass(pass) => said.pass = *pass,
                Said::Grade(grade) => said.grade = *grade,
                Said::Comment(comment) => said.comment.clone_from(comment),
                Said::Preference(..) => {}
            }
        }
        raters.sort_by(|a, b| b.own.cmp(&a.own).then_with(|| a.rater.cmp(&b.rater)));
        CellRatings { cell, raters }
    }
}

/// What a rating says something about, and who: one of this name from a file gives way to one from here.
pub(super) fn name_of(
    rating: &RatingRecord,
) -> (RatedOutput, String, &'static str, Option<String>) {
    let other = rating.said.other().map(|other| format!("{} {}", other.content_id, other.output));
    (rating.rated.clone(), rating.rater.clone(), rating.said.kind(), other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rating(rater: &str, said: Said) -> RatingRecord {
        RatingRecord { rated: subject(), rater: rater.into(), said, at_ms: 1 }
    }

    fn subject() -> RatedOutput {
        RatedOutput {
            prompt: "p".into(),
            content_id: "c".into(),
            case: "k".into(),
            output: "o".into(),
        }
    }

    #[test]
    fn a_file_cannot_speak_over_what_was_said_here() {
        let here = vec![rating("ada", Said::Pass(Some(false)))];
        let there =
            vec![rating("ada", Said::Pass(Some(true))), rating("ada", Said::Grade(Some(5)))];
        let cell = Voices::new("ada".into(), here, there).cell(3, &subject());
        let own = cell.own().expect("one's own word");
        assert_eq!(
            (own.pass, own.grade),
            (Some(false), None),
            "a grade in a file is not one's own"
        );
        let file = &cell.raters[1];
        assert_eq!((file.rater.as_str(), file.pass, file.grade), ("ada", None, Some(5)));
    }

    #[test]
    fn what_was_taken_back_here_does_not_come_back_from_a_file() {
        let here = vec![rating("ada", Said::Pass(Some(true))), rating("ada", Said::Pass(None))];
        let there = vec![rating("ada", Said::Pass(Some(true)))];
        let cell = Voices::new("ada".into(), here, there).cell(0, &subject());
        assert!(cell.raters.is_empty());
    }

    #[test]
    fn ones_own_name_in_a_file_is_not_oneself() {
        let there =
            vec![rating("ada", Said::Pass(Some(true))), rating("bob", Said::Grade(Some(2)))];
        let cell = Voices::new("ada".into(), Vec::new(), there).cell(0, &subject());
        assert_eq!(cell.own(), None);
        assert_eq!(cell.raters.len(), 2);
    }

    #[test]
    fn the_present_rater_comes_first() {
        let here =
            vec![rating("bob", Said::Pass(Some(true))), rating("zoe", Said::Pass(Some(true)))];
        let there = vec![rating("ada", Said::Pass(Some(false)))];
        let cell = Voices::new("zoe".into(), here, there).cell(0, &subject());
        let names: Vec<_> = cell.raters.iter().map(|said| said.rater.as_str()).collect();
        assert_eq!(names, ["zoe", "ada", "bob"]);
        assert_eq!(cell.passes(), (2, 3));
    }
}
