//! Ratings as people sign them, and as the store keeps them.

use assay_repo::review::{NoRating, Rating, Ratings, Scale, Than, Value, WHOLE};
use assay_store::{Choice, OtherOutput, RatedOutput, RatingRecord, Said};

/// What `rater` said, as they sign it.
pub(super) fn to_sign(rater: &str, said: &[RatingRecord]) -> Ratings {
    Ratings { rater: rater.to_owned(), ratings: said.iter().map(rating_of).collect() }
}

fn rating_of(record: &RatingRecord) -> Rating {
    let (scale, value) = match &record.said {
        Said::Pass(pass) => (Scale::PassFail, pass.map(Value::Pass)),
        Said::Grade(grade) => (Scale::OneToFive, grade.map(Value::Grade)),
        Said::Comment(comment) => (Scale::Words, comment.clone().map(Value::Text)),
        Said::Preference(_, choice) => {
            (Scale::Preference, choice.map(|choice| Value::Text(word(choice).to_owned())))
        }
    };
    let than = |other: &OtherOutput| Than {
        content: other.content_id.clone(),
        output: other.output.clone(),
    };
    Rating {
        prompt: record.rated.prompt.clone(),
        content: record.rated.content_id.clone(),
        case: record.rated.case.clone(),
        output: record.rated.output.clone(),
        than: record.said.other().map(than),
        criterion: WHOLE.to_owned(),
        scale,
        value,
        at: record.at_ms,
    }
}

/// A signed rating as the store keeps it.
///
/// # Errors
/// Why it says nothing of an output.
pub(super) fn record_of(rater: &str, rating: &Rating) -> Result<RatingRecord, NoRating> {
    rating.check()?;
    let said = said_of(rating).ok_or(NoRating::Value)?;
    let rated = RatedOutput {
        prompt: rating.prompt.clone(),
        content_id: rating.content.clone(),
        case: rating.case.clone(),
        output: rating.output.clone(),
    };
    Ok(RatingRecord { rated, rater: rater.to_owned(), said, at_ms: rating.at }.ordered())
}

fn said_of(rating: &Rating) -> Option<Said> {
    let value = rating.value.as_ref();
    Some(match (rating.scale, value) {
        (Scale::PassFail, None) => Said::Pass(None),
        (Scale::PassFail, Some(Value::Pass(pass))) => Said::Pass(Some(*pass)),
        (Scale::OneToFive, None) => Said::Grade(None),
        (Scale::OneToFive, Some(Value::Grade(grade))) => Said::Grade(Some(*grade)),
        (Scale::Words, None) => Said::Comment(None),
        (Scale::Words, Some(Value::Text(text))) => Said::Comment(Some(text.clone())),
        (Scale::Preference, value) => {
            let than = rating.than.as_ref()?;
            let other =
                OtherOutput { content_id: than.content.clone(), output: than.output.clone() };
            let choice = match value {
                None => None,
                Some(Value::Text(text)) => Some(choice_of(text)?),
                Some(_) => return None,
            };
            Said::Preference(other, choice)
        }
        _ => return None,
    })
}

fn word(choice: Choice) -> &'static str {
    match choice {
        Choice::First => "first",
        Choice::Second => "second",
        Choice::Tie => "tie",
    }
}

fn choice_of(word: &str) -> Option<Choice> {
    match word {
        "first" => Some(Choice::First),
        "second" => Some(Choice::Second),
        "tie" => Some(Choice::Tie),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn digest(of: &str) -> String {
        assay_repo::digest(of.as_bytes())
    }

    fn every_kind() -> Vec<RatingRecord> {
        let other = OtherOutput { content_id: digest("d"), output: digest("p") };
        let rated = RatedOutput {
            prompt: "01J".into(),
            content_id: digest("c"),
            case: digest("k"),
            output: digest("o"),
        };
        [
            Said::Pass(Some(false)),
            Said::Pass(None),
            Said::Grade(Some(4)),
            Said::Grade(None),
            Said::Comment(Some("ends\n\"too early\"".into())),
            Said::Comment(None),
            Said::Preference(other.clone(), Some(Choice::First)),
            Said::Preference(other.clone(), Some(Choice::Tie)),
            Said::Preference(other, None),
        ]
        .into_iter()
        .map(|said| RatingRecord { rated: rated.clone(), rater: "Ada".into(), said, at_ms: 7 })
        .map(RatingRecord::ordered)
        .collect()
    }

    #[test]
    fn every_kind_of_rating_survives_being_signed() {
        let said = every_kind();
        let signed = to_sign("Ada", &said);
        let read: Vec<_> =
            signed.ratings.iter().map(|rating| record_of("Ada", rating).unwrap()).collect();
        assert_eq!(read, said);
    }

    #[test]
    fn a_value_of_another_scale_is_no_rating() {
        let mut rating = to_sign("Ada", &every_kind()).ratings.remove(0);
        rating.value = Some(Value::Grade(3));
        assert_eq!(record_of("Ada", &rating), Err(NoRating::Value));
    }
}
