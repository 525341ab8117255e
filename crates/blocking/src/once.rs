//! Work that is done once, by whoever needs it first; the others wait for it.

use crate::atomic::{AtomicU8, Ordering};
use crate::{Platform, Reason, WaitKind, WaitQueue};

const PENDING: u8 = 0;
const RUNNING: u8 = 1;
const DONE: u8 = 2;

/// Whether it is done, without the value. May sleep, unlike the write-once cell of the spin locks.
pub struct RawOnce<P: Platform> {
    state: AtomicU8,
    waiters: WaitQueue<P>,
}

impl<P: Platform> RawOnce<P> {
    const_unless_modelled! {
        /// Not done yet; over an empty queue.
        pub fn new(waiters: WaitQueue<P>) -> Self {
            Self { state: AtomicU8::new(PENDING), waiters }
        }
    }

    /// Whether it is done; what it wrote can be seen then.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) == DONE
    }

    /// Runs `work` if nobody has, or waits until whoever does has finished. `work` must not need the same
    /// once: it would wait for itself.
    #[inline]
    pub fn call_once(&self, work: impl FnOnce()) {
        if !self.is_done() {
            self.call_or_wait(work);
        }
    }

    #[cold]
    fn call_or_wait(&self, work: impl FnOnce()) {
        let begun = self.state.compare_exchange(PENDING, RUNNING, Ordering::Acquire, Ordering::Relaxed);
        if begun.is_ok() {
            work();
            self.state.store(DONE, Ordering::Release);
            self.waiters.wake_all();
        } else {
            self.waiters.wait_for(Reason::new(WaitKind::Once, self), || self.is_done());
        }
    }
}
