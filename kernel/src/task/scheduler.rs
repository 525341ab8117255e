//! Who runs next: the one place where a CPU changes threads.
//!
//! [`reschedule`] runs on the old thread's stack with interrupts off, chooses, and returns the frame to
//! resume; the stub does the rest. It takes the old thread's `on_cpu` flag along, and the stub clears it
//! once this CPU has left the stack. A thread whose flag is still set is passed over, never waited for: two
//! CPUs that each waited for the other's departing thread would wait for ever.

use alloc::sync::Arc;
use core::ops::Range;
use core::sync::atomic::Ordering;

use sched::{Level, Standing};

use super::cpu;
use super::thread::{Thread, ThreadRef, ThreadState};
use super::{sleep, table};
use crate::arch::trap::TrapFrame;
use crate::arch::{cpu as arch_cpu, interrupts, percpu, smp, time};
use crate::memory::stack::STACK_SIZE;

/// The running thread.
///
/// # Panics
/// Before [`super::initialise`]: there are no threads yet.
pub fn current() -> Arc<Thread> {
    interrupts::without(current_in_trap)
}

/// As [`current`], with interrupts off already, so that the CPU stays the same.
pub(super) fn current_in_trap() -> Arc<Thread> {
    let current = cpu::this().and_then(|cpu| cpu.local.lock_in_trap().current);
    current.expect("a CPU runs a thread from `task::initialise` on").to_arc()
}

/// Calls `say` with the running thread's name, unless its CPU's lock is held: for the panic screen, which
/// must not wait.
pub fn with_current_name(say: &mut dyn FnMut(&str)) {
    if let Some(local) = cpu::of(percpu::id()).local.try_lock()
        && let Some(thread) = local.current
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
    local.current.map(|thread| thread.stack_top - STACK_SIZE..thread.stack_top)
}

/// The hook at the end of interrupts: somebody better waits, or the running thread's slice has ended.
pub(super) extern "C" fn preempt(frame: *mut TrapFrame) -> *mut TrapFrame {
    reschedule::<false>(frame)
}

/// The hook behind `int YIELD`: the running thread blocks, ends, or lets others run.
pub(super) extern "C" fn give_way(frame: *mut TrapFrame) -> *mut TrapFrame {
    reschedule::<true>(frame)
}

/// Chooses who runs next on this CPU. Interrupts are off. Every instruction here is paid at every switch, so the
/// rare ways out are functions of their own.
#[inline]
fn reschedule<const YIELDS: bool>(frame: *mut TrapFrame) -> *mut TrapFrame {
    let Some(cpu) = cpu::this() else { return frame };
    percpu::clear_need_resched();
    let mut local = cpu.local.lock_in_trap();
    let Some(previous) = local.current else { return frame };
    // A thread that blocked is somebody else's to wake. One that was woken before it got here is in a run
    // queue already. Only one that could just go on is queued here; the idle thread never is.
    let goes_on = previous.state.stop_running() && !cpu.is_idle();
    let fit = |thread| may_run(thread, previous);
    let chosen = if !goes_on {
        local.queue.pop_if(fit)
    } else if YIELDS {
        // Who yields lets somebody run, even of a lower level.
        let other = local.queue.rotate(previous, previous.level(), fit);
        Some(other.unwrap_or((previous, previous.level())))
    } else {
        local.queue.push(previous, previous.level());
        local.queue.pop_if(fit)
    };
    let next = match chosen {
        Some((next, level)) => {
            if level < next.level() {
                lift(next, level);
            }
            cpu.running_level.store(next.level().index() as u8, Ordering::Relaxed);
            next
        }
        None => nobody_waits(cpu, local.idle_thread.unwrap_or(previous)),
    };
    next.state.set(ThreadState::Running);
    if !goes_on {
        cpu.queued.store(local.queue.len(), Ordering::Relaxed);
    }
    if next == previous {
        return frame;
    }

    previous.context.store(frame, Ordering::Relaxed);
    // SAFETY: interrupts are off until the frame is resumed. The thread table keeps the record until the
    // reaper, which waits for this flag, takes it out.
    unsafe { percpu::set_departing(&previous.on_cpu) };
    account(cpu, previous);
    next.on_cpu.store(true, Ordering::Relaxed);
    next.last_cpu.store(cpu.number.load(Ordering::Relaxed), Ordering::Relaxed);
    local.current = Some(next);
    if !goes_on && local.idle_thread == Some(previous) {
        leave_idleness(cpu, previous);
    }
    next.context.load(Ordering::Relaxed)
}

/// A boost has lifted a thread while it waited.
#[cold]
fn lift(thread: ThreadRef, level: Level) {
    let mut standing = thread.standing();
    standing.found_at(level);
    thread.set_standing(standing);
}

