//! What ratings look like and which key says what.
//!
//! Pure: records and keys in, words and choices out.

use assay_wire::{
    CellRatings, PeopleColumn, PreferenceView, RaterSaid, Rating, RatingKind, ShareView, Side,
};

use crate::components::{Mark, Tone};

/// What is said of a cell, in one badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// Its shape.
    pub mark: Mark,
    /// Its colour.
    pub tone: Tone,
    /// Who says what, in a few words.
    pub words: String,
    /// Everything that is said, a line each.
    pub hint: String,
}

/// What is said of a cell, in one badge; `None` where nothing is. One's own word comes first.
pub fn badge(said: &CellRatings) -> Option<Badge> {
    let pass = match said.own() {
        Some(own) => own.pass,
        None => said.score()?.pass,
    };
    let (mark, tone) = match pass {
        Some(true) => (Mark::Check, Tone::Ok),
        Some(false) => (Mark::Cross, Tone::Danger),
        None => (Mark::Person, Tone::Plain),
    };
    let words = match said.own() {
        Some(own) => format!("You: {}", brief(own)),
        None => {
            let (passed, judged) = said.passes();
            format!("People: {passed}/{judged} pass")
        }
    };
    Some(Badge { mark, tone, words, hint: hint(said) })
}

/// Everything that is said of a cell, a rater a line.
pub fn hint(said: &CellRatings) -> String {
    said.raters.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(said: &RaterSaid) -> String {
    let who = if said.own { format!("{} (you)", said.rater) } else { said.rater.clone() };
    let comment = said.comment.as_ref().map(|text| format!(" “{text}”")).unwrap_or_default();
    let stranger = if said.stranger { " (not counted: nobody's key)" } else { "" };
    format!("{who}: {}{comment}{stranger}", brief(said))
}

/// `pass, 4 of 5`.
pub fn brief(said: &RaterSaid) -> String {
    let pass = said.pass.map(|pass| if pass { "pass" } else { "fail" }.to_owned());
    let grade = said.grade.map(|grade| format!("{grade} of 5"));
    let words: Vec<String> = [pass, grade].into_iter().flatten().collect();
    if words.is_empty() { "comment".to_owned() } else { words.join(", ") }
}

/// A rating in words, for whoever just gave it.
pub fn rating_words(rating: &Rating) -> String {
    match rating {
        Rating::Pass(true) => "Pass".to_owned(),
        Rating::Pass(false) => "Fail".to_owned(),
        Rating::Grade(grade) => format!("Grade {grade} of 5"),
        Rating::Comment(_) => "Comment".to_owned(),
    }
}

/// What a key means where outputs are rated one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputKey {
    /// Rates and goes on.
    Rate(Rating),
    /// Goes to the comment.
    Comment,
    /// Goes on without a word.
    Skip,
    /// Takes the last rating back.
    Undo,
}

/// What a key means where outputs are rated one by one.
pub fn output_key(key: &str) -> Option<OutputKey> {
    Some(match key {
        "p" | "P" => OutputKey::Rate(Rating::Pass(true)),
        "f" | "F" => OutputKey::Rate(Rating::Pass(false)),
        "1" | "2" | "3" | "4" | "5" => OutputKey::Rate(Rating::Grade(key.parse().ok()?)),
        "c" | "C" => OutputKey::Comment,
        "s" | "S" | "ArrowRight" => OutputKey::Skip,
        "u" | "U" => OutputKey::Undo,
        _ => return None,
    })
}

/// What a key means where two outputs are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairKey {
    /// Chooses and goes on.
    Choose(Side),
    /// Goes on without a word.
    Skip,
    /// Takes the last choice back.
    Undo,
}

/// What a key means where two outputs are compared.
pub fn pair_key(key: &str) -> Option<PairKey> {
    Some(match key {
        "1" => PairKey::Choose(Side::Left),
        "2" => PairKey::Choose(Side::Right),
        "0" => PairKey::Choose(Side::Neither),
        "s" | "S" | "ArrowRight" => PairKey::Skip,
        "u" | "U" => PairKey::Undo,
        _ => return None,
    })
}

/// What was said before, as the key that says it again shows it.
pub fn is_said(said: &RaterSaid, rating: &Rating) -> bool {
    rating.kind() != RatingKind::Comment && said.of(rating.kind()).as_ref() == Some(rating)
}

/// `12 of 60 rated`.
pub fn progress_words(rated: u32, total: u32) -> String {
    format!("{rated} of {total} rated")
}

/// The share that is rated, in percent.
pub fn progress_share(rated: u32, total: u32) -> f64 {
    f64::from(rated) * 100.0 / f64::from(total.max(1))
}

/// `81.7 % [70.1, 89.4] of 60`; a dash where nobody said anything.
pub fn passed_words(share: Option<&ShareView>) -> String {
    share.map_or_else(dash, |share| {
        let percent = |value: f64| value * 100.0;
        let (mean, low, high) = (percent(share.mean), percent(share.low), percent(share.high));
        format!("{mean:.1} % [{low:.1}, {high:.1}] of {}", share.n)
    })
}

