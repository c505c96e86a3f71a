//! Importers and exporters from the outside: whole files in, whole folders and reports out.
#![allow(clippy::unwrap_used)]

mod dotprompt;
mod dotprompt_conformance;
mod dotprompt_export;
mod export_names;
mod github_models;
mod hostile;
mod langchain;
mod langfuse;
mod messages_jsonl;
mod mlflow;
mod openai_evals;
mod promptflow_files;
mod promptfoo;
mod promptfoo_out;
mod prompty_conformance;
mod prompty_export;
mod prompty_files;
mod prompty_hostile;
mod prompty_package;
mod support;
