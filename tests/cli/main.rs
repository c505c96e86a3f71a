//! The command line as a process of its own: what scripts rely on.

mod branches;
mod budget;
mod compare;
mod differences;
mod documents;
mod embedded;
mod exchange;
mod gates;
mod judges;
mod keys;
mod machine;
mod models;
mod rating;
mod refusals;
mod reports;
mod reviews;
mod score;
mod scripts;
mod shards;
mod team;
mod travelling;

use assay_tests::process;
