//! The ratios of rapidfuzz that look at parts and at words, from 0 to 100.
//!
//! Source: `rapidfuzz.fuzz` 3.14.6. They are made for finding names and titles, not for judging
//! prose: two long texts nearly always share words enough for a high ratio.

use std::collections::BTreeSet;

use rapidfuzz::distance::indel;

use super::pattern::{Common, Pattern};
use crate::metrics::python;

/// Steps of all windows together, beyond which a partial ratio is given up: about a second.
const MOST_STEPS: usize = 1 << 29;

/// Twice the characters in common, divided by all.
pub(super) fn ratio(a: &str, b: &str) -> f64 {
    100.0 * indel::normalized_similarity(a.chars(), b.chars())
}

/// The best ratio of the shorter text with any part of the longer one that is at most as long.
/// `None` when the texts are too long for that.
pub(super) fn partial_ratio(a: &str, b: &str) -> Option<f64> {
    let points = |text: &str| text.chars().collect::<Vec<_>>();
    let (mut shorter, mut longer) = (points(a), points(b));
    if shorter.len() > longer.len() {
        std::mem::swap(&mut shorter, &mut longer);
    }
    if shorter.is_empty() {
        return Some(if longer.is_empty() { 100.0 } else { 0.0 });
    }
    let one_way = best_part(&shorter, &longer)?;
    if shorter.len() < longer.len() {
        return Some(100.0 * one_way);
    }
    Some(100.0 * one_way.max(best_part(&longer, &shorter)?))
}

/// The best share of a needle with a part of a text: any as long as the needle, or a shorter one at
/// the text's start or end.
fn best_part(needle: &[char], text: &[char]) -> Option<f64> {
    let pattern = Pattern::new(needle.iter().copied());
    let inner = text.len() - needle.len();
    let steps = needle.len().saturating_mul(inner + 2).saturating_mul(pattern.words);
    if steps > MOST_STEPS {
        return None;
    }
    let whole = text[..text.len() - 1].windows(needle.len()).map(|part| {
        let common = Common::new(&pattern).push_all(part).len();
        share(common, needle.len(), part.len())
    });
    let starts = best_start(needle.iter(), text.iter().take(needle.len() - 1));
    let ends = best_start(needle.iter().rev(), text.iter().rev().take(needle.len()));
    Some(whole.fold(starts.max(ends), f64::max))
}

/// The best share of a needle with a start of the symbols.
fn best_start<'a>(
    needle: impl ExactSizeIterator<Item = &'a char>,
    symbols: impl Iterator<Item = &'a char>,
) -> f64 {
    let length = needle.len();
    let pattern = Pattern::new(needle.copied());
    let mut common = Common::new(&pattern);
    let shares = symbols.enumerate().map(|(before, symbol)| {
        common.push(*symbol);
        share(common.len(), length, before + 1)
    });
    shares.fold(0.0, f64::max)
}

/// Of two texts with so many characters in common: their share of both.
fn share(common: usize, a: usize, b: usize) -> f64 {
    let both = a + b;
    1.0 - (both - 2 * common) as f64 / both as f64
}

/// The words of a text. Python keeps a text without a character beyond U+00FF in bytes, and in bytes
/// the reference does not take U+0085 and U+00A0 for white space; in any other text it does.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let in_bytes = text.chars().all(|c| u32::from(c) <= 0xff);
    let parts = move |c| python::is_space(c) && !(in_bytes && matches!(c, '\u{85}' | '\u{a0}'));
    text.split(parts).filter(|word| !word.is_empty())
}

/// The ratio of the texts' words, sorted.
pub(super) fn token_sort_ratio(a: &str, b: &str) -> f64 {
    ratio(&sorted_words(a), &sorted_words(b))
}

fn sorted_words(text: &str) -> String {
    let mut sorted: Vec<&str> = words(text).collect();
    sorted.sort_unstable();
    sorted.join(" ")
}

/// The words of two texts, each once: those of both, and those of one.
struct Sets<'a> {
    common: BTreeSet<&'a str>,
    only_a: BTreeSet<&'a str>,
    only_b: BTreeSet<&'a str>,
}

impl<'a> Sets<'a> {
    fn of(a: &'a str, b: &'a str) -> Sets<'a> {
        let [a, b] = [a, b].map(|text| words(text).collect::<BTreeSet<_>>());
        Sets { common: &a & &b, only_a: &a - &b, only_b: &b - &a }
    }

    /// Whether a text has no word at all; the ratios of sets are 0 then.
    fn has_empty_side(&self) -> bool {
        self.common.is_empty() && (self.only_a.is_empty() || self.only_b.is_empty())
    }
}

fn joined(words: &BTreeSet<&str>) -> String {
    words.iter().copied().collect::<Vec<_>>().join(" ")
}

/// The best ratio of: the common words, these with the rest of one text, and with that of the other.
pub(super) fn token_set_ratio(a: &str, b: &str) -> f64 {
    let sets = Sets::of(a, b);
    if sets.has_empty_side() {
        return 0.0;
    }
    if !sets.common.is_empty() && (sets.only_a.is_empty() || sets.only_b.is_empty()) {
        return 100.0;
    }
    let [common, only_a, only_b] = [&sets.common, &sets.only_a, &sets.only_b].map(joined);
    let length = |text: &str| text.chars().count();
    // Common words and the rest stand one behind the other, with a space between them.
    let shared = length(&common);
    let [rest_a, rest_b] = [&only_a, &only_b].map(|rest| usize::from(shared > 0) + length(rest));
    let distance = indel::distance(only_a.chars(), only_b.chars());
    let of_both = less(distance, 2 * shared + rest_a + rest_b);
    if shared == 0 {
        return of_both;
    }
    let alone = [rest_a, rest_b].map(|rest| less(rest, 2 * shared + rest));
    of_both.max(alone[0]).max(alone[1])
}

/// A distance as a ratio.
fn less(distance: usize, most: usize) -> f64 {
    if most == 0 { 100.0 } else { 100.0 - 100.0 * distance as f64 / most as f64 }
}

/// The better of two partial ratios: of all words sorted, and of those the other text does not have.
fn partial_token_ratio(a: &str, b: &str) -> Option<f64> {
    let sets = Sets::of(a, b);
    if !sets.common.is_empty() {
        return Some(100.0);
    }
    let sorted = partial_ratio(&sorted_words(a), &sorted_words(b))?;
    Some(sorted.max(partial_ratio(&joined(&sets.only_a), &joined(&sets.only_b))?))
}

/// The best of the ratios, each weighted by how little it takes the text as it is.
pub(super) fn weighted_ratio(a: &str, b: &str) -> Option<f64> {
    let [of_a, of_b] = [a, b].map(|text| text.chars().count() as f64);
    if of_a == 0.0 || of_b == 0.0 {
        return Some(0.0);
    }
    const OF_WORDS: f64 = 0.95;
    let longer = (of_a / of_b).max(of_b / of_a);
    let whole = ratio(a, b);
    if longer < 1.5 {
        let words = token_set_ratio(a, b).max(token_sort_ratio(a, b));
        return Some(whole.max(words * OF_WORDS));
    }
    let of_parts = if longer <= 8.0 { 0.9 } else { 0.6 };
    let parts = partial_ratio(a, b)? * of_parts;
    let words = partial_token_ratio(a, b)? * OF_WORDS * of_parts;
    Some(whole.max(parts).max(words))
}
