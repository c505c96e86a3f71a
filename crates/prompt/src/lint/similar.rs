//! Rows that say nearly the same: they count twice, and an example that is nearly a case tells its
//! answer.
//!
//! Texts are compared by their shingles, runs of three words. Sorted by their hash, rows that share
//! one stand side by side, so the work grows with the length of all rows and not with their pairs:
//! each shingle speaks for the nearest earlier row that has it, and the few earlier rows that most
//! speak for are compared in full. Every input must be alike by itself: two questions about one
//! long document are two cases.

use serde_json::Value;

use super::Subject;
use super::rows::{digest_entry, input_place};
use crate::diagnostic::Diagnostic;
use crate::{Prompt, Row, codes};

/// The share of all their shingles that two texts must have in common.
const ALIKE: f64 = 0.7;
/// A shorter text is compared as a whole: one word of it is much of what it says.
const SHORT: usize = 8;
/// Words in a shingle.
const RUN: usize = 3;
/// Of the earlier rows, so many are compared in full.
const CANDIDATES: usize = 3;
/// Words looked at in all rows together, and the bounds for each.
const WORDS: usize = 400_000;
const WORDS_OF_ROW: (usize, usize) = (16, 4_000);
/// At most this many findings.
const MAX_FINDINGS: usize = 50;

pub(super) fn check(subject: &Subject) -> Vec<Diagnostic> {
    let prompt = subject.prompt;
    let examples = prompt.examples.rows.iter().map(|row| (Kind::Example, row));
    let rows: Vec<(Kind, &Row)> =
        examples.chain(prompt.cases.rows.iter().map(|row| (Kind::Case, row))).collect();
    if rows.len() < 2 {
        return Vec::new();
    }
    let words = (WORDS / rows.len()).clamp(WORDS_OF_ROW.0, WORDS_OF_ROW.1);
    let sketches: Vec<Sketch> = rows.iter().map(|(_, row)| Sketch::of(row, words)).collect();
    alike(&rows, &sketches)
        .into_iter()
        .filter_map(|(later, earlier)| finding(subject, rows[later], rows[earlier]))
        .take(MAX_FINDINGS)
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Example,
    Case,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Example => "example",
            Kind::Case => "case",
        }
    }

    fn file(self, prompt: &Prompt) -> Option<&str> {
        match self {
            Kind::Example => prompt.examples.file.as_deref(),
            Kind::Case => prompt.cases.file.as_deref(),
        }
    }
}

fn finding(subject: &Subject, later: (Kind, &Row), earlier: (Kind, &Row)) -> Option<Diagnostic> {
    let ((kind, row), (other_kind, other)) = (later, earlier);
    let prompt = subject.prompt;
    let same = row.input == other.input;
    // An example and a case of the same input are a leak, and rows of one group are known to be
    // alike.
    let leak = kind != other_kind;
    if (leak && same) || (!leak && row.group.is_some() && row.group == other.group) {
        return None;
    }
    let (file, other_file) = (kind.file(prompt)?, other_kind.file(prompt)?);
    let message = format!(
        "{} `{}` has {} same input as {} `{}`",
        kind.word(),
        row.id,
        if same { "the" } else { "nearly the" },
        other_kind.word(),
        other.id
    );
    let hint = match (leak, kind) {
        (true, _) => "the example gives most of its answer away: change or remove one of them",
        (false, Kind::Case) => {
            "remove one, or give both the same `group`, so that statistics count them as one"
        }
        (false, Kind::Example) => "a second example should show something else",
    };
    let span = input_place(subject, file, row);
    let found = Diagnostic::warning(codes::NEAR_DUPLICATE, file, span, message);
    Some(found.with_hint(hint).with_other(other_file, other.span))
}

/// Pairs of a row and an earlier one that are alike: for each row at most one earlier example and
/// one earlier case.
fn alike(rows: &[(Kind, &Row)], sketches: &[Sketch]) -> Vec<(usize, usize)> {
    let mut shingles: Vec<(u64, u32)> = sketches
        .iter()
        .enumerate()
        .flat_map(|(index, sketch)| sketch.shingles().map(move |hash| (hash, index as u32)))
        .collect();
    shingles.sort_unstable();
    let votes = votes(rows, &shingles);
    let mut found = Vec::new();
    for of_row in votes.chunk_by(|a, b| a.0 == b.0) {
        let later = of_row[0].0 as usize;
        for kind in [Kind::Example, Kind::Case] {
            let of_kind = |earlier: usize| rows[earlier].0 == kind;
            let earlier =
                likeliest(of_row, of_kind).find(|row| sketches[later].is_like(&sketches[*row]));
            found.extend(earlier.map(|earlier| (later, earlier)));
        }
    }
    found
}

