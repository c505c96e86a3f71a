//! `.assay/policy.toml`: who must approve what, and with which evidence.
//!
//! It is read from the branch a proposal should reach, never from the proposal. A file that is not
//! understood lets nothing in: a misspelt key is an error, not a rule that quietly does not hold.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::json;

use super::signers::{Signers, SignersError};
use crate::file::digest;

/// Where the policy stands.
pub const POLICY_FILE: &str = ".assay/policy.toml";

/// The most patterns a policy may have.
const MAX_PATTERNS: usize = 1_000;

/// Policy and signers of one branch: what a gate decides by.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The policy; without one nothing is governed.
    pub policy: Option<Policy>,
    /// Whose signatures count.
    pub signers: Signers,
    /// Names both files together. Statements carry it, so an approval under other rules is known as one.
    pub digest: String,
}

/// Why there are no rules to decide by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The policy cannot be read.
    #[error("{file}: {reason}", file = POLICY_FILE)]
    Policy {
        /// What is wrong in it.
        reason: String,
    },
    /// The signers cannot be read.
    #[error(transparent)]
    Signers(#[from] SignersError),
}

impl Rules {
    /// Reads both files, as far as they are there.
    ///
    /// # Errors
    /// When one of them is there and not understood.
    pub fn read(policy: Option<&str>, signers: Option<&str>) -> Result<Self, RulesError> {
        let part = |text: Option<&str>| text.map(|text| digest(text.as_bytes()));
        let both = json!({"policy": part(policy), "signers": part(signers)});
        Ok(Self {
            policy: policy.map(Policy::parse).transpose()?,
            signers: Signers::parse(signers.unwrap_or_default())?,
            digest: digest(both.to_string().as_bytes()),
        })
    }
}

/// What must be true before content may go in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// How many people must approve it.
    pub needed: u32,
    /// Whether who proposes it may be one of them.
    pub authors_may_approve: bool,
    /// Whether a run must have measured it.
    pub evidence_required: bool,
    /// How old that run may be.
    pub max_age_days: Option<u32>,
    /// Who may sign such a run; any allowed signer when nobody is named.
    pub runners: Option<BTreeSet<String>>,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            needed: 1,
            authors_may_approve: false,
            evidence_required: false,
            max_age_days: None,
            runners: None,
        }
    }
}

impl Rule {
    /// What both ask for.
    pub fn and(self, other: Self) -> Self {
        Self {
            needed: self.needed.max(other.needed),
            authors_may_approve: self.authors_may_approve && other.authors_may_approve,
            evidence_required: self.evidence_required || other.evidence_required,
            max_age_days: both(self.max_age_days, other.max_age_days, u32::min),
            runners: both(self.runners, other.runners, |a, b| &a & &b),
        }
    }
}

fn both<T>(a: Option<T>, b: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(join(a, b)),
        (a, b) => a.or(b),
    }
}

/// The rules of a repository, by path.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    everywhere: Part,
    /// From the least to the most specific.
    paths: Vec<(String, Part)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    approval: ApprovalPart,
    #[serde(default)]
    evidence: EvidencePart,
    #[serde(default)]
    paths: BTreeMap<String, Part>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    #[serde(default)]
    approval: ApprovalPart,
    #[serde(default)]
    evidence: EvidencePart,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ApprovalPart {
    needed: Option<u32>,
    authors_may_approve: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EvidencePart {
    required: Option<bool>,
    max_age_days: Option<u32>,
    runners: Option<Vec<String>>,
}

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is not TOML, or says what is not known here.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let wrong = |reason: String| RulesError::Policy { reason };
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if file.paths.len() > MAX_PATTERNS {
            return Err(wrong(format!("more than {MAX_PATTERNS} paths")));
        }
        let mut paths: Vec<_> = file.paths.into_iter().collect();
        if let Some((pattern, _)) = paths.iter().find(|(pattern, _)| !is_pattern(pattern)) {
            return Err(wrong(format!("{pattern:?} is not a path below the repository")));
        }
        paths.sort_by_cached_key(|(pattern, _)| (literals(pattern), pattern.clone()));
        Ok(Self { everywhere: Part { approval: file.approval, evidence: file.evidence }, paths })
    }

    /// What holds at a path. Where several patterns fit, the more specific one decides, key by key.
    pub fn rule(&self, path: &str) -> Rule {
        let mut rule = Rule::default();
        self.everywhere.lay_over(&mut rule);
        for (_, part) in self.paths.iter().filter(|(pattern, _)| fits(pattern, path)) {
            part.lay_over(&mut rule);
        }
        rule
    }
}

impl Part {
    fn lay_over(&self, rule: &mut Rule) {
        let (approval, evidence) = (&self.approval, &self.evidence);
        rule.needed = approval.needed.unwrap_or(rule.needed);
        rule.authors_may_approve = approval.authors_may_approve.unwrap_or(rule.authors_may_approve);
        rule.evidence_required = evidence.required.unwrap_or(rule.evidence_required);
        rule.max_age_days = evidence.max_age_days.or(rule.max_age_days);
        if let Some(runners) = &evidence.runners {
            rule.runners = Some(runners.iter().map(|runner| runner.to_ascii_lowercase()).collect());
        }
    }
}

