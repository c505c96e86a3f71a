//! What people say of outputs, as they sign it: many ratings in one statement, each about one output.
//!
//! A rating names its output by digests: of the variant's content, of the case and of the output itself. So it
//! is there again wherever the same output is, and no output travels with it. One statement speaks for one
//! person; which rating stands where several were signed, and what they come to, is left to who reads them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::statement::{Role, Subject};

/// What is judged where nothing else is named: the output as a whole.
pub const WHOLE: &str = "quality";

/// The most ratings that are signed together.
const BATCH: usize = 500;

/// The most bytes of ratings that are signed together: half of what a statement may have, since its subjects
/// need room as well.
const BATCH_BYTES: usize = 400_000;

/// The longest comment, in characters.
const MAX_WORDS: usize = 4_000;

/// The longest id of a prompt, and the longest name of a rater, in bytes.
const MAX_NAME: usize = 400;

/// What one person said of outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratings {
    /// What the person is called where they rate. Who they are, the key says.
    pub rater: String,
    /// What they said, the oldest first.
    pub ratings: Vec<Rating>,
}

/// What was said of one output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// The permanent id of the prompt.
    pub prompt: String,
    /// The content id of the variant that gave the output.
    pub content: String,
    /// The digest of the case.
    pub case: String,
    /// The digest of the output.
    pub output: String,
    /// The other output, where two were compared.
    pub than: Option<Than>,
    /// What was judged; [`WHOLE`].
    pub criterion: String,
    /// How.
    pub scale: Scale,
    /// What was said; nothing where it was taken back.
    pub value: Option<Value>,
    /// When, by the rater's clock: milliseconds since 1970.
    pub at: i64,
}

/// The other of two outputs for the same case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Than {
    /// The content id of its variant.
    pub content: String,
    /// Its digest.
    pub output: String,
}

/// How something is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// Good enough or not: `true` or `false`.
    #[serde(rename = "pass-fail")]
    PassFail,
    /// From 1 to 5, the best.
    #[serde(rename = "1-5")]
    OneToFive,
    /// In words.
    #[serde(rename = "words")]
    Words,
    /// Which of two is better: `first`, `second` or `tie`.
    #[serde(rename = "preference")]
    Preference,
}

/// What was said, on its [`Scale`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Of [`Scale::PassFail`].
    Pass(bool),
    /// Of [`Scale::OneToFive`].
    Grade(u8),
    /// Of [`Scale::Words`] and [`Scale::Preference`].
    Text(String),
}

/// Why a signed rating is left out: its signer did not say anything that could be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRating {
    /// Something of the output is not named by a digest.
    #[error("a digest is `sha256:` and 64 hexadecimal digits, not {found:?}")]
    Digest {
        /// What stands there.
        found: String,
    },
    /// No prompt is named, or with too long a name.
    #[error("it names no prompt")]
    Prompt,
    /// A time before there were ratings.
    #[error("it was made at no time")]
    Time,
    /// A criterion that is not known here.
    #[error("{criterion:?} is not what is judged here")]
    Criterion {
        /// The criterion.
        criterion: String,
    },
    /// A value that the scale does not have.
    #[error("the value is not one of its scale")]
    Value,
}

impl Ratings {
    /// Whether the name can be shown: one line that is not too long.
    pub fn has_name(&self) -> bool {
        let name = self.rater.as_str();
        let is_plain = name.len() <= MAX_NAME && !name.chars().any(char::is_control);
        is_plain && !name.is_empty() && name.trim() == name
    }

    /// What the ratings are about: each variant's content and each case, once. A statement carries them as its
    /// subjects, so that who looks for content finds what was said of it.
    pub fn subjects(&self) -> Vec<Subject> {
        let subject = |role, prompt: &str, digest: &str| Subject {
            role,
            prompt: prompt.to_owned(),
            variant: String::new(),
            digest: digest.to_owned(),
        };
        let mut subjects = BTreeSet::new();
        for rating in &self.ratings {
            subjects.insert(subject(Role::Prompt, &rating.prompt, &rating.content));
            subjects.insert(subject(Role::Cases, &rating.prompt, &rating.case));
            if let Some(than) = &rating.than {
                subjects.insert(subject(Role::Prompt, &rating.prompt, &than.content));
            }
        }
        subjects.into_iter().collect()
    }

