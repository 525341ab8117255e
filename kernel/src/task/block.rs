//! Blocking and waking, without lost wake-ups.
//!
//! The order makes it so: a thread first marks itself blocked ([`prepare_to_block`]), then publishes its
//! ticket where wakers look, then gives up the CPU ([`block`]). A waker that comes between the last two
//! steps makes the thread ready before it has stopped; then it simply is in a run queue while it is still on
//! its CPU, and giving up the CPU puts it back at once.

use blocking::Reason;

use super::scheduler;
use super::thread::{ThreadRef, ThreadState};
use crate::arch::interrupts;

/// The right to wake a thread from one particular sleep. It may be kept for longer than the thread lives: the
/// record stays, and no sleep's number comes twice.
pub struct Ticket {
    thread: ThreadRef,
    generation: u64,
}

impl Ticket {
    /// Wakes the thread; false when somebody else has woken it from this sleep already. May be called in
    /// interrupt handlers and under wait-queue and timer locks.
    pub fn wake(self) -> bool {
        interrupts::without(|| self.wake_in_trap())
    }

    /// As [`Ticket::wake`], with interrupts off already.
    #[inline]
    pub fn wake_in_trap(self) -> bool {
        let woken = self.thread.state.end_sleep(self.generation, ThreadState::Ready);
        if woken {
            scheduler::enqueue_woken(self.thread);
        }
        woken
    }

    /// Slot of the thread that sleeps.
    pub(super) fn slot(&self) -> usize {
        self.thread.slot()
    }

    /// Number of the thread that sleeps.
    pub fn thread_id(&self) -> u64 {
        self.thread.id()
    }

    /// Notes that the sleep ends at a deadline, too. Only the thread that prepares to sleep calls this.
    pub(super) fn note_deadline(&self, deadline_ns: u64) {
        self.thread.note.write_deadline(deadline_ns);
    }

    /// Another ticket for the same sleep; the first that is used wakes.
    pub fn duplicate(&self) -> Self {
        Self { thread: self.thread, generation: self.generation }
    }
}

/// Marks the running thread blocked, for that reason. Publish the ticket, release every lock, and call [`block`].
///
/// The caller holds a lock that turns interrupts off until the ticket is published; otherwise a tick in
/// between would switch away from a thread nobody can wake.
///
/// # Panics
/// In debug builds, when interrupts are on.
#[inline]
pub fn prepare_to_block(reason: Reason) -> Ticket {
    debug_assert!(!interrupts::are_enabled(), "blocking must be prepared with interrupts off");
    let thread = scheduler::current();
    thread.note.write(reason);
    let generation = thread.state.begin_sleep();
    Ticket { thread, generation }
}

/// Stops until woken. Returns at once when that has happened already.
///
/// # Panics
/// In debug builds, when a spin lock is held or an interrupt is being handled: nobody could ever run on
/// this CPU again.
#[inline]
pub fn block() {
    crate::arch::trap::yield_now();
}
