//! What the crate promises to those who use it, through its public API only.
#![allow(clippy::unwrap_used)]

mod checker;
mod content_id;
mod diagnostics;
mod editing;
mod hostile;
mod lint;
mod merging;
mod oracle;
mod other_projects;
mod pages;
mod promises;
mod rendering;
mod rows;
mod sample;
