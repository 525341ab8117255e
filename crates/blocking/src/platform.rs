//! What this crate asks of the system it runs in.

use crate::Reason;

/// Threads that can be stopped and woken, a lock for short moments, and a clock.
pub trait Platform: Sized + 'static {
    /// A spin lock that interrupt handlers may take: nothing interrupts its holder.
    type Lock<T: Send>: Lock<T> + Send + Sync;
    /// The right to wake one thread from one particular sleep.
    type Ticket: Ticket;
    /// Wakes a thread at a moment; taken back when dropped.
    type Alarm;

    /// A free lock around `value`. It may be taken while a wait queue's list is locked.
    fn lock<T: Send>(value: T) -> Self::Lock<T>;

    /// Marks the running thread blocked, for that reason. The ticket must be where wakers look before the lock that
    /// the caller holds is released, and [`Platform::block`] follows.
    fn prepare_to_block(reason: Reason) -> Self::Ticket;

    /// The running thread as a number that no other has: a multiple of 4, or 0 when it is not known.
    fn current() -> usize;

    /// Stops until the ticket is used; returns at once when that has happened already.
    fn block();

    /// Lets others run.
    fn yield_now();

    /// Time since boot, in nanoseconds.
    fn now_ns() -> u64;

    /// Has `ticket` used when the time since boot reaches `deadline_ns`. Called between
    /// [`Platform::prepare_to_block`] and [`Platform::block`].
    fn wake_at_ns(deadline_ns: u64, ticket: Self::Ticket) -> Self::Alarm;

    /// The mutex whose word is at this address has been taken for the first time: for a list of those there are.
    fn taken_first(_word: usize) {}

    /// The running thread has entered the reader-writer lock at this address: for whoever asks who is inside.
    fn entered(_lock: usize, _access: Access) {}

    /// The running thread has left the reader-writer lock at this address.
    fn left(_lock: usize) {}
}

/// As what a thread is inside a reader-writer lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// With other readers.
    Shared,
    /// Alone.
    Exclusive,
}

/// The right to wake a thread from one particular sleep.
pub trait Ticket: Send + Sized {
    /// Wakes the thread; false when another ticket of the same sleep was faster. Legal in interrupt handlers
    /// and under this crate's locks.
    fn wake(self) -> bool;

    /// Another ticket for the same sleep; the first that is used wakes.
    fn duplicate(&self) -> Self;

    /// Number of the thread that sleeps.
    fn thread_id(&self) -> u64;
}

/// A lock held for the length of a closure, which must not sleep.
pub trait Lock<T> {
    /// Runs `f` alone on the value.
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
}
