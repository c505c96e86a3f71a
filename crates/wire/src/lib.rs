//! The contract between the window and the application.
//!
//! One list, [`COMMANDS`], declares everything the window may ask for: each entry is an argument
//! type that implements [`Command`], so that a call is `call(OpenWorkspace { path })` and its
//! reply type follows. The application's router is generated from the same list through
//! [`for_each_command!`], which is how a declared command without a body fails to compile.
//!
//! * **Replies** cross as JSON text, except pages of cells, which cross as postcard bytes: the
//!   window decodes 20,000 of them in a few milliseconds, where JSON takes tens.
//! * **Notices** ([`Notice`]) go the other way, over one channel, at most twenty a second. They
//!   say what went stale, never what it became: the window pulls the part it shows.
//! * **Keys never cross.** No type here can hold a credential. Who keeps a key says whose it is and where it goes; the
//!   program takes it itself, from the clipboard or the terminal.
//!
//! ```
//! use assay_wire::{Command, Encoding, OpenWorkspace, command};
//! assert_eq!(OpenWorkspace::NAME, "workspace.open");
//! assert_eq!(command("cells.page").unwrap().encoding, Encoding::Postcard);
//! ```

mod branch;
mod cells;
mod command;
mod compare;
mod consent;
mod edit;
mod error;
mod exchange;
mod git;
mod history;
mod judge;
mod machine;
mod model;
mod notice;
mod prompt;
mod rating;
mod review;
mod run;
mod times;
mod workspace;

pub use branch::*;
pub use cells::*;
pub use command::{COMMANDS, Command, Declared, Encoding, command};
pub use compare::*;
pub use consent::*;
pub use edit::*;
pub use error::{ApiError, Code};
pub use exchange::*;
pub use git::*;
pub use history::*;
pub use judge::*;
pub use machine::*;
pub use model::*;
pub use notice::Notice;
pub use prompt::*;
pub use rating::*;
pub use review::*;
pub use run::*;
pub use times::{TimesView, read_time, shown_time};
pub use workspace::*;