/// `people 82 % of 60, grade 3.8`; `None` where nobody said how good a column's outputs are.
pub fn people_words(column: &PeopleColumn) -> Option<String> {
    let passed = column.passed.map(|p| format!("{:.0} % of {}", p.mean * 100.0, p.n));
    let grade = column.grade.map(|grade| format!("grade {:.1}", grade.mean));
    let words: Vec<String> = [passed, grade].into_iter().flatten().collect();
    (!words.is_empty()).then(|| format!("people {}", words.join(", ")))
}

/// `3.75 [3.10, 4.40] of 60`.
pub fn grade_words(share: Option<&ShareView>) -> String {
    share.map_or_else(dash, |share| {
        format!("{:.2} [{:.2}, {:.2}] of {}", share.mean, share.low, share.high, share.n)
    })
}

/// A strength with its interval; the first column compared is what the others are measured by.
pub fn strength_words(view: &PreferenceView) -> String {
    match (view.strength, view.low, view.high) {
        (Some(strength), Some(low), Some(high)) => {
            format!("{strength:+.2} [{low:+.2}, {high:+.2}]")
        }
        (Some(_), ..) => "0, the measure".to_owned(),
        (None, ..) => "not yet: some never lost".to_owned(),
    }
}

/// A share of wins.
pub fn wins_words(view: &PreferenceView) -> String {
    view.win_rate.map_or_else(dash, |rate| format!("{:.0} %", rate * 100.0))
}

/// Whether anybody said how good a column's outputs are.
pub fn is_rated(column: &PeopleColumn) -> bool {
    column.passed.is_some() || column.grade.is_some()
}

fn dash() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rater: &str, own: bool, pass: Option<bool>, grade: Option<u8>) -> RaterSaid {
        RaterSaid { rater: rater.into(), own, pass, grade, ..RaterSaid::default() }
    }

    fn badge_of(raters: Vec<RaterSaid>) -> Option<Badge> {
        badge(&CellRatings { cell: 0, raters })
    }

    #[test]
    fn a_badge_says_in_words_what_its_shape_and_colour_say() {
        let own = badge_of(vec![said("Ada", true, Some(false), Some(2))]).expect("a badge");
        assert_eq!((own.mark, own.words.as_str()), (Mark::Cross, "You: fail, 2 of 5"));
        let others =
            vec![said("Bob", false, Some(true), None), said("Cy", false, Some(true), None)];
        let others = badge_of(others).expect("a badge");
        assert_eq!((others.mark, others.words.as_str()), (Mark::Check, "People: 2/2 pass"));
        assert_eq!(others.hint, "Bob: pass\nCy: pass");
        assert_eq!(badge_of(Vec::new()), None);
    }

    #[test]
    fn a_grade_alone_is_neither_pass_nor_fail() {
        let badge = badge_of(vec![said("Ada", true, None, Some(5))]).expect("a badge");
        assert_eq!((badge.mark, badge.words.as_str()), (Mark::Person, "You: 5 of 5"));
    }

    #[test]
    fn people_who_are_split_look_undecided() {
        let split =
            vec![said("Bob", false, Some(true), None), said("Cy", false, Some(false), None)];
        let badge = badge_of(split).expect("a badge");
        assert_eq!((badge.mark, badge.tone), (Mark::Person, Tone::Plain));
    }

    #[test]
    fn one_key_rates_and_no_other_does() {
        assert_eq!(output_key("p"), Some(OutputKey::Rate(Rating::Pass(true))));
        assert_eq!(output_key("5"), Some(OutputKey::Rate(Rating::Grade(5))));
        for key in ["0", "6", "Enter", "Tab", "a", ""] {
            assert_eq!(output_key(key), None, "{key}");
        }
    }

    #[test]
    fn a_pair_is_chosen_from_by_place() {
        let sides = ["1", "2", "0"].map(pair_key);
        let expected = [Side::Left, Side::Right, Side::Neither].map(|s| Some(PairKey::Choose(s)));
        assert_eq!(sides, expected);
        assert_eq!(pair_key("3"), None);
    }

    #[test]
    fn progress_of_nothing_is_no_division_by_nothing() {
        assert_eq!(progress_share(0, 0), 0.0);
        assert_eq!(progress_words(12, 60), "12 of 60 rated");
    }

    #[test]
    fn a_column_that_nobody_rated_says_nothing_of_people() {
        let mut column = PeopleColumn::default();
        assert_eq!(people_words(&column), None);
        column.passed = Some(ShareView { mean: 0.8167, low: 0.701, high: 0.8944, n: 60 });
        column.grade = Some(ShareView { mean: 3.75, low: 3.1, high: 4.4, n: 12 });
        assert_eq!(people_words(&column).as_deref(), Some("people 82 % of 60, grade 3.8"));
    }

    #[test]
    fn a_rate_comes_with_its_interval_and_its_count() {
        let share = ShareView { mean: 0.8167, low: 0.701, high: 0.8944, n: 60 };
        assert_eq!(passed_words(Some(&share)), "81.7 % [70.1, 89.4] of 60");
        assert_eq!(passed_words(None), "–");
    }
}
