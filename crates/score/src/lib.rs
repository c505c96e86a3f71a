//! What an output is worth: scorers, means with their intervals, and gates.
//!
//! [`Scorers::compile`] turns the scorers of an `evals.yaml` into checks that are compiled once;
//! [`Scorers::score`] judges one output with them. [`pass_rate`], [`mean`] and [`mean_score`] sum
//! up many outputs, [`judge_gates`] says whether a run holds what its gates ask for.
//!
//! [`stats`] says how sure a number is, and [`verdict`] which of two variants is better; [`labels`]
//! and [`rag`] sum up what classifiers and retrieval did.
//!
//! The crate is pure: no I/O, no clock, no model. Scorers that ask a model are machines in [`judge`]
//! that say what they would ask; what a model said comes in as data.
//!
//! | scorer | asks | needs |
//! |---|---|---|
//! | `equals` | is the output, or a part of it, this value? | `expected` or `value` |
//! | `contains`, `icontains` | are these texts in it? | `expected` or `value`, `threshold` |
//! | `starts-with` | does it begin so? | `expected` or `value` |
//! | `regex` | does this pattern match? | `value` |
//! | `max-words` | is it short enough? | `max`, and `min` if wanted |
//! | `json`, `json-schema` | is it JSON, and of the declared shape? | `schema` or `value` |
//! | `latency`, `cost` | was it quick and cheap enough? | `max` (milliseconds, US dollars) |
//! | `rhai`, `javascript`, `python` | what does a script of the repository say? | `value` or `script` |
//!
//! Two rules hold for all of them. A score is about the *output*; when the scorer itself can't
//! judge (a bad pattern, a case without the expected value) the outcome is
//! [`Outcome::NotJudged`], and `negate` never turns that into a pass. And every outcome carries a
//! reason that a person can read.
//!
//! [`metrics`] holds texts against reference texts, each metric equal to its reference implementation.
//!
//! ```
//! use assay_score::{pass_rate, mean};
//!
//! let rate = pass_rate(42, 60).unwrap();
//! assert_eq!(format!("{:.1} % [{:.1}, {:.1}]", 100.0 * rate.mean, 100.0 * rate.low, 100.0 * rate.high),
//!            "70.0 % [57.5, 80.1]");
//! assert_eq!(mean(&[]), None);
//! ```

pub mod given;
pub mod judge;
pub mod labels;
pub mod metrics;
pub mod rag;
pub mod semantic;
pub mod stats;
pub mod verdict;

mod gate;
mod interval;
mod outcome;
mod resources;
mod scorers;

pub use gate::{GateCell, GateColumn, GateResult, MOST_UNJUDGED, judge_gates};
pub use interval::{Mean, mean, mean_score, pass_rate, percentile};
pub use outcome::{Outcome, Score, Subject, ToolCall};
pub use resources::{
    Custom, CustomRequest, CustomVerdict, Dictionary, Embed, Resources, WITHOUT_WORDNET,
};
pub use scorers::{
    Column, ColumnScore, Corpus, Direction, KINDS, SCRIPT_FILE, ScorerProblem, Scorers,
    ScriptLanguage, script_text,
};
