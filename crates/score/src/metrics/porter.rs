//! Porter's stemmer, in the three variants that go by his name.
//!
//! ROUGE and METEOR compare words by their stems, and their scores depend on which variant cuts
//! them; [`Variant::Nltk`] is the one both reference implementations use. *Snowball English*, also
//! called Porter2, is another algorithm: it cuts about 4 % of English words elsewhere.
//!
//! Source: M. F. Porter, *An algorithm for suffix stripping*, Program 14(3), 1980, and
//! `nltk.stem.porter` 3.10.4. Lengths are code points. A character that is no Latin vowel counts as
//! a consonant, so words of other scripts mostly stay as they are.

/// Which of the algorithms of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Variant {
    /// NLTK's improvements upon Porter's: a list of irregular words, `dies` to `die`, and others.
    #[default]
    Nltk,
    /// What Porter distributes; he calls it frozen.
    Martin,
    /// The paper of 1980 to the letter.
    Original,
}

/// NLTK's irregular words: what they are, and their stem.
const IRREGULAR: &[(&str, &str)] = &[
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

/// The stem of a word, in lower case.
///
/// ```
/// use assay_score::metrics::porter::{Variant, stem};
///
/// assert_eq!(stem("Relational", Variant::Nltk), "relat");
/// assert_eq!(stem("dying", Variant::Nltk), "die");
/// assert_eq!(stem("dying", Variant::Original), "dy");
/// ```
pub fn stem(word: &str, variant: Variant) -> String {
    let lower = word.to_lowercase();
    if variant == Variant::Nltk
        && let Some((_, stem)) = IRREGULAR.iter().find(|(irregular, _)| *irregular == lower)
    {
        return (*stem).to_owned();
    }
    // The length before lower casing, as in the reference: `İ` alone becomes two code points.
    if variant != Variant::Original && word.chars().nth(2).is_none() {
        return lower;
    }
    let mut letters: Letters = lower.chars().collect();
    plural(&mut letters, variant);
    past_and_progressive(&mut letters, variant);
    final_y(&mut letters, variant);
    double_suffix(&mut letters, variant);
    apply(&mut letters, THIRD);
    apply(&mut letters, FOURTH);
    final_e(&mut letters, variant);
    final_double_l(&mut letters);
    letters.into_iter().collect()
}

type Letters = Vec<char>;

/// A suffix, what takes its place, and what must hold of the letters before it.
struct Rule(&'static str, &'static str, Condition);

/// What must hold of the letters before a suffix.
#[derive(Clone, Copy)]
enum Condition {
    Always,
    /// Their measure is 1 or more.
    Measured,
    /// Their measure is 2 or more.
    Long,
    /// As [`Condition::Long`], and they end in `s` or `t`.
    LongBeforeIon,
    /// Their measure is 1 or more, the `l` of `logi` counted with them.
    MeasuredWithL,
}

impl Condition {
    fn holds(self, stem: &[char]) -> bool {
        match self {
            Condition::Always => true,
            Condition::Measured => measure(stem) > 0,
            Condition::Long => measure(stem) > 1,
            Condition::LongBeforeIon => measure(stem) > 1 && matches!(stem.last(), Some('s' | 't')),
            Condition::MeasuredWithL => measure(&[stem, &['l'][..]].concat()) > 0,
        }
    }
}

/// The first rule whose suffix the word has decides, even when its condition does not hold.
fn apply(word: &mut Letters, rules: &[Rule]) {
    let Some(Rule(suffix, replacement, condition)) =
        rules.iter().find(|rule| ends_with(word, rule.0))
    else {
        return;
    };
    let stem = word.len() - suffix.len();
    if condition.holds(&word[..stem]) {
        replace_from(word, stem, replacement);
    }
}

/// Suffixes are ASCII, so their bytes are as many as their letters.
fn ends_with(word: &[char], suffix: &str) -> bool {
    word.len() >= suffix.len()
        && word[word.len() - suffix.len()..].iter().copied().eq(suffix.chars())
}

fn replace_from(word: &mut Letters, from: usize, replacement: &str) {
    word.truncate(from);
    word.extend(replacement.chars());
}

/// For each letter whether it is a consonant: no vowel, and no `y` after a consonant.
fn consonants(word: &[char]) -> impl Iterator<Item = bool> {
    word.iter().scan(false, |before, letter| {
        *before = match letter {
            'a' | 'e' | 'i' | 'o' | 'u' => false,
            'y' => !*before,
            _ => true,
        };
        Some(*before)
    })
}

/// Porter's *m*: how often a consonant follows a vowel.
fn measure(stem: &[char]) -> usize {
    let mut after_vowel = false;
    consonants(stem)
        .filter(|consonant| std::mem::replace(&mut after_vowel, !consonant) && *consonant)
        .count()
}

fn has_vowel(stem: &[char]) -> bool {
    consonants(stem).any(|consonant| !consonant)
}

fn ends_in_double_consonant(word: &[char]) -> bool {
    let last = consonants(word).last();
    matches!(word, [.., a, b] if a == b) && last == Some(true)
}

/// Porter's *\*o*: consonant, vowel, consonant other than `w`, `x`, `y`, as in *hop*.
fn ends_like_hop(word: &[char], variant: Variant) -> bool {
    let kinds: Vec<bool> = consonants(word).collect();
    match (&kinds[..], word) {
        ([.., true, false, true], [.., last]) => !matches!(last, 'w' | 'x' | 'y'),
        ([false, true], _) => variant == Variant::Nltk,
        _ => false,
    }
}

/// Step 1a: `caresses` to `caress`, `ponies` to `poni`, `cats` to `cat`.
fn plural(word: &mut Letters, variant: Variant) {
    if variant == Variant::Nltk && word.len() == 4 && ends_with(word, "ies") {
        word.pop();
        return;
    }
    use Condition::Always;
    apply(
        word,
        &[
            Rule("sses", "ss", Always),
            Rule("ies", "i", Always),
            Rule("ss", "ss", Always),
            Rule("s", "", Always),
        ],
    );
}

/// Step 1b: `agreed` to `agree`, `plastered` to `plaster`, `motoring` to `motor`.
fn past_and_progressive(word: &mut Letters, variant: Variant) {
    if variant == Variant::Nltk && ends_with(word, "ied") {
        let kept = if word.len() == 4 { 1 } else { 2 };
        word.truncate(word.len() - kept);
        return;
    }
    if ends_with(word, "eed") {
        apply(word, &[Rule("eed", "ee", Condition::Measured)]);
        return;
    }
    for suffix in ["ed", "ing"] {
        let Some(stem) = word.len().checked_sub(suffix.len()) else { continue };
        if ends_with(word, suffix) && has_vowel(&word[..stem]) {
            word.truncate(stem);
            mend(word, variant);
            return;
        }
    }
}

/// What step 1b left behind, made a word again: `conflat` to `conflate`, `hopp` to `hop`, `fil` to `file`.
fn mend(word: &mut Letters, variant: Variant) {
    let last = word.last().copied();
    // The reference writes the rule of double consonants as the suffix `*d`, and tries those two
    // characters literally on words that do not end in one.
    let doubled = ends_in_double_consonant(word) || ends_with(word, "*d");
    if ["at", "bl", "iz"].iter().any(|suffix| ends_with(word, suffix)) {
        word.push('e');
    } else if doubled {
        if !matches!(last, Some('l' | 's' | 'z')) {
            word.truncate(word.len() - 2);
            word.extend(last);
        }
    } else if measure(word) == 1 && ends_like_hop(word, variant) {
        word.push('e');
    }
}

/// Step 1c: `happy` to `happi`.
fn final_y(word: &mut Letters, variant: Variant) {
    let [stem @ .., 'y'] = &word[..] else { return };
    let turns = match variant {
        Variant::Nltk => stem.len() > 1 && consonants(stem).last() == Some(true),
        Variant::Martin | Variant::Original => has_vowel(stem),
    };
    if turns {
        replace_from(word, word.len() - 1, "i");
    }
}

/// Step 2: `relational` to `relate`, `conditional` to `condition`.
fn double_suffix(word: &mut Letters, variant: Variant) {
    use Condition::{Measured, MeasuredWithL};
    if variant == Variant::Nltk {
        // `alli` first, and then the other rules on what it leaves.
        if ends_with(word, "alli") && measure(&word[..word.len() - 4]) > 0 {
            word.truncate(word.len() - 2);
        }
    }
    let bli = match variant {
        Variant::Original => Rule("abli", "able", Measured),
        Variant::Nltk | Variant::Martin => Rule("bli", "ble", Measured),
    };
    let at_end: &[Rule] = match variant {
        Variant::Nltk => &[Rule("fulli", "ful", Measured), Rule("logi", "log", MeasuredWithL)],
        Variant::Martin => &[Rule("logi", "log", Measured)],
        Variant::Original => &[],
    };
    // At most one of these suffixes can be a word's, but for `tional` in `ational`, so the lists
    // can be tried one behind the other.
    let lists = [SECOND, std::slice::from_ref(&bli), at_end];
    if let Some(list) = lists.iter().find(|list| list.iter().any(|rule| ends_with(word, rule.0))) {
        apply(word, list);
    }
}

const SECOND: &[Rule] = &[
    Rule("ational", "ate", Condition::Measured),
    Rule("tional", "tion", Condition::Measured),
    Rule("enci", "ence", Condition::Measured),
    Rule("anci", "ance", Condition::Measured),
    Rule("izer", "ize", Condition::Measured),
    Rule("alli", "al", Condition::Measured),
    Rule("entli", "ent", Condition::Measured),
    Rule("eli", "e", Condition::Measured),
    Rule("ousli", "ous", Condition::Measured),
    Rule("ization", "ize", Condition::Measured),
    Rule("ation", "ate", Condition::Measured),
    Rule("ator", "ate", Condition::Measured),
    Rule("alism", "al", Condition::Measured),
    Rule("iveness", "ive", Condition::Measured),
    Rule("fulness", "ful", Condition::Measured),
    Rule("ousness", "ous", Condition::Measured),
    Rule("aliti", "al", Condition::Measured),
    Rule("iviti", "ive", Condition::Measured),
    Rule("biliti", "ble", Condition::Measured),
];

/// Step 3: `electrical` to `electric`, `goodness` to `good`.
const THIRD: &[Rule] = &[
    Rule("icate", "ic", Condition::Measured),
    Rule("ative", "", Condition::Measured),
    Rule("alize", "al", Condition::Measured),
    Rule("iciti", "ic", Condition::Measured),
    Rule("ical", "ic", Condition::Measured),
    Rule("ful", "", Condition::Measured),
    Rule("ness", "", Condition::Measured),
];

/// Step 4: `adjustment` to `adjust`, `communism` to `commun`.
const FOURTH: &[Rule] = &[
    Rule("al", "", Condition::Long),
    Rule("ance", "", Condition::Long),
    Rule("ence", "", Condition::Long),
    Rule("er", "", Condition::Long),
    Rule("ic", "", Condition::Long),
    Rule("able", "", Condition::Long),
    Rule("ible", "", Condition::Long),
    Rule("ant", "", Condition::Long),
    Rule("ement", "", Condition::Long),
    Rule("ment", "", Condition::Long),
    Rule("ent", "", Condition::Long),
    Rule("ion", "", Condition::LongBeforeIon),
    Rule("ou", "", Condition::Long),
    Rule("ism", "", Condition::Long),
    Rule("ate", "", Condition::Long),
    Rule("iti", "", Condition::Long),
    Rule("ous", "", Condition::Long),
    Rule("ive", "", Condition::Long),
    Rule("ize", "", Condition::Long),
];

/// Step 5a: `probate` to `probat`, but `rate` stays.
fn final_e(word: &mut Letters, variant: Variant) {
    let [stem @ .., 'e'] = &word[..] else { return };
    let measure = measure(stem);
    if measure > 1 || (measure == 1 && !ends_like_hop(stem, variant)) {
        word.pop();
    }
}

/// Step 5b: `controll` to `control`, but `roll` stays.
fn final_double_l(word: &mut Letters) {
    if ends_with(word, "ll") && measure(&word[..word.len() - 1]) > 1 {
        word.pop();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_paper_come_out() {
        let paper = [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("feed", "feed"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("filing", "file"),
            ("happy", "happi"),
            ("relational", "relat"),
            ("generalizations", "gener"),
            ("oscillators", "oscil"),
            ("rate", "rate"),
            ("roll", "roll"),
        ];
        for (word, expected) in paper {
            assert_eq!(stem(word, Variant::Original), expected, "{word}");
        }
    }

    #[test]
    fn the_variants_differ_where_they_say_so() {
        let all = |word| [Variant::Nltk, Variant::Martin, Variant::Original].map(|v| stem(word, v));
        assert_eq!(all("dies"), ["die", "di", "di"]);
        assert_eq!(all("enjoy"), ["enjoy", "enjoi", "enjoi"]);
        assert_eq!(all("archaeology"), ["archaeolog", "archaeolog", "archaeologi"]);
        assert_eq!(all("as"), ["as", "as", "a"]);
    }

    proptest! {
        #[test]
        fn a_stem_is_never_much_longer_than_its_word(word in "\\PC{0,20}|[a-z*']{0,24}") {
            for variant in [Variant::Nltk, Variant::Martin, Variant::Original] {
                let stem = stem(&word, variant);
                prop_assert!(stem.chars().count() <= word.to_lowercase().chars().count());
            }
        }
    }
}
