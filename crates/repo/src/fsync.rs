//! How libgit2 begins, with its fsync switch on: objects and references reach the disk before a commit is reported.
//!
//! Libgit2 leaves it off, so a power cut right after a commit could lose it. `git2` has no safe
//! wrapper for this option, which makes this module the one place of the project that calls C
//! directly.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::OnceLock;

/// Switches it on for this process, once. Returns whether libgit2 accepted.
pub(crate) fn enable() -> bool {
    static ACCEPTED: OnceLock<bool> = OnceLock::new();
    *ACCEPTED.get_or_init(|| {
        libgit2_sys::init();
        // SAFETY: the library is initialised above. The option takes exactly one `int` and stores
        // it in a global that libgit2 only reads; `OnceLock` keeps two threads from storing at once,
        // and it runs before this crate opens its first repository.
        let code = unsafe {
            libgit2_sys::git_libgit2_opts(
                libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as c_int,
                1 as c_int,
            )
        };
        code == 0
    })
}

/// Sets git's library up. A program calls this first, while it has one thread.
///
/// With its first use `git2` writes into the environment where the system keeps certificates, which is sound only
/// where nobody reads the environment meanwhile; a window's libraries do so all the time.
pub fn prepare() {
    enable();
    // Anything would do that makes `git2` begin. A failure comes again with the first repository, and is told there.
    drop(git2::Config::new());
}

#[cfg(test)]
mod tests {
    #[test]
    fn libgit2_accepts_the_switch() {
        assert!(super::enable(), "commits would not survive a power cut");
    }
}
