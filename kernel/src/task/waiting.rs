//! What a sleeping thread waits for, noted by the thread itself when it goes to sleep: two stores, so that nobody
//! has to ask why a machine stands still without an answer. Read by who looks, never by the scheduler.

use core::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};

pub use blocking::WaitKind;
use blocking::{Reason, StateWord};

/// Set beside the kind when the sleep ends at a deadline, too.
const TIMED: u8 = 1 << 7;

/// A thread's note to others. Written by the thread alone, and meaningful while it sleeps.
pub(super) struct Note {
    kind: AtomicU8,
    address: AtomicUsize,
    deadline_ns: AtomicU64,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The kind of thing.
    pub kind: WaitKind,
    /// The address of the primitive it sleeps in; for [`WaitKind::ThreadEnd`] the other thread's number.
    pub address: usize,
    /// The uptime at which it stops waiting, if it does not wait for ever.
    pub deadline_ns: Option<u64>,
    /// Which of the thread's sleeps this is: as long as it is the same, the thread has not run.
    pub sleep: u64,
}

impl Note {
    /// Of a thread that has never slept.
    pub const fn new() -> Self {
        Self { kind: AtomicU8::new(0), address: AtomicUsize::new(0), deadline_ns: AtomicU64::new(0) }
    }

    /// Notes why the sleep that is about to begin.
    #[inline]
    pub fn write(&self, reason: Reason) {
        self.kind.store(reason.kind as u8, Ordering::Relaxed);
        self.address.store(reason.address, Ordering::Relaxed);
    }

    /// Adds that the sleep ends at a deadline.
    pub fn write_deadline(&self, deadline_ns: u64) {
        self.deadline_ns.store(deadline_ns, Ordering::Relaxed);
        self.kind.store(self.kind.load(Ordering::Relaxed) | TIMED, Ordering::Relaxed);
    }

    /// What the thread whose `state` that is waits for; `None` when it does not sleep.
    pub fn read(&self, state: &StateWord) -> Option<Wait> {
        loop {
            let sleep = state.sleep()?;
            let kind = self.kind.load(Ordering::Relaxed);
            let address = self.address.load(Ordering::Relaxed);
            let deadline_ns = (kind & TIMED != 0).then(|| self.deadline_ns.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            // Another sleep has begun meanwhile: what was read may be half of each.
            if state.sleep() == Some(sleep) {
                return Some(Wait {
                    kind: WaitKind::from_number(kind & !TIMED),
                    address,
                    deadline_ns,
                    sleep,
                });
            }
        }
    }
}
