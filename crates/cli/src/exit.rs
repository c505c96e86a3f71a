//! How the process ends, for scripts.

use std::process::ExitCode;

use assay_wire::Code;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and every gate holds.
    Done,
    /// 1: a gate, a check or a verification failed.
    Failed,
    /// 2: wrong use or bad input.
    WrongUse,
    /// 3: incomplete, and can be resumed.
    Incomplete,
    /// 4: an error of Assay itself, or of where it keeps its data.
    Internal,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::WrongUse => 2,
            Exit::Incomplete => 3,
            Exit::Internal => 4,
        })
    }
}

impl From<Code> for Exit {
    fn from(code: Code) -> Exit {
        match code {
            Code::UnknownCommand
            | Code::BadInput
            | Code::NotARepository
            | Code::NoWorkspace
            | Code::NotFound
            | Code::InvalidPrompt
            | Code::NoModel
            | Code::NotTrusted
            | Code::Conflict
            | Code::ReadOnly
            | Code::DiskFull
            | Code::Git => Exit::WrongUse,
            Code::ModelUnavailable => Exit::Incomplete,
            Code::Storage | Code::Internal => Exit::Internal,
        }
    }
}
