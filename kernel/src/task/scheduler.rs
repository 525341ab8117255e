//! Who runs next: the one place where a CPU changes threads.
//!
//! `give_way` and `preempt` run on the old thread's stack with interrupts off, choose, and return the frame to
//! resume; the stub does the rest. It takes the old thread's `on_cpu` flag along, and the stub clears it
//! once this CPU has left the stack. A thread whose flag is still set is passed over, never waited for: two
//! CPUs that each waited for the other's departing thread would wait for ever.

use core::sync::atomic::Ordering;

use sched::{Level, MultilevelQueue, REALTIME_LEVELS, Standing};

use super::cpu::{self, Cpu};
use super::thread::{Thread, ThreadRef, ThreadState};
use super::{realtime, resting, sleep, table};
use crate::arch::trap::{Resume, TrapFrame};
use crate::arch::{cpu as arch_cpu, percpu, smp, time};
use crate::lock::TrapGuard;

/// A run queue in the hands of its CPU.
type Queue = TrapGuard<'static, MultilevelQueue<ThreadRef>>;

/// The running thread; `None` before [`super::initialise`].
#[inline]
pub(super) fn try_current() -> Option<ThreadRef> {
    // SAFETY: null, or what `cpu::install` or `switch` noted: a record's address.
    unsafe { ThreadRef::from_ptr(percpu::thread().cast::<Thread>()) }
}

/// The running thread.
///
/// # Panics
/// Before [`super::initialise`]: there are no threads yet.
#[inline]
pub(super) fn current() -> ThreadRef {
    try_current().expect("a CPU runs a thread from `task::initialise` on")
}

/// The hook behind `int YIELD`: the running thread blocks, ends, or lets others run. Every instruction here is paid
/// at every switch, so whatever is rare is a function of its own, which this one ends with.
pub(super) extern "C" fn give_way(frame: *mut TrapFrame) -> Resume {
    // SAFETY: the stub calls this with interrupts off, on CPUs that have their share (see `initialise`).
    let (cpu, previous) = unsafe { cpu::in_switch() };
    percpu::clear_need_resched();
    let mut queue = cpu.queue.lock_in_trap();
    if !previous.state.stop_running() {
        return stop(frame, cpu, queue, previous);
    }
    let own = cpu.running_level.load(Ordering::Relaxed);
    if own < REALTIME_LEVELS.into() {
        // Behind a worse thread it would wait where the next best starves it; and it may not even mean to yield, but
        // have been woken before it came to stop.
        return yield_realtime(frame, cpu, queue, previous);
    }
    match queue.rotate(previous, own, is_free) {
        Some((next, level)) => resume(frame, cpu, queue, previous, next, level),
        None => yield_to_better(frame, cpu, queue, previous),
    }
}

/// The hook at the end of interrupts: somebody better waits, or the running thread's slice has ended.
pub(super) extern "C" fn preempt(frame: *mut TrapFrame) -> Resume {
    // SAFETY: as in `give_way`; the dispatcher calls this.
    let (cpu, previous) = unsafe { cpu::in_switch() };
    if cpu.rests() {
        return end_rest_and_preempt(frame, cpu);
    }
    percpu::clear_need_resched();
    let queue = cpu.queue.lock_in_trap();
    if !previous.state.stop_running() {
        return stop(frame, cpu, queue, previous);
    }
    if cpu.is_idle() {
        return leave_idleness(frame, cpu, queue, previous);
    }
    give_way_to_equals(frame, cpu, queue, previous)
}

/// As [`preempt`], where a thread ran alone.
#[cold]
#[inline(never)]
fn end_rest_and_preempt(frame: *mut TrapFrame, cpu: &'static Cpu) -> Resume {
    resting::end(cpu);
    preempt(frame)
}

/// A real-time thread yields: to its equals and betters.
#[cold]
#[inline(never)]
fn yield_realtime(frame: *mut TrapFrame, cpu: &Cpu, queue: Queue, previous: ThreadRef) -> Resume {
    give_way_to_equals(frame, cpu, queue, previous)
}

