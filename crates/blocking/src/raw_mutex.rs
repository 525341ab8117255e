//! Mutual exclusion in one byte, in Drepper's three states ("Futexes Are Tricky", 2011, section 6): a lock that
//! nobody waits for is taken and released by one exchange each.

use crate::Platform;
use crate::WaitQueue;
use crate::atomic::{AtomicU8, Ordering};

const FREE: u8 = 0;
const HELD: u8 = 1;
/// Held, and somebody may be asleep: who releases it must wake.
const CONTENDED: u8 = 2;

/// Who may go on, without what is guarded. Acquiring may sleep.
pub struct RawMutex<P: Platform> {
    state: AtomicU8,
    waiters: WaitQueue<P>,
}

impl<P: Platform> RawMutex<P> {
    const_unless_modelled! {
        /// A free mutex over an empty queue.
        pub fn new(waiters: WaitQueue<P>) -> Self {
            Self { state: AtomicU8::new(FREE), waiters }
        }
    }

    /// Takes the mutex, waiting for it.
    #[inline]
    pub fn acquire(&self) {
        if !self.try_acquire() {
            self.acquire_contended();
        }
    }

    /// Takes the mutex if it is free.
    #[inline]
    pub fn try_acquire(&self) -> bool {
        self.state.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn acquire_contended(&self) {
        // Whoever has waited takes it as contended, since others may still sleep: at worst that is one
        // release too many that looks for waiters.
        self.waiters.wait_until(|| self.state.swap(CONTENDED, Ordering::Acquire) == FREE);
    }

    /// Gives the mutex back. Only its holder calls this.
    #[inline]
    pub fn release(&self) {
        if self.state.swap(FREE, Ordering::Release) == CONTENDED {
            self.release_contended();
        }
    }

    #[cold]
    fn release_contended(&self) {
        self.waiters.wake_one();
    }
}