/// Each shared shingle as a pair of a row and an earlier one, in order: the nearest earlier row of
/// each kind that has it.
fn votes(rows: &[(Kind, &Row)], shingles: &[(u64, u32)]) -> Vec<(u32, u32)> {
    let mut votes = Vec::new();
    for shared in shingles.chunk_by(|a, b| a.0 == b.0).filter(|shared| shared.len() > 1) {
        let mut last = [None; 2];
        for (_, row) in shared {
            let earlier = last.into_iter().flatten().filter(|earlier| earlier != row);
            votes.extend(earlier.map(|earlier: u32| (*row, earlier)));
            last[usize::from(rows[*row as usize].0 == Kind::Case)] = Some(*row);
        }
    }
    votes.sort_unstable();
    votes
}

/// The earlier rows of a kind that a row shares most with.
fn likeliest(
    of_row: &[(u32, u32)],
    of_kind: impl Fn(usize) -> bool,
) -> impl Iterator<Item = usize> {
    let mut counted: Vec<(usize, usize)> = of_row
        .chunk_by(|a, b| a == b)
        .map(|same| (same.len(), same[0].1 as usize))
        .filter(|(_, earlier)| of_kind(*earlier))
        .collect();
    counted.sort_unstable_by(|a, b| b.cmp(a));
    counted.into_iter().take(CANDIDATES).map(|(_, earlier)| earlier)
}

/// What is compared of a row: for each input, its text as hashes of shingles.
struct Sketch {
    /// What is no text, as it is.
    rest: u64,
    /// In the order of their names.
    texts: Vec<Text>,
}

struct Text {
    name: u64,
    /// Sorted and unique. One hash of all of it when it is short.
    shingles: Vec<u64>,
}

impl Sketch {
    fn of(row: &Row, words: usize) -> Self {
        let mut texts = Vec::new();
        let mut rest = 0_u64;
        for (name, value) in &row.input {
            match value {
                Value::String(text) => {
                    texts.push(Text::of(hash_bytes(name.as_bytes()), text, words))
                }
                other => rest = rest.wrapping_add(digest_entry(name, other)),
            }
        }
        texts.sort_unstable_by_key(|text| text.name);
        Self { rest, texts }
    }

    fn shingles(&self) -> impl Iterator<Item = u64> {
        let texts = self.texts.iter().flat_map(|text| text.shingles.iter().copied());
        texts.chain((self.texts.is_empty() && self.rest != 0).then_some(self.rest))
    }

    fn is_like(&self, other: &Sketch) -> bool {
        self.rest == other.rest
            && self.texts.len() == other.texts.len()
            && self.texts.iter().zip(&other.texts).all(|(a, b)| a.is_like(b))
    }
}

impl Text {
    fn of(name: u64, text: &str, most: usize) -> Self {
        let mut words = Vec::with_capacity((text.len() / 4).min(most));
        for_each_word(text, |word| {
            words.push(word);
            words.len() < most
        });
        let salted = |run: &[u64]| run.iter().fold(name, |sum, word| mix(sum ^ word));
        let mut shingles: Vec<u64> = match words.len() {
            // Only marks, which then are what it says.
            0 => vec![name ^ hash_bytes(text.as_bytes())],
            1..SHORT => vec![salted(&words)],
            _ => words.windows(RUN).map(salted).collect(),
        };
        shingles.sort_unstable();
        shingles.dedup();
        Self { name, shingles }
    }

    fn is_like(&self, other: &Text) -> bool {
        if self.name != other.name {
            return false;
        }
        let (mut a, mut b, mut shared) = (0, 0, 0_usize);
        while let (Some(x), Some(y)) = (self.shingles.get(a), other.shingles.get(b)) {
            shared += usize::from(x == y);
            a += usize::from(x <= y);
            b += usize::from(y <= x);
        }
        let all = self.shingles.len() + other.shingles.len() - shared;
        shared as f64 >= ALIKE * all as f64
    }
}

/// The hash of each word in lower case, until told to stop. Letters of scripts that are written
/// without spaces are words by themselves.
fn for_each_word(text: &str, mut push: impl FnMut(u64) -> bool) {
    let mut word = 0;
    for c in text.chars() {
        let alone = c >= '\u{2e80}' && c.is_alphabetic();
        if word != 0 && (alone || !c.is_alphanumeric()) && !push(std::mem::take(&mut word)) {
            return;
        }
        if alone && !push(mix(u64::from(c))) {
            return;
        }
        if !alone && c.is_alphanumeric() {
            word = mix(word ^ u64::from(c.to_ascii_lowercase()));
        }
    }
    if word != 0 {
        push(word);
    }
}

fn hash_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| mix(sum ^ u64::from(*byte)))
}

