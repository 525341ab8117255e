//! Threads waiting for something to become true.

use super::platform::{Kernel, queue};
use crate::arch::time;
use crate::task::{self, Interrupted};

/// A queue of waiting threads, first come, first woken. Waiting may sleep; waking is legal in interrupt
/// handlers.
pub struct WaitQueue(blocking::WaitQueue<Kernel>);

impl Default for WaitQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl WaitQueue {
    /// An empty queue.
    pub const fn new() -> Self {
        Self(queue())
    }

    /// Waits until `condition` holds. It is checked before every sleep, at the end of it with this queue's
    /// lock held: it may read atomics and take locks of a higher rank, and must not wait itself.
    #[inline]
    pub fn wait_until(&self, condition: impl FnMut() -> bool) {
        self.0.wait_until(condition);
    }

    /// Waits until `condition` holds, at most until the uptime reaches `deadline_ns`; says whether it holds.
    pub fn wait_until_deadline(&self, deadline_ns: u64, condition: impl FnMut() -> bool) -> bool {
        self.0.wait_until_deadline(deadline_ns, condition)
    }

    /// As [`WaitQueue::wait_until_deadline`], at most `timeout_ms` from now.
    pub fn wait_until_timeout(&self, timeout_ms: u64, condition: impl FnMut() -> bool) -> bool {
        self.wait_until_deadline(deadline_after(timeout_ms), condition)
    }

    /// As [`WaitQueue::wait_until`], unless the thread's process is cancelled before or meanwhile. A condition that
    /// holds goes first.
    pub fn wait_until_interruptible(&self, condition: impl FnMut() -> bool) -> Result<(), Interrupted> {
        task::interruptible(|interruption| self.0.wait_until_interrupted(interruption, condition))
    }

    /// As [`WaitQueue::wait_until_interruptible`], at most until the uptime reaches `deadline_ns`; says whether the
    /// condition holds.
    pub fn wait_until_deadline_interruptible(
        &self,
        deadline_ns: u64,
        condition: impl FnMut() -> bool,
    ) -> Result<bool, Interrupted> {
        task::interruptible(|interruption| {
            self.0.wait_until_deadline_or_interrupted(deadline_ns, interruption, condition)
        })
    }

    /// Wakes the thread that has waited longest; says whether there was one.
    #[inline]
    pub fn wake_one(&self) -> bool {
        self.0.wake_one()
    }

    /// Wakes everybody who waits now.
    pub fn wake_all(&self) {
        self.0.wake_all();
    }
}

/// The uptime in `timeout_ms` milliseconds, in nanoseconds.
pub fn deadline_after(timeout_ms: u64) -> u64 {
    time::uptime_ns().saturating_add(timeout_ms.saturating_mul(1_000_000))
}
