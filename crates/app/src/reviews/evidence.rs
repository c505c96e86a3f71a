//! Signed evidence in the words of the wire.

use assay_repo::review::{Evidence, GateResult, GateRule, Signed};
use assay_wire::{EvidenceGateView, EvidenceView, MeasuredView};

/// What a run showed, as `person` signed it.
pub(super) fn evidence_of(
    signed: &Signed,
    evidence: &Evidence,
    person: String,
    counts: bool,
) -> EvidenceView {
    EvidenceView {
        statement: signed.id.clone(),
        run: evidence.run.clone(),
        person,
        time_s: signed.statement.time_s.max(0),
        tool: evidence.tool.clone(),
        models: evidence.models.iter().map(|model| model.id.clone()).collect(),
        cells: evidence.cells,
        failed: evidence.failed,
        metrics: evidence
            .metrics
            .iter()
            .map(|metric| MeasuredView {
                name: metric.name.clone(),
                model: metric.model.clone(),
                n: metric.n,
                mean: metric.mean,
                low: metric.low,
                high: metric.high,
            })
            .collect(),
        gates: evidence.gates.iter().map(gate_view).collect(),
        cost: evidence.cost,
        outputs: evidence.outputs.clone(),
        counts,
    }
}

fn gate_view(gate: &GateResult) -> EvidenceGateView {
    let asks = match gate.rule {
        GateRule::Min => format!("at least {}", gate.limit),
        GateRule::Max => format!("at most {}", gate.limit),
        GateRule::NonInferior => format!("not worse by more than {}", gate.limit),
    };
    EvidenceGateView { name: gate.name.clone(), asks, value: gate.value, holds: gate.holds() }
}
