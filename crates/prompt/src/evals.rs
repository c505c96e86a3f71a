//! `evals.yaml`: the models to compare, the scorers that judge outputs and the gates they must pass.
//!
//! Scorers are read here but understood by the scoring crate, which also judges their kinds.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::closest::closest;
use crate::diagnostic::{Diagnostic, Report, name_list};
use crate::fix::{Edit, Fix};
use crate::yaml::{self, Fields, Node, Yaml};
use crate::{Options, Span, codes, column_numbers};

/// What a prompt is measured with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evals {
    /// The (first) file it stands in, when there is one.
    pub file: Option<String>,
    /// The models to run.
    pub models: Vec<EvalModel>,
    /// How often each cell is run; at least 1.
    pub repeat: u32,
    /// In the order of the file.
    pub scorers: Vec<ScorerSpec>,
    /// In the order of the file.
    pub gates: Vec<GateSpec>,
}

impl Default for Evals {
    fn default() -> Self {
        Self { file: None, models: Vec::new(), repeat: 1, scorers: Vec::new(), gates: Vec::new() }
    }
}

/// A model to run, with options that win over the front matter's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvalModel {
    /// `provider/model`, or an alias of `assay.yaml`.
    pub id: String,
    /// Laid over the variant's options.
    pub options: Options,
}

/// One scorer as written; what its keys mean depends on its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScorerSpec {
    /// Unique within the file; the name of its column.
    pub id: String,
    /// What it does: `equals`, `regex`, `json-schema`, … (`type` in the file).
    pub kind: String,
    /// JSONPath into the parsed output.
    pub path: Option<String>,
    /// JSONPath into the row's `expected`.
    pub expected: Option<String>,
    /// A literal to compare with.
    pub value: Option<Value>,
    /// The score from which on it passes.
    pub threshold: Option<f64>,
    /// The least value that passes.
    pub min: Option<f64>,
    /// The greatest value that passes.
    pub max: Option<f64>,
    /// Its share in a combined score.
    pub weight: f64,
    /// Whether passing and failing are exchanged.
    pub negate: bool,
    /// Only rows with one of these tags are judged; all when empty.
    pub tags: Vec<String>,
    /// The schema to validate against; `outputs` for the prompt's own.
    pub schema: Option<String>,
    /// Options of a metric.
    pub options: Map<String, Value>,
    /// Keys of its kind: `model`, `rubric`, `prompt`, `baseline`, …
    pub extra: Map<String, Value>,
    /// Its place in the file.
    pub span: Span,
}

impl ScorerSpec {
    /// A scorer of a kind, with everything else unsaid.
    pub fn new(id: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            kind: kind.into(),
            path: None,
            expected: None,
            value: None,
            threshold: None,
            min: None,
            max: None,
            weight: 1.0,
            negate: false,
            tags: Vec::new(),
            schema: None,
            options: Map::new(),
            extra: Map::new(),
            span: Span::default(),
        }
    }
}

/// A limit a variant must keep to be good enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateSpec {
    /// The scorer it looks at.
    pub scorer: Option<String>,
    /// Or the metric it looks at, for example `latencyP95Ms`.
    pub metric: Option<String>,
    /// The least allowed value.
    pub min: Option<f64>,
    /// The greatest allowed value.
    pub max: Option<f64>,
    /// How much worse than the base revision it may be.
    pub non_inferior: Option<f64>,
    /// Only rows with one of these tags count; all when empty.
    pub tags: Vec<String>,
}

/// What one `evals.yaml` says; where its cases stand is the manifest's business.
pub(crate) struct EvalsFile {
    pub evals: Evals,
    pub cases: Option<(String, Span)>,
}

/// Reads an `evals.yaml` by itself, for whoever has outputs and no prompt.
///
/// ```
/// let (evals, found) = assay_prompt::read_evals("evals.yaml", "scorers: [{id: a, type: json}]\n");
/// assert_eq!(evals.scorers[0].kind, "json");
/// assert!(found.is_empty());
/// ```
pub fn read_evals(file: &str, text: &str) -> (Evals, Vec<Diagnostic>) {
    let mut report = Report::new(file);
    let node = yaml::parse(text, 0, &mut report);
    let evals = node.map(|node| read(&node, &mut report).evals).unwrap_or_default();
    (evals, report.found)
}

