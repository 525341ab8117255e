//! The kernel as crate `blocking` sees it: threads that stop and wake, and spin locks that keep interrupts out.

use blocking::{Lock, Platform};

use crate::arch::{percpu, time};
use crate::lock::{IrqSpinLock, Rank};
use crate::task::{self, Ticket, TimerGuard};

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
    fn prepare_to_block() -> Ticket {
        task::prepare_to_block()
    }

    #[inline]
    fn block() {
        task::block();
    }

    fn yield_now() {
        task::yield_now();
    }

    fn now_ns() -> u64 {
        time::uptime_ns()
    }

    fn wake_at_ns(deadline_ns: u64, ticket: Ticket) -> TimerGuard {
        task::wake_at_ns(deadline_ns, ticket)
    }
}

impl blocking::Ticket for Ticket {
    #[inline]
    fn wake(self) -> bool {
        Ticket::wake(self)
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
