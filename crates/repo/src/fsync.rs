//! How libgit2 begins: what reaches the disk before a commit is reported, how long a silent server is waited for, and how
//! much is remembered.
//!
//! Libgit2 leaves its fsync switch off, so a power cut right after a commit could lose it; and it waits for a server for
//! as long as the system does, which may be for ever; and it remembers up to 256 MB of the objects that it has read, which a
//! long history fills and nobody asks for again. `git2` has no safe wrapper for these options, which makes this module the
//! one place of the project that calls C directly.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::OnceLock;

/// How long a connection may take to come about, in milliseconds.
const CONNECT_MS: c_int = 20_000;
/// How long a server may say nothing, in milliseconds. Git's own say something every five seconds while they work.
const SILENCE_MS: c_int = 60_000;
/// How many bytes of objects are remembered, of all repositories together.
const REMEMBERED: isize = 8 << 20;

/// Sets the options of this process, once. Returns whether libgit2 accepted them.
pub(crate) fn enable() -> bool {
    static ACCEPTED: OnceLock<bool> = OnceLock::new();
    *ACCEPTED.get_or_init(|| {
        libgit2_sys::init();
        let options = [
            (libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as c_int, 1),
            (libgit2_sys::GIT_OPT_SET_SERVER_CONNECT_TIMEOUT as c_int, CONNECT_MS),
            (libgit2_sys::GIT_OPT_SET_SERVER_TIMEOUT as c_int, SILENCE_MS),
        ];
        // Each is tried, whatever became of the others.
        let accepted = options.map(|(option, value)| set(option, value));
        accepted.into_iter().all(|accepted| accepted) & limit_memory()
    })
}

fn set(option: c_int, value: c_int) -> bool {
    // SAFETY: the library is initialised by the caller. Each of its options takes exactly one `int` and stores it in a
    // global that libgit2 only reads; the caller's `OnceLock` keeps two threads from storing at once, and it runs
    // before this crate opens its first repository.
    let code = unsafe { libgit2_sys::git_libgit2_opts(option, value) };
    code == 0
}

fn limit_memory() -> bool {
    let option = libgit2_sys::GIT_OPT_SET_CACHE_MAX_SIZE as c_int;
    // SAFETY: as above, but that this option takes exactly one `ssize_t`.
    let code = unsafe { libgit2_sys::git_libgit2_opts(option, REMEMBERED) };
    code == 0
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
    fn libgit2_accepts_the_options() {
        assert!(super::enable(), "commits would not survive a power cut, or servers be waited for");
    }
}
