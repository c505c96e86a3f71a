//! Scorers of retrieved texts without a judge: which came, at which rank, and which were wanted.

use assay_prompt::{Row, ScorerSpec};
use serde_json::Value;

use super::answer::{Answer, Place, plain};
use super::limits::Limits;
use super::metric::short;
use super::settings::Settings;
use super::wanted::Wanted;
use super::{Check, Compiled, Direction, Fact, Stop};
use crate::metrics::edit::Measure;
use crate::{Subject, rag};

/// Retrieved or wanted texts beyond so many are not compared: each is held against each.
const MOST: usize = 2_000;

/// What is made of the ranks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sum {
    Recall,
    Precision,
    ReciprocalRank,
    Ndcg,
    ContextPrecision,
}

/// `recall-at-k`, `precision-at-k`, `mrr`, `ndcg`, `context-precision-matched` and
/// `context-recall-matched`.
///
/// *Definition.* Retrieved are the case's `contexts`, best first, or the list at `path` in the output;
/// wanted is the list that `expected` or `value` leads to, ids or texts. A retrieved one is relevant
/// when it is equal to a wanted one but for blanks around it; with `options: {similarity: 0.8}` when
/// their Levenshtein similarity is at least that. An object counts by its `id`, else its `text`.
///
/// - `recall-at-k`, `context-recall-matched`: the share of the wanted that is among the first `k`.
/// - `precision-at-k`: the share of the first `k` that is relevant.
/// - `mrr`: one over the rank of the first relevant one, 0 where none came.
/// - `ndcg`: gains over log₂(rank + 1) against their best order. Each wanted one gains 1; a map
///   `{id: gain}` says otherwise.
/// - `context-precision-matched`: the mean precision at the ranks of the relevant ones.
///
/// *Range* 0 to 1, higher is better. *Defaults*: `k` is all that came; the wanted are the case's
/// `expected`; no threshold. *Source*: the formulas of ragas 0.4.3 and of Järvelin and Kekäläinen 2002.
///
/// *Misleads* where the list of the wanted is incomplete: a good text nobody listed counts as wrong.
/// Not judged where nothing is wanted.
pub(super) fn retrieval(spec: &ScorerSpec, sum: Sum) -> Compiled {
    let settings = Settings::of(spec);
    let k = settings.count("k", 1, 100_000)?.map(|k| k as usize);
    let similarity = settings.number("similarity")?;
    settings.refuse_others()?;
    if similarity.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
        return Err("option `similarity` is above 0 and up to 1".to_owned());
    }
    Ok(Box::new(Retrieval {
        kind: spec.kind.clone(),
        sum,
        k,
        similarity,
        path: Place::of(spec.path.as_deref())?,
        wanted: Wanted::of(spec)?,
        limits: Limits::of_metric(spec, Direction::Higher)?,
    }))
}

#[derive(Debug)]
struct Retrieval {
    kind: String,
    sum: Sum,
    k: Option<usize>,
    similarity: Option<f64>,
    path: Option<Place>,
    wanted: Wanted,
    limits: Limits,
}

impl Check for Retrieval {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let wanted = wanted(&self.wanted.for_case(subject.case)?)?;
        let came = self.came(subject.case, answer)?;
        if came.len() > MOST || wanted.len() > MOST {
            return Err(Stop::CannotJudge(format!("has more than {MOST} texts to compare")));
        }
        let ranks = self.ranks(&came, &wanted);
        let value = self.value(&ranks, &wanted, came.len());
        let undefined = || Stop::CannotJudge("nothing is wanted, or nothing came".to_owned());
        let value = value.ok_or_else(undefined)?;
        let found = ranks.iter().flatten().count();
        let what = format!(
            "{} {} ({found} of {} wanted among {})",
            self.kind,
            short(value),
            wanted.len(),
            came.len()
        );
        Ok(self.limits.measure(value, &what))
    }

    fn signature(&self) -> Option<String> {
        let k = self.k.map_or("all".to_owned(), |k| k.to_string());
        let same = self.similarity.map_or("equal".to_owned(), |s| format!("levenshtein>={s}"));
        let from = self.path.as_ref().map_or("contexts", |path| &path.source);
        Some(format!("{}|k:{k}|match:{same}|from:{from}|v:1", self.kind))
    }
}

