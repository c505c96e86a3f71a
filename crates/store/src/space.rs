//! Room on the disk, looked at before money is spent.
//!
//! A full disk loses no reply that was acknowledged, but a reply that arrives then has nowhere to go, and it was
//! paid for. So calls stop while there is still room for all that are under way.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::StoreError;

/// Room for the log at its largest and hundreds of calls under way, most of them far below the largest reply.
const RESERVE: u64 = 256 << 20;

/// The disk of a database.
pub(crate) struct Space {
    file: Arc<Path>,
    reserve: AtomicU64,
}

impl Space {
    pub(crate) fn beside(file: Arc<Path>) -> Space {
        Space { file, reserve: AtomicU64::new(RESERVE) }
    }

    pub(crate) fn keep_free(&self, bytes: u64) {
        self.reserve.store(bytes, Ordering::Relaxed);
    }

    /// One question to the system, some microseconds. A system that does not answer is not held against the disk.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let reserve = self.reserve.load(Ordering::Relaxed);
        match fs4::available_space(&self.file) {
            Ok(free) if free < reserve => Err(StoreError::Low { file: self.path(), free, reserve }),
            _ => Ok(()),
        }
    }

    fn path(&self) -> PathBuf {
        self.file.to_path_buf()
    }
}