pub(crate) fn read(node: &Node, report: &mut Report) -> EvalsFile {
    let mut fields = Fields::open("an evals file", node, report);
    let cases = fields.string("cases", report).zip(fields.node("cases").map(|node| node.span));
    let evals = Evals {
        file: Some(report.file.to_owned()),
        models: each(fields.list("models", report), report, read_model),
        repeat: read_repeat(&mut fields, report),
        scorers: each(fields.list("scorers", report), report, read_scorer),
        gates: each(fields.list("gates", report), report, read_gate),
    };
    let models = fields.list("models", report).unwrap_or_default();
    check_ids("models", models.iter().filter_map(model_id), report);
    check_ids("scorers", evals.scorers.iter().map(|s| (s.id.as_str(), s.span)), report);
    check_gates(&evals, &mut fields, report);
    fields.warn_unknown(report);
    EvalsFile { evals, cases }
}

fn each<T>(
    nodes: Option<&[Node]>,
    report: &mut Report,
    read: fn(&Node, &mut Report) -> Option<T>,
) -> Vec<T> {
    let nodes = nodes.unwrap_or_default().iter();
    nodes.filter_map(|node| read(node, report)).collect()
}

fn read_repeat(fields: &mut Fields, report: &mut Report) -> u32 {
    let repeat = fields.count("repeat", 1, report).unwrap_or(1);
    u32::try_from(repeat).unwrap_or(u32::MAX)
}

fn read_model(node: &Node, report: &mut Report) -> Option<EvalModel> {
    if let Yaml::String(id) = &node.value {
        return Some(EvalModel { id: id.clone(), options: Options::default() });
    }
    let mut fields = Fields::open("a model", node, report);
    let id = needed("a model", "id", &mut fields, report);
    let options = Options(fields.map("options", report).unwrap_or_default());
    fields.warn_unknown(report);
    Some(EvalModel { id: id?, options })
}

fn read_scorer(node: &Node, report: &mut Report) -> Option<ScorerSpec> {
    let mut fields = Fields::open("a scorer", node, report);
    let id = needed("a scorer", "id", &mut fields, report);
    let kind = needed("a scorer", "type", &mut fields, report);
    Some(ScorerSpec {
        id: id?,
        kind: kind?,
        path: fields.string("path", report),
        expected: fields.string("expected", report),
        value: fields.node("value").map(Node::to_json),
        threshold: fields.number("threshold", report),
        min: fields.number("min", report),
        max: fields.number("max", report),
        weight: fields.number("weight", report).unwrap_or(1.0),
        negate: fields.boolean("negate", report).unwrap_or(false),
        tags: fields.strings("tags", report).unwrap_or_default(),
        schema: fields.string("schema", report),
        options: fields.map("options", report).unwrap_or_default(),
        span: node.span,
        extra: fields.rest(),
    })
}

fn read_gate(node: &Node, report: &mut Report) -> Option<GateSpec> {
    let mut fields = Fields::open("a gate", node, report);
    let non_inferior = fields.node("nonInferior");
    let margin = non_inferior.and_then(|node| read_margin(node, report));
    let gate = GateSpec {
        scorer: fields.string("scorer", report),
        metric: fields.string("metric", report),
        min: fields.number("min", report),
        max: fields.number("max", report),
        non_inferior: margin,
        tags: fields.strings("tags", report).unwrap_or_default(),
    };
    fields.warn_unknown(report);
    let judges_one = gate.scorer.is_some() != gate.metric.is_some();
    let limited = gate.min.is_some() || gate.max.is_some() || non_inferior.is_some();
    if !judges_one || !limited {
        report.error(
            codes::GATE_WITHOUT_LIMIT,
            node.span,
            "a gate needs either `scorer` or `metric`, and `min`, `max` or `nonInferior`",
        );
    }
    Some(gate)
}

