//! WordNet 3.0: which words mean the same.
//!
//! Princeton's database comes in as bytes, the application finds its files; Debian's `wordnet-base`
//! has them. Only what synonyms need is kept: which words there are in each part of speech, their
//! sets of synonyms, and the irregular forms. Formats: wndb(5WN). Base forms are found as morphy of
//! nltk 3.10.4 does.

use std::collections::{BTreeSet, HashMap};

use thiserror::Error;

/// Irregular forms with their base forms.
type Exceptions = HashMap<Box<str>, Box<[Box<str>]>>;

/// The parts of speech, as the files are named after them.
const PARTS: [&str; 4] = ["noun", "verb", "adj", "adv"];

/// The folder below the models folder that the files are kept in.
pub const FOLDER: &str = "wordnet";

/// The files that [`WordNet::read`] asks for.
pub const FILES: [&str; 12] = [
    "index.noun",
    "data.noun",
    "noun.exc",
    "index.verb",
    "data.verb",
    "verb.exc",
    "index.adj",
    "data.adj",
    "adj.exc",
    "index.adv",
    "data.adv",
    "adv.exc",
];

/// A file is not as WordNet's are.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}, line {line}: {reason}")]
pub struct WordNetError {
    /// The file's name.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The database, parsed.
#[derive(Debug, Default)]
pub struct WordNet {
    parts: [Part; 4],
}

#[derive(Debug, Default)]
struct Part {
    /// For each word its sets of synonyms, by their number.
    words: HashMap<Box<str>, Box<[u32]>>,
    /// Irregular forms and what they are forms of.
    exceptions: Exceptions,
    synonyms: Sets,
}

/// Sets of words, one behind the other.
#[derive(Debug, Default)]
struct Sets {
    words: Vec<Box<str>>,
    /// Where in `words` each set ends.
    ends: Vec<usize>,
}

impl Sets {
    fn words_of(&self, set: u32) -> impl Iterator<Item = &str> {
        let set = set as usize;
        let start = set.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.words[start..self.ends[set]].iter().map(AsRef::as_ref)
    }
}

/// Endings and what they are replaced with to find a base form, for each of [`PARTS`].
const ENDINGS: [&[(&str, &str)]; 4] = [
    &[
        ("s", ""),
        ("ses", "s"),
        ("ves", "f"),
        ("xes", "x"),
        ("zes", "z"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("men", "man"),
        ("ies", "y"),
    ],
    &[
        ("s", ""),
        ("ies", "y"),
        ("es", "e"),
        ("es", ""),
        ("ed", "e"),
        ("ed", ""),
        ("ing", "e"),
        ("ing", ""),
    ],
    &[("er", ""), ("est", ""), ("er", "e"), ("est", "e")],
    &[],
];

impl WordNet {
    /// Reads the database, each of [`FILES`] once, from whoever has them.
    ///
    /// # Errors
    /// What `file` answers for a file it does not have, and when a file is not one of WordNet's.
    ///
    /// ```
    /// use assay_score::metrics::meteor::wordnet::{WordNet, WordNetError};
    ///
    /// let empty = WordNet::read(|_file| Ok::<_, WordNetError>(Vec::new()))?;
    /// assert_eq!(empty.synonyms("word").count(), 0);
    /// # Ok::<(), WordNetError>(())
    /// ```
    pub fn read<E: From<WordNetError>>(
        mut file: impl FnMut(&str) -> Result<Vec<u8>, E>,
    ) -> Result<WordNet, E> {
        let mut parts = <[Part; 4]>::default();
        for (part, name) in parts.iter_mut().zip(PARTS) {
            let [data, index, exc] =
                [format!("data.{name}"), format!("index.{name}"), format!("{name}.exc")];
            let (synonyms, numbers) = sets(&file(&data)?, &data)?;
            let words = words(&file(&index)?, &index, &numbers)?;
            *part = Part { words, exceptions: exceptions(&file(&exc)?, &exc)?, synonyms };
        }
        Ok(WordNet { parts })
    }

    /// The words of all sets of synonyms that a word, or a base form of it, is in; a word may come
    /// several times. Terms of several words are left out.
    pub fn synonyms<'a>(&'a self, word: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let word = word.to_lowercase();
        let parts = self.parts.iter().zip(ENDINGS);
        parts.flat_map(move |(part, endings)| {
            let sets = part.sets(&word, endings);
            sets.flat_map(|set| part.synonyms.words_of(set))
        })
    }
}

impl Part {
    /// The sets of a word and of the words it may be a form of.
    fn sets<'a>(
        &'a self,
        word: &str,
        endings: &[(&str, &str)],
    ) -> impl Iterator<Item = u32> + use<'a> {
        let mut forms = BTreeSet::from([word.to_owned()]);
        match self.exceptions.get(word) {
            Some(bases) => forms.extend(bases.iter().map(ToString::to_string)),
            None => forms.extend(endings.iter().filter_map(|(ending, replacement)| {
                Some(format!("{}{replacement}", word.strip_suffix(ending)?))
            })),
        }
        let known = forms.into_iter().filter_map(|form| self.words.get(form.as_str()));
        known.flat_map(|sets| sets.iter().copied())
    }
}

/// The lines of a file that hold data: those of the licence begin with a space.
fn lines<'a>(
    bytes: &'a [u8],
    file: &str,
) -> Result<impl Iterator<Item = (usize, &'a str)>, WordNetError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        WordNetError { file: file.to_owned(), line, reason: "it is not text" }
    })?;
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    Ok(lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(' ')))
}

