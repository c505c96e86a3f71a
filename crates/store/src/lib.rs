//! What was measured, in SQLite: runs, cells, attempts, scores and the cache, beside drafts and settings.
//!
//! What people decide (prompts, cases, evals) lives in git and never here. Times, ids and every judgement are
//! passed in; this crate keeps them, and promises one thing: **what it has acknowledged is on the disk**.
//!
//! - One thread writes, in transactions that carry all the writes that have gathered ([`Pending`] is a write on
//!   its way). Many connections read, each as of one moment.
//! - An attempt is recorded before its request leaves. Its reply, its cell and its scores are recorded together.
//!   So after a crash no paid reply is lost and no call is forgotten.
//! - Several processes may share the database. A run belongs to one of them, shown by a lock that falls with the
//!   process; [`Store::recover`] takes over the runs of those that are gone.
//!
//! ```
//! use assay_store::{AttemptOutcome, BeginAttempt, FinishAttempt, NewCell, NewColumn, NewRow, NewRun, RunId, Store, Usage};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = Store::open(folder.path())?;
//! let run = RunId::new("01JZ0000000000000000000000");
//! store.create_run(NewRun {
//!     id: run.clone(),
//!     workspace: "support".into(),
//!     created_ms: 1_000,
//!     title: "support-triage".into(),
//!     spec: "{}".into(),
//!     columns: vec![NewColumn {
//!         prompt: "prompts/support-triage".into(),
//!         variant: "base".into(),
//!         content_id: "sha256:00".into(),
//!         model: "local/smollm2-135m".into(),
//!     }],
//!     rows: vec![NewRow {
//!         prompt: "prompts/support-triage".into(),
//!         case_id: "late-parcel".into(),
//!         sample: 0,
//!         case_json: "{}".into(),
//!     }],
//!     cells: vec![NewCell { column: 0, row: 0 }],
//!     scorers: vec![],
//!     budget: Some(5.0),
//!     shard: None,
//! })?;
//!
//! let begin = BeginAttempt {
//!     cell: 0,
//!     request: b"{}".to_vec(),
//!     started_ms: 1_001,
//!     origin: "local".into(),
//!     reserved: None,
//! };
//! let attempt = store.begin_attempt(&run, begin).wait()?; // on the disk: now the request may leave
//! let outcome = AttemptOutcome::Done {
//!     output: "shipping".into(),
//!     response: b"{\"text\":\"shipping\"}".to_vec(),
//!     latency_ms: 42,
//!     first_token_ms: None,
//!     usage: Usage { input: Some(7), output: Some(1), ..Usage::default() },
//!     finish: "stop".into(),
//!     cost: None,
//!     original: None,
//! };
//! let finish = FinishAttempt {
//!     run: run.clone(),
//!     cell: 0,
//!     attempt,
//!     ended_ms: 1_043,
//!     request_id: None,
//!     outcome,
//!     scores: vec![],
//!     cache_key: None,
//! };
//! store.finish_attempt(finish).wait()?;
//!
//! assert_eq!(store.cells(&run, 0, 50)?[0].preview, "shipping");
//! # Ok(())
//! # }
//! ```

#[macro_use]
mod failpoints;

mod attempts;
mod blobs;
mod cache;
mod carry;
mod cells;
mod children;
mod column_stats;
mod connection;
mod consents;
mod drafts;
mod error;
mod heard;
mod ids;
mod labels;
mod lanes;
mod lease;
mod migrate;
mod numbers;
mod pending;
mod prices;
mod providers;
mod ratings;
mod runs;
mod scorers;
mod settings;
mod space;
mod states;
mod stops;
mod store;
mod tokens;
mod transitions;
mod writer;

pub use attempts::{AttemptOutcome, AttemptRecord, BeginAttempt, FinishAttempt, Original, Usage};
pub use cache::CachedReply;
pub use carry::{CarriedAttempt, CarriedCell};
pub use cells::{CellDetail, CellOutput, CellRecord, CellScore, PREVIEW_CHARS, StoredScore};
pub use children::{ChildAnswer, ChildCell, ChildQuestion};
pub use column_stats::{ColumnStats, ScorerStats};
pub use consents::ConsentRecord;
pub use drafts::Draft;
pub use error::StoreError;
#[cfg(feature = "failpoints")]
pub use failpoints::{Failpoint, Synchronous, Tuning, arm, open_tuned};
pub use heard::{HeardRating, HeardStatement, LeftOut};
pub use ids::{AttemptId, RunId};
pub use labels::{CalibrationRecord, LabelRecord, LabelTopic};
pub use lanes::{FailedCalls, LanePause};
pub use pending::Pending;
pub use prices::PriceRecord;
pub use providers::ProviderRecord;
pub use ratings::{
    Choice, OtherOutput, OutputRecord, RatedOutput, RatingRecord, Said, output_hash,
    standing_ratings,
};
pub use runs::{NewCell, NewColumn, NewRow, NewRun, RunDetail, RunRecord, Shard};
pub use scorers::ScorerSignature;
pub use settings::RecentWorkspace;
pub use states::{AttemptState, CellState, RunState};
pub use stops::{Stop, StopKind};
pub use store::Store;
pub use tokens::CellTokens;
