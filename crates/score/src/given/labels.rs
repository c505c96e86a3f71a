//! Labels of classifiers, and what judges said of retrieved texts.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Answer, Given, MOST_CLASSES, Out, Problem, maybe, read_number};
use crate::labels::{self, ClassScores, Confusion};
use crate::rag::{self as retrieval, Support};

pub(super) fn classification(given: &Given) -> Answer {
    let (truth, predicted) = (given.labels("y_true")?, given.labels("y_pred")?);
    if truth.len() != predicted.len() {
        return Err(Problem::Uneven("y_true", "y_pred"));
    }
    let classes: BTreeSet<&String> = truth.iter().chain(&predicted).collect();
    if classes.len() > MOST_CLASSES {
        return Err(Problem::TooLong("y_true", MOST_CLASSES));
    }
    let confusion = Confusion::of(&truth, &predicted);
    let mut out = Out::default();
    out.put("report", report(&confusion))
        .put("labels", confusion.classes.clone().into())
        .put("confusion", whole_numbers(&confusion.counts))
        .number("accuracy", confusion.accuracy())
        .number("balanced_accuracy", confusion.balanced_accuracy())
        .number("mcc", confusion.matthews())
        .number("kappa", confusion.kappa())
        .put("micro", triple(Some(confusion.micro_average(1.0, 0.0))))
        .put("macro_zd1", triple(confusion.macro_average(1.0, 1.0)))
        .number("fbeta2_macro", confusion.macro_average(2.0, 0.0).map(|scores| scores.f));
    if given.has("proba") {
        probabilities(given, &truth, &mut out)?;
    }
    Ok(out.done())
}

fn whole_numbers(counts: &[Vec<f64>]) -> Value {
    counts.iter().map(|row| row.iter().map(|n| Value::from(*n as u64)).collect::<Value>()).collect()
}

fn triple(scores: Option<ClassScores>) -> Value {
    scores.map_or(Value::Null, |s| json!([s.precision, s.recall, s.f]))
}

fn report(confusion: &Confusion) -> Value {
    let line = |s: ClassScores| json!({"precision": s.precision, "recall": s.recall, "f1-score": s.f, "support": s.support});
    let classes = confusion.classes.iter().cloned().zip(confusion.per_class(1.0, 0.0));
    let mut report: Map<String, Value> =
        classes.map(|(class, scores)| (class, line(scores))).collect();
    let mut put = |name: &str, value: Value| drop(report.insert(name.to_owned(), value));
    put("accuracy", maybe(confusion.accuracy()));
    put("macro avg", confusion.macro_average(1.0, 0.0).map_or(Value::Null, line));
    put("weighted avg", confusion.weighted_average(1.0, 0.0).map_or(Value::Null, line));
    Value::Object(report)
}

fn probabilities(given: &Given, truth: &[String], out: &mut Out) -> Result<(), Problem> {
    let classes = given.labels("proba_labels")?;
    let rows = given.table("proba")?;
    if rows.len() != truth.len() {
        return Err(Problem::Uneven("proba", "y_true"));
    }
    let of_class = |row: &Vec<f64>, class: &str| {
        row.get(classes.iter().position(|other| other == class)?).copied()
    };
    let lacking = || Problem::Wrong("proba_labels", "without a class of `y_true`");
    let of_truth: Option<Vec<f64>> =
        rows.iter().zip(truth).map(|(row, truth)| of_class(row, truth)).collect();
    let of_truth = of_truth.ok_or_else(lacking)?;
    out.number("log_loss", labels::log_loss(&of_truth))
        .number("log_loss_sum", Some(labels::log_loss_of(&of_truth).iter().sum()));
    if given.has("pos_label") {
        let positive = given.text("pos_label")?;
        let given_to: Option<Vec<f64>> = rows.iter().map(|row| of_class(row, positive)).collect();
        let p = given_to.ok_or(Problem::Wrong("proba_labels", "without `pos_label`"))?;
        let outcomes: Vec<bool> = truth.iter().map(|truth| truth == positive).collect();
        out.number("brier", labels::brier(&p, &outcomes))
            .number("roc_auc", labels::roc_auc(&p, &outcomes))
            .number("avg_precision", labels::average_precision(&p, &outcomes))
            .number("ece10_equal_width", labels::calibration_error(&p, &outcomes, 10));
    }
    Ok(())
}

pub(super) fn rag(given: &Given) -> Answer {
    let mut out = Out::default();
    if given.has("verdicts_by_rank") {
        let useful = flags(given, "verdicts_by_rank")?;
        out.number("ragas_context_precision", Some(retrieval::ragas_context_precision(&useful)))
            .number("deepeval_contextual_precision", Some(retrieval::context_precision(&useful)))
            .number("ragas_recall_or_faithfulness", retrieval::supported(&useful))
            .number("deepeval_contextual_recall", Some(retrieval::deepeval_recall(&useful)));
    }
    if given.has("qag_verdicts") {
        let said: Option<Vec<Support>> = given.list("qag_verdicts")?.iter().map(support).collect();
        let said = said.ok_or(Problem::Wrong("qag_verdicts", "no list of yes, no, borderline"))?;
        let faithful = |strict| Some(retrieval::deepeval_not_contradicted(&said, strict));
        out.number("deepeval_faithfulness", faithful(false))
            .number("deepeval_faithfulness_penalize_ambiguous", faithful(true));
    }
    if given.has("question_cosines") {
        let cosines = given.numbers("question_cosines")?;
        let dodges = flags(given, "noncommittal")?;
        out.number("ragas_answer_relevancy", retrieval::answer_relevance(&cosines, &dodges));
    }
    if given.has("score_token_top_logprobs") {
        let pair =
            |pair: &'_ Value| Some((pair.get(0)?.as_str()?.to_owned(), read_number(pair.get(1)?)?));
        let tokens: Option<Vec<(String, f64)>> =
            given.list("score_token_top_logprobs")?.iter().map(pair).collect();
        let wrong = Problem::Wrong("score_token_top_logprobs", "no list of [token, logarithm]");
        let tokens = tokens.ok_or(wrong)?;
        let tokens: Vec<(&str, f64)> = tokens.iter().map(|(t, p)| (t.as_str(), *p)).collect();
        out.number("geval_weighted_score", retrieval::weighted_score(&tokens));
    }
    let nothing = out.0.is_empty();
    if nothing { Err(Problem::Missing("verdicts_by_rank")) } else { Ok(out.done()) }
}

fn flags(given: &Given, key: &'static str) -> Result<Vec<bool>, Problem> {
    let flag = |value: &Value| match value {
        Value::Bool(flag) => Some(*flag),
        other => other.as_u64().filter(|n| *n <= 1).map(|n| n == 1),
    };
    let flags: Option<Vec<bool>> = given.list(key)?.iter().map(flag).collect();
    flags.ok_or(Problem::Wrong(key, "no list of true and false"))
}

fn support(verdict: &Value) -> Option<Support> {
    match verdict.as_str()? {
        "yes" => Some(Support::Yes),
        "no" => Some(Support::No),
        "borderline" => Some(Support::Borderline),
        _ => None,
    }
}
