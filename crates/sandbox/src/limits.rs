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

/// Bytes of address space that this process has by now; 0 where the system does not say. A program with a
/// window has half a billion before it does anything, so a limit for what it does comes on top of them.
pub(crate) fn address_space() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    vm_size(&status).unwrap_or(0)
}

fn vm_size(status: &str) -> Option<u64> {
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kilobytes: u64 = size.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(unix)]
fn lower(resource: nix::sys::resource::Resource, to: Option<u64>) -> io::Result<()> {
    use nix::sys::resource::{getrlimit, setrlimit};

    let Some(to) = to else { return Ok(()) };
    let (_, highest) = getrlimit(resource)?;
    let to = to.min(highest);
    Ok(setrlimit(resource, to, to)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_process_is_read_from_its_status() {
        let status = "Name:\tassay\nVmPeak:\t  900 kB\nVmSize:\t  532480 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(vm_size(status), Some(520 << 20));
        for other in ["", "VmSize:\t many kB\n", "VmSize:\t 18446744073709551615 kB\n"] {
            assert_eq!(vm_size(other), None, "{other:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_a_size() {
        assert!(address_space() > 1 << 20);
    }
}
