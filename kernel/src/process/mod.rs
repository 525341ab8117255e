//! Processes: what is started, listed, waited for and cancelled as one. Every thread of the kernel lives in one.
//!
//! How they live and end is crate `process`, whose every state is explored on the host; here its table meets locks,
//! wait queues and threads (`registry.rs`). Two processes are there from the beginning:
//!
//! - *init*, number 1, is everybody's parent in the end: it adopts whoever's parent ends first, and waits for
//!   children as its only work.
//! - *kernel*, number 2, has the threads that belong to the machine: the CPUs' idle threads, the reaper, drivers' own,
//!   and the boot.
//!
//! [`spawn`] starts a child process; `task::spawn` another thread of one's own. A process ends when its last thread
//! does; [`wait`] tells its parent how. [`cancel`] asks a process to end from outside: from then on whatever its
//! threads do that may be interrupted fails, a sleep that lasts is left at once, and they return. A thread that never
//! waits is not torn down: in the kernel nobody can know what it holds.

mod birth;
mod family;
mod list;
mod registry;

pub use ::process::{ExitStatus, ProcessId, ProcessState, ThreadId, WaitError, WaitFor};
pub use birth::{initialise, last_number, spawn, spawn_service};
pub use family::{CancelError, cancel, on_child_end, own_id, try_wait, wait};
pub use list::{Summary, count, find, list, next};
pub use registry::{Kept, Lives, Process};

use alloc::sync::Arc;

use crate::lock::Once;

/// One's own process; none before [`initialise`].
pub fn own() -> Option<Arc<Process>> {
    LIVES.get()?.get(own_id())
}

/// Processes there can be at a time.
const LIMIT: u32 = 16_384;

/// All processes of this machine, from [`initialise`] on.
static LIVES: Once<Lives> = Once::new();
