//! `.assay/allowed_signers`: which keys belong to which person.
//!
//! The file is OpenSSH's own, so `ssh-keygen -Y verify` and `git verify-commit` read it too. Here it is
//! read more strictly: one person per line, in plain ASCII, and no key in the name of two people. Keys
//! belong to people, and it is people who approve: two keys of one person count once.

use super::refusal::Refusal;
use super::signature::{Key, NAMESPACE};

/// Where the file stands.
pub const SIGNERS_FILE: &str = ".assay/allowed_signers";

/// The most lines that are read.
const MAX_LINES: usize = 10_000;

/// Everyone whose signature means something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signers {
    lines: Vec<AllowedSigner>,
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedSigner {
    /// The person, in lower case; usually an email address.
    pub person: String,
    /// The key.
    pub key: Key,
    /// What it may sign; anything when nothing is said.
    pub namespaces: Option<Vec<String>>,
    /// From when on it is the person's: seconds since 1970 in UTC.
    pub valid_after_s: Option<i64>,
    /// Until when.
    pub valid_before_s: Option<i64>,
}

/// Why the file cannot be used. Nobody's approval counts until it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {problem}", file = SIGNERS_FILE)]
pub struct SignersError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong in it.
    pub problem: SignersProblem,
}

/// What is wrong in a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignersProblem {
    /// Not a person and a key.
    #[error("expected a person, options and a key")]
    Incomplete,
    /// More than one person, or a pattern for many.
    #[error("{principals:?} is not one person; patterns and lists are not accepted")]
    NotOnePerson {
        /// What stands there.
        principals: String,
    },
    /// A letter that only looks like another.
    #[error("{principals:?} holds characters that look like others; write it in ASCII")]
    LookAlike {
        /// What stands there.
        principals: String,
    },
    /// An option that is not known here.
    #[error("the option {option:?} is not accepted")]
    Option {
        /// The option.
        option: String,
    },
    /// A time that is none.
    #[error("{time:?} is not a time such as 20260131 or 202601311200Z")]
    Time {
        /// What stands there.
        time: String,
    },
    /// A key that is none, or of a kind that is not accepted.
    #[error("{reason}")]
    Key {
        /// What is wrong with it.
        reason: String,
    },
    /// The key is already in somebody else's name.
    #[error("the key already belongs to {other}")]
    SharedKey {
        /// Whose it is.
        other: String,
    },
    /// More lines than are read.
    #[error("the file has more than {limit} lines", limit = MAX_LINES)]
    TooLong,
}

impl Signers {
    /// Reads the file.
    ///
    /// # Errors
    /// The first line that is not understood: a file that is half understood would let in whom it keeps out.
    pub fn parse(text: &str) -> Result<Self, SignersError> {
        let mut signers = Self::default();
        for (at, line) in text.lines().enumerate() {
            let told = |problem| SignersError { line: at + 1, problem };
            let line = line.trim();
            if at >= MAX_LINES {
                return Err(told(SignersProblem::TooLong));
            }
            if !line.is_empty() && !line.starts_with('#') {
                let read = read_line(line).map_err(told)?;
                signers.add(read).map_err(told)?;
            }
        }
        Ok(signers)
    }

    /// Every line, in the order of the file.
    pub fn lines(&self) -> &[AllowedSigner] {
        &self.lines
    }

    /// Who signed with `key` at `time_s`, as seen at `now_s`.
    ///
    /// Both moments must lie in the key's time: the first is only the signer's word, and a stolen key
    /// would sign with yesterday's date.
    ///
    /// # Errors
    /// When the key is nobody's, not then or not any more, or not for statements.
    pub fn person(&self, key: &Key, time_s: i64, now_s: i64) -> Result<&str, Refusal> {
        let fingerprint = || key.fingerprint();
        let mut refusal = None;
        for line in self.lines.iter().filter(|line| line.key == *key) {
            let person = || line.person.clone();
            if !line.may_sign(NAMESPACE) {
                let found =
                    Refusal::NotForStatements { fingerprint: fingerprint(), person: person() };
                refusal.get_or_insert(found);
            } else if !(line.is_valid_at(time_s) && line.is_valid_at(now_s)) {
                let found = Refusal::NotValidNow { fingerprint: fingerprint(), person: person() };
                refusal.get_or_insert(found);
            } else {
                return Ok(&line.person);
            }
        }
        Err(refusal.unwrap_or_else(|| Refusal::UnknownSigner { fingerprint: fingerprint() }))
    }

    /// Whose key it is, whatever it may sign and whenever.
    pub fn owner(&self, key: &Key) -> Option<&str> {
        self.lines.iter().find(|line| line.key == *key).map(|line| line.person.as_str())
    }

