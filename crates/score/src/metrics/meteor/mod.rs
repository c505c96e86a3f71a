//! METEOR: words matched exactly, by stem and by meaning, and a penalty for words out of order.
//!
//! Words are matched one to one: equal ones first, then those of equal stem, then synonyms. With
//! precision *P* and recall *R* of the matches, *F* = PR / (αP + (1−α)R). Matches that lie side by
//! side in both texts make a chunk; the penalty is γ · (chunks ÷ matches)^β, and the score
//! (1 − penalty) · F. Of several references the best counts.
//!
//! Range 0 to 1, more is better; a text scores a little below 1 against itself, because it is one
//! chunk. Defaults: α 0.9, β 3, γ 0.5. Source: Lavie and Agarwal, *METEOR: an automatic metric for MT
//! evaluation with high levels of correlation with human judgments*, 2007, as nltk 3.10.4 computes
//! it, with what is peculiar to that: words are taken from the right and matched to the last that
//! is free, not with the fewest crossings; and synonyms are looked up of words that are stems by
//! then. It is not METEOR 1.5, which weighs function words and knows paraphrases.
//!
//! Synonyms come from WordNet 3.0, given as data ([`wordnet`]). Without it the metric is another one
//! and is called *METEOR (exact+stem)*.
//!
//! It misleads in other languages than English, where words are compared exactly; where a synonym has the wrong sense, which
//! counts as well as the right one; and for texts of a few words, whose penalty jumps with a single chunk.

pub mod tokenizer;
pub mod wordnet;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use self::wordnet::WordNet;
use super::porter;

/// How words may match.
#[derive(Debug, Clone)]
pub enum Matching {
    /// Equal words alone.
    Exact,
    /// Equal words, then equal stems.
    Stems,
    /// Equal words, equal stems, then synonyms.
    Synonyms(Arc<WordNet>),
}

/// The numbers of the formula.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// α: how much more recall counts than precision.
    pub alpha: f64,
    /// β: how fast the penalty falls when chunks get longer.
    pub beta: f64,
    /// γ: the greatest penalty.
    pub gamma: f64,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights { alpha: 0.9, beta: 3.0, gamma: 0.5 }
    }
}

/// METEOR with its settings.
#[derive(Debug, Clone)]
pub struct Meteor {
    /// How words may match.
    pub matching: Matching,
    /// The numbers of the formula.
    pub weights: Weights,
}

/// A word of the output and the word of the reference it was matched with, by their places.
pub type Match = (usize, usize);

impl Meteor {
    /// With the weights of the paper.
    pub fn new(matching: Matching) -> Meteor {
        Meteor { matching, weights: Weights::default() }
    }

    /// What the score is called: without WordNet it is not METEOR.
    pub fn name(&self) -> &'static str {
        match self.matching {
            Matching::Exact => "METEOR (exact)",
            Matching::Stems => "METEOR (exact+stem)",
            Matching::Synonyms(_) => "METEOR",
        }
    }

    /// What goes with every score: two scores with different signatures are not compared.
    pub fn signature(&self) -> String {
        let stages = match self.matching {
            Matching::Exact => "exact",
            Matching::Stems => "exact+stem",
            Matching::Synonyms(_) => "exact+stem+wordnet-3.0",
        };
        let Weights { alpha, beta, gamma } = self.weights;
        format!("meteor|match:{stages}|a:{alpha}|b:{beta}|g:{gamma}|tok:nltk|v:1")
    }

    /// The score of an output's words against the best of its references. `None` without a reference.
    ///
    /// ```
    /// use assay_score::metrics::meteor::{Matching, Meteor};
    ///
    /// let meteor = Meteor::new(Matching::Stems);
    /// let score = meteor.score(&["the", "cats", "sat"], &[vec!["The", "cat", "sits"]]);
    /// assert!(score.is_some_and(|score| 0.0 < score && score < 1.0));
    /// ```
    pub fn score<O: AsRef<str>, R: AsRef<str>>(
        &self,
        output: &[O],
        references: &[Vec<R>],
    ) -> Option<f64> {
        let one = |reference: &Vec<R>| {
            let matches = self.matches(output, reference);
            self.weights.score(&matches, output.len(), reference.len())
        };
        references.iter().map(one).reduce(f64::max)
    }

    /// Which words of an output match which of a reference, in the output's order.
    pub fn matches<O: AsRef<str>, R: AsRef<str>>(
        &self,
        output: &[O],
        reference: &[R],
    ) -> Vec<Match> {
        let mut words = Unmatched::new(output, reference);
        words.match_equal();
        if !matches!(self.matching, Matching::Exact) {
            words.stem();
            words.match_equal();
        }
        if let Matching::Synonyms(wordnet) = &self.matching {
            words.match_with(|word| wordnet.synonyms(word));
        }
        words.matches.sort_unstable();
        words.matches
    }
}