/// The margin of `nonInferior`.
fn read_margin(node: &Node, report: &mut Report) -> Option<f64> {
    let mut inner = Fields::open("nonInferior", node, report);
    let said = inner.node("margin").is_some();
    let margin = inner.number("margin", report);
    inner.warn_unknown(report);
    let is_map = matches!(node.value, Yaml::Map(_));
    let wrong = match margin {
        Some(margin) if margin < 0.0 => "the margin of `nonInferior` is below zero",
        None if is_map && !said => "`nonInferior` needs a `margin`",
        _ => return margin,
    };
    report
        .error(codes::NO_MARGIN, node.span, wrong)
        .hint("say how much worse than the base still is good enough: `{margin: 0.02}`");
    None
}

/// A string that must be there.
pub(crate) fn needed(
    what: &str,
    key: &'static str,
    fields: &mut Fields,
    report: &mut Report,
) -> Option<String> {
    let absent = fields.node(key).is_none();
    if absent {
        report.error(codes::MISSING_KEY, fields.span(), format!("{what} needs `{key}`"));
    }
    fields.string(key, report)
}

/// Each thing that has the id of one before it, by its id and its place.
fn check_ids<'n>(things: &str, ids: impl Iterator<Item = (&'n str, Span)>, report: &mut Report) {
    let mut known = HashSet::new();
    for (id, span) in ids {
        if !known.insert(id) {
            report.error(codes::DUPLICATE_ID, span, format!("two {things} have the id `{id}`"));
        }
    }
}

/// The id of a model, which may be all that is said of it.
fn model_id(node: &Node) -> Option<(&str, Span)> {
    let id = if node.as_str().is_some() { node } else { node.get("id")? };
    Some((id.as_str()?, id.span))
}

fn check_gates(evals: &Evals, fields: &mut Fields, report: &mut Report) {
    let Some(Yaml::List(gates)) = fields.node("gates").map(|node| &node.value) else {
        return;
    };
    for node in gates.iter().filter_map(|gate| gate.get("scorer")) {
        let Some(name) = node.as_str() else { continue };
        if evals.scorers.iter().any(|scorer| scorer.id == name) {
            continue;
        }
        // `category.macro-f1` is one of several numbers that a scorer has about a column.
        let numbers = evals.scorers.iter().filter_map(|of| Some((of, number_of(name, of)?)));
        match numbers.max_by_key(|(of, _)| of.id.len()) {
            Some((scorer, number)) => check_number(scorer, number, node.span, report),
            None => unknown_scorer(evals, name, node.span, report),
        }
    }
}

/// The number that a gate asks a scorer for, when it is this one that it asks.
fn number_of<'g>(name: &'g str, scorer: &ScorerSpec) -> Option<&'g str> {
    name.strip_prefix(scorer.id.as_str())?.strip_prefix('.')
}

fn unknown_scorer(evals: &Evals, name: &str, span: Span, report: &mut Report) {
    let file = report.file;
    let known = || evals.scorers.iter().map(|scorer| scorer.id.as_str());
    let message = format!("a gate names the scorer `{name}`, which does not exist");
    let finding = report.error(codes::UNKNOWN_SCORER, span, message);
    finding.hint(format!("the scorers are {}", name_list(known())));
    if let Some(meant) = closest(name, known()) {
        let edits = vec![Edit::replace(file, span, meant)];
        finding.fix(Fix::offered(format!("Change to `{meant}`"), edits));
    }
}

