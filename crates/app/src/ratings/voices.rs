//! Everything that is said of the outputs of some prompts, on this machine and in statements that people signed.
//!
//! What a key of this machine signed is one's own word, perhaps from a second machine; the later word stands. What other
//! keys signed stands under the names of their people, and is never shown as the present rater's.

use std::collections::HashMap;

use assay_store::{RatedOutput, RatingRecord, Said, standing_ratings};
use assay_wire::*;

use super::heard::{Heard, Whose};
use crate::app::{App, Open};
use crate::error::Explain;
use crate::rater_files::RATINGS;

/// Files of the time before that are told of.
const MAX_FILES: usize = 20;

/// One rating that stands.
pub(crate) struct Voice {
    /// The rating.
    pub rating: RatingRecord,
    /// Whose it is.
    whose: Whose,
}

/// The ratings that stand.
pub(crate) struct Voices {
    rater: String,
    /// Of single outputs, by the output's hash.
    outputs: HashMap<String, Vec<Voice>>,
    /// Of pairs, without those of strangers.
    pairs: Vec<Voice>,
    /// What was shared and cannot be read.
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
        let followed = self.follow_logs(open);
        let mut voices = Voices::new(self.rater(open)?, here, self.heard(open, Some(prompts))?);
        voices.refused = self.unheard(open, followed);
        voices.refused.extend(left_files(open));
        Ok(voices)
    }
}

