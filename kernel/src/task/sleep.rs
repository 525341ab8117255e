//! Sleeping until a moment.
//!
//! Each CPU has a timing wheel of its own (`crates/sched`) for those who began to sleep there. It looks into it at a
//! tick when somebody is due; when it has nothing to run it stops ticking and sets its timer to the moment at which
//! the wheel wants to be looked at (`idle.rs`).

use core::sync::atomic::Ordering;

use blocking::{Reason, WaitKind};
use sched::TimerWheel;

use super::belonging::{Interrupted, interruptible};
use super::block::{Ticket, block, prepare_to_block};
use super::cpu::{self, Cpu};
use crate::arch::{interrupts, percpu, time};

/// Sleeps for at least `ms` milliseconds.
pub fn sleep_ms(ms: u64) {
    sleep_until_ns(time::uptime_ns().saturating_add(ms.saturating_mul(1_000_000)));
}

/// As [`sleep_ms`], unless the thread's process is cancelled before or meanwhile.
pub fn nap_ms(ms: u64) -> Result<(), Interrupted> {
    let deadline_ns = time::uptime_ns().saturating_add(ms.saturating_mul(1_000_000));
    interruptible(|interruption| interruption.sleep_until(deadline_ns))
}

/// Sleeps until the uptime reaches `deadline_ns`.
pub fn sleep_until_ns(deadline_ns: u64) {
    if time::uptime_ns() >= deadline_ns {
        return;
    }
    let alarm = interrupts::without(|| {
        let ticket = prepare_to_block(Reason { kind: WaitKind::Moment, address: 0 });
        wake_at_ns(deadline_ns, ticket)
    });
    block();
    drop(alarm);
}

/// Has `ticket` used when the uptime reaches `deadline_ns`; the guard takes it back. The calling thread is
/// preparing to block, with interrupts off.
pub fn wake_at_ns(deadline_ns: u64, ticket: Ticket) -> TimerGuard {
    ticket.note_deadline(deadline_ns);
    let guard = TimerGuard { slot: ticket.slot(), cpu: percpu::id() };
    let cpu = cpu::of(guard.cpu);
    let mut timers = cpu.timers.lock();
    if let Err(ticket) = timers.insert(guard.slot, deadline_ns, ticket) {
        // A slot without room can't be: it was reserved with the thread. Waking at once is the safe answer.
        drop(timers);
        ticket.wake();
        return guard;
    }
    publish(cpu, &timers);
    guard
}

/// Takes the alarm of [`wake_at_ns`] back when dropped.
pub struct TimerGuard {
    slot: usize,
    cpu: usize,
}

impl Drop for TimerGuard {
    fn drop(&mut self) {
        let cpu = cpu::of(self.cpu);
        let mut timers = cpu.timers.lock();
        // Most sleeps end by their alarm, which is gone then.
        if timers.remove(self.slot).is_some() {
            publish(cpu, &timers);
        }
    }
}

fn publish(cpu: &Cpu, timers: &TimerWheel<Ticket>) {
    cpu.next_deadline_ns.store(timers.next_deadline().unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Wakes everybody on `cpu`, the running one, whose time has come. Runs at each of its ticks.
pub(super) fn wake_due(cpu: &Cpu) {
    let now = time::uptime_ns();
    if now < cpu.next_deadline_ns.load(Ordering::Relaxed) {
        return;
    }
    let mut timers = cpu.timers.lock();
    while let Some(ticket) = timers.pop_due(now) {
        ticket.wake();
    }
    publish(cpu, &timers);
}
