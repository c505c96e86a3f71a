//! `rag_judge_arithmetic`: what is made of a judge's verdicts.

use assay_score::rag::{self, Support};
use serde_json::Value;

use crate::file::{Golden, number, numbers, text};
use crate::tally::Tally;

const TOLERANCE: f64 = 1e-12;

/// Compares every value of every case.
pub fn arithmetic(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let id = text(case, "id");
        for (name, value) in case["out"].as_object().into_iter().flatten() {
            match ours(case, name) {
                Some(ours) => tally.number(format!("{id} {name}"), value, ours, TOLERANCE),
                None => tally.differ(format!("{id}: nothing of ours answers `{name}`")),
            }
        }
    }
}

/// Our value of that name; none for a name that we don't know.
fn ours(case: &Value, name: &str) -> Option<Option<f64>> {
    let flags = |key: &str| -> Vec<bool> {
        let flag = |value: &Value| value.as_bool().unwrap_or(value.as_i64() == Some(1));
        case[key].as_array().into_iter().flatten().map(flag).collect()
    };
    let useful = flags("verdicts_by_rank");
    let verdicts: Vec<Support> =
        case["qag_verdicts"].as_array()?.iter().map(support).collect::<Option<_>>()?;
    Some(match name {
        "ragas_context_precision" => Some(rag::ragas_context_precision(&useful)),
        "deepeval_contextual_precision" => Some(rag::context_precision(&useful)),
        "ragas_recall_or_faithfulness" => rag::supported(&useful),
        "deepeval_contextual_recall" => Some(rag::deepeval_recall(&useful)),
        "deepeval_faithfulness" => Some(rag::deepeval_not_contradicted(&verdicts, false)),
        "deepeval_faithfulness_penalize_ambiguous" => {
            Some(rag::deepeval_not_contradicted(&verdicts, true))
        }
        "ragas_answer_relevancy" => {
            rag::answer_relevance(&numbers(&case["question_cosines"]), &flags("noncommittal"))
        }
        "geval_weighted_score" => rag::weighted_score(&tokens(case)?),
        _ => return None,
    })
}

fn support(verdict: &Value) -> Option<Support> {
    match verdict.as_str()? {
        "yes" => Some(Support::Yes),
        "no" => Some(Support::No),
        "borderline" => Some(Support::Borderline),
        _ => None,
    }
}

/// The most likely tokens with their log-probabilities.
fn tokens(case: &Value) -> Option<Vec<(&str, f64)>> {
    let pairs = case["score_token_top_logprobs"].as_array()?;
    pairs.iter().map(|pair| Some((pair.get(0)?.as_str()?, number(pair.get(1)?)?))).collect()
}