    /// The same ratings in as many parts as statements take.
    pub fn batches(self) -> Vec<Ratings> {
        let Ratings { rater, ratings } = self;
        let mut batches: Vec<Ratings> = Vec::new();
        let mut bytes = 0;
        for rating in ratings {
            // What cannot be written takes no room, and is refused when it is signed.
            let size = serde_json::to_string(&rating).map_or(0, |text| text.len());
            let is_full =
                |batch: &&mut Ratings| batch.ratings.len() == BATCH || bytes + size > BATCH_BYTES;
            match batches.last_mut().filter(|batch| !is_full(batch)) {
                Some(batch) => batch.ratings.push(rating),
                None => {
                    bytes = 0;
                    batches.push(Ratings { rater: rater.clone(), ratings: vec![rating] });
                }
            }
            bytes += size;
        }
        batches
    }
}

impl Rating {
    /// Whether it says something about an output.
    ///
    /// # Errors
    /// The first thing that means nothing. It is the rating that is left out then, and not its statement: what
    /// else its signer said is as true as before.
    pub fn check(&self) -> Result<(), NoRating> {
        let than = self.than.iter().flat_map(|than| [&than.content, &than.output]);
        let mut digests = [&self.content, &self.case, &self.output].into_iter().chain(than);
        if let Some(found) = digests.find(|text| !is_digest(text)) {
            return Err(NoRating::Digest { found: found.chars().take(80).collect() });
        }
        if self.prompt.is_empty() || self.prompt.len() > MAX_NAME {
            return Err(NoRating::Prompt);
        }
        if self.at < 0 {
            return Err(NoRating::Time);
        }
        if self.criterion != WHOLE {
            let criterion = self.criterion.chars().take(80).collect();
            return Err(NoRating::Criterion { criterion });
        }
        if self.is_of_scale() { Ok(()) } else { Err(NoRating::Value) }
    }

    fn is_of_scale(&self) -> bool {
        if self.than.is_some() != (self.scale == Scale::Preference) {
            return false;
        }
        match (self.scale, &self.value) {
            (_, None) | (Scale::PassFail, Some(Value::Pass(_))) => true,
            (Scale::OneToFive, Some(Value::Grade(grade))) => (1..=5).contains(grade),
            (Scale::Words, Some(Value::Text(text))) => text.chars().count() <= MAX_WORDS,
            (Scale::Preference, Some(Value::Text(word))) => {
                matches!(word.as_str(), "first" | "second" | "tie")
            }
            _ => false,
        }
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixtures;
    use super::super::scene::{BOB, CYD, Scene, measured};
    use super::super::statement::{Body, Statement};
    use super::*;
    use crate::file::digest;

    fn rating(scale: Scale, value: Option<Value>) -> Rating {
        let other = Than { content: digest(b"d"), output: digest(b"p") };
        Rating {
            prompt: "01J".into(),
            content: digest(b"c"),
            case: digest(b"k"),
            output: digest(b"o"),
            than: (scale == Scale::Preference).then_some(other),
            criterion: WHOLE.into(),
            scale,
            value,
            at: 7,
        }
    }

    fn text(text: &str) -> Option<Value> {
        Some(Value::Text(text.into()))
    }

    fn every_kind() -> Vec<Rating> {
        vec![
            rating(Scale::PassFail, Some(Value::Pass(true))),
            rating(Scale::PassFail, None),
            rating(Scale::OneToFive, Some(Value::Grade(4))),
            rating(Scale::Words, text("ends\n\"too early\"")),
            rating(Scale::Preference, text("tie")),
            rating(Scale::Preference, None),
        ]
    }

    fn ada(ratings: Vec<Rating>) -> Ratings {
        Ratings { rater: "Ada".into(), ratings }
    }

    #[test]
    fn every_kind_of_rating_reads_back_as_it_was_signed() {
        let body = Body::Rating(ada(every_kind()));
        let statement = Statement { body, ..fixtures::statement() };
        let bytes = statement.to_bytes().unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains("\"type\":\"rating/1\""));
        assert_eq!(Statement::parse(&bytes).unwrap(), statement);
        assert!(every_kind().iter().all(|rating| rating.check().is_ok()));
    }

