//! Corpora: what each output adds to the numbers of a column.
//!
//! A [`Column`](super::Column) says what all outputs come to. Whether two columns differ is found out by summing up many
//! choices of outputs ([`Measure::Corpus`](crate::verdict::Measure::Corpus)), for which every output is measured once and
//! kept as the little that it adds.

use assay_prompt::Row;

use super::answer::Answer;
use super::{Check, Ledger, Scorer};
use crate::Subject;
use crate::verdict::Statistics;

/// The outputs of both sides of a comparison, as one scorer keeps them.
pub struct Corpus<'s> {
    scorer: &'s Scorer,
    ledger: Box<dyn Ledger + 's>,
    /// Each number's name and signature.
    numbers: Vec<(String, String)>,
}

impl<'s> Corpus<'s> {
    pub(super) fn new(scorer: &'s Scorer) -> Option<Corpus<'s>> {
        let check: &'s dyn Check = scorer.check.as_ref().ok()?.as_ref();
        // A scorer without a signature of its own is described by its keys, which its numbers do not repeat.
        let keys = match check.signature() {
            Some(_) => String::new(),
            None => format!("|of:{}", scorer.signature),
        };
        let numbers = check.column()?.numbers().into_iter();
        let numbers = numbers.map(|number| (number.name, number.signature + &keys)).collect();
        Some(Corpus { scorer, ledger: check.ledger()?, numbers })
    }

    /// Whether the scorer looks at this case.
    #[must_use]
    pub fn looks_at(&self, case: &Row) -> bool {
        self.scorer.looks_at(case)
    }

    /// What an output adds to the sums; nothing where it cannot be counted.
    pub fn note(&mut self, subject: &Subject) -> Option<Statistics> {
        self.ledger.note(subject, &Answer::new(subject.output)).ok()
    }

    /// What a number is comparable with; nothing for a name that none of them has.
    #[must_use]
    pub fn signature(&self, number: &str) -> Option<&str> {
        let mut numbers = self.numbers.iter();
        numbers.find(|(name, _)| name == number).map(|(_, signature)| signature.as_str())
    }

    /// A number of a sum of what was noted; nothing where it is not defined.
    #[must_use]
    pub fn number(&self, name: &str, sum: &[f64]) -> Option<f64> {
        self.signature(name)?;
        self.ledger.number(name, sum).filter(|value| value.is_finite())
    }
}
