//! The kernel as crate `blocking` sees it: threads that stop and wake, and spin locks that keep interrupts out.

use blocking::{Access, Lock, Platform, Reason};

use super::{Ticket, TimerGuard, listed, scheduler};
use crate::arch::{percpu, time};
use crate::lock::{IrqSpinLock, Rank};

/// This kernel.
pub struct Kernel;

impl Platform for Kernel {
    type Lock<T: Send> = IrqSpinLock<T>;
    type Ticket = Ticket;
    type Alarm = TimerGuard;

    fn lock<T: Send>(value: T) -> IrqSpinLock<T> {
        IrqSpinLock::new(Rank::Queue, value)
    }

    #[inline]
    fn prepare_to_block(reason: Reason) -> Ticket {
        super::prepare_to_block(reason)
    }

    #[inline]
    fn current() -> usize {
        // A record's address: as good as a number, and one instruction.
        percpu::thread().addr()
    }

    #[inline]
    fn block() {
        super::block();
    }

    fn yield_now() {
        super::yield_now();
    }

    fn now_ns() -> u64 {
        time::uptime_ns()
    }

    fn wake_at_ns(deadline_ns: u64, ticket: Ticket) -> TimerGuard {
        super::wake_at_ns(deadline_ns, ticket)
    }

    fn taken_first(word: usize) {
        listed::taken_first(word);
    }

    fn entered(lock: usize, access: Access) {
        scheduler::current().inside.enter(lock, access);
    }

    fn left(lock: usize) {
        scheduler::current().inside.leave(lock);
    }
}

impl blocking::Ticket for Ticket {
    #[inline]
    fn wake(self) -> bool {
        // That crate wakes under its locks, which turn interrupts off.
        self.wake_in_trap()
    }

    fn duplicate(&self) -> Self {
        Ticket::duplicate(self)
    }

    fn thread_id(&self) -> u64 {
        Ticket::thread_id(self)
    }
}

impl<T> Lock<T> for IrqSpinLock<T> {
    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock())
    }
}
