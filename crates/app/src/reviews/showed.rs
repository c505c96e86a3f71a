//! What a run showed of each variant, as the numbers that are signed.
//!
//! The gate compares each value with its limit again, so a value is written where a verdict would be shorter. A gate
//! that is not about these cells, because no case has its tags, is written as one that stands exactly at its limit.

use std::collections::{BTreeMap, BTreeSet};

use assay_engine::{ComparedGate, ComparedPair, GateWord, RunSpec, SideOf};
use assay_prompt::{GateSpec, Prompt};
use assay_repo::review::{
    Content, Evidence, GateResult, GateRule, Item, Metric, Model, Role, outputs_root,
};
use assay_repo::{Revision, digest};
use assay_store::RunId;
use assay_wire::*;
use serde_json::json;

use super::hearing::Target;
use crate::app::{App, Open};
use crate::error::Explain;
use crate::router::Answer;

/// Outputs whose digests are read at once.
const PAGE: u32 = 2_000;

/// A run with all that is signed of it.
pub(super) struct Showed<'a> {
    spec: &'a RunSpec,
    run: RunView,
    prompts: BTreeMap<String, Prompt>,
    /// The digests of the outputs, by column, in the order of the cells.
    outputs: BTreeMap<u32, Vec<(u32, String)>>,
    /// The head's columns against those of the base.
    pairs: Vec<ComparedPair>,
    base: Option<&'a Content>,
    head: &'a Content,
}

/// What a run is held against: the branch it should reach, and the commit that holds what it used.
#[derive(Clone, Copy)]
pub(super) struct Against<'a> {
    pub base: Option<&'a Target>,
    pub head: (&'a Revision, &'a Content),
}

impl<'a> Showed<'a> {
    pub fn of(
        app: &App,
        open: &Open,
        run: &str,
        spec: &'a RunSpec,
        against: Against<'a>,
    ) -> Result<Self, ApiError> {
        let Against { base, head: (head, content) } = against;
        let prompts: BTreeMap<String, Prompt> =
            spec.prompts.iter().map(|source| (source.key.clone(), source.parse())).collect();
        let view = app.answer(ReadRun { run: run.to_owned(), rows: false })?;
        let outputs = app.outputs_of(run, view.summary.counts.total)?;
        let asks = |prompt: &Prompt| prompt.evals.gates.iter().any(|g| g.non_inferior.is_some());
        let pairs = match base.filter(|_| prompts.values().any(asks)) {
            Some(base) => app.against(open, run, &base.tip, head)?,
            None => Vec::new(),
        };
        let base = base.map(|base| &base.content);
        Ok(Self { spec, run: view, prompts, outputs, pairs, base, head: content })
    }

    /// The variants that were measured, by prompt.
    pub fn variants(&self) -> BTreeSet<(String, String)> {
        let columns = self.run.columns.iter().map(|stats| &stats.column);
        columns.map(|column| (column.prompt.clone(), column.variant.clone())).collect()
    }

    /// What is signed of one variant.
    pub fn evidence(&self, key: &str, variant: &str) -> Result<Evidence, ApiError> {
        let columns: Vec<(u32, &ColumnStats)> = (0u32..)
            .zip(&self.run.columns)
            .filter(|(_, stats)| stats.column.prompt == key && stats.column.variant == variant)
            .collect();
        let failed: u64 = columns.iter().map(|(_, stats)| u64::from(stats.failed)).sum();
        let done: u64 = columns.iter().map(|(_, stats)| u64::from(stats.done)).sum();
        let costs: Vec<f64> = columns.iter().filter_map(|(_, stats)| stats.cost).collect();
        let mut gates = Vec::new();
        for (place, stats) in &columns {
            gates.extend(self.gates(*place, &stats.column)?);
        }
        Ok(Evidence {
            run: self.run.summary.run.clone(),
            tool: format!("assay {}", env!("CARGO_PKG_VERSION")),
            models: columns.iter().map(|(_, stats)| self.model(&stats.column)).collect(),
            cells: done + failed,
            failed,
            // A run draws nothing by itself; seeds of models stand in their options.
            seeds: Vec::new(),
            metrics: columns.iter().flat_map(|(_, stats)| self.metrics(stats)).collect(),
            gates,
            cost: (!costs.is_empty()).then(|| costs.iter().sum()),
            outputs: self.root(&columns),
        })
    }