/// Whom to run when nobody waits here: somebody who waits elsewhere, or the idle thread.
#[cold]
fn nobody_waits(cpu: &cpu::Cpu, idle: ThreadRef) -> ThreadRef {
    let (next, level) = match steal(percpu::id()) {
        Some((stolen, level)) => (stolen, level.index() as u8),
        None => (idle, cpu::NOBODY),
    };
    cpu.running_level.store(level, Ordering::Relaxed);
    next
}

/// The idle thread gives way: its time is counted, and this CPU ticks again.
#[cold]
fn leave_idleness(cpu: &cpu::Cpu, idle: ThreadRef) {
    cpu.idle_counts.store(idle.run_counts.load(Ordering::Relaxed), Ordering::Relaxed);
    time::start_tick();
}

/// Whether a queued thread may run here now: nobody is on its stack any more, or it is this CPU itself.
fn may_run(thread: ThreadRef, previous: ThreadRef) -> bool {
    // Acquire: the context was stored before the stub cleared the flag.
    !thread.on_cpu.load(Ordering::Acquire) || thread == previous
}

fn account(cpu: &cpu::Cpu, previous: ThreadRef) {
    let now = arch_cpu::time_stamp();
    let ran = now.wrapping_sub(cpu.switched_at.load(Ordering::Relaxed));
    cpu.switched_at.store(now, Ordering::Relaxed);
    previous.run_counts.store(previous.run_counts.load(Ordering::Relaxed) + ran, Ordering::Relaxed);
}

/// Takes a thread from the CPU with the most waiting, for one that has nothing to do. Only tries the lock:
/// two CPUs stealing from each other must not wait for each other.
fn steal(thief: usize) -> Option<(ThreadRef, Level)> {
    let victim = cpu::of(sched::steal_from(thief, cpu::loads())?);
    let mut local = victim.local.try_lock()?;
    let free = |thread: ThreadRef| !thread.on_cpu.load(Ordering::Acquire) && thread.may_run_on(thief);
    let stolen = local.queue.pop_if(free);
    victim.queued.store(local.queue.len(), Ordering::Relaxed);
    if let Some((thread, level)) = stolen
        && level < thread.level()
    {
        lift(thread, level);
    }
    stolen
}

/// Queues a thread that was just made ready, where the policy wants it, and sees to it that the CPU looks if the
/// thread is more urgent than what runs there.
pub(super) fn enqueue_woken(thread: ThreadRef) {
    interrupts::without(|| {
        let target = match cpu::all().len() {
            1 => 0,
            _ => {
                let last = thread.last_cpu.load(Ordering::Relaxed);
                sched::place(last, cpu::loads(), |cpu| thread.may_run_on(cpu))
            }
        };
        let cpu = cpu::of(target);
        let level = thread.level();
        {
            let mut local = cpu.local.lock_in_trap();
            local.queue.push(thread, level);
            cpu.queued.store(local.queue.len(), Ordering::Relaxed);
        }
        if level.index() as u8 >= cpu.running_level.load(Ordering::Relaxed) {
            return;
        }
        if target == percpu::id() {
            percpu::set_need_resched();
        } else {
            smp::send_reschedule(target);
        }
    });
}

/// Runs on a CPU at each tick, with interrupts off.
pub(super) fn tick() {
    let Some(cpu) = cpu::this() else { return };
    sleep::wake_due(cpu);
    if cpu.is_idle() {
        return;
    }
    let mut local = cpu.local.lock_in_trap();
    let Some(current) = local.current else { return };
    let mut standing = current.standing();
    let ended = standing.use_tick();
    let left = cpu.boost_in.load(Ordering::Relaxed);
    if left == 0 {
        local.queue.boost();
        if !standing.level().is_realtime() {
            standing = Standing::at(Level::TOP_FEEDBACK);
        }
    }
    cpu.boost_in.store(if left == 0 { sched::BOOST_TICKS } else { left - 1 }, Ordering::Relaxed);
    current.set_standing(standing);
    cpu.running_level.store(standing.level().index() as u8, Ordering::Relaxed);
    let better_waits = local.queue.best().is_some_and(|best| best < standing.level());
    let somebody_waits = !local.queue.is_empty();
    drop(local);
    if somebody_waits {
        if ended || better_waits {
            percpu::set_need_resched();
        }
        // An idle CPU does not tick, so it has to be told that there is something to take.
        if let Some(idle) = cpu::all().iter().position(cpu::Cpu::is_idle) {
            smp::send_reschedule(idle);
        }
    }
}

/// Makes room among every CPU's sleepers for `threads` threads.
pub(super) fn reserve(threads: usize) -> Result<(), table::OutOfMemory> {
    for cpu in cpu::all() {
        cpu.timers.lock().reserve(threads).map_err(|_| table::OutOfMemory)?;
    }
    Ok(())
}