    #[test]
    fn a_rating_that_means_nothing_is_refused_with_a_reason() {
        let good = || rating(Scale::OneToFive, Some(Value::Grade(4)));
        let value = |scale, value| rating(scale, value).check().unwrap_err();
        assert_eq!(value(Scale::OneToFive, Some(Value::Grade(6))), NoRating::Value);
        assert_eq!(value(Scale::PassFail, Some(Value::Grade(1))), NoRating::Value);
        assert_eq!(value(Scale::Preference, text("third")), NoRating::Value);
        assert_eq!(value(Scale::Words, text(&"x".repeat(MAX_WORDS + 1))), NoRating::Value);
        let alone = Rating { than: None, ..rating(Scale::Preference, text("first")) };
        assert_eq!(alone.check(), Err(NoRating::Value), "better than what?");
        let odd = Rating { output: "sha256:../..".into(), ..good() };
        assert!(matches!(odd.check(), Err(NoRating::Digest { .. })));
        let other = Rating { criterion: "tone".into(), ..good() };
        assert!(matches!(other.check(), Err(NoRating::Criterion { .. })));
        assert_eq!(Rating { at: -1, ..good() }.check(), Err(NoRating::Time));
        assert_eq!(Rating { prompt: String::new(), ..good() }.check(), Err(NoRating::Prompt));
    }

    #[test]
    fn a_rating_neither_opens_nor_closes_a_gate() {
        let rate = |scene: &mut Scene, value: bool| {
            for key in [BOB, CYD] {
                let said = ada(vec![rating(Scale::PassFail, Some(Value::Pass(value)))]);
                // Even one that claims to be about all that the gate asks about.
                scene.say_of(key, measured(), Body::Rating(said));
            }
        };
        let mut waiting = Scene::proposed();
        let before = waiting.codes();
        rate(&mut waiting, true);
        waiting.closed(&before);
        let mut approved = Scene::approved();
        rate(&mut approved, false);
        approved.open();
    }

    #[test]
    fn content_and_cases_are_named_once_whatever_is_said_of_them() {
        let subjects = ada(every_kind()).subjects();
        let told: Vec<_> = subjects.iter().map(|s| (s.role, s.digest.clone())).collect();
        let mut contents = [digest(b"c"), digest(b"d")];
        contents.sort();
        let [first, second] = contents;
        let case = (Role::Cases, digest(b"k"));
        assert_eq!(told, [(Role::Prompt, first), (Role::Prompt, second), case]);
    }

    #[test]
    fn however_much_was_said_each_part_fits_a_statement_and_nothing_is_lost() {
        let long = "\u{1}".repeat(MAX_WORDS);
        let said = |n: i64| Rating { at: n, ..rating(Scale::Words, text(&long)) };
        let brief = |n: i64| Rating { at: n, ..rating(Scale::PassFail, Some(Value::Pass(true))) };
        let all: Vec<Rating> = (0..60).map(said).chain((60..1_300).map(brief)).collect();
        let batches = ada(all.clone()).batches();
        assert!(batches.len() > 3, "{}", batches.len());
        for batch in &batches {
            let (subjects, body) = (batch.subjects(), Body::Rating(batch.clone()));
            let statement = Statement { subjects, body, ..fixtures::statement() };
            statement.to_bytes().unwrap();
        }
        let joined: Vec<_> = batches.into_iter().flat_map(|batch| batch.ratings).collect();
        assert_eq!(joined, all);
        assert!(ada(Vec::new()).batches().is_empty());
    }

    #[test]
    fn a_name_that_cannot_be_shown_is_none() {
        let named = |name: &str| Ratings { rater: name.into(), ratings: Vec::new() }.has_name();
        assert!(named("Ada Lovelace"));
        for bad in ["", " Ada", "Ada\n", "a\u{7}b", &"x".repeat(MAX_NAME + 1)] {
            assert!(!named(bad), "{bad:?}");
        }
    }
}
