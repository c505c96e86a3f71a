//! Conversations about words of a prompt, which stay with those words when the text around them changes.
//!
//! A comment carries what it is about and a little of what stands around it, and finds that again in any
//! later text: unchanged, moved, or edited in place. When it cannot tell, it says so; a comment that points
//! at the wrong line is worse than one that points at none.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::log::Signed;
use super::statement::{Body, Review};

/// How many bytes of the surroundings an anchor keeps on each side.
const CONTEXT: usize = 64;

/// The longest quote that is kept; a longer one is known by its beginning.
const MAX_QUOTE: usize = 4_096;

/// How many places of a quote are compared.
const MAX_PLACES: usize = 10_000;

/// Words of a file that a comment is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// The permanent id of the prompt; empty for a file of the whole repository.
    pub prompt: String,
    /// The file, below the prompt's folder.
    pub file: String,
    /// The digest of the text it was made in.
    pub text: String,
    /// Where the words began in that text, in bytes.
    pub start: usize,
    /// The words.
    pub quote: String,
    /// What stood before them.
    pub before: String,
    /// What stood after them.
    pub after: String,
}

/// Where the words of an anchor are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Where they were.
    Same(Range<usize>),
    /// Elsewhere, word for word.
    Moved(Range<usize>),
    /// What stands between the same surroundings now.
    Edited(Range<usize>),
    /// Nowhere that could be told.
    Gone,
}

impl Anchor {
    /// The anchor of `range` in a text; none when it is no range of whole characters in it.
    pub fn new(prompt: &str, file: &str, text: &str, range: Range<usize>) -> Option<Self> {
        let quote = head(text.get(range.clone())?, MAX_QUOTE);
        Some(Self {
            prompt: prompt.to_owned(),
            file: file.to_owned(),
            text: crate::file::digest(text.as_bytes()),
            start: range.start,
            quote: quote.to_owned(),
            before: tail(&text[..range.start], CONTEXT).to_owned(),
            after: head(&text[range.start + quote.len()..], CONTEXT).to_owned(),
        })
    }

    /// Where its words are in a later text.
    pub fn locate(&self, text: &str) -> Place {
        if self.stands_at(text, self.start) {
            return Place::Same(self.range_at(self.start));
        }
        let places = self.places(text);
        // Where nothing around the words is as it was, an edit of the words themselves is likelier.
        if let Some(start) = self.likeliest(text, &places) {
            return Place::Moved(self.range_at(start));
        }
        match (self.between_surroundings(text), &places[..]) {
            (Some(range), _) => Place::Edited(range),
            (None, [only]) => Place::Moved(self.range_at(*only)),
            (None, _) => Place::Gone,
        }
    }

    fn range_at(&self, start: usize) -> Range<usize> {
        start..start + self.quote.len()
    }

    /// Whether the words and all that is known of their surroundings stand there.
    fn stands_at(&self, text: &str, start: usize) -> bool {
        let Some((before, rest)) = text.split_at_checked(start) else { return false };
        let after = rest.strip_prefix(self.quote.as_str());
        before.ends_with(&self.before) && after.is_some_and(|after| after.starts_with(&self.after))
    }

    /// Where the words stand.
    fn places(&self, text: &str) -> Vec<usize> {
        if self.quote.trim().is_empty() {
            return Vec::new();
        }
        text.match_indices(&self.quote).map(|(at, _)| at).take(MAX_PLACES).collect()
    }

    /// The place whose surroundings are most like the words' own; the nearest one of several.
    fn likeliest(&self, text: &str, places: &[usize]) -> Option<usize> {
        let rank = |at: &&usize| (self.likeness(text, **at), Reverse(at.abs_diff(self.start)));
        let best = *places.iter().max_by_key(rank)?;
        (self.likeness(text, best) > 0).then_some(best)
    }

    /// How many bytes around the words at `at` are as they were.
    fn likeness(&self, text: &str, at: usize) -> usize {
        let (before, rest) = text.split_at(at);
        let after = &rest[self.quote.len()..];
        same(before.bytes().rev(), self.before.bytes().rev())
            + same(after.bytes(), self.after.bytes())
    }

    /// What stands between the words' surroundings, when these are still there, once, and near each other.
    fn between_surroundings(&self, text: &str) -> Option<Range<usize>> {
        if self.before.trim().is_empty() || self.after.trim().is_empty() {
            return None;
        }
        let start = only_place(text, &self.before)? + self.before.len();
        let rest = head(&text[start..], self.quote.len() * 4 + CONTEXT * 4);
        let length = only_place(rest, &self.after)?;
        Some(start..start + length)
    }
}