/// Nobody is put off for one who is worse: only who yields of his own will makes room for those, unless it is of the
/// real-time class. And one who is better but still leaves another CPU is looked at again at the next tick.
#[inline(always)]
fn give_way_to_equals(frame: *mut TrapFrame, cpu: &Cpu, mut queue: Queue, previous: ThreadRef) -> Resume {
    let own = previous.level();
    if queue.best().is_none_or(|best| best > own) {
        return go_on(frame, previous);
    }
    let Some((next, level)) = queue.pop_first(is_free) else { return go_on(frame, previous) };
    queue.push(previous, own);
    resume(frame, cpu, queue, previous, next, level.index() as u32)
}

/// Whether a queued thread may run here now: nobody is on its stack any more.
#[inline]
fn is_free(thread: ThreadRef) -> bool {
    // Acquire: the context was stored before the stub cleared the flag.
    !thread.on_cpu.load(Ordering::Acquire)
}

/// As [`is_free`], or it is the one that stops here: woken already, or ready to go on.
#[inline]
fn may_run(thread: ThreadRef, previous: ThreadRef) -> bool {
    is_free(thread) || thread == previous
}

/// The last step: `previous`, which has been seen to, stops, and `next`, which is in no queue, goes on.
#[inline(always)]
fn switch(frame: *mut TrapFrame, queue: Queue, previous: ThreadRef, next: ThreadRef) -> Resume {
    next.state.set(ThreadState::Running);
    previous.context.store(frame, Ordering::Relaxed);
    let now = arch_cpu::time_stamp();
    previous.end_turn(now);
    next.begin_turn(now);
    next.on_cpu.store(true, Ordering::Relaxed);
    // SAFETY: this is the scheduler, and interrupts are off until the frame is resumed.
    unsafe { percpu::set_thread(next.as_ptr().cast()) };
    drop(queue);
    Resume::other(next.context.load(Ordering::Relaxed), &previous.on_cpu)
}

/// The running thread blocked or ended. It is somebody else's to wake; if somebody has, it is in a run queue already.
fn stop(frame: *mut TrapFrame, cpu: &Cpu, mut queue: Queue, previous: ThreadRef) -> Resume {
    if previous.is_realtime() {
        return stop_realtime(frame, cpu, queue, previous);
    }
    match queue.pop_first(is_free) {
        Some((next, level)) => {
            cpu.count_out();
            resume(frame, cpu, queue, previous, next, level.index() as u32)
        }
        None => stop_for_others(frame, cpu, queue, previous),
    }
}

/// As [`stop`], for a thread of the real-time class.
#[cold]
fn stop_realtime(frame: *mut TrapFrame, cpu: &Cpu, queue: Queue, previous: ThreadRef) -> Resume {
    realtime::stop(previous);
    stop_for_others(frame, cpu, queue, previous)
}

/// As [`stop`], where the first who waits can't go on, or nobody waits.
#[cold]
fn stop_for_others(frame: *mut TrapFrame, cpu: &Cpu, mut queue: Queue, previous: ThreadRef) -> Resume {
    let Some((next, level)) = queue.pop_if(|thread| may_run(thread, previous)) else {
        return nobody_waits(frame, cpu, queue, previous);
    };
    cpu.count_out();
    if next == previous {
        return go_on(frame, previous);
    }
    resume(frame, cpu, queue, previous, next, level.index() as u32)
}

/// The thread that stopped goes on after all.
fn go_on(frame: *mut TrapFrame, previous: ThreadRef) -> Resume {
    previous.state.set(ThreadState::Running);
    Resume::same(frame)
}

/// Goes on with `next`, another thread, which was taken from the list of `level`.
#[inline(always)]
fn resume(
    frame: *mut TrapFrame,
    cpu: &Cpu,
    queue: Queue,
    previous: ThreadRef,
    next: ThreadRef,
    level: u32,
) -> Resume {
    let own = next.level_index();
    if level < own {
        return resume_lifted(frame, cpu, queue, previous, next, level);
    }
    // It may have waited on a lower level than its own: behind those to whom it yielded.
    cpu.running_level.store(own, Ordering::Relaxed);
    switch(frame, queue, previous, next)
}

/// As [`resume`], for a thread that a boost has lifted while it waited.
#[cold]
fn resume_lifted(
    frame: *mut TrapFrame,
    cpu: &Cpu,
    queue: Queue,
    previous: ThreadRef,
    next: ThreadRef,
    level: u32,
) -> Resume {
    next.set_standing(Standing::at(Level::from_index(level as usize)));
    cpu.running_level.store(level, Ordering::Relaxed);
    switch(frame, queue, previous, next)
}

