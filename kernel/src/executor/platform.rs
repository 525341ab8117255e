//! The kernel as crate `executor` sees it.

use alloc::boxed::Box;
use alloc::sync::Arc;

use executor::{Executor, OutOfMemory, Platform};

use crate::arch::time;
use crate::lock::{IrqSpinLock, Rank};
use crate::memory::heap::fallible;
use crate::sync::WaitQueue;

/// The thread that runs the tasks.
pub struct Services {
    parked: WaitQueue,
}

impl Services {
    /// It is not there yet.
    pub fn new() -> Self {
        Self { parked: WaitQueue::new() }
    }

    /// Sleeps until there is something to do: for the thread itself.
    pub fn park(&self, executor: &Executor<Self>) {
        let deadline_ns = executor.next_deadline_ns();
        // Somebody may have come for an earlier moment since.
        let has_work = || executor.has_ready() || executor.next_deadline_ns() < deadline_ns;
        if deadline_ns == u64::MAX {
            self.parked.wait_until(has_work);
        } else {
            self.parked.wait_until_deadline(deadline_ns, has_work);
        }
    }
}

impl Platform for Services {
    type Lock<T: Send> = IrqSpinLock<T>;

    fn lock<T: Send>(value: T) -> IrqSpinLock<T> {
        IrqSpinLock::new(Rank::Queue, value)
    }

    fn now_ns() -> u64 {
        time::uptime_ns()
    }

    #[inline]
    fn unpark(&self) {
        self.parked.wake_one();
    }

    fn boxed<T>(value: T) -> Result<Box<T>, OutOfMemory> {
        fallible::boxed(value).map_err(|_| OutOfMemory)
    }

    fn counted<T>(value: T) -> Result<Arc<T>, OutOfMemory> {
        fallible::counted(value).map_err(|_| OutOfMemory)
    }
}
