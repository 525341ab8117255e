//! Threads waiting for something to become true.

use alloc::collections::VecDeque;
use core::sync::atomic::{AtomicUsize, Ordering, fence};

use crate::arch::time;
use crate::lock::{IrqSpinLock, Rank};
use crate::task::{self, Ticket};

/// A queue of waiting threads, first come, first woken.
pub struct WaitQueue {
    waiters: IrqSpinLock<VecDeque<Ticket>>,
    /// How many wait or are about to: lets a waker see without the lock that nobody does.
    count: AtomicUsize,
}

impl Default for WaitQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl WaitQueue {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { waiters: IrqSpinLock::new(Rank::WaitQueue, VecDeque::new()), count: AtomicUsize::new(0) }
    }

    /// Waits until `condition` holds. It is checked before every sleep, at the end of it with this queue's
    /// lock held: it may read atomics and take locks of a higher rank, and must not wait itself.
    pub fn wait_until(&self, mut condition: impl FnMut() -> bool) {
        while !self.wait_once(&mut condition, None) {}
    }

    /// Waits until `condition` holds, at most until the uptime reaches `deadline_ns`; says whether it holds.
    pub fn wait_until_deadline(&self, deadline_ns: u64, mut condition: impl FnMut() -> bool) -> bool {
        while !self.wait_once(&mut condition, Some(deadline_ns)) {
            if time::uptime_ns() >= deadline_ns {
                return condition();
            }
        }
        true
    }

    /// As [`WaitQueue::wait_until_deadline`], at most `timeout_ms` from now.
    pub fn wait_until_timeout(&self, timeout_ms: u64, condition: impl FnMut() -> bool) -> bool {
        let deadline = time::uptime_ns().saturating_add(timeout_ms.saturating_mul(1_000_000));
        self.wait_until_deadline(deadline, condition)
    }

    /// Sleeps once unless `condition` holds; says whether it did.
    fn wait_once(&self, condition: &mut impl FnMut() -> bool, deadline_ns: Option<u64>) -> bool {
        if condition() {
            return true;
        }
        let mut waiters = self.waiters.lock();
        // Counted before the last look at the condition, and wakers look at the count after they have made
        // it true: one of the two sees the other.
        self.count.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if condition() {
            self.count.fetch_sub(1, Ordering::SeqCst);
            return true;
        }
        if waiters.try_reserve(1).is_err() {
            // No memory to wait properly: let others run and look again.
            self.count.fetch_sub(1, Ordering::SeqCst);
            drop(waiters);
            task::yield_now();
            return false;
        }
        let ticket = task::prepare_to_block();
        let thread = ticket.thread_id();
        let alarm = deadline_ns.map(|deadline| task::wake_at_ns(deadline, ticket.duplicate()));
        waiters.push_back(ticket);
        drop(waiters);
        task::block();
        drop(alarm);
        if deadline_ns.is_some() {
            // Woken by the alarm, this thread is still in the queue.
            let mut waiters = self.waiters.lock();
            if let Some(at) = waiters.iter().position(|ticket| ticket.thread_id() == thread) {
                waiters.remove(at);
                self.count.fetch_sub(1, Ordering::SeqCst);
            }
        }
        false
    }

    /// Wakes the thread that has waited longest; says whether there was one.
    pub fn wake_one(&self) -> bool {
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::SeqCst) == 0 {
            return false;
        }
        let mut waiters = self.waiters.lock();
        while let Some(ticket) = waiters.pop_front() {
            self.count.fetch_sub(1, Ordering::SeqCst);
            // False means that its alarm was faster: the next one then.
            if ticket.wake() {
                return true;
            }
        }
        false
    }

    /// Wakes everybody who waits now.
    pub fn wake_all(&self) {
        fence(Ordering::SeqCst);
        // Not "until nobody is left": a thread whose condition still fails comes back at once.
        for _ in 0..self.count.load(Ordering::SeqCst) {
            if !self.wake_one() {
                return;
            }
        }
    }
}
