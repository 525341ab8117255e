//! Kernel threads: what they are, who runs when, how they block and wake.
//!
//! Who owns a thread in each state, and so who may change the state:
//!
//! - *Running*: its CPU, which knows it as the running one. Only the thread itself blocks, only its CPU's scheduler preempts it.
//! - *Ready*: exactly one run queue. It may still be leaving a CPU (`on_cpu`); nobody runs it until then.
//! - *Blocked*: whoever holds a [`Ticket`] for this sleep may wake it; the first one does, the others'
//!   tickets are void, because each sleep has a generation of its own.
//! - *Finished*: the reaper, which frees the stack once the CPU has left it.
//!
//! A thread's record outlives it (`thread.rs`): the thread table gives it to the next one.

mod belonging;
mod block;
mod cpu;
mod idle;
mod inside;
mod last_look;
mod listed;
mod local;
mod platform;
mod realtime;
mod reaper;
mod resting;
mod scheduler;
mod sleep;
mod spawn;
mod table;
mod thread;
mod urgency;
mod waiting;

pub use belonging::{
    Departure, Interrupted, NO_PROCESS, ProcessHooks, adopt_all, current_id, current_process, current_slot,
    interrupt, interruptible, is_interrupted, set_exit_code, set_process_hooks,
};
pub use block::{Ticket, block, prepare_to_block};
pub use cpu::{CpuTimes, cpu_times, is_idle_here, queue_lengths, wanting_to_run};
pub use idle::run_idle;
pub use last_look::with_running_thread;
pub use listed::{list_mutex, listed_mutexes};
pub use local::Local;
pub use platform::Kernel;
pub use realtime::{Demand, RealtimeError, become_realtime, spawn_realtime};
pub use sleep::{TimerGuard, nap_ms, sleep_ms, sleep_until_ns, wake_at_ns};
pub use spawn::{EVERY_CPU, JoinHandle, SpawnError, spawn, spawn_entering, spawn_on};
pub use table::{OutOfMemory, ThreadInfo, begun, glance, list};
pub use thread::ThreadState;
pub use urgency::Handle;
pub use waiting::{Wait, WaitKind};

/// Lets another thread run; returns when it is this one's turn again. Never under a spin lock.
pub fn yield_now() {
    crate::arch::trap::yield_now();
}

/// Hooks the scheduler into traps and ticks and makes the running code the boot CPU's idle thread. Needs
/// the heap.
pub fn initialise() {
    crate::arch::time::set_tick(scheduler::tick);
    // SAFETY: a running thread's stack is mapped, whole, until the reaper takes it.
    unsafe { crate::arch::stack::set_bounds(last_look::stack_on) };
    idle::adopt_this_cpu();
    // SAFETY: 1. both return what they got, or the context of a thread they took from a run queue once that
    // thread's `on_cpu` was clear: what `spawn` built, or what an earlier call was given. 2. Records are never freed,
    // and so neither are their flags. 3. This CPU has its share of the scheduler; the others have interrupts off, and
    // do not yield, until they have theirs (`run_idle`).
    unsafe { crate::arch::trap::set_reschedule(scheduler::preempt, scheduler::give_way) };
    reaper::start();
}
