//! Who runs next: the one place where a CPU changes threads.
//!
//! [`reschedule`] runs on the old thread's stack with interrupts off, chooses, and returns the frame to
//! resume; the stub does the rest. It takes the old thread's `on_cpu` flag along, and the stub clears it
//! once this CPU has left the stack. A thread whose flag is still set is passed over, never waited for: two
//! CPUs that each waited for the other's departing thread would wait for ever.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use super::cpu::{self, Local};
use super::thread::{Thread, ThreadRef, ThreadState};
use super::{sleep, table};
use crate::arch::trap::TrapFrame;
use crate::arch::{cpu as arch_cpu, percpu, smp};

/// The running thread.
///
/// # Panics
/// Before [`super::initialise`]: there are no threads yet.
pub fn current() -> ThreadRef {
    // The lock keeps the thread on this CPU between asking for the CPU's number and for its thread.
    let enabled = crate::arch::interrupts::disable();
    let thread = cpu::of(percpu::id()).local.lock().current.clone();
    crate::arch::interrupts::restore(enabled);
    thread.expect("a CPU runs a thread from `task::initialise` on")
}

/// Calls `say` with the running thread's name, unless its CPU's lock is held: for the panic screen, which
/// must not wait.
pub fn with_current_name(say: &mut dyn FnMut(&str)) {
    if let Some(local) = cpu::of(percpu::id()).local.try_lock()
        && let Some(thread) = &local.current
    {
        say(thread.name());
    }
}

/// Gives up the CPU, whatever the thread's state.
pub(super) fn give_up_cpu() {
    crate::arch::trap::yield_now();
}

/// Chooses who runs next on this CPU. The hook behind `int YIELD` and the end of interrupts.
pub(super) fn reschedule(frame: *mut TrapFrame) -> *mut TrapFrame {
    percpu::clear_need_resched();
    let number = percpu::id();
    let cpu = cpu::of(number);
    let mut local = cpu.local.lock();
    let Some(previous) = local.current.take() else { return frame };
    let is_idle = |thread: &ThreadRef, local: &Local| {
        local.idle_thread.as_ref().is_some_and(|idle| Arc::ptr_eq(idle, thread))
    };
    let previous_is_idle = is_idle(&previous, &local);
    // A thread that blocked is somebody else's to wake. One that was woken before it got here is in a run
    // queue already. Only one that could just go on is queued here.
    let goes_on = previous.change_state(ThreadState::Running, ThreadState::Ready);

    let chosen = local.queue.pop_if(|thread| may_run(thread, &previous));
    let next = match chosen {
        Some(next) => next,
        None if goes_on && !previous_is_idle => previous.clone(),
        None => match steal(number) {
            Some(stolen) => stolen,
            None => local.idle_thread.clone().unwrap_or_else(|| previous.clone()),
        },
    };
    cpu.slice_left.store(sched::TIME_SLICE_TICKS, Ordering::Relaxed);
    next.set_state(ThreadState::Running);
    if Arc::ptr_eq(&next, &previous) {
        cpu.queued.store(local.queue.len(), Ordering::Relaxed);
        local.current = Some(previous);
        return frame;
    }

    previous.context.store(frame, Ordering::Relaxed);
    percpu::set_departing(&previous.on_cpu);
    account(cpu, &previous, previous_is_idle);
    let next_is_idle = is_idle(&next, &local);
    cpu.idle.store(next_is_idle, Ordering::Relaxed);
    next.on_cpu.store(true, Ordering::Relaxed);
    next.last_cpu.store(number, Ordering::Relaxed);
    percpu::set_current_stack(next.stack_top);
    let resumed = next.context.load(Ordering::Relaxed);
    local.current = Some(next);
    if goes_on && !previous_is_idle {
        local.queue.push_waiting(previous);
    }
    // Otherwise this drops a handle, never the last: the thread table keeps one until the thread is reaped.
    cpu.queued.store(local.queue.len(), Ordering::Relaxed);
    resumed
}

/// Whether a queued thread may run here now: nobody is on its stack any more, or it is this CPU itself.
fn may_run(thread: &ThreadRef, previous: &ThreadRef) -> bool {
    // Acquire: the context was stored before the stub cleared the flag.
    !thread.on_cpu.load(Ordering::Acquire) || Arc::ptr_eq(thread, previous)
}

fn account(cpu: &cpu::Cpu, previous: &Thread, previous_is_idle: bool) {
    let now = arch_cpu::time_stamp();
    let ran = now.wrapping_sub(cpu.switched_at.swap(now, Ordering::Relaxed));
    previous.run_counts.store(previous.run_counts.load(Ordering::Relaxed) + ran, Ordering::Relaxed);
    if previous_is_idle {
        cpu.idle_counts.store(cpu.idle_counts.load(Ordering::Relaxed) + ran, Ordering::Relaxed);
    }
    cpu.switches.store(cpu.switches.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Takes a thread from the CPU with the most waiting, for one that has nothing to do. Only tries the lock:
/// two CPUs stealing from each other must not wait for each other.
fn steal(thief: usize) -> Option<ThreadRef> {
    let victim = cpu::of(sched::steal_from(thief, cpu::loads())?);
    let mut local = victim.local.try_lock()?;
    let stolen = local.queue.pop_if(|thread| !thread.on_cpu.load(Ordering::Acquire));
    victim.queued.store(local.queue.len(), Ordering::Relaxed);
    stolen
}

/// Queues a thread that was just made ready, where the policy wants it, and sees to it that the CPU looks.
pub(super) fn enqueue_woken(thread: ThreadRef) {
    let target = sched::place(thread.last_cpu.load(Ordering::Relaxed), cpu::loads());
    let cpu = cpu::of(target);
    {
        let mut local = cpu.local.lock();
        local.queue.push_woken(thread);
        cpu.queued.store(local.queue.len(), Ordering::Relaxed);
    }
    let enabled = crate::arch::interrupts::disable();
    if target == percpu::id() {
        percpu::set_need_resched();
    } else {
        smp::send_reschedule(target);
    }
    crate::arch::interrupts::restore(enabled);
}

/// Runs on every CPU at each tick, with interrupts off.
pub(super) fn tick() {
    let cpu = cpu::of(percpu::id());
    sleep::wake_due();
    let left = cpu.slice_left.load(Ordering::Relaxed).saturating_sub(1);
    cpu.slice_left.store(left, Ordering::Relaxed);
    let others_wait = cpu.queued.load(Ordering::Relaxed) > 0;
    let idle = cpu.idle.load(Ordering::Relaxed);
    let could_steal = idle && sched::steal_from(percpu::id(), cpu::loads()).is_some();
    if (others_wait && (left == 0 || idle)) || could_steal {
        percpu::set_need_resched();
    }
}

/// Makes room in every CPU's queue, and among the sleepers, for `threads` threads.
pub(super) fn reserve(threads: usize) -> Result<(), table::OutOfMemory> {
    for cpu in cpu::all() {
        cpu.local.lock().queue.reserve(threads).map_err(|_| table::OutOfMemory)?;
    }
    sleep::reserve(threads)
}
