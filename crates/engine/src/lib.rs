//! Use cases that join what stands below: plan a run, run it, resume it, compare two.
//!
//! A **run** is a matrix of cells: columns are a variant on a model, rows are a case. [`Plan`]
//! works out exactly which cells there are and what each would send, without sending anything.
//! [`Engine::start`] then records the whole matrix and drives it: one lane per model, each cell
//! rendered, looked up in the cache, sent, scored and stored before the next. What is stored in a
//! run is enough to go on with it on another day ([`Engine::resume`]), even when the prompt on
//! disk has changed since.
//!
//! A lane goes as fast as its server bears and its provider allows, and takes its variants in turn. When a failure says
//! that every other call to a model would fail as well, its lane pauses with the reason and the rest goes on
//! ([`RunHandle::retry_lane`]). A budget is held before a call leaves and is never passed by more than estimates are
//! wrong for the calls in flight. A [`Shard`] of a run is answered by each of several machines.
//!
//! A scorer that asks a model is a judge: when the cells have their answers, its questions run as **child runs** of
//! the run, through the same lanes, cache, budget and store, and what came of them are scores of its cells.
//!
//! The engine reads no clock and draws no randomness; both come in through [`Environment`].
//! It knows no window and no terminal: progress is pulled from a [`RunHandle`], at the pace of
//! whoever shows it.

mod asked;
mod budget;
mod call;
mod cell;
mod compare;
mod cost;
mod digest;
mod driver;
mod environment;
mod error;
mod judging;
mod lanes;
mod media;
mod merge;
mod models;
mod neighbours;
mod plan;
mod progress;
mod record;
mod resources;
mod run;
mod scripts;
mod selection;
mod shards;
mod spec;
mod summary;
mod tool_calls;
mod twins;
mod wordnet;

pub use assay_sandbox::{ScriptProblem, WorkerProgram, check_script, worker};
pub use assay_store::{LanePause, Shard, Stop, StopKind};
pub use compare::{
    Compared, ComparedCase, ComparedGate, ComparedPair, GateWord, People, PeopleSaid, Power,
    Refused, SideOf, Spent, What,
};
pub use cost::{CostRange, Price};
pub use environment::Environment;
pub use error::EngineError;
pub use judging::{
    BUILT_IN_JUDGES, JudgeCall, JudgedScorer, PanelMember, built_in_judge, judge_signatures,
};
pub use lanes::{LONGEST_CALL, ProviderLimits};
pub use media::{MAX_MEDIA, MAX_MEDIA_OF_RUN, MediaFile, MediaFiles};
pub use merge::ShardSource;
pub use models::{LOCAL_MODEL_ID, Models, Prices, Provider, Target};
pub use neighbours::{NearDuplicate, Neighbours, RowPlace, Table};
pub use plan::{Column, Plan, PlannedRow};
pub use progress::{Changes, Counts, Progress, State, TextChange};
pub use run::{Engine, RunHandle};
pub use scripts::{Consents, ProgramScorer, Scripts, Trust, fill_in_one, untrusted};
pub use spec::{PromptSource, Questions, RunRequest, RunSpec};
pub use summary::{HostShare, PlanSummary};
pub use wordnet::{WordNetProblem, load_wordnet};
