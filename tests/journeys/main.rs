//! Whole stories through the application's commands, on real repositories, a real database and a
//! model server on loopback. What the window and the command line do, they do through these.

mod committing;
mod comparing;
mod desk;
mod editing;
mod few_shot;
mod keys;
mod rating;
mod running;
mod scripts;
mod structure;
mod trouble;