    fn model(&self, column: &ColumnView) -> Model {
        let evals = self.prompts.get(&column.prompt).map(|prompt| &prompt.evals.models[..]);
        let named = |id: &str| {
            id == column.model || self.spec.aliases.get(id).is_some_and(|id| *id == column.model)
        };
        let own = evals.and_then(|models| models.iter().find(|model| named(&model.id)));
        let own = own.map(|model| &model.options);
        let options = json!({"repository": self.spec.options, "suite": own});
        Model { id: column.model.clone(), options: digest(options.to_string().as_bytes()) }
    }

    fn metrics(&self, stats: &ColumnStats) -> Vec<Metric> {
        let judged = self.run.scorers.iter().zip(&stats.means);
        judged
            .filter_map(|(scorer, mean)| {
                let mean = mean.as_ref()?;
                Some(Metric {
                    name: scorer.clone(),
                    model: stats.column.model.clone(),
                    n: u64::from(mean.n),
                    mean: mean.mean,
                    low: mean.low,
                    high: mean.high,
                })
            })
            .collect()
    }

    /// Every gate of the suite over one column, in the suite's order.
    fn gates(&self, place: u32, column: &ColumnView) -> Result<Vec<GateResult>, ApiError> {
        let specs = self.prompts.get(&column.prompt).map_or(&[][..], |p| &p.evals.gates);
        let judged = self.run.gates.iter().filter(|gate| gate.column == place);
        let mut results = Vec::new();
        for (spec, gate) in specs.iter().zip(judged) {
            let name = name_of(&gate.subject, &spec.tags);
            for (rule, limit) in [(GateRule::Min, spec.min), (GateRule::Max, spec.max)] {
                let Some(limit) = limit else { continue };
                let mut result =
                    GateResult { name: name.clone(), rule, value: limit, limit, base: None };
                result.value = measured(&result, gate)?;
                results.push(result);
            }
            if let Some(margin) = spec.non_inferior {
                results.push(self.compared(column, spec, name, margin.abs())?);
            }
        }
        Ok(results)
    }

    /// A gate that asks for a comparison with the base. What is new has nothing to be compared with, and what is the
    /// same is no worse.
    fn compared(
        &self,
        column: &ColumnView,
        spec: &GateSpec,
        name: String,
        margin: f64,
    ) -> Result<GateResult, ApiError> {
        let result = |value: f64, base: Option<String>| GateResult {
            name: name.clone(),
            rule: GateRule::NonInferior,
            value,
            limit: margin,
            base,
        };
        let base = self.base.and_then(|base| content_of(base, column));
        let Some(base) = base else { return Ok(result(0.0, None)) };
        if content_of(self.head, column).as_ref() == Some(&base) {
            return Ok(result(0.0, Some(base)));
        }
        let is_head = |pair: &&ComparedPair| {
            let head = &pair.head;
            (head.prompt.as_str(), head.variant.as_str(), head.model.as_str())
                == (column.prompt.as_str(), column.variant.as_str(), column.model.as_str())
        };
        let subject = spec.scorer.as_ref().or(spec.metric.as_ref());
        let is_it = |gate: &&ComparedGate| Some(&gate.subject) == subject && gate.tags == spec.tags;
        let pair = self.pairs.iter().find(is_head);
        let gate = pair.and_then(|pair| pair.gates.iter().find(is_it));
        let gate = gate.ok_or_else(|| uncompared(&name))?;
        Ok(result(
            least_gain(gate, margin).ok_or_else(|| unjudged(&name, &gate.reason))?,
            Some(base),
        ))
    }

    fn root(&self, columns: &[(u32, &ColumnStats)]) -> String {
        let mut outputs: Vec<&(u32, String)> =
            columns.iter().flat_map(|(place, _)| self.outputs.get(place)).flatten().collect();
        outputs.sort_by_key(|(cell, _)| *cell);
        outputs_root(outputs.iter().map(|(_, digest)| digest.as_bytes()))
    }
}

impl App {
    fn outputs_of(
        &self,
        run: &str,
        total: u32,
    ) -> Result<BTreeMap<u32, Vec<(u32, String)>>, ApiError> {
        let mut outputs: BTreeMap<u32, Vec<(u32, String)>> = BTreeMap::new();
        for from in (0..total).step_by(PAGE as usize) {
            let to = from.saturating_add(PAGE).min(total);
            let page = self.inner.store.output_hashes(&RunId::new(run), from, to);
            for output in page.map_err(|e| e.explain())? {
                outputs.entry(output.column).or_default().push((output.cell, output.hash));
            }
        }
        Ok(outputs)
    }

