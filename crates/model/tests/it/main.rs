//! The wires against a model server that fails to order, against hostile bytes, and beside another client.

mod common;
mod differential;
mod faults;
mod hostile;
mod openai_chat;
mod wires;