fn same(a: impl Iterator<Item = u8>, b: impl Iterator<Item = u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

fn only_place(text: &str, words: &str) -> Option<usize> {
    let mut places = text.match_indices(words);
    let (at, _) = places.next()?;
    places.next().is_none().then_some(at)
}

/// The first bytes of a text, at most `limit`, that are whole characters.
fn head(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// The last bytes of a text, at most `limit`, that are whole characters.
fn tail(text: &str, limit: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(limit))..]
}

/// A conversation: a comment and what was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread<'a> {
    /// The comment it began with.
    pub first: &'a Signed,
    /// The answers, oldest first.
    pub answers: Vec<&'a Signed>,
    /// Whether the last word settles it.
    pub is_resolved: bool,
}

/// The conversations among statements, oldest first.
///
/// A bare verdict begins none. An answer to what is not there begins its own, so that nothing said is
/// hidden by something that did not arrive.
pub fn threads(statements: &[Signed]) -> Vec<Thread<'_>> {
    let reviews: BTreeMap<&str, (&Signed, &Review)> =
        statements.iter().filter_map(review).map(|(s, r)| (s.id.as_str(), (s, r))).collect();
    let mut gathered: BTreeMap<&str, Vec<(&Signed, &Review)>> = BTreeMap::new();
    let mut beginnings = BTreeMap::new();
    for (id, said) in &reviews {
        let first = beginning(id, &reviews, &mut beginnings);
        gathered.entry(first).or_default().push(*said);
    }
    let mut threads: Vec<_> =
        gathered.into_iter().filter_map(|(id, said)| thread(id, said)).collect();
    threads.sort_by_key(|thread| (thread.first.statement.time_s, &thread.first.id));
    threads
}

fn review(signed: &Signed) -> Option<(&Signed, &Review)> {
    match &signed.statement.body {
        Body::Review(review) => Some((signed, review)),
        _ => None,
    }
}

/// The statement that the conversation began with. What was found on the way is kept, so that thousands of answers in a
/// row are walked along once. Answers that go in a circle cannot be made, since each names a digest, but are not waited
/// for either.
fn beginning<'a>(
    id: &'a str,
    reviews: &BTreeMap<&'a str, (&'a Signed, &'a Review)>,
    known: &mut BTreeMap<&'a str, &'a str>,
) -> &'a str {
    let (mut at, mut passed) = (id, Vec::new());
    let first = loop {
        if let Some(first) = known.get(at) {
            break *first;
        }
        passed.push(at);
        known.insert(at, at);
        let answered = reviews.get(at).and_then(|(_, review)| review.answers.as_deref());
        match answered.and_then(|answered| reviews.get_key_value(answered)) {
            Some((earlier, _)) => at = *earlier,
            None => break at,
        }
    };
    known.extend(passed.into_iter().map(|step| (step, first)));
    first
}

