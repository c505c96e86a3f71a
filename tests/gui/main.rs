//! The real window, driven like a person would: real WebKitGTK, a real repository, the real
//! embedded model.

mod branches;
mod canary;
mod comparing;
mod exchange;
mod first_hour;
mod forms;
mod judging;
mod keeping;
mod large;
mod models;
mod rating;
mod reviews;
mod rows;
mod structure;
mod trouble;