fn is_pattern(pattern: &str) -> bool {
    !pattern.starts_with('/') && pattern.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// How specific a pattern is: how much of it is said outright.
fn literals(pattern: &str) -> usize {
    pattern.chars().filter(|c| *c != '*').count()
}

/// Whether a pattern fits a path: `*` stands for any part of a name, `**` for any number of folders.
///
/// It takes time in proportion to the lengths of both, so that no pattern is a bomb.
fn fits(pattern: &str, path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    walk(
        pattern.split('/'),
        &names,
        |part| *part == "**",
        |part, name| {
            let letters: Vec<char> = name.chars().collect();
            walk(part.chars(), &letters, |c| *c == '*', |c, letter| c == letter)
        },
    )
}

/// Whether `pattern` fits all of `items`, where some of its elements stand for any number of them.
fn walk<P, T>(
    pattern: impl Iterator<Item = P>,
    items: &[T],
    is_any: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    // Which numbers of items the elements so far can stand for.
    let mut reached = vec![false; items.len() + 1];
    reached[0] = true;
    for element in pattern {
        if is_any(&element) {
            let first = reached.iter().position(|reached| *reached).unwrap_or(reached.len());
            reached[first..].fill(true);
        } else {
            for at in (0..items.len()).rev() {
                reached[at + 1] = reached[at] && fits(&element, &items[at]);
            }
            reached[0] = false;
        }
    }
    reached[items.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const POLICY: &str = r#"
[approval]
needed = 2
authorsMayApprove = false

[evidence]
required = true
maxAgeDays = 30
runners = ["CI"]

[paths."prompts/legal/**"]
approval.needed = 3

[paths."prompts/legal/drafts/*"]
approval.needed = 0
evidence.required = false
"#;

    fn rule(path: &str) -> Rule {
        Policy::parse(POLICY).unwrap().rule(path)
    }

    #[test]
    fn the_more_specific_path_decides_key_by_key() {
        assert_eq!(rule("prompts/triage").needed, 2);
        let legal = rule("prompts/legal/nda");
        assert_eq!((legal.needed, legal.evidence_required), (3, true));
        assert_eq!(legal.runners, Some(BTreeSet::from(["ci".to_owned()])));
        let draft = rule("prompts/legal/drafts/nda");
        assert_eq!(
            (draft.needed, draft.evidence_required, draft.max_age_days),
            (0, false, Some(30))
        );
    }

    #[test]
    fn a_policy_that_says_nothing_asks_for_one_other_person() {
        assert_eq!(Policy::parse("").unwrap().rule("prompts/a"), Rule::default());
        assert_eq!((Rule::default().needed, Rule::default().authors_may_approve), (1, false));
    }

    #[test]
    fn a_policy_that_is_not_understood_is_an_error() {
        for text in [
            "[approval]\nneded = 2",
            "[approval]\nneeded = -1",
            "[approval]\nneeded = \"two\"",
            "approval",
            "[paths.\"../x\"]\napproval.needed = 0",
            "[paths.\"/x\"]",
            "[approval]\nneeded = 1\nneeded = 2",
            "[evidence]\nminAge = 1",
        ] {
            let told = Policy::parse(text).expect_err(text).to_string();
            assert!(told.starts_with(".assay/policy.toml: "), "{told}");
        }
    }

    #[test]
    fn what_two_rules_ask_for_is_the_stricter_of_each() {
        let lax = Rule { needed: 0, authors_may_approve: true, ..Rule::default() };
        let dated = Rule { evidence_required: true, max_age_days: Some(7), ..lax.clone() };
        let both = Rule { needed: 2, max_age_days: Some(30), ..Rule::default() }.and(dated);
        assert_eq!((both.needed, both.authors_may_approve), (2, false));
        assert_eq!((both.evidence_required, both.max_age_days), (true, Some(7)));
    }

    #[test]
    fn patterns_fit_names_and_folders() {
        for (pattern, path, expected) in [
            ("prompts/legal/**", "prompts/legal/a/b", true),
            ("prompts/legal/**", "prompts/legal", true),
            ("prompts/legal/**", "prompts/legality", false),
            ("**/nda", "prompts/legal/nda", true),
            ("**/nda", "nda", true),
            ("prompts/*", "prompts/a/b", false),
            ("prompts/*-eu", "prompts/nda-eu", true),
            ("prompts/*-eu", "prompts/nda-us", false),
            ("**", "a/b/c", true),
            ("a/**/z", "a/b/c/z", true),
            ("a/**/z", "a/b/c", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        let pattern = "*a".repeat(2_000);
        assert!(!fits(&pattern, &"a".repeat(1_999)));
        assert!(!fits(&"**/a/".repeat(500), &"a/".repeat(499)));
    }

    #[test]
    fn other_rules_have_another_digest() {
        let digest = |policy, signers| Rules::read(policy, signers).unwrap().digest;
        let all = [
            digest(None, None),
            digest(Some(""), None),
            digest(None, Some("")),
            digest(Some(POLICY), None),
        ];
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