fn check_number(scorer: &ScorerSpec, number: &str, span: Span, report: &mut Report) {
    let file = report.file;
    let Some(known) = column_numbers(scorer).filter(|known| !known.contains(&number)) else {
        return;
    };
    let (id, kind) = (&scorer.id, &scorer.kind);
    let message = format!("a gate names the number `{number}` of `{id}`, which does not exist");
    let finding = report.error(codes::UNKNOWN_NUMBER, span, message);
    finding.hint(match known.as_slice() {
        [] => format!("`{kind}` judges single outputs; a gate on `{id}` takes their mean"),
        known => format!("the numbers of `{kind}` are {}", name_list(known)),
    });
    if let Some(meant) = closest(number, known.iter().copied()) {
        let meant = format!("{id}.{meant}");
        let edits = vec![Edit::replace(file, span, meant.as_str())];
        finding.fix(Fix::offered(format!("Change to `{meant}`"), edits));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read_text(text: &str) -> (EvalsFile, Vec<&'static str>) {
        let mut report = Report::new("evals.yaml");
        let node = yaml::parse(text, 0, &mut report).unwrap();
        let file = read(&node, &mut report);
        (file, report.found.iter().map(|d| d.code).collect())
    }

    #[test]
    fn scorers_keep_the_keys_of_their_kind() {
        let (file, found) = read_text(
            "cases: cases.jsonl\nmodels: [fast, {id: local/tiny, options: {seed: 7}}]\nscorers:\n  - {id: fits, type: llm-rubric, model: m, rubric: be kind, threshold: 0.7}\ngates:\n  - {scorer: fits, nonInferior: {margin: 0.02}}\n",
        );
        assert_eq!(found, Vec::<&str>::new());
        assert_eq!(file.cases.unwrap().0, "cases.jsonl");
        assert_eq!(file.evals.models[1].options.integer("seed"), Some(7));
        let scorer = &file.evals.scorers[0];
        assert_eq!(scorer.extra["rubric"], "be kind");
        assert_eq!((scorer.weight, scorer.threshold), (1.0, Some(0.7)));
        assert_eq!(file.evals.gates[0].non_inferior, Some(0.02));
    }

    #[test]
    fn what_is_wrong_is_named_and_the_rest_is_read() {
        let (file, found) = read_text(
            "repeat: 0\nscorers:\n  - {id: a}\n  - {id: b, type: equals}\n  - {id: b, type: equals}\ngates:\n  - {scorer: zz, min: 1}\n  - {min: 1}\nspeed: 3\n",
        );
        assert_eq!(file.evals.repeat, 1);
        assert_eq!(file.evals.scorers.len(), 2);
        assert_eq!(
            found,
            [
                codes::WRONG_TYPE,
                codes::MISSING_KEY,
                codes::GATE_WITHOUT_LIMIT,
                codes::DUPLICATE_ID,
                codes::UNKNOWN_SCORER,
                codes::UNKNOWN_KEY
            ]
        );
    }

    #[test]
    fn a_gate_may_ask_for_the_numbers_that_its_scorer_has_and_for_no_others() {
        let gates = |gates: &str| {
            read_text(&format!(
                "scorers:\n  - {{id: a, type: label}}\n  - {{id: a.b, type: bleu}}\n  - {{id: c, type: json}}\n  - {{id: d, type: theirs}}\ngates:\n{gates}"
            ))
            .1
        };
        for name in ["a", "a.accuracy", "a.macro-f1", "a.b", "a.b.corpus", "d.anything"] {
            assert_eq!(gates(&format!("  - {{scorer: {name}, min: 0}}\n")), [""; 0], "{name}");
        }
        for name in ["a.auc", "a.f1", "a.b.accuracy", "c.mean"] {
            let found = gates(&format!("  - {{scorer: {name}, min: 0}}\n"));
            assert_eq!(found, [codes::UNKNOWN_NUMBER], "{name}");
        }
        assert_eq!(gates("  - {scorer: ab.accuracy, min: 0}\n"), [codes::UNKNOWN_SCORER]);
    }

    #[test]
    fn a_margin_is_said_and_not_below_zero() {
        let gate = |margin: &str| {
            read_text(&format!(
                "scorers: [{{id: a, type: json}}]\ngates: [{{scorer: a, nonInferior: {margin}}}]\n"
            ))
        };
        assert_eq!(gate("{}").1, [codes::NO_MARGIN]);
        assert_eq!(gate("{margin: -0.1}").1, [codes::NO_MARGIN]);
        assert_eq!(gate("{margin: x}").1, [codes::WRONG_TYPE], "one thing is said once");
        assert_eq!(gate("0.02").1, [codes::NOT_A_MAP]);
        let (file, found) = gate("{margin: 0}");
        assert_eq!((file.evals.gates[0].non_inferior, found), (Some(0.0), Vec::new()));
    }

    #[test]
    fn two_models_of_one_id_are_told_however_they_are_written() {
        let (file, found) = read_text("models: [a, {id: b}, {id: a, options: {seed: 7}}, b, c]\n");
        assert_eq!(found, [codes::DUPLICATE_ID, codes::DUPLICATE_ID]);
        assert_eq!(file.evals.models.len(), 5);
    }
}