    fn add(&mut self, line: AllowedSigner) -> Result<(), SignersProblem> {
        let other = self.owner(&line.key).filter(|owner| *owner != line.person);
        if let Some(other) = other {
            return Err(SignersProblem::SharedKey { other: other.to_owned() });
        }
        self.lines.push(line);
        Ok(())
    }
}

impl AllowedSigner {
    fn may_sign(&self, namespace: &str) -> bool {
        let fits = |pattern: &String| pattern == "*" || pattern == namespace;
        self.namespaces.as_ref().is_none_or(|patterns| patterns.iter().any(fits))
    }

    fn is_valid_at(&self, time_s: i64) -> bool {
        self.valid_after_s.is_none_or(|after| time_s >= after)
            && self.valid_before_s.is_none_or(|before| time_s < before)
    }
}

fn read_line(line: &str) -> Result<AllowedSigner, SignersProblem> {
    let (principals, rest) = split_field(line);
    let (options, key) = if is_key(rest) { ("", rest) } else { split_field(rest) };
    if key.is_empty() {
        return Err(SignersProblem::Incomplete);
    }
    let mut signer = AllowedSigner {
        person: read_person(principals)?,
        key: Key::from_openssh(&key_fields(key))
            .map_err(|error| SignersProblem::Key { reason: error.to_string() })?,
        namespaces: None,
        valid_after_s: None,
        valid_before_s: None,
    };
    for option in split_options(options) {
        read_option(option, &mut signer)?;
    }
    Ok(signer)
}

/// The first field and what follows it. Quotes keep the spaces between them.
fn split_field(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '"';
        c.is_ascii_whitespace() && !quoted
    });
    let (field, rest) = text.split_at(end.unwrap_or(text.len()));
    (field, rest.trim_start())
}

fn is_key(text: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|start| text.starts_with(start))
}

/// The kind and the key, without the comment.
fn key_fields(text: &str) -> String {
    text.split_ascii_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

fn read_person(field: &str) -> Result<String, SignersProblem> {
    let principals = field.trim_matches('"').to_owned();
    if !principals.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return Err(SignersProblem::LookAlike { principals });
    }
    if principals.is_empty() || principals.contains(['*', '?', '!', ',', '"']) {
        return Err(SignersProblem::NotOnePerson { principals });
    }
    Ok(principals.to_ascii_lowercase())
}

/// Options stand between commas; those inside quotes do not count.
fn split_options(options: &str) -> Vec<&str> {
    let mut quoted = false;
    let apart = |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    options.split(apart).filter(|option| !option.is_empty()).collect()
}

fn read_option(option: &str, signer: &mut AllowedSigner) -> Result<(), SignersProblem> {
    let refused = || SignersProblem::Option { option: option.to_owned() };
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let value = value.trim_matches('"');
    let is_said_before = match name.to_ascii_lowercase().as_str() {
        "namespaces" => {
            let names = read_namespaces(value).ok_or_else(refused)?;
            signer.namespaces.replace(names).is_some()
        }
        "valid-after" => signer.valid_after_s.replace(read_time(value)?).is_some(),
        "valid-before" => signer.valid_before_s.replace(read_time(value)?).is_some(),
        // Also `cert-authority`: who signs with a certificate is not known from this file alone.
        _ => return Err(refused()),
    };
    // OpenSSH refuses an option that is said twice; which of the two counts, nobody should have to know.
    if is_said_before { Err(refused()) } else { Ok(()) }
}