fn thread<'a>(id: &str, mut said: Vec<(&'a Signed, &'a Review)>) -> Option<Thread<'a>> {
    // The first stays first, whatever the clocks of those who answered say.
    said.sort_by_key(|(signed, _)| (signed.id != id, signed.statement.time_s, &signed.id));
    let is_bare = |review: &Review| review.text.trim().is_empty() && review.anchor.is_none();
    let (first, review) = *said.first()?;
    if said.len() == 1 && is_bare(review) {
        return None;
    }
    let is_resolved = said.last().is_some_and(|(_, review)| review.resolves);
    let answers = said.into_iter().skip(1).map(|(signed, _)| signed).collect();
    Some(Thread { first, answers, is_resolved })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixtures::{draft, signer};
    use super::super::log::{Draft, sign};
    use super::super::statement::Verdict;
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "system:\nYou route tickets.\nBe brief.\n\nuser:\nHello. Be brief.\n";

    fn anchor(words: &str) -> Anchor {
        let start = TEXT.find(words).unwrap();
        Anchor::new("p", "baseline.prompty", TEXT, start..start + words.len()).unwrap()
    }

    fn words<'t>(text: &'t str, place: &Place) -> &'t str {
        match place {
            Place::Same(range) | Place::Moved(range) | Place::Edited(range) => &text[range.clone()],
            Place::Gone => "",
        }
    }

    #[test]
    fn words_in_an_unchanged_text_are_where_they_were() {
        assert_eq!(anchor("Be brief.").locate(TEXT), Place::Same(27..36));
    }

    #[test]
    fn words_follow_when_text_is_put_before_them() {
        let later = TEXT.replace("system:\n", "system:\nYou are kind.\n");
        let place = anchor("Be brief.").locate(&later);
        assert_eq!(place, Place::Moved(41..50));
    }

    #[test]
    fn of_several_places_the_one_with_the_same_surroundings_is_taken() {
        let later = format!("Be brief.\nBe brief.\n{TEXT}");
        let place = anchor("Be brief.").locate(&later);
        assert_eq!(place, Place::Moved(47..56));
    }

    #[test]
    fn edited_words_are_found_between_their_surroundings() {
        let later = TEXT.replacen("Be brief.\n\n", "Answer in one sentence.\n\n", 1);
        let place = anchor("Be brief.\n").locate(&later);
        assert_eq!(words(&later, &place), "Answer in one sentence.\n");
        let later = TEXT.replace("route tickets", "sort mail");
        assert_eq!(words(&later, &anchor("route tickets").locate(&later)), "sort mail");
    }

    #[test]
    fn words_that_are_nowhere_are_gone() {
        assert_eq!(anchor("route tickets").locate("user:\nHi.\n"), Place::Gone);
        assert_eq!(anchor("Hello").locate(""), Place::Gone);
    }

    #[test]
    fn a_range_that_cuts_a_character_has_no_anchor() {
        assert!(Anchor::new("p", "f", "é", 1..2).is_none());
        assert!(Anchor::new("p", "f", "é", 0..9).is_none());
        assert!(Anchor::new("p", "f", "é", 0..2).is_some());
    }

    fn say(seed: u8, time_s: i64, text: &str, answers: Option<&Signed>, resolves: bool) -> Signed {
        let review = Review {
            text: text.into(),
            answers: answers.map(|signed| signed.id.clone()),
            resolves,
            ..Review::of(Verdict::Comment)
        };
        let draft = Draft { time_s, body: Body::Review(review), ..draft() };
        sign(draft, None, &signer(seed)).unwrap().open().unwrap()
    }

    #[test]
    fn answers_join_the_conversation_they_answer_also_through_another() {
        let first = say(1, 10, "Why brief?", None, false);
        let second = say(2, 20, "Tokens.", Some(&first), false);
        let third = say(3, 15, "I see.", Some(&second), true);
        let other = say(4, 5, "Typo.", None, false);
        let all = [third.clone(), other.clone(), second.clone(), first.clone()];
        let threads = threads(&all);
        assert_eq!(threads.len(), 2);
        assert_eq!((&threads[0].first.id, threads[0].answers.len()), (&other.id, 0));
        assert_eq!((&threads[1].first.id, threads[1].answers.len()), (&first.id, 2));
        // The last word, by the clocks, is the second's.
        assert!(!threads[1].is_resolved);
    }

    #[test]
    fn a_bare_verdict_is_no_conversation_and_a_lost_beginning_hides_nothing() {
        let bare = say(1, 10, "", None, false);
        let lost = say(2, 20, "Not sent.", None, false);
        let answer = say(3, 30, "Agreed.", Some(&lost), true);
        let all = [bare, answer.clone()];
        let threads = threads(&all);
        assert_eq!(threads.len(), 1);
        assert_eq!((&threads[0].first.id, threads[0].is_resolved), (&answer.id, true));
    }

    proptest! {
        #[test]
        fn an_anchor_never_points_outside_the_text_or_into_a_character(
            before in ".{0,80}", quote in ".{0,20}", after in ".{0,80}", later in ".{0,200}",
        ) {
            let text = format!("{before}{quote}{after}");
            let range = before.len()..before.len() + quote.len();
            let anchor = Anchor::new("p", "f", &text, range.clone()).unwrap();
            prop_assert_eq!(anchor.locate(&text), Place::Same(range));
            let mixed = format!("{later}{quote}{after}");
            for text in [later, mixed] {
                match anchor.locate(&text) {
                    Place::Same(found) | Place::Moved(found) => {
                        prop_assert_eq!(text.get(found), Some(quote.as_str()));
                    }
                    Place::Edited(found) => prop_assert!(text.get(found).is_some()),
                    Place::Gone => {}
                }
            }
        }
    }
}