/// Spreads every bit over all others, and never gives 0 for what is not. Equal hashes are only
/// taken for equal words, so chance or ill will can at most add or hide a warning.
fn mix(value: u64) -> u64 {
    let value = (value ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (value ^ (value >> 32)) | 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::{Files, Rows, parse_lone};

    const TICKET: &str = "I was charged twice for my plan in May and would like to have one of the two payments back";

    fn rows(file: &str, inputs: &[Value]) -> Rows {
        let row = |(index, input): (usize, &Value)| Row {
            id: format!("{}{index}", &file[..1]),
            input: input.as_object().unwrap().clone(),
            ..Row::default()
        };
        Rows { file: Some(file.to_owned()), rows: inputs.iter().enumerate().map(row).collect() }
    }

    fn prompt(examples: &[Value], cases: &[Value]) -> Prompt {
        let mut prompt = parse_lone("p", "p.prompty", &Files::new());
        prompt.examples = rows("examples.jsonl", examples);
        prompt.cases = rows("cases.jsonl", cases);
        prompt
    }

    fn check_all(prompt: &Prompt) -> Vec<Diagnostic> {
        super::check(&Subject::of(prompt, &Files::new()))
    }

    fn found(examples: &[Value], cases: &[Value]) -> Vec<String> {
        let found = check_all(&prompt(examples, cases));
        found.into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn a_word_changed_in_a_long_text_is_nearly_the_same() {
        let other = TICKET.replace("May", "June");
        assert_eq!(
            found(&[json!({"t": TICKET})], &[json!({"t": other})]),
            ["case `c0` has nearly the same input as example `e0`"]
        );
        assert_eq!(
            found(&[], &[json!({"t": TICKET}), json!({"t": "Else"}), json!({"t": TICKET})]),
            ["case `c2` has the same input as case `c0`"]
        );
        assert_eq!(found(&[], &[json!({"n": 1}), json!({"n": 1})]).len(), 1);
        assert_eq!(found(&[], &[json!({"t": "Refund me"}), json!({"t": "refund  me!"})]).len(), 1);
    }

    #[test]
    fn rows_that_differ_in_what_matters_are_no_finding() {
        let long = TICKET.repeat(5);
        for (examples, cases) in [
            (vec![json!({"t": "Refund, please"})], vec![json!({"t": "Refund now"})]),
            (
                vec![],
                vec![json!({"t": long, "q": "Who paid?"}), json!({"t": long, "q": "When was it?"})],
            ),
            (vec![], vec![json!({"t": TICKET, "n": 1}), json!({"t": TICKET, "n": 2})]),
            (vec![], vec![json!({"t": TICKET}), json!({"u": TICKET})]),
            (vec![], vec![json!({"t": "?"}), json!({"t": "!!"}), json!({}), json!({})]),
            (vec![json!({"t": TICKET})], vec![json!({"t": TICKET})]),
        ] {
            assert_eq!(found(&examples, &cases), Vec::<String>::new());
        }
    }

    #[test]
    fn rows_of_one_group_may_be_alike() {
        let mut prompt = prompt(&[], &[json!({"t": TICKET}), json!({"t": TICKET})]);
        assert_eq!(check_all(&prompt).len(), 1);
        prompt.cases.rows.iter_mut().for_each(|row| row.group = Some("refund".to_owned()));
        assert_eq!(check_all(&prompt), []);
    }

    #[test]
    fn common_phrases_do_not_hide_the_row_that_is_alike() {
        let row = |n: usize| json!({"t": format!("The following ticket came in by mail from one of our customers: {n}a {n}b {n}c {n}d {n}e {n}f {n}g {n}h {n}i {n}j {n}k {n}l {n}m {n}n {n}o {n}p {n}q {n}r {n}s {n}t")});
        let mut cases: Vec<Value> = (0..40).map(row).collect();
        cases.push(json!({"t": format!("{}!", row(7)["t"].as_str().unwrap())}));
        assert_eq!(found(&[], &cases), ["case `c40` has nearly the same input as case `c7`"]);
    }

    #[test]
    fn thousands_of_rows_are_no_work_of_pairs() {
        let row = |n: usize| json!({"t": format!("The following ticket came in from one of our customers today and says {n} {} {} and nothing else at all", n * 7, n * 13)});
        let examples: Vec<Value> = (0..2000).map(row).collect();
        let cases: Vec<Value> = (2000..4000).map(row).collect();
        let prompt = prompt(&examples, &cases);
        let start = std::time::Instant::now();
        assert!(check_all(&prompt).len() <= MAX_FINDINGS);
        let took = start.elapsed();
        println!("4,000 rows took {took:?}");
        assert!(took.as_secs() < 5, "{took:?}");
    }
}
