//! Words as NLTK's `word_tokenize` cuts them within a line: the Penn Treebank's rules as improved in
//! `nltk.tokenize.destructive.NLTKWordTokenizer` 3.10.4.
//!
//! Punctuation stands alone, `can't` is `ca n't`, quotation marks become `` `` `` and `''`. Sentences
//! are not told apart first (NLTK does that with a trained model), so only the full stop at the very
//! end is cut off.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::metrics::python;

/// A pattern and what takes its place; the rules apply one after the other.
struct Rule {
    pattern: Regex,
    replacement: &'static str,
}

/// What NLTK does to opening quotation marks, in its order.
const OPENING: &[(&str, &str)] = &[
    ("([«“‘„]|[`]+)", " $1 "),
    ("^\"", "``"),
    ("(``)", " $1 "),
    ("([ (\\[{<])(\"|'{2})", "$1 `` "),
];

/// Then to punctuation.
const PUNCTUATION: &[(&str, &str)] = &[
    ("([^.])(\\.)([\\])}>\"'»”’ ]*)[\\s\\x1c-\\x1f]*$", "$1 $2 $3 "),
    ("([:,])([^\\d])", " $1 $2"),
    ("([:,])$", " $1 "),
    ("\\.{2,}", " $0 "),
    ("[;@#$%&]", " $0 "),
    ("[\u{2012}-\u{2015}]", " $0 "),
    ("([^.])(\\.)([\\])}>\"']*)[\\s\\x1c-\\x1f]*$", "$1 $2$3 "),
    ("[?!]", " $0 "),
    ("([^'])' ", "$1 ' "),
    ("[*]", " $0 "),
    ("[\\]\\[(){}<>]", " $0 "),
    ("--", " -- "),
];

/// Then, with a blank at both ends, to closing quotation marks and contractions.
const CLOSING: &[(&str, &str)] = &[
    ("([»”’])", " $1 "),
    ("''", " '' "),
    ("\"", " '' "),
    ("[\\s\\x1c-\\x1f]+", " "),
    ("([^' ])('[sS]|'[mM]|'[dD]|') ", "$1 $2 "),
    ("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", "$1 $2 "),
    ("(?i)\\b(can)(not)\\b", " $1 $2 "),
    ("(?i)\\b(d)('ye)\\b", " $1 $2 "),
    ("(?i)\\b(gim)(me)\\b", " $1 $2 "),
    ("(?i)\\b(gon)(na)\\b", " $1 $2 "),
    ("(?i)\\b(got)(ta)\\b", " $1 $2 "),
    ("(?i)\\b(lem)(me)\\b", " $1 $2 "),
    ("(?i)\\b(more)('n)\\b", " $1 $2 "),
    ("(?i)\\b(wan)(na)([\\s\\x1c-\\x1f])", " $1 $2 $3"),
    ("(?i) ('t)(is)\\b", " $1 $2 "),
    ("(?i) ('t)(was)\\b", " $1 $2 "),
];

/// The rules of one step.
type Rules = LazyLock<Vec<Rule>>;

static OPENING_RULES: Rules = LazyLock::new(|| rules(OPENING));
static PUNCTUATION_RULES: Rules = LazyLock::new(|| rules(PUNCTUATION));
static CLOSING_RULES: Rules = LazyLock::new(|| rules(CLOSING));
/// What follows a quotation mark that is an apostrophe.
static CONTRACTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("^(?i:re|ve|ll|m|t|s|d|n)\\b").ok());

fn rules(written: &[(&str, &'static str)]) -> Vec<Rule> {
    let rule = |(pattern, replacement): &(&str, &'static str)| {
        Some(Rule { pattern: Regex::new(pattern).ok()?, replacement })
    };
    written.iter().filter_map(rule).collect()
}

/// The words of a text.
///
/// ```
/// use assay_score::metrics::meteor::tokenizer::words;
///
/// assert_eq!(words("I can't, \"really\"."), ["I", "ca", "n't", ",", "``", "really", "''", "."]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let text = applied(&OPENING_RULES, text.to_owned());
    let text = applied(&PUNCTUATION_RULES, opened(&text));
    let text = applied(&CLOSING_RULES, format!(" {text} "));
    python::split(&text).map(str::to_owned).collect()
}

/// Sets single quotation marks off the word that they open: those with no word before them and one
/// behind that is no contraction.
fn opened(text: &str) -> String {
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for (at, c) in text.char_indices() {
        out.push(c);
        let rest = &text[at + c.len_utf8()..];
        let opens = c == '\''
            && !before.is_some_and(is_word)
            && rest.starts_with(is_word)
            && !CONTRACTED.as_ref().is_some_and(|contracted| contracted.is_match(rest));
        if opens {
            out.push(' ');
        }
        before = Some(c);
    }
    out
}

fn applied(rules: &[Rule], text: String) -> String {
    rules.iter().fold(text, |text, rule| {
        let replace = |found: &Captures| {
            let mut out = String::new();
            found.expand(rule.replacement, &mut out);
            out
        };
        rule.pattern.replace_all(&text, replace).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_a_pattern() {
        assert_eq!(OPENING_RULES.len(), OPENING.len());
        assert_eq!(PUNCTUATION_RULES.len(), PUNCTUATION.len());
        assert_eq!(CLOSING_RULES.len(), CLOSING.len());
        assert!(CONTRACTED.is_some());
    }

    #[test]
    fn words_are_cut_as_nltk_cuts_them() {
        let check = |text: &str, expected: &[&str]| assert_eq!(words(text), expected, "{text}");
        check("It's $3.50, isn't it?", &["It", "'s", "$", "3.50", ",", "is", "n't", "it", "?"]);
        check("Mr. A. said: go... now.", &["Mr.", "A.", "said", ":", "go", "...", "now", "."]);
        check("(cannot) -- gimme", &["(", "can", "not", ")", "--", "gim", "me"]);
        check("", &[]);
    }

    #[test]
    fn words_of_reference_files_are_cut_as_there() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/golden/meteor.jsonl");
        // A clone has no such files beside it.
        let Ok(text) = std::fs::read_to_string(file) else { return };
        for line in text.split('\n').skip(1).filter(|line| !line.is_empty()) {
            let case: serde_json::Value = serde_json::from_str(line).expect("a case");
            let Some(output) = case["hyp"].as_str() else { continue };
            assert_eq!(serde_json::json!(words(output)), case["hyp_tok"], "{output:?}");
        }
    }
}