/// The running thread yields, and nobody as good as it or worse can go on in its place: usually because a better one
/// waits.
fn yield_to_better(frame: *mut TrapFrame, cpu: &Cpu, mut queue: Queue, previous: ThreadRef) -> Resume {
    if cpu.is_idle() {
        return leave_idleness(frame, cpu, queue, previous);
    }
    match queue.pop_first(is_free) {
        Some((next, level)) => {
            // Behind those it yields to, or it would be found first again.
            queue.push(previous, level.max(previous.level()));
            resume(frame, cpu, queue, previous, next, level.index() as u32)
        }
        None => yield_to_others(frame, cpu, queue, previous),
    }
}

/// As [`yield_to_better`], where the first who waits can't go on, or nobody waits.
#[cold]
fn yield_to_others(frame: *mut TrapFrame, cpu: &Cpu, mut queue: Queue, previous: ThreadRef) -> Resume {
    let Some((next, level)) = queue.pop_if(is_free) else { return go_on(frame, previous) };
    queue.push(previous, level.max(previous.level()));
    resume(frame, cpu, queue, previous, next, level.index() as u32)
}

/// The idle thread gives way if somebody can go on: this CPU ticks again. The idle thread itself is in no queue.
#[cold]
fn leave_idleness(frame: *mut TrapFrame, cpu: &Cpu, mut queue: Queue, idle: ThreadRef) -> Resume {
    let chosen = match queue.pop_if(is_free) {
        Some(chosen) => {
            cpu.count_out();
            Some(chosen)
        }
        None => steal(percpu::id()),
    };
    let Some((next, level)) = chosen else { return go_on(frame, idle) };
    time::start_tick();
    resume(frame, cpu, queue, idle, next, level.index() as u32)
}

/// Nobody waits here who could go on: then somebody who waits elsewhere, or the idle thread.
#[cold]
fn nobody_waits(frame: *mut TrapFrame, cpu: &Cpu, queue: Queue, previous: ThreadRef) -> Resume {
    if cpu.rests() {
        resting::end_with_turn(cpu, previous);
    }
    if let Some((stolen, level)) = steal(percpu::id()) {
        return resume(frame, cpu, queue, previous, stolen, level.index() as u32);
    }
    let idle = cpu.idle_thread().unwrap_or(previous);
    cpu.running_level.store(cpu::NOBODY, Ordering::Relaxed);
    switch(frame, queue, previous, idle)
}

/// Takes a thread from another CPU, for one that has nothing to do: from the one with the most waiting of whom somebody
/// may run here. Only tries the locks: two CPUs stealing from each other must not wait for each other.
fn steal(thief: usize) -> Option<(ThreadRef, Level)> {
    let mut passed_over = 1 << thief;
    while let Some(number) = sched::steal_from(passed_over, cpu::loads()) {
        let victim = cpu::of(number);
        if let Some(mut queue) = victim.queue.try_lock()
            && let Some(stolen) = queue.pop_if(|thread| is_free(thread) && thread.may_run_on(thief))
        {
            victim.count_out();
            stolen.0.last_cpu.store(thief, Ordering::Relaxed);
            return Some(stolen);
        }
        passed_over |= 1 << number;
    }
    None
}

/// Queues a thread that was just made ready, where the policy wants it, and sees to it that the CPU looks if the
/// thread is more urgent than what runs there. Interrupts are off.
#[inline]
pub(super) fn enqueue_woken(thread: ThreadRef) {
    if cpu::all().len() != 1 {
        return enqueue_somewhere(thread);
    }
    if put(thread, cpu::of(0)) {
        note_more_urgent(cpu::of(0));
    }
}

/// As [`enqueue_woken`], where there is a choice. Out of line: on one CPU it would only save and restore registers.
#[inline(never)]
fn enqueue_somewhere(thread: ThreadRef) {
    let last = thread.last_cpu.load(Ordering::Relaxed);
    let target = sched::place(last, cpu::loads(), |cpu| thread.may_run_on(cpu));
    if target != last {
        thread.last_cpu.store(target, Ordering::Relaxed);
    }
    if !put(thread, cpu::of(target)) {
        return;
    }
    if target == percpu::id() {
        note_more_urgent(cpu::of(target));
    } else {
        smp::send_reschedule(target);
    }
}

