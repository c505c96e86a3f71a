//! The evidence of a run: what was measured, on what, and whether its gates held.
//!
//! A runner signs the numbers; the gate does not take its word for "it passed" but compares each value
//! with its limit again. Outputs themselves stay where they were made: the root over their digests is
//! enough to show later that nobody exchanged one.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a run of one variant showed. Which prompt, cases, scorers and suite is in the statement's subjects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The run's id, on the machine it was made on.
    pub run: String,
    /// The version of Assay.
    pub tool: String,
    /// The models it ran on, with the digest of their options.
    pub models: Vec<Model>,
    /// How many cells were scored.
    pub cells: u64,
    /// How many of them failed.
    pub failed: u64,
    /// The seeds of everything random, in the order of use.
    pub seeds: Vec<u64>,
    /// What the scorers measured.
    pub metrics: Vec<Metric>,
    /// Every gate of the suite, in its order.
    pub gates: Vec<GateResult>,
    /// What it cost, in US dollars.
    pub cost: Option<f64>,
    /// The root over the digests of all outputs; see [`outputs_root`].
    pub outputs: String,
}

/// A model that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// `provider/model`.
    pub id: String,
    /// The digest of its options.
    pub options: String,
}

/// A mean with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// The scorer or metric.
    pub name: String,
    /// The model it was measured on.
    pub model: String,
    /// Over how many cells.
    pub n: u64,
    /// The mean.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// One gate of the suite, with the value it looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateResult {
    /// The scorer or metric.
    pub name: String,
    /// What it asks of the value.
    pub rule: GateRule,
    /// The value; for [`GateRule::NonInferior`] the lower end of the difference's interval.
    pub value: f64,
    /// The limit; for [`GateRule::NonInferior`] the margin.
    pub limit: f64,
    /// The content id it was compared with, where it was compared.
    pub base: Option<String>,
}

/// What a gate asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateRule {
    /// At least the limit.
    Min,
    /// At most the limit.
    Max,
    /// Not worse than the base by more than the margin.
    NonInferior,
}

impl GateResult {
    /// Whether the value keeps the limit. A value that is no number keeps none.
    pub fn holds(&self) -> bool {
        match self.rule {
            GateRule::Min => self.value >= self.limit,
            GateRule::Max => self.value <= self.limit,
            GateRule::NonInferior => self.value >= -self.limit,
        }
    }
}

/// The root of a Merkle tree over the digests of a run's outputs, in the order of its cells.
///
/// Leaves and inner nodes are hashed apart, so that no list of outputs passes for another; an odd node
/// goes up alone (RFC 6962 does the same).
pub fn outputs_root<'a>(outputs: impl IntoIterator<Item = &'a [u8]>) -> String {
    let leaf = |output: &[u8]| hash(&[&[0_u8][..], output]);
    let mut level: Vec<[u8; 32]> = outputs.into_iter().map(leaf).collect();
    while level.len() > 1 {
        level = level.chunks(2).map(join).collect();
    }
    let root = level.first().copied().unwrap_or_else(|| hash(&[]));
    let hex: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn join(pair: &[[u8; 32]]) -> [u8; 32] {
    match pair {
        [left, right] => hash(&[&[1_u8][..], left, right]),
        [alone] => *alone,
        _ => hash(&[]),
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(rule: GateRule, value: f64, limit: f64) -> bool {
        GateResult { name: "category".into(), rule, value, limit, base: None }.holds()
    }

    #[test]
    fn a_gate_compares_the_value_itself() {
        assert!(gate(GateRule::Min, 0.75, 0.75));
        assert!(!gate(GateRule::Min, 0.7, 0.75));
        assert!(gate(GateRule::Max, 4000.0, 4000.0));
        assert!(!gate(GateRule::Max, 4000.5, 4000.0));
        assert!(gate(GateRule::NonInferior, -0.02, 0.02));
        assert!(!gate(GateRule::NonInferior, -0.021, 0.02));
        assert!(!gate(GateRule::Min, f64::NAN, 0.0));
    }

    fn root(outputs: &[&str]) -> String {
        outputs_root(outputs.iter().map(|output| output.as_bytes()))
    }

    #[test]
    fn the_root_tells_every_list_of_outputs_from_every_other() {
        let lists: [&[&str]; 8] = [
            &[],
            &[""],
            &["a"],
            &["a", "b"],
            &["b", "a"],
            &["ab"],
            &["a", "b", ""],
            &["a", "b", "c"],
        ];
        let roots: std::collections::BTreeSet<_> = lists.iter().map(|list| root(list)).collect();
        assert_eq!(roots.len(), lists.len());
    }

    #[test]
    fn the_root_is_the_one_of_rfc_6962() {
        // The empty tree's hash in certificate transparency, and the leaf of an empty entry.
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(root(&[]), empty);
        let leaf = "sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(root(&[""]), leaf);
    }
}
