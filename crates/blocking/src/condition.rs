//! The condition variable: sleeping until another thread, under the same mutex, says that something changed.

use crate::atomic::{AtomicUsize, Ordering};
use crate::{Platform, RawMutex, Reason, WaitKind, WaitQueue};

/// Something about the data of a mutex. Waiting may sleep; notifying is legal anywhere.
///
/// As everywhere, a wait may end without a notification: look at the data again.
pub struct Condition<P: Platform> {
    /// Counts notifications, so that one that comes between releasing the mutex and sleeping is seen.
    notifications: AtomicUsize,
    waiters: WaitQueue<P>,
}

impl<P: Platform> Condition<P> {
    const_unless_modelled! {
        /// A condition over an empty queue.
        pub fn new(waiters: WaitQueue<P>) -> Self {
            Self { notifications: AtomicUsize::new(0), waiters }
        }
    }

    /// Gives `mutex`, which the caller holds, back, waits for a notification, and takes it again.
    pub fn wait(&self, mutex: &RawMutex<P>) {
        let before = self.notifications.load(Ordering::Relaxed);
        mutex.release();
        self.waiters.wait_for(Reason::new(WaitKind::Condition, self), || {
            self.notifications.load(Ordering::Relaxed) != before
        });
        mutex.acquire();
    }

    /// As [`Condition::wait`], until the time since boot reaches `deadline_ns`; says whether a notification came.
    pub fn wait_deadline(&self, mutex: &RawMutex<P>, deadline_ns: u64) -> bool {
        let before = self.notifications.load(Ordering::Relaxed);
        mutex.release();
        let reason = Reason::new(WaitKind::Condition, self);
        let notified = self
            .waiters
            .wait_for_deadline(reason, deadline_ns, || self.notifications.load(Ordering::Relaxed) != before);
        mutex.acquire();
        notified
    }

    /// Wakes the thread that has waited longest.
    pub fn notify_one(&self) {
        self.notifications.fetch_add(1, Ordering::Relaxed);
        self.waiters.wake_one();
    }

    /// Wakes all that wait.
    pub fn notify_all(&self) {
        self.notifications.fetch_add(1, Ordering::Relaxed);
        self.waiters.wake_all();
    }
}
