//! The counting semaphore (Dijkstra's P and V).

use crate::atomic::{AtomicUsize, Ordering};
use crate::{Platform, Reason, WaitKind, WaitQueue};

/// A number of permits. Acquiring may sleep; releasing is legal anywhere, in interrupt handlers too.
pub struct Semaphore<P: Platform> {
    permits: AtomicUsize,
    waiters: WaitQueue<P>,
}

impl<P: Platform> Semaphore<P> {
    const_unless_modelled! {
        /// A semaphore with `permits` permits, over an empty queue.
        pub fn new(permits: usize, waiters: WaitQueue<P>) -> Self {
            Self { permits: AtomicUsize::new(permits), waiters }
        }
    }

    /// Permits left; may have changed by the time you look.
    pub fn available(&self) -> usize {
        self.permits.load(Ordering::Relaxed)
    }

    /// Takes a permit if one is left.
    pub fn try_acquire(&self) -> bool {
        let mut permits = self.permits.load(Ordering::Relaxed);
        while permits > 0 {
            match self.permits.compare_exchange(permits, permits - 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => permits = now,
            }
        }
        false
    }

    /// Takes a permit, waiting for one.
    pub fn acquire(&self) {
        self.waiters.wait_for(Reason::new(WaitKind::Semaphore, self), || self.try_acquire());
    }

    /// As [`Semaphore::acquire`], until the time since boot reaches `deadline_ns`; says whether it was taken.
    pub fn acquire_deadline(&self, deadline_ns: u64) -> bool {
        self.waiters
            .wait_for_deadline(Reason::new(WaitKind::Semaphore, self), deadline_ns, || self.try_acquire())
    }

    /// Gives `permits` permits, taken before or new.
    pub fn release(&self, permits: usize) {
        self.permits.fetch_add(permits, Ordering::Release);
        for _ in 0..permits {
            if !self.waiters.wake_one() {
                return;
            }
        }
    }
}