impl Voices {
    fn new(rater: String, here: Vec<RatingRecord>, heard: Vec<Heard>) -> Voices {
        let of = |whose: Whose| {
            let theirs = heard.iter().filter(move |one| one.whose == whose);
            theirs.map(|one| one.rating.clone()).collect::<Vec<_>>()
        };
        let mut own = of(Whose::Own);
        own.extend(here);
        own.sort_by_key(|rating| rating.at_ms);
        let said = [
            (own, Whose::Own),
            (of(Whose::Person), Whose::Person),
            (of(Whose::Stranger), Whose::Stranger),
        ];
        let voices = said.into_iter().flat_map(|(history, whose)| {
            standing_ratings(history).into_iter().map(move |rating| Voice { rating, whose })
        });
        let (mut outputs, mut pairs) = (HashMap::<String, Vec<Voice>>::new(), Vec::new());
        for voice in voices {
            match voice.rating.said {
                Said::Preference(..) if voice.whose == Whose::Stranger => {}
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

    /// What was shared and cannot be read.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// Whether a voice is the present rater's own.
    pub fn is_own(&self, voice: &Voice) -> bool {
        voice.whose == Whose::Own && voice.rating.rater == self.rater
    }

    /// What is said of an output, told of the cell that holds it; the present rater first, then by name.
    pub fn cell(&self, cell: u32, subject: &RatedOutput) -> CellRatings {
        let mut raters: Vec<RaterSaid> = Vec::new();
        let voices = self.outputs.get(&subject.output).into_iter().flatten();
        for voice in voices.filter(|voice| voice.rating.rated == *subject) {
            let said = self.of_rater(voice, &mut raters);
            match &voice.rating.said {
                Said::Pass(pass) => said.pass = *pass,
                Said::Grade(grade) => said.grade = *grade,
                Said::Comment(comment) => said.comment.clone_from(comment),
                Said::Preference(..) => {}
            }
        }
        raters.sort_by(|a, b| (!a.own, a.stranger, &a.rater).cmp(&(!b.own, b.stranger, &b.rater)));
        CellRatings { cell, raters }
    }

    /// The one among the raters whose voice it is.
    fn of_rater<'r>(&self, voice: &Voice, raters: &'r mut Vec<RaterSaid>) -> &'r mut RaterSaid {
        let (rater, own) = (&voice.rating.rater, self.is_own(voice));
        let stranger = voice.whose == Whose::Stranger;
        let is_same =
            |said: &RaterSaid| (&said.rater, said.own, said.stranger) == (rater, own, stranger);
        let place = raters.iter().position(is_same).unwrap_or_else(|| {
            let rater = rater.clone();
            raters.push(RaterSaid { rater, own, stranger, ..RaterSaid::default() });
            raters.len() - 1
        });
        &mut raters[place]
    }
}

/// Files in which ratings travelled before they were signed, in words. Anybody could write one, so none is believed; who
/// wrote it has what it says, and shares that again.
fn left_files(open: &Open) -> Vec<String> {
    let (files, _) = open.workspace.list_files(RATINGS, MAX_FILES).unwrap_or_default();
    let old = files.into_iter().filter(|file| file.path.ends_with(".jsonl"));
    let words = |file: assay_repo::Listed| {
        format!("{}: unsigned; its rater shares it again, then it can be deleted", file.path)
    };
    old.map(words).collect()
}

/// What a rating says something about, and who: of two with the same name, the later one stands.
pub(super) type NameOf = (RatedOutput, String, &'static str, Option<String>);

/// The name of a rating.
pub(super) fn name_of(rating: &RatingRecord) -> NameOf {
    let other = rating.said.other().map(|other| format!("{} {}", other.content_id, other.output));
    (rating.rated.clone(), rating.rater.clone(), rating.said.kind(), other)
}

#[cfg(test)]
mod tests {
    use assay_store::OtherOutput;

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

    fn heard(whose: Whose, ratings: Vec<RatingRecord>) -> Vec<Heard> {
        ratings.into_iter().map(|rating| Heard { rating, whose }).collect()
    }

    #[test]
    fn what_one_signed_elsewhere_counts_where_one_said_nothing_here_since() {
        let here = vec![rating("ada", Said::Pass(Some(false)))];
        let signed =
            vec![rating("ada", Said::Pass(Some(true))), rating("ada", Said::Grade(Some(5)))];
        let cell = Voices::new("ada".into(), here, heard(Whose::Own, signed)).cell(3, &subject());
        assert_eq!(cell.raters.len(), 1, "one person on two machines");
        let own = cell.own().expect("one's own word");
        assert_eq!((own.pass, own.grade), (Some(false), Some(5)));
    }

    #[test]
    fn what_was_taken_back_here_does_not_come_back_from_a_statement() {
        let here = vec![rating("ada", Said::Pass(Some(true))), rating("ada", Said::Pass(None))];
        let signed = heard(Whose::Own, vec![rating("ada", Said::Pass(Some(true)))]);
        let cell = Voices::new("ada".into(), here, signed).cell(0, &subject());
        assert!(cell.raters.is_empty());
    }

    #[test]
    fn ones_own_name_under_another_key_is_not_oneself() {
        let signed =
            vec![rating("ada", Said::Pass(Some(true))), rating("bob", Said::Grade(Some(2)))];
        let signed = heard(Whose::Person, signed);
        let cell = Voices::new("ada".into(), Vec::new(), signed).cell(0, &subject());
        assert_eq!(cell.own(), None);
        assert_eq!(cell.raters.len(), 2);
    }

    #[test]
    fn a_later_statement_of_a_person_takes_the_place_of_an_earlier_one() {
        let signed = vec![rating("bob", Said::Pass(Some(true))), rating("bob", Said::Pass(None))];
        let signed = heard(Whose::Person, signed);
        let cell = Voices::new("ada".into(), Vec::new(), signed).cell(0, &subject());
        assert!(cell.raters.is_empty());
    }

    #[test]
    fn strangers_are_shown_last_and_decide_nothing() {
        let other = OtherOutput { content_id: "d".into(), output: "p".into() };
        let choice = Said::Preference(other, Some(assay_store::Choice::First));
        let here = vec![rating("zoe", Said::Pass(Some(true)))];
        let signed = vec![rating("ada", Said::Pass(Some(false))), rating("ada", choice)];
        let voices = Voices::new("zoe".into(), here, heard(Whose::Stranger, signed));
        let cell = voices.cell(0, &subject());
        assert!(cell.raters[1].stranger && !cell.raters[0].stranger, "{cell:?}");
        assert_eq!(cell.passes(), (1, 1));
        assert!(voices.pairs().is_empty());
    }

    #[test]
    fn the_present_rater_comes_first() {
        let here =
            vec![rating("bob", Said::Pass(Some(true))), rating("zoe", Said::Pass(Some(true)))];
        let signed = heard(Whose::Person, vec![rating("ada", Said::Pass(Some(false)))]);
        let cell = Voices::new("zoe".into(), here, signed).cell(0, &subject());
        let names: Vec<_> = cell.raters.iter().map(|said| said.rater.as_str()).collect();
        assert_eq!(names, ["zoe", "ada", "bob"]);
        assert_eq!(cell.passes(), (2, 3));
    }
}
