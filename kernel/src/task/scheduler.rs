//! Who runs next: the one place where a CPU changes threads.
//!
//! [`reschedule`] runs on the old thread's stack with interrupts off, chooses, and returns the frame to
//! resume; the stub does the rest. It takes the old thread's `on_cpu` flag along, and the stub clears it
//! once this CPU has left the stack. A thread whose flag is still set is passed over, never waited for: two
//! CPUs that each waited for the other's departing thread would wait for ever.

use alloc::sync::Arc;
use core::ops::Range;
use core::sync::atomic::Ordering;

use super::cpu::{self, Local};
use super::thread::{Thread, ThreadRef, ThreadState};
use super::{sleep, table};
use crate::arch::trap::TrapFrame;
use crate::arch::{cpu as arch_cpu, percpu, smp};
use crate::memory::stack::STACK_SIZE;

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

/// The running thread's stack; `None` while its CPU's lock is held.
pub(super) fn current_stack() -> Option<Range<u64>> {
    let local = cpu::of(percpu::id()).local.try_lock()?;
    local.current.as_ref().map(|thread| thread.stack_top - STACK_SIZE..thread.stack_top)
}

/// Chooses who runs next on this CPU. The hook behind `int YIELD` and the end of interrupts; interrupts are
/// off. Every instruction here is paid at every switch, so the rare ways out are functions of their own.
pub(super) extern "C" fn reschedule(frame: *mut TrapFrame) -> *mut TrapFrame {
    let Some(cpu) = cpu::this() else { return frame };
    percpu::clear_need_resched();
    let mut local = cpu.local.lock_in_trap();
    let Local { queue, current, idle_thread } = &mut *local;
    let (Some(previous), Some(idle)) = (current.as_ref(), idle_thread.as_ref()) else { return frame };
    // A thread that blocked is somebody else's to wake. One that was woken before it got here is in a run
    // queue already. Only one that could just go on is queued here; the idle thread never is.
    let goes_on = previous.stop_running() && !Arc::ptr_eq(previous, idle);
    cpu.slice_left.store(sched::TIME_SLICE_TICKS, Ordering::Relaxed);
    let next = match queue.pop_if(|thread| may_run(thread, previous)) {
        Some(next) => next,
        None if goes_on => {
            previous.set_state(ThreadState::Running);
            return frame;
        }
        None => nobody_waits(idle),
    };
    next.set_state(ThreadState::Running);
    if Arc::ptr_eq(&next, previous) {
        cpu.queued.store(queue.len(), Ordering::Relaxed);
        return frame;
    }

    previous.context.store(frame, Ordering::Relaxed);
    // SAFETY: interrupts are off until the frame is resumed. The thread table keeps the record until the
    // reaper, which waits for this flag, takes it out.
    unsafe { percpu::set_departing(&previous.on_cpu) };
    account(cpu, previous);
    next.on_cpu.store(true, Ordering::Relaxed);
    let resumed = next.context.load(Ordering::Relaxed);
    next.last_cpu.store(percpu::id(), Ordering::Relaxed);
    if goes_on {
        // One came, one went: the number of waiting threads is as before.
        if let Some(previous) = current.replace(next) {
            queue.push_waiting(previous);
        }
    } else {
        note_idleness(cpu, previous, &next, idle);
        // The handle that is dropped is never the last one: the thread table keeps one until the thread is
        // reaped.
        *current = Some(next);
        cpu.queued.store(queue.len(), Ordering::Relaxed);
    }
    resumed
}

/// Whom to run when nobody waits here: somebody who waits elsewhere, or the idle thread.
#[cold]
fn nobody_waits(idle: &ThreadRef) -> ThreadRef {
    steal(percpu::id()).unwrap_or_else(|| idle.clone())
}

/// Keeps the CPU's idle time and its hint for other CPUs.
fn note_idleness(cpu: &cpu::Cpu, previous: &ThreadRef, next: &ThreadRef, idle: &ThreadRef) {
    cpu.idle.store(Arc::ptr_eq(next, idle), Ordering::Relaxed);
    if Arc::ptr_eq(previous, idle) {
        cpu.idle_counts.store(idle.run_counts.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// Whether a queued thread may run here now: nobody is on its stack any more, or it is this CPU itself.
fn may_run(thread: &ThreadRef, previous: &ThreadRef) -> bool {
    // Acquire: the context was stored before the stub cleared the flag.
    !thread.on_cpu.load(Ordering::Acquire) || Arc::ptr_eq(thread, previous)
}

fn account(cpu: &cpu::Cpu, previous: &Thread) {
    let now = arch_cpu::time_stamp();
    let ran = now.wrapping_sub(cpu.switched_at.load(Ordering::Relaxed));
    cpu.switched_at.store(now, Ordering::Relaxed);
    previous.run_counts.store(previous.run_counts.load(Ordering::Relaxed) + ran, Ordering::Relaxed);
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
