//! What the locks and queues of this floor have in common.

pub(super) use crate::task::Kernel;

use crate::arch::percpu;
use crate::lock::{IrqSpinLock, Rank};

/// Debug builds panic when a spin lock is held or an interrupt is being handled: nobody may sleep there.
#[inline]
pub(super) fn assert_may_sleep() {
    debug_assert!(
        percpu::preemptible() && !percpu::in_trap(),
        "a lock that sleeps was taken where nobody may"
    );
}

/// An empty queue under its primitive.
pub(super) const fn queue() -> blocking::WaitQueue<Kernel> {
    blocking::WaitQueue::new(IrqSpinLock::new(Rank::WaitQueue, blocking::Waiters::<Kernel>::new()))
}
