//! What a metric says of all outputs together: BLEU, chrF, TER and error rates are made of sums.

use super::super::answer::Answer;
use super::super::{ColumnNumber, ColumnSum, Ledger, Stop};
use super::{Measured, Metric, Rate};
use crate::Subject;
use crate::metrics::bleu::Bleu;
use crate::metrics::corpus::{CorpusMetric, Flat};
use crate::metrics::words::{Counts, Unit};
use crate::verdict::Statistics;

/// Begins to sum up a column of a metric whose score of many outputs is more than a mean.
pub(super) fn sum(of: &Measured) -> Option<Box<dyn ColumnSum + '_>> {
    Some(match &of.metric {
        Metric::Bleu(bleu) => {
            let whole = Bleu { effective_order: false, ..*bleu };
            Box::new(CorpusSum { of, metric: whole, sum: None })
        }
        Metric::Chrf(chrf) => Box::new(CorpusSum { of, metric: *chrf, sum: None }),
        Metric::Ter(ter) => Box::new(CorpusSum { of, metric: *ter, sum: None }),
        Metric::Words(unit, rate) => {
            Box::new(CountSum { of, unit: *unit, rate: *rate, sum: Counts::default() })
        }
        _ => return None,
    })
}

/// Begins to keep what each output adds to such a sum.
pub(super) fn ledger(of: &Measured) -> Option<Box<dyn Ledger + '_>> {
    Some(match &of.metric {
        Metric::Bleu(bleu) => {
            Box::new(CorpusLedger { of, metric: Bleu { effective_order: false, ..*bleu } })
        }
        Metric::Chrf(chrf) => Box::new(CorpusLedger { of, metric: *chrf }),
        Metric::Ter(ter) => Box::new(CorpusLedger { of, metric: *ter }),
        Metric::Words(unit, rate) => Box::new(CountLedger { of, unit: *unit, rate: *rate }),
        _ => return None,
    })
}

impl Measured {
    /// What an output adds to a corpus metric.
    fn statistics<M: CorpusMetric>(
        &self,
        metric: &M,
        subject: &Subject,
        answer: &Answer,
    ) -> Result<M::Statistics, Stop> {
        let references = self.references.texts(subject.case)?;
        let references: Vec<&str> = references.iter().map(String::as_str).collect();
        let (output, _) = self.text(answer)?;
        let none = || Stop::CannotJudge("there is no reference".to_owned());
        metric.statistics(&output, &references).ok_or_else(none)
    }

    /// What an output adds to an error rate: the counts of the reference that it comes nearest to.
    fn counts(
        &self,
        unit: Unit,
        rate: Rate,
        subject: &Subject,
        answer: &Answer,
    ) -> Result<Counts, Stop> {
        let references = self.references.texts(subject.case)?;
        let (output, _) = self.text(answer)?;
        let counts = references.iter().map(|one| unit.counts(&output, one));
        let best = counts.min_by(|a, b| rate.of(a).total_cmp(&rate.of(b)));
        Ok(best.unwrap_or_default())
    }
}

/// The sums of a corpus metric over a column.
struct CorpusSum<'c, M: CorpusMetric> {
    of: &'c Measured,
    metric: M,
    sum: Option<M::Statistics>,
}

impl<M: CorpusMetric> ColumnSum for CorpusSum<'_, M> {
    fn add(&mut self, subject: &Subject, answer: &Answer) -> Result<(), Stop> {
        let statistics = self.of.statistics(&self.metric, subject, answer)?;
        match &mut self.sum {
            Some(sum) => *sum += &statistics,
            none => *none = Some(statistics),
        }
        Ok(())
    }

    fn numbers(&self) -> Vec<ColumnNumber> {
        vec![ColumnNumber {
            name: "corpus".to_owned(),
            value: self.sum.as_ref().map(|sum| self.metric.score_of(sum)),
            signature: self.of.signed(self.metric.signature(None)),
        }]
    }
}

/// The sums of an error rate over a column: all edits over all words, as jiwer has it for lists.
struct CountSum<'c> {
    of: &'c Measured,
    unit: Unit,
    rate: Rate,
    sum: Counts,
}

impl ColumnSum for CountSum<'_> {
    fn add(&mut self, subject: &Subject, answer: &Answer) -> Result<(), Stop> {
        self.sum += self.of.counts(self.unit, self.rate, subject, answer)?;
        Ok(())
    }

    fn numbers(&self) -> Vec<ColumnNumber> {
        vec![ColumnNumber {
            name: "corpus".to_owned(),
            value: (self.sum != Counts::default()).then(|| self.rate.of(&self.sum)),
            signature: self.of.signed(format!("{}|corpus:yes", self.of.metric.signature())),
        }]
    }
}

/// What each output adds to a corpus metric.
struct CorpusLedger<'c, M> {
    of: &'c Measured,
    metric: M,
}

impl<M: CorpusMetric<Statistics: Flat>> Ledger for CorpusLedger<'_, M> {
    fn note(&mut self, subject: &Subject, answer: &Answer) -> Result<Statistics, Stop> {
        let statistics = self.of.statistics(&self.metric, subject, answer)?;
        Ok(statistics.flat().into_iter().enumerate().collect())
    }

    fn number(&self, _name: &str, sum: &[f64]) -> Option<f64> {
        Some(self.metric.score_of(&<M::Statistics>::from_flat(sum)))
    }
}

/// What each output adds to an error rate.
struct CountLedger<'c> {
    of: &'c Measured,
    unit: Unit,
    rate: Rate,
}

impl Ledger for CountLedger<'_> {
    fn note(&mut self, subject: &Subject, answer: &Answer) -> Result<Statistics, Stop> {
        let counts = self.of.counts(self.unit, self.rate, subject, answer)?;
        Ok(counts.flat().into_iter().enumerate().collect())
    }

    fn number(&self, _name: &str, sum: &[f64]) -> Option<f64> {
        let counts = Counts::from_flat(sum);
        (counts != Counts::default()).then(|| self.rate.of(&counts))
    }
}