/// Somebody more urgent than what runs was put into the queue of `cpu`, the running one.
#[inline]
fn note_more_urgent(cpu: &'static Cpu) {
    percpu::set_need_resched();
    // What runs may block before it is preempted, and then nobody would look.
    if cpu.rests() {
        resting::end(cpu);
    }
}

/// Puts a thread into the queue of `cpu`; says whether it is more urgent than what runs there.
#[inline]
fn put(thread: ThreadRef, cpu: &'static Cpu) -> bool {
    if thread.is_realtime() {
        realtime::wake(thread);
    }
    let level = thread.level();
    let mut queue = cpu.queue.lock_in_trap();
    queue.push(thread, level);
    cpu.count_in();
    drop(queue);
    (level.index() as u32) < cpu.running_level.load(Ordering::Relaxed)
}

/// Runs on a CPU at each tick, with interrupts off.
pub(super) fn tick() {
    let Some(cpu) = cpu::this() else { return };
    sleep::wake_due(cpu);
    if cpu.is_idle() {
        return;
    }
    if realtime::somebody_is_throttled() {
        realtime::lift(cpu);
    }
    let current = current();
    let passed = resting::ticks_passed(cpu);
    let has_overrun = current.is_realtime() && realtime::charge(current);
    let mut queue = cpu.queue.lock_in_trap();
    let mut standing = current.standing();
    let ended = standing.use_ticks(passed) || has_overrun;
    let left = cpu.boost_in.load(Ordering::Relaxed);
    let boost = left < passed;
    if boost {
        queue.boost();
        cpu.begin_lifting();
        if !standing.level().is_realtime() {
            standing = Standing::at(Level::TOP_FEEDBACK);
        }
    }
    cpu.boost_in.store(if boost { sched::BOOST_TICKS } else { left - passed }, Ordering::Relaxed);
    current.set_standing(standing);
    cpu.running_level.store(standing.level().index() as u32, Ordering::Relaxed);
    let better_waits = queue.best().is_some_and(|best| best < standing.level());
    let somebody_waits = !queue.is_empty();
    let told = if somebody_waits && cpu::all().len() > 1 { whom_to_tell(&queue, left) } else { 0 };
    resting::rest_if_alone(cpu, current, !somebody_waits);
    drop(queue);
    (0..passed).for_each(|_| cpu.lift_some());
    if somebody_waits && (ended || better_waits) {
        percpu::set_need_resched();
    }
    if told != 0 {
        (0..cpu::all().len()).filter(|cpu| told & 1 << cpu != 0).for_each(smp::send_reschedule);
    }
}

/// The idle CPUs that may take somebody from the queue, a bit each. They do not tick, so they have to be told.
#[inline(never)]
fn whom_to_tell(queue: &MultilevelQueue<ThreadRef>, turn: u32) -> u64 {
    let all = cpu::all().iter().enumerate();
    let idle = all.filter(|(_, cpu)| cpu.is_idle()).fold(0, |idle, (number, _)| idle | 1 << number);
    sched::whom_to_tell(idle, queue.iter().map(|thread| thread.affinity()), turn)
}

/// Moves a thread that runs or waits on this CPU to another level, and has the CPU look who is best now. False if it
/// does neither. Interrupts are off.
pub(super) fn change_level(cpu: &'static Cpu, thread: ThreadRef, level: Level) -> bool {
    let mut queue = cpu.queue.lock_in_trap();
    if thread == current() {
        thread.set_standing(Standing::at(level));
        cpu.running_level.store(level.index() as u32, Ordering::Relaxed);
    } else if queue.remove(thread) {
        thread.set_standing(Standing::at(level));
        queue.push(thread, level);
    } else {
        return false;
    }
    percpu::set_need_resched();
    true
}

/// Makes room among every CPU's sleepers for `threads` threads.
pub(super) fn reserve(threads: usize) -> Result<(), table::OutOfMemory> {
    for cpu in cpu::all() {
        cpu.timers.lock().reserve(threads).map_err(|_| table::OutOfMemory)?;
    }
    Ok(())
}
