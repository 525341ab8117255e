//! A transfer between disk and pages that is under way, and waiting for it.
//!
//! Whoever begins one holds its lock until it is over, so that to wait is to take the lock. The first error stays in it,
//! for those who waited and then do not find their page.

use alloc::sync::Arc;

use vfs::FsError;

use crate::memory::heap::fallible;
use crate::sync::{Mutex, MutexGuard};

/// See above.
pub struct Transfer(Mutex<Option<FsError>>);

impl Transfer {
    /// One that nobody has begun.
    pub fn new() -> Result<Arc<Self>, FsError> {
        fallible::counted(Self(Mutex::new(None))).map_err(|_| FsError::OutOfMemory)
    }

    /// Begins it: others wait until the guard is dropped. An error is stored in it.
    pub fn begin(&self) -> MutexGuard<'_, Option<FsError>> {
        self.0.lock()
    }

    /// Waits until it is over; what went wrong first, if anything did.
    pub fn wait(&self) -> Option<FsError> {
        *self.0.lock()
    }
}
