//! Sleeping until a moment.

use sched::TimerHeap;

use super::block::{Ticket, block, prepare_to_block};
use super::scheduler;
use super::table::OutOfMemory;
use crate::arch::time;
use crate::lock::{IrqSpinLock, Rank};
use core::sync::atomic::{AtomicU64, Ordering};

static TIMERS: IrqSpinLock<TimerHeap<Ticket>> = IrqSpinLock::new(Rank::Timers, TimerHeap::new());
/// The earliest deadline, so that most ticks need no lock.
static NEXT: AtomicU64 = AtomicU64::new(u64::MAX);

/// Sleeps for at least `ms` milliseconds.
pub fn sleep_ms(ms: u64) {
    sleep_until_ns(time::uptime_ns().saturating_add(ms.saturating_mul(1_000_000)));
}

/// Sleeps until the uptime reaches `deadline_ns`.
pub fn sleep_until_ns(deadline_ns: u64) {
    if time::uptime_ns() >= deadline_ns {
        return;
    }
    let slot = scheduler::current().slot();
    let queued = {
        let mut timers = TIMERS.lock();
        let queued = timers.insert(slot, deadline_ns, prepare_to_block());
        publish(&timers);
        queued
    };
    match queued {
        Ok(()) => block(),
        // A slot without room can't be: it was reserved with the thread. Waking at once is the safe answer.
        Err(ticket) => ticket.cancel(),
    }
}

/// Has `ticket` used when the uptime reaches `deadline_ns`; the guard takes it back. The calling thread is
/// preparing to block, with interrupts off.
pub fn wake_at_ns(deadline_ns: u64, ticket: Ticket) -> TimerGuard {
    let slot = scheduler::current().slot();
    let mut timers = TIMERS.lock();
    // Cannot fail: the thread's slot has room, and it sleeps nowhere else while it runs this.
    let _ = timers.insert(slot, deadline_ns, ticket);
    publish(&timers);
    TimerGuard { slot }
}

/// Takes the alarm of [`wake_at_ns`] back when dropped.
pub struct TimerGuard {
    slot: usize,
}

impl Drop for TimerGuard {
    fn drop(&mut self) {
        let mut timers = TIMERS.lock();
        let ticket = timers.remove(self.slot);
        publish(&timers);
        drop(timers);
        drop(ticket);
    }
}

fn publish(timers: &TimerHeap<Ticket>) {
    NEXT.store(timers.next_deadline().unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Wakes everybody whose time has come. Runs at each tick, on whichever CPU comes first.
pub(super) fn wake_due() {
    let now = time::uptime_ns();
    if now < NEXT.load(Ordering::Relaxed) {
        return;
    }
    // If another CPU is at it, it is being done.
    if let Some(mut timers) = TIMERS.try_lock() {
        while let Some(ticket) = timers.pop_due(now) {
            ticket.wake();
        }
        publish(&timers);
    }
}

pub(super) fn reserve(threads: usize) -> Result<(), OutOfMemory> {
    TIMERS.lock().reserve(threads).map_err(|_| OutOfMemory)
}