impl Retrieval {
    fn came(&self, case: &Row, answer: &Answer) -> Result<Vec<String>, Stop> {
        let Some(path) = &self.path else {
            if case.contexts.is_empty() {
                return Err(Stop::CannotJudge(format!("case `{}` has no `contexts`", case.id)));
            }
            return Ok(case.contexts.iter().map(|text| text.trim().to_owned()).collect());
        };
        match answer.value_at(path)? {
            Some(Value::Array(items)) => Ok(items.iter().map(name).collect()),
            Some(single) => Ok(vec![name(&single)]),
            None => Err(Stop::Unreadable(format!("the output has nothing at `{}`", path.source))),
        }
    }

    /// For each that came the place of the wanted one that it is, each wanted one once.
    fn ranks(&self, came: &[String], wanted: &[(String, f64)]) -> Vec<Option<usize>> {
        let mut taken = vec![false; wanted.len()];
        let is = |one: &str, other: &str| match self.similarity {
            None => one == other,
            Some(least) => {
                Measure::LevenshteinSimilarity.of(one, other).is_some_and(|alike| alike >= least)
            }
        };
        let rank = |one: &String| {
            let at = (0..wanted.len()).find(|at| !taken[*at] && is(one, &wanted[*at].0))?;
            taken[at] = true;
            Some(at)
        };
        came.iter().map(rank).collect()
    }

    fn value(&self, ranks: &[Option<usize>], wanted: &[(String, f64)], came: usize) -> Option<f64> {
        let k = self.k.unwrap_or(came);
        let first = ranks.get(..k).unwrap_or(ranks);
        // Places of the wanted stand for the wanted, and the end of them for all else.
        let places: Vec<usize> = first.iter().map(|at| at.unwrap_or(wanted.len())).collect();
        let relevant: Vec<usize> = (0..wanted.len()).collect();
        if relevant.is_empty() {
            return None;
        }
        match self.sum {
            Sum::Recall => rag::recall_at(k, &places, &relevant),
            Sum::Precision => rag::precision_of_ids(&places, &relevant),
            Sum::ReciprocalRank => rag::reciprocal_rank(&places, &relevant),
            Sum::Ndcg => {
                let gain =
                    |at: &Option<usize>| at.and_then(|at| wanted.get(at)).map_or(0.0, |w| w.1);
                let gains: Vec<f64> = first.iter().map(gain).collect();
                let ideal: Vec<f64> = wanted.iter().map(|(_, gain)| *gain).collect();
                rag::ndcg_at(k, &gains, &ideal)
            }
            Sum::ContextPrecision => {
                let useful: Vec<bool> = first.iter().map(Option::is_some).collect();
                Some(rag::context_precision(&useful))
            }
        }
    }
}

/// What is wanted with what it gains.
fn wanted(value: &Value) -> Result<Vec<(String, f64)>, Stop> {
    let gains = |fields: &serde_json::Map<String, Value>| {
        let gain = |(id, gain): (&String, &Value)| {
            let gain = gain.as_f64().filter(|gain| gain.is_finite() && *gain >= 0.0)?;
            Some((id.trim().to_owned(), gain))
        };
        fields.iter().map(gain).collect::<Option<Vec<_>>>()
    };
    match value {
        Value::Array(items) => Ok(items.iter().map(|item| (name(item), 1.0)).collect()),
        Value::Object(fields) => gains(fields)
            .ok_or_else(|| Stop::CannotJudge("needs a list, or a map of ids to gains".to_owned())),
        single => Ok(vec![(name(single), 1.0)]),
    }
}

/// What a text or an object is compared by.
fn name(value: &Value) -> String {
    let of = |key: &str| value.get(key).filter(|part| !part.is_null());
    plain(of("id").or_else(|| of("text")).unwrap_or(value)).trim().to_owned()
}
