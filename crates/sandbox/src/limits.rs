//! What a process may use, set by the process itself before it runs anything of others.
//!
//! Set so, limits need no unsafe code between fork and exec, and hold for every program the process
//! turns into. Where the system has no such limits (Windows) the language's own limits and the
//! patience of whoever waits remain.

use std::io;

/// What a process may use; nothing is limited that is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// Bytes of address space. On Linux only: other systems do not keep to it.
    pub memory: Option<u64>,
    /// Seconds of computing.
    pub cpu_seconds: Option<u64>,
    /// The number from which on no file, pipe or socket can be opened: 3 leaves the standard ones.
    pub open_files: Option<u64>,
    /// Processes and threads that it may start. On Linux only.
    pub processes: Option<u64>,
}

impl Limits {
    /// Holds from here on, and cannot be taken back. No limit is ever raised. Whatever is limited,
    /// nothing is written to files and no memory is dumped.
    pub fn apply(self) -> io::Result<()> {
        #[cfg(unix)]
        self.apply_unix()?;
        Ok(())
    }

    #[cfg(unix)]
    fn apply_unix(self) -> io::Result<()> {
        use nix::sys::resource::Resource;

        lower(Resource::RLIMIT_CORE, Some(0))?;
        lower(Resource::RLIMIT_FSIZE, Some(0))?;
        lower(Resource::RLIMIT_CPU, self.cpu_seconds)?;
        lower(Resource::RLIMIT_NOFILE, self.open_files)?;
        #[cfg(target_os = "linux")]
        {
            lower(Resource::RLIMIT_AS, self.memory)?;
            lower(Resource::RLIMIT_NPROC, self.processes)?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn lower(resource: nix::sys::resource::Resource, to: Option<u64>) -> io::Result<()> {
    use nix::sys::resource::{getrlimit, setrlimit};

    let Some(to) = to else { return Ok(()) };
    let (_, highest) = getrlimit(resource)?;
    let to = to.min(highest);
    Ok(setrlimit(resource, to, to)?)
}