/// The sets of a data file, and their numbers by the offset they are known by.
fn sets(bytes: &[u8], file: &str) -> Result<(Sets, HashMap<u32, u32>), WordNetError> {
    let mut sets = Sets::default();
    let mut numbers = HashMap::new();
    for (line, text) in lines(bytes, file)? {
        let (offset, words) = set(text).ok_or_else(|| WordNetError {
            file: file.to_owned(),
            line,
            reason: "this is no set of synonyms",
        })?;
        sets.words.extend(words.into_iter().filter(|word| !word.contains('_')).map(Box::from));
        numbers.insert(offset, u32::try_from(sets.ends.len()).unwrap_or(u32::MAX));
        sets.ends.push(sets.words.len());
    }
    Ok((sets, numbers))
}

/// `00001740 03 n 01 entity 0 003 … | gloss`: the offset, and the words of the set.
fn set(line: &str) -> Option<(u32, Vec<&str>)> {
    let mut fields = line.split_ascii_whitespace();
    let offset = fields.next()?.parse().ok()?;
    let count = u8::from_str_radix(fields.nth(2)?, 16).ok()?;
    let mut word = || {
        let word = fields.next()?;
        // Behind each word a number that tells its meanings apart.
        fields.next()?;
        Some(word.split_once('(').map_or(word, |(word, _)| word))
    };
    let words = (0..count).map(|_| word()).collect::<Option<_>>()?;
    Some((offset, words))
}

/// The words of an index file, with the numbers of their sets.
fn words(
    bytes: &[u8],
    file: &str,
    numbers: &HashMap<u32, u32>,
) -> Result<HashMap<Box<str>, Box<[u32]>>, WordNetError> {
    let mut words = HashMap::new();
    for (line, text) in lines(bytes, file)? {
        let wrong = |reason| WordNetError { file: file.to_owned(), line, reason };
        let (word, offsets) = entry(text).ok_or_else(|| wrong("this is no entry of a word"))?;
        let sets = offsets.iter().map(|offset| numbers.get(offset).copied());
        let sets: Option<Box<[u32]>> = sets.collect();
        words.insert(word.into(), sets.ok_or_else(|| wrong("it names a set that is not there"))?);
    }
    Ok(words)
}

/// `entity n 1 1 ~ 1 1 00001740`: the word, and the offsets at the end, as many as the third field says.
fn entry(line: &str) -> Option<(&str, Vec<u32>)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let count: usize = fields.get(2)?.parse().ok()?;
    let pointers: usize = fields.get(3)?.parse().ok()?;
    // Behind the pointers two more counts.
    let start = pointers.checked_add(6)?;
    let offsets = fields.get(start..start.checked_add(count)?)?;
    let offsets = offsets.iter().map(|offset| offset.parse().ok()).collect::<Option<_>>()?;
    Some((fields[0], offsets))
}

/// The irregular forms of an exceptions file: `geese goose`.
fn exceptions(bytes: &[u8], file: &str) -> Result<Exceptions, WordNetError> {
    let forms = lines(bytes, file)?.filter_map(|(_, line)| {
        let mut words = line.split_ascii_whitespace();
        Some((words.next()?.into(), words.map(Box::from).collect()))
    });
    Ok(forms.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const INDEX: &str = "  1 licence\ngoose n 1 1 @ 1 0 00000010\nfriend n 1 0 1 0 00000020\n";
    const DATA: &str = "  1 licence\n00000010 05 n 01 goose 0 000 | a bird\n\
                        00000020 18 n 03 friend 0 pal 1 close_friend(p) 0 000 | somebody\n";

    /// A database of nouns, one of its files replaced.
    fn wordnet(replaced: &str, with: &[u8]) -> Result<WordNet, WordNetError> {
        WordNet::read(|file| {
            assert!(FILES.contains(&file), "{file}");
            Ok(match file {
                _ if file == replaced => with.to_vec(),
                "index.noun" => INDEX.into(),
                "data.noun" => DATA.into(),
                "noun.exc" => b"geese goose\n".into(),
                _ => Vec::new(),
            })
        })
    }

    fn synonyms(word: &str) -> Vec<String> {
        wordnet("", b"").unwrap().synonyms(word).map(str::to_owned).collect()
    }

    #[test]
    fn synonyms_are_found_by_base_and_irregular_forms() {
        assert_eq!(synonyms("Friends"), ["friend", "pal"]);
        assert_eq!(synonyms("geese"), ["goose"]);
        assert!(synonyms("pal").is_empty(), "the index does not have it");
    }

    #[test]
    fn a_damaged_file_is_named_with_its_line() {
        let check = |file: &str, text: &[u8], expected: &str| {
            assert_eq!(wordnet(file, text).unwrap_err().to_string(), expected);
        };
        let data = b"00000010 05 n zz goose";
        check("data.noun", data, "data.noun, line 1: this is no set of synonyms");
        check("data.noun", b"", "index.noun, line 2: it names a set that is not there");
        check("index.noun", b"goose n 9", "index.noun, line 1: this is no entry of a word");
        check("noun.exc", b"a\n\xff", "noun.exc, line 2: it is not text");
    }

    #[test]
    fn counts_that_no_line_can_hold_are_refused() {
        let most = usize::MAX;
        for line in [format!("a n {most} 0 1 0 1"), format!("a n 1 {most} 1 0 1")] {
            assert_eq!(entry(&line), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            file in 0..FILES.len(),
            text in "([a-z0-9_(|]{1,8} ){0,9}\\n?([0-9 ]{0,30}\\n){0,3}",
            word in "\\PC{0,12}",
        ) {
            if let Ok(wordnet) = wordnet(FILES[file], text.as_bytes()) {
                prop_assert!(wordnet.synonyms(&word).all(|synonym| !synonym.contains('_')));
            }
        }
    }
}
