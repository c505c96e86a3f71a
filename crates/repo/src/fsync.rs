//! Libgit2's fsync switch: objects and references reach the disk before a commit is reported.
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

#[cfg(test)]
mod tests {
    #[test]
    fn libgit2_accepts_the_switch() {
        assert!(super::enable(), "commits would not survive a power cut");
    }
}