impl Weights {
    fn score(&self, matches: &[Match], output: usize, reference: usize) -> f64 {
        if matches.is_empty() {
            return 0.0;
        }
        let count = matches.len() as f64;
        let (precision, recall) = (count / output as f64, count / reference as f64);
        let mean = (precision * recall) / (self.alpha * precision + (1.0 - self.alpha) * recall);
        let penalty = self.gamma * (chunks(matches) as f64 / count).powf(self.beta);
        (1.0 - penalty) * mean
    }
}

/// Runs of matches that lie side by side in both texts.
fn chunks(matches: &[Match]) -> usize {
    let breaks = matches.windows(2).filter(|pair| {
        let ((output, reference), next) = (pair[0], pair[1]);
        next != (output + 1, reference + 1)
    });
    1 + breaks.count()
}

/// The words that have no partner yet, with their places, and the matches so far.
struct Unmatched {
    output: Vec<(usize, String)>,
    reference: Vec<(usize, String)>,
    matches: Vec<Match>,
}

impl Unmatched {
    fn new<O: AsRef<str>, R: AsRef<str>>(output: &[O], reference: &[R]) -> Unmatched {
        Unmatched { output: lower(output), reference: lower(reference), matches: Vec::new() }
    }

    fn stem(&mut self) {
        for (_, word) in self.output.iter_mut().chain(&mut self.reference) {
            *word = porter::stem(word, porter::Variant::Nltk);
        }
    }

    fn match_equal(&mut self) {
        self.match_with(|_| std::iter::empty());
    }

    /// Matches each word of the output, from the last to the first, with the last free word of the
    /// reference that equals it or one of its `others`.
    fn match_with<'a, I: Iterator<Item = &'a str>>(&mut self, others: impl Fn(&str) -> I) {
        // The places of each word of the reference, the last one on top.
        let mut free: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, word) in &self.reference {
            free.entry(word).or_default().push(*place);
        }
        let mut found = Vec::new();
        for (place, word) in self.output.iter().rev() {
            let last = |word: &str| free.get(word)?.last().copied();
            let Some(best) = others(word).filter_map(last).chain(last(word)).max() else {
                continue;
            };
            if let Some(places) = self.word_at(best).and_then(|word| free.get_mut(word)) {
                places.pop();
            }
            found.push((*place, best));
        }
        let (output, reference): (HashSet<usize>, HashSet<usize>) = found.iter().copied().unzip();
        self.output.retain(|(place, _)| !output.contains(place));
        self.reference.retain(|(place, _)| !reference.contains(place));
        self.matches.extend(found);
    }

    /// The word of the reference at a place; places only ever disappear, so they stay in order.
    fn word_at(&self, place: usize) -> Option<&str> {
        let at = self.reference.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(&self.reference[at].1)
    }
}

fn lower<W: AsRef<str>>(words: &[W]) -> Vec<(usize, String)> {
    words.iter().map(|word| word.as_ref().to_lowercase()).enumerate().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<&str> {
        text.split(' ').filter(|word| !word.is_empty()).collect()
    }

    fn meteor(output: &str, reference: &str) -> f64 {
        Meteor::new(Matching::Stems).score(&words(output), &[words(reference)]).unwrap_or(-1.0)
    }

    #[test]
    fn the_last_free_word_is_taken() {
        let matches = Meteor::new(Matching::Exact).matches(&["a", "b"], &["a", "b", "A"]);
        assert_eq!(matches, [(0, 2), (1, 1)]);
    }

    #[test]
    fn a_text_is_a_little_below_1_against_itself() {
        assert_eq!(meteor("one two three four", "one two three four"), 1.0 - 0.5 / 64.0);
        assert_eq!(meteor("four three two one", "one two three four"), 0.5);
    }

    #[test]
    fn stems_match_where_words_do_not() {
        assert!(meteor("running dogs", "run dog") > 0.9);
        let exact = Meteor::new(Matching::Exact);
        assert_eq!(exact.score(&["running"], &[vec!["run"]]), Some(0.0));
    }

    #[test]
    fn nothing_in_common_is_0_and_no_reference_is_no_score() {
        assert_eq!(meteor("", ""), 0.0);
        assert_eq!(meteor("a", "b"), 0.0);
        assert_eq!(Meteor::new(Matching::Stems).score::<_, &str>(&["a"], &[]), None);
    }

    #[test]
    fn without_wordnet_it_has_another_name() {
        let name = |matching| Meteor::new(matching).name();
        assert_eq!(name(Matching::Stems), "METEOR (exact+stem)");
        assert_eq!(name(Matching::Synonyms(Arc::default())), "METEOR");
    }

    proptest! {
        #[test]
        fn scores_are_bounded_and_words_matched_once(
            output in "[a-c s]{0,30}|\\PC{0,20}",
            reference in "[a-c s]{0,30}|\\PC{0,20}",
        ) {
            let (output, reference) = (words(&output), words(&reference));
            let meteor = Meteor::new(Matching::Stems);
            let matches = meteor.matches(&output, &reference);
            let taken: HashSet<_> = matches.iter().map(|(_, place)| place).collect();
            prop_assert_eq!(taken.len(), matches.len());
            let score = meteor.score(&output, &[reference]);
            prop_assert!(score.is_some_and(|score| (0.0..=1.0).contains(&score)));
        }
    }
}