/// Names as they are, or `*` for all. OpenSSH knows patterns and exceptions from them as well, and a file that
/// keeps a key out there must not let it in here.
fn read_namespaces(value: &str) -> Option<Vec<String>> {
    let odd = |c: char| c.is_ascii_whitespace() || matches!(c, '*' | '?' | '!');
    let is_plain = |name: &str| name == "*" || !name.contains(odd);
    value.split(',').map(|name| is_plain(name).then(|| name.to_owned())).collect()
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, in UTC with or without a `Z`: everybody must read the
/// same moment, wherever they are.
fn read_time(text: &str) -> Result<i64, SignersProblem> {
    let wrong = || SignersProblem::Time { time: text.to_owned() };
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let is_time =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && [8, 12, 14].contains(&digits.len());
    if !is_time {
        return Err(wrong());
    }
    let whole = format!("{digits:0<14}");
    let part = |from: usize, to: usize| whole[from..to].parse::<i16>().map_err(|_| wrong());
    let small = |from: usize| part(from, from + 2).map(|part| part as i8);
    let civil = jiff::civil::DateTime::new(
        part(0, 4)?,
        small(4)?,
        small(6)?,
        small(8)?,
        small(10)?,
        small(12)?,
        0,
    );
    let zoned = civil.and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC));
    Ok(zoned.map_err(|_| wrong())?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixtures::signer;
    use super::super::signature::Signer;
    use super::*;

    fn key(seed: u8) -> String {
        signer(seed).key().to_openssh().unwrap()
    }

    fn problem(text: &str) -> SignersProblem {
        Signers::parse(text).expect_err(text).problem
    }

    #[test]
    fn a_line_as_ssh_keygen_has_it_is_read() {
        let text = format!(
            "# people\n\nAda@example.com namespaces=\"git,statement@assay\",valid-before=\"20270101Z\" {} laptop key\n",
            key(1)
        );
        let signers = Signers::parse(&text).unwrap();
        let line = &signers.lines()[0];
        assert_eq!(line.person, "ada@example.com");
        assert_eq!(line.namespaces.as_deref().unwrap(), ["git", "statement@assay"]);
        assert_eq!(line.valid_before_s, Some(1_798_761_600));
        assert_eq!(line.key, signer(1).key());
    }

    #[test]
    fn two_keys_of_one_person_are_one_person() {
        let text = format!("ada@example.com {}\nADA@example.com {}\n", key(1), key(2));
        let signers = Signers::parse(&text).unwrap();
        for seed in [1, 2] {
            assert_eq!(signers.person(&signer(seed).key(), 5, 5).unwrap(), "ada@example.com");
        }
    }

    #[test]
    fn a_key_in_two_names_is_refused() {
        let text = format!("ada@example.com {0}\nbob@example.com {0}\n", key(1));
        let found = Signers::parse(&text).unwrap_err();
        assert_eq!(
            (found.line, found.problem),
            (2, SignersProblem::SharedKey { other: "ada@example.com".into() })
        );
    }

    #[test]
    fn a_person_who_looks_like_another_is_refused() {
        // The first letter is Cyrillic.
        let text = format!("\u{430}da@example.com {}\n", key(1));
        assert!(matches!(problem(&text), SignersProblem::LookAlike { .. }));
        let text = format!("ada\u{200b}@example.com {}\n", key(1));
        assert!(matches!(problem(&text), SignersProblem::LookAlike { .. }));
    }

    #[test]
    fn patterns_lists_and_authorities_are_refused() {
        for principals in ["*@example.com", "ada,bob", "!ada", "a?a"] {
            let text = format!("{principals} {}\n", key(1));
            assert!(matches!(problem(&text), SignersProblem::NotOnePerson { .. }), "{principals}");
        }
        let text = format!("ada cert-authority {}\n", key(1));
        assert_eq!(problem(&text), SignersProblem::Option { option: "cert-authority".into() });
    }

    #[test]
    fn an_option_that_openssh_reads_otherwise_is_refused() {
        for options in [
            "namespaces=\"!statement@assay,*\"",
            "namespaces=\"statement@*\"",
            "namespaces=\"git, statement@assay\"",
            "namespaces=\"git\",namespaces=\"statement@assay\"",
            "valid-before=\"20260101\",valid-before=\"20300101\"",
            "verify-required",
        ] {
            let text = format!("ada {options} {}\n", key(1));
            assert!(matches!(problem(&text), SignersProblem::Option { .. }), "{options}");
        }
        let all = Signers::parse(&format!("ada namespaces=\"*\" {}\n", key(1))).unwrap();
        assert_eq!(all.person(&signer(1).key(), 5, 5).unwrap(), "ada");
    }

    #[test]
    fn a_key_counts_only_in_its_time_however_a_statement_is_dated() {
        let text = format!("ada valid-after=\"20260101\",valid-before=\"20260201\" {}\n", key(1));
        let signers = Signers::parse(&text).unwrap();
        let (january, march) = (1_768_000_000, 1_773_000_000);
        let person = |time, now| signers.person(&signer(1).key(), time, now);
        assert_eq!(person(january, january).unwrap(), "ada");
        for (time, now) in [(january, march), (march, january), (0, january)] {
            assert!(matches!(person(time, now), Err(Refusal::NotValidNow { .. })), "{time} {now}");
        }
    }

    #[test]
    fn a_key_for_commits_only_signs_no_statement() {
        let signers = Signers::parse(&format!("ada namespaces=\"git\" {}\n", key(1))).unwrap();
        let refusal = signers.person(&signer(1).key(), 5, 5).unwrap_err();
        assert!(matches!(refusal, Refusal::NotForStatements { .. }));
        let refusal = signers.person(&signer(2).key(), 5, 5).unwrap_err();
        assert!(matches!(refusal, Refusal::UnknownSigner { .. }));
    }

    #[test]
    fn a_line_that_is_not_understood_closes_the_file() {
        assert_eq!(problem("ada"), SignersProblem::Incomplete);
        assert!(matches!(problem("ada ssh-ed25519 nonsense"), SignersProblem::Key { .. }));
        for time in ["2026", "20261301", "tomorrow", "20260101120", "-2026010"] {
            let text = format!("ada valid-after=\"{time}\" {}\n", key(1));
            assert_eq!(problem(&text), SignersProblem::Time { time: time.into() });
        }
    }
}
