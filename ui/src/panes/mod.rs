//! What the frame holds. Each pane is a folder: the view, its pure decisions in `model.rs`, its stylesheet.

pub mod charts;
pub mod compare;
pub mod edit;
pub mod evals;
pub mod exchange;
pub mod git;
pub mod judges;
pub mod keys;
pub mod matrix;
pub mod palette;
pub mod problems;
pub mod prompts;
pub mod ratings;
pub mod review;
pub mod rows;
pub mod runs;
pub mod settings;
pub mod spending;
pub mod status;
pub mod toolbar;
pub mod welcome;