    /// The run held against the base's, where that has answered the same cases; nothing where it has not.
    fn against(
        &self,
        open: &Open,
        run: &str,
        base: &Revision,
        head: &Revision,
    ) -> Result<Vec<ComparedPair>, ApiError> {
        let request = RunRequest::default();
        let answered = self.answered_revisions(open, &base.id(), &head.id(), &request)?;
        let Some((base, _)) = answered else { return Ok(Vec::new()) };
        let side = |run: &str| SideOf::run(RunId::new(run));
        let compared = self.inner.engine.compare(&side(&base), &side(run), &[]);
        Ok(compared.map_err(|e| e.explain())?.pairs)
    }
}

/// The content id of a column's variant.
fn content_of(content: &Content, column: &ColumnView) -> Option<String> {
    let is_it = |item: &&Item| {
        item.path == column.prompt
            && item.subject.role == Role::Prompt
            && item.subject.variant == column.variant
    };
    content.items.iter().find(is_it).map(|item| item.subject.digest.clone())
}

/// A gate's name with the tags of the cases it is about.
fn name_of(subject: &str, tags: &[String]) -> String {
    match tags {
        [] => subject.to_owned(),
        tags => format!("{subject} [{}]", tags.join(", ")),
    }
}

/// What was measured; the limit itself where the gate holds without being about these cells.
fn measured(at_limit: &GateResult, gate: &GateView) -> Result<f64, ApiError> {
    let holds = |value: f64| GateResult { value, ..at_limit.clone() }.holds();
    match gate.value {
        Some(value) if !gate.ok || holds(value) => Ok(value),
        _ if gate.ok => Ok(at_limit.limit),
        _ => Err(unjudged(&at_limit.name, &gate.reason)),
    }
}

/// The least gain that the cases leave open, on that side of the margin on which the comparison has put it.
fn least_gain(gate: &ComparedGate, margin: f64) -> Option<f64> {
    match gate.word {
        GateWord::Holds => Some(gate.low.unwrap_or(0.0).max(-margin)),
        GateWord::Broken | GateWord::NotShown => Some(gate.low?.min((-margin).next_down())),
        GateWord::Incomplete => None,
    }
}

fn uncompared(name: &str) -> ApiError {
    let message =
        format!("the gate {name} asks for a comparison, and the base has not answered these cases");
    ApiError::new(Code::BadInput, message)
        .hint("assay compare BASE HEAD runs what is missing; then attest again.")
}

fn unjudged(name: &str, reason: &str) -> ApiError {
    ApiError::new(Code::BadInput, format!("the gate {name} is not judged: {reason}"))
        .hint("Score what is missing, then attest again.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn gate(word: GateWord, low: Option<f64>) -> ComparedGate {
        let (subject, reason) = ("category".to_owned(), String::new());
        ComparedGate { subject, tags: Vec::new(), margin: 0.02, word, low, reason }
    }

    #[test]
    fn a_comparison_keeps_its_word_as_a_number() {
        let holds = |value: Option<f64>| value.map(|value| value >= -0.02);
        assert_eq!(
            holds(least_gain(&gate(GateWord::Holds, Some(-0.020_000_000_5)), 0.02)),
            Some(true)
        );
        assert_eq!(holds(least_gain(&gate(GateWord::Broken, Some(-0.01)), 0.02)), Some(false));
        assert_eq!(holds(least_gain(&gate(GateWord::NotShown, Some(-0.3)), 0.02)), Some(false));
        assert_eq!(least_gain(&gate(GateWord::Incomplete, None), 0.02), None);
    }

    #[test]
    fn a_gate_about_no_cell_stands_at_its_limit_and_one_not_judged_is_refused() {
        let at = GateResult {
            name: "cost".to_owned(),
            rule: GateRule::Max,
            value: 2.0,
            limit: 2.0,
            base: None,
        };
        let view = |ok: bool, value: Option<f64>| GateView {
            column: 0,
            subject: "cost".to_owned(),
            tags: Vec::new(),
            ok,
            value,
            limit: String::new(),
            reason: "no price".to_owned(),
        };
        assert_eq!(measured(&at, &view(true, None)).unwrap(), 2.0);
        assert_eq!(measured(&at, &view(true, Some(1.0))).unwrap(), 1.0);
        assert_eq!(measured(&at, &view(false, Some(3.0))).unwrap(), 3.0);
        assert!(measured(&at, &view(false, None)).unwrap_err().message.contains("no price"));
    }
}
