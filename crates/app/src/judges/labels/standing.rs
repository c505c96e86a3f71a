//! How a judge stands to the labels of people, and what gates and verdicts say of that.

use assay_score::judge::{LABELS_NEEDED, WEAK_BELOW};

use super::super::Decided;

/// How a judge stands to the labels of people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::judges) struct Standing {
    /// Outputs on which people agree by majority that they pass, or that they fail.
    pub labels: Decided,
    /// Of these, those that this very judge was held against: same prompt, same models, same settings.
    pub held: usize,
    /// Whether another judge was held against enough of them.
    pub other: bool,
    /// Whether these leave room for a judge that misses much, by the limit of the Judges view; `None` when that was not
    /// noted as it was held against them.
    pub weak: Option<bool>,
}

impl Standing {
    /// Why the judge is not calibrated, in the words of gates and verdicts; none when it is.
    pub fn uncalibrated(&self) -> Option<String> {
        let Standing { held, other, .. } = *self;
        let labels = self.labels.count();
        if labels < LABELS_NEEDED {
            return Some(format!("judge not calibrated ({labels} of {LABELS_NEEDED} labels)"));
        }
        if let Some(only) = self.labels.only() {
            return Some(format!(
                "judge not calibrated: its {labels} labels are only one kind of label, {only}"
            ));
        }
        if held >= LABELS_NEEDED {
            return None;
        }
        Some(match other {
            true => format!(
                "judge not calibrated: its prompt, model or settings are not those that were held against the {labels} labels"
            ),
            false => format!(
                "judge not calibrated: held against {held} of its {labels} labels, and {LABELS_NEEDED} are needed"
            ),
        })
    }

    /// What gates and verdicts must say beside a judge: that it is not calibrated, or that it is and is weak.
    pub fn caveat(&self) -> Option<String> {
        self.uncalibrated().or_else(|| match self.weak {
            Some(false) => None,
            Some(true) => {
                let percent = 100.0 * WEAK_BELOW;
                Some(format!("judge weak: one of its rates may lie below {percent:.0} %"))
            }
            None => Some(
                "judge calibrated by an earlier version, which kept none of its rates: `assay judge show` tells whether it is weak".to_owned(),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_judge_is_calibrated_by_labels_that_it_was_held_against_itself() {
        let words = |count: usize, held, other| {
            let labels = Decided { passes: count - 5, failures: 5 };
            Standing { labels, held, other, weak: Some(false) }.caveat()
        };
        assert_eq!(words(50, 50, false), None);
        assert_eq!(words(12, 12, true).unwrap(), "judge not calibrated (12 of 50 labels)");
        assert!(words(60, 0, true).unwrap().contains("prompt, model or settings"));
        assert!(words(60, 40, false).unwrap().contains("40 of its 60 labels"));
    }

    #[test]
    fn labels_of_one_kind_calibrate_no_judge_and_a_weak_one_is_said_to_be_weak() {
        let stands = |passes, failures, weak| {
            let labels = Decided { passes, failures };
            Standing { labels, held: passes + failures, other: false, weak: Some(weak) }
        };
        for (one_kind, only) in [(stands(60, 0, true), "passes"), (stands(0, 60, true), "failures")]
        {
            let words = one_kind.uncalibrated().unwrap();
            assert!(words.contains("only one kind of label") && words.ends_with(only), "{words}");
            assert_eq!(one_kind.caveat(), Some(words), "one remark is enough");
        }
        let weak = stands(40, 20, true);
        assert_eq!(weak.uncalibrated(), None);
        assert_eq!(weak.caveat().unwrap(), "judge weak: one of its rates may lie below 80 %");
        assert_eq!(stands(40, 20, false).caveat(), None);
        let unknown = Standing { weak: None, ..stands(40, 20, false) };
        assert_eq!(unknown.uncalibrated(), None);
        let words = unknown.caveat().unwrap();
        assert!(words.contains("earlier version"), "nobody noted its rates: {words}");
    }
}
