//! What a CPU does when nobody wants it: halt until an interrupt.

use alloc::format;
use core::sync::atomic::Ordering;

use super::thread::ThreadState;
use super::{belonging, cpu, scheduler, table};
use crate::arch::{cpu as arch_cpu, interrupts, percpu, stack, time};
use crate::memory::stack::KernelStack;

/// Makes the running code this CPU's idle thread. From here on the CPU takes part in scheduling.
pub(super) fn adopt_this_cpu() {
    let number = percpu::id();
    let thread = KernelStack::allocate()
        .and_then(|stack| table::add(&format!("idle/{number}"), ThreadState::Running, stack).ok())
        .expect("booting needs memory for one idle thread a CPU");
    if scheduler::reserve(64).is_err() {
        log::warn!("cpu {number}: no memory for its run queue yet");
    }
    thread.last_cpu.store(number, Ordering::Relaxed);
    match belonging::enter_own(thread.slot()) {
        Ok(process) => belonging::note_process(&thread, process),
        Err(error) => log::warn!("cpu {number}: its idle thread is in no process: {error}"),
    }
    thread.begin_turn(arch_cpu::time_stamp());
    cpu::install(number, thread);
}

/// Runs this CPU's idle thread for ever, on a stack of its own: CPUs arrive here on the loader's.
pub fn run_idle() -> ! {
    if percpu::id() != 0 {
        adopt_this_cpu();
    }
    let stack_top = scheduler::current().stack_top();
    // SAFETY: the stack was allocated with this CPU's idle thread, which is the one that runs and has not
    // used it yet; it is freed never, since an idle thread does not end. What is on the loader's stack
    // belongs to functions that do not return.
    unsafe { stack::call_on(stack_top, idle) }
}

extern "C" fn idle() -> ! {
    crate::memory::note_departure();
    time::start_tick();
    loop {
        interrupts::disable();
        let cpu = cpu::of(percpu::id());
        if percpu::need_resched() || cpu.queued() > 0 {
            interrupts::restore(true);
            super::yield_now();
        } else {
            // Nothing runs, so nothing needs the tick: the timer is set to the next sleeper's deadline.
            time::stop_tick(cpu.next_deadline_ns.load(Ordering::Relaxed));
            // A wake-up between the check and the halt is an interrupt that is pending until the halt.
            // Until that, other CPUs need not ask this one to forget what they unmap.
            percpu::rest();
            interrupts::enable_and_halt();
        }
    }
}
